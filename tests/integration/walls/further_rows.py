"""What the small company and the full tables leave empty: values in their columns, and rows of their own; `$1` is it.

No mutation of the tests begins with these rows, so that they may be closed, reversed, failed or filed. Their ids begin
where nobody else's do: in lists by id they stand aside, and the last is still one of the West.
"""

from __future__ import annotations

from typing import Final

FURTHER: Final = 10**9
"""Further rows have their ids from here on."""

_ONE, _TWO, _THREE, _FOUR = (str(FURTHER + number) for number in range(1, 5))


def _id(table: str, rows: str = "true") -> str:
    return f"(SELECT min(id) FROM {table} WHERE company_id = $1 AND {rows})"


_HAL, _ANN, _BOB = (_id("member", f"key = '{key}'") for key in ("hal", "ann", "bob"))
_ACME, _EAST, _WEST, _SEAT = (_id("org_unit", f"key = '{key}'") for key in ("acme", "east", "west", "ann"))
_REVENUE, _PUMPS = (_id("metric", f"key = '{key}'") for key in ("revenue", "pumps"))
_GLOBEX: Final = _id("customer", "key = 'globex'")
_SALES: Final = _id("funnel", "key = 'sales'")
_DEAL, _LEAD, _PRODUCT, _LEVEL, _OBJECTIVE, _ENTRY, _GROUP = (
    _id(table)
    for table in ("opportunity", "lead", "product", "customer_level", "objective", "achievement_entry", "member_group")
)
_PLAN: Final = "(SELECT min(plan_id) FROM plan_version WHERE company_id = $1 AND status = 'published')"
_VERSION: Final = _id("plan_version", "status = 'published'")
_NOON: Final = "'2026-06-01T12:00Z'"
_EARLIER: Final = {"valid_from": "'2020-01-01'", "valid_to": "'2021-01-01'"}
_RATE: Final = """'{"rate_percent": "5"}'::jsonb"""
_LATER: Final = "'2080-01-01'"
_HIDDEN: Final = """'["phone"]'::jsonb"""
_IN_TURN: Final = """'["assignment.round_robin"]'::jsonb"""
_MONTH: Final = """'{"days": 31}'::jsonb"""
_REMINDING: Final = """'{"when": {"noFollowUp": {"days": 60}}, "remindDays": [7]}'::jsonb"""


def _each_like(table: str, rows: str, **columns: str) -> str:
    """Rows like those of a table but for some columns, whose values are SQL with the row as `one`."""
    given = ", ".join(f"'{name}', {value}" for name, value in {"id": f"{FURTHER} + one.id", **columns}.items())
    return (
        f"INSERT INTO {table} SELECT made.*"
        f" FROM (SELECT * FROM {table} WHERE company_id = $1 AND id < {FURTHER} AND {rows}) AS one,"
        f" LATERAL jsonb_populate_record(NULL::{table}, to_jsonb(one) || jsonb_build_object({given})) AS made"
    )


def _like(table: str, rows: str, id: str, **columns: str) -> str:
    """A row like the first of those."""
    return f"{_each_like(table, rows, id=id, **columns)} ORDER BY one.id LIMIT 1"


def _new(table: str, **columns: str) -> str:
    return f"INSERT INTO {table} (company_id, {', '.join(columns)}) SELECT $1, {', '.join(columns.values())}"


def _set(table: str, rows: str, **columns: str) -> str:
    values = ", ".join(f"{name} = {value}" for name, value in columns.items())
    return f"UPDATE {table} SET {values} WHERE company_id = $1 AND {rows}"


def _year(year: int) -> dict[str, str]:
    return {"fiscal_year": str(year), "starts_on": f"'{year}-01-01'", "ends_on": f"'{year + 1}-01-01'"}


def _cells(version: str, *months: str) -> str:
    first = ", ".join(f"date '{month}-01'" for month in months)
    return (
        "INSERT INTO target_cell (company_id, plan_version_id, unit_id, starts_on, ends_on, target, assessment,"
        f" stretch, locked, pinned, version) SELECT $1, {version}, id, month, month + interval '1 month', 10, 8, 12,"
        f" false, false, 1 FROM org_unit, unnest(ARRAY[{first}]) AS month"
        " WHERE company_id = $1 AND key IN ('acme', 'east', 'ann', 'bob')"
    )


_PLANS: Final = [
    _like("plan", f"id = {_PLAN}", _ONE, metric_id=_REVENUE, commitments_until=_LATER, **_year(2026)),
    _like("plan", f"id = {_PLAN}", _TWO, metric_id=_REVENUE, closed_at=_NOON, closed_by="'x'", **_year(2025)),
    _like("plan", f"id = {_PLAN}", _THREE, metric_id=_PUMPS),
    *(_like("plan_version", f"id = {_VERSION}", id, plan_id=id) for id in (_ONE, _TWO, _THREE)),
    _cells(_ONE, *(f"2026-{month:02}" for month in range(4, 9))),
    _cells(_TWO, "2025-06"),
    _cells(_THREE, "2027-02"),
    _new(
        "own_goal",
        plan_id=_PLAN,
        position_id=_SEAT,
        member_id=_ANN,
        amount="7",
        starts_on="'2027-01-01'",
        ends_on="'2028-01-01'",
        version="1",
    ),
    _like("submission", f"unit_id = {_EAST}", _ONE, status="'returned'", decided_at=_NOON, decided_by="'x'"),
    _like("commitment", f"unit_id = {_SEAT}", _ONE, superseded_at=_NOON),
    _set("commitment", "true", author_id=_HAL),
    _set("cell_comment", "starts_on >= '2027-01-01'", author_id=_HAL, resolved_at=_NOON, resolved_by="'x'"),
    _set("decomposition", "true", setting_revision="1"),
    _set("worksheet", "true", customers_needed="7", repurchase_rate="0.5"),
    _new("quarter_focus", objective_id=_OBJECTIVE, quarter="1", text="'x'", version="1"),
    _new("score", id=_ONE, key="'quiet'", name="'x'", version="1"),
    _new("score_component", score_id=_ONE, metric_id=_REVENUE, ordinal="0", weight="1", cap="1.5"),
    _like("metric", f"id = {_PUMPS}", _ONE, key="'x'", of_metric_id=_REVENUE, product_id="NULL", product_group="'x'"),
    _set("product", "true", product_group="'x'", gross_margin_rate="0.3"),
]
"""A plan of this year, a closed one of the last, and one of products; of each some months."""

_ORGANIZATION: Final = [
    _set("holding", f"member_id = {_BOB}", valid_from="'2020-01-01'", valid_to=_LATER),
    _set("headship", f"unit_id = {_WEST}", valid_from="'2020-01-01'", valid_to=_LATER),
    _set("org_unit", "key = 'bob'", opened_on="'2020-01-01'", closed_on=_LATER),
    _set("member", f"id = {_BOB}", joined_on="'2020-01-01'", left_on=_LATER),
    _set("group_membership", "true", valid_to=_LATER),
    _set("api_key", "name = 'CRM'", expires_at=_NOON, last_used_at=_NOON, revoked_at=_NOON),
    _set("audit_entry", "true", credential="'x'"),
    _like("notification", f"member_id = {_ANN}", _ONE, read_at=_NOON),
    _each_like(
        "quota_relief",
        "revoked_at IS NULL",
        valid_to="one.valid_from + 30",
        **dict.fromkeys(("revoked_by", "revoke_reason"), "'x'"),
        revoked_at=_NOON,
        revoked_on="'2026-06-01'",
    ),
]
"""Terms, seats and members that have a beginning and an end, a key that was used, and what was read or revoked."""

_RECORDS: Final = [
    *(
        _new("customer", id=id, key=f"'{key}'", name="'x'", merged_into_id=into, version="1")
        for id, key, into in ((_ONE, "parent", "NULL"), (_TWO, "merged", _GLOBEX), (_THREE, "safe", "NULL"))
    ),
    _set("customer", "key = 'globex'", domain="'x.example'", parent_id=_ONE),
    _set("lead", "true", source="'x'", domain="'x.example'", product_id=_PRODUCT, level_id=_LEVEL),
    _like("lead", f"id = {_LEAD}", _ONE, key="'x1'", status="'converted'", customer_id=_GLOBEX, opportunity_id=_DEAL),
    _like("lead", f"id = {_LEAD}", _TWO, key="'x2'", status="'merged'", merged_into_id=_LEAD),
    _like("lead", f"id = {_LEAD}", _THREE, key="'x3'"),
    _like("pool", "key = 'pond'", _ONE, key="'brook'", hidden_fields=_HIDDEN, policies=_IN_TURN),
    _new("pool_member", pool_id=_ONE, member_id=_ANN),
    _like("pool_rule", "key = 'idle'", _ONE, key="'safe'", kind="'protection'", parameters=_MONTH, pool_id=_ONE),
    _like("pool_rule", "key = 'idle'", _TWO, key="'slow'", parameters=_REMINDING, pool_id=_ONE),
    _like("ownership", f"lead_id = {_LEAD}", _ONE, lead_id=_ONE),
    _like(
        "ownership", f"lead_id = {_LEAD}", _THREE, lead_id=_THREE, pool_id=_ONE, member_id="NULL", position_id="NULL"
    ),
    _like(
        "ownership", f"lead_id = {_LEAD}", _FOUR, lead_id="NULL", kind="'customer'", customer_id=_THREE, pool_id=_ONE
    ),
]
"""Customers and leads that became others, and a pool that hides something, protects, and reminds."""

_EXPECTED: Final = '{"expected_close_on": "2026-05-04"}'
_DEALS: Final = [
    _set("opportunity", "true", opened_on="'2026-02-01'", source="'x'"),
    _set(
        "opportunity",
        "stage_id IN (SELECT id FROM stage WHERE company_id = $1 AND key = 'lost')",
        close_reason_id=_id("close_reason"),
    ),
    _like(
        "opportunity",
        f"id = {_DEAL}",
        _ONE,
        key="'x1'",
        stage_id=_id("stage", "key = 'won'"),
        closed_on="'2026-05-20'",
        wins="1",
    ),
    _like("opportunity", f"id = {_DEAL}", _TWO, key="'x2'", currency="'GBP'"),
    _like("opportunity", f"id = {_DEAL}", _THREE, key="'x3'"),
    _like("opportunity", f"id = {_DEAL}", _FOUR, key="'x4'"),
    "INSERT INTO audit_entry (company_id, at, actor, action, object_type, object_id, before, after)"
    f" SELECT $1, {_NOON}, 'x', 'opportunity.update', 'Opportunity', id, '{_EXPECTED}', '{{}}' FROM opportunity"
    " WHERE company_id = $1",
    _like("funnel", f"id = {_SALES}", _ONE, key="'eastern'", unit_id=_EAST),
    _like("funnel_version", f"funnel_id = {_SALES}", _ONE, funnel_id=_ONE),
    _each_like("stage", f"funnel_id = {_SALES}", funnel_id=_ONE),
    *(
        _new(
            "stage_standard",
            stage_id=_id("stage", f"funnel_id = {_ONE}"),
            ordinal=str(ordinal),
            kind=f"'{kind}'",
            parameters=f"'{parameters}'",
        )
        for ordinal, (kind, parameters) in enumerate(
            (
                ("field", '{"field": "amount"}'),
                ("field", '{"attribute": "grade"}'),
                ("activity", '{"activity": "visit", "at_least": 1, "in_stage": true}'),
            )
        )
    ),
    _set("stage", "outcome = 'open'", age_limit_days="30"),
    _set("stage_approval", "true", member_id=_HAL),
    _set("stage_move", "true", actor_member_id=_HAL),
    _set("win_crediting", "true", setting_revision="1"),
    _set("forecast_adjustment", "true", author_id=_HAL),
    _like(
        "activity",
        "state = 'done'",
        _ONE,
        kind="'visit'",
        lead_id=_LEAD,
        deal_review_id=_id("deal_review"),
        cost="5",
        currency="'CNY'",
        due_at=_NOON,
    ),
    _like("achievement_entry", f"id = {_ENTRY}", _ONE, idempotency_key="'x1'"),
    _like("achievement_entry", f"id = {_ENTRY}", _TWO, idempotency_key="'x2'", reverses_id=_ONE),
    _each_like("achievement_balance", f"member_id = {_ANN}", business_date="'2025-06-10'"),
]
"""A deal that was won, one without a rate, one that is due and one without a day, all once expected earlier; and what
was done, or undone."""

_WEEK: Final = "state = 'closed'"
_ITEM: Final = f"action_plan_id = {_id('action_plan', _WEEK)}"
_ACTIONS: Final = [
    _like(
        "action_plan",
        _WEEK,
        _ONE,
        grain="'quarter'",
        starts_on="'2026-01-01'",
        ends_on="'2026-04-01'",
        state="'agreed'",
        closed_at="NULL",
        result="NULL",
        agreed_at=_NOON,
        agreed_by="'x'",
        plan_id=_PLAN,
        objective_id=_OBJECTIVE,
    ),
    _like(
        "action_plan", _WEEK, _TWO, starts_on="'2026-03-02'", ends_on="'2026-03-09'", part_of_id=_ONE, review_id=_ONE
    ),
    _like("action_plan", _WEEK, _THREE, starts_on="'2026-03-09'", ends_on="'2026-03-16'", follows_id=_TWO),
    _like(
        "action_item",
        _ITEM,
        _ONE,
        action_plan_id=_ONE,
        lead_id=_LEAD,
        customer_id=_GLOBEX,
        opportunity_id=_DEAL,
    ),
    _like(
        "action_item",
        _ITEM,
        _TWO,
        action_plan_id=_TWO,
        state="'done'",
        done_on="'2026-03-05'",
        activity_id=_ONE,
        refines_id=_ONE,
    ),
    _like("action_item", _ITEM, _THREE, action_plan_id=_TWO, state="'carried'"),
    _like("action_item", _ITEM, _FOUR, action_plan_id=_THREE, carried_from_id=_THREE),
    _new(
        "action_plan_entry",
        action_plan_id=_TWO,
        action_item_id=_TWO,
        at=_NOON,
        actor="'x'",
        author_id=_HAL,
        step="'item_done'",
    ),
    _set("action_plan_comment", "true", author_id=_HAL),
]
"""A quarter of Ann's that was agreed on, a week of it with what was done and carried, and the week that follows."""


def _change(canary: int, unit: str = "NULL", group: str = "NULL") -> str:
    """A rule as a simulation has it, in JSON."""
    scope = f"'unit_id', {unit}, 'group_id', {group}, 'title', 'canary-{canary}'"
    rule = f"'key', 'rate', 'policy', 'incentives.flat_rate', 'parameters', {_RATE}, 'ordinal', 1, 'remove', false"
    return f"jsonb_build_object({rule}, {scope})"


_CHANGES: Final = f"jsonb_build_array({_change(999_998, unit=_EAST)}, {_change(999_997, group=_GROUP)})"

_INCENTIVES: Final = [
    _like("incentive_rule", "key = 'weekly'", _ONE, key="'x1'", unit_id=_EAST, parameters=_RATE, **_EARLIER),
    _like("incentive_rule", "key = 'weekly'", _TWO, key="'x2'", group_id=_GROUP, **_EARLIER),
    _like(
        "incentive_run", "status = 'draft'", _ONE, label="'2026-04'", status="'failed'", failure="'x'", unit_id=_EAST
    ),
    _like("incentive_simulation", "status = 'done'", _ONE, unit_id=_EAST),
    _like("incentive_simulation", "status = 'done'", _TWO, status="'failed'", failure="'x'", result="NULL"),
    _like("incentive_budget", "true", _ONE, unit_id=_ACME),
    _like("policy_setting", "policy = 'allocation.last_year'", _ONE, policy="'gone.x'", **_EARLIER),
    _set("statement_line", "true", base="700", rate="'0.05'", entries=f"jsonb_build_array({_ENTRY})"),
    _set("dispute", "status = 'granted'", decided_by_id=_HAL),
    _set("dispute_comment", "true", author_id=_HAL),
]
"""Rules, a run and simulations of the East or of a group, and such as failed or ended."""

_MARCH: Final = {"period": "'2026-03'", "starts_on": "'2026-03-01'", "ends_on": "'2026-04-01'"}
_FILED: Final = {"step": "'filed'", "filed_at": _NOON, "scored_at": _NOON, "score": "88", "reviewer_id": _HAL}
_RANKED: Final = _id("review_form", "key = 'ranked'")
_LAYOUT: Final = """one.layout || '{"peers": "unit", "scorer": "reviews.weighted_score"}'::jsonb"""
_REVIEWS: Final = [
    _like("review_form", f"id = {_RANKED}", _ONE, key="'x'", unit_id=_EAST),
    _like("review_form_version", f"form_id = {_RANKED}", _ONE, form_id=_ONE, layout=_LAYOUT),
    _like("review_cycle", f"form_id < {_RANKED} AND unit_id = {_EAST}", _ONE, **_MARCH),
    _like("review_cycle", f"form_id = {_RANKED} AND unit_id = {_EAST}", _TWO, form_id=_ONE, form_version_id=_ONE),
    _like("review", f"form_id < {_RANKED} AND member_id = {_ANN}", _ONE, cycle_id=_ONE, **_MARCH, **_FILED),
    _like(
        "review",
        f"form_id = {_RANKED} AND member_id = {_ANN}",
        _TWO,
        cycle_id=_TWO,
        form_id=_ONE,
        step="'calibration'",
        score="88",
    ),
    _like(
        "review_follow_up",
        f"id = {_id('review_follow_up')}",
        _ONE,
        review_id=_ONE,
        state="'done'",
        settled_at=_NOON,
        settled_by="'x'",
        objective_id=_OBJECTIVE,
        action_plan_id=_TWO,
    ),
    _set("review_step", "true", before='\'{"step": "self"}\''),
]
"""A review of Ann's that was filed, and one among her peers of the East."""


def _attribute(subject: str, row: str, key: str, kind: str, column: str, value: str) -> list[str]:
    refers = "'customer'" if kind == "reference" else "NULL"
    defined = {"subject": f"'{subject}'", "key": f"'{key}'", "title": "'x'", "kind": f"'{kind}'", "refers_to": refers}
    definition = _id("attribute_definition", f"subject = '{subject}' AND key = '{key}'")
    return [
        _new("attribute_definition", **defined, description="'x'", ordinal="5", archived="false", version="1"),
        _new("attribute_value", definition_id=definition, **{f"{subject}_id": row, column: value}),
    ]


_ATTRIBUTES: Final = [
    *_attribute("unit", _SEAT, "grade", "text", "text", "'x'"),
    *_attribute("member", _ANN, "grade", "text", "text", "'x'"),
    *_attribute("opportunity", _DEAL, "grade", "text", "text", "'x'"),
    *_attribute("lead", _LEAD, "grade", "text", "text", "'x'"),
    *_attribute("customer", _GLOBEX, "size", "number", "number", "7"),
    *_attribute("customer", _GLOBEX, "founded", "date", "day", _LATER),
    *_attribute("customer", _GLOBEX, "kin", "reference", "to_customer_id", _GLOBEX),
]

ADDED: Final = [
    *_PLANS,
    *_ORGANIZATION,
    *_RECORDS,
    *_DEALS,
    *_ACTIONS,
    *_INCENTIVES,
    *_REVIEWS,
    *_ATTRIBUTES,
]
"""A statement for each."""

TIED: Final = [
    _set("opportunity", f"id IN ({_TWO}, {_THREE})", expected_close_on="'2026-08-01'"),
    _set("opportunity", f"id = {_FOUR}", expected_close_on="NULL"),
    _set("metric", f"id = {_ONE}", product_group="(SELECT min(product_group) FROM product WHERE company_id = $1)"),
    _set(
        "ownership_entry",
        "from_pool_id IS NOT NULL AND to_member_id IS NOT NULL",
        decided_by="(SELECT max(key) FROM pool_rule WHERE company_id = $1)",
    ),
    _set("incentive_simulation", f"id = {_ONE}", changes=_CHANGES),
    *(_set(table, f"id = {_ONE}", policy="'canary-999996.x'") for table in ("policy_setting", "incentive_rule")),
]
"""What has to be like something else once that has its canary, a statement for each."""
