"""A provider for any configuration: OpenTofu plans `aws_*` resources with it, without AWS and without credentials.

Its schema is made from the configuration: what is written as a block is a list of blocks, everything else an attribute
of any type; what is only referred to is computed, and so unknown in a plan. Data sources answer with made-up values.
OpenTofu attaches to it by `TF_REATTACH_PROVIDERS` and speaks tfplugin6 over gRPC; the stubs come from the package `tf`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import msgpack
from tf.gen import (
    grpc_controller_pb2,
    grpc_controller_pb2_grpc,
    grpc_stdio_pb2_grpc,
    tfplugin_pb2,
    tfplugin_pb2_grpc,
)

from ringfence.sources.terraform.parser import parse
from ringfence.sources.terraform.syntax import Body, Splat, Tuple

ADDRESS = "registry.opentofu.org/hashicorp/aws"
UNKNOWN = msgpack.ExtType(0, b"\x00")
META = {"count", "for_each", "provider", "depends_on", "lifecycle", "connection", "provisioner"}
DATA = {"names": ["eu-a", "eu-b", "eu-c"]}


class Shape:
    """The attributes and blocks that one type has anywhere, and those that are only referred to."""

    def __init__(self) -> None:
        self.attributes: set[str] = set()
        self.computed: set[str] = {"arn", "id"}
        self.blocks: dict[str, Shape] = {}
        self.lists: set[str] = set()

    def learn(self, body: Body) -> None:
        self.attributes |= {one.name for one in body.settings} - META
        self.lists |= {one.name for one in body.settings if isinstance(one.value, (Tuple, Splat))}
        for block in body.blocks:
            if block.kind == "dynamic":
                for content in block.body.of_kind("content"):
                    self.blocks.setdefault(block.labels[0], Shape()).learn(content.body)
            elif block.kind not in META:
                self.blocks.setdefault(block.kind, Shape()).learn(block.body)

    def block(self, top: bool, typed: bool = False) -> Any:
        """The schema. `typed` for the blocks of data sources, in which OpenTofu takes no attributes of any type."""
        plain = sorted(self.attributes - self.blocks.keys())
        attributes = [
            tfplugin_pb2.Schema.Attribute(
                name=name,
                type=(b'["list","string"]' if name in self.lists else b'"string"') if typed else b'"dynamic"',
                optional=True,
                computed=top and name in self.computed,
            )
            for name in plain
        ]
        if top:
            attributes += [
                tfplugin_pb2.Schema.Attribute(
                    name=name,
                    type=b'["list","string"]' if name in DATA else b'"string"' if typed else b'"dynamic"',
                    computed=True,
                )
                for name in sorted(self.computed - set(plain) - self.blocks.keys())
            ]
        nested = [
            tfplugin_pb2.Schema.NestedBlock(type_name=name, block=one.block(False, typed), nesting=2)
            for name, one in sorted(self.blocks.items())
        ]
        return tfplugin_pb2.Schema.Block(attributes=attributes, block_types=nested)


def shapes(folders: list[Path]) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """The shapes of all resources and data sources in some folders."""
    resources: dict[str, Shape] = {}
    data: dict[str, Shape] = {}
    for file in sorted(file for folder in folders for file in folder.glob("*.tf")):
        text = file.read_text()
        body = parse(str(file), text)
        assert isinstance(body, Body), body
        for kind, found in (("resource", resources), ("data", data)):
            for block in body.of_kind(kind):
                found.setdefault(block.labels[0], Shape()).learn(block.body)
        for kind, name in re.findall(r"\bdata\.(aws_\w+)\.\w+(?:\[[^\]]*\])*\.(\w+)", text):
            data.setdefault(kind, Shape()).computed.add(name)
        for kind, name in re.findall(r"(?<!data\.)\b(aws_\w+)\.\w+(?:\[[^\]]*\])*\.(\w+)", text):
            resources.setdefault(kind, Shape()).computed.add(name)
    return resources, data


class Stub(tfplugin_pb2_grpc.ProviderServicer):  # type: ignore[misc]
    def __init__(self, folders: list[Path]) -> None:
        self.resources, self.data = shapes(folders)

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        def schema(one: Shape, typed: bool = False) -> Any:
            return tfplugin_pb2.Schema(version=0, block=one.block(True, typed))

        provider = Shape()
        provider.computed = set()
        provider.attributes = {"region"}
        meta = Shape()
        meta.computed = set()
        meta.attributes = {"user_agent"}
        return tfplugin_pb2.GetProviderSchema.Response(
            provider=schema(provider),
            provider_meta=schema(meta),
            resource_schemas={name: schema(one) for name, one in self.resources.items()},
            data_source_schemas={name: schema(one, True) for name, one in self.data.items()},
        )

    def GetFunctions(self, request: Any, context: Any) -> Any:
        return tfplugin_pb2.GetFunctions.Response()

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        return tfplugin_pb2.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        return tfplugin_pb2.ConfigureProvider.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        return tfplugin_pb2.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        return tfplugin_pb2.ValidateDataResourceConfig.Response()

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        state = msgpack.unpackb(request.proposed_new_state.msgpack, raw=False)
        if state is not None:
            for name in self.resources[request.type_name].computed:
                if name in state and state[name] is None:
                    state[name] = [b'"string"', UNKNOWN]
        planned = tfplugin_pb2.DynamicValue(msgpack=msgpack.packb(state, use_bin_type=True))
        return tfplugin_pb2.PlanResourceChange.Response(planned_state=planned)

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        state = msgpack.unpackb(request.config.msgpack, raw=False)
        for name in self.data[request.type_name].computed:
            if state.get(name) is None:
                value = DATA.get(name, f"a-{name}")
                state[name] = value
        read = tfplugin_pb2.DynamicValue(msgpack=msgpack.packb(state, use_bin_type=True))
        return tfplugin_pb2.ReadDataSource.Response(state=read)

    def StopProvider(self, request: Any, context: Any) -> Any:
        return tfplugin_pb2.StopProvider.Response()


class Controller(grpc_controller_pb2_grpc.GRPCControllerServicer):  # type: ignore[misc]
    def Shutdown(self, request: Any, context: Any) -> Any:
        return grpc_controller_pb2.Empty()


class Stdio(grpc_stdio_pb2_grpc.GRPCStdioServicer):  # type: ignore[misc]
    def StreamStdio(self, request: Any, context: Any) -> Iterator[Any]:
        return iter([])


@contextmanager
def serving(folders: list[Path]) -> Iterator[dict[str, str]]:
    """Serves the provider on loopback; yields the environment that makes OpenTofu attach to it."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    tfplugin_pb2_grpc.add_ProviderServicer_to_server(Stub(folders), server)
    grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(Controller(), server)
    grpc_stdio_pb2_grpc.add_GRPCStdioServicer_to_server(Stdio(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    place = {"Network": "tcp", "String": f"127.0.0.1:{port}"}
    attach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": place}
    try:
        yield {"TF_REATTACH_PROVIDERS": json.dumps({ADDRESS: attach})}
    finally:
        server.stop(grace=None).wait(10)


def plan(tofu: Path, folder: Path, modules: list[Path]) -> str:
    """The plan of a root in JSON. `modules` are the other folders whose resources it uses."""
    with serving([folder, *modules]) as environment:
        for command in (["init", "-no-color"], ["plan", "-no-color", "-out=plan"]):
            done = subprocess.run(
                [tofu, *command],
                cwd=folder,
                env={**os.environ, **environment},
                check=False,
                capture_output=True,
                timeout=120,
                text=True,
            )
            assert done.returncode == 0, done.stderr
        shown = subprocess.run(
            [tofu, "show", "-json", "plan"],
            cwd=folder,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            timeout=60,
            text=True,
        )
    return shown.stdout
