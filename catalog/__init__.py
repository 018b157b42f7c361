"""What is sold: categories, products, variants and their prices."""
