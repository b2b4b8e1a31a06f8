"""What the README and the pages of `docs/` show is what the program does: commands, Python, links."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tests.docs.console import PAGES, ROOT, Shown, fits, run, shown

COMMANDS = [one for page in PAGES for one in shown(page)]
SESSIONS = [page for page in PAGES if ">>> " in page.read_text(encoding="utf-8")]


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: f"{one.page}: {one.command}")
def test_command_prints_what_the_page_shows(one: Shown) -> None:
    output, code = run(one.command)
    assert fits(one.output, output), f"python -m tests.docs.console writes it:\n{output}"
    assert one.code in (None, code)


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: page.name)
def test_python_prints_what_the_page_shows(page: Path) -> None:
    test = doctest.DocTestParser().get_doctest(page.read_text(encoding="utf-8"), {}, page.name, str(page), 0)
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert failed == 0
    assert tried


def test_the_pages_show_every_command() -> None:
    verbs = {one.command.split()[2] for one in COMMANDS}
    assert {"verify", "connectivity", "explain"} <= verbs


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        linked = page.parent / path if path else page
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {_anchor(one) for one in headings}, target


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize(
    ("written", "output", "expected"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\n\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a\n...\n", "a\nb\nc\n", True),
        ("a\n...\nd\n", "a\nd\n", True),
        ("a\n...\nd\n", "a\nb\n", False),
        ("a ... c\n", "a b c\n", True),
        ("a ... c\n", "a b\nc\n", False),
        ("(a)\n", "(a)  \n", True),
        ("a.b\n", "axb\n", False),
    ],
)
def test_fits(written: str, output: str, expected: bool) -> None:
    assert fits(written, output) is expected


@pytest.mark.parametrize("block", ["$ make demo\n", "ringfence verify\n"])
def test_what_cannot_be_run_is_refused(block: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```console\n{block}```\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.md"):
        list(shown(page))
