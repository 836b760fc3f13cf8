//! A part of a template as CloudFormation would pass it on, as far as that is known before a deployment.

use serde_json::Value as Json;

/// A value. Scalars are text, as CloudFormation passes them on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Null.
    Null,
    /// A scalar.
    Text(String),
    /// A text of which parts are known.
    Partly(Vec<Piece>),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Map(Vec<(String, Value)>),
    /// Only a deployment knows it; says why.
    Unknown(String),
    /// `AWS::NoValue`: what it stands for is not there.
    Nothing,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// This text.
    Text(String),
    /// Only a deployment knows it; says why.
    Unknown(String),
}

impl Value {
    /// A text of these pieces.
    pub fn of_pieces(pieces: Vec<Piece>) -> Self {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
                (_, piece) => joined.push(piece),
            }
        }
        match &mut joined[..] {
            [] => Self::Text(String::new()),
            [Piece::Text(text)] => Self::Text(std::mem::take(text)),
            [Piece::Unknown(why)] => Self::Unknown(std::mem::take(why)),
            _ => Self::Partly(joined),
        }
    }

    /// The pieces of a text; an error says why it is none.
    pub fn into_pieces(self) -> Result<Vec<Piece>, &'static str> {
        match self {
            Self::Text(text) => Ok(vec![Piece::Text(text)]),
            Self::Partly(pieces) => Ok(pieces),
            Self::Unknown(why) => Ok(vec![Piece::Unknown(why)]),
            Self::Null => Err("null"),
            Self::List(_) => Err("a list"),
            Self::Map(_) => Err("an object"),
            Self::Nothing => Err("AWS::NoValue"),
        }
    }

    /// Why parts of it are unknown, each reason once.
    pub fn unknown(&self) -> Vec<&str> {
        let mut reasons: Vec<&str> = Vec::new();
        self.visit(&mut |why| {
            if !reasons.contains(&why) {
                reasons.push(why);
            }
        });
        reasons
    }

    /// Whether nothing of it is unknown.
    pub fn is_known(&self) -> bool {
        self.unknown().is_empty()
    }

    fn visit<'v>(&'v self, found: &mut impl FnMut(&'v str)) {
        match self {
            Self::Unknown(why) => found(why),
            Self::Partly(pieces) => pieces.iter().for_each(|piece| {
                if let Piece::Unknown(why) = piece {
                    found(why);
                }
            }),
            Self::List(items) => items.iter().for_each(|item| item.visit(found)),
            Self::Map(members) => members.iter().for_each(|(_, value)| value.visit(found)),
            Self::Null | Self::Text(_) | Self::Nothing => {}
        }
    }

    /// As JSON, if all of it is known.
    pub fn known(&self) -> Option<Json> {
        match self {
            Self::Null => Some(Json::Null),
            Self::Text(text) => Some(Json::from(text.as_str())),
            Self::List(items) => items.iter().map(Self::known).collect(),
            Self::Map(members) => {
                members.iter().map(|(name, value)| Some((name.clone(), value.known()?))).collect::<Option<_>>()
            }
            Self::Partly(_) | Self::Unknown(_) | Self::Nothing => None,
        }
    }
}
