"""Which offers a person used."""

from typing import Any

from catalog.models import PromoRedemption
from milkdelivery.core.personal import record, tells


@tells("promotions", PromoRedemption)
def promotions(user_id: int) -> list[dict[str, Any]]:
    used = PromoRedemption.objects.filter(user_id=user_id).select_related("promotion", "code").order_by("pk")
    return [_use(use) for use in used]


def _use(use: PromoRedemption) -> dict[str, Any]:
    code = use.code.code if use.code else ""
    name = use.promotion.name
    return record(use, "amount", "redeemed_at", "given_back_at", promotion=name, code=code, order=use.reference)
