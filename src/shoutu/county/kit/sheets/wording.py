"""The words every table's file shares."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

ERROR_TITLE = _("错误")
EXPLAINED = _("填写说明")
LISTS = _("选项")
