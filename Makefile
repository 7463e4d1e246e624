# Everything here works on a clean clone with nothing but Python 3.11 (with venv) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: test test-long lint fuzz demo setup clean

test: lint
	$(BIN)/python -m pytest -n 2 -q

# Everything that `test` leaves out for its time: more kills, more examples, slower servers.
test-long: $(READY)
	MHSYNC_LONG=1 HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n 2 -q

fuzz: $(READY)
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -n 2 -q -k fuzz

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

demo: $(READY)
	@rm -rf build/demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" mhsync sandbox run -- sh examples/demo/demo.sh build/demo

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) -e '.[dev]'
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
