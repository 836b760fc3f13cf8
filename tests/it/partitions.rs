//! Every partition of AWS: the table in the code is what the SDK, the templates and the examples use.

use std::fs;

use aws_sdk_iam::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use delegated_role_core::identifiers::{Partition, Region};
use futures_util::FutureExt;
use regex_lite::Regex;
use serde_json::{Value, json};
use service_provider_access::request::ResponseUrl;

use crate::fixtures::PROVIDER;
use crate::stack::Stack;
use crate::template::read;

/// A Region of each partition.
const REGIONS: [(&str, &str); 8] = [
    ("aws", "eu-central-1"),
    ("aws-cn", "cn-north-1"),
    ("aws-us-gov", "us-gov-west-1"),
    ("aws-eusc", "eusc-de-east-1"),
    ("aws-iso", "us-iso-east-1"),
    ("aws-iso-b", "us-isob-east-1"),
    ("aws-iso-e", "eu-isoe-west-1"),
    ("aws-iso-f", "us-isof-south-1"),
];

/// Each partition of the table, with one of its Regions.
fn partitions() -> impl Iterator<Item = (Partition, &'static str)> {
    assert_eq!(Partition::all().count(), REGIONS.len());
    REGIONS.iter().map(|(name, region)| (Partition::parse(name).unwrap(), *region))
}

fn file(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn connections_are_opened_where_the_sdk_calls_iam() {
    for (partition, region) in partitions() {
        assert_eq!(Partition::of_region(region), partition, "{region}");
        assert!(Region::parse(region).is_ok(), "{region}");
        let parameters = Params::builder().region(region).build().unwrap();
        let resolver = DefaultResolver::new();
        let endpoint = resolver.resolve_endpoint(&parameters).now_or_never().unwrap().unwrap();
        assert_eq!(endpoint.url(), format!("https://{}", partition.iam_host()), "{region}");
    }
}

#[test]
fn answers_go_to_the_response_bucket_of_the_partition() {
    for (partition, region) in partitions() {
        let bucket = format!("cloudformation-custom-resource-response-{}", region.replace('-', ""));
        let url = |host: &str| json!({ "ResponseURL": format!("https://{bucket}.{host}/arn%3Aaws?X-Amz-Signature=x") });
        let accepted = |host: &str| ResponseUrl::accept(&url(host), region, &[]).is_ok();
        let suffix = partition.dns_suffix();
        assert!(accepted(&format!("s3.{region}.{suffix}")), "{region}");
        for (other, other_region) in partitions().filter(|(other, _)| *other != partition) {
            let other_suffix = other.dns_suffix();
            for foreign in [
                format!("s3.{other_region}.{other_suffix}"),
                format!("s3.{other_region}.{suffix}"),
                format!("s3-{other_region}.{other_suffix}"),
            ] {
                assert!(!accepted(&foreign), "{region}: {foreign}");
            }
            let global = format!("s3.{other_suffix}");
            assert!(!accepted(&global) || suffix == other_suffix && partition.as_str() == "aws", "{region}: {global}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_is_made_and_handed_over_in_every_partition() {
    for (partition, region) in partitions() {
        let stack = Stack::in_partition(partition.as_str(), region);
        let properties = json!({
            "ExternalAwsAccountId": PROVIDER, "RequireExternalId": false, "RequireMfa": true, "RoleName": "Auditor",
            "ManagedPolicyArns": format!("arn:{partition}:iam::aws:policy/SecurityAudit"),
        });
        let answer = stack.with("PERMIT_MISSING_EXTERNAL_ID", "true").create(properties).await;
        let arn = format!("arn:{partition}:iam::111111111111:role/delegated/Auditor");
        assert_eq!(answer.attribute("RoleArn"), arn);
        let switch =
            format!("https://{}/switchrole?account=111111111111&roleName=delegated/Auditor", partition.sign_in_host());
        assert_eq!(answer.attribute("SwitchRoleUrl"), switch);
        let profile = answer.attribute("AwsConfigProfile");
        assert!(profile.contains(&format!("arn:{partition}:iam::ACCOUNT:mfa/DEVICE")), "{profile}");
    }
}

#[test]
fn the_onboarding_example_knows_every_console() {
    let example = read(&file("examples/provider-onboarding.yaml"));
    let mut expected = serde_json::Map::new();
    for partition in Partition::all() {
        expected.insert(partition.as_str().to_owned(), json!({ "Domain": partition.console_domain() }));
    }
    assert_eq!(example["Mappings"]["Console"], Value::Object(expected));
}

#[test]
fn templates_accept_the_regions_and_buckets_of_every_partition() {
    let mut checked = 0;
    for path in ["template.yaml", "provider.yaml", "stackset.yaml", "examples/provider-onboarding.yaml"] {
        let template = read(&file(path));
        for (name, parameter) in template["Parameters"].as_object().unwrap() {
            let Some(pattern) = parameter["AllowedPattern"].as_str() else { continue };
            let pattern = Regex::new(pattern).unwrap();
            for (partition, region) in partitions() {
                let value = match name.as_str() {
                    name if name.ends_with("Region") => region.to_owned(),
                    name if name.ends_with("TemplateUrl") => {
                        format!("https://templates.s3.{region}.{}/customer-quickstart.yaml", partition.dns_suffix())
                    }
                    _ => continue,
                };
                assert!(pattern.is_match(&value), "{path}: {name} must accept {value}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 3 * REGIONS.len(), "{checked}");
}

/// What is the same in every partition: the service principals of Lambda and `EventBridge`, the name of STS in events, and the default of `ManagedPolicyArns`, which the
/// condition `ManagedPoliciesAreTheDefault` replaces by the same policy of the partition.
const EVERYWHERE: [&str; 4] = [
    "sts.amazonaws.com",
    "lambda.amazonaws.com",
    "events.amazonaws.com",
    "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess",
];

#[test]
fn no_template_is_for_one_partition_only() {
    let fixed = Regex::new(r"arn:aws[a-z-]*:[^ ]*|[a-z0-9-]+\.(amazonaws|aws\.amazon)\.[a-z.]*[a-z]").unwrap();
    for path in [
        "template.yaml",
        "provider.yaml",
        "stackset.yaml",
        "organization.yaml",
        "examples/customer.yaml",
        "examples/customer-quickstart.yaml",
        "examples/permissions-boundary.yaml",
        "examples/provider-onboarding.yaml",
        "examples/watch-use.yaml",
    ] {
        for line in file(path).lines().filter(|line| !line.trim_start().starts_with('#')) {
            let description = ["Description:", "ConstraintDescription:", "such as", "Domain:"];
            if description.iter().any(|word| line.contains(word)) {
                continue;
            }
            for found in fixed.find_iter(line) {
                assert!(EVERYWHERE.contains(&found.as_str()), "{path}: {line}");
            }
        }
    }
}
