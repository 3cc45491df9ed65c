"""Plugins whose part of the graph does not fit are put aside when the product starts, with the reason."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from quotaloom.policies.discovery import Discovery
from quotaloom.policies.errors import PluginsRefused
from quotaloom_graphql.plugin_graphs import extensions_of, with_fitting_graphs
from quotaloom_graphql.schema import build_schema
from tests.unit.policies.installing import PluginFolder, load

START = """
    from collections.abc import Sequence
    from decimal import Decimal

    import strawberry
    from quotaloom_sdk import BatchReader, GraphQLExtension, ObjectField, RootField, hookimpl

    QUOTALOOM_API = "1.0"


    async def read(reader, ids, *, least: int = 0):
        return [None for _ in ids]


    async def read_root(reader, *, names: list[str] | None = None):
        return None


    def on(name, type_=int, read=read):
        return ObjectField(on="OrgUnit", name=name, description="A field.", type=type_, read=read)


    def root(name, type_=int, read=read_root):
        return RootField(name=name, description="A field.", type=type_, read=read)


    def extension(prefix, *fields, types=()):
        objects = tuple(one for one in fields if isinstance(one, ObjectField))
        roots = tuple(one for one in fields if isinstance(one, RootField))
        return GraphQLExtension(
            key="graph", title="Graph", description="Fields.", prefix=prefix, types=types,
            object_fields=objects, root_fields=roots,
        )


    def typed(name, **fields):
        made = type(name, (), {"__annotations__": {key: kind | None for key, kind in fields.items()}})
        return strawberry.type(made, description="A type.")
"""

HOOK = """

    @hookimpl
    def quotaloom_graphql():
        yield {extension}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginFolder:
    """A folder on the import path to install plugins into, named like this test's own."""
    path = tmp_path / f"graphs_{abs(hash(str(tmp_path)))}"
    path.mkdir()
    monkeypatch.syspath_prepend(str(path))
    return PluginFolder(path)


def found(folder: PluginFolder, **extensions: str) -> Discovery:
    """What is discovered with these plugins, each trusted and with the extension that is written for it."""
    sources = {name: START + HOOK.format(extension=extension) for name, extension in extensions.items()}
    return load(folder.install(source, name=name, distribution=f"{name}-x") for name, source in sources.items())


def reasons(discovery: Discovery) -> dict[str, str]:
    return {one.name: one.reason for one in discovery.quarantined}


GOOD = 'extension("Acme", on("acme_size"), root("best"))'


def test_a_plugin_that_fits_is_in_the_schema(folder: PluginFolder) -> None:
    """Its fields are nullable and keep their arguments and descriptions; the core's own are all there."""
    checked = with_fitting_graphs(found(folder, acme=GOOD))
    sdl = build_schema(plugins=extensions_of(checked)).as_str()
    assert "acmeSize(least: Int! = 0): Int\n" in sdl
    assert "best(names: [String!] = null): Int\n" in sdl
    assert '  acme: Acme @cost(weight: "1000")\n' in sdl
    assert '"""What the plugin acme adds to the graph."""\ntype Acme {' in sdl
    assert "targetMismatch(" in sdl


def test_the_schema_without_plugins_stays_what_it_was(folder: PluginFolder) -> None:
    """Fields of plugins belong to one schema, not to the types of the core."""
    before = build_schema().as_str()
    build_schema(plugins=extensions_of(found(folder, acme=GOOD)))
    assert build_schema().as_str() == before


@pytest.mark.parametrize(
    ("name", "extension", "words"),
    [
        ("target", 'extension("Target", on("target_cells"))', "field 'targetCells' is on OrgUnit already"),
        ("company", 'extension("Company", root("best"))', "field 'company' is on Query already"),
        ("holding", 'extension("Holding", root("best"))', "Holding"),
        ("org", 'extension("Org", root("best", U := typed("OrgUnit", size=int)), types=(U,))', "OrgUnit"),
        ("acme", 'extension("Acme", on("acme_size", float))', "type float is not possible: use bool, int, str"),
        ("acme", 'extension("Acme", on("acme_size", dict[str, int]))', "type dict is not possible"),
        ("acme", 'extension("Acme", on("acme_size", typed("AcmeSize", wide=int)))', "type AcmeSize is not possible"),
        ("acme", 'extension("Acme", on("acme_size", S := typed("AcmeSize", wide=float)), types=(S,))', "type float"),
    ],
)
def test_a_plugin_that_does_not_fit_is_put_aside(folder: PluginFolder, name: str, extension: str, words: str) -> None:
    """Names of the core stay the core's, and types are those that are answered exactly; the others are unharmed."""
    checked = with_fitting_graphs(found(folder, **{name: extension, "zeta": 'extension("Zeta", root("best"))'}))
    assert words in reasons(checked)[name]
    assert reasons(checked)[name].startswith("its part of the graph does not fit: ")
    assert set(extensions_of(checked)) == {"zeta"}
    assert '  zeta: Zeta @cost(weight: "1000")\n' in build_schema(plugins=extensions_of(checked)).as_str()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("info: int = 0", "argument 'info' of field 'acme_size' needs a type, and another name than 'info'"),
        ("least", "argument 'least' of field 'acme_size' needs a type"),
        ("least: float = 0", "type float is not possible"),
        ("least: 'Nobody' = 0", "the types of field 'acme_size' cannot be found: name 'Nobody' is not defined"),
    ],
)
def test_arguments_that_no_query_could_give_are_refused(folder: PluginFolder, arguments: str, words: str) -> None:
    """An argument has a type that GraphQL knows, and a name that it allows."""
    source = f"{START}\n    async def odd(reader, ids, *, {arguments}):\n        return []\n" + HOOK.format(
        extension='extension("Acme", on("acme_size", read=odd))'
    )
    checked = with_fitting_graphs(load([folder.install(source)]))
    assert words in reasons(checked)["acme"]


def test_of_two_that_clash_the_first_by_name_stays(folder: PluginFolder) -> None:
    """`acme` may name a type AcmeRulesSize; then `acme_rules` cannot."""
    clash = 'extension("{}", root("best", S := typed("AcmeRulesSize", wide=int)), types=(S,))'
    checked = with_fitting_graphs(found(folder, acme=clash.format("Acme"), acme_rules=clash.format("AcmeRules")))
    assert set(extensions_of(checked)) == {"acme"}
    assert "AcmeRulesSize" in reasons(checked)["acme_rules"]


def test_strict_mode_refuses_the_start(folder: PluginFolder) -> None:
    """The error names the plugin and what does not fit."""
    with pytest.raises(PluginsRefused) as refused:
        with_fitting_graphs(found(folder, company='extension("Company", root("best"))'), strict=True)
    assert "plugin 'company'" in str(refused.value)


def test_what_is_put_aside_is_logged(folder: PluginFolder, caplog: pytest.LogCaptureFixture) -> None:
    """One clear line for whoever reads the log."""
    with caplog.at_level(logging.WARNING):
        with_fitting_graphs(found(folder, company='extension("Company", root("best"))'))
    assert "quarantined plugin 'company' (company-x 1.2): its part of the graph does not fit" in caplog.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("wide: int | None = strawberry.field(resolver=lambda: 1)", "must be a plain value; compute it in read"),
        ("wide: int", "must be nullable"),
    ],
)
def test_fields_of_types_hold_plain_values(folder: PluginFolder, body: str, words: str) -> None:
    """A resolver of each object for itself would be asked as often as there are objects."""
    source = f"""{START}
    @strawberry.type
    class AcmeSize:
        {body}
""" + HOOK.format(extension='extension("Acme", on("acme_size", AcmeSize), types=(AcmeSize,))')
    assert words in reasons(load([folder.install(source)]))["acme"]
