# SPDX-License-Identifier: GPL-2.0-or-later

man1 := bindery.1
man3 := $(sort $(notdir $(wildcard $(src)man/*.3)))
D = $(DESTDIR)

# What install puts, and uninstall removes.
installed := \
	$(BINDIR)/bindery \
	$(LIBDIR)/libbindery.so.$(VERSION) $(LIBDIR)/$(soname) \
	$(LIBDIR)/libbindery.so $(LIBDIR)/libbindery.a \
	$(LIBDIR)/pkgconfig/bindery.pc \
	$(INCLUDEDIR)/bindery.h $(INCLUDEDIR)/linux/bindery.h \
	$(man1:%=$(MANDIR)/man1/%) $(man3:%=$(MANDIR)/man3/%) \
	$(BASHDIR)/bindery $(ZSHDIR)/_bindery

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
	$(INSTALL) -m 644 $(man1:%=$(src)man/%) $(D)$(MANDIR)/man1
	$(INSTALL) -m 644 $(man3:%=$(src)man/%) $(D)$(MANDIR)/man3
	$(INSTALL) -m 644 $(src)completions/bindery.bash $(D)$(BASHDIR)/bindery
	$(INSTALL) -m 644 $(src)completions/_bindery $(D)$(ZSHDIR)/_bindery

uninstall:
	rm -f $(addprefix $(D),$(installed))

CPPCHECK := cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	--enable=warning,portability,performance --suppress=missingIncludeSystem
TIDY := clang-tidy --quiet --warnings-as-errors=*
lint_c := $(lib_src) $(cli_src) $(sort $(wildcard $(src)tests/*.c))
lint_flags := $(cppflags) $(JSON_CFLAGS) -std=gnu11

# What is not installed is not looked with, and that is said.
lint_with = @command -v $(1) >/dev/null || { echo "SKIP: no $(1)"; exit 0; }; set -x;

lint:
	$(call lint_with,cppcheck) $(CPPCHECK) $(cppflags) $(lint_c)
	$(call lint_with,clang-tidy) $(TIDY) $(lint_c) -- $(lint_flags)
	$(call lint_with,codespell) codespell $(src)
	$(call lint_with,shellcheck) \
		shellcheck -s bash $(src)completions/bindery.bash && \
		shellcheck $(src)tests/*.sh $(test_scripts)
	$(call lint_with,groff) $(src)tests/lint-man.sh $(src)man/*.[13]
