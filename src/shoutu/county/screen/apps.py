from shoutu.county.kit.room import Room


class Screen(Room):
    name = "shoutu.county.screen"
    label = "screen"
