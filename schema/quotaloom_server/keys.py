"""The installation's signing key, and the authority that signs with it."""

from __future__ import annotations

from quotaloom.platform.errors import InputError
from quotaloom.platform.settings import Settings
from quotaloom.platform.tokens import TokenAuthority, signing_key


def token_authority(settings: Settings) -> TokenAuthority:
    """The installation's authority, with the key that it keeps; made on the first run.

    Raises `InputError` SIGNING_KEY_UNUSABLE where the key cannot be read, made or trusted.
    """
    try:
        key = signing_key(settings.signing_key_file)
    except OSError as error:
        raise InputError(
            "SIGNING_KEY_UNUSABLE",
            f"The signing key {settings.signing_key_file} cannot be read or made: {error.strerror}. "
            "Start as the user who owns it, or name another file in QUOTALOOM_TOKEN_SECRET_FILE.",
        ) from None
    except RuntimeError as error:
        raise InputError("SIGNING_KEY_UNUSABLE", f"{error}.") from None
    return TokenAuthority(key, settings.token_audience, settings.token_issuer)
