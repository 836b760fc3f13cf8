"""Runs a command until standard input closes, then ends it together with all processes that it started.

Usage: supervisor.py DIRECTORY COMMAND...   (DIRECTORY is removed at the end)

The command gets its own process group, which its children share, so one signal ends all of them. The signal is
SIGKILL: a process cannot ignore it, and the command has nothing to save.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading


def main(directory, *command):
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def kill_group(*_):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def wait_for_end_of_input():
        while os.read(0, 4096):
            pass
        kill_group()

    signal.signal(signal.SIGTERM, kill_group)
    threading.Thread(target=wait_for_end_of_input, daemon=True).start()
    code = child.wait()
    # If the command ended by itself, its children can still be running.
    kill_group()
    shutil.rmtree(directory, ignore_errors=True)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main(*sys.argv[1:])
