//! Templates of others, such as those of a pull request, write nothing but text to a terminal or to the log of a build: no
//! escape sequences, and no lines of their own.

use crate::run::Folder;

/// A name that sets the title of a terminal, and begins a line that GitHub would run.
const NAME: &str = r"Ac\e]0;x\acess\n::error::forged";

fn check(template: &str, seen: &str) {
    let folder = Folder::new(&[("a.yaml", template), ("old.yaml", "Resources: {}")]);
    for verb in [&["check", "a.yaml"][..], &["plan", "--against", "old.yaml", "a.yaml"], &["native", "a.yaml"]] {
        let run = folder.run(verb);
        let all = format!("{}{}", run.printed, run.remarks);
        assert!(!all.chars().any(|character| character.is_control() && character != '\n'), "{verb:?}: {all:?}");
        assert!(!all.lines().any(|line| line.starts_with("::")), "{verb:?}: {all}");
        if verb[0] == "check" {
            assert!(all.contains(seen), "{all}");
        }
    }
}

/// The native form repeats names, where a line of its own could be another resource.
#[test]
fn in_the_name_of_a_resource() {
    let role = "Type: Custom::DelegatedRole, Properties: {ExternalAwsAccountId: x}";
    check(
        &format!("Resources: {{\"{NAME}\": {{{role}}}}}"),
        "The resource Ac<U+001B>]0;x<U+0007>cess<U+000A>::error::forged has a name that CloudFormation refuses; use only letters and \
         digits (A-Z, a-z, 0-9).",
    );
    for name in ["Vendor-Access", "Zugriff\u{e9}", "A B", "Access:"] {
        let folder = Folder::new(&[("a.yaml", &format!("Resources: {{\"{name}\": {{{role}}}}}"))]);
        let run = folder.run(&["native", "a.yaml"]);
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{name}: {}", run.remarks);
    }
}

#[test]
fn in_a_type_and_a_reference() {
    let token = "ServiceToken: !ImportValue service-provider-access-ServiceToken";
    check(
        &format!("Resources: {{Access: {{Type: \"Custom::{NAME}\", Properties: {{{token}}}}}}}"),
        "Custom::Ac<U+001B>]0;x<U+0007>cess<U+000A>::error::forged is not a resource type",
    );
    let role = format!("Type: Custom::DelegatedRole, Properties: {{RoleName: !Ref \"{NAME}\"}}");
    check(
        &format!("Resources: {{Access: {{{role}}}}}"),
        "Ref names Ac<U+001B>]0;x<U+0007>cess<U+000A>::error::forged, which",
    );
}
