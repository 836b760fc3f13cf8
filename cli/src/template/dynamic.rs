//! Dynamic references, such as `{{resolve:ssm:name}}`.

use super::value::Piece;

/// A text with its dynamic references, such as `{{resolve:ssm:name}}`.
pub(super) fn static_and_dynamic(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{resolve:") {
        let Some((reference, after)) = after.split_once("}}") else { break };
        let service = reference.split(':').next().unwrap_or_default();
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(Piece::Unknown(format!("a dynamic reference ({service})")));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    pieces
}
