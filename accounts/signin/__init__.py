"""The seam to allauth: how its sign-in meets our people, devices, mails and rules.

Settings name what is here; nothing of the domain imports it.
"""
