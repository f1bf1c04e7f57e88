# SPDX-License-Identifier: GPL-2.0-only
# The front door. Sources are built into build/, never beside themselves;
# kbuild reads Kbuild, which stands beside this file, instead of this one.

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)
O := $(CURDIR)/build
PREFIX ?= /usr/local
KERNEL ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KERNEL)/build
KERNELS ?= 6.1 6.12 newest
CACHE := $(or $(BINDERY_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/bindery)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
VM := python3 selftests/vm/run.py
# Programs are built side by side, also by who did not ask make for that; what
# is asked for here comes one after another: its parts are the same objects.
.NOTPARALLEL:
JOBS = $(if $(findstring --jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# What the module is built from, here and by DKMS.
MODULE_FILES := Kbuild dkms.conf $(wildcard module/*.[ch] module/*.mk) \
	$(wildcard module/vfio/*.[ch]) \
	$(wildcard uapi/linux/*.h)
DKMS_DIR := /usr/src/bindery-$(VERSION)

# Debian packages of the running release, by what needs them.
NEEDS_TOOLS := gcc libc6-dev pkg-config libjson-c-dev libnl-genl-3-dev \
	libnl-route-3-dev libkmod-dev libpci-dev libmount-dev libblkid-dev
NEEDS_DEMO := $(NEEDS_TOOLS) python3
NEEDS_CHECK := $(NEEDS_DEMO) g++ python3-jsonschema python3-yaml \
	bash-completion zsh fish gcovr
NEEDS_FUZZ := $(NEEDS_TOOLS) clang libclang-rt-dev
NEEDS_STYLE := $(NEEDS_CHECK) clang clang-tidy cppcheck codespell shellcheck \
	sparse perl xz-utils kmod linux-headers-amd64
NEEDS_MODEL := spin gcc libc6-dev python3

.PHONY: all
all: modules lib cli ## everything: module for this kernel, library, tool

.PHONY: help
help: ## this text
	@echo 'bindery $(VERSION). Targets:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | \
		expand -t 18 | sed 's/^/  /'
	@echo 'Variables: PREFIX, DESTDIR, KERNEL (a release), KDIR (its headers),'
	@echo '  BINDERY_CACHE, KERNELS (of check, soak, torture, bench, fuzz), DEBUG_KERNELS'
	@echo '  (of check-debug), MINUTES (of fuzz, torture, check-debug), SEED (of fuzz, torture).'
	@echo 'Kernels: $(ALL_KERNELS); with sanitizers, built on first use:'
	@echo '  $(ALL_DEBUG_KERNELS).'

# --- build ------------------------------------------------------------------

.PHONY: modules
modules: build-is-ours ## both modules for the running kernel, or KERNEL=, KDIR=
	@test -d $(KDIR) || { echo "no kernel headers in $(KDIR): install" \
		"linux-headers-$(KERNEL), or give KDIR=" >&2; exit 1; }
	@mkdir -p $(O)/module
	@cp --parents -pu -t $(O)/module $(MODULE_FILES)
	$(MAKE) -C $(KDIR) M=$(O)/module modules
	$(give-back)

# What root builds, as 'sudo make install' does, stays that of the tree's owner.
give-back = @test "$$(id -u)" -ne 0 || \
	chown -hR --reference=$(CURDIR)/Makefile $(O)

# And where it has not, another user cannot build anew.
.PHONY: build-is-ours
build-is-ours:
	@alien=$$(test ! -d $(O) || test "$$(id -u)" -eq 0 || \
		find $(O) ! -user "$$(id -u)" -print -quit); \
	test -z "$$alien" || { echo "$$alien belongs to" \
		"$$(stat -c %U "$$alien"), from a make as that user:" \
		"run 'sudo make clean' once" >&2; exit 1; }

.PHONY: lib cli
lib: ## libbindery, static and shared
cli: ## the bindery tool
lib cli: build-is-ours
	$(MAKE) $(JOBS) -C userspace O=$(O) VERSION=$(VERSION) $@
	$(give-back)

.PHONY: clean
clean: ## remove build/
	rm -rf $(O)

# --- see it work -----------------------------------------------------------

# Install what is missing of some Debian packages, and say so.
define install-needs
	@missing=$$(for p in $(1); do \
		dpkg-query -W -f '$${db:Status-Status}\n' $$p 2>/dev/null | \
			grep -qx installed || echo $$p; done); \
	test -z "$$missing" || { \
		echo 'Installing' $$missing; \
		$(SUDO) apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -qq -y \
			--no-install-recommends $$missing >/dev/null; }
endef

# What goes into guests.
build-programs = $(MAKE) -s lib cli && \
	$(MAKE) -s $(JOBS) -C selftests O=$(O)/selftests

.PHONY: needs-check
needs-check:
	$(call install-needs,$(NEEDS_CHECK))
	$(call install-needs,$$($(VM) needs))

.PHONY: demo
demo: build-is-ours ## a minute's story on a real kernel in a virtual machine
	$(call install-needs,$(NEEDS_DEMO))
	$(call install-needs,$$($(VM) needs))
	@$(MAKE) -s say=@: cli
	@$(MAKE) -s $(JOBS) -C selftests O=$(O)/selftests $(O)/selftests/demo
	@$(VM) demo --machine slot --kernel newest --program demo

.PHONY: check
check: check-variables needs-check ## all tests, on all kernels
	+@$(build-programs)
	@$(MAKE) -s check-uapi
	@$(MAKE) -s $(JOBS) -C userspace O=$(O) VERSION=$(VERSION) check
	@cd selftests/vm && python3 -m unittest -q test_harness test_netlink
	@cd selftests/mutants && python3 -m unittest -q test_mutants
	@$(VM) test --dkms $(addprefix --kernel ,$(KERNELS)) \
		$$(for tap in $(O)/userspace/tests/*.tap; do \
			echo --add $$tap; done)
	@python3 userspace/tests/schema.py userspace/schema \
		$(O)/userspace/tests/documents \
		$(foreach kernel,$(KERNELS),$(O)/vm/logs/*-$(kernel)/*_test) \
		>$(O)/schemas.tap || { cat $(O)/schemas.tap; exit 1; }

# What is given is looked at before anything is installed or built for it.
ALL_KERNELS := 6.1 6.12 newest
ALL_DEBUG_KERNELS := 6.12-kasan 6.12-kcsan 6.12-gcov newest-kasan
MAX_MINUTES := 10080
MAX_SEED := 4294967295

# $(call whole,NAME,FIRST,LAST)
define whole
	case '$($(1))' in '' | *[!0-9]* | ???????????*) false ;; \
	*) test '$($(1))' -ge $(2) && test '$($(1))' -le $(3) ;; esac || \
	{ echo '$(1)=$($(1)): a whole number from $(2) to $(3) is wanted' >&2; \
		exit 2; }
endef
# $(call among,NAME,ALL)
define among
	test -n '$(strip $($(1)))' && test -z '$(filter-out $(2),$($(1)))' && \
	test $(words $($(1))) -eq $(words $(sort $($(1)))) || \
	{ echo '$(1)=$($(1)): there are $(strip $(2)), each once' >&2; exit 2; }
endef

.PHONY: check-variables
check-variables:
	@$(call whole,MINUTES,1,$(MAX_MINUTES))
	@$(if $(SEED),$(call whole,SEED,1,$(MAX_SEED)))
	@$(call among,KERNELS,$(ALL_KERNELS) $(ALL_DEBUG_KERNELS))
	@$(call among,DEBUG_KERNELS,$(ALL_DEBUG_KERNELS))

# Built on first use.
DEBUG_KERNELS ?= 6.12-kasan

.PHONY: check-debug
check-debug: check-variables needs-check ## all tests in guests, on DEBUG_KERNELS; MINUTES=n: what begins in those
	+@$(build-programs)
	@$(VM) test --alarms $(if $(filter file,$(origin MINUTES)),,--minutes $(MINUTES)) \
		$(addprefix --kernel ,$(DEBUG_KERNELS))

# Where the tool counts its lines, in children that only _exit() too.
.PHONY: coverage
coverage: needs-check ## what the tests reach; a report in build/coverage/html
	+@$(build-programs)
	@$(MAKE) -s $(JOBS) -C userspace O=$(O)/coverage/guest VERSION=$(VERSION) \
		say=@: CFLAGS='-O0 -g --coverage -D_exit=exit' cli
	@status=0; $(VM) coverage || status=1; \
	$(MAKE) -s $(JOBS) -C userspace O=$(O) VERSION=$(VERSION) coverage && \
		exit $$status

# One kernel unless the caller names others.
BENCH_KERNELS := $(if $(filter file,$(origin KERNELS)),6.12,$(KERNELS))

.PHONY: bench
bench: check-variables needs-check ## time bindery against writes to sysfs
	@$(MAKE) -s $(JOBS) -C selftests O=$(O)/selftests $(O)/selftests/bench
	@$(VM) bench $(addprefix --kernel ,$(BENCH_KERNELS))

# One kernel, and each fuzzer gets its share of the time.
FUZZ_KERNEL := $(if $(filter file,$(origin KERNELS)),6.12-kasan,$(firstword $(KERNELS)))
FUZZERS := fuzz-userspace fuzz-kernel
MINUTES ?= 10
FUZZ_SECONDS = $(shell expr $(MINUTES) '*' 60 / $(words $(FUZZERS)))

.PHONY: fuzz needs-fuzz $(FUZZERS)
fuzz: check-variables needs-fuzz $(FUZZERS) ## feed what the code reads with nonsense: MINUTES=n, SEED=n
needs-fuzz:
	$(call install-needs,$(NEEDS_FUZZ))

fuzz-userspace:
	@$(MAKE) -s -C userspace O=$(O) VERSION=$(VERSION) \
		FUZZ_SECONDS=$(FUZZ_SECONDS) $(if $(SEED),FUZZ_SEED=$(SEED)) fuzz

fuzz-kernel: needs-check
	+@$(build-programs)
	@$(VM) fuzz --minutes $$(expr '(' $(FUZZ_SECONDS) + 59 ')' / 60) \
		--kernel $(FUZZ_KERNEL) $(if $(SEED),--seed $(SEED))

.PHONY: mutants
mutants: needs-check ## put faults into the module: do the tests notice them?
	+@$(build-programs)
	@python3 selftests/mutants/run.py

.PHONY: soak
soak: check-variables needs-check ## the long tests, on all kernels: many hours
	+@$(build-programs)
	@$(VM) test --soak $(addprefix --kernel ,$(KERNELS))

.PHONY: model
model: ## search a model of the transactions, with faults and without
	$(call install-needs,$(NEEDS_MODEL))
	@python3 selftests/model/run.py --build $(O)/model

.PHONY: torture
torture: check-variables needs-check ## all at random: MINUTES=n on each kernel, SEED=n
	+@$(build-programs)
	@$(VM) torture --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) \
		$(addprefix --kernel ,$(KERNELS))

.PHONY: check-uapi
check-uapi: # each header stands alone, in C and in C++
	@for lang in c c++; do \
		$(CC) -fsyntax-only -Wall -Wextra -Werror -Iuapi \
			-x $$lang $(wildcard uapi/linux/*.h) \
			userspace/lib/bindery.h || exit 1; done

# --- style ------------------------------------------------------------------

.PHONY: style
style: style-needs ## all linters, and the module with gcc and clang at W=1
style: style-checkpatch style-module style-userspace style-scripts

.PHONY: style-needs
style-needs:
	$(call install-needs,$(NEEDS_STYLE))

# checkpatch is only in the kernel's source package: take it out of there.
CHECKPATCH := $(CACHE)/checkpatch/checkpatch.pl
$(CHECKPATCH):
	@mkdir -p $(@D)
	@cd $(@D) && package=$$(apt-cache depends linux-source | \
		sed -n 's/.*Depends: //p') && \
	echo "checkpatch from $$package" && apt-get download -qq $$package && \
	dpkg --fsys-tarfile $$package*.deb | \
		tar -xO ./usr/src/$$package.tar.xz | \
		tar -xJ --strip-components=2 $$package/scripts/checkpatch.pl \
			$$package/scripts/spelling.txt \
			$$package/scripts/const_structs.checkpatch && \
	rm -f $$package*.deb

.PHONY: style-checkpatch
style-checkpatch: $(CHECKPATCH)
	perl $(CHECKPATCH) --terse --quiet --no-summary -f \
		$(wildcard module/*.[ch] module/vfio/*.[ch] uapi/linux/*.h \
			selftests/drivers/*.[ch])
	perl $(CHECKPATCH) --terse --quiet --no-summary \
		--ignore PREFER_KERNEL_TYPES -f \
		$(wildcard userspace/lib/*.[ch] userspace/cli/*.[ch])
	! git grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION|BINDERY_HAVE_' -- \
		module selftests/drivers ':!module/compat.*'

# The headers' configuration is gcc's; these are its options that differ.
CLANG_CONFIG := CONFIG_CC_IS_GCC= CONFIG_CC_IS_CLANG=y CONFIG_GCC_VERSION=0 \
	CONFIG_CLANG_VERSION=140006 CONFIG_CC_IMPLICIT_FALLTHROUGH= \
	CONFIG_FTRACE_MCOUNT_USE_CC= CONFIG_INIT_STACK_ALL_ZERO= \
	CONFIG_RETHUNK= CONFIG_SLS=
STYLE_KDIR = $(lastword $(sort $(wildcard /usr/src/linux-headers-*-amd64)))

# $(call style-build,NAME,VARIABLES): a fresh build that must print nothing
define style-build
	@echo 'module: $(1)'
	@rm -rf $(O)/style && mkdir -p $(O)/style
	@cp --parents -p -t $(O)/style $(MODULE_FILES)
	@$(MAKE) -C $(STYLE_KDIR) M=$(O)/style modules W=1 $(2) \
		>$(O)/style.log 2>&1 || { cat $(O)/style.log; exit 1; }
	@! grep -E '(warning|error):' $(O)/style.log
endef

.PHONY: style-module
style-module:
	$(call style-build,gcc at W=1,)
	$(call style-build,clang at W=1,CC=clang $(CLANG_CONFIG))
	$(call style-build,sparse,C=2)

.PHONY: style-userspace
style-userspace:
	$(MAKE) -C userspace O=$(O) VERSION=$(VERSION) lint

.PHONY: style-scripts
style-scripts:
	shellcheck .ci/run
	python3 -m compileall -q selftests/vm selftests/model selftests/mutants
	codespell -L lits,relase --skip ./build,./.git,./LICENSES,./selftests/kselftest,./userspace/fuzz/corpus .

# --- install ----------------------------------------------------------------

.PHONY: install
install: lib cli ## library, tool, header, manuals, completions, schemas; DESTDIR and PREFIX
	$(MAKE) -C userspace O=$(O) VERSION=$(VERSION) PREFIX=$(PREFIX) \
		DESTDIR=$(DESTDIR) install
	$(give-back)

.PHONY: uninstall
uninstall: ## remove just what install put there
	$(MAKE) -C userspace O=$(O) VERSION=$(VERSION) PREFIX=$(PREFIX) \
		DESTDIR=$(DESTDIR) uninstall

# A kernel whose headers lead nowhere is none; dkms ends with 77 for one that
# dkms.conf leaves out. All others get the module before any failure is told.
DKMS_STATE := /var/lib/dkms/bindery/$(VERSION)
HEADERS = $(patsubst %/.,%,$(wildcard /lib/modules/*/build/.))

# Debian's users do not even find dkms.
root-only = @test "$$(id -u)" -eq 0 || \
	{ echo 'only root can do that: sudo make $@' >&2; exit 1; }

.PHONY: dkms-install
dkms-install: ## the module, by DKMS, for every kernel with headers here
	$(root-only)
	@command -v dkms >/dev/null || { echo 'install dkms first' >&2; exit 1; }
	@test -n '$(HEADERS)' || { echo 'no kernel headers here: install' \
		'linux-headers-amd64, or those of your kernel' >&2; exit 1; }
	@test ! -e $(DKMS_STATE) || dkms remove bindery/$(VERSION) --all
	rm -rf $(DKMS_DIR)
	install -d $(DKMS_DIR)
	cp --parents -p -t $(DKMS_DIR) $(MODULE_FILES)
	dkms add bindery/$(VERSION)
	@status=0; for headers in $(HEADERS); do \
		kernel=$$(basename "$$(dirname "$$headers")"); \
		dkms install bindery/$(VERSION) -k "$$kernel"; \
		case $$? in 0) ;; 77) echo "not for $$kernel" ;; *) status=1 ;; \
		esac; done; exit $$status

.PHONY: dkms-uninstall
dkms-uninstall: ## remove the module from DKMS and its sources
	$(root-only)
	@test ! -e $(DKMS_STATE) || dkms remove bindery/$(VERSION) --all
	rm -rf $(DKMS_DIR)
