"""What this installation is set to: each setting in plain words, its value in force, and where that comes from.

Read only: a setting of the environment is changed where it was given, by who keeps the server. A secret is told as set
or not set, and by nothing of its text. See docs/reference.md; a setting that stands there and not here fails a test.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shoutu import __version__
from shoutu.config import Config, without_password
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.permissions import ROLES
from shoutu.county.kit.process import STARTED

GROUPS = {
    "place": _("地址和端口"),
    "data": _("数据和备份"),
    "call": _("预警和外呼"),
    "people": _("登录和账号"),
    "load": _("限额"),
    "other": _("其他"),
}


@dataclass(frozen=True)
class Setting:
    """One setting. `value`: what is in force, of the configuration; `secret`: only whether there is one is told."""

    name: str
    group: str
    title: Any
    words: Any
    value: Callable[[Config], Any]
    unit: Any = ""
    secret: bool = False


def _oidc(name: str) -> Callable[[Config], Any]:
    return lambda config: getattr(config.oidc, name) if config.oidc else ""


def _sessions(config: Config) -> str:
    def told(role: str, minutes: int, hours: int) -> str:
        facts = {"role": ROLES.get(role, gettext("其他角色")), "minutes": minutes, "hours": hours}
        if minutes == 0:
            return gettext("%(role)s %(hours)s 小时") % facts
        return gettext("%(role)s 不动 %(minutes)s 分钟、最长 %(hours)s 小时") % facts

    limits: Mapping[str, tuple[int, int]] = settings.SESSION_LIMITS
    return "；".join(told(role, *limits[role]) for role in sorted(limits, reverse=True))


def _roles(config: Config) -> str:
    return "、".join(str(ROLES[role]) for role in ROLES if role in config.second_factor)


SETTINGS = (
    Setting("SHOUTU_HOST", "place", _("网页地址"), _("网页在哪个网卡上听"), lambda c: c.host),
    Setting("SHOUTU_PORT", "place", _("网页端口"), _("浏览器打开的端口"), lambda c: c.port),
    Setting(
        "SHOUTU_PUBLIC_URL",
        "place",
        _("对外网址"),
        _("短信、邮件里的链接用它，手机要打得开"),
        lambda c: without_password(c.public_url),
    ),
    Setting("SHOUTU_INGEST_HOST", "place", _("读数入口地址"), _("网关从这里送读数（HTTP）"), lambda c: c.ingest_host),
    Setting("SHOUTU_INGEST_PORT", "place", _("读数入口端口"), _("HTTP 读数入口"), lambda c: c.ingest_port),
    Setting("SHOUTU_MQTT_HOST", "place", _("MQTT 地址"), _("网关从这里送读数（MQTT）"), lambda c: c.mqtt_host),
    Setting("SHOUTU_MQTT_PORT", "place", _("MQTT 端口"), _("不加密的 MQTT 入口"), lambda c: c.mqtt_port),
    Setting("SHOUTU_MQTTS_PORT", "place", _("MQTT 加密端口"), _("TLS 的 MQTT 入口"), lambda c: c.mqtts_port),
    Setting("SHOUTU_HJ212_HOST", "place", _("HJ 212 地址"), _("数采仪连到这里（HJ 212）"), lambda c: c.hj212_host),
    Setting("SHOUTU_HJ212_PORT", "place", _("HJ 212 端口"), _("0 是不开"), lambda c: c.hj212_port),
    Setting(
        "SHOUTU_FOLDERS", "place", _("文件夹设置"), _("收哪些文件夹里的文本文件，写在这个文件里"), lambda c: c.folders
    ),
    Setting(
        "SHOUTU_DEVICE_NETS",
        "place",
        _("可以去连的网段"),
        _("Modbus TCP、OPC UA 的设备在这些网段里才去连，没有设就都不连"),
        lambda c: ", ".join(c.device_nets),
    ),
    Setting("SHOUTU_WORKER_HOST", "place", _("后台状态地址"), _("后台进程在哪里报平安"), lambda c: c.worker_host),
    Setting("SHOUTU_WORKER_PORT", "place", _("后台状态端口"), _("0 是不开"), lambda c: c.worker_port),
    Setting(
        "SHOUTU_COUNTY_URL",
        "place",
        _("县级网址"),
        _("采集进程到哪里找县级系统"),
        lambda c: without_password(c.county_url),
    ),
    Setting("SHOUTU_DATA", "data", _("数据目录"), _("数据库、读数、证据、密钥都在里面"), lambda c: c.data),
    Setting(
        "SHOUTU_DATABASE_URL",
        "data",
        _("数据库"),
        _("没有设置就是数据目录里的 SQLite"),
        lambda c: c.database_url,
        secret=True,
    ),
    Setting("SHOUTU_BACKUP_DIR", "data", _("备份到哪里"), _("网页上点备份时存到这个目录"), lambda c: c.backup_dir),
    Setting(
        "SHOUTU_BACKUP_DAYS",
        "data",
        _("多久没备份要报警"),
        _("上次备份比这更早就报警"),
        lambda c: c.backup_days,
        _("天"),
    ),
    Setting(
        "SHOUTU_RAW_HOURS",
        "data",
        _("原始读数留多久"),
        _(
            "到时只留每分钟、每小时的最小、最大、平均和条数；0 是一直留。预警前后、存疑读数、没查完的日子不删："
            "短于 48 小时，当天的原始读数要留到数据质量和筛查做完；短于 120 小时，筛查学不满前三天，迟到的读数查不了"
        ),
        lambda c: c.raw_hours,
        _("小时"),
    ),
    Setting(
        "SHOUTU_SIGNAL_KEEP_DAYS",
        "data",
        _("信号留多久"),
        _("处理过的信号在收件箱里留的天数；预警和账本永久保留"),
        lambda c: c.signal_keep_days,
        _("天"),
    ),
    Setting(
        "SHOUTU_ONLINE_INTERVALS",
        "data",
        _("在线算多久"),
        _("一个读数之后，测点在这么多个间隔里算在线；来源待核"),
        lambda c: c.online_intervals,
        _("个间隔"),
    ),
    Setting(
        "SHOUTU_ONLINE_LATE_MINUTES",
        "data",
        _("迟到多久不算在线"),
        _("迟到超过它的补传只算完整率，不算在线；来源待核"),
        lambda c: c.online_late_minutes,
        _("分钟"),
    ),
    Setting(
        "SHOUTU_ONLINE_FLOOR",
        "data",
        _("在线率下限"),
        _("一天的在线率低于它的测点算要修的；来源待核"),
        lambda c: c.online_floor,
        "%",
    ),
    Setting("SHOUTU_PACKS", "data", _("规则包目录"), _("规则包、响应包从这里读"), lambda c: c.packs),
    Setting(
        "SHOUTU_LEDGER_SUITE",
        "data",
        _("账本算法"),
        _("摘要和签名；第一次启动定下，以后不变"),
        lambda c: c.ledger_suite or ("sm3-sm2" if c.ledger_hash == "sm3" else "sha256-ed25519"),
    ),
    Setting(
        "SHOUTU_STORM_COUNT",
        "call",
        _("几起并成同因事件"),
        _("同一来源、场所或乡镇短时间内这么多起预警，并成一件事"),
        lambda c: c.storm_count,
        _("起"),
    ),
    Setting(
        "SHOUTU_STORM_MINUTES",
        "call",
        _("同因事件看多久"),
        _("上面说的短时间"),
        lambda c: c.storm_minutes,
        _("分钟"),
    ),
    Setting(
        "SHOUTU_STORM_PAUSE_S",
        "call",
        _("同因事件隔多久再发"),
        _("一件事给同一号码两条消息之间的间隔；更重的、红色的、人工追叫的不等"),
        lambda c: c.storm_pause_s,
        _("秒"),
    ),
    Setting("SHOUTU_DRILL", "call", _("演练副本"), _("是演练副本时，什么都不往外发；网页上关不掉"), lambda c: c.drill),
    Setting(
        "SHOUTU_HEARTBEAT_URL",
        "call",
        _("外面的看守"),
        _("一切正常时每分钟访问一次这个网址；停了，外面的看守就知道守土停了"),
        lambda c: c.heartbeat_url,
        secret=True,
    ),
    Setting(
        "SHOUTU_WITNESS_MAIL_URL",
        "call",
        _("送见证的邮箱"),
        _("用这个邮箱账号把账本树头寄给见证人"),
        lambda c: c.witness_mail_url,
        secret=True,
    ),
    Setting("SHOUTU_SESSIONS", "people", _("登录多久失效"), _("各角色多久不动、最长多久要重新登录"), _sessions),
    Setting("SHOUTU_SECOND_FACTOR", "people", _("必须用动态口令的角色"), _("没绑定的人登录后先绑定，再做别的"), _roles),
    Setting("SHOUTU_OIDC_ISSUER", "people", _("统一认证地址"), _("全县统一认证的地址；空着是不用"), _oidc("address")),
    Setting("SHOUTU_OIDC_CLIENT", "people", _("统一认证客户端"), _("统一认证给守土的编号"), _oidc("client")),
    Setting(
        "SHOUTU_OIDC_SECRET",
        "people",
        _("统一认证密钥"),
        _("统一认证给守土的密钥，也可以放在文件里"),
        _oidc("secret"),
        secret=True,
    ),
    Setting("SHOUTU_OIDC_CLAIM", "people", _("按哪一项认人"), _("统一认证里认人的那一项"), _oidc("claim")),
    Setting("SHOUTU_OIDC_SCOPE", "people", _("统一认证范围"), _("向统一认证要的范围"), _oidc("scope")),
    Setting("SHOUTU_OIDC_NAME", "people", _("统一认证按钮"), _("登录页的按钮上写什么"), _oidc("name")),
    Setting(
        "SHOUTU_OIDC_PASSWORDS",
        "people",
        _("还能用密码登录"),
        _("关了，就只有管理员能用密码"),
        lambda c: c.oidc.passwords if c.oidc else True,
    ),
    Setting(
        "SHOUTU_EMBED_ORIGINS",
        "people",
        _("允许嵌入的平台"),
        _("哪些平台可以把守土的页面放进自己的页面；空着是都不可以"),
        lambda c: "、".join(c.embed_origins),
    ),
    Setting(
        "SHOUTU_LIMIT_EXPORT",
        "load",
        _("导出"),
        _("一个账号一分钟最多导出几次；0 是不限"),
        lambda c: c.limit_export,
        _("次/分钟"),
    ),
    Setting(
        "SHOUTU_LIMIT_SEARCH",
        "load",
        _("查找"),
        _("一个账号一分钟最多查找几次；0 是不限"),
        lambda c: c.limit_search,
        _("次/分钟"),
    ),
    Setting(
        "SHOUTU_LIMIT_READ",
        "load",
        _("看历史读数"),
        _("一个账号一分钟最多取几次历史读数、误报统计、规则试算；0 是不限"),
        lambda c: c.limit_read,
        _("次/分钟"),
    ),
    Setting(
        "SHOUTU_INGEST_MAX_MB",
        "load",
        _("一次送多大"),
        _("HTTP 读数入口一次最多收多大（解压后）"),
        lambda c: c.ingest_max_bytes // 1024**2,
        "MB",
    ),
    Setting(
        "SHOUTU_RETRY_CAP_S",
        "load",
        _("连不上多久重试"),
        _("采集进程连不上县级系统，最长隔多久再试"),
        lambda c: c.retry_cap_s,
        _("秒"),
    ),
    Setting("SHOUTU_DEMO", "other", _("演示"), _("演示县和演示账号，只能在本机打开"), lambda c: c.demo),
    Setting("SHOUTU_DEBUG", "other", _("调试"), _("出错时把内部细节显示出来；真用时不要开"), lambda c: c.debug),
)

# Said once for the page: every line would say the same.
HOW = (
    _("标着“环境变量”的，在服务器的环境变量里改（systemd 部署是 /etc/shoutu/shoutu.env），重启后生效。"),
    _("其余的，在服务器上 %(file)s 里写一行，如 backup_days = 7：名字去掉 SHOUTU_，用小写，重启后生效。"),
)


def _spoken(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _lines(config: Config) -> Iterator[dict[str, Any]]:
    for one in SETTINGS:
        value = one.value(config)
        source = config.given.get(one.name) or config.given.get(f"{one.name}_FILE") or "default"
        yield {
            "name": one.name,
            "group": one.group,
            "title": str(one.title),
            "words": str(one.words),
            "value": None if one.secret else _spoken(value),
            "unit": str(one.unit),
            "secret": one.secret,
            "set": bool(value) if one.secret else one.name in config.given,
            "source": source,
        }


def installation(actor: Actor) -> dict[str, Any]:
    """What `GET /settings` answers. Raises NotAllowed."""
    actor.require("setting.read")
    config: Config = settings.CONFIG
    return {
        "version": __version__,
        "python": platform.python_version(),
        "database": f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}",
        "started_at": STARTED,
        "now": timezone.now(),
        "zone": settings.TIME_ZONE,
        "how": [str(words) % {"file": str(config.data / "shoutu.toml")} for words in HOW],
        "groups": [{"name": name, "title": str(title)} for name, title in GROUPS.items()],
        "items": list(_lines(config)),
    }
