//! Why an experiment is as it is: what differs from what was stated or asked for, and what was assumed.

use super::brief::{Brief, Stated};
use super::fit::{Fit, Price};
use super::models::{Candidate, is_less_than_bert, is_of_sentences, other_than_named};
use super::of_paper::is_of_family;
use super::paper::Drafted;
use super::propose::{Priced, serves};
use crate::data::{Roles, USUAL_BERT, is_called, is_same_name};
use crate::intake::{Family, ModelName, ModelSize, PaperSpec, language};
use crate::plan::resolve::WATCHED_AS_ASKED;
use crate::spec::{DataSource, Deviation, Metric, ModelSpec, Monitor, Task, TokenizerKind, TokenizerSpec};
use crate::words;

const ON_THE_COMMAND_LINE: &str = "asked for on the command line";

impl Brief<'_> {
    /// What training may take, and why it is less than the limit.
    pub(super) fn room_in_words(&self, price: &Price) -> String {
        let (room, limit) = (self.room_secs(price), self.first_secs() as f64);
        let share = 100.0 * room * self.seeds.len() as f64 / limit;
        let (room, limit) = (words::duration(room), words::duration(limit));
        let each = if self.seeds.len() > 1 { format!(" of each of {} runs", self.seeds.len()) } else { String::new() };
        let whose = match (self.limit_is_assumed(), &self.search) {
            (true, _) => "the planned limit",
            (false, None) if self.limit_is_bought() => "the time that may be paid for",
            (false, None) => "the limit",
            (false, Some(_)) => "the first recipe's share",
        };
        format!(
            "training{each} may take {room}, {share:.0} % of {whose} of {limit}{}",
            if each.is_empty() { "" } else { " in all" }
        )
    }

    /// Why this model, and where it is another than was stated or asked for.
    pub(super) fn say_model(&self, priced: &[Priced], fits: &[Fit], i: usize, stated: Option<&Stated<'_>>, out: &mut Drafted) {
        let candidate = &priced[i].0;
        let pretrained = matches!(candidate.spec, ModelSpec::Pretrained { .. });
        let used = match &candidate.spec {
            ModelSpec::Pretrained { id, .. } if *id != candidate.name => format!("{} (`{id}`)", candidate.name),
            ModelSpec::Pretrained { id, .. } => format!("`{id}`"),
            ModelSpec::Scratch { .. } => format!("{} from scratch", candidate.name),
        };
        // The next larger ones say most.
        const SHOWN: usize = 3;
        let too_slow = priced[..i].iter().zip(fits).filter(|((c, ..), fit)| !serves(pretrained, **fit) && c.is_of(&self.size()));
        let too_slow: Vec<_> = too_slow.collect();
        let too_slow = too_slow[too_slow.len().saturating_sub(SHOWN)..].iter().map(|((c, _, price), _)| {
            let (what, secs) = if pretrained { ("one epoch", price.epoch_secs()) } else { ("all of it", price.secs()) };
            format!("{what} with {} takes about {} here", c.name, words::duration(secs))
        });
        let mut why = too_slow.collect::<Vec<String>>().join("; ");
        if !why.is_empty() {
            why.push_str(&format!("; {}", self.room_in_words(&priced[i].2)));
        }
        match self.other_model(candidate, stated) {
            Some((stated, reason)) => {
                let reason = if why.is_empty() || self.wishes.model.is_some() { reason.into() } else { why };
                out.deviations.push(Deviation { field: "model".into(), stated, used, reason });
            }
            None if priced.len() > 1 => {
                out.assumptions.push(format!("model: {used}{}", if why.is_empty() { String::new() } else { format!(" ({why})") }))
            }
            None => {}
        }
    }

    /// The model that was stated or asked for, where `candidate` is another, with a reason for when there is none better.
    fn other_model(&self, candidate: &Candidate, stated: Option<&Stated<'_>>) -> Option<(String, &'static str)> {
        if let Some(paper) = self.paper() {
            let family = paper.family().map(|(family, _)| family);
            let is_less = matches!(candidate.spec, ModelSpec::Pretrained { .. }) && is_less_than_bert(candidate);
            let of_family = || match family? {
                // A method is tried on models that it names.
                Family::Lora | Family::Dora => paper.variants().next().map(|(variant, _)| variant.name.clone()),
                Family::Bert if is_less => Some(USUAL_BERT.to_string()),
                family if !is_of_family(candidate, family) => Some(family.name().to_string()),
                _ => self.other_size(paper, candidate),
            };
            // A perceptron has no name but its size.
            let is_its_size = || {
                family == Some(Family::Mlp) && is_of_family(candidate, Family::Mlp) && self.other_size(paper, candidate).is_none()
            };
            let own = if is_its_size() { None } else { stated.and_then(|s| s.result.variant.clone()).or_else(of_family) };
            let reason =
                if self.wishes.model.is_some() { ON_THE_COMMAND_LINE } else { "the closest public model that was found" };
            return own.filter(|own| *own != candidate.name).map(|own| (own, reason));
        }
        let request = self.request()?;
        let asked = self.goal.model(self.wishes);
        if request.pretrained && matches!(candidate.spec, ModelSpec::Scratch { .. }) && self.wishes.model.is_none() {
            return Some(("a pretrained model".into(), "none is known for this"));
        }
        if !candidate.is_of(&request.size) {
            return Some((size_in_words(&request.size), "no model of that size serves"));
        }
        if let Some(ModelName::Called { name }) = asked
            && let Some(named) = other_than_named(candidate, name)
        {
            return Some((named.into(), "the closest that serves"));
        }
        let is_named = matches!(asked, Some(ModelName::Called { name }) if name == "bert");
        let pretrained = matches!(candidate.spec, ModelSpec::Pretrained { .. });
        // Of its size it is another family all the same.
        if is_named && pretrained && request.size != ModelSize::default() && is_of_sentences(candidate) {
            return Some(("BERT".into(), "the only public model of that size"));
        }
        let is_bert = is_named && request.size == ModelSize::default();
        (is_bert && pretrained && is_less_than_bert(candidate))
            .then(|| (format!("BERT (which means {USUAL_BERT} to most)"), "the closest that serves"))
    }

    /// The smallest of the paper's models, where sizes of them are stated and the candidate has none of these.
    fn other_size(&self, paper: &PaperSpec, candidate: &Candidate) -> Option<String> {
        let count = |value: Option<u32>| value.map(|value| value as usize);
        let sizes = paper.variants().filter_map(|(variant, _)| {
            let size =
                ModelSize { layers: count(variant.num_layers), hidden: count(variant.hidden_size), ..ModelSize::default() };
            (size != ModelSize::default()).then_some((variant, size))
        });
        let sizes: Vec<_> = sizes.collect();
        let is_one = sizes.iter().any(|(_, size)| candidate.is_of(size));
        let area = |size: &ModelSize| size.layers.unwrap_or(1) * size.hidden.unwrap_or(1).pow(2);
        let smallest = sizes.iter().filter(|_| !is_one).min_by_key(|(_, size)| area(size));
        smallest.map(|(variant, _)| variant.name.clone())
    }

    /// What else differs or was assumed.
    pub(super) fn say_rest(&self, candidate: &Candidate, stated: Option<&Stated<'_>>, out: &mut Drafted) {
        if self.paper().is_some() {
            self.say_of_paper(candidate, stated, &mut out.deviations);
        }
        self.say_at_hand(candidate, out);
        self.say_of_papers(out);
        self.say_of_tools(out);
        self.say_of_preparation(out);
        self.say_of_pasted(out);
        if let (Some(_), Monitor::HoldOut { examples }) = (self.request().and_then(|request| request.watched), &self.monitor) {
            out.assumptions.push(format!("{WATCHED_AS_ASKED}{examples} training examples are kept out to watch training"));
        }
        out.not_understood = self.loose_first(self.not_understood(out));
        out.deviations.extend(self.used_and_left_out());
        out.assumptions.extend(self.kept_in());
        let of_characters = matches!(
            &candidate.spec,
            ModelSpec::Scratch { tokenizer: Some(TokenizerSpec::Trained(TokenizerKind::Characters)), .. }
        );
        if self.request().is_some_and(|request| request.characters) && !of_characters {
            out.deviate("model.tokenizer", "characters as tokens", "the tokens of such a model", "it was made for them");
        }
        if self.vectors_assumed {
            out.assumptions.push(
                "task: sentence similarity, for the model is one of sentence vectors (`--set task=text_regression \
                 --set similarity=` has a number said of a pair)"
                    .into(),
            );
        }
        let taken_back = self.request().map(|request| request.taken_back.as_slice()).unwrap_or_default();
        out.assumptions
            .extend(taken_back.iter().map(|words| format!("task: {}, for `{words}` was taken back", self.task.in_words())));
        self.say_of_data(candidate, out);
        self.say_of_slips(out);
        self.say_of_metric(out);
        if self.seeds.len() > 1 && self.wishes.seeds.is_empty() && self.request().is_some_and(|r| r.seeds.is_empty()) {
            out.assumptions.push(format!("seeds: {} runs, for one says little where there are few rows", self.seeds.len()));
        }
        self.say_of_time(out);
        self.say_of_target(out);
    }

    /// Which columns, splits and pictures are taken, and why.
    fn say_of_data(&self, candidate: &Candidate, out: &mut Drafted) {
        if let (Some(asked), Some(label)) = (&self.choice.columns.label, &self.offer.data.columns.label)
            && asked != label
            && !self.roles().label.contains(label)
        {
            match beside(asked, label) {
                None => out.assumptions.push(format!("data.columns.label: `{label}` is what `{asked}` means")),
                Some(beside) => out.deviations.push(Deviation {
                    field: "data.columns.label".into(),
                    stated: format!("`{asked}`"),
                    used: format!("`{label}`"),
                    reason: format!("nothing is made of `{beside}`: a column that says it would be told"),
                }),
            }
        }
        // Once the experiment names the label, or what is read, a survey no longer says why.
        let is_why = |note: &&String| ["data.columns.label", "data.columns.input"].iter().any(|key| note.starts_with(key));
        out.assumptions.extend(self.offer.data.notes.iter().filter(is_why).cloned());
        if let (Some(said), Some(label)) = (self.label_in_passing(), &self.offer.data.columns.label) {
            out.assumptions.push(format!("data.columns.label: `{label}`, for the request says `{said}`"));
        }
        if self.task == Task::SentenceSimilarity {
            let columns = &self.offer.data.columns;
            out.assumptions.push(match (&columns.label, columns.input.as_slice()) {
                (Some(label), input) => format!("data.columns: {} are near by their score `{label}`", words::quoted(input)),
                (None, [first, own, apart @ ..]) if !apart.is_empty() => {
                    format!("data.columns: `{own}` belongs to `{first}`, {} not", words::quoted(apart))
                }
                (None, input) => format!("data.columns: {} belong together", words::quoted(input)),
            });
        }
        if let (Some(first), DataSource::Hub { config: Some(config), .. }) =
            (self.choice.known.and_then(|known| known.config), &self.choice.source)
            && first != config
        {
            out.assumptions.push(format!("data.source.config: `{config}`, for `{first}` cannot be had here"));
        }
        if self.train != "train" && self.offer.data.splits.len() > 1 && self.choice.splits.is_empty() {
            out.assumptions.push(format!("data.train: the split `{}`, for there is none that is called `train`", self.train));
        }
        self.say_held_out(out);
        let columns = &self.offer.data.columns;
        if let (Some([from, to]), [source], Some(target)) = (&self.choice.languages, columns.input.as_slice(), &columns.label)
            && !(source.ends_with(from.as_str()) && target.ends_with(to.as_str()))
        {
            out.assumptions.push(format!(
                "data.columns: `{source}` holds `{from}` and `{target}` holds `{to}`, for no columns are called so"
            ));
        }
        if let (Some([from, to]), ModelSpec::Pretrained { id, .. }) = (&self.choice.languages, &candidate.spec)
            && id.to_lowercase().ends_with(&format!("opus-mt-{to}-{from}"))
        {
            let [own_from, own_to] = [language(to), language(from)];
            out.assumptions
                .push(format!("model: `{id}` was trained from {own_from} into {own_to}, and is to learn the other direction"));
        }
        if let Some((size, why)) = self.image_for(candidate) {
            out.assumptions.push(format!("data.image: {} ({why})", size.in_words()));
        }
    }

    /// Where a limit comes from that nobody gave.
    fn say_of_time(&self, out: &mut Drafted) {
        if self.limit_is_assumed() && !self.length_is_asked() {
            out.assumptions.push(format!(
                "time: planned for {}, for no limit was given (`--max-time`)",
                words::duration(self.limit_secs as f64)
            ));
        }
        if self.limit_is_bought() {
            let limit = words::duration(self.limit_secs as f64);
            out.assumptions.push(format!("time: planned for {limit}, which is what `budget.max_usd` pays for of this machine"));
        }
    }

    /// What a target is that was asked for in other words.
    fn say_of_target(&self, out: &mut Drafted) {
        if let Some(asked) = self.request().and_then(|request| request.error) {
            let words = asked.in_words();
            match asked.on(self.task) {
                Some((metric, value)) => {
                    let (metric, value) = (metric.in_words(), words::plain(value));
                    out.assumptions.push(format!("target: a {metric} of {value}, which is what {words} is here"));
                }
                None => out.deviations.push(Deviation {
                    field: "target".into(),
                    stated: words,
                    used: "none".into(),
                    reason: format!("nothing is measured so of {}", self.task.in_words()),
                }),
            }
        }
        if self.request().is_some_and(|request| request.target.is_some() && request.metric.is_none()) {
            out.assumptions.push(format!("target: a value of the {}, for no metric was named", self.metric.in_words()));
        }
    }

    /// What the request says of the data's columns by their own names.
    pub(super) fn roles(&self) -> Roles {
        let Some(request) = self.request() else { return Roles::default() };
        let names = self.column_names();
        request.perhaps_columns().roles_of(&names)
    }

    /// Names of the columns that are read, told and left out.
    pub(super) fn column_names(&self) -> Vec<&str> {
        let (columns, table) = (&self.offer.data.columns, self.offer.data.table.as_ref());
        let own = columns.input.iter().chain(&columns.label).chain(&columns.labels).chain(&columns.exclude);
        let numeric = table.into_iter().flat_map(|table| table.numeric.iter().map(|column| &column.name));
        let others = table.into_iter().flat_map(|table| table.categorical.iter().map(|column| &column.name));
        let left_out = table.into_iter().flat_map(|table| &table.left_out);
        own.chain(numeric).chain(others).chain(left_out).map(String::as_str).collect()
    }

    /// Columns that were to be left out and stay in, as the request says behind.
    fn kept_in(&self) -> Option<String> {
        let kept = self.request()?.kept_columns();
        let data = self.offer.data;
        let numeric = data.table.iter().flat_map(|table| table.numeric.iter().map(|column| &column.name));
        let others = data.table.iter().flat_map(|table| table.categorical.iter().map(|column| &column.name));
        let own = numeric.chain(others).filter(|column| kept.iter().any(|name| is_called(column, name)));
        let own: Vec<&String> = own.collect();
        (!own.is_empty()).then(|| format!("data.columns: {} stays in, as the request says", words::quoted(own)))
    }

    /// Columns that the request uses and leaves out as well: that they are left out is told.
    fn used_and_left_out(&self) -> Option<Deviation> {
        let request = self.request()?;
        let perhaps = request.perhaps_columns();
        let left_out: Vec<String> =
            perhaps.exclude.iter().chain(&request.exclude).filter_map(|name| self.left_out(name)).collect();
        let used = perhaps.input.iter().chain(&request.input).filter_map(|name| self.left_out(name));
        let mut both: Vec<String> = used.filter(|name| left_out.contains(name)).collect();
        both.sort_unstable();
        both.dedup();
        (!both.is_empty()).then(|| Deviation {
            field: "data.columns".into(),
            stated: format!("{}, to be used and to be left out", words::quoted(both)),
            used: "left out".into(),
            reason: "the request says both: say which of the two is meant".into(),
        })
    }

    /// The column that is called so, as the table calls it, if it is left out.
    pub(super) fn left_out(&self, name: &str) -> Option<String> {
        let data = self.offer.data;
        let left_out = data.table.as_ref().map_or(&data.columns.exclude, |table| &table.left_out);
        left_out.iter().find(|own| is_called(own, name) || is_same_name(own, name)).cloned()
    }

    /// The words that say the label in passing, where nothing says it outright.
    pub(super) fn label_in_passing(&self) -> Option<String> {
        let (asked, perhaps, label) = (&self.choice.columns, &self.choice.perhaps, self.offer.data.columns.label.as_ref()?);
        let is_said = asked.label.is_some() || perhaps.label.iter().chain(&perhaps.told).any(|name| is_called(label, name));
        if is_said { None } else { perhaps.said_of(label) }
    }

    fn say_of_paper(&self, candidate: &Candidate, stated: Option<&Stated<'_>>, deviations: &mut Vec<Deviation>) {
        let is_cut = deviations.iter().any(|d| d.field == "data.max_train_examples");
        let mut deviate = |field: &str, stated: &str, used: String, reason: &str| {
            deviations.push(Deviation { field: field.into(), stated: stated.into(), used, reason: reason.into() });
        };
        if self.choice.known.is_some_and(|k| k.splits.is_some_and(|(_, held_out)| held_out.starts_with("validation"))) {
            deviate(
                "data.held_out",
                "the test split",
                format!("the split `{}`", self.held_out),
                "the test labels are not public",
            );
        }
        // What a token is depends on the vocabulary, and how hard it is to tell with it.
        if stated.is_some() && self.metric == Metric::Perplexity && matches!(candidate.spec, ModelSpec::Scratch { .. }) {
            let used = "perplexity of the tokens of a vocabulary made for this data".into();
            deviate("metric", "perplexity of the paper's tokens", used, "perplexities of different tokens cannot be compared");
        }
        if stated.is_some_and(|stated| stated.result.zero_shot) {
            let used = format!("training on `{}`", self.train);
            deviate("task", "no training on the data (zero-shot)", used, "what is tried here is training");
        }
        if let Some(asked) = self.asked_examples.filter(|_| !is_cut) {
            deviate("data.max_train_examples", "all training examples", words::count(asked as f64), ON_THE_COMMAND_LINE);
        }
        if self.seeds.len() == 1 && self.wishes.seeds.is_empty() {
            let reason = "each further seed costs as much again (`--seeds 0,1,2`)";
            deviate("seeds", "what the paper ran, or chose from", "one run".into(), reason);
        }
    }
}

/// What words for a column say besides its name, where they say a value or which one: `is above 500000`.
fn beside(asked: &str, label: &str) -> Option<String> {
    const SAID: [&str; 12] =
        ["above", "below", "than", "per", "next", "previous", "change", "growth", "difference", "ratio", "log", "average"];
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|part| !part.is_empty());
        parts.map(str::to_lowercase).collect()
    };
    let label = words(label);
    let others: Vec<String> = words(asked).into_iter().filter(|word| !label.contains(word)).collect();
    let says = |word: &String| SAID.contains(&word.as_str()) || word.starts_with(|c: char| c.is_ascii_digit());
    others.iter().any(says).then(|| others.join(" "))
}

/// `a model of 2 layers and 110,000,000 parameters`.
fn size_in_words(size: &ModelSize) -> String {
    let count = |value: Option<usize>, of: &str| value.map(|value| format!("{value} {of}"));
    let most = size.max_params.map(|params| format!("at most {} parameters", words::count(params)));
    let params = size.params.map(|params| format!("{} parameters", words::count(params))).or(most);
    let parts = [
        count(size.layers, "layers"),
        size.hidden.map(|hidden| format!("hidden size {hidden}")),
        count(size.heads, "heads"),
        size.intermediate.map(|width| format!("feed-forward layers of {width}")),
        count(size.vocab, "words"),
        size.patch.map(|side| format!("patches of {side}")),
        params,
    ];
    format!("a model of {}", parts.into_iter().flatten().collect::<Vec<_>>().join(" and "))
}
