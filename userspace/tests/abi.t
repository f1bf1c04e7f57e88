#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is exported, documented and installed. Run by tests/run.sh.

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
number=0

result() {
	number=$((number + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $number $1"
	else
		echo "not ok $number $1"
	fi
}

same() {
	diff "$2" "$3" | sed 's/^/# /'
	cmp -s "$2" "$3"
	result "$1" $?
}

install_here() {
	"$MAKE" -s -C "$SRC" O="$O" VERSION="$VERSION" PREFIX=/usr \
		DESTDIR="$work/root" "$1" >"$1.log" 2>&1
}

echo "TAP version 13"
echo "1..14"

sed -n 's/^\t\(bindery_.*\);/\1/p' "$SRC/lib/libbindery.map" | sort >map
nm -D --defined-only "$O/libbindery.so.0" |
	sed -n 's/.* T \(.*\)@@LIBBINDERY_0.1$/\1/p' | sort >exported
nm -D --defined-only "$O/libbindery.so.0" | grep -c ' T ' >count
wc -l <map | tr -d ' ' >wanted
same U1_the_library_exports_what_its_map_says map exported
same U1_the_library_exports_nothing_else wanted count

sed -n 's/^ \* \(bindery_[a-z0-9_]*\)() - .*/\1/p' "$SRC/lib/bindery.h" |
	sort >documented
same U1_every_function_is_documented_in_the_header map documented

cat "$SRC"/man/*.3 | grep -o 'bindery_[a-z0-9_]*([^0-9]' | sed 's/(.*//' | sort -u >manuals
same U1_every_function_has_a_manual map manuals

tr '\n' ' ' <"$SRC/lib/bindery.h" | grep -o ' \* bindery_[a-z0-9_]*()[^/]*\*/' |
	grep -vc 'Since: 0.1' >without
echo 0 >none
same U1_every_function_tells_since_when none without

install_here install
result U1_install_puts_everything_below_DESTDIR $?
cat >use.c <<'END'
#include <bindery.h>
int main(void)
{
	struct bindery_bdf bdf;

	return bindery_bdf_parse("0000:01:00.0", &bdf);
}
END
export PKG_CONFIG_SYSROOT_DIR="$work/root"
export PKG_CONFIG_PATH="$work/root/usr/lib/pkgconfig"
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
# shellcheck disable=SC2046 # words of flags
$CC -Wall -Werror -pedantic use.c $(pkg-config --cflags --libs bindery) -o use &&
	LD_LIBRARY_PATH=$work/root/usr/lib ./use
result U1_a_program_builds_and_runs_by_pkg_config $?

LD_LIBRARY_PATH=$work/root/usr/lib root/usr/sbin/bindery --version >version &&
	! readelf -d root/usr/sbin/bindery | grep -qi 'r.*path'
result U1_the_installed_tool_has_no_rpath $?

# All of it, so that each library that it is built on is missed.
whole=-Wl,--whole-archive,-l:libbindery.a,--no-whole-archive
# shellcheck disable=SC2046 # words of flags
$CC -Wall -Werror use.c $(pkg-config --cflags --static --libs bindery |
	sed "s/-lbindery/$whole/") -o use-static &&
	./use-static && ! readelf -d use-static | grep -q libbindery
result U1_a_program_is_linked_with_the_static_library_by_pkg_config $?

# A page for each, or a link to a page that is there.
while read -r function; do
	page=root/usr/share/man/man3/$function.3
	linked=$(sed -n 's/^\.so //p' "$page")
	[ -f "root/usr/share/man/$linked" ] &&
		grep -Eq "^\.BR (.* )?$function " "root/usr/share/man/$linked" ||
		echo "$function"
done <map >unlinked 2>&1
: >nothing
same U1_man_finds_every_function nothing unlinked

# What takes devices is looked for by the name of that, too.
man3=root/usr/share/man/man3
[ "$(cat $man3/bindery_acquire.3)" = ".so man3/bindery_claim.3" ] &&
	grep -q '^bindery_claim, bindery_acquire ' $man3/bindery_claim.3
result U1_man_finds_bindery_acquire $?

find "$SRC/man" -name 'bindery_*.3' -printf '%f\n' | sed 's/\.3$//' | sort >pages
sed -n '/^\.SS Objects/,/^\.SS Conv/s/^\.BR \(.*\) (3)/\1/p' \
	"$SRC/man/libbindery.3" | sort >overview
same U1_the_overview_names_every_page pages overview

install_here uninstall
find root ! -type d >left
same U1_uninstall_removes_everything nothing left
find root \( -name bindery -o -name schema -o -name 'man[38]' \) >left
same U1_uninstall_leaves_no_directory_of_ours nothing left
