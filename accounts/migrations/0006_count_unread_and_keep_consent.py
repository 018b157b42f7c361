from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_staff_notes'),
    ]

    operations = [
        migrations.AddField(
            model_name='preferences',
            name='newsletter_at',
            field=models.DateTimeField(blank=True, help_text='Or took it back', null=True, verbose_name='agreed to offers and news at'),
        ),
        migrations.AddField(
            model_name='user',
            name='unread_count',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name='unread notifications'),
        ),
        migrations.AlterField(
            model_name='preferences',
            name='channels',
            field=models.JSONField(blank=True, default=dict, help_text='Group of messages to a list of channels', verbose_name='channels'),
        ),
    ]
