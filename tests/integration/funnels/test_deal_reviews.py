"""Deal reviews: who holds them, what they agree on, and what came of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from quotaloom.activities.commands import complete_activity
from quotaloom.activities.facts import UNNAMED, Moment
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.funnels.commands.deal_reviews import AgreedStep, NewReview, follow_up_deal_review, review_deal
from quotaloom.funnels.commands.opportunities import transfer_opportunity
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.work import Work
from tests.integration.funnels.floors import TODAY, Floor, furnish
from tests.integration.graph.asking import ask, do, gid, statements

MONDAY = date(2026, 6, 8)

REVIEWS = """query ($id: ID!) { node(id: $id) { ... on Opportunity { viewerCan { review } dealReviews {
    advice reviewer { name } reviewedOn followUpOn followedUpOn result viewerCan { followUp }
    steps { matter kind state dueOn member { name } } } } } }"""


def admin(floor: Floor, name: str) -> Work:
    """A member who is an admin besides."""
    return replace(floor.work, viewer=Viewer(floor.work.company.id, name, Role.ADMIN, floor.members[name]))


async def test_the_owner_reads_the_advice_and_finds_the_steps_among_his_tasks(database: Database) -> None:
    """Hal advises Ann; she has one step, Bob the other, and what she has done is told there."""
    floor = await furnish(database)
    customer = await create_customer(floor.work, NewCustomer("Globex"))
    deal = await floor.open("ann", customer_id=customer)
    steps = [
        AgreedStep("Invite the engineer", Moment(at=datetime(2026, 6, 8, 1, tzinfo=UTC)), kind=ActivityKind.VISIT),
        AgreedStep("Check the price", Moment(on=TODAY), floor.members["bob"]),
    ]
    await review_deal(floor.as_member("hal"), deal, NewReview(" See the engineer ", steps, MONDAY))
    rows = await floor.rows("SELECT * FROM activity ORDER BY id")
    assert [(row["member_id"], row["position_id"]) for row in rows] == [
        (floor.members["ann"], floor.units["ann"]),
        (floor.members["bob"], floor.units["bob"]),
    ]
    assert {(row["opportunity_id"], row["customer_id"]) for row in rows} == {(deal, customer)}
    await complete_activity(floor.as_member("ann"), rows[0]["id"], UNNAMED)
    tasks = await ask(floor, "{ myTasks { nodes { matter opportunity { id } customer { id } } } }", "bob")
    assert tasks["myTasks"]["nodes"] == [{"matter": "Check the price", "opportunity": None, "customer": None}]
    shown = (await ask(floor, REVIEWS, "ann", id=gid("Opportunity", deal)))["node"]
    assert shown["viewerCan"] == {"review": False}
    assert shown["dealReviews"] == [
        {
            "advice": "See the engineer",
            "reviewer": {"name": "Hal"},
            "reviewedOn": "2026-06-01",
            "followUpOn": "2026-06-08",
            "followedUpOn": None,
            "result": None,
            "viewerCan": {"followUp": False},
            "steps": [
                {
                    "matter": "Invite the engineer",
                    "kind": "VISIT",
                    "state": "DONE",
                    "dueOn": "2026-06-08",
                    "member": {"name": "Ann"},
                },
                {
                    "matter": "Check the price",
                    "kind": "TASK",
                    "state": "PLANNED",
                    "dueOn": "2026-06-01",
                    "member": {"name": "Bob"},
                },
            ],
        }
    ]


async def test_nobody_reviews_his_own_and_only_those_above_review(database: Database) -> None:
    """Not Ann, not the admin whose deal it is, no admin who is no member; for Bob and Wu there is no such deal."""
    floor = await furnish(database)
    deal, review = await floor.open("ann"), NewReview("Ask for the budget")
    for work in (floor.as_member("ann"), admin(floor, "ann"), floor.work):
        with pytest.raises(AccessDenied, match="nobody reviews his own"):
            await review_deal(work, deal, review)
    for name in ("bob", "wu"):
        with pytest.raises(NotFound):
            await review_deal(floor.as_member(name), deal, review)
    await review_deal(floor.as_member("hal"), deal, review)
    await review_deal(admin(floor, "wu"), deal, review)
    await appoint_holder(floor.work, floor.units["empty"], floor.members["wu"], None)
    with pytest.raises(AccessDenied):
        await review_deal(floor.as_member("wu"), await floor.open("empty"), review)


async def test_a_step_needs_somebody_below_who_does_it(database: Database) -> None:
    """Of a vacant position the step names its member; Hal cannot name Cem; the place of what is wrong is told."""
    floor = await furnish(database)
    step = AgreedStep("Call", Moment(on=MONDAY))
    wu, hal = floor.as_member("wu"), floor.as_member("hal")
    attempts = (
        (wu, await floor.open("empty"), [step], "VACANT", ("steps", 0, "memberId")),
        (hal, await floor.open("ann"), [step, replace(step, member_id=floor.members["cem"])], "UNKNOWN_MEMBER", None),
        (hal, await floor.open("ann"), [step, replace(step, due=UNNAMED)], "DUE_MISSING", ("steps", 1, "dueOn")),
    )
    for work, deal, steps, code, path in attempts:
        with pytest.raises(InputError) as refused:
            await review_deal(work, deal, NewReview("Go on", steps))
        assert (refused.value.code, refused.value.path) == (code, path or ("steps", 1, "memberId"))
    assert await floor.rows("SELECT FROM deal_review") == []
    assert await floor.rows("SELECT FROM activity") == []


async def test_whoever_leads_the_deal_follows_up_once(database: Database) -> None:
    """Wu heads the whole company by now and closes what Hal began; a second time it is closed, for Ann it never was."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    review = await review_deal(floor.as_member("hal"), deal, NewReview("Ask for the budget", (), TODAY))
    with pytest.raises(AccessDenied):
        await follow_up_deal_review(floor.as_member("ann"), review, "I asked")
    with pytest.raises(NotFound) as elsewhere:
        await follow_up_deal_review(floor.as_member("wu"), review, "She asked")
    assert (elsewhere.value.code, elsewhere.value.path) == ("UNKNOWN_REVIEW", ("id",))
    await appoint_head(floor.work, floor.units["acme"], floor.members["wu"], None)
    await follow_up_deal_review(floor.as_member("wu"), review, "She asked")
    row = await floor.one("SELECT followed_up_on, follow_up FROM deal_review")
    assert tuple(row) == (TODAY, "She asked")
    with pytest.raises(InputError) as again:
        await follow_up_deal_review(floor.as_member("hal"), review, "She asked")
    assert again.value.code == "FOLLOWED_UP"


async def test_what_is_due_is_listed_for_whoever_leads_the_deal(database: Database) -> None:
    """Hal's two of today and Monday, not the one that was followed up; Wu's of Cem; none for Ann."""
    floor = await furnish(database)
    hal = floor.as_member("hal")
    days = {"Monday": MONDAY, "Today": TODAY, "Done": TODAY, "Never": None}
    ids = {
        name: await review_deal(hal, await floor.open("ann"), NewReview(name, (), day)) for name, day in days.items()
    }
    await follow_up_deal_review(hal, ids["Done"], "Well")
    await review_deal(floor.as_member("wu"), await floor.open("cem"), NewReview("West", (), TODAY))
    query = "query ($by: Date) { dealReviewsDue(by: $by) { totalCount nodes { advice viewerCan { followUp } } } }"

    async def waiting(who: str, by: str | None = None) -> list[str]:
        found = (await ask(floor, query, who, by=by))["dealReviewsDue"]
        assert found["totalCount"] == len(found["nodes"])
        assert all(one["viewerCan"]["followUp"] for one in found["nodes"])
        return [one["advice"] for one in found["nodes"]]

    assert await waiting("hal") == ["Today"]
    assert await waiting("hal", "2026-06-30") == ["Today", "Monday"]
    assert await waiting("wu") == ["West"]
    assert await waiting("ann", "2026-06-30") == []


async def test_a_review_stays_with_its_deal(database: Database) -> None:
    """Cem takes the deal over: he reads what Hal advised, and Wu may follow it up; Hal reads it no more."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    review = await review_deal(floor.as_member("hal"), deal, NewReview("Ask for the budget", (), TODAY))
    await transfer_opportunity(floor.work, deal, floor.units["cem"])
    seen = {}
    for name in ("ann", "hal", "cem", "wu"):
        found = await ask(floor, "query ($id: ID!) { node(id: $id) { id } }", name, id=gid("DealReview", review))
        seen[name] = found["node"] is not None
    assert seen == {"ann": False, "hal": False, "cem": True, "wu": True}
    payload = await do(
        floor, "followUpDealReview", "review { result }", "wu", id=gid("DealReview", review), result="So"
    )
    assert payload == {"review": {"result": "So"}, "errors": []}


async def test_reviews_cost_as_many_statements_for_any_number_of_deals(database: Database) -> None:
    """One review with one step, then six of each."""
    floor = await furnish(database)
    query = """{ opportunities { nodes { viewerCan { review } dealReviews { advice reviewer { name }
        viewerCan { followUp } opportunity { name } steps { matter member { name } } } } } }"""
    steps = [AgreedStep("Call", Moment(on=MONDAY))]
    few = 0
    for number in range(6):
        await review_deal(floor.as_member("hal"), await floor.open("ann"), NewReview("Go on", steps))
        few = few if number else await statements(floor, query)
    assert await statements(floor, query) == few
