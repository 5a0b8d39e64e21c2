/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions about who may do what, by credentials(7): user 0 may, others to their own. sys_id.c. */
#ifndef ABI_CRED_H
#define ABI_CRED_H

#include <lib/types.h>

struct cred;
struct proc;

/* Is the current process user 0's? Takes its siglock. */
bool cred_privileged(void);
/* May the current process look into p or change its limits? All three user and group ids of p are the caller's real ones. */
bool cred_may_control(struct proc *p);
/* May it change p's scheduling? p's real or effective user is the caller's effective one. */
bool cred_may_schedule(struct proc *p);

/* `new`, whose reference it takes over, becomes the current process's. One at a time: exec, or a change in sys_id.c. */
void cred_replace(struct cred *new);

#endif
