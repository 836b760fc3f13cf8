# `make` or `make help` lists the targets.

# The tools are pinned in tools/*.txt and installed in this checkout only.
aws := .tools/aws/bin
python := .tools/local-aws/bin/python
python3 := $(or $(PYTHON),python3)
# The command without what calls AWS is built apart, so that it does not replace the whole one (tests/local_aws/command.py).
command := $(or $(CARGO_TARGET_DIR),target)/without-aws
export PATH := $(CURDIR)/$(aws):$(PATH)
export SAM_CLI_TELEMETRY := 0
export PYTHONDONTWRITEBYTECODE := 1
export PYTHONPATH := $(CURDIR)/tests

# What is deployed or released names no path of this machine. So another machine, or another directory, makes the same bytes.
cargo_home := $(or $(CARGO_HOME),$(HOME)/.cargo)
remap = --remap-path-prefix=$(CURDIR)=/project --remap-path-prefix=$(cargo_home)=/cargo
build demo deploy deploy-provider publish release: export RUSTFLAGS := $(remap)$(if $(CARGO_TARGET_DIR), --remap-path-prefix=$(CARGO_TARGET_DIR)=/project/target)

.DEFAULT_GOAL := help
.PHONY: bench bench-test page cli catalogue judgement help demo rehearse test deploy deploy-provider publish release reproducible build format fmt clippy unit faults fuzz differential validators stackset templates scripts workflows dependencies e2e tools pins clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1|/' | \
	  while IFS='|' read -r target text; do printf '  make %-16s %s\n' "$$target" "$$text"; done

demo: tools ## build the function and show the customer's and the provider's side on a local AWS
	@$(python) -m local_aws.demo

rehearse: build ## all operations of a StackSet in ACCOUNTS (20) accounts and REGIONS (2) Regions, on a local AWS
	@$(python) -m local_aws.rehearse "$(or $(ACCOUNTS),20)" "$(or $(REGIONS),2)"

test: fmt scripts workflows clippy unit page validators templates e2e ## all tests that CI runs
	@echo "All tests passed."

deploy: tools ## build and deploy to your AWS account: TrustedAccountIds=... or a file deploy.env (docs/properties.md)
	@PYTHONPATH=tools $(aws)/python -m deploy

deploy-provider: tools ## the same for the account of a service provider (provider.yaml, deploy-provider.env)
	@PYTHONPATH=tools $(aws)/python -m deploy provider

publish: .tools/aws/.installed ## publish the code for an organization: ORGANIZATION=o-... REGIONS="..." (docs/organization.md)
	@PYTHONPATH=tools $(aws)/python -m publish

release: tools ## write a release into dist/: the archives for people without Rust, their sums, a list of what is in them
	@PYTHONPATH=tools $(python) -m release $(TAG)

reproducible: ## release the same commit from a clone in another directory, and compare its sums with those in dist/
	@PYTHONPATH=tools $(python) -m release.reproducible

build: tools ## build the function for deployment, in .aws-sam/build and .aws-sam/provider
	@$(python) -m local_aws.build

cli: ## build the command delegated-role, in target/release
	cargo build --locked --release -p delegated-role-cli

fmt: ## check the format of the Rust code
	cargo fmt --all --check

format: ## format the Rust code
	cargo fmt --all

clippy: ## lint the Rust code
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --target-dir "$(command)" --package delegated-role-cli --no-default-features -- -D warnings

# Many tests of the real binary wait for a timeout and need no processor meanwhile.
unit: ## run the Rust tests
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-8} cargo test --locked --workspace

page: ## test the page of an audit in Chromium (CHROMIUM=...); SHOTS=folder keeps screenshots
	PAGE_SHOTS=$(SHOTS) cargo test --locked --workspace --test browser -- --ignored --test-threads=2

faults: ## inject every fault into every AWS call, also two in a row, and print the results as tables; ROW="..." runs a part
	FAULTS="$(or $(ROW),all)" cargo test --locked --test it faults::

fuzz: ## fuzz the function with random events, policies and names, each kind for SECONDS (300)
	FUZZ_SECONDS=$(or $(SECONDS),300) cargo test --locked --test it -- fuzz:: --nocapture

bench: build .tools/bench/.installed ## compare speed, memory and size with a Python and a Node function, in ROUNDS (15) rounds (needs Node and openssl)
	@$(python) -m bench

bench-test: build .tools/bench/.installed ## test the benchmark with two rounds
	$(python) -m unittest discover --verbose --start-directory tests/bench --top-level-directory tests

stackset: .tools/local-aws/.installed ## write stackset.yaml from template.yaml and tools/stackset/patch.yaml
	@PYTHONPATH=tools $(python) -m stackset

catalogue: .tools/catalogue/.installed ## generate the catalogue of permissions, after changing a package version or an addition (needs Node)
	$(python3) tools/catalogue/generate.py .tools/catalogue core/src/policy/catalogue
	cargo test --locked --quiet -p delegated-role-core --lib -- --ignored make_the_table_of_aws_managed_policies
	$(python3) tools/catalogue/deny_list.py .tools/catalogue core/src/policy/catalogue template.yaml
	$(MAKE) stackset

judgement: .tools/catalogue/.installed ## judge labelled policies and print where judgement and label differ; FILES="..." names other labelled files (needs Node)
	$(python3) tools/catalogue/label.py .tools/catalogue > .tools/catalogue/labelled.jsonl
	cargo run --locked --quiet -p delegated-role-core --example judgement -- $(or $(FILES),.tools/catalogue/labelled.jsonl)

.tools/catalogue/.installed: $(wildcard tools/catalogue/package*.json tools/catalogue/requirements.txt) tools/catalogue/install
	@PYTHON="$(python3)" tools/catalogue/install

differential: .tools/validators/.installed ## compare our validation of random policies with that of moto and parliament for SECONDS (600)
	@.tools/validators/bin/python -W ignore -m differential --seconds $(or $(SECONDS),600)

validators: .tools/validators/.installed ## compare them for 15 seconds, with a fixed seed
	.tools/validators/bin/python -W ignore -m unittest discover --start-directory tests/differential --top-level-directory tests

templates: tools ## lint the CloudFormation templates and check that stackset.yaml is up to date
	$(python) -m unittest discover --start-directory tests/tools --top-level-directory tests
	AWS_DEFAULT_REGION=us-east-1 $(aws)/sam validate --lint --template-file template.yaml
	AWS_DEFAULT_REGION=us-east-1 $(aws)/sam validate --lint --template-file provider.yaml
	$(aws)/cfn-lint --include-checks I -- template.yaml provider.yaml stackset.yaml organization.yaml examples/*.yaml examples/terraform/modules/*/*.yaml
	$(aws)/cfn-lint -- cli/tests/golden/*.yaml

scripts: tools ## check the syntax of the shell and Python files
	for script in .ci/run tools/install tools/pin tools/catalogue/install tools/portal/install; do bash -n $$script || exit 1; done
	$(python) -W error -c 'import ast, pathlib; [ast.parse(f.read_text(), str(f)) for d in ("tests", "tools", "cfn-lint") for f in pathlib.Path(d).rglob("*.py")]'
	$(python) -c 'import json, pathlib; [json.loads(f.read_text()) for f in pathlib.Path("events").glob("*.json")]'

workflows: tools ## check the GitHub workflows, and that every tool and action is pinned
	$(python) -m unittest discover --start-directory tests/supply_chain --top-level-directory tests
	@if [ -e $(aws)/zizmor ]; then $(aws)/zizmor --offline --quiet --persona pedantic .github; else echo "zizmor needs Python 3.11 or newer: left out."; fi

dependencies: ## check the licences, sources and known vulnerabilities of the crates (needs cargo-deny and the network)
	cargo deny --locked check

e2e: build .tools/portal/.installed .tools/release/.installed ## run the end-to-end tests on the local AWS
	$(python) -m unittest discover --verbose --start-directory tests/local_aws --top-level-directory tests

tools: .tools/aws/.installed .tools/local-aws/.installed ## install the pinned tools into .tools

.tools/%/.installed: tools/%.txt tools/install
	@tools/install $*

# The TypeScript of docs/portal.md is type-checked and run.
.tools/portal/.installed: $(wildcard tools/portal/package*.json) tools/portal/install .tools/node/.installed
	@tools/portal/install

pins: ## update the pinned versions after a change in tools/*.in
	tools/pin pins
	tools/pin aws
	tools/pin local-aws
	tools/pin node
	tools/pin release
	tools/pin validators
	tools/pin bench

clean: ## remove everything that was built or installed in this checkout
	rm -rf target .aws-sam .tools dist
