//! The function's environment, read variable by variable, with all problems in it.

use std::fmt;
use std::ops::RangeInclusive;

use crate::findings::{Code, Problems};
use crate::identifiers::Invalid;

/// The environment, and the problems that were found so far.
pub(super) struct Environment<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    pub(super) problems: Problems,
}

impl<'a> Environment<'a> {
    pub(super) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable, problems: Problems::default() }
    }

    /// The value. An empty one counts as none.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The items of a comma-separated list.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let text = self.given(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(ToOwned::to_owned).collect()
    }

    /// A boolean; `false` by default.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.given(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.malformed(name, "must be true or false.");
                false
            }
        }
    }

    /// A value of a type.
    pub(super) fn one<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, Invalid>) -> Option<T> {
        let read = parse(&self.given(name)?);
        read.map_err(|allowed| self.malformed(name, format_args!("must be {allowed}."))).ok()
    }

    /// A list of values of a type.
    pub(super) fn each<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, Invalid>) -> Vec<T> {
        let read = self.list(name).iter().map(|item| parse(item)).collect::<Result<_, _>>();
        read.unwrap_or_else(|allowed| {
            self.malformed(name, format_args!("must be a list; each {allowed}."));
            Vec::new()
        })
    }

    /// A whole number of these units in a range. The default if none is given.
    pub(super) fn number(&mut self, name: &str, range: &RangeInclusive<u32>, default: u32, units: &str) -> u32 {
        let read = self.given(name).map_or(Ok(default), |text| text.parse());
        read.ok().filter(|number| range.contains(number)).unwrap_or_else(|| {
            let (least, most) = range.clone().into_inner();
            self.malformed(name, format_args!("must be a whole number from {least} to {most} ({units})."));
            default
        })
    }

    /// Adds that a variable is malformed; `what` continues the sentence after its name.
    pub(super) fn malformed(&mut self, name: &str, what: impl fmt::Display) {
        self.problems.of(Code::InvalidSetting, name, what);
    }
}
