"""The tutorial for partners, done as it says: every command, every file, every operation and every answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from quotaloom.demo.loading import load_demo
from quotaloom.platform.database import Database
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from tests.acceptance.projects import ROOT, SECONDS, Environment, run
from tests.graph_client import serving
from tests.integration.server.conftest import new_home

TUTORIAL = (ROOT / "docs" / "plugins" / "tutorial.md").read_text(encoding="utf-8")
DAY = datetime(2026, 6, 15, 4, tzinfo=UTC)
SERVE = "quotaloom serve --with-demo"


@dataclass(frozen=True, slots=True)
class Block:
    """A sample of the tutorial, and the words before it."""

    before: str
    language: str
    text: str


BLOCKS = [Block(*found) for found in re.findall(r"(.*?)```(\w+)\n(.*?)```", TUTORIAL, re.DOTALL)]


def test_every_sample_is_of_a_kind_that_is_run() -> None:
    """What stands in the tutorial is a command, a file, an output, an operation or its answer."""
    assert {block.language for block in BLOCKS} == {"sh", "python", "text", "graphql", "json"}


@dataclass
class Partner:
    """Whoever follows the tutorial: in a folder, with a virtual environment in which Quotaloom is installed."""

    environment: Environment
    folder: Path
    output: str = ""

    @classmethod
    def beginning_in(cls, folder: Path) -> Partner:
        """An environment of his own, on top of the one that the tests run in."""
        environment = Environment.on_top_of_ours(folder / "environment")
        home = folder / "home"
        home.mkdir()
        return cls(environment, home)

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        if block.language == "sh" and block.text.strip() != SERVE:
            self.type(block.text)
        elif block.language == "python":
            self.edit(block)
        elif block.language == "text":
            assert block.text in self.output

    def type(self, commands: str) -> None:
        """Type commands into a shell, each of which must succeed; the folder that they end in stays."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUOTALOOM_", "PYTHON"))}
        path = f"{self.environment.python.parent}:{os.environ['PATH']}"
        ran = subprocess.run(
            ["sh", "-e", "-c", f'{commands}\npwd > "$WHERE"\n'],
            cwd=self.folder,
            env={**kept, "PATH": path, "WHERE": str(self.environment.folder / "where")},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.output = ran.stdout
        assert ran.returncode == 0, f"{commands}\n{ran.stdout}\n{ran.stderr}"
        self.folder = Path((self.environment.folder / "where").read_text().strip())

    def edit(self, block: Block) -> None:
        """Replace a file, or add to it; a test that the words name is deleted before."""
        action, name = re.findall(r"(replace|add to)\s`([^`]+)`", block.before, re.IGNORECASE)[-1]
        path = self.folder / name
        if action.casefold() == "replace":
            path.write_text(block.text, encoding="utf-8")
            return
        text = path.read_text(encoding="utf-8")
        for function in re.findall(r"delete\s`(\w+)`", block.before):
            text, deleted = re.subn(rf"def {function}\(.*?\n\n\n(?=\S)", "", text, flags=re.DOTALL)
            assert deleted == 1, function
        path.write_text(f"{text}\n\n{block.text}", encoding="utf-8")


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Partner:
    """A partner who has done all that the tutorial says up to the server."""
    found = Partner.beginning_in(tmp_path_factory.mktemp("partner"))
    for block in BLOCKS:
        found.follow(block)
    return found


def test_what_it_writes_is_clean_and_typed(partner: Partner) -> None:
    """After the edits, too: ruff has nothing to say, and mypy as the project sets it."""
    for command in ("ruff check --isolated", "ruff format --check --isolated", "mypy"):
        run(sys.executable, "-m", *command.split(), cwd=partner.folder)


def test_its_policy_is_in_the_server_that_is_started(partner: Partner) -> None:
    """`quotaloom serve --with-demo`, where the plugin is installed: its policy is in the graph, not switched on."""
    with new_home() as home:
        server = home.serve(*SERVE.split()[2:], PYTHONPATH=str(partner.environment.packages))
        policies = server.ask("{ policies { key active } }", server.token)["data"]["policies"]
        server.end()
    assert {"key": "acme_rules.by_customers", "active": False} in policies


@dataclass
class Dots:
    """The ids that a reader puts in place of the dots: always those that he was given last."""

    ids: dict[str, str] = field(default_factory=dict)

    def note(self, data: dict[str, Any]) -> None:
        """Keep the ids of an answer."""
        if "plans" in data:
            plan, root = data["plans"][0], data["company"]["root"]
            self.ids |= {"plan": plan["id"], "metric": plan["metric"]["id"], "orgUnit": root["id"]}
        elif "createPlan" in data:
            self.ids["plan"] = data["createPlan"]["plan"]["id"]

    def filled(self, operation: str) -> str:
        """The operation with ids."""
        operation = operation.replace('plan(id: "…")', f'plan(id: "{self.ids.get("plan")}")')
        return re.sub(r'(\w+)Id: "…"', lambda found: f'{found[1]}Id: "{self.ids[found[1]]}"', operation)


def undotted(given: Any, expected: Any) -> Any:
    """What was given, with dots where dots are expected."""
    if expected == "…" and isinstance(given, str):
        return "…"
    if isinstance(given, dict) and isinstance(expected, dict):
        return {name: undotted(value, expected.get(name)) for name, value in given.items()}
    if isinstance(given, list) and isinstance(expected, list) and len(given) == len(expected):
        return [undotted(*pair) for pair in zip(given, expected, strict=True)]
    return given


async def test_operations_have_the_answers_that_are_shown(
    partner: Partner, database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the demo company of 15 June 2026, one after the other; the plugin answers from a worker."""
    monkeypatch.syspath_prepend(str(partner.environment.packages))
    demo = await load_demo(database, PolicyHost(discover()), now=DAY)
    dots = Dots()
    operations = [block for block in BLOCKS if block.language in ("graphql", "json")]
    async with serving(database_url, tmp_path, DAY, plugins=True) as graph:
        admin = graph.admin(demo.company_id, demo.admin_id)
        for operation, answer in zip(operations[::2], operations[1::2], strict=True):
            data = await admin.ask(dots.filled(operation.text))
            dots.note(data)
            expected = json.loads(answer.text)
            assert undotted(data, expected) == expected
