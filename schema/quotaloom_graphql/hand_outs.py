"""Handing out what waits in a pool by policies, in earnest or as a trial, and who is left out."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.platform.work import Work
from quotaloom.pool.chains import opt_out, set_chain
from quotaloom.pool.handing_out import MOST_HANDED, Handed, hand_out
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.movement_mutations import record_names
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, encode_id
from quotaloom_graphql.organization_loaders import load_named_members
from quotaloom_graphql.organizations import Member
from quotaloom_graphql.ownerships import MovementRefusal, refusal_row
from quotaloom_graphql.pool_loaders import TYPES, load_pools, load_records
from quotaloom_graphql.pools import Pool, PoolRecord
from quotaloom_graphql.untold import refusal_for
from strawberry_breadth import batch


@strawberry.type(description="Who gets a record, or would get it, and why; or why nobody does.")
class HandOut:
    """A record that is handed out."""

    record_id: strawberry.ID = strawberry.field(description="The id of the record.")
    record: PoolRecord | None = batch(
        load_records, key="record", by="record", one=True, description="The record, as you may see it now."
    )
    member: Member | None = batch(
        load_named_members, key="member_id", by="id", one=True, description="Who gets it; null where nobody does."
    )
    policy: str | None = strawberry.field(description="The key of the policy that chose him.")
    reason: str | None = strawberry.field(
        description="The sentence that he reads; null to a service without `graph:read`."
    )
    refusal: MovementRefusal | None = strawberry.field(
        description="Why nobody gets it: `NOBODY` where no policy chose anybody, or what stood in the way."
    )


@strawberry.type(description="What a policy says of the records that it was asked about.")
class HandOutExplanation:
    """An explanation."""

    policy: str = strawberry.field(description="The key of the policy.")
    explanation: JSON = strawberry.field(description="`text`, named `values`, and `items` of the same kind.")


@strawberry.type(description="What was handed out, or would be.")
class HandOutRecordsPayload:
    """Records handed out, or what was wrong."""

    results: list[HandOut] | None = strawberry.field(
        description="One for each record, that which has waited the longest first; those that do not wait come last."
    )
    explanations: list[HandOutExplanation] | None = strawberry.field(
        description="What the policies say, in the order in which they were asked; to a service without `graph:read`"
        " nothing."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; then nothing was done.")


@strawberry.type(description="The pool as it stands now.")
class PoolPolicyPayload:
    """A pool, or what was wrong."""

    pool: Pool | None = batch(load_pools, key="pool_id", by="id", one=True, description="The pool.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.input(description="A pool whose records are to be handed out.")
class HandOutRecordsInput:
    """A handing out."""

    pool_id: strawberry.ID = strawberry.field(description="The pool.")
    record_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only these of its waiting records, up to 10,000."
    )
    count: int = strawberry.field(
        default=MOST_HANDED, description="How many at the most, of all that wait; the longest waiting first."
    )
    trial: bool = strawberry.field(default=False, description="Only show who would get what: nothing changes.")


@strawberry.input(description="The policies that hand out a pool's records.")
class SetPoolPoliciesInput:
    """A chain of policies."""

    pool_id: strawberry.ID = strawberry.field(description="The pool.")
    policies: list[str] | None = strawberry.field(
        default=None,
        description="Keys of pool policies in the order of asking, each about what is left; null for all that are on.",
    )
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse the change if the pool has another version by now."
    )


@strawberry.input(description="Somebody who is left out when a pool's records are handed out, or included again.")
class OptOutOfPoolInput:
    """An opting out."""

    pool_id: strawberry.ID = strawberry.field(description="The pool.")
    member_id: strawberry.ID = strawberry.field(description="Who.")
    opted_out: bool = strawberry.field(default=True, description="False includes him again.")


async def _hand_out(work: Work, input: HandOutRecordsInput, services: Services) -> dict[str, Any]:
    pool_id = decode_id(input.pool_id, "Pool", ("poolId",))
    named = None if input.record_ids is None else record_names(input.record_ids)
    answer = await hand_out(work, services.policies, pool_id, named, input.count, trial=input.trial)
    reads = work.viewer.may_read
    return {
        "results": [_row(one, work) for one in answer.handed],
        "explanations": [
            {"policy": stamp.policy, "explanation": explanation.to_json()}
            for stamp, explanation in (answer.explanations if reads else ())
        ],
    }


def _row(one: Handed, work: Work) -> dict[str, Any]:
    reads = work.viewer.may_read
    return {
        "record_id": encode_id(TYPES[one.record.kind], one.record.id),
        "record": one.record if reads or one.refusal is None else None,
        "member_id": one.member_id,
        "policy": one.policy,
        "reason": one.reason if reads else None,
        "refusal": refusal_row(refusal_for(work.viewer, one.refusal)),
    }


async def _set_policies(work: Work, input: SetPoolPoliciesInput, services: Services) -> dict[str, Any]:
    pool_id = decode_id(input.pool_id, "Pool", ("poolId",))
    await set_chain(work, services.policies.registry, pool_id, input.policies, input.expected_version)
    return {"pool_id": pool_id}


async def _opt_out(work: Work, input: OptOutOfPoolInput, _: Services) -> dict[str, Any]:
    pool_id = decode_id(input.pool_id, "Pool", ("poolId",))
    member_id = decode_id(input.member_id, "Member", ("memberId",))
    await opt_out(work, pool_id, member_id, opted_out=input.opted_out)
    return {"pool_id": pool_id}


@strawberry.type
class HandOutMutation:
    """Mutations of handing out."""

    hand_out_records: HandOutRecordsPayload = mutation(
        _hand_out,
        weight=WHOLE_PLAN,
        description="Hand out what waits in a pool by its policies, or show who would get what.",
    )
    set_pool_policies: PoolPolicyPayload = mutation(
        _set_policies, description="Set which pool policies hand out a pool's records, and in which order."
    )
    opt_out_of_pool: PoolPolicyPayload = mutation(
        _opt_out, description="Be left out when a pool's records are handed out; claiming stays possible."
    )
