# Mujaz: `make demo` and `make test` do all the set-up there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo run test test-long fuzz lint bench install screenshots train quality requirements clean

demo: $(VENV)/.run
	$(BIN)/mujaz demo

run: $(VENV)/.run
	$(BIN)/mujaz run

install: $(VENV)/.run

test: $(VENV)/.test
	$(BIN)/python tests/setup_browser.py
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not long"

test-long: $(VENV)/.test
	$(BIN)/python tests/setup_browser.py
	$(BIN)/pytest

# ten minutes each on feeds, pages, dates and sitemaps, with coverage; what is found lies in tests/fuzz/found
fuzz: $(VENV)/.test $(VENV)/.fuzz
	$(BIN)/python -m tests.fuzz --seconds 600

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r aggregator

screenshots: $(VENV)/.test
	$(BIN)/python tests/setup_browser.py
	$(BIN)/python -m scripts.screenshots

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

# A virtual environment of plain venv and pip; each stamp stands for one hash-pinned set.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%: requirements/%.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip --disable-pip-version-check install -q --require-hashes --no-deps -r $<
	$(BIN)/pip --disable-pip-version-check install -q --no-deps --no-build-isolation -e .
	touch $@

train: $(VENV)/.bench
	$(BIN)/python -m tests.quality.train

quality: $(VENV)/.bench
	$(BIN)/python -m tests.quality

requirements:
	uv pip compile -q --universal --python-version 3.11 --no-header --generate-hashes --no-emit-index-url pyproject.toml --group build --extra parquet -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --no-header --generate-hashes --no-emit-index-url pyproject.toml --group build --extra cluster --extra parquet -o requirements/cluster.txt
	uv pip compile -q --universal --python-version 3.11 --no-header --generate-hashes --no-emit-index-url pyproject.toml --group build --group test --all-extras -o requirements/test.txt
	uv pip compile -q --universal --python-version 3.11 --no-header --generate-hashes --no-emit-index-url pyproject.toml --group build --group test --group bench --all-extras -o requirements/bench.txt
	uv pip compile -q --universal --python-version 3.11 --no-header --generate-hashes --no-emit-index-url --group fuzz -o requirements/fuzz.txt

clean:
	rm -rf $(VENV) build dist *.egg-info
