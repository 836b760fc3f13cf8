"""What `delegated-role native` prints is the role that the function makes: deployed side by side, both have the same policies
and admit the same callers."""

import json

from . import command, policies
from .constants import BOUNDARY, CUSTOMER, EC2_READ_ONLY, FIRST_ID, FUNCTION_NAME, PROVIDER, REGION, ROOT, SECOND_ID
from .constants import STACK_NAME
from .deny_policies import GUARDRAILS
from .fixtures import LocalAwsTestCase
from .stacks import delegated_role

OWNERS_LIMITS = ("--installed-by", ROOT / "template.yaml", "--limit", f"TrustedAccountIds={PROVIDER}")
# Tags of the function and of CloudFormation.
OTHERS_TAGS = ("service-provider-access:", "aws:cloudformation:")
INSTANCE = "i-0123456789abcdef0"

# What a session tries. The names say what decides.
CALLS = {
    "managed policy": ("ec2", "describe_instances", {}),
    "not granted": ("ec2", "terminate_instances", {"InstanceIds": [INSTANCE]}),
    "custom policy": ("logs", "describe_log_groups", {}),
    "denied by the custom policy": ("sqs", "create_queue", {"QueueName": "denied"}),
    "second policy": ("sqs", "list_queues", {}),
    "function, read": ("lambda", "get_function", {"FunctionName": FUNCTION_NAME}),
    "function, changed: denied by the guardrails": (
        "lambda",
        "put_function_event_invoke_config",
        {"FunctionName": FUNCTION_NAME, "MaximumRetryAttempts": 2},
    ),
    "identities: denied by the boundary": ("iam", "create_group", {"GroupName": "denied"}),
}
# What the custom policy grants: the last two are denied nevertheless.
GRANTED = ["logs:DescribeLogGroups", "lambda:GetFunction", "lambda:PutFunctionEventInvokeConfig", "iam:CreateGroup"]


class Native(LocalAwsTestCase):
    def deploy_both(self, external_ids, **properties):
        """Deploys the template, and what `native` prints for it with another value of the parameter Name. Returns the names
        of both roles, and the stack of the first."""
        template = {"Parameters": {"Name": {"Type": "String"}}, **delegated_role(RoleName={"Ref": "Name"}, **properties)}
        ours, native = self.stack(), self.stack()
        names = f"{ours.name}-delegated", f"{ours.name}-native"
        self.assertEqual((ours.create(template, Name=names[0]), ours.reasons("Role")), ("CREATE_COMPLETE", []))
        place = ("--account", CUSTOMER, "--region", REGION, "--stack-name", ours.name)
        options = ("--parameter", f"Name={names[1]}", *place, *OWNERS_LIMITS)
        printed = command.run("native", "template.json", *options, files={"template.json": json.dumps(template)})
        for external_id in external_ids:
            self.assertNotIn(external_id, printed)
        # The function writes several external IDs in alphabetical order.
        parameters = dict(zip(("RoleExternalId", "RoleExternalId2"), sorted(external_ids)))
        self.assertEqual((native.create(printed, **parameters), native.reasons("Role")), ("CREATE_COMPLETE", []))
        return names, ours

    def assert_same_role(self, names, stack):
        ours, native = (self.customer.role(name) for name in names)
        for role in (ours, native):
            del role["Arn"], role["RoleId"]
            role["Tags"] = {key: value for key, value in role["Tags"].items() if not key.startswith(OTHERS_TAGS)}
        # The function also protects its own role and its stack, which nothing offline knows. `native` says so.
        function_role = self.customer.client("lambda").get_function_configuration(FunctionName=FUNCTION_NAME)["Role"]
        function_stack = f"arn:aws:cloudformation:*:{CUSTOMER}:stack/{STACK_NAME}/*"
        statements = ours["InlinePolicies"][GUARDRAILS]["Statement"]
        removed = []
        for statement in statements:
            for resource in (function_role, function_stack):
                if resource in statement["Resource"]:
                    statement["Resource"].remove(resource)
                    removed.append(resource)
        self.assertEqual(removed, [function_role, function_stack])
        self.assertEqual(native, ours)

    def decisions(self, name, callers, external_ids):
        """For each caller and external ID None, if access is denied, or what the session may do."""
        arn = self.customer.role(name)["Arn"]
        sessions = {
            (caller, external_id): user.assume(arn, external_id)
            for caller, user in callers.items()
            for external_id in external_ids
        }
        return {
            request: session
            and {
                what: session.is_allowed(service, call, **arguments) for what, (service, call, arguments) in CALLS.items()
            }
            for request, session in sessions.items()
        }

    def assert_same_decisions(self, names, callers, admitted, external_ids, right, allowed):
        """Both roles admit the callers `admitted` with the IDs `right`, and allow their sessions the calls `allowed`."""
        session = {what: what in allowed for what in CALLS}
        expected = {
            (caller, given): session if caller in admitted and given in right else None
            for caller in callers
            for given in external_ids
        }
        for name in names:
            self.assertEqual(self.decisions(name, callers, external_ids), expected, name)

    def test_has_the_same_policies_and_admits_the_same_callers(self):
        names, stack = self.deploy_both(
            [FIRST_ID],
            ExternalAwsAccountId=PROVIDER,
            ExternalId=FIRST_ID,
            MaxSessionDuration=7200,
            Description='For Acme: "read only"',
            Tags=[{"Key": "team", "Value": "a: b"}],
            ManagedPolicyArns=[EC2_READ_ONLY],
            CustomPolicy=policies.document(
                {"Effect": "Allow", "Action": GRANTED, "Resource": "*"},
                {"Effect": "Deny", "Action": "sqs:CreateQueue", "Resource": "*"},
            ),
            Policies=[{"PolicyName": "Queues", "PolicyDocument": policies.allow(["sqs:CreateQueue", "sqs:ListQueues"])}],
        )
        self.assert_same_role(names, stack)
        self.assertEqual(self.customer.role(names[1])["PermissionsBoundary"], BOUNDARY)
        self.assert_same_decisions(
            names,
            callers={"provider": self.environment.acme, "stranger": self.environment.intruder},
            admitted=["provider"],
            external_ids=[FIRST_ID, None, SECOND_ID, FIRST_ID[:-1], FIRST_ID + "0", FIRST_ID.upper()],
            right=[FIRST_ID],
            allowed=["managed policy", "custom policy", "second policy", "function, read"],
        )

    def test_of_one_principal_with_two_external_ids(self):
        on_call = self.environment.provider.create_user("native-on-call", path="/oncall/")
        names, stack = self.deploy_both(
            [FIRST_ID, SECOND_ID],
            ExternalAwsAccountId=PROVIDER,
            ExternalId=[FIRST_ID, SECOND_ID],
            AllowedPrincipalArns=f"arn:aws:iam::{PROVIDER}:user/oncall/*",
            ExpiresAt="2099-01-01T00:00:00Z",
            CustomPolicy=policies.allow("logs:DescribeLogGroups"),
            RevokeSessions="Never",
            PolicyOwnership="Declared",
        )
        self.assert_same_role(names, stack)
        self.assert_same_decisions(
            names,
            callers={"on call": on_call, "provider": self.environment.acme, "stranger": self.environment.intruder},
            admitted=["on call"],
            external_ids=[FIRST_ID, SECOND_ID, None, f"{FIRST_ID},{SECOND_ID}"],
            right=[FIRST_ID, SECOND_ID],
            allowed=["custom policy"],
        )
