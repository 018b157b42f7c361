from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations


class Migration(migrations.Migration):
    """The full text index, built while orders go on: that can't be done in a transaction."""

    atomic = False

    dependencies = [("catalog", "0006_search_words")]

    operations = [
        AddIndexConcurrently(
            "product", GinIndex(SearchVector("name", "description", config="english"), name="product_text")
        ),
    ]
