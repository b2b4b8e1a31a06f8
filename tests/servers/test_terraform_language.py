"""Ringfence's evaluation of Terraform's language against OpenTofu's own, on one file with many expressions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ringfence.sources.files import InputFile
from ringfence.sources.terraform.folders import Folders
from ringfence.sources.terraform.modules import Module, Root

HEAD = """
variable "zones" {
  type    = list(string)
  default = ["a", "b", "c"]
}
variable "typed" {
  type = map(object({
    port  = number
    open  = optional(bool, true)
    name  = optional(string)
    extra = optional(list(string), ["x"])
  }))
  default = {
    web = { port = "80" }
    db  = { port = 5432, open = false, name = "pg", ignored = 1 }
  }
}
variable "set" {
  type    = set(string)
  default = ["z", "a", "z"]
}
variable "nothing" {
  type     = string
  default  = "fallback"
  nullable = false
}
locals {
  vpc     = "10.0.0.0/16"
  subnets = [for k, v in var.zones : cidrsubnet(local.vpc, 8, k + 48)]
  tags    = { Name = "x", "with space" = 1, (local.vpc) = true }
  empty   = []
  rules   = [
    { port = 22, cidrs = ["10.0.0.0/8"] },
    { port = 443, cidrs = [] },   # a comment
  ]
}
"""

EXPRESSIONS = (
    r'''
1 + 2 * 3 - 4 / 2
-7 % 3
7 % -3
1.5 + 1.5
10 / 4
!true || false && true
1 < 2 && 2 <= 2 && !(3 > 4)
"a" == "a" ? "yes" : "no"
true ? 1 : "x"
false ? [] : [1]
null == null
"1" == 1
[1, 2] == [1, 2]
"x${1 + 1}y${true}"
"$${literal} %%{too} \"q\" \n\t\u00e9"
"${var.zones}"
var.zones[1]
var.zones[*]
var.typed["web"].port
var.typed.web.open
var.typed["db"]
var.typed.web.extra
var.nothing
tolist(var.set)
length(var.set)
local.subnets
local.tags
local.rules[*].port
local.rules.*.port
local.rules[0].cidrs[0]
[for r in local.rules : r.port if length(r.cidrs) > 0]
{ for i, r in local.rules : "r${i}" => r.port }
{ for r in local.rules : (r.port > 100 ? "high" : "low") => r.port... }
[for k, v in local.tags : "${k}=${v}"]
[for k in var.set : upper(k)]
{ for k, v in var.typed : k => v.port }
flatten([["a"], [["b"]], []])
concat(["a"], ["b"], local.empty)
merge({ a = 1 }, { a = 2, b = 3 }, null)
lookup({ a = 1 }, "a", 2)
lookup({ a = 1 }, "b", 2)
element(["a", "b"], 3)
slice(["a", "b", "c"], 1, 3)
compact(["a", "", null, "b"])
distinct(["b", "a", "b"])
coalesce(null, "", "x")
coalescelist([], ["a"])
contains(["a"], "a")
keys({ b = 1, a = 2 })
values({ b = 1, a = 2 })
zipmap(["a", "b"], [1, 2])
try(local.tags.missing, "default")
try(local.empty[0], local.rules[0].port, "")
can(local.tags.missing)
can(1)
one([])
one(["a"])
range(3)
range(1, 4)
range(5, 1, -2)
reverse([1, 2])
sort(["b", "a", "C"])
index(["a", "b"], "b")
setproduct(["a", "b"], [1, 2])
chunklist([1, 2, 3], 2)
setunion(["a"], ["b", "a"])
setintersection(["a", "b"], ["b", "c"])
setsubtract(["a", "b"], ["b"])
sum([1, 2.5])
alltrue([true, "true"])
anytrue([false, true])
max(1, 5, 3)
min([3, 1, 2]...)
abs(-3)
ceil(1.2)
floor(-1.2)
pow(2, 10)
format("%s-%d-%v %% %05d|%5s|", "a", 2, true, 7, "x")
formatlist("%s.%s", ["a", "b"], "z")
join(", ", ["a", "b"], ["c"])
split(",", "a,b,,c")
replace("a-b-c", "-", "_")
replace("a1b22", "/[0-9]+/", "#")
regex("(\\d+)-(\\d+)", "10-20")
regex("[a-z]+", "53453453.345345aaabbbccc23454")
regex("(?P<a>\\w)(?P<b>\\w)", "xy")
regexall("[a-z]", "a1b2")
lower("ABC")
upper("abc")
trimspace("  x ")
trim("?!hello?!", "!?")
trimprefix("helloworld", "hello")
trimsuffix("helloworld", "world")
substr("hello world", 1, 4)
substr("hello", -3, -1)
startswith("hello", "he")
endswith("hello", "lo")
strcontains("hello", "ell")
basename("/a/b/c")
tostring(12)
tostring(true)
tonumber("5432")
tobool("true")
tomap({ a = 1 })
toset(["b", "a", "b"])
tolist(toset(["b", "a"]))
length("héllo")
length({ a = 1 })
cidrsubnet("10.1.2.0/24", 4, 15)
cidrsubnet("fd00:fd12:3456:7890::/56", 16, 162)
cidrsubnets("10.1.0.0/16", 4, 4, 8, 4)
cidrhost("10.12.112.0/20", 16)
cidrhost("10.12.112.0/20", -1)
cidrnetmask("172.16.0.0/12")
cidrcontains("10.0.0.0/8", "10.1.0.0/16")
jsondecode("{\"a\": [1, null, \"x\"]}")
{ "a" : 1, b = 2 }.b
[for s in ["a", "b"] : { name = s }][1].name
1 == 1 ? null : "x"
-5
0.1
100000000000000000000
1e3
"%{literal"
{ a = { b = [1, { c = "d" }] } }.a.b[1].c
length([for i in range(1000) : i])
"""heredoc
'''.strip()
    .replace('"%{literal"\n', "")
    .removesuffix('"""heredoc')
    .strip()
    .splitlines()
)


def dumped(value: Any) -> str:
    """As JSON, which tells 1 from true."""
    return json.dumps(value, sort_keys=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("language")
    outputs = "".join(f'output "e{n}" {{\n  value = {text}\n}}\n' for n, text in enumerate(EXPRESSIONS))
    heredoc = 'output "heredoc" {\n  value = <<-EOT\n    a\n      b ${1 + 1}\n    EOT\n}\n'
    (place / "main.tf").write_text(HEAD + outputs + heredoc)
    return place


@pytest.fixture(scope="module")
def expected(tofu: Path, folder: Path) -> dict[str, Any]:
    for command in (["init", "-no-color"], ["plan", "-no-color", "-out=plan"]):
        done = subprocess.run([tofu, *command], cwd=folder, check=False, capture_output=True, timeout=120, text=True)
        assert done.returncode == 0, done.stderr
    shown = subprocess.run([tofu, "show", "-json", "plan"], cwd=folder, check=True, capture_output=True, timeout=60)
    outputs = json.loads(shown.stdout)["planned_values"]["outputs"]
    return {name: one.get("value") for name, one in outputs.items()}


@pytest.fixture(scope="module")
def module(folder: Path) -> Module:
    folders = Folders([InputFile("main.tf", (folder / "main.tf").read_text())])
    root = Root(folders, ".")
    module = Module(root, ".")
    assert folders.diagnostics == []
    return module


@pytest.mark.parametrize("place", range(len(EXPRESSIONS)), ids=EXPRESSIONS)
def test_expression(place: int, module: Module, expected: dict[str, Any]) -> None:
    assert dumped(module.output(f"e{place}")) == dumped(expected[f"e{place}"])


def test_heredoc(module: Module, expected: dict[str, Any]) -> None:
    assert dumped(module.output("heredoc")) == dumped(expected["heredoc"])
