"""Keys, references, checks and row-level security that Tortoise's models cannot say."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TENANT_TABLES = (
    "audit_entry",
    "outbox_event",
    "kept_answer",
    "holiday",
    "member",
    "api_key",
    "outside_subject",
    "browser_session",
    "org_unit",
    "placement",
    "unit_path",
    "headship",
    "holding",
    "policy_setting",
    "listener_position",
    "metric",
    "product",
    "exchange_rate",
    "achievement_entry",
    "achievement_balance",
    "objective",
    "plan",
    "plan_version",
    "quarter_focus",
    "submission",
    "target_cell",
    "worksheet",
    "own_goal",
    "cell_comment",
    "commitment",
    "score",
    "score_component",
    "decomposition",
    "quota_relief",
    "customer",
    "funnel",
    "stage",
    "opportunity",
    "opportunity_split",
    "stage_move",
    "win_crediting",
    "funnel_version",
    "close_reason",
    "stage_standard",
    "stage_approval",
    "opportunity_line",
    "opportunity_document",
    "forecast_adjustment",
    "notification",
    "ownership",
    "ownership_entry",
    "deal_review",
    "activity",
    "lead",
    "customer_level",
    "duplicate_rule",
    "pool",
    "pool_member",
    "pool_admin",
    "pool_rule",
    "claim_request",
    "pool_turn",
    "pool_memory",
    "absence",
    "working_hours",
    "attribute_definition",
    "attribute_choice",
    "attribute_value",
    "member_group",
    "group_membership",
    "incentive_rule",
    "incentive_simulation",
    "incentive_budget",
    "incentive_run",
    "incentive_run_step",
    "incentive_run_member",
    "incentive_statement",
    "statement_line",
    "dispute",
    "dispute_comment",
    "review_form",
    "review_form_version",
    "review_part",
    "review_cycle",
    "review",
    "review_score",
    "review_step",
    "review_follow_up",
    "action_plan",
    "action_item",
    "action_plan_entry",
    "action_plan_comment",
)

# These name the company by a reference. The others must name a row of the company, and a second check of the same thing
# would take as long again for each row: a third of what storing a large plan takes.
NAMING_THE_COMPANY = (
    "audit_entry",
    "outbox_event",
    "kept_answer",
    "holiday",
    "member",
    "api_key",
    "org_unit",
    "policy_setting",
    "listener_position",
    "metric",
    "product",
    "exchange_rate",
    "score",
    "customer",
    "funnel",
    "quarter_focus",
    "attribute_definition",
    "lead",
    "customer_level",
    "duplicate_rule",
    "pool",
    "pool_rule",
    "ownership",
    "member_group",
    "incentive_rule",
    "incentive_simulation",
    "incentive_run",
    "review_form",
)

APPEND_ONLY = (
    "audit_entry",
    "outbox_event",
    "achievement_entry",
    "stage_move",
    "decomposition",
    "win_crediting",
    "funnel_version",
    "stage_approval",
    "forecast_adjustment",
    "ownership_entry",
    "incentive_run_step",
    "dispute_comment",
    "review_form_version",
    "review_part",
    "review_step",
    "action_plan_entry",
)

# These rows belong to a run, and nothing of a run that is paid is changed, added or taken away.
OF_A_RUN = {
    "incentive_run_member": "touched.run_id",
    "incentive_statement": "touched.run_id",
    "statement_line": "(SELECT run_id FROM public.incentive_statement AS own"
    " WHERE own.company_id = touched.company_id AND own.id = touched.statement_id)",
}

REFERENCES = (
    ("placement", "unit_id", "org_unit"),
    ("placement", "parent_id", "org_unit"),
    ("unit_path", "ancestor_id", "org_unit"),
    ("unit_path", "unit_id", "org_unit"),
    ("outside_subject", "member_id", "member"),
    ("browser_session", "member_id", "member"),
    ("browser_session", "link_id", "outside_subject"),
    ("headship", "unit_id", "org_unit"),
    ("headship", "member_id", "member"),
    ("holding", "position_id", "org_unit"),
    ("holding", "member_id", "member"),
    ("metric", "of_metric_id", "metric"),
    ("metric", "product_id", "product"),
    ("objective", "parent_id", "objective"),
    ("objective", "owner_id", "member"),
    ("objective", "unit_id", "org_unit"),
    ("plan", "metric_id", "metric"),
    ("plan", "objective_id", "objective"),
    ("plan_version", "plan_id", "plan"),
    ("plan_version", "base_id", "plan_version"),
    ("quarter_focus", "objective_id", "objective"),
    ("quarter_focus", "plan_id", "plan"),
    ("submission", "plan_version_id", "plan_version"),
    ("submission", "unit_id", "org_unit"),
    ("submission", "submitter_id", "member"),
    ("worksheet", "plan_id", "plan"),
    ("worksheet", "unit_id", "org_unit"),
    ("own_goal", "plan_id", "plan"),
    ("own_goal", "position_id", "org_unit"),
    ("own_goal", "member_id", "member"),
    ("commitment", "plan_id", "plan"),
    ("commitment", "unit_id", "org_unit"),
    ("commitment", "author_id", "member"),
    ("cell_comment", "plan_id", "plan"),
    ("cell_comment", "unit_id", "org_unit"),
    ("cell_comment", "author_id", "member"),
    ("decomposition", "plan_version_id", "plan_version"),
    ("decomposition", "unit_id", "org_unit"),
    ("quota_relief", "position_id", "org_unit"),
    ("score_component", "score_id", "score"),
    ("score_component", "metric_id", "metric"),
    ("customer", "parent_id", "customer"),
    ("stage", "funnel_id", "funnel"),
    ("opportunity", "funnel_id", "funnel"),
    ("opportunity", "stage_id", "stage"),
    ("opportunity", "position_id", "org_unit"),
    ("opportunity", "member_id", "member"),
    ("opportunity", "customer_id", "customer"),
    ("opportunity", "product_id", "product"),
    ("opportunity_split", "opportunity_id", "opportunity"),
    ("opportunity_split", "position_id", "org_unit"),
    ("opportunity_split", "member_id", "member"),
    ("stage_move", "opportunity_id", "opportunity"),
    ("stage_move", "from_stage_id", "stage"),
    ("stage_move", "to_stage_id", "stage"),
    ("win_crediting", "opportunity_id", "opportunity"),
    ("customer", "level_id", "customer_level"),
    ("customer", "merged_into_id", "customer"),
    ("funnel", "unit_id", "org_unit"),
    ("funnel_version", "funnel_id", "funnel"),
    ("close_reason", "funnel_id", "funnel"),
    ("stage_standard", "stage_id", "stage"),
    ("stage_approval", "opportunity_id", "opportunity"),
    ("stage_approval", "stage_id", "stage"),
    ("stage_approval", "member_id", "member"),
    ("opportunity", "close_reason_id", "close_reason"),
    ("opportunity_line", "opportunity_id", "opportunity"),
    ("opportunity_line", "product_id", "product"),
    ("opportunity_document", "opportunity_id", "opportunity"),
    ("forecast_adjustment", "unit_id", "org_unit"),
    ("forecast_adjustment", "funnel_id", "funnel"),
    ("forecast_adjustment", "author_id", "member"),
    ("notification", "member_id", "member"),
    ("ownership", "lead_id", "lead"),
    ("ownership", "customer_id", "customer"),
    ("ownership", "opportunity_id", "opportunity"),
    ("ownership", "pool_id", "pool"),
    ("ownership", "member_id", "member"),
    ("ownership", "position_id", "org_unit"),
    ("ownership_entry", "ownership_id", "ownership"),
    ("ownership_entry", "from_pool_id", "pool"),
    ("ownership_entry", "from_member_id", "member"),
    ("ownership_entry", "from_position_id", "org_unit"),
    ("ownership_entry", "to_pool_id", "pool"),
    ("ownership_entry", "to_member_id", "member"),
    ("ownership_entry", "to_position_id", "org_unit"),
    ("deal_review", "opportunity_id", "opportunity"),
    ("deal_review", "reviewer_id", "member"),
    ("activity", "lead_id", "lead"),
    ("activity", "customer_id", "customer"),
    ("activity", "opportunity_id", "opportunity"),
    ("activity", "deal_review_id", "deal_review"),
    ("activity", "member_id", "member"),
    ("activity", "position_id", "org_unit"),
    ("lead", "product_id", "product"),
    ("lead", "level_id", "customer_level"),
    ("lead", "customer_id", "customer"),
    ("lead", "opportunity_id", "opportunity"),
    ("lead", "merged_into_id", "lead"),
    ("pool_member", "pool_id", "pool"),
    ("pool_member", "unit_id", "org_unit"),
    ("pool_member", "member_id", "member"),
    ("pool_admin", "pool_id", "pool"),
    ("pool_admin", "member_id", "member"),
    ("pool_rule", "pool_id", "pool"),
    ("pool_rule", "level_id", "customer_level"),
    ("claim_request", "member_id", "member"),
    ("pool_turn", "pool_id", "pool"),
    ("pool_turn", "member_id", "member"),
    ("pool_memory", "pool_id", "pool"),
    ("absence", "member_id", "member"),
    ("working_hours", "member_id", "member"),
    ("attribute_choice", "definition_id", "attribute_definition"),
    ("attribute_value", "definition_id", "attribute_definition"),
    ("attribute_value", "unit_id", "org_unit"),
    ("attribute_value", "member_id", "member"),
    ("attribute_value", "customer_id", "customer"),
    ("attribute_value", "opportunity_id", "opportunity"),
    ("attribute_value", "lead_id", "lead"),
    ("attribute_value", "to_unit_id", "org_unit"),
    ("attribute_value", "to_member_id", "member"),
    ("attribute_value", "to_customer_id", "customer"),
    ("attribute_value", "to_opportunity_id", "opportunity"),
    ("attribute_value", "to_lead_id", "lead"),
    ("group_membership", "group_id", "member_group"),
    ("group_membership", "member_id", "member"),
    ("incentive_rule", "unit_id", "org_unit"),
    ("incentive_rule", "group_id", "member_group"),
    ("incentive_simulation", "unit_id", "org_unit"),
    ("incentive_budget", "unit_id", "org_unit"),
    ("incentive_run", "unit_id", "org_unit"),
    ("incentive_run_step", "run_id", "incentive_run"),
    ("incentive_run_member", "run_id", "incentive_run"),
    ("incentive_run_member", "member_id", "member"),
    ("incentive_statement", "run_id", "incentive_run"),
    ("incentive_statement", "member_id", "member"),
    ("statement_line", "statement_id", "incentive_statement"),
    ("statement_line", "corrects_statement_id", "incentive_statement"),
    ("statement_line", "corrects_run_id", "incentive_run"),
    ("statement_line", "dispute_id", "dispute"),
    ("dispute", "run_id", "incentive_run"),
    ("dispute", "member_id", "member"),
    ("dispute", "decided_by_id", "member"),
    ("dispute_comment", "dispute_id", "dispute"),
    ("dispute_comment", "author_id", "member"),
    ("review_form", "unit_id", "org_unit"),
    ("review_form_version", "form_id", "review_form"),
    ("review_part", "form_version_id", "review_form_version"),
    ("review_part", "metric_id", "metric"),
    ("review_cycle", "form_id", "review_form"),
    ("review_cycle", "form_version_id", "review_form_version"),
    ("review_cycle", "unit_id", "org_unit"),
    ("review", "cycle_id", "review_cycle"),
    ("review", "form_id", "review_form"),
    ("review", "member_id", "member"),
    ("review", "position_id", "org_unit"),
    ("review", "unit_id", "org_unit"),
    ("review", "reviewer_id", "member"),
    ("review_score", "review_id", "review"),
    ("review_score", "part_id", "review_part"),
    ("review_step", "review_id", "review"),
    ("review_step", "member_id", "member"),
    ("review_follow_up", "review_id", "review"),
    ("review_follow_up", "metric_id", "metric"),
    ("review_follow_up", "objective_id", "objective"),
    ("review_follow_up", "action_plan_id", "action_plan"),
    ("action_plan", "member_id", "member"),
    ("action_plan", "unit_id", "org_unit"),
    ("action_plan", "metric_id", "metric"),
    ("action_plan", "plan_id", "plan"),
    ("action_plan", "objective_id", "objective"),
    ("action_plan", "part_of_id", "action_plan"),
    ("action_plan", "follows_id", "action_plan"),
    ("action_plan", "review_id", "review"),
    ("action_item", "action_plan_id", "action_plan"),
    ("action_item", "lead_id", "lead"),
    ("action_item", "customer_id", "customer"),
    ("action_item", "opportunity_id", "opportunity"),
    ("action_item", "activity_id", "activity"),
    ("action_item", "refines_id", "action_item"),
    ("action_item", "carried_from_id", "action_item"),
    ("action_plan_entry", "action_plan_id", "action_plan"),
    ("action_plan_entry", "action_item_id", "action_item"),
    ("action_plan_entry", "author_id", "member"),
    ("action_plan_comment", "action_plan_id", "action_plan"),
    ("action_plan_comment", "author_id", "member"),
)

# References of the rows that come by the thousand: looked up once for all rows of a statement, and not for each.
# Nobody deletes what they name or gives it another number, and nobody makes them name something else.
CHECKED_BY_STATEMENT = {
    "target_cell": (("plan_version_id", "plan_version"), ("unit_id", "org_unit")),
    "achievement_entry": (
        ("metric_id", "metric"),
        ("position_id", "org_unit"),
        ("member_id", "member"),
        ("reverses_id", "achievement_entry"),
        ("opportunity_id", "opportunity"),
        ("customer_id", "customer"),
        ("product_id", "product"),
    ),
    "achievement_balance": (("metric_id", "metric"), ("position_id", "org_unit"), ("member_id", "member")),
}
CHANGING = {
    "target_cell": "target, assessment, stretch, locked, pinned, version",
    "achievement_balance": "direct, overlay, original_direct, original_overlay",
}

UNIQUE = (
    ("kept_answer", "caller, request_key"),
    ("holiday", "day"),
    ("member", "key"),
    ("api_key", "prefix"),
    ("outside_subject", "issuer, subject"),
    ("org_unit", "key"),
    ("metric", "key"),
    ("product", "key"),
    ("exchange_rate", "currency, kind, valid_from"),
    ("achievement_entry", "idempotency_key"),
    ("achievement_balance", "position_id, metric_id, business_date, member_id, posted_on, currency, product_id"),
    ("plan_version", "plan_id, number"),
    ("target_cell", "plan_version_id, unit_id, starts_on"),
    ("worksheet", "plan_id, unit_id"),
    ("own_goal", "plan_id, position_id, member_id, starts_on, ends_on"),
    ("policy_setting", "policy, revision"),
    ("score", "key"),
    ("score_component", "score_id, metric_id"),
    ("customer", "key"),
    ("funnel", "key"),
    ("stage", "funnel_id, version_number, key"),
    ("funnel_version", "funnel_id, number"),
    ("close_reason", "funnel_id, outcome, key"),
    ("stage_standard", "stage_id, ordinal"),
    ("opportunity_line", "opportunity_id, ordinal"),
    ("notification", "member_id, once"),
    ("listener_position", "listener"),
    ("ownership", "lead_id"),
    ("ownership", "customer_id"),
    ("ownership", "opportunity_id"),
    ("ownership_entry", "ownership_id, to_member_id, request_key"),
    ("activity", "request_caller, request_key"),
    ("lead", "key"),
    ("customer_level", "key"),
    ("duplicate_rule", "subject"),
    ("pool", "key"),
    ("pool_member", "pool_id, unit_id"),
    ("pool_member", "pool_id, member_id"),
    ("pool_admin", "pool_id, member_id"),
    ("pool_rule", "key"),
    ("claim_request", "member_id, request_key"),
    ("pool_turn", "pool_id, member_id"),
    ("pool_memory", "pool_id, policy"),
    ("working_hours", "member_id, weekday, from_minute"),
    ("opportunity", "key"),
    ("opportunity_split", "opportunity_id, ordinal"),
    ("win_crediting", "opportunity_id, win_number"),
    ("attribute_definition", "subject, key"),
    ("attribute_choice", "definition_id, key"),
    ("attribute_choice", "definition_id, id"),
    ("member_group", "key"),
    ("incentive_rule", "key, revision"),
    ("incentive_budget", "unit_id, label"),
    ("incentive_run_member", "run_id, member_id"),
    ("incentive_statement", "run_id, member_id"),
    ("statement_line", "statement_id, ordinal"),
    ("review_form", "key"),
    ("review_form_version", "form_id, number"),
    ("review_part", "form_version_id, key"),
    ("review_cycle", "form_id, period, unit_id"),
    ("review", "form_id, period, member_id"),
    ("review_score", "review_id, part_id"),
    ("action_plan", "request_caller, request_key"),
    ("action_item", "activity_id"),
)

INDEXES = (
    ("kept_answer", "at"),
    ("unit_path", "unit_id, valid_from"),
    ("unit_path", "ancestor_id, depth"),
    ("placement", "parent_id"),
    ("placement", "unit_id"),
    ("headship", "member_id"),
    ("outside_subject", "member_id"),
    ("browser_session", "member_id"),
    ("browser_session", "expires_at"),
    ("holding", "member_id"),
    ("holding", "position_id"),
    ("headship", "unit_id"),
    ("product", "product_group"),
    ("achievement_balance", "member_id, metric_id, business_date"),
    ("achievement_entry", "position_id, business_date"),
    ("audit_entry", "object_type, object_id"),
    ("audit_entry", "at, id"),
    ("objective", "fiscal_year"),
    ("objective", "parent_id"),
    ("objective", "unit_id"),
    ("plan", "objective_id"),
    ("target_cell", "unit_id, starts_on"),
    ("worksheet", "unit_id"),
    ("own_goal", "position_id"),
    ("own_goal", "member_id"),
    ("cell_comment", "plan_id, unit_id, starts_on"),
    ("commitment", "plan_id, unit_id, starts_on"),
    ("opportunity", "position_id"),
    ("opportunity", "stage_id"),
    ("opportunity", "customer_id"),
    ("stage_approval", "opportunity_id"),
    ("opportunity_document", "opportunity_id"),
    ("forecast_adjustment", "unit_id, starts_on"),
    ("notification", "member_id, at"),
    ("ownership", "member_id"),
    ("ownership", "position_id"),
    ("ownership_entry", "ownership_id, at"),
    ("ownership_entry", "to_member_id, moved_on"),
    ("ownership_entry", "from_member_id"),
    ("deal_review", "opportunity_id"),
    ("activity", "lead_id"),
    ("activity", "customer_id"),
    ("activity", "opportunity_id"),
    ("activity", "member_id, done_on"),
    ("lead", "compared_name, id"),
    ("lead", "compared_phone, id"),
    ("lead", "compared_domain, id"),
    ("lead", "customer_id"),
    ("lead", "opportunity_id"),
    ("lead", "merged_into_id"),
    ("customer", "compared_name, id"),
    ("customer", "compared_phone, id"),
    ("customer", "compared_domain, id"),
    ("customer", "merged_into_id"),
    ("activity", "member_id, due_on"),
    ("activity", "deal_review_id"),
    ("attribute_value", "definition_id, choice_id"),
    ("group_membership", "member_id"),
    ("incentive_budget", "starts_on"),
    ("incentive_simulation", "created_at"),
    ("incentive_run", "starts_on"),
    ("incentive_run_step", "run_id"),
    ("incentive_run_member", "member_id"),
    ("incentive_statement", "member_id"),
    ("dispute", "run_id, member_id"),
    ("dispute", "member_id, status"),
    ("dispute", "status"),
    ("dispute_comment", "dispute_id"),
    ("review", "cycle_id"),
    ("review", "member_id, ends_on"),
    ("review", "position_id"),
    ("review", "step, due_on"),
    ("review_step", "review_id, id"),
    ("review_follow_up", "review_id, ordinal"),
    ("review_follow_up", "action_plan_id"),
    ("action_plan", "member_id, starts_on"),
    ("action_plan", "unit_id, starts_on"),
    ("action_plan", "part_of_id"),
    ("action_plan", "follows_id"),
    ("action_item", "action_plan_id"),
    ("action_item", "ends_on"),
    ("action_plan_entry", "action_plan_id"),
    ("action_plan_comment", "action_plan_id"),
)

# Of columns that are null in most rows.
INDEXES_WHERE_NAMED = (
    ("browser_session", "link_id"),
    ("achievement_entry", "reverses_id"),
    ("achievement_entry", "opportunity_id"),
    ("statement_line", "corrects_statement_id"),
    ("statement_line", "corrects_run_id"),
    ("action_plan", "review_id"),
    ("statement_line", "dispute_id"),
    ("action_item", "lead_id"),
    ("action_item", "customer_id"),
    ("action_item", "opportunity_id"),
    ("action_item", "refines_id"),
    ("action_item", "carried_from_id"),
)

# One value a day: of the rows of one company and one subject that fulfil the condition, no two ranges share a day.
ONE_A_DAY = (
    ("placement", "unit_id", "true"),
    ("headship", "unit_id", "true"),
    ("holding", "position_id", "true"),
    ("policy_setting", "hashtextextended(policy, 0)", "true"),
    ("quota_relief", "position_id", "revoked_at IS NULL"),
    ("absence", "member_id", "true"),
    ("group_membership", "hashtextextended(group_id::text || ' ' || member_id::text, 0)", "true"),
    (
        "incentive_rule",
        "hashtextextended(key || ' ' || coalesce(unit_id, 0)::text || ' ' || coalesce(group_id, 0)::text, 0)",
        "true",
    ),
)

CHECKS = (
    ("company", "currency ~ '^[A-Z]{3}$'"),
    ("company", "fiscal_start_month BETWEEN 1 AND 12"),
    ("company", "calendar_pattern IN ('calendar', '4-4-5', '4-5-4', '5-4-4')"),
    ("company", "reversal_date IN ('original', 'own')"),
    ("member", "role IN ('admin', 'member')"),
    ("org_unit", "kind IN ('company', 'department', 'team', 'position')"),
    ("org_unit", "opened_on < closed_on"),
    ("placement", "unit_id <> parent_id"),
    ("placement", "valid_from < valid_to"),
    ("unit_path", "valid_from < valid_to"),
    ("headship", "valid_from < valid_to"),
    ("holding", "valid_from < valid_to"),
    ("policy_setting", "valid_from < valid_to"),
    ("metric", "kind IN ('money', 'count') AND scale BETWEEN 0 AND 6"),
    ("metric", "num_nonnulls(product_id, product_group) = num_nonnulls(of_metric_id) AND of_metric_id <> id"),
    ("product", "list_price >= 0 AND gross_margin_rate BETWEEN 0 AND 1"),
    ("exchange_rate", "rate > 0 AND kind IN ('booking', 'plan')"),
    ("achievement_entry", "credit IN ('direct', 'overlay')"),
    ("achievement_entry", "source IN ('opportunity', 'order', 'payment', 'refund', 'import', 'activity')"),
    ("objective", "level IN ('corporate', 'business', 'functional')"),
    ("objective", "(level = 'corporate') = (parent_id IS NULL)"),
    ("plan", "starts_on < ends_on"),
    ("plan_version", "status IN ('draft', 'scenario', 'dropped', 'published', 'superseded')"),
    ("plan_version", "(status IN ('published', 'superseded')) = (published_at IS NOT NULL)"),
    ("plan_version", "status <> 'scenario' OR name IS NOT NULL"),
    ("quarter_focus", "quarter BETWEEN 1 AND 4 AND num_nonnulls(objective_id, plan_id) = 1"),
    ("quarter_focus", "char_length(text) <= 2000"),
    ("target_cell", "target >= 0 AND assessment >= 0 AND stretch >= 0"),
    ("target_cell", "starts_on < ends_on"),
    ("worksheet", "money >= 0 AND customers_needed >= 0 AND repurchase_rate >= 0"),
    ("own_goal", "amount >= 0 AND starts_on < ends_on"),
    ("quota_relief", "valid_from < valid_to AND share > 0 AND share <= 1"),
    ("quota_relief", "num_nonnulls(revoked_at, revoked_on, revoked_by, revoke_reason) IN (0, 4)"),
    ("commitment", "starts_on < ends_on AND amount >= 0"),
    ("cell_comment", "starts_on < ends_on AND char_length(text) BETWEEN 1 AND 2000"),
    ("cell_comment", "num_nonnulls(resolved_at, resolved_by) IN (0, 2)"),
    ("submission", "status IN ('submitted', 'approved', 'returned', 'withdrawn')"),
    ("score_component", "weight > 0 AND cap > 0"),
    ("stage", "outcome IN ('open', 'won', 'lost', 'invalid') AND win_probability BETWEEN 0 AND 1"),
    ("stage", "forward IN ('holder', 'head', 'nobody') AND backward IN ('holder', 'head', 'nobody')"),
    ("stage", "age_limit_days > 0"),
    ("stage_standard", "kind IN ('field', 'activity', 'document', 'approval')"),
    ("close_reason", "outcome IN ('won', 'lost', 'invalid')"),
    ("opportunity", "forecast IN ('commit', 'best_case', 'pipeline', 'omitted')"),
    ("opportunity_line", "quantity > 0 AND amount >= 0"),
    ("forecast_adjustment", "category IN ('commit', 'best_case', 'pipeline') AND starts_on < ends_on"),
    ("ownership", "kind IN ('lead', 'customer', 'opportunity')"),
    ("ownership", "num_nonnulls(lead_id, customer_id, opportunity_id) = 1"),
    (
        "ownership",
        "CASE kind WHEN 'lead' THEN lead_id WHEN 'customer' THEN customer_id ELSE opportunity_id END IS NOT NULL",
    ),
    ("ownership", "member_id IS NULL OR position_id IS NOT NULL"),
    (
        "ownership_entry",
        "movement IN ('create', 'import', 'claim', 'assign', 'release', 'recycle', 'transfer', 'handover', 'merge')",
    ),
    ("ownership_entry", "char_length(reason) <= 2000 AND (reason IS NOT NULL OR NOT override)"),
    ("activity", "kind IN ('visit', 'call', 'meeting', 'mail', 'task')"),
    ("activity", "state IN ('planned', 'done', 'cancelled') AND coalesce(done_on, due_on) IS NOT NULL"),
    ("activity", "CASE state WHEN 'done' THEN done_on IS NOT NULL WHEN 'planned' THEN done_on IS NULL ELSE true END"),
    ("activity", "num_nonnulls(lead_id, customer_id, opportunity_id) >= 1"),
    ("activity", "cost >= 0 AND num_nonnulls(cost, currency) IN (0, 2)"),
    ("lead", "status IN ('open', 'converted', 'invalid', 'merged')"),
    ("lead", "(status = 'merged') = (merged_into_id IS NOT NULL)"),
    ("duplicate_rule", "subject IN ('lead', 'customer') AND action IN ('refuse', 'tell')"),
    ("pool_member", "num_nonnulls(unit_id, member_id) = 1"),
    ("pool_rule", "kind IN ('protection', 'recycling', 'cooldown', 'claim_limit', 'holding_cap')"),
    ("absence", "valid_from < valid_to"),
    ("working_hours", "weekday BETWEEN 1 AND 7 AND 0 <= from_minute AND from_minute < to_minute AND to_minute <= 1440"),
    ("opportunity", "amount >= 0"),
    ("opportunity_split", "share > 0 AND share <= 1 AND credit IN ('direct', 'overlay')"),
    ("attribute_definition", "subject IN ('unit', 'member', 'customer', 'opportunity', 'lead')"),
    ("attribute_definition", "kind IN ('text', 'number', 'date', 'choice', 'reference')"),
    (
        "attribute_definition",
        "CASE WHEN kind = 'reference' THEN refers_to IS NOT NULL"
        " AND refers_to IN ('unit', 'member', 'customer', 'opportunity', 'lead') ELSE refers_to IS NULL END",
    ),
    ("attribute_value", "num_nonnulls(unit_id, member_id, customer_id, opportunity_id, lead_id) = 1"),
    (
        "attribute_value",
        "num_nonnulls(text, number, day, choice_id, to_unit_id, to_member_id, to_customer_id, to_opportunity_id,"
        " to_lead_id) = 1",
    ),
    ("attribute_value", "char_length(text) <= 2000"),
    ("group_membership", "valid_from < valid_to"),
    ("incentive_rule", "valid_from < valid_to AND num_nonnulls(unit_id, group_id) <= 1"),
    ("incentive_rule", "grain IN ('year', 'half', 'quarter', 'month', 'week', 'day')"),
    ("incentive_simulation", "starts_on < ends_on AND grain IN ('year', 'half', 'quarter', 'month', 'week', 'day')"),
    (
        "incentive_simulation",
        "status IN ('waiting', 'computing', 'done', 'failed') AND (status = 'done') = (result IS NOT NULL)"
        " AND (status = 'failed') = (failure IS NOT NULL)",
    ),
    ("incentive_simulation", "0 <= done"),
    ("incentive_budget", "starts_on < ends_on AND amount >= 0"),
    ("incentive_budget", "grain IN ('year', 'half', 'quarter', 'month', 'week', 'day')"),
    ("incentive_run", "starts_on < ends_on AND grain IN ('year', 'half', 'quarter', 'month', 'week', 'day')"),
    ("incentive_run", "status IN ('computing', 'failed', 'draft', 'reviewed', 'approved', 'paid', 'cancelled')"),
    ("incentive_run", "(status = 'paid') = (paid_at IS NOT NULL) AND (status = 'failed') = (failure IS NOT NULL)"),
    ("incentive_run_step", "step IN ('start', 'compute', 'review', 'approve', 'pay', 'return', 'cancel')"),
    ("incentive_statement", "carried_out <= 0 AND advanced_before >= 0 AND advanced_after >= 0"),
    ("statement_line", "num_nonnulls(corrects_statement_id, corrects_run_id, dispute_id) <= 1"),
    ("dispute", "status IN ('open', 'granted', 'refused', 'withdrawn') AND claimed > 0 AND granted >= 0"),
    ("dispute", "(status = 'granted') = (granted IS NOT NULL)"),
    (
        "dispute",
        "(status IN ('granted', 'refused')) = (decided_at IS NOT NULL) AND num_nonnulls(decided_at,"
        " decided_by, reason) IN (0, 3)",
    ),
    ("dispute", "num_nonnulls(rule_key, line_key, title, contested) IN (0, 4)"),
    ("review_form", "grain IN ('year', 'half', 'quarter', 'month')"),
    ("review_part", "kind IN ('quantitative', 'qualitative') AND (kind = 'quantitative') = (metric_id IS NOT NULL)"),
    ("review_part", "weight >= 0 AND weight <= 1 AND most > 0"),
    ("review_cycle", "starts_on < ends_on"),
    (
        "review",
        "step IN ('self', 'manager', 'confirmation', 'appeal', 'decision', 'calibration', 'filed', 'cancelled')",
    ),
    ("review", "(step = 'filed') = (filed_at IS NOT NULL) AND (step <> 'filed' OR score IS NOT NULL)"),
    ("review_score", "self_score >= 0 AND manager_score >= 0 AND points >= 0"),
    ("review_follow_up", "state IN ('open', 'done', 'missed') AND (state = 'open') = (settled_at IS NULL)"),
    ("review_follow_up", "char_length(text) BETWEEN 1 AND 2000 AND char_length(note) <= 2000"),
    ("action_plan", "grain IN ('quarter', 'month', 'week', 'day') AND starts_on < ends_on"),
    ("action_plan", "state IN ('draft', 'submitted', 'agreed', 'closed') AND target_starts_on < target_ends_on"),
    ("action_plan", "(state = 'closed') = (closed_at IS NOT NULL) AND num_nonnulls(closed_at, result) IN (0, 2)"),
    ("action_plan", "part_of_id <> id AND follows_id <> id"),
    ("action_item", "kind IN ('visit', 'call', 'meeting', 'mail', 'task') AND starts_on < ends_on"),
    (
        "action_item",
        "state IN ('planned', 'done', 'cancelled', 'carried') AND (state = 'done') = (done_on IS NOT NULL)",
    ),
    ("action_item", "budget >= 0 AND spent >= 0 AND (state <> 'cancelled' OR reason IS NOT NULL)"),
    ("action_item", "refines_id <> id AND carried_from_id <> id"),
)

ROLE = "quotaloom_app"


PATH = "search_path = pg_catalog, public, pg_temp"
"""Where functions look that run as the owner of the tables: last among what a session made for itself.

All functions name the schema of each table as well: in a session, a temporary table of the same name comes first.
"""


def _tenant(table: str) -> str:
    naming = ", ADD FOREIGN KEY (company_id) REFERENCES company (id)" if table in NAMING_THE_COMPANY else ""
    return f"""
    ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (company_id, id){naming};
    {_secured(table, "company_id")}
    """


def _checked_by_statement(table: str) -> str:
    checks = "".join(
        f"""
        IF EXISTS (SELECT FROM (
            SELECT DISTINCT company_id, {column} AS id FROM fresh WHERE {column} IS NOT NULL
        ) AS named WHERE NOT EXISTS (
            SELECT FROM public.{target} AS kept WHERE kept.company_id = named.company_id AND kept.id = named.id
        )) THEN
            RAISE EXCEPTION '{table}.{column} names no row of {target}' USING ERRCODE = 'foreign_key_violation';
        END IF;"""
        for column, target in CHECKED_BY_STATEMENT[table]
    )
    return f"""
    CREATE FUNCTION refuse_dangling_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {checks}
        RETURN NULL;
    END $$;
    CREATE TRIGGER no_dangling AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_dangling_{table}();
    """


def _closed_once_paid() -> list[str]:
    """A paid run and all that belongs to it stay as they are, whoever asks."""
    found = [
        """
        CREATE FUNCTION refuse_to_change_paid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION '% of a paid run: % is refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER paid BEFORE UPDATE OR DELETE ON incentive_run
            FOR EACH ROW WHEN (OLD.status = 'paid') EXECUTE FUNCTION refuse_to_change_paid();
        -- What was late when a statement was computed is looked for among the entries posted since then.
        CREATE INDEX ON achievement_entry USING brin (posted_at);
        """
    ]
    for table, run_id in OF_A_RUN.items():
        found.append(
            f"""
            CREATE FUNCTION refuse_to_change_paid_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM touched JOIN public.incentive_run AS run
                        ON run.company_id = touched.company_id AND run.id = {run_id} WHERE run.status = 'paid') THEN
                    RAISE EXCEPTION '{table} of a paid run: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER paid_inserts AFTER INSERT ON {table} REFERENCING NEW TABLE AS touched
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_paid_{table}();
            CREATE TRIGGER paid_updates AFTER UPDATE ON {table} REFERENCING OLD TABLE AS touched
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_paid_{table}();
            CREATE TRIGGER paid_moves AFTER UPDATE ON {table} REFERENCING NEW TABLE AS touched
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_paid_{table}();
            CREATE TRIGGER paid_deletes AFTER DELETE ON {table} REFERENCING OLD TABLE AS touched
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_paid_{table}();
            CREATE TRIGGER paid_truncates BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_paid();
            """
        )
    return found


def _named_for_good() -> list[str]:
    named = {target for columns in CHECKED_BY_STATEMENT.values() for _, target in columns}
    return [
        """
        CREATE FUNCTION refuse_to_unname() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'rows of % are named for good: % is refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'foreign_key_violation';
        END $$
        """
    ] + [
        f"""
        REVOKE DELETE ON {target} FROM {ROLE};
        CREATE TRIGGER named_for_good BEFORE DELETE OR TRUNCATE ON {target}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_unname();
        CREATE TRIGGER numbered_for_good BEFORE UPDATE OF company_id, id ON {target}
            FOR EACH ROW WHEN ((OLD.company_id, OLD.id) IS DISTINCT FROM (NEW.company_id, NEW.id))
            EXECUTE FUNCTION refuse_to_unname();
        """
        for target in sorted(named.difference(APPEND_ONLY))
    ]


def _secured(table: str, column: str) -> str:
    changing = f"UPDATE ({CHANGING[table]})" if table in CHANGING else "UPDATE"
    verbs = "SELECT, INSERT" if table in APPEND_ONLY else f"SELECT, INSERT, {changing}, DELETE"
    return f"""
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY of_the_company ON {table} USING (
        {column} = (SELECT NULLIF(current_setting('quotaloom.company_id', true), '')::bigint)
    );
    GRANT {verbs} ON {table} TO {ROLE};
    """


COUNTED = {
    "reference_version": ("holiday", "metric", "product"),
    "organization_version": ("unit_path", "holding", "headship"),
}
"""Which number in the company's row grows with the changes of which tables."""


def _counted() -> list[str]:
    """Have the numbers of `COUNTED` grow with every change.

    Whoever changes such a table changes the company's row, and so waits for others who do: one number is one state.
    They grow to the time in microseconds. A database that goes back, to a copy that lacks the last changes, then
    comes to other numbers than those by which serving processes still know these changes.
    """
    found = []
    for number, tables in COUNTED.items():
        grown = f"{number} = greatest({number} + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)"
        found.append(f"""
        CREATE FUNCTION count_{number}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE public.company SET {grown} WHERE id IN (SELECT company_id FROM touched);
            RETURN NULL;
        END $$;
        CREATE FUNCTION count_{number}_of_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE public.company SET {grown};
            RETURN NULL;
        END $$;
        """)
        for table in tables:
            found += [
                f"CREATE TRIGGER counted_{verb.lower()} AFTER {verb} ON {table} REFERENCING {side} TABLE AS touched"
                f" FOR EACH STATEMENT EXECUTE FUNCTION count_{number}()"
                for verb, side in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD"))
            ]
            found.append(
                f"CREATE TRIGGER counted_truncate AFTER TRUNCATE ON {table}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION count_{number}_of_all()"
            )
    return found


_SETTINGS = (
    *("key", "name", "currency", "time_zone", "fiscal_start_month", "calendar_pattern", "working_weekdays"),
    *("members_see_ancestors", "members_see_rankings", "plans_need_approval", "plans_need_owners", "reversal_date"),
    "version",
)


def _standing() -> str:
    """Have a request learn, while its transaction begins, that what was read for an earlier one is still so.

    The settings of the company count as its references do.
    """
    before, after = (", ".join(f"{side}.{name}" for name in _SETTINGS) for side in ("OLD", "NEW"))
    return f"""
    CREATE FUNCTION count_settings() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.reference_version = greatest(
            NEW.reference_version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
        RETURN NEW;
    END $$;
    CREATE TRIGGER counted_settings BEFORE UPDATE ON company FOR EACH ROW
        WHEN (({before}) IS DISTINCT FROM ({after})) EXECUTE FUNCTION count_settings();
    CREATE FUNCTION opening_stands(
        known_reference bigint, known_organization bigint,
        known_member bigint, known_role text, known_joined date, known_left date
    ) RETURNS void LANGUAGE plpgsql STABLE AS $$ BEGIN
        PERFORM FROM public.company
            WHERE id = NULLIF(current_setting('quotaloom.company_id', true), '')::bigint
            AND reference_version = known_reference AND organization_version = known_organization
            AND (known_member IS NULL OR EXISTS (
                SELECT FROM public.member WHERE company_id = company.id AND member.id = known_member AND role = known_role
                AND joined_on IS NOT DISTINCT FROM known_joined AND left_on IS NOT DISTINCT FROM known_left));
        IF NOT FOUND THEN
            RAISE EXCEPTION 'what was known of the company or the member has changed'
                USING ERRCODE = 'serialization_failure';
        END IF;
    END $$;
    """


def _statements() -> list[str]:
    found = [
        f"""
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN CREATE ROLE {ROLE} NOLOGIN; END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$;
        GRANT USAGE ON SCHEMA public TO {ROLE};
        """
    ]
    found += [_tenant(table) for table in TENANT_TABLES]
    found.append(_secured("company", "id"))
    found.append("REVOKE DELETE ON company FROM " + ROLE)
    found += [
        f"ALTER TABLE {table} ADD FOREIGN KEY (company_id, {column}) REFERENCES {target} (company_id, id)"
        for table, column, target in REFERENCES
    ]
    found += [_checked_by_statement(table) for table in CHECKED_BY_STATEMENT]
    found += _named_for_good()
    # The company comes last: where a company has all rows of a fresh table, a planner without statistics takes
    # every index that begins with it for equally good, and looks rows up by the wrong one.
    found += [f"ALTER TABLE {table} ADD UNIQUE ({columns}, company_id)" for table, columns in UNIQUE]
    found += [f"CREATE INDEX ON {table} ({columns}, company_id)" for table, columns in INDEXES]
    found += [
        f"CREATE INDEX ON {table} ({column}, company_id) WHERE {column} IS NOT NULL"
        for table, column in INDEXES_WHERE_NAMED
    ]
    found += [f"ALTER TABLE {table} ADD CHECK ({condition})" for table, condition in CHECKS]
    # btree_gist is not everywhere: a whole number is a range of itself.
    found += [
        f"""ALTER TABLE {table} ADD CONSTRAINT {table}_one_a_day EXCLUDE USING gist (
            int8range(company_id, company_id, '[]') WITH &&,
            int8range({subject}, {subject}, '[]') WITH &&,
            daterange(valid_from, valid_to) WITH &&) WHERE ({condition})"""
        for table, subject, condition in ONE_A_DAY
    ]
    found.append(
        """
        CREATE FUNCTION refuse_to_rewrite_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    found += [
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_history()"
        for table in APPEND_ONLY
    ]
    found += _closed_once_paid()
    found += _counted()
    found.append(_standing())
    # Most months are no sum of days, and need not be looked through for some.
    found.append("CREATE INDEX ON target_cell (plan_version_id, unit_id, company_id) WHERE ends_on - starts_on = 1")
    found.append(
        # One draft and one published version of a plan at a time, one submission that stands of each unit, and one
        # commitment that stands of each unit and month.
        """
        CREATE UNIQUE INDEX ON plan_version (company_id, plan_id) WHERE status = 'draft';
        CREATE UNIQUE INDEX ON plan_version (company_id, plan_id) WHERE status = 'published';
        CREATE INDEX ON ownership (pool_id, since, id, company_id) WHERE member_id IS NULL AND position_id IS NULL;
        CREATE UNIQUE INDEX ON commitment (plan_id, unit_id, starts_on, company_id) WHERE superseded_at IS NULL;
        CREATE UNIQUE INDEX ON submission (plan_version_id, unit_id, company_id)
            WHERE status IN ('submitted', 'approved');
        """
    )
    found.append(
        # The moves of each deal in their order, with all that figures need of them: read so, a million need no sort.
        """
        CREATE INDEX ON stage_move (opportunity_id, moved_at, id, company_id)
            INCLUDE (from_stage_id, to_stage_id, moved_on);
        """
    )
    found.append(
        # Which deals were expected to close on another day before: the only change of a deal that figures look up.
        """
        CREATE INDEX ON audit_entry (object_id, company_id) WHERE object_type = 'Opportunity'
            AND before ->> 'expected_close_on' IS NOT NULL
            AND before ->> 'expected_close_on' IS DISTINCT FROM after ->> 'expected_close_on';
        """
    )
    found.append(
        # A choice of the attribute's own, and one value of each attribute an object.
        """
        ALTER TABLE attribute_value ADD FOREIGN KEY (company_id, definition_id, choice_id)
            REFERENCES attribute_choice (company_id, definition_id, id);
        """
    )
    found.append(
        # A review that is filed, and what was given in it, stays as it is.
        """
        CREATE FUNCTION refuse_to_change_filed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'a review that is filed never changes' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER filed_for_good BEFORE UPDATE OR DELETE ON review
            FOR EACH ROW WHEN (OLD.step = 'filed') EXECUTE FUNCTION refuse_to_change_filed();
        CREATE FUNCTION refuse_to_score_filed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF EXISTS (SELECT FROM public.review WHERE step = 'filed' AND (
                (TG_OP <> 'INSERT' AND company_id = OLD.company_id AND id = OLD.review_id)
                OR (TG_OP <> 'DELETE' AND company_id = NEW.company_id AND id = NEW.review_id)
            )) THEN
                RAISE EXCEPTION 'a review that is filed never changes' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$;
        CREATE TRIGGER filed_for_good BEFORE INSERT OR UPDATE OR DELETE ON review_score
            FOR EACH ROW EXECUTE FUNCTION refuse_to_score_filed();
        """
    )
    found += [
        f"CREATE UNIQUE INDEX ON attribute_value ({subject}_id, definition_id, company_id)"
        f" WHERE {subject}_id IS NOT NULL"
        for subject in ("unit", "member", "customer", "opportunity", "lead")
    ]
    found += [
        f"CREATE UNIQUE INDEX ON quarter_focus ({on}_id, quarter, company_id) WHERE {on}_id IS NOT NULL"
        for on in ("objective", "plan")
    ]
    found.append(
        # All that is read without a company: which company a key names, which clock each of them goes by, which of
        # them have event listeners, what an operator was answered who founded one, and who it is that an outside issuer
        # vouches for.
        f"""
        CREATE FUNCTION company_id_of(wanted text) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
            SET {PATH} AS $$ SELECT id FROM public.company WHERE key = wanted $$;
        REVOKE ALL ON FUNCTION company_id_of(text) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION company_id_of(text) TO {ROLE};
        CREATE FUNCTION company_clocks() RETURNS TABLE (company_id bigint, time_zone text, founded_at timestamptz)
            LANGUAGE sql STABLE SECURITY DEFINER SET {PATH}
            AS $$ SELECT id, company.time_zone, created_at FROM public.company $$;
        CREATE FUNCTION companies_listening() RETURNS SETOF bigint
            LANGUAGE sql STABLE SECURITY DEFINER SET {PATH}
            AS $$ SELECT company_id FROM public.listener_position
                UNION SELECT company_id FROM public.policy_setting WHERE kind = 'listener' AND active $$;
        REVOKE ALL ON FUNCTION companies_listening() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION companies_listening() TO {ROLE};
        REVOKE ALL ON FUNCTION company_clocks() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION company_clocks() TO {ROLE};
        CREATE FUNCTION kept_for_operator(wanted_caller text, wanted_key text)
            RETURNS TABLE (fingerprint text, answers jsonb)
            LANGUAGE sql STABLE SECURITY DEFINER SET {PATH}
            AS $$ SELECT kept.fingerprint, kept.answers FROM public.kept_answer AS kept
                WHERE kept.caller = wanted_caller AND kept.request_key = wanted_key AND wanted_caller LIKE 'operator %' $$;
        REVOKE ALL ON FUNCTION kept_for_operator(text, text) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION kept_for_operator(text, text) TO {ROLE};
        CREATE FUNCTION outside_members(wanted_issuer text, wanted_subject text)
            RETURNS TABLE (
                company_id bigint, company_key text, link_id bigint, is_confirmed boolean, member_id bigint, member_key text
            ) LANGUAGE sql STABLE SECURITY DEFINER SET {PATH}
            AS $$ SELECT company.id, company.key, link.id, link.confirmed_at IS NOT NULL, member.id, member.key
                FROM public.outside_subject AS link
                JOIN public.company ON company.id = link.company_id
                JOIN public.member ON member.company_id = link.company_id AND member.id = link.member_id
                WHERE link.issuer = wanted_issuer AND link.subject = wanted_subject ORDER BY company.id $$;
        REVOKE ALL ON FUNCTION outside_members(text, text) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION outside_members(text, text) TO {ROLE};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE};
        """
    )
    return found


class Migration(migrations.Migration):
    """Bind every row to its company."""

    dependencies = [("quotaloom", "0001_initial")]

    operations = [ops.RunSQL(_statements())]
