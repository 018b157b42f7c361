"""The form of a promotion, which asks once more before everybody gets something for nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.prices import MoneyOfRegionForm
from catalog.models import Promotion
from catalog.queries import cheapest_price
from catalog.rules.promotions import gives_away, gives_more_than_it_sells, takes_everything
from milkdelivery.backoffice.asking import MEANT, AskingForm
from milkdelivery.core import clock

TICK = gettext_lazy("Save all the same: it is meant as a present")


WORDS = {
    "required": gettext_lazy("Fill this in."),
    "invalid_choice": gettext_lazy("Choose one of the list."),
    "invalid_list": gettext_lazy("Choose from the list."),
    "invalid_pk_value": gettext_lazy("Choose from the list."),
}
"""What any field says where Django would speak for us."""

GUESTS = gettext_lazy(
    "Who signed in is counted exactly. Each order of a guest is another person's: one from the same door or browser is "
    "only looked at before it is delivered."
)


class PromotionForm(MoneyOfRegionForm, AskingForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            words = {name: text for name, text in WORDS.items() if name in field.error_messages}
            field.error_messages.update(words)
            if isinstance(field, forms.DateField):
                field.error_messages["invalid"] = _("That is no day. Write it as %(example)s.") % {
                    "example": clock.now().date().isoformat()
                }
        for name in ("is_first_order_only", "per_user_limit"):
            if name in self.fields:
                told = self.fields[name].help_text
                self.fields[name].help_text = f"{told}. {GUESTS}" if told else GUESTS

    def _post_clean(self) -> None:
        super()._post_clean()
        is_touched = not set(self.changed_data) <= {"name", MEANT}
        if not self.errors and self.instance.is_automatic and is_touched:
            self._ask_whether_free()

    def _ask_whether_free(self) -> None:
        promotion: Promotion = self.instance
        chosen = {name: self.cleaned_data.get(name) or [] for name in ("products", "categories")}
        scope = [*chosen["categories"], *chosen["products"]]
        facts = {"what": ", ".join(map(str, scope)) or _("everything"), "days": _days(promotion)}
        offer = promotion.terms
        if takes_everything(offer):
            text = _("It needs no code: everybody gets %(what)s for nothing %(days)s.")
            if offer.minimum_basket:
                text = _("It needs no code: who buys for %(least)s gets %(what)s for nothing %(days)s.")
                facts["least"] = offer.minimum_basket.format()
            self.ask("percent", text % facts, about=text % facts, tick=TICK)
            return
        if gives_more_than_it_sells(offer):
            text = _(
                "It needs no code: whoever pays for %(buy)d gets %(get)d of %(what)s for nothing, order after order, "
                "%(days)s."
            )
            words = text % {**facts, "buy": offer.buy_quantity, "get": offer.get_quantity}
            self.ask("get_quantity", words, about=words, tick=TICK)
            return
        cheapest = cheapest_price(
            region=promotion.region,
            on=max(promotion.starts_on, clock.today(promotion.region)),
            product_ids=[product.pk for product in chosen["products"]],
            category_ids=[category.pk for category in chosen["categories"]],
        )
        if (amount := gives_away(offer, cheapest=cheapest)) is not None:
            text = _(
                "It needs no code: everybody gets %(what)s worth up to %(amount)s for nothing, order after order, "
                "%(days)s. A minimum above the amount, or a limit per household, ends that."
            )
            words = text % {**facts, "amount": amount.format()}
            self.ask("max_discount" if offer.percent else "amount", words, about=words, tick=TICK)


def _days(promotion: Promotion) -> str:
    first = date_format(promotion.starts_on)
    if promotion.ends_on is None:
        return _("from %(first)s on") % {"first": first}
    return _("from %(first)s to %(last)s") % {"first": first, "last": date_format(promotion.ends_on)}
