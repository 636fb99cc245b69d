"""The part of the county an actor sees."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q


@dataclass(frozen=True)
class Scope:
    """Sites within any of `territories` (tree paths such as ``"1.4."``) or of any of `organisations` (ids),

    narrowed to `sectors` (kinds of site) when given. `all` sees everything; the empty scope sees nothing.
    """

    all: bool = False
    territories: tuple[str, ...] = ()
    organisations: tuple[int, ...] = ()
    sectors: tuple[str, ...] = ()
    # Sites one is called to, whatever their sector: seen as long as the call lasts.
    called: tuple[int, ...] = ()

    @classmethod
    def everything(cls) -> Scope:
        return cls(all=True)

    def sites(self, path: str = "") -> Q:
        """The filter for a model whose site is reached by `path` ("" for Site itself, "site", "warning__site" …)."""
        if self.all:
            return Q()
        prefix = f"{path}__" if path else ""
        place = Q(pk__in=[])
        for territory in self.territories:
            place |= Q(**{f"{prefix}territory__path__startswith": territory})
        if self.organisations:
            place |= Q(**{f"{prefix}organisation_id__in": self.organisations})
        if self.sectors:
            place &= Q(**{f"{prefix}kind__in": self.sectors})
        if self.called:
            place |= Q(**{f"{path}_id__in" if path else "pk__in": self.called})
        return place
