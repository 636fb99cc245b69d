"""Signing keys: the published example of SM2, OpenSSL's opinion, and keys chosen at the first start."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu import config, ledger_keys, verify_ledger

# GB/T 32918.5-2017, appendix A.2: the signature over "message digest".
SECRET = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
POINT = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


def test_published_example_of_sm2() -> None:
    assert ledger_keys.PrivateKey("sm2", SECRET).public.raw == POINT
    assert verify_ledger.sm2_verify(POINT, SIGNATURE, b"message digest")
    assert not verify_ledger.sm2_verify(POINT, SIGNATURE, b"message digesT")


def test_published_example_of_sm3() -> None:
    # GB/T 32905-2016, appendix A.1.
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert verify_ledger.digest("sm3", b"abc").hex() == expected


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 511))
def test_sm2_signature_holds_until_one_bit_changes(message: bytes, bit: int) -> None:
    key = ledger_keys.generate("sm2")
    signature = key.sign(message)
    assert key.public.verify(signature, message)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert not key.public.verify(bytes(changed), message)
    assert not key.public.verify(signature, message + b"!")
    assert not ledger_keys.generate("sm2").public.verify(signature, message)


@pytest.mark.parametrize("raw", [b"", bytes(65), b"\x04" + bytes(64), POINT[:-1], b"\x03" + POINT[1:]])
def test_sm2_point_off_the_curve_verifies_nothing(raw: bytes) -> None:
    assert not verify_ledger.sm2_verify(raw, SIGNATURE, b"message digest")
    assert not verify_ledger.sm2_verify(POINT, bytes(64), b"message digest")


@pytest.mark.parametrize("kind", ["ed25519", "sm2"])
def test_key_comes_back_from_pem(kind: str) -> None:
    key = ledger_keys.generate(kind)
    assert ledger_keys.load_private(key.pem()) == key
    assert ledger_keys.load_public(key.public.pem()) == key.public
    with pytest.raises(ledger_keys.KeyFormError):
        ledger_keys.load_private("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(ledger_keys.KeyFormError):
        ledger_keys.load_public("nonsense")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_reads_our_sm2_keys_and_accepts_our_signature(tmp_path: Path) -> None:
    key = ledger_keys.generate("sm2")
    signature = key.sign(b"warning 37 closed")
    (tmp_path / "key.pem").write_text(key.pem())
    (tmp_path / "public.pem").write_text(key.public.pem())
    (tmp_path / "message").write_bytes(b"warning 37 closed")
    (tmp_path / "signature").write_bytes(_der(signature))
    derived = _openssl(tmp_path, "pkey", "-in", "key.pem", "-pubout")
    assert derived == key.public.pem()
    checked = _openssl(
        tmp_path, "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pubin", "-inkey", "public.pem",
        "-in", "message", "-sigfile", "signature", "-pkeyopt", "distid:1234567812345678",
    )  # fmt: skip
    assert "Signature Verified Successfully" in checked


def _openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _der(signature: bytes) -> bytes:
    """r ‖ s as the SEQUENCE of two INTEGERs that OpenSSL wants."""
    parts = b""
    for half in (signature[:32], signature[32:]):
        number = half.lstrip(b"\0")
        number = b"\0" + number if number[:1] >= b"\x80" else number
        parts += bytes([2, len(number)]) + number
    return bytes([0x30, len(parts)]) + parts


# -- the setting ----------------------------------------------------------------------------------------------------


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The settings as a process reads them, on a data directory of its own."""

    def load(suite: str | None) -> config.Config:
        monkeypatch.setenv("SHOUTU_DATA", str(tmp_path / "data"))
        if suite is None:
            monkeypatch.delenv("SHOUTU_LEDGER_SUITE", raising=False)
        else:
            monkeypatch.setenv("SHOUTU_LEDGER_SUITE", suite)
        config.load.cache_clear()
        return config.load()

    yield load
    config.load.cache_clear()


def test_suite_is_chosen_at_the_first_start_and_kept(start) -> None:
    first = start("sm3-sm2")
    first.ensure()
    assert first.ledger_hash == "sm3"
    later = start(None)
    later.ensure()
    assert later.ledger_hash == "sm3"
    with pytest.raises(config.SettingError, match=r"SHOUTU_LEDGER_SUITE='sha256-ed25519'.*signs with sm2"):
        start("sha256-ed25519").ensure()


def test_default_suite(start) -> None:
    settings_ = start(None)
    settings_.ensure()
    assert settings_.ledger_hash == "sha256"
    assert b"PRIVATE" not in (settings_.secrets / "ledger.pub.pem").read_bytes()


def test_unknown_suite_is_refused_by_name(start) -> None:
    with pytest.raises(config.SettingError, match="SHOUTU_LEDGER_SUITE='md5': expected sha256-ed25519 or sm3-sm2"):
        start("md5")
