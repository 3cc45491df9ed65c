"""The same schema under stock Strawberry, as one would write it: `python -m benchmarks.nested_graph.stock`.

Tortoise models behind Strawberry's DataLoaders, Strawberry's own executor and ASGI application, one transaction for
each request. `DATABASE_URL`, `PORT` and `COMPANY_ID` come from the environment.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import SchemaExtension
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.functions import Sum
from tortoise.transactions import in_transaction

from benchmarks.nested_graph import statements
from quotaloom.achievements import models as achievements
from quotaloom.funnels import models as funnels
from quotaloom.metrics import models as metrics
from quotaloom.organizations import models as organizations
from quotaloom.platform.database import tortoise_config
from quotaloom.targets import models as targets

Info = strawberry.Info[dict[str, Any], None]


@strawberry.enum
class OrgUnitKind(Enum):
    COMPANY = "company"
    DEPARTMENT = "department"
    TEAM = "team"
    POSITION = "position"


@strawberry.enum
class Outcome(Enum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"
    INVALID = "invalid"


@strawberry.enum
class OpportunityOrder(Enum):
    OPENED_ON = "opened_on"


@strawberry.type
class TargetCell:
    period: str
    starts_on: date
    target: Decimal | None
    assessment: Decimal | None
    stretch: Decimal | None


@strawberry.type
class Attainment:
    target: Decimal | None
    assessment: Decimal | None
    stretch: Decimal | None
    achieved: Decimal
    rate: Decimal | None
    gap: Decimal | None


@strawberry.type
class OrgUnit:
    id: strawberry.ID
    key: str
    name: str
    kind: OrgUnitKind

    @strawberry.field
    async def children(self, info: Info) -> list[OrgUnit]:
        found: list[OrgUnit] = await info.context["children"].load(int(self.id))
        return found

    @strawberry.field
    async def target_cells(self, info: Info, period: str) -> list[TargetCell]:
        found: list[TargetCell] = await info.context["target_cells"].load((int(self.id), period))
        return found

    @strawberry.field
    async def attainment(self, info: Info, period: str) -> Attainment:
        found: Attainment = await info.context["attainment"].load((int(self.id), period))
        return found


@strawberry.type
class Opportunity:
    key: str
    name: str
    amount: Decimal | None
    opened_on: date | None
    position_id: strawberry.Private[int | None]

    @strawberry.field
    async def position(self, info: Info) -> OrgUnit | None:
        if self.position_id is None:
            return None
        found: OrgUnit | None = await info.context["units"].load(self.position_id)
        return found


@strawberry.type
class Stage:
    id: strawberry.ID
    name: str
    outcome: Outcome

    @strawberry.field
    async def opportunities(
        self, info: Info, first: int, outcome: list[Outcome], order_by: OpportunityOrder
    ) -> list[Opportunity]:
        if self.outcome not in outcome:
            return []
        found: list[Opportunity] = await info.context["opportunities"].load(int(self.id))
        return found[:first]


@strawberry.type
class Funnel:
    id: strawberry.ID
    name: str
    latest_version: strawberry.Private[int]

    @strawberry.field
    async def stages(self, info: Info) -> list[Stage]:
        rows = (
            await funnels.Stage.filter(funnel_id=int(self.id), version_number=self.latest_version)
            .using_db(info.context["connection"])
            .order_by("ordinal")
        )
        return [Stage(id=strawberry.ID(str(row.id)), name=row.name, outcome=Outcome(row.outcome)) for row in rows]


@strawberry.type
class Query:
    @strawberry.field
    async def org_unit(self, info: Info, key: str) -> OrgUnit | None:
        row = await organizations.OrgUnit.filter(key=key).using_db(info.context["connection"]).first()
        return None if row is None else _unit(row)

    @strawberry.field
    async def funnel(self, info: Info, key: str) -> Funnel | None:
        row = await funnels.Funnel.filter(key=key).using_db(info.context["connection"]).first()
        if row is None:
            return None
        return Funnel(id=strawberry.ID(str(row.id)), name=row.name, latest_version=row.latest_version)


def _unit(row: organizations.OrgUnit) -> OrgUnit:
    return OrgUnit(id=strawberry.ID(str(row.id)), key=row.key, name=row.name, kind=OrgUnitKind(row.kind))


def _amount(minor: int | None) -> Decimal | None:
    return None if minor is None else Decimal(minor).scaleb(-2)


class Loaders:
    """The DataLoaders of one request, on its connection."""

    def __init__(self, connection: BaseDBAsyncClient) -> None:
        self._connection = connection

    async def units(self, ids: list[int]) -> list[OrgUnit | None]:
        rows = await organizations.OrgUnit.filter(id__in=ids).using_db(self._connection)
        found = {row.id: _unit(row) for row in rows}
        return [found.get(number) for number in ids]

    async def children(self, ids: list[int]) -> list[list[OrgUnit]]:
        today = datetime.now(UTC).date()
        placements = (
            await organizations.Placement.filter(parent_id__in=ids).using_db(self._connection).order_by("ordinal", "id")
        )
        current = [row for row in placements if _includes(row, today)]
        units = await self.units([row.unit_id for row in current])
        found = defaultdict[int, list[OrgUnit]](list)
        for row, unit in zip(current, units, strict=True):
            if unit is not None:
                found[row.parent_id].append(unit)
        return [found[number] for number in ids]

    async def target_cells(self, keys: list[tuple[int, str]]) -> list[list[TargetCell]]:
        found = defaultdict[int, list[TargetCell]](list)
        for row in await self._cells(keys):
            found[row.unit_id].append(
                TargetCell(
                    period=f"{row.starts_on:%Y-%m}",
                    starts_on=row.starts_on,
                    target=_amount(row.target),
                    assessment=_amount(row.assessment),
                    stretch=_amount(row.stretch),
                )
            )
        return [found[number] for number, _ in keys]

    async def attainment(self, keys: list[tuple[int, str]]) -> list[Attainment]:
        sums = defaultdict[int, list[int]](lambda: [0, 0, 0])
        for row in await self._cells(keys):
            for place, value in enumerate((row.target, row.assessment, row.stretch)):
                sums[row.unit_id][place] += value or 0
        achieved = await self._achieved([number for number, _ in keys], int(keys[0][1]))
        return [_attainment(sums[number], achieved[number]) for number, _ in keys]

    async def _achieved(self, ids: list[int], year: int) -> dict[int, int]:
        metric = await metrics.Metric.get(key="revenue", using_db=self._connection)
        rows = (
            await achievements.AchievementBalance.filter(
                metric_id=metric.id, business_date__gte=date(year, 1, 1), business_date__lt=date(year + 1, 1, 1)
            )
            .using_db(self._connection)
            .annotate(total=Sum("direct"))
            .group_by("position_id")
            .values_list("position_id", "total")
        )
        own = dict(rows)
        sums = dict.fromkeys(ids, 0)
        today = datetime.now(UTC).date()
        paths = organizations.UnitPath.filter(ancestor_id__in=ids, valid_from__lte=today, valid_to__gt=today)
        for ancestor_id, unit_id in await paths.using_db(self._connection).values_list("ancestor_id", "unit_id"):
            sums[ancestor_id] += int(own.get(unit_id, 0))
        return sums

    async def _cells(self, keys: list[tuple[int, str]]) -> list[targets.TargetCell]:
        year = int(keys[0][1])
        versions = await targets.PlanVersion.filter(status="published").using_db(self._connection)
        return (
            await targets.TargetCell.filter(
                plan_version_id__in=[version.id for version in versions],
                unit_id__in=[number for number, _ in keys],
                starts_on__gte=date(year, 1, 1),
                ends_on__lte=date(year + 1, 1, 1),
            )
            .using_db(self._connection)
            .order_by("unit_id", "starts_on")
        )

    async def opportunities(self, stage_ids: list[int]) -> list[list[Opportunity]]:
        rows = (
            await funnels.Opportunity.filter(stage_id__in=stage_ids)
            .using_db(self._connection)
            .order_by("-opened_on", "id")
        )
        found = defaultdict[int, list[Opportunity]](list)
        for row in rows:
            found[row.stage_id].append(
                Opportunity(
                    key=row.key,
                    name=row.name,
                    amount=_amount(row.amount),
                    opened_on=row.opened_on,
                    position_id=row.position_id,
                )
            )
        return [found[number] for number in stage_ids]


def _includes(row: organizations.Placement, day: date) -> bool:
    return (row.valid_from is None or row.valid_from <= day) and (row.valid_to is None or day < row.valid_to)


def _attainment(lines: list[int], achieved: int) -> Attainment:
    target, assessment, stretch = (Decimal(line).scaleb(-2) for line in lines)
    done = Decimal(achieved).scaleb(-2)
    rate = (done / target).quantize(Decimal("0.000001")) if target else None
    return Attainment(
        target=target, assessment=assessment, stretch=stretch, achieved=done, rate=rate, gap=target - done
    )


class OneTransaction(SchemaExtension):
    """A transaction around each operation, bound to the company, and the loaders that read in it."""

    async def on_operation(self) -> AsyncIterator[None]:
        async with in_transaction() as connection:
            await connection.execute_script(BEGUN)
            loaders = Loaders(connection)
            context: dict[str, Any] = self.execution_context.context
            context["connection"] = connection
            for name in ("units", "children", "target_cells", "attainment", "opportunities"):
                context[name] = DataLoader(load_fn=getattr(loaders, name))
            yield


BEGUN = statements.BEGIN.partition(";")[2].format(company_id=int(os.environ.get("COMPANY_ID", "0")))


def application(database_url: str) -> Starlette:
    """Strawberry's ASGI application at `/graphql`."""
    schema = strawberry.Schema(query=Query, extensions=[OneTransaction])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await Tortoise.init(config=tortoise_config(database_url), _enable_global_fallback=True)
        yield
        await Tortoise.close_connections()

    served = Starlette(lifespan=lifespan)
    served.mount("/graphql", GraphQL[dict[str, Any], None](schema))
    return served


def main() -> None:
    """Serve it."""
    served = application(os.environ["DATABASE_URL"])
    uvicorn.run(served, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
