# Every target is listed by `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/made
RUN := $(VENV)/installed-run
DEV := $(VENV)/installed-dev
TESTS ?= tests
# What fails first where a route, action, event, table or setting lacks a line in another file. None starts a server.
CHECKS := tests/arch tests/unit/test_openapi.py tests/unit/test_asyncapi.py tests/unit/test_protocol_doc.py \
	tests/unit/test_operations_doc.py tests/unit/test_config.py tests/unit/test_released_migrations.py \
	tests/unit/test_contributing.py tests/api/test_permissions.py::test_what_is_open_to_everybody \
	tests/api/test_permissions_matrix.py::test_the_rows_name_every_route_and_every_action_once \
	tests/api/test_round_trips_of_changes.py::test_the_tables_name_everything_that_changes_something \
	tests/ws/test_vocabularies.py::test_the_tables_name_what_there_is \
	tests/deploy/test_policies.py::test_every_function_has_a_policy
SCANNER := .venv-scan
SDK_TOOLS := web/tools/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help build run dev swagger demo sdk screenshots check test torture migrate check-names import deploy rollback rotate unlock sql admin audit-verify destroy fmt lint bench \
	cost scan pr clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@echo "Making an environment for Python in $(VENV)."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUN): requirements.txt requirements-pictures.txt requirements-notify.txt requirements-passkeys.txt requirements-run.txt | $(MADE)
	@$(BIN)/python local/install.py requirements-run.txt "what runs the service (110 MB)"
	@touch $@

# What only developers need is installed when they first need it.
$(DEV): requirements.txt requirements-pictures.txt requirements-notify.txt requirements-passkeys.txt requirements-run.txt requirements-dev.txt | $(MADE)
	@$(BIN)/python local/install.py requirements-dev.txt "what tests and checks need (220 MB)"
	@touch $(RUN) $@

build: $(RUN) ## make the environment and install what is pinned for `make run`

run: build ## start everything on this machine (HOST, PORT, DATA_DIR, DATABASE_URL, LOG_LEVEL, RATE_LIMITS=off)
	@exec $(BIN)/python -m local

dev: run ## the same: code that is changed is loaded anew

swagger: build ## write the API's documents to .build/documents; `make run` serves their pages at /docs
	@$(BIN)/python -m local.documents .build/documents

demo: build ## two users talk over a running server (HOST, PORT)
	@$(BIN)/python -m local.demo

# The packages that make its types come from npm.
$(SDK_TOOLS): web/tools/package-lock.json
	@npm ci --prefix web/tools --ignore-scripts --no-audit --no-fund --silent

sdk: build $(SDK_TOOLS) ## make the npm package of the client library in .build/sdk; needs Node
	@$(BIN)/python -m web.pack

screenshots: $(DEV) ## renew docs/screenshots from the web client as it is; needs Chromium
	@$(BIN)/python -m tests.browser.screenshots docs/screenshots

check: $(DEV) ## run the quick tests that name what a new route, event, table or setting still lacks
	@$(BIN)/python -m pytest $(CHECKS)

test: $(DEV) lint ## check and test everything; TESTS=tests/ws runs a part
	$(BIN)/python -m tests -n 2 --dist loadfile $(TESTS)

torture: $(DEV) ## talk while everything goes wrong, and compare; SEED=1 CHANGES=100000
	@$(BIN)/python -m tests.consistency --seed $(or $(SEED),1) --changes $(or $(CHANGES),100000)

migrate: build ## bring the schema at DATABASE_URL up to date
	@$(BIN)/python -m local.migrate

# The source has a password in it, which make hands on in the environment.
import: build ## bring users and history over; FROM=postgresql://… DIALECT=conversations|flutter STAGE=dev
	@$(BIN)/python -m $(if $(STAGE),infra import --stage $(STAGE),moving)

check-names: build ## report the names at DATABASE_URL that could not be chosen today
	@$(BIN)/python -m local.check_names

INFRA = $(BIN)/python -m infra $@ --stage $(or $(STAGE),$(error say which: make $@ STAGE=dev))

deploy: build ## bring this version to AWS; STAGE=dev SMOKE=off
	@$(INFRA) $(if $(filter off,$(SMOKE)),--no-smoke)

rollback: build ## bring the version before back; STAGE=dev SMOKE=off
	@$(INFRA) $(if $(filter off,$(SMOKE)),--no-smoke)

rotate: build ## sign access tokens with a new key, nobody is logged out; STAGE=dev
	@$(INFRA)

unlock: build ## break the lock of a command that was killed; STAGE=dev
	@$(INFRA)

sql: build ## run a statement in a stage's database; STAGE=dev QUERY="SELECT …" WRITE=yes DATABASE=…
	@QUERY='$(subst ','\'',$(value QUERY))' $(INFRA) $(if $(filter yes,$(WRITE)),--write) $(if $(DATABASE),--database $(DATABASE))

# Every shell has a USER of its own: the one that is meant is given to make.
admin: build ## make a registered user an admin; USER=name STAGE=dev
	@NAME='$(if $(filter command,$(origin USER)),$(subst ','\'',$(value USER)))' $(if $(STAGE),$(INFRA),$(BIN)/python -m local.admin)

audit-verify: build ## say whether rows of the audit trail were removed or changed; HEAD=POSITION:HASH STAGE=dev
	@HEAD='$(HEAD)' $(if $(STAGE),$(INFRA),$(BIN)/python -m local.audit_verify)

destroy: build ## remove a stage from AWS; STAGE=dev DATA=delete CONFIRM=dev
	@$(INFRA) --data $(or $(DATA),keep) $(if $(CONFIRM),--confirm $(CONFIRM))

fmt: $(DEV) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(DEV) ## check form and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(DEV) ## measure what is in bench/ and print the figures; ARGS=figures, ARGS=--redraw
	@$(BIN)/python -m bench $(ARGS)

cost: build ## what a month costs on AWS; ARGS="--users 10000 --messages 20"
	@$(BIN)/python -m infra.cost $(ARGS)

# In an environment of its own: the scanner pins other versions of what the tests use.
$(SCANNER)/installed: requirements-scan.txt
	@$(PYTHON) -m venv $(SCANNER)
	@$(SCANNER)/bin/python local/install.py requirements-scan.txt "the scanner"
	@touch $@

scan: $(SCANNER)/installed ## look for what is insecure in infra/stack.yaml
	$(SCANNER)/bin/checkov --file infra/stack.yaml --framework cloudformation --compact --quiet --skip-download

pr: test scan ## all that CI runs on one PostgreSQL

clean: ## remove what was made here, the local data included
	rm -rf $(VENV) $(SCANNER) web/tools/node_modules .local .build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
