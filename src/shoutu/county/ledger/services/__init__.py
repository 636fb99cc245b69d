"""What may be done with the ledger: record, seal, hand out, erase."""

from shoutu.county.ledger.services.record import record, record_many, service, unchanged

__all__ = ["record", "record_many", "service", "unchanged"]
