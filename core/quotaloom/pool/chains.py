"""Which policies hand out the records of a pool, and who is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson
from asyncpg import Record

from quotaloom.ownership.pool_people import pools_of_member
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.pool.commands import hold_pool
from quotaloom.pool.permission import pool_reach, require_mover
from quotaloom_sdk import PoolPolicy

LONGEST_CHAIN: Final = 20
"""How many policies a pool may name."""


async def set_chain(
    work: Work,
    registry: PolicyRegistry,
    pool_id: int,
    policies: Sequence[str] | None,
    expected_version: int | None = None,
) -> None:
    """Set the pool policies that hand out a pool's records, in the order of asking; None stands for all that are on.

    Whether the company has them switched on counts when records are handed out. Admins, services with `pool:write`,
    admins of the pool. Raises `NotFound`, `AccessDenied`, `Conflict` STALE, `InputError` UNKNOWN_POLICY, NAMED_TWICE,
    BAD_COUNT.
    """
    require_mover(work.viewer, "setting the policies of a pool")
    _check_chain(registry, policies)

    async def apply(transaction: Transaction) -> None:
        # Whoever takes the pool from the viewer has it: the right is asked for when that is over.
        await transaction.execute(
            "SELECT FROM pool WHERE company_id = $1 AND id = $2 FOR UPDATE", transaction.company_id, pool_id
        )
        await _require_manager(transaction, work, pool_id)
        before = await hold_pool(transaction, pool_id, expected_version, ("poolId",))
        await transaction.execute(
            "UPDATE pool SET policies = $3::text::jsonb, version = version + 1 WHERE company_id = $1 AND id = $2",
            transaction.company_id,
            pool_id,
            None if policies is None else orjson.dumps(list(policies)).decode(),
        )
        transaction.record(
            "pool.policies",
            "Pool",
            pool_id,
            before={"policies": chain_of(before)},
            after={"policies": policies},
        )
        transaction.publish("pool.updated", id=pool_id)

    await work.write(apply)


def _check_chain(registry: PolicyRegistry, policies: Sequence[str] | None) -> None:
    if policies is None:
        return
    if not 1 <= len(policies) <= LONGEST_CHAIN:
        raise InputError("BAD_COUNT", f"name 1 to {LONGEST_CHAIN} policies, or null for all", ("policies",))
    for number, key in enumerate(policies):
        registry.get(key, PoolPolicy.kind, path=("policies", number))
        if key in policies[:number]:
            raise InputError("NAMED_TWICE", f"{key} is named twice", ("policies", number))


def chain_of(pool: Record) -> list[str] | None:
    """The policies that a pool names, None where it goes by all that are on."""
    return None if pool["policies"] is None else list(orjson.loads(pool["policies"]))


async def _require_manager(transaction: Transaction, work: Work, pool_id: int) -> None:
    reach = await pool_reach(transaction, work.viewer, work.today)
    if reach.manages(pool_id):
        return
    if pool_id in reach.joined:
        raise AccessDenied("this needs an admin, of the company or of the pool")
    raise NotFound("NOT_FOUND", "there is no such pool that you can see", ("poolId",))


async def opt_out(work: Work, pool_id: int, member_id: int, *, opted_out: bool) -> None:
    """Leave a member out when a pool's records are handed out, or include him again; he may claim all the same.

    He himself, admins of the pool, admins, services with `pool:write`. Admins of the pool name its people alone: those
    who claim from it, or are left out of it already. Raises `NotFound`.
    """
    require_mover(work.viewer, "opting out")

    async def apply(transaction: Transaction) -> None:
        reach = await pool_reach(transaction, work.viewer, work.today)
        himself = member_id == work.viewer.member_id and pool_id in reach.joined
        found = await transaction.fetch_one(
            "SELECT EXISTS (SELECT FROM pool WHERE company_id = $1 AND id = $2) AS pool,"
            " EXISTS (SELECT FROM member WHERE company_id = $1 AND id = $3) AS member,"
            " EXISTS (SELECT FROM pool_turn WHERE company_id = $1 AND pool_id = $2 AND member_id = $3) AS known",
            transaction.company_id,
            pool_id,
            member_id,
        )
        assert found is not None
        if not found["pool"] or not (himself or reach.manages(pool_id)):
            raise NotFound("NOT_FOUND", "there is no such pool of yours", ("poolId",))
        theirs = await pools_of_member(transaction, member_id, work.today)
        is_known = reach.everything or found["known"] or pool_id in theirs.joined
        if not (found["member"] and is_known):
            raise NotFound("NOT_FOUND", "there is no such member", ("memberId",))
        await transaction.execute(
            "INSERT INTO pool_turn (company_id, pool_id, member_id, opted_out) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (pool_id, member_id, company_id) DO UPDATE SET opted_out = excluded.opted_out",
            transaction.company_id,
            pool_id,
            member_id,
            opted_out,
        )
        transaction.record("pool.opt_out", "Pool", pool_id, after={"member": member_id, "opted_out": opted_out})
        transaction.publish("pool.opted_out", id=pool_id, member=member_id)

    await work.write(apply)


async def opted_out_of(snapshot: Snapshot, pool_ids: Sequence[int]) -> list[Record]:
    """Who is left out of which pool, by name."""
    return await snapshot.fetch(
        "SELECT turn.pool_id, member.* FROM pool_turn AS turn"
        " JOIN member ON member.company_id = turn.company_id AND member.id = turn.member_id"
        " WHERE turn.company_id = $1 AND turn.pool_id = ANY ($2::bigint[]) AND turn.opted_out"
        " ORDER BY turn.pool_id, member.name, member.id",
        snapshot.company_id,
        list(pool_ids),
    )
