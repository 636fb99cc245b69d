"""Readings that no honest sensor tells: copied, cloned, shifted, too smooth, rounded, repeated in a pattern.

安全生产法 art. 99 forbids to falsify monitoring data. A finding is a reason for a check on site, never a proof: it says
how improbable it is by chance, under assumptions that docs/falsified.md names, over everything compared in the search.
"""

from .search import ALPHA, COPIED, Column, Finding, Point, columns, find

__all__ = ["ALPHA", "COPIED", "Column", "Finding", "Point", "columns", "find"]
