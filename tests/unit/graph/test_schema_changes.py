"""Breaking changes of the schema are declared, with a reason, or they fail."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quotaloom.platform.errors import InputError
from quotaloom_graphql.schema_changes import DECLARED, RELEASED, declared_breaks, schema_changes
from quotaloom_server.commands.listed import app

CHANGELOG = Path(__file__).parents[3] / "CHANGELOG.md"
SDL = RELEASED.with_name("schema.graphql").read_text(encoding="utf-8")

OLD = """
enum Kind { TEAM POSITION }
type Unit { id: ID! name: String! fax: String kind: Kind! }
type Query { units(first: Int = 20, kind: Kind): [Unit!]! }
"""


def test_nothing_breaks_clients_of_the_last_release_but_what_is_declared() -> None:
    """Mend the schema, or declare the change in declared_breaks.toml; `quotaloom schema --changes` lists them."""
    found = schema_changes(RELEASED.read_text(encoding="utf-8"), SDL, declared_breaks())
    assert found.undeclared == (), "these break clients; declare them with a reason, or take them back"
    assert found.unfounded == (), "these are declared and break nothing"


def newest_release(changelog: str) -> str:
    """The newest version that the changelog calls released, which has a day; empty where there is none."""
    found = re.search(r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    return found[1] if found else ""


def test_what_is_compared_with_is_the_last_release() -> None:
    """Unchanged, and of the version that the changelog has at its top; see released.toml where it is another."""
    told = tomllib.loads(RELEASED.with_suffix(".toml").read_text(encoding="utf-8"))
    assert told == {
        "version": newest_release(CHANGELOG.read_text(encoding="utf-8")),
        "sha256": hashlib.sha256(RELEASED.read_bytes()).hexdigest(),
    }


@pytest.mark.parametrize(
    ("headings", "version"),
    [
        ("## [Unreleased]\n\n### Added\n", ""),
        ("## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n## [0.1.0] - 2026-11-01\n", "0.2.0"),
    ],
)
def test_the_newest_release_is_the_first_with_a_day(headings: str, version: str) -> None:
    """What is unreleased is none."""
    assert newest_release(headings) == version


def test_every_heading_of_the_changelog_is_of_a_release_with_its_day_or_of_none() -> None:
    """Lest one that is written in another way is overlooked."""
    headings = re.findall(r"^## .*$", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "## [Unreleased]"
    assert [one for one in headings[1:] if not newest_release(one)] == []


@pytest.mark.parametrize(
    ("was", "now", "change"),
    [
        ("fax: String ", "", "Field Unit.fax was removed."),
        ("name: String!", "name: String", "Field Unit.name changed type from String! to String."),
        ("fax: String", "fax: Int", "Field Unit.fax changed type from String to Int."),
        ("TEAM POSITION", "TEAM", "Enum value Kind.POSITION was removed."),
        ("kind: Kind)", "kind: Kind!)", "Argument Query.units(kind:) has changed type from Kind to Kind!."),
        ("kind: Kind)", "kind: Kind, of: ID!)", "A required argument Query.units(of:) was added."),
    ],
)
def test_what_is_taken_away_breaks_unless_it_is_declared(was: str, now: str, change: str) -> None:
    """A field, a value, a type that was certain, an argument that must now be given."""
    new = OLD.replace(was, now)
    assert schema_changes(OLD, new, {}).undeclared == (change,)
    assert schema_changes(OLD, new, {change: "a reason"}).undeclared == ()
    assert schema_changes(OLD, OLD, {change: "a reason"}).unfounded == (change,)


def test_what_is_added_breaks_nothing() -> None:
    """Fields and optional arguments go without a word; values and other defaults may surprise."""
    new = OLD.replace("fax", "phone: String fax").replace("kind: Kind)", "kind: Kind, of: ID)")
    assert schema_changes(OLD, new, {}).breaking == ()
    surprising = OLD.replace("TEAM", "TEAM REGION").replace("= 20", "= 50")
    found = schema_changes(OLD, surprising, {})
    assert found.breaking == ()
    assert found.dangerous == (
        "Enum value Kind.REGION was added.",
        "Query.units(first:) has changed defaultValue from 20 to 50.",
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ('[[break]]\nchange = "Field Unit.fax was removed."\nreason = "Old."', {"Field Unit.fax was removed.": "Old."}),
        ('[[break]]\nchange = "Field Unit.fax was removed."', None),
        ('[[break]]\nchange = "Field Unit.fax was removed."\nreason = " "', None),
        ("[[break", None),
    ],
)
def test_a_declaration_needs_a_reason(tmp_path: Path, text: str, found: dict[str, str] | None) -> None:
    """Without one, the file is refused."""
    file = tmp_path / DECLARED.name
    file.write_text(text)
    if found is None:
        with pytest.raises(InputError, match=r"cannot be read|needs a reason"):
            declared_breaks(file)
    else:
        assert declared_breaks(file) == found


def test_the_command_tells_what_breaks(tmp_path: Path) -> None:
    """Each change on a line, and exit code 1; nothing and 0 where nothing has changed."""
    earlier = tmp_path / "earlier.graphql"
    earlier.write_text(SDL.replace("type Query {", "type Query {\n  weather: String\n", 1))
    told = CliRunner().invoke(app, ["schema", "--changes", "--since", str(earlier)])
    assert told.exit_code == 1
    assert "Breaking:\n  Field Query.weather was removed.\n" in told.output
    earlier.write_text(SDL)
    told = CliRunner().invoke(app, ["schema", "--changes", "--since", str(earlier)])
    assert (told.exit_code, told.output) == (0, "Nothing that clients would notice has changed.\n")


@pytest.mark.parametrize("text", ["type Query {", "type Query { a: Nowhere }"])
def test_a_text_that_is_no_schema_is_told_of(text: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(InputError, match="no GraphQL schema"):
        schema_changes(text, OLD, {})
