"""Checks and filters that no question and no test misses when they are taken away, each with the reason."""

from __future__ import annotations

from typing import Final

Reasons = dict[str, dict[str, str]]
"""By module and check, or by the function that sends the statement and filter: why."""

_NO_MEMBER: Final = (
    "`open_request` gives a service no member: what is compared or looked up by `member_id` says no as well"
)
_SPARES: Final = "it spares a statement: admins are answered before, and whoever is no member heads nothing"
_FOUND_BY_SIGHT: Final = (
    "disputes are read and held (`hold_dispute`) by the sight: there is none of a member whom he does not see"
)
_SCORERS_PLAN: Final = "whoever scores heads a unit, and so sees drafts, or sees everything and is not asked"
_ALL_OR_NOTHING: Final = (
    "whoever appoints is an admin or a service, which sees positions and members alike: all of them or none"
)
_HELD_IS_WORKED: Final = "`PoolReach.sees` shows a record that somebody holds to those alone who work it"
_NO_FIGURES: Final = (
    "figures were read of those in sight alone (`Sight.positions_of`): for others there are none to show, and it fails"
)
_NONE_IS_ALL: Final = "it tells the set from None, which stands for everything and was answered above with yes"
_LEADERS_MAY_MORE: Final = "who leads a unit may do all in it that its holder may: `may_plan` says yes beside it"
_ENDS: Final = (
    "it ends a subscription of which nothing is seen any more; what has changed is left out beside it (`changed`)"
)
_ENTRIES_TOO: Final = "the filter of the entries beside it leaves the same out: this one spares to look for them"
_READ_AGAIN: Final = (
    "`reviews_by_id` reads the rows with the same filter: without this one there are none to show, and it fails"
)
_DISPUTES_TOO: Final = "it finds whose runs are disputed; the disputes are read with the same filter"
_WAITS_FOR: Final = "of the reviews that are found those alone are told which wait for the viewer himself (`waits_for`)"
_SUMMED: Final = "it finds which deals were promised; those that are summed go through the same filter"
_HANDED_IN: Final = "what is planned in an action plan was handed in (`plan_follow_up`): no draft is found by its plans"
_BETWEEN: Final = (
    "whoever is no admin was refused before (`once` as well): it is for whoever ceases to be one meanwhile"
)

NEEDLESS: Final[Reasons] = {
    "action_plans/placing": {
        "planner: work.viewer.role is Role.SERVICE": _NO_MEMBER,
    },
    "activities/doers": {
        "doer: viewer.role is Role.SERVICE": _NO_MEMBER,
        "seat: work.viewer.role is not Role.SERVICE": _NO_MEMBER,
    },
    "activities/rights": {
        "ActivityRights.may_change: self.worked": _NONE_IS_ALL,
    },
    "incentives/deciders": {
        "_rights: sight.sees_member(dispute['member_id'])": _FOUND_BY_SIGHT,
        "rights_on: viewer.role is Role.MEMBER": _SPARES,
    },
    "incentives/disputes": {
        "may_contest: work.viewer.role is not Role.SERVICE": _NO_MEMBER,
    },
    "organizations/sight": {
        "Sight.holds: unit_id not in self.led_unit_ids": _LEADERS_MAY_MORE,
    },
    "pool/explaining": {
        "explain_ownership: work.viewer.role is not Role.SERVICE": _NO_MEMBER,
    },
    "pool/schedules": {
        "scheduled_by: viewer.role is Role.SERVICE": _NO_MEMBER,
    },
    "quotaloom_graphql/activity_loaders": {
        "my_tasks: viewer.role is Role.SERVICE": _NO_MEMBER,
    },
    "quotaloom_graphql/api_keys": {
        "_load_keys: (await info.context.work()).viewer.is_admin": _BETWEEN,
    },
    "quotaloom_graphql/dispute_loaders": {
        "_judges: viewer.role is not Role.MEMBER": _SPARES,
    },
    "quotaloom_graphql/member_links": {
        "_load_links: (await info.context.work()).viewer.is_admin": _BETWEEN,
    },
    "quotaloom_graphql/organization_loaders": {
        "load_holdings: sight.rows_of_members(rows)": _ALL_OR_NOTHING,
        "load_holdings: sight.rows_of_units(await reads.holdings_by_id(info.context…": _ALL_OR_NOTHING,
    },
    "quotaloom_graphql/pool_loaders": {
        "load_record_rights: reach.works(owner)": _HELD_IS_WORKED,
    },
    "quotaloom_graphql/rankings": {
        "resolve_rankings: sight.sees_member(row['member_id'])": _NO_FIGURES,
    },
    "quotaloom_graphql/rights": {
        "load_viewer_rights: viewer.role is not Role.SERVICE": _NO_MEMBER,
    },
    "quotaloom_graphql/subscriptions": {
        "_seen: sight.seen_units(watcher.unit_ids)": _ENDS,
    },
    "reports/subjects": {
        "_members: reader.sight.sees_member(row['id'])": _NO_FIGURES,
    },
    "reviews/follow_ups": {
        "_require_objectives: sight.plans": _SCORERS_PLAN,
    },
}
"""Checks."""

FILTERS: Final[Reasons] = {
    "quotaloom.achievements.figure_entries.count_figure_entries": {
        "($8::bigint[] IS NULL OR balance.position_id = ANY($8))": _ENTRIES_TOO,
    },
    "quotaloom.achievements.figure_entries.figure_entries": {
        "($8::bigint[] IS NULL OR balance.position_id = ANY($8))": _ENTRIES_TOO,
    },
    "quotaloom.funnels.figures.slipping.pushed": {
        "deal.position_id = ANY ($10::bigint[]) (2)": _SUMMED,
    },
    "quotaloom.incentives.dispute_reads.judges_of_open": {
        "($1::bigint[] IS NULL OR dispute.member_id = ANY ($1))": _DISPUTES_TOO,
    },
    "quotaloom.reviews.reads.follow_ups_of_plans": {
        "review.member_id IS NOT DISTINCT FROM $2::bigint": _HANDED_IN,
    },
    "quotaloom.reviews.reads.reviews_page": {
        "($3::bool OR member_id = $2 OR position_id = ANY ($4::bigin…": _READ_AGAIN,
    },
    "quotaloom.reviews.reads.waiting_for": {
        "($3::bool OR member_id = $2 OR position_id = ANY ($4::bigin…": _WAITS_FOR,
    },
}
"""Filters."""
