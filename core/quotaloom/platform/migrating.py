"""Bringing a database to the present schema, with the administrator's role, while others may be using it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, PlanStep
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor
from tortoise.transactions import in_transaction

from quotaloom.platform.database import credentials, tortoise_config
from quotaloom.platform.errors import InputError
from quotaloom.platform.jobs.storage import install

_LOCK = 7_812_364_001

APPLICATION_GROUP = "quotaloom_app"
"""The role that holds the application's rights; the login role of the application's URL is a member of it."""

MIGRATIONS: Final = "quotaloom.migrations"

LOCK_MS = 500
"""How long a migration waits for tables that others use, all of them together: whoever comes after it waits as long.

Less than PostgreSQL's `deadlock_timeout` (a second, unless it is set): where a migration and those who read wait for
each other, it is the migration that gives way.
"""

GLANCE_SECONDS = 0.05
"""How often a migration is looked at for what it waits for."""

ATTEMPTS, PAUSE_SECONDS = 60, 1.0
"""How often it is tried, and how long others have in between."""

Tell = Callable[[str], object]


class _Blocked(Exception):
    """A migration has waited for tables for too long; nothing of it was done."""


class _Recorder(MigrationRecorder):
    """Raises where the list of migrations cannot be read: Tortoise's own would take it that there are none."""

    async def applied_migrations(self) -> list[MigrationKey]:
        query = "SELECT app, name FROM tortoise_migrations ORDER BY applied_at, app, name"
        _, rows = await self.connection.execute_query(query)
        return [MigrationKey(app_label=row["app"], name=row["name"]) for row in rows]


async def migrate(
    admin_url: str, *, application_role: str, progress: Tell = lambda _: None, migrations: str = MIGRATIONS
) -> None:
    """Apply every migration that is missing, and let `application_role` in; safe to run twice or in parallel.

    Each migration is applied and recorded in one transaction. Servers may go on meanwhile: a migration that does not
    get a table at once lets them pass and is tried again; `InputError` MIGRATION_BLOCKED after a minute or two.
    `application_role` is the login role of the application's URL. It is created, without a password, where it
    does not exist. `progress` is told the name of each migration as it starts.
    """
    guard = await asyncpg.connect(**credentials(admin_url))
    try:
        await guard.execute(f"SELECT pg_advisory_lock({_LOCK})")
        await guard.execute(f"SET lock_timeout = {LOCK_MS}")
        await _apply_all(guard, admin_url, migrations, progress)
        await _patiently(lambda: install(guard, APPLICATION_GROUP))
        await _patiently(lambda: guard.execute(_let_in(application_role)))
    finally:
        await guard.close()


async def _apply_all(guard: asyncpg.Connection[Any], admin_url: str, migrations: str, progress: Tell) -> None:
    config = tortoise_config(admin_url, 2)
    config["apps"]["quotaloom"]["migrations"] = migrations
    config["connections"]["default"]["credentials"]["server_settings"]["lock_timeout"] = str(LOCK_MS)
    async with TortoiseContext() as context:
        await context.init(config=config)
        client = context.connections.get("default")
        assert isinstance(client, AsyncpgDBClient)
        executor = MigrationExecutor(client, config["apps"])
        executor.recorder = executor.loader.recorder = _Recorder(client)
        # A back-up that is being restored holds even the list of migrations until it is there.
        await _patiently(lambda: executor.recorder.ensure_schema(AsyncpgSchemaEditor(client, atomic=False)))
        steps: list[PlanStep] = []

        async def plan() -> None:
            steps.extend(await executor.plan())

        await _patiently(plan)
        for step in steps:
            progress(step.migration.name)
            await _patiently(partial(_apply, guard, executor, client, step))


async def _apply(
    guard: asyncpg.Connection[Any], executor: MigrationExecutor, client: AsyncpgDBClient, step: PlanStep
) -> None:
    """Apply one migration and record it: both or neither, unless it says of itself that it is not atomic."""
    migration = step.migration
    applied = set(await executor.recorder.applied_migrations())
    state = await executor._project_state(applied, upto=MigrationKey(migration.app_label, migration.name))
    editor = AsyncpgSchemaEditor(client, atomic=migration.atomic)
    if not migration.atomic:
        await migration.apply(state, dry_run=False, schema_editor=editor)
        await executor.recorder.record_applied(migration.app_label, migration.name)
        return
    async with in_transaction(client.connection_name) as transaction, _giving_way(guard, transaction):
        editor.client = transaction
        await migration.apply(state, dry_run=False, schema_editor=editor)
        await MigrationRecorder(transaction).record_applied(migration.app_label, migration.name)


@asynccontextmanager
async def _giving_way(guard: asyncpg.Connection[Any], transaction: TransactionalDBClient) -> AsyncIterator[None]:
    """Break the block's statements off once they have waited for `LOCK_MS` in all: it keeps what it has got meanwhile.

    PostgreSQL's own `lock_timeout` is for each table by itself.
    """
    (found,) = await transaction.execute_query_dict("SELECT pg_backend_pid() AS pid")
    over = asyncio.Event()
    watch = asyncio.create_task(_watch(guard, found["pid"], over))
    try:
        yield
    except asyncpg.QueryCanceledError as error:
        if over.is_set():
            raise _Blocked("it waited too long in all for several tables") from error
        raise
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def _watch(guard: asyncpg.Connection[Any], pid: int, over: asyncio.Event) -> None:
    waited = 0.0
    while waited < LOCK_MS / 1000:
        await asyncio.sleep(GLANCE_SECONDS)
        if await guard.fetchval("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1", pid):
            waited += GLANCE_SECONDS
    over.set()
    await guard.execute("SELECT pg_cancel_backend($1)", pid)


async def _patiently(work: Callable[[], Awaitable[Any]]) -> None:
    """Do something to tables that others use: not at once means later, and them first."""
    for number in range(ATTEMPTS):
        try:
            await work()
            return
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, _Blocked) as error:
            blocked = error
        if number < ATTEMPTS - 1:
            await asyncio.sleep(PAUSE_SECONDS)
    raise InputError(
        "MIGRATION_BLOCKED",
        f"A migration cannot change a table that somebody holds for minutes ({blocked}). Nothing of it was done. End "
        "the long transaction (pg_stat_activity shows it), and run `quotaloom migrate` again.",
    )


def _let_in(role: str) -> str:
    quoted, name = role.replace("'", "''"), '"' + role.replace('"', '""') + '"'
    return f"""
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{quoted}') THEN CREATE ROLE {name} LOGIN; END IF;
        IF NOT pg_has_role('{quoted}', '{APPLICATION_GROUP}', 'member') THEN
            GRANT {APPLICATION_GROUP} TO {name};
        END IF;
    END $$
    """
