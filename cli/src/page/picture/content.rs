//! What is in the picture: the lines on its right, the accounts on its left. A picture of hundreds of roles is none, so the
//! worst are lines of their own, and the others one line for each severity and level.

use std::collections::{BTreeMap, BTreeSet};

use delegated_role_core::audit::reach::Level;
use delegated_role_core::findings::Severity;

use crate::audited::{Role, counted};
use crate::page::words;
use crate::visible::visible;

/// The most roles that are all drawn one by one.
const ONE_BY_ONE: usize = 24;

/// How many are drawn one by one if there are more.
const WORST: usize = 18;

/// The most accounts that are drawn one by one.
const ACCOUNTS: usize = 20;

/// What the picture shows.
pub(super) struct Content<'a> {
    pub(super) lines: Vec<Line<'a>>,
    pub(super) accounts: Vec<Account>,
    /// How many there are, also those that are not drawn one by one.
    principals: usize,
}

/// A role, or several that are alike.
pub(super) struct Line<'a> {
    pub(super) name: String,
    pub(super) detail: String,
    pub(super) severity: Option<Severity>,
    pub(super) level: Level,
    /// With their numbers in the table.
    roles: Vec<(usize, &'a Role)>,
    /// Which accounts can enter, as indexes.
    pub(super) accounts: BTreeSet<usize>,
}

/// An account, or those that are not drawn one by one.
pub(super) struct Account {
    pub(super) name: String,
}

impl<'a> Content<'a> {
    /// Those of these roles, which are sorted: the worst first.
    pub(super) fn of(roles: &'a [Role]) -> Self {
        let alone = if roles.len() > ONE_BY_ONE { WORST } else { roles.len() };
        let numbered: Vec<(usize, &Role)> = roles.iter().enumerate().collect();
        let (worst, others) = numbered.split_at(alone);
        let mut groups: BTreeMap<_, Vec<(usize, &Role)>> = BTreeMap::new();
        for (number, role) in others {
            let key = std::cmp::Reverse((role.severity(), role.reach.level));
            groups.entry(key).or_default().push((*number, role));
        }
        let of_one = |(number, role): &(usize, &'a Role)| Line::of_one(*number, role);
        let mut lines: Vec<Line<'a>> = worst.iter().map(of_one).collect();
        lines.extend(groups.into_values().map(Line::of_several));
        let (accounts, principals) = add_accounts(&mut lines);
        Self { lines, accounts, principals }
    }

    /// Whether a line stands for several roles.
    pub(super) fn hides_roles(&self) -> bool {
        self.lines.iter().any(|line| line.roles.len() > 1)
    }

    /// The picture in one sentence.
    pub(super) fn described(&self) -> String {
        let roles: usize = self.lines.iter().map(|line| line.roles.len()).sum();
        let with = |severity| {
            let lines = self.lines.iter().filter(|line| line.severity == severity);
            lines.map(|line| line.roles.len()).sum::<usize>()
        };
        format!(
            "{} can enter through {}: {} with errors, {} with warnings only, {} without findings.",
            counted(self.principals, "account or principal", "accounts or principals"),
            counted(roles, "role", "roles"),
            with(Some(Severity::Error)),
            with(Some(Severity::Warning)),
            with(None)
        )
    }
}

impl<'a> Line<'a> {
    fn of_one(number: usize, role: &'a Role) -> Self {
        Self {
            name: visible(&role.name),
            detail: words::line(&role.reach),
            severity: role.severity(),
            level: role.reach.level,
            roles: vec![(number, role)],
            accounts: BTreeSet::new(),
        }
    }

    /// All have the same severity and level.
    fn of_several(roles: Vec<(usize, &'a Role)>) -> Self {
        let first = roles.first().map(|(_, role)| *role);
        let (severity, level) = first.map_or((None, Level::Nothing), |role| (role.severity(), role.reach.level));
        let found = match severity {
            Some(severity) => format!("with {}s", severity.name()),
            None => "without findings".to_owned(),
        };
        Self {
            name: counted(roles.len(), "further role", "further roles"),
            detail: format!("{}, {found}", words::level(level)),
            severity,
            level,
            roles,
            accounts: BTreeSet::new(),
        }
    }

    /// How many roles it stands for.
    pub(super) fn count(&self) -> usize {
        self.roles.len()
    }

    /// The numbers of its rows in the table.
    pub(super) fn numbers(&self) -> String {
        self.roles.iter().map(|(number, _)| number.to_string()).collect::<Vec<_>>().join(" ")
    }

    /// What a reader sees who points at it.
    pub(super) fn described(&self) -> String {
        match &self.roles[..] {
            [(_, role)] => format!(
                "{}\nCan enter: {}\nMay do: {}\nFindings: {}",
                self.name,
                words::principals(role),
                words::line(&role.reach),
                role.findings_in_words()
            ),
            roles => {
                let names: Vec<String> = roles.iter().take(10).map(|(_, role)| visible(&role.name)).collect();
                let more = if roles.len() > names.len() { ", …" } else { "" };
                format!("{}\nMay do: {}\n{}{more}", self.name, self.detail, names.join(", "))
            }
        }
    }
}

/// The accounts in the order in which the lines meet them.
fn add_accounts(lines: &mut [Line<'_>]) -> (Vec<Account>, usize) {
    let mut names: Vec<&str> = Vec::new();
    let mut indexes: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, role) in lines.iter().flat_map(|line| &line.roles) {
        for account in &role.accounts {
            indexes.entry(account).or_insert_with(|| {
                names.push(account);
                names.len() - 1
            });
        }
    }
    let alone = if names.len() > ACCOUNTS { ACCOUNTS - 1 } else { names.len() };
    for line in lines.iter_mut() {
        let accounts = line.roles.iter().flat_map(|(_, role)| &role.accounts);
        line.accounts =
            accounts.filter_map(|account| indexes.get(account.as_str())).map(|index| (*index).min(alone)).collect();
    }
    let mut accounts: Vec<Account> =
        names.iter().take(alone).map(|name| Account { name: words::principal(name) }).collect();
    if names.len() > alone {
        accounts.push(Account { name: format!("{} others", names.len() - alone) });
    }
    (accounts, names.len())
}

/// Each account and the roles that it can enter through.
pub(super) fn by_account(roles: &[Role]) -> BTreeMap<&str, Vec<&Role>> {
    let mut accounts: BTreeMap<&str, Vec<&Role>> = BTreeMap::new();
    for role in roles {
        for account in &role.accounts {
            accounts.entry(account).or_default().push(role);
        }
    }
    accounts
}
