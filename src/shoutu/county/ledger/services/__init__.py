"""What may be done with the ledger: record, seal, hand out, erase."""

from shoutu.county.ledger.services.record import record, record_many, service, unchanged
from shoutu.county.ledger.services.sent import once, same_moment, the_one_seen

__all__ = ["once", "record", "record_many", "same_moment", "service", "the_one_seen", "unchanged"]
