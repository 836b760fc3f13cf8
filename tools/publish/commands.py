"""The commands that bring the code into the accounts, ready for a shell."""

import dataclasses
import functools
import json
import pathlib
import re
import shlex

from .stack_sets import HOME, OTHERS, Deployed

TEMPLATE = "stackset.yaml"
CAPABILITIES = ("--capabilities", "CAPABILITY_NAMED_IAM")


def to_run_next(wishes, prefix, key, found, older_key):
    """A shell script, comments included. What was not given stands in it in a form that AWS refuses.

    Which stack sets were found decides whether it makes them or updates them; where that is not known (None), it has
    both. Run as a whole it ends with the code that was published: the way back is a comment.
    """
    return "\n".join(_Script(wishes, prefix, key, found, older_key).lines())


@dataclasses.dataclass(frozen=True)
class _StackSet:
    name: str
    regions: list
    # None when there is none, or when that is not known.
    deployed: Deployed | None


class _Script:
    def __init__(self, wishes, prefix, key, found, older_key):
        self._wishes, self._prefix, self._found, self._older_key = wishes, prefix, found, older_key
        self._new = {"CodeKey": key, "Architecture": wishes.architecture}
        self._sets = self._stack_sets()

    def lines(self):
        steps = self._steps()
        missing = [f"<{name}>" for name in self._variables() if any(f"<{name}>" in line for line in steps)]
        return [
            *_comment(
                f"The code is published: {self._new['CodeKey']}",
                "What follows is for the account that publishes, in the directory with stackset.yaml. Once for the organization, "
                "in its management account, StackSets must be let in: aws cloudformation activate-organizations-access",
            ),
            *(_comment(f"Put in first, or give to make publish: '{', '.join(missing)}'") if missing else []),
            *steps,
        ]

    def _stack_sets(self):
        deployed = self._found or {HOME: None, OTHERS: None}
        first = deployed[HOME].regions if deployed[HOME] else []
        # Where the first stack set has stacks already, the second could make none.
        at_home = [region for region in self._wishes.regions if region == self._wishes.home_region or region in first]
        elsewhere = [region for region in self._wishes.regions if region not in at_home]
        sets = [_StackSet(HOME, at_home, deployed[HOME])]
        return sets + ([_StackSet(OTHERS, elsewhere, deployed[OTHERS])] if elsewhere else [])

    def _steps(self):
        if self._found is None:
            return [
                *self._one_after_the_other("The first time:", self._made),
                *self._one_after_the_other("Afterwards, when the stack sets exist, this instead:", self._updated),
                *self._way_back(),
            ]
        lines = self._one_after_the_other("Now:", lambda one: self._updated(one) if one.deployed else self._made(one))
        return [*lines, *self._way_back()] if any(one.deployed for one in self._sets) else lines

    def _one_after_the_other(self, heading, commands):
        first, *others = self._sets
        lines = ["", *_comment(f"{heading} the home Region."), *commands(first)]
        for one in others:
            lines += [
                "",
                *_comment(
                    "Not before that operation is over, the other Regions: their stacks wait less than a minute for the role, and "
                    "AWS orders no operations of two stack sets. This must say SUCCEEDED first:",
                    f"aws cloudformation list-stack-set-operations {shlex.join(self._called(first.name))} --output json "
                    "--query 'sort_by(Summaries, &CreationTimestamp)[-1].Status'",
                ),
                *commands(one),
            ]
        return lines

    def _made(self, one):
        """A stack set, and its stacks in every account that is there or comes later."""
        return [
            *_command(
                "create-stack-set",
                *self._called(one.name),
                *("--template-body", f"file://{TEMPLATE}", *CAPABILITIES, "--permission-model", "SERVICE_MANAGED"),
                *("--auto-deployment", self._automatically(one)),
                *("--managed-execution", {"Active": True}),
                *("--parameters", _parameters(self._first_parameters())),
            ),
            *self._stacks_in(one, one.regions),
        ]

    def _automatically(self, one):
        if one.name == HOME:
            return {"Enabled": True, "RetainStacksOnAccountRemoval": False}
        # Only AWS knows the ARN, once the first stack set is there.
        home = f"aws cloudformation describe-stack-set {shlex.join(self._called(HOME))} --query StackSet.StackSetARN --output text"
        return _ForTheShell(f'"Enabled=true,RetainStacksOnAccountRemoval=false,DependsOn=$({home})"')

    def _stacks_in(self, one, regions):
        units = self._wishes.organizational_units or self._known_units() or ["<OU>"]
        return _command(
            "create-stack-instances",
            *self._called(one.name),
            *("--deployment-targets", {"OrganizationalUnitIds": units}),
            *("--regions", *regions),
            *("--operation-preferences", _preferences(regions)),
        )

    def _known_units(self):
        return next((one.deployed.organizational_units for one in self._sets if one.deployed), None)

    def _updated(self, one):
        """This code and this stackset.yaml. All else stays."""
        known = _parameters_of_the_template()
        has = one.deployed.parameters if one.deployed else dict.fromkeys(known)
        kept = [name for name in known if name in has]
        new = [name for name in known if name not in has and name not in self._changes(one)]
        there = [region for region in one.regions if not one.deployed or region in one.deployed.regions]
        missing = [region for region in one.regions if region not in there]
        lines = _comment(f"Not among the parameters of the stack set yet, so left to their defaults: {', '.join(new)}") if new else []
        lines += self._update(one, ["--template-body", f"file://{TEMPLATE}"], self._changes(one), kept, there or one.regions)
        if missing:
            lines += [*_comment(f"And there are no stacks in {', '.join(missing)} yet."), *self._stacks_in(one, missing)]
        return lines

    def _changes(self, one):
        changes = dict(self._new)
        if one.deployed:
            wanted = {"CodeBucketPrefix": self._prefix, "HomeRegion": self._wishes.home_region}
            changes |= {name: value for name, value in wanted.items() if one.deployed.parameters.get(name) != value}
        return changes

    def _way_back(self):
        before = self._before()
        if not before:
            return ["", *_comment(f"There is no older code for {self._wishes.architecture} to go back to yet: this is the first.")]
        lines = [
            "",
            "Back to the code before this one, once all of the above is over, home Region first. If stackset.yaml changed, too, "
            "the older checkout has the one that belongs to the older code: put it here, give --template-body file://stackset.yaml "
            "in place of --use-previous-template, and leave out the parameters that it does not have.",
        ]
        for one in self._sets:
            # After the update or the making, the stack set has every parameter of the template of today.
            kept = _parameters_of_the_template()
            changes = {name: before.get(name) or value for name, value in self._changes(one).items()}
            lines += self._update(one, ["--use-previous-template"], changes, kept, one.regions)
        return [f"# {part}".rstrip() if part else "" for line in lines for part in line.split("\n")]

    def _before(self):
        """The code that is deployed, unless it is this very one; else the newest that is older."""
        for one in self._sets:
            if one.deployed and one.deployed.parameters.get("CodeKey") not in (None, self._new["CodeKey"]):
                return one.deployed.parameters
        return {**self._new, "CodeKey": self._older_key} if self._older_key else None

    def _update(self, one, template, changes, kept, regions):
        # Each one is named, so that none falls back to its default; but AWS keeps no value that there was not.
        previous = [{"ParameterKey": name, "UsePreviousValue": True} for name in kept if name not in changes]
        return _command(
            "update-stack-set",
            *self._called(one.name),
            *template,
            *CAPABILITIES,
            *("--parameters", [*_parameters(changes), *previous]),
            *("--operation-preferences", _preferences(regions)),
        )

    def _called(self, name):
        region = ["--region", self._wishes.home_region, "--stack-set-name", name]
        return [*region, *(["--call-as", "DELEGATED_ADMIN"] if self._wishes.delegated_admin else [])]

    def _first_parameters(self):
        """What was given; but what the home Region has, the others must have, too."""
        given = {name: value or f"<{name}>" for name, value in self._variables().items()}
        at_home = self._sets[0].deployed.parameters if self._sets[0].deployed else {}
        # An external ID is printed for those alone who gave it.
        at_home = {name: at_home[name] for name in _parameters_of_the_template() if name in at_home and name != "ExternalId"}
        return {
            "ExternalAwsAccountId": given["PROVIDER"],
            "ExternalId": given["EXTERNAL_ID"],
            "RoleName": given["ROLE_NAME"],
            **at_home,
            "CodeBucketPrefix": self._prefix,
            **self._new,
            "HomeRegion": self._wishes.home_region,
        }

    def _variables(self):
        """No parameter takes a value between these brackets, and the shell sees them quoted."""
        return {
            "OU": self._wishes.organizational_units,
            "PROVIDER": self._wishes.provider,
            "EXTERNAL_ID": self._wishes.external_id,
            "ROLE_NAME": self._wishes.role_name,
        }


def _preferences(regions):
    """One Region after the other. A tenth of the accounts at once, and when more than a tenth fail in a Region, no
    further account and no further Region: with few accounts, one by one and up to the first failure."""
    return {
        "RegionConcurrencyType": "SEQUENTIAL",
        "RegionOrder": regions,
        "FailureTolerancePercentage": 10,
        "MaxConcurrentPercentage": 10,
    }


def _parameters(values):
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


@functools.cache
def _parameters_of_the_template():
    """Read without a reader of YAML, which would have to know CloudFormation's tags."""
    [section] = re.findall(r"^Parameters:\n(.*?)^(?=\S)", pathlib.Path(TEMPLATE).read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^  ([A-Za-z]+):$", section, re.MULTILINE)


class _ForTheShell(str):
    """What the shell is to expand, quoted as it must be."""


def _command(name, *arguments):
    """One line for each option."""
    lines = [f"aws cloudformation {name}"]
    for argument in arguments:
        if isinstance(argument, _ForTheShell):
            lines[-1] += f" {argument}"
        elif isinstance(argument, str) and argument.startswith("--"):
            lines.append(argument)
        else:
            lines[-1] += f" {shlex.quote(argument if isinstance(argument, str) else _json(argument))}"
    return [" \\\n  ".join(lines)]


def _json(value):
    """Parameters one below the other, to be read before they are run."""
    if isinstance(value, list):
        return "[\n    " + ",\n    ".join(json.dumps(item) for item in value) + "\n  ]"
    return json.dumps(value)


def _comment(*sentences):
    """A shell at a prompt may take # for a command, so these hold nothing that it would act on."""
    return [f"# {sentence}" for sentence in sentences]
