# `make` alone lists the targets.
SHELL := /bin/sh
DOCS ?=
SIZE ?= 1000000
POLLS ?= 50000
CASES ?= 20000
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONDONTWRITEBYTECODE  # of some images: each process would compile every library anew

.DEFAULT_GOAL := help
.PHONY: help run serve dev test test-fast test-adapters check format bench scale verdicts chaos fuzz soak-wall screenshots

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run ## the board with the example pipeline, on PORT=8000 (DOCS=folder for your own documents)
	@exec $(BIN)/jobwall demo $(if $(DOCS),--documents "$(DOCS)")

serve: .venv/run ## the board alone, with production settings (HOST= PORT= WORKERS= DATABASE_URL= INSTANCE=)
	@exec $(BIN)/jobwall serve

dev: .venv/test ## a filled board that is thrown away after; changed code, templates and styles show at once
	@exec $(BIN)/python -m screenshots.dev

test: .venv/test ## install what the tests need, a browser too, and run all of them
	@$(BIN)/python -m tests.setup
	@$(BIN)/python -m tests.kit.libraries --small
	@$(BIN)/pytest -n 4 --dist worksteal

test-fast: .venv/test ## the tests that need neither browser nor PostgreSQL, in a minute
	@$(BIN)/pytest -n 2 --dist worksteal -m 'not browser and not postgresql and not slow'

test-adapters: .venv/test ## every library that jobs come from, each installed alone (LIBRARY=celery)
	@$(BIN)/python -m tests.kit.libraries $(LIBRARY)
	@$(BIN)/pytest tests/reporter/adapters tests/reporter/test_ways.py tests/sources/test_clients.py $(if $(LIBRARY),-k $(firstword $(subst -, ,$(LIBRARY))))

check: .venv/test ## linter, formatter and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/test ## let the formatter and the linter mend what they can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/test ## measure it against plain ways to do the same (SIZE=1000000; bench/README.md)
	@$(BIN)/python -m bench --size $(SIZE)

scale: .venv/test ## simulate 100,000 dashboards on three hosts, from what things cost here
	@$(BIN)/python -m bench.scale

verdicts: .venv/test ## replay eight weeks of pipelines with incidents: which are named rightly, and when?
	@$(BIN)/python -m bench.verdicts

chaos: .venv/test ## cause every fault for real, and see what everybody else has of the board
	@$(BIN)/python -m bench.chaos

fuzz: .venv/test ## 20,000 requests made from the API's document: is every answer what it says? (CASES=20000)
	@$(BIN)/python -m tests.kit.fuzz --cases $(CASES)

soak-wall: .venv/test ## 50,000 polls of a wall in half an hour: does its browser hoard? (POLLS=50000)
	@$(BIN)/python -m tests.setup
	@$(BIN)/python -m tests.kit.libraries --small
	@$(BIN)/python -m bench.soak_wall --polls $(POLLS)

screenshots: .venv/test ## picture every page of a filled board, into build/screenshots/
	@$(BIN)/python -m tests.setup
	@$(BIN)/python -m tests.kit.libraries --small
	@$(BIN)/python -m screenshots

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Jobwall needs Python 3.11 or newer; name one with PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { $(PYTHON) -c 'import sys; print("The venv module is missing: install the package python%d.%d-venv" % sys.version_info[:2])'; exit 1; }
	@echo 'Making .venv ...'
	@$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python pyproject.toml reporter/pyproject.toml setup.py constraints.txt
	@echo 'Installing what Jobwall needs into .venv ...'
	@$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt \
		--editable '.[examples,postgres]' --editable ./reporter
	@touch $@

.venv/test: .venv/run
	@echo 'Installing what the tests need into .venv ...'
	@$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[examples,postgres,test]'
	@touch $@
