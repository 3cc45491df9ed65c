"""Fields that plugins add to the graph, made into batch fields like the core's own.

They answer only the companies that have the extension switched on, read only through the SDK's reader, and are null
where anything goes wrong: the error names the plugin, and the rest of the answer stands.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, get_origin, get_type_hints

from strawberry.tools import create_type
from strawberry.types.field import StrawberryField

from quotaloom.platform.errors import AccessDenied, InputError, Unauthenticated, Unavailable
from quotaloom.platform.limits import LimitExceeded
from quotaloom.policies.errors import PolicyFailed
from quotaloom.policies.isolation.errors import PolicyTimedOut
from quotaloom.policies.settings import policies_on
from quotaloom.policies.wording import named_words_of
from quotaloom_graphql.context import Info, RequestContext
from quotaloom_graphql.field_costs import READING
from quotaloom_graphql.plugin_reader import plugin_reader
from quotaloom_graphql.roots import root_field
from quotaloom_sdk import GraphQLExtension, InvalidDefinition, InvalidResult, ObjectField, RootField
from quotaloom_sdk.field_values import Shown, graph_type, shown_as
from quotaloom_sdk.graphql import prefix_of
from strawberry_breadth import attached, batch

_OURS = (InputError, AccessDenied, Unauthenticated, Unavailable, LimitExceeded)
"""What our own reader raises; it is told as it is."""

_KIND = GraphQLExtension.kind

_log = logging.getLogger(__name__)


def object_fields(plugin: str, extensions: Sequence[GraphQLExtension]) -> Iterator[tuple[str, StrawberryField]]:
    """The fields that a plugin adds to types of the core, each with the name of its type."""
    for extension in extensions:
        for field in extension.object_fields:
            yield field.on, _object_field(plugin, extension, field)


def root_of(plugin: str, extensions: Sequence[GraphQLExtension]) -> StrawberryField | None:
    """The field of the query that holds the plugin's own root fields; None where it has none."""
    fields = [_root_field(plugin, one, field) for one in extensions for field in one.root_fields]
    if not fields:
        return None
    keys = frozenset(_key(plugin, extension) for extension in extensions)
    own = create_type(prefix_of(plugin), fields, description=f"What the plugin {plugin} adds to the graph.")

    async def answer(info: Info) -> Any:
        return {} if keys & await _switched_on(info.context) else None

    field = root_field(
        answer, weight=READING, description=f"Fields of the plugin {plugin}; null where your company has it off."
    )
    return attached(field, plugin, own | None)


def _object_field(plugin: str, extension: GraphQLExtension, field: ObjectField) -> StrawberryField:
    made = _Made(plugin, extension, field)

    async def load(keys: list[int], info: Info, /, **arguments: Any) -> list[Any]:
        if not await made.is_on(info.context):
            return [None] * len(keys)
        answers = await made.read(info.context, [str(key) for key in keys], **arguments)
        if not isinstance(answers, Sequence) or isinstance(answers, str) or len(answers) != len(keys):
            given = len(answers) if isinstance(answers, list | tuple) else type(answers).__name__
            raise made.failed(f"it answered with {given} for {len(keys)} ids; one answer per id, in their order")
        return [made.shown(answer) for answer in answers]

    return made.attached(load, key="id")


def _root_field(plugin: str, extension: GraphQLExtension, field: RootField) -> StrawberryField:
    made = _Made(plugin, extension, field)

    async def load(parents: list[Any], info: Info, /, **arguments: Any) -> list[Any]:
        if not await made.is_on(info.context):
            return [None] * len(parents)
        return [made.shown(await made.read(info.context, **arguments))] * len(parents)

    return made.attached(load, key=None)


class _Made:
    """One field of a plugin with what is needed to ask it and to show its answers."""

    def __init__(self, plugin: str, extension: GraphQLExtension, field: ObjectField | RootField) -> None:
        self._plugin = plugin
        self._key = _key(plugin, extension)
        self._field = field
        self._own = extension.types
        self._show: Shown = _unshown

    def attached(self, load: Callable[..., Awaitable[Any]], key: str | None) -> StrawberryField:
        """The field itself, which asks `load` once per level."""
        load.__signature__ = _signature(self._field)  # type: ignore[attr-defined] # as inspect reads it
        field = batch(load, key=key, description=self._field.description)
        made = attached(field, self._field.name, graph_type(self._field.type, self._own))
        self._show = shown_as(made.type, self._own)
        return made

    async def is_on(self, context: RequestContext) -> bool:
        """Whether the company has the extension switched on today."""
        return self._key in await _switched_on(context)

    async def read(self, context: RequestContext, *ids: Any, **arguments: Any) -> Any:
        """What the plugin answers; raises `PolicyFailed` for whatever goes wrong in it."""
        reader, seconds = await plugin_reader(context), context.services.policies.deadlines.call
        # A task of its own: what a plugin does with its own cancellation, or with ours, keeps no request waiting.
        reading = asyncio.create_task(_outcome(self._field.read(reader, *ids, **arguments)))
        try:
            await asyncio.wait({reading}, timeout=seconds)
        finally:
            reading.cancel()
        if not reading.done():
            raise self._told(PolicyTimedOut, f"it gave no answer within {seconds:g} seconds", None)
        answer, error = reading.result()
        if isinstance(error, _OURS):
            raise error
        if error is not None:
            raise self._told(PolicyFailed, f"it raised {named_words_of(error)}", error) from error
        return answer

    def shown(self, answer: Any) -> Any:
        """An answer as a row or a value, or the error of this one object."""
        try:
            return self._show(answer)
        except InvalidResult as error:
            return self.failed(str(error))
        except Exception as error:  # a property of the plugin's own type, or how it shows itself, may raise
            return self.failed(f"its answer cannot be read: {type(error).__name__}")

    def failed(self, reason: str, kind: type[PolicyFailed] = PolicyFailed) -> PolicyFailed:
        """An error that names the plugin and the field."""
        return kind(self._plugin, self._key, f"field {self._field.name}: {reason}")

    def _told(self, kind: type[PolicyFailed], reason: str, error: BaseException | None) -> PolicyFailed:
        failed = self.failed(reason, kind)
        _log.warning("%s", failed, exc_info=error)
        return failed


async def _outcome(reading: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """What it comes to, or what it raises: an exit or a cancellation of the plugin's own is its failure."""
    try:
        return await reading, None
    except BaseException as error:
        return None, error


def _unshown(_: Any) -> Any:
    raise AssertionError("a field is attached before it is asked")


def _signature(field: ObjectField | RootField) -> inspect.Signature:
    """Keys, the request's info, and the GraphQL arguments that the field's `read` takes."""
    try:
        hints = get_type_hints(field.read, include_extras=True)
    except Exception as error:
        raise InvalidDefinition(f"the types of field {field.name!r} cannot be found: {error}") from error
    parameters = [
        inspect.Parameter("keys", inspect.Parameter.POSITIONAL_ONLY),
        inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info),
    ]
    arguments = inspect.signature(field.read).parameters.values()
    given = [one for one in arguments if one.kind is inspect.Parameter.KEYWORD_ONLY]
    parameters += [one.replace(annotation=_argument_type(field.name, one.name, hints)) for one in given]
    return inspect.Signature(parameters)


def _argument_type(field: str, name: str, hints: Mapping[str, Any]) -> Any:
    if name == "info" or name not in hints:
        raise InvalidDefinition(f"argument {name!r} of field {field!r} needs a type, and another name than 'info'")
    given = hints[name]
    graph_type(given.__origin__ if get_origin(given) is Annotated else given, ())
    return given


def _key(plugin: str, extension: GraphQLExtension) -> str:
    return f"{plugin}.{extension.key}"


async def _switched_on(context: RequestContext) -> frozenset[str]:
    async def load() -> frozenset[str]:
        registry = context.services.policies.registry
        return await policies_on(context.snapshot, registry, _KIND, await context.today())

    return await context.once("graphql extensions", load)
