"""Duplicates when leads and customers are entered."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from quotaloom.duplicates.finding import Duplicate, duplicates_of, repeated
from quotaloom.duplicates.normal_forms import Likeness
from quotaloom.duplicates.rules import (
    Compared,
    DuplicateAction,
    DuplicateSubject,
    Rule,
    duplicate_rule,
    set_duplicate_rule,
)
from quotaloom.funnels.commands.customers import NewCustomer, create_customer
from quotaloom.leads.commands import create_lead
from quotaloom.leads.converting import Conversion, convert_lead
from quotaloom.leads.records import NewLead
from quotaloom.leads.storing import insert_leads
from quotaloom.platform.access import Scope
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_graphql.field_costs import declared_weight
from tests.integration.funnels.floors import Floor, furnish
from tests.integration.graph.asking import SCHEMA, ask, do, gid
from tests.integration.leads.offices import lead_of, open_pool

LEADS, CUSTOMERS = DuplicateSubject.LEAD, DuplicateSubject.CUSTOMER
NAME, PHONE, DOMAIN = Compared.NAME, Compared.PHONE, Compared.DOMAIN


async def found(floor: Floor, rule: Rule, *given: Likeness) -> list[list[Duplicate]]:
    """What is the same, in one statement."""
    async with floor.work.snapshot() as snapshot:
        duplicates = await duplicates_of(snapshot, rule, given)
        assert snapshot.statements <= 1
    return duplicates


async def test_duplicates_are_found_by_any_field(database: Database) -> None:
    """Ada by her name, her number and her firm's domain, each row in its place; addresses of free mail do not count."""
    floor = await furnish(database, time_zone="Asia/Shanghai")
    ada = await lead_of(floor, name="Ada Lovelace", phone="138 0013 8000", email="ada@globex.com")
    eva = await lead_of(floor, name="Eva", email="eva@qq.com")
    given = (
        Likeness("adalovelace", None, "initech.com"),
        Likeness("someone", "+8613800138000", "globex.com"),
        Likeness("nobody", "+8613800138001", "qq.com"),
        Likeness(),
        Likeness("eva", None, None),
    )
    assert await found(floor, Rule(LEADS), *given) == [
        [Duplicate(ada, (NAME,))],
        [Duplicate(ada, (PHONE, DOMAIN))],
        [],
        [],
        [Duplicate(eva, (NAME,))],
    ]
    assert await found(floor, Rule(LEADS, (PHONE,)), given[0]) == [[]]
    assert await found(floor, Rule(LEADS, free_mail=()), given[2]) == [[Duplicate(eva, (DOMAIN,))]]
    assert await found(floor, Rule(CUSTOMERS), *given) == [[], [], [], [], []]
    assert await found(floor, Rule(LEADS, ()), given[0]) == [[]]


async def test_of_very_many_a_few_are_told(database: Database) -> None:
    """Of twelve leads of one name ten."""
    floor = await furnish(database)
    rows = [NewLead("Test", floor.units["ann"]) for _ in range(12)]
    inserted = await floor.work.write(partial(insert_leads, company=floor.work.company, rows=rows))
    (told,) = await found(floor, Rule(LEADS), Likeness("test"))
    assert len(told) == 10
    assert {one.id for one in told} < set(inserted.ids)


def test_rows_are_compared_with_each_other() -> None:
    """The third is the same as the first by its phone, the fourth as the second by its name."""
    given = [Likeness("a", "1"), Likeness("b"), Likeness("c", "1"), Likeness("b", "2"), Likeness(None, None, "qq.com")]
    assert list(repeated(Rule(LEADS), [*given, given[-1]])) == [(2, 0, PHONE), (3, 1, NAME)]


async def test_a_company_may_refuse_a_second_one(database: Database) -> None:
    """By the phone number alone; the error does not say whose the first one is, and nothing is entered."""
    floor = await furnish(database)
    await lead_of(floor, "cem", phone="+49 89 123456")
    await set_duplicate_rule(floor.work, Rule(LEADS, (PHONE,), DuplicateAction.REFUSE))
    await lead_of(floor, "ann")
    with pytest.raises(InputError, match="there is a lead with this phone number already") as caught:
        await lead_of(floor, "ann", phone="0049 89 12 34 56")
    assert (caught.value.code, caught.value.path) == ("DUPLICATE", ("phone",))
    assert len(await floor.rows("SELECT FROM lead")) == 2


async def test_customers_are_refused_on_every_way(database: Database) -> None:
    """Entered by themselves, and when a lead is converted."""
    floor = await furnish(database)
    await create_customer(floor.work, NewCustomer("Globex", website="globex.com"))
    await set_duplicate_rule(floor.work, Rule(CUSTOMERS, (NAME, DOMAIN), DuplicateAction.REFUSE))
    with pytest.raises(InputError) as caught:
        await create_customer(floor.work, NewCustomer("Other", website="www.globex.com"))
    assert (caught.value.code, caught.value.path) == ("DUPLICATE", ("website",))
    lead = await lead_of(floor, organization="GLOBEX")
    with pytest.raises(InputError) as caught:
        await convert_lead(floor.work, lead, Conversion(customer=NewCustomer("")))
    assert (caught.value.code, caught.value.path) == ("DUPLICATE", ("customer", "name"))


NUMBER, FREE = "+49 89 123456", "+49 89 123457"
NOBODYS = 999_999


async def all_told(work: Awaitable[object]) -> tuple[str, str, tuple[str | int, ...]]:
    """All that an error tells."""
    with pytest.raises(InputError) as caught:
        await work
    return caught.value.code, caught.value.message, caught.value.path


async def test_what_cannot_be_entered_does_not_tell_whether_there_is_such_a_one(database: Database) -> None:
    """A guess that hits is told the same as one that misses, whatever else is wrong: nothing is tried for nothing.

    Ann guesses the number of Cem's lead and of his customer, with a level, a product, a key, a parent, a position, a
    pool and a funnel that cannot be.
    """
    floor = await furnish(database)
    await lead_of(floor, "cem", "Cem's", phone=NUMBER)
    await create_customer(floor.work, NewCustomer("Cem's", phone=NUMBER), floor.units["cem"])
    for subject in (LEADS, CUSTOMERS):
        await set_duplicate_rule(floor.work, Rule(subject, (PHONE,), DuplicateAction.REFUSE))
    ann, position = floor.as_member("ann"), floor.units["ann"]
    taken = await lead_of(floor, "ann", "Taken", key="taken")
    await create_customer(ann, NewCustomer("Taken", key="taken"), position)
    before = await floor.rows("SELECT FROM audit_entry")
    leads: list[dict[str, Any]] = [
        *({"level_id": NOBODYS}, {"product_id": NOBODYS}, {"pool_id": NOBODYS}, {"key": "taken"}),
        *({"position_id": floor.units["cem"]}, {"position_id": NOBODYS}),
    ]
    for wrong in leads:
        given = {"name": "Guess", "position_id": position, **wrong}
        hit, miss = [await all_told(create_lead(ann, NewLead(**given, phone=phone))) for phone in (NUMBER, FREE)]
        assert hit == miss, wrong
        assert hit[0] != "DUPLICATE", wrong
    customers: list[dict[str, Any]] = [{"level_id": NOBODYS}, {"key": "taken"}, {"parent_key": "none"}]
    for wrong in customers:
        given = {"name": "Guess", **wrong}
        hit, miss = [
            await all_told(create_customer(ann, NewCustomer(**given, phone=phone), position))
            for phone in (NUMBER, FREE)
        ]
        assert hit == miss, wrong
        assert hit[0] != "DUPLICATE", wrong
    hit, miss = [
        await all_told(create_customer(ann, NewCustomer("Guess", phone=phone), floor.units["cem"]))
        for phone in (NUMBER, FREE)
    ]
    assert hit == miss == ("UNKNOWN_POSITION", f"there is no position {floor.units['cem']}", ("positionId",))
    deal = replace(floor.deal(), funnel_id=NOBODYS)
    hit, miss = [
        await all_told(
            convert_lead(ann, taken, Conversion(customer=NewCustomer("Guess", phone=phone), opportunity=deal))
        )
        for phone in (NUMBER, FREE)
    ]
    assert hit == miss
    assert hit[0] != "DUPLICATE"
    assert await floor.rows("SELECT FROM audit_entry") == before


async def test_a_guess_that_misses_is_entered_and_stands_in_the_audit_log(database: Database) -> None:
    """Ann is told of the number that is taken, and for the other one there is a lead, with her name in the log."""
    floor = await furnish(database)
    await lead_of(floor, "cem", "Cem's", phone=NUMBER)
    await set_duplicate_rule(floor.work, Rule(LEADS, (PHONE,), DuplicateAction.REFUSE))
    ann, position = floor.as_member("ann"), floor.units["ann"]
    assert (await all_told(create_lead(ann, NewLead("Guess", position, phone=NUMBER))))[0] == "DUPLICATE"
    entered = await create_lead(ann, NewLead("Guess", position, phone=FREE))
    logged = "SELECT object_id FROM audit_entry WHERE action = 'lead.create' AND actor_member_id = $1"
    assert [row["object_id"] for row in await floor.rows(logged, floor.members["ann"])] == [entered]


@pytest.mark.parametrize("name", ["createLead", "updateLead", "convertLead", "createCustomer", "updateCustomer"])
def test_entering_costs_what_looking_for_duplicates_does(name: str) -> None:
    """50,000 each, so that a number is not tried for less in another place."""
    schema = SCHEMA._schema
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    fields = (schema.query_type.fields["possibleDuplicates"], schema.mutation_type.fields[name])
    assert [declared_weight(one.extensions["strawberry-definition"]) for one in fields] == [50_000, 50_000]


async def test_the_rule_is_kept(database: Database) -> None:
    """Domains of free mail are kept as they are compared; who may not change settings does not."""
    floor = await furnish(database)
    rule = Rule(LEADS, (DOMAIN,), DuplicateAction.REFUSE, ("www.Mail.example", "a.example"))
    await set_duplicate_rule(floor.work, Rule(LEADS, (NAME,)))
    await set_duplicate_rule(floor.as_service(Scope.SETTINGS), rule)
    async with floor.work.snapshot() as snapshot:
        kept = await duplicate_rule(snapshot, LEADS)
        assert await duplicate_rule(snapshot, CUSTOMERS) == Rule(CUSTOMERS)
    assert (kept.compared, kept.action, kept.free_mail) == ((DOMAIN,), rule.action, ("a.example", "mail.example"))
    with pytest.raises(AccessDenied):
        await set_duplicate_rule(floor.as_member("hal"), rule)


QUERY = """{ possibleDuplicates(subject: LEAD, name: "ada", phone: "138 0013 8000") {
    compared lead { key } customer { key } } }"""


async def test_duplicates_are_told_before_and_after_a_lead_is_entered(database: Database) -> None:
    """Ann sees that there is one of that number, and which only where it is hers or Hal's people's she may see."""
    floor = await furnish(database, time_zone="Asia/Shanghai")
    await lead_of(floor, "ann", key="a")
    await lead_of(floor, "cem", "Other", key="c", phone="13800138000")
    told = (await ask(floor, QUERY, "ann"))["possibleDuplicates"]
    assert told == [
        {"compared": ["NAME"], "lead": {"key": "a"}, "customer": None},
        {"compared": ["PHONE"], "lead": None, "customer": None},
    ]
    fields = "lead { possibleDuplicates { compared lead { key } } }"
    made = await do(floor, "createLead", fields, "ann", name="ADA", positionId=gid("OrgUnit", floor.units["ann"]))
    assert made["lead"] == {"possibleDuplicates": [{"compared": ["NAME"], "lead": {"key": "a"}}]}
    entered = await do(floor, "createCustomer", "customer { possibleDuplicates { compared } }", name="Globex")
    again = await do(floor, "createCustomer", "customer { possibleDuplicates { compared } }", name="globex")
    assert (entered["customer"], again["customer"]) == (
        {"possibleDuplicates": []},
        {"possibleDuplicates": [{"compared": ["NAME"]}]},
    )


async def test_those_out_of_sight_are_told_of_once(database: Database) -> None:
    """Three of one number are one entry for Ann, who may not see them, with those by name apart; Cem sees his three."""
    floor = await furnish(database, time_zone="Asia/Shanghai")
    for number in range(3):
        await lead_of(floor, "cem", f"Other {number}", key=f"c{number}", phone="13800138000")
    for number in range(2):
        await lead_of(floor, "cem", "Ada", key=f"a{number}")
    hidden = [{"compared": [by], "lead": None, "customer": None} for by in ("NAME", "PHONE")]
    found = await ask(floor, QUERY, "ann")
    assert sorted(found["possibleDuplicates"], key=str) == hidden
    found = await ask(floor, QUERY, "cem")
    assert sorted(one["lead"]["key"] for one in found["possibleDuplicates"]) == ["a0", "a1", "c0", "c1", "c2"]


@pytest.mark.parametrize("hidden", ['["phone", "email"]', '["phone", "domain"]'])
async def test_a_guess_does_not_tell_what_a_pool_hides(database: Database, hidden: str) -> None:
    """Ann sees the waiting lead and not its number: guessing that tells her that there is one, and not whose it is."""
    floor = await furnish(database, time_zone="Asia/Shanghai")
    pool = await open_pool(floor, hidden=hidden)
    await lead_of(floor, None, "Ada", key="w", phone="13800138000", email="ada@globex.com", pool_id=pool)
    assert (await ask(floor, QUERY, "hal"))["possibleDuplicates"] == [
        {"compared": ["NAME", "PHONE"], "lead": {"key": "w"}, "customer": None}
    ]
    assert (await ask(floor, QUERY, "ann"))["possibleDuplicates"] == [
        {"compared": ["NAME"], "lead": {"key": "w"}, "customer": None},
        {"compared": ["PHONE"], "lead": None, "customer": None},
    ]
    query = '{ possibleDuplicates(subject: LEAD, website: "globex.com") { compared lead { key } } }'
    assert (await ask(floor, query, "ann"))["possibleDuplicates"] == [{"compared": ["DOMAIN"], "lead": None}]


async def test_a_pool_does_not_tell_what_it_hides(database: Database) -> None:
    """Ann, who claims from the pool, does not learn that the waiting lead has the number of hers; Hal does."""
    floor = await furnish(database)
    pool = await open_pool(floor, hidden='["phone"]')
    await lead_of(floor, "ann", "Mine", key="m", phone="+4989123456")
    await lead_of(floor, None, "Waiting", key="w", phone="+4989123456", pool_id=pool)
    query = "{ leads { nodes { key possibleDuplicates { compared } } } }"

    async def told(who: str) -> dict[str, int]:
        rows = (await ask(floor, query, who))["leads"]["nodes"]
        return {row["key"]: len(row["possibleDuplicates"]) for row in rows}

    assert await told("hal") == {"m": 1, "w": 1}
    assert (await told("ann"))["w"] == 0


async def test_duplicates_are_looked_up_by_their_indexes(database: Database) -> None:
    """However fresh the table is: each field by the index of its normal form."""
    floor = await furnish(database)
    rows = [NewLead(f"Lead {number}", floor.units["ann"]) for number in range(1000)]
    await floor.work.write(partial(insert_leads, company=floor.work.company, rows=rows))
    async with floor.work.snapshot() as snapshot:
        plan = _Explained(snapshot)
        await duplicates_of(plan, Rule(LEADS), [Likeness("lead1", "+4989123456", "globex.com")])  # type: ignore[arg-type]
    scans = [line for line in plan.lines if " on lead" in line]
    assert len(scans) == 3
    assert all("Index Scan using lead_compared_" in line for line in scans)


class _Explained:
    """A snapshot that answers with no rows, and keeps the plan of what is asked."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.company_id = snapshot.company_id
        self.lines: list[str] = []
        self._snapshot = snapshot

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        self.lines = [row[0] for row in await self._snapshot.fetch(f"EXPLAIN {sql}", *arguments)]
        return []
