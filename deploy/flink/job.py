"""The Flink job: readings parted by site shard, each shard judged by Shoutu's own engine. Started with ``flink run``:

    flink run --jarfile shoutu-flink.jar --python job.py --journal DIR --shards 64 --out DIR
    flink run --jarfile shoutu-flink.jar --python job.py --kafka HOST:PORT --out DIR

From a journal's segments, or from the parts that publish.py puts into Kafka, to files of signals. Needs Python with
the packages of requirements/flink.lock and shoutu itself on every machine; see README.md here.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from pyflink.common import Types, WatermarkStrategy
from pyflink.common.serialization import DeserializationSchema, Encoder
from pyflink.datastream import DataStream, KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflink.datastream.connectors.base import Source
from pyflink.datastream.connectors.file_system import FileSink, OutputFileConfig, RollingPolicy
from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource
from pyflink.datastream.data_stream import KeyedStream
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.java_gateway import get_gateway

logger = logging.getLogger("shoutu.flink")

BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
SALT_BYTES = 4


def ours() -> SimpleNamespace:
    """What is Shoutu's own, asked for where a worker has come up, and never imported at the top of this file.

    A worker puts a `print` of its own in place of Python's. Numba looks for what it finds there under its name, when it
    is imported, and gives up where there is none.
    """
    vars(sys.modules[print.__module__])["print"] = print
    from shoutu import engine
    from shoutu.sensing import journal_frames, journal_records, journal_segments, scale

    return SimpleNamespace(
        engine=engine, frames=journal_frames, records=journal_records, segments=journal_segments, scale=scale
    )


class Late:
    """What a state is, made into bytes only when Flink takes it: at the end of a bundle, not at each record.

    It comes back as the bytes themselves, so that nothing but one byte string is ever kept.
    """

    def __init__(self, pack: Callable[[], bytes]) -> None:
        self.pack = pack

    def __reduce__(self) -> tuple[Any, ...]:
        return bytes, (self.pack(),)


class Keeping(KeyedProcessFunction):
    """Keeps one object for each key, restored from a byte string where this process doesn't have it yet."""

    def open(self, context: RuntimeContext) -> None:
        self.ours = ours()
        self.kept: dict[int, Any] = {}
        self.state = context.get_state(ValueStateDescriptor("state", Types.PICKLED_BYTE_ARRAY()))

    def mine(self, key: int, restore: Callable[[bytes], Any], make: Callable[[], Any]) -> Any:
        one = self.kept.get(key)
        if one is None:
            blob = self.state.value()
            one = self.kept[key] = make() if blob is None else restore(blob)
        # Told at each record: Flink forgets at the end of a bundle that there is something to take.
        self.state.update(Late(one.pack))
        return one


class Parting(Keeping):
    """Frames of a journal in, parts out. The key is the journal's salt."""

    def __init__(self, shards: int) -> None:
        self.shards = shards

    def open(self, context: RuntimeContext) -> None:
        super().open(context)
        self.missing = context.get_metrics_group().counter("numbers_missing")

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Iterator[bytes]:
        our, salt = self.ours, int.from_bytes(value[:SALT_BYTES], "little")
        frame = our.frames.read_frame(value, SALT_BYTES, salt)
        if not isinstance(frame, our.frames.Frame):
            raise ValueError(f"a frame of the journal is damaged ({frame.value}); what follows it is not judged")
        record = our.records.decode(frame)
        if record is None:
            return
        splitter = self.mine(
            salt, our.scale.Splitter.unpack, lambda: our.scale.Splitter(our.segments.identity_of(salt), self.shards)
        )
        before = splitter.missed
        for part in splitter.take(record):
            yield part.encode()
        if splitter.missed > before:
            self.missing.inc(splitter.missed - before)
            logger.error("the journal has no records %d to %d", record.seq - splitter.missed + before, record.seq - 1)


class Judging(Keeping):
    """Parts in, signals out, as JSON. The key is the journal's identity and the shard."""

    def open(self, context: RuntimeContext) -> None:
        super().open(context)
        self.ours.engine.warm_up()
        group = context.get_metrics_group()
        self.counters = {name: group.counter(f"parts_{name}") for name in ("repeated", "missed")}
        self.damaged = group.counter("parts_damaged")

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Iterator[str]:
        our = self.ours
        try:
            part = our.scale.decode_part(value)
        except our.scale.PartError as error:
            # It comes no better the next time; the part after it tells that it is missing.
            self.damaged.inc()
            logger.error("passed over: %s", error)
            return
        key = part.identity, part.shard
        engine = self.mine(our.scale.place_of(value), our.scale.ShardEngine.unpack, lambda: our.scale.ShardEngine(*key))
        before = engine.repeated, engine.missed
        for signal in engine.take(part):
            yield msgspec.json.encode(signal).decode()
        for (name, counter), old in zip(self.counters.items(), before, strict=True):
            counter.inc(getattr(engine, name) - old)


def journal_source(env: StreamExecutionEnvironment, folder: Path) -> DataStream:
    """The frames of a journal's segments, in order."""
    segments = ours().segments.list_segments(folder)
    if not segments:
        raise SystemExit(f"--journal {folder}: no segment there; expected the folder `sensing/journal` of a pipeline")
    jvm = get_gateway().jvm
    ends = jvm.java.util.HashMap()
    for segment in segments:
        if segment.end is not None:
            ends.put(f"{segment.first}-{segment.generation}", segment.end)
    paths = jvm.java.util.ArrayList()
    for segment in segments:
        paths.add(segment.path.resolve().as_uri())
    source = Source(jvm.shoutu.flink.Journal.source(paths, ends))
    return env.from_source(source, WatermarkStrategy.no_watermarks(), "journal", BYTES).set_parallelism(1)


def parts_source(env: StreamExecutionEnvironment, asked: argparse.Namespace) -> DataStream:
    """The parts in a topic, from its start or from where the last checkpoint stood."""
    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(asked.kafka)
        .set_topics(asked.topic)
        .set_group_id(asked.group)
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_property("isolation.level", "read_committed")
        .set_value_only_deserializer(DeserializationSchema(get_gateway().jvm.shoutu.flink.Raw()))
    )
    for name, value in asked.kafka_option:
        builder = builder.set_property(name, value)
    return env.from_source(builder.build(), WatermarkStrategy.no_watermarks(), "parts", BYTES)


def keyed(stream: DataStream, key: Any) -> KeyedStream:
    """As ``DataStream.key_by``, with the key found in Java (Keyed.java)."""
    rows = Types.ROW([Types.LONG(), BYTES]).get_java_type_info()
    j_stream = stream._j_data_stream
    with_key = j_stream.flatMap(key).returns(rows).setParallelism(j_stream.getParallelism())
    selector, kind = get_gateway().jvm.KeyByKeySelector(), Types.ROW([Types.LONG()]).get_java_type_info()
    return KeyedStream(with_key.keyBy(selector, kind), BYTES, stream)


def file_sink(folder: Path) -> FileSink:
    """Signals as lines of JSON; a file is whole when it has its name, and each signal is in one file once."""
    names = OutputFileConfig.builder().with_part_prefix("signals").with_part_suffix(".jsonl").build()
    return (
        FileSink.for_row_format(str(folder.resolve()), Encoder.simple_string_encoder())
        .with_rolling_policy(RollingPolicy.on_checkpoint_rolling_policy())
        .with_output_file_config(names)
        .build()
    )


def option(text: str) -> tuple[str, str]:
    """NAME=VALUE as the two."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE, a setting of Kafka's clients")
    return name, value


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Judge readings by Shoutu's engine inside Flink.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--journal", type=Path, help="folder of a journal, read once from its start")
    where.add_argument("--kafka", metavar="HOST:PORT", help="brokers that have publish.py's parts")
    parser.add_argument("--shards", type=int, default=64, help="of --journal's sites (default: %(default)s)")
    parser.add_argument("--topic", default="shoutu-parts", help="--kafka's, with the parts (default: %(default)s)")
    parser.add_argument("--group", default="shoutu-engine", help="consumer group its offsets are shown under")
    parser.add_argument("--kafka-option", type=option, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path, required=True, help="folder for the signals as lines of JSON")
    return parser.parse_args()


def main() -> None:
    asked = asked_for()
    env = StreamExecutionEnvironment.get_execution_environment()
    key = get_gateway().jvm.shoutu.flink.Keyed
    if asked.journal:
        frames = keyed(journal_source(env, asked.journal), key.frames())
        parts = frames.process(Parting(asked.shards), BYTES).name("part").set_parallelism(1)
    else:
        parts = parts_source(env, asked)
    signals = keyed(parts, key.parts()).process(Judging(), Types.STRING()).name("judge")
    signals.sink_to(file_sink(asked.out)).name("signals")
    env.execute("shoutu")


if __name__ == "__main__":
    main()
