from shoutu.county.kit.room import Room


class Ledger(Room):
    name = "shoutu.county.ledger"
    label = "ledger"
    default = True  # beside the imported base class, Django must be told which one is meant
