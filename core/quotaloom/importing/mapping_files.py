"""Finding a mapping: one that ships with the product by its name, or anybody's TOML file by its path."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from quotaloom.importing.mapping import ImportMapping
from quotaloom.organizations.company_settings import check_settings
from quotaloom.platform.errors import InputError

_SHIPPED = files("quotaloom.importing") / "mappings"


def shipped_mappings() -> list[str]:
    """The names of the mappings that come with the product."""
    names = [entry.name for entry in _SHIPPED.iterdir()]
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_mapping(name: str) -> ImportMapping:
    """The mapping of this name, or the one in the TOML file at this path (which ends with `.toml`).

    Raises `InputError` UNKNOWN_MAPPING, or BAD_MAPPING with every place that is wrong.
    """
    if name in shipped_mappings():
        return read_mapping((_SHIPPED / f"{name}.toml").read_bytes(), name)
    if not name.endswith(".toml"):
        allowed = ", ".join(shipped_mappings())
        raise InputError(
            "UNKNOWN_MAPPING", f"there is no mapping {name!r}: use {allowed}, or the path of a TOML file", ("mapping",)
        )
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        raise InputError("UNKNOWN_MAPPING", f"{name} cannot be read: {error.strerror}", ("mapping",)) from None
    return read_mapping(content, name)


def read_mapping(content: bytes, name: str) -> ImportMapping:
    """A mapping from TOML; raises `InputError` BAD_MAPPING."""
    try:
        mapping = ImportMapping.model_validate(tomllib.loads(content.decode("utf-8-sig")))
        check_settings(_settings(mapping))
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in error.errors()
        )
        raise _bad(name, places) from None
    except InputError as error:
        raise _bad(name, f"company: {error.message}") from None
    except UnicodeDecodeError as error:
        raise _bad(name, f"byte {error.start + 1} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _bad(name, str(error)) from None
    return mapping


def _settings(mapping: ImportMapping) -> dict[str, object]:
    new = mapping.company.new("any")
    return {name: getattr(new, name) for name in new.__dataclass_fields__}


def _bad(name: str, reason: str) -> InputError:
    return InputError("BAD_MAPPING", f"{name} is no mapping: {reason}", ("mapping",))
