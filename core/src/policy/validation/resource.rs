//! Resources as IAM accepts them: `*`, or an ARN that could exist in this partition.

use crate::identifiers::{Partition, Region};
use crate::policy::wording::shown;

/// The parts of an ARN, after its `arn:`.
struct Parts<'a> {
    partition: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

/// Why IAM refuses a resource, if it does.
pub(super) fn problem(resource: &str, partition: &Partition) -> Option<String> {
    if resource == "*" {
        return None;
    }
    let quoted = shown(resource);
    let Some(parts) = parts(resource) else {
        return Some(format!(
            "\"{quoted}\" is not a resource: write an ARN of six parts, \
             arn:{partition}:SERVICE:REGION:ACCOUNT:RESOURCE, or *"
        ));
    };
    let why = foreign_partition(&parts, partition)
        .or_else(|| incomplete_service(&parts))
        .or_else(|| variable_before_the_resource(&parts))
        .or_else(|| superfluous_part(&parts))
        .or_else(|| malformed_part(&parts))
        .or_else(|| unknown_iam_type(&parts))?;
    Some(format!("\"{quoted}\" {why}"))
}

/// IAM reads every missing part as `*`. It accepts that only if no part before is empty; this function also requires
/// that the text ends in a wildcard, because `arn:aws:s3:bucket` does not mean what it seems to.
fn parts(resource: &str) -> Option<Parts<'_>> {
    let mut parts = resource.strip_prefix("arn:")?.splitn(5, ':');
    let given = resource.splitn(6, ':').count();
    let shortened = given < 6;
    if shortened && (!resource.ends_with('*') || resource.contains("::")) {
        return None;
    }
    let mut next = || parts.next().unwrap_or("*");
    Some(Parts { partition: next(), service: next(), region: next(), account: next(), resource: next() })
}

fn foreign_partition(parts: &Parts<'_>, partition: &Partition) -> Option<String> {
    let given = parts.partition;
    (given != "*" && given != partition.as_str())
        .then(|| format!("names the partition \"{}\": write {partition}, the partition of this account", shown(given)))
}

fn incomplete_service(parts: &Parts<'_>) -> Option<String> {
    let complete = !parts.service.is_empty() && !parts.service.contains(['*', '?', '$']);
    (!complete)
        .then(|| "has no full service name in its third part: write one without wildcards, such as s3".to_owned())
}

fn variable_before_the_resource(parts: &Parts<'_>) -> Option<String> {
    [parts.region, parts.account].iter().any(|part| part.contains("${")).then(|| {
        "has a policy variable before its sixth part, where IAM accepts none: write the value, or *".to_owned()
    })
}

/// Only a wildcard is no value: IAM accepts it where it refuses a Region or an account.
fn is_value(part: &str) -> bool {
    !part.chars().all(|c| matches!(c, '*' | '?'))
}

/// The services whose ARNs have no Region.
const WITHOUT_REGION: [&str; 2] = ["iam", "route53"];

/// What may follow a Region or an account in an ARN of S3. ARNs of buckets and objects have neither.
const REGIONAL_IN_S3: [&str; 6] =
    ["access-grants/", "accesspoint/", "async-request/", "job/", "storage-lens-group/", "storage-lens/"];

fn superfluous_part(parts: &Parts<'_>) -> Option<String> {
    let Parts { service, region, account, resource, .. } = *parts;
    let (has_region, has_account) = match service {
        "s3" if !REGIONAL_IN_S3.iter().any(|start| resource.starts_with(start)) => {
            (is_value(region), is_value(account))
        }
        service => (WITHOUT_REGION.contains(&service) && is_value(region), false),
    };
    let whose = if service == "s3" { "S3 buckets and objects" } else { service };
    if has_region {
        Some(format!("has a Region, but ARNs of {whose} have none: leave the fourth part empty"))
    } else if has_account {
        Some(format!("has an account, but ARNs of {whose} have none: leave the fifth part empty"))
    } else {
        None
    }
}

fn malformed_part(parts: &Parts<'_>) -> Option<String> {
    let wildcards = |part: &str| part.contains(['*', '?']);
    let region = parts.region;
    let region_is_valid = region.is_empty()
        || Region::parse(region).is_ok()
        || (wildcards(region)
            && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-*?".contains(&byte)));
    if !region_is_valid {
        return Some(format!("has \"{}\" in place of a Region: write one such as eu-west-1, or *", shown(region)));
    }
    let account = parts.account;
    let digits = account.bytes().all(|byte| byte.is_ascii_digit() || b"*?".contains(&byte));
    // Some services have other names in place of an account: aws, aws-marketplace.
    let of_aws = account == "aws"
        || account.strip_prefix("aws-").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_lowercase()));
    let account_is_valid = account.is_empty() || of_aws || (digits && (wildcards(account) || account.len() == 12));
    (!account_is_valid).then(|| format!("has \"{}\" in place of an account: write 12 digits, aws or *", shown(account)))
}

/// The types of resources that IAM has, as they begin the last part of an ARN.
const IAM_TYPES: [&str; 18] = [
    "access-report/",
    "assumed-role/",
    "contextProvider/",
    "delegation-request/",
    "federated-user/",
    "group/",
    "instance-profile/",
    "mfa/",
    "oidc-provider/",
    "policy/",
    "report/",
    "role-template/",
    "role/",
    "saml-provider/",
    "server-certificate/",
    "sms-mfa/",
    "u2f/",
    "user/",
];

fn unknown_iam_type(parts: &Parts<'_>) -> Option<String> {
    let known =
        |resource: &str| ["*", "root"].contains(&resource) || IAM_TYPES.iter().any(|start| resource.starts_with(start));
    (parts.service == "iam" && !known(parts.resource)).then(|| {
        "does not name a type of IAM resource: let its sixth part be *, or start with a type such as role/, user/ or \
         policy/"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::problem;
    use crate::identifiers::Partition;

    /// What follows the quoted resource.
    fn found(resource: &str) -> Option<String> {
        let partition = Partition::parse("aws").expect("a partition");
        let sentence = problem(resource, &partition)?;
        Some(sentence.strip_prefix(&format!("\"{resource}\" ")).expect("it quotes the resource").to_owned())
    }

    #[test]
    fn arns_that_can_exist_are_accepted() {
        for resource in [
            "*",
            "arn:aws:s3:::reports",
            "arn:aws:s3:::reports/*",
            "arn:aws:s3:::${aws:PrincipalTag/bucket}/*",
            "arn:*:s3:::reports",
            // AWS's own policies leave out parts, or have wildcards where a value is refused.
            "arn:aws:rds:*",
            "arn:aws:s3:*",
            "arn:aws:s3::*:codepipeline-*",
            "arn:aws:s3:*:*:*",
            "arn:aws:iam:*:*:role/MediaStoreAccessLogs",
            "arn:aws:s3:*:*:access-grants/default",
            "arn:aws:s3:us-west-2:123456789012:accesspoint/reports/object/*",
            "arn:aws:s3::123456789012:accesspoint/reports.mrap",
            "arn:aws:s3:us-west-2:123456789012:job/*",
            "arn:aws:iam::*:*",
            "arn:aws:iam:::*",
            "arn:aws:iam::*:root",
            "arn:aws:iam::aws:policy/job-function/*",
            "arn:aws:iam::123456789012:role/aws-service-role/*",
            "arn:aws:iam::????????????:user/${aws:username}",
            "arn:aws:iam::12345678901*:mfa/*",
            "arn:aws:lambda:eu-*:123456789012:function:*",
            "arn:aws:lambda:us-west-?:123456789012:function:a",
            "arn:aws:ec2:eusc-de-east-1:123456789012:instance/*",
            "arn:aws:ec2:us-gov-west-1::image/*",
            "arn:aws:imagebuilder:*:aws-marketplace:component/*",
            "arn:aws:route53:::hostedzone/*",
            "arn:aws:sagemaker:*:aws:hub/SageMakerPublicHub",
            "arn:aws:organizations::*:",
            "arn:aws:secretsmanager:*:*:secret:redshift!*",
            "arn:aws:execute-api:us-east-1:123456789012:a/b:c d",
        ] {
            assert_eq!(found(resource), None, "{resource}");
        }
    }

    #[test]
    fn arns_that_iam_refuses_are_explained() {
        let not_a_resource =
            "is not a resource: write an ARN of six parts, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or *";
        let no_service = "has no full service name in its third part: write one without wildcards, such as s3";
        let variable = "has a policy variable before its sixth part, where IAM accepts none: write the value, or *";
        let iam_type = "does not name a type of IAM resource: let its sixth part be *, or start with a type such as \
                        role/, user/ or policy/";
        let no_region =
            |whose: &str| format!("has a Region, but ARNs of {whose} have none: leave the fourth part empty");
        let no_account = "has an account, but ARNs of S3 buckets and objects have none: leave the fifth part empty";
        let region = |given: &str| format!("has \"{given}\" in place of a Region: write one such as eu-west-1, or *");
        let account = |given: &str| format!("has \"{given}\" in place of an account: write 12 digits, aws or *");
        let partition =
            |given: &str| format!("names the partition \"{given}\": write aws, the partition of this account");
        for (resource, why) in [
            ("reports", not_a_resource.to_owned()),
            ("arn:aws:s3:reports", not_a_resource.to_owned()),
            ("arn:aws:s3::reports", not_a_resource.to_owned()),
            ("arn:aws:s3::*", not_a_resource.to_owned()),
            ("aws:s3:::reports", not_a_resource.to_owned()),
            ("arn:aws-cn:s3:::reports", partition("aws-cn")),
            ("arn::s3:::reports", partition("")),
            ("arn:AWS:s3:::reports", partition("AWS")),
            ("arn:aws*:s3:::reports", partition("aws*")),
            ("arn:${aws:x}:s3:::reports", partition("${aws")),
            ("arn:aws::::reports", no_service.to_owned()),
            ("arn:*", no_service.to_owned()),
            ("arn:aws:*", no_service.to_owned()),
            ("arn:aws:*:::reports", no_service.to_owned()),
            ("arn:aws:s?:::reports", no_service.to_owned()),
            ("arn:aws:${service}:::reports", no_service.to_owned()),
            ("arn:aws:iam:us-east-1:123456789012:role/x", no_region("iam")),
            ("arn:aws:iam:us-*:123456789012:role/x", no_region("iam")),
            ("arn:aws:route53:us-east-1::hostedzone/x", no_region("route53")),
            ("arn:aws:s3:us-east-1::reports", no_region("S3 buckets and objects")),
            ("arn:aws:s3:us-east-1:123456789012:reports/*", no_region("S3 buckets and objects")),
            ("arn:aws:s3::123456789012:reports", no_account.to_owned()),
            ("arn:aws:iam::${aws:PrincipalAccount}:role/x", variable.to_owned()),
            ("arn:aws:lambda:${aws:RequestedRegion}:123456789012:function:x", variable.to_owned()),
            ("arn:aws:lambda:region:123456789012:function:x", region("region")),
            ("arn:aws:lambda:{region}:123456789012:function:x", region("{region}")),
            ("arn:aws:lambda:us-west--2:123456789012:function:x", region("us-west--2")),
            ("arn:aws:lambda:US-EAST-1:123456789012:function:x", region("US-EAST-1")),
            ("arn:aws:lambda:us-east-1 :123456789012:function:x", region("us-east-1 ")),
            ("arn:aws:lambda:eu-west-1:ACCOUNT_ID:function:x", account("ACCOUNT_ID")),
            ("arn:aws:lambda:eu-west-1:<account>:function:x", account("<account>")),
            ("arn:aws:lambda:eu-west-1:12345678901:function:x", account("12345678901")),
            ("arn:aws:lambda:eu-west-1:1234 5678 9012:function:x", account("1234 5678 9012")),
            ("arn:aws:iam::123456789012:*/*", iam_type.to_owned()),
            ("arn:aws:iam::123456789012:role", iam_type.to_owned()),
            ("arn:aws:iam::123456789012:role*", iam_type.to_owned()),
            ("arn:aws:iam::123456789012:Role/x", iam_type.to_owned()),
            ("arn:aws:iam::123456789012:", iam_type.to_owned()),
            ("arn:aws:iam::123456789012:bucket/x", iam_type.to_owned()),
        ] {
            assert_eq!(found(resource), Some(why), "{resource}");
        }
    }
}
