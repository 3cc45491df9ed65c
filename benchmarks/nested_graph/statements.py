"""The statements that are written by hand: flat rows for the floor, and one of JSON for each question.

`$1` is the key of the unit or funnel. Row-level security keeps them in one company.
"""

from __future__ import annotations

from benchmarks.nested_graph.questions import DEALS_OF_A_STAGE, YEAR

BEGIN = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;SET LOCAL quotaloom.company_id = '{company_id}';"
    "SET LOCAL statement_timeout = 60000"
)
"""The transaction of the product's own reads."""

_PLACED = (
    "LEFT JOIN placement p ON p.company_id = u.company_id AND p.unit_id = u.id"
    " AND daterange(p.valid_from, p.valid_to) @> current_date"
)
_OPEN = "daterange(u.opened_on, u.closed_on) @> current_date"
_PUBLISHED = (
    "ANY(ARRAY(SELECT v.id FROM plan_version v JOIN plan p ON p.company_id = v.company_id AND p.id = v.plan_id"
    " JOIN metric m ON m.company_id = p.company_id AND m.id = p.metric_id"
    " WHERE v.status = 'published' AND m.key = 'revenue'))"
)
_OF_YEAR = f"c.starts_on >= date '{YEAR}-01-01' AND c.starts_on < date '{YEAR + 1}-01-01'"
_LINES = "(c.target * 0.01)::text, (c.assessment * 0.01)::text, (c.stretch * 0.01)::text"
_REVENUE = "(SELECT id FROM metric WHERE key = 'revenue')"

UNIT = "SELECT key, name, upper(kind) FROM org_unit WHERE key = $1"

UNITS = (
    f"SELECT u.id, p.parent_id, u.name, upper(u.kind) FROM unit_path below"
    f" JOIN org_unit u ON u.company_id = below.company_id AND u.id = below.unit_id {_PLACED}"
    " WHERE below.ancestor_id = (SELECT id FROM org_unit WHERE key = $1) AND below.depth <= $2"
    f" AND below.valid_from <= current_date AND current_date < below.valid_to AND {_OPEN}"
    " ORDER BY below.depth, p.parent_id, p.ordinal, u.name, u.id"
)
"""The units of `$2` levels below one, level by level, each unit's children in tree order."""

CELLS = (
    f"SELECT c.unit_id, left(c.starts_on::text, 7), c.starts_on::text, {_LINES} FROM target_cell c"
    f" WHERE c.plan_version_id = {_PUBLISHED} AND c.unit_id = ANY($1::bigint[]) AND {_OF_YEAR}"
    " ORDER BY c.unit_id, c.starts_on"
)

STAGES = (
    "SELECT f.name, s.id, s.name, upper(s.outcome) FROM funnel f JOIN stage s ON s.company_id = f.company_id"
    " AND s.funnel_id = f.id AND s.version_number = f.latest_version WHERE f.key = $1 ORDER BY s.ordinal"
)

DEALS = (
    "SELECT stage_id, key, name, amount, opened_on, position FROM (SELECT o.stage_id, o.key, o.name,"
    " (o.amount * 0.01)::text AS amount, o.opened_on::text, u.name AS position,"
    " row_number() OVER (PARTITION BY o.stage_id ORDER BY o.opened_on DESC, o.id) AS place"
    " FROM opportunity o JOIN stage s ON s.company_id = o.company_id AND s.id = o.stage_id AND s.outcome = 'open'"
    " LEFT JOIN org_unit u ON u.company_id = o.company_id AND u.id = o.position_id"
    f" WHERE o.stage_id = ANY($1::bigint[])) AS listed WHERE place <= {DEALS_OF_A_STAGE} ORDER BY stage_id, place"
)

LINES = (
    "SELECT c.unit_id, sum(c.target) AS target, sum(c.assessment) AS assessment, sum(c.stretch) AS stretch"
    f" FROM target_cell c WHERE c.plan_version_id = {_PUBLISHED} AND c.unit_id = ANY($1::bigint[])"
    f" AND {_OF_YEAR} GROUP BY c.unit_id"
)

ACHIEVED = (
    "SELECT below.ancestor_id, sum(own.achieved) AS achieved FROM ("
    "SELECT position_id, sum(direct) AS achieved FROM achievement_balance"
    f" WHERE metric_id = {_REVENUE} AND business_date >= date '{YEAR}-01-01'"
    f" AND business_date < date '{YEAR + 1}-01-01' GROUP BY position_id) AS own"
    " JOIN unit_path below ON below.unit_id = own.position_id"
    " AND below.valid_from <= current_date AND current_date < below.valid_to"
    " WHERE below.ancestor_id = ANY($1::bigint[]) GROUP BY below.ancestor_id"
)

ATTAINMENTS = (
    "SELECT unit_id, (target * 0.01)::text, (assessment * 0.01)::text, (stretch * 0.01)::text,"
    " (coalesce(achieved, 0) * 0.01)::text, round(coalesce(achieved, 0) / nullif(target, 0), 6)::text,"
    f" ((target - coalesce(achieved, 0)) * 0.01)::text FROM ({LINES}) AS lines"
    f" LEFT JOIN ({ACHIEVED}) AS sums ON ancestor_id = unit_id"
)

_CELLS_AS_JSON = (
    "(SELECT json_agg(json_build_object('period', left(c.starts_on::text, 7), 'startsOn', c.starts_on,"
    " 'target', (c.target * 0.01)::text, 'assessment', (c.assessment * 0.01)::text,"
    " 'stretch', (c.stretch * 0.01)::text) ORDER BY c.starts_on)"
    f" FROM target_cell c WHERE c.plan_version_id = {_PUBLISHED} AND c.unit_id = {{id}} AND {_OF_YEAR})"
)

_ATTAINMENT_AS_JSON = (
    "(SELECT json_build_object('target', a.target, 'assessment', a.assessment, 'stretch', a.stretch,"
    " 'achieved', a.achieved, 'rate', a.rate, 'gap', a.gap) FROM attainments a WHERE a.unit_id = {id})"
)


def tree_as_json(levels: int) -> str:
    """The statement that answers with a unit, its cells and so many levels below it, as one JSON text."""
    return _whole_tree("'name', {u}.name, 'kind', upper({u}.kind), 'targetCells', " + _CELLS_AS_JSON, levels)


def attainments_as_json(levels: int) -> str:
    """The same with the attainment of each unit."""
    ids = (
        "ARRAY(SELECT unit_id FROM unit_path WHERE ancestor_id = (SELECT id FROM org_unit WHERE key = $1)"
        f" AND depth <= {levels} AND valid_from <= current_date AND current_date < valid_to)"
    )
    names = "(unit_id, target, assessment, stretch, achieved, rate, gap)"
    given = f"WITH attainments {names} AS MATERIALIZED ({ATTAINMENTS.replace('$1::bigint[]', ids)}) "
    return given + _whole_tree("'name', {u}.name, 'attainment', " + _ATTAINMENT_AS_JSON, levels)


def _whole_tree(fields: str, levels: int) -> str:
    unit = _unit_as_json(fields, levels, 0)
    return f"SELECT json_build_object('data', json_build_object('orgUnit', {unit})) FROM org_unit u0 WHERE u0.key = $1"


def _unit_as_json(fields: str, levels: int, level: int) -> str:
    mine = fields.format(u=f"u{level}", id=f"u{level}.id")
    return f"json_build_object({mine}{_children_as_json(fields, levels - 1, level + 1) if levels else ''})"


def _children_as_json(fields: str, levels: int, level: int) -> str:
    u, p = f"u{level}", f"p{level}"
    return (
        f", 'children', (SELECT coalesce(json_agg({_unit_as_json(fields, levels, level)}"
        f" ORDER BY {p}.ordinal, {u}.name, {u}.id), '[]') FROM placement {p}"
        f" JOIN org_unit {u} ON {u}.company_id = {p}.company_id AND {u}.id = {p}.unit_id"
        f" WHERE {p}.parent_id = u{level - 1}.id AND daterange({p}.valid_from, {p}.valid_to) @> current_date"
        f" AND daterange({u}.opened_on, {u}.closed_on) @> current_date)"
    )


UNIT_AS_JSON = (
    "SELECT json_build_object('data', json_build_object('orgUnit', json_build_object('key', key, 'name', name,"
    " 'kind', upper(kind)))) FROM org_unit WHERE key = $1"
)

BOARD_AS_JSON = (
    "SELECT json_build_object('data', json_build_object('funnel', json_build_object('name', f.name, 'stages', ("
    "SELECT json_agg(json_build_object('name', s.name, 'outcome', upper(s.outcome), 'opportunities', ("
    "SELECT coalesce(json_agg(deal), '[]') FROM (SELECT json_build_object('key', o.key, 'name', o.name,"
    " 'amount', (o.amount * 0.01)::text, 'openedOn', o.opened_on,"
    " 'position', json_build_object('name', u.name)) AS deal"
    " FROM opportunity o LEFT JOIN org_unit u ON u.company_id = o.company_id AND u.id = o.position_id"
    " WHERE o.stage_id = s.id AND s.outcome = 'open' ORDER BY o.opened_on DESC, o.id"
    f" LIMIT {DEALS_OF_A_STAGE}) AS listed)) ORDER BY s.ordinal) FROM stage s"
    " WHERE s.company_id = f.company_id AND s.funnel_id = f.id AND s.version_number = f.latest_version)"
    "))) FROM funnel f WHERE f.key = $1"
)
