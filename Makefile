# Everything runs in .venv, made here with nothing but Python 3.10 to 3.13 and PyPI.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Redone only when what is installed would change.
STAMP := $(VENV)/.installed-dev

.PHONY: demo test test-slow lint bench install clean

install: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 10) <= v <= (3, 13) else f"kgan needs Python 3.10 to 3.13, this is {v[0]}.{v[1]}; say which with: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --upgrade-strategy only-if-needed --editable '.[dev]'
	touch $@

demo: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/demo.py

test: lint
	$(BIN)/python -m pytest -m 'not slow'

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/check_imports.py

bench: $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --upgrade-strategy only-if-needed --editable '.[bench]'
	$(BIN)/python benchmarks/step.py

clean:
	rm -rf $(VENV) build dist *.egg-info demo
