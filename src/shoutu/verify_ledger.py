#!/usr/bin/env python3
"""Checks a Shoutu ledger from its exported files and a public key, and nothing else of Shoutu.

    python verify_ledger.py log EXPORT --key public.pem [--head HEAD.note …]
    python verify_ledger.py proof PROOF.json --key public.pem

Needs only Python 3.11 and the `cryptography` package. Follows RFC 6962 (the tree), RFC 8785 (the entries) and the
signed-note form of tree heads. Exit code 0: nothing found. 1: findings, each named. 2: the files cannot be read.
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

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

# A head: size, root, its name for findings, whether it was kept elsewhere.
Claim = tuple[int, bytes, str, bool]


class Unreadable(Exception):
    """A file is not what it should be."""


def digest(name: str, data: bytes) -> bytes:
    if name == "sha256":
        return hashlib.sha256(data).digest()
    if name == "sm3":
        state = hashes.Hash(hashes.SM3())
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


def load_key(path: Path) -> Ed25519PublicKey:
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise Unreadable(f"{path}: not an Ed25519 public key")
    return key


def read_note(note: str, key: Ed25519PublicKey) -> dict[str, Any]:
    """The fields of a signed head. Raises ValueError saying what is wrong with it."""
    body, found, tail = note.partition("\n\n")
    if not found or not tail.endswith("\n"):
        raise ValueError("not a signed head (no signature, or cut off)")
    body += "\n"
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    name = f"shoutu.ledger/{hashlib.sha256(raw).hexdigest()[:16]}"
    key_id = hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
    for line in tail[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        signer, _, text = rest.partition(" ")
        blob = base64.b64decode(text, validate=True)
        if dash != "—" or base64.b64encode(blob).decode() != text:
            raise ValueError("a signature line is not of the right form")
        if signer != name or blob[:4] != key_id:
            continue
        try:
            key.verify(blob[4:], body.encode())
        except InvalidSignature:
            raise ValueError("its signature does not fit: it was changed after signing") from None
        lines = body.splitlines()
        extra = dict(item.split(" ", 1) for item in lines[3:])
        return {"origin": lines[0], "size": int(lines[1]), "root": base64.b64decode(lines[2]), **extra}
    raise ValueError("not signed by this key")


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


def check_log(folder: Path, key: Ed25519PublicKey, outside: list[Path]) -> tuple[list[str], str]:
    """All findings, and the verdict when there are none."""
    about = json.loads((folder / "log.json").read_text("utf-8"))
    findings: list[str] = []
    claims: list[Claim] = []
    lines = (folder / "heads.jsonl").read_bytes().split(b"\n")
    if lines.pop():
        findings.append("heads.jsonl: its last line is cut off")
    for number, line in enumerate(lines, 1):
        try:
            head = read_note(json.loads(line), key)
            claims.append((head["size"], head["root"], f"head of {head['size']} (line {number})", False))
        except ValueError as error:
            findings.append(f"heads.jsonl line {number}: {error}")
    for path in outside:
        try:
            head = read_note(path.read_text("utf-8"), key)
            claims.append((head["size"], head["root"], f"{path.name} (head of {head['size']}, kept elsewhere)", True))
        except ValueError as error:
            findings.append(f"{path}: {error}")
    claims.sort(key=lambda claim: claim[0])
    covered, size = walk(folder, about["hash"], claims, findings)
    if size != about["size"]:
        findings.append(f"log.json says {about['size']} entries, there are {size}")
    own = [claim[0] for claim in claims if not claim[3]]
    if size and (not own or own[-1] < size):
        findings.append(f"no signed head covers all {size} entries")
    if any(claim[3] for claim in claims):
        return findings, f"consistent: {size} entries; heads kept elsewhere vouch for the first {covered}"
    return findings, f"consistent up to {size}; truncation not excluded (no head kept elsewhere was given)"


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


def walk(folder: Path, name: str, claims: list[Claim], findings: list[str]) -> tuple[int, int]:
    """(entries vouched for from outside, size); whatever is wrong is added to `findings`."""
    leaves = (folder / "leaves.txt").read_text("ascii").split("\n")
    if leaves.pop():
        findings.append("leaves.txt: its last line is cut off")
    going = Walk(name, claims, leaves, findings)
    going.compare()
    for index, line in entries(folder, findings):
        going.entry(index, line)
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


def check_proof(path: Path, key: Ed25519PublicKey) -> tuple[list[str], str]:
    """Whether a proof made by `shoutu ledger prove` holds."""
    proof = json.loads(path.read_text("utf-8"))
    try:
        head = read_note(proof["head"], key)
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
    log.add_argument("--key", type=Path, help="public key kept elsewhere (default: the one in the export)")
    log.add_argument("--head", type=Path, action="append", default=[], help="a head kept elsewhere; may repeat")
    proof = commands.add_parser("proof", help="one entry's proof")
    proof.add_argument("path", type=Path)
    proof.add_argument("--key", type=Path, required=True)
    given = parser.parse_args(argv)
    try:
        if given.command == "log":
            key = load_key(given.key or given.path / "public.pem")
            findings, verdict = check_log(given.path, key, given.head)
            if not given.key:
                verdict += "; the key came with the export: compare it with one kept elsewhere"
        else:
            findings, verdict = check_proof(given.path, load_key(given.key))
    except (OSError, ValueError, KeyError, TypeError, Unreadable) as error:
        print(f"cannot be read: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(f"FOUND {finding}")
    print(f"{len(findings)} findings" if findings else f"OK {verdict}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
