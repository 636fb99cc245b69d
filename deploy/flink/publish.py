"""Publish a journal's parts to Kafka, where job.py takes them: one of these beside each pipeline.

    .venv/flink/bin/python deploy/flink/publish.py --journal DIR --kafka HOST:PORT --shards 64

A shard's parts are in one partition, in order. What is sent together is one transaction, of an id that belongs to the
journal: a publisher that was thought dead cannot put its own between those of the one that follows it. A part may come
twice (a kill between a transaction and the note of it); whoever judges passes it over by its number.
"""

from __future__ import annotations

import argparse
import logging
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from shoutu.sensing.scale import Part
from shoutu.sensing.scale.publish import Publisher

logger = logging.getLogger("shoutu.publish")

PAUSE_S = 0.2
LARGEST = 64 << 20
"""Bytes of the largest part: the whole catalog of a shard. Readings come in parts of 0.6 MB at most."""
PATIENCE_S = 300


def patiently(what: Callable[[], Any]) -> Any:
    """The answer; asks again as long as Kafka says that it may. Raises KafkaException otherwise."""
    while True:
        try:
            return what()
        except KafkaException as error:
            if not error.args[0].retriable():
                raise
            logger.warning("Kafka: %s; trying again", error)
            time.sleep(1)


class Topic:
    """The topic of parts, made if it is not there."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.name = asked.topic
        self.common = {"bootstrap.servers": asked.kafka, **dict(asked.kafka_option)}
        self.partitions = self._partitions(asked.partitions)
        self._producer: Producer | None = None
        self._open = False

    def _partitions(self, wanted: int) -> int:
        admin = AdminClient({k: v for k, v in self.common.items() if not k.startswith("transaction.")})
        found = admin.list_topics(timeout=PATIENCE_S).topics.get(self.name)
        if found is not None:
            return len(found.partitions)
        # As many copies as the brokers are set to make.
        made = NewTopic(self.name, wanted, -1, config={"max.message.bytes": str(LARGEST)})
        admin.create_topics([made], operation_timeout=PATIENCE_S)[self.name].result()
        return wanted

    def begin(self, identity: int) -> None:
        """Become the one publisher of this journal."""
        self._producer = Producer({
            "transactional.id": f"{self.name}-{identity}",
            "transaction.timeout.ms": PATIENCE_S * 1000,
            "message.max.bytes": LARGEST,
            "compression.type": "gzip",  # Flink's connector comes without the others
            "linger.ms": 5,
            **self.common,
        })  # fmt: skip
        patiently(self._producer.init_transactions)

    def send(self, part: Part) -> None:
        assert self._producer is not None, "begin() first"
        if not self._open:
            self._producer.begin_transaction()
            self._open = True
        while True:
            try:
                self._producer.produce(self.name, part.encode(), partition=part.shard % self.partitions)
                return
            except BufferError:
                self._producer.poll(1)

    def settle(self) -> None:
        """Returns when the brokers have all that was sent. Raises KafkaException when they never will."""
        assert self._producer is not None, "begin() first"
        patiently(self._producer.commit_transaction)
        self._open = False


def option(text: str) -> tuple[str, str]:
    """NAME=VALUE as the two."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE, a setting of librdkafka")
    return name, value


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Publish a journal's parts to Kafka.")
    parser.add_argument("--journal", type=Path, required=True, help="folder sensing/journal of a pipeline")
    parser.add_argument("--place", type=Path, help="own folder on the same file system (default: parted beside it)")
    parser.add_argument("--kafka", required=True, metavar="HOST:PORT", help="brokers")
    parser.add_argument("--shards", type=int, default=64, help="shards of sites; never changes (default: %(default)s)")
    parser.add_argument("--topic", default="shoutu-parts", help="made if it is not there (default: %(default)s)")
    parser.add_argument("--partitions", type=int, default=16, help="of a topic made here (default: %(default)s)")
    parser.add_argument("--kafka-option", type=option, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--once", action="store_true", help="all of a journal that nobody writes any more, then end")
    return parser.parse_args()


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asked = asked_for()
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        topic = Topic(asked)
        place = asked.place or asked.journal.parent / "parted"
        publisher = Publisher(asked.journal, place, asked.shards, topic.send, topic.settle)
        topic.begin(publisher.splitter.identity)
        logger.info("publishing %s from record %d", asked.journal, publisher.splitter.next_seq)
        if asked.once:
            publisher.run_through()
        while not (stopped or asked.once):
            if not publisher.step():
                time.sleep(PAUSE_S)
    except (OSError, ValueError, KafkaException) as error:
        # Begun again it goes on from the last place noted.
        raise SystemExit(f"publish.py: {error}") from error
    logger.info("published up to record %d", publisher.splitter.next_seq - 1)


if __name__ == "__main__":
    main()
