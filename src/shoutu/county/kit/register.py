"""Loads kit's own steps."""

from shoutu.county.kit import outbox  # noqa: F401
