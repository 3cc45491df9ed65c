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

_BELOW = """owned AS (
    SELECT ancestor_id AS owner_id, unit_id AS position_id FROM unit_path
    WHERE company_id = {company} AND ancestor_id = ANY ({units}) AND valid_from <= {today} AND {today} < valid_to
),"""

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
        self.begin = f"WITH {self._owned()} {self._steps()}"
        self.matches = self._matches()
        self.group = _GROUPS[asked.question.by]
        self.order = "grouped::bigint" if asked.question.by is FigureBreakdown.PRODUCT else "grouped"
        self.join_owner = "JOIN owned USING (position_id)" if self._by_unit else ""
        self.owner = "owner_id" if self._by_unit else "funnel_id"

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
        units = self.value(list(self._asked.whose.owner_ids), "bigint[]")
        return _BELOW.format(company=self.company, units=units, today=self.today())

    def _steps(self) -> str:
        laid, most = self._asked.stages.laid, self._asked.stages.most
        bits = ["".join("1" if place == stage.number else "0" for place in range(most)) for stage in laid]
        columns = (
            self.value([stage.id for stage in laid], "bigint[]"),
            self.value([stage.number for stage in laid], "int[]"),
            self.value([stage.outcome for stage in laid], "text[]"),
            self.value([stage.win_probability for stage in laid], "numeric[]"),
            self.value([stage.age_limit_days for stage in laid], "int[]"),
            self.value(bits, "text[]"),
        )
        return f"""step AS (
            SELECT stage_id, number, outcome, probability, age_limit, bit::varbit
            FROM unnest({", ".join(columns)}) AS step (stage_id, number, outcome, probability, age_limit, bit)
        )"""  # noqa: S608 (numbers of parameters)

    def _matches(self) -> str:
        whose, question = self._asked.whose, self._asked.question
        found = [f"deal.company_id = {self.company}"]
        found.append(f"deal.funnel_id = ANY ({self.value(list(whose.funnel_ids), 'bigint[]')})")
        if self._by_unit:
            found.append("deal.position_id IN (SELECT position_id FROM owned)")
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
