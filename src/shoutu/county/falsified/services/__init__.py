"""A day's findings kept, a check on site opened for them, and what was found there."""

from shoutu.county.falsified.services.checking import check_site
from shoutu.county.falsified.services.deciding import decide, open_check
from shoutu.county.falsified.services.keeping import finish_day, keep_site, pass_sites
from shoutu.county.falsified.services.owing import note_unsearched, settle

__all__ = ["check_site", "decide", "finish_day", "keep_site", "note_unsearched", "open_check", "pass_sites", "settle"]
