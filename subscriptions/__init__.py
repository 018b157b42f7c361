"""Standing orders for milk."""
