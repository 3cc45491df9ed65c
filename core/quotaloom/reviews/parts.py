"""What is given for the parts of a review: read, checked, stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from asyncpg import Record

from quotaloom.platform.amounts import has_places
from quotaloom.platform.errors import InputError
from quotaloom.platform.texts import checked_text
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.reviews.forms import PLACES, PartKind

_PARTS: Final = """
SELECT part.id, part.key, part.title, part.kind, part.weight, part.most, part.metric_id, score.self_score,
    score.self_comment, score.manager_score, score.manager_comment, score.points
FROM review_score AS score
JOIN review_part AS part ON part.company_id = score.company_id AND part.id = score.part_id
WHERE score.company_id = $1 AND score.review_id = $2 ORDER BY part.ordinal
"""

_STORED: Final = """
UPDATE review_score SET {side}_score = coalesce(given.score, {side}_score),
    {side}_comment = coalesce(given.comment, {side}_comment)
FROM unnest($3::bigint[], $4::numeric[], $5::text[]) AS given (part_id, score, comment)
WHERE review_score.company_id = $1 AND review_score.review_id = $2 AND review_score.part_id = given.part_id
"""


@dataclass(frozen=True, slots=True)
class GivenScore:
    """A score for the part of that key, 0 to the part's most, and what one has to say of it; None leaves it as it is.

    A quantitative part has no score of its own, but may have a comment.
    """

    part: str
    score: Decimal | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Scoring:
    """What somebody gives for a review. What is not handed in is a draft, which the other side does not see."""

    scores: Sequence[GivenScore] = ()
    comment: str | None = None
    submit: bool = True


@dataclass(frozen=True, slots=True)
class Side:
    """Whose scores they are: `self` or `manager`."""

    name: str

    def scores(self, parts: Sequence[Mapping[str, Any] | Record]) -> dict[str, str | None]:
        """The scores of the parts that are given by people, as text, by key."""
        return {
            part["key"]: None if part[f"{self.name}_score"] is None else str(part[f"{self.name}_score"])
            for part in parts
            if part["kind"] == PartKind.QUALITATIVE
        }


OWN: Final = Side("self")
MANAGERS: Final = Side("manager")


async def parts_of(source: Snapshot | Transaction, review_id: int) -> list[Record]:
    """The parts of a review in the order of its form, with what was given for each."""
    return await source.fetch(_PARTS, source.company_id, review_id)


def with_given(
    parts: Sequence[Record], side: Side, scores: Sequence[GivenScore], *, whole: bool
) -> list[dict[str, Any]]:
    """The parts as they are with these scores.

    Raises `InputError` UNKNOWN_PART, DUPLICATE_PART, NOT_SCORED for a score of a quantitative part, BAD_SCORE,
    TOO_LONG, BAD_TEXT; with `whole` also SCORE_MISSING where a part is left that people score.
    """
    known = {part["key"]: dict(part) for part in parts}
    seen: set[str] = set()
    for place, given in enumerate(scores):
        part = known.get(given.part)
        if part is None:
            message = f"this review has no part {given.part[:60]!r}; its parts are {', '.join(known)}"
            raise InputError("UNKNOWN_PART", message, ("scores", place, "part"))
        if given.part in seen:
            raise InputError("DUPLICATE_PART", f"{given.part} is scored twice", ("scores", place, "part"))
        seen.add(given.part)
        comment = checked_text(given.comment, ("scores", place, "comment"), "a comment")
        if given.score is not None:
            _check_score(part, given.score, place)
            part[f"{side.name}_score"] = given.score
        if comment is not None:
            part[f"{side.name}_comment"] = comment
    missing = [key for key, score in side.scores(list(known.values())).items() if score is None]
    if whole and missing:
        raise InputError("SCORE_MISSING", f"these parts have no score yet: {', '.join(missing)}", ("scores",))
    return list(known.values())


def _check_score(part: Mapping[str, Any], score: Decimal, place: int) -> None:
    if part["kind"] == PartKind.QUANTITATIVE:
        message = f"{part['title']} is scored by its attainment; a comment may be given"
        raise InputError("NOT_SCORED", message, ("scores", place, "score"))
    if not (has_places(score, PLACES) and 0 <= score <= part["most"]):
        message = f"{part['title']} is scored from 0 to {part['most']}, with up to {PLACES} decimal places"
        raise InputError("BAD_SCORE", message, ("scores", place, "score"))


async def store_given(transaction: Transaction, review_id: int, side: Side, parts: Sequence[Mapping[str, Any]]) -> None:
    """Store what `with_given` made of one side."""
    await transaction.execute(
        _STORED.format(side=side.name),
        transaction.company_id,
        review_id,
        [part["id"] for part in parts],
        [part[f"{side.name}_score"] for part in parts],
        [part[f"{side.name}_comment"] for part in parts],
    )
