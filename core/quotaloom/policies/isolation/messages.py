"""What passes between the server and a worker.

The server reads answers with its eyes open: nothing but the classes of the SDK and a few of the standard library
is made from them, and nothing is imported for them.
"""

from __future__ import annotations

import io
import pickle
import sys
from dataclasses import dataclass, is_dataclass
from enum import Enum, StrEnum
from typing import Any, Literal, get_args

from quotaloom.policies.wording import named_words_of

Function = Literal["allocate", "credit", "reward", "assign", "examine", "score", "listen", "validate_parameters"]
"""What a worker can be asked for: the function of a definition by its name, or the validation of parameters."""

FUNCTIONS: frozenset[str] = frozenset(get_args(Function))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one function of a policy or listener; `payload` is a frozen request of the SDK or plain values."""

    function: str
    policy_key: str
    payload: object


class Outcome(StrEnum):
    """How a call ended in the worker."""

    ANSWERED = "answered"
    FAILED = "failed"
    UNDECIDED = "undecided"
    OUT_OF_MEMORY = "out of memory"


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is the function's result, None where it failed; then `reason` and `trace` say why, for people."""

    outcome: Outcome
    value: object = None
    reason: str = ""
    trace: str = ""


class Unreadable(Exception):
    """A worker's message is not what may come from a worker."""


def read_message(message: bytes) -> object:
    """The value in a worker's message. Raises `Unreadable`."""
    try:
        return _Reader(io.BytesIO(message)).load()
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"it answered with something unreadable: {named_words_of(error)}") from error


_PLAIN = {
    "builtins": {"frozenset", "set"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    __name__: {"Answer", "Outcome"},
    "quotaloom.policies.verdicts": {"ParameterProblem", "ParametersVerdict"},
    "quotaloom.policies.isolation.descriptors": {
        "PluginDescriptor",
        "PluginSource",
        "PolicyDescriptor",
    },
}


class _Reader(pickle.Unpickler):
    """An unpickler that makes nothing but values, and never imports."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _member
        found: object = getattr(sys.modules.get(module), name, None)
        if isinstance(found, type) and found.__module__ == module and _may_come(found, module, name):
            return found
        raise Unreadable(f"it answered with a {module}.{name}, which the server does not know")


def _member(kind: object, name: str) -> Enum:
    """A member of an enumeration, which early releases of Python 3.11 pickle as an attribute of its class."""
    if isinstance(kind, type) and issubclass(kind, Enum) and name in kind.__members__:
        return kind[name]
    raise Unreadable(f"it answered with the attribute {name!r} of something that is no enumeration")


def _may_come(found: type, module: str, name: str) -> bool:
    if name in _PLAIN.get(module, ()):
        return True
    ours = module == "quotaloom_sdk" or module.startswith("quotaloom_sdk.")
    return ours and (is_dataclass(found) or issubclass(found, Enum))
