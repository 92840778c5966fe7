# Every target sets up what it needs: an environment of its own in .venv, with the pinned tools of requirements/dev.txt.
# Nothing but Python 3.11 or newer, make and git has to be there before.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The oldest supported Python first: what works there works everywhere. `make PYTHON=python3.13 ...` takes another.
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3; do \
	if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo "$$candidate"; break; fi; done)

.PHONY: help demo check scan sabotage lint types test browser test-older test-execution bench bench-accuracy bench-findings docs format lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: $(READY) ## check the example projects and three packages from the index, and show the reports
	@$(BIN)/python examples/demo.py

test: check sabotage browser ## everything that a change must pass: `make check`, then all tests with coverage
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses auto --dist loadfile
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

browser: ## Chromium for the tests of the HTML report, from Debian's packages where it is missing
	@sh scripts/install_browser.sh

check: scan lint types ## the architecture contracts, lint and types

scan: $(READY) ## keep our own contracts (buttress.toml)
	$(BIN)/buttress check

sabotage: $(READY) ## break each of our own contracts in memory, and see it reported
	$(BIN)/buttress sabotage

lint: $(READY) ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## mypy, strict
	$(BIN)/mypy

test-older: $(READY) ## all tests but those of execution
	$(BIN)/python -m pytest --ignore=tests/execution

test-execution: $(READY) ## the tests of execution
	$(BIN)/python -m pytest tests/execution

bench: $(READY) ## measure beside the peers; writes bench/results.json
	$(BIN)/python bench/run.py

bench-accuracy: $(READY) ## score the call graph on PyCG's micro-benchmark, PyCG beside it
	@$(BIN)/python -m bench.callgraph.run

bench-findings: $(READY) ## check six packages from the index with contracts of all kinds, and draw findings to judge
	@$(BIN)/python -m bench.real_findings

docs: $(READY) ## validate the documentation: links, references, and what its commands print
	$(BIN)/python scripts/check_docs.py
	$(BIN)/python scripts/run_pages.py

format: $(READY) ## let ruff rewrite what it can
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: $(READY) ## pin the newest dependencies in requirements/dev.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--extra runtime --extra lsp --output-file requirements/dev.txt pyproject.toml requirements/dev.in

clean: ## remove the environment and everything generated
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* build dist bench/results.json
	find scanner runtime tests scripts bench examples -name __pycache__ -type d -prune -exec rm -rf {} +

# Once, and again when the pins or the project's metadata change.
$(READY): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "buttress needs Python 3.11 or newer: install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "preparing $(VENV) with $(PYTHON)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
