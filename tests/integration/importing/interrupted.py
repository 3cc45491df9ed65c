"""An import that a test kills: it tells of each batch of deals that is stored."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from quotaloom.importing.progress import Step
from quotaloom.platform.database import Database
from tests.integration.importing.companies import load


class Telling:
    """Prints a line whenever something was written."""

    def begin(self, step: Step, total: int) -> None:
        print(step, total, flush=True)

    def advance(self, step: Step, count: int) -> None:
        if step is Step.WRITE:
            print("stored", count, flush=True)


async def main(url: str, folder: str, batch_size: str) -> None:
    """Import the folder into the database at `url`."""
    database = Database(url)
    await database.connect()
    await load(database, Path(folder), progress=Telling(), batch_size=int(batch_size))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
