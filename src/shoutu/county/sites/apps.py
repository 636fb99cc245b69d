from shoutu.county.kit.room import Room


class Sites(Room):
    name = "shoutu.county.sites"
    label = "sites"
