"""`quotaloom plugin new`: what it is called, where it is written, and what is refused."""

from __future__ import annotations

import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.errors import InputError
from quotaloom_server.commands.scaffolding import Kind, NewPlugin, write_plugin
from tests.integration.server.processes import Home


def project_in(folder: Path) -> dict[str, Any]:
    """The `project` table that was written."""
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def test_it_is_written_to_a_folder_of_its_name(home: Home) -> None:
    """The command says where it is and how to go on; everything that a project needs is there."""
    ran = home.run("plugin", "new", "acme-rules")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (
        "The plugin acme_rules is in acme-rules: a policy, its tests, and a README. Go on with\n"
        "  cd acme-rules\n"
        '  pip install -e ".[test]"\n'
        "  pytest\n"
    )
    folder = home.data.parent / "acme-rules"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        ".gitignore",
        "CHANGELOG.md",
        "README.md",
        "acme_rules/__init__.py",
        "acme_rules/by_customers.py",
        "acme_rules/py.typed",
        "pyproject.toml",
        "tests/test_by_customers.py",
    }


def test_what_is_there_is_never_written_over(home: Home) -> None:
    """A second plugin of the name is refused, and so is a folder with anything in it; the first one stays."""
    assert home.run("plugin", "new", "acme-rules").returncode == 0
    readme = home.data.parent / "acme-rules" / "README.md"
    readme.write_text("mine")
    again = home.run("plugin", "new", "acme-rules", "--hook", "pool")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "--folder: acme-rules is not empty; name a new folder with --folder\n"
    assert home.run("plugin", "new", "beta", "--folder", "acme-rules/README.md").returncode == 1
    assert readme.read_text() == "mine"


def test_distribution_and_module_are_spelled_as_such_are(tmp_path: Path) -> None:
    """`acme_sales_rules` and `acme-sales-rules` are the same plugin."""
    for name in ("acme_sales_rules", "acme-sales-rules"):
        folder = tmp_path / name
        write_plugin(NewPlugin(name, Kind.GRAPHQL), folder)
        project = project_in(folder)
        assert project["name"] == "acme-sales-rules"
        assert project["entry-points"] == {"quotaloom": {"acme_sales_rules": "acme_sales_rules"}}
        assert "class AcmeSalesRulesReach:" in (folder / "acme_sales_rules" / "reach.py").read_text()


def test_it_asks_for_the_sdk_that_it_was_made_with(tmp_path: Path) -> None:
    """From this version of the SDK on, below the next major one; the graph's extra only where it is needed."""
    made_with = version("quotaloom-sdk")
    write_plugin(NewPlugin("plain", Kind.POOL), tmp_path / "plain")
    write_plugin(NewPlugin("graph", Kind.GRAPHQL), tmp_path / "graph")
    assert project_in(tmp_path / "plain")["dependencies"] == [f"quotaloom-sdk>={made_with},<1"]
    assert project_in(tmp_path / "graph")["dependencies"] == [f"quotaloom-sdk[graphql]>={made_with},<1"]


@pytest.mark.parametrize(
    ("author", "authors"),
    [
        (None, None),
        ("Acme, Inc.", [{"name": "Acme, Inc."}]),
        ('Ann "A" Lee', [{"name": 'Ann "A" Lee'}]),
        ("Ann Lee <ann@acme.example>", [{"name": "Ann Lee", "email": "ann@acme.example"}]),
        ("李安 $module", [{"name": "李安 $module"}]),
    ],
)
def test_author_is_written_as_given(author: str | None, authors: object, tmp_path: Path) -> None:
    """A name, with an address or without; whatever is in it, the file stays valid. Without one nobody is named."""
    write_plugin(NewPlugin("acme", Kind.ALLOCATION, author), tmp_path / "acme")
    assert project_in(tmp_path / "acme").get("authors") == authors


@pytest.mark.parametrize("author", ["", " ", "Ann\nLee", "Ann <ann>", "<ann@acme.example>"])
def test_author_that_is_none_is_refused(author: str) -> None:
    """The message shows how to write one."""
    with pytest.raises(InputError, match="write 'Ann Lee' or 'Ann Lee <ann@"):
        NewPlugin("acme", Kind.ALLOCATION, author)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "a letter first"),
        ("Acme", "use up to 64 of a-z, 0-9 and -"),
        ("acme rules", "such as acme-rules"),
        ("../acme", "such as acme-rules"),
        ("9-rules", "a letter first"),
        ("acme--rules", "such as acme-rules"),
        ("acme-", "such as acme-rules"),
        ("a" * 65, "up to 64"),
        ("class", "a word of Python"),
        ("json", "Python's standard library"),
        ("pydantic", "the project needs a module of that name"),
        ("tests", "the project needs a module of that name"),
        ("rich", "the package rich has a module of that name"),
        ("jwt", "the package PyJWT has a module of that name"),
        ("quotaloom-acme", "names that begin with quotaloom"),
        ("allocation", "a plugin of that name ships with Quotaloom"),
    ],
)
def test_name_that_cannot_be_is_refused(name: str, reason: str) -> None:
    """The message says which names there may be, or who has this one."""
    with pytest.raises(InputError, match=reason) as refused:
        NewPlugin(name, Kind.ALLOCATION)
    assert refused.value.path == ("NAME",)


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Where the way to it is a file, the folder and the reason are told."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/acme cannot be written: Not a directory"):
        write_plugin(NewPlugin("acme", Kind.ALLOCATION), tmp_path / "file" / "acme")
