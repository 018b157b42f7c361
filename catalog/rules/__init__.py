"""What the catalogue decides: pure functions and tables."""
