"""The checks that one plugin passes before its policies are used, from loading to its definitions.

The product makes them when it starts, the conformance kit when a partner runs it.
Each plugin gets a plugin manager of its own: pluggy's loop over hooks ends at the first exception, and
wrappers reach into the hooks of others; alone, a plugin can spoil only itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import partial
from typing import TypeVar

import pluggy

from quotaloom_sdk import API_VERSION, GraphQLExtension, InvalidResult, PolicyDefinition, hooks
from quotaloom_sdk.forms import ui_hints
from quotaloom_sdk.graphql import prefix_of
from quotaloom_sdk.storing import json_fault, stored_form
from quotaloom_sdk.texts import cleaned, shown, words_of
from quotaloom_sdk.versions import speaks

T = TypeVar("T")

BAD_NAME = "the plugin's name must be up to 64 of a-z, 0-9 and _, a letter first"
"""Why a plugin is not used whose name cannot be the first half of `plugin.key`."""

_PREFIX = "quotaloom_"


class Unusable(Exception):
    """A plugin fails a check; `reason` says which, and what its author can do."""

    def __init__(self, reason: str) -> None:
        self.reason = cleaned(reason)
        super().__init__(self.reason)


def admitted(name: str, load: Callable[[], object]) -> tuple[str, tuple[PolicyDefinition, ...]]:
    """The API version the plugin was written for, and its definitions in the order of hooks; raises `Unusable`.

    The definitions are those of all hooks, listeners and GraphQL extensions among them; no key comes twice.
    Runs code of the plugin: whatever it raises becomes `Unusable`, `SystemExit` included.
    """
    plugin = _guarded("cannot be imported", load)
    api_version = _guarded("cannot be read", lambda: _api_version(plugin))
    manager = _guarded("cannot be registered", lambda: _registered(name, plugin))
    definitions = _definitions(manager)
    _require_prefix(name, definitions)
    return api_version, definitions


def _guarded(what: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except (Unusable, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise Unusable(f"{what}: {type(error).__name__}: {words_of(error)}") from error


def _api_version(plugin: object) -> str:
    needed: object = getattr(plugin, "QUOTALOOM_API", None)
    if not isinstance(needed, str):
        raise Unusable(f'says no plugin API version; write QUOTALOOM_API = "{API_VERSION}" in it')
    try:
        usable = speaks(needed)
    except ValueError as error:
        raise Unusable(f"QUOTALOOM_API: {error}") from error
    if not usable:
        raise Unusable(f"needs plugin API {needed}; this product speaks {API_VERSION}")
    return needed


def _registered(name: str, plugin: object) -> pluggy.PluginManager:
    manager = pluggy.PluginManager("quotaloom")
    manager.add_hookspecs(hooks)
    for attribute in dir(plugin):
        _check_attribute(manager, plugin, attribute)
    manager.register(plugin, name)
    manager.check_pending()
    return manager


def _check_attribute(manager: pluggy.PluginManager, plugin: object, attribute: str) -> None:
    found = inspect.getattr_static(plugin, attribute, None)
    function = getattr(found, "__func__", found)
    options = manager.parse_hookimpl_opts(plugin, attribute)
    if options is None:
        named_like_a_hook = attribute.startswith(_PREFIX) and inspect.isroutine(function)
        if named_like_a_hook and getattr(function, "__module__", "") != hooks.__name__:
            raise Unusable(f"{attribute} is not marked as a hook; put @hookimpl above it{_hint(attribute)}")
        return
    hook = options.get("specname") or attribute
    if hook not in hooks.DEFINITIONS and not options.get("optionalhook"):
        raise Unusable(f"unknown hook {hook}{_hint(hook)}; there are: {', '.join(hooks.DEFINITIONS)}")
    if options.get("wrapper") or options.get("hookwrapper"):
        raise Unusable(f"hook {attribute} is a wrapper; a hook returns its own definitions only")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise Unusable(f"hook {attribute} is async; write it as a plain function")


def _hint(name: str) -> str:
    near = get_close_matches(name, hooks.DEFINITIONS, n=1)
    return f" (did you mean {near[0]}?)" if near and near[0] != name else ""


def _definitions(manager: pluggy.PluginManager) -> tuple[PolicyDefinition, ...]:
    found: dict[str, PolicyDefinition] = {}
    for hook, kind in hooks.DEFINITIONS.items():
        _guarded(f"hook {hook} failed", partial(_collect, manager, hook, kind, found))
    return tuple(found.values())


def _collect(
    manager: pluggy.PluginManager, hook: str, kind: type[PolicyDefinition], found: dict[str, PolicyDefinition]
) -> None:
    """Add what the hook returns to `found`, by key; checked one by one, as a hook may yield without end."""
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    answers: list[object] = caller()
    if len(answers) < len(caller.get_hookimpls()):
        raise Unusable(f"hook {hook} returned None; return the definitions")
    for answer in answers:
        if not isinstance(answer, Iterable):
            raise Unusable(f"hook {hook} returned {shown(answer)}; return several {kind.__name__}, such as a tuple")
        for definition in answer:
            if not isinstance(definition, kind):
                raise Unusable(f"hook {hook} returned {shown(definition)}, which is no {kind.__name__}")
            if definition.kind != kind.kind:
                raise Unusable(f"{definition.key!r} calls itself {definition.kind!r}; it is of kind {kind.kind!r}")
            if definition.key in found:
                raise Unusable(f"two policies have the key {definition.key!r}")
            _require_schema(definition)
            found[definition.key] = definition


def _require_schema(definition: PolicyDefinition) -> None:
    """Raise unless an admin can be shown the parameters, and the defaults alone can be stored, if they are enough."""
    model = definition.parameters
    try:
        schema = model.model_json_schema()
        hints: object = ui_hints(model)
    except Exception as error:
        words = words_of(error)
        raise Unusable(f"parameters of policy {definition.key!r} have no JSON Schema: {words}") from error
    for what, shape in (("JSON Schema", schema), ("ui hints", hints)):
        fault = json_fault(shape)
        if fault is not None:
            place = ".".join(str(part) for part in fault[0]) or what
            raise Unusable(f"parameters of policy {definition.key!r}: {what}: {place} {fault[1]}")
    if any(field.is_required() for field in model.model_fields.values()):
        return
    try:
        defaults = model.model_validate({})
    except Exception:  # what a model makes of nothing is for its admin to see, and for the conformance kit
        return
    try:
        stored_form(defaults)
    except InvalidResult as error:
        raise Unusable(f"defaults of policy {definition.key!r}: {error}") from error


def _require_prefix(plugin: str, definitions: Iterable[PolicyDefinition]) -> None:
    """Names in the graph start with the plugin's own, so that no two plugins claim one name."""
    wanted = prefix_of(plugin)
    for one in definitions:
        if isinstance(one, GraphQLExtension) and one.prefix != wanted:
            raise Unusable(f"GraphQL extension {one.key!r} has the prefix {one.prefix!r}; write {wanted!r}")
