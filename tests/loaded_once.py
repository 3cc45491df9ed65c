"""What follows from the code alone, for applications of one process: it is worked out for the first of them.

A process that serves works it out once as well. Without this each test that serves would spend a third of a second on
the same types and the same plugins.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import strawberry

from quotaloom.policies.discovery import Discovery, discover
from quotaloom_graphql import served_schema
from quotaloom_graphql.plugin_fields import object_fields, root_of
from quotaloom_graphql.served_schema import QuotaloomSchema
from quotaloom_sdk import GraphQLExtension

_build = strawberry.Schema.__init__
_built: list[tuple[dict[str, Any], dict[str, Any]]] = []
_found: dict[tuple[str, ...], Discovery] = {}
_added: dict[tuple[str, tuple[int, ...]], tuple[Sequence[GraphQLExtension], list[Any], Any]] = {}


@contextmanager
def loading_once() -> Iterator[None]:
    """Within, a schema of the product takes over what Strawberry made of the same types, fields and options before."""
    with_once = (_build_once, _fields_once, _root_once)
    usual = (_build, object_fields, root_of)
    _put(*with_once)
    try:
        yield
    finally:
        _put(*usual)


def built_in_plugins() -> Discovery:
    """The plugins that run in the server where its settings allow no others, as the import path has them now."""
    path = tuple(sys.path)
    if path not in _found:
        _found[path] = discover()
    return _found[path]


def _put(build: Any, fields: Any, root: Any) -> None:
    strawberry.Schema.__init__ = build  # type: ignore[method-assign]
    served_schema.object_fields = fields  # type: ignore[attr-defined]
    served_schema.root_of = root  # type: ignore[attr-defined]


def _build_once(schema: strawberry.Schema, **options: Any) -> None:
    if type(schema) is not QuotaloomSchema:
        _build(schema, **options)
        return
    wanted = _compared(schema, options)
    for known, parts in _built:
        if known == wanted:
            vars(schema).update(parts)
            return
    before = set(vars(schema))
    _build(schema, **options)
    _built.append((wanted, {name: part for name, part in vars(schema).items() if name not in before}))


def _compared(schema: QuotaloomSchema, options: dict[str, Any]) -> dict[str, Any]:
    """The options with a configuration that equals another one of the same contents, and the fields of plugins."""
    config = options["config"]
    same = {**options, "config": {**vars(config), "name_converter": type(config.name_converter)}}
    return {**same, "added": {on: [id(field) for field in fields] for on, fields in schema._added.items()}}


def _fields_once(plugin: str, extensions: Sequence[GraphQLExtension]) -> Iterable[Any]:
    return _of_plugin(plugin, extensions)[0]


def _root_once(plugin: str, extensions: Sequence[GraphQLExtension]) -> Any:
    return _of_plugin(plugin, extensions)[1]


def _of_plugin(plugin: str, extensions: Sequence[GraphQLExtension]) -> tuple[list[Any], Any]:
    """The fields of a plugin, and its root; of the same definitions, which are kept, the same ones."""
    key = plugin, tuple(map(id, extensions))
    if key not in _added:
        _added[key] = extensions, list(object_fields(plugin, extensions)), root_of(plugin, extensions)
    return _added[key][1:]
