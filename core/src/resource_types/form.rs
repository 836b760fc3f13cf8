//! The form that a property must have, and how properties depend on each other.

use std::ops::RangeInclusive;

use super::text::Text;

/// A property of a resource type.
#[derive(Debug)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// The values that it can have.
    pub form: Form,
    /// Whether it must be given.
    pub required: bool,
    /// What it does, in one sentence.
    pub summary: &'static str,
}

/// The values that a property can have. CloudFormation sends numbers and booleans as strings; both are accepted.
#[derive(Debug)]
pub enum Form {
    /// `true` or `false`.
    Flag {
        /// Its value when it is left out.
        default: bool,
    },
    /// A whole number.
    Number {
        /// The range.
        allowed: RangeInclusive<u32>,
        /// Its unit.
        unit: &'static str,
        /// Its value when it is left out; none: then nothing is required.
        default: Option<u32>,
    },
    /// One of several words. The first is the default.
    Choice(&'static [&'static str]),
    /// A string of a certain form.
    Text(Text),
    /// A list of different strings of one form. One string alone is a list of one.
    List {
        /// The form of each.
        item: Text,
        /// How many.
        count: RangeInclusive<usize>,
        /// Whether one string can hold several, separated by commas.
        commas: bool,
    },
    /// Any string, the empty one included.
    FreeText {
        /// The most characters.
        longest: Option<usize>,
    },
    /// A policy document, as an object or a JSON string.
    Policy,
    /// A list of objects with `PolicyName` and `PolicyDocument`.
    Policies,
    /// A list of objects with `Key` and `Value`.
    Tags {
        /// The most tags.
        most: usize,
    },
}

/// How properties depend on each other.
#[derive(Debug)]
pub enum Relation {
    /// A property has no meaning without another.
    Needs {
        /// The property.
        property: &'static str,
        /// The other.
        other: &'static str,
        /// What continues the sentence after the property's name.
        message: &'static str,
    },
    /// A property has no effect unless a flag is `true`.
    NeedsTrue {
        /// The property.
        property: &'static str,
        /// The flag.
        flag: &'static str,
        /// What continues the sentence after the property's name.
        message: &'static str,
    },
    /// A flag that is `false` contradicts a property.
    FalseExcludes {
        /// The flag.
        flag: &'static str,
        /// The property.
        property: &'static str,
        /// What continues the sentence after the flag's name.
        message: &'static str,
    },
}

/// What CloudFormation itself puts among the properties of every custom resource.
pub(super) static OF_CLOUDFORMATION: &[Property] = &[
    Property {
        name: "ServiceToken",
        form: Form::FreeText { longest: None },
        required: false,
        summary: "The ARN of the function, in the account and Region of the stack: \
                  !ImportValue service-provider-access-ServiceToken.",
    },
    Property {
        name: "ServiceTimeout",
        form: Form::Number { allowed: 1..=3_600, unit: "seconds", default: Some(3_600) },
        required: false,
        summary: "How many seconds CloudFormation waits for an answer. 360 covers all attempts of the function.",
    },
];
