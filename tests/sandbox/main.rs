//! Escape attempts from the jail, and the supervision of a worker's process.
//!
//! The program starts itself again as a worker (`sandbox worker`), through the library's own door, and has it try one thing. Each
//! attempt is tried twice where that harms nothing: behind the walls, where it must be refused with the error that is named and the
//! host must be unharmed, and without them, where it must not be refused so; an attempt that would fail anywhere proves nothing.

#[cfg(target_os = "linux")]
mod attempts;
#[cfg(target_os = "linux")]
mod behaviours;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod python;
#[cfg(target_os = "linux")]
mod site;
#[cfg(target_os = "linux")]
mod supervision;
#[cfg(target_os = "linux")]
mod worker;

use std::process::ExitCode;
use std::time::Instant;

/// A test: its name, and what it does; an error says what went wrong.
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) run: Box<dyn Fn() -> Result<(), String>>,
}

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("worker") => return worker::run(),
        Some("supervise") => return supervision::supervise_sleeper(),
        _ => {}
    }
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var(site::SECRET_VARIABLE, site::SECRET) };
    let mut tests = attempts::tests();
    tests.extend(python::tests());
    tests.extend(supervision::tests());
    run(tests, &arguments)
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    println!("\nrunning 0 tests: the jail knows only Linux");
    run(Vec::new(), &[])
}

/// Runs the tests whose names hold the first argument that is no flag, and reports as `cargo test` does.
fn run(tests: Vec<Test>, arguments: &[String]) -> ExitCode {
    let filter = arguments.iter().find(|a| !a.starts_with('-')).map_or("", String::as_str);
    let all = tests.len();
    let chosen: Vec<Test> = tests.into_iter().filter(|test| test.name.contains(filter)).collect();
    if arguments.iter().any(|a| a == "--list") {
        chosen.iter().for_each(|test| println!("{}: test", test.name));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", chosen.len());
    let begun = Instant::now();
    let mut failures = Vec::new();
    for test in &chosen {
        let result = (test.run)();
        println!("test {} ... {}", test.name, if result.is_ok() { "ok" } else { "FAILED" });
        failures.extend(result.err().map(|why| format!("---- {} ----\n{why}\n", test.name)));
    }
    if !failures.is_empty() {
        println!("\nfailures:\n\n{}", failures.join("\n"));
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failures.is_empty() { "ok" } else { "FAILED" },
        chosen.len() - failures.len(),
        failures.len(),
        all - chosen.len(),
        begun.elapsed().as_secs_f64()
    );
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(101) }
}
