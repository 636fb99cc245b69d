"""The Flink job: readings parted by site shard, each shard judged by Shoutu's own engine. Started with ``flink run``:

    flink run --jarfile shoutu-flink.jar --python job.py --journal DIR --shards 64 --out DIR

From a journal's segments to files of signals. Needs Python with the packages of requirements/flink.lock and shoutu
itself on every machine; see README.md here.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from pyflink.common import Types, WatermarkStrategy
from pyflink.common.serialization import Encoder
from pyflink.datastream import DataStream, KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflink.datastream.connectors.base import Source
from pyflink.datastream.connectors.file_system import FileSink, OutputFileConfig, RollingPolicy
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.java_gateway import get_gateway

from shoutu.engine import warm_up
from shoutu.sensing.journal_frames import Frame, read_frame
from shoutu.sensing.journal_records import decode
from shoutu.sensing.journal_segments import identity_of, list_segments
from shoutu.sensing.scale import ShardEngine, Splitter, decode_part, place_of

logger = logging.getLogger("shoutu.flink")

BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
SALT_BYTES = 4


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
        salt = salt_of(value)
        frame = read_frame(value, SALT_BYTES, salt)
        if not isinstance(frame, Frame):
            raise ValueError(f"a frame of the journal is damaged ({frame.value}); what follows it is not judged")
        record = decode(frame)
        if record is None:
            return
        splitter = self.mine(salt, Splitter.unpack, lambda: Splitter(identity_of(salt), self.shards))
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
        warm_up()
        group = context.get_metrics_group()
        self.counters = {name: group.counter(f"parts_{name}") for name in ("repeated", "missed")}

    def process_element(self, value: bytes, ctx: KeyedProcessFunction.Context) -> Iterator[str]:
        part = decode_part(value)
        key = part.identity, part.shard
        engine = self.mine(place_of(value), ShardEngine.unpack, lambda: ShardEngine(*key))
        before = engine.repeated, engine.missed
        for signal in engine.take(part):
            yield msgspec.json.encode(signal).decode()
        for (name, counter), old in zip(self.counters.items(), before, strict=True):
            counter.inc(getattr(engine, name) - old)


def salt_of(value: bytes) -> int:
    """The salt before a frame, as SegmentFormat puts it there."""
    return int.from_bytes(value[:SALT_BYTES], "little")


def journal_source(env: StreamExecutionEnvironment, folder: Path) -> DataStream:
    """The frames of a journal's segments, in order."""
    segments = list_segments(folder)
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


def file_sink(folder: Path) -> FileSink:
    """Signals as lines of JSON; a file is whole when it has its name, and each signal is in one file once."""
    names = OutputFileConfig.builder().with_part_prefix("signals").with_part_suffix(".jsonl").build()
    return (
        FileSink.for_row_format(str(folder.resolve()), Encoder.simple_string_encoder())
        .with_rolling_policy(RollingPolicy.on_checkpoint_rolling_policy())
        .with_output_file_config(names)
        .build()
    )


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Judge readings by Shoutu's engine inside Flink.")
    parser.add_argument("--journal", type=Path, required=True, help="folder of a journal, read once from its start")
    parser.add_argument("--shards", type=int, default=64, help="shards of its sites (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the signals as lines of JSON")
    return parser.parse_args()


def main() -> None:
    asked = asked_for()
    env = StreamExecutionEnvironment.get_execution_environment()
    frames = journal_source(env, asked.journal).key_by(salt_of, Types.LONG())
    parts = frames.process(Parting(asked.shards), BYTES).name("part").set_parallelism(1)
    signals = parts.key_by(place_of, Types.LONG()).process(Judging(), Types.STRING()).name("judge")
    signals.sink_to(file_sink(asked.out)).name("signals")
    env.execute("shoutu")


if __name__ == "__main__":
    main()
