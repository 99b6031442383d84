# Two commands: `make run` starts the hub, `make test` proves it. Both need Python 3.11 or newer with venv, nothing else.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test lint format docs pin clean chaos

run: .venv/run.stamp
	@test -f .env || $(BIN)/hub init
	@$(BIN)/hub run

test: lint
	$(BIN)/pytest

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/dev.stamp
	$(BIN)/python docs/generate.py

# the losses: faults, counted (about a quarter of an hour); docs/chaos.md is its report
chaos: .venv/dev.stamp
	$(BIN)/python -m benchmarks.chaos

# the newest versions that the ranges allow, tested together, become the pins
pin:
	$(PYTHON) -m venv --clear .venv
	$(PIP) install --editable ".[dev]"
	$(PIP) freeze --exclude-editable | grep -v '@' > constraints.txt

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/run.stamp: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv (once; about a minute)"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

.venv/dev.stamp: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the development parts into .venv (once; about a minute)"
	@$(PIP) install --constraint constraints.txt --editable ".[dev]"
	@touch $@ .venv/run.stamp
