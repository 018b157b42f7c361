"""The catalogue under /api/v1/."""
