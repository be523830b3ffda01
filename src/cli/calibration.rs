//! How fast this machine is: measured a few times, and remembered. One measurement beside other work may be half of what the machine does.

use crate::store::write_atomic;
use crate::trainer;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// So many measurements are enough.
const MEASUREMENTS: usize = 5;

/// After so long they are made anew: drivers, neighbours and settings change.
const FRESH: Duration = Duration::from_secs(30 * 24 * 3600);

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
    /// What estimates start from: the median, of two the greater.
    fn speed(&self) -> Option<f64> {
        let mut speeds = self.matmul_flops.clone();
        speeds.sort_by(f64::total_cmp);
        speeds.get(speeds.len() / 2).copied()
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
    if known.matmul_flops.len() < MEASUREMENTS {
        known.matmul_flops.push(trainer::matmul_flops()?);
        remember(&path, &known);
    }
    Ok(known.speed().unwrap_or(0.0))
}

fn remembered(path: &PathBuf) -> Option<Calibration> {
    let written = std::fs::metadata(path).and_then(|file| file.modified()).ok()?;
    let is_fresh = SystemTime::now().duration_since(written).is_ok_and(|age| age < FRESH);
    let known: Calibration = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let is_sound = known.matmul_flops.iter().all(|speed| speed.is_finite() && *speed > 0.0);
    (is_fresh && is_sound).then_some(known)
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
        matmul_flops(cache.path(), 64).expect("measured");
        assert_eq!(remembered(&path).expect("written").matmul_flops.len(), 1, "another machine");
        std::fs::write(&path, r#"{"processor":"a","cores":2,"matmul_flops":[-1.0]}"#).expect("written");
        assert_eq!(remembered(&path), None);
        assert!(matmul_flops(Path::new("/proc/none"), 2).expect("measured") > 0.0, "no cache");
    }

    #[test]
    fn a_slow_moment_does_not_decide() {
        let of = |speeds: &[f64]| Calibration { matmul_flops: speeds.to_vec(), ..Calibration::default() }.speed();
        assert_eq!((of(&[]), of(&[3.0]), of(&[1.0, 3.0]), of(&[3.0, 1.0, 2.5])), (None, Some(3.0), Some(3.0), Some(2.5)));
    }
}
