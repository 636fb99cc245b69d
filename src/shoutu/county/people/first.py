"""The first step of an empty installation: whoever has the code printed on the terminal makes the administrator."""

from __future__ import annotations

import hmac
import json
import secrets
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shoutu.config import load
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.models import Lease
from shoutu.county.ledger.services import service
from shoutu.county.people.models import User
from shoutu.county.people.services import create_user
from shoutu.county.places.selectors import county
from shoutu.county.places.services import create_territory


def setup_needed() -> bool:
    """Whether nobody can sign in yet."""
    return not User.objects.exists()


def setup_code() -> str | None:
    """The code that lets the first administrator be made; None once there are users.

    Kept in ``SHOUTU_DATA/secrets/setup.code``, readable by the operator only.
    """
    path = load().secrets / "setup.code"
    if not setup_needed():
        path.unlink(missing_ok=True)
        return None
    code = path.read_text().strip() if path.exists() else ""
    if not code:
        # Whole or not at all: an empty file, left by a crash or a full disk, would let a blank code pass.
        draft = path.with_name(f".setup.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(8))
        draft.replace(path)
        code = path.read_text().strip()
    return code


@service
def make_first_administrator(code: str, county_name: str, username: str, password: str) -> User:
    """Name the county and make its first administrator.

    Raises Conflict when there is a user already, Invalid("code") for a wrong code, Invalid for a bad name or password.
    """
    # Two at once: the second waits here and then sees the first's user (SQLite lets one writer in at a time anyway).
    Lease.objects.select_for_update(no_key=True).get_or_create(
        name="setup", defaults={"holder": "", "until": timezone.now()}
    )
    expected = setup_code()
    if expected is None:
        raise Conflict(_("已经有用户了。用管理员账号登录，在那里新建用户。"))
    if not hmac.compare_digest(code.strip().encode(), expected.encode()):
        raise Invalid("code", _("启动守土的终端上显示的设置码"))
    if not county_name.strip():
        raise Invalid("county", _("县（市、区）名称，如 浮山县"))
    if county() is None:
        create_territory(SYSTEM, county_name.strip())
    return create_user(SYSTEM, username, "administrator", password, display=_("管理员"))


def demo_logins() -> list[dict[str, Any]]:
    """Names and passwords of the demo users, as the demo loader left them."""
    path = load().run / "demo-logins.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else []
