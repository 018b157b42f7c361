"""Words of the back office's tables."""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_LABEL = re.compile(r'(?<= data-label=")[^"]')


@register.filter
def sentence_labels(rendered: SafeString) -> SafeString:
    """Begin what a phone shows before each cell with a capital, as the heads of columns begin: “On hand”.

    Takes what a template has rendered, and changes nothing but the case of single letters in it.
    """
    return mark_safe(_LABEL.sub(lambda letter: letter[0].upper(), rendered))  # noqa: S308
