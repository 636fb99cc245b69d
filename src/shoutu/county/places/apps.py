from shoutu.county.kit.room import Room


class Places(Room):
    name = "shoutu.county.places"
    label = "places"
