from django.db import migrations, models


class Migration(migrations.Migration):
    """A column with a constant default: PostgreSQL adds it without writing a row."""

    dependencies = [
        ("vendors", "0004_say_what_the_licence_is_for"),
    ]

    operations = [
        migrations.AddField(
            model_name=model,
            name="name_hi",
            field=models.CharField(blank=True, db_default="", default="", max_length=120, verbose_name="name in Hindi"),
        )
        for model in ("vendor", "historicalvendor")
    ]
