# SPDX-License-Identifier: Apache-2.0
# reff: every entry point. `make help` lists them.
#
# Set-up, then build, then the thing asked for: on a fresh Debian 12 nothing is needed beforehand but make and gcc.

# ---- what to build: release (float), double, sanitize
CONFIG    ?= release
BUILD     := build/$(CONFIG)
CC        ?= gcc
PACKAGES  := openblas hdf5 libarchive libjpeg libpng zlib libcrypto jansson inih gsl
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

SOURCES   := $(filter-out experiments/main.c,$(wildcard core/*/*.c gen/*.c experiments/*.c))
TESTS     := $(wildcard tests/*.c)
OBJECTS   := $(SOURCES:%.c=$(BUILD)/%.o)
STAMP     := build/setup.stamp

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup build

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9_-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## install what is missing (Debian packages)

$(STAMP): scripts/setup
	@scripts/setup
	@mkdir -p $(@D) && touch $@

build: $(BUILD)/reff ## build the reff command

COMPILE = $(CC) $(FLAGS) $$(pkg-config --cflags $(PACKAGES)) -MMD -MP -c $< -o $@
LINK    = $(CC) $(FLAGS) $^ $$(pkg-config --libs $(PACKAGES)) -lm -o $@

# What records say of the program: written anew only when it changes, so that an unchanged tree rebuilds nothing.
$(BUILD)/build_revision.h: FORCE
	@mkdir -p $(@D)
	@{ echo "#define REFF_REVISION \"$$(git rev-parse --short=12 HEAD 2>/dev/null)\""; \
	   echo "#define REFF_DIRTY $$(test -z "$$(git status --porcelain 2>/dev/null)"; echo $$?)"; \
	   echo '#define REFF_FLAGS "$(subst ",\",$(FLAGS))"'; } > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
FORCE:
.PHONY: FORCE
$(BUILD)/core/base/provenance.o: $(BUILD)/build_revision.h

$(BUILD)/%.o: %.c | $(STAMP)
	@mkdir -p $(@D)
	$(if $(V),,@)$(COMPILE)

$(BUILD)/libreff.a: $(OBJECTS)
	@rm -f $@ && ar rcs $@ $^

$(BUILD)/reff: $(BUILD)/experiments/main.o $(BUILD)/libreff.a
	$(if $(V),,@)$(LINK)

$(BUILD)/tests/run: $(TESTS:%.c=$(BUILD)/%.o) $(BUILD)/libreff.a
	$(if $(V),,@)$(CC) $(FLAGS) $^ $$(pkg-config --libs $(PACKAGES) cunit) -lm -o $@

# ---- tests: SANITIZE=1 builds with address and undefined-behaviour checks

.PHONY: test golden
test: ## all tests, in float and in double (SANITIZE=1: under address and undefined-behaviour sanitizers)
ifdef SANITIZE
	@$(MAKE) --no-print-directory CONFIG=sanitize build/sanitize/tests/run
	ASAN_OPTIONS=detect_leaks=1 build/sanitize/tests/run
else
	@$(MAKE) --no-print-directory CONFIG=release build/release/tests/run build/release/reff
	@$(MAKE) --no-print-directory CONFIG=double build/double/tests/run build/double/reff
	build/release/tests/run
	build/double/tests/run
endif

GOLDEN    ?= ../shared/reference/golden
PRECISION ?= double
golden: ## compare the engine with golden files (GOLDEN=folder PRECISION=double|float)
	@$(MAKE) --no-print-directory CONFIG=$(if $(filter float,$(PRECISION)),release,double) build
	build/$(if $(filter float,$(PRECISION)),release,double)/reff golden $(GOLDEN)

-include $(OBJECTS:.o=.d) $(TESTS:%.c=$(BUILD)/%.d) $(BUILD)/experiments/main.d
