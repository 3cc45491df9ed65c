"""Finding those that are the same as what is entered, by indexes of the normal forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from quotaloom.duplicates.normal_forms import Likeness
from quotaloom.duplicates.rules import Compared, DuplicateSubject, Rule, duplicate_rule
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction

MOST_TOLD: Final = 10
"""How many that are the same by one field are told of."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A stored record that is the same as what was given, by these fields."""

    id: int
    compared: tuple[Compared, ...]


# Each is looked up by its index, and no more than are told of are read, however many have that name. They are neither
# put in order nor filtered here: a planner without statistics would then take another index, and read all records.
_SAME: Final = """
SELECT given.number, '{compared}' AS compared, found.id FROM unnest(${ordinal}::text[]) WITH ORDINALITY AS given
    (value, number) CROSS JOIN LATERAL (
        SELECT coalesce(merged_into_id, id) AS id FROM {table}
        WHERE company_id = $1 AND compared_{compared} = given.value LIMIT $2
    ) AS found WHERE given.value IS NOT NULL
"""


async def duplicates_of(reader: Snapshot | Transaction, rule: Rule, given: Sequence[Likeness]) -> list[list[Duplicate]]:
    """The stored records that are the same as each of those given, by the rule: one list for each, in one statement.

    For one that was merged into another stands that one; of each field, `MOST_TOLD` are told of.
    """
    found: list[dict[int, list[Compared]]] = [{} for _ in given]
    values = [[_value(one, compared, rule) for one in given] for compared in rule.compared]
    if given and any(value is not None for of_one in values for value in of_one):
        sql = " UNION ALL ".join(
            _SAME.format(compared=compared.value, table=rule.subject.value, ordinal=3 + place)
            for place, compared in enumerate(rule.compared)
        )
        for row in await reader.fetch(f"{sql} ORDER BY id", reader.company_id, MOST_TOLD, *values):
            of_one = found[row["number"] - 1].setdefault(row["id"], [])
            if Compared(row["compared"]) not in of_one:
                of_one.append(Compared(row["compared"]))
    return [[Duplicate(number, tuple(compared)) for number, compared in of_one.items()] for of_one in found]


def _value(one: Likeness, compared: Compared, rule: Rule) -> str | None:
    value: str | None = getattr(one, compared.value)
    return None if compared is Compared.DOMAIN and value in rule.uncounted else value


def repeated(rule: Rule, given: Sequence[Likeness]) -> Iterator[tuple[int, int, Compared]]:
    """The numbers of those that are the same as an earlier one of those given, that one's, and by which field."""
    first: dict[tuple[Compared, str], int] = {}
    for number, one in enumerate(given):
        for compared in rule.compared:
            value = _value(one, compared, rule)
            if value is not None and first.setdefault((compared, value), number) != number:
                yield number, first[compared, value], compared
                break


async def refuse_duplicate(transaction: Transaction, subject: DuplicateSubject, one: Likeness, itself: int) -> None:
    """Raise `InputError` DUPLICATE where the company refuses a second one, and there is one besides `itself`.

    To be asked last, when all else is checked and the record is written: a guess that hits nothing is then entered and
    stands in the audit log. Nobody else enters the like of it before this transaction ends. The error does not say
    which it is: it may be out of the sight of whoever asks.
    """
    rule = await duplicate_rule(transaction, subject)
    if not rule.refuses:
        return
    await transaction.lock(f"duplicates of a {subject}")
    (found,) = await duplicates_of(transaction, rule, [one])
    others = [duplicate for duplicate in found if duplicate.id != itself]
    if others:
        compared = others[0].compared[0]
        raise InputError("DUPLICATE", f"there is a {subject} with {SAME[compared]} already", (PLACES[compared],))


SAME: Final[Mapping[Compared, str]] = {
    Compared.NAME: "this name",
    Compared.PHONE: "this phone number",
    Compared.DOMAIN: "this domain",
}
"""What two have in common."""

PLACES: Final[Mapping[Compared, str]] = {
    Compared.NAME: "name",
    Compared.PHONE: "phone",
    Compared.DOMAIN: "website",
}
"""The field of the input that is at fault."""
