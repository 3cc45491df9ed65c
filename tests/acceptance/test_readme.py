"""What the README shows is so."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from quotaloom.demo.loading import load_demo
from quotaloom.platform.database import Database
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost
from tests.graph_client import serving

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DAY = datetime(2026, 6, 15, 4, tzinfo=UTC)


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


async def test_the_query_has_the_answer_that_is_shown(database: Database, database_url: str, tmp_path: Path) -> None:
    """The demo company of 15 June 2026, asked with the README's query."""
    demo = await load_demo(database, PolicyHost(discover()), now=DAY)
    async with serving(database_url, tmp_path, DAY) as graph:
        data = await graph.admin(demo.company_id, demo.admin_id).ask(block("graphql"))
    assert data == json.loads(block("json"))


def test_it_fits_a_screen_and_its_links_lead_somewhere() -> None:
    """Sixty lines at the most; every file that it names is there, and so is every command."""
    assert len(README.splitlines()) <= 60
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"^make (\w+)", block("sh"), re.MULTILINE):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE), command
