"""What many rows written at once have in common."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import ManyRefused
from quotaloom.platform.unit_of_work import Transaction


@dataclass(frozen=True, slots=True)
class Inserted:
    """The ids of the rows of a batch, in order, and for each whether it was created or stood there already."""

    ids: tuple[int, ...]
    created: tuple[bool, ...]


def first_repeated(keys: Sequence[Hashable]) -> int | None:
    """The number of the first key that stood earlier already; None is no key."""
    seen: set[Hashable] = set()
    for number, key in enumerate(keys):
        if key is not None and key in seen:
            return number
        seen.add(key)
    return None


async def reserve_ids(transaction: Transaction, table: str, count: int) -> list[int]:
    """So many new ids of a table, in one statement, so that rows can name each other before they are stored."""
    rows = await transaction.fetch(
        "SELECT nextval(pg_get_serial_sequence($1, 'id')) AS id FROM generate_series(1, $2)", table, count
    )
    return [row["id"] for row in rows]


@contextmanager
def without_row() -> Iterator[None]:
    """For a batch of one: what is raised inside is raised with a path that does not start with its number."""
    try:
        yield
    except ManyRefused as many:
        raise ManyRefused([_without_row(error) for error in many.errors]) from many
    except InputError as error:
        raise _without_row(error) from error


def _without_row(error: InputError) -> InputError:
    return type(error)(error.code, error.message, error.path[1:] if error.path[:1] == (0,) else error.path)


@contextmanager
def of_row(number: int, *prefix: str) -> Iterator[None]:
    """What is raised inside is raised with the row's number (after `prefix`) first in its path."""
    try:
        yield
    except InputError as error:
        raise error.at(*prefix, number) from error
