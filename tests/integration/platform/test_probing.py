"""Whether the database answers, asked on a connection that comes to its end."""

from __future__ import annotations

import asyncpg

from quotaloom.platform.database import credentials
from quotaloom.platform.probing import Probe, State
from tests.integration.platform.ways import way_to

END = """SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


async def test_a_connection_on_which_the_last_was_said_is_replaced(database_url: str, admin_url: str) -> None:
    """PostgreSQL has ended it, and it is not closed yet, as on a slow network: one answer tells that the database is
    away, and the next is of a new connection."""
    admin = await asyncpg.connect(**credentials(admin_url))
    async with way_to(database_url) as way:
        way.lingers = True
        probe = Probe(credentials(way.url))
        assert await probe.ask() is State.READY
        assert await admin.fetchval(END) == 1
        assert [await probe.ask(), await probe.ask()] == [State.AWAY, State.READY]
        await probe.close()
    await admin.close()
