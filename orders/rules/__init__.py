"""What an order may become and what it costs: pure functions and tables."""
