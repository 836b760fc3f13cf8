//! What AWS's own managed policies amount to, by name: AWS keeps names, and changes documents.

/// How a managed policy stands. Reasons read after its name: "such a policy" "is …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It makes an administrator, or lets one be made.
    Administrative(&'static str),
    /// It grants much, but makes no administrator.
    Broad(&'static str),
    /// Its name gives no reason to say anything.
    Unremarkable,
}

const EVERYTHING_BUT: &str = "is every action of every service but a few that manage access";
const IDENTITY_CENTER: &str = "can give anyone access through IAM Identity Center";

/// Those whose own document allows everything, everything but a list, all of IAM, or handing out
/// any access in another way. Conditions do not excuse them, as they do not excuse other documents.
///
/// Most administrators of a single service (`AWSLambda_FullAccess`, `job-function/…`) may pass some
/// roles too. They stay unremarkable: they are made for operating that service, and AWS narrows
/// what they pass with conditions.
const ADMINISTRATIVE: &[(&str, &str)] = &[
    ("PowerUserAccess", EVERYTHING_BUT),
    ("AIDevOpsAgentActionsPolicy", EVERYTHING_BUT),
    ("AWSMcpServiceActionsFullAccess", "is everything an administrator can do"),
    ("IAMFullAccess", "is every action of IAM and can raise its own rights"),
    ("AWSSSOMasterAccountAdministrator", IDENTITY_CENTER),
    ("AWSSSOMemberAccountAdministrator", IDENTITY_CENTER),
    ("AWSSSODirectoryAdministrator", IDENTITY_CENTER),
];

/// Judges a policy that AWS made; of any other it says nothing, since it would have to be read.
pub fn managed_policy_standing(arn: &str) -> Standing {
    let Some(name) = aws_managed_name(arn) else {
        return Standing::Unremarkable;
    };
    // So does AWS name kinds of it: AdministratorAccess-Amplify may write any role's policies.
    let administrator = "administratoraccess";
    if name == administrator || name.starts_with("administratoraccess-") {
        return Standing::Administrative("is made for administrators");
    }
    if name == "readonlyaccess" {
        return Standing::Broad("reads the contents of nearly everything in the account");
    }
    // AmazonS3FullAccess, AWSLambda_FullAccess: what an own policy is warned about as `s3:*` on `*`.
    if name.ends_with("fullaccess") && !ADMINISTRATIVE.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
        return Standing::Broad("is made for full access to its service");
    }
    ADMINISTRATIVE
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(&name))
        .map_or(Standing::Unremarkable, |(_, reason)| Standing::Administrative(reason))
}

/// The name in `arn:PARTITION:iam::aws:policy/[path/]NAME`, in lower case.
fn aws_managed_name(arn: &str) -> Option<String> {
    let arn = arn.to_ascii_lowercase();
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let ["arn", _partition, "iam", "", "aws", resource] = parts[..] else {
        return None;
    };
    let path_and_name = resource.strip_prefix("policy/")?;
    path_and_name.rsplit('/').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Standing, managed_policy_standing};

    fn check(arns: &[&str], expect: &Expect) {
        let lines = arns.iter().map(|arn| {
            let standing = match managed_policy_standing(arn) {
                Standing::Administrative(reason) => format!("administrative, {reason}"),
                Standing::Broad(reason) => format!("broad, {reason}"),
                Standing::Unremarkable => "unremarkable".to_owned(),
            };
            format!("{arn}: {standing}\n")
        });
        expect.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn administrators_are_known_by_name_in_every_partition_path_and_letter_case() {
        check(
            &[
                "arn:aws:iam::aws:policy/AdministratorAccess",
                "arn:aws-cn:iam::aws:policy/AdministratorAccess",
                "arn:aws-us-gov:iam::aws:policy/administratoraccess",
                "arn:aws:iam::aws:policy/some/path/AdministratorAccess",
                "arn:aws:iam::aws:policy/AdministratorAccess-Amplify",
                "arn:aws:iam::aws:policy/PowerUserAccess",
                "arn:aws:iam::aws:policy/IAMFullAccess",
                "arn:aws:iam::aws:policy/AIDevOpsAgentActionsPolicy",
                "arn:aws:iam::aws:policy/AWSMcpServiceActionsFullAccess",
                "arn:aws:iam::aws:policy/AWSSSOMasterAccountAdministrator",
                "arn:aws:iam::aws:policy/AWSSSOMemberAccountAdministrator",
                "arn:aws:iam::aws:policy/AWSSSODirectoryAdministrator",
            ],
            &expect![[r"
                arn:aws:iam::aws:policy/AdministratorAccess: administrative, is made for administrators
                arn:aws-cn:iam::aws:policy/AdministratorAccess: administrative, is made for administrators
                arn:aws-us-gov:iam::aws:policy/administratoraccess: administrative, is made for administrators
                arn:aws:iam::aws:policy/some/path/AdministratorAccess: administrative, is made for administrators
                arn:aws:iam::aws:policy/AdministratorAccess-Amplify: administrative, is made for administrators
                arn:aws:iam::aws:policy/PowerUserAccess: administrative, is every action of every service but a few that manage access
                arn:aws:iam::aws:policy/IAMFullAccess: administrative, is every action of IAM and can raise its own rights
                arn:aws:iam::aws:policy/AIDevOpsAgentActionsPolicy: administrative, is every action of every service but a few that manage access
                arn:aws:iam::aws:policy/AWSMcpServiceActionsFullAccess: administrative, is everything an administrator can do
                arn:aws:iam::aws:policy/AWSSSOMasterAccountAdministrator: administrative, can give anyone access through IAM Identity Center
                arn:aws:iam::aws:policy/AWSSSOMemberAccountAdministrator: administrative, can give anyone access through IAM Identity Center
                arn:aws:iam::aws:policy/AWSSSODirectoryAdministrator: administrative, can give anyone access through IAM Identity Center
            "]],
        );
    }

    #[test]
    fn others_are_not() {
        check(
            &[
                "arn:aws:iam::aws:policy/ReadOnlyAccess",
                "arn:aws-cn:iam::aws:policy/ReadOnlyAccess",
                "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
                "arn:aws:iam::aws:policy/SecurityAudit",
                "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess",
                "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
                "arn:aws:iam::aws:policy/AWSAuditManagerAdministratorAccess",
                "arn:aws:iam::aws:policy/AWSDenyAll",
                "arn:aws:iam::123456789012:policy/AdministratorAccess",
                "arn:aws:iam::aws:role/AdministratorAccess",
                "AdministratorAccess",
                "",
            ],
            &expect![[r"
                arn:aws:iam::aws:policy/ReadOnlyAccess: broad, reads the contents of nearly everything in the account
                arn:aws-cn:iam::aws:policy/ReadOnlyAccess: broad, reads the contents of nearly everything in the account
                arn:aws:iam::aws:policy/job-function/ViewOnlyAccess: unremarkable
                arn:aws:iam::aws:policy/SecurityAudit: unremarkable
                arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess: unremarkable
                arn:aws:iam::aws:policy/IAMReadOnlyAccess: unremarkable
                arn:aws:iam::aws:policy/AWSAuditManagerAdministratorAccess: unremarkable
                arn:aws:iam::aws:policy/AWSDenyAll: unremarkable
                arn:aws:iam::123456789012:policy/AdministratorAccess: unremarkable
                arn:aws:iam::aws:role/AdministratorAccess: unremarkable
                AdministratorAccess: unremarkable
                : unremarkable
            "]],
        );
    }
}
