# SPDX-License-Identifier: GPL-2.0-or-later

man8 := $(sort $(notdir $(wildcard $(src)man/*.8)))
man3 := $(sort $(notdir $(wildcard $(src)man/*.3)))
# man FUNCTION shows the page whose synopsis has it.
man_links := $(shell $(src)man/links.sh)
man_link_names := $(foreach link,$(man_links),$(lastword $(subst :, ,$(link))).3)
schemas := $(sort $(notdir $(wildcard $(src)schema/*.json)))
D = $(DESTDIR)

# What install puts, and uninstall removes.
installed := \
	$(BINDIR)/bindery \
	$(LIBDIR)/libbindery.so.$(VERSION) $(LIBDIR)/$(soname) \
	$(LIBDIR)/libbindery.so $(LIBDIR)/libbindery.a \
	$(LIBDIR)/pkgconfig/bindery.pc \
	$(INCLUDEDIR)/bindery.h $(INCLUDEDIR)/linux/bindery.h \
	$(INCLUDEDIR)/linux/bindery_netlink.h \
	$(man8:%=$(MANDIR)/man8/%) $(man3:%=$(MANDIR)/man3/%) \
	$(man_link_names:%=$(MANDIR)/man3/%) \
	$(schemas:%=$(SCHEMADIR)/%) \
	$(BASHDIR)/bindery $(ZSHDIR)/_bindery $(FISHDIR)/bindery.fish

# What goes too where nobody else has put anything.
emptied := $(SCHEMADIR) $(patsubst %/,%,$(dir $(SCHEMADIR))) $(MANDIR)/man3 \
	$(MANDIR)/man8 $(LIBDIR)/pkgconfig $(INCLUDEDIR)/linux

install: lib $(out)/bindery
	$(INSTALL) -d $(sort $(addprefix $(D),$(dir $(installed))))
	$(INSTALL) -m 755 $(out)/bindery $(D)$(BINDIR)/bindery
	$(INSTALL) -m 755 $(lib_so) $(D)$(LIBDIR)
	ln -sf $(notdir $(lib_so)) $(D)$(LIBDIR)/$(soname)
	ln -sf $(soname) $(D)$(LIBDIR)/libbindery.so
	$(INSTALL) -m 644 $(lib_a) $(D)$(LIBDIR)
	$(INSTALL) -m 644 $(O)/bindery.pc $(D)$(LIBDIR)/pkgconfig
	$(INSTALL) -m 644 $(src)lib/bindery.h $(D)$(INCLUDEDIR)
	$(INSTALL) -m 644 $(src)../uapi/linux/bindery.h $(D)$(INCLUDEDIR)/linux
	$(INSTALL) -m 644 $(src)../uapi/linux/bindery_netlink.h $(D)$(INCLUDEDIR)/linux
	$(INSTALL) -m 644 $(man8:%=$(src)man/%) $(D)$(MANDIR)/man8
	$(INSTALL) -m 644 $(man3:%=$(src)man/%) $(D)$(MANDIR)/man3
	@for link in $(man_links); do \
		echo ".so man3/$${link%%:*}" \
			>"$(D)$(MANDIR)/man3/$${link#*:}.3" || exit 1; done
	$(INSTALL) -m 644 $(src)completions/bindery.bash $(D)$(BASHDIR)/bindery
	$(INSTALL) -m 644 $(src)completions/_bindery $(D)$(ZSHDIR)/_bindery
	$(INSTALL) -m 644 $(src)completions/bindery.fish $(D)$(FISHDIR)
	$(INSTALL) -m 644 $(schemas:%=$(src)schema/%) $(D)$(SCHEMADIR)
	$(tell_linker)

uninstall:
	@rm -f $(addprefix $(D),$(installed))
	@for dir in $(addprefix $(D),$(emptied)); do \
		rmdir --ignore-fail-on-non-empty "$$dir" 2>/dev/null || :; done
	$(tell_linker)

# Where a package is made, or a user installs for itself, that is not ours.
tell_linker = @test -n '$(D)' || test "$$(id -u)" -ne 0 || ldconfig

CPPCHECK := cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	--enable=warning,portability,performance --suppress=missingIncludeSystem
TIDY := clang-tidy --quiet --warnings-as-errors=*
lint_c := $(lib_src) $(cli_src) $(sort $(wildcard $(src)tests/*.c $(src)fuzz/*.c))
lint_flags := $(cppflags) $(LIB_CFLAGS) $(JSON_CFLAGS) -std=gnu11 \
	-DCORPUS='"corpus"'

# What is not installed is not looked with, and that is said.
lint_with = @command -v $(1) >/dev/null || { echo "SKIP: no $(1)"; exit 0; }; set -x;

# The parts of the manual that the table of verbs tells.
man: cli
	$(O)/bindery help --json | \
		python3 $(src)tests/table.py --write $(src)man/bindery.8
	python3 $(src)tests/codes.py --write $(src)

lint:
	$(call lint_with,cppcheck) $(CPPCHECK) $(cppflags) $(lint_c)
	$(call lint_with,clang-tidy) $(TIDY) $(lint_c) -- $(lint_flags)
	$(call lint_with,codespell) codespell -L lits --skip '$(src)fuzz/corpus' $(src)
	$(call lint_with,shellcheck) \
		shellcheck -s bash $(src)completions/bindery.bash && \
		shellcheck $(src)man/*.sh $(src)tests/*.sh $(src)fuzz/*.sh \
			$(test_scripts)
	$(call lint_with,groff) $(src)tests/lint-man.sh $(src)man/*.[38]
