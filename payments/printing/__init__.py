"""Invoices and credit notes as PDF: what they say in words and columns, set by Typst on A4.

A document is data from end to end. The template reads it as JSON, so nothing that a person typed is ever run; the
compiler sees its own folder and its own fonts and nothing else of the machine. The same document gives the same bytes.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import typst
from django.utils import translation

from payments.models import Invoice
from payments.printing.words import words_of

_HERE = Path(__file__).parent
FONTS = _HERE / "fonts"
_OWN = threading.local()

COMPILES = 500
"""A compiler remembers what it has set; after so many documents a thread takes a fresh one."""


def pdf_of(invoice: Invoice) -> bytes:
    """The document in the language that its household had when it was issued."""
    with translation.override(invoice.document["language"]):
        words = words_of(invoice)
    return print_words(words, at=int(invoice.issued_at.timestamp()))


def print_words(words: dict[str, Any], *, at: int) -> bytes:
    """What the template asks for as PDF, dated `at` (seconds since 1970)."""
    data = {"data": json.dumps(words, ensure_ascii=False)}
    made = _compiler().compile(format="pdf", sys_inputs=data, timestamp=at)
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def _compiler() -> typst.Compiler:
    """This thread's own: reading template and fonts costs more than setting a page."""
    left: int = getattr(_OWN, "left", 0)
    if left == 0:
        _OWN.compiler = typst.Compiler(
            input=_HERE / "document.typ",
            root=_HERE,
            font_paths=typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]),
            ignore_system_fonts=True,
        )
        _OWN.left = COMPILES
    _OWN.left -= 1
    compiler: typst.Compiler = _OWN.compiler
    return compiler
