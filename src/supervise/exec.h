/* SPDX-License-Identifier: Apache-2.0 */
/* The second look at what was executed: h_exec.c. */
#ifndef SL_SUPERVISE_EXEC_H
#define SL_SUPERVISE_EXEC_H

#include <stdbool.h>

struct sl_judge;

/* Ends the processes among the last ones that execute something denied. */
void sl_exec_look(struct sl_judge *judge);
void sl_exec_drop(struct sl_judge *judge);

#endif
