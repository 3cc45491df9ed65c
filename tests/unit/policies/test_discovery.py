from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from quotaloom.platform.allowing import parse_allow_list
from quotaloom.policies.discovery import Discovery, Origin, discover
from quotaloom.policies.errors import PluginsRefused, Quarantined
from tests.unit.policies.installing import GOOD, PluginFolder, load, with_hook


def names(discovery: Discovery) -> list[str]:
    return [plugin.name for plugin in discovery.plugins]


def only_reason(discovery: Discovery) -> str:
    (quarantined,) = discovery.quarantined
    return quarantined.reason


def test_shipped_allocation_arrives_through_the_installed_entry_points() -> None:
    """The product's own rules are found like a partner's, and known as built in."""
    found = {plugin.name: plugin for plugin in discover().plugins}
    shipped = found["allocation"]
    assert (shipped.distribution, shipped.module, shipped.origin) == (
        "quotaloom",
        "quotaloom_allocation",
        Origin.BUILT_IN,
    )
    assert [policy.key for policy in shipped.policies] == [
        "even",
        "last_year",
        "last_period",
        "trailing_year",
        "growth",
        "headcount",
        "fixed_weights",
        "potential",
        "seasonal",
    ]


def test_shipped_incentive_rules_arrive_and_wait_to_be_switched_on() -> None:
    """They are found in the order in which companies mostly run them, and none is on in a new company."""
    shipped = next(plugin for plugin in discover().plugins if plugin.name == "incentives")
    assert (shipped.module, shipped.origin) == ("quotaloom_incentives", Origin.BUILT_IN)
    assert [policy.key for policy in shipped.policies] == [
        "tiers",
        "flat_rate",
        "collected_commission",
        "threshold_bonus",
        "spiff",
        "team_override",
        "accelerator",
        "review_multiplier",
        "cap",
        "assessment_penalty",
        "draw",
        "floor",
    ]
    assert {policy.kind for policy in shipped.policies} == {"incentive"}


def test_partner_plugin_is_described_by_its_distribution(folder: PluginFolder) -> None:
    """A plugin carries name, distribution, version, module, API version, origin and policies."""
    entry_point = folder.install(GOOD, name="acme", distribution="acme-rules", version="1.2")
    (plugin,) = load([entry_point], strict=True).plugins
    assert (plugin.name, plugin.distribution, plugin.version) == ("acme", "acme-rules", "1.2")
    assert (plugin.module, plugin.api_version, plugin.origin) == (entry_point.value, "1.0", Origin.INSTALLED)
    assert [policy.key for policy in plugin.policies] == ["first", "second"]


def test_entry_point_without_distribution_is_used_all_the_same(folder: PluginFolder) -> None:
    """A plugin of no known distribution has neither distribution nor version."""
    module = folder.install(GOOD).value
    (plugin,) = load([EntryPoint("acme", module, "quotaloom")]).plugins
    assert (plugin.distribution, plugin.version) == (None, None)


BAD = {
    "raises at import": ("raise RuntimeError('no luck')", "cannot be imported: RuntimeError: no luck"),
    "exits at import": ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
    "says no API version": (
        GOOD.replace('QUOTALOOM_API = "1.0"', ""),
        'says no plugin API version; write QUOTALOOM_API = "1.0" in it',
    ),
    "garbles the API version": (GOOD.replace('"1.0"', '"one"'), "QUOTALOOM_API: 'one' is no plugin API version"),
    "another major": (GOOD.replace('"1.0"', '"2.0"'), "needs plugin API 2.0; this product speaks 1.0"),
    "a later minor": (GOOD.replace('"1.0"', '"1.7"'), "needs plugin API 1.7; this product speaks 1.0"),
    "misspells a hook": (
        GOOD.replace("quotaloom_allocation_rules", "quotaloom_alocation_rules"),
        "unknown hook quotaloom_alocation_rules (did you mean quotaloom_allocation_rules?)",
    ),
    "misspells a hook that it does not mark": (
        with_hook("def quotaloom_alocation_rules(): return ()"),
        "quotaloom_alocation_rules is not marked as a hook",
    ),
    "forgets the mark": (
        with_hook("def quotaloom_allocation_rules(): return ()"),
        "quotaloom_allocation_rules is not marked as a hook; put @hookimpl above it",
    ),
    "asks for arguments": (
        with_hook("@hookimpl\ndef quotaloom_allocation_rules(company): return ()"),
        "cannot be registered: PluginValidationError",
    ),
    "async hook": (
        with_hook("@hookimpl\nasync def quotaloom_allocation_rules(): return ()"),
        "hook quotaloom_allocation_rules is async; write it as a plain function",
    ),
    "wraps the hooks of others": (
        with_hook("@hookimpl(wrapper=True)\ndef quotaloom_allocation_rules(): return (yield)"),
        "hook quotaloom_allocation_rules is a wrapper",
    ),
    "hook raises": (
        with_hook("@hookimpl\ndef quotaloom_allocation_rules(): raise KeyError('x')"),
        "hook quotaloom_allocation_rules failed: KeyError: 'x'",
    ),
    "hook raises halfway": (
        with_hook("@hookimpl\ndef quotaloom_allocation_rules():\n    yield rule('a')\n    raise KeyError('x')"),
        "hook quotaloom_allocation_rules failed: KeyError: 'x'",
    ),
    "hook returns None": (
        with_hook("@hookimpl\ndef quotaloom_allocation_rules(): rule('a')"),
        "hook quotaloom_allocation_rules returned None; return the definitions",
    ),
    "hook returns a single rule": (
        with_hook("@hookimpl\ndef quotaloom_allocation_rules(): return rule('a')"),
        "return several AllocationRule, such as a tuple",
    ),
    "hook returns something else": (
        with_hook("@hookimpl\ndef quotaloom_allocation_rules(): return [42]"),
        "hook quotaloom_allocation_rules returned 42, which is no AllocationRule",
    ),
    "duplicates a key": (
        with_hook("@hookimpl\ndef quotaloom_allocation_rules(): return [rule('a'), rule('a')]"),
        "two policies have the key 'a'",
    ),
    "duplicates a key without end": (
        with_hook("@hookimpl\ndef quotaloom_allocation_rules():\n    while True: yield rule('a')"),
        "two policies have the key 'a'",
    ),
    "hook returns what belongs to another": (
        with_hook("@hookimpl\ndef quotaloom_crediting_rules(): return [rule('a')]"),
        "which is no CreditingRule",
    ),
    "duplicates a key over two hooks": (
        with_hook(
            "from quotaloom_sdk import EventListener\n"
            "@hookimpl\ndef quotaloom_allocation_rules(): return [rule('a')]\n"
            "@hookimpl\ndef quotaloom_event_listeners():\n"
            "    return [EventListener(key='a', title='T', description='D', parameters=Parameters,"
            " topics=('a.b',), listen=print)]"
        ),
        "two policies have the key 'a'",
    ),
    "calls its policies of another kind": (
        with_hook(
            "from typing import ClassVar\n"
            "class Odd(AllocationRule):\n    kind: ClassVar[str] = 'incentive'\n"
            "@hookimpl\ndef quotaloom_allocation_rules():\n"
            "    return [Odd(key='a', title='T', description='D', parameters=Parameters, allocate=rule)]"
        ),
        "'a' calls itself 'incentive'; it is of kind 'allocation'",
    ),
    "needs what its requests never carry": (
        with_hook(
            "from quotaloom_sdk import Need\n"
            "@hookimpl\ndef quotaloom_allocation_rules():\n"
            "    return [AllocationRule(key='a', title='T', description='D', parameters=Parameters,"
            " needs=frozenset({Need.REVIEWS}), allocate=rule)]"
        ),
        "policy 'a' needs reviews, which requests of kind 'allocation' never carry",
    ),
    "has another plugin's prefix in the graph": (
        with_hook(
            "from quotaloom_sdk import GraphQLExtension, RootField\n"
            "async def read(reader): return 1\n"
            "@hookimpl\ndef quotaloom_graphql():\n"
            "    field = RootField(name='one', description='One.', type=int, read=read)\n"
            "    return [GraphQLExtension(key='a', title='T', description='D', prefix='Good', root_fields=(field,))]"
        ),
        "GraphQL extension 'a' has the prefix 'Good'; write 'Bad'",
    ),
    "bad key": (
        with_hook("@hookimpl\ndef quotaloom_allocation_rules(): return [rule('Not-A-Key')]"),
        "hook quotaloom_allocation_rules failed: InvalidDefinition: 'Not-A-Key' is no policy key",
    ),
    "async policy": (
        with_hook(
            "async def allocate(request): ...\n"
            "@hookimpl\ndef quotaloom_allocation_rules(): return [rule('a', allocate)]"
        ),
        "allocate of policy 'a' is async; a policy is a plain function",
    ),
    "parameters that no form can show": (
        with_hook(
            "from pydantic import ConfigDict\n"
            "class Odd(Parameters):\n"
            "    model_config = ConfigDict(arbitrary_types_allowed=True)\n"
            "    what: type(rule)\n"
            "@hookimpl\ndef quotaloom_allocation_rules():\n"
            "    return [AllocationRule(key='a', title='T', description='D', parameters=Odd, allocate=rule)]"
        ),
        "parameters of policy 'a' have no JSON Schema",
    ),
}


@pytest.mark.parametrize(("source", "reason"), BAD.values(), ids=BAD.keys())
def test_bad_plugin_is_quarantined_and_harms_nobody(folder: PluginFolder, source: str, reason: str) -> None:
    """A plugin that fails a check is listed with the reason, and the one beside it is used."""
    bad = folder.install(source, name="bad", distribution="bad-rules", version="0.9")
    good = folder.install(GOOD, name="good")
    discovery = load([bad, good])
    assert names(discovery) == ["good"]
    (quarantined,) = discovery.quarantined
    assert (quarantined.name, quarantined.distribution, quarantined.version) == ("bad", "bad-rules", "0.9")
    assert reason in quarantined.reason


def test_missing_module_is_quarantined() -> None:
    """An entry point whose module is gone is a plugin that cannot be imported."""
    gone = EntryPoint("gone", "no_such_module_anywhere", "quotaloom")
    reason = "cannot be imported: ModuleNotFoundError: No module named 'no_such_module_anywhere'"
    assert load([gone]).quarantined == (Quarantined("gone", None, None, reason),)


def test_interrupt_during_import_ends_the_start(folder: PluginFolder) -> None:
    """Ctrl-C while a plugin is being imported is the operator's, not a fault of the plugin."""
    with pytest.raises(KeyboardInterrupt):
        load([folder.install("raise KeyboardInterrupt")])


def test_name_that_cannot_stand_in_a_policy_key_is_quarantined(folder: PluginFolder) -> None:
    """A plugin's name is the first half of `plugin.key`, so it is held to the same letters."""
    entry_point = folder.install(GOOD, name="Acme-Rules")
    assert "name must be up to 64 of a-z" in only_reason(load([entry_point]))


def test_two_partners_with_one_name_are_both_quarantined(folder: PluginFolder) -> None:
    """Of two distributions that claim one plugin name neither is used: which one would be chance."""
    one = folder.install(GOOD, name="acme", distribution="acme-one")
    other = folder.install(GOOD, name="acme", distribution="acme-other")
    discovery = load([other, one])
    assert discovery.plugins == ()
    assert [(each.distribution, each.reason) for each in discovery.quarantined] == [
        ("acme-one", "another distribution claims the same plugin name: acme-other"),
        ("acme-other", "another distribution claims the same plugin name: acme-one"),
    ]


def test_nobody_takes_the_name_of_a_built_in_plugin(folder: PluginFolder) -> None:
    """A partner's plugin with a built-in's name is quarantined and the built-in stays in use."""
    rival = folder.install(GOOD, name="allocation", distribution="acme-rules")
    ours = folder.install(GOOD, name="allocation", distribution="quotaloom")
    discovery = load([rival, ours])
    assert [(plugin.name, plugin.origin) for plugin in discovery.plugins] == [("allocation", Origin.BUILT_IN)]
    assert only_reason(discovery) == "another distribution claims the same plugin name: quotaloom"


def test_strict_mode_refuses_the_start_and_names_every_bad_plugin(folder: PluginFolder) -> None:
    """With `strict`, one bad plugin is enough to refuse; the error lists all of them."""
    bad = folder.install("raise ValueError('first')", name="bad")
    worse = folder.install("raise ValueError('second')", name="worse")
    good = folder.install(GOOD, name="good")
    with pytest.raises(PluginsRefused) as refused:
        load([worse, good, bad], strict=True)
    assert [one.name for one in refused.value.quarantined] == ["bad", "worse"]
    assert "plugin 'bad' (acme-rules 1.2): cannot be imported: ValueError: first" in str(refused.value)


def test_quarantine_is_logged(folder: PluginFolder, caplog: pytest.LogCaptureFixture) -> None:
    """One clear log line tells the operator which plugin is not used, and why."""
    load([folder.install("raise ValueError('no')", name="bad")])
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "quarantined plugin 'bad' (acme-rules 1.2): cannot be imported: ValueError: no"
    ]


def test_order_does_not_depend_on_the_installation(folder: PluginFolder) -> None:
    """Plugins come in the order of their names, whatever order the entry points come in."""
    entry_points = [folder.install(GOOD, name=name) for name in ("zeta", "alpha", "mid")]
    assert names(load(entry_points)) == ["alpha", "mid", "zeta"]


ALL_HOOKS = """
    from quotaloom_sdk import *

    QUOTALOOM_API = "1.0"
    WORDS = {"title": "Title", "description": "Words."}

    def decide(request): ...

    async def read(reader): ...

    def definition(kind, **parts):
        return kind(key=kind.kind, parameters=Parameters, **WORDS, **parts)

    @hookimpl
    def quotaloom_graphql():
        field = RootField(name="one", description="One.", type=int, read=read)
        yield GraphQLExtension(key="graph", prefix="Acme", root_fields=(field,), **WORDS)

    @hookimpl
    def quotaloom_event_listeners():
        yield definition(EventListener, topics=("policy.switched",), listen=decide)

    @hookimpl
    def quotaloom_review_scorers():
        yield definition(ReviewScorer, score=decide)

    @hookimpl
    def quotaloom_stage_gates():
        yield definition(StageGate, examine=decide)

    @hookimpl
    def quotaloom_pool_policies():
        yield definition(PoolPolicy, assign=decide)

    @hookimpl
    def quotaloom_incentive_rules():
        yield definition(IncentiveRule, reward=decide)

    @hookimpl
    def quotaloom_crediting_rules():
        yield definition(CreditingRule, credit=decide)

    @hookimpl
    def quotaloom_allocation_rules():
        yield definition(AllocationRule, allocate=decide)
"""


def test_plugin_may_implement_every_hook(folder: PluginFolder) -> None:
    """What it brings comes together in the order of hooks, listeners and what is for the graph too."""
    (plugin,) = load([folder.install(ALL_HOOKS)], strict=True).plugins
    kinds = [policy.kind for policy in plugin.policies]
    assert kinds == ["allocation", "crediting", "incentive", "pool", "stage_gate", "review", "listener", "graphql"]
    assert plugin.policies[6].topics == ("policy.switched",)
    assert [extension.prefix for extension in plugin.graphql] == ["Acme"]


def test_only_what_is_trusted_is_loaded_here(folder: PluginFolder) -> None:
    """A plugin that is merely installed is left to a worker; what is not allowed is left out, even if strict."""
    free = folder.install("raise AssertionError('imported')", name="free")
    other = folder.install("raise AssertionError('imported')", name="other")
    everybody = discover([free, other], strict=True)
    assert [source.name for source in everybody.elsewhere] == ["free", "other"]
    assert (everybody.plugins, everybody.quarantined) == ((), ())
    named = discover([free, other], allowed=parse_allow_list("other"), strict=True)
    assert [source.name for source in named.elsewhere] == ["other"]
    assert named.quarantined == (
        Quarantined("free", "acme-rules", "1.2", "this installation does not allow it", meant=False),
    )


ODD = {
    "a title that no JSON can hold": (
        GOOD.replace('title="Title"', r'title="T\ud800"'),
        "title of policy 'first' holds U+D800, half of a surrogate pair",
    ),
    "a title of two lines": (
        GOOD.replace('title="Title"', r'title="a\nb"'),
        "title of policy 'first' holds the control",
    ),
    "a description with NUL": (
        GOOD.replace('"Words."', r'"\x00"'),
        "description of policy 'first' holds the NUL character",
    ),
    "a schema that cannot be sent": (
        with_hook(
            """
            from pydantic import Field
            class Own(Parameters):
                a: int = Field(default=1, description="a\\ud800")
            @hookimpl
            def quotaloom_allocation_rules():
                yield AllocationRule(key="r", title="T", description="D", parameters=Own, allocate=print)
            """
        ),
        "JSON Schema: properties.a.description must not hold U+D800",
    ),
    "hints that are no JSON": (
        with_hook(
            """
            from pydantic import Field
            class Own(Parameters):
                a: int = Field(default=1, description="a", json_schema_extra={"ui": {"order": float("nan")}})
            @hookimpl
            def quotaloom_allocation_rules():
                yield AllocationRule(key="r", title="T", description="D", parameters=Own, allocate=print)
            """
        ),
        "properties.a.ui.order must be a finite number",
    ),
    "defaults that do not come back": (
        with_hook(
            """
            from typing import Any
            from pydantic import Field, field_serializer
            class Own(Parameters):
                a: int = Field(default=1, description="a")
                @field_serializer("a")
                def word(self, a) -> Any: return "one"
            @hookimpl
            def quotaloom_allocation_rules():
                yield AllocationRule(key="r", title="T", description="D", parameters=Own, allocate=print)
            """
        ),
        "defaults of policy 'r': its parameters are written as {'a': 'one'}, which its model does not accept",
    ),
    "an error that no log can hold": (r"raise ValueError('\ud800' * 9000)", "ValueError: \ufffd\ufffd"),
}


@pytest.mark.parametrize(("source", "reason"), ODD.values(), ids=ODD)
def test_definition_that_cannot_be_shown_or_stored_is_quarantined(
    folder: PluginFolder, source: str, reason: str
) -> None:
    """What an admin would be shown is plain text and JSON, and so is the reason why a plugin is put aside."""
    found = only_reason(load([folder.install(source)]))
    assert reason in found
    assert len(found.encode()) < 7000


def test_version_that_cannot_be_kept_is_quarantined(folder: PluginFolder) -> None:
    """Of a plugin that would be trusted, and of one that would run in a worker; 64 characters are fine."""
    long = folder.install(GOOD, name="long", distribution="long-rules", version="1.0+" + "a" * 61)
    fits = folder.install(GOOD, name="fits", distribution="fit-rules", version="1.0+" + "a" * 60)
    for found in (load([long, fits]), discover([long, fits])):
        assert only_reason(found) == "its version has 65 characters; up to 64 are kept with a company's settings"
    assert names(load([fits])) == ["fits"]
