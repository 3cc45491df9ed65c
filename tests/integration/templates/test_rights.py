"""Who may take a template, of what, and bring it back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from quotaloom.importing.templates import commands, comparing
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.acceptance.companies import planned_company
from tests.database_activity import busy
from tests.integration.templates.conftest import NOW, Desk, at, place


@pytest.fixture
async def head(desk: Desk) -> Desk:
    """Ann, who heads the team North with the position Sea, and Far, a position below West's parent."""
    await desk.company.units("acme", ["North"], "TEAM")
    await desk.company.units("North", ["Sea"], "POSITION")
    await desk.client.do(
        "appointHead", "orgUnit { id }", orgUnitId=desk.company.ids["North"], memberId=desk.company.ids["Ann"]
    )
    await desk.company.hold("Sea", "Bob", validFrom="2027-01-01")
    return desk.seen_by("Ann")


async def test_a_head_takes_what_he_leads_and_plans_what_lies_below(head: Desk) -> None:
    """North for looking at, Sea for planning, and the position that she holds herself."""
    table = await head.export()
    assert [(row[1], row[-2]) for row in table[1:] if row[4] == "target"] == [
        ("East", "not yours to plan"),
        ("North", "not yours to plan"),
        ("Sea", ""),
    ]
    at(table, "Sea", "target")[place(table, "2026-01")] = "10"
    assert await head.import_table(table) == [(8, "Sea", "2026-01", "TARGET", None, "10.00")]
    at(table, "North", "target")[place(table, "2026-01")] = "10"
    assert await head.refused(table) == ["NOT_YOURS 5 month 2026-01"]
    assert await head.refused([["unit", "line", "month 2026-01"], ["west", "target", "1"]]) == ["UNKNOWN_UNIT 2 unit"]


async def test_a_part_of_the_tree_is_exported_alone(head: Desk, desk: Desk) -> None:
    """Under North there are North and Sea; a unit that one cannot see is not there."""
    table = await desk.export(under=desk.company.ids["North"])
    assert [row[1] for row in table[1::3]] == ["North", "Sea"]
    response = await head.download(under=desk.company.ids["West"])
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


async def test_members_plan_nothing(head: Desk) -> None:
    """Bob heads no unit: he is told so, and imports nothing."""
    bob = head.seen_by("Bob")
    response = await bob.download("xlsx")
    assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")
    answer = await bob.client.send(
        'mutation ($plan: ID!) { importTargets(input: { planId: $plan, format: CSV, content: "dW5pdA==" })'
        " { errors { code } } }",
        plan=head.company.ids["plan"],
    )
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_nothing_is_read_for_members_who_plan_nothing(head: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bob is refused before anybody opens his file, whatever it costs."""
    opened: list[bytes] = []
    monkeypatch.setattr(commands, "read_sheet", lambda content, _: opened.append(content))
    bob = head.seen_by("Bob")
    with pytest.raises(AssertionError, match="FORBIDDEN"):
        await bob.send(b"unit", "csv", dry_run=True)
    assert opened == []


async def test_reading_a_file_holds_no_connection(desk: Desk, admin_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files wait for their turn and take seconds: meanwhile no connection is in a transaction."""
    held: list[int] = []

    def compare(*arguments: Any) -> list[Any]:
        held.append(asyncio.run(busy(admin_url)))
        return comparing.compare(*arguments)

    monkeypatch.setattr(commands, "compare", compare)
    assert await desk.import_table([["unit", "line", "month 2026-03"], ["east", "target", "1"]])
    assert held == [0]


async def test_downloads_need_a_token(desk: Desk, database: Database) -> None:
    """Without one 401; the plan of another company, and what is no plan, answer alike."""
    desk.client.headers = {}
    response = await desk.download()
    assert (response.status_code, response.json()["code"]) == (401, "UNAUTHENTICATED")
    other = await planned_company(database, desk.client, "beta", NOW)
    for plan in (desk.company.ids["plan"], "UGxhbjo5OTk=", "nonsense"):
        response = await other.graph.http.get(f"/plans/{plan}/template.csv", headers=other.graph.headers)
        assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("scopes", "status"), [({"targets:write", "graph:read"}, 200), ({"targets:write"}, 403), ({"graph:read"}, 403)]
)
async def test_a_service_needs_both_scopes_to_export(desk: Desk, scopes: set[str], status: int) -> None:
    """What it could neither read nor plan it gets no file of."""
    identity = Identity(desk.company.company_id, "service:sheet", Role.SERVICE, scopes=frozenset(scopes))
    service = Desk(desk.company, desk.client.signed_in(identity))
    assert (await service.download()).status_code == status


async def test_a_file_is_named_after_its_plan(desk: Desk) -> None:
    """So that a browser keeps it under a name that says what it is; nobody in between keeps it."""
    response = await desk.download("xlsx")
    assert response.headers["content-disposition"].endswith("filename*=UTF-8''Plan.xlsx")
    assert response.headers["cache-control"] == "no-store"
    assert (await desk.download("csv", scenario="x")).json()["code"] == "BAD_SCENARIO"
