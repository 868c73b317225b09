# Two commands: `make demo` installs and repairs a real historical bug with no key; `make test` installs and checks everything.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test docs lint install install-dev system lock clean

demo: install system-sandbox
	$(BIN)/treewright demo

test: install-dev system lint
	$(BIN)/python -m pytest tests -n 4 --dist worksteal

lint: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py

# the documentation as pages, in .site/; nothing is fetched
docs: install-dev
	$(BIN)/mkdocs build --quiet -f .ci/mkdocs.yml

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there: install it, or name another one from 3.11 on: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml .ci/constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV): about 550 MB when done, silent for a minute or two ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed .ci/constraints-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/constraints-dev.txt
	touch $@

# bubblewrap for the sandbox; docker.io for the container tests; chromium for those of the viewer; postgresql for those
# of the store, which start a server of their own (Debian's package starts one too, only where there is an init system)
system-sandbox:
	.ci/system bubblewrap
system:
	.ci/system bubblewrap docker.io chromium postgresql

lock:
	uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra build -o .ci/constraints.txt
	uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra build --extra forge -o .ci/constraints-forge.txt
	uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --all-extras -o .ci/constraints-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .demo
