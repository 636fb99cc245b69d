"""Kinds of licence in force: the county's own list, else the default one; read again when its file changes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import get_language
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from shoutu.county.kit.stamps import stamp
from shoutu.county.places.models import Site

OWN, DEFAULT = "licences-county.yaml", "licences.yaml"
LEAD_DAYS = 90
"""What a kind nobody knows any more is asked for ahead, in days."""


class LicenceKind(BaseModel):
    """One kind. `ground`: the law behind it; unverified ones are shown as 来源待核. `lead_days`: days before its end
    its holder is called; `personal`: it belongs to a person (number and name are theirs); `capacity`: it says how much
    may be produced, 10⁴ t a year; `required_of`: the kinds of site that must have one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: str = Field(min_length=1, max_length=60)
    title_en: str = Field("", max_length=80)
    ground: str = Field("", max_length=200)
    verified: bool = False
    lead_days: int = Field(LEAD_DAYS, ge=1, le=730)
    personal: bool = False
    capacity: bool = False
    required_of: tuple[str, ...] = ()

    @field_validator("required_of")
    @classmethod
    def _known(cls, told: tuple[str, ...]) -> tuple[str, ...]:
        if strange := sorted(set(told) - set(Site.Kind.values)):
            raise ValueError(f"{', '.join(strange)}: one of {', '.join(Site.Kind.values)}")
        return told

    @property
    def name(self) -> str:
        """Its title in the language of who asks."""
        return self.title_en if self.title_en and (get_language() or "").startswith("en") else self.title


class _Pack(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pack: str
    title: str
    version: int
    lead_days: int = Field(LEAD_DAYS, ge=1, le=730)
    kinds: list[LicenceKind] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _leads(cls, told: Any) -> Any:
        """What a kind leaves open is the list's."""
        if isinstance(told, dict) and "lead_days" in told and isinstance(told.get("kinds"), list):
            lead = {"lead_days": told["lead_days"]}
            told = {**told, "kinds": [lead | one if isinstance(one, dict) else one for one in told["kinds"]]}
        return told

    @model_validator(mode="after")
    def _once(self) -> _Pack:
        ids = [one.id for one in self.kinds]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"kinds: {', '.join(twice)} twice")
        return self


def kinds() -> dict[str, LicenceKind]:
    """Id → kind, of `packs/papers/licences-county.yaml`, else of `licences.yaml`. Raises ValueError, OSError.

    While the county's own file cannot be read the default one holds; `fault` says so.
    """
    folder = settings.CONFIG.packs / "papers"
    own = folder / OWN
    return _parsed(folder / DEFAULT if fault() or not own.exists() else own)


def fault() -> str:
    """What is wrong with the county's own file; empty when nothing is or there is none."""
    own = settings.CONFIG.packs / "papers" / OWN
    try:
        if own.exists():
            _parsed(own)
    except (ValueError, OSError) as error:
        return str(error) or type(error).__name__
    return ""


def kind(id: str) -> LicenceKind:
    """The kind of this id; one that is no longer in the list keeps its id as its name."""
    return kinds().get(id) or LicenceKind.model_construct(
        id=id, title=id, title_en="", ground="", verified=False, lead_days=LEAD_DAYS, personal=True, capacity=False,
        required_of=(),
    )  # fmt: skip


def _parsed(file: Path) -> dict[str, LicenceKind]:
    return _read(file, stamp(file))


@lru_cache(maxsize=4)
def _read(file: Path, _as_it_is: tuple[int, ...]) -> dict[str, LicenceKind]:
    try:
        pack = _Pack.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(str(at) for at in one['loc'])}: {one['msg']}" for one in error.errors()[:3])
        raise ValueError(f"{file.name}: {said}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{file.name}: {error}") from error
    return {one.id: one for one in pack.kinds}
