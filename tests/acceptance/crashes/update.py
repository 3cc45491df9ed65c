"""What `quotaloom migrate` of a later version does: `update ADMIN_URL`, in a process of its own."""

from __future__ import annotations

import asyncio
import sys

from quotaloom.platform.migrating import migrate
from quotaloom_server.databases import ROLE

LATER = "tests.acceptance.crashes.later_migrations"


async def main(admin_url: str) -> None:
    """Say the name of each migration as it begins."""
    await migrate(admin_url, application_role=ROLE, progress=lambda name: print(name, flush=True), migrations=LATER)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
