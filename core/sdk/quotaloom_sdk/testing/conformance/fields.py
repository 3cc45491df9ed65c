"""Checking the fields that a plugin adds to the graph: read for many objects at once, from a company in memory."""

from __future__ import annotations

import asyncio
import inspect
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from quotaloom_sdk.errors import InvalidDefinition
from quotaloom_sdk.field_values import Shown, graph_type, shown_as
from quotaloom_sdk.graphql import GraphQLExtension, ObjectField, RootField
from quotaloom_sdk.testing.conformance.attributes import wanted_attributes
from quotaloom_sdk.testing.conformance.calling import UNHURRIED, Outcome, call
from quotaloom_sdk.testing.conformance.exploring import explored, sampled
from quotaloom_sdk.testing.conformance.faults import PolicyFault, fault_of, refused
from quotaloom_sdk.testing.conformance.findings import CheckedPolicy, Finding, FindingKind
from quotaloom_sdk.testing.conformance.options import Options
from quotaloom_sdk.testing.conformance.spelling import spelled
from quotaloom_sdk.testing.conformance.values import days, instants, names
from quotaloom_sdk.testing.conformance.witnessing import Witness
from quotaloom_sdk.testing.conformance.worlds import HIDDEN, World, worlds

_WATCHED = 5.0
_LEARNED_FROM = 20

Arguments = dict[str, dict[str, Any]]
"""The GraphQL arguments of each field, by its label."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One call of a field: `ids` is None for a field of the plugin's root."""

    field: ObjectField | RootField
    world: World
    ids: list[str] | None
    arguments: dict[str, Any]

    def told(self) -> str:
        """It as people read it."""
        given = [] if self.ids is None else [spelled(self.ids)]
        given += [f"{name}={spelled(value)}" for name, value in self.arguments.items()]
        return f"{self.field.name}({', '.join(['reader', *given])}) where reader reads {spelled(self.world)}"


class ExtensionCheck:
    """The check of one addition to the graph, which is known to the product as `name`."""

    def __init__(self, name: str, extension: GraphQLExtension, options: Options, witness: Witness) -> None:
        self._name = name
        self._extension = extension
        self._options = options
        self._witness = witness
        self._loop = asyncio.new_event_loop()
        self._shown: dict[str, Shown] = {}

    def run(self) -> CheckedPolicy:
        """Read every field, and tell what was found. Call it where no event loop runs."""
        try:
            return self._checked()
        finally:
            self._loop.close()

    def _checked(self) -> CheckedPolicy:
        findings: list[Finding] = []
        fields: list[ObjectField | RootField] = []
        arguments: dict[str, SearchStrategy[dict[str, Any]]] = {}
        every: list[ObjectField | RootField] = [*self._extension.object_fields, *self._extension.root_fields]
        for field in every:
            try:
                self._shown[_label(field)] = shown_as(field.type, self._extension.types)
                arguments[_label(field)] = _arguments(field)
                fields.append(field)
            except (InvalidDefinition, NameError, TypeError) as error:
                findings.append(Finding(self._name, FindingKind.UNUSABLE, f"field {_label(field)}: {error}"))
        if not fields:
            return CheckedPolicy(self._name, 0, tuple(findings))
        given = st.fixed_dictionaries(arguments)
        known = wanted_attributes(lambda so_far: self._read_all(fields, st.tuples(worlds(so_far), given)))
        cases = st.tuples(worlds(known), given)

        def examine(case: tuple[World, Arguments]) -> list[PolicyFault]:
            return [fault for field in fields for fault in self._examined(field, *case)]

        found = explored(cases, examine, self._options.examples, self._options.budget)
        findings += [fault.finding(self._name) for fault in found.faults]
        return CheckedPolicy(self._name, found.tried, tuple(findings))

    def _read_all(
        self, fields: Sequence[ObjectField | RootField], cases: SearchStrategy[tuple[World, Arguments]]
    ) -> None:
        for world, arguments in sampled(cases, _LEARNED_FROM):
            for field in fields:
                asked = _question(field, world, arguments)
                if self._read(asked, asked.told())[0].late:
                    return

    def _examined(self, field: ObjectField | RootField, world: World, arguments: Arguments) -> list[PolicyFault]:
        asked = _question(field, world, arguments)
        sample = asked.told()
        outcome, calls = self._read(asked, sample)
        if outcome.late:
            outcome, calls = self._read(asked, sample)
        faults = self._judged(asked, outcome, sample)
        if not faults:
            faults = self._unsteady(asked, outcome, sample)
        if not faults and isinstance(field, ObjectField):
            faults = [
                *self._out_of_order(asked, outcome, sample),
                *self._one_by_one(_question(field, world.enlarged(), arguments), calls, sample),
            ]
        return [_of_field(_label(field), fault) for fault in faults]

    def _read(self, asked: _Asked, sample: str, *, watch_clock: bool = False) -> tuple[Outcome, int]:
        """How the call ended, and how often it called the reader."""
        reader = asked.world.reader()
        given = (reader,) if asked.ids is None else (reader, list(asked.ids))
        seconds = self._options.seconds * (_WATCHED if watch_clock else 1)
        self._witness.asking(sample)
        outcome = call(
            lambda: self._loop.run_until_complete(_awaited(asked.field.read(*given, **asked.arguments))),
            seconds,
            watch_clock=watch_clock,
        )
        self._witness.answered()
        return outcome, sum(reader.calls.values())

    def _judged(self, asked: _Asked, outcome: Outcome, sample: str) -> list[PolicyFault]:
        if outcome.late:
            words = f"it took {outcome.seconds:.1f} seconds or more, twice; a call may take {self._options.seconds:g}"
            return [PolicyFault(FindingKind.TOO_SLOW, words, sample)]
        if outcome.touches:
            return [PolicyFault(touch.kind, touch.what, sample) for touch in outcome.touches]
        if outcome.error is not None:
            return [fault_of(outcome.error, sample)]
        if asked.ids is None:
            return self._misfit(asked.field, outcome.answer, sample)
        answers = outcome.answer
        if not isinstance(answers, Sequence) or isinstance(answers, str | bytes):
            words = f"it answered with {type(answers).__name__}, not with a list"
            return [PolicyFault(FindingKind.WRONG_TYPE, words, sample)]
        if len(answers) != len(asked.ids):
            words = f"it answered with {len(answers)} entries for {len(asked.ids)} ids"
            return [PolicyFault(FindingKind.WRONG_LENGTH, words, sample)]
        return [fault for one in answers for fault in self._misfit(asked.field, one, sample)][:1]

    def _misfit(self, field: ObjectField | RootField, answer: object, sample: str) -> list[PolicyFault]:
        """What is wrong with the answer for one object."""
        try:
            self._shown[_label(field)](answer)
        except Exception as error:  # whatever judging stumbles over, the answer is to blame
            return [fault_of(refused(error), sample)]
        return []

    def _unsteady(self, asked: _Asked, first: Outcome, sample: str) -> list[PolicyFault]:
        again, _ = self._read(asked, sample, watch_clock=first.seconds < UNHURRIED)
        if again.touches:
            return [PolicyFault(touch.kind, touch.what, sample) for touch in again.touches]
        if again.late or spelled(again.answer) == spelled(first.answer):
            return []
        words = f"asked twice, it gave {spelled(first.answer)[:300]}, then {spelled(again.answer)[:300]}"
        return [PolicyFault(FindingKind.NOT_DETERMINISTIC, words, sample)]

    def _out_of_order(self, asked: _Asked, first: Outcome, sample: str) -> list[PolicyFault]:
        """Whether the answer to an id depends on where it stands."""
        assert asked.ids is not None
        turned = _Asked(asked.field, asked.world, asked.ids[::-1], asked.arguments)
        outcome, _ = self._read(turned, sample)
        faults = self._judged(turned, outcome, sample)
        if faults:
            return faults
        if _spelled_each(outcome.answer)[::-1] == _spelled_each(first.answer):
            return []
        words = "asked for the same ids the other way round, it gives other answers: one per id, in their order"
        return [PolicyFault(FindingKind.WRONG_ANSWER, words, sample)]

    def _one_by_one(self, big: _Asked, calls: int, sample: str) -> list[PolicyFault]:
        """Whether ten times as many objects, which are otherwise alike, take more calls of the reader."""
        outcome, more = self._read(big, f"{sample}, and ten times as many objects")
        if outcome.error is not None or more <= calls:
            return []
        assert big.ids is not None
        words = f"it calls the reader {more} times for {len(big.ids)} ids; ask for all of them in one call"
        return [PolicyFault(FindingKind.ONE_BY_ONE, words, sample)]


def _spelled_each(answers: object) -> list[str]:
    return [spelled(one) for one in answers] if isinstance(answers, Sequence) else []


def _label(field: ObjectField | RootField) -> str:
    """What tells the field from all others: `OrgUnit.acme_potential`, or the name alone in the plugin's root."""
    return f"{field.on}.{field.name}" if isinstance(field, ObjectField) else field.name


async def _awaited(answer: Any) -> Any:
    return await answer


def _question(field: ObjectField | RootField, world: World, arguments: Arguments) -> _Asked:
    ids = [*world.ids(field.on), HIDDEN] if isinstance(field, ObjectField) else None
    return _Asked(field, world, ids, arguments[_label(field)])


def _of_field(label: str, fault: PolicyFault) -> PolicyFault:
    return PolicyFault(fault.kind, f"field {label}: {fault.message}", fault.sample, f"{label} {fault.where}")


@st.composite
def _chosen(draw: DrawFn, given: dict[str, tuple[SearchStrategy[Any], bool]]) -> dict[str, Any]:
    return {name: draw(values) for name, (values, required) in given.items() if required or draw(st.booleans())}


def _arguments(field: ObjectField | RootField) -> SearchStrategy[dict[str, Any]]:
    """Values for the GraphQL arguments of a field. Raises `InvalidDefinition`, and `NameError` for unknown types."""
    parameters = inspect.signature(field.read).parameters.values()
    named = [one for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY]
    hints = get_type_hints(field.read) if named else {}
    found: dict[str, tuple[SearchStrategy[Any], bool]] = {}
    for one in named:
        if one.name not in hints:
            raise InvalidDefinition(f"argument {one.name!r} needs a type")
        graph_type(hints[one.name], ())
        values = _of_type(hints[one.name])
        required = one.default is inspect.Parameter.empty
        found[one.name] = (values if required else st.one_of(st.just(one.default), values), required)
    return _chosen(found)


def _of_type(wanted: Any) -> SearchStrategy[Any]:
    """What a front-end may send of a type that an argument may have."""
    if get_origin(wanted) is list:
        return st.lists(_of_type(get_args(wanted)[0]), max_size=3)
    if get_origin(wanted) in (Union, types.UnionType):
        return st.one_of(*map(_of_type, get_args(wanted)))
    return _ARGUMENTS[wanted]


_ARGUMENTS: Mapping[Any, SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.one_of(st.integers(-3, 100), st.integers(-(2**31), 2**31 - 1)),
    str: names,
    Decimal: st.decimals(-(10**9), 10**9, places=2),
    date: days,
    datetime: instants,
    type(None): st.none(),
}
