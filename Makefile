# `make run` and `make test` are all that a fresh clone needs; plain cargo works after either.
# What is fetched lies in the cache folder that all clones share, and is fetched once.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test lint bench interop bench-peers bench-interface bench-growth book completions clean check check-lint libtorch model models

help:
	@echo 'Blockscope shows a transformer at work, block by block, in your terminal.'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s%s\n", $$1, $$2 }' Makefile

run: check libtorch model ## open the interface on the default model; ARGS="…" is passed to blockscope
	cargo run --release -- $(ARGS)

test: check libtorch model ## run every test
	cargo test --locked

lint: check-lint libtorch ## check the formatting and let clippy read everything; warnings are errors
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

bench: check libtorch model ## measure loading, prefill, decode and drawing
	cargo bench

interop: check libtorch ## read exported traces with the tools of others, which this fetches into the cache folder
	cargo build --locked
	tests/interop/check.sh "$${CARGO_TARGET_DIR:-target}/debug/blockscope"

bench-peers: check libtorch model ## measure beside transformers and llama.cpp, into docs/benchmarks.md; fetches and builds them once
	cargo build --release --locked
	benches/peers/run.sh

bench-interface: check libtorch model ## measure what the interface takes: starts, keys, its share of a run
	cargo build --release --locked
	benches/measure.sh benches/interface/measure.py

bench-growth: check libtorch model ## measure how capture, trace and compare grow with the prompt, into docs/growth.svg
	cargo build --release --locked
	benches/measure.sh benches/growth/measure.py docs/growth.svg

completions: check libtorch ## write completions for shells into target/completions, manual pages into target/man
	cargo build --release --locked
	@scripts/completions.sh "$${CARGO_TARGET_DIR:-target}"

book: ## build the book into target/book; reads as well in docs/book/src, without it
	@scripts/book.sh

clean: ## remove what was built here; what all clones share is kept
	cargo clean
	@echo "Kept: LibTorch and models, in $${XDG_CACHE_HOME:-$$HOME/.cache}/blockscope"

check: ## only see whether Rust and a C++17 compiler are there
	@scripts/check.sh

check-lint:
	@scripts/check.sh lint

libtorch: ## only fetch LibTorch, if it is missing
	@scripts/libtorch.sh

model: ## only fetch the default model, if it is missing
	@scripts/model.sh

models: ## fetch further models, as NAMES="glassllm-en gemma3-270m"; without NAMES, say which there are
	@scripts/models.sh $(NAMES)
