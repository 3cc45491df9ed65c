"""What was noted of a member when he was paid: attributes have no date, so a promotion does not reach back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import definitions
from quotaloom.incentives.gathering import Needs
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_sdk import Need
from quotaloom_sdk.attributes import Attribute, AttributeKind, Attributes, AttributeValue, Choice, Reference


async def attribute_kinds(snapshot: Snapshot, needs: Iterable[Needs]) -> dict[str, AttributeKind]:
    """The types of the attributes of members, archived ones too, where any policy needs them."""
    if not any(Need.ATTRIBUTES in one for one in needs):
        return {}
    return {row["key"]: AttributeKind(row["kind"]) for row in await definitions(snapshot, Subject.MEMBER)}


def attributes_paid_by(member: Mapping[str, Any], kinds: Mapping[str, AttributeKind]) -> Attributes:
    """The attributes in what a statement keeps of its member."""
    entries = member.get("attributes", {}).get("entries", ())
    return Attributes(tuple(Attribute(one["key"], _value(one["value"], kinds.get(one["key"]))) for one in entries))


def _value(kept: Any, kind: AttributeKind | None) -> AttributeValue:
    if isinstance(kept, dict):
        return Choice(kept["key"], kept["label"]) if "label" in kept else Reference(kept["to"], kept["id"])
    if kind is AttributeKind.NUMBER:
        return Decimal(kept)
    return date.fromisoformat(kept) if kind is AttributeKind.DATE else str(kept)
