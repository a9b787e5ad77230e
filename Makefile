# `make demo`: a virtual environment, and the sample submission graded. `make test`: everything that CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Hundreds of processes are started, each of which would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint tests contained others long attacks corpus selftest fuzz kills messages stubs pictures clean

demo: $(VENV)/installed
	$(BIN)/grade submissions/alice/

test: $(VENV)/ready
	$(MAKE) --jobs=2 --output-sync=target lint contained
	$(MAKE) others

lint: $(VENV)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python scripts/make_stubs.py --check

# The attacks without other tests beside them, since they count what sandboxes leave behind; these on two cores.
tests: $(VENV)/ready
	$(MAKE) contained
	$(MAKE) others

contained: $(VENV)/ready
	$(BIN)/python -m pytest tests/attacks

others: $(VENV)/ready
	$(BIN)/python -m pytest --ignore=tests/attacks -n 2 --dist worksteal

# Every mistake of the corpus, and every training run: some minutes.
corpus: $(VENV)/ready
	GRADER_WHOLE_CORPUS=1 $(BIN)/python -m pytest tests/test_corpus.py

# Every attack at every tier that this machine has, with the count of those contained.
attacks: $(VENV)/ready
	GRADER_ALL_TIERS=1 $(BIN)/python -m pytest tests/attacks

# Tests that take long.
long: $(VENV)/ready
	GRADER_LONG=1 $(BIN)/python -m pytest -m long

# Damaged answers, for SECONDS: by chance here, guided by coverage where atheris is installed.
SECONDS ?= 600
fuzz: $(VENV)/ready
	$(BIN)/python scripts/fuzz_wire.py --seconds $(SECONDS)

# The course tried on itself, with MUTANTS automatic mistakes (all: some ten minutes). See docs/selftest.md.
MUTANTS ?= 100
selftest: $(VENV)/ready
	$(BIN)/grade selftest --mutants $(MUTANTS)

# Grader, zygote and workers killed at KILLS random moments, and what is lost by it: some ten minutes.
KILLS ?= 100
kills: $(VENV)/ready
	$(BIN)/python benchmarks/kills.py --kills $(KILLS)

# The catalogues of messages brought up to date with the source. What is new in them waits for a translation.
messages: $(VENV)/ready
	$(BIN)/python scripts/messages.py

# The screenshots of the documents anew, in the system's Chromium.
pictures: $(VENV)/ready
	$(BIN)/python scripts/pictures.py

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
	rm -rf $(VENV) build dist reports run
