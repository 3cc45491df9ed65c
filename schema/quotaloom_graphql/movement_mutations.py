"""Mutations that let records change hands: claims, assignments, releases, transfers and handing over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry

from quotaloom.ownership.owners import Movement, RecordKind, RecordName
from quotaloom.platform.errors import Path
from quotaloom.platform.work import Work
from quotaloom.pool.claiming import claim_next, claim_records
from quotaloom.pool.exempting import exempt_records
from quotaloom.pool.giving import Giving, Recipient, assign_records, transfer_records
from quotaloom.pool.handing_over import HandOver, hand_over_records
from quotaloom.pool.moving import RECORDS, Outcome
from quotaloom.pool.releasing import release_records
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, encode_id, optional_id
from quotaloom_graphql.ownerships import MovementRefusal, refusal_row
from quotaloom_graphql.pool_loaders import TYPES, load_records, record_name
from quotaloom_graphql.pools import PoolRecord
from quotaloom_graphql.untold import refusal_for
from strawberry_breadth import batch

RECORD_IDS = "The leads, customers and opportunities, up to 1,000."
POSITION = "In which of the positions held; the one below the pool's units, or the only one, if not given."
OVERRIDE = "Override the cooldowns and caps that would refuse it; takes an admin and a reason."
KEY = "Your own name of this request: the same again is answered as the first time, and moves nothing."


@strawberry.type(description="What became of one record.")
class RecordOutcome:
    """An outcome."""

    record_id: strawberry.ID = strawberry.field(description="The id of the record.")
    done: bool = strawberry.field(description="It changed hands.")
    refusal: MovementRefusal | None = strawberry.field(description="Why it did not.")
    record: PoolRecord | None = batch(
        load_records, key="record", by="record", one=True, description="The record, as you may see it now."
    )


@strawberry.type(description="What became of each record that was named, in their order.")
class RecordsPayload:
    """Outcomes, or what was wrong."""

    results: list[RecordOutcome] | None = strawberry.field(
        description="One for each: some may have changed hands and others not."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong with the input; then nothing was done.")


@strawberry.type(description="The next records that you were given.")
class ClaimNextRecordsPayload:
    """Outcomes, or what was wrong."""

    results: list[RecordOutcome] | None = strawberry.field(description="What is yours now, in the order of the pool.")
    stopped_by: MovementRefusal | None = strawberry.field(
        description="Why it is less than you asked for: `POOL_EMPTY`, or what refused you a record."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong with the input; then nothing was done.")


@strawberry.type(description="How many records went to each recipient, and why others stayed.")
class HandOverRecordsPayload:
    """A handing over, or what was wrong."""

    moved: list[int] | None = strawberry.field(
        description="How many went to each recipient, in their order; or the one number that went into the pool."
    )
    refused: list[RecordOutcome] | None = strawberry.field(description="What stays where it is, and why.")
    errors: list[UserError] = strawberry.field(description="What was wrong with the input; then nothing was done.")


@strawberry.input(description="Records that you want to take out of their pools.")
class ClaimRecordsInput:
    """A claim."""

    record_ids: list[strawberry.ID] = strawberry.field(description=RECORD_IDS)
    position_id: strawberry.ID | None = strawberry.field(default=None, description=POSITION)
    key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="A pool of which you want the records that have waited the longest.")
class ClaimNextRecordsInput:
    """A claim of the next."""

    pool_id: strawberry.ID = strawberry.field(description="The pool.")
    count: int = strawberry.field(default=1, description="How many, up to 100.")
    position_id: strawberry.ID | None = strawberry.field(default=None, description=POSITION)
    key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Records that wait, and who shall have them: a member, or a position with its holder.")
class AssignRecordsInput:
    """An assignment."""

    record_ids: list[strawberry.ID] = strawberry.field(description=RECORD_IDS)
    member_id: strawberry.ID | None = strawberry.field(default=None, description="The member.")
    position_id: strawberry.ID | None = strawberry.field(default=None, description=POSITION)
    reason: str | None = strawberry.field(default=None, description="Why.")
    override: bool = strawberry.field(default=False, description=OVERRIDE)


@strawberry.input(description="Held records, and who shall have them; they keep their stage and their pool.")
class TransferRecordsInput:
    """A transfer."""

    record_ids: list[strawberry.ID] = strawberry.field(description=RECORD_IDS)
    member_id: strawberry.ID | None = strawberry.field(default=None, description="The member.")
    position_id: strawberry.ID | None = strawberry.field(default=None, description=POSITION)
    reason: str | None = strawberry.field(default=None, description="Why.")
    override: bool = strawberry.field(default=False, description=OVERRIDE)


@strawberry.input(description="Records that go back to their pools.")
class ReleaseRecordsInput:
    """A release."""

    record_ids: list[strawberry.ID] = strawberry.field(description=RECORD_IDS)
    reason: str = strawberry.field(description="Why: whoever claims them next reads it.")
    pool_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where records of no pool go; those of a pool always go back to it."
    )


@strawberry.input(description="Somebody to whom records are handed over.")
class RecipientInput:
    """A recipient."""

    member_id: strawberry.ID | None = strawberry.field(default=None, description="The member.")
    position_id: strawberry.ID | None = strawberry.field(default=None, description=POSITION)


@strawberry.input(description="All that a member holds and that is not over, and where it goes.")
class HandOverRecordsInput:
    """A handing over."""

    member_id: strawberry.ID = strawberry.field(description="Whose records; perhaps he has left already.")
    to: list[RecipientInput] = strawberry.field(
        default_factory=list, description="Who gets them, in turn. Either these, or a pool."
    )
    pool_id: strawberry.ID | None = strawberry.field(default=None, description="The pool that all of them go into.")
    kinds: list[RecordKind] | None = strawberry.field(default=None, description="Only these; all if not given.")
    reason: str | None = strawberry.field(default=None, description="Why; going into a pool takes one.")
    override: bool = strawberry.field(default=False, description=OVERRIDE)


@strawberry.input(description="Records that are never to be recycled, or may be again.")
class ExemptRecordsInput:
    """An exemption."""

    record_ids: list[strawberry.ID] = strawberry.field(description=RECORD_IDS)
    exempt: bool = strawberry.field(default=True, description="False lets the rules have them again.")
    reason: str | None = strawberry.field(default=None, description="Why; an exemption needs one.")


async def _claim_records(work: Work, input: ClaimRecordsInput, _: Services) -> dict[str, Any]:
    position_id = optional_id(input.position_id, "OrgUnit", ("positionId",))
    answer = await claim_records(work, record_names(input.record_ids), position_id, input.key)
    return {"results": _outcomes(work, answer.outcomes)}


async def _claim_next(work: Work, input: ClaimNextRecordsInput, _: Services) -> dict[str, Any]:
    pool_id = decode_id(input.pool_id, "Pool", ("poolId",))
    position_id = optional_id(input.position_id, "OrgUnit", ("positionId",))
    answer = await claim_next(work, pool_id, input.count, position_id, input.key)
    return {"results": _outcomes(work, answer.outcomes), "stopped_by": refusal_row(answer.stopped_by)}


async def _assign_records(work: Work, input: AssignRecordsInput, _: Services) -> dict[str, Any]:
    giving = Giving(Movement.ASSIGN, input.reason, input.override)
    outcomes = await assign_records(work, record_names(input.record_ids), _recipient(input), giving)
    return {"results": _outcomes(work, outcomes)}


async def _transfer_records(work: Work, input: TransferRecordsInput, _: Services) -> dict[str, Any]:
    giving = Giving(Movement.TRANSFER, input.reason, input.override)
    outcomes = await transfer_records(work, record_names(input.record_ids), _recipient(input), giving)
    return {"results": _outcomes(work, outcomes)}


async def _release_records(work: Work, input: ReleaseRecordsInput, _: Services) -> dict[str, Any]:
    pool_id = optional_id(input.pool_id, "Pool", ("poolId",))
    return {
        "results": _outcomes(work, await release_records(work, record_names(input.record_ids), input.reason, pool_id))
    }


async def _hand_over(work: Work, input: HandOverRecordsInput, _: Services) -> dict[str, Any]:
    handover = HandOver(
        member_id=decode_id(input.member_id, "Member", ("memberId",)),
        to=[_recipient(one, ("to", number)) for number, one in enumerate(input.to)],
        pool_id=optional_id(input.pool_id, "Pool", ("poolId",)),
        kinds=input.kinds,
        reason=input.reason,
        override=input.override,
    )
    done = await hand_over_records(work, handover)
    return {"moved": list(done.moved), "refused": _outcomes(work, done.refused)}


async def _exempt_records(work: Work, input: ExemptRecordsInput, _: Services) -> dict[str, Any]:
    names = record_names(input.record_ids)
    await exempt_records(work, names, input.reason, exempt=input.exempt)
    return {"results": _outcomes(work, [Outcome(name) for name in names])}


def record_names(ids: Sequence[str]) -> list[RecordName]:
    """The records of an input's `recordIds`."""
    return [record_name(one, (RECORDS, number)) for number, one in enumerate(ids)]


def _recipient(input: AssignRecordsInput | TransferRecordsInput | RecipientInput, path: Path = ()) -> Recipient:
    return Recipient(
        optional_id(input.member_id, "Member", (*path, "memberId")),
        optional_id(input.position_id, "OrgUnit", (*path, "positionId")),
        path,
    )


def _outcomes(work: Work, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """What became of records; one that stayed is not shown to a service that may not read."""
    reads = work.viewer.may_read
    return [
        {
            "record_id": encode_id(TYPES[one.record.kind], one.record.id),
            "record": one.record if reads or one.refusal is None else None,
            "done": one.refusal is None,
            "refusal": refusal_row(refusal_for(work.viewer, one.refusal)),
        }
        for one in outcomes
    ]


@strawberry.type
class MovementMutation:
    """Mutations of owners."""

    claim_records: RecordsPayload = mutation(_claim_records, description="Take records that wait in your pools (领取).")
    claim_next_records: ClaimNextRecordsPayload = mutation(
        _claim_next, description="Take those records of a pool that have waited the longest."
    )
    assign_records: RecordsPayload = mutation(_assign_records, description="Give records that wait to somebody (分配).")
    transfer_records: RecordsPayload = mutation(_transfer_records, description="Give held records to another holder.")
    release_records: RecordsPayload = mutation(_release_records, description="Give records back to their pools (退回).")
    hand_over_records: HandOverRecordsPayload = mutation(
        _hand_over,
        weight=WHOLE_PLAN,
        description="Hand over all that a member holds: to a colleague, to several in turn, or to a pool.",
    )
    exempt_records: RecordsPayload = mutation(
        _exempt_records, description="Keep records from being recycled, or let the rules have them again."
    )
