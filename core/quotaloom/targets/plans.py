"""Plans and their versions: making them, publishing them, revising them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period
from quotaloom.organizations.naming import checked_name
from quotaloom.organizations.stored import LOCK as ORGANIZATION_LOCK
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.smart import refuse_unless_smart
from quotaloom.targets.standing import require_approval
from quotaloom.targets.versions import add_version, copy_cells

NO_PLAN: Final = "there is no such plan that you can see"


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan with its open draft and its published version, where it has them; months cover [starts_on, ends_on).

    `commitments_until` is the last day on which holders may commit, where it calls for that. `scenarios` are its
    further drafts, id by number.
    """

    id: int
    name: str
    metric_id: int
    fiscal_year: int
    starts_on: date
    ends_on: date
    draft_id: int | None
    published_id: int | None
    closed: bool
    commitments_until: date | None
    scenarios: Mapping[int, int]

    def open_id(self, scenario: int | None) -> int | None:
        """The version whose cells may change: the draft, or the scenario with that number; None where there is none."""
        return self.draft_id if scenario is None else self.scenarios.get(scenario)


async def load_plan(
    source: Snapshot | Transaction, plan_id: int, path: tuple[str | int, ...] = ("planId",)
) -> PlanFacts:
    """One plan; raises `NotFound`."""
    row = await source.fetch_one(
        "SELECT p.id, p.name, p.metric_id, p.fiscal_year, p.starts_on, p.ends_on,"
        " max(v.id) FILTER (WHERE v.status = 'draft') AS draft_id,"
        " max(v.id) FILTER (WHERE v.status = 'published') AS published_id, p.closed_at IS NOT NULL AS closed,"
        " p.commitments_until,"
        " array_agg(v.number ORDER BY v.id) FILTER (WHERE v.status = 'scenario') AS numbers,"
        " array_agg(v.id ORDER BY v.id) FILTER (WHERE v.status = 'scenario') AS ids"
        " FROM plan p LEFT JOIN plan_version v ON v.company_id = p.company_id AND v.plan_id = p.id"
        " WHERE p.id = $1 GROUP BY p.company_id, p.id",
        plan_id,
    )
    if row is None:
        raise NotFound("NOT_FOUND", NO_PLAN, path)
    facts = dict(row)
    numbers, ids = facts.pop("numbers") or (), facts.pop("ids") or ()
    return PlanFacts(**facts, scenarios=dict(zip(numbers, ids, strict=True)))


def draft_of(plan: PlanFacts, path: tuple[str | int, ...] = ("planId",)) -> int:
    """The plan's draft version; raises `InputError` NO_DRAFT where all its versions are published."""
    if plan.draft_id is None:
        raise InputError(
            "NO_DRAFT", f"{plan.name} is published; its cells change by a revision only: call revisePlan first", path
        )
    return plan.draft_id


def open_version(plan: PlanFacts, scenario: int | None, path: tuple[str | int, ...] = ()) -> int:
    """The version whose cells may change: the plan's draft, or its scenario with that number.

    Raises `InputError` NO_DRAFT as `draft_of`, and `NotFound` at `scenario` for a number that no scenario has. `path`
    leads to the input that has both.
    """
    if scenario is None:
        return draft_of(plan, (*path, "planId"))
    version = plan.open_id(scenario)
    if version is None:
        known = ", ".join(map(str, plan.scenarios)) or "none"
        raise NotFound(
            "NOT_FOUND", f"{plan.name} has no scenario {scenario}; its scenarios: {known}", (*path, "scenario")
        )
    return version


async def version_numbered(source: Snapshot | Transaction, plan_id: int, number: int) -> tuple[int, bool] | None:
    """The plan's version with that number, and whether it is a draft or scenario; None where there is none."""
    row = await source.fetch_one(
        "SELECT id, published_at IS NULL AS open FROM plan_version"
        " WHERE plan_id = $1 AND number = $2 AND status <> 'dropped'",
        plan_id,
        number,
    )
    return None if row is None else (row["id"], row["open"])


async def create_plan(work: Work, name: str, metric_id: int, fiscal_year: int) -> int:
    """A new plan of a metric and fiscal year, with an empty draft; returns its id."""
    work.viewer.require(Scope.TARGETS, "creating a plan")
    name = checked_name(name)
    try:
        year = fiscal_calendar(work.company).year(fiscal_year)
    except InputError as error:
        raise error.at("fiscalYear") from None

    async def apply(transaction: Transaction) -> int:
        if await transaction.fetch_one("SELECT 1 FROM metric WHERE id = $1", metric_id) is None:
            raise NotFound("NOT_FOUND", "there is no such metric", ("metricId",))
        plan_id, _ = await add_plan(transaction, name, metric_id, fiscal_year, year)
        return plan_id

    return await work.write(apply)


async def add_plan(
    transaction: Transaction, name: str, metric_id: int, fiscal_year: int, days: Period
) -> tuple[int, int]:
    """A plan with an empty draft, recorded and published; returns the ids of both."""
    row = await transaction.fetch_one(
        "INSERT INTO plan (company_id, name, metric_id, fiscal_year, starts_on, ends_on, version)"
        " VALUES ($1, $2, $3, $4, $5, $6, 1) RETURNING id",
        transaction.company_id,
        name,
        metric_id,
        fiscal_year,
        days.starts_on,
        days.ends_on,
    )
    assert row is not None
    plan_id: int = row["id"]
    draft = await add_version(transaction, plan_id, "draft")
    after = {"name": name, "metric_id": metric_id, "fiscal_year": fiscal_year}
    transaction.record("plan.create", "Plan", plan_id, after=after)
    transaction.publish("plan.created", id=plan_id)
    return plan_id, draft


async def publish_plan(work: Work, plan_id: int) -> int:
    """Publish the plan's draft; the version published before is superseded and kept. Returns the version's id.

    No day has targets of two published plans of one metric: raises `InputError` ALREADY_PUBLISHED otherwise,
    EMPTY_PLAN for a draft without any target, and NOT_SMART for all that `smart_findings` finds, at once. Where the
    company's plans need approval, NOT_APPROVED unless the submission of the whole tree is, and `AccessDenied` for
    whoever submitted that.
    """
    work.viewer.require(Scope.TARGETS, "publishing a plan")

    async def apply(transaction: Transaction) -> int:
        await transaction.lock(ORGANIZATION_LOCK, shared=True)
        await transaction.lock("plans")
        await transaction.lock(f"plan:{plan_id}")
        plan = await load_plan(transaction, plan_id)
        draft = draft_of(plan)
        if work.company.plans_need_approval:
            await require_approval(transaction, work.viewer, draft)
        await _refuse_second(transaction, plan, draft)
        cell = "SELECT 1 FROM target_cell WHERE plan_version_id = $1 AND target IS NOT NULL LIMIT 1"
        if await transaction.fetch_one(cell, draft) is None:
            raise InputError("EMPTY_PLAN", f"{plan.name} has no target yet; set or decompose one first", ("planId",))
        calendar, owners = fiscal_calendar(work.company), work.company.plans_need_owners
        await refuse_unless_smart(transaction, calendar, draft, owners=owners)
        await transaction.execute(
            "UPDATE plan_version SET status = 'superseded' WHERE plan_id = $1 AND status = 'published'", plan_id
        )
        await transaction.execute(
            "UPDATE plan_version SET status = 'published', published_at = $2, published_on = $3, published_by = $4"
            " WHERE id = $1",
            draft,
            transaction.now,
            work.today,
            transaction.writer.subject,
        )
        transaction.record(
            "plan.publish", "Plan", plan_id, before={"version": plan.published_id}, after={"version": draft}
        )
        transaction.publish("plan.published", id=plan_id, version=draft)
        transaction.attainment_changed([plan.metric_id])
        return draft

    return await work.write(apply)


async def revise_plan(work: Work, plan_id: int, reason: str) -> int:
    """Open a new draft with the published cells in it; the published version stays in force until the next.

    A revision has a reason. Raises `Conflict` where a draft is open already.
    """
    work.viewer.require(Scope.TARGETS, "revising a plan")
    if checked_reason(reason) is None:
        raise InputError("REASON_MISSING", "a revision needs a reason", ("reason",))

    async def apply(transaction: Transaction) -> int:
        await transaction.lock("plans")
        plan = await load_plan(transaction, plan_id)
        if plan.closed:
            raise InputError("PLAN_CLOSED", f"{plan.name} is closed; reopen it first", ("planId",))
        if plan.draft_id is not None or plan.published_id is None:
            raise Conflict(
                "DRAFT_OPEN", f"{plan.name} has an open draft already; work on it or publish it", ("planId",)
            )
        draft = await add_version(transaction, plan_id, "draft", reason=reason.strip(), base_id=plan.published_id)
        await copy_cells(transaction, plan.published_id, draft)
        transaction.record("plan.revise", "Plan", plan_id, after={"version": draft}, reason=reason.strip())
        transaction.publish("plan.revised", id=plan_id, version=draft)
        return draft

    return await work.write(apply)


async def close_plan(work: Work, plan_id: int) -> None:
    """Close a published plan: it stays in force for reports, and is revised no more. Admins only.

    Raises `Conflict` DRAFT_OPEN where a revision is under way, `InputError` NOT_PUBLISHED.
    """
    work.viewer.require(Scope.TARGETS, "closing a plan")

    async def apply(transaction: Transaction) -> None:
        await transaction.lock("plans")
        plan = await load_plan(transaction, plan_id)
        if plan.closed:
            return
        if plan.draft_id is not None and plan.published_id is not None:
            raise Conflict("DRAFT_OPEN", f"{plan.name} has an open draft; publish it first", ("planId",))
        if plan.published_id is None:
            raise InputError("NOT_PUBLISHED", f"{plan.name} was never published", ("planId",))
        await transaction.execute(
            "UPDATE plan SET closed_at = $2, closed_by = $3, version = version + 1 WHERE id = $1",
            plan_id,
            transaction.now,
            transaction.writer.subject,
        )
        transaction.record("plan.close", "Plan", plan_id, before={"closed": False}, after={"closed": True})
        transaction.publish("plan.closed", id=plan_id)

    await work.write(apply)


async def reopen_plan(work: Work, plan_id: int, reason: str) -> None:
    """Open a closed plan for revisions again. Admins only, with a reason."""
    work.viewer.require(Scope.TARGETS, "reopening a plan")
    text = checked_reason(reason)
    if text is None:
        raise InputError("REASON_MISSING", "say why it is opened again", ("reason",))

    async def apply(transaction: Transaction) -> None:
        await transaction.lock("plans")
        plan = await load_plan(transaction, plan_id)
        if not plan.closed:
            return
        await transaction.execute(
            "UPDATE plan SET closed_at = NULL, closed_by = NULL, version = version + 1 WHERE id = $1", plan_id
        )
        before, after = {"closed": True}, {"closed": False}
        transaction.record("plan.reopen", "Plan", plan_id, before=before, after=after, reason=text)
        transaction.publish("plan.reopened", id=plan_id)

    await work.write(apply)


async def _refuse_second(transaction: Transaction, plan: PlanFacts, draft: int) -> None:
    """Two plans in force may not aim for the same day: their targets would count twice."""
    other = await transaction.fetch_one(
        "WITH mine AS (SELECT DISTINCT starts_on, ends_on FROM target_cell"
        " WHERE plan_version_id = $1 AND target IS NOT NULL)"
        " SELECT p.name, min(c.starts_on) AS starts_on, max(c.ends_on) AS ends_on FROM plan p"
        " JOIN plan_version v ON v.company_id = p.company_id AND v.plan_id = p.id AND v.status = 'published'"
        " JOIN target_cell c ON c.company_id = v.company_id AND c.plan_version_id = v.id AND c.target IS NOT NULL"
        " JOIN mine m ON m.starts_on < c.ends_on AND m.ends_on > c.starts_on"
        # Plans of other years are left out before their cells are looked at.
        " WHERE p.id <> $2 AND p.metric_id = $3 AND p.starts_on < $5 AND p.ends_on > $4"
        " GROUP BY p.id, p.name ORDER BY p.id LIMIT 1",
        draft,
        plan.id,
        plan.metric_id,
        plan.starts_on,
        plan.ends_on,
    )
    if other is not None:
        raise InputError(
            "ALREADY_PUBLISHED",
            f"{other['name']} has published targets of this metric from {other['starts_on']} up to"
            f" {other['ends_on']}; revise that plan, or clear these months here",
            ("planId",),
        )
