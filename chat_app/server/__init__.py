"""The process: health, headers, logs, start and stop."""
