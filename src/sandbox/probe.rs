//! What this machine offers of the jail, without entering any of it.

/// Layer -> what is there, or why it is missing so that a strict jail refuses.
#[cfg(target_os = "linux")]
pub fn probe() -> Vec<(String, Result<String, String>)> {
    use super::{Cgroup, Layer, files, syscalls};
    let named = |layer: Layer, found| (layer.name().to_string(), found);
    let files = files::offered().map(|abi| format!("Landlock, ABI {abi} (kernel {})", setting("/proc/sys/kernel/osrelease")));
    vec![
        named(Layer::Files, files),
        named(Layer::Syscalls, syscalls::offered()),
        named(
            Layer::Memory,
            Ok(Cgroup::offered("memory").unwrap_or_else(|| without_group("by RLIMIT_DATA, which fails allocations"))),
        ),
        named(
            Layer::Threads,
            Ok(Cgroup::offered("pids").unwrap_or_else(|| without_group("by RLIMIT_NPROC, which does not bind root"))),
        ),
        ("namespaces".to_string(), Ok(namespaces(&|path| std::fs::read_to_string(path).ok()))),
    ]
}

/// What limits an amount in a group's place, and how an ordinary user gets one: a session's own group belongs to root, one that systemd
/// makes for a command to the user.
#[cfg(target_os = "linux")]
fn without_group(instead: &str) -> String {
    // SAFETY: takes nothing, cannot fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    let can_have_one = !is_root && std::path::Path::new("/run/systemd/system").exists();
    let hint = if can_have_one { " (`systemd-run --user --scope tallow ...` has one)" } else { "" };
    format!("no control group{hint}: {instead}")
}

/// There is no jail here.
#[cfg(not(target_os = "linux"))]
pub fn probe() -> Vec<(String, Result<String, String>)> {
    vec![("all".to_string(), Err(format!("workers run on Linux only; this is {}", std::env::consts::OS)))]
}

#[cfg(target_os = "linux")]
fn setting(path: &str) -> String {
    std::fs::read_to_string(path).map(|text| text.trim().to_string()).unwrap_or_default()
}

/// Whether an ordinary user may make namespaces, from the settings that forbid it. The jail uses them where it may.
#[cfg(target_os = "linux")]
fn namespaces(read: &dyn Fn(&str) -> Option<String>) -> String {
    let is = |path: &str, value: &str| read(path).is_some_and(|text| text.trim() == value);
    let why = match read("/proc/sys/user/max_user_namespaces") {
        None => "this kernel has no user namespaces",
        Some(most) if most.trim() == "0" => "user namespaces are limited to 0",
        _ if is("/proc/sys/kernel/unprivileged_userns_clone", "0") => "unprivileged user namespaces are switched off",
        _ if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") => {
            "AppArmor keeps user namespaces from ordinary users"
        }
        _ => return "allowed".into(),
    };
    format!("none ({why}): the other layers hold without them")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn settings_that_forbid_namespaces_are_named() {
        let check = |settings: &[(&str, &str)], expected: &str| {
            let read = |path: &str| settings.iter().find(|(p, _)| path.ends_with(p)).map(|(_, value)| format!("{value}\n"));
            assert!(namespaces(&read).contains(expected), "{settings:?}: {}", namespaces(&read));
        };
        check(&[], "no user namespaces");
        check(&[("max_user_namespaces", "0")], "limited to 0");
        check(&[("max_user_namespaces", "100")], "allowed");
        check(&[("max_user_namespaces", "100"), ("unprivileged_userns_clone", "0")], "switched off");
        check(&[("max_user_namespaces", "100"), ("apparmor_restrict_unprivileged_userns", "1")], "AppArmor");
    }

    #[test]
    fn this_machine_is_described() {
        let names: Vec<String> = probe().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["files", "syscalls", "memory", "threads", "namespaces"]);
    }
}
