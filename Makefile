# make run    sets up what is needed, serves the page on http://127.0.0.1:8000 and opens it
# make test   every check there is; says what it left out and why. SHIFTSCOPE_TEST_EXTRAS=1 make test installs first the
#             libraries of other people (lightning, transformers, timm, ...) whose networks and loops are tested too
# make coverage   which lines the tests reach in their own process: a table, slower than make test, and no check
# make bench [MINUTES=40]   measures what the README and docs/benchmarks.md quote, and writes it there; what there is no time for
#             keeps the figures that it had
# make nightly   what takes an hour: 100 rounds of chaos, a soak of half an hour, a server under load
# make release VERSION=1.2.3 [DRY_RUN=1]   checks, builds and tags that version
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check -q

.PHONY: run test coverage bench release clean
run: $(VENV)/.ready
	$(VENV)/bin/shiftscope serve

test: $(VENV)/.ready-dev $(if $(filter 1,$(SHIFTSCOPE_TEST_EXTRAS)),$(VENV)/.ready-extras)
	scripts/test

coverage: $(VENV)/.ready-dev
	scripts/check-tests --cov --cov-report=term

bench: $(VENV)/.ready-dev $(VENV)/.ready-peers
	$(VENV)/bin/python benchmarks/suite.py $(if $(MINUTES),--minutes $(MINUTES))

nightly: $(VENV)/.ready-dev
	$(VENV)/bin/python benchmarks/chaos.py --rounds 100
	$(VENV)/bin/python benchmarks/soak.py
	$(VENV)/bin/python benchmarks/load.py

release: $(VENV)/.ready-dev
	$(VENV)/bin/python scripts/release.py $(VERSION) $(if $(DRY_RUN),--dry-run)

clean:
	rm -rf $(VENV) frontend/node_modules

$(VENV)/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Shiftscope needs Python 3.11 or newer: make run PYTHON=/path/to/python"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version): some minutes, once"
	$(PYTHON) -m venv $(VENV)
	$(PIP) install pip==26.2
	$(PIP) install -c constraints.txt -e ".[server]"
	@# What measures is compiled now, once, and not when Start is pressed.
	$(VENV)/bin/python -c "from shiftscope.probes.registry import warm_up; warm_up()"
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(PIP) install -c constraints.txt --group dev
	@$(PIP) install -c constraints.txt -e ".[server,cluster]" || echo "Ray cannot be installed here: the cluster's tests are left out"
	@touch $@

$(VENV)/.ready-extras: $(VENV)/.ready-dev
	$(PIP) install -c constraints.txt --group extras
	@touch $@

# Other tools, for benchmarks/peers.py: beside what .venv has, which their versions of the same would break.
$(VENV)/.ready-peers: $(VENV)/.ready-dev
	$(VENV)/bin/python -m venv --without-pip $(VENV)/peers
	@$(VENV)/bin/python -c "import sysconfig; print('import site; site.addsitedir(%r)' % sysconfig.get_path('purelib'))" \
		> $$($(VENV)/peers/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/beside.pth
	@$(VENV)/peers/bin/python -m pip --disable-pip-version-check -q install --group peers \
		|| echo "Other tools cannot be installed here: benchmarks/peers.py leaves them out"
	@touch $@
