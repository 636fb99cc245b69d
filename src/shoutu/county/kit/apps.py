from shoutu.county.kit.room import Room


class Kit(Room):
    name = "shoutu.county.kit"
    label = "kit"
    default = True  # beside the imported base class, Django must be told which one is meant
