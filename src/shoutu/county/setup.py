"""Makes Django ready in a process that is not served by it."""

from __future__ import annotations

import os


def ready() -> None:
    """Configure Django once; harmless when already done."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoutu.county.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def migrate() -> None:
    """Bring the database to this version; quiet."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
