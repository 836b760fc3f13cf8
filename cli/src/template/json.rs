//! JSON with places.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::rc::Rc;
use std::str::Chars;

use super::fault::Fault;
use super::node::{Content, DEEPEST, Member, Node, Place};

/// Reads one value and nothing after it.
pub(super) fn read(text: &str) -> Result<Rc<Node>, Fault> {
    let mut reader = Reader { rest: text.chars().peekable(), place: Place { line: 1, column: 1 } };
    let node = reader.value(DEEPEST)?;
    reader.space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.fault("something follows the end of the template")),
    }
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    place: Place,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        match next {
            Some('\n') => self.place = Place { line: self.place.line + 1, column: 1 },
            Some(_) => self.place.column += 1,
            None => {}
        }
        next
    }

    fn fault(&self, what: &str) -> Fault {
        Fault::at(self.place, format!("This is not valid JSON: {what}."))
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), Fault> {
        self.space();
        if self.peek() != Some(wanted) {
            return Err(self.fault(&format!("{wanted:?} is missing here")));
        }
        self.next();
        Ok(())
    }

    fn value(&mut self, levels: usize) -> Result<Rc<Node>, Fault> {
        self.space();
        let place = self.place;
        let content = match self.peek() {
            Some('{' | '[') if levels == 0 => {
                return Err(Fault::at(place, format!("The template is nested more than {DEEPEST} levels deep.")));
            }
            Some('{') => Content::Map(self.members(levels - 1)?),
            Some('[') => Content::List(self.items(levels - 1)?),
            Some('"') => Content::Text(self.text()?),
            Some('-' | '0'..='9' | 'a'..='z') => self.word()?,
            Some(_) => return Err(self.fault("a value is missing here")),
            None => return Err(self.fault("it ends too early")),
        };
        Ok(Rc::new(Node { place, content }))
    }

    fn members(&mut self, levels: usize) -> Result<Vec<Member>, Fault> {
        self.next();
        let (mut members, mut names) = (Vec::new(), BTreeSet::new());
        self.space();
        if self.peek() == Some('}') {
            self.next();
            return Ok(members);
        }
        loop {
            self.space();
            let place = self.place;
            if self.peek() == Some('}') {
                return Err(self.fault("the comma before this '}' is one too many"));
            }
            if self.peek() != Some('"') {
                return Err(self.fault("a key in quotes is missing here"));
            }
            let name = self.text()?;
            if !names.insert(name.clone()) {
                let short: String = name.chars().take(60).collect();
                return Err(Fault::at(place, format!("The key {short:?} is given twice; give it once.")));
            }
            self.expect(':')?;
            let value = self.value(levels)?;
            members.push(Member { name, place, value });
            if !self.goes_on('}')? {
                return Ok(members);
            }
        }
    }

    fn items(&mut self, levels: usize) -> Result<Vec<Rc<Node>>, Fault> {
        self.next();
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(']') {
            self.next();
            return Ok(items);
        }
        loop {
            items.push(self.value(levels)?);
            if !self.goes_on(']')? {
                return Ok(items);
            }
        }
    }

    fn goes_on(&mut self, end: char) -> Result<bool, Fault> {
        self.space();
        match self.peek() {
            Some(',') => {
                self.next();
                Ok(true)
            }
            Some(found) if found == end => {
                self.next();
                Ok(false)
            }
            _ => Err(self.fault(&format!("',' or '{end}' is missing here"))),
        }
    }

    fn text(&mut self) -> Result<String, Fault> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped()?),
                Some(c) if c >= ' ' => text.push(c),
                Some(_) => return Err(self.fault("a text contains a control character")),
                None => return Err(self.fault("a text does not end")),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Fault> {
        Ok(match self.next() {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let first = self.unit()?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    if (self.next(), self.next()) != (Some('\\'), Some('u')) {
                        return Err(self.fault("half a character is escaped"));
                    }
                    let second = self.unit()?.checked_sub(0xdc00).filter(|low| *low < 0x400);
                    second.map(|low| 0x1_0000 + ((first - 0xd800) << 10) + low)
                } else {
                    Some(first)
                };
                code.and_then(char::from_u32).ok_or_else(|| self.fault("half a character is escaped"))?
            }
            _ => return Err(self.fault("an escape is unknown")),
        })
    }

    fn unit(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.next().and_then(|c| c.to_digit(16)).ok_or_else(|| self.fault("an escape is unknown"))?;
            unit = unit * 16 + digit;
        }
        Ok(unit)
    }

    /// A number, as it is written, or a word.
    fn word(&mut self) -> Result<Content, Fault> {
        let mut word = String::new();
        while let Some(c @ ('0'..='9' | 'a'..='z' | 'E' | '+' | '-' | '.')) = self.peek() {
            word.push(c);
            self.next();
        }
        match word.as_str() {
            "null" => Ok(Content::Null),
            "true" | "false" => Ok(Content::Text(word)),
            number if number.parse::<f64>().is_ok() && !number.contains("inf") && !number.contains("nan") => {
                Ok(Content::Text(word))
            }
            _ => Err(self.fault("a value is not a number, a text in quotes, true, false or null")),
        }
    }
}
