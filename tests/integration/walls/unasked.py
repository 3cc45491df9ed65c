"""Checks to which none of the questions comes, each with the reason; the test compares the list."""

from __future__ import annotations

from typing import Final

from tests.integration.walls.surviving import Reasons

_PLUGINS: Final = "fields of plugins ask it: see tests/integration/graph/test_plugin_fields.py"
_OVER_HTTP: Final = "it is asked over HTTP or on the command line"


def _beyond(package: str) -> str:
    return f"these questions end before they come to it: see tests/integration/{package}"


UNASKED: Final[Reasons] = {
    "action_plans/lifecycle": {
        **dict.fromkeys(("return_plan.apply: rights.is_own(plan.member_id)",), _beyond("action_plans")),
    },
    "action_plans/serving": {
        **dict.fromkeys(
            (
                "served_target: await _require_plan(transaction, rights, given.plan_id, met…",
                "served_target: await _require_objective(transaction, work, rights, given.o…",
                "_require_plan: rights.sight.plans",
                "_require_objective: rights.sight.units_with_names",
                "_require_objective: rights.sight.plans",
            ),
            _beyond("action_plans"),
        ),
    },
    "activities/rights": {
        **dict.fromkeys(("ActivityRights._leads: self.sight.sees_member(member_id)",), _beyond("activities")),
    },
    "commands/members": {
        **dict.fromkeys(
            (
                "create_member: work.viewer.require_admin('entering an admin')",
                "update_member: work.viewer.require_admin('changing a role')",
                "update_member.apply: await _require_admin_for_admins(transaction, work, member_i…",
                "leave.apply: await _require_admin_for_admins(transaction, work, member_i…",
                "leave.apply: await require_admin_for_heads_of_root(transaction, work, me…",
                "rejoin.apply: await _require_admin_for_admins(transaction, work, member_i…",
                "_require_admin_for_admins: work.viewer.require_admin('changing an admin')",
            ),
            _beyond("organizations"),
        ),
    },
    "commands/terms": {
        **dict.fromkeys(
            (
                "_appoint.apply: await _require_admin_for_root(transaction, work, term.unit_…",
                "_end.apply: await _require_admin_for_root(transaction, work, await _uni…",
                "require_admin_for_heads_of_root: await _require_admin_for_root(transaction, work, None if ro…",
                "_require_admin_for_root: work.viewer.require_admin('appointing or ending the head of…",
            ),
            _beyond("organizations"),
        ),
    },
    "incentives/deciders": {
        **dict.fromkeys(("_rights: sight.sees_member(dispute['member_id'])",), _beyond("incentives")),
    },
    "incentives/disputes": {
        **dict.fromkeys(("decide_dispute.apply: rights.decide",), _beyond("incentives")),
    },
    "incentives/duties": {
        **dict.fromkeys(
            (
                "_duties: _took_one(viewer, steps, ('start', 'compute'), ('review',))",
                "_duties: _took_one(viewer, steps, (), ('approve',))",
                "_took_one: _took(viewer, step)",
                "_took: step['actor_member_id'] == viewer.member_id",
            ),
            _beyond("incentives"),
        ),
    },
    "incentives/entry_rows": {
        **dict.fromkeys(
            (
                "entries_told: sight.everything",
                "entries_told: row['member_id'] == sight.member_id",
            ),
            _OVER_HTTP,
        ),
    },
    "incentives/statement_files": {
        **dict.fromkeys(("seen_by: sight.everything",), _OVER_HTTP),
    },
    "leads/attributes": {
        **dict.fromkeys(
            (
                "_require: viewer.require(Scope.ORGANIZATION, doing)",
                "_seen: work.viewer.may(Scope.ORGANIZATION)",
                "_seen: work.viewer.may(Scope.FUNNELS)",
                "_seen: sight.units_with_figures",
                "_seen: sight.names_unit(id)",
                "_seen: sight.names_member(id)",
            ),
            _beyond("leads"),
        ),
    },
    "leads/commands": {
        **dict.fromkeys(("_require_place: reach.puts_into(lead.pool_id)",), _beyond("leads")),
    },
    "leads/permission": {
        **dict.fromkeys(
            (
                "LeadReach.works: owner.pool_id in self.administered",
                "LeadReach.sees: owner.pool_id in self.joined",
                "LeadReach.puts_into: self.positions",
                "LeadReach.puts_into: pool_id in self.joined",
                "LeadReach.puts_into: pool_id in self.administered",
            ),
            _beyond("leads"),
        ),
    },
    "organizations/sight": {
        **dict.fromkeys(("Sight.holds: unit_id not in self.led_unit_ids",), _beyond("organizations")),
    },
    "platform/kept_answers": {
        **dict.fromkeys(("answers_to: viewer.role is Role.OPERATOR",), _beyond("platform")),
    },
    "policies/trials": {
        **dict.fromkeys(("select_for_trial: work.viewer.require(Scope.READ, 'trying a policy')",), _beyond("policies")),
    },
    "pool/explaining": {
        **dict.fromkeys(("_refusals: owner.pool_id not in reach.joined",), _beyond("pool")),
    },
    "pool/handing_over": {
        **dict.fromkeys(
            (
                "_into: reach.manages(pool_id)",
                "_target: reach.manages(pool_id)",
                "_target: pool_id in reach.joined",
                "_require_say: reach.everything",
            ),
            _beyond("pool"),
        ),
    },
    "pool/records": {
        **dict.fromkeys(("records_by_name: reach.sees(_owner(row))",), _beyond("pool")),
    },
    "pool/releasing": {
        **dict.fromkeys(
            (
                "release_records.apply: reach.manages(pool_id)",
                "release_records.apply: pool_id in reach.joined",
            ),
            _beyond("pool"),
        ),
    },
    "quotaloom_graphql/decompositions": {
        **dict.fromkeys(
            (
                "load_decompositions: sight.everything",
                "load_decompositions: row['unit_id'] in sight.led_unit_ids",
            ),
            _beyond("graph"),
        ),
    },
    "quotaloom_graphql/incentive_loaders": {
        **dict.fromkeys(("load_run_rights: viewer.role is not Role.SERVICE",), _beyond("graph")),
    },
    "quotaloom_graphql/organization_loaders": {
        **dict.fromkeys(
            (
                "load_holdings: sight.rows_of_units(await reads.holdings_by_id(info.context…",
                "load_holdings: sight.rows_of_members(rows)",
                "load_headships: sight.rows_of_units(await reads.headships_by_id(info.contex…",
            ),
            _beyond("graph"),
        ),
    },
    "quotaloom_graphql/plugin_reader": {
        **dict.fromkeys(
            (
                "SightedReader.units: self._sight.names_unit",
                "SightedReader.units: self._sight.seen_units((row['id'] for row in rows))",
                "SightedReader.members: self._sight.names_member",
                "SightedReader.members: self._sight.sees_member(row['id'])",
                "SightedReader.members: self._sight.names_unit(row['position_id'])",
                "SightedReader.customers: self._sight.units_with_figures",
                "SightedReader.opportunities: self._sight.units_with_figures",
                "SightedReader.unit_lines: self._sight.sees_unit",
                "SightedReader.member_lines: self._sight.sees_member",
                "SightedReader.member_lines: self._sight.positions_of(wanted)",
            ),
            _PLUGINS,
        ),
    },
    "quotaloom_graphql/pool_loaders": {
        **dict.fromkeys(
            (
                "load_opted_out: sight.sees_member(row['id'])",
                "load_record_rights: reach.works(owner)",
            ),
            _beyond("graph"),
        ),
    },
    "quotaloom_graphql/projections": {
        **dict.fromkeys(("_pipelines: sight.seen_units(subject_ids)",), _beyond("graph")),
    },
    "quotaloom_graphql/ranking_loaders": {
        **dict.fromkeys(
            (
                "within_sight: sight.everything",
                "within_sight: sight.positions_of([row['member_id'] for row in rows])",
            ),
            _beyond("graph"),
        ),
    },
    "quotaloom_graphql/rankings": {
        **dict.fromkeys(("resolve_rankings: sight.sees_member(row['member_id'])",), _beyond("graph")),
    },
    "reports/requests": {
        **dict.fromkeys(
            (
                "reader_of: work.viewer.role is Role.SERVICE",
                "reader_of: work.viewer.require(Scope.READ, 'reading reports')",
            ),
            _OVER_HTTP,
        ),
    },
    "reviews/closing": {
        **dict.fromkeys(
            (
                "appeal_review.apply: held.rights.appeal",
                "decide_appeal.attempt.apply: _require_decider(held)",
            ),
            _beyond("reviews"),
        ),
    },
    "reviews/follow_ups": {
        **dict.fromkeys(
            (
                "_require_objectives: sight.units_with_names",
                "_require_objectives: sight.units_with_names (2)",
                "_require_objectives: sight.plans",
                "_find: held.row['member_id'] != work.viewer.member_id",
            ),
            _beyond("reviews"),
        ),
    },
    "targets/along_products": {
        **dict.fromkeys(("_gather: right.may_set(unit_id)",), _beyond("targets")),
    },
    "targets/comments": {
        **dict.fromkeys(
            (
                "may_comment: sight.holds(unit_id)",
                "may_resolve: comment['author_id'] == viewer.member_id",
            ),
            _beyond("targets"),
        ),
    },
    "targets/decomposing": {
        **dict.fromkeys(("_require_right: right.may_split(request.unit_id)",), _beyond("targets")),
    },
    "targets/own_goals": {
        **dict.fromkeys(("_wanted: sight.names_unit(position_id)",), _beyond("targets")),
    },
    "targets/plans": {
        **dict.fromkeys(
            ("publish_plan.apply: await require_approval(transaction, work.viewer, draft)",), _beyond("targets")
        ),
    },
    "targets/standing": {
        **dict.fromkeys(("require_approval: submitted_by(viewer, row)",), _beyond("targets")),
    },
    "targets/submissions": {
        **dict.fromkeys(
            (
                "rights_on: _own(right.sight, viewer, submission)",
                "_require_right: right.may_set(unit_id)",
            ),
            _beyond("targets"),
        ),
    },
    "templates/commands": {
        **dict.fromkeys(
            (
                "export_targets: work.viewer.role is Role.SERVICE",
                "export_targets: work.viewer.require(Scope.READ, 'exporting targets')",
            ),
            _OVER_HTTP,
        ),
    },
}
"""By module and check."""
