//! Faults, put into real runs: each must end in the right outcome, be followed by the right change, and leave the model that an
//! undisturbed run with the final config makes, bit for bit. What is tried here is the table of `docs/faults.md`.
//!
//! The program starts itself again as a worker (`faults worker`), through the library's own doors, and that worker breaks as the name
//! of its run says, in the first attempt alone. No release knows how to.

#[cfg(target_os = "linux")]
mod bench;
#[cfg(target_os = "linux")]
mod cases;
#[cfg(target_os = "linux")]
mod worker;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "worker") {
        return worker::run();
    }
    let filter = arguments.iter().find(|a| !a.starts_with('-')).map_or("", String::as_str);
    let tests = cases::tests();
    let all = tests.len();
    let chosen: Vec<_> = tests.into_iter().filter(|(name, _)| name.contains(filter)).collect();
    if arguments.iter().any(|a| a == "--list") {
        chosen.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", chosen.len());
    let mut failed = 0;
    for (name, run) in &chosen {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run()));
        failed += usize::from(result.is_err());
        println!("test {name} ... {}", if result.is_ok() { "ok" } else { "FAILED" });
    }
    let (word, passed) = (if failed == 0 { "ok" } else { "FAILED" }, chosen.len() - failed);
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out\n",
        all - chosen.len()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    println!("\nrunning 0 tests: workers run on Linux only");
    ExitCode::SUCCESS
}
