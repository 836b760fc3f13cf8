"""template.yaml and stackset.yaml, compared by what they come to: permissions, limits, properties, outputs.

StackSets take no transforms, so the second says in full what the first leaves to SAM. Here the first is translated as
AWS does it, both are taken apart into single statements of fact (a path and a value), and every fact that only one of
them states is a difference. DIFFERENCES has those that are meant, each with its reason; there is no other.
"""

import copy
import functools
import json
import logging
import os
import pathlib

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOTHING = "nothing"
CODE = "s3://code/key"

# What is not compared: words for people, and what the file says about itself.
WORDS = {"Description", "ConstraintDescription"}
ABOUT_ITSELF = {"AWSTemplateFormatVersion", "Description", "Metadata"}
UNDER_THE_ROLE = "Resources.DelegatedRole"

# It warns of every translation that it counted and told nobody of.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

# Reason: what differs, as (path, in template.yaml, in stackset.yaml). Values as `facts` has them.
DIFFERENCES = {
    "`sam build` and `sam deploy` bring the code of the one; the other takes what `make publish` put into a bucket of its Region": [
        ("Resources.Function.Properties.Code.S3Bucket", "code", {"Fn::Sub": "${CodeBucketPrefix}-${AWS::Region}"}),
        ("Resources.Function.Properties.Code.S3Key", "key", {"Ref": "CodeKey"}),
        ("Resources.Function.Metadata.BuildMethod", "rust-cargolambda", NOTHING),
        ("Resources.Function.Metadata.BuildProperties.Binary", "service-provider-access", NOTHING),
        ("Resources.FunctionEventInvokeConfig.Metadata.BuildMethod", "rust-cargolambda", NOTHING),
        ("Resources.FunctionEventInvokeConfig.Metadata.BuildProperties.Binary", "service-provider-access", NOTHING),
        ("Parameters.CodeBucketPrefix.Type", NOTHING, "String"),
        ("Parameters.CodeBucketPrefix.AllowedPattern", NOTHING, "^[a-z0-9][a-z0-9-]{1,46}[a-z0-9]$"),
        ("Parameters.CodeKey.Type", NOTHING, "String"),
        ("Parameters.CodeKey.AllowedPattern", NOTHING, "^[A-Za-z0-9_./-]+$"),
        ("Parameters.CodeKey.MaxLength", NOTHING, 1024),
    ],
    "SAM's own mark, and a destination for events that it says is none": [
        ("Resources.Function.Properties.Tags", [{"Key": "lambda:createdBy", "Value": "SAM"}], NOTHING),
        ("Resources.FunctionEventInvokeConfig.Properties.DestinationConfig", {}, NOTHING),
    ],
    "a stack set without a provider makes no sense, so there is always a role": [
        ("Parameters.ExternalAwsAccountId.Default", "", NOTHING),
        ("Parameters.ExternalAwsAccountId.AllowedPattern", "^([0-9]{12}(,[0-9]{12}){0,9})?$", "^[0-9]{12}(,[0-9]{12}){0,9}$"),
        ("Conditions.MakeRole", {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExternalAwsAccountId"}, ""]}]}, NOTHING),
        (
            "Resources.Function.Properties.Environment.Variables.TRUSTED_ACCOUNT_IDS",
            {
                "Fn::If": [
                    "HasTrustedAccounts",
                    {"Ref": "TrustedAccountIds"},
                    {"Fn::If": ["MakeRole", {"Ref": "ExternalAwsAccountId"}, {"Ref": "AWS::NoValue"}]},
                ]
            },
            {"Fn::If": ["HasTrustedAccounts", {"Ref": "TrustedAccountIds"}, {"Ref": "ExternalAwsAccountId"}]},
        ),
        (f"{UNDER_THE_ROLE}.Condition", "MakeRole", NOTHING),
        *(
            (f"Outputs.{output}.Condition", "MakeRole", NOTHING)
            for output in ("RoleArn", "RoleName", "ExternalId", "Warnings", "TerraformProvider", "AwsConfigProfile")
        ),
    ],
    "StackSets collect no outputs: the provider has to know the role's name and its external ID beforehand": [
        ("Parameters.ExternalId.Default", "", NOTHING),
        ("Parameters.ExternalId.AllowedPattern", "^([A-Za-z0-9_+=,.@:/-]{2,1224})?$", "^[A-Za-z0-9_+=,.@:/-]{2,1224}$"),
        ("Parameters.RequireExternalId.AllowedValues", ["true", "false"], ["true"]),
        ("Parameters.RoleName.Default", "", NOTHING),
        ("Parameters.RoleName.AllowedPattern", "^([A-Za-z0-9_+=,.@-]{1,64})?$", "^[A-Za-z0-9_+=,.@-]{1,64}$"),
        ("Conditions.HasExternalId", {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExternalId"}, ""]}]}, NOTHING),
        ("Conditions.HasRoleName", {"Fn::Not": [{"Fn::Equals": [{"Ref": "RoleName"}, ""]}]}, NOTHING),
        (
            f"{UNDER_THE_ROLE}.Properties.ExternalId",
            {"Fn::If": ["HasExternalId", {"Ref": "ExternalId"}, {"Ref": "AWS::NoValue"}]},
            {"Ref": "ExternalId"},
        ),
        (
            f"{UNDER_THE_ROLE}.Properties.RoleName",
            {"Fn::If": ["HasRoleName", {"Ref": "RoleName"}, {"Ref": "AWS::NoValue"}]},
            {"Ref": "RoleName"},
        ),
    ],
    "IAM is global and StackSets are regional: one Region's stack keeps the role": [
        ("Parameters.HomeRegion.Type", NOTHING, "String"),
        ("Parameters.HomeRegion.Default", NOTHING, ""),
        ("Parameters.HomeRegion.AllowedPattern", NOTHING, "^([a-z]+(-[a-z]+)+-[0-9]+)?$"),
        ("Conditions.HasHomeRegion", NOTHING, {"Fn::Not": [{"Fn::Equals": [{"Ref": "HomeRegion"}, ""]}]}),
        (
            f"{UNDER_THE_ROLE}.Properties.HomeRegion",
            NOTHING,
            {"Fn::If": ["HasHomeRegion", {"Ref": "HomeRegion"}, {"Ref": "AWS::NoValue"}]},
        ),
    ],
    "the functions' roles of all accounts and Regions can be told by their name": [
        ("Resources.FunctionRole.Properties.RoleName", NOTHING, {"Fn::Sub": "service-provider-access-${AWS::Region}"}),
    ],
    "one ARN is given for all Regions, and each has a topic of its own": [
        (
            f"Resources.{alarm}.Properties.AlarmActions",
            [{"Ref": "AlarmTopicArn"}],
            [
                {
                    "Fn::Sub": [
                        "arn:${AWS::Partition}:sns:${AWS::Region}:${Account}:${Topic}",
                        {
                            "Account": {"Fn::Select": [4, {"Fn::Split": [":", {"Fn::Sub": "${AlarmTopicArn}:::::"}]}]},
                            "Topic": {"Fn::Select": [5, {"Fn::Split": [":", {"Fn::Sub": "${AlarmTopicArn}:::::"}]}]},
                        },
                    ]
                }
            ],
        )
        for alarm in ("FailureAlarm", "ThrottleAlarm", "UnansweredAlarm")
    ],
}


@functools.cache
def _read(name):
    return yaml_parse((ROOT / name).read_text())


def read(name):
    """A template of this repository, as a value of one's own."""
    return copy.deepcopy(_read(name))


def differences(template, stackset):
    """What the two differ in and is not meant to, and what is meant and is not so: a sentence each. The first one is
    translated already."""
    here, there = facts(template), facts(stackset)
    found = {
        path: (here.get(path, NOTHING), there.get(path, NOTHING))
        for path in sorted(here.keys() | there.keys())
        if _written(here.get(path, NOTHING)) != _written(there.get(path, NOTHING))
    }
    meant = {path: (one, other) for several in DIFFERENCES.values() for path, one, other in several}
    return [
        f"{path}: {_both(found.get(path))}; {_both(meant.get(path))} expected"
        for path in sorted(found.keys() | meant.keys())
        if _written(found.get(path)) != _written(meant.get(path))
    ]


def translated(template):
    """What AWS makes of a template of SAM."""
    template = copy.deepcopy(template)
    properties = template.get("Resources", {}).get("Function", {}).get("Properties", {})
    if properties.get("CodeUri") == ".":
        # A directory until `sam deploy` has put it into a bucket.
        properties["CodeUri"] = CODE
    before = os.environ.get("AWS_DEFAULT_REGION")
    # The translator wants to know the partition. Nothing is asked of AWS.
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    try:
        return transform(template, {}, _NoManagedPolicies())
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before


class _NoManagedPolicies:
    def load(self):
        return {}


def facts(template):
    """A template as paths and values. Intrinsic functions and lists are values; statements are known by their Sid, and
    each of their actions is a fact, so that neither order nor a list of one makes a difference."""
    found = {}
    for section, entries in template.items():
        if section not in ABOUT_ITSELF:
            for name, entry in entries.items():
                words = WORDS if section in ("Parameters", "Outputs") else ()
                if isinstance(entry, dict):
                    entry = {key: value for key, value in entry.items() if key not in words}
                _take_apart(f"{section}.{name}", entry, found)
    return found


def _take_apart(path, value, found):
    name = path.rsplit(".", 1)[-1]
    if name == "Statement":
        for statement in value:
            _statement(path, statement, found)
    elif name == "Policies":
        for policy in value:
            _take_apart(f"{path}.{policy['PolicyName']}", policy, found)
    elif isinstance(value, dict) and value and not _is_intrinsic(value):
        for key, item in value.items():
            _take_apart(f"{path}.{key}", item, found)
    else:
        if path in found:
            raise ValueError(f"{path} is there twice.")
        found[path] = value


def _statement(path, statement, found):
    condition = {"always": True}
    if "Fn::If" in statement:
        name, *branches = statement["Fn::If"]
        said = branches.index({"Ref": "AWS::NoValue"}) == 1
        statement = branches[0 if said else 1]
        condition = {name: said}
    path = f"{path}.{statement.get('Sid', 'without a Sid')}"
    if f"{path}.When" in found:
        raise ValueError(f"{path} is there twice.")
    found[f"{path}.When"] = condition
    for key, value in statement.items():
        if key == "Action":
            for action in [value] if isinstance(value, str) else value:
                found[f"{path}.Action.{action}"] = True
        else:
            found[f"{path}.{key}"] = value


def _is_intrinsic(value):
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref", "Condition"))


def _written(value):
    return json.dumps(value, sort_keys=True)


def _both(pair):
    return "no difference" if pair is None else f"{_written(pair[0])} in template.yaml, {_written(pair[1])} in stackset.yaml"
