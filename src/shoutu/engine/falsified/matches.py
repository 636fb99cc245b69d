"""The same changes in the same order at two places, in near linear time: rolling hashes of words, kept where the hash
says so (the same word is kept everywhere or nowhere), sorted, and each meeting of two made as long as it goes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

WORDS = (16, 64)
"""Lengths of words looked for, in readings: of a fine sensor, and of one that seldom changes."""
LEAST_BITS = 34.0
"""A word that tells less is no anchor: so many others are the same by chance that sorting brings no pairs."""
KEPT = 8
"""One word of so many is kept."""
BASE = 0x9E3779B97F4A7C15 | 1


class Match(NamedTuple):
    """Readings ``first … first + n`` (places in the columns) change as ``second … second + n`` do."""

    first: int
    second: int
    n: int
    bits: float


@njit(cache=True)
def _anchors(
    change: NDArray[np.int64], told: NDArray[np.float32], bounds: NDArray[np.int64], word: int, least: float, kept: int
) -> Any:
    power = np.uint64(1)
    for _ in range(word):
        power *= np.uint64(BASE)
    room = 1024
    hashes, places = np.empty(room, np.uint64), np.empty(room, np.int64)
    n = 0
    for point in range(len(bounds) - 1):
        rolling, information = np.uint64(0), 0.0
        first = bounds[point] + 1
        for at in range(first, bounds[point + 1]):
            rolling = rolling * np.uint64(BASE) + np.uint64(change[at])
            information += told[at]
            if at - first >= word:
                rolling -= power * np.uint64(change[at - word])
                information -= told[at - word]
            if at - first < word - 1 or information < least:
                continue
            mixed = (rolling ^ (rolling >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed ^= mixed >> np.uint64(29)
            if mixed % np.uint64(kept) != 0:
                continue
            if n == room:
                room *= 2
                more_hashes, more_places = np.empty(room, np.uint64), np.empty(room, np.int64)
                more_hashes[:n], more_places[:n] = hashes[:n], places[:n]
                hashes, places = more_hashes, more_places
            hashes[n], places[n] = mixed, at - word + 1
            n += 1
    return hashes[:n], places[:n]


def meetings(
    change: NDArray[np.int64], told: NDArray[np.float32], bounds: NDArray[np.int64], word: int, kept: int = KEPT
) -> NDArray[np.int64]:
    """Pairs of places (the earlier in the columns first) where the same word stands; of many alike, neighbours."""
    hashes, places = _anchors(change, told, bounds, word, LEAST_BITS, kept)
    order = np.argsort(hashes, kind="stable")
    hashes, places = hashes[order], places[order]
    same = np.flatnonzero(hashes[1:] == hashes[:-1])
    return np.stack([places[same], places[same + 1]], axis=1)


@njit(cache=True)
def _lengthened(
    change: NDArray[np.int64],
    told: NDArray[np.float32],
    bounds: NDArray[np.int64],
    pairs: NDArray[np.int64],
    word: int,
) -> Any:
    """Rows (first, second, n) of each pair made as long as it goes, and its bits; pairs by distance, then place."""
    found = np.empty((len(pairs), 3), np.int64)
    information = np.empty(len(pairs))
    n, apart, until = 0, -1, -1
    for row in range(len(pairs)):
        a, b = pairs[row]
        if b - a == apart and a < until:
            continue
        here = np.searchsorted(bounds, a, "right")
        there = np.searchsorted(bounds, b, "right")
        begin = a
        while begin - 1 > bounds[here - 1] and begin - 1 + b - a > bounds[there - 1]:
            if change[begin - 1] != change[begin - 1 + b - a]:
                break
            begin -= 1
        end = a
        while end < bounds[here] and end + b - a < bounds[there] and change[end] == change[end + b - a]:
            end += 1
        apart, until = b - a, end
        if here == there:
            end = min(end, begin + b - a)  # a stretch and its copy do not overlap; patterns are looked for apart
        if end - begin < word:
            continue
        mine, its = 0.0, 0.0
        for at in range(begin, end):
            mine += told[at]
            its += told[at + b - a]
        found[n] = begin - 1, begin - 1 + b - a, end - begin + 1
        information[n] = min(mine, its)
        n += 1
    return found[:n], information[:n]


def matches(change: NDArray[np.int64], told: NDArray[np.float32], bounds: NDArray[np.int64]) -> list[Match]:
    """Every meeting as long as it goes, with the lesser of what it tells under the laws of its two points."""
    found: dict[tuple[int, int], Match] = {}
    for word in WORDS:
        pairs = meetings(change, told, bounds, word)
        pairs = pairs[np.lexsort((pairs[:, 0], pairs[:, 1] - pairs[:, 0]))]
        rows, information = _lengthened(change, told, bounds, pairs, word)
        for (first, second, n), told_bits in zip(rows.tolist(), information.tolist(), strict=True):
            found[first, second] = Match(first, second, n, told_bits)
    return sorted(found.values(), key=lambda match: -match.bits)
