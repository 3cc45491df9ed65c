"""One process with the embedded server."""

import asyncio
import os
import socket
from pathlib import Path

import asyncpg
import pytest

from quotaloom.platform.embedded import EmbeddedError, EmbeddedPostgres, temporary_postgres
from tests.integration.embedded.conftest import ask, is_over, kill


def test_it_is_postgresql_18_with_unicode_text_and_utc(data: Path) -> None:
    """The first start makes a UTF-8 database of PostgreSQL 18 whose clock runs in UTC."""
    with EmbeddedPostgres(data, fsync=False) as server:
        assert str(ask(server, "SHOW server_version")).startswith("18.")
        assert ask(server, "SHOW server_encoding") == "UTF8"
        assert ask(server, "SHOW timezone") == "UTC"
        assert ask(server, "SELECT upper('café 销售')") == "CAFÉ 销售"


def test_stopping_leaves_no_process_and_the_data_stay(data: Path) -> None:
    """After `stop` nothing of the server runs, and the next start finds what was written."""
    with EmbeddedPostgres(data) as server:
        ask(server, "CREATE TABLE kept AS SELECT 7 AS figure", "SELECT 1")
    assert is_over(data)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    with EmbeddedPostgres(data) as server:
        assert ask(server, "SELECT figure FROM kept") == 7


def test_it_listens_on_a_private_socket_only(data: Path) -> None:
    """No network address is listened on, and only the server's account may enter the socket's folder."""
    with EmbeddedPostgres(data, fsync=False) as server:
        assert ask(server, "SHOW listen_addresses") == ""
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700


def test_a_long_path_gets_a_short_socket(data: Path) -> None:
    """A data folder whose path no socket may have (over 103 bytes) works all the same."""
    long = data / ("d" * 60) / ("e" * 60)
    with EmbeddedPostgres(long, fsync=False) as server:
        assert ask(server, "SELECT 1") == 1
        assert len(bytes(server.socket_dir / ".s.PGSQL.5432")) <= 103
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
    server.socket_dir.rmdir()


def test_the_number_of_connections_is_the_callers(data: Path) -> None:
    """`max_connections` reaches the server."""
    with EmbeddedPostgres(data, fsync=False, max_connections=23) as server:
        assert ask(server, "SHOW max_connections") == "23"


def test_a_killed_server_is_recovered(data: Path) -> None:
    """After SIGKILL of PostgreSQL the next start recovers every acknowledged write."""
    postgres = EmbeddedPostgres(data)
    server = postgres.start()
    ask(server, "CREATE TABLE kept AS SELECT 42 AS figure", "SELECT 1")
    kill(server.pid)
    postgres.stop()
    with EmbeddedPostgres(data) as again:
        assert again.pid != server.pid
        assert ask(again, "SELECT figure FROM kept") == 42


def test_a_dead_servers_number_may_belong_to_somebody_else(data: Path) -> None:
    """A stale pid file that names a living process, as after a container's restart, does not block the start."""
    with EmbeddedPostgres(data, fsync=False) as server:
        pid_file = data / "postgres" / "postmaster.pid"
        stale = pid_file.read_text().replace(str(server.pid), str(os.getppid()), 1)
    pid_file.write_text(stale)
    with EmbeddedPostgres(data, fsync=False) as server:
        assert ask(server, "SELECT 1") == 1


def test_a_dead_servers_socket_lock_may_name_somebody_else(data: Path) -> None:
    """The lock file beside the socket is no obstacle either, when its number belongs to a living process."""
    with EmbeddedPostgres(data) as server:
        sockets = server.socket_dir
    lock = sockets / ".s.PGSQL.5432.lock"
    lock.write_text(f"{os.getpid()}\n{data}\n0\n5432\n{sockets}\n")
    with EmbeddedPostgres(data) as server:
        assert ask(server, "SELECT 1") == 1


def test_an_unfinished_first_start_is_swept_away(data: Path) -> None:
    """What a killed initdb left behind is removed and a whole database made."""
    leftover = data / "postgres.new-abc"
    leftover.mkdir(parents=True)
    data.chmod(0o711)
    (leftover / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data, fsync=False) as server:
        assert ask(server, "SELECT 1") == 1
    assert not leftover.exists()


def test_a_database_of_another_version_is_refused(data: Path) -> None:
    """A cluster of PostgreSQL 16 is left alone, and the message says what to do."""
    with EmbeddedPostgres(data, fsync=False):
        pass
    (data / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 16.*QUOTALOOM_DATA_DIR"):
        EmbeddedPostgres(data).start()
    assert is_over(data)


def test_a_server_that_cannot_start_says_why(data: Path) -> None:
    """The error carries the end of PostgreSQL's own log, and the next start is free to try."""
    with EmbeddedPostgres(data, fsync=False):
        pass
    configuration = data / "postgres" / "postgresql.conf"
    before = configuration.read_text()
    configuration.write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        EmbeddedPostgres(data).start()
    configuration.write_text(before)
    with EmbeddedPostgres(data, fsync=False) as server:
        assert ask(server, "SELECT 1") == 1


def test_a_temporary_server_leaves_nothing() -> None:
    """The server for test runs takes its folders along when it ends."""
    with temporary_postgres() as server:
        assert ask(server, "SHOW fsync") == "off"
    assert not server.socket_dir.exists()
    assert not server.socket_dir.parent.parent.exists()


def test_an_open_connection_does_not_delay_the_end(data: Path) -> None:
    """A client that stays connected is cut off by the fast shutdown."""
    with EmbeddedPostgres(data, fsync=False) as server:
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(server.socket_dir / f".s.PGSQL.{server.port}"))
    client.close()
    assert is_over(data)


def test_an_address_quotes_what_needs_it(data: Path) -> None:
    """Roles and database names with special characters arrive whole."""

    async def current_user() -> object:
        connection = await asyncpg.connect(server.url("postgres", "a b/c@d"))
        try:
            user: object = await connection.fetchval("SELECT current_user")
            return user
        finally:
            await connection.close()

    with EmbeddedPostgres(data, fsync=False) as server:
        ask(server, 'CREATE ROLE "a b/c@d" LOGIN', "SELECT 1")
        assert asyncio.run(current_user()) == "a b/c@d"
