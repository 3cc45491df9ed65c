"""Writing customers, products, the funnel and deals: those that are not there yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quotaloom.funnels.commands.funnels import insert_funnel
from quotaloom.funnels.deals import NewOpportunity, OpportunityRow, PastMove
from quotaloom.funnels.opportunity_batches import insert_opportunities
from quotaloom.funnels.stages import NewFunnel, Outcome
from quotaloom.importing.bad_rows import BadRow, ImportRefused
from quotaloom.importing.records import DealRecord
from quotaloom.ownership.owners import Movement
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts


async def load_funnel(transaction: Transaction, funnel: NewFunnel) -> int:
    """Lay the funnel out unless its key is stored; returns how many were created."""
    await transaction.lock("funnels")
    if await transaction.fetch_one("SELECT 1 FROM funnel WHERE key = $1", funnel.key) is not None:
        return 0
    await insert_funnel(transaction, funnel)
    return 1


@dataclass(frozen=True, slots=True)
class DealIds:
    """The ids that the keys in deals stand for."""

    funnel: int
    stages: Mapping[str, int]
    positions: Mapping[str, int]
    customers: Mapping[str, int]
    products: Mapping[str, int]
    pools: Mapping[str, int]

    def row(self, deal: DealRecord) -> OpportunityRow:
        """The deal as it is stored."""
        return OpportunityRow(
            NewOpportunity(
                funnel_id=self.funnel,
                position_id=self.positions[deal.position_key],
                key=deal.key,
                name=deal.name,
                stage_id=self.stages[deal.stage_key],
                customer_id=None if deal.customer_key is None else self.customers[deal.customer_key],
                product_id=None if deal.product_key is None else self.products[deal.product_key],
                amount=deal.amount,
                amount_estimated=deal.amount_estimated,
                opened_on=deal.opened_on,
                expected_close_on=deal.expected_close_on,
                source=deal.source,
            ),
            closed_on=deal.closed_on,
            lost_reason=deal.lost_reason,
            moves=tuple(PastMove(self.stages[stage], day) for stage, day in deal.moves),
            pool_id=None if deal.pool_key is None else self.pools[deal.pool_key],
            waits=deal.pool_key is not None,
        )


async def read_deal_ids(snapshot: Snapshot, funnel_key: str) -> DealIds:
    """The ids of everything that deals may name, in five statements."""
    stages = await snapshot.fetch(
        "SELECT stage.key, stage.id, funnel.id AS funnel_id FROM stage JOIN funnel"
        " ON funnel.company_id = stage.company_id AND funnel.id = stage.funnel_id"
        " AND funnel.latest_version = stage.version_number WHERE funnel.key = $1",
        funnel_key,
    )
    return DealIds(
        funnel=stages[0]["funnel_id"],
        stages={row["key"]: row["id"] for row in stages},
        positions=await ids_by_key(snapshot, "org_unit WHERE kind = 'position'"),
        customers=await ids_by_key(snapshot, "customer", "coalesce(merged_into_id, id)"),
        products=await ids_by_key(snapshot, "product"),
        pools=await ids_by_key(snapshot, "pool"),
    )


async def load_deals(
    transaction: Transaction, company: CompanyFacts, deals: Sequence[DealRecord], ids: DealIds, file: str
) -> tuple[int, int]:
    """Insert deals whose keys are not stored; returns how many, and how many revenues and orders, were created.

    A won one posts both, and what else it counts for, on its close date. Raises `ImportRefused` with the line of a deal
    that the company, as it has come to be since the files were checked, does not take.
    """
    try:
        rows = [ids.row(deal) for deal in deals]
        inserted = await insert_opportunities(transaction, company, rows, Movement.IMPORT)
    except InputError as error:
        raise with_lines(error, [deal.line for deal in deals], file) from error
    won = sum(deal.outcome is Outcome.WON for deal, created in zip(deals, inserted.created, strict=True) if created)
    return sum(inserted.created), 2 * won


def with_lines(error: InputError, lines: Sequence[int], file: str) -> InputError:
    """The error of a batch whose rows stand on these lines, told with them."""
    errors: Sequence[InputError] = getattr(error, "errors", (error,))
    if not all(one.path and isinstance(one.path[0], int) for one in errors):
        return error
    bad = [BadRow(file, lines[int(one.path[0])], None, one.message) for one in errors]
    return ImportRefused(bad, halfway=True)


async def ids_by_key(snapshot: Snapshot, rows: str, number: str = "id") -> dict[str, int]:
    """The ids of these rows of the company, by their keys; a customer that was merged stands for the one kept."""
    return {row["key"]: row["id"] for row in await snapshot.fetch(f"SELECT {number} AS id, key FROM {rows}")}  # noqa: S608 (ours)
