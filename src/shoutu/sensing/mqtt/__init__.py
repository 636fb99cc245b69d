"""The MQTT door: a listener, and no broker, for MQTT 3.1.1 and 5, acknowledged after the group commit."""

from shoutu.sensing.mqtt.server import MqttHandle, serve_mqtt

__all__ = ["MqttHandle", "serve_mqtt"]
