"""The HJ 212 door: data loggers that speak HJ 212-2017 (or 2005) over TCP, answered after the group commit."""

from shoutu.sensing.hj212.server import Hj212Handle, serve_hj212

__all__ = ["Hj212Handle", "serve_hj212"]
