# make run     everything on this machine: database, demo dairy, web, worker
# make test    the test suite                 make check   style, types, contracts, settings
# make e2e     journeys in a real browser     make bench   speed, against bare floors
# make prove   the full counts                make cover   the test suite, with branch coverage
# make clean   forget everything made here
#
# Needs Python 3.11 or newer, make and a package index. PYTHON=… names the Python, PORT=… the port.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test cover e2e bench prove clean requirements messages \
	check check-style check-types check-rooms check-templates check-migrations check-production check-schema

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
UV := UV_LINK_MODE=copy $(BIN)/uv
WORKERS ?= auto
ARGS ?=

# Settings of the production check only; none of them is used anywhere else.
PROD_CHECK = env -i PATH="$$PATH" HOME="$$HOME" MILK_ENV=prod DATA_DIR="$$folder" \
	SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	HEADLESS_JWT_PRIVATE_KEY_FILE="$$folder/tokens.pem" DATABASE_URL=postgresql://check@localhost/check \
	ALLOWED_HOSTS=milk.example.com SITE_URL=https://milk.example.com EMAIL_URL=smtps://mail.example.com \
	FROM_EMAIL=milk@example.com ADMIN_EMAIL=admin@example.com

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

# -- setting up ---------------------------------------------------------------

$(VENV)/python: requirements/install.txt
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Setting up $(VENV) with $$($$python --version)"; \
			$$python -m venv --clear $(VENV) || { \
				echo "Python cannot make a virtual environment here (Debian, Ubuntu: apt-get install python3-venv)."; \
				exit 1; }; \
			$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/install.txt \
				|| exit 1; \
			touch $@; exit 0; \
		fi; \
	done; echo "There is no Python 3.11 or newer here. Install one, or name it: make PYTHON=/path/to/python3 run"; exit 1

# uv is quick but knows only its own configuration; pip knows whatever index this machine uses.
install = $(UV) pip install --quiet --python $(PY) --require-hashes -r $(1) \
	|| $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)

$(VENV)/run: $(VENV)/python requirements/run.txt
	@$(call install,requirements/run.txt)
	@touch $@

$(VENV)/dev: $(VENV)/run requirements/dev.txt
	@$(call install,requirements/dev.txt)
	@touch $@

# -- using --------------------------------------------------------------------

run: $(VENV)/run
	@exec $(PY) manage.py serve $(ARGS)

test: $(VENV)/dev
	$(PY) -m pytest -n $(WORKERS) $(ARGS)

# The same with branch coverage, which takes half as long again: pages in var/coverage/html.
cover: $(VENV)/dev
	@mkdir -p var/coverage
	$(PY) -m pytest -n $(WORKERS) --cov --cov-report=term:skip-covered --cov-report=html:var/coverage/html $(ARGS)

e2e: $(VENV)/dev
	$(PY) -m pytest -m e2e tests/journeys $(ARGS)

check: check-style check-types check-rooms check-templates check-migrations check-production check-schema

check-style: $(VENV)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

check-types: $(VENV)/dev
	MILK_ENV=test $(BIN)/mypy

check-rooms: $(VENV)/dev
	$(BIN)/lint-imports --no-cache

check-templates: $(VENV)/dev
	$(BIN)/djlint templates --lint --quiet

check-migrations: $(VENV)/dev
	MILK_ENV=test $(PY) manage.py makemigrations --check --dry-run

check-production: $(VENV)/dev
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(PY) -c 'from milkdelivery.settings.environment import new_signing_key as key; print(key())' \
		> "$$folder/tokens.pem" && \
	echo "manage.py check --deploy" && $(PROD_CHECK) $(PY) manage.py check --deploy --fail-level WARNING

check-schema: $(VENV)/dev
	MILK_ENV=test $(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null

bench: $(VENV)/dev
	$(PY) -m benchmarks $(ARGS)

prove: $(VENV)/dev
	$(PY) -m pytest -m slow -p no:randomly $(ARGS)

clean:
	@if [ -x $(PY) ]; then $(PY) -m milkdelivery.embedded_postgres stop var/*/postgres; fi
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# -- maintaining --------------------------------------------------------------

compile = cd requirements && UV_CUSTOM_COMPILE_COMMAND="make requirements" ../$(BIN)/uv pip compile --quiet --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header $(ARGS)

# ARGS=--upgrade for newer versions.
requirements: $(VENV)/python
	$(compile) install.in -o install.txt
	$(compile) run.in -o run.txt
	$(compile) dev.in -c run.txt -o dev.txt

# Collects the words of pages, mails and code, and compiles their translations.
messages: $(VENV)/dev
	$(PY) -m milkdelivery.translations
