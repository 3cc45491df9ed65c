"""Walls that can be taken away without an answer showing it, each with the reason; tests compare the lists."""

from __future__ import annotations

from typing import Final

_TWICE: Final = "the queries behind the graph name the company too, or join what is the company's: a second wall"
_UNREAD: Final = "no answer reads it"
_FIRST: Final = "whoever reads it takes the first row, which is the stranger's: it has no canaries"

SEEN_BY_PROBE: Final[dict[str, str]] = {
    **dict.fromkeys(("claim_request", "listener_position", "outbox_event", "pool_memory"), _UNREAD),
    **dict.fromkeys(("browser_session", "kept_answer"), _UNREAD),
    "company": _FIRST,
    **dict.fromkeys(
        (
            "absence",
            "action_item",
            "action_plan",
            "action_plan_comment",
            "action_plan_entry",
            "activity",
        ),
        _TWICE,
    ),
    **dict.fromkeys(
        (
            "attribute_choice",
            "attribute_definition",
            "attribute_value",
            "close_reason",
            "customer",
        ),
        _TWICE,
    ),
    **dict.fromkeys(
        (
            "customer_level",
            "deal_review",
            "decomposition",
            "dispute",
            "duplicate_rule",
            "exchange_rate",
        ),
        _TWICE,
    ),
    **dict.fromkeys(
        (
            "forecast_adjustment",
            "funnel",
            "funnel_version",
            "group_membership",
            "headship",
            "holding",
        ),
        _TWICE,
    ),
    **dict.fromkeys(
        (
            "incentive_budget",
            "incentive_run",
            "incentive_run_member",
            "lead",
            "metric",
            "opportunity",
        ),
        _TWICE,
    ),
    **dict.fromkeys(
        (
            "opportunity_document",
            "opportunity_line",
            "opportunity_split",
            "ownership",
            "ownership_entry",
        ),
        _TWICE,
    ),
    **dict.fromkeys(
        (
            "placement",
            "plan",
            "plan_version",
            "pool",
            "pool_admin",
            "pool_member",
            "pool_rule",
            "pool_turn",
        ),
        _TWICE,
    ),
    **dict.fromkeys(
        (
            "quarter_focus",
            "quota_relief",
            "review",
            "review_cycle",
            "review_follow_up",
            "review_form",
        ),
        _TWICE,
    ),
    **dict.fromkeys(
        (
            "review_form_version",
            "review_part",
            "review_score",
            "review_step",
            "score_component",
            "stage",
        ),
        _TWICE,
    ),
    **dict.fromkeys(
        (
            "stage_approval",
            "stage_move",
            "stage_standard",
            "submission",
            "unit_path",
            "working_hours",
        ),
        _TWICE,
    ),
}
"""Tables whose rows of other companies no answer shows, though a query of its own finds them."""
