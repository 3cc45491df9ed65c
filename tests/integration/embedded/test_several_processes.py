"""Several processes that share, kill and inherit one embedded server."""

import signal
import time
from pathlib import Path

import asyncpg
import pytest

from quotaloom.platform.embedded import EmbeddedPostgres, EmbeddedServer
from tests.integration.embedded.conftest import Hold, ask, is_over, kill, leave, server_of
from tests.integration.server.processes import wait_for


def test_the_last_of_two_processes_stops_the_server(data: Path, hold: Hold) -> None:
    """Two processes use one server; it outlives the one that started it and ends with the other."""
    starter = hold(data)
    server = server_of(starter)
    joiner = hold(data)
    assert server_of(joiner) == server
    leave(starter)
    assert not is_over(data)
    leave(joiner)
    assert is_over(data)


def test_two_first_starts_at_once_make_one_database(data: Path, hold: Hold) -> None:
    """Processes that start together on an empty folder end up with the same server."""
    together = [hold(data) for _ in range(3)]
    assert len({server_of(process) for process in together}) == 1
    for process in together:
        leave(process)
    assert is_over(data)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_process_and_server(data: Path, hold: Hold, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the process with 128 plus the signal's number, and the server first."""
    process = hold(data)
    server_of(process)
    process.send_signal(number)
    assert process.wait(timeout=60) == 128 + number
    assert is_over(data)


def test_an_orphan_is_adopted_and_ended(data: Path, hold: Hold) -> None:
    """The server of a killed process is taken over by the next one, data and all, and stopped at its exit."""
    process = hold(data)
    server = server_of(process)
    process.kill()
    process.wait()
    assert not is_over(data)
    with EmbeddedPostgres(data) as adopted:
        assert adopted.pid == server
        assert ask(adopted, "SELECT 1") == 1
    assert is_over(data)


def test_a_first_start_killed_halfway_is_repeated(data: Path, hold: Hold) -> None:
    """Wherever SIGKILL meets the making of the database, the next start has a whole one."""
    for seconds in (0.15, 0.25, 0.35, 0.5):
        process = hold(data)
        time.sleep(seconds)
        process.kill()
        process.wait()
    with EmbeddedPostgres(data, fsync=False) as server:
        assert ask(server, "SELECT count(*) FROM pg_database") == 3
    assert is_over(data)


def test_a_process_that_joins_keeps_the_server_when_the_starter_is_killed(data: Path, hold: Hold) -> None:
    """A killed starter takes nothing from those who share its server."""
    starter = hold(data)
    server_of(starter)
    with EmbeddedPostgres(data) as shared:
        starter.kill()
        starter.wait()
        assert ask(shared, "SELECT 1") == 1
    assert is_over(data)


def test_a_server_that_dies_while_it_is_used_comes_back_once(data: Path, hold: Hold) -> None:
    """Of two processes that use it one starts it again, at the same address, with everything that was written and room
    for as many connections as before; it still ends with the last of them."""
    with EmbeddedPostgres(data, max_connections=137) as server:
        ask(server, "CREATE TABLE kept AS SELECT 42 AS figure", "SELECT 1")
        other = hold(data)
        assert server_of(other) == server.pid
        kill(server.pid)
        wait_for(lambda: answers(server))
        assert ask(server, "SELECT figure FROM kept") == 42
        assert ask(server, "SHOW max_connections") == "137"
        leave(other)
    assert is_over(data)


def answers(server: EmbeddedServer) -> bool:
    """Whether the server is there."""
    try:
        return ask(server, "SELECT 1") == 1
    except (OSError, asyncpg.PostgresError):
        return False


def test_starting_again_takes_under_a_second(data: Path) -> None:
    """A folder that exists is up at once; the bound leaves room for a busy machine."""
    with EmbeddedPostgres(data, fsync=False):
        pass
    began = time.monotonic()
    with EmbeddedPostgres(data, fsync=False):
        assert time.monotonic() - began < 5
