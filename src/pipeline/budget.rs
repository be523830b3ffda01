//! The time budget of a run: it counts over every process that works on the run, so that stopping and resuming gains no time.

use crate::run::{Budget, Outcome};
use crate::store::{Entry, Record};
use crate::words::dollars;
use std::time::{Duration, Instant};

/// Whoever goes on with a run needs more than this: for a jail, a model that is loaded, a checkpoint.
const LEAST: Duration = Duration::from_secs(1);

/// No limit is longer; what little money buys on a machine that costs nearly nothing would be.
const MOST: Duration = Duration::from_secs(1_000_000_000);

/// What a run may take, and what it has taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeBudget {
    limit: Duration,
    /// What of it is for something else.
    reserved: Duration,
    used_before: Duration,
    begun: Instant,
    /// None: the limit is one on time.
    bought: Option<Bought>,
}

/// A limit that is what may be spent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bought {
    pub(super) max_usd: f64,
    /// What a language model took of it.
    pub(super) spent_usd: f64,
    pub(super) usd_per_hour: f64,
}

impl TimeBudget {
    /// `begun`: when this process did; `used_before` is what earlier processes took.
    pub(super) fn new(limit: Duration, used_before: Duration, begun: Instant) -> Self {
        TimeBudget { limit, reserved: Duration::ZERO, used_before, begun, bought: None }
    }

    /// The same, where what may be spent buys less; none where nothing limits it.
    pub(super) fn least(time: Option<Self>, bought: Option<Bought>, used_before: Duration, begun: Instant) -> Option<Self> {
        let affordable = bought.and_then(|bought| {
            let secs = crate::plan::secs_for(bought.max_usd - bought.spent_usd, bought.usd_per_hour)?;
            let limit = Duration::try_from_secs_f64(secs).unwrap_or(MOST);
            Some(TimeBudget { bought: Some(bought), ..TimeBudget::new(limit, used_before, begun) })
        });
        time.into_iter().chain(affordable).min_by_key(|budget| budget.limit)
    }

    /// When everything must be over.
    pub(super) fn deadline(&self) -> Instant {
        let left = self.own().saturating_sub(self.used_before);
        let is_too_little = left < LEAST && !self.used_before.is_zero();
        self.begun + if is_too_little { Duration::ZERO } else { left.min(MOST) }
    }

    /// What is not for something else.
    fn own(&self) -> Duration {
        self.limit.saturating_sub(self.reserved)
    }

    /// The same where `reserved` is for the verdict.
    pub(super) fn less(self, reserved: Duration) -> Self {
        TimeBudget { reserved, ..self }
    }

    pub(super) fn left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// How a run ends whose time is over; none while there is some left.
    pub(super) fn spent(&self) -> Option<Outcome> {
        (Instant::now() >= self.deadline()).then(|| {
            let used = (self.used_before + self.begun.elapsed()).as_secs_f64();
            let earlier = match self.used_before.is_zero() {
                true => String::new(),
                false => format!(", {:.1} s of them before it was resumed", self.used_before.as_secs_f64()),
            };
            let kept = |what: &str| match self.reserved.as_secs() {
                0 => String::new(),
                secs => format!(", {secs} s {what} kept for the verdict"),
            };
            let used_of_it = format!("{used:.1} s were used{earlier}");
            if let Some(Bought { max_usd, usd_per_hour, .. }) = self.bought {
                let [max, hour] = [max_usd, usd_per_hour].map(dollars);
                let kept = kept("of what it buys");
                let what = format!("`budget.max_usd` is {max} for the whole run{kept}, {used_of_it}, at {hour} an hour");
                return Outcome::BudgetSpent { budget: Budget::Money, what };
            }
            let (limit, kept) = (self.limit.as_secs(), kept("of them"));
            let rest = if used < self.own().as_secs_f64() { ": too little is left to go on" } else { "" };
            let what = format!("`budget.max_time_secs` is {limit} s for the whole run{kept}, {used_of_it}{rest}");
            Outcome::BudgetSpent { budget: Budget::Time, what }
        })
    }
}

/// What earlier processes took, by the ledger: stages and attempts. An attempt that ended with its process has no end there; it
/// counts up to its `last_sign` (run, attempt) of life, from its start on: no clock that somebody may have set has a say.
pub(super) fn used(ledger: &[Entry], last_sign: &dyn Fn(&str, u32) -> Option<Duration>) -> Duration {
    let secs = |secs: f64| Duration::try_from_secs_f64(secs).unwrap_or_default();
    let is_over = |run: &str, attempt: u32| {
        ledger.iter().any(|e| matches!(&e.record, Record::AttemptEnded { run: r, attempt: a, .. } if r == run && *a == attempt))
    };
    let of = |entry: &Entry| match &entry.record {
        Record::Stage { secs: taken, .. } | Record::Written { secs: taken, .. } => secs(*taken),
        Record::AttemptEnded { wall_secs, .. } => secs(*wall_secs),
        Record::AttemptStarted { run, attempt, .. } if !is_over(run, *attempt) => last_sign(run, *attempt).unwrap_or_default(),
        _ => Duration::ZERO,
    };
    ledger.iter().map(of).sum()
}

/// What the ledger lacks of attempts that ended with the process that had started them.
pub(super) fn cut_off(ledger: &[Entry], last_sign: &dyn Fn(&str, u32) -> Option<Duration>) -> Vec<Record> {
    let is_known = |run: &str, attempt: u32| {
        ledger.iter().any(|entry| match &entry.record {
            Record::AttemptEnded { run: of, attempt: number, .. } | Record::CutOff { run: of, attempt: number, .. } => {
                of == run && *number == attempt
            }
            _ => false,
        })
    };
    let of = |entry: &Entry| match &entry.record {
        Record::AttemptStarted { run, attempt, .. } if !is_known(run, *attempt) => {
            let secs = last_sign(run, *attempt)?.as_secs_f64();
            Some(Record::CutOff { run: run.clone(), attempt: *attempt, secs })
        }
        _ => None,
    };
    ledger.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at: &str, record: Record) -> Entry {
        Entry { row: 1, at: at.into(), before: None, record }
    }

    #[test]
    fn stages_and_attempts_count_and_so_does_one_that_was_killed() {
        let started = |run: &str, attempt| Record::AttemptStarted { run: run.into(), attempt, job: crate::job::JobKind::Train };
        let outcome = Outcome::Interrupted { step: 1 };
        let ledger = [
            entry(
                "2026-01-01T00:00:00Z",
                Record::Stage { stage: crate::store::Stage::Plan, file: "p".into(), sha256: String::new(), secs: 1.5 },
            ),
            entry("2026-01-01T00:00:02Z", started("a", 1)),
            entry(
                "2026-01-01T00:00:07Z",
                Record::AttemptEnded { run: "a".into(), attempt: 1, outcome, wall_secs: 5.0, max_rss_bytes: 0 },
            ),
            entry("2026-01-01T00:01:00Z", started("a", 2)),
            entry("2026-01-01T00:02:00Z", started("b", 1)),
        ];
        let last_sign = |run: &str, attempt: u32| (run == "a" && attempt == 2).then_some(Duration::from_secs(10));
        assert_eq!(used(&ledger, &last_sign), Duration::from_secs_f64(1.5 + 5.0 + 10.0));
        // Its end is entered once, and does not count twice.
        let found = cut_off(&ledger, &last_sign);
        assert_eq!(found, [Record::CutOff { run: "a".into(), attempt: 2, secs: 10.0 }]);
        let entered = [&ledger[..], &[entry("2026-01-01T00:03:00Z", found[0].clone())]].concat();
        assert!(cut_off(&entered, &last_sign).is_empty());
        assert_eq!(used(&entered, &last_sign), used(&ledger, &last_sign));
        // Whatever the clock on the wall said when it was started.
        let jumped = [entry("1999-01-01T00:00:00Z", started("a", 2)), entry("no time", started("b", 2))];
        assert_eq!(used(&jumped, &last_sign), Duration::from_secs(10));
    }

    #[test]
    fn what_was_used_before_is_gone() {
        let new = |limit, used| TimeBudget::new(limit, used, Instant::now());
        let (secs, secs_f64) = (Duration::from_secs, Duration::from_secs_f64);
        assert!(new(secs(60), secs(50)).spent().is_none());
        assert!(new(secs(1), secs(0)).spent().is_none(), "a run that begins has what it was given");
        let Some(Outcome::BudgetSpent { what, .. }) = new(secs(60), secs_f64(59.9)).spent() else { panic!("it is spent") };
        assert!(what.ends_with("59.9 s were used, 59.9 s of them before it was resumed: too little is left to go on"), "{what}");
        let Some(Outcome::BudgetSpent { what, .. }) = new(secs(60), secs(61)).spent() else { panic!("it is spent") };
        assert_eq!(
            what,
            "`budget.max_time_secs` is 60 s for the whole run, 61.0 s were used, 61.0 s of them before it was resumed"
        );
    }

    #[test]
    fn what_is_kept_for_the_verdict_is_told_beside_the_limit() {
        let secs = Duration::from_secs;
        let budget = TimeBudget::new(secs(3600), secs(1500), Instant::now());
        assert!(budget.spent().is_none());
        let Some(Outcome::BudgetSpent { what, .. }) = budget.less(secs(2400)).spent() else { panic!("it is spent") };
        let expected = "is 3600 s for the whole run, 2400 s of them kept for the verdict, 1500.0 s were used";
        assert!(what.contains(expected), "{what}");
    }

    #[test]
    fn a_limit_beyond_all_time_is_none() {
        let bought = Bought { max_usd: 1e300, spent_usd: 0.0, usd_per_hour: 1e-300 };
        for budget in [
            TimeBudget::least(None, Some(bought), Duration::ZERO, Instant::now()),
            Some(TimeBudget::new(Duration::MAX, Duration::ZERO, Instant::now())),
        ] {
            assert!(budget.expect("a limit").spent().is_none());
        }
    }
}
