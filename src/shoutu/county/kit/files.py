"""The files of the face, served by this process; a face built anew needs no restart."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

_BUNDLES = "/assets/"


class FaceFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # whitenoise carries no types
    """WhiteNoise lists the files once, at the start. This lists them again when a bundle is asked for that it does
    not know and the directory has changed since, so that a running web serves the face built meanwhile. Bundles are
    named by content: one that is gone answers 404, one that is there never changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self._seen = self._changed()
        self._looking = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path not in self.files and path.startswith(_BUNDLES):
            self._look_again()
        try:
            answer: HttpResponseBase = super().__call__(request)
        except FileNotFoundError:
            if self.files.pop(path, None) is None:
                raise
            return HttpResponse(status=404, headers={"Cache-Control": "no-store"})
        return answer

    def _look_again(self) -> None:
        # A service worker asks for all bundles of a new build at once: who comes second waits for the list.
        with self._looking:
            changed = self._changed()
            if changed and changed != self._seen:
                self.add_files(str(settings.FACE))
                self._seen = changed

    @staticmethod
    def _changed() -> int:
        """When a bundle was last added or taken away, in ns; 0 when the face is not built."""
        bundles = Path(settings.FACE) / _BUNDLES.strip("/")
        return bundles.stat().st_mtime_ns if bundles.is_dir() else 0
