"""A round on paper: its stops in order with what to hand over and to collect, and what to load. A4, black and white.

As with invoices all that is said comes in as data, so nothing that a household typed is ever run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from deliveries.models import Route
from deliveries.queries import Drop
from deliveries.rules.planning import crates_for
from milkdelivery.core import clock
from milkdelivery.core.money import Money
from payments.printing import FONTS

_HERE = Path(__file__).parent


def sheet_of(route: Route, drops: Sequence[Drop]) -> bytes:
    """The round sheet and the load list as PDF, in the language at hand and the time of the region."""
    data = {"data": json.dumps(_words(route, drops), ensure_ascii=False)}
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    compiler = typst.Compiler(input=_HERE / "sheet.typ", root=_HERE, font_paths=fonts, ignore_system_fonts=True)
    made = compiler.compile(format="pdf", sys_inputs=data, timestamp=int(clock.now().timestamp()))
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def _words(route: Route, drops: Sequence[Drop]) -> dict[str, Any]:
    packs = sum(drop.packs for drop in drops)
    owed = [drop.cash_due for drop in drops if drop.cash_due]
    cash = Money.total(owed, owed[0].currency).format() if owed else ""
    crates = crates_for(packs, packs_per_crate=settings.PACKS_PER_CRATE)
    doors = len({drop.delivery.stop_id for drop in drops})
    facts = [
        (_("Driver"), str(route.driver or "")),
        (_("Vehicle"), str(route.vehicle or "")),
        (_("Stops"), str(doors)),
        (_("Packs"), str(packs)),
        (_("Crates"), str(crates)),
        (_("Kilometres"), f"{route.planned_metres / 1000:.1f}" if route.planned_metres else ""),
        (_("Minutes"), str(route.planned_minutes or "")),
        (_("Cash to collect"), cash or _("none")),
    ]
    return {
        "language": (get_language() or "en").split("-")[0],
        "title": _("Round %(number)d · %(hub)s") % {"number": route.number, "hub": route.hub},
        "day": f"{date_format(route.date, 'l, j F Y')} · {route.slot.label}",
        "printed": _("Printed %(when)s") % {"when": date_format(timezone.localtime(clock.now()), "j M, H:i")},
        "facts": [[name, value] for name, value in facts if value],
        "columns": [_("Stop"), _("Door"), _("To hand over"), _("Cash"), _("Empties"), _("Given")],
        "rows": [_row(drop) for drop in drops],
        "nothing": _("Nothing is on this round."),
        "load_title": _("To load"),
        "load_columns": [_("Goods"), _("Packs"), _("Loaded")],
        "load": _load(drops),
        "load_sum": ngettext("%(packs)d pack", "%(packs)d packs", packs) % {"packs": packs},
    }


def _row(drop: Drop) -> dict[str, Any]:
    stop = drop.delivery.stop
    at = stop.planned_arrival if stop else None
    who = " · ".join(part for part in (drop.person, drop.phone) if part)
    door = ", ".join(part for part in (drop.door, drop.way_up) if part)
    return {
        "number": str(drop.delivery.sequence or ""),
        "time": timezone.localtime(at).strftime("%H:%M") if at else "",
        "door": " · ".join(part for part in (drop.place, door) if part),
        "street": drop.street,
        "who": who,
        "order": drop.order.number,
        "notes": drop.instructions,
        "goods": [f"{line.quantity} × {line.local_name} {line.local_pack}" for line in drop.order.coming_lines],
        "cash": drop.cash_due.format() if drop.cash_due else "–",
    }


def _load(drops: Sequence[Drop]) -> list[list[str]]:
    """What to take along, most of it first."""
    goods: Counter[str] = Counter()
    for drop in drops:
        for line in drop.order.coming_lines:
            goods[f"{line.local_name} {line.local_pack}"] += line.quantity
    return [[name, str(count)] for name, count in sorted(goods.items(), key=lambda each: (-each[1], each[0]))]
