from shoutu.county.kit.room import Room


class People(Room):
    name = "shoutu.county.people"
    label = "people"
