"""People, their addresses, preferences, devices and roles."""
