from shoutu.county.kit.room import Room


class Places(Room):
    name = "shoutu.county.places"
    label = "places"
    default = True  # beside the imported base class, Django must be told which one is meant
