"""Checks that nobody misses when they are taken away, each with the reason; the test compares the list."""

from __future__ import annotations

from typing import Final

Reasons = dict[str, dict[str, str]]
"""By module and check, why."""

_NOBODY: Final = "a service has no member, and an operator no company: what is asked beside it says no to them as well"
_STUMBLES: Final = "what comes after it cannot go on without it, and tells nothing"
_IN_SIGHT: Final = "it is asked of what is in sight alone, of a day on which nothing lay elsewhere"


def by_hand(package: str) -> str:
    """Of checks that the tests of a package need."""
    return f"another check says no here too, or nothing is there that it hides: see tests/integration/{package}"


NEEDLESS: Final[Reasons] = {
    "action_plans/commenting": {
        **dict.fromkeys(("comment_on_plan.apply: rights.is_own(plan.member_id)",), by_hand("action_plans")),
    },
    "action_plans/figures": {
        **dict.fromkeys(("figures_of_plans: sight.everything",), by_hand("action_plans")),
    },
    "action_plans/placing": {
        **dict.fromkeys(("planner: work.viewer.role is Role.SERVICE",), _NOBODY),
    },
    "activities/doers": {
        **dict.fromkeys(
            (
                "doer: viewer.role is Role.SERVICE",
                "seat: work.viewer.role is not Role.SERVICE",
            ),
            _NOBODY,
        ),
        **dict.fromkeys(("seat: member_id == work.viewer.member_id",), by_hand("activities")),
    },
    "activities/rights": {
        **dict.fromkeys(("ActivityRights.may_change: self.worked",), by_hand("activities")),
        **dict.fromkeys(("ActivityRights.may_change: self.worked (2)",), _STUMBLES),
    },
    "commands/customers": {
        **dict.fromkeys(("create_customer: require_seller(work.viewer, 'creating a customer')",), by_hand("funnels")),
    },
    "commands/forecasts": {
        **dict.fromkeys(("may_adjust: viewer.role is not Role.SERVICE",), _NOBODY),
    },
    "funnels/approving": {
        **dict.fromkeys(("approvable: viewer.role is Role.ADMIN",), by_hand("funnels")),
    },
    "incentives/budget_reports": {
        **dict.fromkeys(("_rows: reader.sight.everything",), by_hand("incentives")),
    },
    "incentives/deciders": {
        **dict.fromkeys(
            (
                "rights_on: viewer.role is Role.MEMBER",
                "_rights: viewer.is_admin",
                "_rights: sight.sees_member(dispute['member_id']) (2)",
                "_rights: viewer.is_admin (2)",
            ),
            by_hand("incentives"),
        ),
    },
    "incentives/disputes": {
        **dict.fromkeys(("may_contest: work.viewer.role is not Role.SERVICE",), _NOBODY),
        **dict.fromkeys(
            ("comment_on_dispute.apply: work.viewer.member_id == dispute['member_id']",), by_hand("incentives")
        ),
    },
    "incentives/duties": {
        **dict.fromkeys(("require_person: viewer.role is Role.SERVICE",), _NOBODY),
    },
    "incentives/what_if": {
        **dict.fromkeys(("ask_what_if: sight.units_with_figures",), by_hand("incentives")),
    },
    "leads/commands": {
        **dict.fromkeys(("_require_place: reach.positions (2)",), _STUMBLES),
    },
    "leads/permission": {
        **dict.fromkeys(("LeadReach.works: self.positions (2)",), _STUMBLES),
        **dict.fromkeys(("reach_of_positions: viewer.role is Role.SERVICE",), _NOBODY),
    },
    "leads/reads": {
        **dict.fromkeys(("_reach: reach.positions (2)",), _STUMBLES),
    },
    "organizations/sight": {
        **dict.fromkeys(
            (
                "Sight.rows_of_members: self.members_with_names",
                "Sight.positions_of: self.sees_member(member_id)",
            ),
            _IN_SIGHT,
        ),
    },
    "pool/explaining": {
        **dict.fromkeys(("explain_ownership: work.viewer.role is not Role.SERVICE",), _NOBODY),
    },
    "pool/giving": {
        **dict.fromkeys(
            (
                "_require_right: reach.works(owner)",
                "_require_right: reach.works_position(new.position_id)",
            ),
            by_hand("pool"),
        ),
    },
    "pool/handing_over": {
        **dict.fromkeys(("_hand_over_some: reach.works(record.owner)",), by_hand("pool")),
        **dict.fromkeys(("_may_move: reach.positions (2)",), _STUMBLES),
    },
    "pool/permission": {
        **dict.fromkeys(("PoolReach.works_position: self.positions (2)",), _STUMBLES),
    },
    "pool/records": {
        **dict.fromkeys(("shown: reach.manages(row['pool_id'])",), by_hand("pool")),
    },
    "pool/releasing": {
        **dict.fromkeys(
            (
                "release_records.apply: _require_works(reach, held)",
                "_require_works: reach.works(one.owner)",
            ),
            by_hand("pool"),
        ),
    },
    "pool/schedules": {
        **dict.fromkeys(("scheduled_by: viewer.role is Role.SERVICE",), _NOBODY),
    },
    "quotaloom_graphql/action_plan_loaders": {
        **dict.fromkeys(
            (
                "load_target_attainments: (await context.sight()).positions_of({one['member_id'] for …",
                "_comparable: await sees_drafts(context)",
                "load_member_figures: (await context.sight()).positions_of(keys)",
            ),
            by_hand("graph"),
        ),
    },
    "quotaloom_graphql/activity_loaders": {
        **dict.fromkeys(("my_tasks: viewer.role is Role.SERVICE",), _NOBODY),
    },
    "quotaloom_graphql/attainments": {
        **dict.fromkeys(("_member_attainments: sight.positions_of(keys)",), by_hand("graph")),
    },
    "quotaloom_graphql/commitment_loaders": {
        **dict.fromkeys(("_asked: await sees_drafts(context)",), by_hand("graph")),
    },
    "quotaloom_graphql/companies": {
        **dict.fromkeys(("load_root: sight.names_unit(row['id'])",), _IN_SIGHT),
    },
    "quotaloom_graphql/dispute_loaders": {
        **dict.fromkeys(("_judges: viewer.role is not Role.MEMBER",), by_hand("graph")),
    },
    "quotaloom_graphql/funnel_loaders": {
        **dict.fromkeys(("load_merged_customers: sight.units_with_figures",), by_hand("graph")),
    },
    "quotaloom_graphql/incentive_loaders": {
        **dict.fromkeys(("_told: (await info.context.sight()).everything",), by_hand("graph")),
    },
    "quotaloom_graphql/objective_loaders": {
        **dict.fromkeys(
            (
                "_seen.load: await sees_drafts(info.context)",
                "load_objectives_of_units: sight.names_unit(key)",
            ),
            _IN_SIGHT,
        ),
    },
    "quotaloom_graphql/organization_loaders": {
        **dict.fromkeys(
            (
                "_visible_names: (await info.context.sight()).named_units(keys)",
                "load_parent: sight.rows_of_units(await reads.parents(info.context.snapsh…",
                "load_ancestors: sight.rows_of_units(await reads.ancestors(info.context.snap…",
                "load_holders: sight.named_units(keys)",
                "load_holders: sight.rows_of_members(await reads.holders(info.context.snap…",
                "load_positions: sight.sees_member(key)",
                "load_positions: sight.rows_of_units(rows, 'position_id')",
                "load_headed_units: sight.rows_of_units(await reads.headed_units(info.context.s…",
                "load_member_rights: sight.sees_member(key)",
            ),
            _IN_SIGHT,
        ),
    },
    "quotaloom_graphql/organization_queries": {
        **dict.fromkeys(("_org_unit: sight.names_unit(found['id'])",), _IN_SIGHT),
    },
    "quotaloom_graphql/own_goal_loaders": {
        **dict.fromkeys(
            (
                "own_goal_rows: sight.sees_member(member_id)",
                "own_goal_rows: _may_see(sight, one)",
                "_may_see: sight.everything",
                "_may_see: goal.member_id == sight.member_id",
                "_may_see: goal.position_id in sight.led_unit_ids",
            ),
            _IN_SIGHT,
        ),
    },
    "quotaloom_graphql/policies": {
        **dict.fromkeys(("policy_rows: (await info.context.sight()).everything",), by_hand("graph")),
    },
    "quotaloom_graphql/policy_health": {
        **dict.fromkeys(("load_health: (await info.context.sight()).everything",), by_hand("graph")),
    },
    "quotaloom_graphql/pool_loaders": {
        **dict.fromkeys(
            (
                "all_pools_seen: reach.everything",
                "load_pools: reach.everything",
            ),
            by_hand("graph"),
        ),
    },
    "quotaloom_graphql/projections": {
        **dict.fromkeys(("_pipelines: sight.positions_of(subject_ids)",), by_hand("graph")),
    },
    "quotaloom_graphql/questions": {
        **dict.fromkeys(("plan_named: await sees_drafts(context)",), by_hand("graph")),
    },
    "quotaloom_graphql/reliefs": {
        **dict.fromkeys(("load_reliefs: sight.seen_units(keys)",), _IN_SIGHT),
    },
    "quotaloom_graphql/rights": {
        **dict.fromkeys(("load_viewer_rights: viewer.role is not Role.SERVICE",), _NOBODY),
    },
    "quotaloom_graphql/schedule_loaders": {
        **dict.fromkeys(("_seen: sight.sees_member(id_)",), _IN_SIGHT),
    },
    "quotaloom_graphql/score_values": {
        **dict.fromkeys(("_of_members: (await context.sight()).positions_of(keys)",), by_hand("graph")),
    },
    "quotaloom_graphql/subscriptions": {
        **dict.fromkeys(
            (
                "_seen: sight.seen_units(watcher.unit_ids)",
                "_seen: sight.seen_units(changed)",
            ),
            by_hand("graph"),
        ),
    },
    "quotaloom_graphql/target_warnings": {
        **dict.fromkeys(("_target_warnings: sight.everything",), by_hand("graph")),
    },
    "quotaloom_graphql/version_loaders": {
        **dict.fromkeys(("_seen: await sees_drafts(info.context)",), by_hand("graph")),
    },
    "reports/activity": {
        **dict.fromkeys(
            (
                "_facts: reader.sight.positions_of(ids)",
                "_plans: reader.sight.positions_of(ids)",
            ),
            by_hand("reports"),
        ),
    },
    "reports/figures": {
        **dict.fromkeys(("figures_by_subject: reader.sight.positions_of(ids)",), by_hand("reports")),
    },
    "reports/subjects": {
        **dict.fromkeys(
            (
                "subjects_of: reader.sight.names_unit(one.id)",
                "_members: reader.sight.sees_member(row['id'])",
            ),
            by_hand("reports"),
        ),
    },
    "reviews/closing": {
        **dict.fromkeys(("decide_appeal.attempt: _require_decider(held)",), by_hand("reviews")),
    },
    "reviews/follow_ups": {
        **dict.fromkeys(
            (
                "replace_follow_ups: await _require_objectives(transaction, work, follow_ups)",
                "settle_follow_up: held.rights.settle",
                "_require_plan: rights.sees(member_id, row['unit_id'])",
            ),
            by_hand("reviews"),
        ),
    },
    "reviews/people": {
        **dict.fromkeys(
            (
                "rights_on: scored_by(viewer, review)",
                "scored_by: review['reviewer_id'] == viewer.member_id",
            ),
            by_hand("reviews"),
        ),
    },
    "reviews/scoring": {
        **dict.fromkeys(
            (
                "score_review.attempt: _require_scorer(held)",
                "score_review.attempt.apply: _require_scorer(held)",
            ),
            by_hand("reviews"),
        ),
    },
    "targets/adopting": {
        **dict.fromkeys(
            (
                "_gather: require_subtree(right, gathered, adoption.unit_id)",
                "_gather: right.may_set(adoption.unit_id)",
            ),
            by_hand("targets"),
        ),
    },
    "targets/decomposing": {
        **dict.fromkeys(("_gather: require_subtree(right, gathered, request.unit_id)",), by_hand("targets")),
    },
    "targets/standing": {
        **dict.fromkeys(("submitted_by: submission['submitter_id'] == viewer.member_id",), by_hand("targets")),
    },
    "targets/submissions": {
        **dict.fromkeys(
            (
                "rights_on: right.may_set(submission['unit_id'])",
                "rights_on: right.may_split(submission['unit_id'])",
                "_own: submitted_by(viewer, submission)",
                "_own: sight.heads(submission['unit_id'])",
                "_require_right: right.may_split(unit_id)",
                "_require_right: _own(right.sight, viewer, submission)",
            ),
            by_hand("targets"),
        ),
    },
    "templates/gathering": {
        **dict.fromkeys(
            (
                "_paths: right.everywhere",
                "_paths: right.sight.names_unit(row['id'])",
            ),
            by_hand("importing"),
        ),
    },
}
"""Checks whose absence none of the questions shows."""
