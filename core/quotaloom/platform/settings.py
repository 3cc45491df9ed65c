"""What an installation can set, read from `QUOTALOOM_*` environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from quotaloom.platform.allowing import AllowList, parse_allow_list
from quotaloom.platform.errors import InputError
from quotaloom.platform.limits import Limits

PREFIX = "QUOTALOOM_"
Profile = Literal["development", "production"]
LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(Limits, BaseSettings):
    """The settings of one process. Make them with `load_settings`, which names the variable that is wrong."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # addresses hold passwords
    )

    profile: Profile = Field(
        default="development",
        description="`development`, or `production`, which needs both database addresses, "
        "answers introspection to nobody, and strangers nothing at all.",
    )
    database_url: str | None = Field(
        default=None,
        repr=False,
        description="Address of PostgreSQL for the application's role, which row-level security "
        "binds, such as `postgresql://quotaloom:password@host/quotaloom`. Without it, PostgreSQL is embedded.",
    )
    admin_database_url: str | None = Field(
        default=None,
        repr=False,
        description="Address of the same database for migrations and back-ups: a role that owns the tables "
        "and bypasses row-level security.",
    )
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("quotaloom", appauthor=False),
        description="Folder of the embedded database and of the signing key.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Network address to serve on; `0.0.0.0` for every one of the machine.",
    )
    port: int = Field(default=8000, ge=1, le=65535, description="Port to serve on.")
    workers: int = Field(default=1, ge=1, le=64, description="Number of serving processes.")
    jobs: bool = Field(
        default=True,
        description="`true` lets serving processes do jobs too, such as nightly ones; `false` leaves them to "
        "`quotaloom worker`.",
    )
    database_pool_size: int = Field(
        default=10,
        ge=1,
        le=200,
        description="Connections to the database that each serving process, or worker, may hold.",
    )
    statement_timeout_ms: int = Field(
        default=10_000,
        ge=100,
        le=600_000,
        description="Milliseconds after which the database gives up a statement.",
    )
    token_secret_file: Path | None = Field(
        default=None,
        description="File of the key that signs tokens, made when the server first starts. "
        "Machines that serve together need the same key.",
    )
    token_issuer: str = Field(default="quotaloom", min_length=1, description="Issuer that tokens carry and must carry.")
    token_audience: str = Field(
        default="quotaloom", min_length=1, description="Audience that tokens carry and must carry."
    )
    token_ttl_hours: int = Field(
        default=168,
        ge=1,
        le=8760,
        description="Hours that a new token is good for, unless the command that makes it says otherwise.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="Address of the OpenID provider whose members sign in here, exactly as its tokens name it, such as "
        "`https://login.example.com`.",
    )
    oidc_audience: str | None = Field(
        default=None,
        min_length=1,
        description="Audience that access tokens of that provider must carry to be taken here; without it none is.",
    )
    oidc_jwks_url: str | None = Field(
        default=None,
        description="Address of the provider's public keys, where they are not to be found by "
        "`/.well-known/openid-configuration`.",
    )
    oidc_company_claim: str | None = Field(
        default=None,
        min_length=1,
        description="Claim of the provider's tokens that names the company by its key. It chooses among the companies "
        "that a subject is linked to, and lets nobody into another.",
    )
    oidc_client_id: str | None = Field(
        default=None,
        min_length=1,
        description="What this server is called at the provider; with it browsers sign in at `/sign-in`.",
    )
    oidc_client_secret: str | None = Field(
        default=None,
        min_length=1,
        repr=False,
        description="The secret that the provider gave to this server; without it, the server is a public client.",
    )
    public_url: str | None = Field(
        default=None,
        description="Origin under which browsers reach this server, such as `https://sales.example.com`; signing in "
        "with a provider needs it.",
    )
    session_hours: int = Field(
        default=12, ge=1, le=720, description="Hours after which a browser has to sign in again."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins whose pages may call the API, separated by commas, such as "
        "`https://app.example.com,http://localhost:5173`; `*` for all.",
    )
    trusted_documents: Path | None = Field(
        default=None,
        description="File or folder of documents that clients may name by the SHA-256 of their text: `.graphql` files, "
        "or a manifest of Apollo's or Relay's.",
    )
    trusted_documents_only: bool = Field(
        default=False, description="`true` refuses every document that is not among the trusted ones."
    )
    plugins_strict: bool = Field(
        default=False,
        description="`true` refuses to start when a plugin fails or clashes; `false` leaves that plugin out.",
    )
    plugins_allowed: str = Field(
        default="*",
        description="Plugins that may be used beside the product's own, by name and separated by commas, such as "
        "`acme_rules,beta_rules:trusted`; `*` for all that are installed, `none` for none. A `trusted` plugin runs in "
        "the server and may add fields to the graph; the others run in worker processes.",
    )
    plugin_workers: int = Field(
        default=2, ge=1, le=32, description="Worker processes that one plugin may have, in each serving process."
    )
    plugin_memory_mb: int = Field(
        default=512, ge=64, le=65536, description="Megabytes of memory that a worker of a plugin may use."
    )
    policy_seconds: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="Seconds within which a policy in a worker must answer one question.",
    )
    policy_total_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds that a policy in a worker may take for everything that one request asks of it.",
    )
    log_level: LogLevel = Field(
        default="info", description="The least that is logged: `debug`, `info`, `warning` or `error`."
    )

    @property
    def is_production(self) -> bool:
        """Whether the production profile is on."""
        return self.profile == "production"

    @property
    def embedded(self) -> bool:
        """Whether the product runs PostgreSQL itself."""
        return self.database_url is None

    @property
    def allow_list(self) -> AllowList:
        """The plugins that are allowed, and those that are trusted."""
        return parse_allow_list(self.plugins_allowed)

    @property
    def signing_key_file(self) -> Path:
        """The file of the key that signs tokens."""
        return self.token_secret_file or self.data_dir / "signing.key"

    @field_validator("data_dir", "token_secret_file", "trusted_documents", mode="after")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path and path.expanduser().absolute()

    @field_validator("profile", "log_level", mode="before")
    @classmethod
    def _in_lower_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("database_url", "admin_database_url")
    @classmethod
    def _of_postgresql(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in {"postgresql", "postgres"}:
            raise ValueError("an address starts with postgresql://")
        return url

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _is_safe(cls, url: str | None) -> str | None:
        if url is None:
            return url
        parts = urlsplit(url)
        local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or local):
            raise ValueError("an address starts with https:// (http:// on this very machine only), and has no query")
        return url

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str | None) -> str | None:
        if url is None:
            return None
        origin, parts = url.rstrip("/"), urlsplit(url)
        local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if f"{parts.scheme}://{parts.netloc}" != origin or not (parts.scheme == "https" or local):
            raise ValueError("write https://, host and port, without a path (http:// on this very machine only)")
        return origin

    @model_validator(mode="after")
    def _name_all_of_the_provider(self) -> Self:
        wanted = {"oidc_audience": ("oidc_issuer",), "oidc_client_id": ("oidc_issuer", "public_url")}
        for name, needed in wanted.items():
            missing = [_variable(one) for one in needed if getattr(self, one) is None]
            if getattr(self, name) is not None and missing:
                raise ValueError(f"{_variable(name)} needs {' and '.join(missing)} as well")
        return self

    @field_validator("plugins_allowed")
    @classmethod
    def _is_an_allow_list(cls, value: str) -> str:
        parse_allow_list(value)
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            parts = urlsplit(origin)
            if origin != "*" and (
                parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != origin
            ):
                raise ValueError(f"'{origin}' is not an origin: scheme, host and port, https://app.example.com")
        return origins

    @model_validator(mode="after")
    def _name_both_databases_or_none(self) -> Self:
        missing = [name for name in ("database_url", "admin_database_url") if getattr(self, name) is None]
        if missing and (self.is_production or len(missing) == 1):
            names = " and ".join(_variable(name) for name in missing)
            why = "the production profile" if self.is_production else "a database of your own"
            raise ValueError(
                f"{names} must be set: {why} needs one address for the application's role and one for "
                "migrations. The embedded database is for the development profile, with neither of them set"
            )
        return self


def load_settings(**given: object) -> Settings:
    """The settings of this process: what is given (None counts as not given), then the environment, then defaults.

    Raises InputError (`SETTINGS_INVALID`) that names each wrong variable and what is allowed.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type] # checked by pydantic at run time
    except ValidationError as error:
        raise InputError("SETTINGS_INVALID", "\n".join(_line(fault) for fault in error.errors())) from None


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """A line for each variable that looks like a setting and is none, with the one that may be meant."""
    known = [name.upper() for name in Settings.model_fields]
    names = (name for name, value in environment.items() if value and name.upper().startswith(PREFIX))
    return [_unknown(name, known) for name in sorted(names) if name.upper().removeprefix(PREFIX) not in known]


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name.upper().removeprefix(PREFIX), known, n=1)
    advice = f"did you mean {PREFIX}{near[0]}?" if near else "docs/settings.md lists all that there are."
    return f"{name} is no setting and is ignored; {advice}"


def _line(fault: ErrorDetails) -> str:
    if not fault["loc"]:
        return f"{_told(fault)}."
    field = str(fault["loc"][0])
    return f"{_variable(field)}: {_refused(field, fault) or _told(fault)}."


def _told(fault: ErrorDetails) -> str:
    return fault["msg"].removeprefix("Value error, ")


def _refused(field: str, fault: ErrorDetails) -> str | None:
    """What was given and what is allowed; None for a text, of which its own check tells: it may hold a password."""
    setting, given = Settings.model_fields[field], repr(fault["input"])[:60]
    if setting.annotation is int:
        return f"{given} is no whole number from {_bound(setting, 'ge')} to {_bound(setting, 'le')}"
    if setting.annotation is bool:
        return f"{given} is neither true nor false"
    words = get_args(setting.annotation) if fault["type"] == "literal_error" else ()
    return f"{given} is none of {', '.join(words)}" if words else None


def _bound(setting: FieldInfo, name: str) -> int:
    return next(int(getattr(one, name)) for one in setting.metadata if hasattr(one, name))


def _variable(field: str) -> str:
    return PREFIX + field.upper()
