"""Every known difference between our validation and the two others, with its reason.

A row about another validator has a function that takes the feature out of a policy. The row explains a refusal only if
that validator no longer gives it afterwards, so that a row cannot hide another problem of the same document.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import features


@dataclass(frozen=True)
class Theirs:
    """Another validator refuses what IAM accepts."""

    pattern: str  # of the other validator's refusal
    reason: str
    take_out: Callable
    sample: dict  # changes to a valid statement, or a whole policy with "Statement"
    partition: str = "aws"


@dataclass(frozen=True)
class Only:
    """We refuse what the two others accept."""

    pattern: str  # of our sentence
    reason: str
    sample: object  # changes to a valid statement, a whole policy with "Statement", or a text


# --- What parliament says and IAM does not refuse ---

# Kinds of findings that are advice. IAM documents none of them as a reason to refuse a policy.
ADVICE_KINDS = {
    "NO_VERSION": "IAM reads a policy without Version as one of 2008-10-17.",
    "OLD_VERSION": "IAM accepts 2008-10-17, where policy variables are plain text.",
    "RESOURCE_STAR": "It is about least privilege: the function judges that elsewhere.",
    "RESOURCE_EFFECTIVELY_STAR": "It is about least privilege: the function judges that elsewhere.",
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": "It is about escalation: the function judges that elsewhere.",
    "BAD_PATTERN_FOR_MFA": "The condition has a meaning, even if it is often the wrong one.",
    "MISMATCHED_TYPE_BUT_USABLE": "IAM compares an ARN as a string if the operator is one for strings.",
    "RESOURCE_MISMATCH": "IAM accepts actions together with resources that they do not apply to; they grant nothing.",
    "UNKNOWN_ACTION": "IAM accepts actions that do not exist, because services add actions; they grant nothing.",
    "UNKNOWN_PREFIX": "IAM accepts services that do not exist; their actions grant nothing.",
    "UNKNOWN_CONDITION_FOR_ACTION": "IAM accepts keys that a request does not carry; the condition is then false.",
}
ADVICE = f"^({'|'.join(ADVICE_KINDS)}):"


OF_OTHERS = {
    "moto": [
        Theirs(
            "^Policy document must be version",
            "moto validates as CreatePolicy does, which requires the current language version. PutRolePolicy also "
            "accepts 2008-10-17 and no Version.",
            features.current_version,
            {"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]},
        ),
        Theirs(
            "^(Syntax errors|The policy failed legacy parsing)",
            "Quotation marks are optional around numbers, by IAM's grammar of policies.",
            features.each_value(None, features.number_as_text),
            {"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}},
        ),
        Theirs(
            "^The policy failed legacy parsing",
            "ISO 8601 allows a time without seconds and a time zone west of Greenwich; IAM accepts both.",
            features.each_value("Date", features.matching(features.MINUTES_OR_WEST, "2026-01-01T00:00:00Z")),
            {"Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-31T00:00-09:00"}}},
        ),
        Theirs(
            "region information|^IAM resource path",
            "IAM reads missing parts at the end as *: AWS's own policies have arn:aws:rds:*.",
            features.each_resource(features.completed),
            {"Resource": "arn:aws:iam:*"},
        ),
        Theirs(
            "region information",
            "IAM refuses a Region in these ARNs, but not a wildcard in its place: AWS's documentation has "
            "arn:aws:iam:*:*:role/MediaStoreAccessLogs.",
            features.part(3, lambda parts: set(parts[3]) <= set("*?"), ""),
            {"Resource": "arn:aws:s3:*:*:*"},
        ),
        Theirs(
            "region information",
            "S3 has more resources with a Region than access points: jobs, access grants, Storage Lens.",
            features.part(5, features.is_regional_in_s3, "accesspoint/reports"),
            {"Resource": "arn:aws:s3:us-west-2:123456789012:job/*"},
        ),
        Theirs(
            "^IAM resource path",
            "IAM's own sentence allows *, which moto does not implement.",
            features.part(5, lambda parts: parts[2] == "iam" and parts[5] == "*", "role/*"),
            {"Resource": "arn:aws:iam::*:*"},
        ),
        Theirs(
            "^IAM resource path",
            "sts:AssumeRoot applies to arn:aws:iam::ACCOUNT:root: AWS's own policies have it.",
            features.part(5, lambda parts: parts[2] == "iam" and parts[5] == "root", "role/*"),
            {"Resource": "arn:aws:iam::*:root"},
        ),
        Theirs(
            "^IAM resource path",
            "moto does not know U2F security keys, whose ARNs IAM documents, nor types that IAM has added since.",
            features.part(
                5,
                lambda parts: (
                    parts[2] == "iam"
                    and parts[5].startswith(
                        ("u2f/", "assumed-role/", "contextProvider/", "delegation-request/", "role-template/")
                    )
                ),
                "role/*",
            ),
            {"Resource": "arn:aws:iam::123456789012:u2f/user/alice/*"},
        ),
    ],
    "parliament": [
        Theirs(
            "^INVALID_ARN: Does not have 6 parts",
            "IAM reads missing parts at the end as *: AWS's own policies have arn:aws:rds:*.",
            features.each_resource(features.completed),
            {"Resource": "arn:aws:rds:*"},
        ),
        Theirs(
            "^INVALID_ARN: Unexpected partition",
            "parliament does not know the newer partitions.",
            features.part(1, lambda parts: parts[1] == "aws-eusc", "*"),
            {"Resource": "arn:aws-eusc:s3:::reports"},
            "aws-eusc",
        ),
        Theirs(
            "^DUPLICATE_SID: Duplicate Statement Id ''",
            "IAM treats an empty Sid like none.",
            features.without_empty_sids,
            {
                "Statement": [
                    {"Sid": "", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                    {"Sid": "", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
                ]
            },
        ),
        Theirs(
            "^INVALID_ARN: Region",
            "IAM accepts wildcards inside of a Region.",
            features.part(3, lambda parts: set(parts[3]) & set("*?"), "*"),
            {"Resource": "arn:aws:ec2:eu-*:*:instance/*"},
        ),
        Theirs(
            "^INVALID_ARN: Region",
            "parliament does not know Regions of newer forms, such as eusc-de-east-1 and us-iso-east-1.",
            features.part(3, lambda parts: re.fullmatch(r"[a-z]+(-[a-z]+)+-\d{1,2}", parts[3]), "*"),
            {"Resource": "arn:aws:ec2:eusc-de-east-1:*:instance/*"},
        ),
        Theirs(
            "^INVALID_ARN: Account",
            "IAM accepts wildcards inside of an account.",
            features.part(4, lambda parts: set(parts[4]) & set("*?"), "*"),
            {"Resource": "arn:aws:sqs:us-east-1:12345678901?:jobs"},
        ),
        Theirs(
            "^INVALID_ARN: Account",
            "AWS keeps resources of its own under names in place of accounts: arn:aws:iam::aws:policy/SecurityAudit.",
            features.part(4, lambda parts: re.fullmatch("aws(-[a-z]+)?", parts[4]), "*"),
            {"Resource": "arn:aws:iam::aws:policy/*"},
        ),
        Theirs(
            "^(raised|EXCEPTION)",
            "parliament fails on a list of values of Bool and Null. IAM accepts lists for every operator.",
            features.without_lists_of_booleans,
            {"Condition": {"Bool": {"aws:SecureTransport": ["true"]}}},
        ),
        Theirs(
            "^(raised|EXCEPTION|MISMATCHED_TYPE)",
            "Quotation marks are optional around numbers, by IAM's grammar of policies.",
            features.each_value(None, features.number_as_text),
            {"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}},
        ),
        Theirs(
            "^MISMATCHED_TYPE:",
            "IAM judges a value by the type of the operator, not of the key. The comparison may never be true, but IAM "
            "accepts it.",
            features.keys_of_the_operators_type,
            {"Condition": {"StringEquals": {"aws:SecureTransport": "on"}}},
        ),
        Theirs(
            "^MISMATCHED_TYPE:",
            "A set operator before Null changes nothing of its values: they are still true or false.",
            features.without_sets_before_null,
            {"Condition": {"ForAllValues:Null": {"aws:TokenIssueTime": "true"}}},
        ),
        Theirs(
            "^MISMATCHED_TYPE:",
            "BinaryEquals is documented for keys of services; parliament knows no such key.",
            features.without_binary,
            {"Condition": {"BinaryEquals": {"aws:PrincipalArn": "YWJj"}}},
        ),
        Theirs(
            "^MISMATCHED_TYPE:",
            "IAM accepts every form of ISO 8601 that the W3C's profile has, and seconds since 1970.",
            features.each_value("Date", features.matching(features.ISO_DATE, "2026-01-01T00:00:00Z")),
            {"Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-31"}}},
        ),
        Theirs(
            "^MISMATCHED_TYPE:",
            "IAM accepts signs, decimals and exponents.",
            features.each_value("Numeric", features.matching(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$", "10")),
            {"Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "1.5"}}},
        ),
        Theirs(
            "^MISMATCHED_TYPE:",
            "IAM accepts every form of IPv6 addresses; parliament knows only those of six groups.",
            features.each_value(("IpAddress", "NotIpAddress"), features.matching(":", "203.0.113.0/24")),
            {"Condition": {"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}},
        ),
        Theirs(
            "^MISMATCHED_TYPE:",
            "IAM accepts * in place of an ARN.",
            features.each_value("Arn", features.matching(r"^\*$", "arn:aws:iam::123456789012:role/app")),
            {"Condition": {"ArnLike": {"aws:PrincipalArn": "*"}}},
        ),
        Theirs(
            "^MISMATCHED_TYPE",
            "IAM ignores the letter case of true and false: AWS's own policies have False.",
            features.each_value(("Bool", "Null"), lambda value: value.lower() if isinstance(value, str) else value),
            {"Condition": {"Bool": {"aws:SecureTransport": "True"}}},
        ),
        Theirs(
            "^MISMATCHED_TYPE",
            "IAM replaces policy variables in values of Bool.",
            features.each_value("Bool", features.matching(r"\$\{", "true")),
            {"Condition": {"Bool": {"aws:SecureTransport": "${aws:PrincipalTag/tls}"}}},
        ),
    ],
}

OURS = [
    Only(
        "has the character U\\+",
        "IAM's API accepts tab, line feed, carriage return and U+0020 to U+00FF only. The two others do not look at "
        "characters.",
        {"Resource": "arn:aws:s3:::reports\u2019"},
    ),
    Only(
        "names the partition",
        "The two others do not know in which partition the account is. IAM refuses every other.",
        {"Resource": "arn:aws-cn:s3:::reports"},
    ),
    Only(
        "has no full service name",
        'IAM answers "Resource vendor must be fully qualified and cannot contain regexes."',
        {"Resource": "arn:aws:s3*:::reports"},
    ),
    Only(
        "has a wildcard in the service: write",
        'IAM answers "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards."',
        {"Action": "*:GetObject"},
    ),
    Only(
        "is not an action",
        "IAM accepts spaces and other characters in the name of an action, and an empty name. No action has such a "
        "name: it grants and denies nothing, which is a mistake.",
        {"Action": "s3:Get Object"},
    ),
    Only(
        "has a Region, but ARNs of route53 have none",
        'IAM answers "can not contain region information."',
        {"Resource": "arn:aws:route53:us-east-1::hostedzone/x"},
    ),
    Only(
        "has an account, but ARNs of S3 buckets and objects have none",
        'IAM answers "cannot contain an account id."',
        {"Resource": "arn:aws:s3::123456789012:reports"},
    ),
    Only(
        "in place of (a Region|an account)",
        "parliament overlooks a line feed at the end of these parts. IAM fails to parse them.",
        {"Resource": "arn:aws:sqs:us-east-1:123456789012\n:jobs"},
    ),
    Only(
        "(Principal|NotPrincipal) is given",
        'IAM answers "Policy document should not specify a principal."',
        {"Principal": "*"},
    ),
    Only(
        'NullIfExists" is not a condition operator',
        "IAM documents that Null takes no IfExists, and refuses it.",
        {"Condition": {"NullIfExists": {"aws:PrincipalTag/team": "true"}}},
    ),
    Only(
        "in this letter case",
        'IAM answers "Invalid Condition type" to an operator in another letter case. It accepts only one without keys, '
        "which tests nothing. parliament ignores letter case.",
        {"Condition": {"stringEquals": {}}},
    ),
    Only(
        "is (null|a list|an object): write a string",
        "By IAM's grammar of policies, a value is a string, a number or a boolean. moto does not look into lists, and "
        "parliament only if it knows the key.",
        {"Condition": {"StringEquals": {"nothing:AtAll": [None]}}},
    ),
    Only(
        "is not a number",
        'IAM answers "The policy failed legacy parsing". moto does not look at numbers, and parliament judges a value '
        "by its key.",
        {"Condition": {"NumericEquals": {"aws:username": "abc"}}},
    ),
    Only(
        "is not a date",
        'IAM answers "The policy failed legacy parsing" to most. The rest (hours of one digit, years before 0) are not '
        "in the W3C's profile of ISO 8601, which IAM documents.",
        {"Condition": {"DateLessThan": {"aws:username": "2026-12-13t2:00:00+23"}}},
    ),
    Only(
        "is not base64",
        'IAM answers "Syntax errors in policy." The two others do not look at such values.',
        {"Condition": {"BinaryEquals": {"s3:x-amz-meta-key": "!!!"}}},
    ),
    Only(
        "is not an IP address",
        'IAM answers "The policy failed legacy parsing". moto does not look at addresses, and parliament accepts every '
        "text that begins like one.",
        {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.999/24"}}},
    ),
    Only(
        "is not an ARN",
        'IAM answers "The policy failed legacy parsing". moto does not look at such values, and parliament judges a '
        "value by its key.",
        {"Condition": {"ArnLike": {"aws:username": "nope"}}},
    ),
]
