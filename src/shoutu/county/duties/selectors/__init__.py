"""What may be asked about duties; every list starts from what the actor may see."""

from shoutu.county.duties.selectors.chains import chain_rows, present
from shoutu.county.duties.selectors.clocks import clock_of, is_overdue, tightest, work_of
from shoutu.county.duties.selectors.findings import finding_row, findings_for, get_finding
from shoutu.county.duties.selectors.lists import duties_for, get_duty, late_of, my_figures, open_alarms
from shoutu.county.duties.selectors.timeline import timeline

__all__ = [
    "chain_rows",
    "clock_of",
    "duties_for",
    "finding_row",
    "findings_for",
    "get_duty",
    "get_finding",
    "is_overdue",
    "late_of",
    "my_figures",
    "open_alarms",
    "present",
    "tightest",
    "timeline",
    "work_of",
]
