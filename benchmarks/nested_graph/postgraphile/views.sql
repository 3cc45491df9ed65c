-- What PostGraphile serves: views that answer as the product does, bound by the same row-level security.
CREATE SCHEMA postgraphile;

CREATE VIEW postgraphile.org_unit WITH (security_invoker) AS
SELECT u.id, p.parent_id, p.ordinal, u.key, u.name, upper(u.kind) AS kind
FROM public.org_unit AS u
LEFT JOIN public.placement AS p ON p.company_id = u.company_id AND p.unit_id = u.id
    AND daterange(p.valid_from, p.valid_to) @> current_date
WHERE daterange(u.opened_on, u.closed_on) @> current_date;

CREATE VIEW postgraphile.target_cell WITH (security_invoker) AS
SELECT c.id, c.unit_id, date_part('year', c.starts_on)::int AS year, left(c.starts_on::text, 7) AS period,
    c.starts_on, c.target * 0.01 AS target, c.assessment * 0.01 AS assessment, c.stretch * 0.01 AS stretch
FROM public.target_cell AS c
WHERE c.plan_version_id = ANY (ARRAY(
    SELECT v.id FROM public.plan_version AS v
    JOIN public.plan AS p ON p.company_id = v.company_id AND p.id = v.plan_id
    JOIN public.metric AS m ON m.company_id = p.company_id AND m.id = p.metric_id
    WHERE v.status = 'published' AND m.key = 'revenue'
));

CREATE VIEW postgraphile.funnel WITH (security_invoker) AS SELECT id, key, name FROM public.funnel;

CREATE VIEW postgraphile.stage WITH (security_invoker) AS
SELECT s.id, s.funnel_id, s.ordinal, s.key, s.name, upper(s.outcome) AS outcome
FROM public.stage AS s
JOIN public.funnel AS f ON f.company_id = s.company_id AND f.id = s.funnel_id AND f.latest_version = s.version_number;

CREATE VIEW postgraphile.opportunity WITH (security_invoker) AS
SELECT o.id, o.stage_id, o.position_id, upper(s.outcome) AS outcome, o.key, o.name, o.amount * 0.01 AS amount,
    o.opened_on
FROM public.opportunity AS o JOIN public.stage AS s ON s.company_id = o.company_id AND s.id = o.stage_id;

CREATE TYPE postgraphile.attainment AS (
    target numeric, assessment numeric, stretch numeric, achieved numeric, rate numeric, gap numeric
);

-- One unit of the year: its own cells, and what all positions below it have achieved.
CREATE FUNCTION postgraphile.org_unit_attainment(unit postgraphile.org_unit, year int)
RETURNS postgraphile.attainment STABLE LANGUAGE sql AS $$
SELECT lines.target, lines.assessment, lines.stretch, sums.achieved,
    round(sums.achieved / nullif(lines.target, 0), 6), lines.target - sums.achieved
FROM (
    SELECT sum(c.target) AS target, sum(c.assessment) AS assessment, sum(c.stretch) AS stretch
    FROM postgraphile.target_cell AS c WHERE c.unit_id = unit.id AND c.year = org_unit_attainment.year
) AS lines, (
    SELECT coalesce(sum(b.direct), 0) * 0.01 AS achieved
    FROM public.unit_path AS below
    JOIN public.achievement_balance AS b ON b.company_id = below.company_id AND b.position_id = below.unit_id
        AND b.business_date >= below.valid_from AND b.business_date < below.valid_to
    JOIN public.metric AS m ON m.company_id = b.company_id AND m.id = b.metric_id AND m.key = 'revenue'
    WHERE below.ancestor_id = unit.id
        AND b.business_date >= make_date(org_unit_attainment.year, 1, 1)
        AND b.business_date < make_date(org_unit_attainment.year + 1, 1, 1)
) AS sums
$$;

COMMENT ON VIEW postgraphile.org_unit IS '
@primaryKey id
@unique key
@foreignKey (parent_id) references org_unit (id)|@fieldName parent|@foreignFieldName children';
COMMENT ON VIEW postgraphile.target_cell IS '
@primaryKey id
@foreignKey (unit_id) references org_unit (id)|@fieldName unit|@foreignFieldName targetCells';
COMMENT ON VIEW postgraphile.funnel IS '
@primaryKey id
@unique key';
COMMENT ON VIEW postgraphile.stage IS '
@primaryKey id
@foreignKey (funnel_id) references funnel (id)|@fieldName funnel|@foreignFieldName stages';
COMMENT ON VIEW postgraphile.opportunity IS '
@primaryKey id
@foreignKey (stage_id) references stage (id)|@fieldName stage|@foreignFieldName opportunities
@foreignKey (position_id) references org_unit (id)|@fieldName position|@foreignFieldName opportunities';

GRANT USAGE ON SCHEMA postgraphile TO quotaloom;
GRANT SELECT ON ALL TABLES IN SCHEMA postgraphile TO quotaloom;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA postgraphile TO quotaloom;
