//! Title, first author, task, family, code: what the paper as a whole is.

use super::{Findings, names, used};
use crate::intake::{Family, Field, FieldKey, Paper, Scope, SectionKind, Sentence, Span, Value};
use std::ops::Range;
use std::sync::LazyLock;

pub(super) fn find(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    if let Some(title) = &paper.title {
        let text = paper.passage(title).to_string();
        found.add(FieldKey::Title, Value::Text { text }, None, Scope::default(), 0.95, paper.quote(title.page, title.span), None);
    }
    if let Some(author) = paper.authors.first() {
        let text = paper.passage(author).to_string();
        found.add(
            FieldKey::FirstAuthor,
            Value::Text { text },
            None,
            Scope::default(),
            0.9,
            paper.quote(author.page, author.span),
            None,
        );
    }
    family(paper, sentences, found);
    tasks(paper, sentences, found);
    let own = own_names(paper, sentences, None);
    code(sentences, &own, found);
    licence(paper, sentences, found);
}

/// (family, names that stand for it, in the order in which they are tried).
const FAMILIES: &[(Family, &str)] = &[
    (Family::Distilbert, r"\bDistilBERT\b"),
    (Family::Roberta, r"\b(?:Distil|Bio|Bernice|Twitter-|Pho)?RoBERTa|\bXLM-R\b|\b(?:Camem|Pho|Code)BERT\b|\bBERTweet\b"),
    (Family::Deberta, r"\bDeBERTa"),
    (Family::Albert, r"\bALBERT\b"),
    (Family::Electra, r"\bELECTRA\b"),
    (
        Family::Bert,
        r"\b(?:m|S|Sci|Bio|Blue|PubMed|Clinical|Fin|Legal|Arab|Ara|Hate|Mobile|Tiny|Lin|Patent)?BERT(?i:BASE|LARGE)?\b|\bMuRIL\b",
    ),
    (Family::Gpt2, r"\bGPT-?2\b"),
    (Family::Gpt3, r"\bGPT-?3\b"),
    (Family::Bart, r"\bm?BART\b"),
    (Family::Whisper, r"\bWhisper\b"),
    (Family::Llama, r"\b(?:Code|Tiny)?(?:LLaMA|Llama)(?:\b|\d)"),
    (Family::T5, r"\b(?:By|u?m|Flan-|FLAN-|Code|Long)?T5\b"),
    (Family::Vit, r"\bViT\b|\b[Vv]ision [Tt]ransformers?\b"),
    (Family::WideResnet, r"\b(?:[Ww]ide[- ]?ResNets?|WRN)\b|\b[Ww]ide [Rr]esidual [Nn]et"),
    (Family::Densenet, r"\bDenseNets?(?:\b|\d)"),
    (Family::Efficientnet, r"\bEfficientNets?(?:\b|[Vv]?\d)"),
    (Family::Mobilenet, r"\bMobileNets?(?:\b|[Vv]?\d)"),
    (Family::Convnext, r"\bConvNeXts?\b"),
    (Family::Vgg, r"\bVGG(?:Net)?(?:\b|\d)"),
    (Family::Swin, r"\bSwin(?:V2)?\b"),
    (Family::Clip, r"\bCLIP\b"),
    (Family::Unet, r"\bU-?Nets?\b"),
    (Family::Diffusion, r"\b(?i:diffusion (?:probabilistic )?models?)\b|\bDDPMs?\b"),
    (Family::Gan, r"\bGANs?\b|\b[Gg]enerative [Aa]dversarial [Nn]et"),
    (Family::Vae, r"\bVAEs?\b|\b[Vv]ariational [Aa]uto-?[Ee]ncoders?\b"),
    (Family::GraphNetwork, r"\b(?i:graph (?:neural|convolutional|attention|isomorphism) networks?)\b|\bG[NC]Ns?\b"),
    (Family::Mamba, r"\bMamba\b|\b[Ss]tate[- ][Ss]pace [Mm]odels?\b"),
    (Family::MixtureOfExperts, r"\b[Mm]ixture[- ]of[- ][Ee]xperts\b|\bMoEs?\b"),
    (Family::Gru, r"\bGRUs?\b"),
    (Family::Resnet, r"\b(?i:res-?ne(?:ts?|xts?))(?:\b|\d)|\b[Rr]esidual (?:[Nn]et\w*|[Ll]earning)\b|\bi?-?RevNets?(?:\b|\d)"),
    (Family::Lora, r"\bLoRA\b|\b[Ll]ow-[Rr]ank [Aa]daptation\b"),
    (Family::Dora, r"\bDoRA\b|\b[Ww]eight-[Dd]ecomposed [Ll]ow-[Rr]ank [Aa]daptation\b"),
    (Family::Transformer, r"\bTransformers?\b|\btransformer-based\b|\b[Dd]ecoder-only\b"),
    (Family::Xlnet, r"\bXLNet(?i:BASE|LARGE)?\b"),
    (Family::Wav2vec2, r"\b[Ww]av2[Vv]ec(?:\b|2)"),
    (Family::Tabnet, r"\bTabNet\b"),
    (Family::Lstm, r"\bLSTMs?\b"),
    (Family::Cnn, r"\b[Cc]onvolutional (?:[Nn]eural )?[Nn]etworks?\b|\bCNNs?\b"),
    (Family::Mlp, r"\b[Mm]ulti-?[Ll]ayer (?:[Pp]erceptrons?|neural networks?|fully connected)|\bMLPs?\b"),
    (Family::LogisticRegression, r"\b[Ll]ogistic regression\b"),
];

static NAMED: LazyLock<Vec<regex::Regex>> =
    LazyLock::new(|| FAMILIES.iter().map(|(_, names)| crate::intake::regex(names)).collect());

/// The kind of model that a name belongs to where it is no family: `Conformer-L`.
pub(super) fn kind_named(name: &str) -> bool {
    static KINDS: LazyLock<Vec<regex::Regex>> = LazyLock::new(|| {
        OTHERS.iter().filter(|(_, _, general)| !general).map(|(_, names, _)| crate::intake::regex(names)).collect()
    });
    let spaced = name.replace(['_', '-'], " ");
    KINDS.iter().any(|kind| kind.is_match(name) || kind.is_match(&spaced))
}

/// The family that a model's name belongs to: `BERT_LARGE`, `ViT-B/16`, `GPT-2 medium`.
pub(crate) fn family_named(name: &str) -> Option<Family> {
    let spaced = name.replace(['_', '-'], " ");
    let named = FAMILIES.iter().zip(NAMED.iter());
    // A way to train is no model.
    let models = named.filter(|((family, _), _)| !matches!(family, Family::Lora | Family::Dora));
    models.into_iter().find(|(_, pattern)| pattern.is_match(name) || pattern.is_match(&spaced)).map(|((family, _), _)| *family)
}

/// What the paper calls what it proposes, in lower case: the name before the colon of its title and its short form, else what its first
/// pages say that it introduces, or they and captions call its own; where it coins none, its family.
pub(super) fn own_names(paper: &Paper, sentences: &[Sentence], family: Option<Family>) -> Vec<String> {
    const NAME: &str = r"(?P<n>[A-Z][\w-]*[A-Z][\w-]*)";
    // The name may have a number behind it: `Foo 2: ...`.
    static TITLE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?:Introducing |Presenting )?([A-Z][\w.+-]{1,30}(?: \d(?:\.\d)?)?):"));
    static SHORT: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(&format!(r"\b(?P<long>[A-Z][\w-]+) \({NAME}\)")));
    static COINED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"\b[Ww]e (?:introduce|propose|present|develop|call|name|dub|term|denote)\b(?: (?:it|this|the|a|an|our|new|novel|model|method|approach|network|resulting|as|called))* {NAME}"
        ))
    });
    static OURS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(r"\b[Oo]ur {NAME} (?:architectures?|models?|method|approach|networks?|family)\b"))
    });
    let title = paper.title.as_ref().map(|title| paper.passage(title)).unwrap_or_default();
    let mut names: Vec<String> = TITLE.captures(title).map(|found| found[1].to_lowercase()).into_iter().collect();
    let introduces = |s: &Sentence| {
        paper.section_kind(s.section) == SectionKind::Abstract
            || paper.section_title(s.section).eq_ignore_ascii_case("introduction")
            // What stands before all sections is the abstract, too.
            || s.section.is_none()
    };
    if let Some(long) = names.first().cloned() {
        let short =
            sentences.iter().flat_map(|s| SHORT.captures_iter(&s.text)).find(|found| found["long"].to_lowercase() == long);
        names.extend(short.map(|found| found["n"].to_lowercase()));
        return names;
    }
    for sentence in sentences {
        let introduced = introduces(sentence);
        names.extend(introduced.then(|| short_title(title, &sentence.text)).flatten().filter(|short| !names.contains(short)));
        let coined = introduced.then(|| COINED.captures_iter(&sentence.text)).into_iter().flatten();
        let ours = (introduced || super::is_caption(paper, sentence)).then(|| OURS.captures_iter(&sentence.text));
        for found in coined.chain(ours.into_iter().flatten()) {
            let name = found["n"].to_lowercase();
            let general = matches!(
                family_named(&found["n"]),
                Some(Family::Cnn | Family::Mlp | Family::Lstm | Family::Gru | Family::Transformer)
            );
            if !general && !names.contains(&name) && names::datasets_in(&found["n"]).is_empty() {
                names.push(name);
            }
        }
    }
    if names.is_empty() { family.map(|family| family.name().to_string()).into_iter().collect() } else { names }
}

/// `we call them deep orchard nets (DONs)` in a paper of that title: its short form.
fn short_title(title: &str, text: &str) -> Option<String> {
    static CALLED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b[Ww]e (?:\w+ )?(?:call|name|term|dub|propose|introduce|present|develop|denote|refer)\b[^.;]{0,120}? \((?P<s>[A-Z]{3,6})s?\)",
        )
    });
    let found = CALLED.captures(text)?;
    let before = text[..found.name("s")?.start()].trim_end_matches([' ', '(']).to_lowercase();
    let begins = |word: &str, sign: char| word.starts_with(|c: char| c.eq_ignore_ascii_case(&sign));
    let long: Vec<&str> = before.rsplit([' ', '-']).take(found["s"].len()).collect();
    let fits = long.len() == found["s"].len() && long.iter().rev().zip(found["s"].chars()).all(|(word, sign)| begins(word, sign));
    let title = title.to_lowercase();
    let head: Vec<&str> = title.split([' ', '-']).take(long.len()).map(|word| word.trim_end_matches('s')).collect();
    (fits && long.iter().rev().map(|word| word.trim_end_matches('s')).eq(head)).then(|| found["s"].to_lowercase())
}

/// The family that the paper is about: named in its title, or by "we propose", or most often.
fn family(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    static OWN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:we (?:propose|introduce|present|show|evaluate|train|use|apply|find)|our (?:largest |proposed )?(?:model|method|network|architecture)|called|based on)",
        )
    });
    let title = paper.title.as_ref().map(|t| paper.passage(t)).unwrap_or_default();
    let head = title.split([':', ',']).next().filter(|head| head.len() < title.len()).unwrap_or_default();
    let used = used_where(paper, sentences);
    let mut best: Option<(f64, Value, usize, Range<usize>)> = None;
    let mut in_title_alone = None;
    for candidate in candidates(&used, sentences) {
        let Candidate { value, names, general, title: in_title } = candidate;
        // What stands before the colon is what the paper is of: `Foo: a lighter Bar`.
        let in_title = if names.is_match(head) { 3.0 * in_title } else { in_title };
        let mut weight = if names.is_match(title) { in_title } else { 0.0 };
        let mut example: Option<(usize, Range<usize>, f64)> = None;
        for (index, sentence) in sentences.iter().enumerate() {
            let kind = paper.section_kind(sentence.section);
            if matches!(kind, SectionKind::References | SectionKind::RelatedWork) {
                continue;
            }
            let Some(at) = names.find(&sentence.text).map(|m| m.range()) else { continue };
            // `CNN/Foo` is data of a newspaper's, or one of two.
            if sentence.text[at.end..].starts_with(['/', '-']) && of_data(&sentence.text, &at) {
                continue;
            }
            let own = OWN.is_match(&sentence.text);
            let (at, uses) = used_at(&names, sentence, &used[index]).unwrap_or((at, 0.0));
            weight += uses + if kind == SectionKind::Abstract && own { 8.0 } else { 1.0 + 0.5 * f64::from(u8::from(own)) };
            let worth = uses + f64::from(u8::from(own));
            if example.as_ref().is_none_or(|(.., other)| worth > *other) {
                example = Some((index, at, worth));
            }
        }
        // Of kinds that are baselines everywhere only what is used counts.
        let is_common = general && matches!(value, Value::Text { .. }) && !names.is_match(title);
        // How a model is tuned is its family only in a paper about that.
        // A name with more letters (`PlumLoRA`) is of a change of it, tried on a model.
        let lower = title.to_lowercase();
        let is_way = |word: &str| word.len() <= 5 && (word.ends_with("lora") || word.ends_with("dora"));
        let mut words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        // `Foo-Aware LoRA Adaptation for Bar` only takes it: who is about it begins with it, or has it before the colon.
        let begins = words.next().is_some_and(is_way) || head.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(is_way);
        let of_tuning = lower.contains("low-rank adaptation") || begins;
        let is_tuning = matches!(value, Value::Family { family: Family::Lora | Family::Dora }) && !of_tuning;
        if is_tuning || weight <= 3.0 || is_common && example.as_ref().is_none_or(|(.., worth)| *worth < 2.0) {
            continue;
        }
        let weight = if general { weight * 0.3 } else { weight };
        if example.is_none() && names.is_match(title) && in_title_alone.is_none() {
            in_title_alone = Some(value.clone());
        }
        if let Some((index, at, _)) = example
            && best.as_ref().is_none_or(|(other, ..)| weight > *other)
        {
            best = Some((weight, value, index, at));
        }
    }
    if let Some((_, value, index, at)) = best
        && let Some(quote) = sentences[index].quote(at)
    {
        found.add(FieldKey::Family, value, None, Scope::default(), 0.8, quote, sentences[index].section);
    } else if let (Some(value), Some(title)) = (in_title_alone, &paper.title) {
        let quote = paper.quote(title.page, title.span);
        found.add(FieldKey::Family, value, None, Scope::default(), 0.75, quote, None);
    } else {
        of_layers(paper, sentences, found);
    }
}

/// Where no model is named, layers that are spoken of several times tell its kind.
fn of_layers(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    let layers = |text: &str| text.find("onvolutional layer").map(|at| (at.saturating_sub(1), at + "onvolutional layer".len()));
    let own = |s: &&Sentence| !matches!(paper.section_kind(s.section), SectionKind::References | SectionKind::RelatedWork);
    let mut said = sentences.iter().filter(own).filter_map(|s| Some((s, layers(&s.text)?)));
    if let (Some((sentence, (start, end))), Some(_)) = (said.next(), said.next())
        && sentence.text.is_char_boundary(start)
        && let Some(quote) = sentence.quote(start..end)
    {
        found.add(FieldKey::Family, Value::Family { family: Family::Cnn }, None, Scope::default(), 0.7, quote, sentence.section);
    }
}

/// Whether these words are of a data set's name.
fn of_data(text: &str, at: &Range<usize>) -> bool {
    names::datasets_in(text).iter().any(|data| data.at.start <= at.start && at.end <= data.at.end)
}

/// A family that the paper may be of.
struct Candidate {
    value: Value,
    names: regex::Regex,
    /// A general word counts less than a name.
    general: bool,
    /// What a mention in the title is worth.
    title: f64,
}

/// Kinds of models that have no name among families: (what they are called, names that stand for them, whether it is a general word).
const OTHERS: &[(&str, &str, bool)] = &[
    ("rnn-t", r"\bRNN-?T\b|\b[Nn]eural [Tt]ransducers?\b", false),
    ("conformer", r"\bConformers?\b", false),
    ("temporal convolutional network", r"\b[Tt]emporal [Cc]onvolutional (?:neural )?[Nn]etworks?\b|\bTCNs?\b", false),
    ("rnn", r"\b[Rr]ecurrent [Nn]eural [Nn]etworks?\b|\bRNNs?\b", true),
    ("autoencoder", r"\b[Aa]uto-?[Ee]ncoders?\b", true),
    ("gradient boosting", r"\b[Gg]radient[- ][Bb]oost\w*|\bXGBoost\b|\bLightGBM\b|\bCatBoost\b", true),
    ("random forest", r"\b[Rr]andom [Ff]orests?\b", true),
];

/// Families with a name, other kinds, and what is named like a model where it is said to be used.
fn candidates(used: &[Vec<used::Used>], sentences: &[Sentence]) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    for ((family, _), names) in FAMILIES.iter().zip(NAMED.iter()) {
        let general = matches!(
            family,
            Family::Transformer | Family::Cnn | Family::Mlp | Family::LogisticRegression | Family::Lstm | Family::Gru
        );
        let title = match family {
            _ if general => 16.0,
            // What it refines is in its title, too, and throughout.
            Family::Dora => 300.0,
            _ => 30.0,
        };
        all.push(Candidate { value: Value::Family { family: *family }, names: names.clone(), general, title });
    }
    for (text, names, general) in OTHERS {
        let value = Value::Text { text: (*text).to_string() };
        all.push(Candidate {
            value,
            names: crate::intake::regex(names),
            general: *general,
            title: if *general { 8.0 } else { 30.0 },
        });
    }
    let mut kinds = kinds_used(used, sentences, true);
    // Where nothing is trained for sure, it is what is looked at.
    if kinds.is_empty() {
        kinds = kinds_used(used, sentences, false);
    }
    all.extend(kinds.into_iter().map(|kind| {
        let names = crate::intake::regex(&format!(r"(?i)\b{}", regex::escape(&kind)));
        Candidate { value: Value::Text { text: kind }, names, general: false, title: 10.0 }
    }));
    all
}

/// What models that are used are of where that is no family: for sure, or else by public names alone (`Foo2.5-7B` of `foo`).
fn kinds_used(used: &[Vec<used::Used>], sentences: &[Sentence], sure: bool) -> Vec<String> {
    const MOST: usize = 20;
    let mut kinds: Vec<String> = Vec::new();
    for (used, sentence) in used.iter().zip(sentences) {
        for used in used.iter().filter(|used| used.sure || !sure) {
            for (name, _) in used::models_named(&sentence.text[used.at.clone()]) {
                let kind = used::kind_of(&name);
                let is_one = family_named(&name).is_none() && kind.len() >= 3 && (sure || kind != name);
                if is_one && !kinds.contains(&kind) && kinds.len() < MOST {
                    kinds.push(kind);
                }
            }
        }
    }
    kinds
}

/// What each sentence says to be used; nothing in others' work and in baselines.
fn used_where(paper: &Paper, sentences: &[Sentence]) -> Vec<Vec<used::Used>> {
    let own = |sentence: &Sentence| {
        let kind = paper.section_kind(sentence.section);
        !matches!(kind, SectionKind::References | SectionKind::RelatedWork | SectionKind::Baselines)
            && !super::aside::is_of_others(&sentence.text, &[])
    };
    let used = |sentence: &Sentence| if own(sentence) { used::used_in(&sentence.text) } else { Vec::new() };
    sentences.iter().map(used).collect()
}

/// Where a family stands as what is used, and what that is worth.
fn used_at(names: &regex::Regex, sentence: &Sentence, used: &[used::Used]) -> Option<(Range<usize>, f64)> {
    let within = |used: &used::Used| {
        let found = names.find(&sentence.text[used.at.clone()])?;
        Some((used.at.start + found.start()..used.at.start + found.end(), used.weight))
    };
    used.iter().filter_map(within).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// `Our experiments cover`, `we evaluate on a range of tasks`.
static OWN_TASKS: LazyLock<regex::Regex> = LazyLock::new(|| {
    crate::intake::regex(
        r"(?i)\b(?:our (?:experiments|evaluation|tasks)|we (?:also |further |then )?(?:evaluate|experiment|consider|conduct experiments|test|validate|apply|study|assess))\b[^.;]{0,80}\btasks?\b",
    )
});

/// Tasks named in the abstract, by the authors of their experiments, or on the first pages.
fn tasks(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    let named_in = |wanted: &dyn Fn(&Sentence) -> bool| -> Vec<(&'static str, usize, std::ops::Range<usize>)> {
        let mut named: Vec<(&'static str, usize, std::ops::Range<usize>)> = Vec::new();
        for (index, sentence) in sentences.iter().enumerate().filter(|(_, s)| wanted(s)) {
            for mention in names::tasks_in(&sentence.text) {
                if !named.iter().any(|(name, ..)| *name == mention.name) {
                    named.push((mention.name, index, mention.at));
                }
            }
        }
        named
    };
    let first_page = |s: &Sentence| paper.passages.get(s.passage).is_some_and(|p| paper.is_near_start(p));
    let mut named = named_in(&|s| paper.section_kind(s.section) == SectionKind::Abstract);
    let own = |s: &Sentence| {
        !matches!(paper.section_kind(s.section), SectionKind::References | SectionKind::RelatedWork)
            && OWN_TASKS.is_match(&s.text)
    };
    for more in named_in(&own).into_iter().chain(named_in(&first_page)) {
        if named.len() < 4 && !named.iter().any(|(name, ..)| *name == more.0) {
            named.push(more);
        }
    }
    for (name, index, at) in named {
        if let Some(quote) = sentences[index].quote(at) {
            let value = Value::Texts { texts: vec![name.to_string()] };
            found.add(FieldKey::Task, value, None, Scope::default(), 0.7, quote, sentences[index].section);
        }
    }
    own_words(paper, sentences, found);
}

/// Tasks in the paper's own words: of its title, its abstract and its first pages.
fn own_words(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    const MOST: usize = 3;
    let known = |task: &str| !names::tasks_in(task).is_empty();
    let mut seen: Vec<String> = Vec::new();
    if let Some(title) = &paper.title {
        for (task, at) in super::task::named_in(paper.passage(title), true) {
            let span = Span { start: title.span.start + at.start, end: title.span.start + at.end };
            // A known one that is no more than that has its usual name.
            let usual = names::tasks_in(&task).into_iter().find(|known| known.at == (0..task.len()));
            let task = usual.map_or(task, |known| known.name.to_string());
            let told = |f: &Field| matches!(&f.value, Value::Texts { texts } if f.key == FieldKey::Task && texts.contains(&task));
            if found.fields.iter().any(told) {
                continue;
            }
            let value = Value::Texts { texts: vec![task.clone()] };
            found.add(FieldKey::Task, value, None, Scope::default(), 0.7, paper.quote(title.page, span), None);
            seen.push(task);
        }
    }
    let is_first = |s: &Sentence| {
        paper.section_kind(s.section) == SectionKind::Abstract
            || paper.passages.get(s.passage).is_some_and(|p| paper.is_near_start(p))
    };
    // A task is spoken of more than once, or given a short name; other words that end like one are not.
    let is_told = |task: &str, of_abstract: bool, after: &str| {
        // (An abstract has no room for others.)
        let times = sentences.iter().filter(|s| s.text.to_lowercase().contains(task)).take(2).count();
        times > 1 || of_abstract || after.starts_with(" (") || after.starts_with(" task")
    };
    for sentence in sentences.iter().filter(|s| is_first(s)) {
        for (task, at) in super::task::named_in(&sentence.text, false) {
            let is_new = seen.len() < MOST && !seen.contains(&task) && !known(&task);
            let of_abstract = paper.section_kind(sentence.section) == SectionKind::Abstract;
            let is_told = is_new && is_told(&task, of_abstract, sentence.text.get(at.end..).unwrap_or_default());
            let Some(quote) = sentence.quote(at).filter(|_| is_told) else {
                continue;
            };
            let value = Value::Texts { texts: vec![task.clone()] };
            found.add(FieldKey::Task, value, None, Scope::default(), 0.7, quote, sentence.section);
            seen.push(task);
        }
    }
}

/// Where the authors' code is, by their own words.
fn code(sentences: &[Sentence], own: &[String], found: &mut Findings<'_>) {
    static URL: LazyLock<regex::Regex> = LazyLock::new(|| {
        // A line break of a PDF may have left a blank anywhere in a host's name.
        let apart = |host: &str| host.chars().map(|c| regex::escape(&c.to_string())).collect::<Vec<_>>().join(" ?");
        let hosts = ["github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "huggingface.co"].map(apart).join("|");
        crate::intake::regex(&format!(
            r"(?:https?://)?(?:www\.)?(?:\b(?:{hosts})/ ?[\w.-]+(?:/ ?[\w.-]*[\w-])?|\banonymous\.4open\.science/r/[\w.-]*[\w-]/?)",
        ))
    });
    static OFFER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:codes?|implementations?|models?|package|checkpoints|repository)\b[^;]{0,120}(?:\b(?:available|released?|at|found|provided?|here|see)\b| [—–-]|:)",
        )
    });
    for sentence in sentences {
        if let Some(url) = URL.find(&sentence.text).filter(|url| OFFER.is_match(&sentence.text[..url.start()]))
            && let Some(quote) = sentence.quote(url.range())
        {
            let text = url.as_str().replace(' ', "");
            found.add(FieldKey::CodeUrl, Value::Text { text }, None, Scope::default(), 0.8, quote, sentence.section);
            return;
        }
    }
    // Of another address only what is said to hold the code, right before it.
    static ELSEWHERE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:codes?|implementation)\b[^.;]{0,110}?(?:\b(?:at|in|on|from|here|is)|:| [–—-])\W{1,3}(?P<u>https?://[^\s),;]*[\w/])",
        )
    });
    for sentence in sentences {
        let Some(url) = ELSEWHERE.captures(&sentence.text).and_then(|found| found.name("u")) else { continue };
        let says_whose = ["our ", "we "].iter().any(|own| sentence.text.to_lowercase().contains(own));
        let is_own = says_whose || sentence.section.is_none();
        if let Some(quote) = sentence.quote(url.range()).filter(|_| is_own) {
            let text = url.as_str().to_string();
            return found.add(FieldKey::CodeUrl, Value::Text { text }, None, Scope::default(), 0.7, quote, sentence.section);
        }
    }
    if in_front(found, &URL) {
        return;
    }
    // The second of a name is where the first is: `foo` of `Foo 2`.
    let is_first_of = |repository: &str, own: &str| {
        let version = own.strip_prefix(repository).unwrap_or_default();
        repository.len() > 3 && !version.is_empty() && version.chars().all(|c| c.is_ascii_digit())
    };
    // An address that nobody speaks of, in a note for instance, is the paper's own if it bears its name.
    let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    for sentence in sentences.iter().filter(|sentence| sentence.text.contains("://")) {
        let Some(url) = URL.find(&sentence.text) else { continue };
        let text = url.as_str().replace(' ', "");
        let repository = bare(text.rsplit('/').next().unwrap_or_default());
        let is_own = own
            .iter()
            .map(|own| bare(own))
            .any(|own| own.len() > 3 && (repository.contains(&own) || is_first_of(&repository, &own)));
        if let Some(quote) = sentence.quote(url.range()).filter(|_| is_own) {
            return found.add(FieldKey::CodeUrl, Value::Text { text }, None, Scope::default(), 0.75, quote, sentence.section);
        }
    }
}

/// Under which licence code or weights are given away, by the authors' own words.
/// `Code: https://...` among the lines of the authors, which are no sentences.
fn in_front(found: &mut Findings<'_>, url: &regex::Regex) -> bool {
    static LABEL: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:code|repository|implementation|github)\b[^\n.;]{0,30}:[\s*<(\[]{0,6}$"));
    let paper = found.paper;
    let front = paper.passages.iter().take_while(|passage| passage.section.is_none());
    for passage in front {
        let text = paper.passage(passage);
        let Some(url) = url.find(text).filter(|url| LABEL.is_match(&text[..url.start()])) else { continue };
        let words = crate::intake::Span { start: passage.span.start + url.start(), end: passage.span.start + url.end() };
        let value = Value::Text { text: url.as_str().replace(' ', "") };
        found.add(FieldKey::CodeUrl, value, None, Scope::default(), 0.8, paper.quote(passage.page, words), None);
        return true;
    }
    false
}

fn licence(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    static UNDER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:under|with|is|are)\s(?:the\s|an?\s)?(?:terms of the\s)?(?P<l>(?:permissive\s)?(?:MIT|Apache(?:[- ]?(?:License,?\s)?(?:[Vv]ersion\s)?2(?:\.0)?)?|BSD(?:[- ]\d[- ][Cc]lause)?|[AL]?GPL(?:[- ]?v?\d(?:\.\d)?)?|CC[- ]BY(?:[- ](?:SA|NC|ND))*(?:[- ]\d\.\d)?|CC0|Creative Commons [A-Z][\w -]{2,40}?|OpenRAIL(?:-M)?))(?:\s[Ll]icen[cs]e[ds]?|[-\s]licensed|[.,;)]|\s|$)",
        )
    });
    static GIVES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:licen[cs]e\w*|releas\w*|open-?sourc\w*|available|distribut\w*|publish\w*)\b")
    });
    static OWN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:our|we|code|models?|weights|checkpoints|implementation|this (?:work|repository|paper))\b")
    });
    for sentence in sentences {
        let kind = paper.section_kind(sentence.section);
        let text = &sentence.text;
        if matches!(kind, SectionKind::References | SectionKind::RelatedWork) || !GIVES.is_match(text) || !OWN.is_match(text) {
            continue;
        }
        if let Some(words) = UNDER.captures(text).and_then(|found| found.name("l"))
            && let Some(quote) = sentence.quote(words.range())
        {
            let value = Value::Text { text: words.as_str().to_string() };
            found.add(FieldKey::Licence, value, None, Scope::default(), 0.75, quote, sentence.section);
            return;
        }
    }
}
