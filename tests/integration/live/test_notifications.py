"""Members are told what they are notified of: at once, through whichever process it came, and their own alone."""

from __future__ import annotations

from typing import Any

import asyncpg

from quotaloom.notifications.telling import notify
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Writer
from tests.graph_client import GraphClient
from tests.integration.graph.aftermath import assigned
from tests.integration.live.boards import Board
from tests.integration.live.conftest import NOW, Live

LISTEN = "subscription { notificationAdded { unread notifications { id text readAt } } }"


async def listen(board: Board, number: str = "1") -> None:
    """Subscribe to one's own notifications."""
    await board.send(id=number, type="subscribe", payload={"query": LISTEN})


async def told(board: Board) -> tuple[int, list[str]]:
    """How many are unread by the next message, and its sentences."""
    message = await board.hear()
    assert message["type"] == "next", message
    update = message["payload"]["data"]["notificationAdded"]
    return update["unread"], [one["text"].removesuffix(" was handed to you by Hal.") for one in update["notifications"]]


class People:
    """Members of the company, and a way to tell them something from elsewhere."""

    def __init__(self, live: Live, database: Database) -> None:
        self._live, self._database = live, database
        self.ids: dict[str, int] = {}

    async def come(self, *names: str) -> list[GraphClient]:
        """New members."""
        found = []
        for name in names:
            made = await self._live.admin.do("createMember", "member { id }", name=name)
            self._live.company.ids[name] = made["member"]["id"]
            client = self._live.member(name)
            assert client.identity is not None
            assert client.identity.member_id is not None
            self.ids[name] = client.identity.member_id
            found.append(client)
        return found

    async def tell(self, name: str, *records: str, **values: Any) -> None:
        """Notify a member of records that were handed to him."""
        notes = [assigned(self.ids[name], record, **values) for record in records]
        await self._database.write(
            self._live.company.company_id, Writer("tests", None, NOW), lambda transaction: notify(transaction, notes)
        )


async def test_a_member_is_told_at_once_and_nobody_else(live: Live, database: Database) -> None:
    """The first message has what is unread; then each note comes to whom it is for, and not to the other."""
    people = People(live, database)
    ann, bob = await people.come("Ann", "Bob")
    await people.tell("Ann", "Early")
    async with live.here.board(ann) as hers, live.there.board(bob) as his:
        await listen(hers)
        await listen(his)
        assert await told(hers) == (1, ["Early"])
        assert await told(his) == (0, [])
        await people.tell("Ann", "First", "Second")
        assert await told(hers) == (3, ["First", "Second"])
        assert await his.hears_nothing()


async def test_what_is_read_elsewhere_is_not_told_again(live: Live, database: Database) -> None:
    """After a read mark the next message counts the new one alone; the same `once` makes no message."""
    people = People(live, database)
    (ann,) = await people.come("Ann")
    await people.tell("Ann", "Early", once="early")
    async with live.here.board(ann) as board:
        await listen(board)
        assert await told(board) == (1, ["Early"])
        await ann.do("markNotificationsRead", "unread")
        await people.tell("Ann", "Early", once="early")
        assert await board.hears_nothing()
        await people.tell("Ann", "Late")
        assert await told(board) == (1, ["Late"])


async def test_more_than_fit_into_one_notification_are_all_told(live: Live, database: Database) -> None:
    """Four hundred notes of one commit come in one message or more, each once, in their order."""
    people = People(live, database)
    (ann,) = await people.come("Ann")
    async with live.here.board(ann) as board:
        await listen(board)
        assert await told(board) == (0, [])
        records = [str(number) for number in range(400)]
        await people.tell("Ann", *records)
        heard: list[str] = []
        while len(heard) < 400:
            heard += (await told(board))[1]
        assert heard == records


async def test_a_lost_connection_makes_the_unread_come_anew(live: Live, database: Database, admin_url: str) -> None:
    """What was told while nobody listened to PostgreSQL is in the message that follows."""
    people = People(live, database)
    (ann,) = await people.come("Ann")
    async with live.here.board(ann) as board:
        await listen(board)
        assert await told(board) == (0, [])
        admin = await asyncpg.connect(**credentials(admin_url))
        ended = await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        await admin.close()
        assert ended
        await people.tell("Ann", "Unheard")
        assert await told(board) == (1, ["Unheard"])


async def test_who_is_no_member_or_asks_too_often_is_refused(live: Live, database: Database) -> None:
    """A service has no notifications; the fifty-first subscription of a member is one too many."""
    people = People(live, database)
    (ann,) = await people.come("Ann")
    service = ann.signed_in(
        Identity(live.company.company_id, "service", Role.SERVICE, scopes=frozenset({"graph:read"}))
    )
    async with live.here.board(service) as board:
        await listen(board)
        assert await board.refused() == [("FORBIDDEN", [])]
    async with live.here.board(ann) as board, live.here.board(ann) as other:
        for number in range(50):
            await listen(board, str(number))
            await told(board)
        await listen(other)
        assert await other.refused() == [("TOO_MANY_SUBSCRIPTIONS", [])]
