//! Results and comparisons as Markdown.

use super::compare::Comparison;
use super::fault::Fault;
use super::results::{BesideMean, Mean, Middle, Results, Share, Summary, TaskResult};
use super::suite::TierName;
use super::trial::{Split, Trial};
use crate::words::{bytes, clean, count, duration, score};
use std::fmt::Write;

/// A table: its title, a sentence on how to read it, head and rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) title: &'static str,
    pub(super) about: String,
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

const NOTHING: &str = "–";

/// The results as a page.
pub fn markdown(results: &Results) -> String {
    let mut page = format!(
        "# {}, tier `{}`\n\n{}\n\n{}\n",
        clean(&results.suite),
        results.tier.name(),
        clean(&results.summary),
        about(results)
    );
    for table in tables(results) {
        put(&mut page, &table);
    }
    page
}

fn put(page: &mut String, table: &Table) {
    let cells =
        |row: &[String]| format!("| {} |\n", row.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "));
    let head: Vec<String> = table.head.iter().map(|name| name.to_string()).collect();
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## {}\n\n{}\n\n{}", table.title, table.about, cells(&head));
    page.push_str(&cells(&vec!["---".to_string(); head.len()]));
    table.rows.iter().for_each(|row| page.push_str(&cells(row)));
}

/// On what, with what and when.
pub(super) fn about(results: &Results) -> String {
    let load = results.machine.load.map_or(String::new(), |load| format!(", load {load:.1} at the start"));
    let machines: Vec<String> = results
        .machines()
        .iter()
        .map(|(machine, _)| {
            format!("{} cores of {}, {}", machine.cores, clean(&machine.processor), bytes(machine.memory_bytes as f64))
        })
        .collect();
    let programs: Vec<String> = results
        .programs
        .iter()
        .map(|(program, trials)| {
            let hash: String = program.binary_sha256.chars().take(12).collect();
            format!("Tallow {} ({hash}, {trials} trials)", program.version)
        })
        .collect();
    let patience = if results.patience == 1.0 { String::new() } else { format!("; time limits times {}", results.patience) };
    let label = results.label.as_ref().map_or(String::new(), |label| format!("{}; ", clean(label)));
    let unreadable = match results.unreadable.as_slice() {
        [] => String::new(),
        files => format!(" Not counted, for it cannot be read: {}.", clean(&files.join("; "))),
    };
    format!(
        "{label}{}; {} on {}{load}{patience}. `{}`{}{unreadable}",
        results.at,
        programs.join(", "),
        machines.join(" and "),
        command(&results.command),
        not_counted(results)
    )
}

/// A command on one line, each word of it told from the next.
fn command(words: &[String]) -> String {
    let word = |word: &String| {
        let word = clean(word).replace('`', "'");
        if word.is_empty() || word.contains(' ') { format!("\"{word}\"") } else { word }
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Trials that something outside of program and task ended.
fn not_counted(results: &Results) -> String {
    let told = |trial: &Trial| {
        let why = trial.why.as_deref().unwrap_or(trial.ending.in_words());
        format!("{}, {}, seed {} ({})", trial.task, trial.fault.in_words(), trial.seed, clean(why).replace('`', "'"))
    };
    match results.trials.iter().filter(|trial| trial.surroundings).map(told).collect::<Vec<_>>() {
        trials if trials.is_empty() => String::new(),
        trials => format!(" Not counted, for the machine or a service ended them: {}.", trials.join("; ")),
    }
}

/// Every table of the results, in order; those without rows are left out.
pub(super) fn tables(results: &Results) -> Vec<Table> {
    let all =
        [success(results), totals(results), times(results), means(results), beside(results), faults(results), failures(results)];
    all.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn undisturbed(results: &Results) -> impl Iterator<Item = (&TaskResult, &Summary)> {
    let is_undisturbed = |summary: &&Summary| summary.fault == Fault::None;
    results.tasks.iter().filter_map(move |task| Some((task, task.by_fault.iter().find(is_undisturbed)?)))
}

fn success(results: &Results) -> Table {
    // Data that are made small say nothing of what took a person, or agents, so long.
    let others = match results.tier {
        TierName::Ci => &[][..],
        TierName::Cpu | TierName::Gpu => &["person", "agents"],
    };
    let rows = undisturbed(results).map(|(task, summary)| {
        let target = &task.target;
        let agents = task.agents.as_ref().map_or(NOTHING.into(), |agents| {
            format!("{} / {} / {} min", percent(agents.first_attempt), percent(agents.after_recovery), agents.minutes)
        });
        let person = task.human_minutes.map_or(NOTHING.into(), |minutes| format!("{minutes} min"));
        let mut row = vec![
            task.name.clone(),
            format!("{} {}", target.metric.in_words(), target.value),
            mean(summary.metric.as_ref(), score),
            share(&summary.first_attempt),
            share(&summary.after_recovery),
            middle(summary.time_to_target.as_ref()),
        ];
        row.extend([person, agents].into_iter().take(others.len()));
        row
    });
    let mut about = "Undisturbed. Shares with Wilson's 95 % interval, the metric on the held-out split with Student's over seeds; time from the \
                     request to the report where the target was reached, without the fastest and the slowest seed."
        .to_string();
    if !others.is_empty() {
        about += " A person's time and what agents of the field reach (first attempt / after recovery / time) are those of the full task.";
    }
    let mut head = vec!["task", "target", "measured", "first attempt", "after recovery", "time to target"];
    head.extend(others);
    Table { title: "Tasks", about, head, rows: rows.collect() }
}

fn totals(results: &Results) -> Table {
    let rows = results.totals.iter().map(|total| {
        let refusal = total.fault == Fault::BadColumn;
        vec![
            total.fault.in_words().to_string(),
            total.tasks.to_string(),
            share(&total.first_attempt),
            share(&total.after_recovery),
            if total.not_struck > 0 { total.not_struck.to_string() } else { NOTHING.into() },
            if refusal { "an orderly refusal before training".into() } else { "the target".to_string() },
        ]
    });
    Table {
        title: "All tasks",
        about: "Each fault comes from outside. A trial that its fault did not strike (it was over before, or needs less than was taken away) is \
                not counted."
            .into(),
        head: vec!["fault", "tasks", "first attempt", "after recovery", "not struck", "what should come of it"],
        rows: rows.collect(),
    }
}

fn times(results: &Results) -> Table {
    let rows = undisturbed(results).map(|(task, summary)| {
        let mut row = vec![task.name.clone()];
        row.extend(summary.split.parts().iter().map(|(_, secs)| duration(*secs)));
        row
    });
    let mut head = vec!["task"];
    head.extend(Split::default().parts().iter().map(|(name, _)| *name));
    Table {
        title: "Where the time went",
        about:
            "Means over the seeds, by the runs' ledgers; what no row of a ledger tells is `rest`: starting, hashing, the report."
                .into(),
        head,
        rows: rows.collect(),
    }
}

fn means(results: &Results) -> Table {
    let rows = undisturbed(results).map(|(task, summary)| {
        vec![
            task.name.clone(),
            summary.tokens_per_sec.map_or(NOTHING.into(), count),
            summary.examples_per_sec.map_or(NOTHING.into(), |rate| if rate < 10.0 { format!("{rate:.1}") } else { count(rate) }),
            summary.peak_bytes.map_or(NOTHING.into(), |peak| bytes(peak as f64)),
            summary.energy_joules.map_or("not told".into(), |joules| format!("{} J", count(joules))),
            format!("{:.1}", summary.attempts),
            count(summary.model_tokens as f64),
            format!("{:.2}", summary.model_dollars),
            summary.interventions.to_string(),
        ]
    });
    Table {
        title: "What it took",
        about: "Real tokens and examples a second of training, memory of the largest worker, energy of the processor's packages where the machine \
                tells; training attempts a trial; tokens and dollars asked of a language model; questions that a person answered."
            .into(),
        head: vec!["task", "tokens/s", "examples/s", "peak memory", "energy", "attempts", "model tokens", "dollars", "questions"],
        rows: rows.collect(),
    }
}

fn beside(results: &Results) -> Table {
    let rows = undisturbed(results).filter_map(|(task, summary)| {
        let BesideMean { time_ratio, throughput_ratio, memory_ratio, difference, apart, nothing } = summary.beside.as_ref()?;
        let ratio = |found: &Option<Mean>| mean(found.as_ref(), |value| format!("{value:.2}"));
        Some(vec![
            task.name.clone(),
            ratio(time_ratio),
            ratio(throughput_ratio),
            ratio(memory_ratio),
            mean(difference.as_ref(), |value| format!("{value:+.4}")),
            apart.map_or(NOTHING.into(), |apart| format!("{:.0e} / {:.0e}", apart.early, apart.largest)),
            if nothing.is_empty() { NOTHING.into() } else { nothing.join("; ") },
        ])
    });
    let compared: Vec<&BesideMean> = undisturbed(results).filter_map(|(_, summary)| summary.beside.as_ref()).collect();
    let timed = compared.iter().filter(|beside| beside.time_ratio.is_some()).count();
    let sooner = compared.iter().filter(|beside| beside.time_ratio.is_some_and(|ratio| ratio.mean < 1.0)).count();
    let faster = compared.iter().filter(|beside| beside.throughput_ratio.is_some_and(|ratio| ratio.mean > 1.0)).count();
    Table {
        title: "Beside PyTorch",
        about: format!(
            "Tallow takes less time in {sooner} of {timed} tasks, and trains faster in {faster}. Tallow by PyTorch: the same weights to begin with, the same batches in the same order, the same \
             steps, in float32 and in turns on this machine. Time: training and scoring what it made, with the start of their processes, less is better; throughput: \
             examples a second of training, more is better; memory: the largest process, less is better; difference: of the metric; losses apart: \
             the largest difference of a step's loss (as a share of it, or of 1), of the first three steps and of all; without dropout the first is one of rounding."
        ),
        head: vec!["task", "time", "throughput", "memory", "difference", "losses apart", "no counterpart"],
        rows: rows.collect(),
    }
}

fn faults(results: &Results) -> Table {
    let mut rows = Vec::new();
    for task in &results.tasks {
        for summary in task.by_fault.iter().filter(|summary| summary.fault != Fault::None) {
            rows.push(vec![
                task.name.clone(),
                summary.fault.in_words().into(),
                share(&summary.first_attempt),
                share(&summary.after_recovery),
                mean(summary.metric.as_ref(), score),
                middle(summary.time_to_target.as_ref()),
                if summary.changes.is_empty() { NOTHING.into() } else { summary.changes.join("; ") },
            ]);
        }
    }
    Table {
        title: "Faults, task by task",
        about: "What recovery changed stands in the last column, in its own words.".into(),
        head: vec!["task", "fault", "first attempt", "after recovery", "measured", "time to target", "what recovery did"],
        rows,
    }
}

fn failures(results: &Results) -> Table {
    let mut rows = Vec::new();
    for task in &results.tasks {
        for summary in &task.by_fault {
            rows.extend(summary.failures.iter().map(|(seed, why, folder)| {
                vec![task.name.clone(), summary.fault.in_words().into(), seed.to_string(), clean(why), format!("`{folder}`")]
            }));
        }
    }
    Table {
        title: "What did not go well",
        about: "Each with its reason; the whole run folder is kept.".into(),
        head: vec!["task", "fault", "seed", "why", "run folder"],
        rows,
    }
}

/// A comparison as a page.
pub fn comparison_markdown(found: &Comparison) -> String {
    let mut page = format!("# {} against {}\n", clean(&found.b), clean(&found.a));
    for caution in &found.cautions {
        let _ = write!(page, "\nCaution: {caution}.\n");
    }
    if !found.only_in_one.is_empty() {
        let _ = write!(page, "\nOnly in one of the two: {}.\n", found.only_in_one.join(", "));
    }
    let difference = |found: Option<&crate::eval::Difference>, digits: usize| {
        found.map_or(NOTHING.into(), |d| {
            let mark = if d.is_clear() { " *" } else { "" };
            format!("{:+.digits$} ({:+.digits$} to {:+.digits$}){mark}", d.value, d.low, d.high)
        })
    };
    let rows = found.rows.iter().map(|row| {
        vec![
            row.task.clone().unwrap_or_else(|| "all tasks".into()),
            row.fault.in_words().into(),
            difference(row.success.as_ref(), 2),
            difference(row.metric.as_ref().map(|(_, d)| d), 4),
            difference(row.secs.as_ref(), 1),
            row.verdict.in_words().into(),
        ]
    });
    let table = Table {
        title: "Differences",
        about: "The second less the first, with 95 % intervals: success by Newcombe, metric and seconds by Welch. A star: the interval lies on one \
                side of 0."
            .into(),
        head: vec!["task", "fault", "success", "metric", "seconds", "verdict"],
        rows: rows.collect(),
    };
    put(&mut page, &table);
    page
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

fn share(share: &Share) -> String {
    match share.value() {
        Some(value) => {
            let low = 100.0 * share.low;
            format!("{} ({}/{}; {low:.0}–{})", percent(value), share.hits, share.of, percent(share.high))
        }
        None => NOTHING.into(),
    }
}

fn mean(mean: Option<&Mean>, say: impl Fn(f64) -> String) -> String {
    match mean {
        Some(Mean { mean, interval: Some([low, high]), .. }) => format!("{} ({} to {})", say(*mean), say(*low), say(*high)),
        Some(Mean { mean, interval: None, .. }) => say(*mean),
        None => NOTHING.into(),
    }
}

fn middle(middle: Option<&Middle>) -> String {
    middle.map_or(NOTHING.into(), |middle| duration(middle.mean))
}

#[cfg(test)]
mod tests {
    use super::super::compare;
    use super::super::results::tests::{results, trial};
    use super::super::trial::Ending;
    use super::*;

    #[test]
    fn pages_say_what_was_found() {
        let mut failed = trial(Fault::None, 2, Ending::Failed, 3.0, 0.0);
        (failed.value, failed.why) = (None, Some("a | b\n\u{1b}[31mc".into()));
        let mut full = trial(Fault::None, 3, Ending::Failed, 3.0, 0.0);
        (full.value, full.why, full.surroundings) = (None, Some("no `room`".into()), true);
        let mut found = results(vec![
            trial(Fault::None, 0, Ending::FirstAttempt, 10.0, 0.9),
            trial(Fault::None, 1, Ending::AfterRecovery, 12.0, 0.92),
            failed,
            full,
            trial(Fault::Memory, 0, Ending::AfterRecovery, 12.0, 0.92),
        ]);
        found.command.push("--label=a\u{1b}[31m\n`b`".into());
        let page = markdown(&found);
        for words in [
            "33 % (1/3; 6–79 %)",
            "67 % (2/3; ",
            "0.9100 (0.7829 to 1.0000)",
            "11 s",
            "a \\| b [31mc",
            "memory below need",
            "not told",
            "`tallow bench small \"--label=a [31m 'b'\"`",
            "Not counted, for the machine or a service ended them: reviews, undisturbed, seed 3 (no 'room').",
        ] {
            assert!(page.contains(words), "{words}\n{page}");
        }
        assert!(!page.contains('\u{1b}') && !page.contains("Beside PyTorch"));
        let page = comparison_markdown(&compare::compare(&found, &found));
        assert!(page.contains("no difference shown") && page.contains("+0.00"), "{page}");
    }
}
