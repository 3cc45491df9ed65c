"""Statements that are prepared already, which is what most reads are.

asyncpg looks on the way to each whether somebody else uses the connection, and how much of its time is left. That of a
snapshot is used by one alone, in turns, so that all of this is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg


async def rows_of(
    connection: asyncpg.Connection[Any], sql: str, arguments: Sequence[Any], seconds: float | None
) -> list[asyncpg.Record]:
    """What `Connection.fetch` gives, and raises; None stands for the seconds that the connection allows any statement.

    The connection is one itself, nothing that a pool has put around it. Where a statement stands no more, since a table
    was changed, it is forgotten, and prepared anew the next time.
    """
    inner: Any = connection  # asyncpg's own: `pyproject.toml` says which versions have it so
    protocol = inner._protocol  # None once it was terminated, as `fetch` will tell
    prepared = protocol and inner._stmt_cache.get((sql, protocol.get_record_class(), False))
    if prepared is None or inner._query_loggers:
        found: list[asyncpg.Record] = await connection.fetch(sql, *arguments, timeout=seconds)
        return found
    try:
        found = await protocol.bind_execute(
            prepared, arguments, portal_name="", limit=0, return_extra=False, timeout=seconds
        )
    except asyncpg.OutdatedSchemaCacheError:
        await connection.reload_schema_state()
        raise
    except asyncpg.InvalidCachedStatementError:
        inner._drop_global_statement_cache()
        raise
    return found
