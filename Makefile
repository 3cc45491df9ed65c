# Everything here needs Python 3.11 or newer and make; uv is used where it is installed.
#   make PYTHON=/path/to/python3.12   chooses an interpreter

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	path=$$(command -v $$name 2>/dev/null) || continue; \
	"$$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$path" && break; \
	done)
UV ?= $(shell command -v uv 2>/dev/null)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(if $(UV),$(UV) pip install --python $(BIN)/python,$(PIP) install)
QUIET := $(if $(UV),,--quiet)

# In `make soak`, tests fail for want of what they need, such as a C compiler, instead of being left out; `0` leaves
# them out as `make test` does.
TEST_EVERYTHING ?= 1

# Whatever is started here starts many processes, which compile everything anew where they may not keep it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install run test format lint types imports tests bench soak lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## start the server with the demo company on http://127.0.0.1:8000/graphql
	@exec $(BIN)/quotaloom serve --with-demo

test: install format lint types imports tests ## check everything: format, lint, types, import contracts, tests

format:
	@printf '\n== format\n'
	@$(BIN)/ruff format --check

lint:
	@printf '\n== lint\n'
	@$(BIN)/ruff check

types:
	@printf '\n== types\n'
	@$(BIN)/basedpyright --level error core/sdk & other=$$!; $(BIN)/mypy; found=$$?; wait $$other && exit $$found

imports:
	@printf '\n== import contracts\n'
	@$(BIN)/lint-imports --no-logo

tests:
	@printf '\n== tests\n'
	@$(BIN)/pytest -n auto --dist worksteal

bench: install ## measure speed and memory, and print it
	@$(BIN)/python -m benchmarks

soak: install ## run the long tests: kills, lost disks, mutants, made-up requests
	@TEST_EVERYTHING=$(TEST_EVERYTHING) $(BIN)/python -m pytest -v -p tests.soak -m soak

lock: ## choose the newest allowed versions and write them to requirements.lock
	@.ci/lock "$(PYTHON)" "$(UV)"

clean: ## remove the virtual environment and caches; the data folder stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: each step is repeated when what it depends on has changed.

install: $(VENV)/installed.stamp

$(VENV)/installed.stamp: $(VENV)/locked.stamp pyproject.toml core/sdk/pyproject.toml
	@echo "Installing Quotaloom"
	@$(INSTALL) $(QUIET) --no-deps --no-build-isolation -e ./core/sdk -e .
	@touch $@

$(VENV)/locked.stamp: $(VENV)/made.stamp requirements.lock
	@echo "Installing the packages of requirements.lock"
ifeq ($(UV),)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python .ci/progress.py requirements.lock $(PIP) install --require-hashes -r requirements.lock
else
	@$(INSTALL) --require-hashes -r requirements.lock
endif
	@touch $@

$(VENV)/made.stamp:
ifeq ($(UV),)
	@if [ -z "$(PYTHON)" ]; then \
		echo "Quotaloom needs Python 3.11 or newer, and none was found on the PATH." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		version=$$("$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu:" >&2; \
		echo "  sudo apt install python3-venv     (or python$$version-venv)" >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv $(VENV)
else
	@$(UV) venv --quiet --allow-existing --python "$(or $(PYTHON),>=3.11)" $(VENV)
endif
	@touch $@
