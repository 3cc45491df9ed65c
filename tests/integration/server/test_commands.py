"""The commands besides `serve`."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from quotaloom_server.commands.listed import app
from tests.integration.server.processes import Home
from tests.left_out import needs_data
from tests.unit.importing.folders import PIPELINE, WON, write

MAVEN = ("--mapping", "maven-crm-sales")

SDL = Path(__file__).parents[3] / "schema" / "quotaloom_graphql" / "schema.graphql"
DATA = Path(__file__).parents[4] / "shared" / "data" / "maven-crm-sales"


def test_the_version_is_the_distributions(home: Home) -> None:
    """`--version` prints one line."""
    assert home.run("--version").stdout == f"quotaloom {version('quotaloom')}\n"


COMMANDS = [
    *("serve", "worker", "migrate", "backup", "restore", "demo", "import"),
    *("token", "key", "link", "schema", "plugins", "plan", "report", "plugin"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    """The list of commands names it, and its own help describes it."""
    assert f"  {command} " in printed("--help")
    assert printed(command, "--help").startswith(f"Usage: quotaloom {command}")


def test_the_schema_is_the_one_that_is_checked_in() -> None:
    """`quotaloom schema` prints the SDL to the byte."""
    assert printed("schema") == SDL.read_text()


def test_plugins_are_listed_with_their_policies() -> None:
    """The built-in plugin shows its distribution, version and policies."""
    listed = printed("plugins")
    assert f"allocation  built in  from quotaloom {version('quotaloom')}" in listed
    assert "allocation.even           allocation: Evenly" in listed


def printed(*arguments: str) -> str:
    """What a command without a database prints, run in this process."""
    result = CliRunner().invoke(app, arguments, prog_name="quotaloom")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_keys_are_made_listed_and_revoked_while_the_server_runs(founded: Home) -> None:
    """The key alone is on standard output; the server takes it until it is revoked, and the list tells both."""
    server = founded.serve()
    of_acme = ("--company", "acme")
    made = founded.run("key", "create", *of_acme, "--name", "CRM", "--scope", "graph:read", "--days", "7")
    assert made.stderr == "Key 'CRM' of acme, good for 7 days:\n"
    key = made.stdout.removesuffix("\n")
    assert server.ask("{ viewer { subject } }", key)["data"] == {"viewer": {"subject": "key:CRM"}}
    prefix = key.split("_")[2]
    assert founded.run("key", "revoke", *of_acme, prefix).stderr == "Revoked 'CRM'.\n"
    assert server.ask("{ viewer { subject } }", key)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    listed = founded.run("key", "list", *of_acme).stdout
    assert prefix in listed
    assert "revoked" in listed
    assert key not in listed
    refused = founded.run("key", "revoke", *of_acme, "0" * 8)
    assert (refused.returncode, refused.stderr) == (
        1,
        "acme has no key '00000000'; `quotaloom key list` has them all.\n",
    )


def test_links_are_made_listed_and_removed(founded: Home) -> None:
    """With the provider of the settings, or with another one; what is not there is said to be so."""
    settings = {"QUOTALOOM_OIDC_ISSUER": "https://login.example.com"}
    of_acme = ("--company", "acme")
    made = founded.run("link", "create", "00u1", *of_acme, "--member", "admin", **settings)
    assert made.stderr == "00u1 of https://login.example.com comes in as admin of acme.\n"
    assert founded.run("link", "list", *of_acme).stdout.split()[-3:] == ["admin", "00u1", "https://login.example.com"]
    assert founded.run("link", "remove", "00u1", *of_acme, **settings).returncode == 0
    gone = founded.run("link", "remove", "00u1", *of_acme, **settings)
    assert (gone.returncode, gone.stderr) == (1, "Nobody of acme is '00u1' of https://login.example.com.\n")


def test_tokens_of_every_kind_work_against_the_running_server(founded: Home) -> None:
    """Each is the only line on standard output, and the server takes it for whom it was made."""
    server = founded.serve()
    wanted = {
        ("--company", "acme"): ("admin", []),
        ("--company", "acme", "--member", "admin"): ("admin", []),
        ("--company", "acme", "--service", "crm", "--scope", "graph:read"): ("service", ["graph:read"]),
    }
    for arguments, (role, scopes) in wanted.items():
        token = founded.run("token", *arguments).stdout.removesuffix("\n")
        viewer = server.ask("{ viewer { role scopes } company { key } }", token)["data"]
        assert viewer == {"viewer": {"role": role, "scopes": scopes}, "company": {"key": "acme"}}
    assert server.is_healthy()
    server.end()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--company", "nobody"), 1, "There is no company 'nobody'. There are: acme."),
        (("--company", "acme", "--member", "eve"), 1, "acme has no member 'eve' today."),
        (("--company", "acme", "--service", "crm"), 1, "give --scope at least once"),
        (("--company", "acme", "--service", "crm", "--scope", "all"), 1, "graph:read"),
        ((), 2, "Give --company KEY"),
        (("--company", "acme", "--member", "admin", "--service", "crm"), 2, "one of --member, --service"),
    ],
)
def test_a_token_for_nobody_is_refused(founded: Home, arguments: tuple[str, ...], code: int, message: str) -> None:
    """What the user can mend exits with 1 and wrong usage with 2; the message tells what there is."""
    result = founded.run("token", *arguments)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in result.stderr
    assert founded.is_left_alone()


def test_a_token_is_not_signed_with_a_key_that_no_server_has(founded: Home) -> None:
    """At a path that is mistyped no key is made; the message names the path and what to do."""
    path = founded.data.parent / "mistyped" / "signing.key"
    result = founded.run("token", "--operator", QUOTALOOM_TOKEN_SECRET_FILE=str(path))
    assert (result.returncode, result.stdout) == (1, "")
    assert f"There is no signing key at {path}, which QUOTALOOM_TOKEN_SECRET_FILE names." in result.stderr
    assert not path.parent.exists()


def test_a_back_up_is_restored_elsewhere(founded: Home, home: Home) -> None:
    """One command takes it and another one makes a database of it, where the company is found again; both tell of the
    signing key, which is not in it."""
    file = founded.data.parent / "acme.backup"
    taken = founded.run("backup", str(file))
    assert (taken.returncode, taken.stdout.startswith(f"{file}: ")) == (0, True), taken.stderr
    assert str(founded.data / "signing.key") in taken.stderr
    restored = home.run("restore", str(file))
    assert (restored.returncode, restored.stdout.startswith("Restored: ")) == (0, True), restored.stderr
    assert "is not the one of the back-up" in restored.stderr
    assert home.run("token", "--company", "acme").stdout.startswith("eyJ")
    assert founded.is_left_alone()
    assert home.is_left_alone()


def test_a_variable_that_is_no_setting_is_told_of(home: Home) -> None:
    """One line on standard error; the command does its work."""
    result = home.run("token", "--operator", QUOTALOOM_PROT="1")
    assert result.returncode == 0
    assert result.stderr.splitlines()[0] == "QUOTALOOM_PROT is no setting and is ignored; did you mean QUOTALOOM_PORT?"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"QUOTALOOM_PORT": "99999"}, "QUOTALOOM_PORT: '99999' is no whole number from 1 to 65535."),
        ({"QUOTALOOM_PROFILE": "production"}, "QUOTALOOM_ADMIN_DATABASE_URL must be set"),
        ({"QUOTALOOM_DATA_DIR": "/proc/nowhere"}, "QUOTALOOM_DATA_DIR"),
        (
            {
                "QUOTALOOM_DATABASE_URL": "postgresql://app:hidden@127.0.0.1:1/sales",
                "QUOTALOOM_ADMIN_DATABASE_URL": "postgresql://owner:hidden@127.0.0.1:1/sales",
            },
            "The database that QUOTALOOM_ADMIN_DATABASE_URL names (127.0.0.1/sales) does not let us in",
        ),
    ],
)
def test_wrong_settings_are_one_clear_message(home: Home, settings: dict[str, str], message: str) -> None:
    """The variable is named, no password is shown and nothing is traced back."""
    result = home.run("migrate", **settings)
    assert (result.returncode, result.stdout) == (1, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert "hidden" not in result.stderr


def test_an_import_that_cannot_be_is_refused(founded: Home) -> None:
    """A folder that is not there is named, and so are the mappings that there are."""
    missing = founded.run("import", "nowhere", "--mapping", "maven-crm-sales", "--company", "acme")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == "FOLDER: nowhere is no folder\n"
    nameless = founded.run("import", str(write(new_folder(founded))), *MAVEN, "--company", "Ma ven")
    assert nameless.returncode == 1
    assert nameless.stderr == "--company: 'Ma ven' is no key: use a-z, 0-9 and -, up to 63 characters\n"
    other = founded.run("import", str(founded.data.parent / "files"), *MAVEN, "--company", "acme")
    assert other.returncode == 1
    assert other.stderr.startswith("--company: 'acme' counts in CNY, the files are in USD: import them into")
    unknown = founded.run("import", "nowhere", "--mapping", "another", "--company", "acme")
    assert unknown.returncode == 1
    assert "maven-crm-sales" in unknown.stderr


def test_a_report_is_written_to_a_file(founded: Home) -> None:
    """Of the members below a unit, with columns and an order of one's own, the totals last."""
    of_acme = ("--company", "acme", "--period", "2026", "--under", "acme")
    more = ("--rows", "members", "--column", "name", "--column", "achieved", "--sort=-achieved", "--as-is")
    out = founded.run("report", "attainment", "members.csv", *of_acme, *more)
    assert (out.returncode, out.stdout, out.stderr) == (0, "", "Wrote members.csv.\n")
    lines = (founded.data.parent / "members.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["row,name,achieved", "total,Acme,0.00"]


def test_rows_that_are_left_out_are_mended_and_imported_as_the_command_says(home: Home) -> None:
    """The folder's name is FOLDER-skipped, in the current folder; the command that is printed imports it."""
    write(new_folder(home), sales_pipeline=PIPELINE + WON.replace("D1", "D5").replace("2017-03-01", "soon"))
    first = home.run("import", "files", *MAVEN, "--company", "maven", "--skip-bad")
    assert first.returncode == 0, first.stderr
    assert "1 row was left out, to files-skipped" in first.stdout
    again = "quotaloom import files-skipped --mapping maven-crm-sales --company maven"
    assert f"Mend what stands there, then: {again}\n" in first.stderr
    left_out = home.data.parent / "files-skipped" / "sales_pipeline.csv"
    left_out.write_text(left_out.read_text().replace("Won,2016-10-20,soon", "Won,2016-10-20,2017-03-01"))
    second = home.run(*again.split()[1:])
    assert second.returncode == 0, second.stderr
    assert [line.split("│")[2].strip() for line in second.stdout.splitlines() if "opportunities" in line] == ["1"]
    refused = home.run("import", "files", *MAVEN, "--company", "maven", "--skip-bad")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("--skipped: files-skipped is there already: move it away, or name another")


def new_folder(home: Home) -> Path:
    """A folder beside the home's data."""
    path = home.data.parent / "files"
    path.mkdir()
    return path


@pytest.mark.dataset
@needs_data(DATA)
def test_an_import_sums_up_what_it_did(home: Home) -> None:
    """The data set's 8,800 opportunities are in the summary, and standard error tells how to get in."""
    result = home.run("import", str(DATA), "--mapping", "maven-crm-sales", "--company", "maven")
    assert result.returncode == 0, result.stderr
    assert "8,800" in result.stdout
    assert "quotaloom token --company maven" in result.stderr
    assert home.is_left_alone()


def test_migrating_again_changes_nothing(home: Home) -> None:
    """The first run applies what is missing, the second finds nothing to do."""
    said = [home.run("migrate").stderr for _ in range(2)]
    assert "Applying 0001_initial" in said[0]
    assert said[1] == "The database was up to date already.\n"
