"""Finds queries outside the unit of work: whatever reaches the database and is bound to no company.

A query goes through a `Snapshot` or a `Transaction`, whose company row-level security goes by. Whoever opens a
connection of his own, asks a model, or calls `fetch` and the like on anything else is an offence, but for the few
places that `OWNERS` names, each with what it does there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOTS: Final = ("core/quotaloom", "schema/quotaloom_graphql", "schema/quotaloom_server", "plugins")

OWNERS: Final = {
    ("core/quotaloom/platform/unit_of_work.py", "*"): "is the unit of work",
    ("core/quotaloom/platform/database.py", "*"): "keeps the pool that units of work take connections from",
    ("core/quotaloom/platform/engine.py", "*"): "waits for connections of the pool",
    ("core/quotaloom/platform/probing.py", "_ask"): "asks whether the database answers",
    ("core/quotaloom/platform/migrating.py", "*"): "changes tables, with the administrator's role",
    ("core/quotaloom/platform/creating_models.py", "*"): "is an operation of migrations",
    ("core/quotaloom/platform/jobs/storage.py", "*"): "makes the tables of jobs, which belong to the installation",
    ("core/quotaloom/platform/jobs/worker.py", "*"): "takes jobs of all companies; each then works in its own",
    ("core/quotaloom/platform/notifications.py", "_listen"): "listens, and reads nothing",
    ("core/quotaloom/platform/notifications.py", "_watched"): "asks whether the connection lives",
    ("core/quotaloom/organizations/commands/companies.py", "company_id_of"): "finds the company that a key names",
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
    ("schema/quotaloom_server/databases.py", "_ensure_database"): "makes the database itself",
}
"""Where a connection may be used as it is: the file, and the function (`*` for all of the file); and what for."""

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

HARMLESS: Final = {"Record"}
"""What anybody may import from asyncpg, besides its errors."""


@dataclass(frozen=True, slots=True)
class Offence:
    """A place at which the database is reached outside a unit of work."""

    file: str
    line: int
    function: str
    what: str

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
    return [one for one in found if not any((file, name) in OWNERS for name in ("*", *one.function.split(".")))]


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
            for what in self._wrong(child, around):
                names = [one.name for one in around if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
                yield Offence(self._file, getattr(child, "lineno", 0), ".".join(names) or "the module", what)
            yield from self._within(child, (*around, child))

    def _wrong(self, node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[str]:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from self._imported(node)
        elif isinstance(node, ast.Call):
            yield from self._called(node, around)
        elif isinstance(node, ast.Attribute) and node.attr in CONNECTIONS:
            yield f"takes a connection by .{node.attr}"
        elif isinstance(node, ast.arg) and node.annotation is not None:
            yield from self._annotated(node.arg, node.annotation)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield from self._annotated(node.target.id, node.annotation)

    def _imported(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            name = alias.name
            if module == "asyncpg" or module.startswith("asyncpg."):
                if name not in HARMLESS and not name.endswith("Error"):
                    yield f"imports {name} of asyncpg"
            elif "tortoise" in (module.split(".")[0], name.split(".")[0]):
                if not self._declares and not name.endswith("Error"):
                    yield f"imports {name} of tortoise"
            elif (module.endswith(".models") and "quotaloom" in module and not self._declares) or name.endswith(
                ".models"
            ):
                yield f"imports the model {name}"

    def _called(self, node: ast.Call, around: tuple[ast.AST, ...]) -> Iterator[str]:
        called = node.func
        if isinstance(called, ast.Name):
            if called.id == "Snapshot" or called.id in CONNECTIONS:
                yield f"calls {called.id} itself"
            return
        if not isinstance(called, ast.Attribute):
            return
        receiver = called.value
        if isinstance(receiver, ast.Name) and receiver.id == "asyncpg":
            yield f"calls asyncpg.{called.attr}"
        elif isinstance(receiver, ast.Name) and receiver.id == "Transaction" and called.attr == "begin":
            yield "begins a transaction of its own"
        elif called.attr in QUERIES and not self._is_unit(receiver, around):
            yield f"calls .{called.attr} on {ast.unparse(receiver)}, which is no Snapshot and no Transaction"

    def _annotated(self, name: str, annotation: ast.expr) -> Iterator[str]:
        if name in {"snapshot", "transaction"} and not self._names_units(annotation):
            yield f"calls something a {name} that is a {ast.unparse(annotation)}"

    def _is_unit(self, receiver: ast.expr, around: tuple[ast.AST, ...]) -> bool:
        """Whether a name was declared as a unit of work, or an attribute is called one (`_annotated` sees to that)."""
        if ast.unparse(receiver) in ("super()", "self.schema"):
            return True  # the schema executes GraphQL
        if isinstance(receiver, ast.Attribute):
            return receiver.attr == "snapshot"
        if not isinstance(receiver, ast.Name):
            return False
        for function in reversed(around):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                declared = [one for one in _parameters(function) if one.arg == receiver.id]
                if declared:
                    annotation = declared[0].annotation
                    return annotation is not None and self._names_units(annotation)
                if not isinstance(function, ast.Lambda) and receiver.id in _opened(function):
                    return True
        return False

    def _names_units(self, annotation: ast.expr) -> bool:
        """Whether an annotation is made of units of work alone, or of none."""
        if isinstance(annotation, ast.BinOp):
            return self._names_units(annotation.left) and self._names_units(annotation.right)
        if isinstance(annotation, ast.Constant):
            return annotation.value is None
        return isinstance(annotation, ast.Name) and annotation.id in self._units


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.arg]:
    given = function.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs]


def _opened(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names that a function gives to snapshots: `async with work.snapshot() as name`, `name = context.snapshot`."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.AsyncWith):
            for item in node.items:
                opening, name = item.context_expr, item.optional_vars
                if isinstance(opening, ast.Call) and _ends_with_snapshot(opening.func) and isinstance(name, ast.Name):
                    found.add(name.id)
        elif isinstance(node, ast.Assign) and _ends_with_snapshot(node.value):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


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
