from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from quotaloom.policies.discovery import Origin, discover
from quotaloom_sdk import API_VERSION, PolicyDefinition, hooks
from quotaloom_sdk.forms import undescribed
from quotaloom_sdk.testing.conformance import FindingKind, Options
from tests.unit.sdk.documented import (
    default_as_written,
    fields_as_written,
    methods_of,
    needs_table,
    signature_of,
    types_of,
)

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "plugins"
HOOK_PAGES = [PAGES / f"{hook}.md" for hook in hooks.DEFINITIONS]
SHIPPED = [
    (plugin.name, policy)
    for plugin in discover().plugins
    if plugin.origin is Origin.BUILT_IN
    for policy in (plugin.definitions or {}).values()
]


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("hook", hooks.DEFINITIONS)
def test_every_hook_has_its_page_with_its_exact_signature(hook: str) -> None:
    """The page named like the hook opens with the signature that the code has."""
    assert python_blocks(PAGES / f"{hook}.md")[0] == f"{signature_of(hook)}\n"


@pytest.mark.parametrize("hook", hooks.DEFINITIONS)
def test_every_hook_has_its_test(hook: str) -> None:
    """The definition of each hook is tested in a file of its own."""
    assert (Path(__file__).parent / f"test_{hook}.py").exists()


def test_every_specification_says_what_it_returns() -> None:
    """Each function marked as a specification is in the table of hooks, and nothing else is."""
    specified = {name for name in vars(hooks) if hasattr(getattr(hooks, name), "quotaloom_spec")}
    assert specified == set(hooks.DEFINITIONS)


@pytest.mark.parametrize(("hook", "definition"), hooks.DEFINITIONS.items(), ids=hooks.DEFINITIONS)
def test_fields_in_the_page_are_the_fields_in_the_code(hook: str, definition: type[PolicyDefinition]) -> None:
    """Names, types, order and defaults of all that a policy is given and answers are shown as they are."""
    shown = "\n\n".join(python_blocks(PAGES / f"{hook}.md") + python_blocks(PAGES / "values.md"))
    for kind in types_of(definition):
        written = methods_of(kind) if kind.__name__ == "BatchReader" else fields_as_written(kind)
        assert f"{written}\n" in shown


@pytest.mark.parametrize(("hook", "definition"), hooks.DEFINITIONS.items(), ids=hooks.DEFINITIONS)
def test_page_names_the_needs_that_its_requests_carry(hook: str, definition: type[PolicyDefinition]) -> None:
    """Which needs a policy of that kind may declare stands in its page, all of them and no other."""
    text = (PAGES / f"{hook}.md").read_text(encoding="utf-8")
    line = re.search(r"Requests can carry: (.*?)\.", text, flags=re.DOTALL)
    assert set(re.findall(r"`([A-Z]+)`", line[1] if line else "")) == {need.name for need in definition.offers}


def test_table_of_needs_is_the_one_in_the_code() -> None:
    """The manual lists each need with every field that it fills."""
    assert needs_table() in (PAGES / "values.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [*HOOK_PAGES, ROOT / "core" / "sdk" / "README.md"], ids=lambda page: page.stem)
def test_sample_in_the_manual_passes_its_own_test(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin in the manual is one that works: it yields its definition, and its test, also there, passes."""
    (plugin,) = (block for block in python_blocks(page) if "QUOTALOOM_API" in block)
    (test,) = (block for block in python_blocks(page) if "def test_" in block)
    module = ModuleType("acme_rules")
    monkeypatch.setitem(sys.modules, "acme_rules", module)
    exec(plugin, vars(module))
    (hook,) = (name for name in vars(module) if name in hooks.DEFINITIONS)
    (definition,) = getattr(module, hook)()
    assert isinstance(definition, hooks.DEFINITIONS[hook])
    assert undescribed(definition.parameters) == ()
    exec(test, vars(module))
    (check,) = (value for name, value in vars(module).items() if name.startswith("test_"))
    check()


def test_table_of_versions_has_every_hook() -> None:
    """Each hook stands in the table since the version that brought it, and no version is later than this one."""
    text = (PAGES / "versions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+\.\d+) \| `(\w+)` \| (.+) \|$", text, flags=re.MULTILINE)
    assert {hook for _, hook, change in rows if change == "new"} == set(hooks.DEFINITIONS)
    assert all(tuple(map(int, row[0].split("."))) <= tuple(map(int, API_VERSION.split("."))) for row in rows)


def test_every_kind_of_finding_is_explained() -> None:
    """The page of the conformance kit lists each kind of finding as it is told, in the order of the code."""
    text = (PAGES / "checking.md").read_text(encoding="utf-8").partition("## What is found")[2]
    header, line, *kinds = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", text, flags=re.MULTILINE)
    assert (header, line) == ("finding", "---")
    assert kinds == [str(kind) for kind in FindingKind]


def test_options_of_a_check_are_told_with_their_defaults() -> None:
    """Seconds per call, requests per policy, seconds in all and megabytes."""
    text = " ".join((PAGES / "checking.md").read_text(encoding="utf-8").split())
    assert (Options().seconds, Options().examples, Options().budget, Options().memory) == (1, 100, 10, 512)
    for words in ("one call may take, 1 by default", "asked, 100 by default", "ten seconds in all", "512 MB"):
        assert words in text


def test_index_leads_to_every_page() -> None:
    """The index links each hook's page, each shipped policy's and the shared ones, and no link leads nowhere."""
    shared = {PAGES / f"{name}.md" for name in ("tutorial", "values", "lifecycle", "versions", "checking")}
    assert _links(PAGES / "README.md") >= {*HOOK_PAGES, *shared, *(PAGES / "shipped").glob("*.md")}
    assert all(link.exists() for page in PAGES.rglob("*.md") for link in _links(page))


def _links(page: Path) -> set[Path]:
    found = re.findall(r"\]\(([^)#:]+\.md)\)", page.read_text(encoding="utf-8"))
    return {(page.parent / link).resolve() for link in found}


@pytest.mark.parametrize(("plugin", "policy"), SHIPPED, ids=lambda one: getattr(one, "key", one))
def test_every_shipped_policy_has_its_page_and_its_test(plugin: str, policy: PolicyDefinition) -> None:
    """The page tells title, description, needs and each parameter in the words of the code; a test bears its name."""
    text = " ".join((PAGES / "shipped" / f"{plugin}.{policy.key}.md").read_text(encoding="utf-8").split())
    assert text.startswith(f"# {plugin}.{policy.key}: {policy.title} {policy.description}")
    for need in policy.needs:
        assert f"`{need.name}`" in text
    for name, field in policy.parameters.model_fields.items():
        assert f"| `{name}` | {default_as_written(field.default)} | {field.description} |" in text
    assert list((ROOT / "tests" / "unit" / "plugins").rglob(f"test_{policy.key}.py"))


@pytest.mark.parametrize(("plugin", "policy"), SHIPPED, ids=lambda one: getattr(one, "key", one))
def test_every_parameter_of_a_shipped_policy_has_a_description(plugin: str, policy: PolicyDefinition) -> None:
    """An admin never has to guess what a parameter does."""
    assert undescribed(policy.parameters) == ()
