"""The verdicts: what a thumb becomes."""
