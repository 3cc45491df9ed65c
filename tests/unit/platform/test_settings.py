"""Settings from the environment."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from quotaloom.platform.errors import InputError
from quotaloom.platform.settings import Settings, load_settings

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
    """The table lists the settings in the code's order, each with the code's default and description."""
    documented = ROW.findall(PAGE.read_text())
    assert documented == [
        (f"QUOTALOOM_{name.upper()}", documented_default(name), field.description)
        for name, field in Settings.model_fields.items()
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
    setting(port="0", log_level="loud")
    assert refusal().splitlines() == [
        "QUOTALOOM_PORT: Input should be greater than or equal to 1.",
        "QUOTALOOM_LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'.",
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
