"""`quotaloom plan`: a plan goes out to a file and comes back, as a person does it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.integration.server.processes import Home, Server

ROOT = "{ company { root { id } } metrics { id key } }"
PLAN = "mutation ($input: CreatePlanInput!) { createPlan(input: $input) { plan { id } errors { message } } }"
CELLS = "mutation ($input: SetTargetCellsInput!) { setTargetCells(input: $input) { errors { message } } }"
ASKED = '{ company { root { targetCells(period: "2026", plan: "%s") { period target } } } }'


@pytest.fixture(scope="module")
def plan_id(home_of_acme: Home) -> str:
    """A plan for 2026 in which the root aims for 100.00 in January."""
    server = home_of_acme.serve()
    admin = home_of_acme.run("token", "--company", "acme").stdout.strip()
    found = server.ask(ROOT, admin)["data"]
    metric = next(one["id"] for one in found["metrics"] if one["key"] == "revenue")
    made = server.ask(PLAN, admin, input={"name": "Year's plan", "metricId": metric, "fiscalYear": 2026})
    number: str = made["data"]["createPlan"]["plan"]["id"]
    cell = {"orgUnitId": found["company"]["root"]["id"], "month": "2026-01", "target": "100"}
    assert server.ask(CELLS, admin, input={"planId": number, "cells": [cell]})["data"]["setTargetCells"]["errors"] == []
    server.end()
    return number


def targets(server: Server, plan_id: str) -> list[dict[str, str]]:
    """The root's targets."""
    admin = server.home.run("token", "--company", "acme").stdout.strip()
    found: list[dict[str, str]] = server.ask(ASKED % plan_id, admin)["data"]["company"]["root"]["targetCells"]
    return found


def test_a_plan_goes_out_and_comes_back(founded: Home, plan_id: str) -> None:
    """Exported, edited, told, and stored once `--apply` says so."""
    of_plan = ("--company", "acme", "--plan", "Year's plan")
    out = founded.run("plan", "export", "plan.csv", *of_plan)
    assert (out.returncode, out.stdout) == (0, ""), out.stderr
    file = founded.data.parent / "plan.csv"
    with file.open(encoding="utf-8-sig", newline="") as opened:
        table = list(csv.reader(opened))
    assert table[1][4:7] == ["target", "100.00", ""]
    table[1][5:7] = ["120", "130"]
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(table)
    told = founded.run("plan", "import", "plan.csv", *of_plan)
    assert told.stdout.splitlines() == [
        "row 2: Acme, 2026-01, target: 100.00 → 120.00",
        "row 2: Acme, 2026-02, target: nothing → 130.00",
        "2 values in 2 cells would change.",
    ]
    assert "--apply" in told.stderr
    stored = founded.run("plan", "import", "plan.csv", *of_plan, "--apply")
    assert stored.stdout.splitlines()[-1] == "2 values in 2 cells changed."
    server = founded.serve()
    assert [cell["target"] for cell in targets(server, plan_id)] == ["120.00", "130.00"]
    server.end()


@pytest.mark.usefixtures("plan_id")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("export", "plan.pdf", "--company", "acme", "--plan", "x"),
            "FILE: plan.pdf ends neither in .xlsx nor in .csv.",
        ),
        (
            ("export", "plan.xlsx", "--company", "acme", "--plan", "x"),
            "--plan: No plan is called 'x'. There are: Year's plan (2026).",
        ),
        (
            ("export", "plan.xlsx", "--company", "acme", "--plan", "Year's plan", "--under", "x"),
            "--under: There is no unit with the key 'x'.",
        ),
        (
            ("import", "bad.csv", "--company", "acme", "--plan", "Year's plan", "--year", "2026"),
            "row 2, line: 'quota' is none of target, assessment, stretch\n"
            "row 3, unit: 'nobody' is no unit of this plan that you can see",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(founded: Home, arguments: tuple[str, ...], expected: str) -> None:
    """An option, or a row of the file; nothing is written."""
    parent = Path(founded.data.parent)
    (parent / "bad.csv").write_text("unit,line,month 2026-01\nacme,quota,1\nnobody,target,1\n")
    result = founded.run("plan", *arguments)
    assert (result.returncode, result.stdout, result.stderr.strip()) == (1, "", expected)
