"""`make rehearse`: the operations of StackSets with stackset.yaml in an organization, on a local AWS that enforces IAM.

Every statement is checked in every account before it is printed. The rehearsal ends with exit code 1 at the first one
that is not true, and prints the account, the Region and the stack's reason. It always stops what it started.
"""

import base64
import contextlib
import dataclasses
import json
import signal
import sys
import time

from . import policies, sam, templates
from .accounts import Account
from .constants import FIRST_ID, FUNCTION_NAME, LOGS, ORGANIZATION_ACCOUNTS, PROVIDER, REGION, ROLE_PATH_PREFIX, ROOT
from .constants import SECOND_REGION, STRANGER
from .demo import exit_on_signal
from .direct_calls import invoke
from .emulator import LocalAws, NotStarted
from .function_logs import FunctionLogs, Usage
from .member_accounts import CodePackage, MemberAccount
from .progress import Progress
from .report import CheckFailed, Report
from .stacksets import OperationFailed, StackSet, in_threads, parallel, sequential

LOG = LOGS / "rehearsal.log"
MAX_ACCOUNTS = 200
# The local AWS runs one process for each function.
MAX_STACKS = 400
REGIONS = [REGION, SECOND_REGION, "ap-southeast-2", "us-west-2", "eu-central-1", "ap-northeast-1", "ca-central-1", "sa-east-1"]
# Accounts at the same time. More than eight are not faster on two processors.
ACCOUNT_CONCURRENCY = 8
ROLE_NAME = "acme-support"
WRONG_ID = FIRST_ID[:-1] + "0"
FUNCTION_END_SECONDS = 5
MAX_ACCOUNTS_IN_MESSAGE = 5
READ_LOGS = "logs:DescribeLogGroups"
READ_QUEUES = "sqs:ListQueues"


@dataclasses.dataclass
class Row:
    """A row of the summary table."""

    phase: str
    stacks: int
    roles: int
    usage: Usage | None
    seconds: float


class Rehearsal:
    """The organization, its StackSet, and the measurements of each phase."""

    def __init__(self, aws, report, acme, intruder, accounts, regions):
        """`acme` is a user in the provider's account, `intruder` a user in the stranger's account."""
        self.aws, self.report, self.regions = aws, report, REGIONS[:regions]
        self.home, self.other_regions = self.regions[0], self.regions[1:]
        numbers = range(ORGANIZATION_ACCOUNTS + 1, ORGANIZATION_ACCOUNTS + accounts + 1)
        self.members = [MemberAccount(aws, str(number), self.regions) for number in numbers]
        self.acme, self.intruder = acme, intruder
        self.functions_before = aws.running_functions()
        self.rows = []
        self._completed = 0
        self._function_logs = FunctionLogs()
        template = templates.relaxed_stack_set(lambda change: report.info(f"Changed for MiniStack only: {change}"))
        self.stack_set = StackSet(template, self.home, ACCOUNT_CONCURRENCY, self._count_completed)

    def _count_completed(self):
        self._completed += 1

    def publish(self, release, action):
        """Publishes this release. From now on, stacks are deployed with it, and their roles allow this action."""
        self.package, self.action = CodePackage(release), action
        in_threads(ACCOUNT_CONCURRENCY, lambda member: member.publish(self.package), self.members)

    def parameters(self, member):
        return {
            "Architecture": sam.ARCHITECTURE,
            "CodeBucketPrefix": member.code_bucket_prefix,
            "CodeKey": self.package.key,
            "ExternalAwsAccountId": PROVIDER,
            "ExternalId": FIRST_ID,
            "RoleName": ROLE_NAME,
            "ManagedPolicyArns": "",
            "CustomPolicy": json.dumps(policies.allow(self.action)),
            "HomeRegion": self.home if self.other_regions else "",
        }

    def create(self, members, waves, phase):
        with self._measure(phase, members, waves):
            self.stack_set.create(members, waves, self.parameters)

    def update(self, members, waves, phase):
        with self._measure(phase, members, waves):
            self.stack_set.update(members, waves, self.parameters)

    def delete(self, members, waves, phase):
        # A deleted stack has no log any more, so the usage is unknown.
        with self._measure(phase, members, waves, read_logs=False):
            self.stack_set.delete(members, waves)

    @contextlib.contextmanager
    def _measure(self, phase, members, waves, read_logs=True):
        """Shows the progress of a phase and adds its row to the table."""
        stacks = len(members) * sum(len(regions) for regions in waves)
        self._completed, started = 0, time.monotonic()
        with Progress(lambda: f"{self._completed} of {stacks} stacks"):
            yield
        seconds = time.monotonic() - started
        roles = sum(in_threads(ACCOUNT_CONCURRENCY, lambda member: len(member.role_names()), self.members))
        usage = self._new_usage() if read_logs else None
        self.rows.append(Row(phase, len(self.stack_set.instances), roles, usage, seconds))
        self.report.info(f"{count(stacks, 'stack')} in {seconds:.1f} s")

    def _new_usage(self):
        usages = in_threads(ACCOUNT_CONCURRENCY, self._function_logs.new_usage, list(self.stack_set.instances.values()))
        return Usage(sum(u.requests for u in usages), sum(u.calls for u in usages), sum(u.retries for u in usages))

    def check_each(self, members, find_problem, statement):
        """`find_problem` returns the problem in an account, or something false. The statement must be true in all of them."""
        results = in_threads(ACCOUNT_CONCURRENCY, find_problem, members)
        problems = [f"account {member.id}: {problem}" for member, problem in zip(members, results) if problem]
        if len(problems) > MAX_ACCOUNTS_IN_MESSAGE:
            problems[MAX_ACCOUNTS_IN_MESSAGE:] = [f"and {len(problems) - MAX_ACCOUNTS_IN_MESSAGE} more accounts"]
        self.report.check(not problems, "\n     ".join([f"not true: {statement}", *problems]) if problems else statement)


def main(accounts, regions):
    report = Report()
    report.step("Start a local AWS that enforces IAM")
    aws = LocalAws(LOG)
    with aws:
        acme, intruder = Account(aws, PROVIDER).create_user("acme"), Account(aws, STRANGER).create_user("intruder")
        rehearsal = Rehearsal(aws, report, acme, intruder, accounts, regions)
        report.info(f"MiniStack listens on {aws.endpoint}, on this machine only. Its log: {LOG.relative_to(ROOT)}")
        stacks, roles = run(report, rehearsal)
        report.step("Summary")
        for line in table(rehearsal.rows):
            report.info(line)
        report.info("Requests, calls and retries come from the functions' logs. The log of a deleted stack is deleted with it.")
    size = f"{count(accounts, 'account')}, {count(regions, 'Region')}"
    print(f"\n{size}: {count(stacks, 'stack')}, {count(roles, 'role')}, nothing remains.", flush=True)
    report.finish()


def run(report, rehearsal):
    """Returns the largest number of stacks and roles that existed at the same time."""
    initial, joining, joining_in_parallel = split_accounts(rehearsal.members, rehearsal.other_regions)
    home_first = sequential(rehearsal.regions)

    report.step("Publish the function: upload its code to a bucket in each Region")
    rehearsal.publish(release=1, action=READ_LOGS)
    report.info(f"{rehearsal.package.key}, {len(rehearsal.package.content) / 1e6:.1f} MB")

    others = rehearsal.other_regions
    order = f"{rehearsal.home} first, then {', '.join(others)}" if others else rehearsal.home
    report.step(f"Create the StackSet in {count(len(initial), 'account')}: {order}; {ACCOUNT_CONCURRENCY} accounts at the same time")
    rehearsal.create(initial, home_first, "create")
    check_accounts(rehearsal, initial)

    report.step("Update the StackSet: a new code package and a new policy")
    before = {member.id: member.role(ROLE_NAME) for member in initial}
    rehearsal.publish(release=2, action=READ_QUEUES)
    rehearsal.update(initial, home_first, "update")
    check_accounts(rehearsal, initial)
    rehearsal.check_each(initial, lambda member: role_replaced(before[member.id], member), "each role is still the same")

    if joining:
        report.step("An account joins the organization")
        rehearsal.create(joining, home_first, "account joins")
        check_accounts(rehearsal, joining)
    if joining_in_parallel:
        # Automatic deployment guarantees neither an order of Regions nor their concurrency.
        report.step(f"An account joins, and gets its stacks in all Regions at the same time, {rehearsal.home} last")
        rehearsal.create(joining_in_parallel, parallel(rehearsal.regions[::-1]), "joins, Regions in parallel")
        check_accounts(rehearsal, joining_in_parallel)

    report.step("Count the stacks and roles")
    stacks, roles = len(rehearsal.stack_set.instances), rehearsal.rows[-1].roles
    expected_stacks = len(rehearsal.members) * len(rehearsal.regions)
    report.check_equal(stacks, expected_stacks, f"{count(stacks, 'stack')}: one in each account and Region")
    report.check_equal(roles, len(rehearsal.members), f"{count(roles, 'role')}: one in each account")

    report.step("Audit every account: the function of each Region reads the roles")
    audit(report, rehearsal)

    remaining = rehearsal.members
    if len(rehearsal.members) > 1:
        leaving, remaining = rehearsal.members[:1], rehearsal.members[1:]
        report.step(f"An account leaves the organization: delete its stacks, {order}")
        rehearsal.delete(leaving, home_first[:1], "account leaves")
        rehearsal.check_each(leaving, find_roles, "the role is deleted with the stack of the home Region")
        rehearsal.check_each(leaving, find_access(rehearsal), "the provider with the external ID: denied")
        if others:
            rehearsal.delete(leaving, home_first[1:], "... its other Regions")
        check_nothing_remains(rehearsal, leaving)

    report.step("Delete the StackSet" + (f", {rehearsal.home} last" if others else ""))
    if others:
        before = {member.id: member.role(ROLE_NAME) for member in remaining}
        rehearsal.delete(remaining, home_first[:0:-1], "delete the other Regions")
        rehearsal.check_each(
            remaining,
            lambda member: member.role(ROLE_NAME) != before[member.id] and "the role has changed",
            "deleting the stacks of the other Regions changes no role",
        )
    rehearsal.delete(remaining, home_first[:1], "delete the home Region")
    check_nothing_remains(rehearsal, rehearsal.members)
    rehearsal.check_each(rehearsal.members, find_access(rehearsal), "the provider with the external ID: denied")
    report.check(functions_ended(rehearsal), "no function process remains")
    return stacks, roles


def audit(report, rehearsal):
    """Returns the reports of the functions, by account and Region."""
    places = [(member, region) for member in rehearsal.members for region in rehearsal.regions]
    reports = in_threads(
        ACCOUNT_CONCURRENCY, lambda place: invoke(place[0].client("lambda", place[1]), FUNCTION_NAME, {"Audit": {}}), places
    )
    results = {(member.id, region): report for (member, region), report in zip(places, reports)}

    def find_wrong_audit(member):
        for region in rehearsal.regions:
            result = results[member.id, region]
            if not result["Complete"]:
                return f"not complete in {region}: {' '.join(result['Gaps'])}"
            found = [(role["RoleName"], [finding["Code"] for finding in role["Findings"]]) for role in result["Roles"]]
            if found != [(ROLE_NAME, [])]:
                return f"{region}: {found}"
        return None

    complete = sum(result["Complete"] for result in reports)
    roles = {role["RoleArn"] for result in reports for role in result["Roles"]}
    found = sum(len(role["Findings"]) for result in reports for role in result["Roles"])
    report.info(f"roles: {len(roles)}; findings: {found}; complete: {complete} of {count(len(reports), 'audit')}")
    rehearsal.check_each(rehearsal.members, find_wrong_audit, f"each audit is complete, has the role {ROLE_NAME}, and finds nothing")
    return results


def split_accounts(members, other_regions):
    """The initial accounts, those that join, and those that join in all Regions in parallel."""
    last = members[1:][-2:] if other_regions else members[1:][-1:]
    initial = members[: len(members) - len(last)]
    return initial, last[-1:], last[:-1]


def check_accounts(rehearsal, members):
    expected_roles = sorted([ROLE_NAME, *(f"{FUNCTION_NAME}-{region}" for region in rehearsal.regions)])
    expected_code = base64.b64encode(rehearsal.package.sha256).decode()

    def find_wrong_roles(member):
        found = member.all_role_names()
        return found != expected_roles and f"its roles are {', '.join(found) or 'none'}"

    def find_wrong_code(member):
        wrong = [region for region, sha256 in member.deployed_code().items() if sha256 != expected_code]
        return wrong and f"a different package in {', '.join(wrong)}"

    rehearsal.check_each(members, find_wrong_code, "the functions run the package that was published last")
    rehearsal.check_each(
        members, find_wrong_roles, f"each account has one role for the provider, {ROLE_NAME}, and the functions' roles"
    )
    rehearsal.check_each(
        members,
        find_wrong_access(rehearsal),
        "the provider with the external ID: allowed; without it or with a wrong one, and the stranger with it: denied",
    )
    rehearsal.check_each(
        members,
        find_wrong_permissions(rehearsal),
        f"a session of the role allows {rehearsal.action}, but not the action of the other release or iam:ListUsers",
    )


def find_wrong_access(rehearsal):
    def find(member):
        arn = role_arn(member)
        if not rehearsal.acme.assume(arn, FIRST_ID):
            return "denied for the provider with the external ID"
        if rehearsal.acme.assume(arn):
            return "allowed for the provider without an external ID"
        if rehearsal.acme.assume(arn, WRONG_ID):
            return "allowed for the provider with a wrong external ID"
        return rehearsal.intruder.assume(arn, FIRST_ID) and "allowed for the stranger with the external ID"

    return find


def find_wrong_permissions(rehearsal):
    def find(member):
        session = rehearsal.acme.assume(role_arn(member), FIRST_ID)
        results = {
            READ_LOGS: session.is_allowed("logs", "describe_log_groups"),
            READ_QUEUES: session.is_allowed("sqs", "list_queues"),
            "iam:ListUsers": session.is_allowed("iam", "list_users"),
        }
        allowed = [action for action, is_allowed in results.items() if is_allowed]
        return allowed != [rehearsal.action] and f"allowed: {', '.join(allowed) or 'nothing'}"

    return find


def find_access(rehearsal):
    return lambda member: rehearsal.acme.assume(role_arn(member), FIRST_ID) and "allowed"


def find_roles(member):
    names = member.role_names()
    return names and f"it has {', '.join(names)}"


def role_replaced(before, member):
    return member.role(ROLE_NAME)["RoleId"] != before["RoleId"] and "the role was replaced"


def check_nothing_remains(rehearsal, members):
    rehearsal.check_each(
        members, lambda member: ", ".join(member.remaining_resources()), "no stack, role, function or log group remains"
    )


def functions_ended(rehearsal):
    deadline = time.monotonic() + FUNCTION_END_SECONDS
    while rehearsal.aws.running_functions() > rehearsal.functions_before:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def role_arn(member):
    return f"arn:aws:iam::{member.id}:role{ROLE_PATH_PREFIX}{ROLE_NAME}"


def count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def table(rows):
    yield f"{'phase':<28}{'stacks':>8}{'roles':>8}{'requests':>10}{'AWS calls':>11}{'retries':>9}{'seconds':>9}"
    for row in rows:
        usage = ("-", "-", "-") if row.usage is None else (row.usage.requests, row.usage.calls, row.usage.retries)
        yield "{:<28}{:>8}{:>8}{:>10}{:>11}{:>9}{:>9.1f}".format(row.phase, row.stacks, row.roles, *usage, row.seconds)


def parse_arguments(accounts, regions):
    """The two numbers. Exits with a message if one is invalid."""
    numbers = _number("ACCOUNTS", accounts, MAX_ACCOUNTS), _number("REGIONS", regions, len(REGIONS))
    if numbers[0] * numbers[1] > MAX_STACKS:
        sys.exit(
            f"ACCOUNTS={accounts} and REGIONS={regions} make {numbers[0] * numbers[1]} stacks. "
            f"The local AWS supports at most {MAX_STACKS}."
        )
    return numbers


def _number(name, text, maximum):
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= maximum:
        sys.exit(f"{name} must be a whole number from 1 to {maximum}, not {text!r}. Example: make rehearse ACCOUNTS=20 REGIONS=2")
    return int(text)


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, exit_on_signal)
    try:
        main(*parse_arguments(*sys.argv[1:]))
    except (CheckFailed, OperationFailed) as failure:
        sys.exit(f"   ✗ {failure}\n\nThe rehearsal failed. See the log of the local AWS: {LOG.relative_to(ROOT)}")
    except (templates.NothingToRelax, NotStarted) as failure:
        sys.exit(f"\nThe rehearsal failed: {failure}")
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
