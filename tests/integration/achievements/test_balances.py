"""Balances and the ledger they are kept with."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotaloom.achievements.ledger import Credit, CreditKind, PostedEntry, Posting, Reversal
from quotaloom.achievements.rollups import achieved_by_unit
from quotaloom.achievements.verification import verify_balances
from quotaloom.calendars.periods import date_range
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from tests.founding import at
from tests.integration.achievements.trees import Tree, append, plant, reverse

NUMBERS = count(1)
POSITIONS = ("ann", "bob", "cem")
TEAM = {"acme": None, "team": "acme", **dict.fromkeys(POSITIONS, "team")}

Step = tuple[str, list[tuple[object, ...]]]

amounts = st.integers(0, 10**12) | st.integers(0, 30)
weights = st.lists(st.integers(1, 9), min_size=1, max_size=3)
posts = st.tuples(
    st.just("post"),
    st.lists(
        st.tuples(
            st.integers(0, 40),
            amounts,
            weights,
            st.booleans(),
            st.sampled_from(["CNY", "USD", "JPY", None]),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=4,
    ),
)
reversals = st.tuples(
    st.just("reverse"),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20), st.none() | amounts), min_size=1, max_size=3),
)


async def test_a_balance_that_was_tampered_with_is_found(database: Database) -> None:
    """The check shows both sides of a difference."""
    tree = await plant(database, TEAM)
    await append(tree.work, tree.posting("a", 100, tree.direct("ann")))

    async def tamper(transaction: Transaction) -> None:
        await transaction.execute("UPDATE achievement_balance SET direct = 101")

    await tree.work.write(tamper)
    async with tree.work.snapshot() as snapshot:
        rows = await verify_balances(snapshot)
    assert [(row["side"], row["direct"]) for row in rows] == [("replayed", 100), ("stored", 101)]


async def test_a_balance_is_one_row_for_a_day_whatever_was_posted(database: Database) -> None:
    """Three postings and a reversal of one day make one balance: 100 + 50 + 7 − 100."""
    tree = await plant(database, TEAM)
    (entry, _) = await append(
        tree.work, tree.posting("a", 100, tree.direct("ann")), tree.posting("b", 50, tree.direct("ann"))
    )
    await append(tree.work, tree.posting("c", 7, tree.direct("ann")))
    await reverse(tree.work, Reversal(entry.id, None, "r", "r"))
    async with tree.work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT direct, overlay FROM achievement_balance")
        assert await verify_balances(snapshot) == []
    assert [tuple(row) for row in rows] == [(57, 0)]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=posts, others=st.lists(posts | reversals, min_size=2, max_size=8), own=st.booleans())
async def test_whatever_is_posted_and_reversed_the_balances_are_the_ledger_replayed(
    database: Database, first: Step, others: list[Step], own: bool
) -> None:
    """Batches that are refused change nothing; splits are exact; nothing is reversed beyond what it was."""
    tree = await plant(database, TEAM, key=f"c{next(NUMBERS)}", reversal_date="own" if own else "original")
    for currency, rate in (("USD", "7.1234567891"), ("JPY", "0.0487")):
        await set_exchange_rate(tree.work, currency, RateKind.BOOKING, date(2026, 1, 1), Decimal(rate))
    posted: list[PostedEntry] = []
    for step, (kind, rows) in enumerate([first, *others]):
        work = at(tree.work, datetime(2026, 6, 1, 12, tzinfo=UTC) + timedelta(days=step))
        with suppress(InputError):
            if kind == "post":
                postings = [_posting(tree, *row) for row in rows]  # type: ignore[arg-type]  # drawn
                entries = await append(work, *postings)
                for posting in postings:
                    assert _direct(entries, posting) == posting.amount
                posted += entries
            elif posted:
                await reverse(work, *(_reversal(posted, *row) for row in rows))  # type: ignore[arg-type]  # drawn
    await _check(tree)


def _posting(
    tree: Tree, key: int, amount: int, parts: list[int], overlay: bool, currency: str | None, day: int
) -> Posting:
    credits = [
        Credit(tree.units[position], Fraction(part, sum(parts)))
        for position, part in zip(POSITIONS, parts, strict=False)
    ]
    if overlay and len(parts) < len(POSITIONS):
        credits.append(Credit(tree.units["cem"], Fraction(1, 3), CreditKind.OVERLAY))
    return tree.posting(
        f"k{key}",
        amount,
        *credits,
        metric="revenue" if currency else "orders",
        currency=currency,
        business_date=date(2026, 4, 1 + day),
    )


def _direct(entries: list[PostedEntry], posting: Posting) -> int:
    keys = {f"{posting.idempotency_key}#{number}" for number in range(len(posting.credits))}
    found = {entry.id: entry for entry in entries if entry.idempotency_key in keys}.values()
    return sum(entry.original_amount for entry in found if entry.credit is CreditKind.DIRECT)


def _reversal(posted: list[PostedEntry], key: int, place: int, amount: int | None) -> Reversal:
    entry = posted[place % len(posted)]
    wanted = None if amount is None else 1 + amount % max(entry.original_amount, 1)
    return Reversal(entry.id, wanted, f"r{key}", f"r{key}")


async def _check(tree: Tree) -> None:
    async with tree.work.snapshot() as snapshot:
        assert await verify_balances(snapshot) == []
        entries = await snapshot.fetch("SELECT * FROM achievement_entry")
        rolled = await achieved_by_unit(
            snapshot,
            [tree.units["acme"]],
            tree.counting(),
            [date_range(date(2026, 1, 1), date(2027, 1, 1))],
        )
    left: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        worth = left[entry["reverses_id"] or entry["id"]]
        worth[0] += entry["original_amount"]
        worth[1] += entry["amount"]
    # Never below nothing; whatever is wholly reversed leaves no converted remainder.
    assert all(original >= 0 and amount >= 0 for original, amount in left.values())
    reversed_ids = {entry["reverses_id"] for entry in entries}
    assert all(left[id_] == [0, 0] for id_ in reversed_ids if id_ and left[id_][0] == 0)
    direct = [
        entry["amount"]
        for entry in entries
        if entry["credit"] == "direct" and entry["metric_id"] == tree.metrics["revenue"]
    ]
    assert sum(row["achieved"] for row in rolled) == sum(direct)
