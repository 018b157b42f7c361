"""No two packs have one SKU, in large or small letters; where some do, the younger one gets a number."""

import logging

import django.db.models.functions.text
from django.db import migrations, models

logger = logging.getLogger(__name__)

LONGEST = 40


def tell_apart(apps, schema_editor):
    variants = apps.get_model("catalog", "Variant").objects.using(schema_editor.connection.alias)
    taken = set()
    for pk, sku in variants.order_by("pk").values_list("pk", "sku"):
        if sku.lower() not in taken:
            taken.add(sku.lower())
            continue
        free = free_sku(sku, {*taken, *(each.lower() for each in variants.values_list("sku", flat=True))})
        variants.filter(pk=pk).update(sku=free)
        taken.add(free.lower())
        logger.warning("SKU %s of pack %s is %s now: an older pack has it in other letters", sku, pk, free)


def free_sku(sku, taken):
    number = 2
    while True:
        ending = f"-{number}"
        found = sku[: LONGEST - len(ending)] + ending
        if found.lower() not in taken:
            return found
        number += 1


class Migration(migrations.Migration):
    dependencies = [("catalog", "0008_category_name_in_hindi")]

    operations = [
        migrations.RunPython(tell_apart, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="variant",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("sku"), name="variant_sku_in_any_case"
            ),
        ),
    ]
