"""What may be done with the ledger: record, seal, hand out, erase."""

from shoutu.county.ledger.services.record import record, record_many, service, unchanged
from shoutu.county.ledger.services.sent import once

__all__ = ["once", "record", "record_many", "service", "unchanged"]
