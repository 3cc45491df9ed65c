"""What a browser is shown while it signs in."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}"
    "button{display:block;width:100%;margin:.3rem 0;padding:.5rem;font:inherit;text-align:left}"
)


def message_page(title: str, text: str, status: int) -> HTMLResponse:
    """A page that says one thing."""
    return _page(title, f"<p>{escape(text)}</p>", status)


def choice_page(members: Sequence[tuple[str, str]], action: str, return_to: str) -> HTMLResponse:
    """The development sign-in: a button for each member, by key and by what stands on it."""
    buttons = "".join(f'<button name="member" value="{escape(key)}">{escape(shown)}</button>' for key, shown in members)
    return _page(
        "Choose somebody of the demo",
        "<p>No provider is set, so nobody asks for a password. The production profile has no such page.</p>"
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="return_to" value="{escape(return_to)}">{buttons}</form>',
        200,
    )


def _page(title: str, body: str, status: int) -> HTMLResponse:
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    text = f"<!doctype html><html lang=en><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>"
    return HTMLResponse(text, status, _HEADERS)
