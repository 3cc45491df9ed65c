"""A test for the plugin as a whole, and one for each of its policies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quotaloom_pytest.settings import EXAMPLES, PLUGIN, SECONDS
from quotaloom_sdk.admission import Unusable, admitted
from quotaloom_sdk.testing.conformance import (
    Finding,
    FindingKind,
    NotInstalled,
    Options,
    Source,
    check_apart,
    parse_source,
)


class PluginFile(pytest.File):
    """The configuration file that names the plugin."""

    def collect(self) -> Iterator[pytest.Item]:
        """The plugin under its name, and its policies under their full keys, in the order of its hooks."""
        source, options = _source(self.config), _options(self.config)
        try:
            _, definitions = admitted(source.name, source.load)
        except Unusable as error:
            yield PluginItem.of(self, source.name, source, options, refused=error.reason)
            return
        yield PluginItem.of(self, source.name, source, options)
        for definition in definitions:
            yield PluginItem.of(self, f"{source.name}.{definition.key}", source, options)


class PluginItem(pytest.Item):
    """The check of one policy, or of the plugin as a whole; fails with what was found, in plain words."""

    source: Source
    options: Options
    refused: str

    @classmethod
    def of(cls, parent: pytest.Collector, name: str, source: Source, options: Options, refused: str = "") -> PluginItem:
        """The check of that name; `refused` says why the plugin could not be used where it was collected."""
        item: PluginItem = cls.from_parent(parent, name=name)
        item.source, item.options, item.refused = source, options, refused
        return item

    def runtest(self) -> None:
        """Check it in a process of its own."""
        if self.refused:
            raise _Found([Finding(self.name, FindingKind.UNUSABLE, self.refused)])
        report = check_apart(self.source, options=self.options, only=[self.name])
        for note in (note for checked in report.policies for note in checked.notes):
            self.add_report_section("call", "note", note)
        if report.findings:
            raise _Found(report.findings)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The findings, and no traceback."""
        if isinstance(excinfo.value, _Found | NotInstalled):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Where it is from, for pytest's own lists."""
        what = "plugin" if self.name == self.source.name else "policy"
        return Path(self.path), None, f"{what} {self.name}"


class _Found(Exception):
    """The check found something."""

    def __init__(self, findings: tuple[Finding, ...] | list[Finding]) -> None:
        super().__init__("\n".join(line for finding in findings for line in finding.lines()))


def _source(config: pytest.Config) -> Source:
    try:
        return parse_source(config.getini(PLUGIN))
    except ValueError as error:
        raise pytest.UsageError(f"{PLUGIN}: {error}") from None


def _options(config: pytest.Config) -> Options:
    try:
        return Options(seconds=float(config.getini(SECONDS)), examples=int(config.getini(EXAMPLES)))
    except ValueError as error:
        raise pytest.UsageError(f"{SECONDS} and {EXAMPLES} must be numbers above 0: {error}") from None
