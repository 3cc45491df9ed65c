"""Entering leads, changing them, putting them aside and taking them up again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Any

import pytest

from quotaloom.leads.commands import create_lead, mark_lead_invalid, reopen_lead, update_lead
from quotaloom.leads.records import NewLead
from quotaloom.leads.storing import insert_leads
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError
from tests.integration.funnels.floors import TODAY, Floor, furnish
from tests.integration.leads.offices import lead_of, open_pool
from tests.integration.ownership.replaying import replayed


async def test_a_lead_is_held_or_waits_from_the_start(database: Database) -> None:
    """Ann holds one, one waits in the pool of the east, and one of that pool is Bob's."""
    floor = await furnish(database)
    pool = await open_pool(floor)
    held, waiting = await lead_of(floor), await lead_of(floor, None, pool_id=pool)
    both = await lead_of(floor, "bob", pool_id=pool)
    assert await replayed(floor.work) == {
        ("lead", held): (None, floor.members["ann"], floor.units["ann"]),
        ("lead", waiting): (pool, None, None),
        ("lead", both): (pool, floor.members["bob"], floor.units["bob"]),
    }
    row = await floor.one("SELECT key, status, created_on FROM lead WHERE id = $1", held)
    assert tuple(row) == (f"lead-{held}", "open", TODAY)


async def test_a_batch_leaves_what_stands(database: Database) -> None:
    """The same keys again create nothing and change nothing; a new row among them is created."""
    floor = await furnish(database)
    rows = [NewLead(name, floor.units["ann"], key=name, created_on=date(2026, 1, 5)) for name in ("a", "b")]
    first = await floor.work.write(partial(insert_leads, company=floor.work.company, rows=rows))
    rows = [NewLead("Other", floor.units["bob"], key="a"), NewLead("c", floor.units["bob"], key="c")]
    again = await floor.work.write(partial(insert_leads, company=floor.work.company, rows=rows))
    assert (again.ids[0], again.created) == (first.ids[0], (False, True))
    stored = await floor.rows("SELECT key, name, created_on FROM lead ORDER BY key")
    assert [tuple(row) for row in stored] == [
        ("a", "a", date(2026, 1, 5)),
        ("b", "b", date(2026, 1, 5)),
        ("c", "c", TODAY),
    ]
    assert len(await replayed(floor.work)) == 3


async def test_what_is_changed_is_kept_and_compared(database: Database) -> None:
    """Blank texts are none; the website is kept as its domain; the name is compared without case, width and spaces."""
    floor = await furnish(database)
    lead = await lead_of(floor, phone="138 0013 8000", note=" x ")
    changes = {"name": "ＡＤＡ Lovelace", "website": "https://www.Globex.com/about", "phone": " ", "note": None}
    await update_lead(floor.as_member("hal"), lead, changes, expected_version=1)
    row = await floor.one("SELECT name, phone, domain, note, compared_name, compared_domain, version FROM lead")
    assert tuple(row) == ("ＡＤＡ Lovelace", None, "globex.com", None, "adalovelace", "globex.com", 2)


async def test_a_lead_is_put_aside_with_a_reason_and_taken_up_again(database: Database) -> None:
    """Meanwhile it cannot be changed; the reason goes when it is open again."""
    floor = await furnish(database)
    lead = await lead_of(floor)
    ann = floor.as_member("ann")
    await mark_lead_invalid(ann, lead, " wrong number ")
    row = await floor.one("SELECT status, invalid_reason FROM lead")
    assert tuple(row) == ("invalid", "wrong number")
    for attempt in (update_lead(ann, lead, {"name": "Eva"}), mark_lead_invalid(ann, lead, "again")):
        with pytest.raises(InputError, match="reopen it first") as caught:
            await attempt
        assert caught.value.code == "NOT_OPEN"
    await reopen_lead(ann, lead)
    row = await floor.one("SELECT status, invalid_reason, version FROM lead")
    assert tuple(row) == ("open", None, 3)
    with pytest.raises(InputError, match="only invalid ones"):
        await reopen_lead(ann, lead)


Attempt = Callable[[Floor, int, int], Awaitable[Any]]


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        (lambda floor, held, _: update_lead(floor.as_member("ann"), held, {"source": "fair"}), None),
        (lambda floor, held, _: update_lead(floor.as_member("hal"), held, {"source": "fair"}), None),
        (lambda floor, held, _: update_lead(floor.as_service(Scope.FUNNELS), held, {"source": "fair"}), None),
        (lambda floor, held, _: update_lead(floor.as_member("bob"), held, {"source": "fair"}), "UNKNOWN_LEAD"),
        (lambda floor, held, _: update_lead(floor.as_member("wu"), held, {"source": "fair"}), "UNKNOWN_LEAD"),
        (lambda floor, _, waiting: update_lead(floor.as_member("hal"), waiting, {"source": "fair"}), None),
        (lambda floor, _, waiting: update_lead(floor.as_member("bob"), waiting, {"source": "x"}), "WAITS_IN_POOL"),
        (lambda floor, _, waiting: update_lead(floor.as_member("cem"), waiting, {"source": "x"}), "UNKNOWN_LEAD"),
        (lambda floor, _, waiting: mark_lead_invalid(floor.as_member("cem"), waiting, "x"), "UNKNOWN_LEAD"),
        (lambda floor, held, _: update_lead(floor.work, held, {"status": "open"}), "UNKNOWN_FIELD"),
        (lambda floor, held, _: update_lead(floor.work, 10**30, {}), "UNKNOWN_LEAD"),
    ],
)
async def test_who_may_change_a_lead(database: Database, attempt: Attempt, code: str | None) -> None:
    """Its holder, his head, services and who looks after its pool; pool members claim a waiting one first."""
    floor = await furnish(database)
    pool = await open_pool(floor)
    held, waiting = await lead_of(floor), await lead_of(floor, None, pool_id=pool)
    if code is None:
        await attempt(floor, held, waiting)
        return
    with pytest.raises(InputError) as caught:
        await attempt(floor, held, waiting)
    assert caught.value.code == code


async def test_who_may_enter_a_lead(database: Database) -> None:
    """Sellers for themselves and into pools of theirs, heads for their people; nobody for others."""
    floor = await furnish(database)
    pool = await open_pool(floor)
    ann, cem, hal = (floor.as_member(name) for name in ("ann", "cem", "hal"))
    await create_lead(ann, NewLead("Ada", floor.units["ann"]))
    await create_lead(ann, NewLead("Ada", pool_id=pool))
    await create_lead(hal, NewLead("Ada", floor.units["bob"], pool))
    for work, lead, code in (
        (ann, NewLead("Ada", floor.units["bob"]), "UNKNOWN_POSITION"),
        (cem, NewLead("Ada", pool_id=pool), "UNKNOWN_POOL"),
        (hal, NewLead("Ada", floor.units["cem"]), "UNKNOWN_POSITION"),
    ):
        with pytest.raises(InputError) as caught:
            await create_lead(work, lead)
        assert caught.value.code == code
    with pytest.raises(AccessDenied):
        await create_lead(floor.as_service(Scope.READ), NewLead("Ada", floor.units["ann"]))


async def test_a_pool_takes_what_it_is_for(database: Database) -> None:
    """A closed pool takes nothing, a pool of deals no leads."""
    floor = await furnish(database)
    closed = await open_pool(floor, "closed", closed=True)
    deals = await open_pool(floor, "deals", '["opportunity"]')
    for pool, code in ((closed, "POOL_CLOSED"), (deals, "WRONG_POOL")):
        with pytest.raises(InputError) as caught:
            await lead_of(floor, None, pool_id=pool)
        assert (caught.value.code, caught.value.path) == (code, ("poolId",))


async def test_a_stale_change_is_refused(database: Database) -> None:
    """Whoever saw an earlier version is told to read it again."""
    floor = await furnish(database)
    lead = await lead_of(floor)
    await update_lead(floor.work, lead, {"source": "fair"})
    with pytest.raises(Conflict):
        await update_lead(floor.work, lead, {"source": "web"}, expected_version=1)
