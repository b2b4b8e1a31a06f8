"""Builders for tests of Terraform: texts in, values or objects out."""

from __future__ import annotations

from typing import Any

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.aws import AwsObjects, SecurityGroup
from ringfence.sources import terraform
from ringfence.sources.files import InputFile
from ringfence.sources.terraform.folders import Folders
from ringfence.sources.terraform.modules import Module, Root

VPC = 'resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n'


def objects(text: str, **files: str) -> AwsObjects:
    """What a file says; no errors."""
    found, diagnostics = everything(text, **files)
    assert [str(one) for one in diagnostics if one.severity == "error"] == []
    return found


def everything(text: str, **files: str) -> tuple[AwsObjects, list[Diagnostic]]:
    """What a file says, and what is wrong with it. Further files by name (`_` for `/`, `__` for `.`)."""
    names = {name.replace("__", ".").replace("_", "/"): content for name, content in files.items()}
    return terraform.read_files([InputFile(name, content) for name, content in {"main.tf": text, **names}.items()])


def messages(text: str, **files: str) -> list[str]:
    """What is wrong, as the command line shows it."""
    return [str(one) for one in everything(text, **files)[1]]


def module(text: str) -> Module:
    """A root module of one file."""
    folders = Folders([InputFile("main.tf", text)])
    assert folders.named() == ["."]
    return Module(Root(folders, "."), ".")


def value(expression: str, head: str = "") -> Any:
    """The value of an expression, after some declarations. EvaluationError where Terraform refuses it."""
    return module(f'{head}\noutput "x" {{\n  value = {expression}\n}}\n').output("x")


def group(text: str) -> SecurityGroup:
    """The one group that a file makes."""
    (found,) = [one for one in objects(text).security_groups if one.address]
    return found
