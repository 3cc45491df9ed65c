"""Filters that nobody misses when they are taken away, each with the reason; the test compares the list."""

from __future__ import annotations

from typing import Final

from tests.integration.walls.surviving import Reasons, by_hand

FILTERS: Final[Reasons] = {
    "quotaloom.achievements.figure_entries.count_figure_entries": dict.fromkeys(
        (
            "($6::bigint[] IS NULL OR entry.position_id = ANY($6) OR ent…",
            "($8::bigint[] IS NULL OR balance.position_id = ANY($8))",
        ),
        by_hand("achievements"),
    ),
    "quotaloom.achievements.figure_entries.figure_entries": dict.fromkeys(
        (
            "($6::bigint[] IS NULL OR entry.position_id = ANY($6) OR ent…",
            "($8::bigint[] IS NULL OR balance.position_id = ANY($8))",
        ),
        by_hand("achievements"),
    ),
    "quotaloom.achievements.rollups.achieved_by_member": dict.fromkeys(
        ("($6::bigint[] IS NULL OR balance.position_id = ANY($6))",), by_hand("achievements")
    ),
    "quotaloom.action_plans.figures.figures_by_member": dict.fromkeys(
        ("($6::bigint[] IS NULL OR standing.unit_id = ANY ($6))",), by_hand("action_plans")
    ),
    "quotaloom.action_plans.figures.figures_of_plans": dict.fromkeys(
        ("($4::bool OR plan.member_id = $5::bigint OR plan.unit_id = …",), by_hand("action_plans")
    ),
    "quotaloom.action_plans.item_reads._belonging": dict.fromkeys(
        ("($2::bool OR plan.member_id = $3 OR plan.unit_id = ANY ($4:…",), by_hand("action_plans")
    ),
    "quotaloom.action_plans.reads._belonging": dict.fromkeys(
        ("($2::bool OR plan.member_id = $3 OR plan.unit_id = ANY ($4:…",), by_hand("action_plans")
    ),
    "quotaloom.activities.reads._listed": dict.fromkeys(
        ("($2::bool OR activity.member_id = $3 OR activity.position_i…",), by_hand("activities")
    ),
    "quotaloom.activities.reads.activities_of_reviews": dict.fromkeys(
        ("($2::bool OR activity.member_id = $3 OR activity.position_i…",), by_hand("activities")
    ),
    "quotaloom.funnels.achievability.target_warnings": dict.fromkeys(
        ("($2::bigint[] IS NULL OR c.unit_id = ANY($2))",), by_hand("funnels")
    ),
    "quotaloom.funnels.figures.cycles.cycles": dict.fromkeys(
        ("deal.position_id = ANY ($10::bigint[])",), by_hand("funnels")
    ),
    "quotaloom.funnels.pipelines._pipelines": dict.fromkeys(
        ("($7::bigint[] IS NULL OR deal.position_id = ANY($7))",), by_hand("funnels")
    ),
    "quotaloom.funnels.reads.customers_merged_into": dict.fromkeys(
        ("($2::bigint[] IS NULL OR own.position_id = ANY ($2) OR EXIS…",), by_hand("funnels")
    ),
    "quotaloom.incentives.dispute_reads.disputes_of_statements": dict.fromkeys(
        ("($1::bigint[] IS NULL OR dispute.member_id = ANY ($1))",), by_hand("incentives")
    ),
    "quotaloom.incentives.dispute_reads.judges_of_open": dict.fromkeys(
        ("($1::bigint[] IS NULL OR dispute.member_id = ANY ($1))",), by_hand("incentives")
    ),
    "quotaloom.leads.reads._belonging": dict.fromkeys(("own.pool_id = ANY ($4)",), by_hand("leads")),
    "quotaloom.leads.reads.leads_page": dict.fromkeys(("own.pool_id = ANY ($4)",), by_hand("leads")),
    "quotaloom.pool.records.pages_of_pools": dict.fromkeys(
        ("($4::bigint[] IS NULL OR ownership.position_id = ANY ($4) O…",), by_hand("pool")
    ),
    "quotaloom.reports.activity_facts.facts_of_members": dict.fromkeys(
        ("($9::bigint[] IS NULL OR position_id = ANY ($9) OR position…",), by_hand("reports")
    ),
    "quotaloom.reviews.reads.follow_ups_of_plans": dict.fromkeys(
        ("($3::bool OR review.member_id = $2 OR review.position_id = …",), by_hand("reviews")
    ),
    "quotaloom.reviews.reads.reviews_of_members": dict.fromkeys(
        ("($3::bool OR review.member_id = $2 OR review.position_id = …",), by_hand("reviews")
    ),
    "quotaloom.reviews.reads.reviews_page": dict.fromkeys(
        ("($3::bool OR member_id = $2 OR position_id = ANY ($4::bigin…",), by_hand("reviews")
    ),
    "quotaloom.reviews.reads.waiting_for": dict.fromkeys(
        ("($3::bool OR member_id = $2 OR position_id = ANY ($4::bigin…",), by_hand("reviews")
    ),
    "quotaloom.targets.comments.comments_of_cells": dict.fromkeys(
        ("($1 OR c.unit_id = ANY($2::bigint[]) OR (c.unit_id = ANY($3…",), by_hand("targets")
    ),
    "quotaloom.targets.reads.lines_by_holding": dict.fromkeys(
        ("($7::bigint[] IS NULL OR position_id = ANY($7))",), by_hand("targets")
    ),
}
"""Filters whose absence none of the questions shows, by the function that sends the statement."""
