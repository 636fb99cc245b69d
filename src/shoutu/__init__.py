"""Shoutu 守土: from a reading to a person's duty, on a record nobody can quietly rewrite."""

__version__ = "0.1.0"
