"""Statements as rows of files: what each line is, with the period that it corrects, and the figures around the lines.

Amounts are minor units of a statement's currency.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from asyncpg import Record

from quotaloom.incentives.reads import Seen, rate_of, statements_by_id
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.reports.tables import CellKind, Column, Value

_MEMBERS = "SELECT id, key, name FROM member WHERE id = ANY ($1::bigint[])"

_LINES = """
SELECT line.statement_id, line.rule_key, line.policy, line.line_key, line.title, line.amount, line.base, line.rate,
    line.explanation, line.entries, line.dispute_id, coalesce(paid.label, missed.label, disputed.label) AS corrects
FROM statement_line AS line
LEFT JOIN incentive_statement AS corrected ON corrected.company_id = line.company_id
    AND corrected.id = line.corrects_statement_id
LEFT JOIN incentive_run AS paid ON paid.company_id = corrected.company_id AND paid.id = corrected.run_id
LEFT JOIN incentive_run AS missed ON missed.company_id = line.company_id AND missed.id = line.corrects_run_id
LEFT JOIN dispute ON dispute.company_id = line.company_id AND dispute.id = line.dispute_id
LEFT JOIN incentive_run AS disputed ON disputed.company_id = dispute.company_id AND disputed.id = dispute.run_id
WHERE line.statement_id = ANY ($1::bigint[]) ORDER BY line.statement_id, line.ordinal
"""

# Whose explanations are not shown need not be read.
_TEXTS = _LINES.replace("line.explanation, line.entries", "line.explanation ->> 'text' AS explanation")


@dataclass(frozen=True, slots=True)
class Told:
    """A statement with whose it is, and its lines in order; `corrects` of a line is the label of a period.

    `explanation` of a line is the sentence alone, or JSON text of the whole tree.
    """

    statement: Mapping[str, Any] | Record
    member: Record
    lines: Sequence[Record]


async def statements_told(
    snapshot: Snapshot, seen: Seen, statement_ids: Sequence[int], *, whole: bool = False
) -> list[Told]:
    """Those of the statements that are seen, in the order asked for; with `whole` explanations and entries; 3 reads."""
    rows = {row["id"]: row for row in await statements_by_id(snapshot, seen, statement_ids)}
    members = {row["id"]: row for row in await snapshot.fetch(_MEMBERS, [row["member_id"] for row in rows.values()])}
    lines: dict[int, list[Record]] = defaultdict(list)
    for line in await snapshot.fetch(_LINES if whole else _TEXTS, list(rows)):
        lines[line["statement_id"]].append(line)
    return [
        Told(rows[number], members[rows[number]["member_id"]], lines[number])
        for number in statement_ids
        if number in rows
    ]


def kind_of(line: Record) -> str:
    """Whether a line is of the period, corrects an earlier one, or was granted on a dispute."""
    if line["dispute_id"] is not None:
        return "granted"
    return "line" if line["corrects"] is None else "correction"


def shown_rate(line: Record) -> Decimal | None:
    """The rate of a line as the API tells it, without zeros at its end."""
    rate = rate_of(line["rate"])
    return None if rate is None else rate.normalize()


def advanced(row: Mapping[str, Any] | Record) -> tuple[str, ...]:
    """The columns of a statement that tell what draws have paid in advance, where they have."""
    names = ("advanced_before", "advanced_after")
    return names if any(row[name] for name in names) else ()


def columns(scale: int) -> list[Column]:
    """The columns of files of statements whose currency has so many decimal places.

    `carried_in` and the rows of lines come to `total`.
    """
    texts = ("row", "period", "member_key", "member", "currency", "rule", "key", "title", "corrects")
    return [
        *(Column(name) for name in texts),
        Column("base", CellKind.COUNT),
        Column("rate", CellKind.RATIO),
        Column("amount", CellKind.AMOUNT, scale),
        Column("explanation"),
    ]


def rows_of(told: Told) -> Iterator[list[Value]]:
    """The rows of a statement: what was carried in, its lines, its total, what floors cut off, and what is advanced."""
    row, member = told.statement, told.member
    head: list[Value] = [row["label"], member["key"], member["name"], row["currency"]]

    def around(name: str) -> list[Value]:
        return [name, *head, None, None, None, None, None, None, row[name], None]

    yield around("carried_in")
    for line in told.lines:
        own = [line["rule_key"], line["line_key"], line["title"], line["corrects"], line["base"], shown_rate(line)]
        yield [kind_of(line), *head, *own, line["amount"], line["explanation"]]
    yield from map(around, ("total", "carried_out", *advanced(row)))
