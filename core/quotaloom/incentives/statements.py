"""Statements as they are computed and stored: lines, totals, and the hash over all that decided them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from quotaloom.calendars.periods import Period
from quotaloom.incentives.canonical import canonical, digest, packed, plain
from quotaloom.incentives.computing import Case, inputs_of
from quotaloom.platform.unit_of_work import Transaction
from quotaloom_sdk import Need


@dataclass(frozen=True, slots=True)
class Line:
    """A line to be stored; `rate` is exact text.

    `corrects` is the number of the statement that it corrects, `corrects_run` that of a paid run of a period in which
    the member has none; `dispute` is that of the dispute that it was granted on.
    """

    rule: str
    policy: str
    key: str
    title: str
    amount: int
    explanation: Mapping[str, Any]
    base: int | None = None
    rate: str | None = None
    entries: tuple[int, ...] = ()
    corrects: int | None = None
    dispute: int | None = None
    corrects_run: int | None = None

    def told(self) -> dict[str, Any]:
        """What the statement's hash covers of it."""
        return {
            "rule": self.rule,
            "policy": self.policy,
            "key": self.key,
            "title": self.title,
            "amount": self.amount,
            "explanation": self.explanation,
            "base": self.base,
            "rate": self.rate,
            "entries": list(self.entries),
            "corrects": self.corrects,
            "corrects_run": self.corrects_run,
            "dispute": self.dispute,
        }


@dataclass(frozen=True, slots=True)
class Statement:
    """A member's statement as it is stored, but for its number and its run."""

    member_id: int
    currency: str
    total: int
    carried_in: int
    carried_out: int
    advanced_before: int
    advanced_after: int
    outcomes: Mapping[str, Any]
    lines: tuple[Line, ...]
    inputs: str
    hash: str
    of_team: bool


def own_lines(case: Case) -> list[Line]:
    """The lines that the rules of the period gave."""
    return [
        Line(
            rule=line.rule,
            policy=line.policy,
            key=line.key,
            title=line.title,
            amount=line.amount,
            explanation=line.explanation.to_json(),
            base=line.base,
            rate=None if line.rate is None else str(plain(line.rate)),
            entries=tuple(map(int, line.entries)),
        )
        for line in case.lines
    ]


def make_statement(
    case: Case, corrections: Sequence[Line], period: Period, context: Mapping[str, Any], needs: frozenset[Need]
) -> Statement:
    """The statement of a case that was computed: what corrects earlier periods first, then its own lines.

    Without a rule nothing is cut off: what was carried over is due, and what was advanced stays open.
    """
    asked = case.asked
    lines = (*corrections, *own_lines(case))
    inputs = canonical(inputs_of(asked, case.chain, context))
    told = {
        "member": case.member_id,
        "period": {"label": period.label, "starts_on": plain(period.starts_on), "ends_on": plain(period.ends_on)},
        "currency": asked.currency,
        "total": asked.carried + sum(line.amount for line in lines),
        "carried_in": asked.carried,
        "carried_out": case.carried_out,
        "advanced_before": asked.advanced,
        "advanced_after": case.advanced_after,
    }
    hashed = {**told, "lines": [line.told() for line in lines], "inputs": digest(inputs)}
    return Statement(
        member_id=case.member_id,
        currency=asked.currency,
        total=asked.carried + sum(line.amount for line in lines),
        carried_in=asked.carried,
        carried_out=case.carried_out,
        advanced_before=asked.advanced,
        advanced_after=case.advanced_after,
        outcomes=case.outcomes,
        lines=lines,
        inputs=inputs,
        hash=digest(canonical(hashed)),
        of_team=Need.TEAM in needs,
    )


async def replace_statements(
    transaction: Transaction,
    run_id: int,
    member_ids: Sequence[int],
    statements: Sequence[Statement],
    structure: int,
    computed_at: datetime,
) -> None:
    """Store the statements of these members in a run, in the place of those that they have there."""
    await remove_statements(transaction, run_id, member_ids)
    if not statements:
        return
    rows = await transaction.fetch(
        "INSERT INTO incentive_statement (company_id, run_id, member_id, currency, total, carried_in, carried_out,"
        " advanced_before, advanced_after, outcomes, inputs, hash, of_team, structure, computed_at)"
        " SELECT $1, $2, own.member_id, own.currency, own.total, own.carried_in, own.carried_out, own.before,"
        " own.after, own.outcomes::jsonb, own.inputs, own.hash, own.of_team, $14, $15"
        " FROM unnest($3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],"
        " $10::text[], $11::bytea[], $12::text[], $13::boolean[]) AS own (member_id, currency, total, carried_in,"
        " carried_out, before, after, outcomes, inputs, hash, of_team) RETURNING id, member_id",
        transaction.company_id,
        run_id,
        *_columns(statements),
        structure,
        computed_at,
    )
    numbers = {row["member_id"]: row["id"] for row in rows}
    await _insert_lines(transaction, [(numbers[one.member_id], one.lines) for one in statements])


async def remove_statements(transaction: Transaction, run_id: int, member_ids: Sequence[int]) -> None:
    """Take the statements of these members out of a run that is not paid."""
    await transaction.execute(
        "DELETE FROM statement_line WHERE statement_id IN (SELECT id FROM incentive_statement WHERE run_id = $1"
        " AND member_id = ANY ($2::bigint[]))",
        run_id,
        list(member_ids),
    )
    await transaction.execute(
        "DELETE FROM incentive_statement WHERE run_id = $1 AND member_id = ANY ($2::bigint[])",
        run_id,
        list(member_ids),
    )


def _columns(statements: Sequence[Statement]) -> list[list[Any]]:
    rows = [
        (
            one.member_id,
            one.currency,
            one.total,
            one.carried_in,
            one.carried_out,
            one.advanced_before,
            one.advanced_after,
            _json(one.outcomes),
            packed(one.inputs),
            one.hash,
            one.of_team,
        )
        for one in statements
    ]
    return [list(column) for column in zip(*rows, strict=True)]


async def _insert_lines(transaction: Transaction, of_statements: Sequence[tuple[int, Sequence[Line]]]) -> None:
    rows = [
        (
            statement_id,
            ordinal,
            line.rule,
            line.policy,
            line.key,
            line.title,
            line.amount,
            line.base,
            line.rate,
            _json(line.explanation),
            _json(list(line.entries)),
            line.corrects,
            line.corrects_run,
            line.dispute,
        )
        for statement_id, lines in of_statements
        for ordinal, line in enumerate(lines)
    ]
    if rows:
        await transaction.execute(
            "INSERT INTO statement_line (company_id, statement_id, ordinal, rule_key, policy, line_key, title, amount,"
            " base, rate, explanation, entries, corrects_statement_id, corrects_run_id, dispute_id)"
            " SELECT $1, own.statement_id, own.ordinal, own.rule, own.policy, own.key, own.title, own.amount, own.base,"
            " own.rate, own.explanation::jsonb, own.entries::jsonb, own.corrects, own.corrects_run, own.dispute"
            " FROM unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],"
            " $9::bigint[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[])"
            " AS own (statement_id, ordinal, rule, policy, key, title, amount, base, rate, explanation, entries,"
            " corrects, corrects_run, dispute)",
            transaction.company_id,
            *[list(column) for column in zip(*rows, strict=True)],
        )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
