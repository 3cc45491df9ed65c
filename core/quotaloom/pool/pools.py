"""What a pool is made of, and what it must be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from quotaloom.funnels.naming import check_name
from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.errors import InputError

LARGEST_PRIORITY: Final = 1_000_000

MOST_MEMBERS: Final = 1000
"""How many units and people a pool may have as members, and how many admins."""


class HideableField(StrEnum):
    """What of a waiting record may be kept from those who have not claimed it yet."""

    ORGANIZATION = "organization"
    PHONE = "phone"
    EMAIL = "email"
    DOMAIN = "domain"
    NOTE = "note"
    AMOUNT = "amount"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class NewPool:
    """A pool: which `kinds` of records it takes, who may claim from it, and who looks after it.

    Members are units, whose people may claim, and people. `hidden_fields` are kept from members while a record waits.
    A pool that `hands_out` gives what enters it to its people by itself, as its policies say.
    """

    key: str
    name: str
    kinds: Sequence[RecordKind]
    priority: int = 0
    hidden_fields: Sequence[HideableField] = ()
    unit_ids: Sequence[int] = ()
    member_ids: Sequence[int] = ()
    admin_ids: Sequence[int] = ()
    hands_out: bool = False


def check_pool(pool: NewPool) -> None:
    """Raise `InputError` for what no pool can be; what its ids name is not looked at."""
    check_slug(pool.key)
    check_name(pool.name, ("name",))
    if not pool.kinds:
        raise InputError("BAD_KINDS", "a pool takes at least one of LEAD, CUSTOMER and OPPORTUNITY", ("kinds",))
    if abs(pool.priority) > LARGEST_PRIORITY:
        message = f"a priority lies between -{LARGEST_PRIORITY} and {LARGEST_PRIORITY}"
        raise InputError("BAD_PRIORITY", message, ("priority",))
    for name, ids in (("orgUnitIds", pool.unit_ids), ("memberIds", pool.member_ids), ("adminIds", pool.admin_ids)):
        if len(ids) > MOST_MEMBERS:
            raise InputError("TOO_MANY", f"up to {MOST_MEMBERS} are possible, not {len(ids)}", (name,))


def check_slug(key: str) -> None:
    """Raise `InputError` BAD_KEY for what cannot be the key of a pool or rule."""
    if not 1 <= len(key) <= 64 or not all(one in _SLUG for one in key):
        raise InputError("BAD_KEY", "a key has 1 to 64 characters out of a-z, 0-9, - and _", ("key",))


_SLUG = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def in_order(given: Iterable[RecordKind | HideableField]) -> list[str]:
    """The words of an enumeration, each once and in order, as they are stored."""
    return sorted({one.value for one in given})
