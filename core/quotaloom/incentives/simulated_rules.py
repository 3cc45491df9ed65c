"""Rules as they would be: changes that are laid over those in force in a period, without being set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from asyncpg import Record

from quotaloom.calendars.periods import ONE_DAY, Period
from quotaloom.incentives.chains import ChainRule, RuleSet, load_rules
from quotaloom.incentives.rules import KIND, check_rule
from quotaloom.organizations.naming import checked_name
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.policies.settings import settings_in_force

MOST_CHANGES: Final = 50
"""How many rules one simulation may change."""


@dataclass(frozen=True, slots=True)
class SimulatedChange:
    """A rule that is added, or takes the place of that with its key for the same unit, group or company; or is removed.

    `policy` is the full key of an installed one; it need not be switched on. Without `parameters` those of the
    company's setting count, and the policy's own where there is none. Without `ordinal` and `title` those of the rule
    whose place it takes. What is removed names key and scope alone.
    """

    key: str
    policy: str | None = None
    parameters: Mapping[str, Any] | None = None
    title: str | None = None
    ordinal: int | None = None
    unit_id: int | None = None
    group_id: int | None = None
    remove: bool = False

    @property
    def scope(self) -> tuple[str, int | None, int | None]:
        """What tells rules apart: the key, and for whom."""
        return self.key, self.unit_id, self.group_id

    def to_json(self) -> dict[str, Any]:
        """What is stored of it."""
        return {
            "key": self.key,
            "policy": self.policy,
            "parameters": None if self.parameters is None else dict(self.parameters),
            "title": self.title,
            "ordinal": self.ordinal,
            "unit_id": self.unit_id,
            "group_id": self.group_id,
            "remove": self.remove,
        }


async def checked_changes(
    work: Work, host: PolicyHost, changes: Sequence[SimulatedChange], periods: Sequence[Period]
) -> list[SimulatedChange]:
    """The changes with their parameters as the policies accept them; what is wrong is told at its place.

    Raises `InputError` NO_CHANGES, TOO_MANY, SAME_RULE, BAD_KEY, BAD_NAME, BAD_ORDINAL, BAD_SCOPE, POLICY_MISSING,
    UNKNOWN_POLICY, INVALID_PARAMETERS, NOT_IN_FORCE for a rule that cannot be removed, POLICY_OFF and
    POLICY_UNAVAILABLE where the rules in force cannot be asked; `NotFound` for unit and group; `PolicyFailed`.
    """
    if not 1 <= len(changes) <= MOST_CHANGES:
        code = "TOO_MANY" if changes else "NO_CHANGES"
        raise InputError(code, f"name 1 to {MOST_CHANGES} rules that are to be others", ("changes",))
    for place, change in enumerate(changes):
        try:
            _check(change, changes[:place])
        except InputError as error:
            raise error.at("changes", place) from None
    async with work.snapshot() as snapshot:
        await _require_scopes(snapshot, changes)
        settings = [await _settings(snapshot, period) for period in periods]
        await _require_in_force(snapshot, host.registry, changes, periods)
    return [
        await _with_parameters(work, host, change, settings, ("changes", place)) for place, change in enumerate(changes)
    ]


def _check(change: SimulatedChange, before: Sequence[SimulatedChange]) -> None:
    check_rule(change.key, change.ordinal or 0, change.unit_id, change.group_id)
    checked_title(change.title)
    if any(change.scope == other.scope for other in before):
        raise InputError("SAME_RULE", "each rule is named once for a unit, a group or the company", ("key",))
    if not change.remove and change.policy is None:
        raise InputError("POLICY_MISSING", "name the policy of the rule, or say that the rule is removed", ("policy",))


def checked_title(title: str | None) -> str | None:
    """A title without surrounding spaces, if any is given; raises `InputError` BAD_NAME."""
    try:
        return None if title is None else checked_name(title)
    except InputError as error:
        raise InputError(error.code, error.message, ("title",)) from None


async def _require_scopes(snapshot: Snapshot, changes: Sequence[SimulatedChange]) -> None:
    units = {row["id"] for row in await snapshot.fetch(_UNITS, [one.unit_id for one in changes if one.unit_id])}
    groups = {row["id"] for row in await snapshot.fetch(_GROUPS, [one.group_id for one in changes if one.group_id])}
    for place, change in enumerate(changes):
        if change.unit_id is not None and change.unit_id not in units:
            raise NotFound("NOT_FOUND", "there is no such org unit", ("changes", place, "orgUnitId"))
        if change.group_id is not None and change.group_id not in groups:
            raise NotFound("NOT_FOUND", "there is no such group of members", ("changes", place, "groupId"))


_UNITS = "SELECT id FROM org_unit WHERE id = ANY ($1::bigint[])"
_GROUPS = "SELECT id FROM member_group WHERE id = ANY ($1::bigint[])"


async def _require_in_force(
    snapshot: Snapshot, registry: PolicyRegistry, changes: Sequence[SimulatedChange], periods: Sequence[Period]
) -> None:
    known: set[tuple[str, int | None, int | None]] = set()
    for period in periods:
        try:
            rules = await load_rules(snapshot, registry, period)
        except InputError as error:
            raise InputError(error.code, f"{period.label}: {error.message}", ("first",)) from None
        known.update(_scope(row) for row, _ in rules.rules)
    for place, change in enumerate(changes):
        if change.remove and change.scope not in known:
            message = f"no rule {change.key} of this scope is in force at the end of one of these periods"
            raise InputError("NOT_IN_FORCE", message, ("changes", place, "key"))


async def _with_parameters(
    work: Work,
    host: PolicyHost,
    change: SimulatedChange,
    settings: Sequence[Mapping[str, Record]],
    path: tuple[str | int, ...],
) -> SimulatedChange:
    if change.policy is None or change.remove:
        return replace(change, policy=None, parameters=None)
    policy = host.registry.get(change.policy, KIND, path=(*path, "policy"))
    given = change.parameters
    if given is None and all(change.policy in of_period for of_period in settings):
        return change
    at = (*path, "parameters")
    parameters = await host.valid_parameters(policy, given or {}, company_id=work.viewer.company_id, path=at)
    # Without parameters of its own it keeps to the company's setting, and what is found here stands in for none.
    return replace(change, parameters=parameters) if given is not None else change


@dataclass(frozen=True, slots=True)
class SimulatedPeriod:
    """A period with the rules that were in force at its end, and with those as they would be."""

    period: Period
    now: RuleSet
    then: RuleSet


async def simulated_periods(
    source: Snapshot | Transaction,
    registry: PolicyRegistry,
    periods: Sequence[Period],
    changes: Sequence[SimulatedChange],
) -> list[SimulatedPeriod]:
    """The rules of each period. Raises `InputError` POLICY_OFF and POLICY_UNAVAILABLE, naming the rule."""
    found = []
    for period in periods:
        now = await load_rules(source, registry, period)
        found.append(SimulatedPeriod(period, now, laid_over(now, changes, await _settings(source, period), registry)))
    return found


async def _settings(source: Snapshot | Transaction, period: Period) -> dict[str, Record]:
    return {row["policy"]: row for row in await settings_in_force(source, KIND, period.ends_on - ONE_DAY)}


def laid_over(
    rules: RuleSet, changes: Sequence[SimulatedChange], settings: Mapping[str, Record], registry: PolicyRegistry
) -> RuleSet:
    """The rules with the changes, in the order of asking. Raises `InputError` POLICY_UNAVAILABLE."""
    pairs = list(rules.rules)
    for change in changes:
        place = next((place for place, (row, _) in enumerate(pairs) if _scope(row) == change.scope), None)
        before = None if place is None else pairs.pop(place)
        if not change.remove:
            pair = _pair(change, before, settings, registry)
            kept = before is not None and before[0]["ordinal"] == pair[0]["ordinal"]
            pairs.insert(place if kept and place is not None else _place(pairs, pair[0]), pair)
    return RuleSet(pairs)


def _place(pairs: Sequence[tuple[Mapping[str, Any], ChainRule]], row: Mapping[str, Any]) -> int:
    wanted = (row["ordinal"], row["key"])
    later = (place for place, (other, _) in enumerate(pairs) if (other["ordinal"], other["key"]) > wanted)
    return next(later, len(pairs))


def _scope(row: Mapping[str, Any]) -> tuple[str, int | None, int | None]:
    return row["key"], row["unit_id"], row["group_id"]


def _pair(
    change: SimulatedChange,
    before: tuple[Mapping[str, Any], ChainRule] | None,
    settings: Mapping[str, Record],
    registry: PolicyRegistry,
) -> tuple[Mapping[str, Any], ChainRule]:
    assert change.policy is not None
    policy, setting = registry.get(change.policy, KIND), settings.get(change.policy)
    of_setting = change.parameters is None and setting is not None
    title = change.title or (policy.descriptor.title if before is None else before[1].title)
    rule = ChainRule(
        key=change.key,
        title=title,
        policy=change.policy,
        parameters=orjson.loads(setting["parameters"]) if of_setting and setting else dict(change.parameters or {}),
        plugin_version=setting["plugin_version"] if of_setting and setting else policy.plugin.version or "",
    )
    rule.selected(registry)
    ordinal = change.ordinal if change.ordinal is not None else 0 if before is None else before[0]["ordinal"]
    return {"key": change.key, "unit_id": change.unit_id, "group_id": change.group_id, "ordinal": ordinal}, rule
