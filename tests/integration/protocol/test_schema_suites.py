"""The schema, as Relay's compiler and graphql-schema-linter see it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from graphql import DocumentNode, FragmentDefinitionNode, NameNode, OperationDefinitionNode, parse, print_ast, visit
from graphql.language import FragmentSpreadNode, Visitor

import quotaloom_graphql
from quotaloom.platform.work import NO_COMPANY
from quotaloom_server.greeting import attainment_query
from tests.integration.protocol.running import Suites

SDL = Path(quotaloom_graphql.__file__).with_name("schema.graphql")
ROOT = Path(__file__).resolve().parents[3]
LINTER = "node_modules/graphql-schema-linter/lib/cli.js"
COMPILER = "node_modules/relay-compiler/cli.js"


def operations() -> list[str]:
    """Those of the README, of the docs, and the one that a started server offers."""
    samples = [
        sample
        for file in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
        for sample in re.findall(r"```graphql\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL)
    ]
    return [*samples, attainment_query(NO_COMPANY, datetime(2026, 6, 15, tzinfo=UTC))]


class Renamed(Visitor):
    """Gives operations and fragments the names that Relay wants, which begin with that of their module."""

    def __init__(self, module: str) -> None:
        super().__init__()
        self._module = module
        self._operations = 0

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> OperationDefinitionNode:
        self._operations += 1
        return replace(node, name=NameNode(value=f"{self._module}{self._operations}{node.operation.value.title()}"))

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: object) -> FragmentDefinitionNode:
        return replace(node, name=self._of_module(node.name))

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> FragmentSpreadNode:
        return replace(node, name=self._of_module(node.name))

    def _of_module(self, name: NameNode) -> NameNode:
        return NameNode(value=f"{self._module}_{name.value}")


def module(number: int, document: DocumentNode) -> tuple[str, str]:
    """A module of a front end with these operations, and its name."""
    name = f"Sample{number:03}"
    parts = visit(document, Renamed(name)).definitions
    tags = [f"export const part{at} = graphql`\n{print_ast(one)}\n`;" for at, one in enumerate(parts)]
    return f"{name}.js", "\n".join(['import { graphql } from "react-relay";', *tags, ""])


async def test_relays_compiler_takes_the_schema_and_real_operations(suites: Suites) -> None:
    """Every operation of the docs, connections, fragments fetched again through `node`, mutations, subscriptions."""
    (suites.folder / "schema.graphql").write_bytes(SDL.read_bytes())
    sources = suites.folder / "relay"
    written = [module(number, parse(text)) for number, text in enumerate(operations())]
    assert len(written) > 100
    for name, text in written:
        (sources / name).write_text(text, encoding="utf-8")
    code, said = await suites.run(COMPILER, "--noWatchman", "--output", "quiet-with-errors", "relay.config.json")
    assert code == 0, said
    made = {file.name.removesuffix(".graphql.js") for file in sources.rglob("__generated__/*.js")}
    assert {"MemberListPaginationQuery", "MemberCardRefetchQuery", "BoardSubscription", "Sample0001Query"} <= made


async def test_the_linter_finds_nothing(suites: Suites) -> None:
    """Its rules but three, which `.graphql-schema-linterrc` explains."""
    code, said = await suites.run(LINTER, "--config-direction", str(suites.folder), str(SDL))
    assert code == 0, said
    assert "0 errors" in said
