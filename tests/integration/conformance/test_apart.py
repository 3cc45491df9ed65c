"""Checks in a process of their own: whatever a plugin does to it is a finding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from quotaloom_sdk.testing.conformance import (
    FindingKind,
    NotInstalled,
    Options,
    Report,
    Source,
    apart,
    check_apart,
)
from tests.unit.sdk.conformance.faulty_others import OTHERS
from tests.unit.sdk.conformance.faulty_plugins import RULES, module_text, written

OPTIONS = Options(seconds=0.3, examples=20, budget=5, memory=256)

DEADLY = module_text(
    """
    import ctypes, signal

    def exits(request):
        os._exit(3)

    def crashes(request):
        ctypes.string_at(0)

    def hangs(request):
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        while True:
            pass

    def hoards(request):
        return weights(*(len(bytearray(1024**3)) for _ in (0, *request.children)))

    def chatters(request):
        print("done")
        os.write(1, b"done")
        return even(request)

    @hookimpl
    def quotaloom_allocation_rules():
        for one in (exits, chatters, crashes, hangs, hoards, even):
            yield rule(one, key=one.__name__)
    """
)


def checked(folder: Path, source: str, **parts: object) -> Report:
    written(folder, source)
    source_of = Source("acme", "acme_rules")
    return check_apart(source_of, options=OPTIONS, import_path=(str(folder),), **parts)  # type: ignore[arg-type] # as given


def test_policies_that_end_the_process_are_told_and_the_others_checked(tmp_path: Path) -> None:
    """Exits, crashes, endless loops and hoarding each cost one policy, whose request is shown."""
    steps: list[str] = []
    report = checked(tmp_path, DEADLY, progress=steps.append)
    found = {one.name: [(finding.kind, finding.message) for finding in one.findings] for one in report.policies}
    assert found == {
        "acme": [],
        "acme.exits": [(FindingKind.PROCESS_ENDED, "the process exited with code 3 while it was asked")],
        "acme.chatters": [],
        "acme.crashes": [(FindingKind.PROCESS_ENDED, "the process was killed by SIGSEGV while it was asked")],
        "acme.hangs": [
            (FindingKind.TOO_SLOW, "it does not end, and cannot be broken off; a call may take 0.3 seconds"),
        ],
        "acme.hoards": [(FindingKind.TOO_MUCH_MEMORY, "it wanted more memory than it may have")],
        "acme.even": [],
    }
    assert list(found) == steps
    assert all(finding.sample.startswith("AllocationRequest(") for finding in report.findings)


def test_answers_that_depend_on_the_order_of_sets_are_found(tmp_path: Path) -> None:
    """Another process, with another order, gives other answers to the same requests."""
    faulty = RULES["sets in any order"]
    (finding,) = checked(tmp_path, faulty.text).findings
    assert finding.kind is faulty.kind
    assert finding.message.startswith(faulty.words)


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ("raise ValueError('no luck')", FindingKind.UNUSABLE, "cannot be imported: ValueError: no luck"),
        ("import os; os._exit(0)", FindingKind.PROCESS_ENDED, "the process exited with code 0 while it was imported"),
        ("while True: pass", FindingKind.TOO_SLOW, "it cannot be imported within 4 seconds"),
        ("hoard = bytearray(1024**3)", FindingKind.UNUSABLE, "cannot be imported: MemoryError"),
        (
            "import socket; socket.create_connection(('127.0.0.1', 9))",
            FindingKind.NETWORK,
            "while it is imported: socket.getaddrinfo('127.0.0.1', 9) (acme_rules.py, line 1)",
        ),
        ("import subprocess; subprocess.run(['true'])", FindingKind.PROGRAMS, "while it is imported: subprocess.Popen"),
    ],
)
def test_import_that_fails_is_a_finding(
    source: str, kind: FindingKind, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the plugin as a whole, whatever it does."""
    monkeypatch.setattr(apart, "IMPORT_SECONDS", 4)
    (finding,) = checked(tmp_path, source).findings
    assert (finding.policy, finding.kind) == ("acme", kind)
    assert words in finding.message


def test_one_policy_can_be_checked_alone(tmp_path: Path) -> None:
    """Those that are not named are not asked, so they can do no harm."""
    report = checked(tmp_path, DEADLY, only=["acme.even"])
    assert [(one.name, one.requests, one.notes) for one in report.policies] == [("acme.even", 20, ())]


def test_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hypothesis nothing can be checked, and the message says what to install."""
    monkeypatch.setattr(apart, "find_spec", lambda name: None)
    with pytest.raises(NotInstalled, match=r"pip install 'quotaloom-sdk\[testing\]'"):
        check_apart(Source("acme", "acme_rules"))


def test_kit_is_loaded_without_hypothesis() -> None:
    """The server can read reports and tell of the missing extra."""
    program = (
        "import sys, quotaloom_sdk.testing.conformance; print('hypothesis' in sys.modules, 'pytest' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False False\n"


def test_every_kind_of_finding_has_its_test() -> None:
    """Each is shown by a plugin that has that fault and no other."""
    shown = {faulty.kind for faulty in (*RULES.values(), *OTHERS.values())}
    here = {FindingKind.UNUSABLE, FindingKind.PROCESS_ENDED, FindingKind.TOO_MUCH_MEMORY}
    assert shown | here == set(FindingKind)
