"""What the worker does for the catalogue."""

from catalog import actions


def forget_picture(stem: str) -> None:
    """Delete the files of a removed picture. Safe to run twice."""
    actions.forget_picture(stem)
