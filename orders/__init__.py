"""Orders, their lines, their status table and the one pricing function."""
