"""Bringing a database to the present schema, with the administrator's role."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor

from quotaloom.platform.database import credentials, tortoise_config
from quotaloom.platform.jobs.storage import install

_LOCK = 7_812_364_001

APPLICATION_GROUP = "quotaloom_app"
"""The role that holds the application's rights; the login role of the application's URL is a member of it."""


async def migrate(admin_url: str, *, application_role: str, progress: Callable[[str], object] = lambda _: None) -> None:
    """Apply every migration that is missing, and let `application_role` in; safe to run twice or in parallel.

    `application_role` is the login role of the application's URL. It is created, without a password, where it
    does not exist. `progress` is told the name of each migration as it starts.
    """
    guard = await asyncpg.connect(**credentials(admin_url))
    try:
        await guard.execute(f"SELECT pg_advisory_lock({_LOCK})")
        config = tortoise_config(admin_url, 2)
        async with TortoiseContext() as context:
            await context.init(config=config)
            executor = MigrationExecutor(context.connections.get("default"), config["apps"])
            await executor.migrate(None, progress=lambda event, _, name: _tell(progress, event, name))
        await install(guard, APPLICATION_GROUP)
        await guard.execute(_let_in(application_role))
    finally:
        await guard.close()


def _tell(progress: Callable[[str], object], event: str, name: str) -> None:
    if event == "apply_start":
        progress(name)


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
