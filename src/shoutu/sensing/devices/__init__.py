"""The doors at which we call: registered devices are asked by us, and their readings taken as at any door."""

from shoutu.sensing.devices.hub import DevicesHandle, serve_devices

__all__ = ["DevicesHandle", "serve_devices"]
