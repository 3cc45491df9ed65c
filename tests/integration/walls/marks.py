"""Marks by which the test knows again, in a statement, what was given to it for the sake of whoever asks.

Everybody's sight has a number more in each of its sets, which no row has. The number of the member who asks, and the
units that he heads, are of kinds of their own; they are equal to the plain ones, in which the rows of the database and
the ids of inputs come.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from quotaloom.organizations.kept_sights import KeptSights
from quotaloom.organizations.opening import KeptOpenings
from quotaloom.organizations.sight import Posts, Sight, _sight, posts_on
from quotaloom.ownership.permission import worked_positions
from quotaloom.ownership.pool_people import PoolsOfMember, pools_of_member
from quotaloom.platform.access import Viewer
from quotaloom.platform.kept_answers import caller_of
from quotaloom.platform.tokens import Identity

MARK: Final = -1_000_003
"""A number that no row has."""


class Own(int):
    """The number of the member who asks."""


class OwnName(str):
    """What the one who asks is called among those who have keys of requests."""

    __slots__ = ()


class OwnUnits(frozenset[int]):
    """The units that the one who asks heads. A number more would make a head of whoever heads nothing."""


def goes_by_sight(value: object) -> bool:
    """Whether a value that a statement is given is what somebody may see, or one of it."""
    if isinstance(value, list | tuple | frozenset):
        return MARK in value or isinstance(value, OwnUnits)
    return value == MARK


def goes_by_viewer(value: object) -> bool:
    """Whether it is the one who asks. A list of members, be it of him alone, is of those who are asked about."""
    return isinstance(value, Own | OwnName)


def mark(patch: pytest.MonkeyPatch) -> None:
    """Put the marks into sights and viewers, and keep none of these from one question to the next."""
    for function, instead in (
        (_sight, _marked_sight),
        (posts_on, _marked_posts),
        (pools_of_member, _marked_pools),
        (worked_positions, _marked_positions),
        (caller_of, _marked_caller),
    ):
        _everywhere(patch, function, instead)
    for kind in (Identity, Viewer):
        patch.setattr(kind, "__init__", _marked(kind.__init__))
    patch.setattr(KeptSights, "_taken", lambda *_: None)
    patch.setattr(KeptOpenings, "_known", lambda *_: None)


def _marked_sight(*given: Any) -> Sight:
    one = _sight(*given)
    sets = ("unit_ids", "named_unit_ids", "member_ids", "named_member_ids", "led_unit_ids", "held_unit_ids")
    return replace(one, **{name: getattr(one, name) | {MARK} for name in sets})


def _marked_posts(*given: Any) -> Posts:
    found = posts_on(*given)
    return replace(found, headed_ids=OwnUnits(found.headed_ids))


async def _marked_pools(*given: Any) -> PoolsOfMember:
    found = await pools_of_member(*given)
    return replace(found, administered=found.administered | {MARK}, joined=found.joined | {MARK})


async def _marked_positions(*given: Any) -> Sequence[int] | None:
    found = await worked_positions(*given)
    return found if found is None else (*found, MARK)


def _marked_caller(viewer: Viewer) -> str:
    return OwnName(caller_of(viewer))


def _marked(made: Callable[..., None]) -> Callable[..., None]:
    def make(self: Identity | Viewer, *given: Any, **named: Any) -> None:
        made(self, *given, **named)
        if self.member_id is not None:
            object.__setattr__(self, "member_id", Own(self.member_id))

    return make


def _everywhere(patch: pytest.MonkeyPatch, function: Callable[..., Any], instead: Callable[..., Any]) -> None:
    """Put something in place of a function of the product, in all modules that have it."""
    for module in [one for name, one in sys.modules.items() if name.startswith("quotaloom")]:
        for name, value in list(vars(module).items()):
            if value is function:
                patch.setattr(module, name, instead)
