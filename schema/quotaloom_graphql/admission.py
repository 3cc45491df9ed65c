"""Which documents are let in: parsed, measured and validated, in this order, and each step bounded before the next.

Validation can take a time that grows with the square of a document's length and worse, so that it comes last, and
what it may spend on finding out which fields can be merged is bounded, too.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoUndefinedVariablesRule,
    NoUnusedFragmentsRule,
    NoUnusedVariablesRule,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    SingleFieldSubscriptionsRule,
    VariablesInAllowedPositionRule,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ASTValidationRule, ValidationContext
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from quotaloom.platform.limits import MOST_TOLD, LimitExceeded, Limits
from quotaloom_graphql.brackets import TEXT, brackets_of
from quotaloom_graphql.costs import Costs, page_variables, told_apart
from quotaloom_graphql.listed_values import listed_by_name
from quotaloom_graphql.reticence import asks_for_schema, introspection_is_off, is_probe, not_valid
from quotaloom_graphql.shapes import Shapes

MOST_COSTS: Final = 16
"""How many costs are kept with a document: one for each combination of the page sizes that variables give."""

_TOKEN = re.compile(rf"{TEXT}|\.\.\.|[\w.+-]+|[^\s,\ufeff]")

_MEASURED: Final = "__measured__"


Trusts = Callable[[str], bool]
"""Whether the text of a document is one that may be asked."""


class Measured:
    """What a document that was let in comes to: the cost of its operations, reckoned once for the same page sizes."""

    def __init__(self, document: DocumentNode, shapes: Shapes, costs: Costs) -> None:
        self._shapes = shapes
        self._costs = costs
        self._variables = page_variables(document, shapes, costs.arguments)
        self._known: OrderedDict[tuple[object, ...], int] = OrderedDict()
        self._fixed: dict[int, int] = {}
        """The cost of each operation that has no variables."""

    def cost(self, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None) -> int:
        """The cost of one of the document's operations with these variables."""
        if not operation.variable_definitions:
            fixed = self._fixed.get(id(operation))
            if fixed is None:
                fixed = self._fixed[id(operation)] = self._costs.of(operation, self._shapes, {}, {})
            return fixed
        given = variables or {}
        lists = listed_by_name(operation, given)
        sizes = (told_apart(given[name]) if name in given else "missing" for name in self._variables)
        place = (id(operation), *sizes, *lists.items())
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._costs.of(operation, self._shapes, given, lists)
            if len(self._known) > MOST_COSTS:
                self._known.popitem(last=False)
        return known


class Admission:
    """Lets documents in, or says why not; what it holds is the same for all."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, reticent: bool, trusts: Trusts | None = None) -> None:
        self._schema = schema
        self._limits = limits
        self._reticent = reticent
        self._trusts = trusts
        self._costs = Costs(schema, limits.list_size)
        self._rules = _rules(limits.document_merges, limits.document_spreads)

    def parsed(self, text: str) -> DocumentNode:
        """The document, measured; raises `LimitExceeded`, or a `GraphQLError` where it cannot be read."""
        document = self.read(text)
        self.measure(document)
        return document

    def read(self, text: str) -> DocumentNode:
        """The document, yet to be measured; raises `LimitExceeded`, or a `GraphQLError` where it cannot be read."""
        limits = self._limits
        if self._trusts is not None and not self._trusts(text) and not is_probe(text):
            raise GraphQLError(
                "this server answers registered documents alone, and this is none of them",
                extensions={"code": "DOCUMENT_NOT_TRUSTED"},
            )
        self.require_short(text)
        self._require(_OF_BRACKETS, brackets_of(text))
        try:
            return parse(text, max_lexical_tokens=limits.document_tokens, max_comments=limits.document_comments)
        except GraphQLSyntaxError:
            comments, tokens = _counted(text)
            if comments > limits.document_comments:
                raise _beyond("document_comments", "TOO_MANY_COMMENTS", "comments", limits, comments) from None
            if tokens > limits.document_tokens:
                raise _beyond("document_tokens", "TOO_MANY_TOKENS", "names, marks and values", limits, tokens) from None
            raise

    def measure(self, document: DocumentNode) -> None:
        """Find out what a document comes to; raises `LimitExceeded`, or a `GraphQLError` for fragments in a circle."""
        shapes = Shapes(document)
        document.__dict__[_MEASURED] = Measured(document, shapes, self._costs)
        self._require(_OF_SHAPES, shapes.whole)

    def require_short(self, text: str) -> None:
        """Raise `LimitExceeded` where a text is too long to be a document, or even to be looked up."""
        if len(text) > self._limits.document_characters:
            raise _beyond("document_characters", "DOCUMENT_TOO_LONG", "characters", self._limits, len(text))

    def _require(self, limits: Sequence[tuple[str, str, str, str]], measured: object) -> None:
        for limit, code, attribute, words in limits:
            found = getattr(measured, attribute)
            if found > getattr(self._limits, limit):
                raise _beyond(limit, code, words, self._limits, found)

    def faults(self, document: DocumentNode) -> list[GraphQLError]:
        """Why a document is not valid; nothing where it is. Raises `LimitExceeded`."""
        return self.told_of(chain.from_iterable(self.checks(document)))

    def told_of(self, faults: Iterable[GraphQLError]) -> list[GraphQLError]:
        """What is told of the faults that `checks` found."""
        return list(islice(faults, 1 if self._reticent else MOST_FAULTS))

    def checks(self, document: DocumentNode) -> Iterator[list[GraphQLError]]:
        """Validate a document in some steps, so that others may have their turn in between: the faults of each.

        Nothing more need be asked of a document that was found faulty, in production. Raises `LimitExceeded`.
        """
        if self._reticent and asks_for_schema(document):
            yield [introspection_is_off()]  # asked first, lest the answer tell whether all else of it is valid
            return
        most = 1 if self._reticent else MOST_FAULTS
        for rules in self._rules:
            faults = validate(self._schema, document, rules, max_errors=most, hide_suggestions=self._reticent)
            yield [not_valid()] if faults and self._reticent else faults
            if faults and self._reticent:
                return

    def cost(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None
    ) -> int:
        """What an operation of a document that was let in costs; raises `LimitExceeded`."""
        cost = self._measured(document).cost(operation, variables)
        if cost > self._limits.operation_cost:
            raise LimitExceeded(
                "TOO_COSTLY",
                "operation_cost",
                self._limits.operation_cost,
                cost,
                f"the answer may come to {cost:,} values, and {self._limits.operation_cost:,} at the most are allowed;"
                " ask for smaller pages, or for fewer lists within lists",
            )
        return cost

    def require_few(self, variables: Mapping[str, Any] | None) -> None:
        """Raise `LimitExceeded` where variables have too many values, or too many within each other."""
        if not variables:
            return
        level: list[Any] = list(variables.values())
        depth, values, longest = 1, len(level), 0
        while level:
            below: list[Any] = []
            for one in level:
                if type(one) is dict:
                    below += one.values()
                elif type(one) is list:
                    below += one
                    longest = max(longest, len(one))
            depth, values, level = depth + bool(below), values + len(below), below
            if depth > self._limits.variables_depth:
                raise _beyond("variables_depth", "VARIABLES_TOO_DEEP", _WITHIN, self._limits, depth)
            if values > self._limits.variables_values:
                raise _beyond("variables_values", "TOO_MANY_VALUES", "values in its variables", self._limits, values)
            if longest > self._limits.variables_items:
                raise _beyond("variables_items", "LIST_TOO_LONG", _ITEMS, self._limits, longest)

    def _measured(self, document: DocumentNode) -> Measured:
        found: Measured | None = document.__dict__.get(_MEASURED)
        if found is None:
            found = document.__dict__[_MEASURED] = Measured(document, Shapes(document), self._costs)
        return found


_WITHIN: Final = "lists and objects within each other in its variables"

_ITEMS: Final = "items in one list of its variables"

MOST_FAULTS: Final = 5
"""How many faults of a document are told: a look for names that are near takes up to two milliseconds for each.

No setting: it refuses nothing, and whoever mends five sees the others then.
"""

_FRAGMENTS = "those of a fragment counted wherever it is spread"

_OF_BRACKETS: Final = (
    ("document_nesting", "TOO_NESTED", "nesting", "brackets within each other"),
    ("document_arguments", "TOO_MANY_ARGUMENTS", "arguments", "arguments, fields or variables in one pair of brackets"),
)

_OF_SHAPES: Final = (
    ("document_depth", "TOO_DEEP", "depth", "levels of fields within each other"),
    ("document_breadth", "TOO_BROAD", "breadth", "fields in one selection"),
    ("document_fields", "TOO_MANY_FIELDS", "fields", f"fields, {_FRAGMENTS}"),
    ("document_aliases", "TOO_MANY_ALIASES", "aliases", f"aliases, {_FRAGMENTS}"),
    ("document_directives", "TOO_MANY_DIRECTIVES", "directives", f"directives, {_FRAGMENTS}"),
    ("document_selections", "TOO_NESTED", "nesting", f"selections within each other, {_FRAGMENTS}"),
)


def _beyond(limit: str, code: str, words: str, limits: Limits, found: int) -> LimitExceeded:
    allowed: int = getattr(limits, limit)
    told = f"{found:,}" if found <= MOST_TOLD else f"more than {MOST_TOLD:,}"
    message = f"the request has {told} {words}; {allowed:,} at the most are allowed"
    return LimitExceeded(code, limit, allowed, found, message)


def _counted(text: str) -> tuple[int, int]:
    """How many comments a text has, and how many names, marks and values."""
    comments, others = 0, 0
    for found in _TOKEN.finditer(text):
        if found[0].startswith("#"):
            comments += 1
        else:
            others += 1
    return comments, others


class _Spreads:
    """What may be spent on fragments that several operations hold, which is told of as any other limit is."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._spent = 0

    def spend(self, cost: int) -> None:
        """Take in so many steps; raises `LimitExceeded`."""
        self._spent += cost
        if self._spent > self._most:
            raise LimitExceeded(
                "TOO_MANY_SPREADS",
                "document_spreads",
                self._most,
                self._spent,
                "to find out which fragments and variables belong to which operations takes more than"
                f" {self._most:,} steps; send fewer operations in one document",
            )


def tokens_of(document: DocumentNode) -> int:
    """How many names, marks, values and comments a document was read from."""
    token = document.loc.start_token.next if document.loc else None
    count = 0
    while token is not None and token.next is not None:  # the last one is the end
        count, token = count + 1, token.next
    return count


_OF_FRAGMENTS: Final = frozenset(
    {
        NoUndefinedVariablesRule,
        NoUnusedFragmentsRule,
        NoUnusedVariablesRule,
        OverlappingFieldsCanBeMergedRule,
        SingleFieldSubscriptionsRule,
        VariablesInAllowedPositionRule,
    }
)
"""The rules that follow fragments to where they are spread: together they find that out once, within one bound."""


def _rules(merges: int, spreads: int) -> tuple[tuple[type[ASTValidationRule], ...], ...]:
    """The rules, in two groups, each checked at a stretch: it takes the largest of documents some 25 milliseconds."""

    class Merging(OverlappingFieldsCanBeMergedRule):
        """The rule with a bound of ours, which is told of as any other limit is.

        It has the whole of validation spend on fragments what ours allows, instead of a bound that has no name.
        """

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            context.spend_fragment_work = _Spreads(spreads).spend  # type: ignore[method-assign]
            self.rule_context.remaining_complexity_budget = merges

        def enter_selection_set(self, *arguments: Any) -> None:
            try:
                super().enter_selection_set(*arguments)
            except ValidationAbortedError:
                # How far beyond it went depends on which fields there are, and that is not to be told.
                raise LimitExceeded(
                    "TOO_MANY_MERGES",
                    "document_merges",
                    merges,
                    merges + 1,
                    f"to find out whether fields of the same name can be merged takes more than {merges:,} steps;"
                    " ask for each field once",
                ) from None

    following = (rule for rule in specified_rules if rule in _OF_FRAGMENTS)
    others = (rule for rule in specified_rules if rule not in _OF_FRAGMENTS)
    return (
        (*others, MaybeNullValidationRule, OneOfInputValidationRule),
        tuple(Merging if rule is OverlappingFieldsCanBeMergedRule else rule for rule in following),
    )
