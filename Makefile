# `make demo`: a virtual environment, and the sample submission graded. `make test`: everything that CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint tests corpus stubs clean

demo: $(VENV)/installed
	$(BIN)/grade submissions/alice/

test: $(VENV)/ready lint tests

lint: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python scripts/make_stubs.py --check

tests: $(VENV)/ready
	$(BIN)/python -m pytest

# Every mistake of the corpus, and every training run: some minutes.
corpus: $(VENV)/ready
	GRADER_WHOLE_CORPUS=1 $(BIN)/python -m pytest tests/test_corpus.py

# Anew what is derived: the stubs, from the reference solutions.
stubs: $(VENV)/ready
	$(BIN)/python scripts/make_stubs.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/ready: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) build dist reports
