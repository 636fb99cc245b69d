"""The base of every room's AppConfig."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class Room(AppConfig):
    """Loads a room's ``register`` (subjects, events, facts, catalog), ``steps`` (worker), ``health`` at the start."""

    default_auto_field = "django.db.models.BigAutoField"
    # Django picks the one class in a room's apps.py that says so: not this base imported beside it.
    default = False

    def __init_subclass__(cls) -> None:
        cls.default = True

    def ready(self) -> None:
        for part in ("register", "steps", "health"):
            name = f"{self.name}.{part}"
            if find_spec(name) is not None:
                import_module(name)
