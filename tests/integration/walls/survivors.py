"""Tables of which no answer shows a canary when their policy alone is gone; tests compare the lists.

A question through the graph shows each of them all the same, but for those of `UNSEEN`.
"""

from __future__ import annotations

from typing import Final

OTHERWISE: Final = frozenset(
    {
        "browser_session",
        "company",
        "exchange_rate",
        "incentive_run_member",
        "plan",
        "score_component",
        "unit_path",
    }
)
"""Rows of others change an answer, and nothing planted is in it.

There are more of something, figures are others, or somebody is refused or let in who was not before. What is read of
such a row without naming the company is a share, a day, a number or that there is one; or the first of several rows is
taken, which is the stranger's.
"""

DOUBLED: Final = frozenset(
    {
        "absence",
        "action_item",
        "action_plan",
        "action_plan_comment",
        "action_plan_entry",
        "activity",
        "attribute_choice",
        "attribute_definition",
        "attribute_value",
        "claim_request",
        "close_reason",
        "customer",
        "customer_level",
        "deal_review",
        "dispute",
        "duplicate_rule",
        "forecast_adjustment",
        "funnel",
        "funnel_version",
        "group_membership",
        "kept_answer",
        "lead",
        "opportunity",
        "opportunity_document",
        "opportunity_line",
        "opportunity_split",
        "ownership",
        "ownership_entry",
        "placement",
        "plan_version",
        "pool",
        "pool_admin",
        "pool_member",
        "pool_rule",
        "pool_turn",
        "quarter_focus",
        "review",
        "review_cycle",
        "review_follow_up",
        "review_form",
        "review_form_version",
        "review_part",
        "review_score",
        "review_step",
        "stage",
        "stage_approval",
        "stage_move",
        "stage_standard",
        "working_hours",
    }
)
"""Nothing shows as long as the statements name the company, or join what is the company's: a second wall.

By statements that name no company, answers show canaries, or are otherwise. So the policy is a wall of its own, and
would be the only one where somebody forgets the other.
"""

_DELIVERING: Final = (
    "a job alone reads it, which brings events to listeners, and names the company: no query or mutation asks for it"
)

UNSEEN: Final[dict[str, str]] = {
    "listener_position": _DELIVERING,
    "outbox_event": _DELIVERING,
    "pool_memory": "what a policy remembers of a pool is given to the same policy alone, and told to nobody",
}
"""No question shows it, each for the reason: that its rows are found by a statement of the test has to do."""
