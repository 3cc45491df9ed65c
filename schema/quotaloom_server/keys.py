"""The installation's signing key, and the authority that signs with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from quotaloom.platform.errors import InputError
from quotaloom.platform.settings import Settings
from quotaloom.platform.tokens import TokenAuthority, read_signing_key, signing_key


def token_authority(settings: Settings) -> TokenAuthority:
    """The installation's authority, with the key that it keeps; made on the first run.

    Raises `InputError` SIGNING_KEY_UNUSABLE where the key cannot be read, made or trusted.
    """
    return _authority(settings, signing_key)


def token_authority_of_server(settings: Settings) -> TokenAuthority:
    """The authority of a server that was started before: its key is not made at a place of one's own naming.

    A token that a new key signs at a mistyped path would be taken by no server. Raises what `token_authority`
    raises, and `InputError` NO_SIGNING_KEY.
    """
    return _authority(settings, signing_key if settings.token_secret_file is None else _key_that_is_there)


def _key_that_is_there(path: Path) -> bytes:
    try:
        return read_signing_key(path)
    except FileNotFoundError:
        raise InputError(
            "NO_SIGNING_KEY",
            f"There is no signing key at {path}, which QUOTALOOM_TOKEN_SECRET_FILE names. "
            "Name the file that the server uses, or start `quotaloom serve` first, which makes the key there.",
        ) from None


def _authority(settings: Settings, key_of: Callable[[Path], bytes]) -> TokenAuthority:
    try:
        key = key_of(settings.signing_key_file)
    except OSError as error:
        raise InputError(
            "SIGNING_KEY_UNUSABLE",
            f"The signing key {settings.signing_key_file} cannot be read or made: {error.strerror}. "
            "Start as the user who owns it, or name another file in QUOTALOOM_TOKEN_SECRET_FILE.",
        ) from None
    except RuntimeError as error:
        raise InputError("SIGNING_KEY_UNUSABLE", f"{error}.") from None
    return TokenAuthority(key, settings.token_audience, settings.token_issuer)
