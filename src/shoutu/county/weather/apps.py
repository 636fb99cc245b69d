from shoutu.county.kit.room import Room


class Weather(Room):
    name = "shoutu.county.weather"
    label = "weather"
