//! Which modules import which, read from the source text: no circle, and nothing imports from the module around it.

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;

use super::{CLI, CORE, FUNCTION, code, sources};

/// For each file, as a path of module names, the files of the same crate that it imports from.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn imports(krate: &str) -> Imports {
    let sources = sources(krate);
    let path = |file: &str| file.strip_suffix(".rs").map(|path| path.replace('/', "::"));
    let modules: BTreeSet<String> = sources.keys().filter_map(|file| path(file)).collect();
    let statement = Regex::new(r"\buse ((?:crate|super|self)::[^;]+);").unwrap();
    let inline = Regex::new(r"\b(crate(?:::[A-Za-z_0-9]+)+)").unwrap();
    let mut found = Imports::new();
    for (file, text) in &sources {
        let Some(module) = path(file).filter(|_| !file.contains("tests")) else { continue };
        // A visibility is no import.
        let code = code(text).replace("(in crate::", "(in ");
        let mut paths: Vec<String> = Vec::new();
        for import in statement.captures_iter(&code) {
            expand("", &import[1].replace(char::is_whitespace, ""), &mut paths);
        }
        paths.extend(inline.captures_iter(&code).map(|import| import[1].to_owned()));
        let files = paths.iter().filter_map(|path| file_of(&module, path, &modules));
        found.entry(module.clone()).or_default().extend(files.filter(|imported| *imported != module));
    }
    found
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn expand(prefix: &str, rest: &str, into: &mut Vec<String>) {
    match rest.split_once('{') {
        None => into.push(format!("{prefix}{rest}")),
        Some((start, inner)) => {
            let prefix = format!("{prefix}{start}");
            let inner = inner.strip_suffix('}').unwrap();
            let mut depth = 0;
            let items = inner.split(|character| {
                depth += i32::from(character == '{') - i32::from(character == '}');
                character == ',' && depth == 0
            });
            items.filter(|item| !item.is_empty()).for_each(|item| expand(&prefix, item, into));
        }
    }
}

/// The file that an import leads to: the longest part of its path that is one.
fn file_of(module: &str, path: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut at: Vec<&str> = module.split("::").collect();
    let mut steps = path.split("::").peekable();
    match steps.next() {
        Some("crate") => at.clear(),
        Some("super") => drop(at.pop()),
        _ => {}
    }
    while steps.next_if_eq(&"super").is_some() {
        at.pop();
    }
    at.extend(steps);
    while !at.is_empty() && !modules.contains(&at.join("::")) {
        at.pop();
    }
    (!at.is_empty()).then(|| at.join("::"))
}

#[test]
fn nothing_imports_from_the_module_around_it() {
    for krate in [FUNCTION, CORE, CLI] {
        for (module, imported) in imports(krate) {
            let around = imported.iter().find(|imported| module.starts_with(&format!("{imported}::")));
            assert_eq!(around, None, "{module} in {krate}/src: put what both need into another file");
        }
    }
}

#[test]
fn imports_make_no_circle() {
    for krate in [FUNCTION, CORE, CLI] {
        let mut left = imports(krate);
        // What imports nothing that is left cannot be part of a circle.
        while let Some(free) = left.iter().find(|(_, imported)| imported.iter().all(|to| !left.contains_key(to))) {
            let free = free.0.clone();
            left.remove(&free);
        }
        assert_eq!(
            left.keys().collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "these modules of {krate}/src form a circle"
        );
    }
}
