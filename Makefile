# What a newcomer types. The work is done in scripts/; `make` alone lists the targets.
# Builds go to ~/.cache/shipsby (SHIPSBY_CACHE, or CARGO_TARGET_DIR for cargo's part), so a fresh checkout is quick.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo serve test setup widget dashboard server deb test-deb fmt lint screenshots bench bench-core oracle lead-times kept-promises demand guards clean
ARGS ?=

help: ## list the targets
	@echo 'ShipsBy: make TARGET, with ARGS="..." for the program behind it'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

demo: server ## install what is missing, build, and serve the demo shop at http://127.0.0.1:8080
	@scripts/with-env.sh bash -c 'exec "$$SHIPSBY_BIN" demo $(ARGS)'

serve: server ## build and run your own store's server (ARGS="--help" explains)
	@scripts/with-env.sh bash -c 'exec "$$SHIPSBY_BIN" serve $(ARGS)'

test: ## install what is missing and run every check and test (ARGS="rust e2e": only these)
	@scripts/test.sh $(ARGS)

setup: ## only install what is missing, Chromium too
	@scripts/setup.sh

widget: ## build the widget into dist/embed
	@scripts/setup.sh check wasm tools npm
	@scripts/build.sh widget

dashboard: ## build the merchant's dashboard into dist/dashboard
	@scripts/setup.sh check wasm tools npm
	@scripts/build.sh dashboard

server: widget dashboard ## build the server, with widget and dashboard inside
	@scripts/build.sh server

deb: server ## build the Debian package into dist/
	@scripts/setup.sh deb
	@scripts/build-deb.sh

test-deb: deb ## install the package here, start it, ask it, purge it (needs root; 1 minute)
	@scripts/test-deb.sh

fmt: ## format the Rust code
	@scripts/with-env.sh cargo fmt --all

lint: ## clippy and the formatting check
	@scripts/with-env.sh cargo fmt --all --check
	@scripts/with-env.sh cargo clippy --locked --workspace --all-targets -- --deny warnings
	@scripts/with-env.sh cargo clippy --locked --package shipsby-server --test postgres --test outside -- --deny warnings

screenshots: server ## take the pictures of the README again
	@scripts/setup.sh browser
	@scripts/with-env.sh node tests/e2e/screenshots.mjs $(ARGS)

bench: server ## measure against the bars (an hour; wants a quiet machine)
	@scripts/setup.sh browser bench
	@scripts/with-env.sh tests/bench/run.sh $(ARGS)

bench-core: ## time the core alone: one SKU with 50 and with 500 deliveries, a cart of 20 lines (1 minute)
	@scripts/with-env.sh node tests/bench/core.mjs

oracle: ## hold the dates of 1.2 million carts against brute force, and break the rules on purpose (2 minutes)
	@scripts/with-env.sh cargo run --locked --quiet --release --package shipsby-oracle -- $(ARGS)

guards: ## break the server on purpose, a guard at a time: the random histories have to notice (15 minutes)
	@scripts/with-env.sh node tests/guards/guards.mjs $(ARGS)

lead-times: ## judge the lead-time model on real deliveries, beside simple rules (10 seconds)
	@scripts/with-env.sh cargo run --locked --quiet --release --package shipsby-lead-times

kept-promises: ## simulate years of a shop under four ways to promise dates, and draw the picture (1 minute)
	@scripts/with-env.sh cargo run --locked --quiet --release --package shipsby-kept-promises -- --svg docs/pictures/kept-promises.svg

demand: ## judge forecasts and reorder points on real demand, beside others in the same run (5 minutes; ARGS=--developing: half of it)
	@scripts/setup.sh forecasts
	@scripts/with-env.sh tests/demand/run.sh $(ARGS)

clean: ## remove what was built, in the checkout and in the cache (tools stay)
	@scripts/with-env.sh bash -c 'rm -rf dist target "$$CARGO_TARGET_DIR"'
