//! Where everything is in the picture.

use super::content::{Content, Line};
use crate::page::words;

/// The form of the picture for one width of the screen, in its own units.
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) width: f64,
    /// Where the bands begin and end.
    pub(super) left: f64,
    pub(super) right: f64,
    /// The sizes of the letters.
    pub(super) size: f64,
    pub(super) small: f64,
    pub(super) account_size: f64,
    pub(super) account_characters: usize,
    pub(super) name_characters: usize,
    pub(super) detail_characters: usize,
    /// The least height of a line and of an account.
    line: f64,
    account: f64,
    pub(super) left_heading: &'static str,
    pub(super) right_heading: &'static str,
}

impl Shape {
    /// For a screen that is wide enough for both columns of text.
    pub(super) const WIDE: Self = Self {
        name: "wide",
        width: 1080.0,
        left: 210.0,
        right: 640.0,
        size: 15.0,
        small: 13.0,
        account_size: 14.0,
        account_characters: 22,
        name_characters: 46,
        detail_characters: 58,
        line: 46.0,
        account: 30.0,
        left_heading: "Accounts and principals",
        right_heading: "Roles, and what they may do",
    };

    /// For a telephone.
    pub(super) const NARROW: Self = Self {
        name: "narrow",
        width: 360.0,
        left: 100.0,
        right: 172.0,
        size: 12.5,
        small: 11.0,
        account_size: 11.5,
        account_characters: 13,
        name_characters: 21,
        detail_characters: 27,
        line: 42.0,
        account: 26.0,
        left_heading: "Accounts",
        right_heading: "Roles",
    };

    /// Where the names of roles begin.
    pub(super) fn name_start(&self) -> f64 {
        self.right + 12.0 + self.size + 7.0
    }
}

/// The space above the first line.
const TOP: f64 = 30.0;

/// The space between two bands of one node.
const BETWEEN: f64 = 1.0;

/// Where a line or an account is.
pub(super) struct Node {
    pub(super) top: f64,
    pub(super) height: f64,
    pub(super) middle: f64,
    pub(super) bands: Vec<Band>,
}

/// A band, as a closed path.
pub(super) struct Band {
    pub(super) path: String,
}

/// Where everything is.
pub(super) struct Layout {
    pub(super) lines: Vec<Node>,
    pub(super) accounts: Vec<Node>,
    pub(super) height: f64,
}

impl Layout {
    /// The picture of these lines in this shape.
    pub(super) fn new(content: &Content<'_>, shape: &Shape) -> Self {
        let right: Vec<f64> = content.lines.iter().map(|line| extent(&widths(line, line.accounts.len()))).collect();
        let left: Vec<f64> = (0..content.accounts.len())
            .map(|account| {
                let entered = content.lines.iter().filter(|line| line.accounts.contains(&account));
                extent(&entered.map(width).collect::<Vec<_>>())
            })
            .collect();
        let slots =
            |heights: &[f64], least: f64| heights.iter().map(|height| height.max(least - 8.0) + 8.0).sum::<f64>();
        let inner = slots(&right, shape.line).max(slots(&left, shape.account));
        let mut accounts = column(&left, shape.account, inner);
        let mut nodes = column(&right, shape.line, inner);
        // How much of each account is taken by bands above.
        let mut taken: Vec<f64> = accounts.iter().map(|node| node.top).collect();
        for (line, node) in content.lines.iter().zip(&mut nodes) {
            let mut at = node.top;
            for account in &line.accounts {
                let Some(from) = taken.get_mut(*account) else { continue };
                node.bands.push(Band { path: path(shape, *from, at, width(line)) });
                *from += width(line) + BETWEEN;
                at += width(line) + BETWEEN;
            }
        }
        for node in accounts.iter_mut().chain(&mut nodes) {
            node.height = node.height.max(3.0);
        }
        Self { lines: nodes, accounts, height: (TOP + inner + 6.0).round() }
    }
}

/// The most height of a line with many accounts.
const HIGHEST: f64 = 72.0;

/// The width of the bands of a line: what the role may do, and for several roles a little more.
fn width(line: &Line<'_>) -> f64 {
    let level = [3.0, 6.0, 11.0, 15.0, 20.0][words::marks(line.level).min(4)];
    let several = f64::from(u32::try_from(line.count()).unwrap_or(u32::MAX)).log2() * 1.5;
    let accounts = f64::from(u32::try_from(line.accounts.len().max(1)).unwrap_or(u32::MAX));
    (level + several).min((HIGHEST / accounts).max(1.5))
}

fn widths(line: &Line<'_>, count: usize) -> Vec<f64> {
    vec![width(line); count]
}

/// The height of bands above each other.
fn extent(widths: &[f64]) -> f64 {
    let between = f64::from(u32::try_from(widths.len().saturating_sub(1)).unwrap_or_default()) * BETWEEN;
    widths.iter().sum::<f64>() + between
}

/// Nodes of these heights one below the other, spread over the whole height.
fn column(heights: &[f64], least: f64, whole: f64) -> Vec<Node> {
    let slots: Vec<f64> = heights.iter().map(|height| height.max(least - 8.0) + 8.0).collect();
    let number = f64::from(u32::try_from(slots.len().max(1)).unwrap_or(1));
    let spare = (whole - slots.iter().sum::<f64>()).max(0.0) / number;
    let mut top = TOP;
    let mut nodes = Vec::new();
    for (height, slot) in heights.iter().zip(slots) {
        let middle = top + f64::midpoint(slot, spare);
        nodes.push(Node { top: middle - height / 2.0, height: *height, middle, bands: Vec::new() });
        top += slot + spare;
    }
    nodes
}

/// A band from the left to the right.
fn path(shape: &Shape, from: f64, to: f64, width: f64) -> String {
    let (start, end) = (shape.left + 5.0, shape.right);
    let bend = f64::midpoint(start, end);
    let (from_end, to_end) = (from + width, to + width);
    format!(
        "M{start:.1} {from:.1}C{bend:.1} {from:.1} {bend:.1} {to:.1} {end:.1} {to:.1}V{to_end:.1}C{bend:.1} {to_end:.1} {bend:.1} \
         {from_end:.1} {start:.1} {from_end:.1}Z"
    )
}
