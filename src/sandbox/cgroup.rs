//! A control group around one worker, made by the supervisor: memory and threads that the kernel limits and counts, and the list of
//! all that a worker started. Version 2 or 1, whichever gives the controller to us; or none.

use super::{Grouped, Policy};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The groups of one worker: one of version 2 for both amounts, for a process is in a single group of it, or one each. Removed when
/// dropped, by which time the worker must be gone.
#[derive(Debug, Default)]
pub struct Cgroup {
    memory: Option<Rc<Group>>,
    /// Without a limit of ours the group counts all the same: a limit around us may kill, too.
    limits_memory: bool,
    threads: Option<Rc<Group>>,
}

#[derive(Debug)]
struct Group {
    folder: PathBuf,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

impl Version {
    const BOTH: [Version; 2] = [Version::V2, Version::V1];
}

/// Of either version.
const PIDS_MAX: &str = "pids.max";

/// What limits a group of version 2, and what share it has, by its files.
const LIMITS: [&str; 11] = [
    "memory.max",
    "memory.high",
    "memory.swap.max",
    "memory.swap.high",
    "pids.max",
    "cpu.max",
    "cpu.weight",
    "io.weight",
    "cpuset.cpus",
    "cpuset.mems",
    "io.max",
];

/// Names of our groups begin so; then come the supervisor's process id and a number.
const PREFIX: &str = "tallow-";

impl Cgroup {
    /// Makes groups for one worker, as far as this machine lets us; [`Cgroup::grouped`] says how far that is.
    pub fn create(policy: &Policy) -> Cgroup {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("{PREFIX}{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let limit = |group: &Group| policy.memory_bytes.map_or(Some(()), |bytes| group.limit_memory(bytes));
        let memory = Group::create("memory", &name, &Version::BOTH, limit).map(Rc::new);
        let most = |group: &Group| group.at_most(PIDS_MAX, policy.max_threads);
        let shared = memory.as_ref().filter(|group| group.version == Version::V2);
        let threads = match shared {
            Some(group) if group.has(PIDS_MAX) => most(group).map(|()| Rc::clone(group)),
            Some(_) => Group::create("pids", &name, &[Version::V1], most).map(Rc::new),
            None => Group::create("pids", &name, &Version::BOTH, most).map(Rc::new),
        };
        Cgroup { memory, limits_memory: policy.memory_bytes.is_some(), threads }
    }

    /// Puts a process into the groups, with all that it will start; says which amounts are limited from now on. A group that it could
    /// not be put into is given up: it would count nothing.
    pub fn admit(&mut self, pid: u32) -> Grouped {
        for group in [&mut self.memory, &mut self.threads] {
            *group = group.take().filter(|group| group.write("cgroup.procs", u64::from(pid)).is_some());
        }
        Grouped { memory: self.memory.is_some() && self.limits_memory, threads: self.threads.is_some() }
    }

    /// How often the kernel, or systemd-oomd in its place, killed for want of memory. None: nobody counts.
    pub fn memory_kills(&self) -> Option<u64> {
        let group = self.memory.as_ref()?;
        let (file, by_systemd) = match group.version {
            Version::V1 => ("memory.oom_control", 0),
            Version::V2 => ("memory.events", killed_by_systemd(&group.folder).unwrap_or(0)),
        };
        Some(counter(&fs::read_to_string(group.folder.join(file)).ok()?, "oom_kill")? + by_systemd)
    }

    /// Processes that are in a group now.
    pub fn members(&self) -> Vec<u32> {
        let lists = [&self.memory, &self.threads].into_iter().flatten();
        let mut pids: Vec<u32> = lists
            .filter_map(|group| fs::read_to_string(group.folder.join("cgroup.procs")).ok())
            .flat_map(|text| text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<u32>>())
            .collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// What this machine offers for one controller, found by making a group and removing it.
    pub fn offered(controller: &str) -> Option<String> {
        let name = format!("{PREFIX}{}-probe-{controller}", std::process::id());
        let group = Group::create(controller, &name, &Version::BOTH, |_| Some(()))?;
        Some(match group.version {
            Version::V1 => format!("control group, version 1 ({controller})"),
            Version::V2 => format!("control group, version 2 ({controller})"),
        })
    }
}

impl Group {
    /// Makes a group below our own (version 2: or beside it, where processes must not stand above groups with limits; what limits our own
    /// then limits it, too).
    fn create(controller: &str, name: &str, versions: &[Version], set: impl Fn(&Group) -> Option<()>) -> Option<Group> {
        let (mounts, own) = (fs::read_to_string("/proc/self/mountinfo").ok()?, fs::read_to_string("/proc/self/cgroup").ok()?);
        let places = places(&mounts, &own, controller).into_iter().filter(|place| versions.contains(&place.version));
        places.into_iter().find_map(|Place { folder, version, beside }| {
            remove_stale(&folder);
            let folder = folder.join(name);
            // Before it is a group: dropping one removes its folder, which may be there for another.
            fs::create_dir(&folder).ok()?;
            let group = Group { folder, version };
            // A group without the controller's files limits nothing; dropping it removes it.
            group.has(if controller == "pids" { PIDS_MAX } else { group.memory_file() }).then_some(())?;
            beside.map_or(Some(()), |ours| group.keep_limits_of(&ours))?;
            set(&group)?;
            Some(group)
        })
    }

    /// Takes over what limits our own group, which a group beside it leaves. One that cannot be taken over is a reason not to leave.
    fn keep_limits_of(&self, ours: &Path) -> Option<()> {
        for file in LIMITS {
            // Not there: the controller is another's, and limits neither.
            let Ok(limits) = fs::read_to_string(ours.join(file)) else { continue };
            // Of several devices each has a line; what is not limited is so in a new group as well.
            for limit in limits.lines().map(str::trim).filter(|limit| !limit.is_empty() && !limit.starts_with("max")) {
                fs::write(self.folder.join(file), limit).ok()?;
            }
        }
        Some(())
    }

    fn has(&self, file: &str) -> bool {
        self.folder.join(file).exists()
    }

    fn memory_file(&self) -> &'static str {
        match self.version {
            Version::V1 => "memory.limit_in_bytes",
            Version::V2 => "memory.max",
        }
    }

    fn limit_memory(&self, bytes: u64) -> Option<()> {
        self.at_most(self.memory_file(), bytes)?;
        // Memory that goes to swap instead would make a run endless, not end it. Without swap these files are not there.
        let _ = match self.version {
            Version::V1 => self.write("memory.memsw.limit_in_bytes", bytes),
            Version::V2 => self.write("memory.swap.max", 0),
        };
        Some(())
    }

    /// Writes a limit, but never above the one that is there.
    fn at_most(&self, file: &str, value: u64) -> Option<()> {
        let there = fs::read_to_string(self.folder.join(file)).ok().and_then(|limit| limit.trim().parse::<u64>().ok());
        self.write(file, there.map_or(value, |there| there.min(value)))
    }

    fn write(&self, file: &str, value: u64) -> Option<()> {
        fs::write(self.folder.join(file), value.to_string()).ok()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The kernel takes a moment to empty a group whose last process was reaped. One that stays is removed by a later run.
        for _ in 0..50 {
            if fs::remove_dir(&self.folder).is_ok() || !self.folder.exists() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

/// The least memory that a group around this process, whoever made it, lets it have; none where none limits it.
pub fn memory_around() -> Option<u64> {
    let (mounts, own) = (fs::read_to_string("/proc/self/mountinfo").ok()?, fs::read_to_string("/proc/self/cgroup").ok()?);
    let limits = places(&mounts, &own, "memory").into_iter().flat_map(|Place { folder, version, .. }| {
        // Beyond `memory.high` nothing is killed, but nearly nothing goes on.
        let files: &[&str] = match version {
            Version::V1 => &["memory.limit_in_bytes"],
            Version::V2 => &["memory.max", "memory.high"],
        };
        let read = |group: &Path, file: &str| fs::read_to_string(group.join(file)).ok()?.trim().parse::<u64>().ok();
        folder.ancestors().flat_map(|group| files.iter().filter_map(move |file| read(group, file))).min()
    });
    limits.min()
}

/// Removes groups whose supervisor was killed before it could. A group with a process in it cannot be removed.
fn remove_stale(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let supervisor = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if supervisor.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// A folder in which a group might be made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    folder: PathBuf,
    version: Version,
    /// Our own group, where one made here is beside it.
    beside: Option<PathBuf>,
}

/// Folders in which a group with this controller might be made, best first. Pure; `mounts` is `/proc/self/mountinfo`, `own`
/// `/proc/self/cgroup`.
fn places(mounts: &str, own: &str, controller: &str) -> Vec<Place> {
    let mut found = Vec::new();
    for line in mounts.lines() {
        // "36 25 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let (left, right): (Vec<&str>, Vec<&str>) = (left.split(' ').collect(), right.split(' ').collect());
        let (Some(root), Some(mount), Some(kind), Some(options)) = (left.get(3), left.get(4), right.first(), right.get(2)) else {
            continue;
        };
        let version = match *kind {
            "cgroup2" => Version::V2,
            "cgroup" if options.split(',').any(|option| option == controller) => Version::V1,
            _ => continue,
        };
        let ours = own.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            let same = match version {
                Version::V1 => controllers.split(',').any(|c| c == controller),
                Version::V2 => controllers.is_empty(),
            };
            same.then_some(path)
        });
        // In a container the mount may show only what lies below `root`.
        let below = ours.unwrap_or("/").strip_prefix(root.trim_end_matches('/')).unwrap_or("/").trim_start_matches('/');
        let folder = Path::new(mount).join(below);
        if version == Version::V2 && !below.is_empty() {
            let ours = Some(folder.clone());
            found.extend(folder.parent().map(|above| Place { folder: above.to_path_buf(), version, beside: ours }));
        }
        found.push(Place { folder, version, beside: None });
    }
    found.sort_by_key(|place| place.version == Version::V1);
    found
}

/// How often systemd-oomd killed a group: it ends processes by itself, which the kernel does not count, and writes it to the group's folder
/// (`systemd-oomd.service(8)`).
fn killed_by_systemd(folder: &Path) -> Option<u64> {
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut value = [0u8; 32];
    // SAFETY: both names end with 0, and the value is as long as is said.
    let len = unsafe { libc::getxattr(path.as_ptr(), c"user.oomd_kill".as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    str::from_utf8(value.get(..usize::try_from(len).ok()?)?).ok()?.trim_end_matches('\0').parse().ok()
}

/// A counter in a file of lines `name number`.
fn counter(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
        39 31 0:36 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn places_are_found_in_both_versions() {
        let check = |mounts: &str, own: &str, controller: &str, expected: &[(&str, Version)]| {
            let expected: Vec<_> = expected.iter().map(|(path, version)| (PathBuf::from(path), *version)).collect();
            let found = places(mounts, own, controller);
            // Of version 2 the first is beside our own group, which is the second.
            let beside: Vec<_> = found.iter().filter_map(|place| place.beside.clone()).collect();
            assert!(beside.iter().all(|ours| *ours == found[1].folder) && found[1..].iter().all(|p| p.beside.is_none()));
            let found: Vec<_> = found.into_iter().map(|place| (place.folder, place.version)).collect();
            assert_eq!(found, expected, "{controller} of {own:?}");
        };
        let hybrid = "8:pids:/\n4:memory:/job/7\n0::/\n";
        check(
            MOUNTS,
            hybrid,
            "memory",
            &[("/sys/fs/cgroup/unified/", Version::V2), ("/sys/fs/cgroup/memory/job/7", Version::V1)],
        );
        check(MOUNTS, hybrid, "pids", &[("/sys/fs/cgroup/unified/", Version::V2), ("/sys/fs/cgroup/pids/", Version::V1)]);
        let unified = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        check(
            unified,
            "0::/user.slice/app.slice/term.scope\n",
            "memory",
            &[
                ("/sys/fs/cgroup/user.slice/app.slice", Version::V2),
                ("/sys/fs/cgroup/user.slice/app.slice/term.scope", Version::V2),
            ],
        );
        let container = "30 23 0:26 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        check(container, "4:memory:/docker/abc\n", "memory", &[("/sys/fs/cgroup/memory/", Version::V1)]);
        let found = places(unified, "0::/user.slice/term.scope\n", "memory");
        assert_eq!(found[0].beside.as_deref(), Some(Path::new("/sys/fs/cgroup/user.slice/term.scope")));
        assert!(places("", hybrid, "memory").is_empty());
    }

    /// Folders stand in for groups.
    #[test]
    fn what_limits_our_own_group_limits_one_beside_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let (ours, folder) = (dir.path().join("ours"), dir.path().join("new"));
        [&ours, &folder].iter().for_each(|place| fs::create_dir(place).expect("made"));
        for (file, limit) in [
            ("memory.max", "2147483648\n"),
            ("memory.high", "max\n"),
            ("pids.max", "300\n"),
            ("cpu.max", "max 100000\n"),
            ("cpuset.cpus", "\n"),
            ("io.max", "8:0 rbps=1 wbps=max\n"),
        ] {
            fs::write(ours.join(file), limit).expect("written");
        }
        let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
        let group = Group { folder: folder.clone(), version: Version::V2 };
        assert_eq!(group.keep_limits_of(&ours), Some(()));
        let taken = ["memory.max", "memory.high", "pids.max", "cpu.max", "cpuset.cpus", "io.max"].map(read);
        let expected = [Some("2147483648"), None, Some("300"), None, None, Some("8:0 rbps=1 wbps=max")];
        assert_eq!(taken, expected.map(|limit| limit.map(String::from)));
        // More than that is not given, less is.
        assert_eq!((group.limit_memory(4 << 30), read("memory.max")), (Some(()), Some("2147483648".into())));
        assert_eq!((group.at_most("memory.max", 1 << 30), read("memory.max")), (Some(()), Some("1073741824".into())));
        // A limit that cannot be taken over.
        fs::remove_file(folder.join("pids.max")).and_then(|()| fs::create_dir(folder.join("pids.max"))).expect("in the way");
        assert_eq!(group.keep_limits_of(&ours), None);
        drop(group);
        fs::remove_dir_all(&folder).expect("removed");
    }

    /// Of version 2 a process is in one group: both amounts are limited by the same, or one of them by none. Folders stand in for groups.
    #[test]
    fn a_group_that_cannot_be_entered_counts_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let group = |name: &str| {
            let folder = dir.path().join(name);
            fs::create_dir(&folder).expect("made");
            fs::write(folder.join("memory.events"), "oom_kill 0\n").expect("written");
            Rc::new(Group { folder, version: Version::V2 })
        };
        let both = group("both");
        let mut shared = Cgroup { memory: Some(Rc::clone(&both)), limits_memory: true, threads: Some(both) };
        assert_eq!((shared.admit(7), shared.memory_kills()), (Grouped { memory: true, threads: true }, Some(0)));
        assert_eq!(fs::read_to_string(dir.path().join("both/cgroup.procs")).expect("entered"), "7");
        let closed = group("closed");
        fs::create_dir(closed.folder.join("cgroup.procs")).expect("in the way");
        let mut closed = Cgroup { memory: Some(closed), limits_memory: true, threads: None };
        assert_eq!((closed.admit(7), closed.memory_kills()), (Grouped::default(), None));
    }

    #[test]
    fn counters_are_read_by_their_whole_name() {
        assert_eq!(counter("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill"), Some(3));
        assert_eq!(counter("low 0\noom 2\noom_kill 1\noom_group_kill 0\n", "oom_kill"), Some(1));
        assert_eq!(counter("", "oom_kill"), None);
    }
}
