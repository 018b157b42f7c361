"""What a process keeps in memory: forgotten between tests, or a test's rows would outlive it."""

from django.core.cache import caches

from catalog.promotions import forget_promotions
from catalog.queries import forget_words
from milkdelivery.core.edition import forget_edition
from milkdelivery.core.queries import forget_region_book
from milkdelivery.guest_pages import forget_guest_pages


def forget_everything() -> None:
    caches["local"].clear()
    forget_edition()
    forget_region_book()
    forget_guest_pages()
    forget_words()
    forget_promotions()
