//! How fast this machine is: measured a few times, then once a day, and remembered. Beside other work it seems half as fast as it is.

use crate::store::write_atomic;
use crate::trainer;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// So many measurements count, the last ones.
const MEASUREMENTS: usize = 5;

/// After so long another is made: drivers, neighbours and settings change.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// What was measured of one kind of machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Calibration {
    /// A cache may be shared by machines.
    processor: String,
    cores: usize,
    /// FLOP a second of a large float32 product.
    matmul_flops: Vec<f64>,
}

impl Calibration {
    /// What estimates start from: the greatest, for other work makes it seem slower and nothing makes it seem faster.
    fn speed(&self) -> Option<f64> {
        self.matmul_flops.iter().copied().max_by(f64::total_cmp)
    }
}

/// FLOP a second of a large float32 product on all of `cores`: measured, unless `cache` (Tallow's folder for what can be had again) knows
/// enough of this machine. A cache that cannot be read or written is none.
///
/// # Errors
/// The product failed.
pub(super) fn matmul_flops(cache: &Path, cores: usize) -> Result<f64, trainer::Error> {
    let processor = super::surroundings::processor(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default());
    let path = cache.join("calibration.json");
    let mut known = remembered(&path)
        .filter(|known| known.processor == processor && known.cores == cores)
        .unwrap_or(Calibration { processor, cores, matmul_flops: Vec::new() });
    if known.matmul_flops.len() < MEASUREMENTS || !is_fresh(&path) {
        known.matmul_flops.push(trainer::matmul_flops()?);
        known.matmul_flops.drain(..known.matmul_flops.len().saturating_sub(MEASUREMENTS));
        remember(&path, &known);
    }
    Ok(known.speed().unwrap_or(0.0))
}

fn is_fresh(path: &Path) -> bool {
    let written = std::fs::metadata(path).and_then(|file| file.modified());
    written.is_ok_and(|written| SystemTime::now().duration_since(written).is_ok_and(|age| age < FRESH))
}

fn remembered(path: &Path) -> Option<Calibration> {
    let known: Calibration = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    known.matmul_flops.iter().all(|speed| speed.is_finite() && *speed > 0.0).then_some(known)
}

/// Whoever cannot keep it measures again.
fn remember(path: &Path, known: &Calibration) {
    let (Some(folder), Ok(text)) = (path.parent(), serde_json::to_vec(known)) else { return };
    if std::fs::create_dir_all(folder).is_ok() {
        write_atomic(path, |file| file.write_all(&text)).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_measured_a_few_times() {
        let cache = tempfile::tempdir().expect("a folder");
        let path = cache.path().join("calibration.json");
        for times in 1..=MEASUREMENTS {
            assert!(matmul_flops(cache.path(), 2).expect("measured") > 0.0);
            assert_eq!(remembered(&path).expect("written").matmul_flops.len(), times);
        }
        let known = remembered(&path).expect("written");
        assert_eq!(matmul_flops(cache.path(), 2).expect("known"), known.speed().expect("measured"));
        assert_eq!(remembered(&path), Some(known.clone()), "nothing is measured again");
        // A day and a bit later: once more, and the first no longer counts.
        let then = SystemTime::now() - FRESH - Duration::from_secs(60);
        std::fs::File::options().append(true).open(&path).and_then(|file| file.set_modified(then)).expect("set back");
        matmul_flops(cache.path(), 2).expect("measured");
        let later = remembered(&path).expect("written").matmul_flops;
        assert_eq!((later.len(), &later[..MEASUREMENTS - 1]), (MEASUREMENTS, &known.matmul_flops[1..]));
        matmul_flops(cache.path(), 64).expect("measured");
        assert_eq!(remembered(&path).expect("written").matmul_flops.len(), 1, "another machine");
        std::fs::write(&path, r#"{"processor":"a","cores":2,"matmul_flops":[-1.0]}"#).expect("written");
        assert_eq!(remembered(&path), None);
        assert!(matmul_flops(Path::new("/proc/none"), 2).expect("measured") > 0.0, "no cache");
    }

    #[test]
    fn a_slow_moment_does_not_decide() {
        let of = |speeds: &[f64]| Calibration { matmul_flops: speeds.to_vec(), ..Calibration::default() }.speed();
        assert_eq!((of(&[]), of(&[1.0, 3.0]), of(&[1.0, 1.1, 3.0, 1.2, 1.1])), (None, Some(3.0), Some(3.0)));
    }
}
