"""Handing out what waits in a pool, by each of the policies that ship with the product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from benchmarks.companies import POLICIES
from benchmarks.databases import FreshDatabase, fresh_database
from benchmarks.measuring import Bench, Row, Stopwatch, compared, per_second, run
from benchmarks.seas import Sea, sea_of
from quotaloom.attributes.commands import define_attribute
from quotaloom.attributes.definitions import NewAttribute, Subject
from quotaloom.leads.records import NewLead
from quotaloom.leads.storing import insert_leads
from quotaloom.ownership.owners import RecordKind
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.pool.chains import set_chain
from quotaloom.pool.commands import create_pool
from quotaloom.pool.handing_out import HandOutAnswer, hand_out
from quotaloom.pool.pools import NewPool
from quotaloom_sdk.attributes import AttributeKind

TITLE = "Handing out"
LEADS = 10_000
MEMBERS = 50
BATCH = 1000
ROUNDS = 1

AREA: Final = {"record_attribute": "area", "member_attribute": "area"}

PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "round_robin": {},
    "weighted": {},
    "capacity": {"capacity": LEADS},
    "territory": AREA,
    "skill": AREA,
    "performance": {},
    "first_response": {},
}
"""The policies, with what an admin sets."""

# Ten areas, in each of which five members work.
_AREAS = """
INSERT INTO attribute_value (company_id, definition_id, {on}_id, text)
SELECT company_id, $1, id, 'Area ' || id % 10 FROM {on}
"""

_BACK = """
UPDATE ownership SET member_id = NULL, position_id = NULL, since = now() WHERE pool_id = $1;
"""

_BARE_MOVE = """
UPDATE ownership SET member_id = given.member_id, position_id = given.position_id, since = now(), version = version + 1
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS given (lead_id, member_id, position_id)
WHERE ownership.lead_id = given.lead_id AND ownership.pool_id = $4
"""

_BARE_ENTRIES = """
INSERT INTO ownership_entry (company_id, ownership_id, movement, at, moved_on, from_pool_id, to_pool_id, to_member_id,
    to_position_id, actor, override)
SELECT company_id, ownership.id, 'assign', now(), current_date, pool_id, pool_id, member_id, position_id, 'bare', false
FROM unnest($1::bigint[]) AS given (lead_id) JOIN ownership ON ownership.lead_id = given.lead_id
"""


@dataclass(frozen=True, slots=True)
class _Shore:
    """The sea, with a pool of leads."""

    sea: Sea
    pool: int
    fresh: FreshDatabase


def measure(bench: Bench) -> Iterator[Row]:
    """10,000 leads to 50 members: asking the policy, checking caps and cooldowns, ledger, audit and notifications."""
    watch = Stopwatch()
    run(_rounds(bench, watch))
    for key in PARAMETERS:
        seconds = watch.median(key)
        yield compared(
            f"{LEADS:,} leads to {MEMBERS} members by {key} ({per_second(LEADS, seconds, 'leads')})",
            seconds,
            "one UPDATE and one INSERT of the same rows",
            watch.median("bare"),
        )


async def _rounds(bench: Bench, watch: Stopwatch) -> None:
    async with fresh_database(bench.server) as fresh:
        shore = await _furnish(fresh)
        for number in range(ROUNDS):
            bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
            for key in PARAMETERS:
                await _round(shore, watch, key)


async def _furnish(fresh: FreshDatabase) -> _Shore:
    sea = await sea_of(fresh.database, MEMBERS)
    work = sea.planted.work
    new = NewPool("shore", "Shore", [RecordKind.LEAD], unit_ids=[sea.planted.levels[0][0]])
    pool = await create_pool(work, new)
    for start in range(0, LEADS, BATCH):
        leads = [NewLead(f"Lead {number}", pool_id=pool) for number in range(start, start + BATCH)]
        await work.write(partial(insert_leads, company=work.company, rows=leads))
    for on in (Subject.LEAD, Subject.MEMBER):
        attribute = await define_attribute(work, NewAttribute(on, "area", "Area", AttributeKind.TEXT))
        await fresh.plain.execute(_AREAS.format(on=on.value), attribute)
    for key, parameters in PARAMETERS.items():
        change = PolicyChange(f"assignment.{key}", active=True, parameters=parameters)
        await switch_policy(work, POLICIES, change)
    await fresh.plain.execute("ANALYZE")
    return _Shore(sea, pool, fresh)


async def _round(shore: _Shore, watch: Stopwatch, key: str) -> None:
    work = shore.sea.planted.work
    await set_chain(work, POLICIES.registry, shore.pool, [f"assignment.{key}"])
    with watch.lap(key):
        answer = await hand_out(work, POLICIES, shore.pool)
    await shore.fresh.plain.execute(_BACK, shore.pool)
    await _bare(shore, watch, answer)
    await shore.fresh.plain.execute(_BACK, shore.pool)


async def _bare(shore: _Shore, watch: Stopwatch, answer: HandOutAnswer) -> None:
    leads, members = _given(answer)
    seats = dict(shore.sea.members)
    positions = [seats[member] for member in members]
    with watch.lap("bare"):
        async with shore.fresh.plain.transaction():
            await shore.fresh.plain.execute(_BARE_MOVE, leads, members, positions, shore.pool)
            await shore.fresh.plain.execute(_BARE_ENTRIES, leads)


def _given(answer: HandOutAnswer) -> tuple[Sequence[int], Sequence[int]]:
    """The leads and who gets each; all of them are given to somebody."""
    given = [(one.record.id, one.member_id) for one in answer.handed if one.member_id is not None]
    if len(given) < LEADS:
        raise RuntimeError(f"{LEADS - len(given)} leads were left")
    leads, members = zip(*given, strict=True)
    return leads, members
