# Everything that is done with this project, by one word each; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build test sim guard mutants bench lint format clean dependencies

# Simulations keep every processor busy: what talks to sockets is tested before them.
# One scratch path for debug, release and tests. Exclusivity is checked in tests and debug builds;
# unchecked in release, where the check alone costs a quarter of the instructions.
BUILD := .build
SWIFT_FLAGS := --scratch-path $(BUILD)
RELEASE_FLAGS := $(SWIFT_FLAGS) -c release -Xswiftc -enforce-exclusivity=unchecked
MARTLET := $(BUILD)/release/martlet
DEMO :=
BENCH :=
SIM := --time-limit 1m
GUARD := --seed 2
MUTANTS :=

help: ## List what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: build ## Run three nodes on this machine and watch them (options: make demo DEMO="--nodes 5")
	@exec $(MARTLET) demo $(DEMO)

build: dependencies ## Build the release executable
	@./.ci/quietly "building release" swift build $(RELEASE_FLAGS) --product martlet
	@echo "built $(MARTLET)"

test: dependencies ## Build and run all tests
	@./.ci/quietly "building tests" swift build $(SWIFT_FLAGS) --build-tests
	@./.ci/quietly "testing" --tail 3 swift test $(SWIFT_FLAGS) --skip-build --parallel \
		--skip SimulatorTests
	@./.ci/quietly "simulating" --tail 3 swift test $(SWIFT_FLAGS) --skip-build --parallel \
		--filter SimulatorTests

sim: build ## Search the scenarios for seeds that break a promise (make sim SIM="--time-limit 10m")
	@exec $(MARTLET) simulate Simulations/*.yaml $(SIM)

# All scenarios are played by `make test`; these have between them all that could go otherwise.
GUARDED ?= any-shape bad-disks everything lazy-disks lost-disks many-keys torn-network wrong-clocks

guard: build ## Play scenarios in the release and the debug build: one and the same run
	@./.ci/quietly "building debug" swift build $(SWIFT_FLAGS) --product martlet
	@for scenario in $(GUARDED:%=Simulations/%.yaml); do \
		$(MARTLET) simulate $$scenario $(GUARD) --compare $(BUILD)/debug/martlet; \
	done

# An hour or more, and resumed when it is called again. Its copy of the code is in $(BUILD)/mutants.
mutants: dependencies ## Put slips into a copy, and see which of them nothing finds (make mutants MUTANTS="--tests")
	@./.ci/quietly "building the tool" swift build --package-path Tools/Mutants \
		--scratch-path $(BUILD)/mutants-tool
	@exec $(BUILD)/mutants-tool/debug/mutants $(MUTANTS)

bench: build ## Measure three nodes, beside Redis where it is installed (make bench BENCH="--runs 5")
	@yardstick=$$(command -v redis-server >/dev/null && echo --against-redis || true); \
	exec $(MARTLET) bench $$yardstick $(BENCH)

lint: ## Check the format of every Swift file
	@swift format lint --strict -r Sources Tests Tools Package.swift
	@echo "format is right"

format: ## Put every Swift file into format
	@swift format -i -r Sources Tests Tools Package.swift

clean: ## Remove what was built; the demo's data stays
	@rm -rf $(BUILD)

# liblz4-dev is the one thing beside a Swift toolchain. Installed where that is allowed, else named.
dependencies:
	@./.ci/dependencies
