"""`make check`: every locked package has its hashes, and a licence we may ship under or work with. Asks nobody outside.

Python: requirements/*.lock against what is installed (`importlib.metadata`). The face: web/package-lock.json, where npm
keeps each package's `license` and `integrity`. `make audit` is what asks for known holes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]

# Permissive, or weak copyleft that stays with its own files or library (LGPL, MPL). No GPL, no AGPL.
ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC",
    "LGPL-2.1-or-later", "LGPL-2.0-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-CMU",
    "MPL-2.0", "OFL-1.1", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
}  # fmt: skip
# What packages say that have no SPDX expression yet (PEP 639), by the last part of the classifier.
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# These say nothing in their metadata; what their licence file says, read by hand.
READ = {"axe-playwright-python": "MIT AND MPL-2.0"}


def allowed(expression: str) -> bool:
    """Whether an SPDX expression can be met: one side of each OR, both of each AND. Raises ValueError for a broken one.

    >>> allowed("MIT OR GPL-3.0-only"), allowed("(MIT OR CC0-1.0) AND AGPL-3.0-only")
    (True, False)
    """
    tokens = re.findall(r"[()]|[^\s()]+", expression)

    def either() -> bool:
        met = both()
        while tokens and tokens[0].upper() == "OR":
            tokens.pop(0)
            met = both() or met
        return met

    def both() -> bool:
        met = one()
        while tokens and tokens[0].upper() == "AND":
            tokens.pop(0)
            met = one() and met
        return met

    def one() -> bool:
        if not tokens:
            raise ValueError(f"{expression!r} ends too early")
        name = tokens.pop(0)
        if name == "(":
            met = either()
            if not tokens or tokens.pop(0) != ")":
                raise ValueError(f"{expression!r} lacks a bracket")
            return met
        if tokens and tokens[0].upper() == "WITH":
            tokens.pop(0)
            name = f"{name} WITH {tokens.pop(0) if tokens else ''}"
        return name in ALLOWED

    met = either()
    if tokens:
        raise ValueError(f"{expression!r} goes on with {tokens[0]!r}")
    return met


def licence_of(package: metadata.PackageMetadata) -> str | None:
    """As an SPDX expression: told so, by classifiers, read by hand, or by name. None where it says nothing we know."""
    told = package.get("License-Expression")
    if told:
        return str(told)
    classifiers = [one.split("::")[-1].strip() for one in package.get_all("Classifier") or [] if "License ::" in one]
    known = [CLASSIFIERS.get(one) for one in classifiers if one not in ("DFSG approved", "OSI Approved")]
    if known:
        return " AND ".join(str(one) for one in known) if all(known) else None
    # The old free text: a name such as "MIT", or the whole licence, which is nobody's name.
    free = str(package.get("License") or "").strip()
    return READ.get(canonicalize_name(package["Name"])) or (free if 0 < len(free) < 40 else None)


def lines_of(lock: str) -> Iterator[str]:
    """A lock's entries, each with its hashes in one line."""
    for line in lock.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def problems_of_lock(text: str, installed: bool) -> Iterator[str]:
    """`installed`: the packages stand here, so that their licences can be asked."""
    for line in lines_of(text):
        entry, *hashes = re.split(r"\s+--hash=", line)
        try:
            wanted = Requirement(entry)
        except InvalidRequirement:
            yield f"{entry}: expected name==version with hashes, nothing else"
            continue
        pins = [one.version for one in wanted.specifier if one.operator == "=="]
        if wanted.url or len(pins) != 1:
            yield f"{entry}: expected one version from the registry, name==version"
        if not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes):
            yield f"{entry}: has no hash; run make lock"
        if installed and pins and (wanted.marker is None or wanted.marker.evaluate()):
            yield from problems_of_package(wanted.name, pins[0])


def problems_of_package(name: str, version: str) -> Iterator[str]:
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        yield f"{name}: is not installed; run make setup-dev"
        return
    if package.version != version:
        yield f"{name}: {package.version} is installed, {version} is locked; run make setup-dev"
    yield from problems_of_licence(name, licence_of(package.metadata))


def problems_of_licence(name: str, told: str | None) -> Iterator[str]:
    if not told:
        yield f"{name}: says no licence we know; read its licence file and add it to READ or CLASSIFIERS in {__file__}"
        return
    try:
        if not allowed(told):
            yield f"{name}: {told} is not on the list of licences we take"
    except ValueError as error:
        yield f"{name}: {error}"


def problems_of_npm(text: str) -> Iterator[str]:
    packages = json.loads(text)["packages"]
    for path, package in packages.items():
        if not path:
            continue  # the face itself
        name = path.removeprefix("node_modules/")
        if package.get("link"):
            yield f"{name}: is a link to a folder, expected a package of the registry"
            continue
        if not str(package.get("integrity", "")).startswith("sha512-"):
            yield f"{name}: has no sha512 integrity; write web/package-lock.json anew"
        yield from problems_of_licence(name, package.get("license"))


def main() -> int:
    found: list[str] = []
    for lock in sorted((ROOT / "requirements").glob("*.lock")):
        # These stand in environments of their own, and are neither shipped nor imported.
        installed = lock.stem not in ("audit", "thingsboard", "flink")
        found += [f"{lock.name}: {one}" for one in problems_of_lock(lock.read_text("utf-8"), installed)]
    found += [f"web: {one}" for one in problems_of_npm((ROOT / "web" / "package-lock.json").read_text("utf-8"))]
    for one in dict.fromkeys(found):
        print(one, file=sys.stderr)
    if not found:
        print("dependencies: hashes and licences in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
