"""Who may write which deals and customers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from quotaloom.funnels.commands.customers import NewCustomer, create_customer, update_customer
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.commands.opportunities import create_opportunity, transfer_opportunity, update_opportunity
from quotaloom.funnels.commands.stage_changes import win_opportunity
from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, NotFound
from quotaloom.platform.work import Work
from tests.integration.funnels.floors import FUNNEL, HOST, Floor, furnish

Viewing = Callable[[Floor], Work]


@pytest.mark.parametrize(
    "viewing",
    [
        lambda floor: floor.as_member("ann"),
        lambda floor: floor.as_member("hal"),
        lambda floor: floor.as_service(Scope.FUNNELS),
    ],
    ids=["holder", "head", "service"],
)
async def test_holder_head_and_service_write_a_deal(database: Database, viewing: Viewing) -> None:
    """Whoever holds the position or heads a unit above it, and a service that may, create and win."""
    floor = await furnish(database)
    work = viewing(floor)
    deal = await create_opportunity(work, floor.deal("ann"))
    await update_opportunity(work, deal, {"amount": 7_00})
    await win_opportunity(work, HOST, deal)
    assert await floor.ledger() == {"ann": (7_00, 0)}


@pytest.mark.parametrize("name", ["bob", "cem", "wu"])
async def test_a_deal_of_others_is_as_if_it_did_not_exist(database: Database, name: str) -> None:
    """A colleague, another team's member and another team's head get the answer for an unknown id."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    with pytest.raises(NotFound) as caught:
        await win_opportunity(floor.as_member(name), HOST, deal)
    assert (caught.value.code, caught.value.path) == ("UNKNOWN_OPPORTUNITY", ("id",))
    with pytest.raises(NotFound) as created:
        await create_opportunity(floor.as_member(name), floor.deal("ann"))
    assert (created.value.code, created.value.path) == ("UNKNOWN_POSITION", ("positionId",))


async def test_a_service_without_the_scope_is_told_so(database: Database) -> None:
    """Reading does not include writing; the answer names the scope that is missing."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    for attempt in (
        win_opportunity(floor.as_service(Scope.READ), HOST, deal),
        create_opportunity(floor.as_service(Scope.READ), floor.deal("ann")),
        create_customer(floor.as_service(Scope.READ), NewCustomer("Contoso")),
        create_funnel(floor.as_service(Scope.READ), FUNNEL),
    ):
        with pytest.raises(AccessDenied, match="funnels:write"):
            await attempt


async def test_a_service_is_no_member(database: Database) -> None:
    """A service token that names Ann as its member may still do no more than its scopes say."""
    floor = await furnish(database)
    reading = Viewer(floor.work.company.id, "crm", Role.SERVICE, floor.members["ann"], frozenset({Scope.READ}))
    with pytest.raises(AccessDenied, match="funnels:write"):
        await create_opportunity(replace(floor.work, viewer=reading), floor.deal("ann"))


async def test_a_funnel_is_laid_out_by_an_admin(database: Database) -> None:
    """A head sells, but does not change the funnel."""
    floor = await furnish(database)
    with pytest.raises(AccessDenied):
        await create_funnel(floor.as_member("hal"), FUNNEL)


async def test_a_head_hands_over_within_his_team_only(database: Database) -> None:
    """Hal moves a deal from Ann to Bob; to Cem, of the other team, he cannot, nor can Ann give hers away."""
    floor = await furnish(database)
    deal = await floor.open("ann")
    for name, to in (("hal", "cem"), ("ann", "bob")):
        with pytest.raises(NotFound) as caught:
            await transfer_opportunity(floor.as_member(name), deal, floor.units[to])
        assert caught.value.path == ("positionId",)
    await transfer_opportunity(floor.as_member("hal"), deal, floor.units["bob"])


async def test_who_has_a_deal_with_a_customer_may_change_it(database: Database) -> None:
    """A customer without deals is everybody's who sells; after Ann's deal it is hers and her head's."""
    floor = await furnish(database)
    customer = await create_customer(floor.as_member("cem"), NewCustomer("Contoso"))
    await update_customer(floor.as_member("bob"), customer, {"sector": "retail"})
    await floor.open("ann", customer_id=customer)
    await update_customer(floor.as_member("ann"), customer, {"sector": "finance"})
    await update_customer(floor.as_member("hal"), customer, {"sector": "health"})
    with pytest.raises(NotFound):
        await update_customer(floor.as_member("cem"), customer, {"sector": "none"})
    assert (await floor.one("SELECT sector FROM customer"))["sector"] == "health"
