"""Which migrations this version knows, and which a database has had."""

from __future__ import annotations

from collections.abc import Iterable
from pkgutil import iter_modules
from typing import Any

import asyncpg

from quotaloom import migrations


def known_migrations() -> tuple[str, ...]:
    """The names of this version's migrations, in their order."""
    return tuple(sorted(module.name for module in iter_modules(migrations.__path__)))


async def applied_migrations(connection: asyncpg.Connection[Any]) -> tuple[str, ...]:
    """The names of the migrations that a database has had, in their order; none for an empty one."""
    if await connection.fetchval("SELECT to_regclass('public.tortoise_migrations')") is None:
        return ()
    rows = await connection.fetch("SELECT name FROM public.tortoise_migrations WHERE app = 'quotaloom' ORDER BY name")
    return tuple(row["name"] for row in rows)


def unknown_migrations(applied: Iterable[str]) -> list[str]:
    """Those of a newer version than this one."""
    return sorted(set(applied) - set(known_migrations()))
