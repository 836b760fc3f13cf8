"""The parameters of a deployment: from the environment, and from a file with a line NAME=VALUE for each."""

import difflib
import re

from .failure import DeployError


def declared(template):
    """The names of a template's parameters. A YAML parser would need to know CloudFormation's tags."""
    [section] = re.findall(r"^Parameters:\n(.*?)^(?=\S)", template, re.MULTILINE | re.DOTALL)
    return re.findall(r"^  ([A-Za-z]+):$", section, re.MULTILINE)


def read(names, environment, file, text):
    """The values of these parameters. The environment takes precedence over the text of the file."""
    values = {**_from_file(names, file, text), **{name: environment[name] for name in names if name in environment}}
    # An old name of make's, from when only the processor could be chosen.
    if environment.get("ARCHITECTURE"):
        values["Architecture"] = environment["ARCHITECTURE"]
    for name, value in values.items():
        if "\\" in value:
            raise DeployError(f"{name} contains a backslash, which `sam deploy` does not pass on. Write the value without it.")
    return {name: " ".join(value.split("\n")) for name, value in values.items()}


def _from_file(names, file, text):
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, separator, value = line.partition("=")
        name = name.strip()
        # No line is quoted, because a value can be an external ID.
        if not separator:
            raise DeployError(f"{file}, line {number}: write NAME=VALUE.")
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(names)}."
            raise DeployError(f"{file}, line {number}: the template has no parameter {name}. {hint}")
        if name in values:
            raise DeployError(f"{file}, line {number}: {name} is there twice.")
        values[name] = value.strip()
    return values


def check_that_someone_is_trusted(given, deployed, environment):
    """No function is installed without notice that can make no role. `deployed` has the parameters of the stack so far."""
    trusting = {**deployed, **given}
    if trusting.get("ExternalAwsAccountId") or trusting.get("TrustedAccountIds"):
        return None
    if environment.get("TRUST_NO_ACCOUNT") != "1":
        raise DeployError(
            "No account is trusted: neither TrustedAccountIds nor ExternalAwsAccountId is given, so the function would refuse every "
            "role. Nothing was deployed. Give the provider's account: make deploy TrustedAccountIds=222222222222. To install the "
            "function all the same: make deploy TRUST_NO_ACCOUNT=1"
        )
    return "No account is trusted: the function will refuse every role until TrustedAccountIds or ExternalAwsAccountId is given."
