"""What random policies are broken with: values that are odd, but nearly right."""

# Values of every JSON type.
TYPES = [None, True, 5, 1.5, "", "x", [], {}, [[]], [{}], [None], [5], {"Ref": "Other"}, {"Fn::Sub": "a"}]
# Keys that a policy may have, and some that it may not.
KEYS = [
    "Version", "version", "Id", "Statement", "Statements", "statement", "Sid", "sid", "Effect", "effect", "Action",
    "Actions", "action", "NotAction", "Resource", "resource", "Resources", "NotResource", "Condition", "Conditions",
    "Principal", "NotPrincipal", "Comment", "",
]
# Actions.
ACTIONS = [
    "", "*", "**", "*:*", "s3", "s3:", ":Get", ":", "s3:Get:Object", "s3:Get Object", " s3:GetObject",
    "s3:GetObject ", "S3:getobject", "s3*:Get", "s?:Get", "*:Get*", "s_3:Get", "s3-x:Get", "s3.x:Get", "s3/x:Get",
    "s3:G\u00e9t", "s3:Get\n", "iam:?assRole", "nothing:AtAll", "s3:NoSuchAction", "GetObject", "arn:aws:s3:::a",
    "${aws:username}", "s3:${aws:username}", "s3:Get*Object*",
]
# Resources.
RESOURCES = [
    "", "*", "**", "?", "bucket", "arn", "arn:", "arn:*", "arn:aws", "arn:aws:", "arn:aws:s3", "arn:aws:s3:*",
    "arn:aws:rds:*", "arn:aws:s3:bucket", "arn:aws:s3::bucket", "arn:aws:s3::*", "arn:aws:iam::*", "arn:aws:iam:*",
    "arn:aws:iam::123456789012:*", "arn:aws:iam::123456789012:*/*", "arn:aws:iam::123456789012:root",
    "arn:aws:iam::*:root", "arn:aws:lambda:*", "aws:s3:::bucket", "ARN:aws:s3:::bucket", "arn:aws:s3:::",
    "arn:aws::::bucket", "${aws:username}", "arn:aws:s3:::${aws:username", "arn:aws:s3::*:bucket",
    "arn:aws:s3:*:*:*", "arn:aws:ec2:eu-*:*:instance/*", "arn:aws:ec2:us-west-?:123456789012:instance/*",
    "arn:aws:ec2:us-gov-west-1:123456789012:instance/*", "arn:aws:ec2:eusc-de-east-1:123456789012:instance/*",
    "arn:aws:sqs:us-east-1:12345678901?:jobs", "arn:aws:sqs:us-east-1:1234*:jobs", "arn:aws:s3:us-east-1::bucket",
    "arn:aws:s3::123456789012:bucket", "arn:aws:s3:us-east-1:123456789012:job/*",
    "arn:aws:s3:us-east-1:123456789012:bucket/x",
]
# The parts of an ARN: partitions,
PARTITION_PARTS = [
    "", "*", "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "AWS", "aws*", "aws-", "amazon", "${aws:x}",
]
# services,
SERVICE_PARTS = [
    "", "*", "s3", "s3*", "iam", "IAM", "sts", "ec2", "route53", "no-such-service", "s?", "${aws:x}", "s 3",
]
# Regions,
REGION_PARTS = [
    "", "*", "?", "us-east-1", "us-*", "region", "REGION", "{region}", "us-east-1 ", "us-west--2",
    "${aws:RequestedRegion}", "global", "us-gov-west-1", "us-iso-east-1",
]
# accounts,
ACCOUNT_PARTS = [
    "", "*", "?", "123456789012", "12345678901", "1234567890123", "123456789012 ", "1234-5678-9012", "aws",
    "account-id", "ACCOUNT", "<account>", "${aws:PrincipalAccount}", "12345678901?", "aws-marketplace", "amazon",
]
# and resources.
RESOURCE_PARTS = [
    "", "*", "*/*", "role", "role/", "role/*", "role*", "Role/x", "user/x", "users/x", "root", "root/", "group/x",
    "policy/x", "mfa/x", "u2f/user/x", "instance-profile/x", "saml-provider/x", "oidc-provider/x", "report/x",
    "bucket", "bucket/x", "a:b", "a b", "::", "accesspoint/x", "accesspoint*", "job/x", "${aws:username}", "${", "}",
]
# Condition operators.
OPERATORS = [
    "", "StringEqual", "stringEquals", "STRINGEQUALS", "StringEqualsIfexists", "StringEqualsIfExistsIfExists",
    "IfExists", "NullIfExists", "ForAllValues:Null", "ForAllValues::StringEquals", "forAllValues:StringEquals",
    "ForAll:StringEquals", "ForAnyValue:StringLikeIfExists", "BinaryEquals", "BinaryNotEquals", "StringMatch",
    "Boolean", "IpAddressIfExists", "DateBefore", "NumericLessThanOrEquals", "ArnMatch", "StringLikeIgnoreCase",
    "ForAnyValue:", "NotNull",
]
# Condition values of every type.
VALUES = [
    "", " ", "x", "true", "True", "TRUE", "yes", "false", "null", "0", "1", "-1", "+1", "1.5", "1e3", "1,5", " 10",
    "10 ", "0x10", "abc", "inf", "nan", "9223372036854775807", "9223372036854775808", "2026", "2026-01",
    "2026-01-01", "2026-13-45", "2026-02-30", "2026/01/01", "2026-1-1", "2026-01-01T00:00Z", "2026-01-01T00:00:00",
    "2026-01-01t00:00:00z", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00+09:00", "2026-01-01T00:00:00-09:00",
    "2026-01-01T00:00:00+9", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01 00:00:00",
    "Thu, 01 Jan 2026 00:00:00 GMT", "tomorrow", "01T", "-2026", "2026-12-13t2:00:00+23", "${aws:CurrentTime}",
    "203.0.113.0/24", "203.0.113.5", "203.0.113.5/24", "203.0.113.999", "203.0.113.0/33", "1.2.3", "0.0.0.0/0",
    "::/0", "2001:db8::/32", "2001:db8::1", "2001:db8::/129", "example.com", "203.0.113.5 ", "*", "**", "?",
    "arn:aws:s3:::b", "arn:aws:s3:b", "arn:*", "arn:", "arn:aws:*:*:*:*",
    "arn:aws:iam::${aws:PrincipalAccount}:role/x", "${aws:PrincipalArn}", "nope", "YWJj", "YWJjZA==", "YWJj==",
    "abc", "!!!", "====", "${aws:username", "a\tb", "a\nb",
]
# Statement IDs.
SIDS = [
    "", "Read", "Read logs", "Read-logs", "read_1", "\u00c4", "1", "Read\n",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
]
# Language versions.
VERSIONS = ["2012-10-17", "2008-10-17", "2012-10-18", "2012-10-17 ", "", "2012", "2020-01-01"]
# Effects.
EFFECTS = ["Allow", "Deny", "allow", "DENY", "Permit", "", " Allow", "Allow "]
# Characters on both sides of what IAM accepts.
CHARACTERS = (
    "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u2028\u2029\u200b\ufeff\u0100\u20ac\u4e2d\U0001f600\u0000\u0007"
    "\u000b\u001f\u007f\u0080\u00a0\u00e9\u00ff\t\n\r ~"
)
# Characters with a meaning in ARNs and actions, and some without.
ALPHABET = ":*?/${}.-_,aA1 \u00e9"
