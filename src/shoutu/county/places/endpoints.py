"""Addresses of this room beside those of `api`: outlines."""

from __future__ import annotations

from shoutu.county.places.api_boundaries import router

__all__ = ["router"]
