//! A template as it is written, with the place of everything.

use std::fmt;
use std::rc::Rc;

/// The deepest nesting. CloudFormation has no template that is deeper.
pub(super) const DEEPEST: usize = 100;

/// Where something stands, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// As editors write it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A part of a template. Short forms of functions are in their long form.
#[derive(Debug)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub content: Content,
}

/// What a node is. Scalars are text, as CloudFormation passes them on.
#[derive(Debug)]
pub enum Content {
    /// Null.
    Null,
    /// A text, a number or a boolean.
    Text(String),
    /// A list.
    List(Vec<Rc<Node>>),
    /// An object. No name occurs twice.
    Map(Vec<Member>),
}

/// A member of an object.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub place: Place,
    /// Its value.
    pub value: Rc<Node>,
}

impl Node {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Content::Text(text) = &self.content { Some(text) } else { None }
    }

    /// The items, if it is a list.
    pub fn items(&self) -> Option<&[Rc<Self>]> {
        if let Content::List(items) = &self.content { Some(items) } else { None }
    }

    /// The members, if it is an object.
    pub fn members(&self) -> Option<&[Member]> {
        if let Content::Map(members) = &self.content { Some(members) } else { None }
    }

    /// The member of this name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members()?.iter().find(|member| member.name == name)
    }

    /// The value of the member of this name.
    pub fn get(&self, name: &str) -> Option<&Rc<Self>> {
        self.member(name).map(|member| &member.value)
    }

    /// The function and its argument, if the node is a call.
    pub fn call(&self) -> Option<(&str, &Rc<Self>)> {
        let [Member { name, value, .. }] = self.members()? else { return None };
        (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), value))
    }

    /// What it is, in a sentence.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "null",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "an object",
        }
    }
}
