# Two commands: `make demo` and `make test`. Everything they need is set up in .venv from the lock files.

PYTHON ?= python3
PORT ?= 3000
EXPORT ?=
DRIVER ?= simulated
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test bench lint sentences lock kerberos picture clean

DEMO_simulated := bot demo
DEMO_winrm := tests.drivers.wsman
demo: $(if $(filter winrm,$(DRIVER)),$(VENV)/ready-for-tests,$(VENV)/ready)
	@$(if $(DEMO_$(DRIVER)),,echo "DRIVER is simulated or winrm, not $(DRIVER)."; exit 1)
	@SWITCHBACK_DATA=$${SWITCHBACK_DATA:-.data} PORT=$(PORT) \
	  $(BIN)/python -m $(DEMO_$(DRIVER)) $(if $(EXPORT),--export "$(EXPORT)")

test: $(VENV)/ready-for-tests
	@$(BIN)/python -m pytest -n 2

bench: $(VENV)/ready-for-tests
	@$(BIN)/python -m tests.bench

lint: $(VENV)/ready-for-tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

# Every sentence that the bot can say, and which are hard to read.
sentences: $(VENV)/ready-for-tests
	@$(BIN)/python -m tests.sentences

# The pictures of the README, made from the demo as it is now.
picture: $(VENV)/ready-for-tests
	@$(BIN)/python -m tests.browser.picture

# Signing in at servers by Kerberos is built from source: docs/sign-in.md says what it needs.
kerberos: $(VENV)/ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-kerberos.lock

# Written with uv; no address of any index is recorded.
lock:
	uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile pyproject.toml --extra kerberos -c requirements.lock --universal --generate-hashes \
	  --no-emit-index-url --no-header -o requirements-kerberos.lock
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header \
	  -o requirements-dev.lock

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Switchback needs Python 3.11 or later: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "This Python has no venv: install your system's python3-venv."; exit 1; }

$(VENV)/ready: requirements.lock | $(BIN)/python
	@echo "Setting up (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/ready-for-tests: requirements-dev.lock | $(BIN)/python
	@echo "Setting up for tests (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/ready
