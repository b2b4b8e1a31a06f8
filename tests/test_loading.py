"""Loading as a library does it: names on demand, and a posture file that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

import ringfence
from ringfence.loading import load
from ringfence.model.diagnostics import InputError


def test_the_package_gives_both_names_and_no_others():
    assert ringfence.load is load
    assert ringfence.Network.__name__ == "Network"
    with pytest.raises(AttributeError, match="no attribute 'unload'"):
        ringfence.unload  # noqa: B018


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no documents; a posture file is one"),
        ("version: 1\n---\nversion: 1\n", "holds 2 documents; a posture file is one"),
        ("a: [", ""),
    ],
)
def test_a_posture_file_is_one_readable_document(tmp_path: Path, text: str, message: str):
    (tmp_path / "ringfence.yaml").write_text(text)
    with pytest.raises(InputError) as wrong:
        load(tmp_path)
    assert message in wrong.value.diagnostic.message


def test_a_posture_file_that_is_named_must_be_there(tmp_path: Path):
    with pytest.raises(InputError):
        load(tmp_path, posture=tmp_path / "gone.yaml")


def test_a_second_posture_file_is_not_dropped_in_silence(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ringfence.yaml").write_text("version: 1\nintents: []\n")
    a, b = tmp_path / "a", tmp_path / "b"
    assert [str(one) for one in load(a, b).diagnostics if "posture" in one.remedy] == [
        f"{b}/ringfence.yaml: error: is not read: {a}/ringfence.yaml is there, too (name one with --posture)"
    ]
    for told in (load(a, a, b / ".." / "a"), load(a, b, posture=b / "ringfence.yaml"), load(tmp_path / ("x" * 300))):
        assert not [one for one in told.diagnostics if "posture" in one.remedy]
