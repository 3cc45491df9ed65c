"""What follows from the code alone, for applications of one process: it is worked out for the first of them.

A process that serves works it out once as well. Without this each test that serves would spend a third of a second on
the same types and the same plugins.
"""

from __future__ import annotations

import sys
from typing import Any

import strawberry

from quotaloom.policies.discovery import Discovery, discover
from quotaloom_graphql.served_schema import QuotaloomSchema

_build = strawberry.Schema.__init__
_built: list[tuple[dict[str, Any], dict[str, Any]]] = []
_found: dict[tuple[str, ...], Discovery] = {}


def built_in_plugins() -> Discovery:
    """The plugins that run in the server where its settings allow no others, as the import path has them now."""
    path = tuple(sys.path)
    if path not in _found:
        _found[path] = discover()
    return _found[path]


def _build_once(schema: strawberry.Schema, *arguments: Any, **options: Any) -> None:
    """Take what Strawberry made of the same types and options, for the product's schema without fields of plugins."""
    if arguments or type(schema) is not QuotaloomSchema or schema._added:
        _build(schema, *arguments, **options)
        return
    wanted = _compared(options)
    for known, parts in _built:
        if known == wanted:
            vars(schema).update(parts)
            return
    before = set(vars(schema))
    _build(schema, **options)
    _built.append((wanted, {name: part for name, part in vars(schema).items() if name not in before}))


def _compared(options: dict[str, Any]) -> dict[str, Any]:
    """The options with a configuration that equals another one of the same contents."""
    config = options["config"]
    return {**options, "config": {**vars(config), "name_converter": type(config.name_converter)}}


strawberry.Schema.__init__ = _build_once  # type: ignore[assignment, method-assign]
