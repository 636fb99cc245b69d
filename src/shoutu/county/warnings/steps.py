"""What the worker does for warnings."""

from __future__ import annotations

from shoutu.county.kit.steps import step
from shoutu.county.warnings import services


@step("warnings.inbox", every=0.05, lane="warnings", beat="inbox")
def inbox() -> bool:
    return services.take_in()
