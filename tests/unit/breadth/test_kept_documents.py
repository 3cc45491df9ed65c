"""What is kept with a document: never what one request made of it, and never without bounds."""

from __future__ import annotations

import strawberry
from graphql import GraphQLError, GraphQLObjectType, get_operation_ast, parse
from graphql.execution.executor import CollectedErrors
from graphql.pyutils import RefMap
from strawberry import Info
from strawberry.directive import DirectiveLocation, DirectiveValue

from strawberry_breadth import BreadthFirstSchema, batch
from strawberry_breadth.documents import KeptOperation, PlanRoom, keep_operations
from strawberry_breadth.plans import SelectionPlan
from strawberry_breadth.schema import MADE_WHEN_WANTED, BreadthFirstExecutor

SEEN: list[list[int]] = []


@strawberry.input
class Span:
    """From where on."""

    since: int


async def load_sums(parents: list[object], info: Info, of: list[int], span: Span | None = None) -> list[int]:
    """A loader that works on the very list and input that it is given."""
    of.append(0 if span is None else span.since)
    if span is not None:
        span.since += 1
    SEEN.append(list(of))
    return [sum(of)] * len(parents)


@strawberry.type
class Query:
    """Root."""

    sums: int = batch(load_sums, description="A sum.")


@strawberry.type
class Tree:
    """A root that goes on for ever."""

    @strawberry.field
    def tree(self) -> Tree:
        """The same again."""
        return self

    @strawberry.field
    def leaf(self) -> int:
        """An end."""
        return 1


async def test_what_a_loader_does_to_its_arguments_is_gone_with_the_request() -> None:
    """A list that is written in the document is the same for every request."""
    SEEN.clear()
    schema = BreadthFirstSchema(Query)
    for _ in range(3):
        answer = await schema.execute("{ sums(of: [1, 2], span: {since: 3}) }", root_value={})
        assert (answer.data, answer.errors) == ({"sums": 6}, None)
    assert SEEN == [[1, 2, 3]] * 3


async def test_directives_of_a_schema_have_no_say_in_what_is_asked_for() -> None:
    """Their variables may be lists; those of `@skip` and `@include` tell plans apart."""

    @strawberry.directive(locations=[DirectiveLocation.FIELD], name="tagged")
    def tagged(value: DirectiveValue[int], tags: list[str]) -> int:
        return value + len(tags)

    schema = BreadthFirstSchema(Tree, directives=[tagged])
    query = "query ($tags: [String!]!, $deep: Boolean!) { leaf @tagged(tags: $tags) tree @include(if: $deep) { leaf } }"
    for count in (1, 2):
        for deep, below in ((True, {"tree": {"leaf": 1}}), (False, {})):
            variables = {"tags": ["x"] * count, "deep": deep}
            answer = await schema.execute(query, variable_values=variables, root_value=Tree())
            assert (answer.data, answer.errors) == ({"leaf": 1 + count, **below}, None)


@strawberry.type
class Noting:
    """A root whose resolver writes into the variables that it is told of."""

    @strawberry.field
    async def noted(self, info: Info) -> list[str]:
        """What was there before, whoever wrote it."""
        before = sorted(info.variable_values)
        info.variable_values["noted"] = before
        return before


async def test_what_a_resolver_does_to_the_variables_is_gone_with_the_request() -> None:
    """An operation without any is told of none, whoever asked the same before: it may have been another company."""
    schema = BreadthFirstSchema(Noting)
    text = "{ noted }"
    await schema.execute(text)
    document = schema.documents.get(text)
    assert document is not None
    operation = get_operation_ast(document)
    assert operation is not None
    for _ in range(3):
        executor = schema.executor(document, operation, None, None, None)
        assert isinstance(executor, BreadthFirstExecutor)
        assert await executor.executed() == ({"noted": []}, None)


CHANGED = (dict, list, set, RefMap, CollectedErrors)
"""What an executor changes while it executes."""

OF_THE_DOCUMENT = {"fragments", "fragment_definitions"}
"""What is the same for all of its requests."""


async def test_an_executor_for_another_request_has_nothing_of_the_one_before() -> None:
    """Whatever graphql-core may give an executor to keep: it is as if it had just been built."""
    schema = BreadthFirstSchema(Tree)
    document = parse("query ($deep: Boolean!) { ...F tree @include(if: $deep) { ...F } } fragment F on Tree { leaf }")
    operation = get_operation_ast(document)
    assert operation is not None
    keep_operations(document, PlanRoom())

    def made(deep: object, root: object, context: object) -> BreadthFirstExecutor | list[GraphQLError]:
        return schema.executor(document, operation, root, context, {"deep": deep})

    first = made(True, Tree(), "first")
    assert isinstance(first, BreadthFirstExecutor)
    assert await first.executed() == ({"leaf": 1, "tree": {"leaf": 1}}, None)
    failing = made(True, None, "failing")
    assert isinstance(failing, BreadthFirstExecutor)
    assert (await failing.executed()).data is None
    wrong = made("deep", Tree(), "wrong")
    assert isinstance(wrong, list)
    assert "Boolean" in wrong[0].message
    other = made(False, Tree(), "other")
    assert isinstance(other, BreadthFirstExecutor)
    assert (other.context_value, other.variable_values.coerced) == ("other", {"deep": False})
    built = BreadthFirstExecutor.build(schema._schema, document, other.root_value, "other", {"deep": False})
    assert vars(built).keys() - vars(other).keys() == set(MADE_WHEN_WANTED)
    for name, value in vars(built).items():
        if isinstance(value, CHANGED) and name not in OF_THE_DOCUMENT:
            got = getattr(other, name)
            assert all(got is not getattr(one, name) for one in (first, failing)), name
            assert repr(_content(got)) == repr(_content(value)), name
    assert await other.executed() == ({"leaf": 1}, None)


def _content(kept: object) -> object:
    return kept.errors if isinstance(kept, CollectedErrors) else kept


def test_plans_begin_anew_once_all_together_are_too_large() -> None:
    """Room for 100 fields: the 101st takes the plans of both operations with it, however short their texts are."""
    room = PlanRoom(100)
    one, other = KeptOperation((), room), KeptOperation((), room)
    made: list[SelectionPlan] = []

    def plan() -> SelectionPlan:
        made.append(SelectionPlan(GraphQLObjectType("Nothing", {}), ()))
        return made[-1]

    assert one.plan({}, plan) is one.plan({}, plan) is made[0]
    assert other.plan({}, plan) is made[1]
    one.grown(98)
    assert one.plan({}, plan) is made[0]
    other.grown(1)
    assert one.plan({}, plan) is made[2]
    assert other.plan({}, plan) is made[3]


async def test_what_fragments_multiply_is_counted() -> None:
    """Fragments within fragments, twice each: a short text has 2^8 leaves, and five of them pass a room for 2,000."""
    schema = BreadthFirstSchema(Tree)
    room = schema.documents._room = PlanRoom(2_000)
    twice = " ".join(
        f"fragment F{at} on Tree {{ a: tree {{ ...F{at + 1} }} b: tree {{ ...F{at + 1} }} }}" for at in range(8)
    )
    for number in range(5):
        answer = await schema.execute(
            f"query Q{number} {{ ...F0 }} {twice} fragment F8 on Tree {{ leaf }}", root_value=Tree()
        )
        assert answer.errors is None
        assert 0 < room._fields <= 2_000
    assert len(room._operations) < 5
