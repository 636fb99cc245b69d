"""Loads kit's own steps, what begins a session, and kit's lines of health."""

from shoutu.county.kit import health_lines, health_pipeline, outbox, sessions  # noqa: F401
