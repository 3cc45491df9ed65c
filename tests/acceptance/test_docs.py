"""What the tour of the graph shows, the schema takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, validate

from quotaloom_graphql.schema import build_schema

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted((ROOT / "docs").rglob("*.md"))
GRAPH = build_schema()
SCHEMA = GRAPH._schema


def samples() -> list[tuple[str, str]]:
    return [
        (path.name, sample)
        for path in DOCUMENTS
        for sample in re.findall(r"```graphql\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    ]


@pytest.mark.parametrize(("name", "sample"), samples(), ids=lambda value: value[:30])
def test_every_operation_in_the_docs_is_valid(name: str, sample: str) -> None:
    """It parses, and every field and argument of it exists."""
    assert validate(SCHEMA, parse(sample)) == []


def test_every_operation_in_the_docs_is_within_the_limits() -> None:
    """With a good deal of room: none costs a tenth of what an operation may."""
    admission = GRAPH.admission
    for _, sample in samples():
        document = admission.parsed(sample)
        for operation in document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                assert admission.cost(document, operation, {}) < 500_000, sample


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    """No document points at a file that is gone."""
    for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_every_decision_is_listed() -> None:
    """The list of decisions has each record once."""
    listed = re.findall(r"\((\d{4}-[^)]+)\)", (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8"))
    assert listed == sorted(path.name for path in (ROOT / "docs/decisions").glob("0*.md"))
