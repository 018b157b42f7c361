"""People can be erased: a row without a name and without a contact, whose number the orders keep.

Nobody is erased yet, so both constraints hold for every row; they are checked by 0008, which lets orders go on meanwhile.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

HAS_A_CONTACT = (
    Q(email__isnull=False)
    | Q(phone__isnull=False)
    | ~Q(contact_email="")
    | ~Q(contact_phone="")
    | Q(erased_at__isnull=False)
)
IS_NOBODY = Q(erased_at__isnull=True) | Q(
    is_active=False, email__isnull=True, phone__isnull=True, contact_email="", contact_phone="", name=""
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_count_unread_and_keep_consent")]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "ordering": ["id"],
                "permissions": [("erase_user", "Can erase people who asked for it")],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
        migrations.AddField(
            model_name="user",
            name="erased_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Nobody is behind it any more",
                null=True,
                verbose_name="erased at",
            ),
        ),
        migrations.RemoveConstraint(model_name="user", name="user_has_a_contact"),
        AddConstraintNotValid(
            model_name="user",
            constraint=models.CheckConstraint(condition=HAS_A_CONTACT, name="user_has_a_contact_or_is_erased"),
        ),
        AddConstraintNotValid(
            model_name="user",
            constraint=models.CheckConstraint(condition=IS_NOBODY, name="user_erased_is_nobody"),
        ),
    ]
