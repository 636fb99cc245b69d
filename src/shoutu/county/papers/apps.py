from shoutu.county.kit.room import Room


class Papers(Room):
    name = "shoutu.county.papers"
    label = "papers"
