"""A local Flink cluster of real processes on loopback: a job manager and a task manager that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.stack import free_ports

ROOT = Path(__file__).resolve().parents[2]
FLINK = ROOT / ".venv" / "flink"
PYTHON = FLINK / "bin" / "python"
JOB = ROOT / "deploy" / "flink" / "job.py"
JAR = FLINK / "shoutu-flink.jar"
PATIENCE_S = float(os.environ.get("SHOUTU_SCALE_PATIENCE_S", "240"))


class Cluster:
    """One cluster in one folder; ``rest`` asks its job manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = sorted(FLINK.glob("lib/python3*/site-packages/pyflink"))
        self.home = found[0]
        self.ports = free_ports(3)
        self.rest = httpx.Client(base_url=f"http://127.0.0.1:{self.ports[1]}", timeout=30.0)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._configure()
        self._start("jobmanager")
        self.worker = self.start_worker()

    def _configure(self) -> None:
        shipped = yaml.safe_load((self.home / "conf" / "config.yaml").read_text())
        told = yaml.safe_load((ROOT / "deploy" / "flink" / "config.yaml").read_text())
        rpc, rest, blob = self.ports
        told |= {
            "env.java.opts.all": shipped["env"]["java"]["opts"]["all"],
            "jobmanager.rpc.port": rpc,
            "rest.port": rest,
            "blob.server.port": blob,
            "python.executable": str(PYTHON),
            "python.client.executable": str(PYTHON),
            "execution.checkpointing.dir": (self.folder / "checkpoints").as_uri(),
            "execution.checkpointing.interval": "500ms",
            # A machine busy with other things must not look like a dead one.
            "heartbeat.timeout": f"{max(20, PATIENCE_S / 4):.0f}s",
            "io.tmp.dirs": str(self.folder / "tmp"),
            # A small machine: less than deploy/flink/config.yaml gives.
            "jobmanager.memory.heap.size": "256m",
            "taskmanager.memory.task.heap.size": "192m",
            "taskmanager.memory.managed.size": "128m",
        }
        (self.folder / "conf").mkdir(parents=True)
        (self.folder / "tmp").mkdir()
        (self.folder / "conf" / "config.yaml").write_text(yaml.safe_dump(told))
        for name in ("log4j-console.properties", "log4j-cli.properties"):
            (self.folder / "conf" / name).write_bytes((self.home / "conf" / name).read_bytes())

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FLINK_CONF_DIR": str(self.folder / "conf"),
            "FLINK_LOG_DIR": str(self.folder / "log"),
            "FLINK_PID_DIR": str(self.folder),
            "PATH": f"{PYTHON.parent}:{os.environ['PATH']}",
        }

    def _start(self, what: str) -> subprocess.Popen[bytes]:
        (self.folder / "log").mkdir(exist_ok=True)
        with (self.folder / "log" / f"{what}-{len(self._processes)}.txt").open("wb") as log:
            process = subprocess.Popen(
                [self.home / "bin" / f"{what}.sh", "start-foreground"],
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A task manager with two slots."""
        self.worker = self._start("taskmanager")
        self.until(lambda: self.ask("/overview")["slots-available"] >= 2, "no task manager has come")
        return self.worker

    def kill_worker(self) -> None:
        """SIGKILL to the task manager, as a machine that loses its power."""
        self.worker.kill()
        self.worker.wait()

    def ask(self, path: str) -> Any:
        """The job manager's answer; an empty one while it cannot give any."""
        with suppress(httpx.HTTPError):
            return self.rest.get(path).raise_for_status().json()
        return {}

    def until(self, question: Callable[[], Any], otherwise: str) -> None:
        """Wait until something holds. Raises TimeoutError with the ends of the logs."""
        end = time.monotonic() + PATIENCE_S
        while True:
            with suppress(KeyError):
                if question():
                    return
            if time.monotonic() > end:
                logs = [f"{path.name}:\n{path.read_text()[-3000:]}" for path in (self.folder / "log").glob("*.txt")]
                raise TimeoutError("\n".join([otherwise, *logs]))
            time.sleep(0.1)

    def submit(self, *asked: str, jars: tuple[Path, ...] = ()) -> str:
        """Start the job of deploy/flink; its id."""
        more = [part for jar in (JAR, *jars) for part in ("--jarfile", str(jar))]
        flink = str(self.home / "bin" / "flink")
        done = subprocess.run(
            [flink, "run", "--detached", *more, "--python", str(JOB), *asked],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return str(self.ask("/jobs")["jobs"][-1]["id"])

    def state(self, job: str) -> str:
        return str(self.ask(f"/jobs/{job}").get("state", ""))

    def finish(self, job: str) -> None:
        """Wait until a bounded job has ended well."""
        self.until(lambda: self.state(job) in ("FINISHED", "FAILED"), "the job does not end")
        assert self.state(job) == "FINISHED", json.dumps(self.ask(f"/jobs/{job}/exceptions"))[:3000]

    def stop(self) -> None:
        """End every process that was started, workers of Python included."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.rest.close()


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    cluster: Cluster | None = None
    try:
        cluster = Cluster(folder)
        yield cluster
    finally:
        if cluster is not None:
            cluster.stop()
