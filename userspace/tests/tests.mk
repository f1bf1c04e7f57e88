# SPDX-License-Identifier: GPL-2.0-or-later
#
# Host tests: no kernel, no root. All code is built once more, with sanitizers.

comma := ,
test_out := $(out)/tests
sanitize := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
test_names := $(sort $(notdir $(basename $(wildcard $(src)tests/test-*.c))))
test_programs := $(test_names:%=$(test_out)/%)
test_lib := $(lib_src:$(src)%.c=$(test_out)/%.o)
test_cli := $(cli_src:$(src)%.c=$(test_out)/%.o)
test_common := $(addprefix $(test_out)/tests/,tap.o tree.o guards.o mock.o netmock.o fault.o)
test_scripts := $(sort $(wildcard $(src)tests/*.t))
# What netmock.c answers.
wrap_netlink := $(addprefix -Wl$(comma)--wrap=,genl_connect genl_ctrl_resolve \
	genl_ctrl_resolve_grp nl_socket_add_memberships \
	nl_socket_set_nonblocking nl_socket_get_fd)
wrap := -Wl,--wrap=ioctl,--wrap=open $(wrap_netlink)
# What fault.c lets fail.
wrap += $(addprefix -Wl$(comma)--wrap=,malloc calloc reallocarray strdup \
	vasprintf getline __getdelim fdopen scandirat openat nl_socket_alloc nlmsg_alloc \
	mnt_new_table mnt_new_iter blkid_new_probe pci_alloc)

$(test_out)/%.o: $(src)%.c $(out)/version
	@mkdir -p $(@D)
	$(say) CC $*.o
	$(Q)$(compile) $(LIB_CFLAGS) $(JSON_CFLAGS) $(sanitize) $(test_flags) -c -o $@ $<

# The tool is called, not run: its main() gets another name.
$(test_out)/cli/main.o: test_flags := -Dmain=cli_main -Wno-missing-prototypes
cli_tests := $(filter $(test_out)/test-cli%,$(test_programs))
$(cli_tests): wrap += -Wl,--wrap=bindery_host_new
$(test_out)/test-cli-hold: wrap += $(addprefix -Wl$(comma)--wrap=,signalfd \
	epoll_create1 epoll_wait)
$(test_out)/test-filter: wrap += -Wl,--wrap=pci_lookup_name
$(test_out)/test-lookup: wrap += -Wl,--wrap=fstatat
$(test_out)/test-wait: wrap += $(addprefix -Wl$(comma)--wrap=,nl_connect nl_recv poll)
$(test_out)/test-node: wrap += $(addprefix -Wl$(comma)--wrap=,socket bind \
	setsockopt recvmsg fstat fchownat)
$(test_out)/test-guard-net: wrap += $(addprefix -Wl$(comma)--wrap=,nl_connect \
	rtnl_addr_alloc_cache rtnl_route_alloc_cache)
$(test_out)/test-variant: wrap += $(addprefix -Wl$(comma)--wrap=,kmod_new kmod_set_log_fn \
	kmod_unref kmod_module_new_from_name kmod_module_unref kmod_list_next \
	kmod_module_probe_insert_module kmod_module_get_info \
	kmod_module_info_get_key kmod_module_info_get_value \
	kmod_module_info_free_list)
$(cli_tests): $(test_cli) $(test_out)/tests/cli.o

$(test_programs): $(test_out)/%: $(test_out)/tests/%.o $(test_common) $(test_lib)
	$(say) LD $(@F)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(LDFLAGS) $(wrap) -o $@ $^ $(LIB_LIBS) $(JSON_LIBS)

# By another name, so that `make -n' does not take this for a make, and run it.
make_program := $(MAKE)

check: $(test_programs) all $(out)/bindery
	$(Q)O=$(O) VERSION=$(VERSION) SRC=$(src) CC='$(CC)' MAKE='$(make_program)' \
		$(src)tests/run.sh $(test_programs) $(test_scripts) $(fuzz_replays)

# Once more, for gcov. `check' wants to know only what the library's own tests
# reach of it; `coverage' also tells what all of them reach of all.
coverage_out := $(O)/coverage/userspace/tests
coverage_tests := $(test_names:%=$(coverage_out)/%)
coverage_library_tests := $(filter-out $(coverage_out)/test-cli%,$(coverage_tests))
coverage_make = $(MAKE) -C $(src) O=$(O)/coverage VERSION=$(VERSION) CFLAGS= \
	say=@: sanitize='-O0 -g --coverage'

coverage-library:
	+$(Q)$(coverage_make) $(coverage_library_tests)
	$(Q)SRC=$(src) $(src)tests/coverage.sh library $(coverage_out) \
		$(coverage_library_tests)

coverage: coverage-library
	+$(Q)$(coverage_make) $(coverage_tests)
	$(Q)SRC=$(src) $(src)tests/coverage.sh userspace $(coverage_out) \
		$(filter-out $(coverage_library_tests),$(coverage_tests))

-include $(test_lib:.o=.d) $(test_cli:.o=.d) $(test_common:.o=.d)
-include $(test_out)/tests/cli.d $(test_names:%=$(test_out)/tests/%.d)
