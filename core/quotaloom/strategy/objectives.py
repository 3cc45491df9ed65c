"""What an objective may be, and which may serve which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from asyncpg import Record

from quotaloom.organizations.naming import checked_name
from quotaloom.platform.errors import InputError
from quotaloom.platform.texts import checked_text

MOST_OBJECTIVES: Final = 1000
"""How many objectives a company may have in one fiscal year, archived ones not counted."""


class ObjectiveLevel(StrEnum):
    """Whose objective it is, from the top: the company's, a business's, a function's."""

    CORPORATE = "corporate"
    BUSINESS = "business"
    FUNCTIONAL = "functional"

    @property
    def above(self) -> ObjectiveLevel | None:
        """The level of the objective that it serves; None at the top."""
        levels = list(ObjectiveLevel)
        place = levels.index(self)
        return levels[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class NewObjective:
    """An objective of a fiscal year. `parent_id` is the one that it serves, which all but corporate ones have.

    `owner_id` is the member who answers for it, `unit_id` the unit that pursues it, None for the whole company.
    """

    fiscal_year: int
    level: ObjectiveLevel
    name: str
    owner_id: int
    parent_id: int | None = None
    description: str | None = None
    unit_id: int | None = None


def checked_texts(name: str, description: str | None) -> tuple[str, str | None]:
    """Name and description as they are stored; raises `InputError` BAD_NAME, TOO_LONG or BAD_TEXT."""
    return checked_name(name), checked_text(description, ("description",), "a description")


def check_parent(level: ObjectiveLevel, fiscal_year: int, parent: Record | None) -> None:
    """Raise `InputError` at `parentId` where an objective cannot serve `parent`, None standing for none.

    Codes: PARENT_MISSING, TOP_LEVEL for a parent of a corporate one, WRONG_LEVEL for one that is not of the level right
    above, OTHER_YEAR, ARCHIVED. As each level serves the one above, there are no circles and three levels at the most.
    """
    problem = _problem(level, fiscal_year, parent)
    if problem is not None:
        raise InputError(*problem, ("parentId",))


def _problem(level: ObjectiveLevel, fiscal_year: int, parent: Record | None) -> tuple[str, str] | None:
    above = level.above
    if above is None:
        return None if parent is None else ("TOP_LEVEL", "a corporate objective serves no other one")
    if parent is None:
        return "PARENT_MISSING", f"a {level} objective serves a {above} one: name it"
    if parent["level"] != above:
        return "WRONG_LEVEL", f"a {level} objective serves a {above} one, and {parent['name']} is {parent['level']}"
    if parent["fiscal_year"] != fiscal_year:
        return "OTHER_YEAR", f"{parent['name']} is of {parent['fiscal_year']}, this objective of {fiscal_year}"
    if parent["archived"]:
        return "ARCHIVED", f"{parent['name']} is archived; restore it first"
    return None
