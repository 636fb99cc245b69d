"""``make bench``: run every bench, or those named, write ``bench/results/latest.json`` and ``docs/benchmarks.md``.

    python -m bench                 all
    python -m bench engine store    these; the other figures stay as they were

A bench is a module of this package with ``run() -> dict``. Each runs in a process of its own, so that none inherits
another's memory or warm caches. One that fails is shown as failed, keeps no old figures, and makes the exit code 1.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import report
from bench.machine import ROOT, describe

RESULTS = ROOT / "bench" / "results" / "latest.json"
QUIET = {"__main__", "pictures", "report", "machine", "door_senders", "big_county", "detect_split"}


def names() -> list[str]:
    """The benches there are, in order of name."""
    return [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in QUIET]


def child(name: str) -> None:
    """Run one bench in this process and print its figures as the last line."""
    module = importlib.import_module(f"bench.{name}")
    if "url" in inspect.signature(module.run).parameters:
        with tempfile.TemporaryDirectory(prefix="shoutu-bench-") as folder, module.pipeline(Path(folder)) as started:
            time.sleep(1)
            found = module.run(*started[:2])
    else:
        found = module.run()
    print(json.dumps(found), flush=True)


def measure(name: str) -> dict[str, Any]:
    """One bench's figures, or what went wrong."""
    about = describe()
    begun = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-m", "bench", "--child", name],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    entry: dict[str, Any] = {"about": about, "seconds": round(time.perf_counter() - begun, 1)}
    if ended.returncode != 0:
        return {**entry, "failed": f"ended with code {ended.returncode}; its last words are above"}
    return {**entry, "figures": json.loads(ended.stdout.strip().splitlines()[-1])}


def main(arguments: list[str]) -> int:
    """Measure what is named (everything when nothing is); 0 when all went well."""
    if arguments[:1] == ["--child"]:
        child(arguments[1])
        return 0
    known = names()
    wrong = [name for name in arguments if name not in known]
    if wrong:
        print(f"no such bench: {', '.join(wrong)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    kept: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    chosen = arguments or known
    for name in chosen:
        print(f"bench {name} …", file=sys.stderr, flush=True)
        kept[name] = measure(name)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    report.write(kept)
    print(report.table(kept))
    failed = [name for name in chosen if "failed" in kept[name]]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
