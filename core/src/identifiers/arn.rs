//! Amazon Resource Names, one type for each kind.

use std::fmt;

use super::account::{Account, AccountId, Region};
use super::partition::Partition;
use super::role::{RoleName, RolePath};
use super::text::{Invalid, is_name_character};

/// The ARN of a role: `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn {
    text: String,
    account: Account,
}

impl RoleArn {
    /// Reads the ARN of a role, not that of a session of it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const FORM: &str = "the ARN of a role, such as arn:aws:iam::111122223333:role/NAME";
        if text.contains(":assumed-role/") {
            return Err(Invalid::new(format!("{FORM}; this is the ARN of a session")));
        }
        let parts = match text.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", partition, "iam", "", account, resource] => {
                let account = Partition::parse(partition).ok().zip(AccountId::parse(account).ok());
                resource.strip_prefix("role").and_then(|role| role.rsplit_once('/')).zip(account)
            }
            _ => None,
        };
        match parts {
            Some(((path, name), (partition, id)))
                if RolePath::parse(&format!("{path}/")).is_ok() && RoleName::parse(name).is_ok() =>
            {
                Ok(Self { text: text.to_owned(), account: Account { partition, id } })
            }
            _ => Err(Invalid::new(FORM)),
        }
    }

    /// The ARN itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its path and name: `/NAME`, `/PATH/NAME`.
    pub fn path_and_name(&self) -> &str {
        self.text.splitn(6, ':').nth(5).and_then(|resource| resource.strip_prefix("role")).unwrap_or_default()
    }

    /// The account that the role is in.
    pub fn account(&self) -> &Account {
        &self.account
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The ARN of a Lambda function: `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME`, without the version or alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionArn {
    text: String,
    account: Account,
    region: Region,
}

impl FunctionArn {
    /// Reads the ARN by which a function was invoked. A version or alias at its end is left out.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let parts = match text.split(':').collect::<Vec<_>>()[..] {
            ["arn", partition, "lambda", region, account, "function", name]
            | ["arn", partition, "lambda", region, account, "function", name, _] => (partition, region, account, name),
            _ => return Err(Invalid::new("the ARN of a Lambda function")),
        };
        let (partition, region, account, name) = parts;
        Ok(Self {
            text: format!("arn:{partition}:lambda:{region}:{account}:function:{name}"),
            account: Account { partition: Partition::parse(partition)?, id: AccountId::parse(account)? },
            region: Region::parse(region)?,
        })
    }

    /// The ARN itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The account that the function is in.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The Region that the function is in.
    pub fn region(&self) -> &Region {
        &self.region
    }
}

/// The ARN of a CloudFormation stack, which is its ID: `arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/NAME/ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackArn(String);
text!(StackArn);

impl StackArn {
    /// Reads a stack's ARN.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let named =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let well_formed = match text.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", partition, "cloudformation", region, account, resource] => {
                Partition::parse(partition).is_ok()
                    && named(region)
                    && AccountId::parse(account).is_ok()
                    && resource
                        .strip_prefix("stack/")
                        .and_then(|stack| stack.split_once('/'))
                        .is_some_and(|(name, id)| named(name) && named(id))
            }
            _ => false,
        };
        if well_formed { Ok(Self(text.to_owned())) } else { Err(Invalid::new("the ID of a stack, which is its ARN")) }
    }

    /// The partition in the ARN.
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The Region in the ARN.
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// The account in the ARN.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// The stack's name.
    pub fn name(&self) -> &str {
        self.part(5).split('/').nth(1).unwrap_or_default()
    }

    fn part(&self, index: usize) -> &str {
        self.0.split(':').nth(index).unwrap_or_default()
    }
}

/// The ARN of a managed policy: an AWS managed one or a customer managed one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyArn(String);
text!(PolicyArn);

impl PolicyArn {
    /// Reads `arn:PARTITION:iam::OWNER:policy/[PATH/]NAME`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let resource = |resource: &str| {
            resource.strip_prefix("policy/").is_some_and(|name| {
                !name.is_empty() && name.split('/').all(|part| !part.is_empty() && part.chars().all(is_name_character))
            })
        };
        match text.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", partition, "iam", "", owner, name]
                if Partition::parse(partition).is_ok()
                    && (owner == "aws" || AccountId::parse(owner).is_ok())
                    && text.len() <= 2048
                    && resource(name) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(Invalid::new("the ARN of a managed policy, such as arn:aws:iam::aws:policy/SecurityAudit")),
        }
    }

    /// The partition in the ARN.
    pub fn partition(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// The name, without its path.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is AWS's own policy that denies everything.
    pub fn denies_everything(&self) -> bool {
        self.owner() == "aws" && self.name() == "AWSDenyAll"
    }

    /// `aws`, or the account that the policy belongs to.
    pub fn owner(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

/// A role or user that may assume the role, or a pattern for several: the value of an `ArnLike`
/// condition on `aws:PrincipalArn`. The only wildcard is a `*` at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PrincipalArn(String);
text!(PrincipalArn);

impl PrincipalArn {
    /// Whether this ARN, or the pattern that it is, matches everything that `other` matches.
    pub fn covers(&self, other: &Self) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => other.0.starts_with(start),
            None => self == other,
        }
    }

    /// Reads `arn:PARTITION:iam::ACCOUNT:role/…` or `…:user/…`, possibly ending in `*`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.contains(":assumed-role/") {
            return Err(Invalid::new(
                "the ARN of the role itself (arn:aws:iam::ACCOUNT:role/NAME): a condition on a session's ARN never \
                 matches, since aws:PrincipalArn holds the role's",
            ));
        }
        let resource = |resource: &str| {
            let name = resource.strip_prefix("role/").or_else(|| resource.strip_prefix("user/"));
            name.is_some_and(|name| {
                let stem = name.strip_suffix('*').unwrap_or(name);
                !name.is_empty()
                    && !stem.starts_with('/')
                    && !stem.contains("//")
                    && !name.ends_with('/')
                    && stem.chars().all(|character| character == '/' || is_name_character(character))
            })
        };
        match text.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", partition, "iam", "", account, name]
                if Partition::parse(partition).is_ok()
                    && AccountId::parse(account).is_ok()
                    && text.len() <= 2048
                    && resource(name) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(Invalid::new(
                "the ARN of a role or user, such as arn:aws:iam::111122223333:role/Deploy, with at most one *, at its end",
            )),
        }
    }

    /// The partition in the ARN.
    pub fn partition(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// The account in the ARN.
    pub fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_stack_says_where_it_is() {
        let stack =
            StackArn::parse("arn:aws:cloudformation:eu-west-1:111122223333:stack/my-stack/9f2c").expect("an ARN");
        let parts = (stack.partition(), stack.region(), stack.account(), stack.name());
        assert_eq!(parts, ("aws", "eu-west-1", "111122223333", "my-stack"));
        for bad in [
            "",
            "my-stack",
            "arn:aws:sns:eu-west-1:111122223333:stack/a/b",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/a",
            "arn:aws:cloudformation:eu-west-1:1:stack/a/b",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/*/x",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/a/*",
            "arn:aws:cloudformation:*:111122223333:stack/a/b",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/a/b/c",
            "arn:aws:cloudformation:eu-west-1:111122223333:stack/${aws:username}/b",
        ] {
            assert!(StackArn::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn arns_are_read_part_by_part() {
        for good in ["arn:aws:iam::aws:policy/SecurityAudit", "arn:aws-cn:iam::123456789012:policy/team/Read"] {
            assert!(PolicyArn::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "SecurityAudit",
            "arn:aws:iam::aws:policy/",
            "arn:aws:iam::12:policy/Read",
            "arn:aws:iam:us-east-1:aws:policy/Read",
            "arn:aws:s3::123456789012:policy/Read",
            "arn:aws:iam::123456789012:role/Read",
            "arn:aws:iam::aws:policy/*",
        ] {
            assert!(PolicyArn::parse(bad).is_err(), "{bad}");
        }
        for good in ["role/Deploy", "role/ci/*", "role/*", "user/auditor", "role/ci-*"] {
            assert!(PrincipalArn::parse(&format!("arn:aws:iam::111122223333:{good}")).is_ok(), "{good}");
        }
        for bad in ["*", "root", "role/", "role/a*b", "role/?", "role//a", "group/x", "role/a/", "role/**"] {
            assert!(PrincipalArn::parse(&format!("arn:aws:iam::111122223333:{bad}")).is_err(), "{bad}");
        }
        let session = PrincipalArn::parse("arn:aws:sts::111122223333:assumed-role/Deploy/me");
        assert!(session.expect_err("should be refused").to_string().contains("role itself"));
    }
}
