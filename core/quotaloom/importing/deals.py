"""Reading opportunities: what they name, what they are worth, and how they came into their stage."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from sys import intern

from quotaloom.funnels.deals import LONGEST_REASON, LONGEST_SOURCE
from quotaloom.funnels.naming import check_key, check_name, check_text
from quotaloom.funnels.stages import Outcome
from quotaloom.importing.mapping import OpportunitiesPart, Source, StagePart
from quotaloom.importing.progress import Progress
from quotaloom.importing.records import DealRecord
from quotaloom.importing.rows import Row
from quotaloom.importing.tables import Table


@dataclass(frozen=True, slots=True)
class Named:
    """The records of another file that deals may name: the good ones, and where each of all starts.

    A fault of that file is told of already: where bad rows are not skipped, its bad records may be named, and
    any where the file could not be read. `good` holds what is stored, too; it maps keys to list prices, which only
    products have.
    """

    file: str
    what: str
    good: Mapping[str, int | None] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    unreadable: bool = False

    def check(self, row: Row, source: Source, key: str, *, skip_bad: bool) -> None:
        """Refuse the field where it names nothing."""
        if key in self.good or self.unreadable:
            return
        if key not in self.lines:
            row.refuse(source, f"{key!r} is no {self.what} of {self.file}")
        elif skip_bad:
            row.refuse(source, f"{key!r} is left out itself: {self.file}, line {self.lines[key]}")


class DealReader:
    """Reads deals of one file; positions (of which some may be vacant), customers and products were read before."""

    def __init__(
        self,
        part: OpportunitiesPart,
        positions: Named,
        customers: Named,
        products: Named,
        *,
        vacant: Set[str],
        skip_bad: bool,
    ) -> None:
        self._part = part
        self._positions = positions
        self._customers = customers
        self._products = products
        self._vacant = vacant
        self._skip_bad = skip_bad
        self._stages = {stage.name: stage for stage in part.stages}
        self._earlier = {
            stage.key: [one for one in part.stages[:place] if one.outcome is Outcome.OPEN]
            for place, stage in enumerate(part.stages)
        }

    def read(self, table: Table, folder: Path, progress: Progress) -> tuple[DealRecord, ...]:
        """The good deals, in the order of the file."""
        found = []
        for row in table.rows(folder, progress):
            deal = self._deal(row, table)
            if deal is not None and not row.faults:
                found.append(deal)
        return tuple(found)

    def _deal(self, row: Row, table: Table) -> DealRecord | None:
        part = self._part
        key = row.needed(part.key, among=lambda text: check_key(text, ()))
        if key and (first := table.lines.setdefault(key, row.line)) != row.line:
            row.refuse(part.key, f"{key!r} has a row already, on line {first}")
        position = intern(row.needed(part.position))
        if position:
            self._positions.check(row, part.position, position, skip_bad=self._skip_bad)
        customer = self._named(row, part.customer, self._customers)
        product = self._named(row, part.product, self._products)
        opened_on, closed_on = row.day(part.opened_on), row.day(part.closed_on)
        stage = self._stage(row)
        if stage is None:
            row.amount(part.amount)
            return None
        if stage.outcome is Outcome.WON and position in self._vacant:
            row.refuse(part.position, f"{position!r} has no holder to whom the won deal is credited")
        self._check_days(row, stage, opened_on, closed_on)
        amount, estimated = self._amount(row, stage, product)
        return DealRecord(
            key=key,
            name=self._name(row),
            position_key=position,
            customer_key=customer,
            product_key=product,
            stage_key=stage.key,
            outcome=stage.outcome,
            amount=amount,
            amount_estimated=estimated,
            opened_on=opened_on,
            expected_close_on=self._expected_close(row, opened_on),
            closed_on=closed_on,
            lost_reason=row.text(part.lost_reason, among=lambda text: check_text(text, LONGEST_REASON, ())),
            source=row.text(part.source, among=lambda text: check_text(text, LONGEST_SOURCE, ())),
            moves=self._moves(row, stage),
            line=row.line,
            pool_key=part.without_customer_into if customer is None and stage.outcome is Outcome.OPEN else None,
        )

    def _named(self, row: Row, source: Source | None, named: Named) -> str | None:
        key = row.text(source)
        if source is not None and key is not None:
            named.check(row, source, key, skip_bad=self._skip_bad)
        return None if key is None else intern(key)

    def _name(self, row: Row) -> str | None:
        return row.text(self._part.name, among=lambda text: check_name(text, ()))

    def _stage(self, row: Row) -> StagePart | None:
        name = row.needed(self._part.stage)
        stage = self._stages.get(name)
        if name and stage is None:
            row.refuse(self._part.stage, f"{name!r} is no stage: the stages are {', '.join(self._stages)}")
        return stage

    def _check_days(self, row: Row, stage: StagePart, opened_on: date | None, closed_on: date | None) -> None:
        source = self._part.closed_on
        blank = row.text(source) is None
        if stage.outcome is Outcome.WON and blank:
            row.refuse(source, f"is blank: a deal in stage {stage.name!r} was closed on some day")
        if stage.outcome is Outcome.OPEN and not blank:
            row.refuse(source, f"is not blank: a deal in stage {stage.name!r} is not closed yet")
        if closed_on is not None and opened_on is not None and closed_on < opened_on:
            row.refuse(source, f"{closed_on} is before {opened_on}, when the deal was opened")

    def _amount(self, row: Row, stage: StagePart, product: str | None) -> tuple[int | None, bool]:
        amount = row.amount(self._part.amount)
        if stage.outcome in self._part.list_price_for and not amount:
            list_price = self._products.good.get(product or "")
            return (amount, False) if list_price is None else (list_price, True)
        if stage.outcome is Outcome.WON and row.text(self._part.amount) is None:
            row.refuse(self._part.amount, f"is blank: a deal in stage {stage.name!r} has an amount")
        return amount, False

    def _expected_close(self, row: Row, opened_on: date | None) -> date | None:
        source = self._part.expected_close_on
        day = row.day(source)
        if source is not None and day is not None and opened_on is not None and day < opened_on:
            row.refuse(source, f"{day} is before {opened_on}, when the deal was opened")
        return day

    def _moves(self, row: Row, stage: StagePart) -> tuple[tuple[str, date | None], ...]:
        """The stages that the deal is known to have come through, and its own."""
        before = [earlier for earlier in self._earlier[stage.key] if row.text(earlier.entered_on) is not None]
        moves = [(one.key, _entered(row, one)) for one in (*before, stage)]
        days = [day for _, day in moves if day is not None]
        if days != sorted(days) and stage.entered_on is not None and not row.faults:
            row.refuse(stage.entered_on, f"the deal came into {stage.name!r} before it came into an earlier stage")
        return tuple(moves)


def _entered(row: Row, stage: StagePart) -> date | None:
    return row.day(stage.entered_on)
