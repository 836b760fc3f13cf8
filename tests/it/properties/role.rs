//! The role itself: its name, path, description and tags.

use serde_json::json;

use super::{
    check_all_made, check_all_refused, check_made, check_refused, check_refuses_empty_and_compound_values, made, plain,
    with_settings,
};
use crate::fixtures::{EXTERNAL_ID_TAG, merged};
use crate::stack::Stack;

#[tokio::test(start_paused = true)]
async fn role_name() {
    for name in ["a", "A_+=,.@-9", &"n".repeat(53)] {
        check_made(Stack::new(), json!({"RoleName": name}), json!({"name": name})).await;
    }
    check_refuses_empty_and_compound_values("RoleName").await;
    let form = "it must be 1 to 64 characters of A-Za-z0-9_+=,.@-. [invalid-value]";
    for bad in ["a b", "a/b", "Prüfer", "a*", "a\u{660}"] {
        check_refused(Stack::new(), json!({"RoleName": bad}), &[format!("RoleName is \"{bad}\"; {form}")]).await;
    }
    // It may be an external ID in the wrong property.
    let hidden = format!("RoleName is not well-formed (its value is not repeated here); {form}");
    for bad in ["n".repeat(65), "acme:7d1c9a3e".into()] {
        check_refused(Stack::new(), json!({"RoleName": bad}), &[&hidden]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_name_that_is_left_out_is_derived() {
    let derived = async |stack: &Stack, path: &str| {
        let (role, _) = made(stack, &json!({"RoleName": null, "Path": path})).await;
        role.name
    };
    let stack = Stack::new();
    let name = derived(&stack, "/delegated/").await;
    let hash = name.strip_prefix("customer-Access-").expect("the name of the stack and the logical ID");
    assert!(hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    assert_eq!(derived(&Stack::new(), "/delegated/").await, name, "the same in each retry");
    let others = [
        derived(&stack, "/delegated/eu/").await,
        derived(&Stack { logical_id: "Other".into(), ..Stack::new() }, "/delegated/").await,
        derived(&Stack { id: stack.id.replace("1111-", "0000-"), ..Stack::new() }, "/delegated/").await,
    ];
    assert!(!others.contains(&name), "{others:?}");
}

#[tokio::test(start_paused = true)]
async fn reserved_role_names() {
    for name in [
        "AWSServiceRoleForSupport",
        "AWSReservedSSO_Admin_0123456789abcdef",
        "stacksets-exec-0123456789abcdef",
        "OrganizationAccountAccessRole",
        "organizationaccountaccessrole",
        "AWSControlTowerExecution",
        "cdk-hnb659fds-deploy-role",
        "CDK-deploy",
        "service-provider-access-us-west-2",
        "Service-Provider-Access",
        "service-provider-accessible",
    ] {
        let sentence = format!(
            "RoleName is {name}, a name that AWS, the CDK or this function reserves for its own roles; choose another. [reserved-name]"
        );
        check_refused(Stack::new(), json!({"RoleName": name}), &[sentence]).await;
    }
    for name in ["OrganizationAccountAccessRole2", "my-cdk-role", "AWSControlTower"] {
        check_made(Stack::new(), json!({"RoleName": name}), json!({"name": name})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_derived_name_is_reserved() {
    let stack = Stack::new();
    let stack = Stack { id: stack.id.replace("/customer/", "/cdk-customer/"), ..stack };
    let answer = stack.create(merged(plain(), &json!({"RoleName": null}))).await;
    assert!(!answer.succeeded() || !answer.physical_id().starts_with("cdk-"), "{}", answer.physical_id());
}

#[tokio::test(start_paused = true)]
async fn a_role_can_be_deleted_whatever_its_name() {
    let stack = Stack::new();
    let properties = merged(plain(), &json!({"RoleName": "refused-0123456789abcdef"}));
    let answer = stack.create(properties.clone()).await;
    assert!(stack.delete(answer.physical_id(), properties).await.succeeded());
    assert_eq!(stack.account.roles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_too_long_for_the_console_causes_a_warning() {
    // The prefix has 11 characters.
    let (fits, long) = ("n".repeat(53), "n".repeat(54));
    let warning =
        "Path and role name together have 65 characters; the console's role switcher accepts 64 at most. [long-name]";
    check_all_made([
        (json!({"RoleName": fits}), json!({"name": fits})),
        (json!({"RoleName": long}), json!({"name": long, "answer": {"Warnings": [warning]}})),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn path() {
    for path in ["/delegated/", "/delegated/eu/", "/delegated/a_+=,.@-9/b/"] {
        check_made(Stack::new(), json!({"Path": path}), json!({"path": path})).await;
    }
    let longest = format!("/delegated/{}/", "p".repeat(500));
    let long =
        "Path and role name together have 519 characters; the console's role switcher accepts 64 at most. [long-name]";
    check_made(Stack::new(), json!({"Path": longest}), json!({"path": longest, "answer": {"Warnings": [long]}})).await;

    check_refuses_empty_and_compound_values("Path").await;
    let form = "it must be a path of up to 512 characters that starts and ends in a slash, with segments of A-Za-z0-9_+=,.@- \
                between, such as /delegated/. [invalid-value]";
    for bad in ["delegated", "/delegated", "delegated/", "/delegated//eu/", "/delegated/e u/", "/delegated/*/"] {
        check_refused(Stack::new(), json!({"Path": bad}), &[format!("Path is \"{bad}\"; {form}")]).await;
    }
    let longer = format!("/delegated/{}/", "p".repeat(501));
    check_refused(Stack::new(), json!({"Path": longer}), &[format!("Path is \"{}…\"; {form}", &longer[..80])]).await;
    for elsewhere in ["/", "/other/", "/delegated2/", "/Delegated/"] {
        let sentence = format!(
            "Path is {elsewhere}, but the function's owner requires paths that start with /delegated/ (RolePathPrefix). [not-permitted-by-owner]"
        );
        check_refused(Stack::new(), json!({"Path": elsewhere}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn reserved_paths() {
    for path in
        ["/aws-service-role/", "/aws-service-role/support.amazonaws.com/", "/aws-reserved/", "/aws-reserved/sso/"]
    {
        let reserved = format!("Path is {path}, which AWS reserves for its own roles; choose another. [reserved-name]");
        let elsewhere = format!(
            "Path is {path}, but the function's owner requires paths that start with /delegated/ (RolePathPrefix). [not-permitted-by-owner]"
        );
        check_refused(Stack::new(), json!({"Path": path}), &[&reserved, &elsewhere]).await;
        // The owner cannot set them either.
        check_refused(with_settings(&[("ROLE_PATH_PREFIX", path)]), json!({}), &[&reserved]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn description() {
    let longest = "é".repeat(1000);
    for text in ["for the auditor", "7", &longest, "two\nlines"] {
        check_made(Stack::new(), json!({"Description": text}), json!({"description": text})).await;
    }
    check_refuses_empty_and_compound_values("Description").await;
    let form = "it must be up to 1000 characters of Latin-1 (up to U+00FF) without control characters. [invalid-value]";
    for (bad, shown) in [
        ("to → from".to_owned(), "to → from".to_owned()),
        ("bell\u{7}".to_owned(), "bell ".to_owned()),
        ("d".repeat(1001), format!("{}…", "d".repeat(80))),
    ] {
        check_refused(Stack::new(), json!({"Description": bad}), &[format!("Description is \"{shown}\"; {form}")])
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn tags() {
    let (longest_key, longest_value) = ("k".repeat(128), "v".repeat(256));
    check_all_made([
        (json!({"Tags": []}), json!({})),
        (
            json!({"Tags": [{"Key": "team", "Value": "platform"}, {"Key": "cost center", "Value": ""}]}),
            json!({"tags": {"team": "platform", "cost center": ""}}),
        ),
        (
            json!({"Tags": [{"Value": 7, "Key": "n"}, {"Key": "b", "Value": true}]}),
            json!({"tags": {"n": "7", "b": "true"}}),
        ),
        (
            json!({"Tags": [{"Key": longest_key, "Value": longest_value}]}),
            json!({"tags": {longest_key.as_str(): longest_value}}),
        ),
    ])
    .await;
    let exact = "[0] must be an object with Key and Value, both strings, and nothing else. [invalid-value]";
    let key = "[0] has a Key that IAM rejects; give 1 to 128 letters, digits, spaces or _.:/=+-@. [invalid-value]";
    let value = "[0] has a Value that IAM rejects; give up to 256 letters, digits, spaces or _.:/=+-@. [invalid-value]";
    let reserved =
        |key: &str| format!("[0] has the Key {key}, whose prefix is reserved; choose another. [reserved-name]");
    for (tags, problem) in [
        (json!("team=platform"), " must be a list of objects with Key and Value. [invalid-value]".to_owned()),
        (json!(""), " must be a list of objects with Key and Value. [invalid-value]".into()),
        (json!({"team": "platform"}), " must be a list of objects with Key and Value. [invalid-value]".into()),
        (json!(["team"]), exact.into()),
        (json!([{"Key": "team"}]), exact.into()),
        (json!([{"Key": "team", "Value": []}]), exact.into()),
        (json!([{"Key": "team", "Value": "a", "PropagateAtLaunch": true}]), exact.into()),
        (json!([{"Key": "", "Value": "a"}]), key.into()),
        (json!([{"Key": "k".repeat(129), "Value": "a"}]), key.into()),
        (json!([{"Key": "a,b", "Value": "a"}]), key.into()),
        (json!([{"Key": "team", "Value": "v".repeat(257)}]), value.into()),
        (json!([{"Key": "team", "Value": "a;b"}]), value.into()),
        (json!([{"Key": "aws:team", "Value": "a"}]), reserved("aws:team")),
        (json!([{"Key": "AWS:team", "Value": "a"}]), reserved("AWS:team")),
        (json!([{"Key": EXTERNAL_ID_TAG, "Value": "a"}]), reserved(EXTERNAL_ID_TAG)),
        (json!([{"Key": "Service-Provider-Access:revoke", "Value": "a"}]), reserved("Service-Provider-Access:revoke")),
        (
            json!([{"Key": "team", "Value": "a"}, {"Key": "Team", "Value": "b"}]),
            "[1] repeats the Key Team; IAM ignores letter case in tag keys, give each once. [repeated-value]".into(),
        ),
    ] {
        check_refused(Stack::new(), json!({"Tags": tags}), &[format!("Tags{problem}")]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn revision() {
    for value in [json!(""), json!("2"), json!(2), json!(true), json!("2026-11-22 again")] {
        check_made(Stack::new(), json!({"Revision": value}), json!({})).await;
    }
    check_all_refused(
        "Revision",
        [
            (json!([]), "is a list; give a string. [invalid-value]"),
            (json!({}), "is an object; give a string. [invalid-value]"),
        ],
    )
    .await;
}
