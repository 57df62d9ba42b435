# Everything a contributor runs. `make run` and `make test` need nothing but Python 3.11+ with pip.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
LOCK ?= requirements.lock

.PHONY: env run test test-all test-node check format bench chaos schema ui lock clean

env: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml $(LOCK)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

run: env
	PORT=$(PORT) $(BIN)/jobhunter serve

test: env
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# What needs Node.js beside Python: the stock Refine providers, the GraphQL over HTTP audit, the schema linters.
test-node: env
	$(BIN)/python -m pytest -m node

test-all: env
	$(BIN)/python -m pytest -m "" --numprocesses auto --dist loadfile

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: env
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: env
	for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

# Three workers, random kill -9, SIGSTOP and dropped connections over 2,000 runs.
chaos: env
	$(BIN)/python -m pytest -m "" tests/runs/test_chaos.py

schema: env
	$(BIN)/jobhunter schema export schema.graphql

# What browsers get, served from our own files: GraphiQL and Swagger UI. The builds are committed; this makes them anew.
ui:
	cd graphql_surface/playground/sources && npm ci && npm run build
	cd rest_surface/docs/sources && npm ci && npm run build

# Exact versions, without addresses: one set for every platform, one with Prefect's own limits.
lock: env
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-header \
		--extra dev --extra motor pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-header \
		--extra dev --extra motor --extra prefect pyproject.toml --output-file requirements-prefect.lock

clean:
	rm -rf $(VENV) .core .pytest_cache .ruff_cache .hypothesis
