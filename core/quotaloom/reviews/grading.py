"""Grades by bands, and how many of a group may have which: exact, in whole people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from quotaloom.platform.amounts import apportion


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade, and the score from which it is given, itself included.

    `share`: at most this share of a group of peers may have it, 0 to 1; None for any number.
    """

    name: str
    from_score: Decimal
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Graded:
    """A review among its peers: its score, and the grade that it has."""

    id: int
    score: Decimal
    grade: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """The grade that a review may have, and whether one with the same score is proposed another."""

    id: int
    grade: str
    tied: bool


@dataclass(frozen=True, slots=True)
class Places:
    """How many of a group have a grade, and how many may: places that better grades leave free count too."""

    grade: str
    taken: int
    most: int


def grade_of(score: Decimal, grades: Sequence[Grade]) -> str | None:
    """The best grade that a score reaches; None where there are no grades. `grades`: the best first."""
    return next((grade.name for grade in grades if score >= grade.from_score), None)


def seats(count: int, grades: Sequence[Grade]) -> list[int]:
    """How many of a group of `count` may have each grade, those of the unlimited ones together as the last number.

    By largest remainder, ties to the better grade: they sum to `count`, and each is its share rounded up or down.
    `grades`: the best first; the limited ones come before the others, and their shares sum to 1 at most.
    """
    shares = [grade.share for grade in grades if grade.share is not None]
    return apportion(count, [*shares, 1 - sum(shares, Decimal(0))])


def places_of(group: Sequence[Graded], grades: Sequence[Grade]) -> list[Places]:
    """The limited grades with how many of a group have each, and how many may: free places of better ones count too."""
    counted = Counter(one.grade for one in group)
    free = 0
    found = []
    for grade, room in zip(grades, seats(len(group), grades)[:-1], strict=False):
        most = max(free, 0) + room
        found.append(Places(grade.name, counted[grade.name], most))
        free += room - counted[grade.name]
    return found


def beyond(group: Sequence[Graded], grades: Sequence[Grade]) -> list[Places]:
    """The limited grades that too many of a group have, better ones counted in: how many have those, and may."""
    taken = most = 0
    found = []
    for places, room in zip(places_of(group, grades), seats(len(group), grades)[:-1], strict=True):
        taken, most = taken + places.taken, most + room
        if taken > most:
            found.append(Places(places.grade, taken, most))
    return found


def propose(group: Sequence[Graded], grades: Sequence[Grade]) -> list[Proposed]:
    """The grades of a group within its limits, by score: whoever has none left gets the next one that has.

    Nobody gets a better grade than his own. Equal scores go by the order given; where they end in different grades,
    both are told as tied, for people to decide. In the order of the scores.
    """
    names = [grade.name for grade in grades]
    room = seats(len(group), grades)[:-1]
    left = [sum(room[: place + 1]) for place in range(len(room))]
    ranked = sorted(group, key=lambda one: -one.score)
    given = [(one, names[_take(names.index(one.grade), left)]) for one in ranked]
    found: dict[Decimal, set[str]] = {}
    for one, grade in given:
        found.setdefault(one.score, set()).add(grade)
    return [Proposed(one.id, grade, len(found[one.score]) > 1) for one, grade in given]


def _take(own: int, left: list[int]) -> int:
    """The best grade from `own` on with a place left; `left` are the places of each limited grade or a better one."""
    place = own
    while any(room == 0 for room in left[place:]):
        place += 1
    for later in range(place, len(left)):
        left[later] -= 1
    return place
