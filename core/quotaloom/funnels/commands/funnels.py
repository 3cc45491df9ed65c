"""Laying out a funnel."""

from __future__ import annotations

from dataclasses import asdict

from quotaloom.funnels.stages import NewFunnel, check_funnel
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work


async def create_funnel(work: Work, funnel: NewFunnel) -> int:
    """Create a funnel with its stages; returns its id.

    Needs an admin or a service with `funnels:write`. Raises `InputError` for what cannot be a funnel, or a
    key that is taken.
    """
    work.viewer.require(Scope.FUNNELS, "creating a funnel")
    check_funnel(funnel)
    return await work.write(lambda transaction: insert_funnel(transaction, funnel))


async def insert_funnel(transaction: Transaction, funnel: NewFunnel) -> int:
    """Insert a checked funnel with its stages, in three statements; returns its id."""
    row = await transaction.fetch_one(
        "INSERT INTO funnel (company_id, key, name, version) VALUES ($1, $2, $3, 1)"
        " ON CONFLICT (company_id, key) DO NOTHING RETURNING id",
        transaction.company_id,
        funnel.key,
        funnel.name.strip(),
    )
    if row is None:
        raise InputError("KEY_TAKEN", f"there is a funnel with the key {funnel.key!r} already", ("key",))
    funnel_id: int = row["id"]
    await transaction.execute(
        "INSERT INTO stage (company_id, funnel_id, key, name, outcome, win_probability, ordinal)"
        " SELECT $1, $2, key, name, outcome, win_probability, ordinal - 1 FROM"
        " unnest($3::text[], $4::text[], $5::text[], $6::numeric[])"
        " WITH ORDINALITY AS given (key, name, outcome, win_probability, ordinal)",
        transaction.company_id,
        funnel_id,
        [stage.key for stage in funnel.stages],
        [stage.name.strip() for stage in funnel.stages],
        [stage.outcome.value for stage in funnel.stages],
        [stage.win_probability for stage in funnel.stages],
    )
    transaction.record("funnel.create", "Funnel", funnel_id, after=asdict(funnel))
    transaction.publish("funnel.created", id=funnel_id)
    return funnel_id
