"""The cart and its checkout under /api/v1/."""
