"""The kernel's reference rows: the schedules of the worker."""

from django.conf import settings
from django_q.models import Schedule


def sync() -> None:
    """Bring the schedules to what the settings say. Safe to repeat: one that is known keeps its next start.

    A task of ours that goes by another name now is not run twice; what staff planned besides stays.
    """
    for name, (task, minutes) in settings.SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name,
            defaults={"func": task, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1},
        )
    known = [task for task, _ in settings.SCHEDULES.values()]
    Schedule.objects.filter(func__in=known).exclude(name__in=settings.SCHEDULES).delete()
