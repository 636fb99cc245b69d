"""The warnings' fixtures: a watched point of 甲矿尾矿库 and levels delivered to it."""

from tests.county.warnings.conftest import clock, county, raise_to, signal, watched

__all__ = ["clock", "county", "raise_to", "signal", "watched"]
