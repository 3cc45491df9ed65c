from __future__ import annotations

from benchmarks.hostile_documents import compared_with_strawberry
from benchmarks.hostility import HOSTILE

BOMB = "30 fragments, each spread twice"


def test_each_document_has_a_row_beside_strawberrys() -> None:
    """One for all, and then one for each; a document that Strawberry never ends with is given up."""
    first, *others = compared_with_strawberry([one for one in HOSTILE if one.name in {BOMB, "null"}], rounds=1)
    assert first.name == "within 20 ms of CPU time"
    assert {row.name: row.floor.startswith("> ") for row in others} == {BOMB: True, "null": False}
