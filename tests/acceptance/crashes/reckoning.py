"""What must have come of the jobs of a busy company, by figures and by what was asked for, whatever was killed."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Final

import orjson

from quotaloom.platform.unit_of_work import Record, Snapshot
from tests.acceptance.crashes.busy_company import LABELS, MEMBERS, PERCENT, SIMULATED_PERCENT, BusyCompany
from tests.acceptance.crashes.ear import TOPICS, Heard
from tests.integration.ownership.replaying import replayed

_RUNS: Final = "SELECT id, status FROM incentive_run ORDER BY id"

_LINES: Final = """
SELECT run_id, member_id, total, amount FROM incentive_statement AS statement
LEFT JOIN statement_line AS line ON line.company_id = statement.company_id AND line.statement_id = statement.id
"""

_TICKED: Final = "SELECT run_id, member_id FROM incentive_run_member WHERE computed"

_MOVEMENTS: Final = """
SELECT own.lead_id, entry.movement, entry.from_member_id, entry.to_member_id, entry.decided_by
FROM ownership_entry AS entry JOIN ownership AS own ON own.company_id = entry.company_id AND own.id = entry.ownership_id
ORDER BY entry.id
"""

_SIMULATIONS: Final = "SELECT id, status, done, total, result::text AS result FROM incentive_simulation"


async def assert_nothing_is_half_there(company: BusyCompany) -> None:
    """At any moment: whoever is ticked off in a run has his statement, each with its one line of its amount, and a
    draft is of everybody; each record is where its history says, and each movement was told of once."""
    async with company.work.snapshot() as snapshot:
        runs = await snapshot.fetch(_RUNS)
        lines = await snapshot.fetch(_LINES)
        ticked = {(row["run_id"], row["member_id"]) for row in await snapshot.fetch(_TICKED)}
        await _assert_told_of_what_was_done(snapshot)
    stated = Counter((row["run_id"], row["member_id"]) for row in lines)
    assert ticked <= stated.keys()
    assert set(stated.values()) <= {1}, "a member has two statements, or a statement two lines"
    assert all(row["total"] == row["amount"] for row in lines)
    of_runs = Counter(run_id for run_id, _ in ticked)
    assert all(of_runs[row["id"]] == MEMBERS for row in runs if row["status"] == "draft")
    await replayed(company.work)


async def _assert_told_of_what_was_done(snapshot: Snapshot) -> None:
    """Whatever moved has its event and its audit entry, and whoever lost or got a record one notification of it."""
    moved = Counter((row["lead_id"], row["movement"]) for row in await snapshot.fetch(_MOVEMENTS))
    since_created = {key: number for key, number in moved.items() if key[1] != "create"}
    events = await snapshot.fetch("SELECT payload::text AS payload FROM outbox_event WHERE topic = 'records.moved'")
    told = Counter(
        (lead, one["movement"]) for row in events for one in [orjson.loads(row["payload"])] for lead in one["leads"]
    )
    audited = await snapshot.fetch(
        "SELECT object_id, substr(action, 9) AS movement FROM audit_entry WHERE action LIKE 'records.%'"
    )
    assert told == since_created
    assert Counter((row["object_id"], row["movement"]) for row in audited) == since_created
    notes = await snapshot.fetch(
        "SELECT subject_id, topic FROM notification WHERE topic IN ('pool.recycled', 'pool.assigned')"
    )
    movements = {"pool.recycled": "recycle", "pool.assigned": "assign"}
    expected = {key: number for key, number in moved.items() if key[1] in movements.values()}
    assert Counter((row["subject_id"], movements[row["topic"]]) for row in notes) == expected


async def is_all_done(company: BusyCompany) -> bool:
    """Whether nothing waits any more of what was asked for."""
    async with company.work.snapshot() as snapshot:
        runs = await snapshot.fetch(f"{_RUNS} DESC LIMIT 1")
        simulations = await snapshot.fetch(f"{_SIMULATIONS} WHERE status IN ('waiting', 'computing')")
        waiting = await snapshot.fetch("SELECT lead_id FROM ownership WHERE member_id IS NULL")
        due = await snapshot.fetch(
            "SELECT FROM ownership WHERE member_id IS NOT NULL AND lead_id = ANY ($1::bigint[])", sorted(company.due)
        )
    handed_out = not {row["lead_id"] for row in waiting} & company.given
    return all(row["status"] == "draft" for row in runs) and not simulations and handed_out and not due


async def assert_done_once(company: BusyCompany) -> None:
    """Once nothing is left to do: runs pay five percent, simulations eight beside it, each lead that was due went back
    once and no other did, and each that waited was given to one, by turns."""
    await assert_nothing_is_half_there(company)
    async with company.work.snapshot() as snapshot:
        await _assert_paid(snapshot, company)
        await _assert_simulated(snapshot, company)
        movements = await snapshot.fetch(_MOVEMENTS)
        finished = await snapshot.fetch(
            "SELECT action, object_id FROM audit_entry"
            " WHERE action IN ('incentive_run.compute', 'incentive_simulation.finish')"
            " AND after->>'status' IN ('draft', 'done')"
        )
    assert max(Counter((row["action"], row["object_id"]) for row in finished).values()) == 1, "one was finished twice"
    _assert_moved(movements, company)


async def _assert_paid(snapshot: Snapshot, company: BusyCompany) -> None:
    rows = await snapshot.fetch(f"{_LINES} WHERE run_id = $1", company.runs[-1])
    sold = company.sold[LABELS[-1]]
    assert {row["member_id"]: row["amount"] for row in rows} == {
        member: yuan * PERCENT
        for member, yuan in sold.items()  # fen: a percent of a yuan is a fen
    }


async def _assert_simulated(snapshot: Snapshot, company: BusyCompany) -> None:
    rows = {row["id"]: row for row in await snapshot.fetch(_SIMULATIONS)}
    row = rows[company.simulations[-1]]
    assert (row["status"], row["done"], row["total"]) == ("done", MEMBERS, MEMBERS)
    result: dict[str, Any] = orjson.loads(row["result"])
    found = [(month["period"], month["members"], month["now"], month["then"]) for month in result["months"]]
    sold = {label: sum(company.sold[label].values()) for label in LABELS}
    assert found == [(label, MEMBERS, sold[label] * PERCENT, sold[label] * SIMULATED_PERCENT) for label in LABELS]


def _assert_moved(movements: list[Record], company: BusyCompany) -> None:
    by_lead: dict[int, list[Record]] = defaultdict(list)
    for row in movements:
        if row["movement"] != "create":
            by_lead[row["lead_id"]].append(row)
    assert by_lead.keys() == company.due | company.given
    assert all([row["movement"] for row in by_lead[lead]] == ["recycle"] for lead in company.due)
    assert all(by_lead[lead][0]["to_member_id"] is None for lead in company.due)
    assert all([row["movement"] for row in by_lead[lead]] == ["assign"] for lead in company.given)
    got = Counter(by_lead[lead][0]["to_member_id"] for lead in company.given)
    shares = [got[member] for member in company.members]
    assert sum(shares) == len(company.given)
    assert max(shares) - min(shares) <= 1, "somebody was left out in turn"


async def assert_heard(company: BusyCompany, told: list[Heard]) -> int:
    """Every event was told, the same each time, in order: a process goes on with the next one, or begins
    again with one that was told before. Returns how many were told again."""
    async with company.work.snapshot() as snapshot:
        rows = await snapshot.fetch(
            "SELECT id, topic, payload::text AS payload FROM outbox_event WHERE topic = ANY ($1::text[]) ORDER BY id",
            list(TOPICS),
        )
    stored = {row["id"]: (row["topic"], orjson.loads(row["payload"])) for row in rows}
    ours = [one for one in told if one.event in stored]
    assert {one.event: (one.topic, orjson.loads(one.payload)) for one in ours} == stored
    places = {event: place for place, event in enumerate(stored)}
    furthest, last = -1, dict[int, int]()
    for one in ours:
        place = places[one.event]
        assert place <= last.get(one.process, furthest) + 1, "an event was passed over"
        last[one.process], furthest = place, max(place, furthest)
    return len(ours) - len(stored)
