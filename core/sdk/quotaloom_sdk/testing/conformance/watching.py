"""What a policy does besides computing: files, network, programs, clock and chance.

Files, network and programs are seen by an audit hook. Python keeps such a hook until the process ends, so one is
installed once, at the first call, and looks away except during a call, in the thread of the call and those that it
starts. What it sees it does not let happen: it raises `Forbidden`.

Not counted is the reading of files while a module is being imported, by `linecache` (for tracebacks), and of time
zones by `zoneinfo`; nor are sockets that are made and never used.
"""

from __future__ import annotations

import os
import random
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from reprlib import Repr
from types import FrameType
from typing import Any

from quotaloom_sdk.testing.conformance.findings import FindingKind

_NETWORK = ("socket.", "urllib.", "http.", "ftplib.", "imaplib.", "nntplib.", "poplib.", "smtplib.", "telnetlib.")
_HARMLESS = frozenset({"socket.__new__"})
_PROGRAMS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
    }
)
_READING = frozenset({"os.listdir", "os.scandir"})
_FILES = frozenset(
    {
        "os.chdir",
        "os.chflags",
        "os.chmod",
        "os.chown",
        "os.fwalk",
        "os.getxattr",
        "os.link",
        "os.listxattr",
        "os.mkdir",
        "os.remove",
        "os.removexattr",
        "os.rename",
        "os.rmdir",
        "os.setxattr",
        "os.symlink",
        "os.truncate",
        "os.utime",
        "os.walk",
        "sqlite3.connect",
    }
)
_FILE_LIBRARIES = ("glob.", "pathlib.", "shutil.", "tempfile.", "dbm.")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_CLOCKS = frozenset({"time", "time_ns"})
_DATES = frozenset({"now", "today", "utcnow"})
_CHANCE = frozenset({"random", "getrandbits", "urandom"})

_SHARED: object = getattr(random, "_inst")  # noqa: B009 # the generator behind `random.random` and its kin

_LIBRARY = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
_SDK = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_HYPOTHESIS = f"{os.sep}hypothesis{os.sep}"
_IMPORTING = ("<frozen importlib", "<frozen zipimport")

_shortened = Repr()
_shortened.maxstring = 60


class Forbidden(BaseException):
    """Raised inside a policy for what it must not do; no `except Exception` catches it."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Something that a policy did besides computing: what kind of finding that is, and what exactly."""

    kind: FindingKind
    what: str


@dataclass(slots=True)
class Watch:
    """What was seen during one call, which began at `base`."""

    base: FrameType
    others: frozenset[int | None]
    kinds: frozenset[FindingKind]
    touches: list[Touch] = field(default_factory=list)


_watch: Watch | None = None
_installed = False


@contextmanager
def watched(base: FrameType, kinds: frozenset[FindingKind] = frozenset(FindingKind)) -> Iterator[Watch]:
    """Note, and prevent, what is touched inside, by calls from `base`; one at a time, and only those kinds."""
    global _watch, _installed
    if not _installed:
        sys.addaudithook(_audit)
        _installed = True
    own = threading.get_ident()
    others = frozenset(thread.ident for thread in threading.enumerate() if thread.ident != own)
    watch = Watch(base, others, kinds)
    keeps_no_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # an import would write files itself
    _watch = watch
    try:
        yield watch
    finally:
        _watch = None
        sys.dont_write_bytecode = keeps_no_bytecode


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    watch = _watch
    if watch is None:
        return
    kind = _kind(event, arguments)
    if kind not in watch.kinds or threading.get_ident() in watch.others:
        return
    assert kind is not None
    frames = list(_frames(sys._getframe(1), watch.base))
    if kind is FindingKind.FILES and _only_reads(event, arguments) and _excused(event, arguments, frames):
        return
    shown = ", ".join(
        _shortened.repr(one) for one in arguments[:2] if isinstance(one, str | bytes | int | tuple | list)
    )
    watch.touches.append(Touch(kind, f"{event}({shown}){place(frames)}"))
    raise Forbidden(event)


def _kind(event: str, arguments: tuple[Any, ...]) -> FindingKind | None:
    if event == "open" or event in _READING or event in _FILES or event.startswith(_FILE_LIBRARIES):
        in_memory = event == "sqlite3.connect" and arguments[:1] == (":memory:",)
        return None if in_memory else FindingKind.FILES
    if event.startswith(_NETWORK):
        return None if event in _HARMLESS else FindingKind.NETWORK
    return FindingKind.PROGRAMS if event in _PROGRAMS else None


def _only_reads(event: str, arguments: tuple[Any, ...]) -> bool:
    if event != "open":
        return event in _READING
    _, mode, flags = arguments
    if isinstance(mode, str):
        return not set(mode) & set("wax+")
    return not (isinstance(flags, int) and flags & _WRITING)


def _excused(event: str, arguments: tuple[Any, ...], frames: list[FrameType]) -> bool:
    if any(one.f_code.co_filename.startswith(_IMPORTING) for one in frames):
        return True
    modules = {str(one.f_globals.get("__name__", "")).partition(".")[0] for one in frames}
    return not modules.isdisjoint({"linecache", "zoneinfo"}) or _of_time_zones(arguments[0])


def _of_time_zones(path: object) -> bool:
    zones = sys.modules.get("zoneinfo")
    folders: tuple[str, ...] = getattr(zones, "TZPATH", ())
    return isinstance(path, str) and any(path.startswith(f"{folder}{os.sep}") for folder in folders)


def _frames(frame: FrameType | None, base: FrameType) -> Iterator[FrameType]:
    """The frames from the innermost out to where the call began."""
    while frame is not None and frame is not base:
        yield frame
        frame = frame.f_back


def place(frames: list[FrameType]) -> str:
    """Where in the plugin's own code that is, such as ` (acme_rules.py, line 12)`; frames come innermost first."""
    return located([(one.f_code.co_filename, one.f_lineno) for one in frames])


def located(lines: list[tuple[str, int]]) -> str:
    """The same for files and line numbers."""
    for file, line in lines:
        if is_plugins_own(file):
            return f" ({os.path.basename(file)}, line {line})"
    return ""


def is_plugins_own(file: str) -> bool:
    """Whether a file is neither Python's own, nor the SDK's, nor made up."""
    own = file.startswith(_LIBRARY) and "site-packages" not in file
    return not (own or file.startswith(("<frozen", _SDK)) or _HYPOTHESIS in file)


@contextmanager
def clock_watched(touches: list[Touch], base: FrameType) -> Iterator[None]:
    """Note calls from `base` that read the clock or the generator of chance that all share; logging may."""
    before = sys.getprofile()

    def see(frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and (what := _unsteady(function)) and not _is_logging(frame):
            touches.append(Touch(FindingKind.NOT_DETERMINISTIC, f"{what}{place(list(_frames(frame, base)))}"))

    sys.setprofile(see)
    try:
        yield
    finally:
        sys.setprofile(before)


def _unsteady(function: Any) -> str:
    name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
    if name in _CLOCKS and getattr(function, "__module__", None) == "time":
        return f"it reads the clock: time.{name}"
    if name in _DATES and isinstance(owner, type) and issubclass(owner, date):
        return f"it reads the clock: {owner.__name__}.{name}"
    if name in _CHANCE and (owner is _SHARED or name == "urandom"):
        return f"it uses chance: {'os' if name == 'urandom' else 'random'}.{name}"
    return ""


def _is_logging(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "logging"
