"""Dividing lines among those who bring them, and what comes of what nobody can bring.

Used where an order is given to dairies first, and again where one gives something back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog.alternatives import stand_ins
from catalog.rules.promotions import Discount
from milkdelivery.core.money import Money
from milkdelivery.core.queries import region_book
from orders.actions.candidates import Candidates, Pair
from orders.actions.transitions import give_up, hand_on
from orders.models import Order, OrderLine
from orders.rules.answers import Figures, divide
from orders.rules.decision import decision_of, reason_for
from orders.rules.pricing import Item, Terms, is_no_dearer, price
from vendors.rules import Candidate, choose, spread

IfShort = OrderLine.IfShort
CHANGED = [
    "quantity",
    "shortage",
    "discount",
    "tax",
    "deposit",
    "total",
    "vendor",
    "vendor_reason",
    "decision",
    "status",
]

Outcome = list[dict[str, Any]]
"""Who took how many pieces; vendor None: nobody. `instead` names what comes in their place."""

Instead = Mapping[int, Sequence[Item]]
"""What may come in place of a line, by line id, the best first."""


@dataclass(frozen=True, slots=True)
class Part:
    """Pieces of a line: with whom they are now, None for nobody, and what that one brings if it is something else."""

    pieces: int
    chosen: Candidate | None
    instead: Item | None = None

    @property
    def is_missing(self) -> bool:
        return self.chosen is None


Parts = Mapping[int, Sequence[Part]]
"""By line id."""


def instead_of(order: Order, lines: Iterable[OrderLine]) -> Instead:
    """What may come in place of lines whose household wants that: stored alternatives of the same kind of pack that
    cost no more. Three queries, none where nobody wants it."""
    wanting = [line for line in lines if line.if_short == IfShort.SUBSTITUTE]
    if not wanting:
        return {}
    found = stand_ins({line.variant_id for line in wanting}, region=order.region, on=order.delivery_date)
    book = region_book()
    instead: dict[int, list[Item]] = {}
    for line in wanting:
        items = [
            Item(
                variant_id=sold.variant.pk,
                name=sold.variant.product.name,
                pack=sold.variant.name,
                hsn_code=sold.variant.hsn_code,
                quantity=line.quantity,
                unit_price=sold.price.price,
                deposit=sold.price.deposit,
                tax_basis_points=book.tax_points(order.region_id, sold.variant.hsn_code, on=order.delivery_date),
            )
            for sold in found.get(line.variant_id, ())
            if book.knows_tax(order.region_id, sold.variant.hsn_code, on=order.delivery_date)
        ]
        own = item_of(line)
        instead[line.pk] = [item for item in items if is_no_dearer(item, own, tax_inclusive=order.region.tax_inclusive)]
    return instead


def variants_of(lines: Iterable[OrderLine], instead: Instead) -> set[int]:
    """Everything that could come for these lines: what has to be locked."""
    own = {line.variant_id for line in lines}
    return own | {item.variant_id for items in instead.values() for item in items}


def item_of(line: OrderLine) -> Item:
    """A line as it was sold, for the one pricing function."""
    return Item(
        variant_id=line.variant_id,
        name=line.name,
        pack=line.pack,
        hsn_code=line.hsn_code,
        quantity=line.quantity,
        unit_price=line.unit_price,
        deposit=Money(line.deposit.minor // line.quantity, line.deposit.currency),
        tax_basis_points=line.tax_basis_points,
    )


def share_out(
    giving: Sequence[OrderLine],
    wanted: Mapping[int, int],
    candidates: Candidates,
    *,
    staying: frozenset[int],
    instead: Instead,
    taken: Mapping[Pair, int] | None = None,
) -> dict[int, list[Part]]:
    """The parts of what is wanted of each line, by line id. What one line takes, the next doesn't have any more.

    `staying` vendors bring something of the order anyway; `taken` is what they were given of it just now. What nobody
    has may come as something else, from one vendor; what is missing then is a last part with nobody.
    """
    gone: dict[Pair, int] = defaultdict(int, taken or {})
    used = set(staying)
    parts: dict[int, list[Part]] = {}

    def left_of(variant_id: int) -> list[Candidate]:
        known = candidates.get(variant_id, ())
        return [replace(c, available=c.available - gone[c.vendor_id, variant_id]) for c in known]

    def take(part: Part, variant_id: int) -> Part:
        if part.chosen:
            gone[part.chosen.vendor_id, variant_id] += part.pieces
            used.add(part.chosen.vendor_id)
        return part

    for line in giving:
        own = spread(left_of(line.variant_id), quantity=wanted[line.pk], chosen=frozenset(used))
        parts[line.pk] = [take(Part(pieces, chosen), line.variant_id) for chosen, pieces in list(own)]
    for line in giving:  # own goods first: what stands in for one line may be another's own
        missing = wanted[line.pk] - sum(part.pieces for part in parts[line.pk])
        for item in instead.get(line.pk, ()) if missing else ():
            chosen = choose(left_of(item.variant_id), quantity=missing, chosen=used)
            if chosen is not None:
                parts[line.pk].append(take(Part(missing, chosen, item), item.variant_id))
                missing = 0
                break
        if missing:
            parts[line.pk].append(Part(missing, None))
    return parts


def give_line(
    line: OrderLine, chosen: Candidate, candidates: Sequence[Candidate], *, used: frozenset[int] = frozenset()
) -> None:
    """Note the vendor and why it was chosen; the caller saves. `used` are the vendors that the order had before."""
    line.vendor_id = chosen.vendor_id
    line.vendor_reason = reason_for(chosen, sum(1 for candidate in candidates if candidate.serves))
    line.decision = decision_of(candidates, chosen_id=chosen.vendor_id, quantity=line.quantity, used=used)


def divide_line(
    line: OrderLine, pieces: int, parts: Sequence[Part], candidates: Candidates, staying: frozenset[int]
) -> list[OrderLine]:
    """The rows that a line becomes: what its vendor keeps of it, and the parts of `pieces`. Not saved yet.

    The first is the row it was. A part that comes as something else makes two: the goods that don't come, and those
    that do.
    """
    kept = line.quantity - pieces
    shares = [Part(kept, None), *parts] if kept else list(parts)
    whole = Figures(discount=line.discount, tax=line.tax, deposit=line.deposit, total=line.total)
    figures = divide(whole, unit_price=line.unit_price, quantities=[share.pieces for share in shares])
    rows = [line, *(_copy(line) for _share in shares[1:])]
    more: list[OrderLine] = []
    for position, (row, share, its) in enumerate(zip(rows, shares, figures, strict=True)):
        row.quantity = share.pieces
        row.discount, row.tax, row.deposit, row.total = its.discount, its.tax, its.deposit, its.total
        if kept and position == 0:
            continue
        looked = candidates.get(line.variant_id, ())
        if share.chosen and share.instead is None:
            give_line(row, share.chosen, looked, used=staying)
            hand_on(row)
            continue
        row.vendor_reason = ""
        row.decision = decision_of(looked, chosen_id=None, quantity=share.pieces, used=staying)
        if share.chosen and share.instead is not None:
            more.append(_stand_in(row, share.chosen, share.instead, candidates, staying))
        give_up(row, is_replaced=share.chosen is not None)
    return [*rows, *more]


def _stand_in(
    row: OrderLine, chosen: Candidate, item: Item, candidates: Candidates, staying: frozenset[int]
) -> OrderLine:
    """What comes in place of a row, with the discount that it had. Its price, tax and deposit are its own."""
    order = row.order
    item = replace(item, quantity=row.quantity)
    terms = Terms(order.currency, order.region.tax_inclusive, Money.zero(order.currency), None)
    (priced,) = price([item], terms=terms, discount=Discount((min(row.discount, item.gross),))).lines
    line = OrderLine(
        variant_id=item.variant_id,
        name=item.name,
        pack=item.pack,
        quantity=row.quantity,
        unit_price=item.unit_price,
        hsn_code=item.hsn_code,
        tax_basis_points=item.tax_basis_points,
        discount=priced.discount,
        tax=priced.tax,
        deposit=priced.deposit,
        total=priced.total,
        if_short=IfShort.SEND_AVAILABLE,
        substitution_of=row,
    )
    line.order = order
    give_line(line, chosen, candidates.get(item.variant_id, ()), used=staying)
    hand_on(line)
    return line


def _copy(line: OrderLine) -> OrderLine:
    """The same goods once more, not saved yet; quantity, figures and vendor are still to be set."""
    copy = OrderLine(
        variant_id=line.variant_id,
        name=line.name,
        pack=line.pack,
        unit_price=line.unit_price,
        hsn_code=line.hsn_code,
        tax_basis_points=line.tax_basis_points,
        if_short=line.if_short,
        substitution_of_id=line.substitution_of_id,
    )
    copy.order = line.order
    return copy


def save_rows(lines: Sequence[OrderLine]) -> None:
    """Write rows, new ones and old ones; what stands in for a new row comes after it."""
    known = [line for line in lines if line.pk]
    if known:
        OrderLine.objects.bulk_update(known, CHANGED)
    new = [line for line in lines if not line.pk]
    OrderLine.objects.bulk_create([line for line in new if not _stands_in_for_new(line)])
    late = [line for line in new if not line.pk]
    for line in late:
        line.substitution_of = line.substitution_of  # which has its key by now
    OrderLine.objects.bulk_create(late)


def _stands_in_for_new(line: OrderLine) -> bool:
    return line.substitution_of is not None and line.substitution_of.pk is None


def outcome_of(parts: Sequence[Part]) -> Outcome:
    return [
        {
            "vendor": part.chosen and part.chosen.vendor_id,
            "name": part.chosen.name if part.chosen else "",
            "pieces": part.pieces,
            **({"instead": f"{part.instead.name} {part.instead.pack}"} if part.instead else {}),
        }
        for part in parts
    ]


def stops_the_order(lines: Iterable[OrderLine], parts: Parts) -> list[OrderLine]:
    """Lines that are short and whose household wants nothing at all then."""
    return [
        line
        for line in lines
        if line.if_short == IfShort.CANCEL_ORDER and any(part.is_missing for part in parts.get(line.pk, ()))
    ]
