"""``shoutu up`` itself: says up when all is up and not before, ends when told to, and can always be started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shoutu.supervisor import STOP_PATIENCE_S
from tests.stack import Api, Promise, Stack, running, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
PARTS = ("web", "pipeline", "worker")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def launched(stack: Stack) -> subprocess.Popen[bytes]:
    """The command, not waited for."""
    with stack.output.open("ab") as output:
        stack.process = subprocess.Popen(
            [sys.executable, "-m", "shoutu.cli", "up", *(["--demo"] if stack.demo else [])],
            env=stack.environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    return stack.process


def test_up_is_said_when_every_part_is_ready_and_ctrl_c_ends_all(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "var")
    process = launched(stack)
    try:
        pids = {}
        for name in PARTS:
            pids[name] = until(lambda name=name: stack.pid(name), 60, f"{name} is started")
            os.kill(pids[name], signal.SIGSTOP)
        for name in PARTS:
            log = re.escape(str(stack.data / "log" / f"{name}.log"))
            said = rf"{name} is not ready yet after \d+ s / 尚未就绪; see {log}; waiting on"
            until(lambda said=said: re.search(said, stack.console()), 30, f"{name} is named as not ready")
        for name in ("web", "pipeline"):
            os.kill(pids[name], signal.SIGCONT)
            until(lambda name=name: f"{name} is ready now" in stack.console(), 60, f"{name} is said to be ready")
        assert "up in" not in stack.console(), "the worker does not run: nobody watches"
        os.kill(pids["worker"], signal.SIGCONT)
        until(lambda: "up in" in stack.console(), 60, "up, at last")
        assert "worker is ready now" in stack.console()

        process.send_signal(signal.SIGINT)
        with Promise(STOP_PATIENCE_S + 2):
            assert process.wait(120) == 0, stack.console()
        assert "killing it" not in stack.console()
        assert [name for name in PARTS if alive(pids[name])] == []
    finally:
        if process.poll() is None:
            process.kill()


@pytest.mark.full
def test_worker_that_comes_after_a_killed_one_is_waited_for(tmp_path: Path) -> None:
    """The beat and the file of the one before say nothing of the one that is starting."""
    with running(tmp_path / "var") as stack:
        before = stack.pid("worker")
        assert stack.process is not None
        stack.process.kill()
        stack.process.wait()
        until(lambda: not alive(before), 30, "no orphan")
        (stack.data / "run" / "worker.ready").write_text(str(before))
        process = launched(stack)
        pid = until(lambda: stack.pid("worker") not in (0, before) and stack.pid("worker"), 60, "the next worker")
        os.kill(pid, signal.SIGSTOP)
        until(lambda: "worker is not ready yet" in stack.console(), 60, "it is named")
        assert stack.console().count("up in") == 1
        os.kill(pid, signal.SIGCONT)
        until(lambda: stack.console().count("up in") == 2, 60, "up again")
        assert process.poll() is None


@pytest.mark.full
def test_ctrl_c_while_the_demo_is_loaded_leaves_a_directory_that_starts(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "var", demo=True)
    process = launched(stack)
    database = stack.data / "county.sqlite3"
    until(lambda: any(stack.data.glob("*.sqlite3-wal")) or database.exists(), 60, "the loading has begun")
    journal_grows = lambda: sum(p.stat().st_size for p in stack.data.glob("*.sqlite3*")) > 1_000_000  # noqa: E731
    until(journal_grows, 60, "the loading is under way")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    until(lambda: process.poll() is not None, 30, "it ends when it is told to")
    assert process.returncode == 130, stack.console()
    assert "stopped while preparing" in stack.console()
    assert "up in" not in stack.console()
    assert "Traceback" not in stack.console()
    with running(stack.data, demo=True) as again:
        logins = Api(again.url).get("/hello")["demo_users"]
        assert "duty" in {login["username"] for login in logins}
        (login,) = [login for login in logins if login["username"] == "duty"]
        officer = again.login(login["username"], login["password"])
        assert officer.get("/sites")["items"]
        assert again.stop() == 0
