"""Carts and the checkout workflow."""
