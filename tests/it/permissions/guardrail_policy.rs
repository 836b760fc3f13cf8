//! What even an administrator's role cannot change: the function, its roles and its stacks.

use serde_json::{Value, json};

use super::deployed;
use super::judge::{Call, Judge};
use crate::fixtures::{ACCOUNT, FUNCTION, PROVIDER};
use crate::stack::Stack;

const OWN_STACK: &str =
    "arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555";
const FUNCTION_STACK: &str =
    "arn:aws:cloudformation:us-east-1:111111111111:stack/service-provider-access/11111111-2222-3333-4444-555555555555";
const FUNCTION_ROLE: &str = "arn:aws:iam::111111111111:role/service-provider-access-FunctionRole-AbCdEf";

/// An administrator's role, made by a function with the environment of the shipped template, or with none.
async fn administrator(knows_itself: bool) -> Judge {
    let mut stack = Stack::new().with("PERMIT_ADMINISTRATIVE_ACCESS", "true");
    if knows_itself {
        let environment = deployed().environment();
        for name in ["FUNCTION_ROLE_ARN", "FUNCTION_STACK_ID"] {
            stack = stack.with(name, &environment[name]);
        }
    }
    administrator_of(&stack).await
}

/// An administrator's role, of this stack.
async fn administrator_of(stack: &Stack) -> Judge {
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let answer = stack
        .create(json!({
            "ExternalAwsAccountId": PROVIDER, "AllowAdministrativeAccess": true,
            "CustomPolicy": {"Version": "2012-10-17", "Statement": [everything]},
        }))
        .await;
    let policies = stack.account.role(answer.physical_id()).unwrap().inline_policies;
    let statements = policies.values().flat_map(|policy| policy.json()["Statement"].as_array().unwrap().clone());
    Judge::of(&json!({"Version": "2012-10-17", "Statement": statements.collect::<Vec<Value>>()}))
}

#[tokio::test(start_paused = true)]
async fn an_administrator_cannot_change_its_own_guardrails() {
    let judge = administrator(true).await;
    for action in [
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:InvokeFunction",
        "lambda:InvokeAsync",
        "lambda:AddPermission",
        "lambda:DeleteFunction",
        "lambda:PutFunctionConcurrency",
        "lambda:PublishVersion",
        "lambda:CreateFunctionUrlConfig",
        "lambda:TagResource",
        "lambda:WhateverComesNext",
    ] {
        // The function in another Region has the same roles.
        let elsewhere = FUNCTION.replace("us-east-1", "eu-west-1");
        for function in [FUNCTION.to_owned(), format!("{FUNCTION}:live"), format!("{FUNCTION}:$LATEST"), elsewhere] {
            judge.must_deny(&Call::on(action, &function));
        }
    }
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/delegated/{name}");
    for action in [
        "iam:DeleteRolePolicy",
        "iam:PutRolePolicy",
        "iam:AttachRolePolicy",
        "iam:DetachRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:DeleteRolePermissionsBoundary",
        "iam:UpdateRole",
        "iam:UpdateRoleDescription",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:PassRole",
        "iam:AddRoleToInstanceProfile",
        "iam:WhateverComesNext",
    ] {
        for role in [role("itself"), role("team/another"), FUNCTION_ROLE.to_owned()] {
            judge.must_deny(&Call::on(action, &role));
        }
    }
    for action in [
        "cloudformation:UpdateStack",
        "cloudformation:DeleteStack",
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:SetStackPolicy",
        "cloudformation:UpdateTerminationProtection",
        "cloudformation:ContinueUpdateRollback",
        "cloudformation:SignalResource",
        "cloudformation:WhateverComesNext",
    ] {
        for stack in [OWN_STACK, FUNCTION_STACK] {
            judge.must_deny(&Call::on(action, stack));
            judge.must_deny(&Call::on(action, &stack.replace("us-east-1", "eu-west-1")));
            // AWS evaluates a call with the name of a stack for the stack with any ID.
            judge.must_deny(&Call::on(action, &format!("{}/*", stack.rsplit_once('/').unwrap().0)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_administrator_can_do_everything_else() {
    let judge = administrator(true).await;
    let role = "arn:aws:iam::111111111111:role/delegated/itself";
    for (action, resource) in [
        // Reads are allowed.
        ("lambda:GetFunction", FUNCTION),
        ("lambda:ListVersionsByFunction", FUNCTION),
        ("iam:GetRole", role),
        ("iam:ListRolePolicies", role),
        ("iam:GetRolePolicy", FUNCTION_ROLE),
        ("iam:SimulatePrincipalPolicy", role),
        ("iam:GenerateServiceLastAccessedDetails", role),
        ("sts:AssumeRole", role),
        ("cloudformation:DescribeStacks", OWN_STACK),
        ("cloudformation:GetTemplate", FUNCTION_STACK),
        ("cloudformation:ListStackResources", FUNCTION_STACK),
        ("cloudformation:DetectStackDrift", OWN_STACK),
        // Other stacks and functions can be changed.
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:us-east-1:111111111111:function:service-provider-access-2"),
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:us-east-1:111111111111:function:theirs"),
        ("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/theirs"),
        ("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/delegated-2/theirs"),
        ("iam:PutUserPolicy", "arn:aws:iam::111111111111:user/delegated/theirs"),
        ("cloudformation:UpdateStack", "arn:aws:cloudformation:us-east-1:111111111111:stack/customer-2/1"),
        ("cloudformation:UpdateStack", "arn:aws:cloudformation:eu-west-1:111111111111:stack/theirs/1"),
        ("iam:PassRole", "arn:aws:iam::111111111111:role/service-provider-access-FunctionRole-Another"),
        ("s3:PutObject", "arn:aws:s3:::theirs/key"),
    ] {
        judge.must_allow(&Call::on(action, resource));
    }
}

/// A request about an event source mapping has the ARN of the mapping, which does not contain the function's.
#[tokio::test(start_paused = true)]
async fn no_event_source_can_invoke_the_function() {
    let judge = administrator(true).await;
    let mapping = "arn:aws:lambda:us-east-1:111111111111:event-source-mapping:11111111-2222-3333-4444-555555555555";
    let elsewhere = FUNCTION.replace("us-east-1", "eu-west-1");
    for action in ["Create", "Update", "Delete", "WhateverComesNextOf"] {
        let call = Call::on(&format!("lambda:{action}EventSourceMapping"), mapping);
        for function in [FUNCTION.to_owned(), format!("{FUNCTION}:live"), elsewhere.clone()] {
            judge.must_deny(&call.clone().with("lambda:FunctionArn", &function));
        }
        for function in [FUNCTION.replace(":service", ":another-service"), format!("{FUNCTION}-2")] {
            judge.must_allow(&call.clone().with("lambda:FunctionArn", &function));
        }
    }
    judge.must_allow(&Call::on("lambda:GetEventSourceMapping", mapping).with("lambda:FunctionArn", FUNCTION));
    judge.must_allow(&Call::on("lambda:CreateCodeSigningConfig", mapping));
}

#[tokio::test(start_paused = true)]
async fn no_stack_set_of_this_project_can_be_changed() {
    let judge = administrator(true).await;
    // A stack set of the organization belongs to the management account, also if a delegated administrator manages it.
    for account in [ACCOUNT, "444444444444"] {
        let stack_set = |kind: &str, name: &str| format!("arn:aws:cloudformation:us-east-1:{account}:{kind}/{name}");
        let id = "service-provider-access:11111111-2222-3333-4444-555555555555";
        for action in
            ["CreateStackSet", "UpdateStackSet", "DeleteStackSet", "CreateStackInstances", "ImportStacksToStackSet"]
        {
            for set in [
                stack_set("stackset", id),
                stack_set("stackset", "service-provider-access-regions:1"),
                stack_set("stackset-target", &format!("{id}/ou-1234-12345678")),
            ] {
                judge.must_deny(&Call::on(&format!("cloudformation:{action}"), &set));
            }
            judge.must_allow(&Call::on(&format!("cloudformation:{action}"), &stack_set("stackset", "theirs:1")));
        }
        judge.must_allow(&Call::on("cloudformation:DescribeStackSet", &stack_set("stackset", id)));
    }
}

#[tokio::test(start_paused = true)]
async fn protected_stacks_cannot_be_changed() {
    let names = ["network-*", "base?ine", "audit"].join(",");
    let stack = Stack::new().with("PERMIT_ADMINISTRATIVE_ACCESS", "true").with("PROTECTED_STACK_NAMES", &names);
    let judge = administrator_of(&stack).await;
    let stack = |name: &str| format!("arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/{name}/1f2e");
    for name in ["network-", "network-hub", "baseline", "audit"] {
        for action in ["CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet", "WhateverComesNext"] {
            judge.must_deny(&Call::on(&format!("cloudformation:{action}"), &stack(name)));
        }
        judge.must_allow(&Call::on("cloudformation:DescribeStacks", &stack(name)));
    }
    for name in ["network", "my-network-hub", "baseeline", "audit2", "Audit"] {
        judge.must_allow(&Call::on("cloudformation:UpdateStack", &stack(name)));
    }
    judge.must_deny(&Call::on("cloudformation:UpdateStack", OWN_STACK));
}

#[tokio::test(start_paused = true)]
async fn the_code_of_an_organization_cannot_be_changed() {
    let published = "service-provider-access-444444444444-eu-west-1";
    for (prefix, ours, theirs) in [
        (
            None,
            &[published][..],
            ["acme-code-eu-west-1", "service-provider-accessories", "my-service-provider-access-1"],
        ),
        (Some("acme-code"), &["acme-code-eu-west-1", published], ["acme-codes-eu-west-1", "acme-code", "acme"]),
    ] {
        let stack = Stack::new().with("PERMIT_ADMINISTRATIVE_ACCESS", "true");
        let stack = prefix.iter().fold(stack, |stack, prefix| stack.with("CODE_BUCKET_PREFIX", prefix));
        let judge = administrator_of(&stack).await;
        let (bucket, object) =
            (|name: &str| format!("arn:aws:s3:::{name}"), |name: &str| format!("arn:aws:s3:::{name}/x/y.zip"));
        for (action, arn) in [
            ("s3:PutObject", object as fn(&str) -> String),
            ("s3:DeleteObjectVersion", object),
            ("s3:WhateverComesNext", object),
            ("s3:PutBucketPolicy", bucket),
            ("s3:DeleteBucket", bucket),
        ] {
            for name in ours {
                judge.must_deny(&Call::on(action, &arn(name)));
            }
            for name in theirs {
                judge.must_allow(&Call::on(action, &arn(name)));
            }
        }
        for name in ours {
            judge.must_allow(&Call::on("s3:GetObject", &object(name)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_stacks_and_functions_of_a_stack_set_are_guarded_in_all_regions_and_no_others() {
    let instance = |set: &str, region: &str, digit: &str| {
        let uuid = [8, 4, 4, 4, 12].map(|length| digit.repeat(length)).join("-");
        format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stack/StackSet-{set}-{uuid}/{uuid}")
    };
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/service-provider-access-{name}");
    let own = instance("acme", "us-east-1", "1");
    let stack = Stack::new()
        .with("PERMIT_ADMINISTRATIVE_ACCESS", "true")
        .with("FUNCTION_ROLE_ARN", &role("us-east-1"))
        .with("FUNCTION_STACK_ID", &own);
    let judge = administrator_of(&Stack { id: own.clone(), ..stack }).await;
    let regions = instance("acme-regions", "eu-west-1", "c");
    for stack in [own, instance("acme", "us-east-1", "a"), instance("acme", "ap-southeast-2", "b"), regions] {
        judge.must_deny(&Call::on("cloudformation:UpdateStack", &stack));
    }
    for region in ["us-east-1", "eu-west-1", "ap-southeast-2", "us-gov-west-1"] {
        judge.must_deny(&Call::on("iam:PutRolePolicy", &role(region)));
    }
    for stack in [instance("other", "us-east-1", "1"), instance("not-acme", "us-east-1", "1")] {
        judge.must_allow(&Call::on("cloudformation:UpdateStack", &stack));
    }
    for name in ["checker-us-east-1", "deploy", "ec2-app", "us-east"] {
        judge.must_allow(&Call::on("iam:PutRolePolicy", &role(name)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_function_does_not_know_about_itself_is_left_out() {
    let judge = administrator(false).await;
    judge.must_allow(&Call::on("iam:PutRolePolicy", FUNCTION_ROLE));
    judge.must_allow(&Call::on("cloudformation:UpdateStack", FUNCTION_STACK));
    judge.must_deny(&Call::on("lambda:UpdateFunctionCode", FUNCTION));
    judge.must_deny(&Call::on("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/delegated/itself"));
    judge.must_deny(&Call::on("cloudformation:UpdateStack", OWN_STACK));
}
