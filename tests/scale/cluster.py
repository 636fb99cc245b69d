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
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""For processes that live for minutes: half of what starting them costs is compiling what they run a few times."""
PATIENT = (
    "heartbeat.timeout", "pekko.ask.timeout", "pekko.tcp.timeout", "client.timeout",
    "slot.request.timeout", "taskmanager.registration.timeout", "execution.checkpointing.timeout",
)  # fmt: skip
"""A machine busy with other things must not look like a dead one."""
PATIENCE_S = float(os.environ.get("SHOUTU_SCALE_PATIENCE_S", "240"))
BIND = f"-Dpekko.remote.classic.startup-timeout={PATIENCE_S:.0f}s"
"""Ten seconds else, which Flink's own pekko.startup-timeout does not change."""


class Cluster:
    """One cluster in one folder; ``rest`` asks its job manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = sorted(FLINK.glob("lib/python3*/site-packages/pyflink"))
        self.home = found[0]
        self.ports = free_ports(3)
        self.rest = httpx.Client(base_url=f"http://127.0.0.1:{self.ports[1]}", timeout=30.0)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._started = 0
        self.job = ""
        self._configure()

    def start(self) -> None:
        self._start("jobmanager")
        self.start_worker()

    def _configure(self) -> None:
        shipped = yaml.safe_load((self.home / "conf" / "config.yaml").read_text())
        told = yaml.safe_load((ROOT / "deploy" / "flink" / "config.yaml").read_text())
        rpc, rest, blob = self.ports
        told |= {
            "env.java.opts.all": f"{shipped['env']['java']['opts']['all']} {SHORT_LIVED} {BIND}",
            "jobmanager.rpc.port": rpc,
            "rest.port": rest,
            "blob.server.port": blob,
            "python.executable": str(PYTHON),
            "python.client.executable": str(PYTHON),
            "execution.checkpointing.dir": (self.folder / "checkpoints").as_uri(),
            "execution.checkpointing.interval": "500ms",
            **dict.fromkeys(PATIENT, f"{PATIENCE_S:.0f}s"),
            "io.tmp.dirs": str(self.folder / "tmp"),
            # A small machine: less than deploy/flink/config.yaml gives.
            "jobmanager.memory.heap.size": "256m",
            "taskmanager.memory.task.heap.size": "192m",
            "taskmanager.memory.managed.size": "128m",
            # Little on its way between two tasks: else a source is through before the first checkpoint.
            "taskmanager.memory.segment-size": "4kb",
            "taskmanager.memory.network.min": "8m",
            "taskmanager.memory.network.max": "8m",
            "taskmanager.network.memory.floating-buffers-per-gate": 4,
            "python.fn-execution.bundle.size": 100,
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
        self._started += 1
        with (self.folder / "log" / f"{what}-{self._started}.txt").open("wb") as log:
            process = subprocess.Popen(
                [self.home / "bin" / f"{what}.sh", "start-foreground"],
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def start_worker(self) -> None:
        """A task manager with two slots."""
        before = self._workers()
        self.worker = self._start("taskmanager")
        self.until(lambda: self._workers() - before, "no task manager has come")

    def _workers(self) -> set[str]:
        return {worker["id"] for worker in self.ask("/taskmanagers").get("taskmanagers", ())}

    def kill_worker(self) -> None:
        """SIGKILL to the task manager and its Python workers, as a machine that loses its power."""
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()
        self._processes.remove(self.worker)

    def ask(self, path: str) -> Any:
        """The job manager's answer; an empty one while it cannot give any."""
        with suppress(httpx.HTTPError):
            return self.rest.get(path).raise_for_status().json()
        return {}

    def until(self, question: Callable[[], Any], otherwise: str) -> None:
        """Wait until something holds, as long as the cluster goes on telling something.

        Raises TimeoutError with the ends of the logs, at once where a process has ended or Python fails in the job.
        """
        heard, end = -1, 0.0
        while True:
            with suppress(KeyError):
                if question():
                    return
            told = sum(path.stat().st_size for path in self.folder.glob("log/*"))
            if told > heard:
                heard, end = told, time.monotonic() + PATIENCE_S
            wrong = self._wrong()
            if wrong or time.monotonic() > end:
                logs = [f"{path.name}:\n{path.read_text()[-3000:]}" for path in self.folder.glob("log/*.txt")]
                raise TimeoutError("\n".join([otherwise, *logs, *wrong]))
            time.sleep(0.5)

    def _wrong(self) -> list[str]:
        """What makes waiting vain. A task manager that was killed is nothing wrong: the job begins again."""
        ended = [f"{process.args} has ended" for process in self._processes if process.poll() is not None]
        found = self.ask(f"/jobs/{self.job}/exceptions") if self.job else {}
        failed = [entry["stacktrace"] for entry in found.get("exceptionHistory", {}).get("entries", ())]
        return ended + [trace[-5000:] for trace in failed if "Error received from SDK harness" in trace]

    def submit(self, *asked: str) -> str:
        """Start the job of deploy/flink; its id."""
        before = self._jobs()
        done = subprocess.run(
            [self.home / "bin" / "flink", "run", "--detached", "--jarfile", JAR, "--python", JOB, *asked],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (self.job,) = self._jobs() - before
        return self.job

    def _jobs(self) -> set[str]:
        return {job["id"] for job in self.ask("/jobs").get("jobs", ())}

    def state(self, job: str) -> str:
        return str(self.ask(f"/jobs/{job}").get("state", ""))

    def finish(self, job: str) -> None:
        """Wait until a bounded job has ended well."""
        self.until(lambda: self.state(job) in ("FINISHED", "FAILED"), "the job does not end")
        assert self.state(job) == "FINISHED", json.dumps(self.ask(f"/jobs/{job}/exceptions"))[:3000]

    def end(self, job: str) -> None:
        """Let a job that has no end of its own put everything away and end."""
        target = {"targetDirectory": (self.folder / "savepoints").as_uri(), "drain": True}
        self.rest.post(f"/jobs/{job}/stop", json=target).raise_for_status()
        self.finish(job)

    def stop(self) -> None:
        """End every process that was started, workers of Python included."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.rest.close()


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
