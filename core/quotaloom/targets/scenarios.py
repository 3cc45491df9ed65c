"""What-if: further drafts of a plan beside the main one, each with a name and cells of its own.

A scenario is planned like the draft. It is never submitted or published: it is adopted first, and is the draft then.
"""

from __future__ import annotations

from typing import Final

from quotaloom.organizations.naming import checked_name
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.plans import PlanFacts, load_plan, open_version, version_numbered
from quotaloom.targets.versions import add_version, copy_cells, outrun_cells

MOST_SCENARIOS: Final = 10
"""How many scenarios a plan may have at a time; each is as large as the plan."""


async def add_scenario(work: Work, plan_id: int, name: str, from_version: int | None = None) -> int:
    """Open a scenario with the cells of the version with that number, or without any; returns the version's id.

    Admins only. Raises `NotFound`, `InputError` PLAN_CLOSED, TOO_MANY_SCENARIOS.
    """
    work.viewer.require(Scope.TARGETS, "adding a scenario")
    text = checked_name(name)

    async def apply(transaction: Transaction) -> int:
        plan = await _held(transaction, plan_id)
        if len(plan.scenarios) >= MOST_SCENARIOS:
            raise InputError(
                "TOO_MANY_SCENARIOS",
                f"{plan.name} has {len(plan.scenarios)} scenarios, as many as a plan may have; drop one first",
                ("planId",),
            )
        base = None if from_version is None else await _version(transaction, plan, from_version)
        version = await add_version(transaction, plan_id, "scenario", name=text, base_id=base)
        if base is not None:
            await copy_cells(transaction, base, version)
        after = {"version": version, "name": text, "from": base}
        transaction.record("scenario.add", "Plan", plan_id, after=after)
        transaction.publish("scenario.added", plan=plan_id, version=version)
        return version

    return await work.write(apply)


async def adopt_scenario(work: Work, plan_id: int, number: int, reason: str) -> int:
    """Make a scenario the plan's draft; the draft before it becomes a scenario. Returns the version's id.

    Admins only, with a reason, which is that of the revision where the plan is published. Raises `NotFound`,
    `InputError` PLAN_CLOSED, SUBMITTED while something of the draft is submitted or approved.
    """
    work.viewer.require(Scope.TARGETS, "adopting a scenario")
    text = checked_reason(reason)
    if text is None:
        raise InputError("REASON_MISSING", "say why this scenario is adopted", ("reason",))

    async def apply(transaction: Transaction) -> int:
        plan = await _held(transaction, plan_id)
        version = open_version(plan, number)
        if plan.draft_id is not None:
            await _refuse_submitted(transaction, plan.draft_id)
            await transaction.execute(
                "UPDATE plan_version SET status = 'scenario', name = coalesce(name, 'Draft ' || number) WHERE id = $1",
                plan.draft_id,
            )
        await transaction.execute("UPDATE plan_version SET status = 'draft', reason = $2 WHERE id = $1", version, text)
        if (former := plan.draft_id or plan.published_id) is not None:
            await outrun_cells(transaction, version, former)
        before, after = {"draft": plan.draft_id}, {"draft": version}
        transaction.record("scenario.adopt", "Plan", plan_id, before=before, after=after, reason=text)
        transaction.publish("scenario.adopted", plan=plan_id, version=version)
        return version

    return await work.write(apply)


async def drop_scenario(work: Work, plan_id: int, number: int) -> None:
    """Do away with a scenario and its cells; its number is not used again. Admins only. Raises `NotFound`."""
    work.viewer.require(Scope.TARGETS, "dropping a scenario")

    async def apply(transaction: Transaction) -> None:
        plan = await _held(transaction, plan_id, even_closed=True)
        version = open_version(plan, number)
        await transaction.execute("DELETE FROM target_cell WHERE plan_version_id = $1", version)
        # What was made from it is told as made from what it was made from itself.
        await transaction.execute(
            "UPDATE plan_version v SET base_id = d.base_id FROM plan_version d"
            " WHERE d.company_id = v.company_id AND d.id = $1 AND v.base_id = $1",
            version,
        )
        await transaction.execute("UPDATE plan_version SET status = 'dropped' WHERE id = $1", version)
        transaction.record("scenario.drop", "Plan", plan_id, before={"version": version, "number": number})
        transaction.publish("scenario.dropped", plan=plan_id, version=version)

    await work.write(apply)


async def _held(transaction: Transaction, plan_id: int, *, even_closed: bool = False) -> PlanFacts:
    """The plan, held against everybody who adds versions to it or writes its cells."""
    await transaction.lock("plans")
    await transaction.lock(f"plan:{plan_id}")
    plan = await load_plan(transaction, plan_id)
    if plan.closed and not even_closed:
        raise InputError("PLAN_CLOSED", f"{plan.name} is closed; reopen it first", ("planId",))
    return plan


async def _version(transaction: Transaction, plan: PlanFacts, number: int) -> int:
    found = await version_numbered(transaction, plan.id, number)
    if found is None:
        raise NotFound("NOT_FOUND", f"{plan.name} has no version {number}", ("fromVersion",))
    return found[0]


async def _refuse_submitted(transaction: Transaction, draft_id: int) -> None:
    row = await transaction.fetch_one(
        "SELECT u.name, s.status FROM submission s JOIN org_unit u ON u.company_id = s.company_id AND u.id = s.unit_id"
        " WHERE s.plan_version_id = $1 AND s.status IN ('submitted', 'approved') ORDER BY s.id LIMIT 1",
        draft_id,
    )
    if row is not None:
        raise InputError(
            "SUBMITTED",
            f"what lies below {row['name']} is {row['status']} in the draft; return or withdraw it first",
            ("planId",),
        )
