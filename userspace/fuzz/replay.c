// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Without libFuzzer: fuzz-NAME takes all inputs of CORPUS/NAME, once, and tells
 * it as TAP. It says first which one it is about to take: a bad one does not
 * come back.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static void take(const char *name)
{
	struct stat status;
	uint8_t *data;
	FILE *file;

	printf("# %s\n", name);
	file = fopen(name, "r");
	HOLDS(file && !fstat(fileno(file), &status));
	/* Of its own size, so that what is read beyond is noticed. */
	data = malloc((size_t)status.st_size + !status.st_size);
	HOLDS(data);
	HOLDS(fread(data, 1, (size_t)status.st_size, file) ==
	      (size_t)status.st_size);
	fclose(file);
	LLVMFuzzerTestOneInput(data, (size_t)status.st_size);
	free(data);
}

int main(void)
{
	const char *name = program_invocation_short_name + strlen("fuzz-");
	struct dirent **entries;
	int count, taken = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..1\n");
	HOLDS(!chdir(CORPUS) && !chdir(name));
	count = scandir(".", &entries, NULL, alphasort);
	HOLDS(count > 0);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			take(entries[i]->d_name);
			taken++;
		}
		free(entries[i]);
	}
	free(entries);
	printf("%sok 1 all_inputs_kept_for_%s_hold\n", taken ? "" : "not ",
	       name);
	return !taken;
}
