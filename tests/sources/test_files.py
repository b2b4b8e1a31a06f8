"""Files, folders and standard input: what is read, in which order, and what is said about the rest."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.sources import files
from ringfence.sources.files import gather


def place(folder: Path, *names: str, text: str = "a: 1\n") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def names(found: list[files.InputFile], folder: Path) -> list[str]:
    return [os.path.relpath(one.name, folder) for one in found]


def test_folder_in_order_with_known_endings_only(tmp_path: Path) -> None:
    place(tmp_path, "b.yaml", "a/z.yml", "a/b/c.json", "a.txt", "c/d.yaml.bak", "Z.YAML", ".hidden.yaml")
    place(tmp_path, ".git/x.yaml", ".terraform/x.yaml", "node_modules/x.yaml", "a/.cache/x.yaml", ".x.yaml/y.yaml")
    found, diagnostics = gather([tmp_path])
    assert names(found, tmp_path) == [".hidden.yaml", "a/b/c.json", "a/z.yml", "b.yaml"]
    assert diagnostics == []


def test_other_endings(tmp_path: Path) -> None:
    place(tmp_path, "a.tf", "b.tf.json", "c.json", "d.yaml")
    found, _ = gather([tmp_path], endings=(".tf", ".tf.json"))
    assert names(found, tmp_path) == ["a.tf", "b.tf.json"]


def test_a_named_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    place(tmp_path, "notes.txt", ".git/x", "node_modules/y.yaml")
    found, diagnostics = gather([tmp_path / "notes.txt", tmp_path / ".git/x", tmp_path / "node_modules"])
    assert names(found, tmp_path) == ["notes.txt", ".git/x", "node_modules/y.yaml"]
    assert diagnostics == []


def test_twice_is_once(tmp_path: Path) -> None:
    place(tmp_path, "a.yaml", "b/c.yaml")
    (tmp_path / "d.yaml").symlink_to("a.yaml")
    (tmp_path / "e").symlink_to("b")
    found, diagnostics = gather([tmp_path / "b/../a.yaml", tmp_path, tmp_path, tmp_path / "e"])
    assert names(found, tmp_path) == ["a.yaml", "b/c.yaml"]
    assert diagnostics == []


def test_stdin_once() -> None:
    found, diagnostics = gather(["-", "-"], io.BytesIO(b"a: 1"))
    assert [(one.name, one.text) for one in found] == [("-", "a: 1")]
    assert diagnostics == []


def test_stdin_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    found, diagnostics = gather(["-"])
    assert found == []
    assert [str(one) for one in diagnostics] == ["-: error: standard input is closed"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        ("ä".encode(), "ä"),
        (b"\xef\xbb\xbfa", "a"),
        ("ä: 1".encode("utf-16"), "ä: 1"),
        (b"\xfe\xff" + "ä".encode("utf-16-be"), "ä"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, text: str) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    found, diagnostics = gather([tmp_path / "a.yaml"])
    assert [one.text for one in found] == [text]
    assert diagnostics == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: 1\nb: \xe4\n", "a.yaml:2: error: this is not UTF-8 text (byte 0xe4 at offset 8) (save it as UTF-8)"),
        (b"\xff\xfea", "a.yaml: error: this is not UTF-16 text (byte 0x61 at offset 2) (save it as UTF-8)"),
        (b"\x7fELF\0\0\x80", "a.yaml: error: this is binary data, not text"),
        (b"a\0b", "a.yaml: error: this is binary data, not text"),
        (b"12345678901", "a.yaml: error: this file is larger than 0 MiB (split it)"),
    ],
)
def test_unreadable_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, expected: str) -> None:
    monkeypatch.setattr(files, "LARGEST", 10)
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_bytes(data)
    place(tmp_path, "b.yaml", text="b")
    found, diagnostics = gather(["a.yaml", "b.yaml"])
    assert [one.name for one in found] == ["b.yaml"]
    assert [str(one) for one in diagnostics] == [expected]


def test_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    place(tmp_path, "texts/a.txt", "good.yaml")
    Path("circle").symlink_to("circle")
    Path("loop").mkdir()
    Path("loop/back").symlink_to("..")
    Path("gone.yaml").symlink_to("nowhere")
    found, diagnostics = gather(["missing", "empty", "texts", "circle", "gone.yaml", "loop", "a\0b", "good.yaml"])
    assert [one.name for one in found] == ["good.yaml"]
    assert [str(one) for one in diagnostics] == [
        "missing: error: cannot be read: No such file or directory",
        "empty: error: this folder holds no input (looked for .yaml, .yml, .json)",
        "texts: error: this folder holds no input (looked for .yaml, .yml, .json)",
        "circle: error: cannot be read: Too many levels of symbolic links",
        "gone.yaml: error: cannot be read: No such file or directory",
        "loop/back: error: this link leads to a folder that it lies in",
        "a\0b: error: cannot be read: embedded null byte",
    ]


def test_special_files_in_folders_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.yaml")
    place(tmp_path, "x.yaml")
    found, diagnostics = gather(["."])
    assert [one.name for one in found] == ["./x.yaml"]
    assert [str(one) for one in diagnostics] == ["./pipe.yaml: warning: this is no regular file and was left out"]


def test_no_permission(tmp_path: Path) -> None:
    """Root may read everything, so an ordinary user asks."""
    place(tmp_path, "a.yaml", "closed/b.yaml", "c.yaml")
    (tmp_path / "a.yaml").chmod(0)
    (tmp_path / "closed").chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    code = "import os, sys; sys.path[:0] = sys.argv[2:]; os.getuid() or os.setuid(65534)\n"
    code += "from ringfence.sources.files import gather; found, wrong = gather([sys.argv[1]])\n"
    code += "print(len(found), sorted(str(one).rpartition('error: ')[2] for one in wrong))"
    # The package is imported before the user changes: it may lie where nobody else can look.
    code = "import ringfence.sources.files\n" + code
    source = str(Path(files.__file__).parents[2])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r})\n{code}", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    (tmp_path / "closed").chmod(0o755)
    assert ran.stdout == "1 ['cannot be read: Permission denied', 'cannot be read: Permission denied']\n", ran.stderr


def test_deep_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    deep = "/".join("d" * 300)
    place(tmp_path, f"{deep}/x.yaml")
    found, diagnostics = gather(["d"])
    assert [one.name for one in found] == [f"{deep}/x.yaml"]
    assert diagnostics == []


def test_names_that_are_no_text(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml"))).write_text("a: 1")
    found, _ = gather([tmp_path])
    assert [Path(one.name).name for one in found] == ["\ufffd.yaml"]


def test_progress(tmp_path: Path) -> None:
    place(tmp_path, "a.yaml", "b.yaml")
    seen: list[tuple[int, int | None]] = []
    gather([tmp_path], None, lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (1, 2)]
