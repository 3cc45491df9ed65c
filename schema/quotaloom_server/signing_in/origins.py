"""Which pages may ask for tokens, and where browsers may be sent: ours, and those that the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.settings import Settings
from quotaloom.platform.texts import checked_text

_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})

LONGEST: Final = 1_500
"""Characters of a place to return to. No setting: it comes back in a cookie, and browsers drop those over 4 KB."""


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins that are trusted. `*` among `QUOTALOOM_CORS_ORIGINS` names nobody here."""

    public_url: str | None
    others: frozenset[str]

    def require(self, request: Request) -> None:
        """Raise `AccessDenied` unless the request was made by a page of a trusted origin: browsers always say so."""
        origin = request.headers.get("origin", "")
        if not self._trusts(origin, request):
            raise AccessDenied("this page may not ask for tokens; QUOTALOOM_CORS_ORIGINS names those that may")

    def return_to(self, request: Request, wanted: str | None) -> str:
        """Where the browser goes after signing in: the beginning, or what was wanted.

        Raises `InputError` BAD_RETURN for a place that is neither ours nor trusted, TOO_LONG and BAD_TEXT.
        """
        if not wanted:
            return "/"
        checked_text(wanted, ("return_to",), "a place to return to", LONGEST)
        is_plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and " " not in wanted
        if is_plain and wanted.startswith("/") and not wanted.startswith("//"):
            return wanted
        if is_plain and self._trusts(_origin_of(wanted), request):
            return wanted
        raise InputError("BAD_RETURN", f"{wanted[:60]!r} is no place to return to: begin it with /", ("return_to",))

    def _trusts(self, origin: str, request: Request) -> bool:
        if origin in self.others or origin == self.public_url:
            return bool(origin)
        host = request.headers.get("host", "")
        return self.public_url is None and _name_in(host) in _LOCAL and origin == f"http://{host}"


def require_here(request: Request) -> None:
    """Raise `AccessDenied` unless the request comes from this machine: what it says of itself proves nothing."""
    try:
        is_here = request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:  # a name that a proxy tells
        is_here = False
    if not is_here:
        raise AccessDenied(
            "without a provider, browsers sign in on the server's own machine alone; `quotaloom token` gives others one"
        )


def _origin_of(address: str) -> str:
    """The origin of an address; "" where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:  # such as brackets that hold no IPv6 address
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _name_in(host: str) -> str | None:
    """The name in a `Host` header, without its port; None where there is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def origins_of(settings: Settings) -> Origins:
    """The origins that the settings trust."""
    return Origins(settings.public_url, frozenset(settings.cors_origins) - {"*"})
