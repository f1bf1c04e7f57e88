# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzzers of what the library reads. `fuzz' builds them with clang and
# libFuzzer, and shares the time out among them; `check' only replays the
# inputs that are kept in corpus/, built like the other tests.

fuzz_names := $(patsubst $(src)fuzz/fuzz-%.c,%,$(sort $(wildcard $(src)fuzz/fuzz-*.c)))
# $(call fuzz_objects,DIR,NAME)
fuzz_objects = $(addprefix $(1)/,fuzz/fuzz-$(2).o fuzz/fuzz.o tests/tree.o \
	tests/netmock.o $(lib_src:$(src)%.c=%.o))

fuzz_out := $(out)/fuzz
fuzz_wrap :=
$(test_out)/fuzz-uevent $(fuzz_out)/fuzz-uevent: fuzz_wrap := -Wl,--wrap=recvmsg

fuzz_replays := $(fuzz_names:%=$(test_out)/fuzz-%)

check: $(fuzz_replays)
$(test_out)/fuzz/replay.o: test_flags := -DCORPUS='"$(src)fuzz/corpus"'

define fuzz_replay
$(test_out)/fuzz-$(1): $(call fuzz_objects,$(test_out),$(1)) $(test_out)/fuzz/replay.o
endef
$(foreach name,$(fuzz_names),$(eval $(call fuzz_replay,$(name))))
$(fuzz_replays):
	$(say) LD $(@F)
	$(Q)$(CC) $(CFLAGS) $(sanitize) $(LDFLAGS) $(wrap_netlink) $(fuzz_wrap) \
		-o $@ $^ $(LIB_LIBS)

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 600
fuzz_flags := -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
fuzz_programs := $(fuzz_names:%=$(fuzz_out)/fuzz-%)

$(fuzz_out)/%.o: $(src)%.c $(out)/version
	@mkdir -p $(@D)
	$(say) FUZZCC $*.o
	$(Q)$(FUZZ_CC) $(cflags) $(cppflags) $(LIB_CFLAGS) $(fuzz_flags) -MMD -MP \
		-c -o $@ $<

define fuzz_program
$(fuzz_out)/fuzz-$(1): $(call fuzz_objects,$(fuzz_out),$(1))
endef
$(foreach name,$(fuzz_names),$(eval $(call fuzz_program,$(name))))
$(fuzz_programs):
	$(say) LD $(@F)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined $(wrap_netlink) \
		$(fuzz_wrap) -o $@ $^ $(LIB_LIBS)

fuzz: $(fuzz_programs)
	$(Q)OUT=$(fuzz_out) SRC=$(src)fuzz SECONDS_EACH=$$(($(FUZZ_SECONDS) / $(words $(fuzz_names)))) \
		$(src)fuzz/run.sh $(fuzz_names)

-include $(fuzz_names:%=$(test_out)/fuzz/fuzz-%.d) $(wildcard $(fuzz_out)/*/*.d)
