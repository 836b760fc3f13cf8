"""The commands that deploy the code to the accounts, as a shell script."""

import dataclasses
import functools
import json
import pathlib
import re
import shlex

from .stack_sets import HOME, OTHERS, Deployed

TEMPLATE = "stackset.yaml"
CAPABILITIES = ("--capabilities", "CAPABILITY_NAMED_IAM")


def next_commands(settings, account, prefix, role_prefixes, key, deployed, previous_key):
    """A shell script with comments. A missing value is a placeholder that AWS rejects. `account` is the one that publishes.

    `deployed` has the existing stack sets: the script updates them and creates the missing ones. If it is None, because
    this is not known, the script has the commands for both cases. The rollback is a comment, so running the whole script
    always ends with the published code.
    """
    return "\n".join(_Script(settings, account, prefix, role_prefixes, key, deployed, previous_key).lines())


@dataclasses.dataclass(frozen=True)
class _StackSet:
    name: str
    regions: list
    # None if the stack set does not exist, or if that is not known.
    deployed: Deployed | None


class _Script:
    def __init__(self, settings, account, prefix, role_prefixes, key, deployed, previous_key):
        self._settings, self._account, self._deployed, self._previous_key = settings, account, deployed, previous_key
        self._prefix, self._role_prefixes = prefix, role_prefixes
        self._new = {"CodeKey": key, "Architecture": settings.architecture}
        self._sets = self._stack_sets()

    def lines(self):
        steps = self._steps()
        missing = [f"<{name}>" for name in self._variables() if any(f"<{name}>" in line for line in steps)]
        return [
            *_comment(
                f"The code is published: {self._new['CodeKey']}",
                "Run these commands in the account that publishes, in the directory with stackset.yaml. Before the first time, "
                "allow StackSets in the management account of the organization: aws cloudformation activate-organizations-access",
                self._why_no_role_here(),
            ),
            *(_comment(f"Replace these first, or set the variables for make publish: '{', '.join(missing)}'") if missing else []),
            *steps,
        ]

    def _why_no_role_here(self):
        """A provider's role in the account that publishes would be next to the code of all accounts."""
        if self._settings.delegated_admin:
            return (
                f"Account {self._account} publishes the code, so it gets no stack and no role: the targets leave it out. Keep it out of "
                "these organizational units, too."
            )
        return (
            f"Account {self._account} publishes the code and gets no stack and no role: StackSets never deploy to the management "
            "account, even if it is in a target."
        )

    def _stack_sets(self):
        deployed = self._deployed or {HOME: None, OTHERS: None}
        first = deployed[HOME].regions if deployed[HOME] else []
        # In a Region where the first stack set has stacks, the second cannot create any.
        at_home = [region for region in self._settings.regions if region == self._settings.home_region or region in first]
        elsewhere = [region for region in self._settings.regions if region not in at_home]
        sets = [_StackSet(HOME, at_home, deployed[HOME])]
        return sets + ([_StackSet(OTHERS, elsewhere, deployed[OTHERS])] if elsewhere else [])

    def _steps(self):
        if self._deployed is None:
            return [
                *self._in_order("If the stack sets do not exist", self._create),
                *self._in_order("If the stack sets exist", self._update),
                *self._rollback(),
            ]
        lines = self._in_order("Now", lambda one: self._update(one) if one.deployed else self._create(one))
        return [*lines, *self._rollback()] if any(one.deployed for one in self._sets) else lines

    def _in_order(self, heading, commands):
        first, *others = self._sets
        lines = ["", *_comment(f"{heading}: the home Region."), *commands(first)]
        for one in others:
            lines += [
                "",
                *_comment(
                    "The other Regions. Wait until the operation in the home Region has ended: the other stacks wait less than a "
                    "minute for the role, and AWS does not order the operations of two stack sets. This command must print "
                    "SUCCEEDED first:",
                    f"aws cloudformation list-stack-set-operations {shlex.join(self._options(first.name))} --output json "
                    "--query 'sort_by(Summaries, &CreationTimestamp)[-1].Status'",
                ),
                *commands(one),
            ]
        return lines

    def _create(self, one):
        """Creates a stack set and its stacks in all present and future accounts."""
        return [
            *_command(
                "create-stack-set",
                *self._options(one.name),
                *("--template-body", f"file://{TEMPLATE}", *CAPABILITIES, "--permission-model", "SERVICE_MANAGED"),
                *("--auto-deployment", self._auto_deployment(one)),
                *("--managed-execution", {"Active": True}),
                *("--parameters", _parameters(self._initial_parameters())),
            ),
            *self._create_instances(one, one.regions),
        ]

    def _auto_deployment(self, one):
        if one.name == HOME:
            return {"Enabled": True, "RetainStacksOnAccountRemoval": False}
        # The ARN is known when the first stack set exists.
        home = f"aws cloudformation describe-stack-set {shlex.join(self._options(HOME))} --query StackSet.StackSetARN --output text"
        return _ShellExpression(f'"Enabled=true,RetainStacksOnAccountRemoval=false,DependsOn=$({home})"')

    def _create_instances(self, one, regions):
        units = self._settings.organizational_units or self._deployed_units() or ["<OU>"]
        return _command(
            "create-stack-instances",
            *self._options(one.name),
            *("--deployment-targets", {"OrganizationalUnitIds": units, **self._left_out()}),
            *("--regions", *regions),
            *("--operation-preferences", _preferences(regions)),
        )

    def _left_out(self):
        """The account that publishes. AWS leaves out the management account itself."""
        return {"Accounts": [self._account], "AccountFilterType": "DIFFERENCE"} if self._settings.delegated_admin else {}

    def _deployed_units(self):
        return next((one.deployed.organizational_units for one in self._sets if one.deployed), None)

    def _update(self, one):
        """Updates to this code and this stackset.yaml. All other parameters keep their values."""
        known = _template_parameters()
        present = one.deployed.parameters if one.deployed else dict.fromkeys(known)
        kept = [name for name in known if name in present]
        new = [name for name in known if name not in present and name not in self._changes(one)]
        with_stacks = [region for region in one.regions if not one.deployed or region in one.deployed.regions]
        without_stacks = [region for region in one.regions if region not in with_stacks]
        lines = _comment(f"New parameters that get their default values: {', '.join(new)}") if new else []
        regions = with_stacks or one.regions
        lines += self._update_stack_set(one, ["--template-body", f"file://{TEMPLATE}"], self._changes(one), kept, regions)
        if without_stacks:
            lines += _comment(f"The stack set has no stacks in {', '.join(without_stacks)} yet.")
            lines += self._create_instances(one, without_stacks)
        return lines

    def _changes(self, one):
        changes = dict(self._new)
        if one.deployed:
            wanted = {"CodeBucketPrefix": self._prefix, "HomeRegion": self._settings.home_region}
            changes |= {name: value for name, value in wanted.items() if one.deployed.parameters.get(name) != value}
        return changes

    def _rollback(self):
        previous = self._previous_parameters()
        if not previous:
            return ["", *_comment(f"There is no older code for {self._settings.architecture} to roll back to: this is the first.")]
        lines = [
            "",
            "Roll back to the previous code, after all commands above have ended, home Region first. If stackset.yaml has changed, "
            "too, use the stackset.yaml of the previous code: copy it here, replace --use-previous-template by "
            "--template-body file://stackset.yaml, and omit the parameters that it does not have.",
        ]
        for one in self._sets:
            # After the commands above, the stack set has all parameters of the current template.
            kept = _template_parameters()
            changes = {name: previous.get(name) or value for name, value in self._changes(one).items()}
            lines += self._update_stack_set(one, ["--use-previous-template"], changes, kept, one.regions)
        return [f"# {part}".rstrip() if part else "" for line in lines for part in line.split("\n")]

    def _previous_parameters(self):
        """The parameters with the deployed code if it differs from the published code, else with the newest older code."""
        for one in self._sets:
            if one.deployed and one.deployed.parameters.get("CodeKey") not in (None, self._new["CodeKey"]):
                return one.deployed.parameters
        return {**self._new, "CodeKey": self._previous_key} if self._previous_key else None

    def _update_stack_set(self, one, template, changes, kept, regions):
        # An omitted parameter would get its default value. AWS rejects UsePreviousValue for a new parameter.
        previous = [{"ParameterKey": name, "UsePreviousValue": True} for name in kept if name not in changes]
        return _command(
            "update-stack-set",
            *self._options(one.name),
            *template,
            *CAPABILITIES,
            *("--parameters", [*_parameters(changes), *previous]),
            *("--operation-preferences", _preferences(regions)),
        )

    def _options(self, name):
        region = ["--region", self._settings.home_region, "--stack-set-name", name]
        return [*region, *(["--call-as", "DELEGATED_ADMIN"] if self._settings.delegated_admin else [])]

    def _initial_parameters(self):
        """The settings. The other Regions get the same values as the stack set of the home Region, if it exists."""
        values = {name: value or f"<{name}>" for name, value in self._variables().items()}
        at_home = self._sets[0].deployed.parameters if self._sets[0].deployed else {}
        # An external ID is printed only if it is in the settings.
        at_home = {name: at_home[name] for name in _template_parameters() if name in at_home and name != "ExternalId"}
        return {
            "ExternalAwsAccountId": values["PROVIDER"],
            "ExternalId": values["EXTERNAL_ID"],
            "RoleName": values["ROLE_NAME"],
            **({"RolePathPrefix": self._role_prefixes["RolePathPrefix"]} if self._settings.role_path_prefix else {}),
            **({"RoleNamePrefix": self._role_prefixes["RoleNamePrefix"]} if self._settings.role_name_prefix else {}),
            **at_home,
            "CodeBucketPrefix": self._prefix,
            **self._new,
            "HomeRegion": self._settings.home_region,
        }

    def _variables(self):
        """Missing values become placeholders in angle brackets: no parameter accepts them, and the shell quotes them."""
        return {
            "OU": self._settings.organizational_units,
            "PROVIDER": self._settings.provider,
            "EXTERNAL_ID": self._settings.external_id,
            "ROLE_NAME": self._settings.role_name,
        }


def _preferences(regions):
    """One Region after the other, and a tenth of the accounts at the same time. The operation stops when more than a tenth
    of the accounts fail in a Region. With few accounts this means one account at a time, up to the first failure."""
    return {
        "RegionConcurrencyType": "SEQUENTIAL",
        "RegionOrder": regions,
        "FailureTolerancePercentage": 10,
        "MaxConcurrentPercentage": 10,
    }


def _parameters(values):
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


@functools.cache
def _template_parameters():
    """Read with regular expressions, because a YAML parser would need to know CloudFormation's tags."""
    [section] = re.findall(r"^Parameters:\n(.*?)^(?=\S)", pathlib.Path(TEMPLATE).read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^  ([A-Za-z]+):$", section, re.MULTILINE)


class _ShellExpression(str):
    """An argument that the shell expands. It is already quoted."""


def _command(name, *arguments):
    """The command with one line per option."""
    lines = [f"aws cloudformation {name}"]
    for argument in arguments:
        if isinstance(argument, _ShellExpression):
            lines[-1] += f" {argument}"
        elif isinstance(argument, str) and argument.startswith("--"):
            lines.append(argument)
        else:
            lines[-1] += f" {shlex.quote(argument if isinstance(argument, str) else _json(argument))}"
    return [" \\\n  ".join(lines)]


def _json(value):
    """JSON with one line per list item, so that people can read the parameters before they run the command."""
    if isinstance(value, list):
        return "[\n    " + ",\n    ".join(json.dumps(item) for item in value) + "\n  ]"
    return json.dumps(value)


def _comment(*sentences):
    """An interactive shell can treat # as a command, so a comment must not contain characters with a meaning for the shell."""
    return [f"# {sentence}" for sentence in sentences]
