//! How a supervisor learns which system calls were refused: seccomp's notifications (Linux 5.0).
//!
//! The worker installs its filter with a listener, hands that to the supervisor through the socket that is its stdin, and keeps none
//! itself. From then on the kernel holds a call that the filter refuses until the supervisor has answered; the answer is always EPERM.
//! Who holds the listener could answer otherwise, so it is given away before the worker reads its job.

use super::{Refusal, calls};
use libc::{c_int, c_long, c_void};
use seccompiler::BpfProgram;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

const STDIN: c_int = 0;

/// Room for one descriptor in a control message; what rounds it up has room for a second.
const CONTROL: usize = 24;

/// Installs a filter that asks a listener, and returns that.
pub(super) fn install(filter: &BpfProgram) -> Result<OwnedFd, String> {
    let program = libc::sock_fprog { len: filter.len() as libc::c_ushort, filter: filter.as_ptr().cast_mut().cast() };
    let (operation, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // SAFETY: the program and its steps live through the call, which only reads them; a step of the crate is laid out as the kernel's.
    let fd = unsafe { libc::syscall(libc::SYS_seccomp, operation, flags, &raw const program) };
    match fd {
        // SAFETY: the kernel has just made this descriptor, and nobody else knows of it.
        0.. => Ok(unsafe { OwnedFd::from_raw_fd(fd as c_int) }),
        _ => Err(io::Error::last_os_error().to_string()),
    }
}

/// Gives the listener to whoever holds the other end of stdin.
pub(super) fn hand_over(listener: OwnedFd) -> Result<(), String> {
    let (mut byte, mut control) = ([0u8; 1], [0u64; CONTROL / 8]);
    let mut part = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
    let message = message(&mut part, &mut control);
    // SAFETY: `message` points to a buffer that has room for one header and one descriptor, which is what is written there.
    let sent = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<c_int>() as u32) as _;
        libc::CMSG_DATA(header).cast::<c_int>().write_unaligned(listener.as_raw_fd());
        libc::sendmsg(STDIN, &raw const message, libc::MSG_NOSIGNAL)
    };
    if sent == 1 { Ok(()) } else { Err(format!("the listener could not be handed over: {}", io::Error::last_os_error())) }
}

fn message(part: &mut libc::iovec, control: &mut [u64; CONTROL / 8]) -> libc::msghdr {
    // SAFETY: zeroed is a valid message without anything.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast::<c_void>();
    message.msg_controllen = CONTROL as _;
    message
}

/// The supervisor's end: what the filter of one worker refuses.
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Listener {
    /// Takes the listener that a worker handed over. None: nothing has come yet.
    ///
    /// # Errors
    /// The worker closed its end, or what came is no listener.
    pub fn receive(from: &UnixStream) -> io::Result<Option<Listener>> {
        let (mut byte, mut control) = ([0u8; 1], [0u64; CONTROL / 8]);
        let mut part = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
        let mut message = message(&mut part, &mut control);
        let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
        // SAFETY: `message` points to buffers that live through the call and are as long as it says.
        let count = unsafe { libc::recvmsg(from.as_raw_fd(), &raw mut message, flags) };
        if count < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == ErrorKind::WouldBlock { Ok(None) } else { Err(error) };
        }
        // Whatever came is ours, and is closed with this list unless it is the one that is wanted.
        // SAFETY: the kernel has filled the message; a header that is there holds as many new descriptors as its length says.
        let mut came: Vec<OwnedFd> = unsafe {
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            let holds_some =
                !header.is_null() && ((*header).cmsg_level, (*header).cmsg_type) == (libc::SOL_SOCKET, libc::SCM_RIGHTS);
            let bytes = if holds_some { ((*header).cmsg_len as usize).saturating_sub(libc::CMSG_LEN(0) as usize) } else { 0 };
            let nth = |i| libc::CMSG_DATA(header).cast::<c_int>().add(i).read_unaligned();
            (0..bytes / size_of::<c_int>()).map(|i| OwnedFd::from_raw_fd(nth(i))).collect()
        };
        let descriptor = came.pop().filter(|_| came.is_empty()).ok_or(ErrorKind::UnexpectedEof)?;
        // A worker may send whatever it has; nothing but a listener is asked anything.
        let what = std::fs::read_link(format!("/proc/self/fd/{}", descriptor.as_raw_fd()))?;
        if what.to_string_lossy().contains("seccomp") {
            Ok(Some(Listener(descriptor)))
        } else {
            Err(ErrorKind::InvalidData.into())
        }
    }

    /// Refuses the call that waits, and says its number; none where it went away with its process meanwhile.
    ///
    /// # Errors
    /// Nobody is left who could call.
    pub fn refuse(&self) -> io::Result<Option<c_long>> {
        // SAFETY: zeroed is what the kernel wants to find here; both live through the calls and have the kernel's layout.
        unsafe {
            let mut call: libc::seccomp_notif = std::mem::zeroed();
            if libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut call) != 0 {
                let error = io::Error::last_os_error();
                return match error.raw_os_error() {
                    Some(libc::ENOENT | libc::EINTR) => Ok(None),
                    _ => Err(error),
                };
            }
            let mut answer: libc::seccomp_notif_resp = std::mem::zeroed();
            (answer.id, answer.error) = (call.id, -libc::EPERM);
            // It may have been killed meanwhile.
            libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer);
            Ok(Some(c_long::from(call.data.nr)))
        }
    }
}

/// What was refused so far, each call once, in the order of its first time.
#[derive(Debug, Default)]
pub struct Refused(Vec<(c_long, u64)>);

impl Refused {
    pub fn add(&mut self, call: c_long) {
        match self.0.iter_mut().find(|(known, _)| *known == call) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.0.push((call, 1)),
        }
    }

    pub fn into_list(self) -> Vec<Refusal> {
        let named = |(number, count): (c_long, u64)| {
            let (call, what) = calls::name(number);
            Refusal { call, what: what.into(), count }
        };
        self.0.into_iter().map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::time::Duration;

    #[test]
    fn nothing_that_a_worker_sends_stays_open() {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        let (mut kept, sent) = UnixStream::pair().expect("a pair");
        let (mut byte, mut control) = ([0u8; 1], [0u64; CONTROL / 8]);
        let mut part = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
        let message = message(&mut part, &mut control);
        // SAFETY: the buffer has room for one header and two descriptors, which is what is written there.
        let count = unsafe {
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(size_of::<[c_int; 2]>() as u32) as _;
            libc::CMSG_DATA(header).cast::<[c_int; 2]>().write_unaligned([sent.as_raw_fd(); 2]);
            libc::sendmsg(theirs.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL)
        };
        assert_eq!(count, 1);
        drop(sent);
        assert_eq!(Listener::receive(&ours).err().map(|error| error.kind()), Some(ErrorKind::UnexpectedEof));
        // Its other end is closed, here and there.
        kept.set_read_timeout(Some(Duration::from_secs(5))).expect("a time");
        assert_eq!(kept.read(&mut [0]).expect("the end"), 0);
    }
}
