"""What the gates of a company say of a deal that shall move: asked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.funnels.facts import deal_facts
from quotaloom.funnels.standards import Standing, Unmet
from quotaloom.funnels.standings import standings_of
from quotaloom.funnels.stored_stages import StageFacts
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.gating import ask_gate
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.settings import selected_by, settings_in_force
from quotaloom_sdk import ActivityFact, ApprovalFact, GateRequest, Need, Parameters, StageFact, StageGate, UnmetStandard


@dataclass(frozen=True, slots=True)
class GatePlan:
    """What the gates found missing, and what that rests on: the deal's version, and each gate with its revision."""

    deal_version: int
    settings: tuple[tuple[str, int], ...]
    found: tuple[UnmetStandard, ...]

    def unmet(self, stage_id: int) -> list[Unmet]:
        """The same as unmet standards of the stage that the deal shall leave."""
        return [Unmet(stage_id, one.code, one.message, one.field) for one in self.found]


async def gate_settings(source: Snapshot | Transaction, on: date) -> list[Record]:
    """The settings of all gates that the company has switched on that day, the first by ordinal first."""
    return await settings_in_force(source, StageGate.kind, on)


async def plan_gates(
    host: PolicyHost,
    work: Work,
    settings: Sequence[Record],
    deal_id: int,
    leaving: StageFacts,
    entering: StageFacts,
    won_for: tuple[int, str] | None = None,
) -> GatePlan | None:
    """Ask every gate about a deal, which must exist, in one stage that shall go to another; None where it left it.

    `won_for` is the amount in minor units, and the currency, that take the place of the deal's. Call it outside any
    transaction. Raises `InputError` POLICY_UNAVAILABLE, and `PolicyFailed`, naming the plugin.
    """
    selected = [selected_by(host.registry, setting) for setting in settings]
    needs = frozenset(need for one in selected for need in one.policy.needs)
    async with work.snapshot() as snapshot:
        version = await _version(snapshot, deal_id, leaving.id)
        request = None if version is None else await _request(snapshot, work, deal_id, leaving, entering, needs)
    if version is None or request is None:
        return None
    if won_for is not None:
        request = replace(request, deal=replace(request.deal, amount=won_for[0], currency=won_for[1]))
    found: list[UnmetStandard] = []
    for one in selected:
        outcome = await ask_gate(host, one, request, company_id=work.company.id)
        found += outcome.unmet
    return GatePlan(version, tuple((row["policy"], row["revision"]) for row in settings), tuple(found))


async def _version(snapshot: Snapshot, deal_id: int, stage_id: int) -> int | None:
    row = await snapshot.fetch_one(
        "SELECT version FROM opportunity WHERE company_id = $1 AND id = $2 AND stage_id = $3",
        snapshot.company_id,
        deal_id,
        stage_id,
    )
    return None if row is None else int(row["version"])


async def _request(
    snapshot: Snapshot, work: Work, deal_id: int, leaving: StageFacts, entering: StageFacts, needs: frozenset[Need]
) -> GateRequest[Any]:
    deal = (await deal_facts(snapshot, [deal_id], attributes=Need.ATTRIBUTES in needs))[deal_id]
    standing = (await standings_of(snapshot, work.company, [deal_id]))[deal_id]
    noted = await snapshot.fetch_one(
        "SELECT funnel.key, deal.next_step, ARRAY(SELECT jsonb_array_elements_text(deal.competitors)) AS competitors"
        " FROM opportunity AS deal JOIN funnel ON funnel.company_id = deal.company_id AND funnel.id = deal.funnel_id"
        " WHERE deal.company_id = $1 AND deal.id = $2",
        snapshot.company_id,
        deal_id,
    )
    assert noted is not None
    return GateRequest(
        deal=deal,
        funnel_key=noted["key"],
        leaving=_stage(leaving),
        entering=_stage(entering),
        entered_on=standing.entered_on,
        today=work.today,
        parameters=Parameters(),
        competitors=tuple(noted["competitors"]),
        next_step=noted["next_step"],
        documents=standing.documents,
        approvals=_approvals(standing),
        activities=tuple(
            ActivityFact(one.kind.value, one.done_on, str(one.member_id), one.matter) for one in standing.activities
        ),
    )


def _stage(stage: StageFacts) -> StageFact:
    return StageFact(stage.key, stage.name, stage.ordinal, stage.outcome.value)


def _approvals(standing: Standing) -> tuple[ApprovalFact, ...]:
    return tuple(
        ApprovalFact(str(one.member_id), one.approved, one.decided_on)
        for one in standing.decisions
        if one.member_id is not None
    )
