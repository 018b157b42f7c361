"""Stock and the movements that explain it."""
