//! The program and the machine that a run was trained by.

use serde::{Deserialize, Serialize};

/// What besides config, data and weights can move a bit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// Of Tallow.
    pub version: String,
    /// Of the program's own file.
    pub binary_sha256: String,
    pub device: DeviceKind,
    /// The processor's name, as the system has it.
    pub processor: String,
    /// Instructions that the kernels use.
    pub instructions: Vec<String>,
    /// Sizes of the caches of a core: products are cut by them, so they decide the order of sums.
    pub caches: Vec<String>,
}

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    Cpu,
}

/// How far a repeated run is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Determinism {
    /// Bit for bit, on each machine with the same device.
    BitwiseOnThisDeviceModel,
}

impl Determinism {
    /// What holds on a device.
    pub fn on(device: DeviceKind) -> Determinism {
        match device {
            // Held by the tests of repeated runs: nothing depends on the number of threads, and what depends on the processor is
            // its instructions and caches.
            DeviceKind::Cpu => Determinism::BitwiseOnThisDeviceModel,
        }
    }

    /// What the level means.
    pub fn meaning(self) -> &'static str {
        match self {
            Determinism::BitwiseOnThisDeviceModel => {
                "the same binary, config, data and base weights give the same bits on every machine with this processor, its \
                 instructions and caches, with any number of threads, and after any kill and resume; on another kind of \
                 processor, sums may round otherwise"
            }
        }
    }
}
