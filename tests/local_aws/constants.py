"""The names and numbers that the demo, the rehearsal and the tests share."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The logs of the local AWS.
LOGS = ROOT / ".aws-sam" / "local"

# Accounts. MiniStack accepts a 12-digit access key as the root user of the account with that number.
CUSTOMER = "111111111111"
PROVIDER = "222222222222"
STRANGER = "333333333333"
# `make publish` runs in PUBLISHER. The other three try to read the code.
PUBLISHER = "444444444444"
MEMBER = "555555555555"
OUTSIDER = "666666666666"
ACCOUNT_WITHOUT_ORGANIZATION = "777777777777"
# The accounts of the rehearsed organization have the numbers after this one.
ORGANIZATION_ACCOUNTS = 400000000000

REGION = "us-east-1"
SECOND_REGION = "eu-west-1"

# Names from the shipped templates and samconfig.toml.
STACK_NAME = "service-provider-access"
PROVIDER_STACK_NAME = "service-provider-access-provider"
CODE_STACK_NAME = "service-provider-access-code"
STACK_SET_NAME = "service-provider-access"
OTHER_REGIONS_STACK_SET_NAME = "service-provider-access-regions"
FUNCTION_NAME = "service-provider-access"
PROVIDER_FUNCTION_NAME = "service-provider-access-provider"
LOG_GROUP = f"/aws/lambda/{FUNCTION_NAME}"
PROVIDER_LOG_GROUP = f"/aws/lambda/{PROVIDER_FUNCTION_NAME}"
SERVICE_TOKEN_EXPORT = "service-provider-access-ServiceToken"
PROVIDER_SERVICE_TOKEN_EXPORT = "service-provider-access-provider-ServiceToken"
ROLE_PATH_PREFIX = "/delegated/"
# The permissions boundary that template.yaml makes in the first Region.
BOUNDARY = f"arn:aws:iam::{CUSTOMER}:policy/service-provider-access-boundary-{REGION}"

# External IDs.
FIRST_ID = "acme-5e0c7b1f4d2a49c8b6f3a1e7d9c05b42"
SECOND_ID = "acme-2f6c1d0b9e8a47c5b3d2e1f0a9b8c7d6"

# AWS managed policies.
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
EC2_READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
SECURITY_AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
