"""Settings of the installation: environment first, then ``SHOUTU_DATA/shoutu.toml``, then defaults.

The only module that reads the environment. First use of a data directory makes its own secrets.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shoutu import ledger_keys

SHIPPED_PACKS = Path(__file__).resolve().parents[2] / "packs"
"""The packs that come with the program; a backup does not copy them."""
RESTORING = "RESTORING"
"""The mark in a directory that is being made of a backup; it holds the number of the process that makes it."""


DRILL = "DRILL"
"""The mark in a directory restored for a drill: nothing leaves such a copy, whatever the settings say."""


class SettingError(ValueError):
    """A setting is wrong; the message names it, what was expected and what to do."""


@dataclass(frozen=True)
class Oidc:
    """How this county signs in at a provider of single sign-on (OpenID Connect).

    `claim` names who somebody is at the provider; `passwords`: whether everybody may still sign in by password.
    """

    issuer: str
    client: str
    secret: str = field(default="", repr=False)
    claim: str = "sub"
    scope: str = "openid profile"
    name: str = ""
    passwords: bool = True

    @property
    def address(self) -> str:
        """The issuer as people are shown it."""
        return without_password(self.issuer)

    @property
    def names(self) -> str:
        """Under what a value names one person: of another claim of the same provider it may be another's."""
        return self.issuer if self.claim == "sub" else f"{self.issuer}#{self.claim}"


def without_password(url: str) -> str:
    """An address without the name and password that may stand in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def host_of(url: str) -> str:
    """Host and port of an address as browsers write them: small letters, and no port where it is the scheme's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    own = {"https": 443, "http": 80}.get(parts.scheme)
    port = "" if parts.port in (None, own) else f":{parts.port}"
    return f"[{host}]{port}" if ":" in host else f"{host}{port}"


@dataclass(frozen=True)
class Config:
    """One installation's settings. Paths are absolute; ports are TCP ports."""

    data: Path
    host: str
    port: int
    ingest_host: str
    ingest_port: int
    mqtt_host: str
    mqtt_port: int
    mqtts_port: int
    database_url: str
    county_url: str
    heartbeat_url: str
    public_url: str
    demo: bool
    debug: bool
    packs: Path
    # 0: the HJ 212 door stays closed.
    hj212_host: str = "127.0.0.1"
    hj212_port: int = 0
    # A TOML file that says which folders of text files are watched; "": none.
    folders: str = ""
    # Networks in which devices may be called (Modbus TCP, OPC UA); none: no device is.
    device_nets: tuple[str, ...] = ()
    worker_host: str = "127.0.0.1"
    worker_port: int = 8002
    ingest_max_bytes: int = 16 * 1024 * 1024
    retry_cap_s: float = 15.0
    signal_keep_days: int = 90
    # Raw readings are kept so long at least, then rollups only; 0: for ever.
    raw_hours: int = 0
    online_intervals: int = 3
    online_late_minutes: int = 15
    online_floor: int = 90
    backup_days: int = 7
    # Where a backup asked for in the browser goes; "": none can be asked for there.
    backup_dir: str = ""
    # A drill copy: nothing leaves the house.
    drill: bool = False
    storm_count: int = 10
    storm_minutes: int = 10
    storm_pause_s: int = 60
    # How often a minute one account may export, search, and read what is costly; 0: as often as it likes.
    limit_export: int = 20
    limit_search: int = 600
    limit_read: int = 600
    # "" is: whatever the ledger began with, sha256-ed25519 for a new one.
    ledger_suite: str = ""
    witness_mail_url: str = field(default="", repr=False)
    # Role → (minutes without a touch, 0 for no such end; hours from signing in). Only what differs from the defaults.
    sessions: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    # Roles whose accounts must have a second factor.
    second_factor: frozenset[str] = frozenset()
    # None: no single sign-on.
    oidc: Oidc | None = None
    # Name of a setting → where it was given: "environment" or "file". What is not in it stands as shipped.
    given: Mapping[str, str] = field(default_factory=dict)
    # Origins whose pages may frame those under /embed/.
    embed_origins: tuple[str, ...] = ()

    @property
    def sensing(self) -> Path:
        return self.data / "sensing"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def run(self) -> Path:
        return self.data / "run"

    def ensure(self) -> None:
        """Create the data directory and its secrets if missing. Raises SettingError if it cannot be written."""
        self._whole()
        try:
            for folder in ("secrets", "sensing", "files", "run", "log"):
                (self.data / folder).mkdir(parents=True, exist_ok=True)
            self.secrets.chmod(0o700)
            _make_once(self.secrets / "django.key", lambda: secrets.token_urlsafe(48).encode())
            _make_once(self.secrets / "wing.token", lambda: secrets.token_urlsafe(32).encode())
            _make_once(self.secrets / "ledger.pem", self._new_signing_key)
            self._suite_as_begun()
            public = self.secrets / "ledger.pub.pem"
            if not public.exists():
                _make_once(public, self._public_key)
        except OSError as error:
            raise SettingError(
                f"SHOUTU_DATA={self.data}: cannot be written ({error.strerror}); choose a directory this user owns"
            ) from error

    def _whole(self) -> None:
        mark = self.data / RESTORING
        if mark.exists() and mark.read_text().strip() != str(os.getpid()):
            raise SettingError(
                f"SHOUTU_DATA={self.data}: only half restored from a backup; remove it and run shoutu restore again"
            )

    def _suite_as_begun(self) -> None:
        if not self.ledger_suite:
            return
        kind = ledger_keys.load_private((self.secrets / "ledger.pem").read_text("ascii")).kind
        if kind != ledger_keys.SUITES[self.ledger_suite][1]:
            raise SettingError(
                f"SHOUTU_LEDGER_SUITE={self.ledger_suite!r}: the ledger in {self.data} signs with {kind} since its "
                "first start and keeps to it; take the setting away, or choose a new data directory"
            )

    def _new_signing_key(self) -> bytes:
        _hash, kind = ledger_keys.SUITES[self.ledger_suite or ledger_keys.DEFAULT_SUITE]
        return ledger_keys.generate(kind).pem().encode()

    def _public_key(self) -> bytes:
        return ledger_keys.load_private((self.secrets / "ledger.pem").read_text("ascii")).public.pem().encode()

    @property
    def ledger_hash(self) -> str:
        """The hash a new ledger begins with: the one that goes with its signing key, made at the first start."""
        kind = ledger_keys.load_private(self.secret("ledger.pem")).kind
        return next(hash_ for hash_, signature in ledger_keys.SUITES.values() if signature == kind)

    def secret(self, name: str) -> str:
        """The text of one secret, such as ``wing.token``; made on first use."""
        path = self.secrets / name
        if not path.exists():
            self.ensure()
        return path.read_text().strip()


def _make_once(path: Path, content: Any) -> None:
    """Write a secret so that a race or a crash leaves either the whole file or none."""
    if path.exists():
        return
    draft = path.with_suffix(f"{path.suffix}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _port(values: dict[str, Any], name: str, default: int) -> int:
    raw = values.get(name, default)
    try:
        port = int(raw)
    except (TypeError, ValueError):
        raise SettingError(f"{name}={raw!r}: expected a TCP port between 0 and 65535") from None
    if not 0 <= port <= 65535:
        raise SettingError(f"{name}={raw!r}: expected a TCP port between 0 and 65535")
    return port


def _megabytes(values: dict[str, Any], name: str, default: int) -> int:
    raw = values.get(name, default)
    try:
        size = int(raw)
    except (TypeError, ValueError):
        size = 0
    if not 1 <= size <= 1024:
        raise SettingError(f"{name}={raw!r}: expected whole megabytes between 1 and 1024")
    return size * 1024 * 1024


def _seconds(values: dict[str, Any], name: str, default: float) -> float:
    raw = values.get(name, default)
    try:
        seconds = float(raw)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise SettingError(f"{name}={raw!r}: expected seconds between 0.1 and 3600")
    return seconds


def _days(values: dict[str, Any], name: str, default: int) -> int:
    raw = values.get(name, default)
    try:
        days = int(raw)
    except (TypeError, ValueError):
        days = 0
    if not 7 <= days <= 36_500:
        raise SettingError(f"{name}={raw!r}: expected whole days between 7 and 36500")
    return days


def _between(values: dict[str, Any], name: str, default: int, low: int, high: int) -> int:
    raw = values.get(name, default)
    try:
        number = int(raw)
    except (TypeError, ValueError):
        number = low - 1
    if not low <= number <= high:
        raise SettingError(f"{name}={raw!r}: expected a whole number between {low} and {high}")
    return number


def _sessions(values: dict[str, Any], name: str) -> dict[str, tuple[int, int]]:
    """``role=minutes/hours`` by commas."""
    found: dict[str, tuple[int, int]] = {}
    for one in filter(None, (part.strip() for part in str(values.get(name, "")).split(","))):
        match = re.fullmatch(r"([a-z_]+)\s*=\s*(\d{1,5})\s*/\s*(\d{1,4})", one, re.ASCII)
        idle, hours = (int(match[2]), int(match[3])) if match else (0, 0)
        if match is None or idle > 1440 or not 1 <= hours <= 720:
            raise SettingError(
                f"{name}={one!r}: expected role=minutes/hours, such as duty_officer=0/24 (minutes without a touch, "
                "0 to 1440, 0 for no such end; hours from signing in, 1 to 720), several by commas"
            )
        found[match[1]] = (idle, hours)
    return found


def _names(values: dict[str, Any], name: str) -> list[str]:
    """Names by commas; what is none of a known set is told by who knows the set."""
    return [part.strip() for part in str(values.get(name, "")).split(",") if part.strip()]


def _nets(values: dict[str, Any], name: str) -> tuple[str, ...]:
    """Networks by commas; a lone address is a network of one."""
    for one in _names(values, name):
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise SettingError(
                f"{name}: {one!r}: expected networks by commas, such as 10.20.0.0/16,192.168.5.7 ({error})"
            ) from None
    return tuple(_names(values, name))


def _is_here(host: str | None) -> bool:
    """Whether a host name is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _oidc(values: dict[str, Any]) -> Oidc | None:
    issuer, client = str(values.get("SHOUTU_OIDC_ISSUER", "")), str(values.get("SHOUTU_OIDC_CLIENT", ""))
    if not issuer and not client:
        return None
    parts = urlsplit(issuer)
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))
    if not safe or not parts.hostname or parts.query or parts.fragment:
        raise SettingError(
            f"SHOUTU_OIDC_ISSUER={issuer!r}: expected the provider's https address exactly as it names itself, without "
            "? or #, such as https://sso.example.gov.cn/realms/county"
        )
    if not client:
        raise SettingError("SHOUTU_OIDC_CLIENT: missing; expected the client id the provider gave this system")
    claim, scope = str(values.get("SHOUTU_OIDC_CLAIM", "sub")), str(values.get("SHOUTU_OIDC_SCOPE", "openid profile"))
    if not re.fullmatch(r"[\w.:/-]{1,80}", claim):
        raise SettingError(
            f"SHOUTU_OIDC_CLAIM={claim!r}: expected the name of one claim, such as sub or employee_number"
        )
    if "openid" not in scope.split():
        raise SettingError(f"SHOUTU_OIDC_SCOPE={scope!r}: expected scopes with openid among them, apart by spaces")
    return Oidc(
        issuer=issuer,
        client=client,
        secret=_from_file(values, "SHOUTU_OIDC_SECRET", "SHOUTU_OIDC_SECRET_FILE"),
        claim=claim,
        scope=scope,
        name=str(values.get("SHOUTU_OIDC_NAME", "")),
        passwords=_flag({"SHOUTU_OIDC_PASSWORDS": "on"} | values, "SHOUTU_OIDC_PASSWORDS"),
    )


def _origins(values: dict[str, Any], name: str) -> tuple[str, ...]:
    """Origins as browsers write them (scheme, host, port)."""
    found = []
    for text in _names(values, name):
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host = ""
        safe = bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host)))
        plain = safe and re.fullmatch(r"[a-z0-9.:-]+", host)
        written = (
            f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}" if plain else ""
        )
        if not plain or text.lower() != written:
            raise SettingError(
                f"{name}: {text!r}: expected https origins by commas, each as a browser shows it without a path or *, "
                "such as https://zhihui.example.gov.cn:8443; http for this machine alone"
            )
        found.append(written)
    return tuple(found)


def _from_file(values: dict[str, Any], name: str, of_file: str) -> str:
    """A secret, given itself or by the file that holds it (`of_file`). Never shown in what goes wrong."""
    path = str(values.get(of_file, ""))
    if not path:
        return str(values.get(name, ""))
    try:
        return Path(path).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{of_file}={path!r}: not readable as text ({error}); expected the secret's file") from error


def _suite(values: dict[str, Any]) -> str:
    name = str(values.get("SHOUTU_LEDGER_SUITE", ""))
    if name and name not in ledger_keys.SUITES:
        known = " or ".join(ledger_keys.SUITES)
        raise SettingError(f"SHOUTU_LEDGER_SUITE={name!r}: expected {known}")
    return name


def _mail(values: dict[str, Any], name: str) -> str:
    url = str(values.get(name, ""))
    if url and not url.lower().startswith(("mailto://", "mailtos://")):
        raise SettingError(f"{name}: expected mailtos://user:password@server (the value is not shown: it is a secret)")
    return url


def _folder(values: dict[str, Any], name: str) -> str:
    """An absolute path; whether it is there shows when it is used: a disk may come and go."""
    path = str(values.get(name, "")).strip()
    if path and not Path(path).expanduser().is_absolute():
        raise SettingError(f"{name}={path!r}: expected an absolute path, such as /mnt/backup")
    return str(Path(path).expanduser()) if path else ""


def _flag(values: dict[str, Any], name: str) -> bool:
    return str(values.get(name, "")).lower() in {"1", "true", "yes", "on"}


def use(data: Path, database_url: str) -> Config:
    """From now on this process works on `data` and this database ("": SQLite there), whatever the environment says."""
    os.environ["SHOUTU_DATA"] = str(data)
    os.environ["SHOUTU_DATABASE_URL"] = database_url
    load.cache_clear()
    return load()


@lru_cache(maxsize=1)
def load() -> Config:
    """Read the settings once per process.

    Raises SettingError naming the setting, what was expected and what to do.
    """
    data = Path(os.environ.get("SHOUTU_DATA", "./var")).expanduser().resolve()
    values: dict[str, Any] = {}
    file = data / "shoutu.toml"
    if file.exists():
        try:
            values = {f"SHOUTU_{k.upper()}": v for k, v in tomllib.loads(file.read_text("utf-8")).items()}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingError(f"{file}: not readable as TOML ({error})") from error
    given = dict.fromkeys(values, "file")
    values.update({k: v for k, v in os.environ.items() if k.startswith("SHOUTU_")})
    given |= {k: "environment" for k in os.environ if k.startswith("SHOUTU_")}
    port = _port(values, "SHOUTU_PORT", 8000)
    host = str(values.get("SHOUTU_HOST", "127.0.0.1"))
    return Config(
        data=data,
        host=host,
        port=port,
        ingest_host=str(values.get("SHOUTU_INGEST_HOST", "127.0.0.1")),
        ingest_port=_port(values, "SHOUTU_INGEST_PORT", 8001),
        mqtt_host=str(values.get("SHOUTU_MQTT_HOST", "127.0.0.1")),
        mqtt_port=_port(values, "SHOUTU_MQTT_PORT", 1883),
        mqtts_port=_port(values, "SHOUTU_MQTTS_PORT", 8883),
        hj212_host=str(values.get("SHOUTU_HJ212_HOST", "127.0.0.1")),
        hj212_port=_port(values, "SHOUTU_HJ212_PORT", 0),
        folders=_folder(values, "SHOUTU_FOLDERS"),
        device_nets=_nets(values, "SHOUTU_DEVICE_NETS"),
        worker_host=str(values.get("SHOUTU_WORKER_HOST", "127.0.0.1")),
        worker_port=_port(values, "SHOUTU_WORKER_PORT", 8002),
        database_url=str(values.get("SHOUTU_DATABASE_URL", "")),
        county_url=str(values.get("SHOUTU_COUNTY_URL", f"http://127.0.0.1:{port}")),
        heartbeat_url=str(values.get("SHOUTU_HEARTBEAT_URL", "")),
        public_url=str(values.get("SHOUTU_PUBLIC_URL", f"http://127.0.0.1:{port}")),
        demo=_flag(values, "SHOUTU_DEMO"),
        backup_dir=_folder(values, "SHOUTU_BACKUP_DIR"),
        drill=_flag(values, "SHOUTU_DRILL") or (data / DRILL).exists(),
        debug=_flag(values, "SHOUTU_DEBUG"),
        packs=Path(str(values.get("SHOUTU_PACKS", SHIPPED_PACKS))),
        signal_keep_days=_days(values, "SHOUTU_SIGNAL_KEEP_DAYS", 90),
        raw_hours=_between(values, "SHOUTU_RAW_HOURS", 0, 0, 876_000),
        online_intervals=_between(values, "SHOUTU_ONLINE_INTERVALS", 3, 1, 100),
        online_late_minutes=_between(values, "SHOUTU_ONLINE_LATE_MINUTES", 15, 1, 1440),
        online_floor=_between(values, "SHOUTU_ONLINE_FLOOR", 90, 1, 100),
        backup_days=_between(values, "SHOUTU_BACKUP_DAYS", 7, 1, 365),
        storm_count=_between(values, "SHOUTU_STORM_COUNT", 10, 3, 1000),
        storm_minutes=_between(values, "SHOUTU_STORM_MINUTES", 10, 1, 1440),
        storm_pause_s=_between(values, "SHOUTU_STORM_PAUSE_S", 60, 10, 120),
        limit_export=_between(values, "SHOUTU_LIMIT_EXPORT", 20, 0, 100_000),
        limit_search=_between(values, "SHOUTU_LIMIT_SEARCH", 600, 0, 100_000),
        limit_read=_between(values, "SHOUTU_LIMIT_READ", 600, 0, 100_000),
        retry_cap_s=_seconds(values, "SHOUTU_RETRY_CAP_S", 15.0),
        ledger_suite=_suite(values),
        witness_mail_url=_mail(values, "SHOUTU_WITNESS_MAIL_URL"),
        sessions=_sessions(values, "SHOUTU_SESSIONS"),
        second_factor=frozenset(_names(values, "SHOUTU_SECOND_FACTOR")),
        oidc=_oidc(values),
        given=given,
        embed_origins=_origins(values, "SHOUTU_EMBED_ORIGINS"),
        ingest_max_bytes=_megabytes(values, "SHOUTU_INGEST_MAX_MB", 16),
    )
