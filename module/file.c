// SPDX-License-Identifier: GPL-2.0-only
/* Files of claims: opened, polled, described, closed. */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "bindery_private.h"

static struct bindery_claim_file *of(struct file *file)
{
	return file->private_data;
}

struct bindery_claim *bindery_file_claim(struct file *file)
{
	return of(file)->claim;
}

/* One that has no claim yet. */
static struct file *claim_file(void *unused)
{
	struct bindery_claim_file *private;
	struct file *file;

	private = kzalloc(sizeof(*private), GFP_KERNEL_ACCOUNT);
	if (!private)
		return ERR_PTR(-ENOMEM);
	file = anon_inode_getfile("[bindery]", &bindery_fops_claim, private,
				  O_RDWR | O_CLOEXEC);
	if (IS_ERR(file))
		kfree(private);
	return file;
}

/* Before anybody can see the file. False: the claim has ended. */
bool bindery_file_open(struct file *file, struct bindery_claim *claim)
{
	if (!bindery_claim_open(claim))
		return false;
	bindery_claim_get(claim);
	of(file)->claim = claim;
	return true;
}

static void leave(struct bindery_claim_file *claim_file)
{
	if (!claim_file->claim)
		return;
	bindery_claim_close(claim_file->claim);
	bindery_claim_put(claim_file->claim);
}

/* The same for a file that was opened on another claim. */
bool bindery_file_reopen(struct file *file, struct bindery_claim *claim)
{
	if (!bindery_claim_open(claim))
		return false;
	bindery_claim_get(claim);
	leave(of(file));
	of(file)->claim = claim;
	return true;
}

int bindery_fops_claim_release(struct inode *inode, struct file *file)
{
	struct bindery_claim_file *claim_file = of(file);

	leave(claim_file);
	kfree(claim_file);
	return 0;
}

/* STATUS told this file of everything up to there. */
void bindery_file_see(struct file *file, u64 generation)
{
	guard(bindery_state)();
	of(file)->seen = generation;
}

static bool has_gone(struct bindery_claim *claim)
{
	unsigned int i;

	bindery_state_assert();
	for (i = 0; claim->plan && i < claim->plan->num_groups; i++)
		if (claim->plan->groups[i]->state == BINDERY_GROUP_GONE)
			return true;
	return false;
}

__poll_t bindery_fops_claim_poll(struct file *file, poll_table *wait)
{
	struct bindery_claim *claim = of(file)->claim;
	__poll_t mask = 0;

	poll_wait(file, &claim->poll, wait);
	guard(bindery_state)();
	if (bindery_claim_generation(claim) != of(file)->seen)
		mask |= EPOLLPRI;
	if (claim->state == CLAIM_ENDED || claim->state == CLAIM_FAILED ||
	    has_gone(claim))
		mask |= EPOLLHUP;
	return mask;
}

void bindery_fops_claim_show_fdinfo(struct seq_file *seq, struct file *file)
{
	struct bindery_claim *claim = of(file)->claim;
	unsigned int i;

	seq_printf(seq, "bindery-claim:\t%pUb\n", &claim->id);
	seq_printf(seq, "bindery-holder:\t%d\n", pid_vnr(claim->holder));
	seq_puts(seq, "bindery-label:\t");
	seq_escape_str(seq, claim->label, ESCAPE_SPECIAL | ESCAPE_NP, NULL);
	seq_puts(seq, "\nbindery-groups:\t");
	guard(bindery_state)();
	for (i = 0; claim->plan && i < claim->plan->num_groups; i++)
		seq_printf(seq, "%s%d", i ? " " : "",
			   claim->plan->groups[i]->id);
	seq_putc(seq, '\n');
}

static int no_file(struct bindery_failure *failure, int err)
{
	return bindery_fail(failure, err == -ENOMEM ? BINDERY_ERROR_NO_MEMORY :
			    BINDERY_ERROR_NO_FD, BINDERY_STEP_REQUEST, err);
}

/*
 * Give the caller a file that make() has made and of which give() tells; it is
 * installed last.
 */
int bindery_file_install(struct bindery_failure *failure, void *data,
			 struct file *(*make)(void *data),
			 int (*give)(void *data, struct file *file, int fd))
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;
	int ret;

	if (fd < 0)
		return no_file(failure, fd);
	file = make(data);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return no_file(failure, PTR_ERR(file));
	}
	ret = give(data, file, fd);
	if (ret) {
		put_unused_fd(fd);
		fput(file);
		return ret;
	}
	fd_install(fd, file);
	return 0;
}

/* A file of a claim, that give() opens. */
int bindery_file_give(struct bindery_failure *failure, void *data,
		      int (*give)(void *data, struct file *file, int fd))
{
	return bindery_file_install(failure, data, claim_file, give);
}

struct opening {
	struct bindery_ucmd *ucmd;
	struct bindery_claim *claim;
};

static int open_claim(void *data, struct file *file, int fd)
{
	struct opening *opening = data;
	struct bindery_claim *claim = opening->claim;
	struct bindery_ucmd *ucmd = opening->ucmd;
	struct bindery_ioc_open_claim *cmd = ucmd->cmd;

	if (!bindery_file_open(file, claim))
		return bindery_fail(&ucmd->failure, BINDERY_ERROR_NO_CLAIM,
				    BINDERY_STEP_RESOLVE, 0);
	cmd->out_claim_fd = fd;
	export_uuid(cmd->out_claim_id, &claim->id);
	return bindery_ucmd_respond(ucmd);
}

int bindery_cmd_open_claim(struct bindery_ucmd *ucmd)
{
	struct bindery_ioc_open_claim *cmd = ucmd->cmd;
	struct opening opening = { .ucmd = ucmd };
	int ret;

	memset(cmd->out_claim_id, 0, sizeof(cmd->out_claim_id));
	ret = bindery_flags_check(cmd->flags, 0, &ucmd->failure);
	ret = ret ?: bindery_claim_choose(ucmd, cmd->id, cmd->device,
					  cmd->device_size, &opening.claim);
	if (ret)
		return ret;
	ret = bindery_file_give(&ucmd->failure, &opening, open_claim);
	if (ret)
		cmd->out_claim_fd = -1;
	bindery_claim_put(opening.claim);
	return ret;
}
