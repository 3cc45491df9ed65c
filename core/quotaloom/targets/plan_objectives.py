"""What a plan serves: the objective that it is attached to."""

from __future__ import annotations

from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.strategy.commands import require_open


async def attach_plan(work: Work, plan_id: int, objective_id: int | None, expected_version: int | None = None) -> None:
    """Attach a plan to an objective of its fiscal year; None detaches it. Its cells and versions stay as they are.

    Raises `NotFound`, `InputError` OTHER_YEAR or ARCHIVED, `Conflict` STALE where the plan's row changed meanwhile.
    """
    work.viewer.require(Scope.TARGETS, "attaching a plan to an objective")

    async def apply(transaction: Transaction) -> None:
        plan = await transaction.fetch_one(
            "SELECT name, fiscal_year, objective_id, version FROM plan WHERE id = $1 FOR UPDATE", plan_id
        )
        if plan is None:
            raise NotFound("NOT_FOUND", "there is no such plan that you can see", ("planId",))
        if expected_version not in (None, plan["version"]):
            raise Conflict(
                "STALE",
                f"{plan['name']} was changed meanwhile: it is at version {plan['version']}, you read version"
                f" {expected_version}; read it again and repeat the change",
                ("expectedVersion",),
            )
        if plan["objective_id"] == objective_id:
            return
        if objective_id is not None:
            await require_open(transaction, objective_id, plan["fiscal_year"], ("objectiveId",))
        await transaction.execute(
            "UPDATE plan SET objective_id = $2, version = version + 1 WHERE id = $1", plan_id, objective_id
        )
        before, after = {"objective_id": plan["objective_id"]}, {"objective_id": objective_id}
        transaction.record("plan.attach", "Plan", plan_id, before=before, after=after)
        transaction.publish("plan.attached", id=plan_id, objective=objective_id)

    await work.write(apply)
