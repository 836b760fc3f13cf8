"""A custom resource as many teams write it in Python: crhelper and boto3, one call after the other."""

import json
import os

import boto3
from crhelper import CfnResource

helper = CfnResource(json_logging=True, log_level="INFO", boto_level="CRITICAL")

try:
    iam = boto3.client("iam")
except Exception as error:
    helper.init_failure(error)


@helper.create
def create(event, _context):
    properties = event["ResourceProperties"]
    name = properties["RoleName"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": f"arn:aws:iam::{properties['ExternalAwsAccountId']}:root"},
                "Condition": {"StringEquals": {"sts:ExternalId": properties["ExternalId"]}},
            }
        ],
    }
    role = iam.create_role(
        RoleName=name,
        Path=properties["Path"],
        Description=properties["Description"],
        MaxSessionDuration=int(properties["MaxSessionDuration"]),
        AssumeRolePolicyDocument=json.dumps(trust),
        PermissionsBoundary=os.environ["REQUIRED_PERMISSIONS_BOUNDARY"],
        Tags=properties["Tags"],
    )["Role"]
    for arn in properties["ManagedPolicyArns"]:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    iam.put_role_policy(RoleName=name, PolicyName="custom", PolicyDocument=json.dumps(properties["CustomPolicy"]))
    helper.Data.update({"RoleArn": role["Arn"], "RoleName": name, "ExternalId": properties["ExternalId"]})
    return name


def handler(event, context):
    helper(event, context)
