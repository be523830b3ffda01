//! When to ask a worker to stop and when to kill it. Pure: times go in, a decision comes out.

use super::{Flood, KillReason};
use std::time::Duration;

/// Time between the wall-clock limit and the kill, for a last checkpoint. The limit is a budget, so it is shorter than the grace
/// that a user's wish to stop gets.
const WALL_GRACE: Duration = Duration::from_secs(10);

/// Beyond its limit by this part of it, disk space ends a worker without asking: it grows faster than a checkpoint would.
const DISK_SLACK: u64 = 4;

/// What holds for a worker; all times are since its start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) wall: Duration,
    pub(super) stall: Duration,
    pub(super) grace: Duration,
    /// The most that may lie on the disk.
    pub(super) disk_bytes: Option<u64>,
}

/// What is known of a worker now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts {
    pub(super) now: Duration,
    /// When the last line came; zero before the first.
    pub(super) last_line: Duration,
    /// How much of the time since then it wanted to run and was not let.
    pub(super) starved: Duration,
    /// The user wants to stop.
    pub(super) stop: bool,
    /// What lies on the disk.
    pub(super) held_bytes: u64,
    /// It sent more than it may.
    pub(super) flooded: Option<Flood>,
    /// What it was asked already, and when.
    pub(super) asked: Option<(KillReason, Duration)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Wait,
    /// Ask it kindly: finish the step, write a checkpoint, exit.
    Ask(KillReason),
    Kill(KillReason),
}

/// What to do now. A worker that hangs or floods us is not asked: it would not listen, or lie.
pub(super) fn decide(limits: &Limits, facts: &Facts) -> Decision {
    use KillReason::{Disk, Flooded, Interrupted, Stalled, WallClock};
    let Facts { now, last_line, starved, stop, held_bytes, flooded, asked } = *facts;
    if let Some(flood) = flooded {
        return Decision::Kill(Flooded(flood));
    }
    let wall_grace = WALL_GRACE.min(limits.grace);
    if now > limits.wall.saturating_add(wall_grace) {
        return Decision::Kill(WallClock);
    }
    let over = limits.disk_bytes.map_or(0, |limit| held_bytes.saturating_sub(limit));
    if limits.disk_bytes.is_some_and(|limit| over > limit / DISK_SLACK) {
        return Decision::Kill(Disk);
    }
    if let Some((reason, at)) = asked {
        let grace = if matches!(reason, WallClock | Disk) { wall_grace } else { limits.grace };
        return if now.saturating_sub(at) > grace { Decision::Kill(reason) } else { Decision::Wait };
    }
    if now.saturating_sub(last_line).saturating_sub(starved) > limits.stall {
        return Decision::Kill(Stalled);
    }
    match (stop, over > 0, now > limits.wall) {
        (true, ..) => Decision::Ask(Interrupted),
        (_, true, _) => Decision::Ask(Disk),
        (.., true) => Decision::Ask(WallClock),
        _ => Decision::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use KillReason::{Disk, Flooded, Interrupted, Stalled, WallClock};

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn kind_first_then_firm() {
        let limits = Limits { wall: secs(100), stall: secs(20), grace: secs(30), disk_bytes: Some(1000) };
        let quiet = Facts { now: secs(50), last_line: secs(49), ..Facts::default() };
        let check = |facts: Facts, expected| assert_eq!(decide(&limits, &facts), expected, "{facts:?}");
        check(quiet, Decision::Wait);
        check(Facts { stop: true, ..quiet }, Decision::Ask(Interrupted));
        let flood = Flood::Line { most_bytes: 1 };
        check(Facts { flooded: Some(flood), stop: true, ..quiet }, Decision::Kill(Flooded(flood)));
        check(Facts { last_line: secs(29), ..quiet }, Decision::Kill(Stalled));
        check(Facts { now: secs(20), last_line: secs(0), ..quiet }, Decision::Wait);
        check(Facts { now: secs(21), last_line: secs(0), ..quiet }, Decision::Kill(Stalled));
        check(Facts { last_line: secs(20), starved: secs(10), ..quiet }, Decision::Wait);
        check(Facts { last_line: secs(20), starved: secs(9), ..quiet }, Decision::Kill(Stalled));
        // Asked: not asked again, no stall while it writes its checkpoint, killed after its grace.
        check(Facts { asked: Some((Interrupted, secs(49))), stop: true, last_line: secs(20), ..quiet }, Decision::Wait);
        check(Facts { asked: Some((Interrupted, secs(19))), stop: true, ..quiet }, Decision::Kill(Interrupted));
        // Disk space: asked when it is over, with the time of a budget; killed where it goes on growing.
        check(Facts { held_bytes: 1000, ..quiet }, Decision::Wait);
        check(Facts { held_bytes: 1001, ..quiet }, Decision::Ask(Disk));
        check(Facts { held_bytes: 1001, stop: true, ..quiet }, Decision::Ask(Interrupted));
        check(Facts { held_bytes: 1100, asked: Some((Disk, secs(49))), ..quiet }, Decision::Wait);
        check(Facts { held_bytes: 1100, asked: Some((Disk, secs(39))), ..quiet }, Decision::Kill(Disk));
        check(Facts { held_bytes: 1251, ..quiet }, Decision::Kill(Disk));
        check(Facts { held_bytes: 1251, asked: Some((Interrupted, secs(49))), ..quiet }, Decision::Kill(Disk));
        // The budget: asked when it is over, killed ten seconds later, whatever was asked before.
        let late = Facts { now: secs(101), last_line: secs(100), ..Facts::default() };
        check(late, Decision::Ask(WallClock));
        check(Facts { asked: Some((WallClock, secs(101))), ..late }, Decision::Wait);
        check(Facts { now: secs(111), asked: Some((WallClock, secs(101))), ..late }, Decision::Kill(WallClock));
        check(Facts { now: secs(111), asked: Some((Interrupted, secs(99))), ..late }, Decision::Kill(WallClock));
    }

    #[test]
    fn limits_without_end_do_not_overflow() {
        let limits = Limits { wall: Duration::MAX, stall: Duration::MAX, grace: Duration::MAX, disk_bytes: None };
        assert_eq!(decide(&limits, &Facts { now: secs(1 << 40), held_bytes: u64::MAX, ..Facts::default() }), Decision::Wait);
    }
}
