"""One real Kafka broker on loopback (KRaft, of Maven's jars), and the publisher of deploy/flink as a process."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.stack import free_ports

from .cluster import FLINK, PATIENCE_S, PYTHON, ROOT, SHORT_LIVED

SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/kafka
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
# A busy machine is not a dead one.
broker.session.timeout.ms={patience}
initial.broker.registration.timeout.ms={patience}
controller.quorum.election.timeout.ms=10000
controller.quorum.fetch.timeout.ms=60000
controller.quorum.request.timeout.ms=60000
"""


class Broker:
    """The broker in one folder; ``address`` is HOST:PORT."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        port, controller = free_ports(2)
        self.address = f"127.0.0.1:{port}"
        folder.mkdir(parents=True)
        told = SETTINGS.format(port=port, controller=controller, folder=folder, patience=int(PATIENCE_S * 1000))
        (folder / "server.properties").write_text(told)
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        settings = str(self.folder / "server.properties")
        form = ["kafka.tools.StorageTool", "format", "--cluster-id", "c2hvdXR1LXNjYWxlLXRlcw", "--config", settings]
        done = subprocess.run(self._java(*form), capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        self._start("kafka", self._java("kafka.Kafka", settings))

    def _java(self, *what: str) -> list[str]:
        # Flink's own binding, so that the broker's log is written.
        (binding,) = FLINK.glob("lib/python3*/site-packages/pyflink/lib/log4j-slf4j-impl-*.jar")
        classes = f"{FLINK / 'jars'}/*:{binding}"
        return ["java", *SHORT_LIVED.split(), "-Xmx256m", "-Dlog4j2.level=WARN", "-cp", classes, *what]

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self._processes.append(process)
        return process

    def publish(self, journal: Path, place: Path, shards: int, *more: str) -> subprocess.Popen[bytes]:
        """Start deploy/flink/publish.py for a journal."""
        script = str(ROOT / "deploy" / "flink" / "publish.py")
        asked = ["--journal", str(journal), "--place", str(place), "--kafka", self.address, "--shards", str(shards)]
        patiently = ["--kafka-option=socket.timeout.ms=300000", "--kafka-option=transaction.timeout.ms=900000"]
        return self._start("publish", [str(PYTHON), script, *asked, *patiently, "--partitions", "3", *more])

    def ended(self, publisher: subprocess.Popen[bytes]) -> None:
        """Wait until a publisher has ended well."""
        with suppress(subprocess.TimeoutExpired):
            publisher.wait(PATIENCE_S)
        assert publisher.poll() == 0, self.log()

    def log(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))

    def stop(self) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def broker_in(folder: Path) -> Iterator[Broker]:
    broker = Broker(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
