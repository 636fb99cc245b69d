"""What the command screen asks; every answer starts from what the actor may see."""

from shoutu.county.screen.selectors.alarms import sounding
from shoutu.county.screen.selectors.beginning import beginning
from shoutu.county.screen.selectors.figures import figures
from shoutu.county.screen.selectors.happening import happening
from shoutu.county.screen.selectors.outlines import county_map
from shoutu.county.screen.selectors.places import legend, site_marks
from shoutu.county.screen.selectors.trend import trend
from shoutu.county.screen.selectors.weather import weather

__all__ = ["beginning", "county_map", "figures", "happening", "legend", "site_marks", "sounding", "trend", "weather"]
