"""The deals that a question is about, as pieces of a statement."""

from __future__ import annotations

from typing import Any

from quotaloom.funnels.figures.questions import Asked, FigureBreakdown
from quotaloom.funnels.worth import Worth, currency_factors
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts

Place = tuple[int, str | None]
"""The unit or funnel that figures are of, and the product (its number as text) or source."""

_LARGEST_WORD = 62
"""Sets of so many stages fit into a number, which is much faster to work with than a string of bits."""

FENCED = "fenced"
"""Rows that are to be counted by one value, behind a fence (OFFSET 0).

A million deals make few different facts, which nobody can tell beforehand who sees seven columns: he would sort them
all. As one value behind a fence they are taken for few, and counted in a hash table.
"""

_GROUPS = {
    None: "NULL::text",
    FigureBreakdown.PRODUCT: "deal.product_id::text",
    FigureBreakdown.SOURCE: "deal.source",
}


class Selection:
    """The pieces of one statement, and the values of its parameters in the order in which they were asked for.

    A piece that names the deals' owner is for rows with the columns `position_id` and `funnel_id`.
    """

    def __init__(self, snapshot: Snapshot, asked: Asked) -> None:
        self.values: list[Any] = []
        self._asked = asked
        self._by_unit = asked.whose.unit_ids is not None
        self.company = self.value(snapshot.company_id, "bigint")
        owned, steps = self._owned(), self._steps()
        self.begin = f"WITH {owned} {steps}"
        self.matches = self._matches()
        self.group = _GROUPS[asked.question.by]
        self.order = "grouped::bigint" if asked.question.by is FigureBreakdown.PRODUCT else "grouped"
        self.join_owner = "JOIN owned USING (position_id)" if self._by_unit else ""
        self.owner = "owner_id" if self._by_unit else "funnel_id"
        self.position = "position_id::text" if self._by_unit else "NULL"

    def value(self, value: Any, kind: str) -> str:
        """A parameter with this value."""
        self.values.append(value)
        return f"${len(self.values)}::{kind}"

    def worth(self, company: CompanyFacts) -> Worth:
        """The pieces of what deals are worth, in the company's currency."""
        currencies, factors = currency_factors(company.currency)
        return Worth(
            company=self.company,
            own=self.value(company.currency, "text"),
            today=self.today(),
            currencies=self.value(currencies, "text[]"),
            factors=self.value(factors, "numeric[]"),
            kind=self.value(RateKind.BOOKING.value, "text"),
        )

    def tallied(self, rows: str, **columns: str) -> str:
        """A statement that counts equal rows as `times`, by owner, `grouped` and these columns, given with their types.

        `rows` have them and `position_id`, `funnel_id` and `grouped`. They are counted before they are given to owners.
        """
        names, places = ", ".join(columns), enumerate(columns.items(), 4)
        texts = ", ".join(f"{name}::text" for name in columns)
        values = ", ".join(f"key[{place}]::{kind} AS {name}" for place, (name, kind) in places)
        return f"""
        SELECT {self.owner} AS owner_id, grouped, {names}, sum(times)::bigint AS times FROM (
            SELECT key[1]::bigint AS position_id, key[2]::bigint AS funnel_id, key[3] AS grouped, {values}, times
            FROM (
                SELECT key, count(*) AS times FROM (
                    SELECT ARRAY[{self.position}, funnel_id::text, grouped, {texts}] AS key
                    FROM ({rows}) AS plain OFFSET 0
                ) AS {FENCED} GROUP BY key
            ) AS counted
        ) AS told {self.join_owner} GROUP BY owner_id, grouped, {names}
        """  # noqa: S608 (pieces of statements)

    def numbers_in(self, stages: str) -> frozenset[int]:
        """The numbers of the stages in a set of their bits, as PostgreSQL writes it."""
        most = self._asked.stages.most
        word = int(stages) if most <= _LARGEST_WORD else int(stages, 2)
        return frozenset(number for number in range(most) if word >> number & 1)

    def today(self) -> str:
        """A parameter with the day of the question."""
        return self.value(self._asked.question.today, "date")

    def slots(self) -> Slots:
        """What tells in which period a day lies."""
        periods = self._asked.question.periods
        return Slots(
            self.value([period.starts_on for period in periods], "date[]"),
            self.value([period.ends_on for period in periods], "date[]"),
        )

    def _owned(self) -> str:
        if not self._by_unit:
            return ""
        owners, positions = zip(*self._asked.owned, strict=True) if self._asked.owned else ((), ())
        given = f"{self.value(list(owners), 'bigint[]')}, {self.value(list(positions), 'bigint[]')}"
        return f"owned AS (SELECT * FROM unnest({given}) AS owned (owner_id, position_id)),"  # noqa: S608 (numbers)

    def step(self, column: str, stage_id: str) -> str:
        """A column of the step of a stage, looked up in a list.

        For moves: as a join it would be planned as a loop over all steps, or undo the order in which the moves come.
        """
        return f"({self._columns[column]})[array_position({self._columns['stage_id']}, {stage_id})]"

    @property
    def entering(self) -> str:
        """Whether a `move` leads into another stage: into the same one of another version it goes on."""
        came, went = (self.step("number", f"move.{column}") for column in ("from_stage_id", "to_stage_id"))
        return f"{came} IS DISTINCT FROM {went}"

    def _steps(self) -> str:
        laid, most = self._asked.stages.laid, self._asked.stages.most
        kind = "bigint" if most <= _LARGEST_WORD else "varbit"
        bits: list[Any] = [1 << stage.number for stage in laid]
        if kind == "varbit":
            bits = [format(bit, f"0{most}b") for bit in bits]
        self._columns = {
            "stage_id": self.value([stage.id for stage in laid], "bigint[]"),
            "funnel_id": self.value([stage.funnel_id for stage in laid], "bigint[]"),
            "number": self.value([stage.number for stage in laid], "int[]"),
            "outcome": self.value([stage.outcome for stage in laid], "text[]"),
            "probability": self.value([stage.win_probability for stage in laid], "numeric[]"),
            "age_limit": self.value([stage.age_limit_days for stage in laid], "int[]"),
            "bit": f"{self.value(bits, 'bigint[]' if kind == 'bigint' else 'text[]')}::{kind}[]",
        }
        names, given = ", ".join(self._columns), ", ".join(self._columns.values())
        return f"step AS (SELECT * FROM unnest({given}) AS step ({names}))"  # noqa: S608 (names and numbers)

    def _matches(self) -> str:
        whose, question = self._asked.whose, self._asked.question
        found = [f"deal.company_id = {self.company}"]
        found.append(f"deal.funnel_id = ANY ({self.value(list(whose.funnel_ids), 'bigint[]')})")
        if self._by_unit:
            positions = {position_id for _, position_id in self._asked.owned}
            found.append(f"deal.position_id = ANY ({self.value(sorted(positions), 'bigint[]')})")
        elif whose.visible is not None:
            found.append(f"deal.position_id = ANY ({self.value(list(whose.visible), 'bigint[]')})")
        if question.product_ids is not None:
            found.append(f"deal.product_id = ANY ({self.value(list(question.product_ids), 'bigint[]')})")
        if question.sources is not None:
            found.append(f"deal.source = ANY ({self.value(list(question.sources), 'text[]')})")
        return " AND ".join(found)


class Slots:
    """The periods of a question, numbered from 1."""

    def __init__(self, starts: str, ends: str) -> None:
        self._starts, self._ends = starts, ends

    def of(self, day: str) -> str:
        """The number of the period in which a day lies; null for a day in none."""
        # Periods follow each other, so the last one that has begun by the day is the only one to look at.
        place = f"width_bucket({day}, {self._starts})"
        return f"CASE WHEN {day} < ({self._ends})[{place}] THEN {place} END"

    def end(self, slot: str) -> str:
        """The day after the last of a period."""
        return f"({self._ends})[{slot}]"
