"""CloudFormation as its user sees it: a stack, how an operation on it ended, and why."""

import json
import time

from botocore.exceptions import ClientError

OPERATION_SECONDS = 120
FUNCTION_NAME = "service-provider-access"
EXPORT = "service-provider-access-ServiceToken"
PROVIDER_FUNCTION_NAME = "service-provider-access-provider"
PROVIDER_EXPORT = "service-provider-access-provider-ServiceToken"


class Stack:
    def __init__(self, account, name, region=None):
        self.name = name
        self._cloudformation = account.client("cloudformation", region) if region else account.client("cloudformation")
        # Once deleted, a stack is found under its ID alone.
        self._id = name

    def create(self, template, **parameters):
        self.start(template, **parameters)
        return self.end()

    def start(self, template, **parameters):
        """Begins to create the stack; `end` waits for it."""
        self._id = self._cloudformation.create_stack(**self._request(template, parameters))["StackId"]

    def update(self, template=None, **parameters):
        try:
            self._cloudformation.update_stack(**self._request(template, parameters))
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return "NO_UPDATES"
            raise
        return self.end()

    def delete(self):
        self._id = self.describe()["StackId"]
        self._cloudformation.delete_stack(StackName=self.name)
        return self.end()

    def describe(self):
        return self._cloudformation.describe_stacks(StackName=self._id)["Stacks"][0]

    def exists(self):
        try:
            return not self.describe()["StackStatus"] == "DELETE_COMPLETE"
        except ClientError:
            return False

    def outputs(self):
        return {output["OutputKey"]: output["OutputValue"] for output in self.describe().get("Outputs", [])}

    def physical_id(self, logical_id):
        found = self._cloudformation.describe_stack_resource(StackName=self._id, LogicalResourceId=logical_id)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def reasons(self, logical_id):
        """Why operations on this resource failed, the newest first: what a user reads in the console."""
        return [
            event.get("ResourceStatusReason", "")
            for event in self._cloudformation.describe_stack_events(StackName=self._id)["StackEvents"]
            if event["LogicalResourceId"] == logical_id and event["ResourceStatus"].endswith("_FAILED")
        ]

    def failure(self):
        """What failed first in the last operation, and why."""
        first = "nothing failed"
        for event in self._cloudformation.describe_stack_events(StackName=self._id)["StackEvents"]:
            status, logical_id = event["ResourceStatus"], event["LogicalResourceId"]
            if logical_id == self.name and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"):
                break
            if status.endswith("_FAILED"):
                first = f"{logical_id}: {event.get('ResourceStatusReason', 'no reason given')}"
        return first

    def touched(self):
        """The resources on which anything was done, ever."""
        events = self._cloudformation.describe_stack_events(StackName=self._id)["StackEvents"]
        return {event["LogicalResourceId"] for event in events}

    def _request(self, template, parameters):
        body = {"TemplateBody": template if isinstance(template, str) else json.dumps(template)}
        return {
            "StackName": self.name,
            "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            **(body if template else {"UsePreviousTemplate": True}),
        }

    def end(self):
        """How the operation ended."""
        deadline = time.monotonic() + OPERATION_SECONDS
        while time.monotonic() < deadline:
            status = self.describe()["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.05)
        raise TimeoutError(f"The operation on stack {self.name} was not over after {OPERATION_SECONDS} s: {status}")


def delegated_role(siblings=None, **properties):
    """A template with one Custom::DelegatedRole called Role, which uses the installed function."""
    attributes = ("RoleArn", "RoleName", "ExternalId", "Warnings")
    return {
        "Resources": {
            "Role": {
                "Type": "Custom::DelegatedRole",
                "Properties": {
                    "ServiceToken": {"Fn::ImportValue": EXPORT},
                    # Short, so that a function which never answers fails a test soon.
                    "ServiceTimeout": 60,
                    **properties,
                },
            },
            **(siblings or {}),
        },
        "Outputs": {name: {"Value": {"Fn::GetAtt": ["Role", name]}} for name in attributes},
    }


def external_id(**properties):
    """A template with one Custom::ExternalId called ExternalId."""
    return _providers_side("ExternalId", ("ExternalId", "PreviousExternalId", "Rotation"), properties)


def access_check(**properties):
    """A template with one Custom::AccessCheck called AccessCheck."""
    return _providers_side("AccessCheck", ("Verdict", "RoleArn", "AccountId", "Probes", "CheckedAt"), properties)


def _providers_side(name, attributes, properties):
    token = {"ServiceToken": {"Fn::ImportValue": PROVIDER_EXPORT}, "ServiceTimeout": 120}
    return {
        "Resources": {name: {"Type": f"Custom::{name}", "Properties": {**token, **properties}}},
        "Outputs": {attribute: {"Value": {"Fn::GetAtt": [name, attribute]}} for attribute in attributes},
    }


def failing_sibling(after="Role"):
    """A resource that fails after this one is made: its service token names no function."""
    return {
        "Sibling": {
            "Type": "Custom::Failing",
            "DependsOn": after,
            "Properties": {
                "ServiceToken": {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:no-such"}
            },
        }
    }
