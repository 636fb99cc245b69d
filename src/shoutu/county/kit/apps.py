from shoutu.county.kit.room import Room


class Kit(Room):
    name = "shoutu.county.kit"
    label = "kit"
