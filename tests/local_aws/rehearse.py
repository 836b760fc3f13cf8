"""`make rehearse`: what StackSets do with stackset.yaml in an organization, on a local AWS that enforces IAM.

Every claim that is printed has been checked in every account; the first one that does not hold ends the rehearsal with exit code 1,
and the account, the Region and the stack's reason. Whatever happens, what was started is stopped.
"""

import base64
import contextlib
import dataclasses
import json
import signal
import sys
import time

from . import overlay, sam
from .accounts import Account
from .demo import stop_on
from .emulator import PROVIDER, REGION, STRANGER, LocalAws, NotStarted
from .ledger import Ledger, Sum
from .members import Code, Member
from .progress import Progress
from .stacks import FUNCTION_NAME
from .stacksets import Failed, StackSet, in_threads, one_after_the_other, side_by_side
from .story import NotAsExpected, Story

LOG = sam.ROOT / ".aws-sam" / "local" / "rehearsal.log"
MOST_ACCOUNTS = 200
# The local AWS keeps a process for the function of each.
MOST_STACKS = 400
REGIONS = [REGION, "eu-west-1", "ap-southeast-2", "us-west-2", "eu-central-1", "ap-northeast-1", "ca-central-1", "sa-east-1"]
# Accounts at a time. Two processors are busy with as many; more only wait for each other.
AT_ONCE = 8
ROLE_NAME = "acme-support"
EXTERNAL_ID = "acme-5e0c7b1f4d2a49c8b6f3a1e7d9c05b42"
FUNCTIONS_END_SECONDS = 5
TOLD_ACCOUNTS = 5
READ_LOGS = "logs:DescribeLogGroups"
READ_QUEUES = "sqs:ListQueues"


@dataclasses.dataclass
class Row:
    """What the table says of a phase."""

    phase: str
    stacks: int
    roles: int
    work: Sum | None
    seconds: float


class Rehearsal:
    """The organization, its StackSet, and what is written down of it."""

    def __init__(self, aws, story, acme, intruder, accounts, regions):
        """Who tries to get in: `acme` is a user of the provider, and `intruder` of nobody that counts."""
        self.aws, self.story, self.regions = aws, story, REGIONS[:regions]
        self.home, self.followers = self.regions[0], self.regions[1:]
        self.members = [Member(aws, f"{400000000000 + number}", self.regions) for number in range(1, accounts + 1)]
        self.acme, self.intruder = acme, intruder
        self.running_before = aws.running_functions()
        self.rows = []
        self._ended = 0
        self._ledger = Ledger()
        template = overlay.stack_set(lambda change: story.tell(f"Widened for MiniStack only: {change}"))
        self.stack_set = StackSet(template, self.home, AT_ONCE, self._one_more)

    def _one_more(self):
        self._ended += 1

    def publish(self, release, action):
        """What is deployed from now on."""
        self.code, self.action = Code(release), action
        in_threads(AT_ONCE, lambda member: member.publish(self.code), self.members)

    def parameters(self, member):
        return {
            "Architecture": sam.ARCHITECTURE,
            "CodeBucketPrefix": member.code_bucket_prefix,
            "CodeKey": self.code.key,
            "ExternalAwsAccountId": PROVIDER,
            "ExternalId": EXTERNAL_ID,
            "RoleName": ROLE_NAME,
            "ManagedPolicyArns": "",
            "CustomPolicy": policy(self.action),
            "HomeRegion": self.home if self.followers else "",
        }

    def create(self, members, waves, name):
        with self._phase(name, members, waves):
            self.stack_set.create(members, waves, self.parameters)

    def update(self, members, waves, name):
        with self._phase(name, members, waves):
            self.stack_set.update(members, waves, self.parameters)

    def delete(self, members, waves, name):
        with self._phase(name, members, waves, logged=False):
            self.stack_set.delete(members, waves)

    @contextlib.contextmanager
    def _phase(self, name, members, waves, logged=True):
        """Work on stacks, with progress, and a row of the table."""
        stacks = len(members) * sum(len(regions) for regions in waves)
        self._ended, started = 0, time.monotonic()
        with Progress(lambda: f"{self._ended} of {stacks} stacks"):
            yield
        seconds = time.monotonic() - started
        roles = sum(in_threads(AT_ONCE, lambda member: len(member.role_names()), self.members))
        self.rows.append(Row(name, len(self.stack_set.instances), roles, self._work() if logged else None, seconds))
        self.story.tell(f"{stacks} {'stack' if stacks == 1 else 'stacks'} in {seconds:.1f} s")

    def _work(self):
        sums = in_threads(AT_ONCE, self._ledger.enter, list(self.stack_set.instances.values()))
        return Sum(sum(s.requests for s in sums), sum(s.calls for s in sums), sum(s.retries for s in sums))

    def in_each(self, members, check, claim):
        """`check` says what is wrong in an account; the claim holds where it says nothing anywhere."""
        found = in_threads(AT_ONCE, check, members)
        wrong = [f"account {member.id}: {what}" for member, what in zip(members, found) if what]
        if len(wrong) > TOLD_ACCOUNTS:
            wrong[TOLD_ACCOUNTS:] = [f"and {len(wrong) - TOLD_ACCOUNTS} accounts more"]
        self.story.expect(not wrong, "\n     ".join([f"{claim}: not so.", *wrong]) if wrong else claim)


def main(accounts, regions):
    story = Story()
    story.step("Start a local AWS that enforces IAM")
    aws = LocalAws(LOG)
    with aws:
        acme, intruder = Account(aws, PROVIDER).user("acme"), Account(aws, STRANGER).user("intruder")
        it = Rehearsal(aws, story, acme, intruder, accounts, regions)
        story.tell(f"MiniStack on {aws.endpoint}, this machine only. Its log: {LOG.relative_to(sam.ROOT)}")
        stacks, roles = tell(story, it)
        story.step("What it took")
        for line in table(it.rows):
            story.tell(line)
        story.tell("Requests, calls and retries as the functions' own logs tell them; a deleted stack's log is gone with it.")
    shown = f"{count(accounts, 'account')}, {count(regions, 'Region')}: {count(stacks, 'stack')}, {count(roles, 'role')}, nothing left."
    print(f"\n{shown}", flush=True)
    story.end()


def tell(story, it):
    """How many stacks and roles there were, when there were most."""
    first, late, hasty = cast(it.members, it.followers)
    in_order = one_after_the_other(it.regions)

    story.step("Publish the function: its code into a bucket in each Region")
    it.publish(release=1, action=READ_LOGS)
    story.tell(f"{it.code.key}, {len(it.code.content) / 1e6:.1f} MB")

    regions = f"{it.home} first, then {', '.join(it.followers)}" if it.followers else it.home
    story.step(f"Create the StackSet in {count(len(first), 'account')}: {regions}; {AT_ONCE} accounts at a time")
    it.create(first, in_order, "create")
    as_it_should_be(it, first)

    story.step("Update the StackSet: another package of the code, and another policy")
    before = {member.id: member.role(ROLE_NAME) for member in first}
    it.publish(release=2, action=READ_QUEUES)
    it.update(first, in_order, "update")
    as_it_should_be(it, first)
    it.in_each(first, lambda member: another_role(before[member.id], member), "each role is still the same one")

    if late:
        story.step("An account joins")
        it.create(late, in_order, "an account joins")
        as_it_should_be(it, late)
    if hasty:
        # Neither order nor concurrency are promised to an account that automatic deployment finds.
        story.step(f"An account joins, and gets its stacks in all Regions at the same time, that of {it.home} last")
        it.create(hasty, side_by_side(it.regions[::-1]), "one joins, Regions at once")
        as_it_should_be(it, hasty)

    story.step("What there is now")
    stacks, roles = len(it.stack_set.instances), it.rows[-1].roles
    story.expect_same(stacks, len(it.members) * len(it.regions), f"{count(stacks, 'stack')}: one in each account and Region")
    story.expect_same(roles, len(it.members), f"{count(roles, 'role')}: one in each account")

    stay = it.members
    if len(it.members) > 1:
        stay = it.members[1:]
        leaver = it.members[:1]
        story.step(f"An account leaves: its stacks are deleted, {regions}")
        it.delete(leaver, in_order[:1], "an account leaves")
        it.in_each(leaver, has_a_role, "with the stack of the home Region the role is gone")
        it.in_each(leaver, it_opens(it), "the provider with the external ID: shut")
        if it.followers:
            it.delete(leaver, in_order[1:], "... its other Regions")
        nothing_is_left(it, leaver)

    story.step("Delete the StackSet" + (f": {it.home} last" if it.followers else ""))
    if it.followers:
        before = {member.id: member.role(ROLE_NAME) for member in stay}
        it.delete(stay, in_order[:0:-1], "delete the other Regions")
        it.in_each(
            stay,
            lambda member: member.role(ROLE_NAME) != before[member.id] and "the role is another now",
            "without the stacks of the other Regions each role is as it was",
        )
    it.delete(stay, in_order[:1], "delete the home Region")
    nothing_is_left(it, it.members)
    it.in_each(it.members, it_opens(it), "the provider with the external ID: shut")
    story.expect(functions_have_ended(it), "no process of a function is left")
    return stacks, roles


def cast(members, followers):
    """Who is there from the start, who joins, and who joins in all Regions at once."""
    joining = members[1:][-2:] if followers else members[1:][-1:]
    first = members[: len(members) - len(joining)]
    return first, joining[-1:], joining[:-1]


def as_it_should_be(it, members):
    expected = sorted([ROLE_NAME, *(f"{FUNCTION_NAME}-{region}" for region in it.regions)])
    code = base64.b64encode(it.code.sha256).decode()

    def other_roles(member):
        found = member.all_role_names()
        return found != expected and f"its roles are {', '.join(found) or 'none'}"

    def other_code(member):
        strange = [region for region, sha256 in member.code_in_use().items() if sha256 != code]
        return strange and f"another package in {', '.join(strange)}"

    it.in_each(members, other_code, "the functions run the package that was published last")
    it.in_each(members, other_roles, f"one role for the provider in each account, {ROLE_NAME}, beside those of the functions")
    it.in_each(members, doors(it), "open to the provider with the external ID; shut to it without, with a wrong one, and to a stranger")
    it.in_each(members, rights(it), f"inside, {it.action} is allowed; what the other release allows is not, nor iam:ListUsers")


def doors(it):
    wrong_id = EXTERNAL_ID[:-1] + "0"

    def wrong(member):
        arn = role_arn(member)
        if not it.acme.assume(arn, EXTERNAL_ID):
            return "shut to the provider with the external ID"
        if it.acme.assume(arn):
            return "open to the provider without an external ID"
        if it.acme.assume(arn, wrong_id):
            return "open to the provider with a wrong external ID"
        return it.intruder.assume(arn, EXTERNAL_ID) and "open to a stranger with the external ID"

    return wrong


def rights(it):
    def wrong(member):
        session = it.acme.assume(role_arn(member), EXTERNAL_ID)
        may = {
            READ_LOGS: session.may("logs", "describe_log_groups"),
            READ_QUEUES: session.may("sqs", "list_queues"),
            "iam:ListUsers": session.may("iam", "list_users"),
        }
        allowed = [action for action, allowed in may.items() if allowed]
        return allowed != [it.action] and f"allowed: {', '.join(allowed) or 'nothing'}"

    return wrong


def it_opens(it):
    return lambda member: it.acme.assume(role_arn(member), EXTERNAL_ID) and "open"


def has_a_role(member):
    found = member.role_names()
    return found and f"there is {', '.join(found)}"


def another_role(before, member):
    return member.role(ROLE_NAME)["RoleId"] != before["RoleId"] and "it was made anew"


def nothing_is_left(it, members):
    it.in_each(members, lambda member: ", ".join(member.leftovers()), "nothing is left: no stack, no role, no function, no log group")


def functions_have_ended(it):
    deadline = time.monotonic() + FUNCTIONS_END_SECONDS
    while it.aws.running_functions() > it.running_before:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def role_arn(member):
    return f"arn:aws:iam::{member.id}:role/delegated/{ROLE_NAME}"


def policy(action):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


def count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def table(rows):
    yield f"{'phase':<28}{'stacks':>8}{'roles':>8}{'requests':>10}{'AWS calls':>11}{'retries':>9}{'seconds':>9}"
    for row in rows:
        work = ("-", "-", "-") if row.work is None else (row.work.requests, row.work.calls, row.work.retries)
        yield "{:<28}{:>8}{:>8}{:>10}{:>11}{:>9}{:>9.1f}".format(row.phase, row.stacks, row.roles, *work, row.seconds)


def read(accounts, regions):
    """How many of each; ends with a sentence where that is no number, or too many."""
    numbers = number("ACCOUNTS", accounts, MOST_ACCOUNTS), number("REGIONS", regions, len(REGIONS))
    if numbers[0] * numbers[1] > MOST_STACKS:
        sys.exit(f"ACCOUNTS={accounts} REGIONS={regions} is {numbers[0] * numbers[1]} stacks; the local AWS carries {MOST_STACKS}.")
    return numbers


def number(name, text, most):
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        sys.exit(f"{name} is how many, a whole number from 1 to {most}, and not {text!r}: make rehearse ACCOUNTS=20 REGIONS=2")
    return int(text)


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, stop_on)
    try:
        main(*read(*sys.argv[1:]))
    except (NotAsExpected, Failed) as failure:
        sys.exit(f"   ✗ {failure}\n\nThe rehearsal failed. What the local AWS logged is in {LOG.relative_to(sam.ROOT)}.")
    except (overlay.NothingToWiden, NotStarted) as failure:
        sys.exit(f"\nThe rehearsal failed: {failure}")
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
