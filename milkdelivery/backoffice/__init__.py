"""The back office's frame: its site, navigation, first page, search, and what every app's admin is built from."""
