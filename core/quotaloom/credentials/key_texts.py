"""What a key looks like: `qlk_<company>_<prefix>_<secret>`.

The company's number says where to look, the prefix is public and tells the key in logs, and the secret is 192 random
bits: too many to be guessed, so that a plain hash of it is as good as a slow one.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Final

BEGINNING: Final = "qlk_"
"""What every key begins with, so that scanners of source code find those that got there."""

_SHAPE: Final = re.compile(r"qlk_([1-9][0-9]{0,17})_([0-9a-f]{8})_([0-9a-f]{48})", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key, taken apart."""

    company_id: int
    prefix: str
    secret: str

    @property
    def shown(self) -> str:
        """The part that is no secret, and tells the key from others."""
        return shown_key(self.company_id, self.prefix)

    @property
    def text(self) -> str:
        """The whole key, as its bearer sends it."""
        return f"{self.shown}_{self.secret}"

    @property
    def secret_hash(self) -> str:
        """What is kept of the secret: SHA-256 in 64 hexadecimal digits."""
        return sha256(self.secret.encode()).hexdigest()

    def fits(self, secret_hash: str) -> bool:
        """Whether this is the key whose hash was kept; how long it takes tells nothing."""
        return compare_digest(self.secret_hash, secret_hash)


def new_key(company_id: int) -> KeyText:
    """A fresh key of a company."""
    return KeyText(company_id, secrets.token_hex(4), secrets.token_hex(24))


def read_key(text: str) -> KeyText | None:
    """A key taken apart; None for what is none."""
    found = _SHAPE.fullmatch(text)
    return None if found is None else KeyText(int(found[1]), found[2], found[3])


def shown_key(company_id: int, prefix: str) -> str:
    """What tells a key in lists and logs."""
    return f"{BEGINNING}{company_id}_{prefix}"
