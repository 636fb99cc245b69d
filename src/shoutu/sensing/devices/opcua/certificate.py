"""The certificate by which this installation is known to OPC UA servers, and how it knows them."""

from __future__ import annotations

import hashlib
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

YEARS = 10


class Own(NamedTuple):
    """Files of certificate (DER) and key (PEM), and the name that stands in the certificate."""

    certificate: Path
    key: Path
    uri: str


def own_certificate(folder: Path) -> Own:
    """``opcua.der`` and ``opcua.key`` in a folder, made if missing; the key readable by this user only."""
    certificate, key = folder / "opcua.der", folder / "opcua.key"
    if not (certificate.exists() and key.exists()):
        _make(certificate, key)
    found = x509.load_der_x509_certificate(certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return Own(certificate, key, names.get_values_for_type(x509.UniformResourceIdentifier)[0])


def first_of(chain: bytes) -> bytes:
    """The server's own certificate, where its issuers' follow it."""
    return chain[: int.from_bytes(chain[2:4]) + 4]


def thumbprint(certificate: bytes) -> str:
    """SHA-256 of a certificate (DER), hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


def _make(certificate: Path, key: Path) -> None:
    host = socket.gethostname() if socket.gethostname().isascii() else "localhost"
    private = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Shoutu")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=True,
        key_agreement=False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    names = [x509.UniformResourceIdentifier(f"urn:{host}:shoutu"), x509.DNSName(host)]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    secret = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    # The key first: a certificate without it is made anew.
    _write(key, secret)
    _write(certificate, built.public_bytes(serialization.Encoding.DER))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(path.suffix + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
