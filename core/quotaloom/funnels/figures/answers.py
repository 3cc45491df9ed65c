"""One answer for each unit or funnel, product or source, and period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from quotaloom.calendars.periods import Period
from quotaloom.funnels.figures.deal_facts import DealFacts, PeriodFacts, deal_facts
from quotaloom.funnels.figures.questions import Asked, FigureBreakdown, FunnelQuestion, FunnelStage, Whose, ask
from quotaloom.funnels.figures.selecting import Place
from quotaloom.funnels.figures.sums import DealSums, total
from quotaloom.platform.stretches import AT_A_STRETCH, Turns
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts


class Answer(NamedTuple):
    """The deals of a place and of the period with a number from 0, for whoever asks further."""

    asked: Asked
    place: Place
    number: int
    facts: DealFacts

    @property
    def owner_id(self) -> int:
        """The unit or funnel."""
        return self.place[0]

    @property
    def product_id(self) -> int | None:
        """The product, where figures are broken down by products and the deals have one."""
        group = self.place[1] if self.asked.question.by is FigureBreakdown.PRODUCT else None
        return None if group is None else int(group)

    @property
    def source(self) -> str | None:
        """The source, where figures are broken down by sources and the deals have one."""
        return self.place[1] if self.asked.question.by is FigureBreakdown.SOURCE else None

    @property
    def period(self) -> Period:
        """The period."""
        return self.asked.question.periods[self.number]

    @property
    def of_period(self) -> PeriodFacts:
        """The deals of the period."""
        return self.facts.periods[self.number]

    @property
    def stages(self) -> tuple[FunnelStage, ...]:
        """The stages of the funnel, in order."""
        return self.asked.stages_of(self.owner_id)

    @property
    def open(self) -> DealSums:
        """All deals that are open today."""
        return total(self.facts.open.values())

    def ended(self, outcome: str) -> DealSums:
        """The deals that were closed in the period with an outcome."""
        return self.of_period.ended(self.stages, outcome)


async def funnel_figures(
    snapshot: Snapshot, company: CompanyFacts, whose: Whose, question: FunnelQuestion
) -> Sequence[Answer]:
    """The answers in the order of the units or funnels, then of the periods, then of the products or sources.

    Two statements, and a third where units are asked for, however many there are.
    """
    asked = await ask(snapshot, whose, question)
    found: dict[int, list[tuple[Place, DealFacts]]] = {owner_id: [] for owner_id in whose.owner_ids}
    for place, facts in (await deal_facts(snapshot, company, asked)).items():
        found[place[0]].append((place, facts))
    answers: list[Answer] = []
    turns, numbers = Turns(AT_A_STRETCH), range(len(question.periods))
    for of_owner in found.values():
        answers += [Answer(asked, place, number, facts) for number in numbers for place, facts in of_owner]
        await turns.done(len(numbers) * len(of_owner))
    return answers
