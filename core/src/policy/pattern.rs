//! Globs as IAM matches them: `*` is any run of characters, `?` is any single character.
//!
//! Two questions are answered: does a glob match a text, and is there a text that two globs both match. Policies are
//! untrusted input: both answers take at most time proportional to the product of the lengths, and neither recurses.

/// Whether `pattern` matches the whole of `text`, letter case included.
pub fn glob_matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to continue when the latest `*` has to match one more character. An earlier `*` never needs another try:
    // whatever it could match, the latest one can match too.
    let mut retry = None;
    loop {
        match pattern.next() {
            Some('*') => {
                retry = Some((pattern.clone(), text.clone()));
                continue;
            }
            Some(wanted) => match text.next() {
                Some(found) if wanted == '?' || wanted == found => continue,
                Some(_) => {}
                // Another try would have even less text.
                None => return false,
            },
            None if text.as_str().is_empty() => return true,
            None => {}
        }
        let Some((after_star, from)) = &mut retry else {
            return false;
        };
        from.next();
        (pattern, text) = (after_star.clone(), from.clone());
    }
}

/// Whether both globs match some text, letter case included.
pub fn globs_intersect(a: &str, b: &str) -> bool {
    Pattern::glob(a).intersects(&Pattern::glob(b))
}

/// Whether every text that `part` matches is matched by `whole`, too, letter case included.
///
/// Sound but not complete: a `*` of `part` is covered by one `*` of `whole`, never by several pieces of it.
pub(super) fn glob_includes(whole: &str, part: &str) -> bool {
    let whole: Vec<char> = whole.chars().collect();
    // `reached[j]` says that what was seen of `part` is covered by the first `j` characters of `whole`.
    let mut reached = vec![false; whole.len() + 1];
    reached[0] = true;
    let skip_stars = |reached: &mut Vec<bool>| {
        for (j, wanted) in whole.iter().enumerate() {
            if reached[j] && *wanted == '*' {
                reached[j + 1] = true;
            }
        }
    };
    skip_stars(&mut reached);
    for found in part.chars() {
        let mut next = vec![false; whole.len() + 1];
        for (j, wanted) in whole.iter().enumerate() {
            if !reached[j] {
                continue;
            }
            match wanted {
                '*' => next[j] = true,
                '?' if found != '*' => next[j + 1] = true,
                _ if *wanted == found && found != '*' && found != '?' => next[j + 1] = true,
                _ => {}
            }
        }
        skip_stars(&mut next);
        reached = next;
    }
    reached[whole.len()]
}

/// A set of texts, as a sequence of units.
pub(super) struct Pattern(Vec<Unit>);

/// One character of a set, or a run of any length (also of none).
#[derive(Clone, Copy)]
struct Unit {
    from: Symbols,
    run: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Symbols {
    /// Exactly this character.
    Only(char),
    /// Any character.
    Any,
    /// Any character but the colon, which separates the parts of an ARN.
    WithinPart,
    /// A character that no pattern contains: only a wildcard matches it.
    Unwritten,
}

impl Symbols {
    fn overlap(self, other: Self) -> bool {
        use Symbols::{Any, Only, Unwritten, WithinPart};
        match (self, other) {
            (Only(a), Only(b)) => a == b,
            (Only(c), WithinPart) | (WithinPart, Only(c)) => c != ':',
            (Only(_), Unwritten) | (Unwritten, Only(_)) => false,
            (Any | WithinPart | Unwritten, _) | (_, Any) => true,
        }
    }
}

impl Unit {
    const fn one(from: Symbols) -> Self {
        Self { from, run: false }
    }

    const fn run(from: Symbols) -> Self {
        Self { from, run: true }
    }
}

impl Pattern {
    /// A glob as written.
    fn glob(text: &str) -> Self {
        Self(
            text.chars()
                .map(|c| match c {
                    '*' => Unit::run(Symbols::Any),
                    '?' => Unit::one(Symbols::Any),
                    _ => Unit::one(Symbols::Only(c)),
                })
                .collect(),
        )
    }

    /// A statement's resource, to judge what it may match: a glob without regard to letter case. A policy variable
    /// `${...}`, with or without its closing brace, can be anything.
    pub(super) fn resource(text: &str) -> Self {
        let mut units = Vec::new();
        let mut rest = text;
        while let Some((before, variable)) = rest.split_once("${") {
            units.extend(Self::glob(&before.to_ascii_lowercase()).0);
            units.push(Unit::run(Symbols::Any));
            rest = variable.split_once('}').map_or("", |(_, after)| after);
        }
        units.extend(Self::glob(&rest.to_ascii_lowercase()).0);
        Self(units)
    }

    /// A family of ARNs, in a notation of this crate and in lower case: `~` is any run within one part, `*` any run,
    /// and `^` a name that no pattern contains. A pattern that matches `^` matches every name.
    pub(super) fn arns(notation: &str) -> Self {
        let mut units = Vec::new();
        for c in notation.chars() {
            match c {
                '~' => units.push(Unit::run(Symbols::WithinPart)),
                '*' => units.push(Unit::run(Symbols::Any)),
                '^' => units.extend([Unit::one(Symbols::Unwritten), Unit::run(Symbols::Unwritten)]),
                _ => units.push(Unit::one(Symbols::Only(c))),
            }
        }
        Self(units)
    }

    /// Whether some text is in both sets.
    ///
    /// `reached[j]` means that some text matches the units of `self` seen so far and the first `j` units of `other`.
    pub(super) fn intersects(&self, other: &Self) -> bool {
        let others = &other.0;
        let mut reached = vec![false; others.len() + 1];
        let mut next = reached.clone();
        reached[0] = true;
        skip_runs(&mut reached, others);
        for unit in &self.0 {
            if unit.run {
                // It matches nothing, or what the next units of `other` match, one after the other. Two runs always
                // overlap, because their sets do.
                for (j, other) in others.iter().enumerate() {
                    if reached[j] && unit.from.overlap(other.from) {
                        reached[j + 1] = true;
                    }
                }
            } else {
                next.fill(false);
                for (j, other) in others.iter().enumerate() {
                    if reached[j] && unit.from.overlap(other.from) {
                        next[if other.run { j } else { j + 1 }] = true;
                    }
                }
                skip_runs(&mut next, others);
                std::mem::swap(&mut reached, &mut next);
            }
            if !reached.contains(&true) {
                return false;
            }
        }
        reached[others.len()]
    }
}

/// A run may be empty.
fn skip_runs(reached: &mut [bool], units: &[Unit]) {
    for (j, unit) in units.iter().enumerate() {
        if reached[j] && unit.run {
            reached[j + 1] = true;
        }
    }
}

/// Whether a part of an action pattern leaves nothing out that matters: `*`, `**`, `?*`.
pub(super) fn is_everything(part: &str) -> bool {
    part.contains('*') && part.chars().all(|c| matches!(c, '*' | '?'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Pattern, glob_matches, globs_intersect};

    #[test]
    fn a_glob_matches_whole_texts() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything: at all", true),
            ("?", "", false),
            ("?", "é", true),
            ("?*", "a", true),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:Get*", "s3:PutObject", false),
            ("s3:Get*", "S3:GetObject", false),
            ("*Object", "s3:GetObjectAcl", false),
            ("*a*b*c*", "xxaxxbxxcxx", true),
            ("*a*b*c*", "xxcxxbxxaxx", false),
            ("*ab", "aab", true),
            ("a**b", "ab", true),
            ("a.c", "abc", false),
            ("arn:aws:iam::*:policy/allowed/*", "arn:aws:iam::123456789012:policy/allowed/Read", true),
        ] {
            assert_eq!(glob_matches(pattern, text), matches, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn globs_intersect_when_one_text_fits_both() {
        for (a, b, intersect) in [
            ("", "", true),
            ("", "*", true),
            ("", "?", false),
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("*a", "*b", false),
            ("a?c", "ab*", true),
            ("a?c", "ab", false),
            ("*x*", "???", true),
            ("*xyz*", "??", false),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
        ] {
            assert_eq!(globs_intersect(a, b), intersect, "{a:?} and {b:?}");
            assert_eq!(globs_intersect(b, a), intersect, "{b:?} and {a:?}");
        }
    }

    #[test]
    fn families_of_arns_respect_the_parts_of_an_arn() {
        for (resource, family, reaches) in [
            ("*", "arn:~:iam::~:role/*", true),
            ("arn:*", "arn:~:iam::~:role/*", true),
            ("ARN:AWS:IAM::*:Role/x", "arn:~:iam::~:role/*", true),
            ("arn:${aws:PrincipalTag/p}:iam::1:role/x", "arn:~:iam::~:role/*", true),
            ("arn:aws:${never closed", "arn:~:iam::~:role/*", true),
            ("arn:aws:lambda:*:*:function:${never closed", "arn:~:lambda:~:~:function:^", true),
            ("arn:aws:iam::1:user/${aws:username}", "arn:~:iam::~:role/*", false),
            // Not even though a key may be named `:iam::1:role/x`.
            ("arn:aws:s3:::bucket/*", "arn:~:iam::~:role/*", false),
            ("arn:aws:lambda:*:*:function:*", "arn:~:lambda:~:~:function:^", true),
            ("arn:aws:lambda:*:1:*", "arn:~:lambda:~:~:function:^", true),
            ("arn:aws:lambda:*:1:function:????", "arn:~:lambda:~:~:function:^", true),
            ("arn:aws:lambda:*:*:function:mine-*", "arn:~:lambda:~:~:function:^", false),
            ("arn:aws:lambda:*:*:function:", "arn:~:lambda:~:~:function:^", false),
        ] {
            let (resource, family) = (Pattern::resource(resource), Pattern::arns(family));
            assert_eq!(resource.intersects(&family), reaches);
            assert_eq!(family.intersects(&resource), reaches);
        }
    }

    /// Exponential time would not end, and recursion would exhaust the stack.
    #[test]
    fn hostile_patterns_end_in_bounded_time() {
        let hostile = "*?a".repeat(10_240 / 3);
        let text = "ab".repeat(10_240);
        assert!(!glob_matches(&format!("{hostile}c"), &text));
        assert!(!glob_matches("sts:assumerole", &hostile));
        assert!(!globs_intersect(&hostile, "sts:assumerole"));
        assert!(globs_intersect(&hostile, &"*b?".repeat(500)));
        assert!(!globs_intersect(&format!("{hostile}c"), &"*b?d".repeat(500)));
    }

    fn globs() -> impl Strategy<Value = String> {
        "[ab*?]{0,5}"
    }

    /// The definition of a glob.
    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|taken| by_definition(rest, &text[taken..])),
            ([wanted, pattern @ ..], [found, text @ ..]) => {
                (*wanted == b'?' || wanted == found) && by_definition(pattern, text)
            }
            (pattern, text) => pattern.is_empty() && text.is_empty(),
        }
    }

    proptest! {
        #[test]
        fn matching_follows_the_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(
                glob_matches(&pattern, &text),
                by_definition(pattern.as_bytes(), text.as_bytes()),
            );
        }

        /// Two globs of at most five units that intersect do so in a text of at most ten characters.
        #[test]
        fn intersecting_means_that_a_common_text_exists(a in globs(), b in globs()) {
            let common = (0..=10).any(|length| (0..1u32 << length).any(|bits| {
                let text: String = (0..length)
                    .map(|i| if bits >> i & 1 == 0 { 'a' } else { 'b' })
                    .collect();
                glob_matches(&a, &text) && glob_matches(&b, &text)
            }));
            prop_assert_eq!(globs_intersect(&a, &b), common);
        }
    }
}
