from __future__ import annotations

import pytest

from quotaloom.platform.errors import InputError
from quotaloom.policies.discovery import discover
from quotaloom.policies.registry import PolicyRegistry
from quotaloom_sdk import PolicyDefinition
from tests.unit.policies.registered import Tuning, plugin, rule

ACME = plugin(rule(key="first"), rule(key="second", parameters=Tuning))
ZETA = plugin(rule(key="first"), name="zeta")


def test_policies_are_known_by_plugin_and_key() -> None:
    """Two plugins may use the same key; each policy is stamped with its own plugin."""
    registry = PolicyRegistry([ACME, ZETA])
    assert [policy.key for policy in registry] == ["acme.first", "acme.second", "zeta.first"]
    assert registry.get("zeta.first").plugin is ZETA
    assert len(registry) == 3
    assert "acme.second" in registry
    assert "acme.third" not in registry


def test_unknown_policy_names_what_there_is() -> None:
    """Asking for a policy that is not installed tells the path, what is installed and the nearest name."""
    with pytest.raises(InputError) as refused:
        PolicyRegistry([ACME]).get("acme.secnd", path=("input", "policy"))
    assert (refused.value.code, refused.value.path) == ("UNKNOWN_POLICY", ("input", "policy"))
    assert refused.value.message == (
        "There is no such policy: 'acme.secnd'. Did you mean acme.second? Installed: acme.first, acme.second."
    )


def test_without_any_plugin_nothing_is_there() -> None:
    """An empty registry answers like any other."""
    with pytest.raises(InputError, match="Installed: none"):
        PolicyRegistry([]).get("allocation.even")


def test_policy_of_another_kind_is_unknown() -> None:
    """Where an allocation rule is asked for, a policy of another kind does not count as one."""
    bare = PolicyDefinition(key="bare", title="Title", description="Words.")
    mixed = PolicyRegistry([plugin(rule(key="first"), bare)])
    assert mixed.get("acme.bare").definition is bare
    assert [policy.key for policy in mixed.of_kind("allocation")] == ["acme.first"]
    with pytest.raises(InputError, match=r"Installed: acme\.first\."):
        mixed.get("acme.bare", "allocation")


def test_parameters_schema_is_what_a_form_needs() -> None:
    """The schema lists each parameter with its bounds' default and description, and refuses others."""
    schema = PolicyRegistry([ACME]).get("acme.second").parameters_schema
    assert list(schema["properties"]) == ["share", "steps"]
    assert schema["properties"]["share"]["description"] == "A share."
    assert schema["properties"]["share"]["default"] == "0.5"
    assert schema["additionalProperties"] is False


def test_what_is_installed_can_be_registered() -> None:
    """Discovery's plugins make a registry with the shipped rules in it."""
    registry = PolicyRegistry(discover().plugins)
    assert "allocation.even" in registry
    assert "allocation.last_year" in registry
