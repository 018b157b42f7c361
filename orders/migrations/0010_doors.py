from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_claims")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="door",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="The same for orders to the same door, see orders.rules.doors",
                max_length=32,
                verbose_name="door",
            ),
        ),
    ]
