"""Checking one policy or listener: asked generated requests, its answers judged."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields, replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from quotaloom_sdk.answers import asked, judged
from quotaloom_sdk.attributes import OtherKind
from quotaloom_sdk.errors import CannotDecide
from quotaloom_sdk.forms import undescribed
from quotaloom_sdk.listening import EventListener
from quotaloom_sdk.needs import Need, narrowed
from quotaloom_sdk.policies import PolicyDefinition
from quotaloom_sdk.pooling import PoolResult
from quotaloom_sdk.testing.conformance.attributes import wanted_attributes
from quotaloom_sdk.testing.conformance.calling import UNHURRIED, Outcome, call
from quotaloom_sdk.testing.conformance.events import PAYLOADS, events
from quotaloom_sdk.testing.conformance.exploring import explored, sampled
from quotaloom_sdk.testing.conformance.faults import PolicyFault, fault_of, refused
from quotaloom_sdk.testing.conformance.findings import CheckedPolicy, Finding, FindingKind
from quotaloom_sdk.testing.conformance.options import Options
from quotaloom_sdk.testing.conformance.parameters import ParameterSet, ParameterSource, parameter_source
from quotaloom_sdk.testing.conformance.repeating import Recorded
from quotaloom_sdk.testing.conformance.requests import REQUESTS
from quotaloom_sdk.testing.conformance.spelling import spelled
from quotaloom_sdk.testing.conformance.values import Known
from quotaloom_sdk.testing.conformance.witnessing import Witness

_WATCHED = 5.0
"""How much longer a call may take while its clock is watched."""

_LEARNED_FROM = 20
"""Requests that find out which attributes a policy reads."""

_RECORDED = 200
"""Requests that are kept for another process, which is asked the biggest of them."""


class PolicyCheck:
    """The check of one policy, which is known to the product as `name`."""

    def __init__(self, name: str, definition: PolicyDefinition, options: Options, witness: Witness) -> None:
        self._name = name
        self._definition = definition
        self._options = options
        self._witness = witness
        way = asked(definition)
        self._function = getattr(definition, way.function)
        self._answer = way.answer
        self._pure = not isinstance(definition, EventListener)
        self._notes: dict[str, None] = {}
        self.recorded: list[Recorded] = []

    def run(self) -> CheckedPolicy:
        """Ask, and tell what was found; what was asked is `recorded`."""
        parameters = parameter_source(self._definition.parameters)
        findings = [*self._about_parameters(parameters)]
        if parameters.note:
            self._notes[parameters.note] = None
        cases = None if parameters.sets is None else self._cases(parameters.sets)
        if cases is None:
            return CheckedPolicy(self._name, 0, tuple(findings), tuple(self._notes))
        found = explored(cases, self._examine, self._options.examples, self._options.budget)
        findings += [fault.finding(self._name) for fault in found.faults]
        return CheckedPolicy(self._name, found.tried, tuple(findings), tuple(self._notes))

    def _about_parameters(self, parameters: ParameterSource) -> list[Finding]:
        found = [
            Finding(self._name, FindingKind.NO_DESCRIPTION, f"{one}; an admin would have to guess what it does")
            for one in undescribed(self._definition.parameters)
        ]
        if parameters.broken is not None:
            error, given = parameters.broken
            fault = fault_of(error, spelled(given))
            message = f"its parameters cannot be validated and stored: {fault.message}"
            found.append(Finding(self._name, fault.kind, message, fault.sample))
        if parameters.sets is None:
            words = "no parameters could be generated for it: give the required ones a default or `examples`"
            found.append(Finding(self._name, FindingKind.NOT_CHECKED, f"{words}; {parameters.note}"))
        return found

    def _cases(self, sets: SearchStrategy[ParameterSet]) -> SearchStrategy[tuple[Any, ParameterSet]] | None:
        if isinstance(self._definition, EventListener):
            return self._told_events(self._definition, sets)
        requests = next(make for kind, make in REQUESTS.items() if isinstance(self._definition, kind))
        known: Known = None
        if Need.ATTRIBUTES in self._definition.needs:
            known = wanted_attributes(lambda so_far: self._ask_all(st.tuples(requests(so_far), sets)))
        return st.tuples(requests(known), sets)

    def _told_events(
        self, listener: EventListener[Any], sets: SearchStrategy[ParameterSet]
    ) -> SearchStrategy[tuple[Any, ParameterSet]] | None:
        published = tuple(topic for topic in listener.topics if topic in PAYLOADS)
        for topic in listener.topics:
            if topic not in published:
                self._notes[f"it was not told of {topic}, which this version of the product does not publish"] = None
        return st.tuples(events(published), sets) if published else None

    def _ask_all(self, cases: SearchStrategy[tuple[Any, ParameterSet]]) -> None:
        for request, parameters in sampled(cases, _LEARNED_FROM):
            given = self._given(request, parameters)
            if self._asked(given, spelled(given))[0].late:
                break

    def _given(self, request: Any, parameters: ParameterSet) -> Any:
        return replace(narrowed(request, self._definition.needs), parameters=parameters.model)

    def _examine(self, case: tuple[Any, ParameterSet]) -> list[PolicyFault]:
        request, parameters = case
        given = self._given(request, parameters)
        faults, answer = self._examined(given)
        if isinstance(answer, PoolResult) and answer.memory and not faults:
            given = replace(given, memory=answer.memory)
            faults, answer = self._examined(given)
        if not faults and answer is not None and self._pure and len(self.recorded) < _RECORDED:
            self.recorded.append(Recorded(given, parameters.given, spelled(answer)))
        return faults

    def _examined(self, request: Any) -> tuple[list[PolicyFault], object]:
        sample = spelled(request)
        outcome, changed = self._asked(request, sample)
        if outcome.late:  # the machine may have been busy
            outcome, changed = self._asked(request, sample)
        if outcome.late:
            return [self._too_slow(outcome, sample)], None
        faults = self._touched(outcome, sample)
        if changed:
            faults.append(PolicyFault(FindingKind.INPUT_MUTATED, f"it changes {changed} of its request", sample))
        if not outcome.cut_short:
            faults += self._judged(request, outcome, sample)
        return faults, outcome.answer

    def _asked(self, request: Any, sample: str, *, watch_clock: bool = False) -> tuple[Outcome, str]:
        """How the call with a copy of the request ended, and which parts of the copy are not as they were."""
        given = deepcopy(request)
        seconds = self._options.seconds * (_WATCHED if watch_clock else 1)
        self._witness.asking(sample)
        outcome = call(lambda: self._function(given), seconds, watch_clock=watch_clock)
        self._witness.answered()
        return outcome, "" if spelled(given) == sample else _changed(request, given)

    def _too_slow(self, outcome: Outcome, sample: str) -> PolicyFault:
        message = f"it took {outcome.seconds:.1f} seconds or more, twice; a call may take {self._options.seconds:g}"
        return PolicyFault(FindingKind.TOO_SLOW, message, sample)

    def _touched(self, outcome: Outcome, sample: str) -> list[PolicyFault]:
        if self._pure:
            return [PolicyFault(touch.kind, touch.what, sample) for touch in outcome.touches]
        for touch in outcome.touches:
            self._notes[f"it {touch.kind}, which a check does not let it; what follows was not checked"] = None
        return []

    def _judged(self, request: Any, outcome: Outcome, sample: str) -> list[PolicyFault]:
        """What is wrong with the answer, and, where there is nothing, whether it is the same when asked again."""
        if isinstance(outcome.error, CannotDecide):  # it may: whoever asked is told why
            return self._unsteady(request, outcome, sample)
        if isinstance(outcome.error, OtherKind):  # these parameters name a key that the kit noted for another purpose
            return []
        if outcome.error is not None:
            return [fault_of(outcome.error, sample), *self._unsteady(request, outcome, sample)]
        try:
            judged(outcome.answer, self._answer, request)
        except Exception as error:  # whatever judging stumbles over, the answer is to blame
            return [fault_of(refused(error), sample)]
        return self._unsteady(request, outcome, sample)

    def _unsteady(self, request: Any, first: Outcome, sample: str) -> list[PolicyFault]:
        if not self._pure:
            return []
        again, _ = self._asked(request, sample, watch_clock=first.seconds < UNHURRIED)
        if again.touches:
            return [PolicyFault(touch.kind, touch.what, sample) for touch in again.touches]
        if again.late or _said(again) == _said(first):
            return []
        words = f"the same request gave two answers: {_said(first)[:300]}, then {_said(again)[:300]}"
        return [PolicyFault(FindingKind.NOT_DETERMINISTIC, words, sample)]


def _said(outcome: Outcome) -> str:
    return spelled(outcome.answer) if outcome.error is None else f"a {type(outcome.error).__name__}"


def _changed(before: Any, after: Any) -> str:
    """The fields of a request that were changed."""
    names = [one.name for one in fields(before)]
    changed = [name for name in names if spelled(getattr(before, name)) != spelled(getattr(after, name, None))]
    return " and ".join(changed)
