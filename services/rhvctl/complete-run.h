/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `rhvctl --complete CWORD WORD...`: candidates for the shell, one a line. Names are asked of the bus; when that fails there are none. */

/* argv: behind --complete. Return: exit status. */
int complete_run(int argc, char **argv);
