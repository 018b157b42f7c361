"""Writes of what stands beside a product."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from catalog.events import AlternativesStored, ProductUpdated
from catalog.models import Alternative, Product
from catalog.rules.alternatives import MOST_STORED
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit


def store_alternatives(
    others: Mapping[int, Sequence[int]],
    *,
    by: Actor,
    source: str = Alternative.Source.COMPUTED,
    kind: str = Alternative.Kind.INSTEAD,
) -> int:
    """Keep, for each product id, the ids of the others in order, the best first; how many were kept.

    What this source said of these products before is replaced, other sources and other products stay. At most
    MOST_STORED each; products that are unknown, the product itself and repeats are left out. Four statements, however
    many products. Locks the products, in order. Emits AlternativesStored, or ProductUpdated for staff's choice.
    """
    with transaction.atomic():
        known = {product.pk for product in Product.objects.locked_in_order(others)}
        wanted = {other for several in others.values() for other in several}
        existing = known | set(Product.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        Alternative.objects.filter(product_id__in=known, source=source, kind=kind).delete()
        rows = [
            Alternative(product_id=product_id, other_id=other_id, source=source, kind=kind, position=position)
            for product_id in sorted(known)
            for position, other_id in enumerate(_chosen(product_id, others[product_id], existing), start=1)
        ]
        Alternative.objects.bulk_create(rows, batch_size=5_000)
        if source == Alternative.Source.STAFF:
            for product_id in sorted(known):
                emit(ProductUpdated(product_id), actor=by)
        else:
            emit(AlternativesStored(kind, len(known), len(rows)), actor=by)
    return len(rows)


def _chosen(product_id: int, others: Sequence[int], existing: set[int]) -> list[int]:
    distinct = dict.fromkeys(others)
    return [other for other in distinct if other != product_id and other in existing][:MOST_STORED]
