"""`examples/acme_rules` at a customer's: its wheel installed beside Quotaloom, switched on, and asked, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.projects import ROOT, Environment, wheel_of
from tests.data_folders import copy_folder
from tests.integration.server.conftest import new_home
from tests.integration.server.processes import Home, Server

IN_WORKERS, IN_SERVER = "acme_rules", "acme_rules:trusted"
POTENTIAL = "acme_rules.potential"

FACTORS = {"customers": ("120", "80"), "repurchase_rate": ("0.35", "0.5"), "average_order": ("1500", "900.50")}
"""Of East and West: 120 × 0.35 × 1,500 = 63,000 and 80 × 0.5 × 900.50 = 36,020, which is 99,020 together."""


@pytest.fixture(scope="module")
def customer(folder_of_acme: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Customer]:
    """Quotaloom with the company `acme` and the example's wheel, installed by pip as a customer does it.

    East and West have their factors, the policy is on, and the company's target for 2026 was split by it once.
    """
    folder = tmp_path_factory.mktemp("customer")
    environment = Environment.on_top_of_ours(folder / "environment")
    environment.install("--no-deps", "--no-index", str(wheel_of(ROOT / "examples" / "acme_rules", folder)))
    with new_home() as home:
        copy_folder(folder_of_acme, home.data)
        home.command = environment.quotaloom
        found = Customer(home)
        admin = found.admin_where(IN_WORKERS)
        admin.plant()
        assert admin.split()["errors"] == []
        yield found
        found.end()


@dataclass
class Customer:
    """A home, and the admin at the server that runs there now."""

    home: Home
    allowed: str = ""
    admin: Admin | None = None

    def admin_where(self, allowed: str) -> Admin:
        """The admin at a server whose operator allows this: the one that runs, or else it is started anew."""
        if self.admin is None or self.allowed != allowed:
            self.end()
            self.admin, self.allowed = Admin(self.home.serve(QUOTALOOM_PLUGINS_ALLOWED=allowed)), allowed
        return self.admin

    def end(self) -> None:
        """End the server, in good order."""
        if self.admin is not None:
            self.admin.server.end()
            self.admin = None


@dataclass
class Admin:
    """The admin of `acme` at the server, and the ids that he was given."""

    server: Server
    ids: dict[str, str] = field(default_factory=dict)

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an operation that must not fail."""
        answer = self.server.ask(query, self.server.token, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def do(self, mutation: str, fields: str, **input: Any) -> Any:
        """The payload of a mutation."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        operation = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {fields} errors {{ code path }} }} }}"
        return self.ask(operation, input=input)[mutation]

    def must(self, mutation: str, fields: str, **input: Any) -> Any:
        """The payload of a mutation that must not be refused."""
        payload = self.do(mutation, fields, **input)
        assert payload["errors"] == [], payload
        return payload

    def plant(self) -> None:
        """East and West below the company, with the factors of each as attributes, and a plan for 2026."""
        found = self.ask("{ company { root { id } } metrics { id key } }")
        self.ids["acme"] = found["company"]["root"]["id"]
        revenue = next(metric["id"] for metric in found["metrics"] if metric["key"] == "revenue")
        for place, name in enumerate(("East", "West")):
            made = self.must(
                "createOrgUnit", "orgUnit { id }", name=name, kind="TEAM", parentId=self.ids["acme"], ordinal=place
            )
            self.ids[name] = made["orgUnit"]["id"]
        for key in FACTORS:
            self.must("defineAttribute", "attributeDefinition { id }", on="UNIT", key=key, title=key, kind="NUMBER")
        for place, name in enumerate(("East", "West")):
            values = [{"key": key, "number": of_units[place]} for key, of_units in FACTORS.items()]
            self.must("setAttributes", "node { id }", id=self.ids[name], values=values)
        plan = self.must("createPlan", "plan { id }", name="2026", metricId=revenue, fiscalYear=2026)
        self.ids["plan"] = plan["plan"]["id"]
        parameters = {"least_share": "0.1"}
        self.must("switchPolicy", "policy { key }", policy=POTENTIAL, active=True, parameters=parameters)

    def find(self) -> None:
        """What was planted."""
        found = self.ask("{ company { root { id } } plans { id } }")
        self.ids |= {"acme": found["company"]["root"]["id"], "plan": found["plans"][0]["id"]}

    def split(self) -> Any:
        """99,020.00 of the company for 2026, split by potential."""
        return self.do(
            "decomposeTarget",
            "units { name yearTarget explanation }",
            planId=self.ids["plan"],
            orgUnitId=self.ids["acme"],
            target="99020",
            policy=POTENTIAL,
        )


def test_it_is_listed_and_a_form_can_be_drawn_for_each_policy(customer: Customer) -> None:
    """Installed by pip, found by its entry point: three policies in workers, with descriptions of all parameters."""
    admin = customer.admin_where(IN_WORKERS)
    found = admin.ask("{ policies { key kind version parametersSchema } plugins { name state graphLeftOut } }")
    ours = {one["key"]: one for one in found["policies"] if one["key"].startswith("acme_rules.")}
    assert {key: (one["kind"], one["version"]) for key, one in ours.items()} == {
        "acme_rules.potential": ("allocation", "1.0.0"),
        "acme_rules.accelerator": ("incentive", "1.0.0"),
        "acme_rules.territory": ("pool", "1.0.0"),
    }
    for one in ours.values():
        assert all(parameter["description"] for parameter in one["parametersSchema"]["properties"].values())
    plugin = next(one for one in found["plugins"] if one["name"] == "acme_rules")
    assert plugin == {"name": "acme_rules", "state": "IN_WORKERS", "graphLeftOut": ["Potential in the graph"]}


def test_policies_that_nothing_asks_yet_are_switched_with_valid_parameters(customer: Customer) -> None:
    """A rate of 200% is refused by the plugin's own model, which runs in a worker; its defaults are fine."""
    admin = customer.admin_where(IN_WORKERS)
    switch = {"policy": "acme_rules.accelerator", "active": True}
    refused = admin.do("switchPolicy", "policy { key }", **switch, parameters={"rate": "2"})
    assert refused["errors"] == [{"code": "INVALID_PARAMETERS", "path": ["parameters", "rate"]}]
    for key in ("acme_rules.accelerator", "acme_rules.territory"):
        switched = admin.must("switchPolicy", "policy { active }", policy=key, active=True)
        assert switched["policy"] == {"active": True}


@pytest.mark.parametrize("allowed", [IN_WORKERS, IN_SERVER])
def test_a_target_is_split_by_potential_and_says_why(customer: Customer, allowed: str) -> None:
    """99,020.00 is split 63,000.00 and 36,020.00, wherever the plugin runs; tried again, nothing would change."""
    admin = customer.admin_where(allowed)
    admin.find()
    split = admin.split()
    assert split["errors"] == []
    assert [(unit["name"], unit["yearTarget"]) for unit in split["units"]] == [
        ("Acme", "99020.00"),
        ("East", "63000.00"),
        ("West", "36020.00"),
    ]
    told = str(split["units"][0]["explanation"])
    assert "East could sell 63000.00 a year." in told
    assert "West could sell 36020.00 a year." in told
    stored = "plugin pluginVersion policy parameters settingRevision"
    (version,) = admin.ask(f"{{ plans {{ versions {{ decompositions {{ {stored} }} }} }} }}")["plans"][0]["versions"]
    latest = version["decompositions"][-1]
    assert latest["parameters"].pop("least_share") == "0.1"
    assert {**latest, "parameters": None} == {
        "plugin": "acme_rules",
        "pluginVersion": "1.0.0",
        "policy": POTENTIAL,
        "parameters": None,
        "settingRevision": 1,
    }
    tried = admin.must(
        "simulatePolicy",
        "changed lines { difference }",
        policy=POTENTIAL,
        planId=admin.ids["plan"],
        orgUnitId=admin.ids["acme"],
    )
    # Two units, twelve months, one value each.
    assert (tried["changed"], [line["difference"] for line in tried["lines"]]) == (0, ["0.00"] * 24)


def test_its_fields_are_in_the_graph_once_it_is_trusted_and_switched_on(customer: Customer) -> None:
    """Null before, then the potential of each unit and of forty customers: 40 × 0.3 × 1,000 = 12,000."""
    query = """{
        company { root { children { name acmeRulesPotential { customers yearly } acmeRulesReached } } }
        acmeRules { worth(customers: "40") { yearly } }
    }"""
    admin = customer.admin_where(IN_SERVER)
    admin.must("switchPolicy", "policy { key }", policy="acme_rules.graph", active=False)
    off = admin.ask(query)
    assert off["acmeRules"] is None
    assert [unit["acmeRulesPotential"] for unit in off["company"]["root"]["children"]] == [None, None]
    admin.must("switchPolicy", "policy { key }", policy="acme_rules.graph", active=True)
    on = admin.ask(query)
    assert on["acmeRules"] == {"worth": {"yearly": "12000.00"}}
    assert [
        (unit["name"], unit["acmeRulesPotential"], unit["acmeRulesReached"])
        for unit in on["company"]["root"]["children"]
    ] == [
        ("East", {"customers": "120", "yearly": "63000.00"}, "0.0000"),
        ("West", {"customers": "80", "yearly": "36020.00"}, "0.0000"),
    ]


def test_without_the_plugin_nothing_is_split_by_another_and_its_history_is_there(customer: Customer) -> None:
    """The operator leaves it out: its policy is told as unavailable, and what it decided stays readable."""
    admin = customer.admin_where("none")
    admin.find()
    found = admin.ask(
        "{ policies { key active unavailableReason } plans { versions { decompositions { policy explanation } } } }"
    )
    gone = next(one for one in found["policies"] if one["key"] == POTENTIAL)
    assert gone["active"] is True
    assert "this installation does not allow it" in gone["unavailableReason"]
    decided = found["plans"][0]["versions"][0]["decompositions"][0]
    assert decided["policy"] == POTENTIAL
    assert "East could sell 63000.00 a year." in str(decided["explanation"])
    assert [error["code"] for error in admin.split()["errors"]] == ["POLICY_UNAVAILABLE"]
