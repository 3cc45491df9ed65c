"""Finds queries outside the unit of work: whatever reaches the database and is bound to no company.

A query goes through a `Snapshot` or a `Transaction`, whose company row-level security goes by. Whoever opens a
connection of his own, asks a model, or calls `fetch` and the like on anything else is an offence, but for the few
places that `OWNERS` names, each with what it does there. So is whoever opens a unit of work for a company that he
names himself, but for `OPENERS`: all others are given theirs, which is the viewer's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOTS: Final = ("core/quotaloom", "schema/quotaloom_graphql", "schema/quotaloom_server", "plugins")

OWNERS: Final = {
    ("core/quotaloom/platform/unit_of_work.py", "*"): "is the unit of work",
    ("core/quotaloom/platform/database.py", "*"): "keeps the pool that units of work take connections from",
    ("core/quotaloom/platform/engine.py", "*"): "waits for connections of the pool",
    ("core/quotaloom/platform/readers.py", "*"): "begins the transactions of snapshots, and asks nothing",
    ("core/quotaloom/platform/wire.py", "*"): "sends what begins those transactions",
    ("core/quotaloom/platform/prepared.py", "*"): "sends what snapshots ask",
    ("core/quotaloom/platform/probing.py", "*"): "asks whether the database answers",
    ("core/quotaloom/platform/migrating.py", "*"): "changes tables, with the administrator's role",
    ("core/quotaloom/platform/creating_models.py", "*"): "is an operation of migrations",
    ("core/quotaloom/platform/jobs/storage.py", "*"): "makes the tables of jobs, which belong to the installation",
    ("core/quotaloom/platform/jobs/worker.py", "*"): "takes jobs of all companies; each then works in its own",
    ("core/quotaloom/platform/notifications.py", "_listen"): "listens, and reads nothing",
    ("core/quotaloom/platform/notifications.py", "_watched"): "asks whether the connection lives",
    ("core/quotaloom/organizations/commands/companies.py", "company_id_of"): "finds the company that a key names",
    ("schema/quotaloom_server/http_front.py", "connection_made"): "counts the connections of clients",
    ("schema/quotaloom_server/http_front.py", "_crowded"): "tells how many connections of clients there are",
    ("schema/quotaloom_server/http_front.py", "leave"): "gives the place of a client's connection to another one",
    ("schema/quotaloom_server/websocket_front.py", "leave"): "tells how many connections of clients there are",
    ("schema/quotaloom_server/signing_in/origins.py", "require_here"): "asks where a request comes from",
    (
        "schema/quotaloom_server/databases.py",
        "_compare_versions",
    ): "compares migrations, as administrator",
    ("core/quotaloom/platform/schema_versions.py", "applied_migrations"): "is given the administrator's connection",
    ("core/quotaloom/platform/backups/checksums.py", "*"): "reads all companies, as administrator",
    ("core/quotaloom/platform/backups/restoring.py", "*"): "writes all companies, as administrator",
    ("core/quotaloom/platform/backups/taking.py", "*"): "reads all companies, as administrator",
    ("schema/quotaloom_server/bearers.py", "company_keys"): "lists companies on the command line, as administrator",
    ("schema/quotaloom_server/databases.py", "_reach"): "tries the administrator's URL",
    ("schema/quotaloom_server/commands/listed.py", "_loaded"): "imports the command that was asked for",
    ("schema/quotaloom_server/databases.py", "_ensure_database"): "makes the database itself",
}
"""Where a connection may be used as it is: the file, and the function (`*` for all of the file); and what for."""

OPENERS: Final = {
    ("core/quotaloom/platform/work.py", "*"): "the viewer's",
    ("core/quotaloom/platform/once.py", "_done"): "the viewer's, or the one that he founds",
    ("core/quotaloom/platform/once.py", "_still_done"): "the same; nothing of it stays",
    ("schema/quotaloom_graphql/context.py", "snapshot"): "the one that the token names",
    ("core/quotaloom/policies/delivering.py", "_as_job"): "the one that the job's work is in",
    ("core/quotaloom/platform/jobs/handlers.py", "work"): "the one that the job names",
    (
        "core/quotaloom/credentials/known_keys.py",
        "_look_up",
    ): "the one that the key names, which is then looked for in it",
    ("core/quotaloom/credentials/known_keys.py", "_write_use"): "the one in which the key was found",
    ("core/quotaloom/credentials/sessions.py", "begin_session"): "the one of the member who was let in",
    ("core/quotaloom/credentials/sessions.py", "member_of_session"): "the one that the session names, to look for it",
    ("core/quotaloom/credentials/sessions.py", "end_session"): "the one of the member whose session it is",
    ("core/quotaloom/credentials/links.py", "linked_members"): "none: a function of the database finds the links",
    ("core/quotaloom/credentials/links.py", "confirm_link"): "the one in which the link was found",
    ("core/quotaloom/platform/refused_access.py", "_write"): "the one of whoever was refused",
    ("core/quotaloom/founding.py", "found_company"): "the one that is founded",
    ("core/quotaloom/targets/attainment_feed.py", "_above"): "the one of those who watch it",
    ("core/quotaloom/policies/courier.py", "_look"): "none: a function of the database lists those that listen",
    ("core/quotaloom/policies/courier.py", "_ask"): "the one that has events to be delivered",
    ("core/quotaloom/platform/jobs/purging.py", "purge"): "none: what is done is not of a company",
    ("core/quotaloom/importing/importer.py", "*"): "the one that is imported, on the command line",
    ("core/quotaloom/demo/loading.py", "_our_turn"): "the demo company",
    ("core/quotaloom/demo/loading.py", "_stored"): "the demo company",
    ("schema/quotaloom_server/bearers.py", "company_named"): "the one named on the command line",
    ("schema/quotaloom_server/bearers.py", "_member"): "the one named on the command line",
    ("schema/quotaloom_server/commands/worker.py", "_work"): "none: the tables of jobs are looked at",
    ("schema/quotaloom_server/signing_in/demo_members.py", "_present"): "the demo company",
    ("schema/quotaloom_server/signing_in/routes.py", "_require_present"): "the one that somebody signs in to",
    ("schema/quotaloom_server/withdrawals.py", "_look_at"): "the one of those who are connected",
}
"""Where a unit of work is opened for a company: the file, the function, and which company it is."""

DRIVERS: Final = {"psycopg", "psycopg2", "psycopg_pool", "pg8000", "aiopg", "sqlalchemy", "pgqueuer", "tortoise"}
"""What reaches a database besides asyncpg."""

BINDING: Final = re.compile(
    r"quotaloom\.company_id|row_security|session_replication_role"
    r"|\b(?:SET|RESET) (?:LOCAL |SESSION )?(?:ROLE|ALL\b|AUTH)",
    re.IGNORECASE,
)
"""What a statement would say that takes a unit of work to another company, or around row-level security."""

QUERIES: Final = {
    *("fetch", "fetch_one", "fetchrow", "fetchval", "fetchmany", "execute", "executemany", "execute_script"),
    *("execute_query", "execute_query_dict", "execute_many", "cursor", "prepare", "copy_records_to_table"),
    *("copy_to_table", "copy_from_query", "copy_from_table"),
}
"""Methods that send a statement."""

CONNECTIONS: Final = {
    *("acquire_connection", "in_transaction", "get_connection", "acquire", "client", "connections"),
    *("TransactionWrapper", "AsyncpgDBClient", "Tortoise", "TortoiseContext", "_client"),
}
"""Names under which there is a connection."""

UNITS: Final = {"Snapshot", "Transaction"}
"""The classes of units of work."""

HOME: Final = "quotaloom.platform.unit_of_work"
"""Where they come from."""

UNIT_NAMES: Final = {"snapshot", "transaction"}
OPENING: Final = {"snapshot", "write", "held"}

AMBIGUOUS: Final = {"cursor", "prepare"}
"""Methods that send a statement, whose names others have for other things."""

HARMLESS: Final = {"Record"}
"""What anybody may import from asyncpg, besides its errors."""


@dataclass(frozen=True, slots=True)
class Offence:
    """A place at which the database is reached outside a unit of work."""

    file: str
    line: int
    function: str
    what: str

    @property
    def excused(self) -> dict[tuple[str, str], str]:
        """The places at which it would be none."""
        return OWNERS | OPENERS if self.what.startswith("opens") else OWNERS

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}: {self.what}"


def offences_in(repository: Path) -> list[Offence]:
    """All of the product's code, in the order of its files."""
    files = (path for root in ROOTS for path in sorted((repository / root).rglob("*.py")))
    return [found for path in files for found in offences_of(str(path.relative_to(repository)), path.read_text())]


def offences_of(file: str, source: str) -> list[Offence]:
    """Those of one file that no owner answers for; migrations are the administrator's, models declare tables."""
    if "/migrations/" in file:
        return []
    found = _Reading(file, ast.parse(source)).offences()
    return [one for one in found if not any((file, name) in one.excused for name in ("*", *one.function.split(".")))]


class _Reading:
    """One file on its way from node to node, with the functions around each."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self._file, self._tree = file, tree
        self._declares = file.endswith("/models.py")
        self._units = {*UNITS, *_names_of_units(tree)}

    def offences(self) -> list[Offence]:
        return list(self._within(self._tree, ()))

    def _within(self, node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Offence]:
        for child in ast.iter_child_nodes(node):
            for what in self._wrong(child, node, around):
                names = [one.name for one in around if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
                yield Offence(self._file, getattr(child, "lineno", 0), ".".join(names) or "the module", what)
            yield from self._within(child, (*around, child))

    def _wrong(self, node: ast.AST, parent: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (what for alias in node.names for what in self._imported(alias))
        elif isinstance(node, ast.ImportFrom):
            yield from (what for alias in node.names for what in self._imported_from(node.module or "", alias))
        elif isinstance(node, ast.Call):
            yield from self._called(node, around)
        elif isinstance(node, ast.Attribute):
            yield from self._mentioned(node, parent, around)
        elif isinstance(node, ast.arg) and node.annotation is not None:
            yield from self._annotated(node.arg, node.annotation)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield from self._annotated(node.target.id, node.annotation)
        elif isinstance(node, ast.ClassDef) and node.name in UNITS:
            yield f"calls a class of its own {node.name}"
        elif isinstance(node, ast.Constant) and not isinstance(parent, ast.Expr):  # a docstring is not sent
            yield from (f"says {said} in a statement" for said in BINDING.findall(str(node.value)))

    def _imported(self, alias: ast.alias) -> Iterator[str]:
        root = alias.name.partition(".")[0]
        if root == "asyncpg" and (alias.name != root or alias.asname not in (None, root)):
            yield f"imports {alias.name} by another name"
        elif root in DRIVERS and not self._declares:
            yield f"imports {alias.name}"
        elif root == "quotaloom" and alias.name.endswith(".models"):
            yield f"imports the model {alias.name}"

    def _imported_from(self, module: str, alias: ast.alias) -> Iterator[str]:
        root, name = module.partition(".")[0], alias.name
        if root == "asyncpg":
            if name not in HARMLESS and not name.endswith("Error"):
                yield f"imports {name} of asyncpg"
        elif root in DRIVERS:
            if not self._declares and not name.endswith("Error"):
                yield f"imports {name} of {root}"
        elif root.startswith("quotaloom") and not self._declares and (module.endswith(".models") or name == "models"):
            yield f"imports the model {name}"
        if (name in UNITS and (module != HOME or alias.asname not in (None, name))) or alias.asname in UNITS - {name}:
            yield f"calls {name} of {module} {alias.asname or name}"

    def _mentioned(self, node: ast.Attribute, parent: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[str]:
        if node.attr in CONNECTIONS:
            yield f"takes a connection by .{node.attr}"
        elif node.attr.startswith("_") and self._is_unit(node.value, around):
            yield f"reaches for {ast.unparse(node)}, which is the unit of work's own"
        elif node.attr == "models" and isinstance(node.value, ast.Name) and node.value.id != "self":
            yield f"reaches for the models of {node.value.id}"
        elif node.attr in UNITS:
            yield f"calls {ast.unparse(node)} what is a {node.attr}"
        elif isinstance(node.value, ast.Name) and node.value.id == "asyncpg":
            if node.attr not in HARMLESS and not node.attr.endswith("Error"):
                yield f"uses asyncpg.{node.attr}"
        elif node.attr in UNIT_NAMES and isinstance(node.ctx, ast.Store):
            yield f"calls something a {node.attr} that nobody declared one"
        elif node.attr in QUERIES - AMBIGUOUS and not _calls(parent, node) and not self._is_unit(node.value, around):
            yield f"hands on .{node.attr} of {ast.unparse(node.value)}"

    def _called(self, node: ast.Call, around: tuple[ast.AST, ...]) -> Iterator[str]:
        called = node.func
        name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
        given = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if name == "getattr" and set(given) & (QUERIES | CONNECTIONS):
            yield f"takes .{given[0]} by its name"
        elif name in ("import_module", "__import__") and (
            not given or given[0].partition(".")[0] in {*DRIVERS, "asyncpg"}
        ):
            yield f"imports {given or 'something'} while it runs"
        if isinstance(called, ast.Name):
            if name in UNITS or name in CONNECTIONS:
                yield f"calls {name} itself"
            return
        if not isinstance(called, ast.Attribute):
            return
        receiver = called.value
        if isinstance(receiver, ast.Name) and receiver.id == "Transaction" and name == "begin":
            yield "begins a transaction of its own"
        elif name in OPENING and ast.unparse(receiver).endswith("database") and node.args:
            yield f"opens a unit of work of {ast.unparse(node.args[0])}"
        elif name in QUERIES and not self._is_unit(receiver, around) and not self._is_schema(receiver, name):
            yield f"calls .{name} on {ast.unparse(receiver)}, which is no Snapshot and no Transaction"

    def _is_schema(self, receiver: ast.expr, name: str) -> bool:
        """Whether it is a GraphQL schema, which executes documents."""
        return (
            name == "execute"
            and self._file.startswith("schema/")
            and ast.unparse(receiver) in ("super()", "self.schema")
        )

    def _annotated(self, name: str, annotation: ast.expr) -> Iterator[str]:
        if name in UNIT_NAMES and not self._names_units(annotation):
            yield f"calls something a {name} that is a {ast.unparse(annotation)}"

    def _is_unit(self, receiver: ast.expr, around: tuple[ast.AST, ...]) -> bool:
        """Whether a name was declared as a unit of work, or an attribute is called one (`_annotated` sees to that)."""
        if isinstance(receiver, ast.Attribute):
            return receiver.attr == "snapshot"
        if not isinstance(receiver, ast.Name):
            return False
        for function in reversed(around):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                declared = [one for one in _parameters(function) if one.arg == receiver.id]
                if declared:
                    annotation = declared[0].annotation
                    return (
                        annotation is not None and self._names_units(annotation) and not _given(function, receiver.id)
                    )
                opened = [] if isinstance(function, ast.Lambda) else _opened(function, receiver.id)
                if opened:
                    return len(opened) == len(_given(function, receiver.id))
        return False

    def _names_units(self, annotation: ast.expr) -> bool:
        """Whether an annotation is made of units of work alone, or of none."""
        if isinstance(annotation, ast.BinOp):
            return self._names_units(annotation.left) and self._names_units(annotation.right)
        if isinstance(annotation, ast.Constant):
            return annotation.value is None
        return isinstance(annotation, ast.Name) and annotation.id in self._units


def _calls(parent: ast.AST, node: ast.Attribute) -> bool:
    return isinstance(parent, ast.Call) and parent.func is node


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.arg]:
    given = function.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs]


def _given(function: ast.AST, name: str) -> list[ast.Name]:
    """Each time that something is called by this name within a function."""
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
    ]


def _opened(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> list[ast.Name]:
    """Each time that it is a snapshot: `async with work.snapshot() as name`, `name = context.snapshot`."""
    found: list[ast.expr] = []
    for node in ast.walk(function):
        if isinstance(node, ast.AsyncWith):
            for item in node.items:
                opening, target = item.context_expr, item.optional_vars
                if isinstance(opening, ast.Call) and _ends_with_snapshot(opening.func) and target is not None:
                    found.append(target)
        elif isinstance(node, ast.Assign) and _ends_with_snapshot(node.value):
            found += node.targets
    return [one for one in found if isinstance(one, ast.Name) and one.id == name]


def _ends_with_snapshot(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "snapshot"


def _names_of_units(tree: ast.Module) -> set[str]:
    """What else a module calls units of work: `Reader = Snapshot | Transaction`, of its own or imported."""
    found = {"Reader", "Source"} & {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "") in _ALIASES
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value) == "Snapshot | Transaction":
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


_ALIASES: Final = {"quotaloom.funnels.standings", "quotaloom.metrics.reads", "quotaloom.attributes.reads"}
"""Modules that declare such a name for others."""
