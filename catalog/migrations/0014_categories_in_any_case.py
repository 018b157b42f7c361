"""No two categories have one name or address, in large or small letters, and each has a drawing that there is."""

import logging

import django.db.models.functions.text
from django.db import migrations, models

import catalog.rules.names
import milkdelivery.core.text

logger = logging.getLogger(__name__)

DRAWINGS = ("milk", "curd", "paneer", "butter", "ghee", "other")


def tell_apart(apps, schema_editor):
    categories = apps.get_model("catalog", "Category").objects.using(schema_editor.connection.alias)
    for field, longest, gap in (("name", 60, " "), ("slug", 50, "-")):
        taken = set()
        for pk, text in categories.order_by("pk").values_list("pk", field):
            if text.lower() not in taken:
                taken.add(text.lower())
                continue
            others = {each.lower() for each in categories.values_list(field, flat=True)}
            free = free_text(text, {*taken, *others}, longest, gap)
            categories.filter(pk=pk).update(**{field: free})
            taken.add(free.lower())
            logger.warning("%s %s of category %s is %s now: an older one has it in other letters", field, text, pk, free)
    categories.exclude(illustration__in=DRAWINGS).update(illustration="other")


def free_text(text, taken, longest, gap):
    number = 2
    while True:
        ending = f"{gap}{number}"
        found = text[: longest - len(ending)] + ending
        if found.lower() not in taken:
            return found
        number += 1


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0013_prices_know_what_they_ended'),
    ]

    operations = [
        migrations.RunPython(tell_apart, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name='category',
            name='illustration',
            field=models.CharField(choices=[('milk', 'Milk'), ('curd', 'Curd'), ('paneer', 'Paneer'), ('butter', 'Butter'), ('ghee', 'Ghee'), ('other', 'Other')], max_length=20, verbose_name='illustration'),
        ),
        migrations.AlterField(
            model_name='category',
            name='name',
            field=models.CharField(max_length=60, unique=True, validators=[catalog.rules.names.says_something, milkdelivery.core.text.ensure_seen], verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='category',
            name='name_hi',
            field=models.CharField(blank=True, db_default='', default='', max_length=60, validators=[milkdelivery.core.text.ensure_seen], verbose_name='name in Hindi'),
        ),
        migrations.AlterField(
            model_name='category',
            name='position',
            field=models.PositiveSmallIntegerField(default=0, help_text='A new one without a number stands behind the others.', verbose_name='position'),
        ),
        migrations.AlterField(
            model_name='historicalproduct',
            name='name',
            field=models.CharField(max_length=120, validators=[catalog.rules.names.says_something, milkdelivery.core.text.ensure_seen], verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='historicalproduct',
            name='name_hi',
            field=models.CharField(blank=True, max_length=120, validators=[milkdelivery.core.text.ensure_seen], verbose_name='name in Hindi'),
        ),
        migrations.AlterField(
            model_name='historicalvariant',
            name='sku',
            field=models.CharField(db_index=True, max_length=40, validators=[milkdelivery.core.text.ensure_seen], verbose_name='SKU'),
        ),
        migrations.AlterField(
            model_name='product',
            name='name',
            field=models.CharField(max_length=120, validators=[catalog.rules.names.says_something, milkdelivery.core.text.ensure_seen], verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='product',
            name='name_hi',
            field=models.CharField(blank=True, max_length=120, validators=[milkdelivery.core.text.ensure_seen], verbose_name='name in Hindi'),
        ),
        migrations.AlterField(
            model_name='variant',
            name='sku',
            field=models.CharField(max_length=40, unique=True, validators=[milkdelivery.core.text.ensure_seen], verbose_name='SKU'),
        ),
        migrations.AddConstraint(
            model_name='category',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='category_name_in_any_case'),
        ),
        migrations.AddConstraint(
            model_name='category',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('slug'), name='category_slug_in_any_case'),
        ),
    ]
