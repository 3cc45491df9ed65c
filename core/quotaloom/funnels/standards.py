"""Stage standards: what must be true of a deal before it leaves a stage forwards (阶段标准)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from quotaloom.activities.kinds import ActivityKind
from quotaloom.attributes.definitions import may_be_key
from quotaloom.funnels.naming import check_name
from quotaloom.platform.errors import InputError, Path

MOST_STANDARDS = 20
"""How many standards a stage may have."""

MOST_ACTIVITIES = 100
"""How many activities a standard may ask for."""


class StandardKind(StrEnum):
    """What a standard asks for: something noted at the deal, something done, a document, a manager's approval."""

    FIELD = "field"
    ACTIVITY = "activity"
    DOCUMENT = "document"
    APPROVAL = "approval"


class DealField(StrEnum):
    """What a standard may ask to be filled in."""

    AMOUNT = "amount"
    EXPECTED_CLOSE = "expected_close"
    CUSTOMER = "customer"
    PRODUCT = "product"
    COMPETITORS = "competitors"
    NEXT_STEP = "next_step"
    SOURCE = "source"


FILLED_IN_AT: Mapping[DealField, str] = {
    DealField.AMOUNT: "amount",
    DealField.EXPECTED_CLOSE: "expectedCloseOn",
    DealField.CUSTOMER: "customerId",
    DealField.PRODUCT: "productId",
    DealField.COMPETITORS: "competitors",
    DealField.NEXT_STEP: "nextStep",
    DealField.SOURCE: "source",
}
"""Under which name of the graph each is filled in."""


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard of a stage; of what follows `kind` that belongs to its kind is set, the rest is as it is here.

    A `field`, or the deal's own attribute of a key, is filled in. At least so many activities were done, of a kind or
    of any, since the deal came into its stage or ever. The deal has a document of a name, whatever its case.
    """

    kind: StandardKind
    field: DealField | None = None
    attribute: str | None = None
    activity: ActivityKind | None = None
    at_least: int = 1
    in_stage: bool = True
    document: str | None = None

    def parameters(self) -> dict[str, Any]:
        """What is stored of it besides its kind, as a JSON object."""
        match self.kind:
            case StandardKind.FIELD if self.field is not None:
                return {"field": self.field.value}
            case StandardKind.FIELD:
                return {"attribute": self.attribute}
            case StandardKind.ACTIVITY:
                kind = None if self.activity is None else self.activity.value
                return {"activity": kind, "at_least": self.at_least, "in_stage": self.in_stage}
            case StandardKind.DOCUMENT:
                return {"document": self.document}
            case StandardKind.APPROVAL:
                return {}

    @classmethod
    def stored(cls, kind: str, parameters: Mapping[str, Any]) -> Standard:
        """The standard of a stored row."""
        field, activity = parameters.get("field"), parameters.get("activity")
        return cls(
            StandardKind(kind),
            field=None if field is None else DealField(field),
            attribute=parameters.get("attribute"),
            activity=None if activity is None else ActivityKind(activity),
            at_least=parameters.get("at_least", 1),
            in_stage=parameters.get("in_stage", True),
            document=parameters.get("document"),
        )


@dataclass(frozen=True, slots=True)
class DoneActivity:
    """Something done for a deal on a business date, by a member."""

    kind: ActivityKind
    done_on: date
    member_id: int
    matter: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a manager decided about a deal in its stage, and the business date on which he did."""

    member_id: int | None
    approved: bool
    decided_on: date
    note: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a deal its stage's standards look at.

    `entered_on` is the business date on which it came into its stage. `activities` are all that were done, the earliest
    first; `documents` their names; `decisions` those of its present time in its stage, the earliest first. `attributes`
    are the keys of those that the deal has.
    """

    stage_id: int
    entered_on: date
    filled: frozenset[DealField]
    attributes: frozenset[str] = frozenset()
    activities: tuple[DoneActivity, ...] = ()
    documents: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Unmet:
    """A standard of a stage that a deal does not meet: a stable `code`, and what to do about it in words.

    `field` is the name in the graph of what is to be filled in; attributes are `attributes.` and their key.
    """

    stage_id: int
    code: str
    message: str
    field: str | None = None

    def refusal(self) -> InputError:
        """It as an error of who wants to move the deal on, told at the field, or else at the deal."""
        return InputError(self.code, self.message, ("id" if self.field is None else self.field,))


def check_standards(standards: Sequence[Standard], path: Path) -> None:
    """Raise `InputError` for what cannot be the standards of a stage; whether attributes exist is not looked at."""
    if len(standards) > MOST_STANDARDS:
        raise InputError("TOO_MANY_STANDARDS", f"a stage has at most {MOST_STANDARDS} standards", path)
    seen: list[Standard] = []
    for number, standard in enumerate(standards):
        _check_standard(standard, (*path, number))
        if standard in seen:
            raise InputError("DUPLICATE_STANDARD", "a stage has each standard once", (*path, number))
        seen.append(standard)


_OF_KIND: Mapping[StandardKind, tuple[str, ...]] = {
    StandardKind.FIELD: ("field", "attribute"),
    StandardKind.ACTIVITY: ("activity",),
    StandardKind.DOCUMENT: ("document",),
    StandardKind.APPROVAL: (),
}


def _check_standard(standard: Standard, path: Path) -> None:
    for name in ("field", "attribute", "activity", "document"):
        if name not in _OF_KIND[standard.kind] and getattr(standard, name) is not None:
            raise InputError("BAD_STANDARD", f"{name} does not go with the kind {standard.kind}", (*path, name))
    if standard.kind is StandardKind.FIELD:
        _check_field(standard, path)
    if not 1 <= standard.at_least <= MOST_ACTIVITIES:
        raise InputError("BAD_STANDARD", f"ask for 1 to {MOST_ACTIVITIES} activities", (*path, "atLeast"))
    if standard.kind is not StandardKind.ACTIVITY and standard.at_least != 1:
        raise InputError("BAD_STANDARD", f"atLeast does not go with the kind {standard.kind}", (*path, "atLeast"))
    if standard.kind is StandardKind.DOCUMENT:
        if standard.document is None:
            raise InputError("BAD_STANDARD", "name the document", (*path, "document"))
        check_name(standard.document, (*path, "document"))


def _check_field(standard: Standard, path: Path) -> None:
    if (standard.field is None) == (standard.attribute is None):
        raise InputError("BAD_STANDARD", "name the field or the attribute, one of them", (*path, "field"))
    if standard.attribute is not None and not may_be_key(standard.attribute):
        raise InputError("BAD_STANDARD", "no attribute has such a key", (*path, "attribute"))


def unmet_standards(stages: Iterable[tuple[int, str, Sequence[Standard]]], standing: Standing) -> list[Unmet]:
    """Every standard that a deal does not meet of the stages (id, name, standards) that it leaves behind.

    One that several of them have is told once. An approval counts for the stage in which it was given alone.
    """
    found: dict[tuple[str, str], Unmet] = {}
    for stage_id, name, standards in stages:
        for standard in standards:
            unmet = _unmet(standard, stage_id, name, standing)
            if unmet is not None:
                found.setdefault((unmet.code, unmet.message), unmet)
    return list(found.values())


def _unmet(standard: Standard, stage_id: int, stage_name: str, standing: Standing) -> Unmet | None:
    match standard.kind:
        case StandardKind.FIELD if standard.field is not None:
            return _unfilled(standard.field, stage_id, standing)
        case StandardKind.FIELD:
            if standard.attribute in standing.attributes:
                return None
            message = f"the attribute {standard.attribute!r} of this deal is to be noted first"
            return Unmet(stage_id, "ATTRIBUTE_MISSING", message, f"attributes.{standard.attribute}")
        case StandardKind.ACTIVITY:
            return _undone(standard, stage_id, standing)
        case StandardKind.DOCUMENT:
            assert standard.document is not None
            wanted = standard.document.strip()
            if wanted.casefold() in {name.casefold() for name in standing.documents}:
                return None
            return Unmet(stage_id, "DOCUMENT_MISSING", f"the document {wanted!r} is to be added first", "documents")
        case StandardKind.APPROVAL:
            return _unapproved(stage_id, stage_name, standing)


def _unfilled(field: DealField, stage_id: int, standing: Standing) -> Unmet | None:
    if field in standing.filled:
        return None
    code = f"{field.value.upper()}_MISSING"
    return Unmet(
        stage_id, code, f"the {field.replace('_', ' ')} of this deal is to be filled in first", FILLED_IN_AT[field]
    )


def _undone(standard: Standard, stage_id: int, standing: Standing) -> Unmet | None:
    done = sum(
        standard.activity in (None, one.kind) and (not standard.in_stage or one.done_on >= standing.entered_on)
        for one in standing.activities
    )
    if done >= standard.at_least:
        return None
    what = _counted(standard.at_least, "activity" if standard.activity is None else standard.activity.value)
    since = f" since {standing.entered_on}, when the deal came into its stage" if standard.in_stage else ""
    return Unmet(stage_id, "ACTIVITIES_MISSING", f"{what} to be done first; {done} done{since}", "activities")


def _counted(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what} is"
    return f"{number} {'activities' if what == 'activity' else f'{what}s'} are"


def _unapproved(stage_id: int, stage_name: str, standing: Standing) -> Unmet | None:
    if stage_id != standing.stage_id:
        message = f"{stage_name!r} takes an approval of its own, so it cannot be jumped over: move the deal there first"
        return Unmet(stage_id, "APPROVAL_MISSING", message)
    if not standing.decisions:
        message = f"whoever heads a unit above the deal's position is to approve that it leaves {stage_name!r}"
        return Unmet(stage_id, "APPROVAL_MISSING", message)
    latest = standing.decisions[-1]
    if latest.approved:
        return None
    why = f": {latest.note}" if latest.note else ""
    message = f"that this deal leaves {stage_name!r} was refused on {latest.decided_on}{why}"
    return Unmet(stage_id, "APPROVAL_REFUSED", message)
