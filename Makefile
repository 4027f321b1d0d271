# Everything runs in .venv, made here with nothing but Python 3.10 to 3.13 and PyPI.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
# Installed anew only when what is declared has changed.
USE := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
BENCH := $(VENV)/.installed-bench

.PHONY: demo test lint bench docs clean

demo: $(USE)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/demo.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "kgan needs Python 3.10 to 3.13; say which with: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(USE): pyproject.toml | $(VENV)/bin/python
	@echo "installing kgan and TensorFlow into $(VENV); this takes a minute or two ..."
	$(PIP) --editable '.[serving]'
	@touch $@

# All of `$(USE)` too, in one go.
$(DEV): pyproject.toml | $(VENV)/bin/python
	@echo "installing kgan, TensorFlow and the tests' tools into $(VENV); this takes some minutes ..."
	$(PIP) --editable '.[dev]'
	@touch $(USE) $@

$(BENCH): pyproject.toml | $(DEV)
	$(PIP) --editable '.[bench]'
	@touch $@

test: lint
	@# Two processes, for each takes a TensorFlow of its own, with a thread each, as two cores would only be fought over; a
	@# file stays in one, as its tests share what they trained, and the long ones, of the apps, come early in the alphabet.
	TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 \
	  $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/check_imports.py

bench: $(BENCH)
	$(BIN)/python benchmarks/step.py

docs: $(USE)
	$(PIP) --editable '.[docs]'
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) build dist site *.egg-info
