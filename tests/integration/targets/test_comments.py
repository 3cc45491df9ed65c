"""What is said of a cell: by whom, read by whom, settled, and kept over all versions of the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quotaloom.organizations.sight import load_sight
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.targets import comments
from quotaloom.targets.comments import add_comment, comments_of_plans, resolve_comment
from quotaloom.targets.plans import revise_plan
from tests.integration.targets.offices import PlanningOffice


async def say(office: PlanningOffice, name: str, unit: str, text: str, month: str = "2017-01", days: int = 0) -> int:
    """Comment on a unit's month as somebody, some days later."""
    work = office.work(name)
    later = replace(work, now=work.now + timedelta(days=days))
    return await add_comment(later, office.planning.plan_id, office.planning.units[unit], month, text)


async def read(office: PlanningOffice, name: str, **facts: Any) -> list[str]:
    """What somebody reads in the plan, the latest first."""
    work = office.work(name)
    wanted = {"under": None, "resolved": None, **facts}
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, work.today)
        pages = await comments_of_plans(
            snapshot, sight, [office.planning.plan_id], today=work.today, offset=0, limit=50, **wanted
        )
    page = pages[office.planning.plan_id]
    assert page.total == len(page.rows)
    return [row["text"] for row in page.rows]


async def test_those_who_plan_for_a_unit_and_its_head_talk_about_its_months(database: Database) -> None:
    """Wu asks about North, Noa who heads North answers; Ora and Ada read it, and below North Noa reads on."""
    office = await PlanningOffice.open(database)
    await say(office, "Wu", "North", "Can you do more?")
    await say(office, "Noa", "North", "No", days=1)
    await say(office, "Ada", "West", "Look at this")
    assert await read(office, "Noa") == ["No", "Can you do more?"]
    for name in ("Wu", "Ora", "Ada"):
        assert await read(office, name) == ["No", "Look at this", "Can you do more?"]
    under = office.planning.units["North"]
    assert await read(office, "Ada", under=under) == ["No", "Can you do more?"]


async def test_a_holder_talks_once_the_plan_is_published_and_reads_what_is_said_from_then_on(
    database: Database,
) -> None:
    """What was said of N 1 while it was a draft stays with those who plan."""
    office = await PlanningOffice.open(database)
    await say(office, "Noa", "N 1", "She is new")
    with pytest.raises(NotFound) as caught:
        await say(office, "Nia", "N 1", "Hello?")
    assert caught.value.path == ("planId",)
    await office.publish()
    await say(office, "Nia", "N 1", "Why as much as N 2?", days=1)
    await say(office, "Noa", "N 1", "You have the larger street", days=2)
    await say(office, "Noa", "N 2", "As agreed", days=2)
    assert await read(office, "Nia") == ["You have the larger street", "Why as much as N 2?"]
    assert len(await read(office, "Noa")) == 4


async def test_nobody_comments_where_he_may_not_plan(database: Database) -> None:
    """East is out of Noa's sight; a member of whom the company says that he sees those above only reads figures."""
    office = await PlanningOffice.open(database)
    with pytest.raises(NotFound) as caught:
        await say(office, "Noa", "East", "Hm")
    assert caught.value.path == ("orgUnitId",)
    await office.publish()
    company = replace(office.planning.work.company, members_see_ancestors=True)
    work = replace(office.work("Nia"), company=company)
    with pytest.raises(AccessDenied):
        await add_comment(work, office.planning.plan_id, office.planning.units["North"], "2017-01", "Hm")


async def test_a_comment_is_settled_by_its_author_and_by_those_who_plan(database: Database) -> None:
    """Nia settles her own and opens it again; she may not settle Noa's; Wu settles both."""
    office = await PlanningOffice.open(database)
    await office.publish()
    own = await say(office, "Nia", "N 1", "Mine", days=1)
    other = await say(office, "Noa", "N 1", "Hers", days=2)
    await resolve_comment(office.work("Nia"), own, resolved=True)
    assert await read(office, "Noa", resolved=False) == ["Hers"]
    await resolve_comment(office.work("Nia"), own, resolved=False)
    with pytest.raises(AccessDenied):
        await resolve_comment(office.work("Nia"), other, resolved=True)
    for comment in (own, other, other):
        await resolve_comment(office.work("Wu"), comment, resolved=True)
    assert await read(office, "Noa", resolved=True) == ["Hers", "Mine"]
    async with office.planning.work.snapshot() as snapshot:
        row = await snapshot.fetch_one("SELECT count(*) AS told FROM outbox_event WHERE topic LIKE 'comment.re%'")
    # Settled, opened, settled twice by Wu; saying so once more changes nothing and tells nobody.
    assert row is not None
    assert row["told"] == 4


async def test_comments_outlive_revisions(database: Database) -> None:
    """They belong to the plan's month: the next version shows them, and can be talked about in the same thread."""
    office = await PlanningOffice.open(database)
    await say(office, "Wu", "North", "First")
    await office.publish()
    await revise_plan(office.work(), office.planning.plan_id, "A new region")
    await say(office, "Wu", "North", "Second", days=1)
    await office.publish()
    assert await read(office, "Noa") == ["Second", "First"]


async def test_a_thread_has_an_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two as the most a third is refused; another month has a thread of its own."""
    monkeypatch.setattr(comments, "MOST_COMMENTS", 2)
    office = await PlanningOffice.open(database)
    for text in ("One", "Two"):
        await say(office, "Wu", "North", text)
    with pytest.raises(InputError) as caught:
        await say(office, "Wu", "North", "Three")
    assert (caught.value.code, caught.value.path) == ("TOO_MANY_COMMENTS", ("text",))
    await say(office, "Wu", "North", "Three", "2017-02")
