# Twokey. `make demo` shows it, `make test` proves it, `make help` names the rest.
#
# Every target first sets up what it needs in .venv, once. All paths are relative to this folder, whose own path may
# hold spaces and any characters.

PYTHON ?= python3
UV ?= uv

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
unexport PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX

pip := .venv/bin/python -m pip --disable-pip-version-check --quiet
words := runner/locale/zh_CN/LC_MESSAGES/twokey

.PHONY: help demo test check bench clean setup words lock schema
.PHONY: requirements compiled check-format check-lint check-types check-imports

help:
	@echo "make demo    run the demonstration on this machine: no root, everything under .demo/"
	@echo "make test    everything that must hold: make check, then the tests"
	@echo "make check   format, lint, types, import contracts"
	@echo "make bench   measure, and compare with the targets"
	@echo "make clean   remove everything that make made, .venv and .demo included"
	@echo "make setup   make .venv and install what requirements.lock names"
	@echo "make words   bring the catalogue of translations up to date and compile it"
	@echo "make lock    write requirements.lock anew from pyproject.toml (needs uv; UPGRADE=--upgrade for new versions)"
	@echo "make schema  write the JSON Schemas of runbooks, policies and secrets anew"
	@echo
	@echo "PYTHON=...   the Python to make .venv from (now: $(PYTHON)); applies after make clean"

demo: compiled
	.venv/bin/twokey demo

test: check compiled
	.venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile --durations 15 --durations-min 1

check: check-format check-lint check-types check-imports

check-format: setup
	.venv/bin/ruff format --check .

check-lint: setup
	.venv/bin/ruff check .

check-types: setup
	.venv/bin/python -m mypy

check-imports: setup
	.venv/bin/lint-imports --no-logo

bench: compiled
	.venv/bin/python -m bench

# A demonstration that was interrupted may have left its service running, and its snapshots are read-only.
clean:
	@if [ -d .demo/state ] && [ -x .venv/bin/twokey ]; then .venv/bin/twokey --state .demo/state serve --stop || true; fi
	@if [ -d .demo ]; then chmod -R u+w .demo; fi
	rm -rf .venv .demo .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find runner tui tests bench playbooks -type d -name __pycache__ -prune -exec rm -rf {} +

words: setup
	mkdir -p build $(dir $(words))
	.venv/bin/pybabel --quiet extract -F pyproject.toml -k _ -k N_ --no-location --sort-output --no-wrap \
		--project twokey --msgid-bugs-address "the issues of the repository" --output build/twokey.pot .
	if [ -f $(words).po ]; then command=update; else command=init; fi; \
	.venv/bin/pybabel --quiet $$command -i build/twokey.pot -o $(words).po -l zh_CN --no-wrap \
		$$([ $$command = init ] || echo --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date)
	.venv/bin/pybabel --quiet compile -i $(words).po -o $(words).mo

lock:
	@command -v "$(UV)" >/dev/null || { echo "make lock: uv not found; install it, or name it: make lock UV=..." >&2; exit 1; }
	"$(UV)" pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--group dev pyproject.toml -o requirements.lock

schema: compiled
	mkdir -p build
	.venv/bin/twokey runbook schema > build/schema.json
	mv build/schema.json runbooks/schema.json
	.venv/bin/twokey policy schema > build/policy.schema.json
	mv build/policy.schema.json inventory/policy.schema.json
	.venv/bin/twokey inventory schema > build/secrets.schema.json
	mv build/secrets.schema.json inventory/secrets.schema.json

setup: .venv/project

# Start-up is fast only from byte code, which some environments forbid Python to write by itself.
compiled: setup
	@.venv/bin/python -m compileall -q runner tui bench

requirements:
	@.ci/require "$(PYTHON)"

# An environment knows its own path and Python. One that was moved or copied, or whose Python went away, is made anew.
usable := $(shell [ "$$(cat .venv/place 2>/dev/null)" = "$$(pwd -P)" ] && .venv/bin/python -c 'import pip' 2>/dev/null && echo yes)
ifneq ($(usable),yes)
.PHONY: .venv/dependencies
endif

.venv/dependencies: requirements.lock | requirements
	@echo "setting up .venv; the first time this takes a minute or two"
	$(if $(usable),,rm -rf .venv && "$(PYTHON)" -m venv .venv && pwd -P > .venv/place)
	$(pip) install --require-hashes --no-compile -r requirements.lock
	@# Python 3.11 puts setuptools into every environment, and that slows each start down.
	@$(pip) uninstall --yes setuptools 2>/dev/null
	@# Small containers lack what -j needs; and a file that does not compile is no reason to stop.
	@.venv/bin/python -m compileall -q -q -j 0 .venv/lib 2>/dev/null || .venv/bin/python -m compileall -q -q .venv/lib || true
	@touch $@

.venv/project: pyproject.toml .venv/dependencies
	$(pip) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@
