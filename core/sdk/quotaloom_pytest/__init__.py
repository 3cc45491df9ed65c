"""The conformance kit as a plugin of pytest: with `quotaloom_plugin` set, each policy is a test.

    [tool.pytest.ini_options]
    quotaloom_plugin = "acme = acme_rules"

This module is imported by every run of pytest where the SDK is installed, so it imports nothing else of the SDK.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from quotaloom_pytest.settings import EXAMPLES, PLUGIN, SECONDS


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the settings known."""
    parser.addini(PLUGIN, "the plugin whose policies to check, as in its entry point: acme = acme_rules", default="")
    parser.addini(SECONDS, "seconds that one call of a policy may take", default="1")
    parser.addini(EXAMPLES, "how many requests each policy is asked", default="100")


def pytest_configure(config: pytest.Config) -> None:
    """Have the tests collected wherever pytest collects folders; files that are named are run alone."""
    if not config.getini(PLUGIN):
        return
    if config.inipath is None:
        raise pytest.UsageError(f"{PLUGIN} must stand in a file, such as pyproject.toml")
    given = [(config.invocation_params.dir / one.partition("::")[0]).resolve() for one in config.args]
    settings = config.inipath.resolve()
    there_already = {settings, settings.parent}
    if any(path.is_dir() for path in given) and there_already.isdisjoint(given):
        config.args.append(str(config.inipath))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The policies are the tests of the file that has the setting."""
    if file_path != parent.config.inipath or not parent.config.getini(PLUGIN):
        return None
    from quotaloom_pytest.items import PluginFile

    found: PluginFile = PluginFile.from_parent(parent, path=file_path)
    return found
