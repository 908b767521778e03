#!/usr/bin/python3
"""pair.py RUNS COMMAND...: run the commands in turn, A B A B ..., after one round that is not counted, and print
the median wall seconds of each on a line.  Output is thrown away; a command that fails ends it with 1."""

import os
import shlex
import statistics
import sys
import time

runs, commands = int(sys.argv[1]), [shlex.split(c) for c in sys.argv[2:]]
null = os.open("/dev/null", os.O_RDWR)
streams = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
seconds = [[] for _ in commands]
for run in range(runs + 1):
    for command, taken in zip(commands, seconds):
        start = time.perf_counter()
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
        status = os.waitpid(pid, 0)[1]
        stop = time.perf_counter()
        if status != 0:
            sys.exit(f"failed: {shlex.join(command)}")
        if run > 0:
            taken.append(stop - start)
for taken in seconds:
    print("%.5f" % statistics.median(taken))
