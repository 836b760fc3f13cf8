"""The commands that bring the code into the accounts, ready for a shell."""

import json
import pathlib
import re
import shlex

STACK_SET = "service-provider-access"
TEMPLATE = "stackset.yaml"
CAPABILITIES = ("--capabilities", "CAPABILITY_NAMED_IAM")


def to_run_next(wishes, prefix, key, key_before):
    """A shell script, comments included. What was not given stands in it in a form that AWS refuses."""
    missing = [name for name, value in _variables(wishes).items() if not value]
    region = ["--region", wishes.home_region]
    called = [*region, "--stack-set-name", STACK_SET, *(["--call-as", "DELEGATED_ADMIN"] if wishes.delegated_admin else [])]
    new = {"CodeKey": key, "Architecture": wishes.architecture}
    lines = [
        *_comment(
            f"The code is published: {key}",
            "What follows is for the account that publishes, in the directory with stackset.yaml. Once for the organization, in its "
            "management account, StackSets must be let in: aws cloudformation activate-organizations-access",
        ),
        *(_comment(f"Put in first: {', '.join(f'<{name}>' for name in missing)}, or give them to make publish.") if missing else []),
        "",
        *_comment("The first time: the stack set, and its stacks in every account that is there or comes later. The home Region goes first."),
        _command(
            "create-stack-set",
            *called,
            *("--template-body", f"file://{TEMPLATE}", *CAPABILITIES, "--permission-model", "SERVICE_MANAGED"),
            *("--auto-deployment", {"Enabled": True, "RetainStacksOnAccountRemoval": False}),
            *("--managed-execution", {"Active": True}),
            *("--parameters", _parameters({**_given(wishes), "CodeBucketPrefix": prefix, **new, "HomeRegion": wishes.home_region})),
        ),
        _command(
            "create-stack-instances",
            *called,
            *("--deployment-targets", {"OrganizationalUnitIds": wishes.organizational_units or ["<OU>"]}),
            *("--regions", *wishes.regions),
            *("--operation-preferences", _preferences(wishes)),
        ),
        "",
        *_comment("Afterwards, when the stack set exists: this code and this stackset.yaml instead. All else stays."),
        _update(wishes, called, ["--template-body", f"file://{TEMPLATE}"], new),
        "",
    ]
    if key_before:
        lines += [
            *_comment("Back to the code before this one. The template stays as it is then."),
            _update(wishes, called, ["--use-previous-template"], {**new, "CodeKey": key_before}),
        ]
    else:
        lines += _comment(f"There is no older code for {wishes.architecture} to go back to yet: this is the first.")
    return "\n".join(lines)


def _variables(wishes):
    return {
        "OU": wishes.organizational_units,
        "PROVIDER": wishes.provider,
        "EXTERNAL_ID": wishes.external_id,
        "ROLE_NAME": wishes.role_name,
    }


def _given(wishes):
    """No parameter takes a value between these brackets, and the shell sees them quoted."""
    given = {name: value or f"<{name}>" for name, value in _variables(wishes).items()}
    return {"ExternalAwsAccountId": given["PROVIDER"], "ExternalId": given["EXTERNAL_ID"], "RoleName": given["ROLE_NAME"]}


def _update(wishes, called, template, new):
    # Each one is named, so that none falls back to its default.
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in _parameters_of_the_template() if name not in new]
    return _command(
        "update-stack-set",
        *called,
        *template,
        *CAPABILITIES,
        *("--parameters", [*_parameters(new), *kept]),
        *("--operation-preferences", _preferences(wishes)),
    )


def _preferences(wishes):
    """One Region after the other, the home Region first. A tenth of the accounts at once, and when more than a tenth fail
    in a Region, no further account and no further Region: with few accounts, one by one and up to the first failure."""
    return {
        "RegionConcurrencyType": "SEQUENTIAL",
        "RegionOrder": wishes.regions,
        "FailureTolerancePercentage": 10,
        "MaxConcurrentPercentage": 10,
    }


def _parameters(values):
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def _parameters_of_the_template():
    """Read without a reader of YAML, which would have to know CloudFormation's tags."""
    [section] = re.findall(r"^Parameters:\n(.*?)^(?=\S)", pathlib.Path(TEMPLATE).read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^  ([A-Za-z]+):$", section, re.MULTILINE)


def _command(name, *arguments):
    """One line for each option."""
    lines = [f"aws cloudformation {name}"]
    for argument in arguments:
        if isinstance(argument, str) and argument.startswith("--"):
            lines.append(argument)
        else:
            lines[-1] += f" {shlex.quote(argument if isinstance(argument, str) else _json(argument))}"
    return " \\\n  ".join(lines)


def _json(value):
    """Parameters one below the other, to be read before they are run."""
    if isinstance(value, list):
        return "[\n    " + ",\n    ".join(json.dumps(item) for item in value) + "\n  ]"
    return json.dumps(value)


def _comment(*sentences):
    return [f"# {sentence}" for sentence in sentences]
