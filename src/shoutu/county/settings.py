"""Django settings, all derived from `shoutu.config`. Nothing here reads the environment."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

from shoutu import config as installation
from shoutu.county.kit.database import databases
from shoutu.county.kit.permissions import ROLES

CONFIG = installation.load()
COUNTY = Path(__file__).resolve().parent
REPOSITORY = COUNTY.parents[2]
FACE = REPOSITORY / "web" / "dist"

SECRET_KEY = CONFIG.secret("django.key")
DEBUG = CONFIG.debug
DEMO = CONFIG.demo
_public = urlsplit(CONFIG.public_url)
SECURE = _public.scheme == "https"
ALLOWED_HOSTS = sorted(
    {
        "localhost",
        "127.0.0.1",
        "[::1]",
        CONFIG.host,
        socket.gethostname(),
        _public.hostname or "localhost",
    }
    - {"0.0.0.0", "::"}
)
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{installation.host_of(CONFIG.public_url)}"]

# In order of dependence: a room may import only rooms above it.
ROOMS = [
    "kit", "ledger", "exchange", "places", "people", "duties", "sites", "papers", "warnings", "weather", "falsified",
    "screen",
]  # fmt: skip
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "axes",
    # A room joins when its app is there.
    *(f"shoutu.county.{room}" for room in ROOMS if (COUNTY / room / "apps.py").exists()),
]

MIDDLEWARE = [
    "shoutu.county.kit.middleware.SecurityHeaders",
    "shoutu.county.kit.files.FaceFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "shoutu.county.kit.middleware.OwnPagesOnly",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "shoutu.county.kit.middleware.SessionLimits",
]
ROOT_URLCONF = "shoutu.county.urls"
ASGI_APPLICATION = "shoutu.county.asgi.application"
APPEND_SLASH = False
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}]

DATABASES = databases(CONFIG.database_url, CONFIG.data / "county.sqlite3")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "shoutu.county.people.backends.PostBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Five wrong passwords for one name from one address: a quarter of an hour's wait.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# What came with a wrong secret is kept for a while: not what may still be a right one at the provider.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "state"]
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
# The session endpoint itself answers 429; axes' own middleware would answer with a page.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]

SESSION_COOKIE_NAME = "shoutu_session"
# Role → (minutes without a touch, hours from signing in). Who is called must be able to see the call, on the phone
# at night and on the wall: they sign in once a month. Those who are never called end by stillness and by the day.
SESSION_LIMITS = {"": (0, 720), "administrator": (30, 12), "auditor": (60, 12)}
if _unknown := set(CONFIG.sessions) - set(ROLES):
    raise installation.SettingError(f"SHOUTU_SESSIONS: no role {min(_unknown)!r}; expected one of {', '.join(ROLES)}")
SESSION_LIMITS |= CONFIG.sessions
# Roles that do nothing before they have a second factor; everybody may have one.
SECOND_FACTOR = CONFIG.second_factor
# How often a minute one account may ask for what is costly: see kit.limits.
LIMITS = {"export": CONFIG.limit_export, "search": CONFIG.limit_search, "read": CONFIG.limit_read}
if _strange := SECOND_FACTOR - set(ROLES):
    raise installation.SettingError(
        f"SHOUTU_SECOND_FACTOR: no role {min(_strange)!r}; expected some of {', '.join(ROLES)}, by commas"
    )
OIDC = CONFIG.oidc
SESSION_COOKIE_AGE = max(hours for _idle, hours in SESSION_LIMITS.values()) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE
CSRF_FAILURE_VIEW = "shoutu.county.kit.views.csrf_failure"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Platforms that may show pages under /embed/ in a frame; every other page nobody may.
EMBED_ORIGINS = CONFIG.embed_origins
EMBED_POLICY = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {' '.join(EMBED_ORIGINS)}")
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [COUNTY / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
WHITENOISE_ROOT = FACE if FACE.is_dir() else None
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Vite names its bundles by content: /assets/index-B3x9_kQa.js
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/.+-[\w-]{8,}\.[\w.]+$"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"axes": {"level": "ERROR"}, "django.request": {"level": "ERROR"}, "httpx": {"level": "WARNING"}},
}
