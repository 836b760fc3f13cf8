//! Which calls came, and which of them were in flight at the same time.

use super::super::fake;
use super::call::Call;
use super::state::Role;

#[derive(Default)]
pub(crate) struct Record {
    /// Ticks at each start and each end of a call, so that any two of them have an order.
    clock: u64,
    calls: Vec<Entry>,
    snapshots: Vec<Snapshot>,
}

/// All roles after a write.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// The write, as in [`calls`](super::Account::calls).
    pub(crate) after: String,
    /// Oldest first.
    pub(crate) roles: Vec<Role>,
}

struct Entry {
    line: String,
    writes: bool,
    number: u64,
    started: u64,
    ended: Option<u64>,
}

impl Record {
    pub(crate) fn start(&mut self, call: &Call, number: u64) {
        let started = self.tick();
        self.calls.push(Entry { line: call.line(), writes: call.action.writes, number, started, ended: None });
    }

    pub(crate) fn end(&mut self, number: u64) {
        let ended = self.tick();
        // `clear` forgets calls that are still in flight.
        if let Some(call) = self.calls.iter_mut().find(|call| call.number == number) {
            call.ended = Some(ended);
        }
    }

    pub(crate) fn keep(&mut self, call: &Call, roles: &[Role]) {
        self.snapshots.push(Snapshot { after: call.line(), roles: roles.to_vec() });
    }

    pub(crate) fn snapshots(&self) -> Vec<Snapshot> {
        self.snapshots.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.calls.clear();
        self.snapshots.clear();
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.iter().map(|call| call.line.clone()).collect()
    }

    pub(crate) fn writes(&self) -> Vec<String> {
        self.calls.iter().filter(|call| call.writes).map(|call| call.line.clone()).collect()
    }

    pub(crate) fn request_id(&self, call: &str) -> Option<String> {
        self.calls.iter().rev().find(|entry| entry.line.starts_with(call)).map(|entry| fake::request_id(entry.number))
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
        let in_flight = |at: u64| {
            self.calls.iter().filter(|call| call.started <= at && call.ended.is_none_or(|ended| at < ended)).count()
        };
        self.calls.iter().map(|call| in_flight(call.started)).max().unwrap_or(0)
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}
