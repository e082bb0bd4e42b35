# Every command of this project; `make` alone lists them. Needs Python 3.11 or newer and nothing else.

PYTHON ?= $(shell for candidate in python3 python3.11 python3.12 python3.13 python3.14; do \
	command -v $$candidate >/dev/null 2>&1 && $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	>/dev/null 2>&1 && { echo $$candidate; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
# pip-compile writes no address of any package index into the lock files
COMPILE := CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes \
	--strip-extras --no-emit-index-url --no-emit-find-links --no-emit-options $(UPGRADE)

NPM := frontend/npm
SITE := src/tiffin/app/site/.built
FRONTEND_SOURCES := $(shell find frontend/src frontend/public frontend/customer frontend/kitchen frontend/courier frontend/support frontend/admin -type f -not -path '*/generated/*') \
	frontend/vite.config.ts frontend/tsconfig.json
API_SOURCES := $(shell find src/tiffin/app src/tiffin/features src/tiffin/realtime src/tiffin/http -name '*.py')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup site up demo test chaos check fmt screens bench bench-peers requirements env-example city clean

help: ## list the commands
	@echo "make <command>; arguments go in ARGS, as in: make test ARGS='-k orders'"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-14s%s\n", $$1, $$2 }'

setup: .venv/ready ## install everything into .venv (again only when the requirements change)

# Three stamps, each made only when its step has succeeded: an interrupted setup goes on where it stopped.
.venv/made:
	@test -n "$(PYTHON)" || { echo "Tiffin needs Python 3.11 or newer with venv, and none was found." \
		"Install it (Debian: apt install python3 python3-venv), or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: requirements/dev.txt .venv/made
	@echo "Installing into .venv (about half a minute)"
	@$(PIP) --require-hashes --requirement requirements/dev.txt
	@touch $@

.venv/ready: pyproject.toml .venv/installed
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

site: setup $(SITE) ## build the browser apps (again only when their sources change)

frontend/node_modules/.ready: frontend/package-lock.json frontend/.npmrc
	@echo "Installing what the browser apps are built with"
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

# types of the API, from the documents the server describes itself with
frontend/src/api/generated/.made: $(API_SOURCES) frontend/scripts/make-api.mjs frontend/node_modules/.ready | setup
	@$(BIN)/python -m tiffin.cli.documents frontend/src/api/generated
	@$(NPM) run --silent api src/api/generated src/api/generated
	@touch $@

$(SITE): $(FRONTEND_SOURCES) frontend/src/api/generated/.made
	@echo "Building the browser apps"
	@$(NPM) run --silent build
	@touch $@

up: site ## start Tiffin with its own PostgreSQL and NATS on http://127.0.0.1:8000
	@exec $(BIN)/tiffin up $(ARGS)

demo: site ## watch a city order, cook and deliver through the public API; Ctrl-C ends it
	@exec $(BIN)/tiffin demo $(ARGS)

test: site ## run the tests, on servers and in a browser of their own; some: make test ARGS='-k orders'
	-@.ci/install
	$(if $(ARGS),,$(NPM) run --silent test)
	$(BIN)/pytest $(or $(ARGS),--numprocesses 2 --dist loadfile)

chaos: setup ## orders under faults and a verdict at the end: make chaos SECONDS=600 SEED=7; Ctrl-C ends it early
	@exec $(BIN)/python -m tests.chaos.run --seconds $(or $(SECONDS),120) $(if $(SEED),--seed $(SEED)) $(ARGS)

check: setup frontend/src/api/generated/.made ## style, types, import contracts, spelling, the frontend
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(NPM) run --silent check

fmt: setup ## put the code into the one style
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

screens: site ## take the pictures of every screen that the README shows (docs/screens)
	@$(BIN)/python -m tests.browser.screens

bench: setup ## run the benchmarks; one of them: make bench ARGS=orders
	@exec $(BIN)/tiffin bench $(or $(ARGS),all)

bench-peers: setup ## install what `tiffin bench` compares with (Debian's nginx with nchan only as root); see bench/peers
	@sh bench/peers/install $(BIN)/python

requirements: setup ## lock the versions that pyproject.toml asks for; newest of all: make requirements UPGRADE=--upgrade
	$(COMPILE) --output-file=requirements/run.txt pyproject.toml
	$(COMPILE) --extra=dev --output-file=requirements/dev.txt pyproject.toml
	$(COMPILE) --output-file=requirements/node.txt requirements/node.in
	$(COMPILE) --output-file=tools/city/requirements.txt tools/city/requirements.in

city: ## make the demo city's map data anew, from OpenStreetMap (see tools/city)
	@test -d tools/city/.venv || $(PYTHON) -m venv tools/city/.venv
	@tools/city/.venv/bin/pip install -qq --disable-pip-version-check --no-deps --require-hashes \
		--requirement tools/city/requirements.txt --requirement tools/city/extract.txt
	@PATH="$(CURDIR)/tools/city/.venv/bin:$$PATH" tools/city/.venv/bin/python tools/city/make_city.py src/tiffin/demo/data/helsinki

env-example: setup ## write .env.example from the settings
	$(BIN)/python -m tiffin.cli.env_example > .env.example

clean: ## remove the environment and caches; data in .tiffin stays
	rm -rf .venv build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		frontend/node_modules frontend/src/api/generated src/tiffin/app/site
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
