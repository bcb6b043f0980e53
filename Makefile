# Two commands do everything: `make lab` and `make test`.  `make help` lists the others.
#
# PYTHON=/usr/bin/python3.12     chooses the interpreter that .venv is made with.
# LAB="--no-browser --port=9999"  hands arguments to JupyterLab.

BIN := .venv/bin
export PYTHON MAKECMDGOALS PACKAGES

.DEFAULT_GOAL := help
.PHONY: help env packages lab test docs offline lint lock notebooks bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

env: ## make or update the Python environment, .venv, with what the tests need
	@sh tools/environment.sh

packages: ## install missing distribution packages (as root, or with sudo)
	@sh tools/packages.sh --again lab test

lab: ## hand the notebooks out into course/, and open JupyterLab on the first one, with the sandbox kernel
	@sh tools/environment.sh lab
	@sh tools/packages.sh lab
	@$(BIN)/netkit handout course
	@exec $(BIN)/netkit lab course/00-start-here.ipynb $(LAB)

test: env ## run every test (as root: also as an ordinary user)
	@sh tools/packages.sh lab test
	@$(BIN)/python tests/run.py

docs: ## build the documentation site, in build/docs/html
	@sh tools/environment.sh docs
	@$(BIN)/python tools/documentation.py

offline: ## make a folder for machines without internet, offline/: PACKAGES=no leaves the distribution's packages out
	@sh tools/environment.sh lab
	@sh tools/offline.sh

lint: env ## check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

lock: ## choose the newest versions of all dependencies anew
	@sh tools/lock.sh

notebooks: env ## run the notebooks and write their outputs back
	@$(BIN)/netkit notebooks --update
	@$(BIN)/python tools/picture.py

bench: env ## compare the speed with `ip`, `ip -batch`, Mininet, and C with raw netlink
	@sh tools/packages.sh lab bench
	@$(BIN)/python benchmarks/build.py
	@$(BIN)/python benchmarks/limit.py

clean: ## remove .venv, caches, build results and artifacts
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis artifacts build dist
	@find . -name __pycache__ -prune -exec rm -rf {} +
