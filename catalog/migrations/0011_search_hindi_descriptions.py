from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models
from django.db.models import Value
from django.db.models.functions import Replace


class Migration(migrations.Migration):
    """The full text index of Hindi descriptions, built while orders go on: that can't be done in a transaction."""

    atomic = False

    dependencies = [("catalog", "0010_product_description_in_hindi")]

    operations = [
        AddIndexConcurrently(
            "product",
            GinIndex(
                SearchVector(
                    Replace("description_hi", Value("\N{DEVANAGARI SIGN NUKTA}"), Value(""), output_field=models.TextField()), config="hindi"
                ),
                name="product_text_hi",
            ),
        ),
    ]
