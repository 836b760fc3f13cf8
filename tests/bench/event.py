"""The work that all three functions do: one create request, and what the account must hold afterwards."""

import datetime
import json

from .account import ACCOUNT
from .failure import BenchError
from .runtime_api import FUNCTION_ARN

STACK = f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/bench/00000000-0000-4000-8000-000000000000"
PROVIDER = "222222222222"
EXTERNAL_ID = "acme-7f0d1c52-3f5e-4e0f-9d5b-0a9f6f3f2f11"
PATH = "/delegated/"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/service-provider-access-boundary-us-east-1"
MANAGED = ("arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess", "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess")
TAGS = {"contract": "2026-0117", "team": "operations"}
INLINE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Inventory", "Effect": "Allow", "Action": ["tag:GetResources", "ce:GetCostAndUsage"], "Resource": "*"},
        {
            "Sid": "Reports",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::example-reports", "arn:aws:s3:::example-reports/*"],
        },
    ],
}


def create(number, bucket_origin):
    """A request as CloudFormation sends it, for the role of this number."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    request_id = f"00000000-0000-4000-8000-{number:012d}"
    return {
        "RequestType": "Create",
        "ServiceToken": FUNCTION_ARN,
        "ResponseURL": (
            f"{bucket_origin}/arn%3Aaws%3Acloudformation%3Aus-east-1%3A{ACCOUNT}%3Astack/bench/00000000-0000-4000-8000-000000000000"
            f"%7CRole{number}%7C{request_id}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={now}&X-Amz-SignedHeaders=host"
            f"&X-Amz-Expires=7200&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F{now[:8]}%2Fus-east-1%2Fs3%2Faws4_request"
            f"&X-Amz-Signature={'0' * 64}"
        ),
        "StackId": STACK,
        "RequestId": request_id,
        "LogicalResourceId": f"Role{number}",
        "ResourceType": "Custom::DelegatedRole",
        "ResourceProperties": {
            "ServiceToken": FUNCTION_ARN,
            "ServiceTimeout": "360",
            "ExternalAwsAccountId": PROVIDER,
            "ExternalId": EXTERNAL_ID,
            "RoleName": role_name(number),
            "Path": PATH,
            "MaxSessionDuration": "3600",
            "ManagedPolicyArns": list(MANAGED),
            "CustomPolicy": INLINE,
            "Description": "Acme Inc. watches our servers",
            "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
        },
    }


def role_name(number):
    return f"acme-monitoring-{number:03d}"


def check(account, number, answer):
    """All functions must have done the same: the role with this trust, these tags and these policies. Ours adds its own tags and
    the guardrail policy."""
    if answer.get("Status") != "SUCCESS":
        raise BenchError(f"A function answered {answer.get('Status')}: {answer.get('Reason')}")
    if account.unexpected:
        raise BenchError(f"The fake account does not know these calls: {', '.join(sorted(set(account.unexpected)))}")
    role = account.roles.get(role_name(number))
    wrong = [] if role else ["the role"]
    if role:
        [statement] = json.loads(role.trust)["Statement"]
        documents = [json.loads(document) for document in role.inline.values()]
        checks = {
            "the path": role.path == PATH,
            "the boundary": role.boundary == BOUNDARY,
            "the principal of the trust policy": PROVIDER in json.dumps(statement["Principal"]),
            "the external ID of the trust policy": EXTERNAL_ID in json.dumps(statement["Condition"]),
            "the tags": TAGS.items() <= role.tags.items(),
            "the managed policies": sorted(role.attached) == sorted(MANAGED),
            "the inline policy": INLINE in documents,
        }
        wrong = [what for what, right in checks.items() if not right]
    if wrong:
        raise BenchError(f"A function did not do the whole work. Wrong or missing in the account: {', '.join(wrong)}")
