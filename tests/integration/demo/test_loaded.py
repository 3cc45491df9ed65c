"""The demo company once it is loaded."""

from __future__ import annotations

from datetime import date

from quotaloom.achievements.rollups import achieved_by_unit
from quotaloom.achievements.verification import verify_balances
from quotaloom.calendars.company_calendar import fiscal_calendar, load_calendar
from quotaloom.demo.generating import tell_story
from quotaloom.demo.loading import DemoCompany
from quotaloom.demo.story import DemoStory
from quotaloom.metrics.counting import counting_of
from quotaloom.metrics.rates import RateKind, RateTable, convert
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import load_company

TODAY = date(2026, 11, 23)


async def numbers(snapshot: Snapshot, sql: str, *arguments: object) -> list[int]:
    return [row[0] for row in await snapshot.fetch(sql, *arguments)]


async def revenue_of(
    snapshot: Snapshot, unit_ids: list[int], label: str, posted_through: date | None = None, metric: str = "revenue"
) -> dict[int, tuple[int, int]]:
    """Achieved and overlay of each unit that has any."""
    company = await load_company(snapshot)
    assert company is not None
    (counted,) = await metrics_by_key(snapshot, [metric])
    period = fiscal_calendar(company).period(label)
    rows = await achieved_by_unit(snapshot, unit_ids, counting_of(counted), [period], posted_through=posted_through)
    return {row["unit_id"]: (row["achieved"], row["overlay"]) for row in rows}


def won_in(story: DemoStory, starts_on: date, ends_on: date) -> int:
    """What the story's deals were won for, in fen at the booking rate, less the refunds."""
    table = RateTable("CNY", story.rates)
    total = 0
    refunded = {refund.deal_key: refund.amount for refund in story.refunds}
    for deal in story.deals:
        if deal.stage_key == "won" and deal.closed_on is not None and starts_on <= deal.closed_on < ends_on:
            rate = table.rate(deal.currency, RateKind.BOOKING, deal.closed_on)
            back = (refunded[deal.key] or deal.amount) if deal.key in refunded else 0
            total += convert(deal.amount - back, rate, 2, 2)
    return total


async def test_the_balances_are_the_ledger_replayed(demo: DemoCompany, demo_database: Database) -> None:
    """No balance differs from what the entries make."""
    async with demo_database.snapshot(demo.company_id) as snapshot:
        (entries,) = await numbers(snapshot, "SELECT count(*) FROM achievement_entry")
        assert entries > 2000
        assert await verify_balances(snapshot) == []


async def test_the_root_has_what_its_positions_have(demo: DemoCompany, demo_database: Database) -> None:
    """In either year the company's revenue is that of its positions without overlay, and that of the story."""
    story = tell_story(TODAY)
    async with demo_database.snapshot(demo.company_id) as snapshot:
        (root,) = await numbers(snapshot, "SELECT id FROM org_unit WHERE kind = 'company'")
        positions = await numbers(snapshot, "SELECT id FROM org_unit WHERE kind = 'position'")
        for year in (story.last_year, story.present_year):
            achieved, overlay = (await revenue_of(snapshot, [root], year.label))[root]
            of_positions = list((await revenue_of(snapshot, positions, year.label)).values())
            assert achieved == won_in(story, year.starts_on, year.ends_on)
            assert achieved == sum(own - of_which_overlay for own, of_which_overlay in of_positions)
            assert overlay > 0


async def test_the_product_groups_make_up_the_revenue_and_earn_a_margin(
    demo: DemoCompany, demo_database: Database
) -> None:
    """Every deal has a product of one of three groups, whose margins lie between 31 and 62 percent."""
    async with demo_database.snapshot(demo.company_id) as snapshot:
        (root,) = await numbers(snapshot, "SELECT id FROM org_unit WHERE kind = 'company'")
        keys = ("revenue", "instruments", "systems", "services", "gross_margin")
        found = {key: (await revenue_of(snapshot, [root], "2026", metric=key))[root][0] for key in keys}
    assert found["revenue"] == found["instruments"] + found["systems"] + found["services"]
    assert 31 * found["revenue"] < 100 * found["gross_margin"] < 62 * found["revenue"]


async def test_every_customer_who_bought_is_new_once(demo: DemoCompany, demo_database: Database) -> None:
    """As many new customers over all time as there are customers with a deal that was won."""
    async with demo_database.snapshot(demo.company_id) as snapshot:
        (bought,) = await numbers(
            snapshot,
            "SELECT count(DISTINCT customer_id) FROM opportunity JOIN stage ON stage.id = stage_id"
            " WHERE outcome = 'won'",
        )
        (counted,) = await numbers(
            snapshot,
            "SELECT sum(amount)::int FROM achievement_entry JOIN metric ON metric.id = metric_id"
            " WHERE key = 'new_customers' AND credit = 'direct'",
        )
    assert counted == bought > 50


async def test_trainees_have_zero_and_a_target(demo: DemoCompany, demo_database: Database) -> None:
    """Who has won nothing is planned for all the same."""
    async with demo_database.snapshot(demo.company_id) as snapshot:
        trainees = await numbers(snapshot, "SELECT id FROM org_unit WHERE key IN ('tianjin-5', 'hangzhou-6')")
        found = await revenue_of(snapshot, trainees, "2025")
        assert [found.get(unit_id, (0, 0)) for unit_id in trainees] == [(0, 0), (0, 0)]
        cells = "SELECT count(*) FROM target_cell WHERE unit_id = ANY($1) AND target IS NOT NULL"
        assert await numbers(snapshot, cells, trainees) == [2 * 2 * 12]


async def test_both_years_have_a_published_plan_whose_margins_are_exact(
    demo: DemoCompany, demo_database: Database
) -> None:
    """Each parent's months are the sums of its children's; assessment and stretch are 80 and 120 percent."""
    async with demo_database.snapshot(demo.company_id) as snapshot:
        plans = await snapshot.fetch(
            "SELECT p.fiscal_year, sum(c.target) AS target, sum(c.assessment) AS assessment, sum(c.stretch) AS stretch"
            " FROM plan p JOIN plan_version v ON v.plan_id = p.id AND v.status = 'published'"
            " JOIN target_cell c ON c.plan_version_id = v.id JOIN org_unit u ON u.id = c.unit_id"
            " WHERE u.kind = 'company' GROUP BY p.fiscal_year ORDER BY p.fiscal_year"
        )
        assert [row["fiscal_year"] for row in plans] == [2025, 2026]
        for row in plans:
            assert (row["assessment"] * 10, row["stretch"] * 10) == (row["target"] * 8, row["target"] * 12)
        differing = await snapshot.fetch(
            "SELECT 1 FROM target_cell c JOIN placement p ON p.unit_id = c.unit_id AND p.valid_to IS NULL"
            " JOIN plan_version v ON v.id = c.plan_version_id JOIN plan ON plan.id = v.plan_id"
            " AND plan.fiscal_year = 2026"
            " JOIN target_cell above ON above.unit_id = p.parent_id AND above.starts_on = c.starts_on"
            " GROUP BY above.id HAVING min(above.target) <> sum(c.target)"
        )
        assert differing == []


async def test_earlier_days_have_an_answer(demo: DemoCompany, demo_database: Database) -> None:
    """The refund of January is not known at the end of December, and takes its amount from November's revenue."""
    part = tell_story(TODAY).refunds[1]
    async with demo_database.snapshot(demo.company_id) as snapshot:
        (root,) = await numbers(snapshot, "SELECT id FROM org_unit WHERE kind = 'company'")
        before = (await revenue_of(snapshot, [root], "2025-11", date(2025, 12, 31)))[root]
        after = (await revenue_of(snapshot, [root], "2025-11", date(2026, 1, 31)))[root]
        assert before[0] - after[0] == part.amount


async def test_it_has_a_calendar_with_holidays(demo: DemoCompany, demo_database: Database) -> None:
    """National Day is off, and the Saturday that is made up for it is worked."""
    async with demo_database.snapshot(demo.company_id) as snapshot:
        company = await load_company(snapshot)
        assert company is not None
        working = (await load_calendar(snapshot, company)).working
    assert (company.currency, company.time_zone, company.fiscal_start_month) == ("CNY", "Asia/Shanghai", 4)
    assert not working.is_working(date(2026, 10, 1))
    assert working.is_working(date(2026, 10, 10))


async def test_its_admin_is_a_member(demo: DemoCompany, demo_database: Database) -> None:
    """The admin that loading names has the key `admin` and the role."""
    async with demo_database.snapshot(demo.company_id) as snapshot:
        row = await snapshot.fetch_one("SELECT key, role FROM member WHERE id = $1", demo.admin_id)
    assert row is not None
    assert (demo.created, row["key"], row["role"]) == (True, "admin", "admin")


async def test_every_plan_leads_up_to_the_companys_goal(demo: DemoCompany, demo_database: Database) -> None:
    """Both plans serve a functional objective, that a business one, that a corporate one; each quarter has a focus."""
    async with demo_database.snapshot(demo.company_id) as snapshot:
        rows = await snapshot.fetch(
            "SELECT f.level, b.level AS above, c.level AS top, (SELECT count(*) FROM quarter_focus q"
            " WHERE q.objective_id = f.id) AS focuses FROM plan JOIN objective f ON f.id = plan.objective_id"
            " JOIN objective b ON b.id = f.parent_id JOIN objective c ON c.id = b.parent_id"
        )
    assert [tuple(row) for row in rows] == [("functional", "business", "corporate", 4)] * 2
