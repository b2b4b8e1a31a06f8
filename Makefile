# Targets for people and for .ci/run. Each is quick when it has nothing to do: what is done leaves a stamp in .make/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := demo
.PHONY: demo test test-servers lint bench soak install install-dev clean

PYTHON ?= python3
BIN := .venv/bin

demo: install
	@echo '$$ ringfence verify examples/storefront'
	@$(BIN)/ringfence verify examples/storefront

install: .make/installed
install-dev: .make/installed-dev

.venv/bin/python:
	$(PYTHON) scripts/make-venv .venv

.make/installed: .venv/bin/python pyproject.toml uv.lock
	scripts/install
	@mkdir -p .make && touch $@

.make/installed-dev: .make/installed pyproject.toml uv.lock
	scripts/install --dev
	@mkdir -p .make && touch $@

.make/packages: scripts/debian-packages scripts/debian-packages.txt
	scripts/debian-packages
	@mkdir -p .make && touch $@

test: .make/packages .make/installed-dev
	$(BIN)/python -m pytest -n 2 --ignore=tests/servers

test-servers: .make/packages .make/installed-dev
	scripts/build-tools
	$(BIN)/python -m pytest tests/servers

lint: .make/installed-dev
	scripts/check-lock
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports

bench: .make/installed-dev
	$(BIN)/python -m benchmarks

soak: .make/installed-dev
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -n 2 --ignore=tests/servers
	scripts/build-tools istio kube-apiserver kube-network-policies kube-proxy
	RINGFENCE_SOAK=10 $(BIN)/python -m pytest tests/servers/test_istio_oracle.py
	RINGFENCE_SOAK=10 $(BIN)/python -m pytest tests/servers/test_kernel.py tests/servers/test_kernel_clouds.py tests/servers/test_service_proxy.py -k random

clean:
	rm -rf .venv .make
