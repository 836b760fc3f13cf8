"""stackset.yaml is generated from template.yaml and up to date, and StackSets accept it."""

import difflib
import pathlib
import re
import sys
import unittest

from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What `make stackset` runs.
sys.path.insert(0, str(ROOT / "tools"))

import stackset  # noqa: E402

# The maximum of --template-body.
MAXIMUM_BYTES = 51200

# The parameters that are not the same as in template.yaml, and those that only stackset.yaml has.
STRICTER = {
    "ExternalAwsAccountId": {"Type": "String", "AllowedPattern": "^[0-9]{12}(,[0-9]{12}){0,9}$"},
    "ExternalId": {"Type": "String", "AllowedPattern": "^[A-Za-z0-9_+=,.@:/-]{2,1224}$"},
    "RequireExternalId": {"Type": "String", "Default": "true", "AllowedValues": ["true"]},
    "RoleName": {"Type": "String", "AllowedPattern": "^[A-Za-z0-9_+=,.@-]{1,64}$"},
}
ADDED = {
    "HomeRegion": {"Type": "String", "Default": "", "AllowedPattern": "^([a-z]+(-[a-z]+)+-[0-9]+)?$"},
    "CodeBucketPrefix": {"Type": "String", "AllowedPattern": "^[a-z0-9][a-z0-9-]{1,46}[a-z0-9]$"},
    "CodeKey": {"Type": "String", "AllowedPattern": "^[A-Za-z0-9_./-]+$", "MaxLength": 1024},
}

TEXT_FOR_PEOPLE = ("Description", "ConstraintDescription")
NO_VALUE = {"Ref": "AWS::NoValue"}


def read(name):
    return yaml_parse((ROOT / name).read_text())


class UpToDate(unittest.TestCase):
    def test_stackset_yaml_is_what_make_stackset_writes(self):
        found, expected = stackset.STACKSET.read_text(), stackset.current()
        if found != expected:
            difference = difflib.unified_diff(
                found.splitlines(), expected.splitlines(), "stackset.yaml", "what `make stackset` writes", n=1, lineterm=""
            )
            self.fail(
                "stackset.yaml is stale. Change only template.yaml or tools/stackset/patch.yaml, run `make stackset`, and "
                "commit stackset.yaml with it.\n" + "\n".join(difference)
            )


class Generator(unittest.TestCase):
    """What template.yaml gets, stackset.yaml gets. Where the two must differ, a change of template.yaml is an error."""

    maxDiff = None

    def setUp(self):
        self.template = stackset.TEMPLATE.read_text()
        self.patch = stackset.PATCH.read_text()

    def changed(self, text, *changes):
        """The text with other lines. Each one must be there exactly once."""
        for before, after in changes:
            self.assertEqual(text.count(before), 1, before)
            text = text.replace(before, after)
        return text

    def test_carries_a_new_parameter_as_it_is_written(self):
        changes = [
            ("          - RoleName\n", "          - RoleName\n          - PermittedTeams\n"),
            ("      RoleName:\n        default:", "      PermittedTeams:\n        default: Teams\n      RoleName:\n        default:"),
            (
                "  # The limits of the function's owner.",
                "  PermittedTeams:\n    Type: String\n    # A comment.\n    Default: ''\n    Description: >-\n"
                "      The teams,\n      as a list.\n\n  # The limits of the function's owner.",
            ),
            ("  HasRoleName:", '  HasPermittedTeams: !Not [!Equals [!Ref PermittedTeams, ""]]\n  HasRoleName:'),
            (
                "      # The function sets the required one in any case.",
                "      PermittedTeams: !If [HasPermittedTeams, !Ref PermittedTeams, !Ref AWS::NoValue]\n"
                "      # The function sets the required one in any case.",
            ),
        ]
        with_it = stackset.generate(self.changed(self.template, *changes), self.patch)
        lines = difflib.ndiff(stackset.generate(self.template, self.patch).splitlines(), with_it.splitlines())
        self.assertEqual(
            [line for line in lines if line[0] != " "],
            [
                "+           - PermittedTeams",
                "+       PermittedTeams:",
                "+         default: Teams",
                "+   PermittedTeams:",
                "+     Type: String",
                "+     # A comment.",
                "+     Default: ''",
                "+     Description: >-",
                "+       The teams,",
                "+       as a list.",
                "+ ",
                '+   HasPermittedTeams: !Not [!Equals [!Ref PermittedTeams, ""]]',
                "+       PermittedTeams: !If [HasPermittedTeams, !Ref PermittedTeams, !Ref AWS::NoValue]",
            ],
        )

    def test_carries_new_outputs_and_alarms_without_a_change_of_the_patch(self):
        alarm = "\n".join(
            [
                "  SlowAlarm:",
                "    Type: AWS::CloudWatch::Alarm",
                "    Properties:",
                "      MetricName: Slow",
                "      AlarmActions: [!Ref AlarmTopicArn]",
            ]
        )
        output = "  Slow:\n    Condition: MakeRole\n    Value: !If [MakeRole, !GetAtt DelegatedRole.Slow, none]"
        template = self.changed(
            self.template, ("  DelegatedRole:\n", f"{alarm}\n\n  DelegatedRole:\n"), ("Outputs:\n", f"Outputs:\n{output}\n")
        )
        found = yaml_parse(stackset.generate(template, self.patch))
        self.assertEqual(found["Outputs"]["Slow"], {"Value": {"Fn::GetAtt": ["DelegatedRole", "Slow"]}})
        self.assertEqual(
            found["Resources"]["SlowAlarm"]["Properties"],
            {"MetricName": "Slow", "AlarmActions": found["Resources"]["FailureAlarm"]["Properties"]["AlarmActions"]},
        )

    def test_writes_what_sam_makes_of_the_template(self):
        template = self.changed(
            self.template,
            ("        MaximumRetryAttempts: 2", "        MaximumRetryAttempts: 1"),
            ("      Timeout: 60", "      Timeout: 61 # seconds"),
            ("      Handler: bootstrap", "      Handler: bootstrap\n      ReservedConcurrentExecutions: 5"),
        )
        text = stackset.generate(template, self.patch)
        found = yaml_parse(text)["Resources"]
        self.assertEqual(found["FunctionEventInvokeConfig"]["Properties"]["MaximumRetryAttempts"], 1)
        self.assertEqual(found["Function"]["Properties"]["ReservedConcurrentExecutions"], 5)
        self.assertIn("      Timeout: 61 # seconds\n", text)

    def test_refuses_to_change_what_template_yaml_no_longer_has(self):
        for changes, message in [
            (
                [("    AllowedPattern: ^([A-Za-z0-9_+=,.@-]{1,64})?$", "    AllowedPattern: ^([a-z]{1,64})?$")],
                "patch.yaml changes Parameters.RoleName.AllowedPattern from '^([A-Za-z0-9_+=,.@-]{1,64})?$', but template.yaml "
                "now comes to '^([a-z]{1,64})?$'. Decide what stackset.yaml must have there and change patch.yaml.",
            ),
            (
                [("        Binary: service-provider-access", "        Binary: other")],
                "patch.yaml changes Resources.Function*.Metadata from {'BuildMethod': 'rust-cargolambda', 'BuildProperties': "
                "{'Binary': 'service-provider-access'}}, but template.yaml now comes to {'BuildMethod': 'rust-cargolambda', "
                "'BuildProperties': {'Binary': 'other'}}. Decide what stackset.yaml must have there and change patch.yaml.",
            ),
            (
                [("          - RoleName\n", "")],
                "Metadata.AWS::CloudFormation::Interface.ParameterGroups in template.yaml has no line `- RoleName`.",
            ),
            (
                [("      RoleName:\n        default: Name of the role\n", "")],
                "patch.yaml puts HomeRegion after RoleName, which template.yaml does not have.",
            ),
            (
                [("  RequireExternalId:\n    Type: String", "  IdRequired:\n    Type: String")],
                "patch.yaml names Parameters.RequireExternalId.AllowedValues, but template.yaml has no such place. "
                "Change patch.yaml.",
            ),
            (
                [("  HasCustomPolicy:", '  HasHomeRegion: !Equals ["", ""]\n  HasCustomPolicy:')],
                "patch.yaml adds Conditions.HasHomeRegion, but template.yaml has it already. Change patch.yaml.",
            ),
            (
                [("  HasCustomPolicy:", "  MakeNoRole: !Not [Condition: MakeRole]\n  HasCustomPolicy:")],
                "The condition MakeNoRole depends on MakeRole, which patch.yaml says is always true. Change MakeNoRole in "
                "patch.yaml or write it in template.yaml without MakeRole.",
            ),
            (
                [("  HasRoleName:", "  RoleNameIsGiven:")],
                "patch.yaml says that HasRoleName is always true, but template.yaml has no such condition.",
            ),
        ]:
            self.assert_refused(message, self.changed(self.template, *changes), self.patch)

    def test_refuses_a_deviation_without_a_reason(self):
        patch = self.changed(self.patch, ("  because: The file describes itself.\n", ""))
        self.assert_refused(
            "WhatItIs in patch.yaml must say `because`, and otherwise only ['always', 'because', 'changes', 'everywhere', 'parameters', 'words'].",
            self.template,
            patch,
        )

    def assert_refused(self, message, template, patch):
        with self.assertRaises(stackset.CannotGenerate) as refusal:
            stackset.generate(template, patch)
        self.assertEqual(str(refusal.exception), message)


class StackSets(unittest.TestCase):
    """What StackSets demand of a template, and what must hold however stackset.yaml is made."""

    maxDiff = None

    def setUp(self):
        # In stackset.yaml the home Region is in the boundary's name, since IAM is global.
        self.source = in_home_region(read("template.yaml"))
        self.template = read("stackset.yaml")
        self.resources = self.template["Resources"]

    def test_it_is_short_enough_for_a_command_line(self):
        self.assertLess((ROOT / "stackset.yaml").stat().st_size, MAXIMUM_BYTES)

    def test_it_takes_neither_transforms_nor_nested_stacks(self):
        self.assertNotIn("Transform", self.template)
        self.assertNotIn("Fn::Transform", list(keys(self.template)))
        types = {"::".join(resource["Type"].split("::")[:2]) for resource in self.resources.values()}
        self.assertEqual(types, {"AWS::Lambda", "AWS::IAM", "AWS::Logs", "AWS::CloudWatch", "AWS::Events", "Custom::DelegatedRole"})

    def test_what_the_provider_and_the_function_need_must_be_given(self):
        required = [name for name, parameter in self.template["Parameters"].items() if "Default" not in parameter]
        self.assertEqual(required, ["ExternalAwsAccountId", "ExternalId", "RoleName", "CodeBucketPrefix", "CodeKey"])
        for name in required:
            self.assertIsNone(re.search(self.template["Parameters"][name]["AllowedPattern"], ""), name)
        properties = self.resources["DelegatedRole"]["Properties"]
        for name in ("ExternalId", "RoleName", "RequireExternalId"):
            self.assertEqual(properties[name], {"Ref": name})

    def test_every_parameter_has_its_place_and_its_label(self):
        for name in ("template.yaml", "stackset.yaml", "organization.yaml"):
            template = read(name)
            interface = template["Metadata"]["AWS::CloudFormation::Interface"]
            grouped = [parameter for group in interface["ParameterGroups"] for parameter in group["Parameters"]]
            self.assertEqual(sorted(grouped), sorted(template["Parameters"]))
            self.assertEqual(sorted(interface["ParameterLabels"]), sorted(template["Parameters"]))

    def test_the_parameters_are_those_of_template_yaml_and_no_looser(self):
        def limits(template):
            return {
                name: {key: value for key, value in parameter.items() if key not in TEXT_FOR_PEOPLE}
                for name, parameter in template["Parameters"].items()
            }

        self.assertEqual(limits(self.template), {**limits(self.source), **STRICTER, **ADDED})

    def test_the_code_is_looked_for_where_it_is_put(self):
        there = read("organization.yaml")
        self.assertEqual(
            self.resources["Function"]["Properties"]["Code"],
            {"S3Bucket": there["Resources"]["Bucket"]["Properties"]["BucketName"], "S3Key": {"Ref": "CodeKey"}},
        )
        for limit in ("AllowedPattern", "ConstraintDescription"):
            self.assertEqual(*(one["Parameters"]["CodeBucketPrefix"][limit] for one in (self.template, there)))

    def test_the_function_is_set_up_as_the_other_one(self):
        function = self.resources["Function"]
        variables = function["Properties"].pop("Environment")["Variables"]
        self.assertEqual(
            function,
            {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": "service-provider-access",
                    "Description": "Makes and keeps IAM roles for service providers (Custom::DelegatedRole).",
                    "Code": {"S3Bucket": {"Fn::Sub": "${CodeBucketPrefix}-${AWS::Region}"}, "S3Key": {"Ref": "CodeKey"}},
                    "Handler": "bootstrap",
                    "Runtime": "provided.al2023",
                    "Architectures": [{"Ref": "Architecture"}],
                    "MemorySize": 128,
                    "Timeout": 60,
                    "Role": {"Fn::GetAtt": ["FunctionRole", "Arn"]},
                    "LoggingConfig": {"LogGroup": {"Ref": "LogGroup"}},
                },
            },
        )
        others = self.source["Resources"]["Function"]["Properties"]["Environment"]["Variables"]
        trusted = {"Fn::If": ["HasTrustedAccounts", {"Ref": "TrustedAccountIds"}, {"Ref": "ExternalAwsAccountId"}]}
        # The code is in buckets, which no role may change.
        code = {"Ref": "CodeBucketPrefix"}
        self.assertEqual(variables, {**others, "TRUSTED_ACCOUNT_IDS": trusted, "CODE_BUCKET_PREFIX": code})

    def test_lambda_tries_three_times_and_gives_up_before_cloudformation_does(self):
        self.assertEqual(
            self.resources["FunctionEventInvokeConfig"],
            {
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {
                    "FunctionName": {"Ref": "Function"},
                    "Qualifier": "$LATEST",
                    "MaximumRetryAttempts": 2,
                    "MaximumEventAgeInSeconds": 300,
                },
            },
        )
        self.assertEqual(self.resources["DelegatedRole"]["Properties"]["ServiceTimeout"], 360)

    def test_the_function_has_the_same_permissions_and_a_name_that_policies_can_recognize(self):
        role = self.resources["FunctionRole"]
        self.assertEqual(role["Properties"].pop("RoleName"), {"Fn::Sub": "service-provider-access-${AWS::Region}"})
        self.assertEqual(role, self.source["Resources"]["FunctionRole"])

    def test_the_role_is_made_always_and_as_by_template_yaml(self):
        role, other = self.resources["DelegatedRole"], self.source["Resources"]["DelegatedRole"]
        home_region = role["Properties"].pop("HomeRegion")
        self.assertEqual(home_region, {"Fn::If": ["HasHomeRegion", {"Ref": "HomeRegion"}, NO_VALUE]})
        self.assertEqual(
            self.template["Conditions"]["HasHomeRegion"], {"Fn::Not": [{"Fn::Equals": [{"Ref": "HomeRegion"}, ""]}]}
        )
        self.assertEqual(other.pop("Condition"), "MakeRole")
        other["Properties"] |= {"ExternalId": {"Ref": "ExternalId"}, "RoleName": {"Ref": "RoleName"}}
        # In the home Region the role is made after its boundary.
        has, given_here, boundary = other["Properties"]["PermissionsBoundary"]["Fn::If"]
        required, no_value = boundary["Fn::If"][1:]
        ours, arn, given = required["Fn::If"]
        elsewhere = {"Fn::Sub": arn["Fn::Sub"][0].replace("${Region}", "${HomeRegion}")}
        arn = {"Fn::If": ["IsHomeRegion", {"Ref": "Boundary"}, elsewhere]}
        boundary = {"Fn::If": ["BoundaryIsRequired", {"Fn::If": [ours, arn, given]}, no_value]}
        other["Properties"]["PermissionsBoundary"] = {"Fn::If": [has, given_here, boundary]}
        self.assertEqual(role, other)

    def test_the_boundary_is_made_in_the_home_region_only(self):
        boundary = self.resources["Boundary"]
        self.assertEqual(boundary.pop("Condition"), "IsHomeRegion")
        self.assertEqual(boundary, self.source["Resources"]["Boundary"])
        is_home = {"Fn::Equals": [{"Ref": "HomeRegion"}, {"Ref": "AWS::Region"}]}
        self.assertEqual(
            self.template["Conditions"]["IsHomeRegion"],
            {"Fn::Or": [{"Fn::Not": [{"Condition": "HasHomeRegion"}]}, is_home]},
        )
        self.assertEqual(self.source["Resources"]["Function"]["DependsOn"], "Boundary")

    def test_nothing_else_is_different(self):
        resources = self.source["Resources"]
        self.assertEqual(sorted(self.resources), sorted([*resources, "FunctionEventInvokeConfig"]))
        for name in resources.keys() - {"Boundary", "Function", "FunctionRole", "DelegatedRole"}:
            if resources[name]["Type"] == "AWS::CloudWatch::Alarm":
                self.assertEqual(resources[name]["Properties"].pop("AlarmActions"), [{"Ref": "AlarmTopicArn"}])
                self.assertEqual(self.resources[name]["Properties"].pop("AlarmActions"), [TOPIC_OF_THIS_REGION])
            self.assertEqual(self.resources[name], resources[name])
        for output in self.source["Outputs"].values():
            output.pop("Condition", None)
        self.assertEqual(self.template["Outputs"], self.source["Outputs"])
        only_here, only_there = {"HasHomeRegion", "IsHomeRegion"}, {"MakeRole", "HasExternalId", "HasRoleName"}
        here, there = self.template["Conditions"], self.source["Conditions"]
        self.assertEqual((here.keys() - there.keys(), there.keys() - here.keys()), (only_here, only_there))
        for name in here.keys() & there.keys():
            self.assertEqual(here[name], there[name])


# The topic of the same account and name. An empty parameter must not make Fn::Select fail.
TOPIC_OF_THIS_REGION = {
    "Fn::Sub": [
        "arn:${AWS::Partition}:sns:${AWS::Region}:${Account}:${Topic}",
        {
            "Account": {"Fn::Select": [4, {"Fn::Split": [":", {"Fn::Sub": "${AlarmTopicArn}:::::"}]}]},
            "Topic": {"Fn::Select": [5, {"Fn::Split": [":", {"Fn::Sub": "${AlarmTopicArn}:::::"}]}]},
        },
    ]
}


def in_home_region(value):
    """The same, with the home Region in the name of the boundary and in its ARN."""
    if isinstance(value, list):
        return [in_home_region(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Fn::Sub": str(text)} if text.endswith("service-provider-access-boundary-${AWS::Region}"):
            region = {"Fn::If": ["HasHomeRegion", {"Ref": "HomeRegion"}, {"Ref": "AWS::Region"}]}
            return {"Fn::Sub": [text.replace("${AWS::Region}", "${Region}"), {"Region": region}]}
    return {key: in_home_region(item) for key, item in value.items()}


def keys(value):
    """Every key in a value, at any depth."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from keys(item)
