# What a developer runs. Every target does its own set-up in a fresh clone: Python 3.11 or later, git and make are enough.
# Nothing but the package index is reached. `make demo PYTHON=/path/to/python` uses another Python.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test check format lock docs bench mutants clean
.DEFAULT_GOAL := help

help:  ## list these targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: $(VENV)/.installed  ## a sample studio in a fresh folder, which stays for you to look at
	@folder=$$(mktemp -d "$${TMPDIR:-/tmp}/payflow-demo.XXXXXX")/studio && $(BIN)/payflow demo "$$folder" && \
	printf '\nThe workspace is yours to look at: %s\nAsk it anything: %s -C %s status\n' "$$folder" "$(BIN)/payflow" "$$folder"

test: check  ## everything that must hold: check, then all tests
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.installed-check  ## formatting, lint, types, and who may import whom
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-check  ## format, and mend what can be mended by itself
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: $(VENV)/.installed  ## make docs/cli.md from the help texts
	$(BIN)/python -m payflow.cli.reference docs/cli.md

bench: $(VENV)/.installed-check  ## measure, beside yardsticks, and write the table of docs/performance.md (minutes, 2 GB of disk)
	$(BIN)/python -m benchmarks --write

mutants: $(VENV)/.installed-check  ## would the tests notice a mistake in the policy or the gate? (most of an hour)
	@$(PIP) install -r requirements/mutation.txt
	$(BIN)/python tests/mutation.py

lock: $(VENV)/.installed  ## resolve dependencies anew; needs every supported Python
	$(BIN)/python requirements/make_lock.py

clean:  ## remove what these targets made here
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml requirements/runtime.txt requirements/build.txt
	@$(make_venv)
	@echo "Installing what payflow needs into $(VENV) ..."
	@$(PIP) install -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@$(BIN)/python -m compileall -q payflow connectors templates  # as an installer would: some machines tell Python not to
	@touch $@

$(VENV)/.installed-check: $(VENV)/.installed requirements/test.txt requirements/check.txt
	@echo "Installing what its tests and checks need into $(VENV) ..."
	@$(PIP) install -r requirements/check.txt
	@touch $@

# An environment that works is kept; one that is too old or half made is made anew.
define make_venv
$(BIN)/python -c '$(new_enough)' 2>/dev/null && $(BIN)/python -m pip --version >/dev/null 2>&1 || \
{ python=$$($(find_python)) && "$$python" -m venv --clear $(VENV); }
endef

PYTHONS := $(if $(PYTHON),$(PYTHON),python3 python3.13 python3.12 python3.11)
new_enough := import sys; sys.exit(sys.version_info < (3, 11))

define find_python
for python in $(PYTHONS); do \
  if "$$python" -c '$(new_enough)' 2>/dev/null; then echo "$$python"; exit 0; fi; \
done; \
found=$$($(firstword $(PYTHONS)) --version 2>/dev/null) || found="none"; \
echo "payflow needs Python 3.11 or later; found $$found. Looked for: $(PYTHONS)." \
  "Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
exit 1
endef
