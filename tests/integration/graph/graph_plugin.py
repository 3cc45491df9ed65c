"""The source of a plugin that adds fields of all sorts to the graph."""

from __future__ import annotations

SOURCE = """
    import asyncio
    from collections.abc import Sequence
    from datetime import date, timedelta
    from decimal import Decimal

    import strawberry
    from quotaloom_sdk import BatchReader, GraphQLExtension, ObjectField, RootField, hookimpl

    QUOTALOOM_API = "1.0"
    CALLS = []


    @strawberry.type(description="What a unit carries.")
    class AcmeBurden:
        people: int | None = strawberry.field(description="Who holds a position in it.")
        deals: list[str] | None = strawberry.field(description="Its open deals, counted in words.")
        worth: Decimal | None = strawberry.field(description="What they are worth, in minor units.")


    async def burden(reader: BatchReader, ids: Sequence[str], *, factor: Decimal = Decimal(1)) -> list:
        CALLS.append(("burden", len(ids)))
        return [
            AcmeBurden(
                people=unit.load.members,
                deals=[str(unit.load.opportunities)],
                worth=unit.load.open_amount * factor,
            )
            if unit and unit.load
            else None
            for unit in await reader.units(ids)
        ]


    async def seats(reader, ids):
        return [len(member.positions) if member else None for member in await reader.members(ids)]


    async def level(reader, ids):
        return [customer.name.upper() if customer else None for customer in await reader.customers(ids)]


    async def buyer(reader, ids):
        deals = await reader.opportunities(ids)
        return [deal.customer.name if deal and deal.customer else None for deal in deals]


    async def achieved(reader, ids, *, metric: str = "revenue", since: date, until: date):
        lines = await reader.unit_lines(ids, metric, since, until)
        return [Decimal(line.achieved) if line else None for line in lines]


    async def own(reader, ids, *, since: date, until: date):
        lines = await reader.member_lines(ids, "revenue", since, until)
        return [line.achieved if line else None for line in lines]


    async def broken(reader, ids, *, how: str):
        if how == "raises":
            raise RuntimeError("no luck")
        if how == "ends":
            raise SystemExit(3)
        if how == "hangs":
            await asyncio.sleep(60)
        if how == "cancels":
            raise asyncio.CancelledError
        if how == "closes":
            raise GeneratorExit
        if how == "interrupts":
            raise KeyboardInterrupt
        if how == "holds on":
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    await asyncio.sleep(0.1)
                    break
            await asyncio.sleep(0)
        if how == "short":
            return [1]
        if how == "text":
            return "x" * len(ids)
        odd = {"type": "seven", "large": 2**31, "truth": True}[how]
        return [odd if place == 0 else 7 for place, _ in enumerate(ids)]


    async def spoiling(reader, ids):
        for unit in await reader.units(ids):
            object.__setattr__(unit, "name", "spoiled")
        ids.clear()
        return [7, 7]


    async def measured(reader, ids, *, how: str):
        odd = {"nan": Decimal("NaN"), "infinite": Decimal("Infinity"), "float": 0.5, "whole": 1}[how]
        return [odd if place == 0 else Decimal("7.50") for place, _ in enumerate(ids)]


    async def today(reader) -> str:
        return reader.today.isoformat()


    async def looked_up(reader, *, id: str) -> str:
        (unit,) = await reader.units([id])
        return None if unit is None else f"{unit.name} {unit.load is not None}"


    async def told(reader, *, member: str, customer: str, deal: str) -> str:
        (who,), (buyer,), (chance,) = (
            await reader.members([member]), await reader.customers([customer]), await reader.opportunities([deal])
        )
        (line,) = await reader.member_lines([member], "revenue", reader.today, reader.today + timedelta(1))
        known = (who and who.name, who and len(who.positions), who and who.attributes.text("note"))
        return repr((*known, buyer and buyer.name, chance and chance.amount, line and line.achieved))


    async def referring(reader, *, unit: str, member: str, customer: str, deal: str) -> str:
        (east,), (who,), (buyer,), (chance,) = (
            await reader.units([unit]), await reader.members([member]),
            await reader.customers([customer]), await reader.opportunities([deal]),
        )
        return repr([
            [one.key for one in noted] for noted in
            (east.attributes, who.attributes, buyer.attributes, chance.attributes, chance.customer.attributes)
        ])


    def on(kind, name, type_, read):
        return ObjectField(on=kind, name=f"acme_{name}", description="For tests.", type=type_, read=read)


    @hookimpl
    def quotaloom_graphql():
        yield GraphQLExtension(
            key="graph",
            title="Burdens",
            description="What units carry.",
            prefix="Acme",
            types=(AcmeBurden,),
            object_fields=(
                on("OrgUnit", "burden", AcmeBurden, burden),
                on("OrgUnit", "achieved", Decimal, achieved),
                on("OrgUnit", "broken", int, broken),
                on("OrgUnit", "spoiling", int, spoiling),
                on("OrgUnit", "measured", Decimal, measured),
                on("Member", "seats", int, seats),
                on("Member", "own", int, own),
                on("Customer", "loud", str, level),
                on("Opportunity", "buyer", str, buyer),
            ),
            root_fields=(
                RootField(name="today", description="The day.", type=str, read=today),
                RootField(name="looked_up", description="A unit.", type=str, read=looked_up),
                RootField(name="referring", description="What they refer to.", type=str, read=referring),
                RootField(name="told", description="A member, a customer and a deal.", type=str, read=told),
            ),
        )
        yield GraphQLExtension(
            key="other",
            title="Another",
            description="Switched apart from the first.",
            prefix="Acme",
            root_fields=(RootField(name="other_day", description="The day.", type=str, read=today),),
        )
"""
