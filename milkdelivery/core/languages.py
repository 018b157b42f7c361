"""What records are called in the language of whoever reads."""

from django.utils.translation import get_language


def is_hindi() -> bool:
    """Whether the page is read in Hindi."""
    return get_language() == "hi"


def as_read(name: str, name_hi: str) -> str:
    """The Hindi name on a Hindi page, where somebody wrote one."""
    return name_hi if name_hi and is_hindi() else name
