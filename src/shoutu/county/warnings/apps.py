from shoutu.county.kit.room import Room


class Warnings(Room):
    name = "shoutu.county.warnings"
    label = "warnings"
