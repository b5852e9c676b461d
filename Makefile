# `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TARGET := $(or $(CARGO_TARGET_DIR),target)
OPERATOR := $(TARGET)/debug/video-pipeline-operator
SANDBOX := $(TARGET)/debug/sandbox
CRD := crds/videopipelines.streamflix.io.yaml
# Helm cannot look outside a chart's folder.
CHART_CRD := charts/video-pipeline-operator/files/videopipelines.streamflix.io.yaml
REFERENCE := docs/reference.md
DIFFERENCES := docs/stand-in.md
POLICY := docs/iam-policy.json
CHART_POLICY := charts/video-pipeline-operator/files/iam-policy.json
# That of AWS's own examples.
ACCOUNT := 123456789012
STANDIN := $(SANDBOX) python --in standin -m standin

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## Start a control plane, an AWS stand-in and the operator, and make the environment dev
	@$(SANDBOX) demo

.PHONY: demo-down
demo-down: $(SANDBOX) ## End every process that make demo started
	@$(SANDBOX) demo-down

.PHONY: test
test: build ## Run every test that needs no cluster node
	@$(SANDBOX) prepare
	@SANDBOX=$(SANDBOX) sandbox/run-tests

.PHONY: check
check: build ## What to run before a commit: format, clippy, generated files, fast tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --test e2e -- -D warnings
	@$(MAKE) fresh
	cargo test --workspace --lib --bins

.PHONY: generate
generate: build ## Write the files that are generated from the code
	@mkdir -p crds docs
	@$(OPERATOR) crd > $(CRD).new && mv $(CRD).new $(CRD)
	@$(OPERATOR) crd --reference > $(REFERENCE).new && mv $(REFERENCE).new $(REFERENCE)
	@$(STANDIN) --differences > $(DIFFERENCES).new && mv $(DIFFERENCES).new $(DIFFERENCES)
	@$(OPERATOR) iam-policy --account $(ACCOUNT) > $(POLICY).new && mv $(POLICY).new $(POLICY)
	@cp $(CRD) $(CHART_CRD)
	@cp $(POLICY) $(CHART_POLICY)
	@echo "wrote $(CRD) $(CHART_CRD) $(REFERENCE) $(DIFFERENCES) $(POLICY) $(CHART_POLICY)"

.PHONY: fresh
fresh: build ## Compare the generated files with what the code generates now
	@$(OPERATOR) crd | diff -u $(CRD) - || { echo "$(CRD) is stale: run make generate" >&2; exit 1; }
	@diff -u $(CHART_CRD) $(CRD) || { echo "$(CHART_CRD) is stale: run make generate" >&2; exit 1; }
	@$(OPERATOR) crd --reference | diff -u $(REFERENCE) - || { echo "$(REFERENCE) is stale: run make generate" >&2; exit 1; }
	@$(OPERATOR) iam-policy --account $(ACCOUNT) | diff -u $(POLICY) - || { echo "$(POLICY) is stale: run make generate" >&2; exit 1; }
	@diff -u $(CHART_POLICY) $(POLICY) || { echo "$(CHART_POLICY) is stale: run make generate" >&2; exit 1; }
	@$(STANDIN) --differences | diff -u $(DIFFERENCES) - || { echo "$(DIFFERENCES) is stale: run make generate" >&2; exit 1; }

.PHONY: bench
bench: build ## Measure 1 and 20 environments against the stand-in; PROGRAM=PATH measures that build of the operator
	@$(SANDBOX) prepare
	@[ -n '$(PROGRAM)' ] || cargo build --release --bin video-pipeline-operator
	@$(SANDBOX) bench --operator $(or $(PROGRAM),$(TARGET)/release/video-pipeline-operator)

.PHONY: image
image: $(SANDBOX) ## Make the operator's image and its SBOM, by docker, podman or buildah
	@$(SANDBOX) image

.PHONY: e2e
e2e: build ## The whole life on a real cluster: that of E2E_KUBECONFIG, or one that kind makes
	@$(SANDBOX) prepare
	cargo test --test e2e

.PHONY: sweep
sweep: build ## Try every fault at every call and write docs/reliability.md; POINT=create/dies-after tries those only
	@$(SANDBOX) prepare
	SWEEP='$(or $(POINT),all)' cargo test --test it sweep::every_point -- --nocapture
	@[ -n '$(POINT)' ] || $(MAKE) matrix

.PHONY: matrix
matrix: build ## Refuse every operation in every way that AWS does; CELL=ec2:CreateVpc/throttled tries those only
	@$(SANDBOX) prepare
	MATRIX='$(or $(CELL),all)' cargo test --test it matrix::every_refusal -- --nocapture

.PHONY: memory
memory: build ## Have the operator forget everything that it remembers, in every way; CASE=/intent/ tries those only
	@$(SANDBOX) prepare
	MEMORY='$(or $(CASE),all)' cargo test --test it memory::whatever -- --nocapture

.PHONY: leadership
leadership: build ## Have the leader go in every way, in the middle of every call; TRIALS=12 tries so many
	@$(SANDBOX) prepare
	LEADERSHIP='$(or $(TRIALS),120)' cargo test --test it faults::leadership::whoever -- --nocapture

.PHONY: transitions
transitions: build ## Give every field of the spec every kind of value, and take it back; EDIT=database. tries those only
	@$(SANDBOX) prepare
	TRANSITIONS='$(or $(EDIT),all)' cargo test --test it transitions::an_environment -- --nocapture

.PHONY: simulate
simulate: ## Let the engine live SEEDS=100000 random lives, other ones each time; SEED=troubled/217 lives that one
	SIMULATE='$(or $(SEED),$(SEEDS),100000)' cargo test --profile simulation -p simulation --test planner as_many_lives -- --nocapture

.PHONY: clean
clean: demo-down ## Remove what was built here; programs kept outside the checkout stay
	rm -rf .sandbox
	cargo clean

# So that a demo can be ended also while the code does not compile.
$(SANDBOX):
	@$(MAKE) build

.PHONY: build
build: prerequisites
	@cargo build --workspace --bins

.PHONY: prerequisites
prerequisites:
	@sandbox/prerequisites
