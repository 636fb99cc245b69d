"""What figures depend on: the machine, the versions, a process's memory."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "numba", "pyarrow", "duckdb", "django", "uvicorn", "msgspec")
ROOT = Path(__file__).resolve().parents[1]


def _field(file: str, name: str) -> str:
    lines = Path(file).read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")


def memory(pid: int) -> dict[str, float]:
    """Resident memory of a process now and at its most, in MB (2²⁰ bytes)."""
    status = f"/proc/{pid}/status"
    return {
        "rss_mb": round(int(_field(status, "VmRSS").split()[0]) / 1024, 1),
        "peak_mb": round(int(_field(status, "VmHWM").split()[0]) / 1024, 1),
    }


def describe() -> dict[str, Any]:
    """Processor, cores, memory, kernel, Python, package versions, commit, load and time."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gb": round(int(_field("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "commit": commit,
        "load_before": round(os.getloadavg()[0], 2),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
