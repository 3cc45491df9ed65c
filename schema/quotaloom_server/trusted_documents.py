"""Documents that the operator registered: clients name them by the SHA-256 of their text instead of sending it.

They are read from a file or a folder when a server starts. Nobody registers one by a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from quotaloom.platform.errors import InputError

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = "sha256:"


class TrustedDocuments:
    """The registered documents by their ids: the SHA-256 of the text, and another one where a manifest gives it."""

    def __init__(self, named: Iterable[tuple[str | None, str]] = ()) -> None:
        self._texts: dict[str, str] = {}
        for name, text in named:
            self._texts[digest(text)] = text
            if name is not None:
                self._texts[name] = text

    def __len__(self) -> int:
        return len(set(self._texts.values()))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self._texts.values()))

    def text(self, name: str) -> str | None:
        """The document that an id names, with or without `sha256:` before it."""
        return self._texts.get(name.removeprefix(_PREFIX))

    def holds(self, text: str) -> bool:
        """Whether a document is registered."""
        return digest(text) in self._texts


def digest(text: str) -> str:
    """The SHA-256 of a document, as Apollo and Relay write it."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_documents(path: Path | None) -> TrustedDocuments:
    """The documents of a file, or of all files in a folder: `.graphql`, or a manifest of Apollo's or Relay's in JSON.

    Without a path there are none. Raises `InputError` (`BAD_DOCUMENTS`) that names the file.
    """
    if path is None:
        return TrustedDocuments()
    if not path.exists():
        raise _bad(path, "it is not there")
    files = sorted(one for one in path.rglob("*") if one.suffix in _READERS) if path.is_dir() else [path]
    return TrustedDocuments(named for file in files for named in _read(file))


def _read(file: Path) -> list[tuple[str | None, str]]:
    reader = _READERS.get(file.suffix)
    if reader is None:
        raise _bad(file, "documents are in .graphql files or in a manifest, a .json file")
    try:
        found = list(reader(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise _bad(file, str(error)) from None
    for name, text in found:
        if name is not None and _SHA256.fullmatch(name) and name != digest(text):
            raise _bad(file, f"{name} is not the SHA-256 of its document, which is {digest(text)}")
    return found


def _of_graphql(content: str) -> Iterator[tuple[str | None, str]]:
    yield None, content


def _of_manifest(content: str) -> Iterator[tuple[str | None, str]]:
    """Apollo's is a list of operations with `id` and `body`, Relay's an object of texts by their ids."""
    data: Any = orjson.loads(content)
    if isinstance(data, Mapping) and isinstance(data.get("operations"), list):
        entries = [(one.get("id"), one.get("body")) for one in data["operations"] if isinstance(one, Mapping)]
    else:
        entries = list(data.items()) if isinstance(data, Mapping) else [(None, data)]
    for name, text in entries:
        if not isinstance(name, str) or not isinstance(text, str):
            raise ValueError("a manifest names each document by an id: see docs/limits.md for its two forms")
        yield name, text


_READERS: Final = {".graphql": _of_graphql, ".json": _of_manifest}


def _bad(path: Path, why: str) -> InputError:
    return InputError("BAD_DOCUMENTS", f"the trusted documents in {path} cannot be read: {why}")
