"""Builds the function, uploads the code to a bucket in every Region, and prints the next commands."""

import os
import subprocess
import sys

from . import code, commands, stack_sets
from .buckets import Publisher
from .failure import PublishError
from .settings import Settings


def main():
    settings = Settings.read(os.environ)
    publisher = Publisher.from_credentials(settings)
    deployed, warning = _find_stack_sets(settings)
    package = code.package(settings.built or _build(settings.architecture), settings.architecture)
    _log(f"The code is {package.key} ({len(package.content):,} bytes).")
    prefix = publisher.bucket_prefix()
    role_prefixes = stack_sets.role_prefixes(settings, deployed)
    _log(f"Creating or updating the buckets in {', '.join(settings.regions)} ...")
    buckets = publisher.deploy_buckets(prefix, role_prefixes)
    for bucket in buckets:
        was_present = bucket.put(package)
        result = "was already in" if was_present else "is now in"
        _log(f"{bucket.region}: the code {result} {bucket.name}, and its content is verified.")
    if warning:
        _log(warning)
    previous_key = buckets[0].previous_key(package)
    print(commands.next_commands(settings, publisher.account, prefix, role_prefixes, package.key, deployed, previous_key))


def _find_stack_sets(settings):
    """The stack sets, or the reason why it is not known which exist."""
    try:
        return stack_sets.find(settings), None
    except stack_sets.StackSetsUnknown as reason:
        return None, str(reason)


def _build(architecture):
    _log("Building the function (the first time takes several minutes) ...")
    command = ["sam", "build", "--parameter-overrides", f"Architecture={architecture}"]
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode != 0:
        raise PublishError("`sam build` failed; see its output above. Nothing was published.")
    return os.path.join(".aws-sam", "build", "Function")


def _log(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except PublishError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted. You can run it again: code that is already published is not uploaded twice.")
