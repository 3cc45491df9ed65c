"""Bringing a database to the present schema, with the administrator's role, while others may be using it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
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

LOCK_MS = 1_000
"""How long a migration waits for a table that somebody uses: whoever comes after it waits as long."""

ATTEMPTS, PAUSE_SECONDS = 60, 1.0
"""How often it is tried, and how long others have in between."""

Tell = Callable[[str], object]


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
        await _apply_all(admin_url, migrations, progress)
        await _patiently(lambda: install(guard, APPLICATION_GROUP))
        await _patiently(lambda: guard.execute(_let_in(application_role)))
    finally:
        await guard.close()


async def _apply_all(admin_url: str, migrations: str, progress: Tell) -> None:
    config = tortoise_config(admin_url, 2)
    config["apps"]["quotaloom"]["migrations"] = migrations
    config["connections"]["default"]["credentials"]["server_settings"]["lock_timeout"] = str(LOCK_MS)
    async with TortoiseContext() as context:
        await context.init(config=config)
        client = context.connections.get("default")
        assert isinstance(client, AsyncpgDBClient)
        executor = MigrationExecutor(client, config["apps"])
        await executor.recorder.ensure_schema(AsyncpgSchemaEditor(client, atomic=False))
        for step in await executor.plan():
            progress(step.migration.name)
            await _patiently(partial(_apply, executor, client, step))


async def _apply(executor: MigrationExecutor, client: AsyncpgDBClient, step: PlanStep) -> None:
    """Apply one migration and record it: both or neither, unless it says of itself that it is not atomic."""
    migration = step.migration
    applied = set(await executor.recorder.applied_migrations())
    state = await executor._project_state(applied, upto=MigrationKey(migration.app_label, migration.name))
    editor = AsyncpgSchemaEditor(client, atomic=migration.atomic)
    if not migration.atomic:
        await migration.apply(state, dry_run=False, schema_editor=editor)
        await executor.recorder.record_applied(migration.app_label, migration.name)
        return
    async with in_transaction(client.connection_name) as transaction:
        editor.client = transaction
        await migration.apply(state, dry_run=False, schema_editor=editor)
        await MigrationRecorder(transaction).record_applied(migration.app_label, migration.name)


async def _patiently(work: Callable[[], Awaitable[Any]]) -> None:
    """Do something to tables that others use: not at once means later, and them first."""
    for number in range(ATTEMPTS):
        try:
            await work()
            return
        except asyncpg.LockNotAvailableError as error:
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
