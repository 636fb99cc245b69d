"""Addresses of this room beside those of the duties themselves."""

from shoutu.county.duties.api_findings import router

__all__ = ["router"]
