"""People in the mobile API."""
