"""All addresses of the county's web process."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings
from django.urls import path, re_path

from shoutu.county.kit import live, metrics, views
from shoutu.county.kit.api import api, internal
from shoutu.county.places import face

# Each room's `api` module offers `router` (public) and, where wings call it, `wing_router`.
for _room in settings.ROOMS:
    if apps.is_installed(f"shoutu.county.{_room}"):
        for _name in ("api", "endpoints"):
            _module = f"shoutu.county.{_room}.{_name}"
            if find_spec(_module) is not None:
                _part = import_module(_module)
                if hasattr(_part, "router"):
                    api.add_router("", _part.router, tags=[_room])
                if hasattr(_part, "wing_router"):
                    internal.add_router("", _part.wing_router, tags=[_room])

handler400 = views.bad
handler404 = views.missing
handler500 = views.failed

urlpatterns = [
    path("api/v1/", api.urls),
    path("internal/v1/", internal.urls),
    path("live/events", live.events),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("metrics", metrics.metrics),
    path("manifest.webmanifest", face.manifest),
    path("sw.js", face.service_worker),
    re_path(r"^(?P<path>.*)$", views.face),
]
