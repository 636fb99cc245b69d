"""How a user name and a password become a user."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from shoutu.county.people.models import User


class PostBackend(ModelBackend):
    """Django's own password check; permissions come from `kit.permissions`, not from Django's tables."""

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()

    get_group_permissions = get_user_permissions

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
