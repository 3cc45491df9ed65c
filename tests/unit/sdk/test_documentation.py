from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from quotaloom_sdk import AllocationRequest, AllocationResult, Explanation, MonthFact, UnitFact, hooks

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "plugins"


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def fields_as_written(kind: type) -> str:
    """The class's fields the way its source declares them; annotations are kept as text."""
    assert dataclasses.is_dataclass(kind)
    lines = [f"class {kind.__name__}:"]
    for field in dataclasses.fields(kind):
        default = "" if field.default is dataclasses.MISSING else f" = {field.default!r}"
        lines.append(f"    {field.name}: {field.type}{default}")
    return "\n".join(lines)


@pytest.mark.parametrize("hook", hooks.DEFINITIONS)
def test_every_hook_has_its_page_with_its_exact_signature(hook: str) -> None:
    """The page named like the hook opens with the signature that the code has."""
    signature = inspect.signature(getattr(hooks, hook))
    rendered = str(signature).replace("'", "")
    assert python_blocks(PAGES / f"{hook}.md")[0] == f"def {hook}{rendered}\n"


def test_every_specification_says_what_it_returns() -> None:
    """Each function marked as a specification is in the table of hooks, and nothing else is."""
    specified = {name for name in vars(hooks) if hasattr(getattr(hooks, name), "quotaloom_spec")}
    assert specified == set(hooks.DEFINITIONS)


@pytest.mark.parametrize("kind", [AllocationRequest, UnitFact, MonthFact, AllocationResult, Explanation])
def test_fields_in_the_page_are_the_fields_in_the_code(kind: type) -> None:
    """Names, types, order and defaults of what a rule is given and answers are shown as they are."""
    shown = "\n\n".join(python_blocks(PAGES / "quotaloom_allocation_rules.md"))
    assert fields_as_written(kind) in shown


@pytest.mark.parametrize("page", [PAGES / "quotaloom_allocation_rules.md", ROOT / "core" / "sdk" / "README.md"])
def test_sample_in_the_manual_passes_its_own_test(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin in the manual is one that works: it yields its rule, and its test, also there, passes."""
    (plugin,) = (block for block in python_blocks(page) if "QUOTALOOM_API" in block)
    (test,) = (block for block in python_blocks(page) if "def test_" in block)
    module = ModuleType("acme_rules")
    monkeypatch.setitem(sys.modules, "acme_rules", module)
    exec(plugin, vars(module))
    assert len(list(module.quotaloom_allocation_rules())) == 1
    exec(test, vars(module))
    (check,) = (value for name, value in vars(module).items() if name.startswith("test_"))
    check()
