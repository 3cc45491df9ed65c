"""Every mutation, sent by everybody whom it does not concern: nothing planted is told, nothing of others is changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import asyncpg
import pytest

from quotaloom.platform.access import Role
from quotaloom.platform.errors import Unauthenticated
from quotaloom.platform.tokens import Identity, TokenAuthority
from quotaloom_graphql.nodes import encode_id
from tests.integration.funnels.floors import NOON
from tests.integration.graph.asking import SCHEMA
from tests.integration.walls.asking import Asking, canaries, resolved, strangers
from tests.integration.walls.far_away import far, settle
from tests.integration.walls.filters import without_naming_companies
from tests.integration.walls.fingerprints import Watch, counted, fingerprint
from tests.integration.walls.more_operations import unread_types
from tests.integration.walls.planting import Walls
from tests.integration.walls.sending import CHANGES, Comparing, make, namings, refused, rightful
from tests.integration.walls.test_dropped_policies import tables_of
from tests.integration.walls.test_reading import fields_of, ids_of

REFUSED: Final = {
    "publishPlan": "the fuller company has units without targets",
    "adoptScenario": "the draft is submitted by then",
    "withdrawDispute": "it is decided on by then",
    "retryJob": "jobs have no twins",
    "dismissJob": "jobs have no twins",
}
"""What the twin is refused, and why."""

POWERLESS: Final[dict[str, set[str]]] = {
    "nobody": set(),
    "a token of another installation": set(),
    "an expired token": set(),
    "a service without scopes": set(),
    "an operator": {"createCompany"},
}
"""Who may do nothing, but for what is named."""


def everybody_else(walls: Walls) -> dict[str, Identity | Unauthenticated | None]:
    """Strangers, and whoever comes with a token that is not good."""
    boss = Identity(walls.planted_id, "boss", Role.ADMIN)
    ours, theirs = TokenAuthority(b"o" * 32, "here", "us"), TokenAuthority(b"t" * 32, "here", "us")
    return {
        **{name: who for name, who in strangers(walls).items() if "twin" not in name},
        "a token of another installation": _turned_away(ours, theirs.issue(boss, NOON, timedelta(days=36_500))),
        "an expired token": _turned_away(ours, ours.issue(boss, NOON - timedelta(days=3_650), timedelta(hours=1))),
    }


def _turned_away(authority: TokenAuthority, token: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as turned:
        authority.authenticate(f"Bearer {token}")
    return turned.value


async def test_the_twin_changes_what_is_its_own(asking: Asking, admin: asyncpg.Connection[Any]) -> None:
    """All mutations with ids that both have: the twin is told of its own alone, and nobody else is changed.

    All fields that only mutations lead to are answered.
    """
    await changes_its_own(asking, admin)


async def test_the_twin_changes_no_more_where_no_statement_names_the_company(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same by row-level security alone."""
    with without_naming_companies(monkeypatch) as removed:
        await changes_its_own(asking, admin)
    assert removed["UPDATE"] > 50
    assert removed["DELETE"] > 5


async def changes_its_own(asking: Asking, admin: asyncpg.Connection[Any]) -> None:
    """Send all mutations as whoever of the twin may, and fail where more is told or changed than its own."""
    walls, told, stopped = asking.walls, [], set()
    answered: set[tuple[str, str]] = set()
    before = [await fingerprint(admin, company) for company in (walls.planted_id, walls.stranger_id)]
    for change in CHANGES:
        answer = await make(asking, rightful(walls, walls.twin_id, change), change)
        told += [(change.name, one) for one in canaries(answer)]
        answered |= resolved(answer.data)
        if refused(change, answer):
            stopped.add(change.name)
    assert told == []
    assert stopped == set(REFUSED)
    payloads, _ = unread_types(SCHEMA._schema)
    assert set().union(*(fields_of(name) for name in payloads)) - answered == set()
    assert [await fingerprint(admin, company) for company in (walls.planted_id, walls.stranger_id)] == before


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.soak)])
async def test_strangers_change_nothing_and_are_told_nothing(
    asking: Asking, admin: asyncpg.Connection[Any], every: int
) -> None:
    """Neither those of another company, who name what is planted, nor those without a token, a good one or a scope.

    The stranger's admin and whoever has no token send all mutations, the others one in so many, each others.
    """
    walls, told, watch = asking.walls, [], Watch(admin)
    before = await fingerprint(admin, walls.planted_id)
    for number, (name, who) in enumerate(everybody_else(walls).items()):
        for change in CHANGES if name in ("the stranger's admin", "nobody") else CHANGES[number % every :: every]:
            if name in POWERLESS:
                await watch.begin()
            answer = await make(asking, who, change)
            told += [(name, change.name, one) for one in canaries(answer)]
            if name in POWERLESS and change.name not in POWERLESS[name]:
                codes = {error["extensions"]["code"] for error in answer.errors}
                wrong = codes - {"UNAUTHENTICATED", "FORBIDDEN"} or await watch.changed()
                if wrong or not refused(change, answer):
                    told.append((name, change.name, str(wrong)))
    assert told == []
    assert await fingerprint(admin, walls.planted_id) == before


STUMBLED: Final = "failed"
"""What a mutation did that ran into what nobody foresaw, such as a reference to a row of another company."""


async def unlike(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch, every: int
) -> list[Any]:
    """Where the twin's admin, or whoever of it may, is answered otherwise to an id from far away than to nobody's."""
    walls, found = asking.walls, []
    await settle(admin, walls)
    with counted(monkeypatch) as statements:
        comparing = Comparing(asking, Watch(admin), statements)
        for naming in namings(walls)[::every]:
            here = ids_of(walls).get(naming.type_name) or encode_id(naming.type_name, 1)
            who = rightful(walls, walls.twin_id, naming.change)
            try:
                wrong = await comparing.wrong(who, naming, far(here))
            except AssertionError as error:
                wrong = [STUMBLED, str(error)]
            if wrong:
                found.append((naming.change.name, naming.place, wrong))
    return found


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.soak)])
async def test_a_foreign_id_is_refused_like_one_of_nothing(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """In each place of each input: the same words, after as many statements, though all the rest is the twin's own."""
    assert await unlike(asking, admin, monkeypatch, every) == []


async def test_without_the_policies_foreign_ids_are_found(
    asking: Asking, admin: asyncpg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the comparison sees what it is there for: with row-level security away, some ids from far away are taken."""
    for table in await tables_of(admin):
        await admin.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    found = await unlike(asking, admin, monkeypatch, 6)
    assert len([name for name, _, wrong in found if wrong[0] != STUMBLED]) > 2
