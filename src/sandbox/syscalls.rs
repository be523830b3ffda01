//! What a worker can ask of the kernel: seccomp.
//!
//! Calls of [`calls`] fail with EPERM, so that a library can go on without them. Those of [`absent`], newer ones than were looked at,
//! other ways to name a call, and two whose arguments a filter cannot see, fail with ENOSYS, as on an older kernel, and libraries then
//! use the older call, which can be checked. What refuses is installed last: from then on no filter can be.
//!
//! Where the supervisor listens ([`notices`]), it is the one who answers with EPERM, and so knows what was refused: from the kernel, not
//! from the worker. Nothing is ever let through on its word; if it is gone, or never came, such a call fails all the same.

use super::limits::STACK_BYTES;
use super::{Policy, State, calls, notices};
use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, sock_filter,
};
use std::collections::BTreeMap;

const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;

/// Installs the filters for this process and all threads that it will start; they cannot be taken off. `told`: whether the other end
/// of stdin is the supervisor's, who takes the list of what is refused.
pub(super) fn restrict(policy: &Policy, told: bool) -> Result<State, String> {
    let (refusing, always, by_arguments) = refusing(u64::from(std::process::id()), policy).map_err(|e| e.to_string())?;
    apply_filter(&absent()).map_err(|e| e.to_string())?;
    let named = match told {
        true => notices::install(&asking(&refusing)),
        false => Err("nobody listens".into()),
    };
    let named = match named {
        Ok(listener) => notices::hand_over(listener).map(|()| "the supervisor is told which"),
        // An older kernel, or one process around us listens already.
        Err(_) => apply_filter(&refusing).map(|()| "nobody is told which").map_err(|e| e.to_string()),
    }?;
    Ok(State::Holds(format!(
        "seccomp: {always} system calls refused, {by_arguments} more by their arguments; no socket, no process; {named}"
    )))
}

/// The filter of what is refused with EPERM, and how many calls it refuses altogether and by their arguments. A foreign architecture
/// kills.
fn refusing(own: u64, policy: &Policy) -> Result<(BpfProgram, usize, usize), BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let shared = policy.gpu.is_none().then(calls::refused_without_gpu);
    for ((_, call), _, conditions) in calls::refused_if(own).into_iter().chain(shared) {
        let condition = |(arg, op, value)| SeccompCondition::new(arg, SeccompCmpArgLen::Dword, op, value);
        let rule = SeccompRule::new(conditions.into_iter().map(condition).collect::<Result<_, _>>()?)?;
        rules.entry(call).or_default().push(rule);
    }
    let addresses = [(calls::SENDTO, 4, SeccompCmpOp::Ne, 0), (calls::MREMAP, 0, SeccompCmpOp::Ge, own_stack())];
    for (((_, call), _), arg, op, value) in addresses {
        let address = SeccompCondition::new(arg, SeccompCmpArgLen::Qword, op, value)?;
        rules.insert(call, vec![SeccompRule::new(vec![address])?]);
    }
    let by_arguments = rules.len();
    let always = altogether(policy);
    rules.extend(always.iter().map(|&call| (call, Vec::new())));
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let eperm = SeccompAction::Errno(libc::EPERM as u32);
    Ok((SeccompFilter::new(rules, SeccompAction::Allow, eperm, arch)?.try_into()?, always.len(), by_arguments))
}

/// Where the stack of the first thread, whose this is, begins at the lowest. Nothing else of ours lies as high.
fn own_stack() -> u64 {
    let here = 0u8;
    ((&raw const here) as u64).saturating_sub(STACK_BYTES)
}

/// What this policy refuses whatever the arguments.
fn altogether(policy: &Policy) -> Vec<c_long> {
    let always = calls::REFUSED.iter().flat_map(|(_, calls)| calls.iter().copied());
    let always = always.chain(policy.programs.is_empty().then_some(calls::PROGRAMS));
    let of_a_gpu = calls::OF_A_GPU.iter().copied().filter(|_| policy.gpu.is_none());
    always.chain(of_a_gpu).map(|(_, number)| number).collect()
}

/// The same filter, but that a listener is asked where it refuses.
fn asking(refusing: &BpfProgram) -> BpfProgram {
    let ask = |step: &sock_filter| match (step.code, step.k) {
        (RETURN, REFUSE) => sock_filter { k: libc::SECCOMP_RET_USER_NOTIF, ..step.clone() },
        _ => step.clone(),
    };
    refusing.iter().map(ask).collect()
}

/// The filter of what is answered with ENOSYS. By hand, because a range of numbers is not among the crate's conditions. A foreign
/// architecture, whose numbers mean other calls, is the other filter's business: the kernel takes the stricter answer.
fn absent() -> BpfProgram {
    const LOAD_NUMBER: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const JUMP_GREATER: u16 = (libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K) as u16;
    const JUMP_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![
        step(LOAD_NUMBER, 0, 0, 0),
        // Newer calls; and x86-64's x32 calls, which are the known ones again with bit 30 set.
        step(JUMP_GREATER, 5, 0, calls::NEWEST_REVIEWED),
        // Calls of one machine alone are numbered on where its own table ended.
        step(JUMP_GREATER, 1, 0, calls::GAP.1 - 1),
        step(JUMP_GREATER, 3, 0, calls::GAP.0),
        // Their flags are behind a pointer. `clone` and `openat` do the same where a filter can see it.
        step(JUMP_EQUAL, 2, 0, libc::SYS_clone3 as u32),
        step(JUMP_EQUAL, 1, 0, libc::SYS_openat2 as u32),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
    ]
}

/// Whether this kernel takes filters of system calls.
pub(super) fn offered() -> Result<String, String> {
    let has = |action: u32| {
        // SAFETY: `action` lives through the call, which reads it and answers whether a filter may return it.
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) == 0 }
    };
    match (has(libc::SECCOMP_RET_ERRNO), has(libc::SECCOMP_RET_USER_NOTIF)) {
        (true, true) => Ok("seccomp filters, which name what they refuse".into()),
        (true, false) => Ok("seccomp filters; what they refuse is not named (Linux 5.0)".into()),
        (false, _) => Err("this kernel takes no seccomp filters".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Gpu;

    #[test]
    fn the_filters_fit_into_the_kernels_limit() {
        let (program, ..) = refusing(1, &Policy::default()).expect("compiles");
        assert!(program.len() < 4096, "{} instructions", program.len());
    }

    /// What asks refuses the same calls: each step that refuses asks, and no other is changed.
    #[test]
    fn a_listener_is_asked_where_the_filter_refuses() {
        let (program, ..) = refusing(1, &Policy::default()).expect("compiles");
        let asks = asking(&program);
        let refuses = |step: &sock_filter| (step.code, step.k) == (RETURN, REFUSE);
        assert!(program.iter().any(refuses) && !asks.iter().any(refuses));
        for (before, after) in program.iter().zip(&asks) {
            let expected = if refuses(before) { libc::SECCOMP_RET_USER_NOTIF } else { before.k };
            assert_eq!((after.code, after.jt, after.jf, after.k), (before.code, before.jt, before.jf, expected));
        }
    }

    /// The number that is loaded, compared as the kernel does it.
    #[test]
    fn what_was_not_looked_at_is_not_there() {
        let answer = |number: c_long| {
            let (program, mut at) = (absent(), 0);
            loop {
                let step: &sock_filter = &program[at];
                let (greater, equal) = (libc::BPF_JMP | libc::BPF_JGT, libc::BPF_JMP | libc::BPF_JEQ);
                let number = u32::try_from(number).expect("a number");
                let holds = match u32::from(step.code) {
                    code if code == greater => number > step.k,
                    code if code == equal => number == step.k,
                    _ if step.code == RETURN => return step.k,
                    _ => false,
                };
                at += 1 + usize::from(if holds { step.jt } else { step.jf });
            }
        };
        let (last, newest) = (c_long::from(calls::GAP.0), c_long::from(calls::NEWEST_REVIEWED));
        for known in [0, libc::SYS_read, libc::SYS_rseq, libc::SYS_execveat, last, 424, libc::SYS_faccessat2, newest] {
            assert_eq!(answer(known), libc::SECCOMP_RET_ALLOW, "{known}");
        }
        for other in [last + 1, 400, 423, libc::SYS_clone3, libc::SYS_openat2, newest + 1, 0x4000_0000, 0x7fff_ffff] {
            assert_eq!(answer(other), libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32, "{other}");
        }
    }

    #[test]
    fn a_gpu_opens_three_calls_memory_that_is_shared_and_no_program() {
        let cpu = altogether(&Policy::default());
        let gpu = altogether(&Policy { gpu: Some(Gpu::default()), ..Policy::default() });
        let opened: Vec<c_long> = cpu.iter().copied().filter(|call| !gpu.contains(call)).collect();
        assert_eq!(opened, [libc::SYS_memfd_create, libc::SYS_mbind, libc::SYS_set_mempolicy]);
        assert!(gpu.iter().all(|call| cpu.contains(call)) && gpu.contains(&libc::SYS_execve));
        // Of `mmap` one refusal is left to each.
        let compiled = |gpu| refusing(1, &Policy { gpu, ..Policy::default() }).expect("compiles");
        let (on_cpu, on_gpu) = (compiled(None), compiled(Some(Gpu::default())));
        assert!(on_cpu.2 == on_gpu.2 && on_cpu.0.len() > on_gpu.0.len());
    }
}
