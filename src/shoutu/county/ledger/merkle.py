"""The Merkle tree of RFC 6962, section 2.1, over subtrees that are stored once and never change.

A perfect subtree of 2**level leaves is named (level, number); its hash is final as soon as its leaves are there. Any
tree head, inclusion path or consistency proof is put together from O(log n) of them, so nothing here reads the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from cryptography.hazmat.primitives import hashes

Name = tuple[int, int]
Fetch = Callable[[Iterable[Name]], Mapping[Name, bytes]]
ALGORITHMS = ("sha256", "sm3")


class Hasher:
    """Leaf and node hashes of RFC 6962 under one algorithm: SHA-256 (default) or SM3 (GB/T 32905)."""

    def __init__(self, algorithm: str = "sha256") -> None:
        if algorithm not in ALGORITHMS:
            raise ValueError(f"hash {algorithm!r}: expected one of {', '.join(ALGORITHMS)}")
        self.algorithm = algorithm

    def digest(self, data: bytes) -> bytes:
        if self.algorithm == "sha256":
            return hashlib.sha256(data).digest()
        state = hashes.Hash(hashes.SM3())
        state.update(data)
        return state.finalize()

    def leaf(self, data: bytes) -> bytes:
        return self.digest(b"\x00" + data)

    def node(self, left: bytes, right: bytes) -> bytes:
        return self.digest(b"\x01" + left + right)

    def empty(self) -> bytes:
        return self.digest(b"")


@lru_cache
def hasher(algorithm: str) -> Hasher:
    return Hasher(algorithm)


def peaks(size: int, start: int = 0) -> Iterator[Name]:
    """The perfect subtrees that make up leaves [start, start + size), largest first; `start` aligned to them."""
    at = start
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            yield level, at >> level
            at += 1 << level


def append(h: Hasher, size: int, fringe: Mapping[Name, bytes], leaves: Iterable[bytes]) -> dict[Name, bytes]:
    """The hashes of every perfect subtree that becomes complete when `leaves` (leaf hashes) follow `size` earlier ones.

    `fringe` holds the peaks of the tree of `size`. Level 0 is included.
    """
    made: dict[Name, bytes] = {}

    def known(name: Name) -> bytes:
        return made[name] if name in made else fringe[name]

    index = size
    for leaf in leaves:
        made[0, index] = leaf
        level, number = 0, index
        while number & 1:
            made[level + 1, number >> 1] = h.node(known((level, number - 1)), made[level, number])
            level, number = level + 1, number >> 1
        index += 1
    return made


def fold(h: Hasher, parts: list[bytes]) -> bytes:
    """The hash of peaks, largest first, joined from the right as the RFC's recursion does."""
    if not parts:
        return h.empty()
    result = parts[-1]
    for part in reversed(parts[:-1]):
        result = h.node(part, result)
    return result


def root(h: Hasher, size: int, fetch: Fetch) -> bytes:
    """MTH of the first `size` leaves."""
    return _range(h, 0, size, fetch(list(peaks(size))))


def _range(h: Hasher, start: int, size: int, have: Mapping[Name, bytes]) -> bytes:
    return fold(h, [have[name] for name in peaks(size, start)])


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The sibling ranges (start, length) on the way from leaf `index` to the root, nearest first. RFC 6962 PATH."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    ranges: list[tuple[int, int]] = []
    start, length = 0, size
    while length > 1:
        k = _split(length)
        if index - start < k:
            ranges.append((start + k, length - k))
            length = k
        else:
            ranges.append((start, k))
            start, length = start + k, length - k
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The ranges whose hashes prove that the tree of `new` extends that of `old`. RFC 6962 PROOF."""
    if not 0 < old <= new:
        raise ValueError(f"no consistency proof from {old} to {new}")
    ranges: list[tuple[int, int]] = []
    start, length, part, whole = 0, new, old, True
    while part != length:
        k = _split(length)
        if part <= k:
            ranges.append((start + k, length - k))
            length = k
        else:
            ranges.append((start, k))
            start, length, part, whole = start + k, length - k, part - k, False
    if not whole:
        ranges.append((start, length))
    return ranges[::-1]


def hash_ranges(h: Hasher, ranges: list[tuple[int, int]], fetch: Fetch) -> list[bytes]:
    """The hash of each range, all needed subtrees fetched at once."""
    have = fetch([name for start, length in ranges for name in peaks(length, start)])
    return [_range(h, start, length, have) for start, length in ranges]


def inclusion_proof(h: Hasher, index: int, size: int, fetch: Fetch) -> list[bytes]:
    """PATH(index, D[size])."""
    return hash_ranges(h, inclusion_ranges(index, size), fetch)


def consistency_proof(h: Hasher, old: int, new: int, fetch: Fetch) -> list[bytes]:
    """PROOF(old, D[new]); empty when the sizes are equal."""
    return hash_ranges(h, consistency_ranges(old, new), fetch)


def root_from_inclusion(h: Hasher, index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root that `path` leads to from `leaf`. Raises ValueError when the path has the wrong length."""
    ranges = inclusion_ranges(index, size)
    if len(ranges) != len(path):
        raise ValueError(f"inclusion path of {len(path)} hashes, expected {len(ranges)}")
    result = leaf
    for (start, _length), sibling in zip(ranges, path, strict=True):
        result = h.node(sibling, result) if start < index else h.node(result, sibling)
    return result


def roots_from_consistency(h: Hasher, old: int, new: int, old_root: bytes, path: list[bytes]) -> tuple[bytes, bytes]:
    """(old root, new root) that a consistency proof leads to. Raises ValueError when it has the wrong length."""
    ranges = consistency_ranges(old, new)
    if len(ranges) != len(path):
        raise ValueError(f"consistency proof of {len(path)} hashes, expected {len(ranges)}")
    if old == new:
        return old_root, old_root
    parts = list(zip(ranges, path, strict=True))
    # Without a first range of its own, the old tree is itself a perfect subtree of the new one.
    if old & (old - 1) == 0:
        first = second = old_root
    else:
        first, parts = parts[0][1], parts[1:]
        second = first
    for (start, _length), sibling in parts:
        if start < old:
            first, second = h.node(sibling, first), h.node(sibling, second)
        else:
            second = h.node(second, sibling)
    return first, second
