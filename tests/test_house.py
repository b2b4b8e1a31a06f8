"""The house rules that a machine can check, one test per module: purity, size, a theory, a mirrored test file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "ringfence"
TESTS = Path(__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))

PURE_ROOMS = {"model", "resources", "layers", "topology", "engine", "posture", "checks"}
IMPURE_MODULES = {
    "os",
    "sys",
    "pathlib",
    "io",
    "socket",
    "subprocess",
    "time",
    "tempfile",
    "shutil",
    "logging",
    "random",
}
IMPURE_CALLS = {"open", "print", "input", "now", "utcnow", "today"}
LONGEST = 400
"""Lines of a module; a longer one needs splitting."""

UNMIRRORED = {"__init__.py", "__main__.py"}
"""Names of modules that need no test file of their own."""

VALUES_ONLY = {"resources"}
"""Rooms of plain values without behaviour: the tests of their sources and layers fill and read every field."""


def name(module: Path) -> str:
    return str(module.relative_to(SOURCE))


def impurities(tree: ast.AST) -> Iterator[str]:
    """Every import and call that does I/O, reads a clock or prints."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in IMPURE_CALLS:
                yield f"line {node.lineno}: calls {called}"
            continue
        else:
            continue
        yield from (f"line {node.lineno}: imports {name}" for name in names if name.split(".")[0] in IMPURE_MODULES)


@pytest.mark.parametrize("module", [m for m in MODULES if m.relative_to(SOURCE).parts[0] in PURE_ROOMS], ids=name)
def test_pure_rooms_do_no_io(module: Path) -> None:
    assert list(impurities(ast.parse(module.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os", 1),
        ("import os.path as p", 1),
        ("from pathlib import Path", 1),
        ("print('x')", 1),
        ("datetime.now()", 1),
        ("datetime.datetime.utcnow()", 1),
        ("with open('f') as f: pass", 1),
        ("import osmosis\nfrom ipaddress import ip_network\nf(now=1)", 0),
    ],
)
def test_impurities_are_recognised(code: str, expected: int) -> None:
    assert len(list(impurities(ast.parse(code)))) == expected


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_module_opens_with_its_theory_and_stays_short(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module opens with a docstring"


def mirror(module: Path) -> Path:
    return TESTS / module.relative_to(SOURCE).parent / f"test_{module.name}"


@pytest.mark.parametrize("module", [m for m in MODULES if m.name not in UNMIRRORED], ids=name)
def test_module_has_its_test_file(module: Path) -> None:
    if module.relative_to(SOURCE).parts[0] not in VALUES_ONLY:
        assert mirror(module).exists(), f"{mirror(module).relative_to(TESTS.parent)} is missing"
