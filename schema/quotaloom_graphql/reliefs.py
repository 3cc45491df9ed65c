"""Quota relief: what positions are relieved of, and the mutations that grant and revoke it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.platform.unit_of_work import Record
from quotaloom.platform.work import Work
from quotaloom.targets import reliefs
from quotaloom.targets.relieving import NewRelief, grant_relief, revoke_relief
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id
from quotaloom_graphql.organization_loaders import load_units
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.organizations import OrgUnit


async def load_reliefs(keys: list[int], info: Info) -> list[Record]:
    """Every relief of the positions whose figures the viewer may see, revoked ones too."""
    sight = await info.context.sight()
    return await reliefs.reliefs_on_record(info.context.snapshot, sight.seen_units(keys))


async def load_reliefs_by_id(keys: list[int], info: Info) -> list[Record]:
    """Reliefs by number, of positions whose figures the viewer may see."""
    sight = await info.context.sight()
    rows = await reliefs.reliefs_by_id(info.context.snapshot, keys)
    return [row for row in rows if sight.sees_unit(row["position_id"])]


@strawberry.type(
    description="A share of a position's targets that counts for nobody for some days. The cells stay whole, and so do"
    " the targets of the units above."
)
class QuotaRelief(Node):
    """A relief."""

    id: strawberry.ID = global_id("QuotaRelief")
    valid_from: date = strawberry.field(description="First day.")
    valid_to: date | None = strawberry.field(description="The day after the last; null for an open end.")
    share: Decimal = strawberry.field(description="How much of the targets of these days: 0.5 is a half.")
    reason: str = strawberry.field(description="Why.")
    granted_at: datetime = strawberry.field(description="When it was granted.")
    granted_by: str = strawberry.field(description="By whom.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken back; null while it stands.")
    revoked_by: str | None = strawberry.field(description="By whom.")
    revoke_reason: str | None = strawberry.field(description="Why.")
    position: Annotated[OrgUnit, strawberry.lazy("quotaloom_graphql.organizations")] | None = batch(
        load_units, key="position_id", by="id", one=True, description="The position."
    )


NODE_LOADERS: dict[str, NodeLoader] = {"QuotaRelief": load_reliefs_by_id}
"""How `node(id:)` finds what these types name."""


@strawberry.input(description="A position to relieve of a part of its targets.")
class GrantReliefInput:
    """A relief to grant."""

    position_id: strawberry.ID = strawberry.field(description="The position.")
    valid_from: date = strawberry.field(description="First day.")
    valid_to: date | None = strawberry.field(default=None, description="The day after the last; open if not given.")
    share: Decimal = strawberry.field(description="How much of the targets of these days: 0.5 is a half, 1 all of it.")
    reason: str = strawberry.field(description="Why.")


@strawberry.input(description="A relief to take back.")
class RevokeReliefInput:
    """A relief to revoke."""

    relief_id: strawberry.ID = strawberry.field(description="The relief.")
    reason: str = strawberry.field(description="Why.")


@strawberry.type(description="The relief as it stands now.")
class ReliefPayload:
    """A relief, or what was wrong."""

    relief: QuotaRelief | None = batch(
        load_reliefs_by_id, key="relief_id", by="id", one=True, description="The relief."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _grant(work: Work, input: GrantReliefInput, _: Services) -> dict[str, Any]:
    position_id = decode_id(input.position_id, "OrgUnit", ("positionId",))
    relief = NewRelief(position_id, input.valid_from, input.valid_to, input.share, input.reason)
    return {"relief_id": await grant_relief(work, relief)}


async def _revoke(work: Work, input: RevokeReliefInput, _: Services) -> dict[str, Any]:
    relief_id = decode_id(input.relief_id, "QuotaRelief", ("reliefId",))
    await revoke_relief(work, relief_id, input.reason)
    return {"relief_id": relief_id}


@strawberry.type
class ReliefMutation:
    """Mutations of quota relief."""

    grant_relief: ReliefPayload = mutation(
        _grant, description="Relieve a position of a part of its targets: admins, and heads for the positions below."
    )
    revoke_relief: ReliefPayload = mutation(
        _revoke, description="Take a relief back, as if it had not been granted; `asOf` earlier days still know it."
    )
