"""Loaders of ledger entries: each takes all parents of a level, and shows what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry

from quotaloom.achievements import reads
from quotaloom.achievements.entries import EntrySource
from quotaloom.metrics.currencies import currency_scale
from quotaloom.organizations.sight import Sight
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.unit_of_work import Record
from quotaloom_graphql.context import Info

strawberry.enum(EntrySource, name="EntrySource", description="Where an entry of the ledger comes from.")


async def load_achievements(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Entries by number, of the positions whose figures the viewer may see, and his own."""
    return await _visible(info, await reads.entries_by_id(info.context.snapshot, keys))


async def load_reversals(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """What reverses entries; whoever sees an entry sees that it was taken back."""
    return await entry_rows(info, await reads.reversals_of(info.context.snapshot, keys))


async def load_reversed(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """What entries reverse; whoever sees a reversal sees of what."""
    return await entry_rows(info, await reads.entries_by_id(info.context.snapshot, keys))


async def load_opportunity_achievements(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """What deals have posted, as far as the viewer may see the figures of who was credited."""
    return await _visible(info, await reads.entries_of_opportunities(info.context.snapshot, keys))


async def load_payload_achievements(payloads: list[Any], info: Info) -> list[list[dict[str, Any]]]:
    """The entries that mutations have posted, each payload's in order, as far as the viewer may see them."""
    numbers = [payload["achievement_ids"] or [] for payload in payloads]
    found = {row["id"]: row for row in await load_achievements(sorted({n for of_one in numbers for n in of_one}), info)}
    return [[found[number] for number in of_one if number in found] for of_one in numbers]


async def entry_rows(info: Info, rows: Sequence[Record]) -> list[dict[str, Any]]:
    """Entries with their amounts as the API writes them, with the decimal places of metric and currency."""
    metrics = await info.context.metrics()
    shown = []
    for row in rows:
        scale = metrics[row["metric_id"]]["scale"]
        original_scale = scale if row["currency"] is None else currency_scale(row["currency"])
        amounts = {
            "amount": format_amount(row["amount"], scale),
            "original_amount": format_amount(row["original_amount"], original_scale),
        }
        shown.append({**row, **amounts})
    return shown


def entry_units(sight: Sight) -> frozenset[int]:
    """The units whose entries a viewer who does not see everything may see: what he leads, and what he holds.

    The figures of the units above may be open to him, but not whose entries they are made of.
    """
    return sight.led_unit_ids | (sight.unit_ids - sight.named_unit_ids)


async def _visible(info: Info, rows: Sequence[Record]) -> list[dict[str, Any]]:
    sight = await info.context.sight()
    if not sight.everything:
        units = entry_units(sight)
        rows = [row for row in rows if row["position_id"] in units or row["member_id"] == sight.member_id]
    return await entry_rows(info, rows)
