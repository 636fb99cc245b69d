from shoutu.county.kit.room import Room


class Duties(Room):
    name = "shoutu.county.duties"
    label = "duties"
    default = True  # beside the imported base class, Django must be told which one is meant
