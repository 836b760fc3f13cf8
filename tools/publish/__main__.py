"""Builds, puts the code into a bucket of every Region, and prints what to run next."""

import os
import subprocess
import sys

from . import code, commands, stack_sets
from .buckets import Publisher
from .failure import CannotPublish
from .wishes import Wishes


def main():
    wishes = Wishes.read(os.environ)
    publisher = Publisher.of_these_credentials(wishes)
    found, why_not = _stack_sets(wishes)
    zipped = code.zipped(wishes.built or _build(wishes.architecture), wishes.architecture)
    _say(f"The code is {zipped.key} ({len(zipped.content):,} bytes).")
    prefix = publisher.prefix()
    _say(f"Making the buckets, or bringing them up to date, in {', '.join(wishes.regions)} ...")
    buckets = publisher.buckets(prefix)
    for bucket in buckets:
        was_there = bucket.put(zipped)
        _say(f"{bucket.region}: {'it was already' if was_there else 'it is now'} in {bucket.name}, and reads as it should.")
    home = buckets[0]
    if why_not:
        _say(why_not)
    print(commands.to_run_next(wishes, prefix, zipped.key, found, home.key_before(zipped)))


def _stack_sets(wishes):
    """What there is, or why that cannot be told."""
    try:
        return stack_sets.look(wishes), None
    except stack_sets.CannotTell as reason:
        return None, str(reason)


def _build(architecture):
    _say("Building the function (compiling it for the first time takes some minutes) ...")
    command = ["sam", "build", "--parameter-overrides", f"Architecture={architecture}"]
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode != 0:
        raise CannotPublish("`sam build` failed; it says above why. Nothing was published.")
    return os.path.join(".aws-sam", "build", "Function")


def _say(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except CannotPublish as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit("Interrupted. Run it again: what was published is not published twice.")
