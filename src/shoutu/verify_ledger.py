#!/usr/bin/env python3
"""Checks a Shoutu ledger from its exported files and a public key, and nothing else of Shoutu.

    python verify_ledger.py log EXPORT --key public.pem [--key …] [--head HEAD.note …]
    python verify_ledger.py proof PROOF.json --key public.pem

Needs only Python 3.11 and the `cryptography` package. Follows RFC 6962 (the tree, with SHA-256, or SM3 of GB/T 32905),
RFC 8785 (the entries) and the signed-note form of tree heads (Ed25519, or SM2 of GB/T 32918.2, worked out below).
Exit code 0: nothing found. 1: findings, each named. 2: the files cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

# A head: size, root, its name for findings, whether it was kept elsewhere.
Claim = tuple[int, bytes, str, bool]
# A public key: its kind (ed25519, sm2) and bytes.
Key = tuple[str, bytes]


class Unreadable(Exception):
    """A file is not what it should be."""


def digest(name: str, data: bytes) -> bytes:
    if name == "sha256":
        return hashlib.sha256(data).digest()
    if name == "sm3":
        try:
            state = hashes.Hash(hashes.SM3())
        except UnsupportedAlgorithm:
            raise Unreadable("this installation of `cryptography` has no SM3; install its wheel from PyPI") from None
        state.update(data)
        return state.finalize()
    raise Unreadable(f"unknown hash {name!r}")


class Tree:
    """The right-hand edge of a growing tree: enough to know the root at every size."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.size = 0
        self.edge: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        level, value = 0, leaf
        while self.edge and self.edge[-1][0] == level:
            value = digest(self.name, b"\x01" + self.edge.pop()[1] + value)
            level += 1
        self.edge.append((level, value))
        self.size += 1

    def root(self) -> bytes:
        if not self.edge:
            return digest(self.name, b"")
        value = self.edge[-1][1]
        for _level, left in reversed(self.edge[:-1]):
            value = digest(self.name, b"\x01" + left + value)
        return value


# -- SM2 (GB/T 32918.2 over the recommended curve of GB/T 32918.5), which `cryptography` cannot check ----------------

# SubjectPublicKeyInfo of an SM2 key, up to the point 04 ‖ x ‖ y.
SM2_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
SM2_ID = b"1234567812345678"
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
# A point in Jacobian form (x / z², y / z³); z = 0 at infinity.
Point = tuple[int, int, int]


def _double(point: Point) -> Point:
    x, y, z = point
    yy = y * y % _P
    s = 4 * x * yy % _P
    # 3x² + a·z⁴ with a = −3.
    zz = z * z % _P
    m = 3 * (x - zz) * (x + zz) % _P
    x3 = (m * m - 2 * s) % _P
    return x3, (m * (s - x3) - 8 * yy * yy) % _P, 2 * y * z % _P


def _add(one: Point, two: Point) -> Point:
    (x1, y1, z1), (x2, y2, z2) = one, two
    if not z1:
        return two
    if not z2:
        return one
    zz1, zz2 = z1 * z1 % _P, z2 * z2 % _P
    u1, u2 = x1 * zz2 % _P, x2 * zz1 % _P
    s1, s2 = y1 * zz2 * z2 % _P, y2 * zz1 * z1 % _P
    if u1 == u2:
        return _double(one) if s1 == s2 else (1, 1, 0)
    h, r = u2 - u1, s2 - s1
    hh = h * h % _P
    hhh, v = h * hh % _P, u1 * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return x3, (r * (v - x3) - s1 * hhh) % _P, z1 * z2 * h % _P


def _sum(s: int, t: int, public: tuple[int, int]) -> int | None:
    """The x of s·G + t·public; None at infinity."""
    base, key = (*_G, 1), (*public, 1)
    choices = {(1, 0): base, (0, 1): key, (1, 1): _add(base, key)}
    point: Point = (1, 1, 0)
    for bit in range(255, -1, -1):
        point = _double(point)
        if picked := choices.get((s >> bit & 1, t >> bit & 1)):
            point = _add(point, picked)
    return point[0] * pow(point[2], -2, _P) % _P if point[2] else None


def sm2_verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (r ‖ s, 64 bytes) is that of the key 04 ‖ x ‖ y over `message`, with the default identity."""
    if len(public) != 65 or public[0] != 4 or len(signature) != 64:
        return False
    x, y = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
    if x >= _P or y >= _P or (y * y - x * x * x - _A * x - _B) % _P:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    t = (r + s) % _N
    if not (0 < r < _N and 0 < s < _N and t):
        return False
    curve = b"".join(value.to_bytes(32, "big") for value in (_A, _B, *_G))
    who = digest("sm3", (len(SM2_ID) * 8).to_bytes(2, "big") + SM2_ID + curve + public[1:])
    e = int.from_bytes(digest("sm3", who + message), "big")
    found = _sum(s, t, (x, y))
    return found is not None and (e + found) % _N == r


# -- keys and signed heads --------------------------------------------------------------------------------------------


def load_key(pem: bytes, what: str) -> Key:
    body = b"".join(line.strip() for line in pem.splitlines() if not line.startswith(b"-----"))
    der = base64.b64decode(body, validate=True)
    if der.startswith(SM2_SPKI) and len(der) == len(SM2_SPKI) + 65:
        return "sm2", der[len(SM2_SPKI) :]
    try:
        key = load_pem_public_key(pem)
    except UnsupportedAlgorithm as error:
        raise Unreadable(f"{what}: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Unreadable(f"{what}: neither an Ed25519 nor an SM2 public key")
    return "ed25519", key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def signed(key: Key, signature: bytes, message: bytes) -> bool:
    if key[0] == "sm2":
        return sm2_verify(key[1], signature, message)
    try:
        Ed25519PublicKey.from_public_bytes(key[1]).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def origin(key: Key) -> tuple[str, bytes]:
    """The name of the log that signs with this key, and the four bytes that name the key in a signature line."""
    name = f"shoutu.ledger/{hashlib.sha256(key[1]).hexdigest()[:16]}"
    kind = b"\x01" if key[0] == "ed25519" else b"\xffSM2-SM3"
    return name, hashlib.sha256(name.encode() + b"\n" + kind + key[1]).digest()[:4]


def read_note(note: str, keys: list[Key]) -> dict[str, Any]:
    """The fields of a signed head. Raises ValueError saying what is wrong with it."""
    body, found, tail = note.partition("\n\n")
    if not found or not tail.endswith("\n"):
        raise ValueError("not a signed head (no signature, or cut off)")
    body += "\n"
    for line in tail[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        signer, _, text = rest.partition(" ")
        blob = base64.b64decode(text, validate=True)
        if dash != "—" or base64.b64encode(blob).decode() != text:
            raise ValueError("a signature line is not of the right form")
        key = next((key for key in keys if origin(key) == (signer, blob[:4])), None)
        if key is None:
            continue
        if not signed(key, blob[4:], body.encode()):
            raise ValueError("its signature does not fit: it was changed after signing")
        lines = body.splitlines()
        extra = dict(item.split(" ", 1) for item in lines[3:])
        if extra.get("signature", "ed25519") != key[0]:
            raise ValueError(f"it speaks of another kind of signature than its key's, {key[0]}")
        return {"origin": lines[0], "size": int(lines[1]), "root": base64.b64decode(lines[2]), **extra}
    raise ValueError(f"not signed by a key that was given (it says {note.partition(chr(10))[0]})")


def entries(folder: Path, findings: list[str]) -> Iterator[tuple[int, bytes]]:
    """(index, canonical bytes) in order; a file out of its place is a finding."""
    index = 0
    for file in sorted((folder / "entries").glob("*.jsonl")):
        if not file.stem.isdigit() or int(file.stem) != index:
            findings.append(f"{file.name}: expected the file that begins with entry {index}")
        content = file.read_bytes()
        if content and not content.endswith(b"\n"):
            findings.append(f"{file.name}: its last line is cut off")
        for line in content.split(b"\n")[:-1] if content.endswith(b"\n") else content.split(b"\n"):
            yield index, line
            index += 1


def describe(index: int, line: bytes) -> str:
    """An entry's name for a finding."""
    try:
        body = json.loads(line)
        return f"entry {index} ({body['at']} {body['actor']['label']} {body['verb']})"
    except (ValueError, KeyError, TypeError):
        return f"entry {index} (not readable as an entry)"


def check_log(folder: Path, keys: list[Key], outside: list[Path]) -> tuple[list[str], str]:
    """All findings, and the verdict when there are none."""
    about = json.loads((folder / "log.json").read_text("utf-8"))
    findings: list[str] = []
    claims: list[Claim] = []
    restores = Restores(about.get("epochs", []))
    lines = (folder / "heads.jsonl").read_bytes().split(b"\n")
    if lines.pop():
        findings.append("heads.jsonl: its last line is cut off")
    for number, line in enumerate(lines, 1):
        try:
            head = read_note(json.loads(line), keys)
            claims.append((head["size"], head["root"], f"head of {head['size']} (line {number})", False))
        except ValueError as error:
            findings.append(f"heads.jsonl line {number}: {error}")
    for path in outside:
        try:
            head = read_note(path.read_text("utf-8"), keys)
            label = f"{path.name} (head of {head['size']}, kept elsewhere)"
            if not restores.lost(head, label):
                claims.append((head["size"], head["root"], label, True))
        except ValueError as error:
            findings.append(f"{path}: {error}")
    claims.sort(key=lambda claim: claim[0])
    covered, size = walk(folder, about["hash"], claims, findings, restores)
    if size != about["size"]:
        findings.append(f"log.json says {about['size']} entries, there are {size}")
    own = [claim[0] for claim in claims if not claim[3]]
    if size and (not own or own[-1] < size):
        findings.append(f"no signed head covers all {size} entries")
    if any(claim[3] for claim in claims):
        verdict = f"consistent: {size} entries; heads kept elsewhere vouch for the first {covered}"
    else:
        verdict = f"consistent up to {size}; truncation not excluded (no head kept elsewhere vouches for it)"
    return findings, "; ".join([verdict, *restores.declared])


class Restores:
    """The log's epochs: after a restore from a backup the next one names the newest head known from before.

    What that head had and the backup had not is lost, and declared: it is told in the verdict, never passed over.
    """

    def __init__(self, epochs: list[dict[str, Any]]) -> None:
        self.starts = {int(epoch["number"]): int(epoch["size"]) for epoch in epochs}
        self.wanted = {int(epoch["number"]): epoch for epoch in epochs if int(epoch["number"]) > 1}
        self.declared: list[str] = []
        for number, epoch in self.wanted.items():
            try:
                before = int(epoch["previous"].split("\n")[1])
            except (IndexError, ValueError):
                before = 0
            lost = max(0, before - int(epoch["size"]))
            self.declared.append(f"epoch {number} was opened by a restore at {epoch['size']}; {lost} entries are lost")

    def lost(self, head: dict[str, Any], label: str) -> bool:
        """Whether a later restore declares as lost what a head kept elsewhere covers: it proves nothing here then."""
        size = next((size for epoch, size in sorted(self.starts.items()) if epoch > int(head["epoch"])), None)
        if size is None or head["size"] <= size:
            return False
        self.declared.append(
            f"{label}: {head['size'] - size} of its entries were lost at a restore, so it vouches for none"
        )
        return True

    def entry(self, line: bytes) -> None:
        """What an entry says of an epoch takes it off those that nothing in the log vouches for."""
        if b'"ledger.epoch_opened"' not in line:
            return
        body = json.loads(line)
        said = body["payload"]
        epoch = self.wanted.get(said.get("epoch", 0))
        if body["verb"] != "ledger.epoch_opened" or epoch is None:
            return
        if all(epoch[name] == said[name] for name in ("size", "previous", "key", "reason")):
            del self.wanted[said["epoch"]]


class Walk:
    """Rebuilds the tree entry by entry and compares it with each head at its size.

    The exported leaf hashes are a second copy: where an entry differs from its own, that entry is named.
    """

    def __init__(self, name: str, claims: list[Claim], leaves: list[str], findings: list[str]) -> None:
        self.name, self.claims, self.leaves, self.findings = name, claims, leaves, findings
        self.tree = Tree(name)
        self.next = self.good = self.covered = 0
        self.told = False
        self.odd: list[str] = []
        self.last: list[str] = []
        self.seen: dict[str, int] = {}

    def compare(self) -> None:
        while self.next < len(self.claims) and self.claims[self.next][0] <= self.tree.size:
            size, root, label, outside = self.claims[self.next]
            self.next += 1
            if self.tree.root() == root:
                self.good = size
                self.covered = max(self.covered, size) if outside else self.covered
                self.odd = [f"{odd}: its exported leaf hash was changed, the entry was not" for odd in self.odd]
                self.findings += self.odd
            elif not self.told or outside:
                # After the first contradiction every later head of our own contradicts too.
                self.told = True
                near = "; ".join(self.odd or self.last)
                self.findings.append(f"{label}: entries {self.good} to {size - 1} are not what was signed: {near}")
            self.odd = []

    def entry(self, index: int, line: bytes) -> None:
        wrong = form(line)
        uid = "" if wrong else json.loads(line)["id"]
        if wrong:
            self.findings.append(f"{describe(index, line)}: {wrong}")
        elif uid in self.seen:
            self.findings.append(f"{describe(index, line)}: stands already at {self.seen[uid]}")
        self.seen[uid] = index
        leaf = digest(self.name, b"\x00" + line)
        if index >= len(self.leaves) or self.leaves[index] != leaf.hex():
            self.odd.append(describe(index, line))
        self.last = [*self.last[-2:], describe(index, line)]
        self.tree.add(leaf)
        self.compare()


def walk(folder: Path, name: str, claims: list[Claim], findings: list[str], restores: Restores) -> tuple[int, int]:
    """(entries vouched for from outside, size); whatever is wrong is added to `findings`."""
    leaves = (folder / "leaves.txt").read_text("ascii").split("\n")
    if leaves.pop():
        findings.append("leaves.txt: its last line is cut off")
    going = Walk(name, claims, leaves, findings)
    going.compare()
    for index, line in entries(folder, findings):
        going.entry(index, line)
        restores.entry(line)
    findings += [f"log.json: epoch {number} is not as an entry of the log says it was" for number in restores.wanted]
    size = going.tree.size
    for claimed, _root, label, _outside in claims[going.next :]:
        findings.append(f"{label}: only {size} entries are here; the last {claimed - size} have been cut off")
    return going.covered, size


def form(line: bytes) -> str | None:
    """What is wrong with an entry's form; None when it is a well-formed entry."""
    try:
        body = json.loads(line)
    except ValueError:
        return "not JSON"
    wanted = {"v", "id", "at", "actor", "verb", "subject", "payload", "personal"}
    if not isinstance(body, dict) or set(body) != wanted:
        return "not of an entry's form"
    # RFC 8785 sorts by UTF-16 code units and leaves no spaces; numbers are left to the hash.
    keys = list(body)
    return None if keys == sorted(keys, key=lambda k: k.encode("utf-16-be")) else "not in canonical order"


def check_proof(path: Path, keys: list[Key]) -> tuple[list[str], str]:
    """Whether a proof made by `shoutu ledger prove` holds."""
    proof = json.loads(path.read_text("utf-8"))
    try:
        head = read_note(proof["head"], keys)
    except ValueError as error:
        return [f"head: {error}"], ""
    if head["size"] != proof["size"] or head["hash"] != proof["hash"]:
        return ["the proof and its head speak of different trees"], ""
    line = proof["entry"].encode()
    value = digest(head["hash"], b"\x00" + line)
    index, last, path_ = proof["index"], head["size"] - 1, [bytes.fromhex(step) for step in proof["path"]]
    if not 0 <= index <= last:
        return [f"index {index} is outside a tree of {head['size']}"], ""
    # RFC 9162, section 2.1.3.2.
    for sibling in path_:
        if last == 0:
            return ["the path is too long"], ""
        if index & 1 or index == last:
            value = digest(head["hash"], b"\x01" + sibling + value)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            value = digest(head["hash"], b"\x01" + value + sibling)
        index, last = index >> 1, last >> 1
    if last != 0 or value != head["root"]:
        return [f"{describe(proof['index'], line)}: the path does not lead to the signed root"], ""
    return [], f"{describe(proof['index'], line)} is in the log of {head['size']} entries signed at {head['time']}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    log = commands.add_parser("log", help="an exported ledger")
    log.add_argument("path", type=Path)
    log.add_argument(
        "--key", type=Path, action="append", default=[],
        help="public key kept elsewhere, one per epoch that changed it (default: those in the export)",
    )  # fmt: skip
    log.add_argument("--head", type=Path, action="append", default=[], help="a head kept elsewhere; may repeat")
    proof = commands.add_parser("proof", help="one entry's proof")
    proof.add_argument("path", type=Path)
    proof.add_argument("--key", type=Path, action="append", required=True)
    given = parser.parse_args(argv)
    try:
        keys = [load_key(path.read_bytes(), str(path)) for path in given.key]
        if given.command == "log":
            about = json.loads((given.path / "log.json").read_text("utf-8"))
            came = [load_key(epoch["key"].encode(), "log.json") for epoch in about.get("epochs", []) if epoch["key"]]
            findings, verdict = check_log(given.path, keys or came, given.head)
            if not given.key:
                verdict += "; the key came with the export: compare it with one kept elsewhere"
        else:
            findings, verdict = check_proof(given.path, keys)
    except (OSError, ValueError, KeyError, TypeError, Unreadable) as error:
        print(f"cannot be read: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(f"FOUND {finding}")
    print(f"{len(findings)} findings" if findings else f"OK {verdict}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
