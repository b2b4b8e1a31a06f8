"""Folders: roots, overrides, inputs, where a module's source leads."""

from __future__ import annotations

import json
from pathlib import Path

from ringfence.sources import terraform
from ringfence.sources.files import InputFile
from ringfence.sources.terraform.folders import Folders
from ringfence.sources.terraform.syntax import Literal
from tests.sources.terraform.reading import VPC, objects, value


def test_a_called_folder_is_no_root() -> None:
    call = 'module "net" {\n  source = "../modules/net"\n}\n'
    files = [InputFile("live/main.tf", call), InputFile("modules/net/main.tf", VPC), InputFile("other/main.tf", VPC)]
    assert Folders(files).roots() == ["live", "other"]
    found, _ = terraform.read_files(files)
    assert [one.id for one in found.vpcs] == ["live//module.net.aws_vpc.main", "other//aws_vpc.main"]


def test_overrides_replace_settings_and_blocks() -> None:
    text = VPC + (
        'resource "aws_security_group" "a" {\n  vpc_id = aws_vpc.main.id\n  name = "a"\n'
        '  ingress {\n    from_port = 1\n    to_port = 1\n    protocol = "tcp"\n    self = true\n  }\n'
        '  dynamic "egress" {\n    for_each = [1]\n    content {\n      from_port = 0\n      to_port = 0\n'
        '      protocol = "-1"\n      self = true\n    }\n  }\n}\n'
    )
    over = (
        'resource "aws_security_group" "a" {\n  name = "b"\n  ingress {\n    from_port = 2\n    to_port = 2\n'
        '    protocol = "tcp"\n    self = true\n  }\n}\n'
        'resource "aws_vpc" "main" {\n  cidr_block = "10.1.0.0/16"\n}\n'
    )
    found = objects(text, override__tf=over)
    assert found.vpcs[0].cidrs == ("10.1.0.0/16",)
    assert found.security_groups[0].name == "b"
    assert [(one.egress, one.from_port) for one in found.security_groups[0].rules] == [(True, None), (False, 2)]


def test_locals_are_overridden_by_name() -> None:
    files = [InputFile("a.tf", "locals {\n  a = 1\n  b = 2\n}\n"), InputFile("x_override.tf", "locals {\n  b = 3\n}\n")]
    (block,) = Folders(files).body(".").of_kind("locals")
    assert {one.name: one.value.value for one in block.body.settings if isinstance(one.value, Literal)} == {
        "a": 1, "b": 3
    }  # fmt: skip


def test_inputs_in_their_order() -> None:
    names = ["z.auto.tfvars", "terraform.tfvars", "a.auto.tfvars.json", "other.tfvars", "main.tf"]
    texts = ["x = 3\n", "x = 1\ny = 1\n", '{"x": 2, "z": 2}', "x = 9\n", ""]
    folders = Folders([InputFile(*pair) for pair in zip(names, texts, strict=True)])
    found = {name: one.value.value for name, one in folders.inputs(".").items() if isinstance(one.value, Literal)}
    assert found == {"x": 3, "y": 1, "z": 2}
    more = Folders([InputFile("main.tf", "")], [InputFile("given.tfvars", "x = 5\n")])
    assert list(more.inputs(".")) == ["x"]


def test_what_terraform_init_fetched_is_used(tmp_path: Path) -> None:
    root, fetched = tmp_path / "root", tmp_path / "root" / ".terraform" / "modules" / "net"
    fetched.mkdir(parents=True)
    (fetched / "main.tf").write_text(VPC)
    (root / "main.tf").write_text('module "net" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n')
    listed = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "net", "Dir": ".terraform/modules/net"}]}
    (root / ".terraform" / "modules" / "modules.json").write_text(json.dumps(listed))
    found, diagnostics = terraform.read([root])
    assert [one.id for one in found.vpcs] == ["module.net.aws_vpc.main"]
    assert diagnostics == []


def test_a_module_that_is_not_there_leaves_a_gap() -> None:
    text = 'module "net" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n'
    found, diagnostics = terraform.read_files([InputFile("main.tf", text)])
    assert [one.because for one in found.unread] == ["module.net is not at hand ('terraform-aws-modules/vpc/aws')"]
    assert [str(one.severity) for one in diagnostics] == ["warning"]


def test_one_bad_file_does_not_silence_the_others() -> None:
    found, diagnostics = terraform.read_files([InputFile("a.tf", VPC), InputFile("b.tf", "}")])
    assert len(found.vpcs) == 1
    assert [str(one).split(": ")[0] for one in diagnostics] == ["b.tf:1:1"]
    assert len(found.unread) == 1


def test_a_module_above_what_was_named_is_read(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "main.tf").write_text(VPC)
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "main.tf").write_text('module "net" {\n  source = "../shared"\n}\n')
    assert [one.id for one in terraform.read([tmp_path / "live"])[0].vpcs] == ["module.net.aws_vpc.main"]


def test_values_come_from_the_text() -> None:
    assert value("1") == 1
