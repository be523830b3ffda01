//! Words that nothing understood and that the finished experiment follows all the same, or that are no wish: to say that they were not
//! followed would be untrue. Each word is to be accounted for, by the experiment or as an ordinary one; else they are told.

use super::brief::Brief;
use super::paper::Drafted;
use crate::data::is_called;
use crate::intake::regex;
use crate::intake::{Lack, Lacking, ModelName, Request, measure_called};
use crate::spec::{Border, HeldOutBy, Length, Monitor, Optimizer, Similarity, Task};
use regex::{Captures, Regex};
use std::sync::LazyLock;
use tallow_zoo::HeadKind;

/// What is asked, and whether the experiment has it.
struct Said {
    way: Regex,
    holds: fn(&Brief<'_>, &Drafted, &Captures<'_>) -> bool,
}

/// In lower case, each a part of a phrase.
static SAID: LazyLock<Vec<Said>> = LazyLock::new(|| {
    let said = |way: &str, holds| Said { way: regex(&format!(r"\b(?:{way})(?:\b|$)")), holds };
    vec![
        said(
            r"(?:balanced )?class(?:es)?[ -]weight(?:s|ing|ed)?|weigh(?:t|ted|ting)? (?:the )?class(?:es)?|weighted loss",
            |_, out, _| out.recipe.class_weights.is_some(),
        ),
        said(r"(?:class )?imbalanced?", |_, out, _| out.recipe.class_weights.is_some() || out.recipe.focal_gamma.is_some()),
        said(r"em|exact[- ]match(?:es)?", |brief, _, _| brief.task == Task::QuestionAnswering),
        said(r"(?:categorical )?cross[- ]entropy(?: loss)?|softmax(?: loss)?", |brief, out, _| {
            matches!(brief.task.head(), HeadKind::Classes | HeadKind::Tags | HeadKind::Words)
                && brief.task != Task::PreferenceOptimization
                && out.recipe.focal_gamma.is_none()
        }),
        said(r"binary cross[- ]entropy(?: loss)?|bce(?: loss)?", |brief, _, _| brief.task.head() == HeadKind::Labels),
        said(r"(?:mse|mean[- ]squared?[- ]errors?|squared?[- ]errors?)(?: loss)?|l2 loss", |brief, _, _| {
            brief.task.head() == HeadKind::Value
        }),
        said(
            r"(?:only |just )?(?:on |of )?(?:the )?(?:assistant|answer|response|completion|output|reply)s?(?:['’]s?)?(?: (?:replies|answers|turns|tokens|messages|responses|only))+",
            |brief, _, _| brief.task == Task::InstructionTuning,
        ),
        said(
            r"(?:(?:the )?loss |train(?:ed|ing)? )?(?:is |be )?(?:only|just) (?:computed |taken )?(?:on|of|over|from) (?:the )?(?:assistant|answer|response|completion|output|reply|target)s?",
            |brief, _, _| brief.task == Task::InstructionTuning,
        ),
        said(r"(?:the )?(?:rejected|dispreferred)(?: (?:answers?|columns?|responses?|replies))?", |brief, _, _| {
            brief.task == Task::PreferenceOptimization
        }),
        said(r"pls|plz|please", |_, _, _| true),
        said(r"hold(?:ing)?[- ]out|keep(?:ing)? (?:back|out)", |brief, _, _| brief.held_out_frac.is_some()),
        said(r"(?:not|no) (?:as )?(?:an? )?(?:classification|classifier|class(?:es)?)", |brief, _, _| {
            !matches!(brief.task.head(), HeadKind::Classes | HeadKind::Labels | HeadKind::Tags)
        }),
        said(r"(?:not|no) (?:an? )?(?:regression|regressor)", |brief, _, _| brief.task.head() != HeadKind::Value),
        said(r"domain[- ]adapt(?:ation|ive|ed)(?: pre-?training)?|(?:continued|further) pre-?training", |brief, _, _| {
            matches!(brief.task, Task::LanguageModelling | Task::MaskedLanguageModelling)
        }),
        said(
            r"(?:do not|don['’]t|dont|no|not|never|without) shuffl(?:e|ing)(?: (?:it|them|the (?:data|rows)))? (?:across|over|in) (?:the )?(?:time|dates?)",
            |brief, _, _| matches!(brief.held_out_by, HeldOutBy::Time { .. } | HeldOutBy::End),
        ),
        said(
            r"(?:(?:keep|hold|leave|reserve|use|take)(?: out| aside| back)? )?(?:the )?(?P<edge>last|final|latest|newest|first) (?P<v>[0-9]+(?:\.[0-9]+)?) ?(?:%|percent)(?: of (?:the )?(?:file|text|rows|data|lines))?",
            |brief, _, found| {
                let share = found["v"].parse::<f64>().ok().map(|percent| percent / 100.0);
                let is_text = brief.offer.data.splits.iter().any(|split| split.name == brief.train && split.is_one_text());
                let is_edge = match (&found["edge"], &brief.held_out_by) {
                    ("first", by) => *by == HeldOutBy::Start,
                    (_, HeldOutBy::Chance) => is_text,
                    ("latest" | "newest", by) => matches!(by, HeldOutBy::Time { .. }),
                    (_, by) => *by != HeldOutBy::Start,
                };
                is_edge && brief.held_out_frac.zip(share).is_some_and(|(own, asked)| (own - asked).abs() < 1e-6)
            },
        ),
        said(r"(?P<v>[0-9]+)[- ](?:class(?:es)?|labels|categories|way)", |brief, _, found| {
            found["v"].parse::<usize>().is_ok_and(|count| count == brief.offer.data.labels.len())
        }),
        said(r"binary(?: class(?:es|ification|ifier))?|two[- ]class(?:es)?", |brief, _, _| {
            brief.task.head() == HeadKind::Classes && brief.offer.data.labels.len() == 2
        }),
        said(r"multi-?\s?class(?: (?:classification|classifier))?", |brief, _, _| {
            brief.task.head() == HeadKind::Classes && brief.offer.data.labels.len() > 2
        }),
        said(r"(?:full|single)[- ]precision|fp32|float32", |_, _, _| true),
        said(
            r"(?:(?:no|without)(?: an?| any)?|not on an?) (?:gpus?|cuda)|cpu[- ]only|(?:only )?(?:on )?(?:the )?cpu",
            |_, _, _| true,
        ),
        said(
            r"(?:(?:sensible|reasonable|usual|standard|your|the|good|common) )*(?:defaults?|standard|usual)(?: (?:settings?|hyper-?\s?param(?:eter)?s?|values?|options?|recipe|config\w*|ones?|everything else|for (?:the rest|everything else|all else)))*",
            |_, _, _| true,
        ),
        said(r"greedy(?: (?:decoding|search))?", |brief, _, _| {
            brief.request().is_some_and(|request| request.num_beams.is_none())
        }),
        said(
            r"(?:in-?batch negatives? )?(?:at |with |a )*temperature(?: of| =|=)? ?(?P<v>0?\.[0-9]+|1(?:\.0)?)",
            |brief, _, found| {
                let is_vectors = brief.task == Task::SentenceSimilarity;
                let usual = Similarity::usual(brief.offer.data.columns.label.is_some());
                let (Similarity::Contrastive { scale }, true) = (usual, is_vectors) else { return false };
                found["v"].parse::<f64>().is_ok_and(|value| (value * scale - 1.0).abs() < 1e-6)
            },
        ),
        said(r"(?:grad(?:ient)?s? )?accum(?:ulat\w*)?(?: steps?)?", |_, out, _| {
            out.recipe.micro_batch_size.is_some_and(|micro| micro < out.recipe.batch_size)
        }),
        said(r"(?:no|not|without|plain,? no) nesterov(?:['’]s)?(?: momentum)?", |_, out, _| {
            !matches!(out.recipe.optimizer, Optimizer::Sgd { nesterov: true, .. } | Optimizer::Muon { nesterov: true, .. })
        }),
        // Decay is of matrices alone.
        said(
            r"(?:not|no|none|never|except)(?: (?:on|to|for|of|applied|decay|the|any))*(?: (?:bias(?:es)?|layer-?norms?|norms?|normali[sz]ation|and|or|layers?|weights|parameters))+",
            |_, _, found| found[0].contains("bias") || found[0].contains("norm"),
        ),
        // Splits by their names, each of which is what it is called.
        said(r"(?P<v>val|valid|validation|dev|test|train|training)(?: (?:folders?|splits?|sets?|files?))?", |brief, _, found| {
            let splits = &brief.offer.data.splits;
            splits.len() > 1 && splits.iter().any(|split| split.name.get(..3) == found["v"].get(..3))
        }),
        // A part that is watched, where its purpose was said apart from it.
        said(r"(?P<v>[0-9]+(?:\.[0-9]+)?) ?(?:%|percent)", |brief, _, found| {
            let share = found["v"].parse::<f64>().map_or(0.0, |percent| percent / 100.0);
            let rows = brief.offer.data.splits.iter().find(|split| split.name == brief.train).map_or(0, |split| split.examples);
            // Of what is trained on, or of all before a part was held out.
            let left = rows as f64 * (1.0 - brief.held_out_frac.unwrap_or(0.0));
            let is_watched = matches!(&brief.monitor, Monitor::HoldOut { examples } if [rows as f64, left].iter().any(|all| (*examples as f64 - share * all).abs() <= 1.0 + 0.005 * all));
            let text = brief.request().map(|request| request.text.to_lowercase()).unwrap_or_default();
            let said = text.match_indices(&found[0]).any(|(at, own)| {
                let behind: String = text[at + own.len()..].chars().take(24).collect();
                ["valid", " val", "dev", "monitor", "watch"].iter().any(|word| behind.contains(word))
            });
            is_watched && said
        }),
        // The head is what is trained where all else, or all below, stays as it is.
        said(r"(?:the |its |new )*head", |brief, _, _| brief.request().is_some_and(Request::keeps_most)),
        said(
            r"(?:one|1|an?|a single) (?:pass|epoch)(?: (?:over|through) (?:it|the data|all(?: of it)?))?",
            |_, out, _| matches!(out.recipe.length, Length::Epochs(epochs) if (epochs - 1.0).abs() < 1e-9),
        ),
        said(
            r"(?P<v>[0-9]+|two|three|four|five|six|seven|eight|ten) (?:independent |separate |different )?(?:runs|repetitions|repeats)",
            |brief, _, found| {
                const NAMED: [&str; 11] = ["", "", "two", "three", "four", "five", "six", "seven", "eight", "", "ten"];
                let count = found["v"].parse().ok().or_else(|| NAMED.iter().position(|name| *name == &found["v"]));
                count == Some(brief.seeds.len())
            },
        ),
        // What a mistake costs, where the classes are weighed.
        said(
            r"(?:[0-9.]+|two|three|four|five|six|seven|eight|ten|many|several) times(?: (?:as (?:much|bad|many|costly|expensive)|worse|more(?: \w+)?))?",
            |_, out, _| out.recipe.class_weights.is_some(),
        ),
        // From when on rows are held out.
        said(
            r"(?:the )?(?:(?P<quarter>first|second|third|fourth|last) quarter|q(?P<q>[1-4])|(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))(?: (?:onwards?|on|and later|or later|[0-9]{4}))*",
            |brief, _, found| {
                const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
                let at = |name: &str| found.name(name).map_or("", |part| part.as_str());
                let quarter = match (at("quarter"), at("q")) {
                    ("first", _) | (_, "1") => Some(0),
                    ("second", _) | (_, "2") => Some(3),
                    ("third", _) | (_, "3") => Some(6),
                    ("fourth" | "last", _) | (_, "4") => Some(9),
                    _ => None,
                };
                let month = quarter.or_else(|| MONTHS.iter().position(|month| at("month").starts_with(month)));
                let border = brief.held_out_by.border().and_then(Border::date);
                month.zip(border).is_some_and(|(month, border)| border.month() as usize == month + 1)
            },
        ),
        said(r"(?:decoder[- ]only|autoregressive|causal)(?: (?:lm|language model|transformer|model))?", |brief, _, _| {
            brief.task == Task::LanguageModelling
        }),
        said(r"cross[- ]?encoder", |brief, _, _| {
            matches!(brief.task, Task::TextClassification | Task::TextRegression) && brief.offer.data.columns.input.len() > 1
        }),
        said(r"mean[- ]pool(?:ing|ed)?", |brief, _, _| brief.task == Task::SentenceSimilarity),
        // Both sides of a model that writes have one tokenizer.
        said(r"(?:joint|shared)(?: (?:bpe|vocab(?:ulary)?|tokeni[sz]er|sub-?words?))*", |brief, _, _| {
            brief.task == Task::TextToText
        }),
        said(r"(?:each|both|either) sides?", |brief, _, _| brief.task == Task::TextToText),
        // What is watched is a split that is called so.
        said(
            r"(?:val|valid|validation|dev)(?: (?:split|set|data|file))?",
            |brief, _, _| matches!(&brief.monitor, Monitor::Split { name } if ["val", "dev"].iter().any(|own| name.starts_with(own))),
        ),
        // Why columns are left out, where some are.
        said(
            r"(?:(?:is|are|it['’]s|they['’]re) )?(?:meaningless|useless|irrelevant|unnecessary|redundant|uninformative|not (?:needed|useful|relevant|informative|meaningful)|(?:an? |the )?(?:row|line|record|running|serial|sample|example|sequential) ?-?(?:numbers?|ids?|index|counters?|keys?))",
            |brief, _, _| {
                let data = brief.offer.data;
                let left_out = data.table.as_ref().map_or(&data.columns.exclude, |table| &table.left_out);
                !left_out.is_empty()
            },
        ),
        // What programs call the settings that are followed by their values, and how they are run.
        said(
            r"(?:python3?|accelerate launch|torchrun)? ?(?:run_\w+\.py|model_name_or_path|task_name|dataset_name|do_(?:train|eval|predict)|metric_for_best_model|overwrite_output_dir|train_file|validation_file|text_column|label_column)",
            |_, _, _| true,
        ),
        // How files and requests are written, and what stands where in them.
        said(r"(?:[\w.]+[- ](?:style|format(?:ted)?))(?: [a-z]+)?", |_, _, _| true),
        said(
            r"(?:(?:one|an?|each) )?(?:sub-?)?(?:folder|directory|file|row|line|image|column|record|sentence)s? (?:per|for (?:each|every)|each) [\w-]+",
            |_, _, _| true,
        ),
        said(r"(?:0/1|1/0|0 or 1|yes/no|true/false)(?: (?:columns?|flags?|values?|labels?))?", |brief, _, _| {
            brief.task.head() == HeadKind::Labels || brief.offer.data.labels.len() == 2
        }),
        // That an example may have several labels, where the columns that hold them say so.
        said(
            r"(?:an?|each|every|one|the|some)? ?(?:[\w-]+ )?(?:may|can|might|could|often|sometimes|usually) (?:touch|have|carry|get|concern|belong to|be in|be of|fall into|affect|cover|involve) (?:several|multiple|many|more than one|any number of) [\w-]+|(?:several|multiple|many|more than one|any number) (?:per|for (?:each|every|an?)|in (?:each|every|an?)|each) ?[\w-]*",
            |brief, _, _| brief.task.head() == HeadKind::Labels,
        ),
        // Another measure than was asked for in its place.
        said(
            r"(?:instead of|in place of|rather than|other than|not) (?:an? |the )?(?P<v>[\w²@^-]+(?: [\w-]+){0,2})",
            |brief, _, found| measure_called(&found["v"]).is_some_and(|metric| metric.as_of(brief.task) != brief.metric),
        ),
        // What was said with its share, which is the end.
        said(r"^(?:the )?(?:last|final)$", |brief, _, _| {
            let is_text = brief.offer.data.splits.iter().any(|split| split.name == brief.train && split.is_one_text());
            let is_asked = brief.request().is_some_and(|request| request.tested.is_some());
            is_asked && (brief.held_out_by == HeldOutBy::End || is_text && brief.held_out_by.is_chance())
        }),
        said(r"(?:sentence )?embeddings?", |brief, _, _| brief.task == Task::SentenceSimilarity),
        said(r"train(?:ing)?/(?:val(?:id(?:ation)?)?|dev)/test", |brief, _, _| brief.held_out_frac.is_some()),
        said(r"quadratic(?:ally)?(?:[- ]weighted)?", |brief, _, _| lacks_metric(brief, "kappa")),
        said(r"(?:as )?(?:class(?:es)?|categor(?:y|ies))", |brief, _, _| brief.task.head() == HeadKind::Classes),
        said(r"(?:per |of |for )?(?:named )?entit(?:y|ies)(?:[- ]level)?", |brief, _, _| brief.task == Task::TokenClassification),
        said(r"(?:byte[- ]level |byte[- ]pair )?bpe(?: tokeni[sz](?:er|ation))?", |brief, _, _| {
            brief.task == Task::LanguageModelling && brief.request().is_none_or(|request| !request.characters)
        }),
        said(r"(?:cosine(?:[- ]similarity)?|contrastive)(?: loss)?", |brief, _, _| brief.task == Task::SentenceSimilarity),
        // Nothing of the kind is done.
        said(
            r"(?:no|without|not|never)(?: (?:an?|any|the|use|using|with))* (?:l1|lasso|elastic[- ]net)(?: (?:regulari[sz](?:ation|er)|penalty|norm))?",
            |_, _, _| true,
        ),
        said(
            r"(?:no|without|not|never)(?: (?:an?|any|the|use|using|with))* (?:batch|layer)[- ]?norm(?:ali[sz]ation)?",
            |brief, _, _| brief.request().is_some_and(|request| request.norm.is_none()) && brief.offer.data.table.is_some(),
        ),
        // What nobody runs is not run.
        said(
            r"(?:no|without|not|don['’]t (?:use|need|want|log)|never)(?: (?:an?|any|the|to|use|log|with|on|need|multiple|several))* (?:gpus?|cuda|tpus?|ddp|fsdp|wandb|w&b|tensorboard|mlflow|docker|notebooks?|torch[. _]?compile|flash[- _]?attention|distributed(?: training)?|workers)",
            |_, _, _| true,
        ),
        said(
            r"(?:instead of|in place of|rather than|other than) (?:an? |the )?(?P<v>bert|roberta|electra|distilbert|deberta|gpt-?2|t5|resnet|vit|whisper)(?:[- ](?:base|large|small|tiny))?",
            |brief, _, found| match brief.request().and_then(|request| request.model.as_ref()) {
                Some(ModelName::Called { name }) => !name.contains(&found["v"]),
                Some(ModelName::At { id }) => !id.to_lowercase().contains(&format!("/{}", &found["v"])),
                None => false,
            },
        ),
        // Idioms.
        said(
            r"whatever happens|no matter what|as you (?:said|wrote)|of course|by the way|for (?:me|now|us)|and so on|etc|bit",
            |_, _, _| true,
        ),
        // By itself it says nothing of which.
        said(r"^loss(?:es)?$", |_, _, _| true),
    ]
});

/// Whether a measure was asked for that there is not, which is told with the one that is taken.
fn lacks_metric(brief: &Brief<'_>, word: &str) -> bool {
    let is_one = |lacking: &Lacking| lacking.of == Lack::Metric && lacking.words.to_lowercase().contains(word);
    brief.request().is_some_and(|request| request.lacking.iter().any(is_one))
}

/// What is said of a project and asks for nothing.
const OF_PROJECTS: [&str; 22] = [
    "baseline",
    "baselines",
    "thesis",
    "homework",
    "coursework",
    "kaggle",
    "poc",
    "demo",
    "hackathon",
    "phd",
    "msc",
    "bsc",
    "laptop",
    "macbook",
    "workstation",
    "predictor",
    "predictors",
    "classifier",
    "detector",
    "regressor",
    "tagger",
    "dataset",
];

/// What is made of a thing that is named before it: `churn prediction`.
const OF_TASKS: [&str; 16] = [
    "prediction",
    "predictions",
    "predictor",
    "detection",
    "detector",
    "classification",
    "classifier",
    "regression",
    "regressor",
    "model",
    "estimation",
    "estimator",
    "recognition",
    "identification",
    "scoring",
    "analysis",
];

impl Brief<'_> {
    /// Whether nothing is lost of these words.
    pub(super) fn is_so_anyway(&self, words: &str, out: &Drafted) -> bool {
        let low = words.to_lowercase();
        if self.names_files(&low) || self.names_classes(&low) || self.names_columns(words) || self.names_a_text(words) {
            return true;
        }
        let mut left = low.clone();
        for Said { way, holds } in SAID.iter() {
            while let Some(found) = way.captures(&left).filter(|found| holds(self, out, found)) {
                let range = found.get(0).map_or(0..0, |all| all.range());
                if range.is_empty() {
                    break;
                }
                left.replace_range(range, " ");
            }
        }
        let before = left.split_whitespace().count();
        let names: Vec<&str> = left.split_whitespace().filter(|word| self.is_own_name(word)).collect();
        let is_named = !names.is_empty();
        let rest: Vec<&str> = left
            .split_whitespace()
            .filter(|word| !(self.is_own_name(word) || OF_PROJECTS.contains(word) || is_named && OF_TASKS.contains(word)))
            .collect();
        let is_accounted_for = left != low || rest.len() < before;
        is_accounted_for && (rest.is_empty() || !Request::may_change(&rest.join(" ")))
    }

    /// Files that the data's splits are read from.
    fn names_files(&self, low: &str) -> bool {
        let splits = &self.offer.data.splits;
        let is_file = |name: &str| {
            let files = splits.iter().flat_map(|split| &split.files);
            name.contains('.')
                && files.filter_map(|file| file.file_name()).any(|own| own.to_string_lossy().eq_ignore_ascii_case(name))
        };
        low.split_whitespace().all(|word| is_file(word.trim_matches(['`', '"', '\'', ','])))
    }

    /// Classes, where the request lists all that there are: of fewer somebody may want those alone.
    fn names_classes(&self, low: &str) -> bool {
        let labels: Vec<String> = self.offer.data.labels.iter().map(|label| label.to_lowercase().replace('_', " ")).collect();
        let text = self.request().map(|request| request.text.to_lowercase().replace('_', " ")).unwrap_or_default();
        let holds = |label: &String| {
            text.match_indices(label.as_str()).any(|(at, _)| {
                let is_letter = |c: char| c.is_alphanumeric();
                !text[..at].ends_with(is_letter) && !text[at + label.len()..].starts_with(is_letter)
            })
        };
        let are_listed = labels.len() > 1 && labels.iter().all(|label| label.chars().count() > 1 && holds(label));
        let low = low.replace('_', " ");
        are_listed && (labels.contains(&low) || low.split_whitespace().all(|word| labels.iter().any(|label| label == word)))
    }

    /// Columns that are read or told, in a list without words: `instruction/input/output`.
    fn names_columns(&self, words: &str) -> bool {
        let columns = &self.offer.data.columns;
        let own = columns.input.iter().chain(&columns.label).chain(&columns.labels);
        let own: Vec<&String> = own.collect();
        let parts: Vec<&str> = words.split(['/', '+', ',', '|', '&', ' ']).filter(|part| !part.is_empty()).collect();
        let is_label = columns.labels.iter().any(|label| label.eq_ignore_ascii_case(words));
        is_label || parts.len() > 1 && parts.iter().all(|part| own.iter().any(|column| is_called(column, part)))
    }

    /// The text that questions are about, or the questions, by their column: `context is in passage`.
    fn names_a_text(&self, words: &str) -> bool {
        let is_input = || self.offer.data.columns.input.iter().any(|column| is_called(column, words));
        self.task == Task::QuestionAnswering && !words.contains(' ') && is_input()
    }

    /// Whether a word is that of the data's name, or of what is told: `churn` of `churned`.
    fn is_own_name(&self, word: &str) -> bool {
        const STEM: usize = 4;
        let of_data = self.choice.name.to_lowercase();
        let is_of_data = of_data
            .split(|c: char| !c.is_alphanumeric())
            .any(|own| own.chars().count() >= STEM && own.trim_end_matches('s') == word.trim_end_matches('s'));
        let columns = &self.offer.data.columns;
        let is_told = columns.label.iter().chain(&columns.labels).any(|label| {
            let label = label.to_lowercase();
            label.split(|c: char| !c.is_alphanumeric()).any(|own| {
                let alike = own.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
                let [own, word] = [own, word].map(|text| text.chars().count());
                own == word && alike == own || alike >= STEM && own - alike <= 3 && word - alike <= 3
            })
        });
        is_of_data || is_told
    }
}
