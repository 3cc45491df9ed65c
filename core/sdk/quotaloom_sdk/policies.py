"""What every kind of policy has: a key, words for the admin, parameters, and the inputs it needs."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from quotaloom_sdk.errors import InvalidDefinition
from quotaloom_sdk.needs import Need
from quotaloom_sdk.texts import shown, text_fault

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Parameters(BaseModel):
    """Base of a policy's parameters, which an admin sets per company. Also the model of a policy without any.

    Give each field a type, a `description` and bounds (`pydantic.Field`): what is stored is validated by this
    model and the admin's form is drawn from its JSON Schema. Frozen; unknown names, NaN and infinity are
    refused; defaults are validated too. Use `Decimal`, not `float`, where the value enters arithmetic.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDefinition:
    """One policy of a plugin, as its hook returns it; the product knows it as `plugin.key`.

    `key`: lower-case letters, digits and underscores, a letter first, 64 at most; unique in its plugin and never
    changed, because settings and results name it. `title` and `description`: what an admin reads.
    `parameters`: a subclass of `Parameters`, or `Parameters` itself where there are none. `needs`: the inputs
    that the request must carry, out of those that its kind `offers`. `kind` is the same for all policies of one
    hook. Raises `InvalidDefinition`.
    """

    kind: ClassVar[str] = ""
    offers: ClassVar[frozenset[Need]] = frozenset(Need)

    key: str
    title: str
    description: str
    parameters: type[Parameters] = Parameters
    needs: frozenset[Need] = frozenset()

    def __post_init__(self) -> None:
        if not is_key(self.key):
            raise InvalidDefinition(
                f"{shown(self.key)} is no policy key; write up to 64 of a-z, 0-9 and _, a letter first"
            )
        for name in ("title", "description"):
            text: object = getattr(self, name)
            if not isinstance(text, str) or not text.strip():
                raise InvalidDefinition(f"policy {self.key!r} has no {name}; write one for the admin")
            fault = text_fault(text, one_line=name == "title")
            if fault is not None:
                raise InvalidDefinition(f"{name} of policy {self.key!r} holds {fault}; write plain text")
        given: object = self.parameters
        if not (isinstance(given, type) and issubclass(given, Parameters)):
            raise InvalidDefinition(
                f"parameters of policy {self.key!r} must be a subclass of Parameters, not {shown(given)}"
            )
        needs: object = self.needs
        if not isinstance(needs, frozenset) or not all(isinstance(need, Need) for need in needs):
            raise InvalidDefinition(f"needs of policy {self.key!r} must be a frozenset of Need, not {shown(needs)}")
        if not needs <= self.offers:
            missing = ", ".join(sorted(needs - self.offers))
            offered = ", ".join(sorted(self.offers)) or "none"
            raise InvalidDefinition(
                f"policy {self.key!r} needs {missing}, which requests of kind {self.kind!r} never carry; "
                f"they can carry: {offered}"
            )


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterizedPolicy(PolicyDefinition, Generic[P]):
    """A definition that says its parameters' model, so that type checkers know what its function is given."""

    parameters: type[P]  # pyright: ignore[reportGeneralTypeIssues] # required here, though the base has a default


def is_key(name: object) -> bool:
    """Whether `name` may be the key of a policy or the name of a plugin."""
    return isinstance(name, str) and _KEY.fullmatch(name) is not None


def require_plain_function(key: str, field: str, function: object) -> None:
    """Raise `InvalidDefinition` unless `function` can be called and is neither async nor a generator."""
    if not callable(function):
        raise InvalidDefinition(f"{field} of policy {key!r} must be a function, not {shown(function)}")
    for called in (function, type(function).__call__):
        if inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called):
            raise InvalidDefinition(f"{field} of policy {key!r} is async; a policy is a plain function")
        if inspect.isgeneratorfunction(called):
            raise InvalidDefinition(f"{field} of policy {key!r} yields; a policy returns its result")
