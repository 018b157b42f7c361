"""What is told of packs whose tax nobody knows."""

from django.db import transaction

from catalog.events import PacksUntaxed
from catalog.models import UntaxedPack
from catalog.queries.taxes import untaxed_packs
from milkdelivery.core.actors import Actor
from milkdelivery.core.eventlog import emit
from milkdelivery.core.models import Region

SYSTEM = Actor.system("catalogue")


def tell_untaxed(region: Region) -> int:
    """Tell of the region's packs that can't be sold for want of a tax rate, once for as long as that is so; how many.

    Locks the region: who saves a tax rate of it meanwhile waits. Emits PacksUntaxed.
    """
    with transaction.atomic():
        Region.objects.locked(region.pk)
        found = untaxed_packs(region)
        UntaxedPack.objects.filter(region=region).exclude(variant_id__in=found).delete()
        known = set(UntaxedPack.objects.filter(region=region).values_list("variant_id", flat=True))
        new = sorted(found.keys() - known)
        UntaxedPack.objects.bulk_create(UntaxedPack(variant_id=pk, region=region, day=found[pk]) for pk in new)
        if new:
            emit(PacksUntaxed(region.pk, tuple(new)), actor=SYSTEM)
    return len(new)
