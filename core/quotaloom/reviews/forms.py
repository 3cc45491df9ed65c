"""What a form may ask for: parts with weights, grades, and the time of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from quotaloom.metrics.commands import check_key, check_name
from quotaloom.platform.amounts import has_places
from quotaloom.platform.errors import InputError, Path
from quotaloom.reviews.grading import Grade
from quotaloom.reviews.steps import DEFAULT_RULES, OPTIONAL, TIMED, Overdue, Rules, Step, StepRule

MOST_PARTS: Final = 40
"""How many parts a form may have."""

MOST_GRADES: Final = 20
"""How many grades a form may have."""

MOST_POINTS: Final = 1_000_000
"""The highest score that a part, or the whole, may have."""

MOST_DAYS: Final = 366
"""How many days a step may have."""

PLACES: Final = 2
"""Decimal places of scores."""

NAMES: Final = {Step.SELF: "selfScore", Step.MANAGER: "managerScore"}
"""How inputs name the steps whose own name would not say enough."""

_WEIGHT_PLACES: Final = 6
_LONGEST_GRADE: Final = 40


class PartKind(StrEnum):
    """Where a part's points come from: the attainment of a metric, or what member and manager give."""

    QUANTITATIVE = "quantitative"
    QUALITATIVE = "qualitative"


class Peers(StrEnum):
    """Among whom grades are limited: all reviews of a cycle, or those directly under one unit."""

    CYCLE = "cycle"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part: `weight` is its share of the whole, `most` its highest score; `metric` is the key of a metric."""

    key: str
    title: str
    kind: PartKind
    weight: Decimal
    most: Decimal = Decimal(100)
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """All of a form but its parts. `grades`: the best first. `scorer`: the key of a policy, None for the company's."""

    most: Decimal = Decimal(100)
    grades: tuple[Grade, ...] = ()
    peers: Peers = Peers.CYCLE
    scorer: str | None = None
    rules: Rules = field(default_factory=lambda: DEFAULT_RULES)

    @property
    def calibrated(self) -> bool:
        """Whether grades are limited, so that reviews are filed together."""
        return any(grade.share is not None for grade in self.grades)

    def to_json(self) -> dict[str, Any]:
        """The layout as it is stored."""
        return {
            "most": str(self.most),
            "grades": [
                {"name": one.name, "from": str(one.from_score), "share": None if one.share is None else str(one.share)}
                for one in self.grades
            ],
            "peers": self.peers.value,
            "scorer": self.scorer,
            "steps": {
                step.value: {"days": rule.days, "overdue": rule.overdue.value, "remind": rule.remind_days}
                for step, rule in self.rules.items()
            },
        }


def layout_of(stored: Mapping[str, Any]) -> Layout:
    """The layout that `Layout.to_json` stored."""
    return Layout(
        Decimal(stored["most"]),
        tuple(
            Grade(one["name"], Decimal(one["from"]), None if one["share"] is None else Decimal(one["share"]))
            for one in stored["grades"]
        ),
        Peers(stored["peers"]),
        stored["scorer"],
        {
            Step(step): StepRule(rule["days"], Overdue(rule["overdue"]), rule["remind"])
            for step, rule in stored["steps"].items()
        },
    )


def check_form(parts: Sequence[NewPart], layout: Layout) -> None:
    """Raise `InputError` for a form that makes no sense, at the place of what is wrong.

    BAD_PARTS, BAD_KEY, BAD_NAME, DUPLICATE_PART, BAD_WEIGHT, WEIGHTS_NOT_WHOLE, BAD_MOST, METRIC_MISSING,
    METRIC_UNEXPECTED; BAD_GRADES, BAD_SHARE; BAD_DAYS, BAD_REMINDER.
    """
    _check_parts(parts)
    if not _points(layout.most):
        raise _bad_most("the highest score", ("most",))
    _check_grades(layout)
    for step, rule in layout.rules.items():
        _check_rule(step, rule)


def _check_parts(parts: Sequence[NewPart]) -> None:
    if not 1 <= len(parts) <= MOST_PARTS:
        raise InputError("BAD_PARTS", f"a form has 1 to {MOST_PARTS} parts, not {len(parts)}", ("parts",))
    seen: set[str] = set()
    for place, part in enumerate(parts):
        try:
            check_key(part.key)
            _check_part(part)
        except InputError as error:
            raise error.at("parts", place) from None
        if part.key in seen:
            message = f"there are two parts with the key {part.key!r}"
            raise InputError("DUPLICATE_PART", message, ("parts", place, "key"))
        seen.add(part.key)
    total = sum((part.weight for part in parts), Decimal(0))
    if total != 1:
        message = f"the weights must sum to 1 exactly, which is 100%; these sum to {total}"
        raise InputError("WEIGHTS_NOT_WHOLE", message, ("parts",))


def _check_part(part: NewPart) -> None:
    try:
        check_name(part.title)
    except InputError as error:
        raise InputError(error.code, error.message, ("title",)) from None
    if not (has_places(part.weight, _WEIGHT_PLACES) and 0 <= part.weight <= 1):
        message = f"a weight is a share from 0 to 1 with up to {_WEIGHT_PLACES} decimal places, such as 0.4"
        raise InputError("BAD_WEIGHT", message, ("weight",))
    if not _points(part.most):
        raise _bad_most("the highest score of a part", ("most",))
    if part.kind is PartKind.QUANTITATIVE and part.metric is None:
        raise InputError("METRIC_MISSING", "name the metric whose attainment counts", ("metric",))
    if part.kind is PartKind.QUALITATIVE and part.metric is not None:
        raise InputError("METRIC_UNEXPECTED", "only a quantitative part has a metric", ("metric",))


def _check_grades(layout: Layout) -> None:
    grades = layout.grades
    if not grades:
        return
    names = [grade.name.strip() for grade in grades]
    lowest = [grade.from_score for grade in grades]
    if (
        len(grades) > MOST_GRADES
        or len(set(names)) < len(names)
        or not all(has_places(score, PLACES) and 0 <= score <= layout.most for score in lowest)
        or lowest != sorted(set(lowest), reverse=True)
        or lowest[-1] != 0
    ):
        message = (
            f"grades are up to {MOST_GRADES}, each name once, the best first, each from a lower score than the one"
            f" before and none above {layout.most}; the last begins at 0"
        )
        raise InputError("BAD_GRADES", message, ("grades",))
    for place, name in enumerate(names):
        if not 1 <= len(name) <= _LONGEST_GRADE or not name.isprintable():
            message = f"the name of a grade has 1 to {_LONGEST_GRADE} characters"
            raise InputError("BAD_GRADES", message, ("grades", place, "name"))
    _check_shares(grades)


def _check_shares(grades: Sequence[Grade]) -> None:
    shares = [grade.share for grade in grades]
    limited = [share for share in shares if share is not None]
    if (
        shares[len(limited) :] != [None] * (len(shares) - len(limited))
        or len(limited) == len(shares)
        or not all(has_places(share, 4) and 0 <= share <= 1 for share in limited)
        or sum(limited) > 1
    ):
        message = (
            "shares are from 0 to 1 with up to 4 decimal places and sum to 1 at most; the best grades have them, and"
            " the last grade has none, so that there is one for everybody"
        )
        raise InputError("BAD_SHARE", message, ("grades",))


def _check_rule(step: Step, rule: StepRule) -> None:
    least = 0 if step in OPTIONAL else 1
    place = ("steps", NAMES.get(step, step.value))
    if step not in TIMED or not least <= rule.days <= MOST_DAYS:
        raise InputError("BAD_DAYS", f"the step {step.value} has {least} to {MOST_DAYS} days", (*place, "days"))
    if not 0 <= rule.remind_days <= MOST_DAYS:
        message = f"one is reminded 0 to {MOST_DAYS} days before"
        raise InputError("BAD_REMINDER", message, (*place, "remindDays"))


def _points(value: Decimal) -> bool:
    return has_places(value, PLACES) and 0 < value <= MOST_POINTS


def _bad_most(what: str, path: Path) -> InputError:
    return InputError("BAD_MOST", f"{what} is above 0, up to {MOST_POINTS:,}, with up to {PLACES} decimal places", path)
