"""The HTTP door: ``POST /ingest/v1/readings``, the pipeline's local queries, health and metrics."""

from shoutu.sensing.http.server import HttpHandle, serve_http

__all__ = ["HttpHandle", "serve_http"]
