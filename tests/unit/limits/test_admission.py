"""Documents beyond a limit are refused before they are validated, with a code, what was found and what is allowed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from benchmarks.nested_graph.questions import QUESTIONS, QUOTALOOM
from graphql import get_introspection_query, validate

from quotaloom.platform.limits import Limits
from quotaloom_graphql.schema import build_schema
from quotaloom_graphql.served_schema import QuotaloomSchema
from tests.turns import counted_turns

SMALL = Limits(
    document_characters=200,
    document_tokens=50,
    document_depth=3,
    document_nesting=6,
    document_arguments=5,
    document_breadth=4,
    document_fields=10,
    document_aliases=2,
    document_directives=2,
    document_merges=100,
    operation_cost=10_100,
    list_size=5,
)
SCHEMA = build_schema(limits=SMALL)
USUAL = build_schema()


async def refusal(schema: QuotaloomSchema, query: str, **variables: Any) -> dict[str, Any]:
    """The extensions of the one error with which a document is refused."""
    result = await schema.execute(query, variables)
    assert result.data is None
    assert result.errors is not None
    (error,) = result.errors
    return dict(error.extensions or {})


@pytest.mark.parametrize(
    ("query", "code", "limit", "found"),
    [
        ("{ " + "#" * 200 + "\n __typename }", "DOCUMENT_TOO_LONG", "document_characters", 216),
        ("{" + "a " * 60 + "}", "TOO_MANY_TOKENS", "document_tokens", 62),
        ('{ a(b: """' + "c " * 20 + '""" d: "e\\"f" g: -1.5) ' + "h " * 60 + "}", "TOO_MANY_TOKENS", "", 74),
        ("{ company { root { head { member } } } }", "TOO_DEEP", "document_depth", 4),
        ("{ a { ... { ... { b(c: [[1]]) } } } }", "TOO_NESTED", "document_nesting", 7),
        ("{ a(b: 1 b: 2 b: 3 b: 4 b: 5 b: 6) }", "TOO_MANY_ARGUMENTS", "document_arguments", 6),
        ("{ a(b: { c: 1 c: 2 c: 3 c: 4 c: 5 c: 6 }) }", "TOO_MANY_ARGUMENTS", "document_arguments", 6),
        ("query ($a: A $b: B $c: C $d: D $e: E $f: F) { a }", "TOO_MANY_ARGUMENTS", "document_arguments", 6),
        ("{ a b c ... { d e } }", "TOO_BROAD", "document_breadth", 5),
        ("{ a { b c d } e { f g h } i { j k l } }", "TOO_MANY_FIELDS", "document_fields", 12),
        ("{ a: b c: d e: f }", "TOO_MANY_ALIASES", "document_aliases", 3),
        ("{ a @b @c @d }", "TOO_MANY_DIRECTIVES", "document_directives", 3),
        ("{ company { root { children { key } } } }", "TOO_DEEP", "document_depth", 4),
        ("{ orgUnits(first: 50) { nodes { key } } }", "TOO_COSTLY", "operation_cost", 10_102),
    ],
)
async def test_each_limit_has_its_code(query: str, code: str, limit: str, found: int) -> None:
    """What was found is the exact figure, and what is allowed that of the setting."""
    told = await refusal(SCHEMA, query)
    limit = limit or "document_tokens"
    assert told == {"code": code, "limit": limit, "allowed": getattr(SMALL, limit), "found": found}


async def test_the_message_says_what_and_how_much() -> None:
    """In words, for whoever has no use for the extensions."""
    result = await SCHEMA.execute("{ a @b @c @d }")
    assert result.errors is not None
    assert result.errors[0].message == (
        "the request has 3 directives, those of a fragment counted wherever it is spread; 2 at the most are allowed"
    )


async def test_what_lies_within_the_limits_is_answered() -> None:
    """With what it costs: 3 names of the root type."""
    result = await SCHEMA.execute("{ a: __typename b: __typename __typename }")
    assert (result.errors, result.extensions) == (None, {"cost": 3})


async def test_fields_that_overlap_are_compared_so_often_and_no_more() -> None:
    """130 times the same field with a selection would be some 8,400 comparisons."""
    told = await refusal(USUAL, "{company{root{" + "children{name}" * 130 + "}}}")
    assert (told["code"], told["limit"], told["allowed"]) == ("TOO_MANY_MERGES", "document_merges", 5000)
    assert 5000 < told["found"] < 5010


@pytest.mark.parametrize("in_production", [False, True])
async def test_fragments_within_fragments_are_counted_before_anything_recurses(in_production: bool) -> None:
    """A hundred selections within each other are valid; two hundred are told by how much they are too many."""
    schema = build_schema(production=in_production)

    def chain(fragments: int) -> str:
        spreads = "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(1, fragments))
        return f"{{ ...F1 }} {spreads} fragment F{fragments} on Query {{ __typename }}"

    assert (await schema.execute(chain(99))).errors is None
    told = await refusal(schema, chain(200))
    assert told == {"code": "TOO_NESTED", "limit": "document_selections", "allowed": 100, "found": 201}


async def test_the_most_that_can_be_set_is_what_validation_takes() -> None:
    """Two hundred selections within each other are as many as graphql-core bears."""
    schema = build_schema(limits=Limits(document_selections=200))
    spreads = "".join(f"fragment F{n} on Query {{ ...F{n + 1} }} " for n in range(1, 199))
    result = await schema.execute(f"{{ ...F1 }} {spreads} fragment F199 on Query {{ __typename }}")
    assert result.errors is None


async def test_a_cost_beyond_every_number_is_told_as_the_largest() -> None:
    """JSON readers take no more than 2 to the 53rd."""
    fragments = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(99))
    told = await refusal(USUAL, f"{{ ...F0 }} {fragments} fragment F99 on Query {{ __typename }}")
    assert (told["code"], told["found"]) == ("TOO_BROAD", 2**53 - 1)


async def test_a_document_that_is_kept_is_reckoned_with_each_page_size() -> None:
    """The first time and later, the same document is let in with small pages and refused with large ones."""
    query = "query ($n: Int! = 2) { orgUnits(first: $n) { totalCount nodes { __typename } } }"
    schema = build_schema(limits=SMALL)
    schema.documents.keep(query, schema.admission.parsed(query))
    for _ in range(2):
        for rows in (60, 70, 80):
            told = await refusal(schema, query, n=rows)
            assert (told["code"], told["found"]) == ("TOO_COSTLY", 10_003 + 2 * rows)


async def test_an_operation_of_several_is_reckoned_alone() -> None:
    """The one that is asked for, by its name."""
    query = "query Large { orgUnits(first: 50) { nodes { key } } } query Small { __typename }"
    result = await SCHEMA.execute(query, operation_name="Small")
    assert result.extensions == {"cost": 1}
    result = await SCHEMA.execute(query, operation_name="Large")
    assert result.errors is not None
    assert result.errors[0].extensions["code"] == "TOO_COSTLY"  # type: ignore[index]  # it has some


@pytest.mark.parametrize("query", [get_introspection_query(), get_introspection_query(input_value_deprecation=True)])
async def test_what_tools_ask_of_a_schema_is_let_in(query: str) -> None:
    """GraphiQL's and Relay's introspection, within the usual limits; others have many turns, each time."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.ensure_future(others())
    for _ in range(2):
        turns = 0
        result = await USUAL.execute(query)
        assert result.errors is None
        assert turns > 5
    turning.cancel()


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_large_queries_of_the_benchmarks_are_let_in(name: str) -> None:
    """Up to 11,111 units with their months, within the usual limits."""
    document = USUAL.admission.parsed(QUESTIONS[name].document(QUOTALOOM, "acme"))
    assert USUAL.admission.faults(document) == []
    assert USUAL.admission.cost(document, document.definitions[0], {}) < 1_000_000  # type: ignore[arg-type]


async def test_others_have_their_turn_while_a_large_document_is_read() -> None:
    """After it is parsed, and after each half of the rules; one of 2,000 numbers is read to its end all the same."""
    async with counted_turns() as turns:
        for query, least in (("{ __typename }", 0), ("{ nothing(a: [" + "1 " * 2_000 + "]) }", 3)):
            turns.clear()
            result = await USUAL.execute(query)
            assert (result.errors is None) == (least == 0)
            assert len(turns) == least


@pytest.mark.parametrize(
    "query",
    [
        "query ($a: Int) { __typename nothing }",
        "{ a: __typename a: company { name } ...A } fragment B on Query { __typename }",
    ],
)
def test_the_faults_of_all_rules_are_told(query: str) -> None:
    """Whichever half of the rules finds them: as many as graphql-core finds at once."""
    document = USUAL.admission.parsed(query)
    found = {fault.message for fault in USUAL.admission.faults(document)}
    assert found == {fault.message for fault in validate(USUAL._schema, document)}
    assert len(found) >= 2


async def test_a_kept_document_is_reckoned_with_the_lists_of_each_time() -> None:
    """A board of no units, of three and of two, at 10 for each."""
    query = "query ($units: [ID!]) { orgUnits(first: 1, within: $units) { totalCount } }"
    schema = build_schema()
    document = schema.admission.parsed(query)
    (operation,) = document.definitions
    costs = [schema.admission.cost(document, operation, {"units": ["a"] * count}) for count in (0, 3, 2, 3)]  # type: ignore[arg-type]
    assert [one - costs[0] for one in costs] == [0, 30, 20, 30]


async def test_many_uses_of_a_long_list_are_too_costly() -> None:
    """240 fields that are given 5,000 ids each are refused before any of them is looked at."""
    names = " ".join(f"a{number}: attributes(keys: $keys) {{ key }}" for number in range(240))
    query = f"query ($keys: [String!]) {{ customers(first: 1) {{ nodes {{ {names} }} }} }}"
    told = await refusal(USUAL, query, keys=["x"] * 5_000)
    assert (told["code"], told["limit"]) == ("TOO_COSTLY", "operation_cost")
    assert told["found"] > 240 * 5_000 * 10
    told = await refusal(USUAL, query, keys=["x"] * 5_001)
    assert told == {"code": "LIST_TOO_LONG", "limit": "variables_items", "allowed": 5_000, "found": 5_001}
