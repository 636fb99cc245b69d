from shoutu.county.kit.room import Room


class Ledger(Room):
    name = "shoutu.county.ledger"
    label = "ledger"
