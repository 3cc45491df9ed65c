"""What an operation costs: the values that its answer may hold."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse

from quotaloom_graphql.costs import Costs, page_variables
from quotaloom_graphql.schema import build_schema as build_product
from quotaloom_graphql.shapes import Shapes

SHOP = build_schema("""
    type Query {
      name: String
      shop: Shop
      shops(first: Int! = 20): Shops
      top(last: Int): [Shop]
    }
    type Mutation { rename: Shop }
    type Shops { nodes: [Shop], edges: [Edge], total: Int }
    type Edge { node: Shop, cursor: String }
    type Shop { name: String, tags: [String], near: [Shop], sells: Thing }
    union Thing = Book | Pen
    type Book { pages: Int }
    type Pen { colour: String }
""")
COSTS = Costs(SHOP, list_size=10)


def cost(text: str, **variables: Any) -> int:
    """The cost of the first operation."""
    document = parse(text)
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return COSTS.of(operation, Shapes(document), variables)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{ name }", 1),
        ("{ shop { name tags } }", 3),  # the shop, its name, its tags
        ("{ a: name b: name }", 2),
        ("{ shop { near { name } } }", 1 + 1 + 10 * 2),  # a list without pages is reckoned with 10 items
        ("{ shop { near { near { name } } } }", 1 + 1 + 10 * (1 + 1 + 10 * 2)),
        ("{ shops { total } }", 2),
        ("{ shops { nodes { name } total } }", 1 + 1 + 20 * 2 + 1),  # 20 by default
        ("{ shops(first: 3) { nodes { name } } }", 1 + 1 + 3 * 2),
        ("{ shops(first: 3) { edges { cursor node { name } } } }", 1 + 1 + 3 * 4),
        ("{ shops(first: 3) { nodes { near { name } } } }", 1 + 1 + 3 * (1 + 1 + 10 * 2)),
        ("{ top(last: 5) { name } }", 1 + 5 * 2),
        ("{ top { name } }", 1 + 500 * 2),  # neither asked for nor by default: the largest page there is
        ("{ shops(first: -3) { nodes { name } } }", 2),
        ("{ shop { sells { ... on Book { pages } ... on Pen { colour } __typename } } }", 5),
        ("mutation { rename { name } }", 12),  # 10 for doing it
        ("{ __typename }", 1),
        ("{ nothing { at { all } } }", 1),  # validation tells of it
        ("{ name { first } }", 1),
        ("{ shops(first: 99999999999999999999) { nodes { name } } }", 2 + 2 * 10**15),
    ],
)
def test_a_cost_is_the_values_that_may_come(text: str, values: int) -> None:
    """Objects, lists, items and leaves, one each."""
    assert cost(text) == values


PAGE = "query ($n: Int! = 4) { shops(first: $n) { nodes { name } } }"


@pytest.mark.parametrize(
    ("variables", "rows"),
    [({"n": 7}, 7), ({}, 4), ({"n": "7"}, 500), ({"n": None}, 500), ({"n": True}, 500), ({"n": [7]}, 500)],
)
def test_a_page_size_of_a_variable_counts_as_it_is(variables: dict[str, Any], rows: int) -> None:
    """Its default where it is not given, and the most where it is no number, or nobody knows."""
    assert cost(PAGE, **variables) == 2 + rows * 2


def test_a_variable_that_is_not_given_leaves_the_fields_default() -> None:
    """As in GraphQL: the argument counts as left out."""
    assert cost("query ($n: Int) { shops(first: $n) { nodes { name } } }") == 2 + 20 * 2


def test_a_fragment_costs_what_it_costs_where_it_is_spread() -> None:
    """The same fragment in a page of 3 and in one of 5: 2 + 3 × 2 and 2 + 5 × 2."""
    text = "{ a: shops(first: 3) { ...P } b: shops(first: 5) { ...P } } fragment P on Shops { nodes { name } }"
    assert cost(text) == 8 + 12


def test_doubling_fragments_are_reckoned_once_each() -> None:
    """2 to the 40th names, in no time."""
    fragments = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    assert cost(f"{{ ...F0 }} {fragments} fragment F40 on Query {{ name }}") == 2**40


def test_the_variables_of_page_sizes_are_found_wherever_they_stand() -> None:
    """In operations and fragments; others make no difference to the cost."""
    document = parse(
        "query ($b: Int, $a: Int, $c: Int) { shop @skip(if: $c) { ...F } shops(first: $b) { total } }"
        " fragment F on Shop { near { other(last: $a) } }"
    )
    assert page_variables(document, Shapes(document)) == ("a", "b")


def test_a_list_may_say_how_long_it_is() -> None:
    """`OrgUnit.descendants` is reckoned with 100 units, and the schema says so; `children` with the 10 of any list."""
    schema = build_product()
    costs = Costs(schema._schema, list_size=10)

    def of(text: str) -> int:
        document = parse(text)
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        return costs.of(operation, Shapes(document), {})

    assert of('{ orgUnit(key: "a") { descendants { key } } }') == 1 + 1 + 100 * 2
    assert of('{ orgUnit(key: "a") { children { key } } }') == 1 + 1 + 10 * 2
    assert "): [OrgUnit!]! @listSize(assumedSize: 100)" in schema.as_str()


def test_what_the_schema_says_of_a_field_comes_on_top() -> None:
    """Each look for duplicates costs 50,000 besides its list of ten with two values each."""
    product = build_product()
    costs = Costs(product._schema, list_size=10)
    document = parse(
        "{ a: possibleDuplicates(subject: LEAD) { compared } b: possibleDuplicates(subject: LEAD) { compared } }"
    )
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert costs.of(operation, Shapes(document), {}) == 2 * (50_000 + 1 + 10 * 2)
