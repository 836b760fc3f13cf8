"""Valid policies, made at random."""

# Actions, and resources that they apply to. `P` is the partition.
GRANTS = [
    (
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        ["arn:P:s3:::reports/*", "arn:P:s3:::reports/${aws:username}/*"],
    ),
    (["s3:ListBucket", "s3:GetBucketLocation"], ["arn:P:s3:::reports", "arn:P:s3:::reports-*"]),
    (["s3:GetAccessPoint"], ["arn:P:s3:us-west-2:123456789012:accesspoint/reports"]),
    (["s3:ListJobs", "s3:ListAllMyBuckets"], ["*"]),
    (["ec2:DescribeInstances", "ec2:Describe*"], ["*"]),
    (
        ["ec2:StartInstances", "ec2:StopInstances"],
        ["arn:P:ec2:*:*:instance/*", "arn:P:ec2:eu-west-1:123456789012:instance/i-1"],
    ),
    (
        ["iam:GetRole", "iam:ListRolePolicies", "iam:PassRole"],
        ["arn:P:iam::123456789012:role/*", "arn:P:iam::*:role/app"],
    ),
    (["iam:GetUser"], ["arn:P:iam::123456789012:user/${aws:username}"]),
    (["iam:GetPolicy"], ["arn:P:iam::aws:policy/*", "arn:P:iam::123456789012:policy/team/*"]),
    (["sts:AssumeRole"], ["arn:P:iam::123456789012:role/delegated/*"]),
    (["lambda:InvokeFunction"], ["arn:P:lambda:us-east-1:123456789012:function:report"]),
    (["logs:GetLogEvents"], ["arn:P:logs:*:123456789012:log-group:/app:log-stream:*"]),
    (["dynamodb:GetItem", "dynamodb:Query"], ["arn:P:dynamodb:eu-central-1:123456789012:table/orders"]),
    (["sqs:SendMessage"], ["arn:P:sqs:us-east-1:123456789012:jobs"]),
    (["kms:Decrypt"], ["arn:P:kms:*:123456789012:key/*"]),
    (["sns:Publish"], ["arn:*:sns:us-east-1:123456789012:alerts"]),
    (["cloudwatch:GetMetricData", "cloudtrail:LookupEvents"], ["*"]),
    (["*"], ["*"]),
    (["s3:*"], ["*"]),
]

# Condition operators, keys of their type, and values.
CONDITIONS = {
    "String": (
        [
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        ["aws:PrincipalTag/team", "aws:RequestedRegion", "aws:PrincipalOrgID", "aws:username", "aws:TagKeys"],
        ["blue", "", "eu-*", "${aws:username}", "o-a1b2c3d4e5", "caf\u00e9", "a b", "123"],
    ),
    "Numeric": (
        ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan"],
        ["aws:MultiFactorAuthAge"],
        ["0", "300", "3600"],
    ),
    "Date": (
        [
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        ["aws:CurrentTime", "aws:TokenIssueTime"],
        ["2030-01-31T00:00:00Z", "2026-11-22T12:34:56Z"],
    ),
    "Bool": (
        ["Bool"],
        ["aws:SecureTransport", "aws:PrincipalIsAWSService", "aws:MultiFactorAuthPresent"],
        ["true", "false", True, False],
    ),
    "Null": (["Null"], ["aws:TokenIssueTime", "aws:PrincipalTag/team"], ["true", "false", True, False]),
    "Ip": (
        ["IpAddress", "NotIpAddress"],
        ["aws:SourceIp", "aws:VpcSourceIp"],
        ["203.0.113.0/24", "192.0.2.7", "203.0.113.7/32"],
    ),
    "Arn": (
        ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        ["aws:PrincipalArn", "aws:SourceArn"],
        ["arn:aws:iam::123456789012:role/app", "arn:*:iam::123456789012:role/*", "arn:aws:sns:*:*:alerts"],
    ),
}


def some(rng, values):
    """One value, or a list of one or more of them."""
    if rng.random() < 0.5:
        return rng.choice(values)
    return rng.sample(values, rng.randint(1, min(3, len(values))))


def policy(rng, partition):
    """A policy that IAM accepts."""
    statements = [_statement(rng, partition, number) for number in range(rng.choice([1, 1, 1, 2, 3]))]
    made = {"Version": "2012-10-17"}
    if rng.random() < 0.1:
        made["Id"] = "Reports and logs"
    made["Statement"] = statements[0] if len(statements) == 1 and rng.random() < 0.3 else statements
    return made


def _statement(rng, partition, number):
    actions, resources = rng.choice(GRANTS)
    resources = [resource.replace("arn:P:", f"arn:{partition}:") for resource in resources]
    denies = rng.random() < 0.2
    statement = {"Effect": "Deny" if denies else "Allow"}
    if rng.random() < 0.5:
        statement["Sid"] = rng.choice(["Read", "Logs", "S3", ""]) and f"{rng.choice(['Read', 'Logs', 'S3'])}{number}"
    statement["NotAction" if denies and rng.random() < 0.3 else "Action"] = some(rng, actions)
    statement["NotResource" if denies and rng.random() < 0.3 else "Resource"] = some(rng, resources)
    if rng.random() < 0.5:
        statement["Condition"] = condition(rng)
    return statement


def condition(rng):
    """A condition with valid operators, and values of the types of its keys."""
    found = {}
    for _ in range(rng.choice([1, 1, 2])):
        operators, keys, values = CONDITIONS[rng.choice(list(CONDITIONS))]
        operator = rng.choice(operators)
        if operator != "Null" and rng.random() < 0.15:
            operator += "IfExists"
        if rng.random() < 0.1:
            operator = rng.choice(["ForAllValues:", "ForAnyValue:"]) + operator
        found.setdefault(operator, {})[rng.choice(keys)] = some(rng, values)
    return found
