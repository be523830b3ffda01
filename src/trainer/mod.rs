//! The worker: everything that touches a device.
