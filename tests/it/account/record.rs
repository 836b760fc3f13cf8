//! Which calls came, and which of them were under way together.

use super::query::Call;
use super::state::Role;

#[derive(Default)]
pub(crate) struct Record {
    /// Ticks at every start and every end, so that any two of them have an order.
    clock: u64,
    calls: Vec<Entry>,
    moments: Vec<Timestamp>,
}

/// All roles as a write left them.
#[derive(Clone, Debug)]
pub(crate) struct Timestamp {
    /// The write, as in [`calls`](super::Account::calls).
    pub(crate) after: String,
    /// Oldest first.
    pub(crate) roles: Vec<Role>,
}

struct Entry {
    line: String,
    writes: bool,
    request_id: String,
    started: u64,
    ended: Option<u64>,
}

impl Record {
    /// Returns the mark by which [`end`](Self::end) knows the call again.
    pub(crate) fn start(&mut self, call: &Call, request_id: String) -> u64 {
        let started = self.tick();
        self.calls.push(Entry { line: call.line(), writes: call.action.writes, request_id, started, ended: None });
        started
    }

    pub(crate) fn end(&mut self, started: u64) {
        let ended = self.tick();
        // A call that began before `clear` is not found, and that is right.
        if let Some(call) = self.calls.iter_mut().find(|call| call.started == started) {
            call.ended = Some(ended);
        }
    }

    pub(crate) fn keep(&mut self, call: &Call, roles: &[Role]) {
        self.moments.push(Timestamp { after: call.line(), roles: roles.to_vec() });
    }

    pub(crate) fn moments(&self) -> Vec<Timestamp> {
        self.moments.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.calls.clear();
        self.moments.clear();
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.iter().map(|call| call.line.clone()).collect()
    }

    pub(crate) fn writes(&self) -> Vec<String> {
        self.calls.iter().filter(|call| call.writes).map(|call| call.line.clone()).collect()
    }

    pub(crate) fn request_id(&self, call: &str) -> Option<String> {
        self.calls.iter().rev().find(|entry| entry.line.starts_with(call)).map(|entry| entry.request_id.clone())
    }

    /// A call belongs to the round after the last one in which a call had ended before it started.
    pub(crate) fn rounds(&self) -> Vec<Vec<String>> {
        let mut rounds: Vec<Vec<String>> = Vec::new();
        let mut round_of: Vec<usize> = Vec::new();
        for call in &self.calls {
            let round = self
                .calls
                .iter()
                .zip(&round_of)
                .filter(|(earlier, _)| earlier.ended.is_some_and(|ended| ended < call.started))
                .map(|(_, round)| round + 1)
                .max()
                .unwrap_or(0);
            round_of.push(round);
            if rounds.len() == round {
                rounds.push(Vec::new());
            }
            rounds[round].push(call.line.clone());
        }
        rounds
    }

    pub(crate) fn max_in_flight(&self) -> usize {
        let under_way = |moment: u64| {
            self.calls
                .iter()
                .filter(|call| call.started <= moment && call.ended.is_none_or(|ended| moment < ended))
                .count()
        };
        self.calls.iter().map(|call| under_way(call.started)).max().unwrap_or(0)
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}
