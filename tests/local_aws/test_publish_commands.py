"""The commands that `make publish` prints are valid: for a shell, for the CloudFormation API, and for stackset.yaml."""

import base64
import re

import jmespath

from . import sam, templates
from .constants import FUNCTION_NAME, OTHER_REGIONS_STACK_SET_NAME, PUBLISHER, REGION, ROOT, SECOND_REGION, STACK_SET_NAME
from .printed_commands import calls, changed_parameters, problems, stack_set_arn
from .publishing import BOTH_REGIONS, KEY, VALUES, PublishTestCase


class PrintedCommands(PublishTestCase):
    def test_one_region(self):
        printed = self.publish_commands(**VALUES)
        key = self.key(printed)
        create, instances, update = calls(printed)
        for call in (create, instances, update):
            self.assertEqual((call["Region"], call["StackSetName"], call.get("CallAs")), (REGION, STACK_SET_NAME, None))
        self.assertEqual(
            (create["Call"], instances["Call"], update["Call"]), ("CreateStackSet", "CreateStackInstances", "UpdateStackSet")
        )

        template = (ROOT / "stackset.yaml").read_text()
        for call in (create, update):
            self.assertEqual((call["TemplateBody"], call["Capabilities"]), (template, ["CAPABILITY_NAMED_IAM"]))
        self.assertEqual(create["PermissionModel"], "SERVICE_MANAGED")
        self.assertEqual(create["AutoDeployment"], {"Enabled": True, "RetainStacksOnAccountRemoval": False})
        self.assertEqual(create["ManagedExecution"], {"Active": True})
        self.assertEqual(
            create["Parameters"],
            {
                "ExternalAwsAccountId": VALUES["PROVIDER"],
                "ExternalId": VALUES["EXTERNAL_ID"],
                "RoleName": VALUES["ROLE_NAME"],
                "CodeBucketPrefix": self.prefix,
                "CodeKey": key,
                "Architecture": sam.ARCHITECTURE,
                "HomeRegion": REGION,
            },
        )
        self.assertEqual(self.invalid_parameters(create["Parameters"]), [])
        self.assertEqual(instances["DeploymentTargets"], {"OrganizationalUnitIds": VALUES["OU"].split(",")})
        self.assertEqual(instances["Regions"], [REGION])
        # In the management account nothing has to be left out.
        self.assertIn(
            f"# Account {PUBLISHER} publishes the code and gets no stack and no role: StackSets never deploy to the management "
            "account, even if it is in a target.\n",
            printed,
        )

        # The update names every parameter and changes only the code.
        self.assertEqual(changed_parameters(update), {"CodeKey": key, "Architecture": sam.ARCHITECTURE})
        self.assertEqual(sorted(update["Parameters"]), sorted(templates.read("stackset.yaml")["Parameters"]))

    def test_home_region_has_its_own_stack_set_and_comes_first(self):
        home, others = STACK_SET_NAME, OTHER_REGIONS_STACK_SET_NAME
        printed = self.publish_commands(**VALUES, REGIONS=BOTH_REGIONS, HOME_REGION=SECOND_REGION, DELEGATED_ADMIN="1")
        found = calls(printed)
        self.assertEqual(
            [(call["Call"], call["StackSetName"], call["Region"], call["CallAs"]) for call in found],
            [
                (name, stack_set, SECOND_REGION, "DELEGATED_ADMIN")
                for name, stack_set in (
                    ("CreateStackSet", home),
                    ("CreateStackInstances", home),
                    ("CreateStackSet", others),
                    ("CreateStackInstances", others),
                    ("UpdateStackSet", home),
                    ("UpdateStackSet", others),
                )
            ],
        )
        create_home, instances_home, create, instances, update_home, update = found
        for call, regions in (
            (instances_home, [SECOND_REGION]),
            (instances, [REGION]),
            (update_home, [SECOND_REGION]),
            (update, [REGION]),
        ):
            self.assertEqual(call["OperationPreferences"]["RegionOrder"], regions)
            self.assertEqual(call["OperationPreferences"]["RegionConcurrencyType"], "SEQUENTIAL")
            self.assertEqual(call.get("Regions", regions), regions)
        # The account of the delegated administrator, where the code is, is left out.
        targets = {"OrganizationalUnitIds": VALUES["OU"].split(","), "Accounts": [PUBLISHER], "AccountFilterType": "DIFFERENCE"}
        self.assertEqual([call["DeploymentTargets"] for call in (instances_home, instances)], [targets, targets])
        self.assertIn(f"# Account {PUBLISHER} publishes the code, so it gets no stack and no role", printed)

        # The stack sets are equal except for DependsOn, the order in which AWS deploys to an account that joins.
        self.assertEqual(create["Parameters"]["HomeRegion"], SECOND_REGION)
        self.assertEqual(create_home["AutoDeployment"], {"Enabled": True, "RetainStacksOnAccountRemoval": False})
        depends_on = {"DependsOn": [stack_set_arn(SECOND_REGION, home)]}
        self.assertEqual(create.pop("AutoDeployment"), {**create_home.pop("AutoDeployment"), **depends_on})
        self.assertEqual({**create, "StackSetName": home}, create_home)
        for call in (update_home, update):
            del call["StackSetName"], call["OperationPreferences"]
        self.assertEqual(update, update_home)

    def test_a_comment_has_the_command_that_shows_when_the_home_region_is_ready(self):
        printed = self.publish_commands(**VALUES, REGIONS=BOTH_REGIONS)
        found = [line.removeprefix("# ") for line in printed.splitlines() if "list-stack-set-operations" in line]
        # One before creating the second stack set, one before updating it.
        self.assertEqual(len(found), 2)
        second_stack_set = f"--stack-set-name {OTHER_REGIONS_STACK_SET_NAME}"
        self.assertLess(printed.index(found[0]), printed.index(second_stack_set))
        self.assertLess(printed.rindex(found[0]), printed.rindex(second_stack_set))
        [call] = calls("\n".join(found[:1]))
        self.assertEqual((call["Call"], call["StackSetName"], call["Region"]), ("ListStackSetOperations", STACK_SET_NAME, REGION))
        summaries = [
            {"Status": "RUNNING", "CreationTimestamp": "2026-01-02T10:00:00.000000+00:00"},
            {"Status": "SUCCEEDED", "CreationTimestamp": "2026-01-01T10:00:00.000000+00:00"},
        ]
        for order in (summaries, summaries[::-1]):
            self.assertEqual(jmespath.search(call["query"], {"Summaries": order}), "RUNNING")

    def test_aws_rejects_the_placeholders_of_missing_values(self):
        printed = self.publish_commands()
        self.assertIn(
            "# Replace these first, or set the variables for make publish: '<OU>, <PROVIDER>, <EXTERNAL_ID>, <ROLE_NAME>'\n",
            printed,
        )
        create, instances, _ = calls(printed, valid=False)
        self.assertEqual(self.invalid_parameters(create["Parameters"]), ["ExternalAwsAccountId", "ExternalId", "RoleName"])
        self.assertEqual(problems("CreateStackInstances", instances), ["DeploymentTargets.OrganizationalUnitIds: <OU>"])

    def invalid_parameters(self, values):
        """The parameters that are missing, unknown, or not accepted by the template."""
        parameters = templates.read("stackset.yaml")["Parameters"]
        missing = [name for name, parameter in parameters.items() if "Default" not in parameter and name not in values]
        return missing + [
            name
            for name, value in values.items()
            if not re.search(parameters[name].get("AllowedPattern", ""), value)
            or value not in parameters[name].get("AllowedValues", [value])
        ]


class PublishedStacks(PublishTestCase):
    """Stacks with the published code and the printed parameters. They are in the publishing account, because MiniStack
    looks for a function's code only in the function's own account."""

    def test_stack_in_each_region_uses_the_code_and_the_topic_of_that_region(self):
        printed = self.publish_commands(**VALUES, REGIONS=BOTH_REGIONS)
        template = templates.relaxed_stack_set()
        for region in BOTH_REGIONS.split():
            stack = self.stack(self.publisher, "in-an-account", region)
            # Each Region has its own role, so that the stacks do not depend on each other.
            parameters = {**calls(printed)[0]["Parameters"], "HomeRegion": "", "RoleName": f"acme-{region}"}
            status = stack.create(template, **parameters, AlarmTopicArn=f"arn:aws:sns:us-west-2:{PUBLISHER}:on-call")
            self.assertEqual((status, stack.reasons("DelegatedRole")), ("CREATE_COMPLETE", []))
            self.assertEqual(stack.outputs()["RoleArn"], f"arn:aws:iam::{PUBLISHER}:role/delegated/acme-{region}")

            function = self.publisher.client("lambda", region).get_function_configuration(FunctionName=FUNCTION_NAME)
            self.assertEqual(function["Role"], f"arn:aws:iam::{PUBLISHER}:role/service-provider-access-{region}")
            digest = base64.b64decode(function["CodeSha256"]).hex()
            self.assertEqual(digest, KEY.fullmatch(parameters["CodeKey"])[1])
            cloudwatch = self.publisher.client("cloudwatch", region)
            self.assertEqual(
                [alarm["AlarmActions"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]],
                [[f"arn:aws:sns:{region}:{PUBLISHER}:on-call"]] * 4,
            )
            self.assertEqual(stack.update(**{**parameters, "AlarmTopicArn": ""}), "UPDATE_COMPLETE")
            self.assertEqual(cloudwatch.describe_alarms()["MetricAlarms"], [])
            self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertEqual(self.publisher.client("iam").list_roles()["Roles"], [])
