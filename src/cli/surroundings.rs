//! This program and machine, as far as they can move a bit.

use super::doctor;
use crate::data::sha256_of_file;
use crate::provenance::{DeviceKind, Surroundings};
use std::path::Path;

/// Reads what the system says of the processor, and hashes `program`.
pub(super) fn read(program: &Path) -> Surroundings {
    let text = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    Surroundings {
        version: env!("CARGO_PKG_VERSION").into(),
        binary_sha256: sha256_of_file(program).unwrap_or_default(),
        device: DeviceKind::Cpu,
        processor: processor(&text(Path::new("/proc/cpuinfo"))),
        instructions: doctor::features().into_iter().map(str::to_string).collect(),
        caches: caches(Path::new("/sys/devices/system/cpu/cpu0/cache")),
    }
}

/// The name of the first processor: Intel and AMD have a `model name`, ARM an implementer and a part.
pub(super) fn processor(cpuinfo: &str) -> String {
    let field = |name: &str| {
        let line = cpuinfo.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == name));
        line.map(|(_, value)| value.trim().to_string())
    };
    let numbers = || Some(format!("implementer {}, part {}", field("CPU implementer")?, field("CPU part")?));
    field("model name").or_else(numbers).unwrap_or_else(|| std::env::consts::ARCH.into())
}

/// "L1 Data 32K", from the smallest to the largest.
fn caches(folder: &Path) -> Vec<String> {
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let field = |name: &str| std::fs::read_to_string(entry.path().join(name)).ok().map(|text| text.trim().to_string());
            Some(format!("L{} {} {}", field("level")?, field("type")?, field("size")?))
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_have_names() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: A B\nmodel name\t: C"), "A B");
        assert_eq!(processor("CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"), "implementer 0x41, part 0xd0c");
        assert_eq!(processor(""), std::env::consts::ARCH);
    }
}
