"""The rules in force, read at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from quotaloom.ownership.holding_caps import HoldingCap
from quotaloom.ownership.rules import Rule, RuleKind
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.pool.claim_limits import ClaimLimit
from quotaloom.pool.cooldown import Cooldown
from quotaloom.pool.parameters import read_parameters
from quotaloom.pool.recycling import HolderRules


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules that are not archived, by kind and then by key.

    Limits and caps that are paused are left out; the others are kept, since a paused one stands in for those that are
    less closely about a record.
    """

    holder: HolderRules
    cooldowns: Sequence[Rule[Cooldown]]
    limits: Sequence[Rule[ClaimLimit]]
    caps: Sequence[Rule[HoldingCap]]


async def load_rules(reader: Snapshot | Transaction) -> RuleBook:
    """The rules of the company, in one statement."""
    rows = await reader.fetch(
        "SELECT id, key, name, pool_id, level_id, paused, kind, parameters FROM pool_rule"
        " WHERE company_id = $1 AND NOT archived ORDER BY key",
        reader.company_id,
    )
    found: dict[RuleKind, list[Any]] = {kind: [] for kind in RuleKind}
    for row in rows:
        kind = RuleKind(row["kind"])
        parameters = read_parameters(kind, orjson.loads(row["parameters"]))
        found[kind].append(
            Rule(row["id"], row["key"], row["name"], row["pool_id"], row["level_id"], row["paused"], parameters)
        )
    return RuleBook(
        HolderRules(found[RuleKind.PROTECTION], found[RuleKind.RECYCLING]),
        found[RuleKind.COOLDOWN],
        [rule for rule in found[RuleKind.CLAIM_LIMIT] if not rule.paused],
        [rule for rule in found[RuleKind.HOLDING_CAP] if not rule.paused],
    )
