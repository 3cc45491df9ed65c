"""A row in each table that the graph's small company has none in; `$1` is the company."""

from __future__ import annotations

import json
from typing import Final

from quotaloom.incentives.canonical import packed

_EAST, _SEAT, _ANN, _CEM_SEAT, _CEM, _DEAL, _CEM_DEAL, _DRAFT, _FUNNEL, _STAGE, _POOL, _PLAN, _DRAFT_PLAN = (
    "(SELECT id FROM org_unit WHERE company_id = $1 AND key = 'east')",
    "(SELECT id FROM org_unit WHERE company_id = $1 AND key = 'ann')",
    "(SELECT id FROM member WHERE company_id = $1 AND key = 'ann')",
    "(SELECT id FROM org_unit WHERE company_id = $1 AND key = 'cem')",
    "(SELECT id FROM member WHERE company_id = $1 AND key = 'cem')",
    "(SELECT min(id) FROM opportunity WHERE company_id = $1)",
    "(SELECT max(id) FROM opportunity WHERE company_id = $1)",
    "(SELECT min(id) FROM plan_version WHERE company_id = $1 AND status = 'draft')",
    "(SELECT min(id) FROM funnel WHERE company_id = $1)",
    "(SELECT min(id) FROM stage WHERE company_id = $1)",
    "(SELECT min(id) FROM pool WHERE company_id = $1)",
    "(SELECT min(plan_id) FROM plan_version WHERE company_id = $1 AND status = 'published')",
    "(SELECT min(plan_id) FROM plan_version WHERE company_id = $1 AND status = 'draft')",
)
_NOON: Final = "'2026-06-01T12:00Z'"

_ROWS: Final = {
    "action_plan_comment (action_plan_id, text, at, author)": [
        f"(SELECT min(id) FROM action_plan WHERE company_id = $1), 'Why?', {_NOON}, 'Hal'"
    ],
    "api_key (name, prefix, secret_hash, scopes, created_at, created_by)": [
        f"'CRM', 'abcdefgh', repeat('0', 64), '[\"graph:read\"]', {_NOON}, 'Hal'"
    ],
    "browser_session (member_id, secret_hash, begun_at, expires_at)": [
        f"{_ANN}, md5($1::text) || repeat('0', 32), {_NOON}, '2087-01-01T12:00Z'"
    ],
    "kept_answer (caller, request_key, fingerprint, answers, at)": [
        f"'member:1', 'again', repeat('0', 64), '{{}}', {_NOON}"
    ],
    "claim_request (member_id, request_key, at, asked, answer)": [f"{_ANN}, 'again', {_NOON}, '{{}}', '{{}}'"],
    "close_reason (funnel_id, outcome, key, name, ordinal, archived)": [f"{_FUNNEL}, 'lost', 'price', 'x', 1, false"],
    "decomposition (plan_version_id, unit_id, at, actor, policy, plugin_version, parameters, explanation)": [
        f"{_DRAFT}, {unit}, {_NOON}, 'Hal', 'allocation.even', '1.0', '{{}}', '{{\"text\": \"By hand\"}}'"
        for unit in (_EAST, "(SELECT id FROM org_unit WHERE company_id = $1 AND key = 'west')")
    ],
    "dispute_comment (dispute_id, text, at, author)": [
        f"(SELECT min(id) FROM dispute WHERE company_id = $1), 'x', {_NOON}, 'Hal'"
    ],
    "duplicate_rule (subject, compared, action, free_mail, version)": [
        f"'{subject}', '[\"name\"]', 'tell', '[\"canary.example\"]', 1" for subject in ("lead", "customer")
    ],
    "exchange_rate (currency, kind, valid_from, rate)": ["'USD', 'booking', '2026-01-01', 7.25"],
    "forecast_adjustment (unit_id, funnel_id, starts_on, ends_on, category, amount, reason, at, actor, author_id)": [
        f"{_EAST}, {_FUNNEL}, '2026-01-01', '2027-01-01', 'commit', 5, 'x', {_NOON}, 'Hal', NULL"
    ],
    "holiday (day, name, working)": ["'2026-10-01', 'x', false"],
    "listener_position (listener, since, last_event)": [f"'acme.listener', {_NOON}, 1"],
    "objective (fiscal_year, level, name, parent_id, owner_id, unit_id, archived, version)": [
        f"2027, 'business', 'x', (SELECT id FROM objective WHERE company_id = $1 AND level = 'corporate'), {_CEM},"
        " (SELECT id FROM org_unit WHERE company_id = $1 AND key = 'west'), false, 1"
    ],
    "opportunity_line (opportunity_id, ordinal, product_id, quantity, amount)": [
        f"{deal}, 1, (SELECT min(id) FROM product WHERE company_id = $1), 2, 700" for deal in (_DEAL, _CEM_DEAL)
    ],
    "opportunity_split (opportunity_id, position_id, member_id, credit, share, ordinal)": [
        f"{_DEAL}, {_SEAT}, {_ANN}, 'direct', 1, 1"
    ],
    "own_goal (plan_id, position_id, member_id, starts_on, ends_on, amount, version)": [
        f"{plan}, {seat}, {member}, '2027-01-01', '2027-02-01', 7, 1"
        for plan in (_PLAN, _DRAFT_PLAN)
        for seat, member in ((_SEAT, _ANN), (_CEM_SEAT, _CEM))
    ],
    "pool_memory (pool_id, policy, memory)": [f"{_POOL}, 'assignment.round_robin', 'x'"],
    "pool_turn (pool_id, member_id, last_turn, opted_out)": [f"{_POOL}, {_ANN}, 1, false", f"{_POOL}, {_CEM}, 2, true"],
    "quarter_focus (plan_id, quarter, text, version)": [f"{_PLAN}, 1, 'x', 1"],
    "stage_approval (opportunity_id, stage_id, actor, at, decided_on, approved, note)": [
        f"{_DEAL}, {_STAGE}, 'Hal', {_NOON}, '2026-06-01', true, 'x'"
    ],
    "stage_standard (stage_id, ordinal, kind, parameters)": [f"{_STAGE}, 1, 'document', '{{\"document\": \"Offer\"}}'"],
    "win_crediting (opportunity_id, win_number, at, actor, policy, plugin_version, parameters, explanation)": [
        f"{_DEAL}, 1, {_NOON}, 'Hal', 'crediting.team', '1.0', '{{}}', '{{\"text\": \"By hand\"}}'"
    ],
    "working_hours (member_id, weekday, from_minute, to_minute)": [f"{_ANN}, 1, 540, 1020"],
    "worksheet (plan_id, unit_id, conditions, money, updated_at, updated_by, version)": [
        f"{plan}, {seat}, 'x', 5, {_NOON}, 'Hal', 1"
        for plan in (_PLAN, _DRAFT_PLAN)
        for seat in (_EAST, _SEAT, _CEM_SEAT)
    ],
}
"""Columns, and the values of each row."""

_SIMULATED: Final = {
    "currency": "CNY",
    "moved_on": False,
    "failures": [{"member_id": 1, "period": "2026-05", "side": "then", "text": "x"}],
    "months": [
        {
            "period": "2026-05",
            "members": 1,
            "now": 1,
            "then": 2,
            "paid": 1,
            "carried_now": 0,
            "carried_then": 0,
            "advanced_now": 0,
            "advanced_then": 0,
        }
    ],
    "members": 1,
    "winners": 1,
    "losers": 1,
    "unchanged": 0,
    "histogram": [{"from": 0, "to": 1, "members": 1}],
    **{name: [{"member_id": 1, "now": 1, "then": 2}] for name in ("biggest_winners", "biggest_losers")},
    "percentiles": {name: {"p10": 1, "p50": 1, "p90": 1} for name in ("now", "then", "difference")},
}
_CHANGES: Final = f"""
UPDATE incentive_run_member SET warnings = '["No rule"]' WHERE company_id = $1;
UPDATE incentive_simulation SET status = 'done', finished_at = '2026-06-01T12:00Z', result = '{json.dumps(_SIMULATED)}'
    WHERE company_id = $1;
UPDATE lead SET compared_name = 'globex' WHERE company_id = $1;
UPDATE dispute SET status = 'granted', granted = 400, decided_at = '2026-06-01T12:00Z', decided_by = 'Hal',
    reason = 'x' WHERE company_id = $1 AND id = (SELECT min(id) FROM dispute WHERE company_id = $1);
UPDATE statement_line SET dispute_id = (SELECT min(id) FROM dispute WHERE company_id = $1) WHERE company_id = $1
    AND id = (SELECT max(line.id) FROM statement_line AS line JOIN incentive_statement AS statement
        ON statement.company_id = $1 AND statement.id = line.statement_id JOIN incentive_run AS run
        ON run.company_id = $1 AND run.id = statement.run_id AND run.status = 'paid' WHERE line.company_id = $1);
UPDATE opportunity SET expected_close_on = '2026-07-01',
    product_id = (SELECT min(id) FROM product WHERE company_id = $1) WHERE company_id = $1;
UPDATE achievement_entry SET product_id = (SELECT min(id) FROM product WHERE company_id = $1),
    customer_id = (SELECT min(id) FROM customer WHERE company_id = $1),
    opportunity_id = (SELECT min(id) FROM opportunity WHERE company_id = $1) WHERE company_id = $1;
UPDATE action_plan_entry SET before = '{{"state": "draft"}}', after = '{{"state": "submitted"}}' WHERE company_id = $1;
UPDATE attribute_definition SET title = 'Grade' WHERE company_id = $1
"""
"""What the small company leaves undone."""

_NO_INPUTS: Final = packed("[]").hex()

_MORE: Final = """
INSERT INTO target_cell (company_id, plan_version_id, unit_id, starts_on, ends_on, target, assessment, stretch, locked,
    pinned, version)
SELECT $1, version.id, unit.id, '2027-02-01', '2027-03-01', 10, 8, 12, false, false, 1
FROM plan_version AS version, org_unit AS unit WHERE version.company_id = $1 AND unit.company_id = $1
    AND version.status IN ('published', 'draft') AND unit.key IN ('acme', 'east', 'ann', 'bob');
INSERT INTO cell_comment (company_id, plan_id, unit_id, starts_on, ends_on, text, at, author)
SELECT $1, plan_id, unit.id, '2027-02-01', '2027-03-01', 'x', '2026-06-01T12:00Z', 'Hal'
FROM plan_version AS version, org_unit AS unit WHERE version.company_id = $1 AND unit.company_id = $1
    AND version.status = 'published' AND unit.key IN ('east', 'ann');
INSERT INTO commitment (company_id, plan_id, unit_id, starts_on, ends_on, amount, comment, author, at)
SELECT $1, plan_id, unit.id, '2027-02-01', '2027-03-01', 5, 'x', 'Hal', '2026-06-01T12:00Z'
FROM plan_version AS version, org_unit AS unit WHERE version.company_id = $1 AND unit.company_id = $1
    AND version.status = 'published' AND unit.key IN ('east', 'ann');
UPDATE ownership SET pool_id = NULL, member_id = (SELECT id FROM member WHERE company_id = $1 AND key = 'ann'),
    position_id = (SELECT id FROM org_unit WHERE company_id = $1 AND key = 'ann')
WHERE company_id = $1 AND lead_id = (SELECT min(id) FROM lead WHERE company_id = $1)
"""
"""Cells, comments and commitments of each unit of the published plan, and a lead that Ann holds."""

_INSERTED: Final = [
    f"INSERT INTO {table.replace('(', '(company_id, ', 1)} SELECT $1, {values}"
    for table, rows in _ROWS.items()
    for values in rows
]

FILLED: Final = [
    *_INSERTED,
    f"UPDATE incentive_statement SET inputs = '\\x{_NO_INPUTS}' WHERE company_id = $1",
    *_CHANGES.split(";"),
    *_MORE.split(";"),
]
"""A statement for each row, and for each change."""
