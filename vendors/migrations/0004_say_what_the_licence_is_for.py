import django.core.validators
from django.db import migrations, models

LICENCE = {
    "blank": True,
    "help_text": "A dairy in India gets no orders without one.",
    "max_length": 14,
    "validators": [django.core.validators.RegexValidator("^\\d{14}$", "14 digits.")],
    "verbose_name": "FSSAI licence",
}


class Migration(migrations.Migration):
    """Words only: the tables stay as they are."""

    dependencies = [("vendors", "0003_new_columns_may_be_left_out")]

    operations = [
        migrations.AlterField("vendor", "fssai_licence", models.CharField(**LICENCE)),
        migrations.AlterField("historicalvendor", "fssai_licence", models.CharField(**LICENCE)),
    ]
