# Ropewalk. `make` alone lists what there is. Each target installs what it needs; a second run starts at once.

.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON := .venv/bin/python
UV = $(shell infra/setup/uv.sh)
# Each process of the tests starts a PostgreSQL, a Valkey and an instance of its own: more than four want much memory.
TEST_PROCESSES ?= $(shell n=$$(nproc); [ $$n -lt 4 ] && echo $$n || echo 4)
FRONTEND_SOURCES := $(shell find frontend \( -name node_modules -o -name dist -o -name templates \) -prune -o -type f -print 2>/dev/null)

.PHONY: help up demo test bench fmt lint types imports unit browser faults check clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

up: .venv/.installed frontend/dist/.built ## start Ropewalk here (Ctrl-C stops it); state in .ropewalk/
	@exec $(PYTHON) -m infra.embedded up

demo: .venv/.installed frontend/dist/.built ## start Ropewalk and load the demo project through its public address
	@exec $(PYTHON) -m infra.embedded up --then "$(PYTHON) -m infra.demo"

test: chromium ssh lint types imports frontend/dist/.built ## what CI runs: linters, types, import rules, all tests with real services and a real browser
	cd frontend && ../infra/setup/node.sh "$(UV)" npm run --silent test
	$(PYTHON) -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

check: lint types imports unit ## the quick part of `test`: no running instance, no browser

unit: .venv/.installed
	$(PYTHON) -m pytest tests/unit tests/architecture

lint: .venv/.installed ## ruff: rules and format
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

fmt: .venv/.installed ## format and mend what ruff can
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .

types: .venv/.installed frontend/node_modules/.installed ## mypy with Django's stubs, and TypeScript
	$(PYTHON) -m mypy
	cd frontend && ../infra/setup/node.sh "$(UV)" npm run --silent check

imports: .venv/.installed ## import-linter: who may import whom
	.venv/bin/lint-imports

browser: chromium .venv/.installed frontend/dist/.built ## only the browser tests
	$(PYTHON) -m pytest tests/browser

faults: ssh .venv/.installed frontend/dist/.built ## kill -9 of every program under load, then look for losses
	$(PYTHON) -m tests.faults.kill_matrix
	$(PYTHON) -m tests.faults.transfers

bench: ssh .venv/.installed frontend/dist/.built ## measure against plain git and friends (minutes)
	$(PYTHON) -m pytest tests/benchmarks -o python_files="bench_*.py" -o timeout=1800 -s

clean: ## remove what was built or installed here (never .ropewalk/, your data)
	rm -rf .venv .venv-* frontend/node_modules frontend/dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: chromium ssh
chromium:
	@infra/setup/chromium.sh

ssh:
	@infra/setup/ssh.sh

.venv/.installed: pyproject.toml uv.lock
	@echo "Installing Python packages …"
	@$(UV) sync --frozen --quiet
	@touch $@

frontend/node_modules/.installed: frontend/package.json frontend/package-lock.json | .venv/.installed
	@echo "Installing front-end packages …"
	@cd frontend && ../infra/setup/node.sh "$(UV)" npm ci --no-audit --no-fund --loglevel=error
	@touch $@

frontend/dist/.built: frontend/node_modules/.installed $(FRONTEND_SOURCES)
	@echo "Building the front end …"
	@cd frontend && ../infra/setup/node.sh "$(UV)" npm run --silent build
	@touch $@
