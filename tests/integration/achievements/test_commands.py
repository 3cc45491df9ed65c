"""Posting for other systems, and reversing, by command."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.achievements.commands import NewAchievement, NewReversal, post_achievements, reverse_achievement
from quotaloom.achievements.ledger import Credit, EntrySource
from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.refusals import ManyRefused
from tests.integration.achievements.trees import Tree, plant

TEAM = {"acme": None, "ann": "acme", "bob": "acme"}


def item(tree: Tree, key: str, amount: str, *credits: Credit, metric: str = "revenue", **facts: Any) -> NewAchievement:
    return NewAchievement(
        **{
            "metric_id": tree.metrics[metric],
            "amount": Decimal(amount),
            "business_date": date(2026, 4, 1),
            "source": EntrySource.ORDER,
            "source_key": key,
            "idempotency_key": key,
            "credits": credits or (tree.direct("ann"),),
            **facts,
        }
    )


async def recorded(tree: Tree) -> tuple[list[Any], list[Any]]:
    async with tree.work.snapshot() as snapshot:
        audit = await snapshot.fetch(
            "SELECT action, reason FROM audit_entry WHERE action LIKE 'achievement.%' ORDER BY id"
        )
        events = await snapshot.fetch("SELECT topic FROM outbox_event WHERE topic LIKE 'achievement.%' ORDER BY id")
    return [tuple(row) for row in audit], [row["topic"] for row in events]


async def test_orders_and_payments_are_posted_together(database: Database) -> None:
    """Decimals become minor units; one audit entry and one event tell of all; sent again, nothing is added."""
    tree = await plant(database, TEAM)
    items = [
        item(tree, "a", "1234.5", tree.direct("ann", "1/2"), tree.direct("bob", "1/2")),
        item(tree, "b", "99", metric="collected_payments", source=EntrySource.PAYMENT),
        item(tree, "c", "1", metric="orders"),
    ]
    entries = await post_achievements(tree.work, items)
    assert [entry.amount for entry in entries] == [617_25, 617_25, 99_00, 1]
    assert await post_achievements(tree.work, items) == entries
    assert await recorded(tree) == ([("achievement.post", None)], ["achievement.posted"])


async def test_every_bad_item_is_told_with_its_path(database: Database) -> None:
    """Amounts, sources and what the ledger refuses, in the order of the items; the good item is not posted."""
    tree = await plant(database, TEAM)
    bad = [
        item(tree, "good", "1"),
        item(tree, "a", "1.001"),
        item(tree, "b", "-1"),
        item(tree, "c", "0.5", metric="orders"),
        item(tree, "d", "NaN"),
        item(tree, "e", "1", source=EntrySource.IMPORT),
        item(tree, "f", "1", currency="ABC"),
        item(tree, "g", "1", metric_id=2**70),
        item(tree, "h", "1.001", tree.direct("ann", "1/2")),
    ]
    with pytest.raises(ManyRefused) as caught:
        await post_achievements(tree.work, bad)
    assert [(error.path, error.code) for error in caught.value.errors] == [
        (("items", 1, "amount"), "TOO_PRECISE"),
        (("items", 2, "amount"), "NEGATIVE_AMOUNT"),
        (("items", 3, "amount"), "TOO_PRECISE"),
        (("items", 4, "amount"), "NOT_A_NUMBER"),
        (("items", 5, "source"), "BAD_SOURCE"),
        (("items", 6, "currency"), "UNKNOWN_CURRENCY"),
        (("items", 7, "metricId"), "UNKNOWN_METRIC"),
        (("items", 8, "amount"), "TOO_PRECISE"),
        (("items", 8, "credits"), "SHARES_DO_NOT_ADD_UP"),
    ]
    assert await recorded(tree) == ([], [])


async def test_a_key_used_before_is_told_with_its_path(database: Database) -> None:
    """Alone, and with an amount that cannot be read; an item that cannot be read itself is told only of that."""
    tree = await plant(database, TEAM)
    await post_achievements(tree.work, [item(tree, "a", "1"), item(tree, "b", "1")])
    with pytest.raises(InputError) as one:
        await post_achievements(tree.work, [item(tree, "new", "1"), item(tree, "a", "2")])
    assert (one.value.code, one.value.path) == ("IDEMPOTENCY_KEY_REUSED", ("items", 1, "idempotencyKey"))
    with pytest.raises(ManyRefused) as two:
        await post_achievements(tree.work, [item(tree, "b", "1.001"), item(tree, "a", "2")])
    assert [(error.path, error.code) for error in two.value.errors] == [
        (("items", 0, "amount"), "TOO_PRECISE"),
        (("items", 1, "idempotencyKey"), "IDEMPOTENCY_KEY_REUSED"),
    ]


async def test_a_request_has_a_limit(database: Database) -> None:
    """One item is the least and a thousand the most."""
    tree = await plant(database, TEAM)
    with pytest.raises(InputError, match="1001 items are too many"):
        await post_achievements(tree.work, [item(tree, str(number), "1") for number in range(1001)])
    with pytest.raises(InputError, match="nothing to post"):
        await post_achievements(tree.work, [])


async def test_a_service_needs_the_scope(database: Database) -> None:
    """A service token with achievements:write posts; one that may only read, and a member, are refused."""
    tree = await plant(database, TEAM)
    viewer = Viewer(tree.work.company.id, "erp", Role.SERVICE, scopes=frozenset({Scope.ACHIEVEMENTS}))
    await post_achievements(replace(tree.work, viewer=viewer), [item(tree, "a", "1")])
    for refused in (replace(viewer, scopes=frozenset({Scope.READ})), replace(viewer, role=Role.MEMBER)):
        with pytest.raises(AccessDenied, match="achievements:write"):
            await post_achievements(replace(tree.work, viewer=refused), [item(tree, "b", "1")])


async def test_an_entry_is_reversed_for_a_reason(database: Database) -> None:
    """Part of it, then the rest, under the entry's own source key; the reason stands in the audit record."""
    tree = await plant(database, TEAM)
    (entry,) = await post_achievements(tree.work, [item(tree, "a", "100")])
    part = NewReversal(entry.id, "r", "wrong price", amount=Decimal("30.5"))
    first = await reverse_achievement(tree.work, part)
    assert await reverse_achievement(tree.work, part) == first
    rest = await reverse_achievement(tree.work, NewReversal(entry.id, "s", "cancelled"))
    assert [(one.amount, one.source_key) for one in (first, rest)] == [(-30_50, "a"), (-69_50, "a")]
    audit, events = await recorded(tree)
    assert audit[1:] == [("achievement.reverse", "wrong price"), ("achievement.reverse", "cancelled")]
    assert events[1:] == ["achievement.reversed"] * 2


@pytest.mark.parametrize(
    ("amount", "path", "code"),
    [("0.001", "amount", "TOO_PRECISE"), ("-1", "amount", "NOT_POSITIVE"), ("101", "amount", "MORE_THAN_IS_LEFT")],
)
async def test_a_bad_reversal_is_refused(database: Database, amount: str, path: str, code: str) -> None:
    """The path names the field of the request."""
    tree = await plant(database, TEAM)
    (entry,) = await post_achievements(tree.work, [item(tree, "a", "100")])
    with pytest.raises(InputError) as caught:
        await reverse_achievement(tree.work, NewReversal(entry.id, "r", "why", amount=Decimal(amount)))
    assert (caught.value.path, caught.value.code) == ((path,), code)


async def test_a_reversal_needs_a_reason_and_an_entry(database: Database) -> None:
    """An empty reason and an id that names nothing are refused."""
    tree = await plant(database, TEAM)
    with pytest.raises(InputError, match="say why"):
        await reverse_achievement(tree.work, NewReversal(1, "r", " "))
    with pytest.raises(InputError, match="no such entry"):
        await reverse_achievement(tree.work, NewReversal(2**70, "r", "why"))


@pytest.mark.parametrize(
    ("reason", "code"),
    [(" ", "NO_REASON"), ("x" * 2001, "TOO_LONG"), ("a\0b", "BAD_TEXT")],
    ids=["blank", "long", "nul"],
)
async def test_a_reason_is_short_text(database: Database, reason: str, code: str) -> None:
    """A reversal says why, in 1 to 2,000 characters that can be stored."""
    tree = await plant(database, TEAM)
    (entry,) = await post_achievements(tree.work, [item(tree, "a", "10")])
    with pytest.raises(InputError) as caught:
        await reverse_achievement(tree.work, NewReversal(entry.id, "r", reason))
    assert (caught.value.code, caught.value.path) == (code, ("reason",))
    await reverse_achievement(tree.work, NewReversal(entry.id, "r", "x" * 2000))
