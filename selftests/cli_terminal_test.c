// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tool draws: names where they are known, pictures, and the line that
 * tells of progress, as a terminal gets them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include "kselftest_harness.h"
#include "rows.h"

WORDS_FIXTURE(terminal)

static const struct row named_rows[] = {
	{ "list --vendor qemu --numa 0", 0,
	  "module: yes\n" },
	{ "list --device 1234:11e8 --driver bindery_test_native", 0,
	  "module: yes\n"
	  "group 5  state free  claims 0\n"
	  "  DEVICE        DRIVER               CLASS   ID         SLOT-FUNCTIONS                                          PATH             NAME\n"
	  "  0000:01:00.0  bindery_test_native  00ff00  1234:11e8  0000:01:00.0, 0000:01:00.1, 0000:01:00.2, 0000:01:00.3  0000:00/01/00    Plex86 QEMU Educational Device \"<edu>\"\n"
	  "  0000:01:00.1  bindery_test_native  00ff00  1234:11e8  0000:01:00.0, 0000:01:00.1, 0000:01:00.2, 0000:01:00.3  0000:00/01/00.1  Plex86 QEMU Educational Device \"<edu>\"\n"
	  "  0000:01:00.3  bindery_test_native  00ff00  1234:11e8  0000:01:00.0, 0000:01:00.1, 0000:01:00.2, 0000:01:00.3  0000:00/01/00.3  Plex86 QEMU Educational Device \"<edu>\"\n"
	  "group 6  state free  claims 0\n"
	  "  DEVICE        DRIVER               CLASS   ID         PATH           NAME\n"
	  "  0000:02:00.0  bindery_test_native  00ff00  1234:11e8  0000:00/02/00  Plex86 QEMU Educational Device \"<edu>\"\n" },
	{ "show --tree 02:00.0", 0,
	  "0000:00  root bus\n"
	  "`- 00:02.0     PCI bridge                                          pcieport             - group 2\n"
	  "   `- 02:00.0  device      Plex86 QEMU Educational Device \"<edu>\"  bindery_test_native  - group 6\n" },
	{ "show --dot 02:00.0", 0,
	  "digraph pci {\n"
	  "	rankdir=LR;\n"
	  "	graph [style=rounded, fontname=\"sans-serif\", fontsize=11];\n"
	  "	node [shape=box, fontname=\"monospace\", fontsize=10];\n"
	  "	edge [arrowhead=none];\n"
	  "	subgraph cluster_2 {\n"
	  "		label=\"group 2\";\n"
	  "		color=\"#888888\";\n"
	  "		fontcolor=\"#888888\";\n"
	  "		n1 [label=\"00:02.0\\nPCI bridge\\npcieport\"];\n"
	  "	}\n"
	  "	subgraph cluster_6 {\n"
	  "		label=\"group 6\";\n"
	  "		color=\"#888888\";\n"
	  "		fontcolor=\"#888888\";\n"
	  "		n2 [label=\"02:00.0\\ndevice\\nPlex86 QEMU Educational Device \\\"<edu>\\\"\\nbindery_test_native\"];\n"
	  "	}\n"
	  "		n0 [label=\"0000:00\\nroot bus\", shape=plaintext];\n"
	  "	n0 -> n1;\n"
	  "	n1 -> n2;\n"
	  "}\n" },
};

/* As much as a small machine knows. */
static const char pci_ids[] =
	"1234  Plex86\n"
	"\t11e8  QEMU Educational Device \"<edu>\"\n";

#define PCI_IDS_DIRECTORY	"/usr/share/misc"
#define PCI_IDS			PCI_IDS_DIRECTORY "/pci.ids"

static int write_pci_ids(void)
{
	FILE *file;

	mkdir("/usr/share", 0755);
	mkdir(PCI_IDS_DIRECTORY, 0755);
	file = fopen(PCI_IDS, "w");
	if (!file || fputs(pci_ids, file) < 0 || fclose(file))
		return -errno;
	return 0;
}

TEST_F(terminal, A5_U4_names_are_told_where_they_are_known)
{
	ASSERT_NE(0, access(PCI_IDS, F_OK));
	ASSERT_EQ(0, write_pci_ids());
	EXPECT_EQ(0, ANSWERS(named));
	EXPECT_EQ(0, RUN("show", "--svg", ALONE));
	EXPECT_TRUE(OUT_HAS(">Plex86 QEMU Educational Device \"&lt;edu&gt;\"</text>\n"));
	EXPECT_EQ(0, unlink(PCI_IDS));
}

#define CLEAR	"\r\033[K"	/* a line, to write it anew */

/* What a terminal of this width got, and shows of it. */
struct terminal {
	int main, user;
	char text[8192];
};

static int terminal_open(struct terminal *terminal, unsigned short width)
{
	struct winsize size = { .ws_row = 24, .ws_col = width };
	struct termios modes;

	*terminal = (struct terminal) { .main = posix_openpt(O_RDWR | O_NOCTTY) };
	if (terminal->main < 0 || grantpt(terminal->main) ||
	    unlockpt(terminal->main))
		return -errno;
	terminal->user = open(ptsname(terminal->main), O_RDWR | O_NOCTTY);
	if (terminal->user < 0 || tcgetattr(terminal->user, &modes))
		return -errno;
	modes.c_lflag &= ~ECHO;
	if (tcsetattr(terminal->user, TCSANOW, &modes) ||
	    ioctl(terminal->user, TIOCSWINSZ, &size) ||
	    fcntl(terminal->main, F_SETFL, O_NONBLOCK))
		return -errno;
	return 0;
}

static const char *terminal_read(struct terminal *terminal)
{
	size_t length = strlen(terminal->text);
	ssize_t num = read(terminal->main, terminal->text + length,
			   sizeof(terminal->text) - length - 1);

	terminal->text[length + (num > 0 ? num : 0)] = 0;
	return terminal->text;
}

static void terminal_close(struct terminal *terminal)
{
	close(terminal->user);
	close(terminal->main);
}

/* The last that was written, as long as what clears a line. */
static const char *terminal_end(struct terminal *terminal)
{
	size_t length = strlen(terminal_read(terminal));

	return terminal->text +
	       (length < strlen(CLEAR) ? 0 : length - strlen(CLEAR));
}

/* How long the longest line is that was written over another. */
static size_t longest_over(const char *text)
{
	size_t longest = 0, length;

	while ((text = strstr(text, CLEAR))) {
		text += strlen(CLEAR);
		length = strcspn(text, "\r\n");
		if (longest < length)
			longest = length;
	}
	return longest;
}

static struct terminal terminal;	/* that of the tool, see below */

static int use_terminal(void)
{
	setenv("TERM", "xterm", 1);
	return setsid() < 0 || dup2(terminal.user, STDERR_FILENO) < 0 ||
	       ioctl(STDERR_FILENO, TIOCSCTTY, 0);
}

#define SAYS(part)	wait_until(strstr(terminal_read(&terminal), part))

/* What comes last, when the terminal has passed all of it on. */
static const char *last_line(void)
{
	const char *last = strrchr(terminal_read(&terminal), '\033');

	return last && strchr(last, '\n') ? last : NULL;
}

TEST_F(terminal, U9_a_terminal_shows_what_is_waited_for_and_nothing_is_left)
{
	const char *last;

	ASSERT_EQ(0, terminal_open(&terminal, 100));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", ALONE));
	ASSERT_EQ(0, run_start(&self->run, use_terminal,
			       ARGS("acquire", "-k", "--json", ALONE)));
	EXPECT_TRUE(SAYS(" s: waiting for " ALONE ": its driver"));
	EXPECT_TRUE(SAYS("; last: override " ALONE " took "));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", ""));
	EXPECT_EQ(0, run_end(&self->run));
	ASSERT_TRUE(wait_until(last_line()));
	last = last_line();
	EXPECT_EQ(0, strncmp(last, "\033[Kbindery: kept; end with ", 27));
	EXPECT_EQ(strchr(terminal.text, '\n'), strchr(last, '\n'));
	EXPECT_EQ(NULL, strchr(strchr(last, '\n') + 1, '\n'));
	terminal_close(&terminal);
	EXPECT_EQ(0, RUN("release", ALONE));
}

TEST_F(terminal, U9_a_narrow_terminal_gets_no_line_that_is_folded)
{
	ASSERT_EQ(0, terminal_open(&terminal, 40));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", ALONE));
	ASSERT_EQ(0, run_start(&self->run, use_terminal,
			       ARGS("acquire", "--json", ALONE)));
	EXPECT_TRUE(SAYS("waiting"));
	/* Ctrl-C, which the line has to be cleared after, too. */
	ASSERT_EQ(1, write(terminal.main, "\003", 1));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", ""));
	run_end(&self->run);
	EXPECT_TRUE(wait_until(!strcmp(CLEAR, terminal_end(&terminal))));
	EXPECT_EQ(39, longest_over(terminal.text));
	terminal_close(&terminal);
}

static int draw_on_terminal(void)
{
	return dup2(terminal.user, STDOUT_FILENO) < 0;
}

TEST_F(terminal, U4_names_are_cut_where_lines_would_be_folded)
{
	ASSERT_EQ(0, terminal_open(&terminal, 80));
	ASSERT_EQ(0, write_pci_ids());
	EXPECT_EQ(0, RUN_AS(draw_on_terminal, "show", "--tree", ALONE));
	EXPECT_EQ(0, unlink(PCI_IDS));
	EXPECT_TRUE(SAYS("Plex86 QEMU Educat...  " TEST_NATIVE "  "));
	terminal_close(&terminal);
}

TEST_HARNESS_MAIN
