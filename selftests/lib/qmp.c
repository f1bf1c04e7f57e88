// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking the emulator: a serial port of the guest is the emulator's own QMP
 * monitor, one JSON object per line.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib.h"

#define LINE_SIZE	16384
/* A control character makes a QMP parser forget what it has begun to read. */
#define FORGET		"\1\n"

/* Until this is done the port may have echoed what it received. */
static int set_raw(int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings))
		return -errno;
	cfmakeraw(&settings);
	cfsetspeed(&settings, B115200);
	settings.c_cflag |= CLOCAL;
	return tcsetattr(fd, TCSANOW, &settings) ? -errno : 0;
}

/* Processes that share the port take turns. */
static int take_turn(int qmp, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(qmp, F_SETLKW, &lock) ? -errno : 0;
}

static int send_all(int qmp, const char *text, size_t len)
{
	ssize_t sent;

	for (; len; text += sent, len -= sent) {
		sent = write(qmp, text, len);
		if (sent < 0)
			return -errno;
	}
	return 0;
}

/*
 * The line that answers this. What others have left of theirs, events and
 * answers to others' questions are passed over.
 */
static int receive_answer(int qmp, const char *id, char *line, size_t size)
{
	struct pollfd ready = { .fd = qmp, .events = POLLIN };
	size_t len = 0;
	ssize_t got;
	char *end;

	while (poll(&ready, 1, WAIT_SECONDS * 1000) > 0) {
		got = read(qmp, line + len, size - 1 - len);
		if (got <= 0)
			return -EIO;
		len += got;
		line[len] = 0;
		while ((end = strchr(line, '\n'))) {
			*end = 0;
			if (strstr(line, id))
				return 0;
			len -= end + 1 - line;
			memmove(line, end + 1, len + 1);
		}
		/* As much as is left of what is too long for a line. */
		if (len == size - 1)
			len = 0;
	}
	note("no answer from QMP");
	return -ETIMEDOUT;
}

static int exchange(int qmp, const char *json, char *line, size_t size)
{
	static unsigned int number;
	char id[64], question[2048];
	int len;

	snprintf(id, sizeof(id), "\"id\": \"%d-%u\"", getpid(), ++number);
	len = snprintf(question, sizeof(question), "{%s, %s\n", id,
		       strchr(json, '{') + 1);
	if (len >= (int)sizeof(question))
		return -E2BIG;
	return send_all(qmp, question, len) ?:
	       receive_answer(qmp, id, line, size);
}

/*
 * One command, a JSON object; its answer, all of that line, if room is given.
 * -EREMOTEIO: the emulator refused it.
 */
int qmp_call(int qmp, const char *json, char *answer, size_t size)
{
	static char line[LINE_SIZE];
	int ret = take_turn(qmp, F_WRLCK);

	if (ret)
		return ret;
	ret = exchange(qmp, json, line, sizeof(line));
	take_turn(qmp, F_UNLCK);
	if (ret)
		return ret;
	if (answer)
		snprintf(answer, size, "%s", line);
	return strstr(line, "\"error\": {") ? -EREMOTEIO : 0;
}

/* -ENODEV: this machine has no such port. */
int qmp_open(void)
{
	const char *path = getenv("BINDERY_QMP");
	int ret, qmp;

	if (!path)
		return -ENODEV;
	qmp = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (qmp < 0)
		return -errno;
	ret = set_raw(qmp) ?: send_all(qmp, FORGET, strlen(FORGET));
	/* Refused if it was opened before; what matters is the answer. */
	ret = ret ?: qmp_call(qmp, "{\"execute\": \"qmp_capabilities\"}", NULL,
			      0);
	if (!ret || ret == -EREMOTEIO)
		return qmp;
	close(qmp);
	return ret;
}

/* What was there before is let go a moment after the guest's kernel did. */
static bool still_in_use(const char *answer)
{
	return strstr(answer, "Duplicate device ID") ||
	       strstr(answer, "in use by") ||
	       strstr(answer, "already occupied") ||
	       strstr(answer, "Permission conflict on node");
}

/* As -device takes them: "driver=edu,id=x,bus=rp9,addr=0.1" */
int qmp_device_add(int qmp, const char *properties)
{
	time_t end = now_seconds() + WAIT_SECONDS;
	char json[1024], answer[1024];
	int ret;

	snprintf(json, sizeof(json),
		 "{\"execute\": \"human-monitor-command\", \"arguments\": "
		 "{\"command-line\": \"device_add %s\"}}", properties);
	while (!(ret = qmp_call(qmp, json, answer, sizeof(answer)))) {
		if (strstr(answer, "\"return\": \"\""))
			return 0;
		if (!still_in_use(answer) || now_seconds() > end)
			break;
		usleep(1000);
	}
	note("device_add %s: %s", properties, ret ? strerror(-ret) : answer);
	return ret ? ret : -EREMOTEIO;
}

/* Does the emulator still have it, whatever the guest sees? */
bool qmp_has_device(int qmp, const char *id)
{
	char json[256];

	snprintf(json, sizeof(json),
		 "{\"execute\": \"qom-get\", \"arguments\": {\"path\": "
		 "\"/machine/peripheral/%s\", \"property\": \"type\"}}", id);
	return qmp_call(qmp, json, NULL, 0) != -EREMOTEIO;
}

/* It is gone when the kernel has let it go, and its address with it. */
int qmp_device_del(int qmp, const char *id)
{
	char json[256], answer[1024];
	int ret;

	snprintf(json, sizeof(json),
		 "{\"execute\": \"device_del\", \"arguments\": {\"id\": \"%s\"}}",
		 id);
	ret = qmp_call(qmp, json, answer, sizeof(answer));
	if (ret == -EREMOTEIO)
		note("device_del %s: %s", id, answer);
	return ret;
}
