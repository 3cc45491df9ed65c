"""Requests that are killed: a process that forks one for each place at which one may end, and kills it there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import tests.conftest  # noqa: F401 (what is worked out of the models is so once for all forks)
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.held import HeldTransaction
from quotaloom.platform.kept_answers import Answer, RequestKey
from quotaloom.platform.once import once
from quotaloom.platform.unit_of_work import Transaction, Writer
from quotaloom.platform.work import Work, load_company

T = TypeVar("T")

PLACES = ("written", "kept", "committed")
"""The member is written; so is the answer; both are committed, and nobody was told of it."""


def key_of(place: str) -> RequestKey:
    """The key of the request that is killed there."""
    return RequestKey(place, "0" * 64, "createMember")


async def enter_zoe(work: Work) -> Answer:
    """Enter a new member of that name."""
    return {"member_id": await create_member(work, NewMember("Zoe"))}


class DeadlyDatabase(Database):
    """A database in whose held transactions one is killed."""

    place = ""

    def held(self, company_id: int, writer: Writer, first: Callable[[Transaction], Awaitable[None]]) -> HeldTransaction:
        """A transaction that ends at the place."""
        held = super().held(company_id, writer, first)
        deadly = DeadlyTransaction(held._begin, held._first, held._context)
        deadly.place = self.place
        return deadly


class DeadlyTransaction(HeldTransaction):
    """Ends the process at its place."""

    place = ""

    async def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do it, and end where it was the first or the second piece."""
        place = "kept" if self.is_open else "written"
        result = await super().run(work)
        self._end_at(place)
        return result

    async def commit(self) -> None:
        """Commit, and end."""
        await super().commit()
        self._end_at("committed")

    def _end_at(self, place: str) -> None:
        if place == self.place:
            os.kill(os.getpid(), signal.SIGKILL)


async def run_until(place: str, url: str, company_id: int) -> None:
    """Enter a member and be killed at the place."""
    database = DeadlyDatabase(url, pool_size=2)
    database.place = place
    await database.connect()
    async with database.snapshot(company_id) as snapshot:
        company = await load_company(snapshot)
    assert company is not None
    work = Work(database, Viewer(company_id, "tests", Role.ADMIN), company, datetime.now(UTC))
    await once(work, key_of(place), enter_zoe)


def main(url: str, company: str) -> int:
    """How many of them were not killed."""
    survived = 0
    for place in PLACES:
        child = os.fork()
        if child == 0:
            asyncio.run(run_until(place, url, int(company)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        survived += not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)
    return survived


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
