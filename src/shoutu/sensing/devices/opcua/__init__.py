"""OPC UA: what changes on a server is subscribed to, and what stands still is read again."""

from shoutu.sensing.devices.opcua.session import hold_opcua

__all__ = ["hold_opcua"]
