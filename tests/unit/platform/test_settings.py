"""Settings from the environment."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from quotaloom.platform.errors import InputError
from quotaloom.platform.limits import Limits
from quotaloom.platform.settings import Settings, load_settings, unknown_variables

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"
ROW = re.compile(r"^\| `(QUOTALOOM_\w+)` \| (.*?) \| (.*) \|$", re.MULTILINE)

SPECIAL_DEFAULTS = {
    "data_dir": "the user's data folder, such as `~/.local/share/quotaloom`",
    "token_secret_file": "`signing.key` in the data folder",
}

Set = Callable[..., None]


@pytest.fixture(autouse=True)
def setting(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Set variables by their short names, in an environment without any others."""
    for name in [name for name in os.environ if name.startswith("QUOTALOOM_")]:
        monkeypatch.delenv(name)

    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"QUOTALOOM_{name.upper()}", value)

    return put


def refusal(**given: object) -> str:
    """The message with which the settings are refused."""
    with pytest.raises(InputError) as caught:
        load_settings(**given)
    assert caught.value.code == "SETTINGS_INVALID"
    return caught.value.message


def documented_default(name: str) -> str:
    """The default as the table writes it."""
    default = Settings.model_fields[name].default
    if name in SPECIAL_DEFAULTS:
        return SPECIAL_DEFAULTS[name]
    if default in (None, ()):
        return "none"
    return f"`{str(default).lower()}`"


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    """The tables list the settings in the code's order, limits last, each with the code's default and description."""
    documented = ROW.findall(PAGE.read_text())
    in_order = sorted(Settings.model_fields.items(), key=lambda one: one[0] in Limits.model_fields)
    assert documented == [
        (f"QUOTALOOM_{name.upper()}", documented_default(name), field.description) for name, field in in_order
    ]


def test_nothing_needs_to_be_set() -> None:
    """Without any variable the product runs on this machine alone, with an embedded database."""
    settings = load_settings()
    assert settings.embedded
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.signing_key_file == settings.data_dir / "signing.key"
    assert settings.data_dir.is_absolute()


def test_what_is_given_precedes_the_environment(setting: Set) -> None:
    """An option of a command wins over the variable; None is no option."""
    setting(port="9000", host="::1")
    settings = load_settings(port=9100, host=None)
    assert (settings.port, settings.host) == (9100, "::1")


def test_an_empty_variable_counts_as_unset(setting: Set) -> None:
    """An empty value, as container files often have, leaves the default."""
    setting(database_url="", port="")
    assert load_settings().port == 8000


def test_origins_are_separated_by_commas(setting: Set) -> None:
    """Spaces around origins and a slash at the end do no harm."""
    setting(cors_origins="https://app.example.com/, http://localhost:5173")
    assert load_settings().cors_origins == ("https://app.example.com", "http://localhost:5173")


def test_a_page_is_no_origin(setting: Set) -> None:
    """An origin with a path would never match a browser's, so it is refused."""
    setting(cors_origins="https://app.example.com/login")
    assert "QUOTALOOM_CORS_ORIGINS: 'https://app.example.com/login' is not an origin" in refusal()


def test_a_wrong_value_names_the_variable_and_what_is_allowed(setting: Set) -> None:
    """Each wrong variable has a line of its own."""
    setting(port="0", statement_timeout_ms="1s", plugins_strict="maybe", log_level="loud")
    assert refusal().splitlines() == [
        "QUOTALOOM_PORT: '0' is no whole number from 1 to 65535.",
        "QUOTALOOM_STATEMENT_TIMEOUT_MS: '1s' is no whole number from 100 to 600000.",
        "QUOTALOOM_PLUGINS_STRICT: 'maybe' is neither true nor false.",
        "QUOTALOOM_LOG_LEVEL: 'loud' is none of debug, info, warning, error.",
    ]


def test_every_number_has_both_bounds(setting: Set) -> None:
    """The message of each names the least and the most."""
    numbers = [name for name, field in Settings.model_fields.items() if field.annotation is int]
    setting(**dict.fromkeys(numbers, "-1"))
    for name, line in zip(numbers, refusal().splitlines(), strict=True):
        assert re.fullmatch(rf"QUOTALOOM_{name.upper()}: '-1' is no whole number from \d+ to \d+\.", line)


def test_unknown_variables_are_told_with_what_may_be_meant() -> None:
    """A letter that is out of place is found out; what resembles nothing, too; settings and others are not told."""
    environment = {
        "QUOTALOOM_PROT": "1",
        "QUOTALOOM_XYZZY": "1",
        "QUOTALOOM_HOTS": "",
        "QUOTALOOM_PORT": "1",
        "quotaloom_host": "::1",
        "PATH": "/",
    }
    assert unknown_variables(environment) == [
        "QUOTALOOM_PROT is no setting and is ignored; did you mean QUOTALOOM_PORT?",
        "QUOTALOOM_XYZZY is no setting and is ignored; docs/settings.md lists all that there are.",
    ]


def test_production_needs_both_databases(setting: Set) -> None:
    """The embedded database is refused in production, with the names of what is missing."""
    setting(profile="production")
    assert refusal().startswith(
        "QUOTALOOM_DATABASE_URL and QUOTALOOM_ADMIN_DATABASE_URL must be set: the production profile"
    )


def test_one_database_address_is_not_enough(setting: Set) -> None:
    """An address without its partner is refused in development too."""
    setting(database_url="postgresql://quotaloom@db/quotaloom")
    assert refusal().startswith("QUOTALOOM_ADMIN_DATABASE_URL must be set: a database of your own")


def test_production_with_both_databases_is_accepted(setting: Set) -> None:
    """Two addresses make a production installation."""
    setting(
        profile="production",
        database_url="postgresql://quotaloom@db/quotaloom",
        admin_database_url="postgresql://owner@db/quotaloom",
    )
    settings = load_settings()
    assert settings.is_production
    assert not settings.embedded


def test_another_database_system_is_refused_without_showing_the_password(setting: Set) -> None:
    """Only PostgreSQL's addresses are taken, and messages hold no secret."""
    setting(database_url="mysql://root:secret@db/quotaloom", admin_database_url="postgresql://owner@db/q")
    message = refusal()
    assert message == "QUOTALOOM_DATABASE_URL: an address starts with postgresql://."
    assert "secret" not in message


def test_printing_settings_shows_no_password() -> None:
    """Addresses are left out of the printed form."""
    address = "postgresql://owner:hush@db/quotaloom"
    assert "hush" not in repr(load_settings(database_url=address, admin_database_url=address))


def test_a_home_folder_may_be_written_with_a_tilde(setting: Set) -> None:
    """`~` is the user's home folder."""
    setting(data_dir="~/sales")
    assert load_settings().data_dir == Path.home() / "sales"


def test_settings_do_not_change() -> None:
    """Settings are read once and stay."""
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc] # that it is refused is the point


def test_a_provider_is_named_as_a_whole_and_safely(setting: Set) -> None:
    """Its address is HTTPS, or on this machine; tokens of it, and being its client, need it to be named."""
    for given, saying in (
        ({"oidc_issuer": "http://login.example.com"}, "starts with https://"),
        ({"oidc_issuer": "https://login.example.com?tenant=1"}, "has no query"),
        ({"oidc_jwks_url": "file:///etc/keys"}, "starts with https://"),
        ({"public_url": "https://sales.example.com/app"}, "without a path"),
        ({"public_url": "http://sales.example.com"}, "write https://"),
        ({"oidc_audience": "api"}, "QUOTALOOM_OIDC_AUDIENCE needs QUOTALOOM_OIDC_ISSUER as well"),
        ({"oidc_client_id": "x"}, "needs QUOTALOOM_OIDC_ISSUER and QUOTALOOM_PUBLIC_URL as well"),
        ({"session_hours": "0"}, "whole number from 1 to 720"),
    ):
        assert saying in refusal(**given), given
    setting(oidc_issuer="http://localhost:3000", public_url="https://sales.example.com/", oidc_client_id="x")
    assert load_settings().public_url == "https://sales.example.com"
