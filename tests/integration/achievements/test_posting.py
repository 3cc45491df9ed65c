"""Posting to the ledger."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from quotaloom.achievements.ledger import Credit, PostedEntry, Reversal
from quotaloom.achievements.ledger import append as append_to
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.unit_of_work import Transaction
from tests.founding import at
from tests.integration.achievements.trees import Tree, append, hold, plant, reverse

TEAM = {"acme": None, "team": "acme", "ann": "team", "bob": "team", "cem": "team"}


def amounts(entries: list[PostedEntry]) -> list[tuple[str, int]]:
    return [(entry.credit.value, entry.amount) for entry in entries]


async def count(tree: Tree, table: str) -> int:
    async with tree.work.snapshot() as snapshot:
        row = await snapshot.fetch_one(f"SELECT count(*) AS rows FROM {table}")
    assert row is not None
    return int(row["rows"])


async def test_an_entry_says_who_what_when_and_where_from(database: Database) -> None:
    """The holder of the day is credited; 20:00Z on 1 June is posted on 2 June in Shanghai."""
    tree = await plant(database, TEAM, now=datetime(2026, 6, 1, 20, tzinfo=UTC))
    (entry,) = await append(tree.work, tree.posting("order-1", 100_00, tree.direct("ann")))
    assert entry.member_id == tree.members["ann"]
    assert (entry.amount, entry.original_amount, entry.currency, entry.rate) == (100_00, 100_00, "CNY", Decimal(1))
    assert (entry.business_date, entry.posted_on) == (date(2026, 4, 1), date(2026, 6, 2))
    assert (entry.source, entry.source_key, entry.idempotency_key) == ("order", "order-1", "order-1#0")


async def test_splits_of_money_add_up_exactly(database: Database) -> None:
    """100,001.00 at 50/30/20 is 50,000.50, 30,000.30, 20,000.20; 100.01 is 50.01, 30.00, 20.00."""
    tree = await plant(database, TEAM)
    credits = (tree.direct("ann", "1/2"), tree.direct("bob", "3/10"), tree.direct("cem", "1/5"))
    entries = await append(tree.work, tree.posting("a", 100_001_00, *credits), tree.posting("b", 100_01, *credits))
    assert [entry.amount for entry in entries] == [50_000_50, 30_000_30, 20_000_20, 50_01, 30_00, 20_00]


async def test_a_count_is_direct_for_the_largest_share_and_overlay_for_the_others(database: Database) -> None:
    """One order of two splitters and an engineer: 1 direct for Bob, who has most, 1 overlay for each other."""
    tree = await plant(database, TEAM)
    credits = (tree.direct("ann", "2/5"), tree.direct("bob", "3/5"), tree.overlay("cem"))
    entries = await append(tree.work, tree.posting("a", 1, *credits, metric="orders"))
    assert amounts(entries) == [("overlay", 1), ("direct", 1), ("overlay", 1)]
    assert [(entry.currency, entry.rate) for entry in entries] == [(None, None)] * 3


async def test_money_is_converted_once_at_the_booking_rate_of_its_business_date(database: Database) -> None:
    """10,000 USD on a day when the dollar is booked at 7.20 are 72,000; editing the rate changes nothing posted."""
    tree = await plant(database, TEAM)
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 4, 1), Decimal("7.20"))
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 4, 2), Decimal("9"))
    posting = tree.posting("a", 10_000_00, tree.direct("ann"), currency="USD")
    (entry,) = await append(tree.work, posting)
    assert (entry.amount, entry.original_amount, entry.rate) == (72_000_00, 10_000_00, Decimal("7.20"))
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 4, 1), Decimal("8"))
    assert await append(tree.work, posting) == [entry]


async def test_original_and_converted_amounts_are_both_split_exactly(database: Database) -> None:
    """0.03 USD at 7.25 are 0.2175, so 0.22: halves are 0.02 + 0.01 USD and 0.11 + 0.11 CNY."""
    tree = await plant(database, TEAM)
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7.25"))
    credits = (tree.direct("ann", "1/2"), tree.direct("bob", "1/2"))
    entries = await append(tree.work, tree.posting("a", 3, *credits, currency="USD"))
    assert [(entry.original_amount, entry.amount) for entry in entries] == [(2, 11), (1, 11)]


async def test_a_currency_without_minor_units_is_converted_in_whole_ones(database: Database) -> None:
    """1,001 yen at 0.0485 are 48.5485 yuan, so 48.55."""
    tree = await plant(database, TEAM)
    await set_exchange_rate(tree.work, "JPY", RateKind.BOOKING, date(2026, 1, 1), Decimal("0.0485"))
    (entry,) = await append(tree.work, tree.posting("a", 1001, tree.direct("ann"), currency="JPY"))
    assert entry.amount == 48_55


async def test_a_missing_rate_is_refused(database: Database) -> None:
    """The message names the currency, the kind of rate and the day; nothing is taken for 1."""
    tree = await plant(database, TEAM)
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 4, 2), Decimal("7.20"))
    with pytest.raises(InputError, match="no booking rate of USD for 2026-04-01") as caught:
        await append(tree.work, tree.posting("a", 1, tree.direct("ann"), currency="USD"))
    assert (caught.value.code, caught.value.path) == ("MISSING_RATE", (0, "currency"))


async def test_the_same_posting_again_gives_the_first_entries(database: Database) -> None:
    """One effect however often it is sent, also twice in one batch; the repeat says that it is one."""
    tree = await plant(database, TEAM)
    posting = tree.posting("a", 100_01, tree.direct("ann", "1/2"), tree.direct("bob", "1/2"))
    first = await append(tree.work, posting, posting)
    later = await append(at(tree.work, datetime(2026, 7, 1, tzinfo=UTC)), posting)
    assert first[:2] == first[2:] == later
    assert [entry.replayed for entry in (*first, *later)] == [False] * 4 + [True] * 2
    assert await count(tree, "achievement_entry") == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": 100_02},
        {"business_date": date(2026, 4, 2)},
        {"source_key": "another"},
        {"source": "payment"},
        {"currency": "USD"},
        {"credits": 1},
        {"credits": 3},
        {"credits": "swapped"},
    ],
)
async def test_a_key_used_for_something_else_is_refused(database: Database, changed: dict[str, object]) -> None:
    """Whatever differs from what the key stood for, the earlier entries stay and nothing is written."""
    tree = await plant(database, TEAM)
    ann, bob, cem = tree.direct("ann", "1/2"), tree.direct("bob", "1/2"), tree.overlay("cem")
    credits: dict[object, tuple[Credit, ...]] = {1: (tree.direct("ann"),), 3: (ann, bob, cem), "swapped": (bob, ann)}
    if "credits" in changed:
        changed = {"credits": credits[changed["credits"]]}
    posting = tree.posting("a", 100_01, ann, bob)
    await append(tree.work, posting)
    with pytest.raises(InputError) as caught:
        await append(tree.work, tree.posting("new", 1, tree.direct("ann")), replace(posting, **changed))  # type: ignore[arg-type]  # any field
    assert (caught.value.code, caught.value.path) == ("IDEMPOTENCY_KEY_REUSED", (1, "idempotencyKey"))
    assert await count(tree, "achievement_entry") == 2


async def test_what_was_posted_is_not_refused_for_what_has_changed_since(database: Database) -> None:
    """Bob's position closes: what he was credited with is answered again, beside what is new and what is refused."""
    tree = await plant(database, TEAM)
    before, after = tree.posting("a", 1, tree.direct("bob")), tree.posting("b", 2, tree.direct("ann"))
    (first,) = await append(tree.work, before)

    async def shut(transaction: Transaction) -> None:
        await transaction.execute("UPDATE org_unit SET closed_on = '2026-03-01' WHERE key = 'bob'")

    await tree.work.write(shut)
    with pytest.raises(InputError) as caught:
        await append(tree.work, before, after, tree.posting("c", 3, tree.direct("bob")))
    assert (caught.value.code, caught.value.path) == ("POSITION_CLOSED", (2, "credits", 0, "positionId"))
    assert await count(tree, "achievement_entry") == 1
    again, new = await append(tree.work, before, after)
    assert (again, again.replayed, new.replayed) == (first, True, False)


async def test_a_key_used_before_is_told_with_all_else_that_is_wrong(database: Database) -> None:
    """Two keys that were used for something else, one with fewer credits, and a customer who does not exist."""
    tree = await plant(database, TEAM)
    ann, bob = tree.direct("ann"), tree.overlay("bob")
    await append(tree.work, tree.posting("a", 1, ann), tree.posting("b", 1, ann))
    reused = [tree.posting("a", 2, ann), tree.posting("new", 1, ann), tree.posting("b", 1, ann, bob)]
    for others, codes in (([], []), ([tree.posting("d", 1, ann, customer_id=99)], [(3, "UNKNOWN_CUSTOMER")])):
        with pytest.raises(ManyRefused) as caught:
            await append(tree.work, *reused, *others)
        told = sorted((error.path[0], error.code) for error in caught.value.errors)
        assert told == [(0, "IDEMPOTENCY_KEY_REUSED"), (2, "IDEMPOTENCY_KEY_REUSED"), *codes]
    assert await count(tree, "achievement_entry") == 2


async def test_two_identical_postings_at_once_have_one_effect(database: Database) -> None:
    """Ten writers send the same posting at the same time: two entries, and all ten are told of the same two."""
    tree = await plant(database, TEAM)
    posting = tree.posting("a", 100_00, tree.direct("ann", "1/2"), tree.direct("bob", "1/2"))
    answers = await asyncio.gather(*(append(tree.work, posting) for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert await count(tree, "achievement_entry") == 2
    async with tree.work.snapshot() as snapshot:
        balances = await snapshot.fetch("SELECT direct FROM achievement_balance")
    assert [row["direct"] for row in balances] == [50_00, 50_00]


async def test_different_postings_with_one_key_at_once_let_one_win(database: Database) -> None:
    """Of ten writers with one key and ten amounts or credits, one posts and nine are refused."""
    tree = await plant(database, TEAM)
    one, two = (tree.direct("ann"),), (tree.direct("ann"), tree.overlay("bob"))
    postings = [tree.posting("a", 1 + number // 2, *(two if number % 2 else one)) for number in range(10)]
    answers = await asyncio.gather(*(append(tree.work, posting) for posting in postings), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, InputError)]
    assert [error.code for error in refused] == ["IDEMPOTENCY_KEY_REUSED"] * 9
    assert await count(tree, "achievement_entry") in (1, 2)


async def test_every_bad_posting_is_told_and_nothing_is_written(database: Database) -> None:
    """Each fault comes with the place of its posting and the field in it."""
    tree = await plant(database, TEAM, holders={"ann": "ann"})
    ann = tree.direct("ann")
    bad = [
        tree.posting("good", 1, ann),
        tree.posting("a", -1, ann),
        tree.posting("", 1, ann),
        tree.posting("c", 1, ann, currency="XXZ"),
        tree.posting("d", 1, tree.direct("ann", "1/2")),
        tree.posting("e", 1, ann, tree.overlay("ann")),
        tree.posting("f", 1, tree.direct("bob")),
        tree.posting("g", 1, tree.direct("team", member="ann")),
        tree.posting("h", 1, ann, currency="CNY", metric="orders"),
        replace(tree.posting("i", 1, ann), metric_id=0),
        tree.posting("j", 1, ann, customer_id=99),
        tree.posting("k", 2**63, ann),
    ]
    with pytest.raises(ManyRefused) as caught:
        await append(tree.work, *bad)
    assert sorted((error.path, error.code) for error in caught.value.errors) == [
        ((1, "amount"), "NEGATIVE_AMOUNT"),
        ((2, "idempotencyKey"), "BAD_KEY"),
        ((2, "sourceKey"), "BAD_KEY"),
        ((3, "currency"), "UNKNOWN_CURRENCY"),
        ((4, "credits"), "SHARES_DO_NOT_ADD_UP"),
        ((5, "credits", 1, "positionId"), "DUPLICATE_CREDIT"),
        ((6, "credits", 0, "positionId"), "NO_HOLDER"),
        ((7, "credits", 0, "positionId"), "UNKNOWN_POSITION"),
        ((8, "currency"), "CURRENCY_OF_A_COUNT"),
        ((9, "metricId"), "UNKNOWN_METRIC"),
        ((10, "customerId"), "UNKNOWN_CUSTOMER"),
        ((11, "amount"), "TOO_LARGE"),
    ]
    assert await count(tree, "achievement_entry") == 0


async def test_another_companys_rows_are_unknown(database: Database) -> None:
    """A position of another company is refused like one that does not exist."""
    acme, other = await plant(database, TEAM), await plant(database, TEAM, key="other")
    with pytest.raises(InputError, match="there is no such position"):
        await append(acme.work, acme.posting("a", 1, other.direct("ann", member=None)))


async def test_a_batch_costs_as_many_statements_as_one_posting(database: Database) -> None:
    """Two hundred postings are written by the same number of statements as two."""
    tree = await plant(database, TEAM)

    async def statements(numbers: range) -> list[str]:
        postings = [tree.posting(f"k{number}", number, tree.direct("ann"), tree.overlay("bob")) for number in numbers]
        seen: list[str] = []

        async def apply(transaction: Transaction) -> None:
            async with transaction._client.acquire_connection() as held:
                connection = held
            with connection.query_logger(lambda query: seen.append(query.query)):
                await append_to(transaction, tree.work.company, postings)

        await tree.work.write(apply)
        return seen

    await statements(range(1))
    few, many = await statements(range(1, 3)), await statements(range(3, 203))
    assert few == many
    assert len(set(few)) == 3


async def test_credit_goes_to_who_could_have_earned_it(database: Database) -> None:
    """No day after today, no position that is closed or not yet open on the day, no member who never held it."""
    tree = await plant(database, TEAM, now=datetime(2026, 4, 1, 12, tzinfo=UTC))
    day = date(2026, 4, 1)

    async def shut(transaction: Transaction) -> None:
        await transaction.execute("UPDATE org_unit SET opened_on = $1 WHERE key = 'bob'", date(2026, 3, 2))
        await transaction.execute("UPDATE org_unit SET closed_on = $1 WHERE key = 'bob'", day)

    await tree.work.write(shut)
    (entry,) = await append(
        tree.work, tree.posting("last", 5, tree.direct("bob"), business_date=day - timedelta(days=1))
    )
    bad = [
        tree.posting("a", 1, tree.direct("ann"), business_date=date(2026, 4, 2)),
        tree.posting("b", 1, tree.direct("bob")),
        tree.posting("c", 1, tree.direct("bob", member="bob"), business_date=date(2026, 3, 1)),
        tree.posting("d", 1, tree.direct("ann", member="cem")),
        tree.posting("today", 1, tree.direct("ann", member="ann")),
    ]
    with pytest.raises(ManyRefused) as caught:
        await append(tree.work, *bad)
    assert [(error.path, error.code) for error in caught.value.errors] == [
        ((0, "businessDate"), "IN_THE_FUTURE"),
        ((1, "credits", 0, "positionId"), "POSITION_CLOSED"),
        ((2, "credits", 0, "positionId"), "POSITION_CLOSED"),
        ((3, "credits", 0, "memberId"), "NEVER_HELD"),
    ]
    await append(tree.work, bad[-1])
    (reversal,) = await reverse(tree.work, Reversal(entry.id, None, "r", "r", business_date=day))
    assert (reversal.amount, reversal.business_date) == (-5, day)


async def test_a_former_holder_may_be_named(database: Database) -> None:
    """Bob, who held the position until 1 March, gets credit of April in it; one who will hold it does not yet."""
    tree = await plant(database, TEAM, holders={"bob": "bob", "cem": "cem"})

    async def terms(transaction: Transaction) -> None:
        await hold(transaction, tree.units["ann"], tree.members["bob"], (date(2026, 1, 1), date(2026, 3, 1)))
        await hold(transaction, tree.units["ann"], tree.members["cem"], (date(2026, 6, 2), date(2027, 1, 1)))

    await tree.work.write(terms)
    (entry,) = await append(tree.work, tree.posting("a", 1, tree.direct("ann", member="bob")))
    assert entry.member_id == tree.members["bob"]
    with pytest.raises(InputError) as caught:
        await append(tree.work, tree.posting("b", 1, tree.direct("ann", member="cem")))
    assert caught.value.code == "NEVER_HELD"
