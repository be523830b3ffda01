//! The worker's side: enters the jail, then tries or does what its job names.

use crate::attempts;
use crate::behaviours;
use crate::python;
use crate::site::Site;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::process::ExitCode;
use tallow::sandbox::{self, Effective, Entry};

/// What a worker of these tests does.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Tries the escape of this name.
    Try(String, Site),
    /// Becomes Python with this script; what it prints is what is told.
    Become { python: String, script: String, site: Site },
    /// Behaves as this name says.
    Behave(String, Site),
}

/// What it tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Told {
    Jailed(Effective),
    /// The jail could not be entered.
    Refused(String),
    /// The attempt came through.
    Escaped,
    /// The attempt failed with this error.
    Failed {
        errno: Option<i32>,
        words: String,
    },
    Word(String),
}

pub(crate) fn tell(told: &Told) {
    let mut out = std::io::stdout().lock();
    let line = serde_json::to_string(told).expect("serialises");
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

pub(crate) fn run() -> ExitCode {
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    input.read_line(&mut line).expect("a line");
    let entry: Entry = serde_json::from_str(&line).expect("an entry");
    match sandbox::enter(&entry) {
        Ok(effective) => tell(&Told::Jailed(effective)),
        Err(error) => {
            tell(&Told::Refused(error.to_string()));
            return ExitCode::from(50);
        }
    }
    line.clear();
    input.read_line(&mut line).expect("a line");
    match serde_json::from_str(&line).expect("a job") {
        Job::Try(name, site) => {
            tell(&match attempts::try_it(&name, &site) {
                Ok(()) => Told::Escaped,
                Err(error) => Told::Failed { errno: error.raw_os_error(), words: error.to_string() },
            });
            ExitCode::SUCCESS
        }
        Job::Become { python, script, site } => python::run(&python, &script, &site),
        Job::Behave(name, site) => behaviours::behave(&name, &site),
    }
}
