"""The conformance kit: whether a plugin does what the product relies on, told in plain words.

`check_plugin("acme", acme_rules)` asks every policy generated requests and reports what is wrong; `check_apart` does
the same in a process of its own. Needs the extra `testing`; without hypothesis only this module's classes work.
"""

from quotaloom_sdk.testing.conformance.apart import NotInstalled, check_apart
from quotaloom_sdk.testing.conformance.checking import check_plugin
from quotaloom_sdk.testing.conformance.findings import CheckedPolicy, Finding, FindingKind, Report
from quotaloom_sdk.testing.conformance.options import Options
from quotaloom_sdk.testing.conformance.sources import Source, parse_source

__all__ = [
    "CheckedPolicy",
    "Finding",
    "FindingKind",
    "NotInstalled",
    "Options",
    "Report",
    "Source",
    "check_apart",
    "check_plugin",
    "parse_source",
]
