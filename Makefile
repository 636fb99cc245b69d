# Two commands: `make run` and `make test`. Both set up what they lack and may be run again at any time.
PYTHON ?= python3
BIN := .venv/bin
NPM := npm --no-fund --no-audit

.PHONY: pictures run up setup setup-dev setup-scale system test test-full test-scale check check-types check-web check-code bench lock audit api clean

run: setup            ## install, build the face, start everything with the demo county
	$(BIN)/shoutu up --demo

setup: .venv/.run web/dist/.stamp

setup-dev: setup .venv/.dev .venv/.thingsboard

.venv/.run: requirements/run.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m shoutu.county.locale
	@touch $@

.venv/.dev: requirements/dev.lock .venv/.run
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

# An independent implementation the doors are tested with; its packages clash with ours.
.venv/.thingsboard: requirements/thingsboard.lock .venv/.run
	@test -x .venv/thingsboard/bin/python || $(PYTHON) -m venv .venv/thingsboard
	.venv/thingsboard/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/thingsboard.lock
	@touch $@

# Flink's pins clash with ours too. It runs the same sources.
.venv/.flink: requirements/flink.lock .venv/.run
	@test -x .venv/flink/bin/python || $(PYTHON) -m venv .venv/flink
	.venv/flink/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/flink.lock
	for lib in .venv/flink/lib/python3*/site-packages; do echo $(CURDIR)/src >$$lib/shoutu.pth; done
	@touch $@

FLINK_JAVA := $(wildcard deploy/flink/java/shoutu/flink/*.java)

# Flink's Kafka connector, and a Kafka broker for the tests.
.venv/flink/jars/.stamp: deploy/flink/pom.xml deploy/flink/jars.sha256 .venv/.flink
	@command -v mvn >/dev/null || { echo "mvn is missing: install Maven (Debian: maven)" >&2; exit 1; }
	rm -rf $(@D) && mvn -q -B -f deploy/flink/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(@D)
	cd $(@D) && sha256sum --quiet --strict -c $(CURDIR)/deploy/flink/jars.sha256
	@touch $@

.venv/flink/shoutu-flink.jar: $(FLINK_JAVA) deploy/flink/build.sh .venv/flink/jars/.stamp
	sh deploy/flink/build.sh .venv/flink/bin/python .venv/flink/jars/flink-sql-connector-kafka-*.jar $@

setup-scale: setup-dev .venv/.flink .venv/flink/shoutu-flink.jar

web/node_modules/.stamp: web/package-lock.json
	cd web && $(NPM) ci --silent
	@touch $@

web/dist/.stamp: web/node_modules/.stamp $(shell find web/src web/public web/index.html web/vite.config.ts web/scripts web/openapi.json docs/guides/roles docs/pictures -type f 2>/dev/null)
	cd web && $(NPM) run build --silent
	@touch $@

system:               ## Debian packages the tests need, installed when root and missing
	@sh deploy/system-packages.sh

# Two tests at a time; who is done takes from the other's end. `make test WORKERS=0` runs one after another.
WORKERS ?= 2
TWO := -n $(WORKERS) --dist worksteal

# The browser's driver keeps an event loop in the main thread, which other tests must not meet: a run of its own. Each
# worker has a county of its own, so a file stays with one, its tests in their order.
FILES := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Compiled once beforehand: where Python may not write it down, each of the processes the tests start would do it anew;
# and the engine's kernel, a minute and more on a cold machine, would be by all that meet it first at once.
test: setup-dev system  ## all but the long tests (marked full), browser included; one part's failure does not hide another's
	@$(BIN)/python -m compileall -q src/shoutu tests bench || true
	@$(BIN)/python -c "from shoutu.engine import warm_up; warm_up()"
	@failed=0; \
	$(BIN)/pytest -q $(TWO) -m "not full" --ignore tests/browser || failed=1; \
	$(BIN)/pytest -q $(FILES) -m "not full" tests/browser || failed=1; \
	(cd web && $(NPM) test --silent) || failed=1; \
	exit $$failed

test-full: setup-dev system  ## everything that takes long as well
	$(BIN)/pytest -q --ignore tests/browser
	$(BIN)/pytest -q tests/browser
	cd web && $(NPM) test --silent

# Needs Java 17 with its compiler (Debian: openjdk-17-jdk-headless); about 1 GB of disk.
test-scale: setup-scale  ## whether the engine inside a real Flink cluster says what the embedded one says
	SHOUTU_SCALE=1 $(BIN)/pytest -q -n 0 tests/scale

check: setup-dev      ## style, types, architecture, translations, generated files, licences and migrations current
	@$(MAKE) --no-print-directory -j 2 --output-sync=target check-types check-web check-code

# Parts of `make check`, two at a time, each one's output in one piece.
check-types:
	$(BIN)/mypy src/shoutu

check-web:
	cd web && $(NPM) run check --silent

check-code:
	$(BIN)/ruff check src tests bench requirements deploy
	$(BIN)/ruff format --check src tests bench requirements deploy
	$(BIN)/lint-imports
	$(BIN)/python -m shoutu.county.kit.lint
	$(BIN)/python -m shoutu.county.locale --check
	$(BIN)/python -m shoutu.county.openapi --check
	$(BIN)/python requirements/check.py
	SHOUTU_DATA=.venv/check $(BIN)/shoutu manage makemigrations --check --dry-run

audit: setup          ## ask the registries which locked packages have known holes; what cannot be asked fails too
	@test -x .venv/audit/bin/python || $(PYTHON) -m venv .venv/audit
	.venv/audit/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/audit.lock
	for kind in run dev thingsboard flink; do .venv/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements/$$kind.lock || failed=1; done; \
	(cd web && npm audit) || failed=1; test -z "$$failed"

api: setup-dev        ## write web/openapi.json and the generated client anew
	$(BIN)/python -m shoutu.county.openapi
	cd web && $(NPM) run api --silent

bench: setup-dev
	$(BIN)/python -m bench

pictures: setup-dev system  ## the pictures of README and guides anew, of the running demo county (about five minutes)
	$(BIN)/python -m bench.pictures

lock:                 ## resolve requirements/*.in again
	for kind in run dev audit thingsboard flink; do $(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-annotate --no-header -p 3.11 requirements/$$kind.in -o requirements/$$kind.lock; done

clean:
	rm -rf .venv web/node_modules web/dist
