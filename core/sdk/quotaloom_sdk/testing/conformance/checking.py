"""Checking a plugin: whether it is admitted, and what its policies do when they are asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from types import ModuleType

from quotaloom_sdk.admission import BAD_NAME, Unusable, admitted
from quotaloom_sdk.graphql import GraphQLExtension
from quotaloom_sdk.policies import PolicyDefinition, is_key
from quotaloom_sdk.testing.conformance.findings import CheckedPolicy, Finding, FindingKind, Report, with_findings
from quotaloom_sdk.testing.conformance.options import Options
from quotaloom_sdk.testing.conformance.sources import Source
from quotaloom_sdk.testing.conformance.watching import watched
from quotaloom_sdk.testing.conformance.witnessing import Nobody, Witness

_AT_IMPORT = frozenset({FindingKind.NETWORK, FindingKind.PROGRAMS})
"""What a module must not do while it is imported; it may read its files."""


def check_plugin(
    name: str, plugin: object, *, options: Options | None = None, only: Collection[str] | None = None
) -> Report:
    """Check a plugin in this process: `plugin` is what its entry point names, usually a module.

    `name` is the entry point's name, `only` the policies to check (`acme.by_year`, or `acme` for the plugin as a
    whole), by default all. The same plugin gives the same report, unless its policies are slow. A call that hangs is
    broken off in the main thread of Linux and macOS; `check_apart` also survives what cannot be broken off.
    Call it where no event loop runs. Needs the extra `testing`.
    """
    source = Source(name, plugin.__name__) if isinstance(plugin, ModuleType) and _is_known(plugin) else None
    checked = checked_policies(name, lambda: plugin, source, options or Options(), only, Nobody())
    return Report(name, tuple(checked))


def checked_policies(
    name: str,
    load: Callable[[], object],
    source: Source | None,
    options: Options,
    only: Collection[str] | None,
    witness: Witness,
) -> Iterator[CheckedPolicy]:
    """The plugin as a whole and each of its policies, as soon as it is checked.

    With a `source` policies are asked in another process, too, which imports the plugin from there.
    """
    witness.checking(name)
    witness.asking("")
    loaded = _admitted(name, load)
    witness.answered()
    if isinstance(loaded, CheckedPolicy):
        witness.found((name,))
        yield loaded
        return
    keys = {f"{name}.{one.key}": one for one in loaded}
    wanted = [key for key in (name, *keys) if only is None or key in only]
    missing = sorted(frozenset(only or ()) - {name, *keys})
    witness.found((*wanted, *missing))
    for key in wanted:
        witness.checking(key)
        yield CheckedPolicy(key, 0) if key == name else _checked(key, keys[key], source, options, witness)
    for key in missing:
        yield CheckedPolicy(key, 0, (Finding(key, FindingKind.NOT_CHECKED, f"{name} has no such policy"),))


def loaded_definitions(source: Source) -> Sequence[PolicyDefinition]:
    """What the plugin offers. Raises `Unusable`."""
    return admitted(source.name, source.load)[1]


def _admitted(name: str, load: Callable[[], object]) -> tuple[PolicyDefinition, ...] | CheckedPolicy:
    if not is_key(name):
        return _refused(name, BAD_NAME)
    with watched(sys._getframe(), _AT_IMPORT) as watch:
        try:
            _, definitions = admitted(name, load)
            refused = None
        except Unusable as error:
            definitions, refused = (), error.reason
    if watch.touches:
        found = tuple(Finding(name, one.kind, f"while it is imported: {one.what}") for one in watch.touches)
        return CheckedPolicy(name, 0, found)
    return definitions if refused is None else _refused(name, refused)


def _refused(name: str, reason: str) -> CheckedPolicy:
    return CheckedPolicy(name, 0, (Finding(name, FindingKind.UNUSABLE, reason),))


def _checked(
    name: str, definition: PolicyDefinition, source: Source | None, options: Options, witness: Witness
) -> CheckedPolicy:
    # Only here is hypothesis needed: a report can be read, and a plugin found unusable, without it.
    from quotaloom_sdk.testing.conformance.asking import PolicyCheck
    from quotaloom_sdk.testing.conformance.fields import ExtensionCheck
    from quotaloom_sdk.testing.conformance.repeating import NotRepeated, repeated

    if isinstance(definition, GraphQLExtension):
        return ExtensionCheck(name, definition, options, witness).run()
    check = PolicyCheck(name, definition, options, witness)
    checked = check.run()
    if any(one.kind is FindingKind.NOT_DETERMINISTIC for one in checked.findings) or not check.recorded:
        return checked
    if source is None:
        return _noted(checked, "it was not asked in another process, as it is no module that one could import")
    try:
        return with_findings(checked, repeated(source, definition.key, check.recorded, options, name))
    except NotRepeated as error:
        return _noted(checked, f"it could not be asked in another process: {error}")


def _noted(checked: CheckedPolicy, note: str) -> CheckedPolicy:
    return CheckedPolicy(checked.name, checked.requests, checked.findings, (*checked.notes, note))


def _is_known(module: ModuleType) -> bool:
    """Whether another process could import the module: it came from a file."""
    spec = module.__spec__
    return spec is not None and spec.has_location
