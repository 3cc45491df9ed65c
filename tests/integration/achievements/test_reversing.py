"""Reversing entries of the ledger."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from quotaloom.achievements.ledger import EntrySource, PostedEntry, Reversal
from quotaloom.achievements.verification import verify_balances
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import ManyRefused
from tests.founding import at
from tests.integration.achievements.trees import Tree, append, plant, reverse

TEAM = {"acme": None, "team": "acme", "ann": "team", "bob": "team"}


def refund(entry: PostedEntry, key: str, amount: int | None = None, **facts: object) -> Reversal:
    return replace(Reversal(entry.id, amount, key, key), **facts)  # type: ignore[arg-type]  # any field


async def balance(tree: Tree) -> tuple[int, int]:
    async with tree.work.snapshot() as snapshot:
        row = await snapshot.fetch_one(
            "SELECT sum(direct)::bigint AS amount, sum(original_direct)::bigint AS original FROM achievement_balance"
        )
        assert await verify_balances(snapshot) == []
    assert row is not None
    return row["amount"], row["original"]


async def test_a_reversal_carries_the_originals_date_and_names_it(database: Database) -> None:
    """400 of 1,000 come back: a negative entry of the original's day and person, posted today."""
    tree = await plant(database, TEAM)
    (entry,) = await append(tree.work, tree.posting("a", 1_000_00, tree.direct("ann")))
    july = at(tree.work, datetime(2026, 7, 1, 12, tzinfo=UTC))
    (reversal,) = await reverse(july, refund(entry, "r", 400_00))
    assert (reversal.amount, reversal.reverses_id, reversal.source) == (-400_00, entry.id, EntrySource.REFUND)
    assert (reversal.position_id, reversal.member_id) == (entry.position_id, entry.member_id)
    assert (reversal.business_date, reversal.posted_on) == (date(2026, 4, 1), date(2026, 7, 1))
    assert await balance(tree) == (600_00, 600_00)


async def test_a_reversal_carries_its_own_date_where_the_company_says_so(database: Database) -> None:
    """With reversals at their own date, 20:00Z on 1 July is 2 July in Shanghai; a date given wins."""
    tree = await plant(database, TEAM, reversal_date="own")
    (entry,) = await append(tree.work, tree.posting("a", 1_000_00, tree.direct("ann")))
    july = at(tree.work, datetime(2026, 7, 1, 20, tzinfo=UTC))
    given = date(2026, 5, 5)
    entries = await reverse(july, refund(entry, "r", 1), refund(entry, "s", 1, business_date=given))
    assert [entry.business_date for entry in entries] == [date(2026, 7, 2), given]


async def test_a_reversal_reuses_the_originals_rate(database: Database) -> None:
    """Booked at 7.20, the dollar is at 9 when 4,000 of 10,000 USD come back: 28,800, not 36,000."""
    tree = await plant(database, TEAM)
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7.20"))
    (entry,) = await append(tree.work, tree.posting("a", 10_000_00, tree.direct("ann"), currency="USD"))
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("9"))
    (reversal,) = await reverse(tree.work, refund(entry, "r", 4_000_00))
    assert (reversal.amount, reversal.original_amount, reversal.rate) == (-28_800_00, -4_000_00, Decimal("7.20"))


async def test_partial_reversals_add_up_to_the_converted_amount(database: Database) -> None:
    """0.03 USD at 1.5 are 0.045, so 0.05; cent by cent 0.02 + 0.01 + 0.02 come back and nothing is left.

    Left after each: 2 cents are worth 10/3, so 3 of the 5 minor units; 1 cent 5/3, so 2; none 0.
    """
    tree = await plant(database, TEAM)
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("1.5"))
    (entry,) = await append(tree.work, tree.posting("a", 3, tree.direct("ann"), currency="USD"))
    assert entry.amount == 5
    first = await reverse(tree.work, refund(entry, "r", 1))
    others = await reverse(tree.work, refund(entry, "s", 1), refund(entry, "t"))
    assert [entry.amount for entry in first + others] == [-2, -1, -2]
    assert await balance(tree) == (0, 0)


async def test_a_converted_remainder_of_an_empty_original_comes_back_too(database: Database) -> None:
    """0.01 USD at 7 split in halves is 1 and 0 cents, but 4 and 3 minor units: both are wholly reversed."""
    tree = await plant(database, TEAM)
    await set_exchange_rate(tree.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7"))
    halves = (tree.direct("ann", "1/2"), tree.direct("bob", "1/2"))
    one, two = await append(tree.work, tree.posting("a", 1, *halves, currency="USD"))
    assert [(entry.original_amount, entry.amount) for entry in (one, two)] == [(1, 4), (0, 3)]
    await reverse(tree.work, refund(one, "r"), refund(two, "s"))
    assert await balance(tree) == (0, 0)


async def test_an_entry_of_nothing_is_reversed_once(database: Database) -> None:
    """A deal won for 0 can be undone, for the record, and not twice."""
    tree = await plant(database, TEAM)
    (entry,) = await append(tree.work, tree.posting("a", 0, tree.direct("ann")))
    (reversal,) = await reverse(tree.work, refund(entry, "r"))
    assert reversal.amount == 0
    with pytest.raises(InputError) as caught:
        await reverse(tree.work, refund(entry, "s"))
    assert caught.value.code == "NOTHING_LEFT"


async def test_never_more_than_is_left(database: Database) -> None:
    """Of 100.00 with 60.00 reversed, 40.01 is refused; two of 30.00 in one batch exceed it together."""
    tree = await plant(database, TEAM)
    (entry,) = await append(tree.work, tree.posting("a", 100_00, tree.direct("ann")))
    await reverse(tree.work, refund(entry, "r", 60_00))
    with pytest.raises(InputError, match=r"40\.01 CNY is more than the 40\.00 CNY that is left"):
        await reverse(tree.work, refund(entry, "s", 40_01))
    with pytest.raises(InputError) as caught:
        await reverse(tree.work, refund(entry, "s", 30_00), refund(entry, "t", 30_00))
    assert (caught.value.code, caught.value.path) == ("MORE_THAN_IS_LEFT", (1, "amount"))
    await reverse(tree.work, refund(entry, "s", 40_00))
    with pytest.raises(InputError, match="nothing is left"):
        await reverse(tree.work, refund(entry, "t"))


async def test_reversals_at_once_never_exceed_the_original(database: Database) -> None:
    """Ten writers take 30.00 each from 100.00 at the same time: three succeed, seven are refused."""
    tree = await plant(database, TEAM)
    (entry,) = await append(tree.work, tree.posting("a", 100_00, tree.direct("ann")))
    answers = await asyncio.gather(
        *(reverse(tree.work, refund(entry, f"r{number}", 30_00)) for number in range(10)), return_exceptions=True
    )
    assert sorted(error.code for error in answers if isinstance(error, InputError)) == ["MORE_THAN_IS_LEFT"] * 7
    assert await balance(tree) == (10_00, 10_00)


async def test_the_same_reversal_again_gives_the_first(database: Database) -> None:
    """Ten times at once and once more in a batch of two: one effect, also for "all that is left"."""
    tree = await plant(database, TEAM)
    (entry,) = await append(tree.work, tree.posting("a", 100_00, tree.direct("ann")))
    part, rest = refund(entry, "r", 30_00), refund(entry, "s")
    answers = await asyncio.gather(*(reverse(tree.work, part) for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    everything = await reverse(tree.work, part, rest, rest)
    again = await reverse(tree.work, rest, part)
    assert everything == [answers[0][0], again[0], again[0]]
    assert await balance(tree) == (0, 0)


async def test_a_key_used_for_something_else_is_refused(database: Database) -> None:
    """Another amount, another entry, or a posting's own key."""
    tree = await plant(database, TEAM)
    one, two = await append(
        tree.work, tree.posting("a", 100_00, tree.direct("ann")), tree.posting("b", 100_00, tree.direct("ann"))
    )
    await reverse(tree.work, refund(one, "r", 30_00))
    for other in (refund(one, "r", 31_00), refund(one, "r"), refund(two, "r", 30_00), refund(two, "a")):
        with pytest.raises(InputError) as caught:
            await reverse(tree.work, other)
        assert caught.value.code == "IDEMPOTENCY_KEY_REUSED"
    with pytest.raises(InputError) as caught:
        await append(tree.work, tree.posting("r", 30_00, tree.direct("ann")))
    assert caught.value.code == "IDEMPOTENCY_KEY_REUSED"


async def test_every_bad_reversal_is_told_and_nothing_is_written(database: Database) -> None:
    """A reversal of a reversal, one of nothing that exists, and one of no amount."""
    tree = await plant(database, TEAM)
    (entry,) = await append(tree.work, tree.posting("a", 100_00, tree.direct("ann")))
    (reversal,) = await reverse(tree.work, refund(entry, "r", 30_00))
    bad = [refund(entry, "s", 1), refund(reversal, "t"), Reversal(0, 1, "u", "u")]
    with pytest.raises(ManyRefused) as caught:
        await reverse(tree.work, *bad)
    assert [(error.path, error.code) for error in caught.value.errors] == [
        ((1, "entryId"), "REVERSES_A_REVERSAL"),
        ((2, "entryId"), "UNKNOWN_ENTRY"),
    ]
    with pytest.raises(InputError) as refused:
        await reverse(tree.work, refund(entry, "s", 0))
    assert (refused.value.code, refused.value.path) == ("NOT_POSITIVE", (0, "amount"))
    assert await balance(tree) == (70_00, 70_00)
