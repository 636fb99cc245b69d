"""Modbus TCP: registers and bits of a device are asked for at a fixed pace."""

from shoutu.sensing.devices.modbus.poll import hold_modbus

__all__ = ["hold_modbus"]
