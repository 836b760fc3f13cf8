//! Whether a policy allows a call, by `iam-rs`, with the context that AWS sets.
//!
//! The evaluator differs from AWS in two ways. It accepts only 12 digits as an account, but AWS managed policies belong to
//! `aws`: in resources, that account is renamed on both sides. Its `ArnEquals` treats wildcards as text, and a wildcard of
//! its `ArnLike` can match colons, where AWS matches part by part. If pattern and value have the same number of colons, as
//! policies of an account and the patterns that `AllowedManagedPolicyArns` accepts do, no wildcard can match one.

use iam_rs::{Arn, Context, Decision, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use serde_json::{Value, json};

use crate::fixtures::ACCOUNT;

const FUNCTION: &str = "arn:aws:sts::111111111111:assumed-role/FunctionRole/service-provider-access";
/// Replaces `aws`. No account has this ID.
const AWS_ITSELF: &str = "000000000000";
/// The resource of actions without a resource. No policy names it.
const NO_RESOURCE: &str = "arn:aws:iam::111111111111:*";
/// The actions on roles for which AWS sets `iam:PermissionsBoundary`, by its Service Authorization
/// Reference, as far as the function could want them.
const TELL_THE_BOUNDARY: [&str; 12] = [
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
];

/// A call, as AWS asks whether it is allowed.
#[derive(Clone, Debug)]
pub(super) struct Call {
    action: String,
    resource: String,
    context: Vec<(&'static str, String)>,
}

impl Call {
    /// On this ARN.
    pub(super) fn on(action: &str, resource: &str) -> Self {
        Self { action: action.to_owned(), resource: resource.to_owned(), context: Vec::new() }
    }

    /// Without a resource.
    pub(super) fn on_nothing(action: &str) -> Self {
        Self::on(action, NO_RESOURCE)
    }

    /// On a role of this path and name, in the function's account.
    pub(super) fn on_role(action: &str, path_and_name: &str) -> Self {
        Self::on(action, &format!("arn:aws:iam::{ACCOUNT}:role{path_and_name}"))
    }

    /// With the boundary that the role has, or that the call itself would set.
    pub(super) fn boundary(mut self, arn: Option<&str>) -> Self {
        if TELL_THE_BOUNDARY.contains(&self.action.as_str()) {
            self.context.extend(arn.map(|arn| ("iam:PermissionsBoundary", arn.to_owned())));
        }
        self
    }

    /// With another key in the context of the request.
    pub(super) fn with(mut self, key: &'static str, value: &str) -> Self {
        self.context.push((key, value.to_owned()));
        self
    }

    /// With the policy to attach or detach.
    pub(super) fn policy(mut self, arn: &str) -> Self {
        assert!(["iam:AttachRolePolicy", "iam:DetachRolePolicy"].contains(&self.action.as_str()));
        self.context.push(("iam:PolicyARN", arn.to_owned()));
        self
    }
}

pub(super) struct Judge(PolicyEvaluator);

impl Judge {
    /// With this policy.
    pub(super) fn of(policy: &Value) -> Self {
        let mut policy = policy.clone();
        for statement in policy["Statement"].as_array_mut().unwrap() {
            // The evaluator ignores elements that it does not know.
            for element in statement.as_object().unwrap().keys() {
                let known = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
                assert!(known.contains(&element.as_str()), "{element}");
            }
            let resources = ["Resource", "NotResource"].into_iter().filter(|name| statement.get(name).is_some());
            let [name] = resources.collect::<Vec<_>>()[..] else { panic!("not one kind of resource: {statement}") };
            match &mut statement[name] {
                Value::String(arn) => *arn = renamed(arn),
                Value::Array(arns) => arns.iter_mut().for_each(|arn| *arn = renamed(arn.as_str().unwrap()).into()),
                other => panic!("not a resource: {other}"),
            }
        }
        let policy: IAMPolicy = serde_json::from_value(policy).unwrap();
        Self(PolicyEvaluator::with_policies(vec![policy]))
    }

    pub(super) fn allows(&self, call: &Call) -> bool {
        let caller = Principal::Aws(PrincipalId::String(FUNCTION.to_owned()));
        let resource = Arn::parse(&renamed(&call.resource)).unwrap();
        let context =
            call.context.iter().fold(Context::new(), |context, (key, value)| context.with_string(*key, value.as_str()));
        let request = IAMRequest::new_with_context(caller, call.action.as_str(), resource, context);
        self.0.evaluate(&request).unwrap_or_else(|problem| panic!("{call:?}: {problem}")).decision == Decision::Allow
    }

    #[track_caller]
    pub(super) fn must_allow(&self, call: &Call) {
        assert!(self.allows(call), "not allowed: {call:?}");
    }

    #[track_caller]
    pub(super) fn must_deny(&self, call: &Call) {
        assert!(!self.allows(call), "allowed: {call:?}");
    }
}

fn renamed(arn: &str) -> String {
    assert!(!arn.contains(AWS_ITSELF));
    arn.replace(":iam::aws:", &format!(":iam::{AWS_ITSELF}:"))
}

/// Checks the evaluator against the documentation of AWS, as far as these tests need it.
#[test]
fn the_evaluator_decides_as_iam_does() {
    const BOUNDED: &str = "arn:aws:iam::111111111111:policy/B";
    let judge = |effect: &str, condition: Value| {
        Judge::of(&json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "iam:Attach*", "Resource": format!("arn:aws:iam::{ACCOUNT}:role/a/*")},
            {"Effect": effect, "Action": ["iam:PutRolePolicy", "iam:AttachRolePolicy"], "Resource": "*", "Condition": condition},
        ]}))
    };
    let attach = Call::on_role("iam:AttachRolePolicy", "/a/x").policy("arn:aws:iam::aws:policy/b/C");
    let put = Call::on_role("iam:PutRolePolicy", "/a/x");
    let bounded = put.clone().boundary(Some(BOUNDED));

    // Only statements allow calls. A wildcard matches slashes. Letter case matters.
    let plain = judge("Deny", json!({"StringEquals": {"aws:RequestedRegion": "none"}}));
    plain.must_allow(&attach);
    plain.must_deny(&put);
    plain.must_deny(&Call::on_role("iam:AttachRolePolicy", "/A/x"));
    plain.must_allow(&Call::on_role("iam:AttachRolePolicy", "/a/b/x"));
    plain.must_deny(&Call::on("iam:AttachRolePolicy", "arn:aws:iam::222222222222:role/a/x"));
    plain.must_deny(&Call::on("iam:AttachRolePolicy", "arn:aws-cn:iam::111111111111:role/a/x"));
    // A condition on a missing key is false, unless it is an IfExists condition.
    let equals = judge("Allow", json!({"StringEquals": {"iam:PermissionsBoundary": BOUNDED}}));
    equals.must_deny(&put);
    equals.must_allow(&bounded);
    equals.must_deny(&put.clone().boundary(Some("arn:aws:iam::111111111111:policy/b")));
    judge("Allow", json!({"StringEqualsIfExists": {"iam:PermissionsBoundary": BOUNDED}})).must_allow(&put);
    // What is excepted is neither allowed nor denied.
    let except = Judge::of(&json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "NotAction": ["iam:Put*", "sts:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:PassRole", "NotResource": ["arn:aws:iam::*:role/a/*", "arn:aws:iam::aws:role/b"]},
    ]}));
    except.must_allow(&attach);
    except.must_deny(&put);
    except.must_allow(&Call::on_role("iam:PassRole", "/a/x"));
    except.must_deny(&Call::on_role("iam:PassRole", "/b"));
    except.must_deny(&Call::on_nothing("iam:PassRole"));
    // A deny wins, one of several values is enough, and all conditions must be true.
    for (pattern, hit) in
        [("arn:aws:iam::aws:policy/*", true), ("arn:*:iam::aws:policy/?/C", true), ("arn:aws:iam::aws:policy/c", false)]
    {
        let denied = judge("Deny", json!({"ArnLike": {"iam:PolicyARN": ["arn:aws:iam::aws:policy/none", pattern]}}));
        assert_eq!(denied.allows(&attach), !hit, "{pattern}");
    }
    judge("Deny", json!({"ArnNotLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/*"}})).must_allow(&attach);
    judge("Deny", json!({"ArnNotLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/x/*"}})).must_deny(&attach);
    let both = json!({"ArnLike": {"iam:PolicyARN": "*"}, "StringEquals": {"iam:PermissionsBoundary": BOUNDED}});
    judge("Deny", both.clone()).must_allow(&attach);
    judge("Deny", both).must_deny(&attach.boundary(Some(BOUNDED)));
}
