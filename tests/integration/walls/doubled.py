"""Checks that nobody misses since another one says no as well: where that is gone too, the questions miss them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Double:
    """The other check, by module and name, and what stands in its place."""

    module: str
    name: str
    instead: str = "True"


DOUBLED: Final[dict[str, dict[str, Double]]] = {
    "organizations/sight": {
        "Sight.rows_of_members: self.members_with_names": Double(
            "quotaloom_graphql/organization_loaders", "load_holders: sight.named_units(keys)", "list(keys)"
        ),
    },
    "quotaloom_graphql/organization_loaders": {
        "load_holders: sight.named_units(keys)": Double(
            "organizations/sight", "Sight.rows_of_members: self.members_with_names", "None"
        ),
        "load_holders: sight.rows_of_members(await reads.holders(info.context.snap…": Double(
            "quotaloom_graphql/organization_loaders", "load_holders: sight.named_units(keys)", "list(keys)"
        ),
        "load_positions: sight.rows_of_units(rows, 'position_id')": Double(
            "quotaloom_graphql/organization_loaders", "load_positions: sight.sees_member(key)"
        ),
        "load_positions: sight.sees_member(key)": Double(
            "quotaloom_graphql/organization_loaders",
            "load_positions: sight.rows_of_units(rows, 'position_id')",
            "list(rows)",
        ),
    },
    "quotaloom_graphql/own_goal_loaders": {
        "_may_see: goal.member_id == sight.member_id": Double(
            "quotaloom_graphql/own_goal_loaders", "own_goal_rows: sight.sees_member(member_id)"
        ),
        "_may_see: goal.position_id in sight.led_unit_ids": Double(
            "quotaloom_graphql/own_goal_loaders", "own_goal_rows: sight.sees_member(member_id)"
        ),
        "_may_see: sight.everything": Double(
            "quotaloom_graphql/own_goal_loaders", "own_goal_rows: sight.sees_member(member_id)"
        ),
        "own_goal_rows: _may_see(sight, one)": Double(
            "quotaloom_graphql/own_goal_loaders", "own_goal_rows: sight.sees_member(member_id)"
        ),
        "own_goal_rows: sight.sees_member(member_id)": Double(
            "quotaloom_graphql/own_goal_loaders", "own_goal_rows: _may_see(sight, one)"
        ),
    },
    "reports/subjects": {
        "subjects_of: reader.sight.names_unit(one.id)": Double(
            "reports/subjects", "subjects_of: reader.sight.sees_unit(one.id)"
        ),
    },
    "reviews/closing": {
        "decide_appeal.attempt: _require_decider(held)": Double(
            "reviews/closing", "decide_appeal.attempt.apply: _require_decider(held)", "None"
        ),
    },
    "reviews/scoring": {
        "score_review.attempt.apply: _require_scorer(held)": Double(
            "reviews/scoring", "score_review.attempt: _require_scorer(held)", "None"
        ),
        "score_review.attempt: _require_scorer(held)": Double(
            "reviews/scoring", "score_review.attempt.apply: _require_scorer(held)", "None"
        ),
    },
}
"""By module and check."""
