from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from quotaloom_sdk.testing.conformance import CheckedPolicy, Finding, FindingKind, Options, check_plugin
from tests.unit.sdk.conformance.faulty_plugins import imported, module_text, written

TWO = module_text(
    """
    def spoiled(request):
        if any(sum(child.achieved) > 10**9 for child in request.children):
            raise RuntimeError("too much")
        return even(request)

    @hookimpl
    def quotaloom_allocation_rules():
        yield rule(even, key="even")
        yield rule(spoiled, key="spoiled", needs=frozenset({Need.HISTORY}))
    """
)


SHOWING_SAMPLE = """
import importlib, sys
from quotaloom_sdk.testing.conformance import Options, check_plugin

sys.path.insert(0, sys.argv[1])
(finding,) = check_plugin("acme", importlib.import_module(sys.argv[2]), options=Options(budget=600)).findings
print(finding.policy, finding.kind.name)
print(finding.message)
print(finding.sample)
"""


def test_smallest_request_is_shown(tmp_path: Path) -> None:
    """Of all requests that show a fault, the one with a single unit and nothing that does not matter.

    In a process of its own, as `quotaloom plugin check` is: hypothesis also tries numbers that it finds in whatever
    modules are loaded, so beside other tests it takes other ways.
    """
    module = written(tmp_path, TWO)
    checked = subprocess.run(
        [sys.executable, "-c", SHOWING_SAMPLE, str(module.parent), module.stem],
        capture_output=True,
        text=True,
        check=True,
    )
    about, message, sample = checked.stdout.splitlines()
    assert about == "acme.spoiled EXCEPTION"
    assert message.startswith("it raised RuntimeError: too much (acme_rules.py, line ")
    (children,) = re.findall(r"children=\((.*)\), months=months\(", sample)
    assert children.count("UnitFact(") == 1
    assert "planned" not in sample
    assert "load" not in sample


def test_report_is_the_same_every_time(tmp_path: Path) -> None:
    """A check asks the same requests each time."""
    first, second = (check_plugin("acme", imported(written(tmp_path, TWO)), options=Options(budget=30)) for _ in "12")
    assert first == second


def test_policies_can_be_checked_alone(tmp_path: Path) -> None:
    """By their full keys; what is not named is not asked."""
    plugin, options = imported(written(tmp_path, TWO)), Options(examples=5)
    report = check_plugin("acme", plugin, options=options, only=["acme.even"])
    assert [one.name for one in report.policies] == ["acme.even"]
    everything = check_plugin("acme", plugin, options=options)
    assert [(one.name, one.requests) for one in everything.policies] == [
        ("acme", 0),
        ("acme.even", 5),
        ("acme.spoiled", 5),
    ]


def test_policy_that_is_not_there_is_no_success(tmp_path: Path) -> None:
    """A name that the plugin does not have was not checked."""
    (finding,) = check_plugin("acme", imported(written(tmp_path, TWO)), only=["acme.odd"]).findings
    assert finding == Finding("acme.odd", FindingKind.NOT_CHECKED, "acme has no such policy")


def test_report_is_told_in_plain_words() -> None:
    """A headline for each policy, and below it what is wrong, with the request."""
    finding = Finding("acme.rule", FindingKind.NEGATIVE, "children[0] is negative: -1", "AllocationRequest(…)")
    checked = CheckedPolicy("acme.rule", 100, (finding,), ("it was asked with its default parameters only",))
    assert list(checked.lines()) == [
        "acme.rule: 1 finding, 100 requests",
        "  negative: children[0] is negative: -1",
        "    asked: AllocationRequest(…)",
        "  note: it was asked with its default parameters only",
    ]
    assert list(CheckedPolicy("acme", 0).lines()) == ["acme: fine"]
    assert CheckedPolicy.from_json(json.loads(json.dumps(checked.to_json()))) == checked


@pytest.mark.parametrize("changes", [{"seconds": 0}, {"examples": 0}, {"budget": -1}, {"memory": 0}])
def test_options_are_more_than_nothing(changes: dict[str, int]) -> None:
    """A check that asks nothing, or waits for no answer, would check nothing."""
    with pytest.raises(ValueError, match="must be more than 0"):
        Options(**changes)


UNUSABLE = {
    "says no API version": ("QUOTALOOM_API = None\nallocate = even", "says no plugin API version"),
    "misspells a hook": (
        "@hookimpl\ndef quotaloom_alocation_rules():\n    return ()",
        "unknown hook quotaloom_alocation_rules (did you mean quotaloom_allocation_rules?)",
    ),
    "wraps hooks": (
        "@hookimpl(wrapper=True)\ndef quotaloom_allocation_rules():\n    return (yield)",
        "hook quotaloom_allocation_rules is a wrapper",
    ),
    "has an async hook": (
        "@hookimpl\nasync def quotaloom_allocation_rules():\n    return ()",
        "hook quotaloom_allocation_rules is async",
    ),
    "has a key twice": (
        "@hookimpl\ndef quotaloom_allocation_rules():\n    return (rule(even), rule(even))",
        "two policies have the key 'rule'",
    ),
    "has an async policy": (
        "async def later(request): ...\n@hookimpl\ndef quotaloom_allocation_rules():\n    yield rule(later)",
        "allocate of policy 'rule' is async",
    ),
    "has another prefix": (
        "async def read(reader):\n    return 1\n@hookimpl\ndef quotaloom_graphql():\n"
        "    field = RootField(name='one', description='One.', type=int, read=read)\n"
        "    yield GraphQLExtension(key='graph', prefix='Other', root_fields=(field,), **WORDS)",
        "GraphQL extension 'graph' has the prefix 'Other'; write 'Acme'",
    ),
}


@pytest.mark.parametrize(("source", "words"), UNUSABLE.values(), ids=UNUSABLE)
def test_plugin_that_the_product_puts_aside_is_told_why(source: str, words: str, tmp_path: Path) -> None:
    """The kit makes the same checks as the product when it starts."""
    report = check_plugin("acme", imported(written(tmp_path, module_text(source))))
    (finding,) = report.findings
    assert (finding.policy, finding.kind) == ("acme", FindingKind.UNUSABLE)
    assert words in finding.message


def test_name_that_cannot_stand_in_a_key_is_told(tmp_path: Path) -> None:
    """The name is what its entry point says."""
    (finding,) = check_plugin("Acme-Rules", imported(written(tmp_path, TWO))).findings
    assert finding.message == "the plugin's name must be up to 64 of a-z, 0-9 and _, a letter first"


def test_listener_of_what_is_never_published_is_noted(tmp_path: Path) -> None:
    """A topic that no event has may be a slip; the others are told, and what it does outside is prevented."""
    source = """
        def listen(event):
            socket.create_connection(("127.0.0.1", 9))

        @hookimpl
        def quotaloom_event_listeners():
            yield EventListener(
                key="ear", parameters=Parameters, topics=("plan.publised", "plan.published"), listen=listen, **WORDS
            )
        """
    _, ear = check_plugin(
        "acme", imported(written(tmp_path, module_text(source))), options=Options(examples=5)
    ).policies
    assert ear.findings == ()
    assert ear.notes == (
        "it was not told of plan.publised, which this version of the product does not publish",
        "it touches the network, which a check does not let it; what follows was not checked",
    )


def test_module_that_is_nowhere_to_import_is_asked_in_one_process(tmp_path: Path) -> None:
    """That is noted, as it leaves something unchecked."""
    report = check_plugin(
        "acme", imported(written(tmp_path, module_text("allocate = even"))), options=Options(examples=5)
    )
    assert report.policies[1].notes == (
        "it was not asked in another process, as it is no module that one could import",
    )


def test_report_can_be_printed_whatever_was_found() -> None:
    """What a plugin says is shortened, and cleaned of what no terminal can show."""
    report = CheckedPolicy(
        "acme", 1, (Finding("acme", FindingKind.EXCEPTION, "a\ud800\x1b" + "x" * 9000, "y" * 9000),), ("n\x00",)
    )
    lines = list(report.lines())
    assert "\n".join(lines).encode()
    assert lines[1].startswith("  exception: a\ufffd\ufffdxxx")
    assert [len(line) for line in lines[1:3]] == [2 + 11 + 2000, 2 + 9 + 4000]
    assert lines[3] == "  note: n\ufffd"
