"""Dairies: where they deliver, what they offer, what they can take on."""
