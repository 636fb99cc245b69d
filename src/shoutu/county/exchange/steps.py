"""What the worker does for imports, in a lane of its own: a file is never in the way of a call."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shoutu.county.exchange import services
from shoutu.county.kit.steps import step


@step("exchange.work", every=0.5, lane="exchange", title=_("导入导出"))
def work() -> bool:
    return services.work()


@step("exchange.clean", every=3600, lane="exchange", title=_("清理导出文件"))
def clean() -> None:
    services.clean()
