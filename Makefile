# Two commands: `make run` starts the hub, `make test` proves it. Both need Python 3.11 or newer with venv, nothing else.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
BENCH_BIN := $(subst .venv,.venv-bench,$(BIN))
LINT := $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
VEGETA := github.com/tsenart/vegeta/v12@v12.13.0

# the tests start the hub about a hundred times: it is compiled once
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint format docs pin bench clean chaos

run: .venv/run.stamp
	@test -f .env || $(BIN)/hub init
	@$(BIN)/hub run

# what ruff and mypy say, which run beside the tests, is shown after them; either fails it all
test: .venv/dev.stamp
	@{ $(LINT); } > .venv/lint.txt 2>&1 & lint=$$!; \
	$(BIN)/pytest; tests=$$?; \
	wait $$lint; lint=$$?; cat .venv/lint.txt; \
	exit $$((lint | tests))

lint: .venv/dev.stamp
	$(LINT)

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

# the hub measured beside others, in three quarters of an hour; BENCH="--quick" for a smoke run, BENCH="--help" for more
bench: .venv/run.stamp .venv-bench/stamp
	@$(BENCH_BIN)/python benchmarks/run.py $(BENCH)

clean:
	rm -rf .venv .venv-bench .bench build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

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

.venv-bench/stamp: benchmarks/requirements.txt constraints.txt
	@test -x $(BENCH_BIN)/python || $(PYTHON) -m venv .venv-bench
	@echo "installing what the hub is compared with into .venv-bench (once; about a minute)"
	@$(subst $(BIN),$(BENCH_BIN),$(PIP)) install --constraint constraints.txt --requirement benchmarks/requirements.txt
	@command -v vegeta >/dev/null || ! command -v go >/dev/null || GOBIN="$(abspath $(BENCH_BIN))" go install $(VEGETA)
	@touch $@
