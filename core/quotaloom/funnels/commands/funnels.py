"""Laying out a funnel and revising it; deals under way stay on the version that they follow until they are moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from asyncpg import Record

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import definitions
from quotaloom.funnels.moves import MOVED_AT
from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.stages import NewFunnel, NewStage, Outcome, check_funnel, check_stages
from quotaloom.funnels.stored_stages import StageFacts, insert_stages, load_stages
from quotaloom.ownership.permission import unknown
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

_DEALS_BEHIND = """
SELECT deal.id, stage.key, stage.name FROM opportunity AS deal
JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id
    AND stage.outcome = 'open' AND stage.version_number < $3
WHERE deal.company_id = $1 AND deal.funnel_id = $2 ORDER BY deal.id FOR UPDATE OF deal
"""

_MOVE_DEALS = f"""
WITH given AS (
    SELECT * FROM unnest($3::bigint[], $4::bigint[]) AS given (id, to_stage_id)
), before AS (
    SELECT deal.id, deal.stage_id, given.to_stage_id FROM opportunity AS deal JOIN given ON given.id = deal.id
    WHERE deal.company_id = $1
), moved AS (
    UPDATE opportunity SET stage_id = before.to_stage_id, version = version + 1 FROM before
    WHERE opportunity.company_id = $1 AND opportunity.id = before.id
)
INSERT INTO stage_move (company_id, opportunity_id, from_stage_id, to_stage_id, moved_at, moved_on, actor,
    actor_member_id, reason)
SELECT $1, id, stage_id, to_stage_id, {MOVED_AT.format(deal="before.id")}, $5, $6, $7, $8 FROM before ORDER BY id
"""  # noqa: S608 (constants)


async def create_funnel(work: Work, funnel: NewFunnel) -> int:
    """Create a funnel with its stages, its first version; returns its id.

    Needs an admin or a service with `funnels:write`. Raises `InputError` for what cannot be a funnel, a
    key that is taken, and a standard that asks for an attribute which deals do not have; `NotFound` for its unit.
    """
    work.viewer.require(Scope.FUNNELS, "creating a funnel")
    check_funnel(funnel)

    async def apply(transaction: Transaction) -> int:
        if funnel.unit_id is not None:
            await _require_unit(transaction, funnel.unit_id)
        return await insert_funnel(transaction, funnel)

    return await work.write(apply)


async def _require_unit(transaction: Transaction, unit_id: int) -> None:
    row = None
    if may_be_id(unit_id):
        row = await transaction.fetch_one(
            "SELECT FROM org_unit WHERE company_id = $1 AND id = $2 AND kind <> 'position'",
            transaction.company_id,
            unit_id,
        )
    if row is None:
        raise unknown("unit", f"{unit_id} with positions below it", ("orgUnitId",))


async def insert_funnel(transaction: Transaction, funnel: NewFunnel) -> int:
    """Insert a checked funnel with its stages, in a constant number of statements; returns its id."""
    row = await transaction.fetch_one(
        "INSERT INTO funnel (company_id, key, name, unit_id, version) VALUES ($1, $2, $3, $4, 1)"
        " ON CONFLICT (company_id, key) DO NOTHING RETURNING id",
        transaction.company_id,
        funnel.key,
        funnel.name.strip(),
        funnel.unit_id,
    )
    if row is None:
        raise InputError("KEY_TAKEN", f"there is a funnel with the key {funnel.key!r} already", ("key",))
    funnel_id: int = row["id"]
    await _insert_version(transaction, funnel_id, 1, funnel.stages, None)
    transaction.record("funnel.create", "Funnel", funnel_id, after=asdict(funnel))
    transaction.publish("funnel.created", id=funnel_id)
    return funnel_id


async def revise_funnel(
    work: Work, funnel_id: int, stages: Sequence[NewStage], reason: str | None, expected_version: int | None = None
) -> int:
    """Lay the stages of a funnel out anew, as its next version; returns that version's number.

    New deals follow it. Deals under way stay in the stages that they are in, and move among those of their own version,
    until `move_deals_to_latest`. Needs an admin or a service with `funnels:write`. Raises `NotFound`, `Conflict` where
    the funnel's version is another, `InputError` as `create_funnel`, and OTHER_OUTCOME for a stage whose key had
    another outcome in an earlier version: figures tell stages by their keys, whatever version a deal follows.
    """
    work.viewer.require(Scope.FUNNELS, "revising a funnel")
    reason = checked_reason(reason)
    check_stages(stages)

    async def apply(transaction: Transaction) -> int:
        funnel = await hold_funnel(transaction, funnel_id, expected_version)
        number = int(funnel["latest_version"]) + 1
        await _require_outcomes(transaction, funnel_id, stages)
        await _insert_version(transaction, funnel_id, number, stages, reason)
        await transaction.execute(
            "UPDATE funnel SET latest_version = $3, version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            funnel_id,
            number,
        )
        after = {"version": number, "stages": [asdict(stage) for stage in stages]}
        transaction.record(
            "funnel.revise", "Funnel", funnel_id, before={"version": number - 1}, after=after, reason=reason
        )
        transaction.publish("funnel.revised", id=funnel_id, version=number)
        return number

    return await work.write(apply)


async def _require_outcomes(transaction: Transaction, funnel_id: int, stages: Sequence[NewStage]) -> None:
    rows = await transaction.fetch(
        "SELECT DISTINCT key, outcome FROM stage WHERE company_id = $1 AND funnel_id = $2",
        transaction.company_id,
        funnel_id,
    )
    earlier = {row["key"]: row["outcome"] for row in rows}
    raise_all(
        [
            InputError(
                "OTHER_OUTCOME",
                f"{stage.key!r} was {earlier[stage.key]} in an earlier version: give this stage another key",
                ("stages", place, "outcome"),
            )
            for place, stage in enumerate(stages)
            if earlier.get(stage.key, stage.outcome) != stage.outcome
        ]
    )


async def move_deals_to_latest(
    work: Work,
    funnel_id: int,
    stages: Mapping[str, str],
    reason: str | None = None,
    expected_version: int | None = None,
) -> int:
    """Move every open deal of an older version of a funnel into the latest; returns how many.

    `stages` says into which open stage of the latest version the deals of a stage go, by their keys; where it says
    nothing, into the one of the same key. The moves are recorded as of today; no standard or gate keeps them. Won, lost
    and invalid deals stay where they are. Needs an admin or a service with `funnels:write`. Raises `NotFound`,
    `Conflict` where the funnel's version is another, and for each key that leads nowhere `InputError` UNMAPPED_STAGE
    or `NotFound`.
    """
    work.viewer.require(Scope.FUNNELS, "moving deals to the latest version of a funnel")
    reason = checked_reason(reason)

    async def apply(transaction: Transaction) -> int:
        funnel = await hold_funnel(transaction, funnel_id, expected_version)
        number = int(funnel["latest_version"])
        latest = (await load_stages(transaction, [funnel_id]))[funnel_id]
        await _require_older(transaction, funnel_id, number, stages)
        targets = _targets(latest, stages)
        deals = await transaction.fetch(_DEALS_BEHIND, transaction.company_id, funnel_id, number)
        lost = sorted({deal["key"] for deal in deals} - targets.keys())
        raise_all([_unmapped(key) for key in lost])
        await transaction.execute(
            _MOVE_DEALS,
            transaction.company_id,
            transaction.now,
            [deal["id"] for deal in deals],
            [targets[deal["key"]].id for deal in deals],
            work.today,
            transaction.writer.subject,
            transaction.writer.member_id,
            reason,
        )
        after = {"version": number, "stages": dict(stages), "deals": len(deals)}
        transaction.record("funnel.move_deals", "Funnel", funnel_id, after=after, reason=reason)
        transaction.publish("funnel.deals_moved", id=funnel_id, version=number)
        for deal in deals:
            stage = targets[deal["key"]]
            told = {"stage": stage.name, "on": work.today, "version": number}
            transaction.record(
                "opportunity.move", "Opportunity", deal["id"], before={"stage": deal["name"]}, after=told, reason=reason
            )
            transaction.publish("opportunity.moved", id=deal["id"], stage_id=stage.id)
        return len(deals)

    return await work.write(apply)


async def _require_older(transaction: Transaction, funnel_id: int, number: int, stages: Mapping[str, str]) -> None:
    """Raise `NotFound` for each key of `stages` that is of no open stage of an older version."""
    rows = await transaction.fetch(
        "SELECT DISTINCT key FROM stage WHERE company_id = $1 AND funnel_id = $2 AND version_number < $3"
        " AND outcome = 'open'",
        transaction.company_id,
        funnel_id,
        number,
    )
    known = {row["key"] for row in rows}
    raise_all(
        [
            NotFound("UNKNOWN_STAGE", f"no older version has an open stage {key[:80]!r}", ("stages", place, "of"))
            for place, key in enumerate(stages)
            if key not in known
        ]
    )


def _targets(latest: Sequence[StageFacts], stages: Mapping[str, str]) -> dict[str, StageFacts]:
    """Where the deals of a stage go, by its key: to the stage of that key unless `stages` says otherwise."""
    found = {stage.key: stage for stage in latest if stage.outcome is Outcome.OPEN}
    errors = [
        NotFound("UNKNOWN_STAGE", f"the latest version has no open stage {key[:80]!r}", ("stages", number, "to"))
        for number, key in enumerate(stages.values())
        if key not in found
    ]
    raise_all(errors)
    return found | {key: found[to] for key, to in stages.items()}


def _unmapped(key: str) -> InputError:
    message = f"there are deals in {key!r}, which the latest version does not have: say into which stage they go"
    return InputError("UNMAPPED_STAGE", message, ("stages",))


async def hold_funnel(transaction: Transaction, funnel_id: int, expected_version: int | None) -> Record:
    """The funnel, locked until the transaction ends.

    Raises `NotFound`, and `Conflict` where it has another version than the one expected.
    """
    row = None
    if may_be_id(funnel_id):
        row = await transaction.fetch_one(
            "SELECT id, key, latest_version, version FROM funnel WHERE company_id = $1 AND id = $2 FOR UPDATE",
            transaction.company_id,
            funnel_id,
        )
    if row is None:
        raise unknown("funnel", funnel_id, ("id",))
    if expected_version not in (None, row["version"]):
        raise Conflict("STALE", "this funnel was changed meanwhile: read it again", ("expectedVersion",))
    return row


async def _insert_version(
    transaction: Transaction, funnel_id: int, number: int, stages: Sequence[NewStage], reason: str | None
) -> None:
    await _require_attributes(transaction, stages)
    await transaction.execute(
        "INSERT INTO funnel_version (company_id, funnel_id, number, at, actor, reason) VALUES ($1, $2, $3, $4, $5, $6)",
        transaction.company_id,
        funnel_id,
        number,
        transaction.now,
        transaction.writer.subject,
        reason,
    )
    await insert_stages(transaction, funnel_id, number, stages)


async def _require_attributes(transaction: Transaction, stages: Sequence[NewStage]) -> None:
    """Raise `NotFound` for each standard that asks for an attribute which deals do not have, or no more."""
    asked = [
        (("stages", place, "standards", number, "attribute"), standard.attribute)
        for place, stage in enumerate(stages)
        for number, standard in enumerate(stage.standards)
        if standard.attribute is not None
    ]
    if not asked:
        return
    rows = await definitions(transaction, Subject.OPPORTUNITY)
    known = {row["key"] for row in rows if not row["archived"]}
    raise_all(
        [
            NotFound("UNKNOWN_ATTRIBUTE", f"deals have no attribute {key!r}: define it first", path)
            for path, key in asked
            if key not in known
        ]
    )
