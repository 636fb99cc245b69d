from shoutu.county.kit.room import Room


class Exchange(Room):
    name = "shoutu.county.exchange"
    label = "exchange"
