"""What the business looks like in numbers: the report of every day."""
