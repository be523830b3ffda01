//! The place of an attempt: a jail's folder, files that it may read, and things beside them that it must not reach.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use tallow::sandbox::{Level, Policy};

pub(crate) const SECRET: &str = "held-out labels: 0 1 1 0";
pub(crate) const SECRET_VARIABLE: &str = "TALLOW_TEST_TOKEN";

/// What a worker is told of its place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Site {
    /// The one folder that may be written.
    pub(crate) jail: PathBuf,
    /// A folder that may be read; `data.txt` is in it.
    pub(crate) listed: PathBuf,
    /// A folder that may not be reached; `secret.txt` and `.ssh/id_ed25519` are in it.
    pub(crate) outside: PathBuf,
    /// The supervisor's process.
    pub(crate) supervisor: u32,
    /// A Unix socket as a daemon has it, and a datagram socket as a system log has it.
    pub(crate) daemon: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) abstract_name: String,
    pub(crate) port: u16,
    /// A descriptor of the secret that the supervisor left open, without close-on-exec.
    pub(crate) leaked: i32,
}

/// A site with what keeps it alive.
pub(crate) struct Stage {
    pub(crate) site: Site,
    _folder: tempfile::TempDir,
    _alive: (UnixListener, UnixListener, UnixDatagram, TcpListener, File),
}

impl Site {
    pub(crate) fn secret(&self) -> PathBuf {
        self.outside.join("secret.txt")
    }
    pub(crate) fn data(&self) -> PathBuf {
        self.listed.join("data.txt")
    }
}

impl Stage {
    pub(crate) fn new() -> Stage {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        let [jail, listed, outside] = ["jail", "listed", "outside"].map(|name| root.join(name));
        for place in [&jail, &listed, &outside.join(".ssh")] {
            fs::create_dir_all(place).expect("a folder");
        }
        fs::write(listed.join("data.txt"), "some text to learn from").expect("a file");
        fs::write(outside.join("secret.txt"), SECRET).expect("a file");
        fs::write(outside.join(".ssh/id_ed25519"), SECRET).expect("a file");
        for place in [&jail, &listed] {
            symlink(outside.join("secret.txt"), place.join("link")).expect("a symlink");
            symlink(&outside, place.join("folder")).expect("a symlink");
        }
        let (daemon, log) = (outside.join("docker.sock"), outside.join("log.sock"));
        let abstract_name = format!("tallow-test-{}-{}", std::process::id(), root.display());
        let address = SocketAddr::from_abstract_name(&abstract_name).expect("a name");
        let leak = File::open(outside.join("secret.txt")).expect("a file");
        // SAFETY: the descriptor is open; only its close-on-exec flag changes.
        unsafe { libc::fcntl(leak.as_raw_fd(), libc::F_SETFD, 0) };
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let site = Site {
            supervisor: std::process::id(),
            port: tcp.local_addr().expect("an address").port(),
            leaked: leak.as_raw_fd(),
            jail,
            listed,
            outside,
            daemon: daemon.clone(),
            log: log.clone(),
            abstract_name,
        };
        let listeners = (
            UnixListener::bind(&daemon).expect("a socket"),
            UnixListener::bind_addr(&address).expect("a socket"),
            UnixDatagram::bind(&log).expect("a socket"),
        );
        Stage { site, _folder: folder, _alive: (listeners.0, listeners.1, listeners.2, tcp, leak) }
    }

    /// What the jail of this site allows.
    pub(crate) fn policy(&self, level: Level) -> Policy {
        Policy {
            read_only: vec![self.site.listed.clone(), self.site.outside.join("not there")],
            writable: self.site.jail.clone(),
            max_file_bytes: 1 << 20,
            max_open_files: 64,
            max_threads: 40,
            wall: std::time::Duration::from_secs(20),
            level,
            ..Policy::default()
        }
    }

    /// Everything beside the jail, with contents, modes and times: what must be the same after an attempt.
    pub(crate) fn surroundings(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        describe(&self.site.listed, &mut found);
        describe(&self.site.outside, &mut found);
        found
    }
}

fn describe(place: &Path, found: &mut BTreeMap<PathBuf, String>) {
    let meta = fs::symlink_metadata(place).expect("metadata");
    let content = if meta.is_file() { fs::read_to_string(place).expect("text") } else { String::new() };
    let (mode, owner) = (meta.permissions().mode(), (meta.uid(), meta.gid()));
    found.insert(place.to_path_buf(), format!("{mode:o} {owner:?} {} {} {content}", meta.nlink(), meta.mtime()));
    if meta.is_dir() {
        for entry in fs::read_dir(place).expect("entries") {
            describe(&entry.expect("an entry").path(), found);
        }
    }
}
