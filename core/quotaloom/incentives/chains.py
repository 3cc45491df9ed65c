"""Which rules count for a member in a period: those in force on its last day whose scope contains him, in order.

Of several rules with one key the most specific counts: that of his position, of his group, of the nearest unit, of the
company. A member stands where he stands on the period's last day; one who stands nowhere any more, where he stood last.
Who has no place in the period and no entry in it has no rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from asyncpg import Record

from quotaloom.calendars.periods import ONE_DAY, Period
from quotaloom.incentives.rules import KIND, all_rules
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.settings import settings_in_force, why_unavailable
from quotaloom_sdk import Need

TERMS = """
term AS (
    SELECT company_id, member_id, position_id AS unit_id, true AS held,
        least(coalesce(valid_to, 'infinity'), $2::date) AS reach
    FROM holding WHERE ($1::bigint[] IS NULL OR member_id = ANY ($1)) AND (valid_from IS NULL OR valid_from < $2)
    UNION ALL
    SELECT company_id, member_id, unit_id, false, least(coalesce(valid_to, 'infinity'), $2::date)
    FROM headship WHERE ($1::bigint[] IS NULL OR member_id = ANY ($1)) AND (valid_from IS NULL OR valid_from < $2)
), last AS (SELECT member_id, max(reach) AS reach FROM term GROUP BY member_id), place AS (
    SELECT term.* FROM term JOIN last ON last.member_id = term.member_id AND last.reach = term.reach
)
"""
"""Where members stood last before the day `$2`, as `place`: all of them, or those of `$1`."""

_ABOVE = f"""
WITH {TERMS} SELECT place.member_id, place.held, place.reach, path.ancestor_id, path.depth FROM place
JOIN unit_path AS path ON path.company_id = place.company_id AND path.unit_id = place.unit_id
    AND path.valid_from < place.reach AND place.reach <= path.valid_to
"""  # noqa: S608

_GROUPS = """
SELECT member_id, group_id FROM group_membership
WHERE member_id = ANY ($1::bigint[]) AND daterange(valid_from, valid_to) @> $2::date
"""

_CREDITED = """
SELECT DISTINCT member_id FROM achievement_balance
WHERE member_id = ANY ($1::bigint[]) AND business_date >= $2 AND business_date < $3
"""

_POSITION, _GROUP, _UNIT, _COMPANY = range(4)


@dataclass(frozen=True, slots=True)
class ChainRule:
    """A rule as a member's statement is computed by it, with the policy, its parameters and who set them when.

    `setting_revision` is that of the company's setting of the policy, None where a trial gives the rule.
    """

    key: str
    title: str
    policy: str
    parameters: Mapping[str, Any]
    plugin_version: str
    rule_revision: int | None = None
    setting_revision: int | None = None

    def to_json(self) -> dict[str, Any]:
        """What is stored of it."""
        return {
            "rule": self.key,
            "title": self.title,
            "policy": self.policy,
            "parameters": dict(self.parameters),
            "plugin_version": self.plugin_version,
            "rule_revision": self.rule_revision,
            "setting_revision": self.setting_revision,
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> ChainRule:
        """From what is stored."""
        return cls(
            stored["rule"],
            stored["title"],
            stored["policy"],
            stored["parameters"],
            stored["plugin_version"],
            stored["rule_revision"],
            stored["setting_revision"],
        )

    def selected(self, registry: PolicyRegistry) -> SelectedPolicy:
        """The policy to be asked. Raises `InputError` POLICY_UNAVAILABLE where its plugin would decide otherwise."""
        reason = why_unavailable(registry, self.policy, self.plugin_version)
        if reason is not None:
            raise InputError("POLICY_UNAVAILABLE", f"{self.policy} of rule {self.key} cannot be asked: {reason}")
        return SelectedPolicy(registry.get(self.policy), self.parameters, self.setting_revision)


Chain = tuple[ChainRule, ...]


def needs_of(chain: Sequence[ChainRule], registry: PolicyRegistry) -> frozenset[Need]:
    """All that the policies of a chain, which must be installed, ask for."""
    return frozenset(need for rule in chain for need in registry.get(rule.policy).needs)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in force on the last day of a period, by ordinal and key, with where each counts."""

    rules: Sequence[tuple[Mapping[str, Any], ChainRule]]

    @property
    def chain(self) -> Chain:
        """All of them, wherever they count."""
        return tuple(rule for _, rule in self.rules)


async def load_rules(snapshot: Snapshot | Transaction, registry: PolicyRegistry, period: Period) -> RuleSet:
    """The rules of a period's grain. Raises `InputError` POLICY_OFF and POLICY_UNAVAILABLE, naming the rule."""
    last_day = period.ends_on - ONE_DAY
    settings = {row["policy"]: row for row in await settings_in_force(snapshot, KIND, last_day)}
    rows = [row for row in await all_rules(snapshot, last_day) if row["grain"] == period.grain]
    return RuleSet([(row, _chain_rule(row, settings.get(row["policy"]), registry, last_day)) for row in rows])


def _chain_rule(row: Mapping[str, Any], setting: Record | None, registry: PolicyRegistry, last_day: date) -> ChainRule:
    if setting is None:
        message = (
            f"rule {row['key']} names {row['policy']}, which is switched off on {last_day}: switch it on or end it"
        )
        raise InputError("POLICY_OFF", message)
    own = row["parameters"] is not None
    rule = ChainRule(
        key=row["key"],
        title=row["title"],
        policy=row["policy"],
        parameters=row["parameters"] if own else orjson.loads(setting["parameters"]),
        plugin_version=row["plugin_version"] if own else setting["plugin_version"],
        rule_revision=row["revision"],
        setting_revision=setting["revision"],
    )
    rule.selected(registry)
    return rule


async def chains_of(snapshot: Snapshot, rules: RuleSet, member_ids: Sequence[int], period: Period) -> dict[int, Chain]:
    """The chain of each member, in three statements; empty for who has no place in the period and no entry in it."""
    credited = await snapshot.fetch(_CREDITED, list(member_ids), period.starts_on, period.ends_on)
    concerned = {row["member_id"] for row in credited}
    scopes: dict[int, dict[tuple[str, int], tuple[int, int]]] = defaultdict(dict)
    for row in await snapshot.fetch(_ABOVE, list(member_ids), period.ends_on):
        if row["reach"] > period.starts_on:
            concerned.add(row["member_id"])
        at_position = row["held"] and row["depth"] == 0
        rank = (_POSITION, 0) if at_position else (_UNIT, row["depth"])
        of_member, unit = scopes[row["member_id"]], ("unit", row["ancestor_id"])
        of_member[unit] = min(rank, of_member.get(unit, rank))
    for row in await snapshot.fetch(_GROUPS, list(member_ids), period.ends_on - ONE_DAY):
        scopes[row["member_id"]]["group", row["group_id"]] = (_GROUP, 0)
    return {one: _chain(rules, scopes[one]) if one in concerned else () for one in member_ids}


def _chain(rules: RuleSet, scopes: Mapping[tuple[str, int], tuple[int, int]]) -> Chain:
    best: dict[str, tuple[tuple[int, int], ChainRule]] = {}
    for row, rule in rules.rules:
        rank = _rank(row, scopes)
        if rank is not None and (rule.key not in best or rank < best[rule.key][0]):
            best[rule.key] = (rank, rule)
    chosen = {id(rule) for _, rule in best.values()}
    return tuple(rule for rule in rules.chain if id(rule) in chosen)


def _rank(row: Mapping[str, Any], scopes: Mapping[tuple[str, int], tuple[int, int]]) -> tuple[int, int] | None:
    """How closely a rule is about a member, the closest being the lowest; None where it is not about him."""
    if row["unit_id"] is not None:
        return scopes.get(("unit", row["unit_id"]))
    if row["group_id"] is not None:
        return scopes.get(("group", row["group_id"]))
    return (_COMPANY, 0)
