from shoutu.county.kit.room import Room


class People(Room):
    name = "shoutu.county.people"
    label = "people"
    default = True  # beside the imported base class, Django must be told which one is meant
