"""The engine together with the catalog it watches by: the one place where sensing calls the engine."""

from __future__ import annotations

import logging

from shoutu.engine import Engine, RuleSet, signal_to_dict
from shoutu.engine.signals import Signals
from shoutu.engine.snapshot import Frozen

from . import metrics
from .catalog import Catalog, Delta, OutOfTurn
from .journal_records import Readings
from .model import Ints64
from .spool import Signal

logger = logging.getLogger(__name__)


def rules_of(catalog: Catalog) -> RuleSet:
    """The rule set of a catalog; what cannot be watched is in its ``problems``."""
    return RuleSet.from_catalog(catalog.sources.values(), catalog.points.values(), catalog.rules.values())


class Watch:
    """Engine, catalog and rule set as of one place in the journal. One thread calls it."""

    def __init__(self, catalog: Catalog, engine: Engine | None = None) -> None:
        self.catalog = catalog
        self.shard = 0
        """The journal's identity, part of every signal's id; set by whoever feeds it a journal."""
        self._rule(rules_of(catalog))
        if engine is None:
            engine = Engine()
            if catalog.version:
                engine.switch(0, self.rules)
        self.engine = engine

    @classmethod
    def restore(cls, blob: bytes | memoryview, catalog: Catalog) -> Watch:
        """From a checkpoint. Raises ValueError when the engine does not know the blob."""
        return cls(catalog, Engine.restore(blob))

    def freeze(self, spare: Frozen | None = None) -> Frozen:
        """A copy of the engine's state, to be written by another thread; in the memory of ``spare`` where it fits."""
        return self.engine.freeze(spare)

    def readings(self, r: Readings, numbers: Ints64 | None = None) -> list[Signal]:
        """Judge readings; ``numbers``: theirs, where they do not follow each other from ``r.seq`` on."""
        first = r.seq if numbers is None else numbers
        return self._told(self.engine.readings(first, r.point, r.ts, r.received, r.value, r.quality))

    def tick(self, seq: int, now: int) -> list[Signal]:
        return self._told(self.engine.tick(seq, now))

    def switch(self, seq: int, delta: Delta) -> None:
        """Put a change into force: new rules start, gone ones end, untouched ones keep their state.

        Of a change in parts nothing is in force before the last: no point is judged by half of its rules.
        """
        try:
            catalog = self.catalog.taken(delta)
        except OutOfTurn as error:
            # Only damage loses a part; whoever feeds the journal then tells everything again.
            logger.error("record %d: %s", seq, error)
            self.catalog = self.catalog.settled()
            return
        if catalog.waiting is not None:
            self.catalog = catalog
            return
        changed = catalog.changed_since(self.catalog, delta)
        rules = self.rules.revised(catalog.points, catalog.rules, *changed)
        self.engine.switch(seq, rules)
        self.catalog = catalog
        self._rule(rules)

    def _rule(self, rules: RuleSet) -> None:
        self.rules = rules
        self.problems = tuple(str(problem) for problem in rules.problems)
        metrics.RULES_REFUSED.set(len(self.problems))

    def _told(self, signals: Signals) -> list[Signal]:
        return [signal_to_dict(signal, self.rules, self.shard, self.engine.evidence) for signal in signals]
