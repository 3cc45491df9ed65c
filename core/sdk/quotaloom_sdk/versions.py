"""The version of the plugin API, which grows apart from the product's version."""

from __future__ import annotations

import re

API_VERSION = "1.0"
"""The plugin API that this SDK speaks: MAJOR.MINOR.

A new minor adds hooks, fields with a default and inputs; a new major may break what was there.
"""

_FORM = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")


def speaks(needed: str, offered: str = API_VERSION) -> bool:
    """Whether a plugin written for API `needed` runs on a host that offers `offered`.

    It does on the same major with the same or a later minor. Raises `ValueError` for anything else than
    MAJOR.MINOR.
    """
    major, minor = _parsed(needed)
    offered_major, offered_minor = _parsed(offered)
    return major == offered_major and minor <= offered_minor


def _parsed(version: str) -> tuple[int, int]:
    match = _FORM.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is no plugin API version; write MAJOR.MINOR, such as {API_VERSION!r}")
    return int(match[1]), int(match[2])
