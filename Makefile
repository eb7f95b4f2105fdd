PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo
PORT ?= 8440
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python

# The tests start some hundred commands: each would compile all its modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test soak check format bench lock clean

demo: $(VENV)/.ready
	$(BIN)/yunshao demo --dir $(DEMO) --port $(PORT)

test: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -rs --durations=25

# Half an hour and more: servers and processes are killed under load, and a large capture is read both ways.
soak: $(VENV)/.ready-dev
	$(BIN)/python -m pytest tests/servers/soak_faults.py tests/servers/soak_parity.py -n 0 -s

check: test

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.ready-dev
	$(BIN)/python -m bench

lock: $(VENV)/.ready
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" --extra dev --extra cluster setup.cfg -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock" -c requirements-dev.lock setup.cfg -o requirements.lock

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

$(VENV)/.ready: $(BIN)/uv requirements.lock setup.cfg
	$(UV) --require-hashes -r requirements.lock
	$(UV) --no-deps -e .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	$(UV) --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
