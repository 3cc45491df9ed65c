"""`examples/acme_rules`: built, tested and listed as a partner's plugin is."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from graphql import parse, validate

from quotaloom_graphql.schema import build_schema
from tests.acceptance.projects import DEFINED, QUOTALOOM, ROOT, copy_tests, run, wheel_of

EXAMPLE = ROOT / "examples" / "acme_rules"
README = (EXAMPLE / "README.md").read_text(encoding="utf-8")
POLICIES = ("potential", "accelerator", "territory", "graph")
MAY_IMPORT = frozenset({"acme_rules", "pydantic", "quotaloom_sdk", "strawberry"})

PARAMETERS = f"""{DEFINED}
for policy in policies:
    for name, field in policy.parameters.model_fields.items():
        print(policy.key, name, str(field.default).lower())
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of the example's wheel."""
    folder = tmp_path_factory.mktemp("example")
    with ZipFile(wheel_of(EXAMPLE, folder)) as wheel:
        wheel.extractall(folder / "installed")
    return folder / "installed"


def test_its_tests_pass_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    """From its wheel, with its sources out of sight."""
    copy_tests(EXAMPLE, tmp_path)
    assert " passed" in run(sys.executable, "-m", "pytest", cwd=tmp_path, PYTHONPATH=str(installed))


def test_it_is_listed_with_everything_that_it_brings(installed: Path) -> None:
    """Trusted, it has its policies and its fields; otherwise it has no fields, and the list says why."""
    trusted = run(
        *(QUOTALOOM, "plugins"),
        cwd=installed,
        PYTHONPATH=str(installed),
        QUOTALOOM_PLUGINS_ALLOWED="acme_rules:trusted",
    )
    assert "acme_rules  installed  from acme-rules 1.0.0  module acme_rules  plugin API 1.0  trusted" in trusted
    assert re.findall(r"^  acme_rules\.(\w+) ", trusted, re.MULTILINE) == list(POLICIES)
    apart = run(QUOTALOOM, "plugins", cwd=installed, PYTHONPATH=str(installed))
    assert re.findall(r"^  acme_rules\.(\w+) ", apart, re.MULTILINE) == list(POLICIES[:-1])
    assert "not used, as the plugin is not trusted with the graph: Potential in the graph" in apart


@pytest.mark.parametrize("path", sorted(EXAMPLE.glob("acme_rules/*.py")), ids=lambda path: path.stem)
def test_it_imports_the_sdk_and_nothing_else_of_ours(path: Path) -> None:
    """Only what is said to be public: the SDK itself and none of its modules, pydantic, Strawberry, Python's own."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert all(name.split(".")[0] in MAY_IMPORT | sys.stdlib_module_names for name in imported)
    assert {name for name in imported if name.startswith("quotaloom")} <= {"quotaloom_sdk"}


def test_its_readme_tells_every_policy_and_parameter(installed: Path) -> None:
    """With the defaults that the code has."""
    assert all(f"`acme_rules.{key}`" in README for key in POLICIES)
    rows = re.findall(r"^\| `(\w+)` \| `?(\S+?)`? \|", README, re.MULTILINE)
    printed = run(sys.executable, "-c", PARAMETERS, cwd=installed, PYTHONPATH=str(installed))
    assert sorted(rows) == sorted(tuple(line.split()[1:]) for line in printed.splitlines())


def test_its_readme_switches_it_on_as_the_schema_has_it() -> None:
    """The mutation is valid, and so is the query, as far as GraphQL can tell without the plugin's fields."""
    query, mutation = re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)
    schema = build_schema()._schema
    assert validate(schema, parse(mutation)) == []
    assert all("acmeRules" in error.message for error in validate(schema, parse(query)))
