"""The database of one command: named by the settings, or the embedded one, started or joined."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg
from tortoise.exceptions import DBConnectionError

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.embedded import SUPERUSER, EmbeddedPostgres, EmbeddedServer
from quotaloom.platform.errors import InputError
from quotaloom.platform.migrating import migrate
from quotaloom.platform.schema_versions import applied_migrations, known_migrations, unknown_migrations
from quotaloom.platform.settings import Settings
from quotaloom_server.output import ASIDE
from quotaloom_server.signals import run

DATABASE = "quotaloom"
ROLE = "quotaloom"
LISTENING = 5
"""Connections of each serving process beside its pool: for what clients and plugins are told of, for jobs, for /health,
and to look at whose access may have been withdrawn.
"""

CONNECTIONS_BESIDES = 40
"""Connections of the embedded server that are kept for commands beside the serving processes."""

_CONNECTING = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, DBConnectionError)
_OUTDATED = (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError, asyncpg.UndefinedColumnError)


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """Addresses of one database: for the application's role, and for the one that owns the tables."""

    application: str
    admin: str
    embedded: bool


@contextmanager
def database_urls(settings: Settings) -> Iterator[DatabaseUrls]:
    """A database that answers, for as long as the block runs.

    The embedded one is started or, where it runs already, joined; it stops with the last process that leaves.
    Raises `EmbeddedError`, or `InputError` DATABASE_UNREACHABLE for a database of the installation's own.
    """
    if settings.database_url is not None and settings.admin_database_url is not None:
        run(_reach(settings.admin_database_url))
        yield DatabaseUrls(settings.database_url, settings.admin_database_url, embedded=False)
        return
    of_one = settings.database_pool_size + LISTENING
    connections = max(100, settings.workers * of_one + CONNECTIONS_BESIDES)
    with EmbeddedPostgres(settings.data_dir, max_connections=connections) as server:
        run(_ensure_database(server))
        yield DatabaseUrls(server.url(DATABASE, ROLE), server.url(DATABASE, SUPERUSER), embedded=True)


async def bring_up_to_date(urls: DatabaseUrls, progress: Callable[[str], object] = lambda _: None) -> None:
    """Apply the migrations that are missing; `progress` is told the name of each as it starts."""
    await migrate(urls.admin, application_role=credentials(urls.application)["user"], progress=progress)


@asynccontextmanager
async def connected(settings: Settings, urls: DatabaseUrls) -> AsyncIterator[Database]:
    """The database as a command uses it, closed at the end.

    The embedded one is brought up to date first. One of the installation's own is not touched: `InputError`
    DATABASE_OUTDATED tells to migrate it. One that is newer than we are is told of, and used.
    """
    if urls.embedded:
        await bring_up_to_date(urls)
    await _compare_versions(urls)
    database = Database(
        urls.application,
        pool_size=settings.database_pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
    )
    try:
        await database.connect()
    except RuntimeError as error:
        raise InputError("ROLE_BYPASSES_SECURITY", f"{error}.") from None
    except (*_CONNECTING, ValueError) as error:
        raise _unreachable("QUOTALOOM_DATABASE_URL", urls.application, error) from None
    try:
        yield database
    except _OUTDATED:
        raise InputError(
            "DATABASE_OUTDATED", "The database lacks tables of this version. Run `quotaloom migrate` first."
        ) from None
    finally:
        await database.close()


async def _compare_versions(urls: DatabaseUrls) -> None:
    """While an update is under way, the old version serves a database that has had the new one's migrations."""
    connection = await asyncpg.connect(**credentials(urls.admin))
    try:
        applied = await applied_migrations(connection)
    finally:
        await connection.close()
    if missing := [name for name in known_migrations() if name not in applied]:
        raise InputError(
            "DATABASE_OUTDATED",
            f"The database is older than this version: it lacks {', '.join(missing)}. Run `quotaloom migrate` first.",
        )
    if newer := unknown_migrations(applied):
        ASIDE.print(
            f"The database is newer than this version of Quotaloom: it has had {', '.join(newer)}. That is right while "
            "an update is under way; otherwise start the version that the database is of."
        )


async def _reach(admin_url: str) -> None:
    try:
        connection = await asyncpg.connect(**credentials(admin_url), timeout=15)
    except (*_CONNECTING, ValueError) as error:
        raise _unreachable("QUOTALOOM_ADMIN_DATABASE_URL", admin_url, error) from None
    await connection.close()


def _unreachable(variable: str, url: str, error: Exception) -> InputError:
    parts = urlsplit(url)
    where = f"{parts.hostname or 'localhost'}{parts.path}"  # never the password
    reason = str(error).strip().rstrip(".") or type(error).__name__
    return InputError(
        "DATABASE_UNREACHABLE",
        f"The database that {variable} names ({where}) does not let us in: {reason}.\n"
        "Check that PostgreSQL runs there and that the role, its password and the database exist.",
    )


async def _ensure_database(server: EmbeddedServer) -> None:
    connection = await asyncpg.connect(**credentials(server.url("postgres", SUPERUSER)))
    try:
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' TEMPLATE template0")
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        pass  # another process that started at the same moment made it
    finally:
        await connection.close()
