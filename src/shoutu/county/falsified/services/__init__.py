"""A day's findings kept, a check on site opened for them, and what was found there."""

from shoutu.county.falsified.services.checking import check_site
from shoutu.county.falsified.services.deciding import decide, open_check
from shoutu.county.falsified.services.keeping import finish_day, keep_site, pass_sites

__all__ = ["check_site", "decide", "finish_day", "keep_site", "open_check", "pass_sites"]
