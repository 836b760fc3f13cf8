//! The partitions of AWS, and what differs between them. This table is the only place that knows a partition's hosts.

use std::fmt;

use super::text::Invalid;

struct Row {
    name: &'static str,
    /// The start of the names of its Regions. The Regions of `aws` are all others.
    region_prefix: &'static str,
    /// The domain of its endpoints.
    dns_suffix: &'static str,
    /// The endpoint of IAM, which is global in each partition.
    iam_host: &'static str,
    /// The host of the console's sign-in pages.
    sign_in_host: &'static str,
    /// The domain of the console, after a Region.
    console_domain: &'static str,
    /// Whether the name of a bucket without its Region can be that of a bucket in another partition.
    shares_dns_suffix: bool,
}

/// Hosts as in the endpoint rules of the AWS SDKs for IAM and for sign-in.
static TABLE: [Row; 8] = [
    Row {
        name: "aws",
        region_prefix: "",
        dns_suffix: "amazonaws.com",
        iam_host: "iam.amazonaws.com",
        sign_in_host: "signin.aws.amazon.com",
        console_domain: "console.aws.amazon.com",
        shares_dns_suffix: false,
    },
    Row {
        name: "aws-cn",
        region_prefix: "cn-",
        dns_suffix: "amazonaws.com.cn",
        iam_host: "iam.cn-north-1.amazonaws.com.cn",
        sign_in_host: "signin.amazonaws.cn",
        console_domain: "console.amazonaws.cn",
        shares_dns_suffix: false,
    },
    Row {
        name: "aws-us-gov",
        region_prefix: "us-gov-",
        dns_suffix: "amazonaws.com",
        iam_host: "iam.us-gov.amazonaws.com",
        sign_in_host: "signin.amazonaws-us-gov.com",
        console_domain: "console.amazonaws-us-gov.com",
        shares_dns_suffix: true,
    },
    Row {
        name: "aws-eusc",
        region_prefix: "eusc-",
        dns_suffix: "amazonaws.eu",
        iam_host: "iam.eusc-de-east-1.amazonaws.eu",
        // There is no sign-in host without a Region.
        sign_in_host: "eusc-de-east-1.signin.amazonaws-eusc.eu",
        console_domain: "console.amazonaws-eusc.eu",
        shares_dns_suffix: false,
    },
    Row {
        name: "aws-iso",
        region_prefix: "us-iso-",
        dns_suffix: "c2s.ic.gov",
        iam_host: "iam.us-iso-east-1.c2s.ic.gov",
        sign_in_host: "signin.c2shome.ic.gov",
        console_domain: "console.c2shome.ic.gov",
        shares_dns_suffix: false,
    },
    Row {
        name: "aws-iso-b",
        region_prefix: "us-isob-",
        dns_suffix: "sc2s.sgov.gov",
        iam_host: "iam.us-isob-east-1.sc2s.sgov.gov",
        sign_in_host: "signin.sc2shome.sgov.gov",
        console_domain: "console.sc2shome.sgov.gov",
        shares_dns_suffix: false,
    },
    Row {
        name: "aws-iso-e",
        region_prefix: "eu-isoe-",
        dns_suffix: "cloud.adc-e.uk",
        iam_host: "iam.eu-isoe-west-1.cloud.adc-e.uk",
        sign_in_host: "signin.csphome.adc-e.uk",
        console_domain: "console.csphome.adc-e.uk",
        shares_dns_suffix: false,
    },
    Row {
        name: "aws-iso-f",
        region_prefix: "us-isof-",
        dns_suffix: "csp.hci.ic.gov",
        iam_host: "iam.us-isof-south-1.csp.hci.ic.gov",
        sign_in_host: "signin.csphome.hci.ic.gov",
        console_domain: "console.csphome.hci.ic.gov",
        shares_dns_suffix: false,
    },
];

/// A partition of AWS, the second part of every ARN: `aws`, `aws-cn`, `aws-us-gov`, ….
#[derive(Clone)]
pub struct Partition(&'static Row);

impl Partition {
    /// All partitions.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Self)
    }

    /// Reads the name of a partition.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::all().find(|partition| partition.as_str() == text).ok_or_else(|| {
            let names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
            Invalid::new(format!("a partition of AWS: {}", names.join(", ")))
        })
    }

    /// The partition of a Region.
    pub fn of_region(region: &str) -> Self {
        let (general, special) = (&TABLE[0], &TABLE[1..]);
        Self(special.iter().find(|row| region.starts_with(row.region_prefix)).unwrap_or(general))
    }

    /// Its name.
    pub fn as_str(&self) -> &'static str {
        self.0.name
    }

    /// The domain of its endpoints, such as `amazonaws.com`.
    pub fn dns_suffix(&self) -> &'static str {
        self.0.dns_suffix
    }

    /// The host of IAM.
    pub fn iam_host(&self) -> &'static str {
        self.0.iam_host
    }

    /// The host of the console's sign-in pages, where a user switches to a role.
    pub fn sign_in_host(&self) -> &'static str {
        self.0.sign_in_host
    }

    /// The domain of the console, after a Region and a dot.
    pub fn console_domain(&self) -> &'static str {
        self.0.console_domain
    }

    /// The hosts of the bucket in which CloudFormation receives the answers of custom resources in this Region.
    pub fn response_hosts(&self, region: &str) -> impl Iterator<Item = String> + use<> {
        let Row { dns_suffix, shares_dns_suffix, .. } = self.0;
        let bucket = format!("cloudformation-custom-resource-response-{}", region.replace('-', ""));
        let regional = [format!("{bucket}.s3.{region}.{dns_suffix}"), format!("{bucket}.s3-{region}.{dns_suffix}")];
        // Where another partition has the same suffix, anyone there could create a bucket of this name.
        let global = (!shares_dns_suffix).then(|| format!("{bucket}.s3.{dns_suffix}"));
        regional.into_iter().chain(global)
    }
}

impl PartialEq for Partition {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Partition {}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Partition").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_known_by_its_name() {
        for partition in Partition::all() {
            assert_eq!(Partition::parse(partition.as_str()), Ok(partition));
        }
        for unknown in ["", "aws-", "AWS", "aws-xyz", "xyz", "aws-us-gov-"] {
            let error = Partition::parse(unknown).expect_err("unknown").to_string();
            let names = "aws, aws-cn, aws-us-gov, aws-eusc, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f";
            assert_eq!(error, format!("a partition of AWS: {names}"), "{unknown}");
        }
    }

    #[test]
    fn a_region_is_in_one_partition() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("eu-central-1", "aws"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-east-1", "aws-us-gov"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-west-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
        ] {
            assert_eq!(Partition::of_region(region).as_str(), partition, "{region}");
        }
    }

    #[test]
    fn only_a_host_with_its_region_is_a_response_bucket_in_govcloud() {
        let hosts = |region: &str| Partition::of_region(region).response_hosts(region).collect::<Vec<_>>();
        let bucket = "cloudformation-custom-resource-response";
        let [regional, dashed, global] =
            ["s3.eu-west-1", "s3-eu-west-1", "s3"].map(|service| format!("{bucket}-euwest1.{service}.amazonaws.com"));
        assert_eq!(hosts("eu-west-1"), [regional, dashed, global]);
        let [regional, dashed] = ["s3.us-gov-west-1", "s3-us-gov-west-1"]
            .map(|service| format!("{bucket}-usgovwest1.{service}.amazonaws.com"));
        assert_eq!(hosts("us-gov-west-1"), [regional, dashed]);
    }
}
