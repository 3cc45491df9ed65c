"""What an operation costs: the values that its answer may hold."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType, OperationDefinitionNode, build_schema, get_named_type, parse

from quotaloom.platform.limits import Limits
from quotaloom_graphql.costs import PAGE_ARGUMENTS, SCHEMA_COST, Costs, page_variables
from quotaloom_graphql.field_costs import READING, WHOLE_LIST, declared_weight, weight_together
from quotaloom_graphql.schema import build_schema as build_product
from quotaloom_graphql.schema_parts import schema_parts
from quotaloom_graphql.shapes import Shapes
from strawberry_breadth import BatchField
from tests.integration.walls.operations import Operation, read_operations

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
        ("mutation { rename { name } }", 10_002),  # 10,000 for doing it
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
    assert page_variables(document, Shapes(document), PAGE_ARGUMENTS) == ("a", "b")


PRODUCT = build_product()
PRODUCT_COSTS = Costs(PRODUCT._schema, list_size=10)


def product_cost(text: str, **variables: Any) -> int:
    """The cost of an operation of the product."""
    document = parse(text)
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return PRODUCT_COSTS.of(operation, Shapes(document), variables)


def test_a_list_may_say_how_long_it_is() -> None:
    """`OrgUnit.descendants` is reckoned with 100 units, and the schema says so; `children` with the 10 of any list.

    Besides, 1,000 for the unit and for its children, and 5,000 for going down the tree.
    """
    assert product_cost('{ orgUnit(key: "a") { descendants { key } } }') == 1_000 + 5_000 + 1 + 1 + 100 * 2
    assert product_cost('{ orgUnit(key: "a") { children { key } } }') == 1_000 + 1_000 + 1 + 1 + 10 * 2
    assert "): [OrgUnit!]! @listSize(assumedSize: 100)" in PRODUCT.as_str()


def test_what_the_schema_says_of_a_field_comes_on_top() -> None:
    """Each look for duplicates costs 50,000 besides its list of ten with two values each."""
    text = "{ a: possibleDuplicates(subject: LEAD) { compared } b: possibleDuplicates(subject: LEAD) { compared } }"
    assert product_cost(text) == 2 * (50_000 + 1 + 10 * 2)


def test_a_report_costs_what_it_takes_however_little_is_shown_of_it() -> None:
    """Each time that it is asked for: 1,000 for the report, 40,000 for its rows, and three values."""
    asked = "".join(
        f'a{n}: activityReport(period: "2026", metric: "revenue") {{ rows(first: 1) {{ totalCount }} }}'
        for n in range(25)
    )
    assert product_cost(f"{{ {asked} }}") == 25 * (1_000 + 40_000 + 3)


def test_what_is_worked_out_for_all_objects_together_counts_once() -> None:
    """10,000 for the page and for the figures, whose three cost 20 each besides; in a fragment as well."""
    inside = 'nodes { ...A } } } fragment A on OrgUnit { attainment(period: "2026") { target } }'
    by_hand = 10_000 + 10_000 + 1 + 1 + 3 * (1 + 20 + 1 + 1)
    assert product_cost(f"{{ orgUnits(first: 3) {{ {inside}") == by_hand
    assert (
        product_cost(f"{{ a: orgUnits(first: 3) {{ nodes {{ ...A }} }} b: orgUnits(first: 3) {{ {inside}")
        == 2 * by_hand
    )


@pytest.mark.parametrize(
    ("grain", "parts"), [("YEAR", 1), ("HALF", 2), ("QUARTER", 4), ("MONTH", 12), ("WEEK", 53), ("DAY", 366)]
)
def test_a_list_of_periods_is_as_long_as_its_grain_says(grain: str, parts: int) -> None:
    """Each part has a target, is one itself, and costs 20 for being computed; from a variable, too."""
    by_hand = 1_000 + 10_000 + 2 + parts * 22
    field = '{ orgUnit(key: "a") { attainments(period: "2026", grain: %s) { target } } }'
    assert product_cost(field % grain) == by_hand
    assert product_cost("query ($g: Grain!)" + field % "$g", g=grain) == by_hand
    assert product_cost(f"query ($g: Grain! = {grain})" + field % "$g") == by_hand


def test_a_grain_has_its_default_or_else_counts_as_days() -> None:
    """Target cells come by the month; what is no grain costs as much as any."""
    field = 'orgUnit(key: "a") { targetCells(period: "2026"%s) { target } }'
    assert product_cost("{" + field % "" + "}") == 11_002 + 12 * 2
    assert product_cost("query ($g: Grain!) {" + field % ", grain: $g" + "}", g=7) == 11_002 + 366 * 2


BOARD = "subscription ($ids: [ID!]!) { attainmentChanged(orgUnitIds: $ids) { changedAt orgUnits { key name } } }"


def test_a_message_counts_all_units_that_were_named() -> None:
    """74 units with two values each, the list of them, the moment and the message; literally as well."""
    assert product_cost(BOARD, ids=["a"] * 74) == 3 + 74 * 3
    assert product_cost(BOARD, ids="a") == 3 + 3
    assert product_cost('subscription { attainmentChanged(orgUnitIds: ["a", "b"]) { orgUnits { key } } }') == 2 + 2 * 2


WITH_THE_REQUEST = {"company", "viewer"}
"""Root fields without a weight: what they tell was read to let the request in."""


def test_every_root_field_says_what_it_costs() -> None:
    """A page at least what a list of the whole company does; what has none is told in the request itself."""
    query = PRODUCT._schema.query_type
    assert query is not None
    weights = {}
    for name, field in query.fields.items():
        weight = declared_weight(field.extensions["strawberry-definition"])
        assert weight is not None, f"{name} has no weight"
        weights[name] = weight
        page = getattr(get_named_type(field.type), "fields", {})
        assert weight >= WHOLE_LIST or "totalCount" not in page, name
    assert {name for name, weight in weights.items() if weight < READING} == WITH_THE_REQUEST


COMPUTED = [
    ("ActivityReport", "rows"),
    ("ActivityReport", "totals"),
    ("AttainmentReport", "rows"),
    ("AttainmentReport", "totals"),
    ("BudgetReport", "rows"),
    ("BudgetReport", "totals"),
    ("Funnel", "figures"),
    ("OrgUnit", "funnelFigures"),
    ("OrgUnit", "scores"),
    ("Plan", "comparison"),
    ("Plan", "smartFindings"),
    ("PlanVersion", "changes"),
    ("RankingRow", "movement"),
]


@pytest.mark.parametrize(("kind", "name"), COMPUTED)
def test_what_is_computed_over_a_whole_company_costs_as_much(kind: str, name: str) -> None:
    """At least what a page of a list of the whole company does; the schema says so."""
    field = PRODUCT._schema.get_type(kind).fields[name]  # type: ignore[union-attr]  # an object
    assert weight_together(field.extensions["strawberry-definition"]) >= WHOLE_LIST


def test_whatever_is_read_besides_costs_a_statement() -> None:
    """No field that reads is free, be it of a plugin; what comes with its owner is."""
    for kind in PRODUCT._schema.type_map.values():
        for name, field in getattr(kind, "fields", {}).items():
            definition = getattr(field, "extensions", {}).get("strawberry-definition")
            if isinstance(definition, BatchField) and (kind.name, name) not in {
                ("Query", one) for one in WITH_THE_REQUEST
            }:
                assert (declared_weight(definition) or 0) + weight_together(definition) >= READING, (kind.name, name)
    assert product_cost("{ company { name } }") == 2


@pytest.mark.parametrize("operation", read_operations(PRODUCT._schema), ids=lambda one: one.name)
def test_every_field_can_be_asked_for(operation: Operation) -> None:
    """All fields of a type at once, once more with each argument, lie within what an operation may cost."""
    assert product_cost(operation.text) < Limits().operation_cost


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{ __schema { directives { name } } }", 1 + 1 + len(SHOP.directives) * 2),
        ("{ __schema { types { name } } }", 1 + 1 + SCHEMA_COST + len(SHOP.type_map) * 2),
        (
            "{ a: __schema { types { name } } b: __schema { types { name } } }",
            2 * (2 + SCHEMA_COST + len(SHOP.type_map) * 2),
        ),
    ],
)
def test_introspection_is_reckoned_with_what_the_schema_has(text: str, values: int) -> None:
    """All types, by whatever alias and fragment, once: twice is more than an operation may cost."""
    assert cost(text) == values


def test_parts_of_a_schema_are_counted() -> None:
    """Averages are rounded up; so many average types as `__type` stands for have the fields of the largest."""
    schema = build_schema("type Query { a(x: Int, y: Int): A, b: B, c: Int } type A { d: Int } type B { e: Int }")
    parts = schema_parts(schema)
    fields = sum(len(one.fields) for one in schema.type_map.values() if isinstance(one, GraphQLObjectType))
    assert parts["__Schema", "types"] == len(schema.type_map)
    assert parts["__Type", "fields"] >= fields / len(schema.type_map)
    assert parts["__Field", "args"] == 1
    assert parts["Query", "__type"] * parts["__Type", "fields"] >= max(
        len(one.fields) for one in schema.type_map.values() if isinstance(one, GraphQLObjectType)
    )


async def test_whatever_is_asked_of_the_whole_schema_costs_no_less_than_it_is() -> None:
    """Fields with their arguments and types, of all types and of the largest: no more values than are reckoned."""
    product = build_product(limits=Limits())
    told = "fields(includeDeprecated: true) { name args { name type { name } } type { name } }"
    for text in (f"{{ __schema {{ types {{ name {told} }} }} }}", f'{{ __type(name: "Query") {{ name {told} }} }}'):
        result = await product.execute(text)
        assert result.errors is None
        assert result.extensions is not None
        assert _values(result.data) <= result.extensions["cost"]


def _values(data: Any) -> int:
    if isinstance(data, dict):
        return 1 + sum(map(_values, data.values()))
    return 1 + sum(map(_values, data)) if isinstance(data, list) else 1


@pytest.mark.parametrize(
    ("text", "variables", "values"),
    [
        ("query ($a: [Int]) { top(of: $a) { name } }", {"a": [1, 2, 3]}, 3),
        ("query ($a: [Int]) { a: top(of: $a) { name } b: top(of: $a) { name } }", {"a": [1, 2, 3]}, 6),
        ("query ($a: [Int]) { ...A ...A } fragment A on Query { top(of: $a) { name } }", {"a": [1, 2, 3]}, 6),
        ("query ($a: [Int] = [1, 2]) { top(of: $a) { name } }", {}, 2),
        ("query ($a: [Int] = [1, 2]) { top(of: $a) { name } }", {"a": None}, 0),
        ("query ($a: In) { top(of: $a) { name } }", {"a": {"b": {"c": 1}}}, 0),  # an object alone is not a list
        ("query ($a: In) { top(of: $a) { name } }", {"a": {"b": [{"c": 1, "d": [1]}]}}, 1 + 2 + 1),
        ("query ($a: [Int]) { top(of: { b: $a, c: [[1, 2]] }) { name } }", {"a": [1]}, 1 + 1 + 2),
        ("{ top(of: [{ a: 1, b: 2 }]) { name } }", {}, 1 + 2),
        ("query ($a: [Int]) { top(of: $a) { name } }", {"b": [1, 2, 3]}, 0),  # nobody asked for it
    ],
)
def test_values_in_lists_count_wherever_they_are_used(text: str, variables: dict[str, Any], values: int) -> None:
    """10 for each, whether they come in a variable, in its default or in the document."""
    places = 2 if text.count("...A") == 2 or text.count("top") == 2 else 1
    assert cost(text.replace("of:", "last: 1 of:"), **variables) == places * 3 + values * 10
