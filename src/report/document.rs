//! What the pages say, section by section, before it is laid out: Markdown and HTML show the same document.

use super::blocks::*;
use super::plot::{self, Chart, Series};
use super::types::*;
use super::{Curve, CurveKind, Report};
use crate::words::{bytes, clean, count, dollars, duration, quoted, rate, score};

/// `over` a second.
fn speed(over: Option<Sourced>, secs: Option<Sourced>) -> Line {
    let shown = over.zip(secs).and_then(|(over, secs)| Some((rate(over.value, secs.value)?, [over.ledger_row, secs.ledger_row])));
    shown.map_or_else(
        || text("–"),
        |(shown, rows)| Line::default().number(shown, if rows[0] == rows[1] { &rows[..1] } else { &rows }),
    )
}

/// The sections below the verdict.
pub(super) fn sections(report: &Report) -> Vec<Section> {
    let all = [
        Section { title: "Runs", blocks: runs(report) },
        Section { title: "Classes", blocks: super::classes::blocks(report.classes.as_ref()) },
        Section { title: "Claim", blocks: claim(report) },
        Section { title: "Deviations", blocks: deviations(report) },
        Section { title: "Search", blocks: search(report) },
        Section { title: "Curves", blocks: curves(report) },
        Section { title: "Recipe", blocks: recipe(report) },
        Section { title: "Data", blocks: super::data::blocks(&report.data) },
        Section { title: "Model", blocks: model(report) },
        Section { title: "Samples", blocks: samples(report) },
        Section { title: "Attempts and recovery", blocks: attempts(&report.attempts, &other_notes(report)) },
        Section { title: "Jail", blocks: jail(&report.jail) },
        Section { title: "Cost", blocks: cost(report) },
        Section { title: "How to repeat", blocks: repeat(&report.repeat) },
        Section { title: "Sources", blocks: sources(&report.rows) },
    ];
    all.into_iter().filter(|section| !section.blocks.is_empty()).collect()
}

/// Those that do not stand with the data.
fn other_notes(report: &Report) -> Vec<NoteShown> {
    report.notes.iter().filter(|note| !report.data.notes.contains(note)).cloned().collect()
}

fn runs(report: &Report) -> Vec<Block> {
    if report.scores.runs.is_empty() {
        return vec![];
    }
    // A run whose scores cannot be had (all answers alike have no correlation) lacks a metric that others have.
    let mut metrics = Vec::new();
    for (metric, _) in report.scores.runs.iter().flat_map(|run| &run.scores) {
        if !metrics.contains(metric) {
            metrics.push(*metric);
        }
    }
    let mut names = head(&["run", "seed"]);
    names.extend(metrics.iter().map(|metric| metric.in_words().to_string()));
    names.extend(head(&["loss", "held-out examples"]));
    let row = |run: &RunShown| {
        let mut cells = vec![text(&run.run), text(run.seed.to_string())];
        let of = |wanted| run.scores.iter().find(|(metric, _)| metric == wanted).map(|(_, value)| *value);
        cells.extend(metrics.iter().map(|metric| number(of(metric), score)));
        cells.extend([number(Some(run.loss), score), number(Some(run.examples), count)]);
        cells
    };
    vec![Block::Table { head: names, rows: report.scores.runs.iter().map(row).collect() }]
}

fn search(report: &Report) -> Vec<Block> {
    let Some(search) = &report.search else { return vec![] };
    let watched = format!("{} of what is watched", report.metric.in_words());
    let is_asked = search.trials.iter().any(|trial| trial.tokens_in.is_some());
    let row = |trial: &TrialShown| {
        let changes = match (trial.changes.as_slice(), trial.from) {
            ([], _) => text("the first plan"),
            (changes, Some(from)) => text(format!("trial {from} with {}", clean(&changes.join("; ")))),
            (changes, None) => text(clean(&changes.join("; "))),
        };
        let score = match &trial.failed {
            Some(failed) => text(clean(failed)),
            None => number(trial.score, score),
        };
        let kept = if trial.kept { Line::default().strong("kept") } else { text("discarded") };
        let reason = trial.instead.as_ref().map_or_else(|| trial.reason.clone(), |why| format!("{} ({why})", trial.reason));
        let mut cells = vec![text(trial.trial.to_string()), changes, text(clean(&trial.by)), prose(&reason), score];
        cells.extend([number(trial.loss, crate::words::score), kept]);
        cells.push(number(Some(trial.secs), duration));
        if is_asked {
            let tokens = match (trial.tokens_in, trial.tokens_out) {
                (Some(read), Some(written)) => {
                    let line = Line::default().number(count(read.value), &[read.ledger_row]).text(" + ");
                    line.number(count(written.value), &[written.ledger_row])
                }
                _ => text("-"),
            };
            cells.extend([tokens, number(trial.usd, dollars)]);
        }
        cells
    };
    let mut names = vec!["trial", "recipe", "proposed by", "why", &watched, "loss", "", "time"];
    if is_asked {
        names.extend(["tokens read + written", "cost"]);
    }
    let head = head(&names);
    let mut blocks =
        vec![Block::Paragraph(gain_in_words(search)), Block::Table { head, rows: search.trials.iter().map(row).collect() }];
    let note = "Trials were compared on what is watched, with one seed, and by its loss where scores are equal; the held-out split played \
                no part in the choice.";
    blocks.push(Block::Paragraph(text(note)));
    blocks
}

/// What was chosen by what is watched, and what the held-out split says of it: two judgements, which need not agree.
pub(super) fn gain_in_words(search: &SearchShown) -> Line {
    let (tried, trials) = (search.trials.len(), &search.trials);
    let shown = |line: Line, number: &Sourced| line.number(score(number.value), &[number.ledger_row]);
    // Each that is kept is better than those before it.
    let Some(chosen) = trials.iter().rev().find(|trial| trial.kept).filter(|trial| trial.trial > 1) else {
        return text(format!("Of {tried} recipes the first did best on what is watched: there is no gain over it."));
    };
    let line = text(format!("Of {tried} recipes trial {} was chosen, by what is watched", chosen.trial));
    let line = match (chosen.score, trials.first().and_then(|first| first.score)) {
        (Some(chosen), Some(first)) => shown(shown(line.text(": "), &chosen).text(" against "), &first).text(" of the first"),
        _ => line,
    };
    let Some(GainShown { first, found, gain, low, high }) = &search.gain else {
        return line.text("; the first was not scored on the held-out split.");
    };
    let line = shown(shown(line.text(". On the held-out split it has "), found).text(" against "), first);
    let line = shown(line.text(", a gain of "), gain);
    let (Some(low), Some(high)) = (low, high) else { return line.text(".") };
    let line = shown(shown(line.text(" (95 % interval "), low).text(" to "), high);
    line.text(match (low.value > 0.0, high.value < 0.0) {
        (true, _) => ").",
        (_, true) => "): it is worse.",
        _ => "), which chance may explain.",
    })
}

fn claim(report: &Report) -> Vec<Block> {
    let Some(claim) = &report.claim else { return vec![] };
    let place = claim.page.map(|page| format!(", page {page}")).unwrap_or_default();
    let mut blocks = vec![Block::Paragraph(text(clean(&claim.statement)))];
    blocks.extend(
        claim.quote.as_ref().map(|quote| Block::Quote { text: clean(quote), from: format!("{}{place}", clean(&claim.source)) }),
    );
    if claim.quote.is_none() {
        blocks.push(Block::Paragraph(text(format!("Source: {}{place}.", clean(&claim.source)))));
    }
    blocks
}

/// What is said of words of a request that nothing came of.
pub(crate) const NOT_UNDERSTOOD: &str = "nothing comes of these words; where they ask for something, say it otherwise (of columns: \
                                         `predict y`, `from a and b`, `without c`)";

fn deviations(report: &Report) -> Vec<Block> {
    let row = |d: &crate::spec::Deviation| vec![code(clean(&d.field)), prose(&d.stated), prose(&d.used), prose(&d.reason)];
    let mut blocks = match report.deviations.as_slice() {
        [] => vec![Block::Paragraph(text("None: the experiment is what was stated."))],
        some => vec![Block::Table { head: head(&["field", "stated", "used", "reason"]), rows: some.iter().map(row).collect() }],
    };
    if !report.assumptions.is_empty() {
        blocks.push(Block::Paragraph(text("Assumed where nothing was said:")));
        blocks.push(Block::List(report.assumptions.iter().map(|a| prose(a)).collect()));
    }
    if !report.not_understood.is_empty() {
        blocks.push(Block::Paragraph(prose(&format!("Not understood in the request: {}.", quoted(&report.not_understood)))));
    }
    blocks
}

/// What was run, then the paper's own words on it.
fn recipe(report: &Report) -> Vec<Block> {
    let mut blocks = settings(&report.recipe);
    let row = |c: &crate::spec::Citation| {
        vec![
            code(clean(&c.field)),
            text(clean(&c.value)),
            text(format!("\u{201c}{}\u{201d}", clean(&c.quote))),
            text(c.page.to_string()),
        ]
    };
    if !report.citations.is_empty() {
        blocks.push(Block::Paragraph(text("Taken from the paper:")));
        blocks.push(Block::Table {
            head: head(&["field", "value", "words", "page"]),
            rows: report.citations.iter().map(row).collect(),
        });
    }
    blocks
}

/// The curves as images that stand alone: a file's name, a title, and SVG.
pub fn plots(report: &Report) -> Vec<(String, String, String)> {
    let file = |title: &str| {
        let words = title.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        format!("{}.svg", words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-"))
    };
    let charts = curves(report).into_iter().flat_map(|block| if let Block::Charts(charts) = block { charts } else { vec![] });
    charts.map(|ChartShown { chart, .. }| (file(&chart.title), chart.title.clone(), plot::standing_alone(&chart))).collect()
}

fn curves(report: &Report) -> Vec<Block> {
    let of = |kinds: &[CurveKind]| report.curves.iter().filter(|c| kinds.contains(&c.kind)).collect::<Vec<&Curve>>();
    let charts = [
        ("training loss", of(&[CurveKind::TrainLoss])),
        (report.metric.in_words(), of(&[CurveKind::MonitorMetric])),
        ("loss", of(&[CurveKind::MonitorLoss])),
        ("learning rate", of(&[CurveKind::Lr])),
    ];
    let shown = charts.into_iter().filter(|(_, curves)| !curves.is_empty()).map(|(title, curves)| {
        let monitored = matches!(curves[0].kind, CurveKind::MonitorMetric | CurveKind::MonitorLoss);
        let series: Vec<Series> = curves.iter().map(|c| Series { label: c.run.clone(), points: c.points.clone() }).collect();
        let chart = Chart {
            title: if monitored { format!("{title} on the monitor") } else { title.to_string() },
            x_label: "step".into(),
            log_y: curves[0].kind == CurveKind::TrainLoss && spans_decades(&series),
            smoothed: curves[0].kind == CurveKind::TrainLoss,
            series,
        };
        ChartShown { chart, rows: curves.iter().map(|c| c.ledger_row).collect() }
    });
    let shown: Vec<ChartShown> = shown.collect();
    if shown.is_empty() { vec![] } else { vec![Block::Charts(shown)] }
}

/// Whether a linear axis would hide most of the course.
pub(super) fn spans_decades(series: &[Series]) -> bool {
    let values = || series.iter().flat_map(|s| &s.points).map(|p| p[1]);
    let (low, high) = values().fold((f64::INFINITY, 0.0f64), |(low, high), v| (low.min(v), high.max(v)));
    low > 0.0 && high / low > 50.0
}

fn settings(settings: &[Setting]) -> Vec<Block> {
    let pair = |s: &Setting| (s.name.clone(), Line::default().number(&s.value, &[s.ledger_row]));
    if settings.is_empty() { vec![] } else { vec![Block::Pairs(settings.iter().map(pair).collect())] }
}

pub(super) fn license(license: Option<&String>) -> Line {
    license.map_or_else(|| text("not stated: treat it as unknown"), |l| text(clean(l)))
}

fn model(report: &Report) -> Vec<Block> {
    let model = &report.model;
    let mut pairs = vec![
        ("family".to_string(), text(clean(&model.family))),
        ("trained from".into(), text(clean(&model.base))),
        ("parameters".into(), number(model.params, count)),
        ("trainable".into(), number(model.trainable, count)),
        ("files".into(), code(format!("{}/{}", report.folder.trim_end_matches('/'), model.place))),
    ];
    if !model.from_scratch {
        pairs.insert(2, ("licence of the base".into(), license(model.license.as_ref())));
    }
    if report.scores.runs.len() > 1 {
        let of = format!(
            "{} (the first of {}: none is chosen by its score)",
            model.kept_run.as_deref().unwrap_or("–"),
            report.scores.runs.len()
        );
        pairs.push(("run kept".into(), text(of)));
    }
    let hash = |name: &str, hash: &Option<String>| hash.as_ref().map(|h| (name.to_string(), code(h)));
    pairs.extend(hash("sha256 of the weights", &model.weights_sha256));
    pairs.extend(hash("sha256 of the base", &model.base_sha256));
    pairs.extend(hash("revision of the base", &model.revision));
    let config = Block::Folded { title: "config.json".into(), blocks: settings(&model.config) };
    vec![Block::Pairs(pairs), config]
}

fn samples(report: &Report) -> Vec<Block> {
    if report.samples.is_empty() {
        return vec![];
    }
    let row = |sample: &SampleShown| {
        let written = Line::default().number(clean(&sample.written), &[sample.example.ledger_row]);
        vec![text(clean(&sample.prompt)), text(clean(&sample.wanted)), text(&sample.run), written]
    };
    let about = "Texts of the held-out split that the model reads, what stands there as the answer, and what the model writes.";
    let names = head(&["read", "in the split", "model", "written"]);
    vec![Block::Paragraph(text(about)), Block::Table { head: names, rows: report.samples.iter().map(row).collect() }]
}

pub(super) fn attempts(attempts: &[AttemptShown], notes: &[NoteShown]) -> Vec<Block> {
    let row = |a: &AttemptShown| {
        let outcome = a.outcome.clone().unwrap_or_else(|| "cut off: the process that had started it ended".into());
        let recovery = a.recovery.as_deref().map(clean).unwrap_or_default();
        vec![
            text(format!("{} / {}", a.run, a.attempt)),
            text(&a.job),
            Line::default().number(outcome, &[a.ledger_row]),
            number(a.wall_secs, duration),
            number(a.peak_bytes, bytes),
            text(recovery),
        ]
    };
    if attempts.is_empty() {
        return vec![];
    }
    let names = head(&["run / attempt", "job", "outcome", "wall time", "peak memory", "recovery"]);
    let mut blocks = vec![Block::Table { head: names, rows: attempts.iter().map(row).collect() }];
    if !notes.is_empty() {
        blocks.push(Block::Paragraph(text("What the workers noted:")));
        let note = |n: &NoteShown| text(format!("{}: ", n.run)).number(clean(&n.message), &[n.ledger_row]);
        blocks.push(Block::List(notes.iter().map(note).collect()));
    }
    blocks
}

pub(super) fn jail(jails: &[JailShown]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for jail in jails {
        let millis = |ms: f64| format!("{ms:.0} ms");
        let begin = match jail.level.as_str() {
            "" | "strict" => "These layers held for ".to_string(),
            level => format!("With `--sandbox {level}` these layers held for "),
        };
        let mut line = text(begin).text(jail.attempts.join(", "));
        // How long a container takes until a script is in it, nobody tells.
        if jail.start_ms.value > 0.0 {
            let millis = millis(jail.start_ms.value);
            line = line.text("; the first worker stood in its jail after ").number(millis, &[jail.start_ms.ledger_row]);
        }
        blocks.push(Block::Paragraph(line.text(".")));
        blocks.push(Block::Pairs(jail.layers.iter().map(|(name, what)| (clean(name), text(clean(what)))).collect()));
    }
    blocks
}

/// Measured over estimated.
fn ratio(ratio: Option<Ratio>) -> Line {
    ratio.map_or_else(|| text("–"), |r| Line::default().number(format!("{:.2}", r.ratio.value), &[r.ratio.ledger_row]))
}

/// How far off the estimates of the plan were.
fn estimates_in_words(cost: &[RunCost]) -> Option<String> {
    let off = |of: fn(&RunCost) -> Option<Ratio>| {
        let all: Vec<bool> = cost.iter().filter_map(of).map(|ratio| ratio.within).collect();
        (!all.is_empty()).then(|| all.iter().all(|within| *within))
    };
    let one = |what: &str, share: &str, within: Option<bool>| match within? {
        true => Some(format!("the {what} within {share} of it")),
        false => Some(format!("the {what} further off than {share}")),
    };
    let told: Vec<String> =
        [one("time", "30 %", off(|c| c.time)), one("memory", "20 %", off(|c| c.memory))].into_iter().flatten().collect();
    (!told.is_empty()).then(|| format!("Against the plan's estimate: {}.", told.join(", ")))
}

fn cost(report: &Report) -> Vec<Block> {
    let row = |c: &RunCost| {
        vec![
            text(&c.run),
            number(c.steps, count),
            number(c.estimated_secs, duration),
            number(c.train_secs, duration),
            ratio(c.time),
            speed(c.tokens, c.train_secs),
            speed(c.examples, c.train_secs),
            number(c.estimated_peak_bytes, bytes),
            number(c.peak_bytes, bytes),
            ratio(c.memory),
        ]
    };
    if report.cost.is_empty() {
        return vec![];
    }
    let names = [
        "run",
        "steps",
        "time: estimated",
        "measured",
        "ratio",
        "tokens/s",
        "examples/s",
        "memory: estimated",
        "measured",
        "ratio",
    ];
    let mut blocks = vec![Block::Table { head: head(&names), rows: report.cost.iter().map(row).collect() }];
    blocks.extend(estimates_in_words(&report.cost).map(|words| Block::Paragraph(text(words))));
    let trials = report.search.iter().flat_map(|search| &search.trials).map(|trial| trial.secs);
    let mut walls: Vec<Sourced> = report.attempts.iter().filter_map(|a| a.wall_secs).collect();
    let before = walls.len();
    walls.extend(trials);
    let included = match walls.len() > before {
        true => "All attempts together, preparation, scoring and the trials of the search included: ",
        false => "All attempts together, preparation and scoring included: ",
    };
    let rows: Vec<u64> = walls.iter().map(|w| w.ledger_row).collect();
    let total = walls.iter().map(|w| w.value).sum();
    blocks.push(Block::Paragraph(text(included).number(duration(total), &rows).text(".")));
    if let Some(price) = report.usd_per_hour {
        let of = |secs: f64| dollars(crate::plan::usd_of(secs, price.value));
        let planned: Vec<Sourced> = report.cost.iter().filter_map(|cost| cost.estimated_secs).collect();
        let planned_rows: Vec<u64> = planned.iter().map(|secs| secs.ledger_row).chain([price.ledger_row]).collect();
        let line = text("At ").number(dollars(price.value), &[price.ledger_row]).text(" an hour of this machine that is ");
        let line = line.number(of(total), &[rows.as_slice(), &[price.ledger_row]].concat()).text("; training was to cost ");
        let planned = planned.iter().map(|secs| secs.value).sum();
        blocks.push(Block::Paragraph(line.number(of(planned), &planned_rows).text(".")));
    }
    for measured in &report.measured {
        let pair =
            |(name, n): &(String, Sourced)| (clean(name), Line::default().number(crate::words::plain(n.value), &[n.ledger_row]));
        blocks.push(Block::Paragraph(text(format!("Measured: {}.", clean(&measured.what)))));
        blocks.push(Block::Pairs(measured.values.iter().map(pair).collect()));
    }
    blocks
}

/// The command lines that worked on a run.
pub(super) fn commands(repeat: &Repeat) -> Block {
    let quoted = |word: &String| {
        let plain = word.chars().all(|c| c.is_alphanumeric() || "-_./=:,@+".contains(c)) && !word.is_empty();
        if plain { word.clone() } else { format!("'{}'", clean(word).replace('\'', r"'\''")) }
    };
    let lines: Vec<String> = repeat.commands.iter().map(|c| c.iter().map(quoted).collect::<Vec<_>>().join(" ")).collect();
    Block::Code(lines.join("\n"))
}

/// The program that they started.
pub(super) fn program(repeat: &Repeat) -> Block {
    Block::Pairs(vec![("Tallow".into(), text(&repeat.version)), ("sha256 of the binary".into(), code(&repeat.binary_sha256))])
}

fn repeat(repeat: &Repeat) -> Vec<Block> {
    let row = |file: &FileShown| vec![code(&file.file), Line::default().code(&file.sha256).number("", &[file.ledger_row])];
    vec![
        commands(repeat),
        program(repeat),
        Block::Paragraph(
            text("The same binary, configuration, data and kind of device give the same weights, ")
                .strong("bit for bit")
                .text(". Compare the hash of the weights above, and these of the stages' files."),
        ),
        Block::Table { head: head(&["file", "sha256"]), rows: repeat.files.iter().map(row).collect() },
    ]
}

pub(super) fn sources(rows: &[RowShown]) -> Vec<Block> {
    let row = |r: &RowShown| vec![Line(vec![Piece::Row(r.ledger_row)]), text(&r.what), text(&r.at)];
    let table = Block::Table { head: head(&["row", "what it is", "time (UTC)"]), rows: rows.iter().map(row).collect() };
    let about = text(
        "Every number of this page was read from a row of the run's ledger, or for the row of a stage from the file that \
                      it wrote. Rates, shares and sums are computed from two or more such numbers.",
    );
    vec![Block::Paragraph(about), Block::Folded { title: "Ledger rows".into(), blocks: vec![table] }]
}
