"""Groups and their permissions, brought to what the table in rules says."""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from accounts.rules import PERMISSIONS, permitted


def sync() -> None:
    """One group per role with exactly its permissions. Safe to repeat."""
    for config in apps.get_app_configs():
        create_permissions(config, verbosity=0)  # each app's own come after its migrate: all must be there now
    all_permissions = list(Permission.objects.select_related("content_type"))
    for role in PERMISSIONS:
        group, _ = Group.objects.get_or_create(name=role.value)
        group.permissions.set(
            [found for found in all_permissions if permitted(role, f"{found.content_type.app_label}.{found.codename}")]
        )
