# make run    sets everything up and serves the page         make test   sets everything up and checks everything
# make lint · make types · make unit · make speed · make browser   one part of `make test`
# make bench  measures how fast it is (half an hour) and writes it into README
# make format · make docs · make picture · make lock          rewrite the code's form, the README's tables and picture, the lock files
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
V := .venv/bin

.PHONY: run test lint types unit speed browser bench format docs picture lock clean
run: .venv/run.stamp
	@$(V)/chat-app serve $(ARGS)

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "chat-app needs Python 3.11 or newer and found none: install it, or name it: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is not complete: on Debian or Ubuntu, apt-get install python3-venv, then again" >&2; exit 1; }

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Setting up (once, about a minute) ..."
	@$(V)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(V)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	@$(V)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

test: lint types unit speed browser

lint: .venv/dev.stamp
	$(V)/ruff format --check .
	$(V)/ruff check .

types: .venv/dev.stamp
	$(V)/mypy

unit: .venv/dev.stamp
	$(V)/pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile --ignore=tests/browser --ignore=tests/benchmarks/test_quick.py

speed: .venv/dev.stamp
	$(V)/pytest tests/benchmarks/test_quick.py

browser: .venv/dev.stamp
	$(V)/python tests/browser/chromium.py
	$(V)/pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal tests/browser

bench: .venv/dev.stamp
	$(V)/python tests/browser/chromium.py
	$(V)/python -m benchmarks.page --json .venv/page.json
	$(V)/python -m benchmarks.server --install-peers --page .venv/page.json --json benchmarks/results/latest.json $(ARGS)
	$(V)/python -m benchmarks.results

format: .venv/dev.stamp
	$(V)/ruff format .
	$(V)/ruff check --fix .

docs: .venv/dev.stamp
	$(V)/python -m tests.docs

picture: .venv/dev.stamp
	$(V)/python -m tests.browser.picture

lock: .venv/dev.stamp
	$(V)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --extra mcp pyproject.toml -o requirements.lock
	$(V)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --extra mcp --extra vega --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache tests/.cache
