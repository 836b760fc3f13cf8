"""CloudFormation stacks as their user sees them, and templates with the custom resources."""

import json
import time

from botocore.exceptions import ClientError

from .constants import PROVIDER_SERVICE_TOKEN_EXPORT, SERVICE_TOKEN_EXPORT

OPERATION_SECONDS = 120


class Stack:
    def __init__(self, account, name, region=None):
        self.name = name
        self._cloudformation = account.client("cloudformation", region) if region else account.client("cloudformation")
        # A deleted stack can only be found by its ID.
        self._id = name

    def create(self, template, **parameters):
        self.start_create(template, **parameters)
        return self.wait()

    def start_create(self, template, **parameters):
        """Starts to create the stack. `wait` waits for the end."""
        self._id = self._cloudformation.create_stack(**self._request(template, parameters))["StackId"]

    def update(self, template=None, **parameters):
        try:
            self._cloudformation.update_stack(**self._request(template, parameters))
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return "NO_UPDATES"
            raise
        return self.wait()

    def delete(self):
        self._id = self.describe()["StackId"]
        self._cloudformation.delete_stack(StackName=self.name)
        return self.wait()

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
        """The reasons of all failed operations on this resource, newest first, as the console shows them."""
        return [
            event.get("ResourceStatusReason", "")
            for event in self._cloudformation.describe_stack_events(StackName=self._id)["StackEvents"]
            if event["LogicalResourceId"] == logical_id and event["ResourceStatus"].endswith("_FAILED")
        ]

    def first_failure(self):
        """The resource that failed first in the last operation, and the reason."""
        first = "nothing failed"
        for event in self._cloudformation.describe_stack_events(StackName=self._id)["StackEvents"]:
            status, logical_id = event["ResourceStatus"], event["LogicalResourceId"]
            if logical_id == self.name and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"):
                break
            if status.endswith("_FAILED"):
                first = f"{logical_id}: {event.get('ResourceStatusReason', 'no reason given')}"
        return first

    def resources_with_events(self):
        """The logical IDs of all resources that CloudFormation has ever created, changed or deleted."""
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

    def wait(self):
        """Waits for the end of the operation and returns the status of the stack."""
        deadline = time.monotonic() + OPERATION_SECONDS
        while time.monotonic() < deadline:
            status = self.describe()["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.05)
        raise TimeoutError(f"The operation on stack {self.name} did not end within {OPERATION_SECONDS} s: {status}")


def delegated_role(siblings=None, **properties):
    """A template with one Custom::DelegatedRole, with the logical ID Role, that uses the installed function."""
    attributes = ("RoleArn", "RoleName", "ExternalId", "Warnings")
    return {
        "Resources": {
            "Role": {
                "Type": "Custom::DelegatedRole",
                "Properties": {
                    "ServiceToken": {"Fn::ImportValue": SERVICE_TOKEN_EXPORT},
                    # Short, so that a test fails soon if the function never answers.
                    "ServiceTimeout": 60,
                    **properties,
                },
            },
            **(siblings or {}),
        },
        "Outputs": {name: {"Value": {"Fn::GetAtt": ["Role", name]}} for name in attributes},
    }


def external_id(**properties):
    """A template with one Custom::ExternalId, with the logical ID ExternalId."""
    return _provider_template("ExternalId", ("ExternalId", "PreviousExternalId", "Rotation"), properties)


def access_check(**properties):
    """A template with one Custom::AccessCheck, with the logical ID AccessCheck."""
    return _provider_template("AccessCheck", ("Verdict", "RoleArn", "AccountId", "Probes", "CheckedAt"), properties)


def _provider_template(name, attributes, properties):
    token = {"ServiceToken": {"Fn::ImportValue": PROVIDER_SERVICE_TOKEN_EXPORT}, "ServiceTimeout": 120}
    return {
        "Resources": {name: {"Type": f"Custom::{name}", "Properties": {**token, **properties}}},
        "Outputs": {attribute: {"Value": {"Fn::GetAtt": [name, attribute]}} for attribute in attributes},
    }


def failing_sibling(after="Role"):
    """A resource that fails after the resource `after` is created: its service token names a missing function."""
    return {
        "Sibling": {
            "Type": "Custom::Failing",
            "DependsOn": after,
            "Properties": {
                "ServiceToken": {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:no-such"}
            },
        }
    }
