"""An allocation rule, tried on a plan: how it would have split what a unit has."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom.policies.allocating import ask_for_weights
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.trials import Reasons, Trial, TrialLine
from quotaloom.targets.allocation_requests import Inputs, allocation_request, read_inputs
from quotaloom.targets.deciding import DecomposeRequest, DecompositionOutcome, decide, units_to_split
from quotaloom.targets.gathering import KINDS, Gathered, gather
from quotaloom.targets.plans import PlanFacts, load_plan


@dataclass(frozen=True, slots=True)
class AllocationTrial:
    """What to try a rule on: the cells that a unit of a plan has, in the published version or else the draft.

    `period` narrows the answer to months within it; `levels` is how far down the rule splits, None for all.
    """

    plan_id: int
    unit_id: int
    period: Period | None = None
    levels: int | None = 1
    over_assignment: Decimal = Decimal(1)


async def try_allocation(work: Work, host: PolicyHost, selected: SelectedPolicy, trial: AllocationTrial) -> Trial:
    """What the rule would have made of the unit's own cells, compared with what the units below have.

    Locked and pinned cells stay, as in a decomposition. History is that before the plan's year. Raises what
    `decompose_target` raises.
    """
    request = DecomposeRequest(
        trial.plan_id, trial.unit_id, {}, levels=trial.levels, over_assignment=trial.over_assignment
    )
    gathered, inputs = await _gather(work, selected, trial)
    asked = units_to_split(gathered, trial.unit_id, trial.levels)
    requests = [allocation_request(gathered, inputs, unit) for unit in asked]
    answers = await ask_for_weights(host, selected, requests, company_id=work.viewer.company_id)
    weights = {unit.id: answer for unit, answer in zip(asked, answers, strict=True)}
    try:
        outcome = decide(gathered, weights, request, selected.stamp())
    except InputError as error:
        raise InputError(error.code, error.message, ("orgUnitId",)) from error
    reasons = tuple(Reasons(why.to_json(), unit_id=unit_id) for unit_id, why in outcome.explanations.items())
    return Trial(selected, tuple(_lines(gathered, outcome, trial)), reasons)


async def _gather(work: Work, selected: SelectedPolicy, trial: AllocationTrial) -> tuple[Gathered, Inputs]:
    async with work.snapshot() as snapshot:
        plan = await load_plan(snapshot, trial.plan_id)
        version = plan.published_id or plan.draft_id
        if version is None:
            raise InputError("NO_VERSION", f"{plan.name} has no version to compare with", ("planId",))
        last = plan.ends_on.fromordinal(plan.ends_on.toordinal() - 1)
        day = min(max(plan.starts_on, work.today), last)
        _check_period(plan, trial.period)
        gathered = await gather(snapshot, fiscal_calendar(work.company), plan, version, trial.unit_id, day)
        return gathered, await read_inputs(snapshot, work, gathered, selected.policy.needs)


def _check_period(plan: PlanFacts, period: Period | None) -> None:
    if period is not None and (period.starts_on >= plan.ends_on or period.ends_on <= plan.starts_on):
        raise InputError(
            "OUTSIDE_THE_PLAN",
            f"{period.label} has no month of {plan.name}, which is for {plan.starts_on} up to {plan.ends_on}",
            ("period",),
        )


def _lines(gathered: Gathered, outcome: DecompositionOutcome, trial: AllocationTrial) -> list[TrialLine]:
    return [
        TrialLine(unit.unit_id, month.label, kind, stored, simulated, gathered.metric_scale)
        for unit in outcome.units[1:]
        for index, month in enumerate(gathered.months)
        if trial.period is None or (month.starts_on in trial.period and month.ends_on <= trial.period.ends_on)
        for kind in KINDS
        for stored, simulated in [(gathered.units[unit.unit_id].values[kind][index], getattr(unit, kind)[index])]
        if stored is not None or simulated is not None
    ]
