"""A planned company that sells products: instruments and services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from quotaloom.achievements.ledger import Credit, CreditKind, EntrySource, Posting, append
from quotaloom.metrics.product_commands import NewProduct, define_product
from quotaloom.metrics.product_metrics import NewProductMetric, define_product_metric
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.database import Database
from quotaloom.targets.cells import CellChange, set_target_cells
from quotaloom.targets.plans import create_plan
from tests.founding import at
from tests.integration.graph.planned import noon
from tests.integration.targets.planning import Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1", "E 2"], "West": ["W 1"]}
HOLDERS = {"E 1": "Ann", "E 2": "Bo", "W 1": "Cy"}
END = date(2017, 12, 31)


@dataclass(frozen=True)
class Shop:
    """The company, its products by name, and the metrics of these by key."""

    planning: Planning
    products: dict[str, int]
    metrics: dict[str, int]

    async def sell(
        self, unit: str, day: date, amount: int, product: str | None = None, *, overlay: str | None = None
    ) -> None:
        """Post revenue of a position, in minor units, on its own day."""
        credits = [Credit(self.planning.units[unit], Fraction(1))]
        if overlay is not None:
            credits.append(Credit(self.planning.units[overlay], Fraction(1), CreditKind.OVERLAY))
        key = f"{unit} {day} {product} {amount}"
        posting = Posting(
            metric_id=await self.planning.revenue(),
            amount=amount,
            currency=None,
            business_date=day,
            source=EntrySource.ORDER,
            source_key=key,
            idempotency_key=key,
            credits=tuple(credits),
            product_id=None if product is None else self.products[product],
        )
        work = at(self.planning.work, noon(day))
        await work.write(lambda transaction: append(transaction, work.company, [posting]))

    async def plan(self, metric: str, year: int = 2017) -> int:
        """A plan of a metric of products, with an empty draft."""
        return await create_plan(self.planning.work, f"{metric} {year}", self.metrics[metric], year)

    async def set(self, plan_id: int, unit: str, **months: int) -> None:
        """Set targets of months such as `m03`, in minor units."""
        unit_id = self.planning.units[unit]
        changes = [CellChange(unit_id, f"2017-{month[1:]}", {"target": target}) for month, target in months.items()]
        await set_target_cells(self.planning.work, plan_id, changes)


async def shop_for(database: Database) -> Shop:
    """Lamps and lenses are instruments, care is a service; each, and the instruments together, has its metric."""
    planning = await plan_for(database, TREE, holders=HOLDERS)
    groups = {"lamp": "instruments", "lens": "instruments", "care": "services"}
    products = {
        name: await define_product(planning.work, NewProduct(name, name.title(), group))
        for name, group in groups.items()
    }
    for name, number in products.items():
        metric = NewProductMetric(f"{name}_revenue", f"Revenue of {name}", "revenue", number)
        await define_product_metric(planning.work, metric)
    group = NewProductMetric("instruments", "Instruments", "revenue", product_group="instruments")
    await define_product_metric(planning.work, group)
    keys = ["instruments", *(f"{name}_revenue" for name in products)]
    async with planning.work.snapshot() as snapshot:
        metrics = {row["key"]: row["id"] for row in await metrics_by_key(snapshot, keys)}
    return Shop(planning, products, metrics)
