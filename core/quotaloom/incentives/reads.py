"""Runs, statements and their lines for the graph, many at once. Amounts are minor units of a statement's currency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from asyncpg import Record

from quotaloom.incentives.canonical import unpacked
from quotaloom.platform.amounts import divided
from quotaloom.platform.unit_of_work import Snapshot

RATE_PLACES: Final = 10
"""Decimal places with which rates of lines are told."""

_RUN_COLUMNS = (
    "run.id, run.label, run.grain, run.starts_on, run.ends_on, run.unit_id, run.status, run.attempt, run.failure,"
    " run.as_of, run.paid_at, run.version"
)

_STATEMENT = (
    "SELECT statement.id, statement.run_id, statement.member_id, statement.currency, statement.total,"
    " statement.carried_in, statement.carried_out, statement.advanced_before, statement.advanced_after,"
    " statement.hash, statement.computed_at, run.label, run.grain, run.starts_on, run.ends_on, run.status,"
    " run.paid_at"
)

_FROM = (
    " FROM incentive_statement AS statement JOIN incentive_run AS run ON run.company_id = statement.company_id"
    " AND run.id = statement.run_id"
)

# $1 and $2: whom the viewer sees, None for everybody, and who he is himself.
_SEEN = (
    " run.status <> 'cancelled' AND ($1::bigint[] IS NULL OR CASE WHEN statement.member_id = $2 THEN"
    " run.status IN ('reviewed', 'approved', 'paid') ELSE statement.member_id = ANY ($1) END)"
)

_LINE = (
    "SELECT line.id, line.statement_id, line.ordinal, line.rule_key, line.policy, line.line_key, line.title,"
    " line.amount, line.base, line.rate, line.explanation, line.entries, line.dispute_id, statement.currency,"
    " coalesce(line.corrects_statement_id, disputed.id) AS corrects_statement_id"
    " FROM statement_line AS line JOIN incentive_statement AS statement"
    " ON statement.company_id = line.company_id AND statement.id = line.statement_id"
    " LEFT JOIN dispute ON dispute.company_id = line.company_id AND dispute.id = line.dispute_id"
    " LEFT JOIN incentive_statement AS disputed ON disputed.company_id = dispute.company_id"
    " AND disputed.run_id = dispute.run_id AND disputed.member_id = dispute.member_id"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose statements a viewer may see: those of `member_ids` (None for all), and his own once they are reviewed."""

    member_ids: Collection[int] | None
    own: int | None

    @property
    def arguments(self) -> tuple[list[int] | None, int | None]:
        """The first two arguments of statements that look what is seen."""
        return None if self.member_ids is None else list(self.member_ids), self.own


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page, and how many there are on all pages."""

    rows: Sequence[Record] = ()
    total: int = 0


# A run is seen by whoever sees a statement in it; $3 to $5 filter by days and status.
_RUNS = f"""
FROM incentive_run AS run
WHERE ($1::bigint[] IS NULL OR EXISTS (SELECT FROM incentive_statement AS statement
        WHERE statement.company_id = run.company_id AND statement.run_id = run.id AND {_SEEN}))
    AND ($3::date IS NULL OR run.starts_on < $4 AND run.ends_on > $3)
    AND ($5::text[] IS NULL OR run.status = ANY ($5))
"""

# Of whoever stands below a unit in the run's period.
_BELOW = """
    AND ($4::bigint IS NULL OR EXISTS (
        SELECT FROM (
            SELECT company_id, position_id AS unit_id, member_id, valid_from, valid_to FROM holding
            UNION ALL SELECT company_id, unit_id, member_id, valid_from, valid_to FROM headship
        ) AS term JOIN unit_path AS path ON path.company_id = term.company_id AND path.unit_id = term.unit_id
            AND path.ancestor_id = $4 AND path.valid_from < run.ends_on AND path.valid_to > run.starts_on
        WHERE term.company_id = statement.company_id AND term.member_id = statement.member_id
            AND daterange(term.valid_from, term.valid_to) && daterange(run.starts_on, run.ends_on)
    ))
"""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are asked for: those that reach into the days [starts_on, ends_on), with one of these states."""

    starts_on: date | None = None
    ends_on: date | None = None
    statuses: Sequence[str] | None = None


async def runs_page(snapshot: Snapshot, seen: Seen, wanted: RunFilter, offset: int, limit: int) -> Page:
    """Runs of which the viewer sees a statement, the latest period first; two statements."""
    arguments = (*seen.arguments, wanted.starts_on, wanted.ends_on, _listed(wanted.statuses))
    rows = await snapshot.fetch(
        f"SELECT {_RUN_COLUMNS} {_RUNS} ORDER BY run.starts_on DESC, run.id DESC LIMIT $6 OFFSET $7",
        *arguments,
        limit,
        offset,
    )
    count = await snapshot.fetch_one(f"SELECT count(*) AS count {_RUNS}", *arguments)
    assert count is not None
    return Page(rows, count["count"])


async def runs_by_id(snapshot: Snapshot, seen: Seen, ids: Sequence[int]) -> list[Record]:
    """Runs by number of which the viewer sees a statement, in no order."""
    return await snapshot.fetch(
        f"SELECT {_RUN_COLUMNS} {_RUNS} AND run.id = ANY ($6::bigint[])", *seen.arguments, None, None, None, list(ids)
    )


async def progress_of(snapshot: Snapshot, run_ids: Sequence[int]) -> list[Record]:
    """How many members each run has, and how many of them are computed."""
    return await snapshot.fetch(
        "SELECT run_id, count(*) AS total, count(*) FILTER (WHERE computed) AS done FROM incentive_run_member"
        " WHERE run_id = ANY ($1::bigint[]) GROUP BY run_id",
        list(run_ids),
    )


async def steps_of(snapshot: Snapshot, run_ids: Sequence[int]) -> list[Record]:
    """What was done with each run, in the order in which it was."""
    return await snapshot.fetch(
        "SELECT id, run_id, step, at, actor, actor_member_id, reason FROM incentive_run_step"
        " WHERE run_id = ANY ($1::bigint[]) ORDER BY run_id, id",
        list(run_ids),
    )


async def warnings_of(snapshot: Snapshot, run_ids: Sequence[int]) -> list[Record]:
    """What could not be computed, a sentence a row, by member."""
    return await snapshot.fetch(
        "SELECT own.run_id, own.member_id, warning.text FROM incentive_run_member AS own"
        " CROSS JOIN LATERAL jsonb_array_elements_text(own.warnings) AS warning (text)"
        " WHERE own.run_id = ANY ($1::bigint[]) AND own.warnings <> '[]' ORDER BY own.run_id, own.member_id",
        list(run_ids),
    )


async def totals_of(snapshot: Snapshot, run_ids: Sequence[int]) -> list[Record]:
    """What each run's statements come to together, by run."""
    return await snapshot.fetch(
        "SELECT run_id, count(*) AS statements, min(currency) AS currency, sum(total)::text AS total,"
        " sum(carried_in)::text AS carried_in, sum(carried_out)::text AS carried_out FROM incentive_statement"
        " WHERE run_id = ANY ($1::bigint[]) GROUP BY run_id",
        list(run_ids),
    )


async def rule_totals_of_runs(snapshot: Snapshot, run_ids: Sequence[int]) -> list[Record]:
    """What each rule gave in runs: own lines and corrections apart, by rule."""
    return await snapshot.fetch(
        f"{_RULE_TOTALS.format('statement.run_id')} JOIN incentive_statement AS statement"
        " ON statement.company_id = line.company_id AND statement.id = line.statement_id"
        " WHERE statement.run_id = ANY ($1::bigint[]) GROUP BY 1, 2 ORDER BY 1, 2",
        list(run_ids),
    )


async def rule_totals_of_statements(snapshot: Snapshot, statement_ids: Sequence[int]) -> list[Record]:
    """The same for statements."""
    return await snapshot.fetch(
        f"{_RULE_TOTALS.format('line.statement_id')} WHERE line.statement_id = ANY ($1::bigint[])"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        list(statement_ids),
    )


_RULE_TOTALS = (
    "SELECT {} AS of_id, line.rule_key AS rule, count(*) AS lines, sum(line.amount)::text AS amount,"
    " coalesce(sum(line.amount) FILTER (WHERE num_nonnulls(line.corrects_statement_id,"
    " line.corrects_run_id, line.dispute_id) > 0), 0)::text AS corrected"
    " FROM statement_line AS line"
)


async def statements_of_runs(
    snapshot: Snapshot, seen: Seen, run_ids: Sequence[int], unit_id: int | None, offset: int, limit: int
) -> dict[int, Page]:
    """A page of each run's statements that are seen, by member: with a unit, of who stood below it; one statement."""
    return await _pages(
        snapshot, seen, "statement.run_id", run_ids, unit_id, "member.name, statement.id", offset, limit
    )


async def statements_of_members(
    snapshot: Snapshot, seen: Seen, member_ids: Sequence[int], offset: int, limit: int
) -> dict[int, Page]:
    """A page of each member's statements that are seen, the latest period first; one statement."""
    order = "run.starts_on DESC, run.id DESC"
    return await _pages(snapshot, seen, "statement.member_id", member_ids, None, order, offset, limit)


async def _pages(
    snapshot: Snapshot,
    seen: Seen,
    column: str,
    ids: Sequence[int],
    unit_id: int | None,
    order: str,
    offset: int,
    limit: int,
) -> dict[int, Page]:
    rows = await snapshot.fetch(
        f"SELECT * FROM ({_STATEMENT}, {column} AS of_id,"  # noqa: S608 (constants)
        f" row_number() OVER (PARTITION BY {column} ORDER BY {order}) AS place,"
        f" count(*) OVER (PARTITION BY {column}) AS found{_FROM}"
        " JOIN member ON member.company_id = statement.company_id AND member.id = statement.member_id"
        f" WHERE {_SEEN} AND {column} = ANY ($3::bigint[]) {_BELOW}) AS own"
        " WHERE place = 1 OR place > $5 AND place <= $6 ORDER BY of_id, place",
        *seen.arguments,
        list(ids),
        unit_id,
        offset,
        offset + limit,
    )
    found: dict[int, list[Record]] = {}
    totals: dict[int, int] = {}
    for row in rows:
        of_one = found.setdefault(row["of_id"], [])
        totals[row["of_id"]] = row["found"]
        if row["place"] > offset:
            of_one.append(row)
    return {of_id: Page(of_one, totals[of_id]) for of_id, of_one in found.items()}


async def statements_by_id(snapshot: Snapshot, seen: Seen, ids: Sequence[int]) -> list[Record]:
    """Statements by number, those that are seen, with the label, grain, days and status of their runs; in no order."""
    return await snapshot.fetch(
        f"{_STATEMENT}{_FROM} WHERE {_SEEN} AND statement.id = ANY ($3::bigint[])", *seen.arguments, list(ids)
    )


async def statement_ids_of_run(snapshot: Snapshot, seen: Seen, run_id: int) -> list[Record]:
    """Number and currency of each statement of a run that is seen, by the member's name."""
    return await snapshot.fetch(
        f"SELECT statement.id, statement.currency{_FROM}"
        " JOIN member ON member.company_id = statement.company_id AND member.id = statement.member_id"
        f" WHERE {_SEEN} AND statement.run_id = $3 ORDER BY member.name, statement.id",
        *seen.arguments,
        run_id,
    )


async def count_lines(snapshot: Snapshot, statement_ids: Sequence[int]) -> int:
    """How many lines statements have."""
    row = await snapshot.fetch_one(
        "SELECT count(*) AS count FROM statement_line WHERE statement_id = ANY ($1::bigint[])", list(statement_ids)
    )
    assert row is not None
    return int(row["count"])


async def lines_of(snapshot: Snapshot, statement_ids: Sequence[int]) -> list[Record]:
    """The lines of statements, each statement's in order; `explanation` and `entries` are JSON text."""
    return await snapshot.fetch(
        f"{_LINE} WHERE line.statement_id = ANY ($1::bigint[]) ORDER BY line.statement_id, line.ordinal",
        list(statement_ids),
    )


async def inputs_of_statements(snapshot: Snapshot, statement_ids: Sequence[int]) -> dict[int, Any]:
    """All that decided statements, as it is kept: JSON, by number."""
    rows = await snapshot.fetch(
        "SELECT id, inputs FROM incentive_statement WHERE id = ANY ($1::bigint[])", list(statement_ids)
    )
    return {row["id"]: unpacked(row["inputs"]) for row in rows}


def rate_of(stored: str | None) -> Decimal | None:
    """The rate of a line, which is stored as exact text, with ten decimal places."""
    if stored is None:
        return None
    exact = Fraction(stored) * 10**RATE_PLACES
    return Decimal(divided(exact.numerator, exact.denominator)).scaleb(-RATE_PLACES)


def _listed(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)
