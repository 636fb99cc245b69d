"""The base of every room's reads: a QuerySet that starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self, TypeVar

from django.db import models

from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import NotFound
from shoutu.county.kit.scope import Scope

__all__ = ["Scope", "ScopedManager", "ScopedModel", "ScopedQuerySet", "among", "get_visible"]

MANY = 500
"""Ids: naming more than these in a query costs more than fetching all rows."""

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """Each model says in `scope_filter(actor)` which of its rows an actor sees."""

    def visible_to(self, actor: Actor) -> Self:
        return self.filter(self.model.scope_filter(actor))  # type: ignore[attr-defined]


ScopedManager = models.Manager.from_queryset(ScopedQuerySet)


class ScopedModel(models.Model):
    """A model that belongs to a site (or says otherwise by overriding `scope_filter`)."""

    # The way from this model to its Site: "" is the site itself, "warning__site" goes over a relation.
    scope_path = "site"

    objects: Any = ScopedManager()

    class Meta:
        abstract = True

    @classmethod
    def scope_filter(cls, actor: Actor) -> models.Q:
        return actor.scope.sites(cls.scope_path)


def get_visible(queryset: ScopedQuerySet[M], actor: Actor, id: int, kind: str) -> M:
    """The row with this id if the actor sees it. Raises NotFound(kind, id)."""
    found = queryset.visible_to(actor).filter(pk=id).first()
    if found is None:
        raise NotFound(kind, id)
    return found


def among(field: str, ids: Collection[int]) -> models.Q:
    """Rows whose `field` is one of these ids; of many ids, all rows: the caller must pick its own from them."""
    return models.Q(**{f"{field}__in": ids}) if len(ids) <= MANY else models.Q()
