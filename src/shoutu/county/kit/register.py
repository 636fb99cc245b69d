"""Loads kit's own steps, and what begins a session."""

from shoutu.county.kit import outbox, sessions  # noqa: F401
