"""What you were told: a list with read marks, your own alone."""

from __future__ import annotations

from typing import Any

import pytest

from quotaloom.notifications.telling import Note
from quotaloom.platform.database import Database
from quotaloom_graphql.nodes import split_id
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.aftermath import assigned, fail, tell
from tests.integration.graph.asking import ask, do, gid, statements

LIST = """query ($unread: Boolean!, $first: Int!, $after: String) { viewer { unreadNotifications
    notifications(unreadOnly: $unread, first: $first, after: $after) { totalCount pageInfo { endCursor }
    nodes { id topic text details at readAt } } } }"""


@pytest.fixture
async def floor(database: Database) -> Floor:
    """A sales floor."""
    return await furnish(database)


async def told(floor: Floor, who: str | None, *, unread: bool = False, first: int = 50, after: Any = None) -> Any:
    """What somebody's list says."""
    return (await ask(floor, LIST, who, unread=unread, first=first, after=after))["viewer"]


def texts(viewer: Any) -> list[str]:
    """The sentences of a list."""
    return [node["text"] for node in viewer["notifications"]["nodes"]]


async def test_a_member_reads_what_he_was_told_and_nobody_else_does(floor: Floor) -> None:
    """Ann has a sentence, the facts in it, and its moment; Bob, the admin without a seat and services have nothing."""
    await tell(floor.work, assigned(floor.members["ann"]))
    viewer = await told(floor, "ann")
    (node,) = viewer["notifications"]["nodes"]
    assert node["topic"] == "pool.assigned"
    assert node["text"] == "Globex was handed to you by Hal."
    assert node["details"] == {"record": "Globex", "by": "Hal"}
    assert (node["readAt"], viewer["unreadNotifications"]) == (None, 1)
    for other in ("bob", None):
        assert await told(floor, other) == {
            "unreadNotifications": 0,
            "notifications": {"totalCount": 0, "pageInfo": {"endCursor": None}, "nodes": []},
        }


async def test_the_latest_comes_first_page_by_page(floor: Floor) -> None:
    """Three notes in pages of two: the second page has the earliest."""
    for record in ("First", "Second", "Third"):
        await tell(floor.work, assigned(floor.members["ann"], record))
    page = await told(floor, "ann", first=2)
    assert texts(page) == ["Third was handed to you by Hal.", "Second was handed to you by Hal."]
    rest = await told(floor, "ann", first=2, after=page["notifications"]["pageInfo"]["endCursor"])
    assert texts(rest) == ["First was handed to you by Hal."]
    assert rest["notifications"]["totalCount"] == 3


async def test_what_was_told_once_is_not_told_again(floor: Floor) -> None:
    """The same `once` reaches each member once, also within one call; without it, every note is told."""
    ann, bob = floor.members["ann"], floor.members["bob"]
    assert await tell(floor.work, assigned(ann, once="x"), assigned(ann, once="x"), assigned(bob, once="x")) == 2
    assert await tell(floor.work, assigned(ann, once="x"), assigned(ann, once="y"), assigned(ann)) == 2
    assert (await told(floor, "ann"))["unreadNotifications"] == 3
    assert (await told(floor, "bob"))["unreadNotifications"] == 1


async def test_read_marks(floor: Floor) -> None:
    """One of three is marked, then all; marking again keeps the moment, and another's is none that can be marked.

    The audit log tells of both, and not of the call that found nothing to mark.
    """
    for record in ("First", "Second", "Third"):
        await tell(floor.work, assigned(floor.members["ann"], record))
    _, second, _ = (await told(floor, "ann"))["notifications"]["nodes"]
    payload = await do(floor, "markNotificationsRead", "unread", "ann", ids=[second["id"]])
    assert payload == {"unread": 2, "errors": []}
    assert texts(await told(floor, "ann", unread=True)) == [
        "Third was handed to you by Hal.",
        "First was handed to you by Hal.",
    ]
    assert (await do(floor, "markNotificationsRead", "unread", "bob", ids=[second["id"]]))["errors"] == [
        "NOT_FOUND at ids.0"
    ]
    assert (await do(floor, "markNotificationsRead", "unread", "ann"))["unread"] == 0
    viewer = await told(floor, "ann", unread=True)
    assert viewer["notifications"] == {"totalCount": 0, "pageInfo": {"endCursor": None}, "nodes": []}
    assert (await do(floor, "markNotificationsRead", "unread", "ann"))["unread"] == 0
    number = int(split_id(second["id"])[1])
    log = '{ auditLog(actions: ["notification.read"]) { nodes { member { name } after } } }'
    assert (await ask(floor, log))["auditLog"]["nodes"] == [
        {"member": {"name": "Ann"}, "after": {"count": 2, "ids": None}},
        {"member": {"name": "Ann"}, "after": {"count": 1, "ids": [number]}},
    ]


async def test_marking_all_marks_ones_own_alone(floor: Floor) -> None:
    """Ann marks all that she has: Bob's two are as they were, and are not counted as hers."""
    ann, bob = floor.members["ann"], floor.members["bob"]
    await tell(floor.work, assigned(ann), assigned(bob, "First"), assigned(bob, "Second"))
    assert await do(floor, "markNotificationsRead", "unread", "ann") == {"unread": 0, "errors": []}
    assert (await told(floor, "bob", unread=True))["unreadNotifications"] == 2


async def test_what_it_is_about_is_reached_as_far_as_it_is_seen(floor: Floor) -> None:
    """Ann gets the deal of hers that it is about; a deal that she does not see is null."""
    own, hidden = await floor.open("ann"), await floor.open("cem")
    ann = floor.members["ann"]
    await tell(floor.work, assigned(ann, subject_type="Opportunity", subject_id=hidden))
    await tell(floor.work, assigned(ann, subject_type="Opportunity", subject_id=own))
    query = "{ viewer { notifications { nodes { subject { __typename id } } } } }"
    nodes = (await ask(floor, query, "ann"))["viewer"]["notifications"]["nodes"]
    assert nodes == [
        {"subject": {"__typename": "Opportunity", "id": gid("Opportunity", own)}},
        {"subject": None},
    ]


def test_a_note_has_what_its_sentence_needs() -> None:
    """A detail that is missing, or one too many, is refused where the note is made, and so is a long `once`."""
    with pytest.raises(ValueError, match="by, record"):
        Note(1, "pool.assigned", {"record": "Globex"})
    with pytest.raises(ValueError, match="by, record"):
        Note(1, "pool.assigned", {"record": "Globex", "by": "Hal", "more": 1})
    with pytest.raises(ValueError, match="200"):
        assigned(1, once="x" * 201)


async def test_a_list_costs_the_same_whatever_its_length(floor: Floor) -> None:
    """Forty notes of as many deals take as many statements as one."""
    query = "{ viewer { unreadNotifications notifications { totalCount nodes { text subject { id } } } } }"
    deals = [await floor.open("ann", name=f"Deal {number}") for number in range(41)]
    notes = [assigned(floor.members["ann"], subject_type="Opportunity", subject_id=deal) for deal in deals]
    await tell(floor.work, notes[0])
    before = await statements(floor, query, "ann")
    await tell(floor.work, *notes[1:])
    assert await statements(floor, query, "ann") == before


FAILED = "{ failedJobs { totalCount nodes { id name attempts reason } } }"


async def test_failed_jobs_are_seen_by_whoever_sees_everything(floor: Floor) -> None:
    """The admin has them tried again, or puts them away; Ann sees none and may do neither."""
    first, second = [gid("FailedJob", await fail(floor.work, name)) for name in ("first", "second")]
    found = (await ask(floor, FAILED))["failedJobs"]
    assert found["totalCount"] == 2
    assert [(node["id"], node["name"], node["attempts"]) for node in found["nodes"]] == [
        (second, "second", 8),
        (first, "first", 8),
    ]
    assert (await ask(floor, FAILED, "ann"))["failedJobs"] == {"totalCount": 0, "nodes": []}
    assert await do(floor, "retryJob", "name", id=first) == {"name": "first", "errors": []}
    assert await do(floor, "dismissJob", "name", id=second) == {"name": "second", "errors": []}
    assert (await do(floor, "dismissJob", "name", id=second))["errors"] == ["UNKNOWN_JOB at id"]
    assert (await ask(floor, FAILED))["failedJobs"]["nodes"] == []
