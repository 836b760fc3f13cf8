//! How policies change: in place, so that access has no gap, wherever that grants no one too much on the way.

use super::attaching::Attaching;
use super::inline::{Put, Stages};
use super::operation::Operation;
use super::room::Room;
use crate::role::guardrail_policy::{GUARDRAIL_POLICY, lock};
use crate::role::observed::LiveRole;
use crate::role::trust::Change;

/// One of three.
pub(super) enum Way {
    /// Policies are replaced where they stand.
    InPlace {
        stages: Stages,
        /// What leaves goes before anything comes: otherwise there is no room, or a deny would go too early.
        leave_first: bool,
    },
    /// Until the trust is written, only what stays allows anything, under the denies of both templates.
    Stripped {
        /// The writes that leave only the denies of both.
        denials: Vec<Operation>,
        /// Before the guardrail policy, which would have no room otherwise.
        first: bool,
    },
    /// The denies of both templates do not fit side by side: the role can do nothing meanwhile.
    Locked {
        /// Even the lock has no room before something leaves.
        room_first: bool,
    },
}

impl Way {
    pub(super) fn of(
        change: Change,
        live: &LiveRole,
        puts: &[Put<'_>],
        attaching: &Attaching,
        room: &Room<'_>,
    ) -> Self {
        let stands_locked = live.inline.get(GUARDRAIL_POLICY).and_then(Option::as_ref) == Some(&lock());
        let locked = Self::Locked { room_first: !stands_locked && !room.fits_lock() };
        if stands_locked {
            return locked;
        }
        let crowded = room.is_crowded();
        if !crowded && change != Change::Incomparable {
            let loses = puts.iter().any(Put::loses);
            if let Some(stages) = Stages::of(puts, !attaching.denying.is_empty()) {
                if change != Change::Wider && !loses && room.fits_beside(&stages, attaching.count()) {
                    return Self::InPlace { stages, leave_first: false };
                }
                if room.fits_after(&stages, attaching.count()) {
                    return Self::InPlace { stages, leave_first: true };
                }
            }
        }
        let stripped: Option<Vec<_>> = puts.iter().map(Put::only_denials).collect();
        match stripped.filter(|stripped| room.fits_stripped(stripped, attaching.count())) {
            Some(stripped) => {
                let denials = puts.iter().zip(stripped).filter_map(|(put, denials)| put.strip(denials)).collect();
                Self::Stripped { denials, first: crowded }
            }
            None => locked,
        }
    }
}
