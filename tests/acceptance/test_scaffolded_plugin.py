"""The plugin that `quotaloom plugin new` writes: its tests pass at once, here and where there is only the SDK."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from graphql import parse, validate, value_from_ast_untyped

from quotaloom_graphql.schema import build_schema
from quotaloom_sdk.hooks import DEFINITIONS
from quotaloom_server.commands.scaffolding import Kind
from tests.acceptance.projects import DEFINED, ROOT, SDK, Environment, copy_tests, new_plugin, run, wheel_of

ADMITTED = f"""{DEFINED}
from quotaloom_sdk.forms import ui_hints, undescribed
(policy,) = policies
parameters = policy.parameters.model_validate_json(sys.argv[1])
print(json.dumps({{
    "key": policy.key,
    "kind": policy.kind,
    "undescribed": undescribed(policy.parameters),
    "hints": list(ui_hints(policy.parameters)),
    "names": list(policy.parameters.model_fields),
}}))
"""


BY_CUSTOMERS = "acme_rules.by_customers"


def checked(output: str) -> set[str]:
    """The plugin and the policies that passed the conformance kit, beside tests that passed as well."""
    assert re.search(r"^tests/\S+ PASSED", output, re.MULTILINE)
    return set(re.findall(r"^pyproject\.toml::(\S+) PASSED", output, re.MULTILINE))


graph = cache(build_schema)
"""The product's schema, made once."""


def setting_in(readme: str) -> dict[str, Any]:
    """The input of the mutation that the README shows, which the schema must take."""
    (sample, *_) = re.findall(r"```graphql\n(.*?)```", readme, re.DOTALL)
    document = parse(sample)
    assert validate(graph()._schema, document) == []
    (operation,) = document.definitions
    (field,) = operation.selection_set.selections  # type: ignore[attr-defined] # it is an operation
    given: dict[str, Any] = value_from_ast_untyped(field.arguments[0].value)
    return given


def test_in_an_empty_environment_with_the_sdk_alone_its_tests_pass(tmp_path: Path) -> None:
    """Built as a wheel and installed beside `quotaloom-sdk[testing]`, nothing else of Quotaloom is needed."""
    project = new_plugin("acme-rules", tmp_path)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    environment = Environment.make(tmp_path / "environment")
    environment.install(f"{wheel_of(SDK, wheels)}[testing]")
    environment.install("--no-deps", str(wheel_of(project, wheels)))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    copy_tests(project, elsewhere)
    assert checked(run(environment.python, "-m", "pytest", "-v", cwd=elsewhere)) == {"acme_rules", BY_CUSTOMERS}
    assert {name for name in environment.installed() if "quotaloom" in name} == {"quotaloom-sdk"}


def test_there_is_a_project_for_every_hook() -> None:
    """A partner can begin with whatever the SDK lets him write."""
    assert {kind.value for kind in Kind} == {definition.kind for definition in DEFINITIONS.values()}


@pytest.mark.parametrize("kind", Kind)
def test_its_tests_pass_at_once(kind: Kind, tmp_path: Path) -> None:
    """Whatever it begins with: tests green, clean by ruff's defaults, admitted, and its README says what is so."""
    project = new_plugin("acme-rules", tmp_path, "--hook", kind)
    in_the_kit = checked(run(sys.executable, "-m", "pytest", "-v", cwd=project))
    run(sys.executable, "-m", "ruff", "check", "--isolated", cwd=project)
    run(sys.executable, "-m", "ruff", "format", "--check", "--isolated", cwd=project)
    readme = (project / "README.md").read_text(encoding="utf-8")
    setting = setting_in(readme)
    parameters = json.dumps(setting.get("parameters", {}))
    policy = json.loads(run(sys.executable, "-c", ADMITTED, parameters, cwd=project))
    assert (policy["kind"], f"acme_rules.{policy['key']}") == (kind, setting["policy"])
    assert in_the_kit == {"acme_rules", setting["policy"]}
    assert (policy["undescribed"], policy["hints"]) == ([], policy["names"])
    assert all(f"\n| `{name}` | " in readme for name in policy["names"])


def test_all_of_it_is_typed(tmp_path: Path) -> None:
    """One strict run of mypy over the projects of all kinds, packages and tests."""
    projects = [new_plugin(f"acme-{kind}", tmp_path, "--hook", kind) for kind in Kind]
    parts = [part for project in projects for part in (project / project.name.replace("-", "_"), project / "tests")]
    (tmp_path / "empty.ini").write_text("[mypy]\n")
    mypy = (sys.executable, "-m", "mypy", "--strict", "--config-file", "empty.ini")
    run(*mypy, *parts, cwd=tmp_path, MYPYPATH=":".join(str(project) for project in projects))


def test_the_templates_are_in_the_wheel(tmp_path: Path) -> None:
    """Who installs Quotaloom can write a plugin: its wheel has every template, and the SDK is not in it."""
    names = ZipFile(wheel_of(ROOT, tmp_path)).namelist()
    folder = ROOT / "schema"
    templates = {path.relative_to(folder).as_posix() for path in folder.glob("quotaloom_server/scaffold/**/*.template")}
    assert len(templates) > len(Kind)
    assert templates <= set(names)
    assert not any(name.startswith("quotaloom_sdk/") for name in names)
