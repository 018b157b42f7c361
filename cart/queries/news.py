"""What a household has not heard yet of its cart."""

from collections.abc import Sequence
from dataclasses import dataclass

from cart.queries.pricing import CartView, LineView
from cart.rules import CAPPED, GONE, NO_ROOM, PRICE, News
from catalog.models import Variant


@dataclass(frozen=True, slots=True)
class Untold:
    """What is told now, and what has to be remembered of it: the prices and goods that the household sees."""

    news: tuple[News, ...]
    prices: dict[int, tuple[int, str]]
    """Minor units and currency by line, where they are not those told last."""
    gone: tuple[int, ...]
    back: tuple[int, ...]
    """Lines that dropped out now, and lines whose goods are on sale again."""

    @property
    def is_any(self) -> bool:
        return bool(self.news or self.back)


NOTHING = Untold((), {}, (), ())


def untold_of(view: CartView) -> Untold:
    """What changed in a cart without its household. No query, one where a name is needed that is in no line."""
    if view.cart is None:
        return NOTHING
    return Untold(
        news=(*_merged(view), *_gone(view), *_prices(view)),
        prices={
            line.line.pk: (line.unit_price.minor, line.unit_price.currency)
            for line in view.lines
            if line.unit_price and line.line.told_price != line.unit_price
        },
        gone=tuple(line.line.pk for line in view.vanished),
        back=tuple(line.line.pk for line in view.lines if line.sold and line.line.told_gone),
    )


def _merged(view: CartView) -> Sequence[News]:
    notes = view.cart.notes if view.cart else []
    names = {line.line.variant_id: _name(line.line.variant) for line in view.lines}
    unknown = {note["variant"] for note in notes} - names.keys()
    if unknown:
        found = Variant.objects.select_related("product").filter(pk__in=unknown)
        names |= {variant.pk: _name(variant) for variant in found}
    return [
        News(
            kind=CAPPED if note["kind"] == CAPPED else NO_ROOM,
            variant_id=note["variant"],
            name=names[note["variant"]],
            wanted=note["wanted"],
            kept=note["kept"],
        )
        for note in notes
        if note["variant"] in names
    ]


def _gone(view: CartView) -> Sequence[News]:
    return [News(GONE, line.line.variant_id, _name(line.line.variant)) for line in view.vanished]


def _prices(view: CartView) -> Sequence[News]:
    return [news for line in view.lines if (news := _price(line)) is not None]


def _price(line: LineView) -> News | None:
    """A price in another currency is no change of price: the household looks at another market."""
    was, now = line.line.told_price, line.unit_price
    if now is None or was is None or was == now:
        return None
    if was.currency != now.currency:
        return None
    return News(PRICE, line.line.variant_id, _name(line.line.variant), was=was, now=now)


def _name(variant: Variant) -> str:
    return f"{variant.product.local_name} {variant.local_name}"
