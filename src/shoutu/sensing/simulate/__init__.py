"""Simulated sensors over the real doors, for the demo county: ``shoutu simulate``."""

from __future__ import annotations

import logging
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from shoutu.config import Config, SettingError
from shoutu.sensing.simulate.gateway import Gateway, HttpLink, Link, MqttLink
from shoutu.sensing.simulate.plan import Plan, Sensor, load_plan
from shoutu.stopping import stop_on_signals

log = logging.getLogger("shoutu.simulate")
STATE_SECONDS = 5.0

__all__ = ["Plan", "Sensor", "Simulation", "load_plan", "simulate_command"]


@dataclass(frozen=True)
class Doors:
    """Where the doors are."""

    url: str
    mqtt_host: str
    mqtt_port: int


class Simulation:
    """All gateways of a plan; what each sensor sent last is kept in ``state`` across starts."""

    def __init__(self, plan: Plan, doors: Doors, state: Path, now: float | None = None) -> None:
        self.state = state
        self.stop = threading.Event()
        begin = int((time.time() if now is None else now) * 1000)
        oldest = begin - int(plan.history_s * 1000)
        remembered = _remembered(state)
        groups: dict[tuple[str, str], list[Sensor]] = {}
        for sensor in plan.sensors:
            groups.setdefault((sensor.door, sensor.token), []).append(sensor)
        self.gateways = []
        for number, ((door, token), sensors) in enumerate(groups.items()):
            sent = {s.address: max(remembered.get(s.address, 0), oldest) for s in sensors}
            link = self._link(door, token, doors, number)
            self.gateways.append(Gateway(link, sensors, plan.seed, sent))

    def _link(self, door: str, token: str, doors: Doors, number: int) -> Link:
        if door == "http":
            return HttpLink(doors.url, token)
        return MqttLink(doors.mqtt_host, doors.mqtt_port, token, f"simulated-gateway-{number}", self.stop)

    def run(self) -> None:
        """Speak until ``stop`` is set."""
        threads = [threading.Thread(target=g.run, args=(self.stop,), daemon=True) for g in self.gateways]
        for thread in threads:
            thread.start()
        while not self.stop.wait(STATE_SECONDS):
            self.remember()
        for thread in threads:
            thread.join(5)
        self.remember()

    def remember(self) -> None:
        """Note what each sensor sent last."""
        sent = {address: ts for gateway in self.gateways for address, ts in dict(gateway.sent).items()}
        draft = self.state.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(sent))
        draft.replace(self.state)


def _remembered(state: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(state.read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError):
        return {}


def driven(plan: Plan, scenario: str) -> Plan:
    """The plan with one more sensor driven: ``ADDRESS=PEAK``. Raises SettingError when there is none such."""
    address, _, peak = scenario.rpartition("=")
    try:
        value = float(peak)
    except ValueError:
        raise SettingError(f"--scenario {scenario!r}: expected ADDRESS=PEAK, such as SW-01=614.2") from None
    if address not in {s.address for s in plan.sensors}:
        raise SettingError(f"--scenario: no sensor {address!r} in the plan")
    sensors = [
        msgspec.structs.replace(s, scenario="to_red", peak=value) if s.address == address else s for s in plan.sensors
    ]
    return msgspec.structs.replace(plan, sensors=sensors)


def doors_of(config: Config) -> Doors:
    """The doors of the pipeline that runs with these settings."""
    return Doors(f"http://{config.ingest_host}:{config.ingest_port}", config.mqtt_host, config.mqtt_port)


@click.command("simulate")
@click.option(
    "--plan",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="方案文件，默认 SHOUTU_DATA/run/simulate.json / the plan",
)
@click.option(
    "--scenario",
    multiple=True,
    metavar="ADDRESS=PEAK",
    help="一分钟内将该测点推至此值 / drive this point there within a minute",
)
def simulate_command(path: Path | None, scenario: tuple[str, ...]) -> None:
    """运行演示县的模拟传感器 / run the simulated sensors of the demo county over the real doors."""
    from shoutu.config import load

    config = load()
    config.ensure()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    plan = load_plan(path or config.run / "simulate.json")
    for wish in scenario:
        plan = driven(plan, wish)
    simulation = Simulation(plan, doors_of(config), config.run / "simulate-state.json")
    stop_on_signals(simulation.stop)
    log.info("%d sensors through %d gateways", len(plan.sensors), len(simulation.gateways))
    simulation.run()
