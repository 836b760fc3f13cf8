"""Runs a command until standard input closes, then ends it with everything that it started.

Usage: keeper.py DIRECTORY COMMAND...   (DIRECTORY is removed at the end)

The command gets a process group of its own, which its children share, so one signal ends them
all. It has nothing worth saving, so that signal is the one that cannot be refused.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading


def main(directory, *command):
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def end_the_group(*_):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def until_the_pipe_closes():
        while os.read(0, 4096):
            pass
        end_the_group()

    signal.signal(signal.SIGTERM, end_the_group)
    threading.Thread(target=until_the_pipe_closes, daemon=True).start()
    code = child.wait()
    # When the command ended on its own, what it started may still run.
    end_the_group()
    shutil.rmtree(directory, ignore_errors=True)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main(*sys.argv[1:])
