"""What people type about themselves.

Nothing is imported here: allauth imports `naming` while its own forms, which `entry` extends, are still being made.
"""
