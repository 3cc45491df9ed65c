"""Finds the checks in the product's code, and writes each so that it can be taken away while the code runs.

A check is found by what it asks, not by a list of places:

- `viewer.require(…)`, `viewer.may(…)`, `viewer.is_admin` and their like, and comparisons with `viewer.role`;
- whatever is asked of a `Sight`, and of the other classes that say what is open to somebody (their names end with
  `Sight`, `Reach`, `Right`, `Rights` or `Seen`): what answers yes or no, whether something is in one of their sets,
  what leaves out of a list what is not to be seen, and the sets that filters go by (None: everything);
- calls of functions that answer yes or no, or are called `require_…`, where there is such a check inside.

Each is written anew as `True if __removed__(17, 0) else sight.sees_unit(id)`. What answers yes or no may let in by
either, so it has two ways of being removed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[3]
ROOTS: Final = ("core/quotaloom", "schema/quotaloom_graphql")
SWITCH: Final = "__removed__"

SHOWN: Final = 60
"""How many characters of a check are in its name."""

_OPEN: Final = re.compile(r"(Sight|Reach|Rights?|Seen)$")
"""Names of classes that say what is open to somebody."""

_HOLDER: Final = re.compile(r"_?(sight|reach|rights?|seen|Sight)$")
"""What such an object is called, or the method that answers it."""

_MENTIONED: Final = re.compile(r"\b_?(viewer|sight|reach|rights?|seen|Viewer|Sight)\b")
"""Whoever checks something has one of these in his hands."""

_REQUIRING: Final = re.compile(r"^_?(require|refuse|check)")
_SET: Final = re.compile(r"(frozenset|Collection|Sequence)\[.*\| None$")


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its file, the function around it, its text, and what it can be replaced with.

    `kind` is `right` (the role or the scopes of a viewer), `sight` (what is open to him) or `rule` (a function that
    has such a check inside). `among` tells checks apart that read alike in one function.
    """

    number: int
    file: str
    function: str
    kind: str
    text: str
    instead: tuple[str, ...]
    among: int = 0

    @property
    def name(self) -> str:
        """What it is called within its file; the same in every run, as long as the check is not changed."""
        return f"{self.function}: {self.text}" + (f" ({self.among + 1})" if self.among else "")

    @property
    def module(self) -> str:
        """Its file, by folder and name: `leads/reads`."""
        return "/".join(Path(self.file).with_suffix("").parts[-2:])


@dataclass
class Code:
    """All of the product: its checks, and its modules with a switch at each."""

    checks: list[Check] = field(default_factory=list)
    modules: dict[Path, ast.Module] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the product's code before its checks are found.

    `members` are those of the classes that say what is open to somebody, with what each answers, `methods` those of
    them that are called; `rules` the functions that are checks themselves, by module and name.
    """

    members: dict[str, str]
    methods: set[str]
    rules: set[tuple[str, str]]


def product(repository: Path = REPOSITORY) -> Code:
    """The code of core and graph, with its checks."""
    files = (path for root in ROOTS for path in sorted((repository / root).rglob("*.py")))
    texts = {path: text for path in files if _MENTIONED.search(text := path.read_text())}
    sources = {path: ast.parse(text) for path, text in texts.items()}
    modules = {path: module_of(path, repository) for path in sources}
    known = Known(*_members(sources.values()), set())
    while rules := _rules(sources, modules, known) - known.rules:
        known.rules.update(rules)
    code = Code()
    for path, tree in sources.items():
        writer = _Writer(path.relative_to(repository).as_posix(), modules[path], tree, known, code.checks)
        before = len(code.checks)
        written = writer.visit(tree)
        assert isinstance(written, ast.Module)
        if len(code.checks) > before:
            code.modules[path] = ast.fix_missing_locations(written)
    return code


def module_of(path: Path, repository: Path = REPOSITORY) -> str:
    """The name under which a file of the product is imported."""
    parts = path.relative_to(repository).with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _members(trees: Iterable[ast.Module]) -> tuple[dict[str, str], set[str]]:
    """What the members of such classes answer, by name; and which of them are methods."""
    found: dict[str, str] = {}
    methods: set[str] = set()
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and _OPEN.search(node.name):
                for one in node.body:
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                        found[one.target.id] = ast.unparse(one.annotation)
                    elif isinstance(one, ast.FunctionDef) and one.returns is not None:
                        found[one.name] = ast.unparse(one.returns)
                        if not one.decorator_list:
                            methods.add(one.name)
    return found, methods


def _rules(sources: dict[Path, ast.Module], modules: dict[Path, str], known: Known) -> set[tuple[str, str]]:
    """Functions that answer yes or no by a check, or refuse by one."""
    found = set()
    for path, tree in sources.items():
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.returns is None:
                continue
            answer = ast.unparse(node.returns)
            if answer == "bool" or (answer == "None" and _REQUIRING.match(node.name)):
                finder = _Writer("", modules[path], tree, known, [])
                if finder.has_checks(node):
                    found.add((modules[path], node.name))
    return found


class _Writer(ast.NodeTransformer):
    """Puts a switch at each check of a module."""

    def __init__(self, file: str, module: str, tree: ast.Module, known: Known, checks: list[Check]) -> None:
        self._file, self._module, self._known, self._checks = file, module, known, checks
        self._around: list[str] = []
        self._names = dict(_imported(tree, module))
        self._open: list[bool] = [False]
        self._alike: dict[tuple[str, str], int] = {}

    def has_checks(self, node: ast.AST) -> bool:
        """Whether there is a check inside."""
        return any(self._instead(one) for one in ast.walk(node) if isinstance(one, ast.expr))

    def visit(self, node: ast.AST) -> ast.AST:
        """The node with switches."""
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return self._within(node)
        instead = self._instead(node) if isinstance(node, ast.expr) and self._around else None
        text = shortened(ast.unparse(node)) if instead else ""
        written = self.generic_visit(node)
        if instead is None:
            return written
        assert isinstance(written, ast.expr)
        return self._switched(written, instead[0], text, instead[1])

    def _within(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        own = isinstance(node, ast.ClassDef)
        self._around.append(node.name)
        if own:
            self._open.append(bool(_OPEN.search(node.name)) or node.name == "Viewer")
        for name, value in ast.iter_fields(node):
            if name == "body":
                node.body = [self.visit(one) for one in value]  # type: ignore[misc]
        if own:
            self._open.pop()
        self._around.pop()
        return node

    def _switched(self, written: ast.expr, kind: str, text: str, alternatives: list[ast.expr]) -> ast.expr:
        function, number = ".".join(self._around), len(self._checks)
        among = self._alike[function, text] = self._alike.get((function, text), -1) + 1
        instead = tuple(ast.unparse(one) for one in alternatives)
        self._checks.append(Check(number, self._file, function, kind, text, instead, among))
        for place, alternative in enumerate(alternatives):
            called = ast.Call(ast.Name(SWITCH, ast.Load()), [ast.Constant(number), ast.Constant(place)], [])
            written = ast.copy_location(ast.IfExp(called, alternative, written), written)
        return written

    def _instead(self, node: ast.expr) -> tuple[str, list[ast.expr]] | None:
        """The kind of the check that a node is, and what it would be without it; None where it is none."""
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            return self._called(node.value, awaited=True)
        if isinstance(node, ast.Call):
            return self._called(node, awaited=False)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ("sight", _answers()) if self._is_member(node.operand, "frozenset[int]") else None
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            return self._read(node)
        return None

    def _called(self, node: ast.Call, *, awaited: bool) -> tuple[str, list[ast.expr]] | None:
        called = node.func
        if isinstance(called, ast.Name) and self._names.get(called.id) in self._known.rules:
            return ("rule", _answers(refusing=bool(_REQUIRING.match(called.id))))
        if isinstance(called, ast.Name) and called.id == "bool" and self._is_member(node.args[0], "frozenset[int]"):
            return ("sight", _answers())
        if not isinstance(called, ast.Attribute):
            return None
        module = self._names.get(called.value.id, ()) if isinstance(called.value, ast.Name) else ()
        if (".".join(module), called.attr) in self._known.rules:
            return ("rule", _answers(refusing=bool(_REQUIRING.match(called.attr))))
        if awaited:
            return None
        if self._is_viewer(called.value) and called.attr in ("require", "require_admin", "require_to_read", "may"):
            return ("right", _answers(refusing=called.attr != "may"))
        if self._is_open(called.value) and called.attr in self._known.members and node.args:
            return _without(self._known.members[called.attr], node.args[0])
        return None

    def _compared(self, node: ast.Compare) -> tuple[str, list[ast.expr]] | None:
        left, operator, right = node.left, node.ops[0], node.comparators[0]
        if isinstance(left, ast.Attribute) and left.attr == "role" and self._is_viewer(left.value):
            return ("right", _answers())
        if isinstance(operator, ast.In | ast.NotIn) and (
            self._is_member(right, "frozenset[int]") or self._is_set(right)
        ):
            return ("sight", _answers())
        if isinstance(operator, ast.Eq | ast.NotEq):
            if any(self._is_member(one, "int | None") for one in (left, right)):
                return ("sight", _answers())
            if any(self._is_own(one) for one in (left, right)):
                return ("right", _answers())
        return None

    def _read(self, node: ast.Attribute) -> tuple[str, list[ast.expr]] | None:
        if node.attr in ("is_admin", "may_read") and self._is_viewer(node.value):
            return ("right", _answers())
        if not self._is_open(node.value) or self._called_by(node):
            return None
        if self._known.members.get(node.attr) == "bool":
            return ("sight", _answers(referred=node.attr in self._known.methods))
        return ("sight", [ast.Constant(None)]) if self._is_set(node) else None

    def _is_own(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == "member_id" and self._is_viewer(node.value)

    def _called_by(self, node: ast.Attribute) -> bool:
        """Whether it is a method, which is a check where it is called, or a set that cannot stand for everything."""
        return getattr(node, "called", False)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """The node with switches inside."""
        for used in _used(node):
            used.called = True  # type: ignore[attr-defined]
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            node.value = super().generic_visit(node.value)  # type: ignore[assignment]  # it is a check with its await
            return node
        return super().generic_visit(node)

    def _is_member(self, node: ast.expr, answer: str) -> bool:
        return (
            isinstance(node, ast.Attribute)
            and self._is_open(node.value)
            and self._known.members.get(node.attr) == answer
        )

    def _is_set(self, node: ast.expr) -> bool:
        """Whether it is a set that filters go by, which is None where everything is open."""
        return isinstance(node, ast.Attribute) and bool(
            self._is_open(node.value) and _SET.search(self._known.members.get(node.attr, ""))
        )

    def _is_open(self, node: ast.expr) -> bool:
        name = _last_name(node)
        return bool(_HOLDER.match(name)) or (name == "self" and self._open[-1])

    def _is_viewer(self, node: ast.expr) -> bool:
        name = _last_name(node)
        return name in ("viewer", "_viewer") or (name == "self" and self._open[-1])


def _used(node: ast.AST) -> Iterator[ast.expr]:
    """What is called in a node, and the sets that it looks into or copies, which are not None there."""
    if isinstance(node, ast.Call):
        yield node.func
        if isinstance(node.func, ast.Name) and node.func.id in ("list", "sorted"):
            yield from node.args
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        yield node.comparators[0]


def shortened(text: str) -> str:
    """The beginning of a text, as far as a name shows it."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _last_name(node: ast.expr) -> str:
    """The last name in `self`, `right.sight`, `(await context.work()).viewer` and `await context.sight()`."""
    if isinstance(node, ast.Await):
        return _last_name(node.value)
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _without(answer: str, given: ast.expr) -> tuple[str, list[ast.expr]] | None:
    """What a method answers without the check, by what it answers with it."""
    if answer == "bool":
        return ("sight", _answers())
    everything = ast.Call(ast.Name("list", ast.Load()), [given], [])
    if answer.startswith("list[tuple["):
        return ("sight", [ast.List([ast.Tuple([everything, ast.Constant(None)], ast.Load())], ast.Load())])
    return ("sight", [everything]) if answer.startswith("list[") else None


def _answers(*, refusing: bool = False, referred: bool = False) -> list[ast.expr]:
    """Nothing, of what only refuses; yes and no of what answers; and functions that answer so, of what is passed on."""
    if refusing:
        return [ast.Constant(None)]
    answers: list[ast.expr] = [ast.Constant(True), ast.Constant(False)]
    return [ast.parse(f"lambda *_: {ast.unparse(one)}", mode="eval").body for one in answers] if referred else answers


def _imported(tree: ast.Module, module: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """What names stand for: (module, name), with an empty name for a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (module, node.name)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                yield alias.asname or alias.name, (node.module, alias.name)
