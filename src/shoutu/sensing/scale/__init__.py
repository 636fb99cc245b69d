"""Scale-out: a journal's records parted by site, judged by the same engine in many places (docs/decisions/0074)."""

from .parts import Part, PartError, decode_part, place_of
from .shard_engine import ShardEngine
from .split import Splitter, shard_of

__all__ = ["Part", "PartError", "ShardEngine", "Splitter", "decode_part", "place_of", "shard_of"]
