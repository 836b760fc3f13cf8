//! Audits of accounts with nothing, with ten roles and with two hundred, and of one whose texts attack the page.

use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

pub(crate) fn audit(roles: &[Value], gaps: &[&str]) -> Value {
    json!({
        "Version": 1,
        "AuditedAt": "2026-11-22T12:01:00Z",
        "AccountId": ACCOUNT,
        "Region": "eu-west-1",
        "Complete": gaps.is_empty(),
        "Gaps": gaps,
        "Roles": roles,
    })
}

pub(crate) fn nothing() -> Value {
    audit(&[], &[])
}

/// A role without findings.
pub(crate) fn role(name: &str, accounts: &[&str]) -> Value {
    json!({
        "RoleName": name,
        "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/delegated/{name}"),
        "StackId": format!("arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/{}-access/9f2c4e10-11aa-22bb", name.to_lowercase()),
        "LogicalId": "Access",
        "ExternalAwsAccountIds": accounts,
        "RequiresExternalId": true,
        "RequiresMfa": false,
        "MaxSessionDuration": 3600,
        "ExpiresAt": null,
        "CreatedAt": "2026-02-03T09:00:00Z",
        "LastUsedAt": "2026-11-20T08:15:00Z",
        "Policies": ["CustomPolicy", "ServiceProviderAccessGuardrails"],
        "Reach": {"Level": "limited", "Privileges": [], "Services": ["s3"]},
        "Findings": [],
    })
}

/// The same with other fields.
pub(crate) fn with(mut role: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("{fields} are no fields") };
    role.as_object_mut().unwrap().extend(fields);
    role
}

pub(crate) fn finding(code: &str, severity: &str, message: &str) -> Value {
    json!({"Code": code, "Severity": severity, "Message": message})
}

const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const UPDATE: &str = "Change Revision and update the stack.";

pub(crate) fn ten() -> Value {
    let sensitive =
        json!({"Level": "sensitive", "Privileges": ["reads-data", "broad"], "Services": ["ec2", "rds", "s3"]});
    let open = [
        finding(
            "open",
            "error",
            &format!(
                "The trust policy lets in more than a trust policy of this function: it admits everyone. {UPDATE} Find out who used \
                 the role."
            ),
        ),
        finding(
            "drifted",
            "error",
            &format!(
                "The trust policy changed since the function wrote the role on 2026-02-03T09:00:00Z: it is another one. To restore it, \
                 {UPDATE}"
            ),
        ),
    ];
    let expiring = finding(
        "expiring",
        "warning",
        "The access ends on 2026-12-01T00:00:00Z, within 14 days (ExpiringWithinDays). Give a later ExpiresAt if the provider still \
         needs it.",
    );
    let unused = finding(
        "unused",
        "warning",
        "The role was last used on 2026-06-01T10:00:00Z: not within 90 days (UnusedAfterDays). Ask the provider whether it still needs \
         the role.",
    );
    let over = finding(
        "over-limits",
        "error",
        "The function would refuse this role today: ManagedPolicyArns makes the role an administrator: \
         arn:aws:iam::aws:policy/PowerUserAccess. [administrative]",
    );
    audit(
        &[
            with(
                role("MonitoringVendor", &["*"]),
                json!({"RequiresExternalId": false, "Findings": open, "Reach": sensitive, "Policies": ["CustomPolicy",
                    "ServiceProviderAccessGuardrails", READ_ONLY]}),
            ),
            with(
                role("DatabaseContractor", &["444455556666"]),
                json!({"ExpiresAt": "2026-12-01T00:00:00Z", "Findings": [expiring], "RequiresMfa": true, "Reach":
                    {"Level": "sensitive", "Privileges": ["reads-data"], "Services": ["rds", "dynamodb"]}}),
            ),
            with(
                role("ManagedServices", &["777788889999", "123456789012"]),
                json!({"Findings": [over], "MaxSessionDuration": 43200, "Reach": {"Level": "administrator", "Privileges":
                    ["administrative", "passes-role", "exposes", "reads-data", "broad"], "Services": ["*"]},
                    "Policies": ["ServiceProviderAccessGuardrails", "arn:aws:iam::aws:policy/PowerUserAccess"]}),
            ),
            with(role("CostReports", &["222233334444"]), json!({"RequiresMfa": true})),
            with(
                role("SecurityAudit2026", &["555566667777"]),
                json!({"ExpiresAt": "2027-03-31T00:00:00Z", "Reach": sensitive, "LastUsedAt": "2026-11-21T16:00:00Z",
                    "Policies": ["ServiceProviderAccessGuardrails", "arn:aws:iam::aws:policy/SecurityAudit"]}),
            ),
            with(
                role("BackupService", &["777788889999"]),
                json!({"Reach": sensitive, "LastUsedAt": "2026-11-22T02:00:00Z"}),
            ),
            with(
                role("FormerAgency", &["888899990000"]),
                json!({"LastUsedAt": "2026-06-01T10:00:00Z", "CreatedAt": "2025-11-22T12:00:00Z", "Findings": [unused]}),
            ),
            with(
                role("LogShipping", &["222233334444"]),
                json!({"LastUsedAt": null, "CreatedAt": "2026-11-15T12:00:00Z", "ExpiresAt": "2027-11-15T00:00:00Z"}),
            ),
            with(
                role("Penetration-Test", &["313233343536"]),
                json!({"ExpiresAt": "2026-10-01T00:00:00Z", "LastUsedAt": "2026-09-28T00:00:00Z", "Findings": [finding(
                    "expired", "warning",
                    "The access ended on 2026-10-01T00:00:00Z: the role is closed. Delete its stack if it is not needed.")]}),
            ),
            with(
                role("Unmarked", &["ec2.amazonaws.com"]),
                json!({"StackId": null, "LogicalId": null, "RequiresExternalId": false, "Reach": {"Level": "nothing", "Privileges":
                    [], "Services": []}, "Policies": [], "LastUsedAt": null, "Findings": [finding("unmarked", "error",
                    "The role is under the prefix of the function, but does not have its tags, so it is not known which stack manages \
                     it. It trusts ec2.amazonaws.com. Restore the tags, or remove the role by hand.")]}),
            ),
        ],
        &[],
    )
}

pub(crate) fn two_hundred() -> Value {
    let roles: Vec<Value> = (0..200_usize)
        .map(|number| {
            let account = format!("{:012}", 200_000_000_000_u64 + (number as u64 % 37) * 1_111_111_111);
            let made = role(&format!("Provider{:02}-Region{number:03}", number % 37), &[&account]);
            let levels = ["limited", "sensitive", "limited", "limited", "sensitive"];
            let reach = json!({"Level": levels[number % 5], "Privileges": if number % 5 == 1 { json!(["reads-data"]) } else { json!([]) },
                "Services": ["s3", "ec2"]});
            let findings = match number % 25 {
                3 => json!([finding("drifted", "error", "The attached policies changed since the function wrote the role: \
                    arn:aws:iam::aws:policy/AmazonS3FullAccess was added. To restore it, change Revision and update the stack.")]),
                7 | 11 => json!([finding("unused", "warning", "The role was never used, as far as IAM knows: not within 90 days \
                    (UnusedAfterDays). Ask the provider whether it still needs the role.")]),
                _ => json!([]),
            };
            let ends = (number % 4 == 0).then(|| format!("2027-{:02}-15T00:00:00Z", number % 12 + 1));
            with(made, json!({"Reach": reach, "Findings": findings, "ExpiresAt": ends}))
        })
        .collect();
    audit(&roles, &[])
}

pub(crate) fn incomplete() -> Value {
    let mut audit = ten();
    audit["Complete"] = json!(false);
    audit["Gaps"] = json!([
        "The role Payments was not audited. iam:GetRolePolicy was denied with an explicit deny in a service control policy. [denied]",
        "It is not known whether a stack still manages the role BackupService. cloudformation:DescribeStackResource was denied."
    ]);
    audit
}

/// What must stay text, wherever it is.
pub(crate) const HOSTILE: [&str; 9] = [
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=2</script>",
    "\"><img src=x onerror=\"window.hacked=3\">",
    "' onmouseover='window.hacked=4",
    "javascript:window.hacked=5",
    "</title><svg onload=window.hacked=6>",
    "</style><style>body{display:none}</style>",
    "\u{202e}gnp.exe\u{2066}",
    "<!-- --> &lt;b&gt; {{7*7}} ${window.hacked=7} `",
];

/// Every text of it is hostile.
pub(crate) fn hostile() -> Value {
    let roles: Vec<Value> = HOSTILE
        .iter()
        .map(|text| {
            let fields = json!({
                "RoleName": text, "RoleArn": text, "StackId": format!("arn/{text}"), "LogicalId": text,
                "ExternalAwsAccountIds": [text, format!("2{text}")], "Policies": [text, format!("a/{text}")],
                "Reach": {"Level": "sensitive", "Privileges": [text], "Services": [text]},
                "Findings": [finding(text, "error", text), finding(text, "warning", text)],
            });
            with(role("Any", &[]), fields)
        })
        .collect();
    let mut audit = audit(&roles, &HOSTILE);
    audit["AccountId"] = json!(HOSTILE[1]);
    audit["Region"] = json!(HOSTILE[2]);
    audit
}
