"""Payments and the gateways that take them."""
