"""Events as the product publishes them, generated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from quotaloom_sdk.listening import Event
from quotaloom_sdk.testing.conformance.requests import NONE_YET
from quotaloom_sdk.testing.conformance.values import LARGEST, currencies, days, ids, instants, keys

_ROW = ("id",)

PAYLOADS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "achievement.posted": ("ids",),
        "achievement.reversed": ("id", "reverses"),
        "action_item.cancelled": ("id", "plan"),
        "action_item.changed": ("id", "plan"),
        "action_item.done": ("id", "plan"),
        "action_item.removed": ("id", "plan"),
        "action_item.reopened": ("id", "plan"),
        "action_items.added": ("plan", "ids"),
        "action_items.carried_over": ("plan", "ids"),
        "action_plan.agreed": _ROW,
        "action_plan.changed": _ROW,
        "action_plan.closed": _ROW,
        "action_plan.commented": _ROW,
        "action_plan.created": _ROW,
        "action_plan.returned": _ROW,
        "action_plan.submitted": _ROW,
        "activity.cancelled": _ROW,
        "activity.changed": _ROW,
        "activity.done": _ROW,
        "activity.planned": _ROW,
        "attribute.archived": ("id", "on", "key"),
        "attribute.defined": ("id", "on", "key"),
        "attribute.restored": ("id", "on", "key"),
        "attributes.set": ("on", "id", "keys"),
        "calendar.changed": (),
        "comment.added": ("id", "plan", "unit"),
        "comment.reopened": ("id", "plan", "unit"),
        "comment.resolved": ("id", "plan", "unit"),
        "commitments.called": ("plan",),
        "company.created": _ROW,
        "company.updated": _ROW,
        "customer.created": _ROW,
        "customer.merged": ("id", "merged"),
        "customer.updated": _ROW,
        "customer_level.defined": ("id", "key"),
        "customer_level.updated": _ROW,
        "customer_levels.ordered": (),
        "dispute.commented": _ROW,
        "dispute.granted": _ROW,
        "dispute.opened": _ROW,
        "dispute.refused": _ROW,
        "dispute.withdrawn": _ROW,
        "duplicate_rule.set": ("subject",),
        "deal_review.followed_up": ("id", "opportunity"),
        "deal_review.held": ("id", "opportunity"),
        "exchange_rate.set": ("id", "currency", "kind"),
        "focus.set": ("on", "id", "period"),
        "forecast.adjusted": ("unit", "funnel"),
        "funnel.close_reasons_set": _ROW,
        "funnel.created": _ROW,
        "funnel.deals_moved": ("id", "version"),
        "funnel.revised": ("id", "version"),
        "headship.created": _ROW,
        "headship.ended": ("id", "on"),
        "holding.created": _ROW,
        "holding.ended": ("id", "on"),
        "job.dismissed": _ROW,
        "job.retried": _ROW,
        "incentive_budget.set": ("id", "unit", "period"),
        "incentive_rule.ended": ("id", "key"),
        "incentive_rule.set": ("id", "key"),
        "incentive_run.approved": _ROW,
        "incentive_run.cancelled": _ROW,
        "incentive_run.computed": _ROW,
        "incentive_run.failed": _ROW,
        "incentive_run.paid": _ROW,
        "incentive_run.returned": _ROW,
        "incentive_run.reviewed": _ROW,
        "incentive_run.started": _ROW,
        "incentive_simulation.finished": _ROW,
        "incentive_simulation.removed": _ROW,
        "incentive_simulation.started": _ROW,
        "lead.converted": ("id", "customer_id", "opportunity_id"),
        "lead.created": _ROW,
        "lead.invalid": _ROW,
        "lead.merged": ("id", "merged"),
        "lead.reopened": _ROW,
        "lead.updated": _ROW,
        "api_key.created": _ROW,
        "api_key.revoked": _ROW,
        "member.absence_ended": _ROW,
        "member.absence_noted": _ROW,
        "member.created": _ROW,
        "member.hours_set": _ROW,
        "member.left": ("id", "on"),
        "member.linked": _ROW,
        "member.unlinked": _ROW,
        "member.returned": _ROW,
        "member.updated": _ROW,
        "member_group.created": _ROW,
        "member_group.members_changed": _ROW,
        "member_group.updated": _ROW,
        "metric.defined": ("id", "key"),
        "metric.updated": _ROW,
        "objective.archived": _ROW,
        "objective.created": _ROW,
        "objective.restored": _ROW,
        "objective.updated": _ROW,
        "opportunity.created": _ROW,
        "opportunity.document_added": _ROW,
        "opportunity.document_removed": _ROW,
        "opportunity.invalidated": ("id", "stage_id"),
        "opportunity.lost": ("id", "stage_id"),
        "opportunity.moved": ("id", "stage_id"),
        "opportunity.reopened": ("id", "stage_id"),
        "opportunity.stage_decided": ("id", "stage_id"),
        "opportunity.transferred": _ROW,
        "opportunity.updated": _ROW,
        "opportunity.won": ("id", "stage_id"),
        "own_goal.set": ("plan", "member", "position"),
        "plan.attached": ("id", "objective"),
        "plan.closed": _ROW,
        "plan.created": _ROW,
        "plan.published": ("id", "version"),
        "plan.reopened": _ROW,
        "plan.revised": ("id", "version"),
        "policy.switched": ("policy", "active", "revision"),
        "pool.closed": _ROW,
        "pool.created": _ROW,
        "pool.opened": _ROW,
        "pool.opted_out": ("id", "member"),
        "pool.updated": _ROW,
        "pool_rule.archived": _ROW,
        "pool_rule.created": _ROW,
        "pool_rule.paused": _ROW,
        "pool_rule.restored": _ROW,
        "pool_rule.started": _ROW,
        "pool_rule.updated": _ROW,
        "product.defined": ("id", "key"),
        "product.updated": _ROW,
        "records.exempted": ("exempt", "leads", "customers", "opportunities"),
        "records.moved": ("movement", "leads", "customers", "opportunities"),
        "relief.granted": ("id", "position"),
        "relief.revoked": ("id", "position"),
        "review.follow_up_planned": ("id", "follow_up"),
        "review.follow_up_settled": ("id", "follow_up"),
        "review.moved": ("id", "cycle", "action", "step"),
        "review.saved": ("id", "cycle"),
        "review_cycle.filed": _ROW,
        "review_cycle.opened": ("id", "form", "period"),
        "review_form.archived": ("id", "archived"),
        "review_form.created": ("id", "key"),
        "review_form.revised": _ROW,
        "scenario.added": ("plan", "version"),
        "scenario.adopted": ("plan", "version"),
        "scenario.dropped": ("plan", "version"),
        "score.defined": ("id", "key"),
        "score.updated": _ROW,
        "statement.paid": ("id", "run", "member"),
        "targets.approved": ("id", "plan", "unit"),
        "targets.changed": ("plan", "units"),
        "targets.committed": ("plan", "unit"),
        "targets.returned": ("id", "plan", "unit"),
        "targets.submitted": ("id", "plan", "unit"),
        "targets.withdrawn": ("id", "plan", "unit"),
        "unit.closed": ("id", "on"),
        "unit.created": _ROW,
        "unit.moved": ("id", "parent_id", "on"),
        "unit.renamed": _ROW,
        "unit.reopened": _ROW,
        "worksheet.set": ("plan", "unit"),
    }
)
"""The topics that are published, and what the payload of each has."""

_NUMBER = st.one_of(st.integers(1, 99), st.integers(1, LARGEST))
_NUMBERS = st.lists(_NUMBER, min_size=1, max_size=3, unique=True)
_IDS_OF_A_KIND = st.lists(_NUMBER, max_size=3, unique=True)
_SUBJECTS = st.sampled_from(("unit", "member", "customer", "opportunity"))
_VALUES: Mapping[str, SearchStrategy[Any]] = {
    "action": st.sampled_from(("self_scored", "scored", "confirmed", "appealed", "filed")),
    "active": st.booleans(),
    "archived": st.booleans(),
    "currency": currencies,
    "customer_id": st.none() | _NUMBER,
    "opportunity_id": st.none() | _NUMBER,
    "customers": _IDS_OF_A_KIND,
    "exempt": st.booleans(),
    "ids": _NUMBERS,
    "key": keys,
    "keys": st.lists(keys, min_size=1, max_size=3, unique=True),
    "kind": st.sampled_from(("plan", "booking")),
    "leads": _IDS_OF_A_KIND,
    "merged": _NUMBERS,
    "movement": st.sampled_from(("claim", "assign", "release", "recycle", "transfer", "handover")),
    "objective": st.none() | _NUMBER,
    "on": days.map(lambda day: day.isoformat()),
    "opportunities": _IDS_OF_A_KIND,
    "period": st.builds("{}-Q{}".format, st.integers(1990, 2100), st.integers(1, 4)),
    "policy": st.sampled_from(("allocation.even", "acme.by_year")),
    "step": st.sampled_from(("self", "manager", "confirmation", "appeal", "decision", "calibration", "filed")),
    "subject": st.sampled_from(("lead", "customer")),
    "units": _NUMBERS,
}


def events(topics: tuple[str, ...]) -> SearchStrategy[Event[Any]]:
    """Events of those topics, all of which are published, with what the payload of each has."""
    return st.sampled_from(topics).flatmap(_of_topic)


def _of_topic(topic: str) -> SearchStrategy[Event[Any]]:
    fields = {name: _VALUES.get(name, _NUMBER) for name in PAYLOADS[topic]}
    if topic.startswith("attribute") and "on" in fields:
        fields["on"] = _SUBJECTS
    if topic.startswith("focus"):
        fields["on"] = st.sampled_from(("plan", "objective"))
    payload = st.fixed_dictionaries(fields).map(json.dumps)
    return st.builds(Event, ids, st.just(topic), instants, payload, st.just(NONE_YET))
