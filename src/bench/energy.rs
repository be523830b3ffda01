//! What the processor used, by its own counters.

use std::path::PathBuf;

/// The counters of the processor's packages, where the machine tells.
pub(super) struct Energy {
    /// (place, micro-joules, where the counter begins anew).
    counters: Vec<(PathBuf, u64, u64)>,
}

impl Energy {
    pub(super) fn read() -> Option<Energy> {
        let number = |path: PathBuf| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
        let is_package = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            name.starts_with("intel-rapl:") && name.matches(':').count() == 1
        };
        let entries = std::fs::read_dir("/sys/class/powercap").into_iter().flatten().flatten().map(|entry| entry.path());
        let counters: Vec<(PathBuf, u64, u64)> = entries
            .filter(is_package)
            .filter_map(|path| {
                let (now, most) = (number(path.join("energy_uj"))?, number(path.join("max_energy_range_uj"))?);
                Some((path, now, most))
            })
            .collect();
        (!counters.is_empty()).then_some(Energy { counters })
    }

    /// Joules since then; a counter begins anew once at most meanwhile.
    pub(super) fn since(self) -> Option<f64> {
        let now = Energy::read()?;
        let of = |(path, before, most): &(PathBuf, u64, u64)| {
            let (_, after, _) = now.counters.iter().find(|(other, ..)| other == path)?;
            Some(if after >= before { after - before } else { most - before + after })
        };
        let used: Option<Vec<u64>> = self.counters.iter().map(of).collect();
        Some(used?.iter().sum::<u64>() as f64 / 1e6)
    }
}
