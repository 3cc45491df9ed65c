"""What policies say of a change of stage, asked before anything is written: gates, and who gets the credit of a win."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from asyncpg import Record

from quotaloom.funnels.commands.changes import Change, wanted_stage
from quotaloom.funnels.crediting import CreditingPlan, crediting_setting, plan_credits
from quotaloom.funnels.crediting_requests import WinFacts
from quotaloom.funnels.gating import GatePlan, gate_settings, plan_gates
from quotaloom.funnels.naming import may_be_id
from quotaloom.funnels.passage import Direction, direction
from quotaloom.funnels.stages import Outcome
from quotaloom.funnels.standards import Unmet
from quotaloom.funnels.stored_stages import StageFacts, stages_beside
from quotaloom.ownership.permission import worked_positions
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost


class PlanOutdated(Exception):
    """The deal or the company's gates changed since the gates were asked: ask again."""


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """How a rule shares the credit, if this will be a win, and what the gates say; None where nobody was asked."""

    credits: CreditingPlan | None = None
    gates: GatePlan | None = None

    def unmet(self, stage_id: int) -> list[Unmet]:
        """What the gates find missing before the deal may leave this stage."""
        return [] if self.gates is None else self.gates.unmet(stage_id)


@dataclass(frozen=True, slots=True)
class _Deal:
    """An open deal that the viewer works on, the stage that it leaves and the one that it enters."""

    row: Record
    leaving: StageFacts
    entering: StageFacts


async def plan_change(work: Work, host: PolicyHost, opportunity_id: int, change: Change) -> ChangePlan:
    """Ask the gates of today and the crediting rule of the business date; what is wrong with the change is told later.

    Call it outside any transaction. Raises `InputError` POLICY_UNAVAILABLE, and `PolicyFailed`, naming the plugin.
    """
    async with work.snapshot() as snapshot:
        gates = await gate_settings(snapshot, work.today)
        rule = await crediting_setting(snapshot, change.on)
        deal = await _deal(snapshot, work, opportunity_id, change) if gates or rule is not None else None
    if deal is None:
        return ChangePlan()
    gated = credited = None
    if gates and direction(deal.leaving, deal.entering) is not Direction.OUT:
        gated = await plan_gates(host, work, gates, opportunity_id, deal.leaving, deal.entering, _amounts(deal, change))
    win = _win_facts(deal, change)
    if rule is not None and win is not None:
        (credited,) = await plan_credits(host, work.snapshot(), rule, [win])
    return ChangePlan(credited, gated)


async def _deal(snapshot: Snapshot, work: Work, opportunity_id: int, change: Change) -> _Deal | None:
    if not may_be_id(opportunity_id):
        return None
    row = await snapshot.fetch_one(
        "SELECT id, stage_id, position_id, version, amount, amount_estimated, currency FROM opportunity"
        " WHERE company_id = $1 AND id = $2",
        snapshot.company_id,
        opportunity_id,
    )
    worked = await worked_positions(snapshot, work.viewer, work.today)
    if row is None or row["position_id"] is None or (worked is not None and row["position_id"] not in worked):
        return None
    return _between(row, (await stages_beside(snapshot, [row["stage_id"]]))[row["stage_id"]], change)


def _between(row: Record, stages: Sequence[StageFacts], change: Change) -> _Deal | None:
    leaving = next(stage for stage in stages if stage.id == row["stage_id"])
    try:
        entering = wanted_stage(stages, change)
    except InputError:
        return None
    if leaving.outcome is not Outcome.OPEN or entering.id == leaving.id:
        return None
    return _Deal(row, leaving, entering)


def _amounts(deal: _Deal, change: Change) -> tuple[int, str] | None:
    """The amount that the deal is won for, and its currency, where the change tells it."""
    return None if change.amount is None else (change.amount, change.currency or deal.row["currency"])


def _win_facts(deal: _Deal, change: Change) -> WinFacts | None:
    """The deal as it would be won; None where it cannot be, or is no win."""
    row = deal.row
    amount = change.amount if change.amount is not None or row["amount_estimated"] else row["amount"]
    if deal.entering.outcome is not Outcome.WON or amount is None:
        return None
    return WinFacts(row["id"], row["version"], amount, change.currency or row["currency"], change.on)


async def require_gates_current(transaction: Transaction, plan: ChangePlan, deal_version: int, today: date) -> None:
    """Raise `PlanOutdated` unless the gates that were asked are those of the company, about the deal as it stands."""
    settings = [(row["policy"], row["revision"]) for row in await gate_settings(transaction, today)]
    asked = [] if plan.gates is None else list(plan.gates.settings)
    if settings != asked or (plan.gates is not None and plan.gates.deal_version != deal_version):
        raise PlanOutdated
