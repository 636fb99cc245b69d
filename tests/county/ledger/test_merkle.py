"""The tree against the recursive definition of RFC 6962, written down as the RFC does."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.ledger import merkle
from shoutu.county.ledger.merkle import Hasher

H = Hasher("sha256")


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: list[bytes]) -> bytes:
    """RFC 6962 2.1: MTH(D[n])."""
    if not d:
        return sha(b"")
    if len(d) == 1:
        return sha(b"\x00" + d[0])
    k = split(len(d))
    return sha(b"\x01" + mth(d[:k]) + mth(d[k:]))


def path(m: int, d: list[bytes]) -> list[bytes]:
    """RFC 6962 2.1.1: PATH(m, D[n])."""
    if len(d) == 1:
        return []
    k = split(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], b: bool) -> list[bytes]:
    """RFC 6962 2.1.2: SUBPROOF(m, D[n], b)."""
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


class Store:
    """Subtrees as the database keeps them, filled in pieces."""

    def __init__(self, data: list[bytes], cuts: list[int]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        size = 0
        for end in [*sorted({c for c in cuts if c < len(data)}), len(data)]:
            fringe = {name: self.nodes[name] for name in merkle.peaks(size)}
            made = merkle.append(H, size, fringe, [H.leaf(d) for d in data[size:end]])
            assert not made.keys() & self.nodes.keys()
            self.nodes |= made
            size = end

    def fetch(self, names):
        return {name: self.nodes[name] for name in names}


DATA = st.lists(st.binary(max_size=8), max_size=70)
CUTS = st.lists(st.integers(0, 70), max_size=6)


@given(DATA, CUTS, st.integers(0, 70))
def test_root_of_every_size_is_the_rfcs(data, cuts, size) -> None:
    store = Store(data, cuts)
    size = min(size, len(data))
    assert merkle.root(H, size, store.fetch) == mth(data[:size])


@given(DATA.filter(bool), CUTS, st.integers(0, 70), st.integers(1, 70))
def test_inclusion_is_the_rfcs_and_verifies(data, cuts, index, size) -> None:
    store = Store(data, cuts)
    size = min(size, len(data))
    index %= size
    proof = merkle.inclusion_proof(H, index, size, store.fetch)
    assert proof == path(index, data[:size])
    assert merkle.root_from_inclusion(H, index, size, H.leaf(data[index]), proof) == mth(data[:size])


@given(DATA.filter(bool), CUTS, st.integers(1, 70), st.integers(1, 70))
def test_consistency_is_the_rfcs_and_verifies(data, cuts, old, new) -> None:
    store = Store(data, cuts)
    new = min(new, len(data))
    old = 1 + (old - 1) % new
    proof = merkle.consistency_proof(H, old, new, store.fetch)
    assert proof == subproof(old, data[:new], True)
    roots = merkle.roots_from_consistency(H, old, new, mth(data[:old]), proof)
    assert roots == (mth(data[:old]), mth(data[:new]))


@given(DATA.filter(lambda d: len(d) > 1), st.data())
def test_a_wrong_bit_in_a_proof_or_leaf_is_seen(data, draw) -> None:
    store = Store(data, [])
    size = len(data)
    index = draw.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(H, index, size, store.fetch)
    which = draw.draw(st.integers(0, len(proof)))
    items = [H.leaf(data[index]), *proof]
    flipped = bytearray(items[which])
    flipped[draw.draw(st.integers(0, 31))] ^= 1 << draw.draw(st.integers(0, 7))
    items[which] = bytes(flipped)
    assert merkle.root_from_inclusion(H, index, size, items[0], items[1:]) != mth(data)


@given(DATA.filter(lambda d: len(d) > 2), st.integers(1, 69), st.integers(0, 255))
def test_a_rewritten_old_entry_breaks_consistency(data, old, noise) -> None:
    old = 1 + (old - 1) % (len(data) - 1)
    forged = [b"\xff forged" + bytes([noise]), *data[1:]]
    proof = merkle.consistency_proof(H, old, len(data), Store(forged, []).fetch)
    try:
        roots = merkle.roots_from_consistency(H, old, len(data), mth(data[:old]), proof)
    except ValueError:
        return
    assert roots != (mth(data[:old]), mth(forged))


def test_sm3_vector_of_gb_t_32905() -> None:
    assert Hasher("sm3").digest(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_known_roots_of_certificate_transparency() -> None:
    """The reference vectors that come with the RFC's first implementations."""
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    data = [bytes.fromhex(leaf) for leaf in leaves]
    store = Store(data, [3, 5])
    assert merkle.root(H, 0, store.fetch).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root(H, 1, store.fetch).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(H, 8, store.fetch).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_leaf_outside_the_tree(index, size) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_ranges(index, size)


def test_unknown_algorithm_is_named() -> None:
    with pytest.raises(ValueError, match=r"md5.*sha256, sm3"):
        Hasher("md5")
