import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_count_unread_and_keep_consent'),
        ('notifications', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PushSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('endpoint', models.CharField(max_length=500, unique=True, verbose_name='endpoint')),
                ('p256dh', models.CharField(max_length=100, verbose_name='public key')),
                ('auth', models.CharField(max_length=40, verbose_name='shared secret')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('used_at', models.DateTimeField(blank=True, null=True, verbose_name='last pushed to at')),
            ],
            options={
                'verbose_name': 'push subscription',
                'verbose_name_plural': 'push subscriptions',
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='notification',
            name='link',
            field=models.CharField(blank=True, db_default='', default='', help_text='Where the bell leads, on our site', max_length=255, verbose_name='page'),
        ),
        migrations.AddField(
            model_name='notification',
            name='read_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='read at'),
        ),
        migrations.AlterField(
            model_name='notification',
            name='address',
            field=models.CharField(blank=True, help_text='E-mail address or phone number; none in the app', max_length=254, verbose_name='address'),
        ),
        migrations.AlterField(
            model_name='notification',
            name='channel',
            field=models.CharField(choices=[('EMAIL', 'E-mail'), ('SMS', 'SMS'), ('PUSH', 'Push'), ('IN_APP', 'In the app')], max_length=8, verbose_name='channel'),
        ),
        migrations.AddField(
            model_name='pushsubscription',
            name='device',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.device', verbose_name='device'),
        ),
        migrations.AddField(
            model_name='pushsubscription',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person'),
        ),
    ]
