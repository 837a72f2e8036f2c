"""The chat itself: no I/O, the standard library only."""
