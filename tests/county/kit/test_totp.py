"""Codes as RFC 6238 says, each once, within one step of the clock."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.kit import totp

# RFC 6238, appendix B, SHA-1: eight digits there, of which six are the last six.
SEED = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037",
    20000000000: "65353130",
}  # fmt: skip


@pytest.mark.parametrize(("now", "code"), VECTORS.items())
def test_codes_are_those_of_the_standard(now: int, code: str) -> None:
    assert totp.code_at(SEED, now // totp.STEP_S) == code[2:]
    assert totp.step_of(SEED, code[2:], now, 0) == now // totp.STEP_S


@given(st.integers(10_000, 200_000_000), st.integers(-4, 4), st.integers(0, 29))
def test_a_code_is_taken_one_step_off_and_no_further_and_never_twice(step: int, off: int, within: int) -> None:
    secret, now = totp.new_secret(), step * totp.STEP_S + within
    code = totp.code_at(secret, step + off)
    near = {totp.code_at(secret, step + one): step + one for one in (1, 0, -1)}
    found = totp.step_of(secret, code, now, 0)
    # Two steps may by chance have the same six digits.
    assert found == near.get(code)
    if found is not None:
        assert totp.step_of(secret, code, now, found) in {None, *range(found + 1, step + 2)}


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "１２３４５６", "0" * 40])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert totp.step_of(SEED, typed, 59, 0) is None


def test_picture_says_account_issuer_and_secret() -> None:
    found = urlsplit(totp.uri(SEED, "值班员", "守土 示范县"))
    asked = parse_qs(found.query)
    assert (found.scheme, found.netloc) == ("otpauth", "totp")
    assert "值班员" in unquote(found.path)
    assert (asked["secret"], asked["issuer"]) == ([SEED], ["守土 示范县"])
