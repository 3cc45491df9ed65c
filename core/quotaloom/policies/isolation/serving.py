"""Inside a worker: load the one plugin it is for, and answer calls one at a time. The server never runs this."""

from __future__ import annotations

import math
import os
import pickle
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass, replace
from importlib.metadata import EntryPoint
from typing import Any, NoReturn, cast

from quotaloom.policies.isolation.descriptors import PluginDescriptor, PluginSource, plugin_descriptor
from quotaloom.policies.isolation.limits import WorkerLimits
from quotaloom.policies.isolation.messages import (
    FUNCTIONS,
    Answer,
    Call,
    Outcome,
)
from quotaloom.policies.verdicts import NotValid, model_of, verdict_on
from quotaloom.policies.wording import named_words_of, trace_of, words_of
from quotaloom_sdk import CannotDecide, InvalidResult, PolicyDefinition
from quotaloom_sdk.admission import Unusable, admitted
from quotaloom_sdk.hooks import ENTRY_POINT_GROUP


@dataclass(slots=True)
class _Serving:
    """What this process is for; set once by `prepare`, `definitions` once by `load`."""

    source: PluginSource
    limits: WorkerLimits
    process: int
    definitions: Mapping[str, PolicyDefinition]


_serving: _Serving | None = None

_NO_MEMORY = pickle.dumps(Answer(Outcome.OUT_OF_MEMORY))

_SPEECHLESS = pickle.dumps(Answer(Outcome.FAILED, reason="it raised an error of which nothing can be told"))
"""The last resort, made beforehand so that nothing can go wrong with it."""


class _Failed(Exception):
    """A call that cannot be answered; the message is for the caller."""


def prepare(source: PluginSource, limits: WorkerLimits, import_path: tuple[str, ...]) -> None:
    """Make this process ready to load the plugin; nothing of the plugin has run yet."""
    global _serving
    _serving = _Serving(source, limits, os.getpid(), {})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.path[:0] = import_path
    _bound_memory(limits.memory)


def load() -> bytes:
    """Import the plugin, check it, and answer with its `PluginDescriptor`, or say why it cannot be used."""
    return _answered(_loaded)


def serve(message: bytes) -> bytes:
    """Answer one pickled `Call` with a pickled `Answer`."""
    return _answered(lambda: _called(pickle.loads(message)))  # noqa: S301 # the server sent it


def _answered(function: Callable[[], object]) -> bytes:
    """The pickled answer. Raises nothing: an error that left this would be a plugin's own, on its way to the server."""
    serving = _required()
    try:
        return _attempted(function, serving.limits)
    except MemoryError:
        return _NO_MEMORY
    except BaseException:
        return _SPEECHLESS
    finally:
        if os.getpid() != serving.process:  # a forked copy came back from the plugin; it must not answer too
            os._exit(0)


def _attempted(function: Callable[[], object], limits: WorkerLimits) -> bytes:
    try:
        _bound_processor(limits.processor_seconds)
        return _packed(Answer(Outcome.ANSWERED, function()), limits.answer)
    except MemoryError:
        return _NO_MEMORY
    except CannotDecide as error:
        return pickle.dumps(Answer(Outcome.UNDECIDED, reason=words_of(error)))
    except (_Failed, Unusable, InvalidResult) as error:
        if isinstance(error.__cause__, MemoryError):
            return _NO_MEMORY
        return pickle.dumps(Answer(Outcome.FAILED, reason=words_of(error)))
    except BaseException as error:  # a plugin that raises SystemExit has failed like any other
        reason = f"it raised {named_words_of(error)}"
        return pickle.dumps(Answer(Outcome.FAILED, reason=reason, trace=trace_of(error)))


def _packed(answer: Answer, most: int) -> bytes:
    try:
        packed = pickle.dumps(answer)
    except MemoryError:
        raise
    except BaseException as error:
        kind = type(answer.value).__name__
        raise _Failed(f"its answer, of type {kind}, cannot leave the worker: {named_words_of(error)}") from error
    if len(packed) > most:
        raise _Failed(f"its answer has {len(packed)} bytes; at most {most} may leave the worker")
    return packed


def _loaded() -> PluginDescriptor:
    serving = _required()
    source = serving.source
    entry_point = EntryPoint(source.name, source.value, ENTRY_POINT_GROUP)
    api_version, definitions = admitted(source.name, entry_point.load)
    serving.definitions = {definition.key: definition for definition in definitions}
    return plugin_descriptor(source, api_version, definitions)


def _called(call: Call) -> object:
    definition = _required().definitions.get(call.policy_key)
    if definition is None:
        raise _Failed("the plugin has no such policy any more")
    if call.function == "validate_parameters":
        return verdict_on(definition, call.payload)
    function = getattr(definition, call.function, None) if call.function in FUNCTIONS else None
    if not callable(function):
        raise _Failed(f"it is of kind {definition.kind!r} and cannot {call.function}")
    return function(_with_parameters(definition, call.payload))


def _with_parameters(definition: PolicyDefinition, request: Any) -> object:
    """The request with its JSON object of parameters as the policy's own model."""
    if not (is_dataclass(request) and hasattr(request, "parameters")):
        return request
    try:
        valid = model_of(definition, request.parameters)
    except NotValid as error:
        raise _Failed(str(error)) from None
    changed: object = replace(cast("Any", request), parameters=valid)
    return changed


def _bound_memory(memory: int) -> None:
    """Bound the address space to what is in use now and `memory` more; only Linux says what is in use."""
    try:
        with open("/proc/self/statm", encoding="ascii") as sizes:
            pages = int(sizes.read().split()[0])
    except OSError:
        return
    in_use = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + memory, in_use + memory))


def _bound_processor(seconds: int) -> None:
    """Bound the processor time from now on; the system counts over the life of the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    bound = math.ceil(usage.ru_utime + usage.ru_stime) + seconds
    if hard != resource.RLIM_INFINITY:
        bound = min(bound, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (bound, hard))


def _required() -> _Serving:
    return _serving if _serving is not None else _unprepared()


def _unprepared() -> NoReturn:
    raise RuntimeError("this process is no worker")
