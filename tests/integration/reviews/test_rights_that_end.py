"""Whoever loses his say on a review while what was agreed on there is busy changes nothing of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from quotaloom.organizations.commands.members import leave
from quotaloom.organizations.terms import HEADSHIP, end_terms_of_member
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.reviews.follow_ups import NewFollowUp, plan_follow_up, settle_follow_up
from tests.database_activity import overtaken
from tests.integration.reviews.judging import ReviewOffice


@pytest.fixture
async def office(database: Database) -> ReviewOffice:
    """Noa, who heads the North, agreed on something with Nia."""
    office = await ReviewOffice.furnish(database)
    review = await office.open()
    await office.score_self(review)
    await office.score(review, follow_ups=[NewFollowUp("Visit ten customers")])
    return office


async def agreed(office: ReviewOffice) -> tuple[int, str, int, int]:
    """What was agreed on: its number, state and version, and how many steps its review has behind it."""
    row = await office.one(
        "SELECT id, state, version, (SELECT count(*) FROM review_step) AS steps FROM review_follow_up"
    )
    return row["id"], row["state"], row["version"], row["steps"]


async def heads_nothing(office: ReviewOffice) -> None:
    """Noa heads nothing from today on."""
    today = office.work(day=3).today
    await office.work(day=3).write(
        lambda transaction: end_terms_of_member(transaction, HEADSHIP, office.planning.members["Noa"], today)
    )


async def leaves(office: ReviewOffice) -> None:
    """Noa is no member from today on."""
    await leave(office.work(day=3), office.planning.members["Noa"], office.work(day=3).today)


ASKED: dict[str, Callable[[ReviewOffice, int], Awaitable[object]]] = {
    "settle": lambda office, follow_up: settle_follow_up(office.work("Noa", 3), follow_up, done=True),
    "plan": lambda office, follow_up: plan_follow_up(office.work("Noa", 3), follow_up, None),
}
"""What Noa asks for."""


@pytest.mark.parametrize("ends", [heads_nothing, leaves])
@pytest.mark.parametrize("what", ASKED)
async def test_a_right_is_asked_for_once_the_agreement_is_free(
    office: ReviewOffice, admin_url: str, what: str, ends: Callable[[ReviewOffice], Awaitable[None]]
) -> None:
    """Somebody else holds it; Noa, who waits for it, has no say on the review any more when it is free."""
    before = await agreed(office)

    async def hold(transaction: Transaction) -> None:
        await transaction.execute("SELECT FROM review_follow_up WHERE id = $1 FOR UPDATE", before[0])

    waiting = await overtaken(
        admin_url, office.work(day=3), hold, lambda: ASKED[what](office, before[0]), lambda: ends(office)
    )
    with pytest.raises(NotFound):
        await waiting
    assert await agreed(office) == before


@pytest.mark.parametrize("what", ASKED)
async def test_a_head_who_waits_for_the_agreement_goes_on(office: ReviewOffice, admin_url: str, what: str) -> None:
    """Nothing is taken from Noa meanwhile."""
    number, _, version, steps = await agreed(office)

    async def hold(transaction: Transaction) -> None:
        await transaction.execute("SELECT FROM review_follow_up WHERE id = $1 FOR UPDATE", number)

    await (await overtaken(admin_url, office.work(day=3), hold, lambda: ASKED[what](office, number)))
    assert await agreed(office) == (number, {"settle": "done", "plan": "open"}[what], version + 1, steps + 1)


async def test_that_a_version_is_old_is_told_to_those_alone_who_may_change_it(office: ReviewOffice) -> None:
    """Nia does not settle what she agreed on, and Noa does as long as she heads the North."""
    number, *_ = await agreed(office)

    async def settle(name: str) -> None:
        await settle_follow_up(office.work(name, 3), number, done=True, expected_version=99)

    with pytest.raises(AccessDenied):
        await settle("Nia")
    with pytest.raises(Conflict, match="changed meanwhile"):
        await settle("Noa")
    await heads_nothing(office)
    with pytest.raises(NotFound):
        await settle("Noa")
