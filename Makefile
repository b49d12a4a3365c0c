# SPDX-License-Identifier: Apache-2.0
# reff: every entry point. `make help` lists them.
#
# Set-up, then build, then the thing asked for: on a fresh Debian 12 nothing is needed beforehand but make and gcc.

# ---- what to build: release (float), double, sanitize
CONFIG    ?= release
BUILD     := build/$(CONFIG)
CC        ?= gcc
PACKAGES  := openblas hdf5 libarchive libjpeg libpng zlib libcrypto jansson inih gsl libcurl cairo fontconfig
LIBRARIES := $$(pkg-config --libs $(PACKAGES)) -lcsv -lm # libcsv has no file for pkg-config
WARNINGS  := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wno-format-truncation \
             -Werror=implicit-function-declaration
# One instruction set for the portable build; no contraction of a*b+c behind our back (kernels say fma where they mean
# it), no fast-math: the same source gives the same bits.
ARCH      ?= -march=x86-64-v3
FLAGS     := -std=gnu11 -D_GNU_SOURCE $(ARCH) -ffp-contract=off -fopenmp $(WARNINGS) -I. -I$(BUILD)
OPTIMISE_release  := -O3 -g1
OPTIMISE_double   := -O2 -g1 -DREFF_DOUBLE
OPTIMISE_sanitize := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS     += $(OPTIMISE_$(CONFIG))

ifneq ($(filter release double sanitize,$(CONFIG)),$(CONFIG))
$(error CONFIG=$(CONFIG) is none of release, double, sanitize)
endif

# A misspelt variable (SEED=3) would run something else than what was meant.
VARIABLES := CONFIG CC ARCH V SANITIZE GOLDEN PRECISION FUZZ FUZZ_SECONDS \
             TABLE PROFILE DATA SEEDS SEEDS_MOST HOURS NEW_PLAN ROWS COLUMNS METRIC JOBS THREADS RESULTS DRY_RUN KEEP_SHARDS RETRY \
             PAGE SET COMPARE REAL SETS MIRROR SOURCES_FILE PEER PREFIX DESTDIR SECONDS SEED PARTS COMPLETE \
             EXECUTOR CLUSTER CANCEL KILLS SCENARIOS
GIVEN     := $(foreach v,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $v))),$v))
UNKNOWN   := $(filter-out $(VARIABLES) MAKEFLAGS MAKEOVERRIDES,$(filter-out -% .%,$(GIVEN)))
ifneq ($(UNKNOWN),)
$(error unknown setting $(firstword $(UNKNOWN))=; known are $(VARIABLES))
endif

# They are handed to the shell between quotes, which a quote within would end.
APOSTROPHE := '
QUOTED     := $(foreach v,$(filter $(VARIABLES),$(GIVEN)),$(if $(findstring $(APOSTROPHE),$($v)),$v))
ifneq ($(strip $(QUOTED)),)
$(error $(firstword $(QUOTED))= holds a quote ('), which make cannot hand on; build/release/reff takes any name)
endif

# Nor may a target pass over one that means nothing to it (make figures DRY_RUN=1 would train). Targets without a
# line here take those of every build.
REQUESTED      := PROFILE DATA SEEDS ROWS COLUMNS SET RESULTS
SWEPT          := $(REQUESTED) PAGE JOBS THREADS DRY_RUN KEEP_SHARDS RETRY EXECUTOR CLUSTER CANCEL
TAKES_tables   := $(SWEPT)
TAKES_claims   := TABLE $(filter-out SEEDS,$(SWEPT)) SEEDS_MOST HOURS NEW_PLAN
TAKES_show     := TABLE $(REQUESTED) METRIC COMPARE
TAKES_status   := TABLE $(REQUESTED)
TAKES_figures  := PROFILE DATA SEEDS RESULTS JOBS THREADS EXECUTOR CLUSTER
TAKES_page     := TABLE $(REQUESTED) COMPARE
TAKES_paper    := PROFILE REAL RESULTS
TAKES_data     := DATA SETS MIRROR SOURCES_FILE DRY_RUN
TAKES_test     := SANITIZE
TAKES_golden   := GOLDEN PRECISION
TAKES_regress  := JOBS THREADS
TAKES_fuzz     := FUZZ FUZZ_SECONDS
TAKES_test-cluster := KILLS SEED SCENARIOS
TAKES_attack   := SECONDS SEED PARTS COMPLETE
TAKES_bench    := RESULTS THREADS PEER
TAKES_build    := PREFIX
TAKES_install  := PREFIX DESTDIR
TAKES_uninstall := PREFIX DESTDIR
takes          = CONFIG CC ARCH V $(if $(filter table,$1),TABLE) $(if $(filter table% supp-table% rivals controls annotations deviations,$1),$(TAKES_tables),$(TAKES_$1))
REFUSED        := $(foreach goal,$(if $(MAKELEVEL:0=),,$(MAKECMDGOALS)),$(foreach v,$(filter-out \
                  $(call takes,$(goal)),$(filter $(VARIABLES),$(GIVEN))),$(goal):$(v)))
ifneq ($(strip $(REFUSED)),)
$(error make $(subst :, does not take ,$(firstword $(REFUSED)))=)
endif

SOURCES   := $(filter-out experiments/command/main.c,$(wildcard core/*/*.c gen/*/*.c experiments/*/*.c))
TESTS     := $(shell find tests -name "*.c" ! -path "tests/attack/*" | LC_ALL=C sort)
OBJECTS   := $(SOURCES:%.c=$(BUILD)/%.o)
STAMP     := build/setup.stamp

# Targets that need programs have make build them with all cores, whatever -j they were called with.
REMAKE    = $(MAKE) --no-print-directory -j$$(nproc)
# What is built is said in a line; V=1 shows the commands instead.
say       = $(if $(V),,@printf '  %-4s %s\n' $1 $2;)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup build

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9_-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@printf '\n%s\n' 'Settings, as in `make table1 PROFILE=tiny SEEDS=2`:'
	@awk -F'#: ' '/^#: /{print "  " $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## install what is missing (Debian packages)

$(STAMP): scripts/setup
	@scripts/setup
	@mkdir -p $(@D) && touch $@

build: $(BUILD)/reff ## build the reff command

COMPILE = $(CC) $(FLAGS) $$(pkg-config --cflags $(PACKAGES)) -MMD -MP -c $< -o $@
LINK    = $(CC) $(FLAGS) -Wl,-z,relro,-z,now $^ $(LIBRARIES) -o $@

# What records say of the program: written anew only when it changes, so that an unchanged tree rebuilds nothing.
# Without git, or in a folder that git does not track, the revision is the one that git archive (make dist) wrote into
# scripts/packaging/revision, if any; whether files have changed since is not known then.
TRACKED  := git ls-files --error-unmatch Makefile >/dev/null 2>&1
REVISION := if $(TRACKED); then git rev-parse --short=12 HEAD; else cut -c1-12 scripts/packaging/revision | grep -x '[0-9a-f]*'; fi
DIRTY    := if ! $(TRACKED); then echo -1; elif test -z "$$(git status --porcelain)"; then echo 0; else echo 1; fi
$(BUILD)/build_revision.h: FORCE
	@mkdir -p $(@D)
	@{ echo "#define REFF_REVISION \"$$($(REVISION))\""; echo "#define REFF_DIRTY $$($(DIRTY))"; \
	   echo '#define REFF_FLAGS "$(subst ",\",$(FLAGS))"'; } > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
FORCE:
.PHONY: FORCE
$(BUILD)/core/base/provenance.o: $(BUILD)/build_revision.h

# Where an installed program finds its definitions when it has been moved away from them.
PREFIX ?= /usr/local
$(BUILD)/build_prefix.h: FORCE
	@mkdir -p $(@D)
	@echo '#define REFF_PREFIX "$(abspath $(PREFIX))"' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILD)/experiments/plan/home.o: $(BUILD)/build_prefix.h

# Another compiler or other flags (ARCH=) compile everything anew: objects of two kinds never meet in one program.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(FLAGS)' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/%.o: %.c $(BUILD)/flags | $(STAMP)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE)

# Kernels that are chosen at run time are compiled for their own instruction set, whatever ARCH is.
ifeq ($(shell uname -m),x86_64)
AVX512      := -mavx512f -mavx512bw -mavx512dq -mavx512vl
AVX512_BF16 := $(AVX512) -mavx512bf16
$(BUILD)/core/kernels/tiles_avx512.o build/lint/core/kernels/tiles_avx512.tidy: FLAGS += $(AVX512)
$(BUILD)/core/kernels/tiles_avx512_bf16.o build/lint/core/kernels/tiles_avx512_bf16.tidy: FLAGS += $(AVX512_BF16)
$(BUILD)/core/kernels/pool_pairs.o build/lint/core/kernels/pool_pairs.tidy: FLAGS += $(AVX512_BF16)
$(BUILD)/core/kernels/norm_pairs.o build/lint/core/kernels/norm_pairs.tidy: FLAGS += $(AVX512_BF16)
$(BUILD)/core/kernels/tiles_amx.o build/lint/core/kernels/tiles_amx.tidy: FLAGS += $(AVX512_BF16) -mamx-tile -mamx-bf16
endif

# Drawing uses finite numbers, and the sign of a zero shows nowhere. With these flags the compiler needs no branch where a
# number is clamped to 0..1. None of them changes the order of operations or a rounding; tests compare the bytes.
$(BUILD)/gen/draw/pattern.o $(BUILD)/gen/draw/patterns_%.o $(BUILD)/gen/draw/builtin_%.o: \
    FLAGS += -fno-math-errno -fno-trapping-math -ffinite-math-only -fno-signed-zeros

# Files that .incbin takes in, which -MMD does not see.
$(BUILD)/gen/fetch/sources.o: gen/fetch/sources.ini
$(BUILD)/gen/textured_mnist/texture_set.o: $(wildcard gen/textured_mnist/sets/*.ini)
$(BUILD)/experiments/page/page.o: experiments/page/page.css experiments/page/page.js

$(BUILD)/libreff.a: $(OBJECTS)
	@rm -f $@ && ar rcs $@ $^

$(BUILD)/reff: $(BUILD)/experiments/command/main.o $(BUILD)/libreff.a
	$(call say,LINK,$@)$(LINK)

# ---- experiments: the paper's tables
#: TABLE=       with `make table`, claims, show, status and page: a table in place of all, by its name or its .ini file
#: PROFILE=     tiny, quick (default), half, standard or paper: how large data and network are, or an .ini file
#: DATA=        folder with mnist/, textures/ and models/, for profiles of real data
#: SEEDS=       a count (5) or a list (3,4,9); default: the profile's
#: SEEDS_MOST=  with `make claims`: seeds of a cell at most; default 20
#: HOURS=       with `make claims`: no run begins after so many
#: NEW_PLAN=1   with `make claims`: begin another plan though results of one exist
#: ROWS=        only these rows of each table (0,1,All); default: all
#: COLUMNS=     only these columns (baseline,isic2017); default: all
#: SET=         other settings than the profile's, in all runs (lambda=5,epochs=12)
#: COMPARE=     with `make show` and `make page`: a CSV of numbers to show in place of the paper's
#: REAL=        with `make paper`: the profile of real data whose claims stand beside; default half
#: METRIC=      with `make show`: a recorded number in place of accuracy; METRIC=list names them
#: RESULTS=     folder of runs and tables; default results
#: JOBS=        runs at a time; default: as cores and memory allow
#: THREADS=     of each run; default: cores / jobs
#: DRY_RUN=1    list the runs by state, with time, memory and disk; run nothing
#: RETRY=1      repeat failed runs
#: PAGE=        with targets that run something: an HTML file of the results, renewed every minute
#: EXECUTOR=    who does the runs: local (default), list or slurm (docs/cluster.md)
#: CLUSTER=     with EXECUTOR=slurm: file of the cluster's settings, like experiments/executor/cluster.ini
#: CANCEL=1     with EXECUTOR=slurm: take the runs' jobs out of the queue
#: KEEP_SHARDS=1 keep the data sets of finished runs
#: CONFIG=      release (float, default), double or sanitize: which build (all live side by side)
#: ARCH=        what the compiler targets; default -march=x86-64-v3, faster where it fits: -march=native
#: V=1          show the compiler's commands

on = $(filter-out 0 no,$1)
REQUEST = $(if $(PROFILE),--profile '$(PROFILE)') $(if $(DATA),--data '$(DATA)') $(if $(SEEDS),--seeds '$(SEEDS)') \
          $(if $(ROWS),--rows '$(ROWS)') $(if $(COLUMNS),--columns '$(COLUMNS)') \
          $(if $(SET),--set '$(SET)') $(if $(RESULTS),--results '$(RESULTS)')
SWEEP   = $(REQUEST) $(if $(JOBS),--jobs '$(JOBS)') $(if $(THREADS),--threads '$(THREADS)') \
          $(if $(call on,$(DRY_RUN)),--dry-run) $(if $(call on,$(KEEP_SHARDS)),--keep-shards) \
          $(if $(call on,$(RETRY)),--retry) $(if $(PAGE),--page '$(PAGE)') $(HANDED) $(if $(call on,$(CANCEL)),--cancel)
HANDED  = $(if $(EXECUTOR),--executor '$(EXECUTOR)') $(if $(CLUSTER),--cluster '$(CLUSTER)')

# Tables by name: one file of experiments/tables each. table1 and table3 are their parts a and b, tables all of them.
TABLES := table1 table2 table3 table3a table3b supp-table1 supp-table2 supp-table3 supp-table4 controls annotations deviations

# What TABLE= names, each in quotes; without it all of the paper's.
ASKED = $(or $(foreach t,$(TABLE),'$(t)'),tables)

.PHONY: table $(TABLES) tables rivals claims show status
$(TABLES): # one of the paper's tables
	@$(REMAKE) build
	@$(BUILD)/reff run $@ $(SWEEP)

tables: ## all tables of the paper and its supplement, in one sweep (or one: table1 2 3 3a 3b, supp-table1 to 4)
	@$(REMAKE) build
	@$(BUILD)/reff run tables $(SWEEP)

table: ## one of your own, or several: TABLE=mine.ini (docs/own-data.md)
	@$(if $(TABLE),,echo 'make table: TABLE= names the table: TABLE=mine.ini, or a name of experiments/tables' >&2; exit 2)
	@$(REMAKE) build
	@$(BUILD)/reff run $(ASKED) $(SWEEP)

rivals: ## controls and rivals of ReFF: tables controls and annotations (docs/methods.md)
	@$(REMAKE) build
	@$(BUILD)/reff run rivals $(SWEEP)

claims: ## seeds until every claim is decided, at looks fixed beforehand (SEEDS_MOST=20 HOURS=8)
	@$(REMAKE) build
	@$(BUILD)/reff run $(ASKED) --until-decided $(SWEEP) $(if $(SEEDS_MOST),--seeds-most '$(SEEDS_MOST)') \
	    $(if $(HOURS),--hours '$(HOURS)') $(if $(call on,$(NEW_PLAN)),--new-plan)

show: ## the tables from the results that are there (METRIC=annotation.iou; METRIC=list)
	@$(REMAKE) build
	@$(BUILD)/reff table $(ASKED) $(REQUEST) $(if $(METRIC),--metric '$(METRIC)') $(if $(COMPARE),--compare '$(COMPARE)')

status: ## where the runs stand
	@$(REMAKE) build
	@$(BUILD)/reff status $(if $(TABLE),$(ASKED)) $(REQUEST)

# ---- figures and the report, from the results that are there (figures make the models that they lack)

# TeX is wanted by the report alone. Its files go beside those that come from the results.
PAPER_PACKAGES := latexmk texlive-latex-recommended lmodern
PAPER = $(or $(RESULTS),results)/paper/$(basename $(notdir $(or $(PROFILE),quick)))

.PHONY: figures page paper
figures: ## the paper's figures and curves as PNG and PDF (RESULTS/figures/PROFILE)
	@$(REMAKE) build
	@$(BUILD)/reff figure --train $(if $(PROFILE),--profile '$(PROFILE)') $(if $(DATA),--data '$(DATA)') \
	    $(if $(SEEDS),--seeds '$(SEEDS)') $(if $(RESULTS),--results '$(RESULTS)') $(if $(JOBS),--jobs '$(JOBS)') $(if $(THREADS),--threads '$(THREADS)') $(HANDED)

page: ## all results of a profile as one HTML file (RESULTS/page/PROFILE.html)
	@$(REMAKE) build
	@$(BUILD)/reff page $(if $(TABLE),$(ASKED)) $(REQUEST) $(if $(COMPARE),--compare '$(COMPARE)')

paper: ## the report of a profile's results as PDF (RESULTS/paper/PROFILE/report.pdf)
	@scripts/setup $(PAPER_PACKAGES)
	@$(REMAKE) build
	@$(BUILD)/reff report $(if $(PROFILE),--profile '$(PROFILE)') $(if $(REAL),--real '$(REAL)') $(if $(RESULTS),--results '$(RESULTS)') >/dev/null
	@scripts/latex paper/report.tex '$(PAPER)'

# ---- real data
#: SETS=        which files `make data` fetches: mnist dtd isic2017 pets models; default: all
#: MIRROR=      address to take them from instead; SOURCES_FILE= a file like gen/fetch/sources.ini

.PHONY: data
data: ## fetch the official files of real data into DATA=folder (SETS='mnist dtd')
	@$(if $(DATA),,echo 'make data: say where to: DATA=folder' >&2; exit 2)
	@$(REMAKE) build
	@$(BUILD)/reff fetch --data '$(DATA)' $(if $(MIRROR),--mirror '$(MIRROR)') \
	    $(if $(SOURCES_FILE),--sources '$(SOURCES_FILE)') $(if $(call on,$(DRY_RUN)),--dry-run) $(SETS)

# ---- installing
#: PREFIX=      with `make install`: where to; default /usr/local. DESTDIR= a folder to put before it (packages)

# What the program reads when it runs, under share/reff with the names that it has here (experiments/plan/home.h).
READ_FILES := $(wildcard experiments/tables/*.ini experiments/tables/paper.csv experiments/figures/*.ini \
              experiments/profiles/*.ini) experiments/bench/bench.ini experiments/regress/regress.ini experiments/executor/cluster.ini \
              results/reference/regress.json scripts/bench_peer.py scripts/peer_losses.py scripts/bench_generator.py \
              scripts/bench_compare.py scripts/reff_shard.py scripts/latex $(wildcard paper/*.tex)
DOC_FILES  := README.md LICENSE CITATION.cff CHANGELOG.md $(wildcard docs/*.md docs/*.yml docs/lab/*.md docs/images/*.png)
INSTALLED   = $(DESTDIR)$(abspath $(PREFIX))

.PHONY: install uninstall dist deb test-install
install: ## install the program and what it reads (PREFIX=/usr/local DESTDIR=)
	@$(REMAKE) build
	@install -D -m 755 $(BUILD)/reff '$(INSTALLED)/bin/reff'
	@for file in $(READ_FILES); do \
	    install -D -m $$(test -x $$file && echo 755 || echo 644) $$file "$(INSTALLED)/share/reff/$$file" || exit; done
	@for file in $(DOC_FILES); do install -D -m 644 $$file "$(INSTALLED)/share/doc/reff/$$file" || exit; done
	@install -d '$(INSTALLED)/share/man/man1'
	@pages() { $(BUILD)/reff $$1 $$2 --help=man > "$(INSTALLED)/share/man/man1/reff$${1:+-$$1}$${2:+-$$2}.1"; }; pages && \
	for command in $$($(BUILD)/reff --help=list | cut -f1); do pages $$command || exit; done && \
	for what in $$($(BUILD)/reff gen --help=list | cut -f1); do pages gen $$what || exit; done
	@install -D -m 644 scripts/packaging/completions/reff.bash '$(INSTALLED)/share/bash-completion/completions/reff'
	@install -D -m 644 scripts/packaging/completions/_reff '$(INSTALLED)/share/zsh/site-functions/_reff'
	@install -D -m 644 scripts/packaging/completions/reff.fish '$(INSTALLED)/share/fish/vendor_completions.d/reff.fish'
	@echo 'installed: $(INSTALLED)/bin/reff, $(INSTALLED)/share/reff'

uninstall: ## remove what make install put there (same PREFIX= and DESTDIR=)
	@rm -rf '$(INSTALLED)/bin/reff' '$(INSTALLED)/share/reff' '$(INSTALLED)/share/doc/reff' '$(INSTALLED)/share/man/man1/reff.1' \
	    '$(INSTALLED)'/share/man/man1/reff-*.1 '$(INSTALLED)/share/bash-completion/completions/reff' \
	    '$(INSTALLED)/share/zsh/site-functions/_reff' '$(INSTALLED)/share/fish/vendor_completions.d/reff.fish'

# git archive writes the revision into scripts/packaging/revision.
VERSION = $(shell sed -n 's/.*REFF_VERSION "\(.*\)"/\1/p' core/base/version.h)
dist: ## the last commit as build/reff-VERSION.tar.gz, for a release
	@mkdir -p build
	@git archive --format=tar.gz --prefix=reff-$(VERSION)/ -o build/reff-$(VERSION).tar.gz HEAD
	@echo build/reff-$(VERSION).tar.gz

# debian/ is put together in build/deb; its rules call `make install` here, so the program is the one that make build
# makes, linked for PREFIX=/usr.
DEB = build/deb/reff-$(VERSION)
deb: ## a Debian package, build/reff_VERSION_ARCH.deb
	@scripts/setup debhelper build-essential
	@$(REMAKE) build PREFIX=/usr
	@rm -rf build/deb && mkdir -p $(DEB) && cp -r scripts/packaging/debian $(DEB)
	@date=$$(sed -n 's/.*REFF_DATE *"\(.*\)".*/\1/p' core/base/version.h) && \
	    sed -i -e 's/@VERSION@/$(VERSION)/' -e "s/@DATE@/$$(LC_ALL=C date -uRd "$$date")/" $(DEB)/debian/changelog
	@cd $(DEB) && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage -b -us -uc \
	    >../log 2>&1 || { tail -n 20 ../log; exit 1; }
	@cp build/deb/reff_$(VERSION)_*.deb build/ && ls build/reff_$(VERSION)_*.deb

test-install: ## install into a folder and as a package, use the program with the sources out of reach, remove it
	@$(REMAKE) build
	@scripts/tally tests/install/test_install.sh tests/install/test_package.sh

.PHONY: test-walk
test-walk: ## do what docs/own-data.md says, from a folder of images to a verdict (two minutes)
	@scripts/setup python3
	@$(REMAKE) build
	@tests/walk $(BUILD)/reff

# ---- tests: SANITIZE=1 builds with address and undefined-behaviour checks

# The suites of the files tests/**/test_*.c, one line SUITE(name) each, for tests/support/main.c (tests/support/suite.h says why).
$(BUILD)/build_suites.h: FORCE
	@mkdir -p $(@D)
	@printf 'SUITE(%s)\n' $(patsubst test_%.c,%,$(notdir $(filter %.c,$(foreach t,$(TESTS),$(if $(filter test_%,$(notdir $t)),$t))))) > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILD)/tests/support/main.o: $(BUILD)/build_suites.h

$(BUILD)/tests/run: $(TESTS:%.c=$(BUILD)/%.o) $(BUILD)/libreff.a
	$(call say,LINK,$@)$(CC) $(FLAGS) $^ $(LIBRARIES) $$(pkg-config --libs cunit) -o $@

# Tests also run the program itself: it lies beside the folder of the tests, in the same configuration.
TEST_CONFIGS := $(if $(filter-out 0,$(SANITIZE)),sanitize,release double)

# What reads exports and shards in Python beside the program. Tests that want PyTorch as well are skipped without it.
TEST_PACKAGES := python3-h5py python3-numpy python3-pil python3-rdflib

.PHONY: test test-programs golden
test: ## all tests, in float and in double (SANITIZE=1: under address and undefined-behaviour sanitizers)
	@scripts/setup $(TEST_PACKAGES)
	@for config in $(TEST_CONFIGS); do \
	    $(REMAKE) CONFIG=$$config test-programs || exit; done
	@ASAN_OPTIONS=detect_leaks=1 scripts/tally $(TEST_CONFIGS:%=build/%/tests/run)

test-programs: $(BUILD)/tests/run $(BUILD)/reff

# Where Slurm cannot be installed the scenarios count as skipped.
.PHONY: test-cluster
test-cluster: ## a Slurm of two nodes on this machine: runs, faults on purpose, the same digests as here (KILLS=100 SEED=1 SCENARIOS='throttle')
	@scripts/setup slurm-wlm python3 || true
	@$(REMAKE) test-programs
	@tests/cluster/run --reff $(BUILD)/reff --seed '$(or $(SEED),1)' --kills '$(or $(KILLS),100)' $(SCENARIOS)

GOLDEN    ?= ../shared/reference/golden
PRECISION ?= double
GOLDEN_double := double
GOLDEN_float  := release
GOLDEN_bf16   := release
GOLDEN_CONFIG  = $(or $(GOLDEN_$(PRECISION)),$(error PRECISION=$(PRECISION) is none of double, float, bf16))
golden: ## compare the engine with golden files (GOLDEN=folder PRECISION=double|float|bf16)
	@$(REMAKE) CONFIG=$(GOLDEN_CONFIG) build
	@build/$(GOLDEN_CONFIG)/reff golden $(if $(filter bf16,$(PRECISION)),--precision bf16) '$(GOLDEN)'

# ---- regression of accuracy

.PHONY: regress
regress: ## check that training still gives the reference's results (a minute or two)
	@$(REMAKE) build
	@$(BUILD)/reff regress $(if $(JOBS),--jobs '$(JOBS)') $(if $(THREADS),--threads '$(THREADS)')

# ---- speed
#: PEER=1       with `make bench`: install PyTorch, oneDNN, Pillow and NumPy (Debian's) and measure them too

PEER_PACKAGES := python3-torch libdnnl-dev python3-pil python3-numpy

.PHONY: bench bench-programs
bench: ## measure training steps, convolutions, data and the machine's limits, beside goals (RESULTS/bench/step.json; PEER=1)
	@$(if $(call on,$(PEER)),scripts/setup $(PEER_PACKAGES))
	@$(REMAKE) bench-programs
	@$(BUILD)/reff bench $(if $(THREADS),--threads '$(THREADS)') $(if $(call on,$(PEER)),--peers all) \
	    $(if $(RESULTS),--output '$(RESULTS)/bench/step.json')

# oneDNN is a peer to measure, no part of the program: where it is not installed it is left out.
bench-programs: build $(if $(wildcard /usr/include/dnnl.h),$(BUILD)/bench_onednn)

$(BUILD)/bench_onednn: scripts/bench_onednn.c
	@mkdir -p $(@D)
	$(if $(V),,@)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -fopenmp -Wall -Wextra $< -ldnnl -o $@

# ---- fuzzing: the targets of tests/fuzz/fuzz_targets.c, which also run as plain tests over tests/fuzz/corpus

FUZZ         ?= idx
FUZZ_SECONDS ?= 60
FUZZ_SOURCES := tests/fuzz/fuzz_targets.c $(patsubst %,gen/%.c,draw/builtin_digits $(addprefix read/,csv_rows gzip image mask members resample) \
                $(addprefix photographs/,catalogue folder_catalogue folder_metadata folder_names isic2017 pets) $(addprefix textured_mnist/,digits texture_set)) \
                $(patsubst %,core/base/%.c,digest error file host isolate json memory notice random settings suggest terminal text) \
                core/graph/parameters.c core/train/weights.c core/train/weights_names.c core/shard/content.c core/shard/split.c $(wildcard core/shard/reader*.c)
.PHONY: fuzz
fuzz: $(STAMP) ## look for inputs that break a parser (FUZZ=idx|image|gzip|archive|settings|shard|safetensors|csv|metadata|mask|pets|trimap FUZZ_SECONDS=60)
	@scripts/setup clang python3
	@mkdir -p build/fuzz/$(FUZZ)
	@clang -std=gnu11 -D_GNU_SOURCE $(ARCH) -ffp-contract=off -O1 -g -w -I. -DFUZZ_TARGET=fuzz_$(FUZZ) \
	    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined $$(pkg-config --cflags $(PACKAGES)) \
	    $(FUZZ_SOURCES) $(LIBRARIES) -o build/fuzz/run-$(FUZZ)
	@tests/fuzz/hunt build/fuzz/run-$(FUZZ) build/fuzz/$(FUZZ) $(FUZZ_SECONDS) tests/fuzz/corpus/$(FUZZ)

# ---- attacks: faults made on purpose while the program works (tests/attack/run --help)
#: SECONDS=     with `make attack`: for how long (60), SEED= which tries (1), PARTS='memory calls' (all), COMPLETE=ways or calls: to the end

ATTACK_FAULTS := $(BUILD)/tests/attack/fault.so

.PHONY: attack attack-programs
attack: ## let memory, disk, locks, servers and files fail under every command (SECONDS=600 SEED=1 PARTS='memory calls' COMPLETE=ways)
	@scripts/setup python3 binutils
	@$(REMAKE) attack-programs
	@tests/attack/check --reff $(BUILD)/reff --fault $(ATTACK_FAULTS)
	@tests/attack/run --reff $(BUILD)/reff --fault $(ATTACK_FAULTS) --seconds '$(or $(SECONDS),60)' \
	    --seed '$(or $(SEED),1)' $(if $(COMPLETE),--complete '$(COMPLETE)') $(PARTS)

attack-programs: build $(ATTACK_FAULTS)

# Preloaded, so that libraries meet its faults too; nothing links with it.
$(ATTACK_FAULTS): tests/attack/fault.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g1 -Wall -Wextra -Wshadow -fPIC -shared $< -o $@

# ---- lint: the same files by clang-format, clang-tidy, cppcheck

LINT         := build/lint
LINT_SOURCES := $(SOURCES) experiments/command/main.c $(TESTS) tests/attack/fault.c
LINT_HEADERS := $(wildcard core/*/*.h gen/*/*.h experiments/*/*.h) $(shell find tests -name "*.h")
LINT_FLAGS    = $(filter-out -W%,$(FLAGS)) $$(pkg-config --cflags $(PACKAGES))

.PHONY: lint lint-setup lint-format lint-layers lint-planted-bugs lint-documents lint-cppcheck clean
lint: ## clang-format, clang-tidy, cppcheck and scripts/layers: no findings allowed (only changed files are looked at again)
	@$(REMAKE) lint-setup
	@$(REMAKE) -k lint-format lint-layers lint-planted-bugs lint-documents lint-cppcheck $(LINT_SOURCES:%.c=$(LINT)/%.tidy)

lint-setup: $(STAMP) $(BUILD)/build_revision.h $(BUILD)/build_prefix.h $(BUILD)/build_suites.h
	@scripts/setup clang-format clang-tidy cppcheck libomp-dev python3

lint-format:
	@clang-format --dry-run -Werror $(LINT_SOURCES) $(LINT_HEADERS)

lint-layers:
	@scripts/layers

# The bugs themselves take minutes (.ci/run); that each still has its place takes none.
lint-planted-bugs:
	@scripts/planted_method_bugs --places

lint-documents:
	@scripts/settings_page
	@scripts/citations

$(LINT)/%.tidy: %.c .clang-tidy $(LINT_HEADERS)
	@mkdir -p $(@D)
	$(if $(V),,@)clang-tidy --quiet $< -- $(LINT_FLAGS) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@

# cppcheck sees no library headers (pulling them in costs minutes), so jansson's loops are described to it. It
# cannot expand a macro whose name is handed to another macro, as these files do.
lint-cppcheck:
	@cppcheck --quiet --std=c11 --language=c -I. -I$(BUILD) -j2 --enable=warning,portability,performance \
	    '-Djson_object_foreach(object,key,value)=for(key=0,value=0;object;)' \
	    '-Djson_array_foreach(array,index,value)=for(index=0,value=0;array;)' \
	    --inline-suppr --suppress=missingInclude --suppress=missingIncludeSystem \
	    --suppress=preprocessorErrorDirective:core/kernels/vector.c \
	    --suppress=preprocessorErrorDirective:experiments/suite/request.h \
	    --suppress=preprocessorErrorDirective:core/methods/method.h \
	    --suppress=preprocessorErrorDirective:gen/data_set/data_set.h \
	    --suppress=preprocessorErrorDirective:gen/export/export.h \
	    --suppress=preprocessorErrorDirective:tests/support/suite.h --suppress=unmatchedSuppression \
	    --error-exitcode=1 $(LINT_SOURCES)

clean: ## remove everything that was built (results stay)
	@rm -rf build

-include $(OBJECTS:.o=.d) $(TESTS:%.c=$(BUILD)/%.d) $(BUILD)/experiments/command/main.d
