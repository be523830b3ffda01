//! What workers of these tests do, by name; the supervisor must cope with each.

use crate::site::Site;
use crate::worker::{Told, tell};
use std::fs;
use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tallow::sandbox::stop;

/// What workers do here, by name.
pub(crate) fn behave(name: &str, site: &Site) -> ExitCode {
    let say = |word: &str| tell(&Told::Word(word.into()));
    let sleep = |millis| std::thread::sleep(Duration::from_millis(millis));
    let mut out = io::stdout();
    match name {
        "nothing" => say("done"),
        "work" => say(&own_work_inside(site).map_or_else(|e| e, |()| "all of it".into())),
        "exit" => return ExitCode::from(33),
        "abort" => std::process::abort(),
        "half" => drop(out.write_all(b"{\"Word\":\"whole\"}\n{\"Word\":\"half\"}").and_then(|()| out.flush())),
        "complain" => {
            for _ in 0..1000 {
                let _ = io::stderr().write_all(&[b'x'; 1000]);
            }
            let _ = io::stderr().write_all(b"\x1b]0;title\x07 last words");
        }
        "sleep" => sleep(60_000),
        "sleep and say" => (0..600).for_each(|_| {
            say("still here");
            sleep(50);
        }),
        "obey" => {
            let flag = stop::flag();
            say("ready");
            while !flag.load(Ordering::Relaxed) {
                sleep(5);
            }
            say("stopped");
        }
        "ignore" => {
            stop::flag();
            say("ready");
            sleep(60_000);
        }
        "refused" | "refused and dies" => {
            for _ in 0..3 {
                drop(std::net::UdpSocket::bind("127.0.0.1:0"));
            }
            let calls: [fn() -> i64; 2] = [
                // SAFETY: plain numbers; the first asks about another process, the second about ourselves.
                || unsafe { libc::ptrace(libc::PTRACE_ATTACH, 1, 0, 0) },
                || unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) }.into(),
            ];
            calls.iter().for_each(|call| say(&call().to_string()));
            drop(crate::calls::fork());
            if name == "refused and dies" {
                std::process::abort();
            }
        }
        "gpu" => say(&what_a_gpu_needs(site).join(" ")),
        "fill" | "fill a little" => {
            let flag = stop::flag();
            for i in 0u32.. {
                let more = name == "fill" || i < 5;
                // Five of these are over the limit, six are far over it.
                let _ = if more { fs::write(site.jail.join(format!("{i}")), vec![7; 950 << 10]) } else { Ok(()) };
                if flag.load(Ordering::Relaxed) {
                    break;
                }
                sleep(if name == "fill" { 5 } else { 50 });
            }
            say("stopped");
        }
        "close" => {
            // SAFETY: nothing of this process writes to stdout any more.
            unsafe { libc::close(1) };
            sleep(60_000);
        }
        "flood" => loop {
            if out.write_all(b"{\"Word\":\"x\"}\n").is_err() {
                return ExitCode::FAILURE;
            }
        },
        "long line" => {
            let _ = (0..100).try_for_each(|_| out.write_all(&vec![b'x'; 1_000_000]));
            sleep(60_000);
        }
        "daemons" => {
            // One that leaves the process group and the session, and one that only stays behind.
            for script in ["setsid sleep 300 & echo $! >daemon.pid; sleep 300 &", "sleep 300 & exit"] {
                let _ = Command::new("/bin/sh").args(["-c", script]).stdin(Stdio::null()).status();
            }
            say("started");
        }
        "memory" => {
            let mut kept: Vec<Vec<u8>> = Vec::new();
            for _ in 0..4096 {
                kept.push(vec![1; 1 << 20]);
            }
            say(&format!("took {} MiB", kept.len()));
        }
        "threads" => {
            let forever =
                || std::thread::Builder::new().stack_size(1 << 16).spawn(|| std::thread::sleep(Duration::from_secs(60)));
            let started = (0..2000).map_while(|_| forever().ok()).count();
            say(&started.to_string());
            // The threads are not waited for.
            std::process::exit(0);
        }
        other => say(&format!("no behaviour `{other}`")),
    }
    ExitCode::SUCCESS
}

/// What can be done of what the driver of a GPU does, by stand-ins: its names.
fn what_a_gpu_needs(site: &Site) -> Vec<&'static str> {
    use std::os::fd::AsRawFd;
    /// The number of `RNDGETENTCNT`: an ioctl of the device's own.
    const OF_THE_DEVICE: libc::c_ulong = 0x8004_5200;
    let open = |path: &str| fs::OpenOptions::new().read(true).write(true).open(path);
    let device = open("/dev/urandom");
    let asked = device.as_ref().is_ok_and(|device| {
        let mut bits: libc::c_int = 0;
        // SAFETY: the request writes one int.
        unsafe { libc::ioctl(device.as_raw_fd(), OF_THE_DEVICE as _, &raw mut bits) == 0 }
    });
    let written = device.as_ref().is_ok_and(|device| {
        let mut device = device;
        device.write_all(b"x").is_ok()
    });
    let library = ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6"];
    let mapped = library.iter().any(|path| {
        fs::File::open(path).is_ok_and(|file| {
            // SAFETY: a new mapping at no place in particular, which nothing reads or runs.
            let place = unsafe {
                libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE, file.as_raw_fd(), 0)
            };
            place != libc::MAP_FAILED
        })
    });
    // As root the names of threads can be written; without rights the kernel keeps them from a process that cannot be traced.
    // SAFETY: takes nothing, cannot fail.
    let thread = format!("/proc/self/task/{}/comm", unsafe { libc::syscall(libc::SYS_gettid) });
    let root = fs::metadata(&thread).is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == user());
    let named = if root { fs::write(&thread, "cuda") } else { fs::read(&thread).map(drop) };
    let mut page = [0u8; 1];
    // SAFETY: the name ends with a NUL; the range given to `mbind` is empty.
    let (memfd, mbind) = unsafe {
        let memfd = libc::syscall(libc::SYS_memfd_create, c"x".as_ptr(), 0);
        (
            memfd >= 0,
            libc::syscall(libc::SYS_mbind, page.as_mut_ptr(), 0, 0, 0, 0, 0) == 0
                || io::Error::last_os_error().raw_os_error() != Some(libc::EPERM),
        )
    };
    let cache = std::env::var("CUDA_CACHE_PATH").is_ok_and(|path| {
        std::path::Path::new(&path).starts_with(&site.jail)
            && fs::create_dir(&path).is_ok()
            && fs::write(format!("{path}/x"), "x").is_ok()
    });
    let tried = [
        ("device", device.is_ok()),
        ("ioctl", asked),
        ("write", written),
        ("readable", fs::read("/proc/devices").is_ok()),
        ("folder", fs::read_dir("/sys/bus").is_ok()),
        ("library", mapped),
        ("thread", named.is_ok()),
        ("memfd", memfd),
        ("mbind", mbind),
        ("cache", cache),
        // And what it does not name.
        ("another device", open("/dev/zero").is_ok()),
        ("another file of proc", fs::read("/proc/mounts").is_ok()),
        ("the supervisor", fs::read(format!("/proc/{}/environ", site.supervisor)).is_ok()),
        ("a program", Command::new("/bin/true").status().is_ok()),
    ];
    tried.into_iter().filter(|(_, done)| *done).map(|(name, _)| name).collect()
}

fn user() -> u32 {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::geteuid() }
}

/// Everything that training needs: the walls must not stand in its way.
fn own_work_inside(site: &Site) -> Result<(), String> {
    let step = |what: &str, result: io::Result<()>| result.map_err(|e| format!("{what}: {e}"));
    step("read", fs::read(site.data()).map(drop))?;
    step("list", fs::read_dir(&site.listed).map(drop))?;
    step("processor", fs::read("/proc/cpuinfo").map(drop))?;
    step("memory", fs::read("/proc/meminfo").map(drop))?;
    let (place, sibling) = (site.jail.join("checkpoint"), site.jail.join("checkpoint.new"));
    step("make a folder", fs::create_dir_all(sibling.join("deep")))?;
    step("write", fs::write(sibling.join("deep/weights"), [7; 4096]))?;
    step("sync", fs::File::open(sibling.join("deep/weights")).and_then(|file| file.sync_all()))?;
    step("sync a folder", fs::File::open(&sibling).and_then(|file| file.sync_all()))?;
    step("rename a folder", fs::rename(&sibling, &place))?;
    step("move between folders", fs::rename(place.join("deep/weights"), site.jail.join("weights")))?;
    step("overwrite", fs::write(site.jail.join("weights"), "shorter"))?;
    step("shorten", fs::OpenOptions::new().write(true).open(site.jail.join("weights")).and_then(|file| file.set_len(3)))?;
    step("remove", fs::remove_file(site.jail.join("weights")))?;
    step("remove a folder", fs::remove_dir_all(&place))?;
    let named = tempfile::NamedTempFile::new_in(&site.jail).map_err(|e| format!("temporary file: {e}"))?;
    step("persist", named.persist(site.jail.join("atomic")).map(drop).map_err(|e| e.error))?;
    let sums: Vec<u64> = (0..8u64).map(|n| std::thread::spawn(move || n * n)).map(|t| t.join().unwrap_or(0)).collect();
    step("threads", if sums == [0, 1, 4, 9, 16, 25, 36, 49] { Ok(()) } else { Err(io::Error::other("wrong sums")) })?;
    step("a connected pair", std::os::unix::net::UnixStream::pair().map(drop))?;
    step("the clock", if Instant::now().elapsed() < Duration::from_secs(1) { Ok(()) } else { Err(io::Error::other("slow")) })?;
    let mut random = [0u8; 16];
    // SAFETY: writes at most as many bytes as the array has.
    let got = unsafe { libc::getrandom(random.as_mut_ptr().cast(), random.len(), 0) };
    step("random bytes", if got == 16 { Ok(()) } else { Err(io::Error::last_os_error()) })?;
    let own_processors = [0, std::process::id() as libc::pid_t].into_iter().all(|own| {
        let size = size_of::<libc::cpu_set_t>();
        // SAFETY: zeroed is a valid set; both calls are given one of that size, which lives through them.
        unsafe {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            libc::sched_getaffinity(own, size, &mut set) == 0 && libc::sched_setaffinity(own, size, &set) == 0
        }
    });
    step("its own processors", if own_processors { Ok(()) } else { Err(io::Error::last_os_error()) })?;
    // SAFETY: signal 0 to ourselves only asks.
    step("signal itself", if unsafe { libc::kill(libc::getpid(), 0) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) })
}
