# SPDX-License-Identifier: AGPL-3.0-or-later
# Two commands do all the set-up: `make demo` and `make test`.
.PHONY: demo screens test check bench soak sabotage newcomer lock docs help

help: ## list the commands
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

demo: ## a whole town on this machine; ends with one page of addresses
	@./dev sunporch demo

test: ## all tests: core, hub, portal, story
	@./dev python -m tests.run

check: ## lint, types, walls, generated documents (no tests)
	@./dev ruff format --check --quiet .
	@./dev ruff check --quiet .
	@./dev mypy
	@./dev lint-imports --no-cache
	@./dev python -m tests.generated --check

docs: ## write the generated documents anew
	@./dev python -m tests.generated

bench: ## every benchmark beside its peer; writes benchmarks/results/
	@./dev python benchmarks/bench.py run

screens: ## pictures of every page, in screens/; README's three go to docs/images/
	@./dev python -m tests.screens

soak: ## the long versions of the random tests
	@SUNPORCH_TESTS=all SUNPORCH_SOAK=1 ./dev python -m tests.run

sabotage: ## play every saboteur in a copy: each must make its test fail
	@./dev python -m tests.saboteurs

newcomer: ## a bare Debian 13 with git, make and python3-venv: clone, story, tests
	@sh tests/newcomer.sh

lock: ## compile the lock files anew
	@uv=$$(command -v uv || echo .tools/bin/uv); \
	 $$uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-annotate --custom-compile-command "make lock" \
	   --all-extras --group dev pyproject.toml -o tests/requirements.lock; \
	 $$uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-annotate --custom-compile-command "make lock" \
	   --extra town --extra postgres --extra s3 pyproject.toml -o requirements.lock
