"""A start that is broken off while the server comes up."""

import signal
import subprocess
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped] # it ships no types

from quotaloom.platform.embedded import EmbeddedPostgres
from tests.integration.embedded.conftest import Hold, is_over

SECONDS = 30.0


def test_a_signal_while_the_server_comes_up_ends_both_soon(data: Path, hold: Hold) -> None:
    """The server is halted before it has written its pid file, and goes on a second after the signal.

    The process waits for it and ends it as soon as it is known, instead of waiting out a minute first.
    """
    with EmbeddedPostgres(data, fsync=False):
        pass
    process = hold(data)
    server = launched_by(process)
    server.suspend()
    process.send_signal(signal.SIGTERM)
    time.sleep(1)
    assert process.poll() is None
    server.resume()
    assert process.wait(timeout=SECONDS) == 128 + signal.SIGTERM
    assert is_over(data)


def launched_by(process: "subprocess.Popen[str]") -> psutil.Process:
    """The server as soon as it is there."""
    parent, deadline = psutil.Process(process.pid), time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for child in parent.children():
            if "-D" in child.cmdline():
                return child
    raise AssertionError("no server was launched")
