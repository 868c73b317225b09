# Two commands: `make demo` installs and repairs a real historical bug with no key; `make test` installs and checks everything.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint install install-dev system lock clean

demo: install system-sandbox
	$(BIN)/treewright demo

test: install-dev system lint
	$(BIN)/python -m pytest tests -n 2 --dist worksteal

lint: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed .ci/constraints-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/constraints-dev.txt
	touch $@

# bubblewrap for the sandbox; docker.io for the container tests
system-sandbox:
	.ci/system bubblewrap
system:
	.ci/system bubblewrap docker.io

lock:
	uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra build -o .ci/constraints.txt
	uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra build --extra dev -o .ci/constraints-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .demo
