"""Who gets the credit of a deal that is being won: the company's crediting rule, asked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import orjson
from asyncpg import Record

from quotaloom.achievements.entries import Credit as LedgerCredit
from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.crediting_requests import WinFacts, crediting_requests
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.policies.crediting import CreditingOutcome, ask_for_credits
from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.settings import selected_by, settings_in_force
from quotaloom_sdk import CreditingRule

Credits = tuple[LedgerCredit, ...]


class CreditsOutdated(Exception):
    """The deal or the company's rule changed since the rule was asked: ask again."""


@dataclass(frozen=True, slots=True)
class CreditingPlan:
    """How a rule shares the credit of a win, and what that rests on: the deal's version and the setting."""

    deal_version: int
    setting: tuple[str, int]
    outcome: CreditingOutcome
    credits: Credits


async def crediting_setting(source: Snapshot | Transaction, on: date) -> Record | None:
    """The setting of the company's crediting rule on a day: the first by ordinal, if any is switched on."""
    return next(iter(await settings_in_force(source, CreditingRule.kind, on)), None)


async def plan_credits(
    host: PolicyHost, snapshot: Snapshot, setting: Record, wins: Sequence[WinFacts]
) -> list[CreditingPlan]:
    """Ask the rule of a setting about deals that are about to be won, one plan for each, in their order.

    Call it outside any transaction. Raises `InputError` POLICY_UNAVAILABLE, and `PolicyFailed`, naming the plugin.
    """
    selected = selected_by(host.registry, setting)
    async with snapshot:
        requests = await crediting_requests(snapshot, wins, selected.policy.needs)
    outcomes = await ask_for_credits(host, selected, requests, company_id=snapshot.company_id)
    return [_plan(win, selected, outcome) for win, outcome in zip(wins, outcomes, strict=True)]


def _plan(win: WinFacts, selected: SelectedPolicy, outcome: CreditingOutcome) -> CreditingPlan:
    assert selected.revision is not None
    return CreditingPlan(win.version, (selected.policy.key, selected.revision), outcome, ledger_credits(outcome))


def ledger_credits(outcome: CreditingOutcome) -> Credits:
    """The credits as the ledger takes them. Raises `PolicyFailed` for what can be no id."""
    return tuple(_ledger_credit(outcome, number) for number in range(len(outcome.credits)))


def _ledger_credit(outcome: CreditingOutcome, number: int) -> LedgerCredit:
    credit = outcome.credits[number]
    kind = CreditKind.OVERLAY if credit.overlay else CreditKind.DIRECT
    position_id, member_id = (
        _number(outcome, number, given) for given in (credit.position_id, credit.member_id or "0")
    )
    return LedgerCredit(position_id, Fraction(credit.share), kind, member_id or None)


def _number(outcome: CreditingOutcome, number: int, given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise _failed(outcome, f"credits[{number}] names {given!r}, which is no id")
    return int(given)


async def require_current(transaction: Transaction, plan: CreditingPlan | None, deal_version: int, on: date) -> None:
    """Raise `CreditsOutdated` unless the plan is what the company's rule says of the deal as it stands now."""
    setting = await crediting_setting(transaction, on)
    now = None if setting is None else (setting["policy"], setting["revision"])
    before = None if plan is None else plan.setting
    if now != before or (plan is not None and plan.deal_version != deal_version):
        raise CreditsOutdated


def blamed(plan: CreditingPlan, error: InputError) -> PolicyFailed:
    """What the ledger refuses of a rule's credits, as the rule's failure."""
    place = ".".join(str(step) for step in error.path)
    where = f" at {place}" if place else ""
    return _failed(plan.outcome, f"its credits cannot be posted{where}: {error.message}")


def _failed(outcome: CreditingOutcome, reason: str) -> PolicyFailed:
    return PolicyFailed(outcome.stamp.plugin, outcome.stamp.policy, reason)


async def store_crediting(transaction: Transaction, plan: CreditingPlan, opportunity_id: int, win_number: int) -> None:
    """Keep which rule shared the credit of a win, and why."""
    stamp = plan.outcome.stamp
    await transaction.execute(
        "INSERT INTO win_crediting (company_id, opportunity_id, win_number, at, actor, policy, plugin_version,"
        " setting_revision, parameters, explanation)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10::text::jsonb)",
        transaction.company_id,
        opportunity_id,
        win_number,
        transaction.now,
        transaction.writer.subject,
        stamp.policy,
        stamp.plugin_version or "",
        stamp.setting_revision,
        orjson.dumps(dict(stamp.parameters)).decode(),
        orjson.dumps(plan.outcome.explanation.to_json()).decode(),
    )


async def creditings(source: Snapshot, opportunity_ids: Sequence[int]) -> list[dict[str, Any]]:
    """How rules shared the credit of deals, the earliest win first."""
    rows = await source.fetch(
        "SELECT opportunity_id, win_number, at, actor, policy, plugin_version, setting_revision, parameters,"
        " explanation FROM win_crediting WHERE opportunity_id = ANY($1) ORDER BY opportunity_id, win_number",
        list(opportunity_ids),
    )
    return [
        {**row, "parameters": orjson.loads(row["parameters"]), "explanation": orjson.loads(row["explanation"])}
        for row in rows
    ]
