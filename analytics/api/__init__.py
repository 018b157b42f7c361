"""Reports and the log, for apps of staff; taps, from anybody."""
