"""Devices of a source that the pipeline calls. Each is a right of its source, as a token is, and revoked like one.

What a register means is what a rule judges: where rules watch the source, a change waits for a second person. So does
another device for what was heard already, else it would say at once what a change may say after two agreed.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shoutu import sealing as purposes
from shoutu.county.kit import sealing
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.sites.models import IngestToken, Point, Source
from shoutu.county.sites.services import sources
from shoutu.county.sites.services.publishing import publish_source

CHANGES_SHOWN = 20
ENDPOINT = re.compile(r"opc\.tcp://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?(/\S*)?")
THUMBPRINT = re.compile(r"(([0-9A-Fa-f]{2}:?){32})?")
NODE_ID = re.compile(
    r"(ns=\d{1,5};|nsu=[^;]+;)?"
    r"(i=\d{1,10}|s=.+|g=[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|b=[A-Za-z0-9+/]+={0,2})"
)


@service
def register_device(
    actor: Actor, source: Source, name: str, device: dict[str, Any], reason: str = ""
) -> tuple[IngestToken | None, Proposal | None]:
    """Have a device called; `device` is of the shape of `schemas_devices`: the registration, or the proposal.

    It waits for a second person where it would speak for points that rules watch and that were heard before. Raises
    NotAllowed, Invalid.
    """
    actor.require("source.manage")
    if source.trusted:
        raise Invalid("source", _("企业或网关的数据源；县自有来源没有自己的设备"))
    source = sources.locked(source.pk)
    device = _sealed(device, None)
    _checked(source, name, device)
    if not sources.speaks_for(source, device):
        return _make(actor, source, name, device), None
    payload = {"source": source.pk, "name": name.strip(), "device": device}
    proposal = proposals.propose(
        actor, NEW_DEVICE, ref(source), source.site_id, reason.strip() or _("登记设备"),
        title=_("%(source)s：登记设备 %(device)s，测点已有规则看住") % {"source": source.name, "device": name.strip()},
        key=f"device.new:{source.pk}:{name.strip()}", payload=payload, told={**payload, "device": _told(device)},
        changes=list(_changes(source, {}, device)),
    )  # fmt: skip
    return None, proposal


@service
def change_device(
    actor: Actor, token: IngestToken, name: str, device: dict[str, Any], reason: str
) -> tuple[IngestToken, Proposal | None]:
    """Let other settings hold for a device from now on.

    Where rules watch the source they wait for a second person: the proposal. Raises NotAllowed, Invalid, Conflict when
    the registration has ended.
    """
    actor.require("source.manage")
    sources.check_reason(reason)
    source = sources.locked(token.source_id)
    token = _live(token.pk)
    assert token.device is not None
    device = _sealed(device, token.device)
    _checked(source, name, device, besides=token)
    if sources.watched(source):
        payload = {"token": token.pk, "name": name.strip(), "device": device}
        proposal = proposals.propose(
            actor, DEVICE, ref(source), source.site_id, reason,
            title=_("%(source)s：改设备 %(device)s 的设置") % {"source": source.name, "device": token.name},
            key=f"device:{token.pk}", payload=payload, told={**payload, "device": _told(device)},
            changes=list(_changes(source, token.device, device)),
        )  # fmt: skip
        return token, proposal
    return _replace(actor, token, name, device, reason), None


def _sealed(device: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    """The settings with the password sealed, never in plain; the one that was kept where none is given.

    It is kept for the same server and user only: else whoever changes the address would have it sent there.
    """
    if device["kind"] != "opcua":
        return device
    found = {name: told for name, told in device.items() if name != "password"}
    password, before = device.get("password", ""), before or {}
    same = all(before.get(name) == found[name] for name in ("endpoint", "security", "server", "user"))
    if found["user"] and found["security"] == "none":
        raise Invalid("security", _("有账号时，密码只经过加密的通道：选签名，或签名并加密"))
    if password and not found["user"]:
        raise Invalid("user", _("有密码时的账号"))
    if password:
        return found | {"sealed": sealing.seal({"password": password}, purposes.DEVICE)}
    if before.get("sealed") and found["user"] and not same:
        raise Invalid("password", _("服务器、证书或账号改了，密码重新填一次"))
    return found | {"sealed": before.get("sealed", "") if found["user"] else ""}


def _live(pk: int) -> IngestToken:
    token = IngestToken.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    if token.revoked_at is not None or token.device is None:
        raise Conflict(_("这个设备的登记已经撤销"))
    return token


def _checked(source: Source, name: str, device: dict[str, Any], besides: IngestToken | None = None) -> None:
    if not name.strip() or len(name) > 80:
        raise Invalid("name", _("1 到 80 个字"))
    others = IngestToken.objects.filter(source=source, revoked_at__isnull=True, device__isnull=False)
    others = others.exclude(pk=besides.pk if besides else 0)
    if others.filter(name=name.strip()).exists():
        raise Invalid("name", _("这个数据源的设备里没有用过的名称"))
    addresses = sources.addresses_of(device)
    twice = next((one for one in addresses if addresses.count(one) > 1), None)
    if twice is not None:
        raise Invalid("address", _("各不相同的测点地址；%(address)s 有两处") % {"address": twice})
    # Else another device would say at once what this one may say only after two agreed.
    mine = set(addresses)
    for other in others:
        shared = next((one["address"] for one in _values(other.device or {}) if one["address"] in mine), None)
        if shared is not None:
            raise Invalid(
                "address",
                _("没有别的设备在采的测点地址；%(address)s 由“%(device)s”采")
                % {"address": shared, "device": other.name},
            )
    if device["kind"] == "opcua":
        _reachable(_served(device), "endpoint")
    else:
        _reachable(device["host"], "host")


def _served(device: dict[str, Any]) -> str:
    """The host of an OPC UA server whose settings are as they should be. Raises Invalid."""
    place = ENDPOINT.fullmatch(device["endpoint"])
    if place is None or not 1 <= int(place[2] or 4840) <= 65_535:
        raise Invalid("endpoint", _("像 opc.tcp://主机:端口/路径 这样的地址，里面不写账号"))
    if THUMBPRINT.fullmatch(device["server"]) is None:
        raise Invalid("server", _("64 位十六进制数，可以用冒号隔开；不知道就先空着"))
    for one in device["nodes"]:
        if NODE_ID.fullmatch(one["node"]) is None:
            raise Invalid("node", _("像 ns=2;s=level、ns=2;i=7 这样的节点号；%(address)s 的不是") % one)
    return place[1].strip("[]")


def _reachable(host: str, field: str) -> None:
    """What the operator of the machine has not opened is never called: better said now. Names are looked up then."""
    nets = settings.CONFIG.device_nets
    if not nets:
        raise Invalid(field, _("先由运维在 SHOUTU_DEVICE_NETS 里写明可以去连的网段；现在一个也没有"))
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if not any(address in ipaddress.ip_network(one) for one in nets):
        raise Invalid(field, _("SHOUTU_DEVICE_NETS 里的地址：%(nets)s") % {"nets": "、".join(nets)})


def _values(device: dict[str, Any]) -> list[dict[str, Any]]:
    return list(device.get("registers") or device.get("nodes") or ())


def _told(device: dict[str, Any]) -> dict[str, Any]:
    """What stands on record: that there is a password, not what."""
    kept = {name: told for name, told in device.items() if name != "sealed"}
    return kept | {"password": "kept"} if device.get("sealed") else kept


def _make(actor: Actor, source: Source, name: str, device: dict[str, Any]) -> IngestToken:
    # Nothing is ever sent that has this hash: it stands where a token's does and speaks for nobody.
    token = IngestToken.objects.create(
        source=source, name=name.strip(), hash=hashlib.sha256(secrets.token_bytes(32)).hexdigest(), device=device
    )
    record(
        actor, "source.device_registered", ref(source), {"token": token.pk, "name": token.name, "device": _told(device)}
    )
    publish_source(source)
    sources.note_hearing(actor, source)
    return token


def _replace(actor: Actor, token: IngestToken, name: str, device: dict[str, Any], reason: str) -> IngestToken:
    before = {"name": token.name, "device": _told(token.device or {})}
    token.name, token.device = name.strip(), device
    token.save(update_fields=["name", "device"])
    after = {"name": token.name, "device": _told(device)}
    facts = {"token": token.pk, "before": before, "after": after, "reason": reason}
    record(actor, "source.device_changed", ref(token.source), facts)
    publish_source(token.source)
    return token


def _agreed_new(actor: Actor, proposal: Proposal) -> None:
    told = proposal.payload
    source = sources.locked(told["source"])
    _checked(source, told["name"], told["device"])
    _make(actor, source, told["name"], told["device"])
    _forget(actor, proposal)


def _forget(_actor: Actor, proposal: Proposal) -> None:
    """It is decided: its password is kept where it is used, or nowhere."""
    told = proposal.payload
    proposal.payload = {**told, "device": {name: one for name, one in told["device"].items() if name != "sealed"}}
    proposal.save(update_fields=["payload"])


def _agreed(actor: Actor, proposal: Proposal) -> None:
    told = proposal.payload
    source = sources.locked(proposal.subject_id)
    token = _live(told["token"])
    _checked(source, told["name"], told["device"], besides=token)
    _replace(actor, token, told["name"], told["device"], proposal.reason)
    _forget(actor, proposal)


def _changes(source: Source, before: dict[str, Any], after: dict[str, Any]) -> Iterator[dict[str, str]]:
    """What the second person reads: value by value, of watched points first; of very many how many more there are."""
    found = []
    if _place(before) != _place(after):
        found.append(proposals.change(_("设备"), _place(before), _place(after)))
    if (before.get("sealed") or "") != (after.get("sealed") or ""):
        found.append(proposals.change(_("密码"), "", _("换了")))
    old, new = ({one["address"]: _sentence(one) for one in _values(told)} for told in (before, after))
    judged = set(Point.objects.filter(source=source, rules__enabled=True).values_list("address", flat=True))
    for address in sorted({**old, **new}, key=lambda one: one not in judged):
        if old.get(address) != new.get(address):
            found.append(proposals.change(address, old.get(address, ""), new.get(address, "")))
    yield from found[:CHANGES_SHOWN]
    if len(found) > CHANGES_SHOWN:
        yield proposals.change(_("还有别的改动"), "", _("%(n)s 处") % {"n": len(found) - CHANGES_SHOWN})


def _place(device: dict[str, Any]) -> str:
    shown = ("host", "port", "unit", "endpoint", "security", "server", "user", "time", "every_s", "sample_s", "beat_s")
    return " ".join(f"{name}={device[name]}" for name in (*shown, "timeout_s") if device.get(name) not in (None, ""))


def _sentence(value: dict[str, Any]) -> str:
    return " ".join(f"{name}={told}" for name, told in value.items() if name != "address" and told is not None)


NEW_DEVICE = proposals.register(
    proposals.Kind(
        "source.device_new", gettext_lazy("登记设备"), "source.silence", _agreed_new, _forget,
        sites=lambda proposal: sources.sites_of(proposal.subject_id),
    )
)  # fmt: skip
DEVICE = proposals.register(
    proposals.Kind(
        "source.device", gettext_lazy("改设备的设置"), "source.silence", _agreed, _forget,
        sites=lambda proposal: sources.sites_of(proposal.subject_id),
    )
)  # fmt: skip
