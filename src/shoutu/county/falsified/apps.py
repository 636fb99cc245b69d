from shoutu.county.kit.room import Room


class Falsified(Room):
    name = "shoutu.county.falsified"
    label = "falsified"
