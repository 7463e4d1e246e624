# Every target works in a clean clone with Python 3.11 or newer (with venv) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Plugins have a separate environment: in the environment of mhsync they would be loaded by each of its tests.
PLUGINS := $(wildcard plugins/*)
PLUGIN_VENV := .venv-plugins
PLUGIN_BIN := $(PLUGIN_VENV)/bin
PLUGIN_READY := $(PLUGIN_VENV)/.ready
BENCH_VENV := .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready
DOCS_VENV := .venv-docs
DOCS_READY := $(DOCS_VENV)/.ready
PIP := -m pip install --quiet --disable-pip-version-check -c constraints.txt
# More processes than the two cores of a CI machine: half of the time, the tests wait for servers, limits and processes.
WORKERS := 4
PYTEST = -m pytest -n $(WORKERS) -q
# Compiled modules are kept, whatever the environment says: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: test test-mhsync test-plugins test-pythons test-lowest test-long test-integration lint bench bench-check fuzz demo docs hashes setup clean

# The environment of the plugins is made while the code is checked. Both need the one of mhsync first.
test: $(READY)
	@$(MAKE) --no-print-directory --output-sync=target -j 2 lint $(PLUGIN_READY)
	@$(MAKE) --no-print-directory test-mhsync
	@$(MAKE) --no-print-directory test-plugins

test-mhsync: $(READY)
	$(BIN)/python $(PYTEST)

# The tests that need only packages that pip installs; see test-integration for the others.
test-plugins: $(PLUGIN_READY)
	@for plugin in $(notdir $(PLUGINS)); do \
		$(PLUGIN_BIN)/mypy --no-error-summary plugins/$$plugin/$$(echo $$plugin | tr - _) || exit 1; done
	$(PLUGIN_BIN)/python $(PYTEST) -m "not integration" plugins

# The demo, and the tests of network, storage and crashes, on every CPython from 3.11 on that this machine has;
# `make test-pythons PYTHONS=python3.13` selects one.
PYTHONS ?=
test-pythons:
	$(PYTHON) tools/check_pythons.py --jobs 2 --workers 3 $(PYTHONS:%=--python %)

# The same on the oldest of them, with the lowest versions of all dependencies that pyproject.toml allows.
test-lowest:
	$(PYTHON) tools/check_pythons.py --lowest --workers $(WORKERS) $(PYTHONS:%=--python %)

# Plugins against real servers, and the HTML report in Chromium, which are installed from packages of Debian and npm, so this needs root.
test-integration: WORKERS := 2
test-integration: $(READY) $(PLUGIN_READY)
	PYTHON=$(PLUGIN_BIN)/python tools/install-servers
	$(PLUGIN_BIN)/python $(PYTEST) --dist loadfile -m integration plugins
	$(BIN)/python $(PYTEST) -m integration tests

# The tests that `test` omits because of their duration: more kills, more examples, slower servers.
test-long: $(READY)
	MHSYNC_LONG=1 HYPOTHESIS_PROFILE=long $(BIN)/python $(PYTEST)

fuzz: $(READY)
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python $(PYTEST) -k fuzz

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

demo: $(READY)
	@rm -rf build/demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" mhsync sandbox run -- sh examples/demo/demo.sh build/demo

# The documents as a site in build/site; a broken link is an error. With --quiet, --strict would not see it.
docs: $(DOCS_READY)
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --strict
	@echo "open build/site/index.html"

# mhsync against other programs, with nginx of Debian's package; docs/performance.md explains the rows.
# `make bench BENCH='--only plan --runs 5'` passes options; `make bench BENCH=--help` lists them.
bench: $(BENCH_READY) bench-install
	$(BENCH_VENV)/bin/python -m benchmarks $(BENCH)

# A smaller scale of the same; fails when a ratio is worse than its bound in benchmarks/bounds.py.
bench-check: $(BENCH_READY) bench-install
	$(BENCH_VENV)/bin/python -m benchmarks --scale small --check $(BENCH)

# Installed as a user installs it: an editable install starts more slowly.
.PHONY: bench-install
bench-install: $(BENCH_READY)
	@rm -rf build/lib build/bdist.* plugins/*/build
	@$(BENCH_VENV)/bin/python $(PIP) --no-deps --no-build-isolation --force-reinstall . ./plugins/mhsync-cloud \
		./plugins/mhsync-sftp

# Writes constraints-hashed.txt; run it after constraints.txt changed.
hashes: $(READY)
	$(BIN)/python tools/write_hashes.py

setup: $(READY) $(PLUGIN_READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) -e '.[dev]'
	@touch $(READY)

$(PLUGIN_READY): pyproject.toml constraints.txt $(PLUGINS:%=%/pyproject.toml)
	$(PYTHON) -m venv $(PLUGIN_VENV)
	$(PLUGIN_BIN)/python $(PIP) -e '.[dev]' $(foreach plugin,$(PLUGINS),-e '$(plugin)[test]')
	@touch $(PLUGIN_READY)

$(BENCH_READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python $(PIP) setuptools '.[bench]' ./plugins/mhsync-cloud ./plugins/mhsync-sftp
	@touch $(BENCH_READY)

$(DOCS_READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/python $(PIP) -e '.[docs]'
	@touch $(DOCS_READY)

clean:
	rm -rf $(VENV) $(PLUGIN_VENV) $(BENCH_VENV) $(DOCS_VENV) .venv-pythons build dist *.egg-info plugins/*/*.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis node_modules
