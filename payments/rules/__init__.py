"""Rules of money: pure functions and tables."""
