"""The steady clock never goes back, whatever is done to the machine's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shoutu.sensing.core_clock import SteadyClock

T = 1_793_500_000_000


class Machine:
    def __init__(self) -> None:
        self.wall, self.elapsed = T, 5_000

    def clock(self, floor: int = 0) -> SteadyClock:
        return SteadyClock(floor, lambda: self.wall, lambda: self.elapsed)

    def pass_(self, ms: int, jump: int = 0) -> None:
        self.elapsed += ms
        self.wall += ms + jump


def test_follows_the_wall_clock() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_(1000)
    assert clock.read() == (T + 1000, 0)
    assert clock.state()["jumps_back"] == clock.state()["jumps_ahead"] == 0


def test_set_back_an_hour_goes_on_at_half_speed_until_the_wall_has_caught_up() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_(1000, -3_600_000)
    assert clock.now() == T + 500
    for _ in range(3_600 * 2 + 10):
        machine.pass_(1000)
        clock.read()
    assert clock.read() == (machine.wall, 0)
    assert clock.state()["jumps_back"] == 1
    assert clock.state()["last_jump_ms"] == -3_600_000


def test_half_speed_does_not_depend_on_how_often_it_is_asked() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_(0, -3_600_000)
    for _ in range(1001):
        machine.pass_(1)
        clock.read()
    assert clock.now() == T + 500


def test_set_ahead_is_followed_and_told() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_(1000, 3_600_000)
    assert clock.now() == T + 3_601_000
    assert clock.state()["jumps_ahead"] == 1


def test_starts_not_before_the_last_tick_it_gave() -> None:
    machine = Machine()
    clock = machine.clock(floor=T + 60_000)
    assert clock.now() >= T + 60_000
    assert clock.state()["jumps_back"] == 1
    assert clock.state()["ahead_of_wall_ms"] == 60_000


@given(st.lists(st.tuples(st.integers(0, 5_000), st.one_of(st.just(0), st.integers(-(10**9), 10**9))), max_size=60))
def test_never_goes_back_and_never_stands_still_for_long(steps: list[tuple[int, int]]) -> None:
    machine = Machine()
    clock = machine.clock()
    last, floor = clock.now(), 0
    for ms, jump in steps:
        machine.pass_(ms, jump)
        now, offset = clock.read()
        assert now >= last
        floor += ms
        assert now >= T + floor // 2
        assert now == machine.wall + offset
        assert offset >= 0
        last = now
