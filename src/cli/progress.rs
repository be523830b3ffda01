//! What is seen while workers work: a bar on a terminal, plain lines where output is piped, JSON lines for machines.
//!
//! JSON lines are data and go to stdout; everything else goes to stderr. Times come from the events, never from a clock.

use crate::job::{Event, PreparedSplit, StepEvent};
use crate::sandbox::MISSING;
use crate::words::{clean, count, duration, in_json, rate, score};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// For whom progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A bar that is redrawn, and lines above it.
    Terminal,
    /// A line now and then.
    Plain,
    /// Each event as one line of JSON: `{"run": …, "attempt": …, "told": {…}}`.
    Json,
}

/// Plain lines come after so many seconds of training, or so much of all steps, whichever is first.
const LINE_SECS: f64 = 10.0;
const LINE_SHARE: f64 = 0.05;

/// Shows events as they come. `data` is stdout, `messages` is stderr; tests put buffers there.
pub struct Progress<D: Write, M: Write> {
    mode: Mode,
    data: D,
    messages: M,
    bar: Option<ProgressBar>,
    target: fn() -> ProgressDrawTarget,
    training: Option<Training>,
    /// The layers that were told of last: only a jail of others is told of again.
    jail: String,
}

/// The attempt that is being trained.
struct Training {
    total_steps: u64,
    first_step: u64,
    /// Step and seconds of the last plain line.
    told: (u64, f64),
    monitored: Option<String>,
}

impl<D: Write, M: Write> Progress<D, M> {
    pub fn new(mode: Mode, data: D, messages: M) -> Self {
        Progress { mode, data, messages, bar: None, target: ProgressDrawTarget::stderr, training: None, jail: String::new() }
    }

    /// An event of attempt `attempt` of `run`.
    pub fn event(&mut self, run: &str, attempt: u32, event: &Event) {
        if self.mode == Mode::Json {
            let line = in_json(&serde_json::to_string(&Line { run, attempt, told: event }).unwrap_or_default());
            // Whether anybody reads it or not, the run goes on, and its events are on disk.
            super::note_unsaid(writeln!(self.data, "{line}").and_then(|()| self.data.flush()));
            return;
        }
        match event {
            Event::Jailed { layers, .. } => {
                // The worker before it may have been killed, and told no end.
                self.end();
                let layers = layers_in_words(layers);
                if std::mem::replace(&mut self.jail, layers) == self.jail {
                    return;
                }
            }
            Event::Started { step, total_steps, .. } => self.start(*step, *total_steps),
            Event::Step(step) => return self.step(step),
            Event::Wrote { text } => {
                super::note_unsaid(write!(self.data, "{}", super::made::shown(text)).and_then(|()| self.data.flush()));
                return;
            }
            Event::Progress { examples } => return self.progress(*examples),
            Event::Prepared(_) | Event::Evaluated { .. } | Event::Merged { .. } => self.end(),
            Event::Monitored { metric, value, .. } => {
                let training = self.training.as_mut();
                training.into_iter().for_each(|t| t.monitored = Some(format!("{} {}", metric.in_words(), score(*value))));
            }
            Event::Finished { .. }
            | Event::Stopped { .. }
            | Event::Diverged { .. }
            | Event::Failed { .. }
            | Event::OutOfMemory { .. }
            | Event::Refused { .. } => {
                self.end();
            }
            _ => {}
        }
        if let Some(line) = line(run, attempt, event) {
            self.put(&line);
        }
    }

    /// A line that is no event.
    pub fn say(&mut self, message: &str) {
        self.put(message);
    }

    /// Writes one line, above the bar if there is one. What could steer a terminal becomes a space.
    fn put(&mut self, line: &str) {
        let line: String = line.chars().map(|c| if crate::words::steers(c) { ' ' } else { c }).collect();
        match &self.bar {
            Some(bar) => bar.println(line),
            None => {
                let _ = writeln!(self.messages, "{line}");
            }
        }
    }

    fn start(&mut self, step: u64, total_steps: u64) {
        self.end();
        self.training = Some(Training { total_steps, first_step: step, told: (step, 0.0), monitored: None });
        if self.mode == Mode::Terminal {
            let bar = ProgressBar::with_draw_target(Some(total_steps), (self.target)());
            bar.set_style(bar_style());
            bar.set_position(step);
            self.bar = Some(bar);
        }
    }

    /// A job without steps: how many there will be is not known. Of training its steps tell.
    fn progress(&mut self, examples: usize) {
        if self.training.is_some() {
            return;
        }
        let done = format!("{} examples", count(examples as f64));
        if self.mode == Mode::Plain {
            return self.put(&format!("  {done}"));
        }
        let target = self.target;
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, target());
            bar.set_style(ProgressStyle::with_template("  {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        bar.set_message(done);
    }

    fn step(&mut self, step: &StepEvent) {
        let Some(training) = &mut self.training else { return };
        let mut line = describe(step, training);
        if let Some(bar) = &self.bar {
            line.extend(training.monitored.iter().map(|m| format!(", {m}")));
            bar.set_position(step.step);
            bar.set_message(line);
            return;
        }
        let (last_step, last_secs) = training.told;
        let share = step.step.saturating_sub(last_step) as f64 / training.total_steps.max(1) as f64;
        if step.train_secs - last_secs >= LINE_SECS || share >= LINE_SHARE || step.step == training.total_steps {
            training.told = (step.step, step.train_secs);
            let whole = format!("  step {}/{}, {line}", count(step.step as f64), count(training.total_steps as f64));
            let _ = writeln!(self.messages, "{whole}");
        }
    }

    /// Takes the bar away.
    pub fn end(&mut self) {
        self.training = None;
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    run: &'a str,
    attempt: u32,
    told: &'a Event,
}

fn bar_style() -> ProgressStyle {
    let template = "{bar:24.cyan/dim} {pos}/{len}  {wide_msg}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸─")
}

/// "12 min 5 s left, epoch 0.42, loss 0.3124, lr 3.1e-5, 397 tokens/s".
fn describe(step: &StepEvent, training: &Training) -> String {
    let mut parts = Vec::new();
    // First, for a narrow terminal cuts the end off.
    let (done, left) = (step.step.saturating_sub(training.first_step), training.total_steps.saturating_sub(step.step));
    if done > 0 && step.train_secs > 0.0 {
        parts.push(format!("{} left", duration(step.train_secs / done as f64 * left as f64)));
    }
    parts.extend([format!("epoch {:.2}", step.epoch), format!("loss {}", score(step.loss)), format!("lr {}", exponent(step.lr))]);
    let speed = |over: u64, what: &str| rate(over as f64, step.train_secs).map(|speed| format!("{speed} {what}/s"));
    parts.extend(speed(step.tokens, "tokens").or_else(|| speed(step.examples, "examples")));
    parts.join(", ")
}

/// 3.1e-5, 0.0123, 0.1.
fn exponent(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 {
        format!("{value:.1e}")
    } else {
        format!("{:.4}", value).trim_end_matches('0').trim_end_matches('.').to_string()
    }
}

/// Names of the layers that hold, then of those that are missing, which a short line must not hide.
fn layers_in_words(layers: &BTreeMap<String, String>) -> String {
    let (missing, held): (Vec<_>, Vec<_>) = layers.iter().partition(|(_, how)| how.starts_with(MISSING));
    let names = |of: Vec<(&String, &String)>| of.into_iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    match (held.is_empty(), missing.is_empty()) {
        (_, true) => names(held),
        (true, false) => format!("MISSING: {}", names(missing)),
        (false, false) => format!("{}; MISSING: {}", names(held), names(missing)),
    }
}

/// What an event says to people; none where the bar or the lines of steps say it.
fn line(run: &str, attempt: u32, event: &Event) -> Option<String> {
    let again = if attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
    Some(match event {
        Event::Jailed { layers, start_ms, .. } => {
            format!("  jail of {run}{again}: {} (after {start_ms:.0} ms)", layers_in_words(layers))
        }
        Event::Read { pages, fields } => format!("  {pages} pages read, {fields} statements found"),
        Event::Prepared(split) => format!("  {}", prepared(split)),
        Event::Described(split) => format!("  {}: {} rows", clean(&split.split), count(split.rows as f64)),
        Event::Started { step, total_steps, num_params, train_examples, resumed, .. } => {
            let from = if *resumed { format!("goes on from step {} of", count(*step as f64)) } else { "starts:".into() };
            let (steps, params, examples) =
                (count(*total_steps as f64), count(*num_params as f64), count(*train_examples as f64));
            format!("  {run}{again} {from} {steps} steps, {params} parameters, {examples} training examples")
        }
        Event::Monitored { step, metric, value, loss, examples } => {
            let (step, examples) = (count(*step as f64), count(*examples as f64));
            let [value, loss] = [*value, *loss].map(score);
            format!("  step {step}: {} {value}, loss {loss} on {examples} monitor examples", metric.in_words())
        }
        Event::Diverged { step, what, value, origin } => {
            let origin = origin.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("  {run}{again} diverged at step {}: {} ({value}){origin}", count(*step as f64), what.in_words())
        }
        Event::Finished { step, tokens, examples, train_secs, stopped_early, best, .. } => {
            let speed = |over: u64, what: &str| rate(over as f64, *train_secs).map(|speed| format!(", {speed} {what}/s"));
            let speed = speed(*tokens, "tokens").or_else(|| speed(*examples, "examples")).unwrap_or_default();
            let early = if *stopped_early { ", early, for more did not help" } else { "" };
            let kept = best.map_or(String::new(), |best| format!("; kept: the weights of step {}", count(best.step as f64)));
            format!("  {run}{again} finished {} steps in {}{speed}{early}{kept}", count(*step as f64), duration(*train_secs))
        }
        Event::Stopped { step } => {
            format!("  {run}{again} stopped after step {}; its checkpoint is on disk", count(*step as f64))
        }
        Event::Evaluated { examples, scores, loss, secs, .. } => {
            let scores: Vec<String> =
                scores.iter().map(|(metric, value)| format!("{} {}", metric.in_words(), score(*value))).collect();
            format!(
                "  {run}: {}, loss {} on {} examples ({})",
                scores.join(", "),
                score(*loss),
                count(*examples as f64),
                duration(*secs)
            )
        }
        Event::Merged { params, .. } => format!("  merged, {} parameters", count(*params as f64)),
        Event::Compared(found) => {
            let nearly = found.near.map(|near| format!(", {} nearly", count(near as f64))).unwrap_or_default();
            let (exact, all) = (count(found.exact as f64), count(found.held_out as f64));
            format!("  held-out examples that the training split has too: {exact} of {all}{nearly}")
        }
        Event::Note { message } => format!("  note: {}", clean(message)),
        Event::Refused { calls } => format!("  the jail refused {}", clean(&crate::sandbox::in_words(calls))),
        // The error that ends the command says it.
        // What a model wrote is the command's answer, or the report's to show.
        Event::Sampled { .. }
        | Event::ByClass(_)
        | Event::Generated { .. }
        | Event::Wrote { .. }
        | Event::Predicted { .. }
        | Event::Exported { .. } => return None,
        Event::Failed { .. }
        | Event::OutOfMemory { .. }
        | Event::Step(_)
        | Event::Progress { .. }
        | Event::Checkpointed { .. } => return None,
    })
}

fn prepared(split: &PreparedSplit) -> String {
    let (name, examples) = (clean(&split.split), count(split.examples as f64));
    let classes = if split.labels.is_empty() { String::new() } else { format!(", {} classes", split.labels.len()) };
    let shape = split.shape.named().into_iter().filter(|(_, value)| *value > 0.0);
    let shape: String = shape.map(|(what, value)| format!(", {what} {}", count(value.round()))).collect();
    format!("{name}: {examples} examples{classes}{shape}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Metric;

    fn step(step: u64, train_secs: f64) -> Event {
        Event::Step(StepEvent {
            step,
            epoch: step as f64 / 100.0,
            loss: 0.5,
            lr: 3.14e-5,
            grad_norm: 1.0,
            tokens: step * 1000,
            examples: step * 32,
            train_secs,
        })
    }

    fn started(step: u64) -> Event {
        Event::Started {
            step,
            total_steps: 100,
            num_params: 22_713_986,
            num_trainable: 1,
            train_examples: 3200,
            resumed: step > 0,
        }
    }

    fn told(mode: Mode, events: &[Event]) -> (String, String) {
        let (mut data, mut messages) = (Vec::new(), Vec::new());
        let mut progress = Progress::new(mode, &mut data, &mut messages);
        progress.target = ProgressDrawTarget::hidden;
        for event in events {
            progress.event("seed-0", 1, event);
        }
        drop(progress);
        (String::from_utf8(data).expect("text"), String::from_utf8(messages).expect("text"))
    }

    #[test]
    fn plain_lines_come_at_intervals() {
        let mut events = vec![started(0)];
        events.extend((1..=100).map(|i| step(i, i as f64 * 0.1)));
        let (data, messages) = told(Mode::Plain, &events);
        assert_eq!(data, "", "stdout is for data");
        assert_eq!(messages.lines().count(), 1 + 20, "a line each 5 %:\n{messages}");
        assert!(
            messages.contains("  step 50/100, 5 s left, epoch 0.50, loss 0.5000, lr 3.1e-5, 10,000 tokens/s\n"),
            "{messages}"
        );
        let slow: Vec<Event> = std::iter::once(started(0)).chain((1..=4).map(|i| step(i, i as f64 * 11.0))).collect();
        assert_eq!(told(Mode::Plain, &slow).1.lines().count(), 1 + 4, "a line each 10 s");
    }

    /// A long step tells that it goes on, which its bar does not show; what tells of no steps does.
    #[test]
    fn examples_are_shown_where_there_are_no_steps() {
        let beat = Event::Progress { examples: 1200 };
        let (_, messages) = told(Mode::Plain, &[started(0), beat.clone(), step(1, 20.0), beat.clone()]);
        assert!(messages.lines().count() == 2 && messages.contains("step 1/100"), "{messages}");
        let jailed = Event::Jailed { level: Default::default(), layers: Default::default(), start_ms: 1.0 };
        let (_, messages) = told(Mode::Plain, &[started(0), jailed, beat]);
        assert!(messages.ends_with("  1,200 examples\n"), "{messages}");
    }

    #[test]
    fn a_missing_layer_is_no_layer() {
        let layers = [("files", "read only but for the attempt's folder"), ("syscalls", "MISSING: switched off by the user")];
        let layers = layers.map(|(name, how)| (name.to_string(), how.to_string())).into();
        assert_eq!(layers_in_words(&layers), "files; MISSING: syscalls");
    }

    #[test]
    fn time_left_counts_the_steps_of_this_attempt() {
        let (_, messages) = told(Mode::Plain, &[started(50), step(75, 25.0)]);
        assert!(messages.starts_with("  seed-0 goes on from step 50 of 100 steps"), "{messages}");
        assert!(messages.contains("25 s left"), "{messages}");
    }

    #[test]
    fn json_lines_are_the_events() {
        let events = [started(0), step(1, 0.1), Event::Note { message: "a\nb".into() }];
        let (data, messages) = told(Mode::Json, &events);
        assert_eq!(messages, "");
        for (line, event) in data.lines().zip(&events) {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!((value["run"].as_str(), value["attempt"].as_u64()), (Some("seed-0"), Some(1)));
            assert_eq!(&serde_json::from_value::<Event>(value["told"].clone()).expect("an event"), event);
        }
        assert_eq!(data.lines().count(), 3);
    }

    #[test]
    fn a_terminal_gets_no_line_for_each_step() {
        let events = [started(0), step(1, 20.0), step(2, 40.0), Event::Stopped { step: 2 }];
        let (data, messages) = told(Mode::Terminal, &events);
        assert_eq!(data, "");
        assert!(!messages.contains("step 1/"), "{messages}");
        assert!(messages.contains("stopped after step 2"), "after the bar is gone lines are written: {messages}");
    }

    #[test]
    fn words_of_workers_cannot_steer_the_terminal() {
        let (_, messages) = told(Mode::Plain, &[Event::Note { message: "\u{1b}[2Jgone".into() }]);
        assert!(!messages.contains('\u{1b}'), "{messages:?}");
    }

    #[test]
    fn every_event_but_steps_and_checkpoints_has_a_line() {
        let monitored = Event::Monitored { step: 500, metric: Metric::Accuracy, value: 0.8601, loss: 0.4, examples: 1000 };
        let shown = line("seed-0", 2, &monitored).expect("a line");
        assert_eq!(shown, "  step 500: accuracy 0.8601, loss 0.4000 on 1,000 monitor examples");
        let finished = Event::Finished {
            step: 2105,
            weights_sha256: String::new(),
            tokens: 896_523,
            examples: 67_349,
            train_secs: 2259.0,
            stopped_early: false,
            best: None,
        };
        assert_eq!(
            line("seed-0", 2, &finished).expect("a line"),
            "  seed-0 (attempt 2) finished 2,105 steps in 37 min 39 s, 397 tokens/s"
        );
        assert_eq!(
            line("seed-0", 1, &Event::Checkpointed { step: 1, path: String::new(), bytes: 1, weights_sha256: None }),
            None
        );
    }
}
