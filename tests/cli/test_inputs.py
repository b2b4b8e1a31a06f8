"""Which files a command reads: what is named, else what the nearest posture file names."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from ringfence.cli.inputs import read
from ringfence.cli.output import Output
from ringfence.model.diagnostics import InputError

from .commands.shop import MANIFESTS

QUIET = Output((), quiet=True)
POSTURE = "sources: [k8s/]\noptions: {cni: flannel}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "shop.yaml").write_text(MANIFESTS)
    (tmp_path / "below" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("here", [".", "below", "below/deep"])
def test_the_nearest_posture_file_names_the_sources(folder: Path, here: str, monkeypatch: pytest.MonkeyPatch):
    (folder / "ringfence.yaml").write_text(POSTURE)
    monkeypatch.chdir(folder / here)
    network = read((), None, (), QUIET)
    assert len(network.topology.objects.workloads) == 2
    assert network.posture is not None
    assert network.topology.enforcement.cni == "flannel"


def test_a_nearer_posture_file_goes_before_one_above(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "ringfence.yaml").write_text(POSTURE)
    (folder / "below" / "ringfence.yaml").write_text("sources: [nothing-here/]\n")
    monkeypatch.chdir(folder / "below" / "deep")
    assert read((), None, (), QUIET).topology.objects.workloads == ()


def test_without_paths_and_posture_file_there_is_nothing_to_read(folder: Path):
    with pytest.raises(InputError, match=r"no paths were given, and there is no ringfence\.yaml"):
        read((), None, (), QUIET)


def test_paths_need_no_posture_file(folder: Path):
    network = read(("k8s",), None, (), QUIET)
    assert (len(network.topology.objects.workloads), network.posture) == (2, None)


def test_a_posture_file_may_be_named_and_have_any_name(folder: Path):
    (folder / "intents.yml").write_text(POSTURE)
    network = read((), "intents.yml", (), QUIET)
    assert (len(network.topology.objects.workloads), network.diagnostics) == (2, ())


@pytest.mark.parametrize("content", ["", "---\n---\n{}\n", "a: [", "a: 1\n---\nb: 1\n"])
def test_a_posture_file_that_is_not_one_document(folder: Path, content: str):
    (folder / "ringfence.yaml").write_text(content)
    if "{}" in content:  # documents of nothing are none
        assert read((), None, (), QUIET).posture is not None
        return
    with pytest.raises(InputError, match=r"ringfence\.yaml"):
        read((), None, (), QUIET)


def test_a_posture_file_that_is_not_there(folder: Path):
    with pytest.raises(InputError, match="No such file"):
        read((), "gone.yaml", (), QUIET)


def test_options_of_the_command_line_go_before_those_of_the_file(folder: Path):
    (folder / "ringfence.yaml").write_text(POSTURE)
    assert read((), None, ("cni=cilium",), QUIET).topology.enforcement.cni == "cilium"


@pytest.mark.parametrize("option", ["cni", ""])
def test_an_option_has_a_value(folder: Path, option: str):
    with pytest.raises(click.UsageError, match="write NAME=VALUE"):
        read(("k8s",), None, (option,), QUIET)


def test_diagnostics_go_to_standard_error_and_warnings_only_without_quiet(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    read(("k8s",), None, ("hots_network=pod",), QUIET)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "there is no such option; did you mean host_network?" in shown.err
