# make up     one command to a running studio         make up ARGS="--port 8731"
# make test   one command to a passing suite          make test ARGS="tests/studio -k ledger"
# Python 3.11 or newer, pip and a shell are all that these need; `scripts/setup` brings the rest into .venv.

PYTHON ?= python3
RUN = .venv/bin/python
# mypy's Django plugin loads the settings; nothing connects.
SETTINGS = DATABASE_URL=postgresql://none@localhost/none PACKSHOT_SECRET_KEY=for-checks-only

.PHONY: help up test lint types format messages frontend shots bench clean

help: ## These lines
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

up: ## Start the studio: database, web and worker (ARGS="--port 8731 --home DIR")
	@PYTHON=$(PYTHON) scripts/setup run
	@exec $(RUN) -m packshot up $(ARGS)

test: ## Run every test, the browser's included (ARGS goes to pytest)
	@PYTHON=$(PYTHON) scripts/setup dev
	@$(RUN) -m tests.browser
	@$(RUN) -m pytest -n auto --dist loadgroup $(ARGS)

lint: ## Style, types, templates, layers, translations, and that static/dist matches
	@PYTHON=$(PYTHON) scripts/setup dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(SETTINGS) .venv/bin/mypy
	.venv/bin/djlint packshot --check --lint --quiet
	.venv/bin/lint-imports
	$(RUN) scripts/messages check
	$(RUN) frontend/build.py --check

format: ## Bring code and templates into shape
	.venv/bin/ruff check --fix . && .venv/bin/ruff format .
	.venv/bin/djlint packshot --reformat --quiet

messages: ## Bring the translations up to date with the sources; prints how many are missing
	@PYTHON=$(PYTHON) scripts/setup dev
	$(RUN) scripts/messages update

frontend: ## Build the style sheet and the scripts into packshot/web/static/dist
	@PYTHON=$(PYTHON) scripts/setup dev
	$(RUN) frontend/build.py

shots: ## Screenshots of the main pages, light and dark, wide and narrow, into shots/
	@PYTHON=$(PYTHON) scripts/setup dev
	@$(RUN) -m tests.browser
	$(RUN) -m tests.e2e.shots

bench: ## Every figure of the docs (needs requirements-bench.lock; see bench/README.md)
	@cat bench/README.md

clean: ## Forget the environment and the tests' database; the studio's home stays
	rm -rf .venv .tools .test-home .mypy_cache .ruff_cache .pytest_cache
