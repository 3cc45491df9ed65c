"""The sales floor with a funnel whose stages ask for something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.opportunities import create_opportunity
from quotaloom.funnels.deals import NewOpportunity
from quotaloom.funnels.stages import NewFunnel, NewStage, Outcome
from quotaloom.funnels.standards import Standard, StandardKind
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from tests.integration.funnels.floors import Floor, furnish

LEAD = NewStage("lead", "Lead", Outcome.OPEN, Decimal("0.1"))
OFFER = NewStage("offer", "Offer", Outcome.OPEN, Decimal("0.5"))
TALKS = NewStage("talks", "Talks", Outcome.OPEN, Decimal("0.8"))
CLOSED = (
    NewStage("won", "Won", Outcome.WON, Decimal(1)),
    NewStage("lost", "Lost", Outcome.LOST, Decimal(0)),
    NewStage("odd", "Odd", Outcome.INVALID, Decimal(0)),
)

APPROVAL = Standard(StandardKind.APPROVAL)


@dataclass(frozen=True)
class StageFloor:
    """A floor, and a funnel of lead, offer, talks, won, lost and odd."""

    floor: Floor
    funnel: int

    async def stages(self, version: int = 1) -> dict[str, int]:
        """The ids of the stages of a version by key."""
        rows = await self.floor.rows(
            "SELECT key, id FROM stage WHERE funnel_id = $1 AND version_number = $2", self.funnel, version
        )
        return {row["key"]: row["id"] for row in rows}

    async def open(self, position: str = "ann", **values: Any) -> int:
        """A new deal without an amount, in the first stage unless another is named."""
        deal = NewOpportunity(self.funnel, self.floor.units[position], **values)
        return await create_opportunity(self.floor.work, deal)

    async def at(self, deal: int) -> str:
        """The key of the stage that a deal is in."""
        row = await self.floor.one(
            "SELECT stage.key FROM opportunity JOIN stage ON stage.id = stage_id WHERE opportunity.id = $1", deal
        )
        return str(row["key"])

    async def did(self, deal: int, kind: str, day: date) -> None:
        """Note that Ann did something for a deal."""

        async def apply(transaction: Transaction) -> None:
            await transaction.execute(
                "INSERT INTO activity (company_id, kind, state, opportunity_id, member_id, matter, done_at, done_on,"
                " materials, at, actor, version) VALUES ($1, $2, 'done', $3, $4, 'Talk', $5, $6, '[]', $5, 'ann', 1)",
                transaction.company_id,
                kind,
                deal,
                self.floor.members["ann"],
                transaction.now,
                day,
            )

        await self.floor.work.write(apply)


async def staged(database: Database, lead: Sequence[Standard] = (), **of_lead: Any) -> StageFloor:
    """A floor whose funnel asks this of deals that leave the first stage."""
    floor = await furnish(database)
    first = replace(LEAD, standards=tuple(lead), **of_lead)
    stages = (first, OFFER, TALKS, *CLOSED)
    return StageFloor(floor, await create_funnel(floor.work, NewFunnel("strict", "Strict", stages)))
