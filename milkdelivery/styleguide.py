"""Every component with its states on one page, for those who build and judge screens.

Shown in demo and debug mode only; elsewhere the address does not exist. Samples are values, never records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalog.views.cards import Card, drawing_of
from milkdelivery.core.money import Money

ICONS = (
    "search cart user pin chevron-down chevron-right chevron-left arrow-right plus minus check x info alert clock "
    "calendar repeat truck wallet home bottle box leaf phone mail lock bell star trash edit list filter logout route "
    "sun rupee shield camera"
).split()
COLOURS = (
    "bg surface sunken raised line line-strong ink ink-soft brand brand-soft accent accent-soft ok ok-soft danger "
    "danger-soft info info-soft"
).split()


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        min_length=2,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("We send the receipt there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    pincode = forms.RegexField(
        r"^[1-9][0-9]{5}$",
        label=gettext_lazy("Pincode"),
        error_messages={"invalid": gettext_lazy("A pincode has six digits.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
    )
    city = forms.ChoiceField(
        label=gettext_lazy("City"), choices=[("blr", gettext_lazy("Bengaluru")), ("mys", gettext_lazy("Mysuru"))]
    )
    password = forms.CharField(
        label=gettext_lazy("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    instructions = forms.CharField(
        label=gettext_lazy("For the driver"), required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 200})
    )
    when_out = forms.ChoiceField(
        label=gettext_lazy("If something is out of stock"),
        choices=[
            ("send", gettext_lazy("Send what you have")),
            ("swap", gettext_lazy("Send something like it")),
            ("cancel", gettext_lazy("Cancel everything")),
        ],
        widget=forms.RadioSelect,
        initial="send",
    )
    newsletter = forms.BooleanField(label=gettext_lazy("Tell me about new products"), required=False)


@dataclass(frozen=True)
class Step:
    """A line of the sample timeline."""

    label: str
    state: str
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True)
class Day:
    """A day of the sample calendar."""

    day: date
    state: str
    quantity: str = ""
    cost: Money | None = None
    href: str = ""
    today: bool = False


def _rupees(amount: int) -> Money:
    return Money(amount * 100, "INR")


def _cards() -> list[Card]:
    """A product in every state."""

    def card(number: int, name: str, drawing: str, unit: str, rupees: int, **more: Any) -> Card:
        return Card(name, f"#{number}", drawing_of(drawing), unit, _rupees(rupees), variant_id=number, **more)

    milk = {
        "mrp": _rupees(30),
        "deposit": _rupees(15),
        "vendor": "Nandini Grove",
        "badge": "Best seller",
        "quantity": 2,
    }
    return [
        card(1, "Toned milk", "milk", "500 ml", 28, subscribe_href="#", **milk),
        card(2, "Set curd in a clay pot", "curd", "400 g", 28, vendor="Hill & Hoof", state="LOW", subscribe_href="#"),
        card(3, "Malai paneer", "paneer", "200 g", 30, vendor="Nandini Grove", state="OUT", subscribe_href="#"),
        card(4, "White butter", "butter", "100 g", 28, badge="New", badge_kind="brand"),
        card(5, "Bilona cow ghee", "ghee", "500 ml", 125_000, state="LOW", left=3),
        card(6, "Masala buttermilk", "other", "200 ml", 28, subscribe_href="#"),
    ]


def _gallery() -> list[dict[str, object]]:
    """Drawings in the place of pictures, which are records."""
    size = {"width": 240, "height": 200}
    sources = {name: drawing_of(name) for name in ("milk", "curd", "paneer")}
    return [
        {"src": source, "srcset": f"{source} 240w", "thumb": source, "alt": name, **size}
        for name, source in sources.items()
    ]


def _calendar() -> list[Day]:
    """Four weeks around a Thursday, with every state once."""
    first = date(2026, 6, 1)
    special = {
        date(2026, 6, 4): "missed",
        date(2026, 6, 16): "skipped",
        date(2026, 6, 18): "changed",
        date(2026, 6, 21): "none",
        date(2026, 6, 24): "held",
        date(2026, 6, 25): "held",
    }
    today = date(2026, 6, 11)
    days = []
    for day in (first + timedelta(days=number) for number in range(28)):
        state = special.get(day, "delivered" if day < today else "planned")
        comes = state in {"planned", "changed", "delivered", "missed"}
        litres = 2 if state == "changed" else 1
        days.append(
            Day(
                day=day,
                state=state,
                quantity=f"{litres} L" if comes else "",
                cost=_rupees(56 * litres) if comes else None,
                href=f"#{day.isoformat()}" if day > today else "",
                today=day == today,
            )
        )
    return days


def _timeline(now: datetime) -> list[Step]:
    return [
        Step(_("Placed"), "done", now - timedelta(hours=9)),
        Step(_("Dairy assigned"), "done", now - timedelta(hours=9), _("Nandini Grove Dairy")),
        Step(_("Paid"), "failed", now - timedelta(hours=8), _("The card was declined. Paid by UPI a minute later.")),
        Step(_("On its way"), "current", now - timedelta(minutes=20), _("3 stops before you")),
        Step(_("Delivered"), "todo"),
    ]


def _sample_forms() -> dict[str, forms.Form]:
    wrong = SampleForm({"name": "A", "email": "asha@", "pincode": "5600", "city": "blr", "when_out": "send"})
    wrong.full_clean()
    return {"form": SampleForm(prefix="good"), "wrong_form": wrong}


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """The gallery. ``?theme=light`` or ``?theme=dark`` shows one theme, whatever the device asks for."""
    if not (settings.DEBUG or settings.MILK_ENV == "demo"):
        raise Http404
    now = timezone.now()
    theme = request.GET.get("theme", "")
    context = {
        "theme": theme if theme in {"light", "dark"} else "",
        "icons": ICONS,
        "colours": COLOURS,
        "now": now,
        "calendar": _calendar(),
        "cards": _cards(),
        "gallery": _gallery(),
        "timeline": _timeline(now),
        "page": Paginator(range(90), 10).page(4),
        "price": _rupees(28),
        "mrp": _rupees(31),
        "deposit": _rupees(15),
        "large_sum": Money(12_500_050, "INR"),
        "minus_sum": Money(-5_600, "INR"),
        "tab_list": [(_("Upcoming"), "?", True), (_("Past"), "?", False), (_("Cancelled"), "?", False)],
        "table_headers": [(_("Day"), False), (_("What"), False), (_("Amount"), True)],
        "table_rows": [
            [_("Tue 9 Jun"), _("Toned milk, 2 × 500 ml"), _rupees(56).format()],
            [_("Wed 10 Jun"), _("Top-up by UPI"), _rupees(2_000).format()],
            [_("Thu 11 Jun"), _("Set curd, 1 × 400 g"), _rupees(45).format()],
        ],
        "sorts": [("best", _("Best sellers")), ("low", _("Lowest price")), ("new", _("Newest"))],
        **_sample_forms(),
    }
    return render(request, "styleguide.html", context)
