//! The family of models that a paper is of, and what names stand for which.

use crate::intake::extract::{Findings, aside, models, names, used};
use crate::intake::{Family, FieldKey, Paper, Scope, SectionKind, Sentence, Value};
use std::ops::Range;
use std::sync::LazyLock;

/// (family, names that stand for it, in the order in which they are tried).
pub(super) const FAMILIES: &[(Family, &str)] = &[
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
    (
        Family::Mlp,
        r"\b[Mm]ulti-?[Ll]ayer (?:[Pp]erceptrons?|neural networks?|fully connected)|\bMLPs?\b|\b(?i:(?:feed-?\s?forward|fully[- ]connected|dense) neural networks?)\b",
    ),
    (Family::LogisticRegression, r"\b[Ll]ogistic regression\b"),
];

pub(super) static NAMED: LazyLock<Vec<regex::Regex>> =
    LazyLock::new(|| FAMILIES.iter().map(|(_, names)| crate::intake::regex(names)).collect());

/// The kind of model that a name belongs to where it is no family: `Conformer-L`.
pub(in crate::intake::extract) fn kind_named(name: &str) -> bool {
    let spaced = name.replace(['_', '-'], " ");
    let mut kinds = OTHERS.iter().zip(OTHERS_NAMED.iter()).filter(|((.., general), _)| !general);
    kinds.any(|(_, kind)| kind.is_match(name) || kind.is_match(&spaced))
}

/// The family that a model's name belongs to: `BERT_LARGE`, `ViT-B/16`, `GPT-2 medium`.
pub(crate) fn family_named(name: &str) -> Option<Family> {
    let spaced = name.replace(['_', '-'], " ");
    let named = FAMILIES.iter().zip(NAMED.iter());
    // A way to train is no model.
    let models = named.filter(|((family, _), _)| !matches!(family, Family::Lora | Family::Dora));
    models.into_iter().find(|(_, pattern)| pattern.is_match(name) || pattern.is_match(&spaced)).map(|((family, _), _)| *family)
}

/// The family that the paper is about: named in its title, or by "we propose", or most often.
pub(super) fn family(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
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
pub(super) fn of_layers(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
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
pub(super) fn of_data(text: &str, at: &Range<usize>) -> bool {
    names::datasets_in(text).iter().any(|data| data.at.start <= at.start && at.end <= data.at.end)
}

/// A family that the paper may be of.
pub(super) struct Candidate {
    value: Value,
    names: regex::Regex,
    /// A general word counts less than a name.
    general: bool,
    /// What a mention in the title is worth.
    title: f64,
}

/// Kinds of models that have no name among families: (what they are called, names that stand for them, whether it is a general word).
pub(super) const OTHERS: &[(&str, &str, bool)] = &[
    ("rnn-t", r"\bRNN-?T\b|\b[Nn]eural [Tt]ransducers?\b", false),
    ("conformer", r"\bConformers?\b", false),
    ("temporal convolutional network", r"\b[Tt]emporal [Cc]onvolutional (?:neural )?[Nn]etworks?\b|\bTCNs?\b", false),
    ("rnn", r"\b[Rr]ecurrent [Nn]eural [Nn]etworks?\b|\bRNNs?\b", true),
    ("autoencoder", r"\b[Aa]uto-?[Ee]ncoders?\b", true),
    ("gradient boosting", r"\b[Gg]radient[- ][Bb]oost\w*|\bXGBoost\b|\bLightGBM\b|\bCatBoost\b", true),
    ("random forest", r"\b[Rr]andom [Ff]orests?\b", true),
];

static OTHERS_NAMED: LazyLock<Vec<regex::Regex>> =
    LazyLock::new(|| OTHERS.iter().map(|(_, names, _)| crate::intake::regex(names)).collect());

/// Families with a name, other kinds, and what is named like a model where it is said to be used.
pub(super) fn candidates(used: &[Vec<used::Used>], sentences: &[Sentence]) -> Vec<Candidate> {
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
    for ((text, _, general), names) in OTHERS.iter().zip(OTHERS_NAMED.iter()) {
        let value = Value::Text { text: (*text).to_string() };
        all.push(Candidate { value, names: names.clone(), general: *general, title: if *general { 8.0 } else { 30.0 } });
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
pub(super) fn kinds_used(used: &[Vec<used::Used>], sentences: &[Sentence], sure: bool) -> Vec<String> {
    const MOST: usize = 20;
    let mut kinds: Vec<String> = Vec::new();
    for (used, sentence) in used.iter().zip(sentences) {
        for used in used.iter().filter(|used| used.sure || !sure) {
            for (name, _) in models::models_named(&sentence.text[used.at.clone()]) {
                let kind = models::kind_of(&name);
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
pub(super) fn used_where(paper: &Paper, sentences: &[Sentence]) -> Vec<Vec<used::Used>> {
    let own = |sentence: &Sentence| {
        let kind = paper.section_kind(sentence.section);
        !matches!(kind, SectionKind::References | SectionKind::RelatedWork | SectionKind::Baselines)
            && !aside::is_of_others(&sentence.text, &[])
    };
    let used = |sentence: &Sentence| if own(sentence) { used::used_in(&sentence.text) } else { Vec::new() };
    sentences.iter().map(used).collect()
}

/// Where a family stands as what is used, and what that is worth.
pub(super) fn used_at(names: &regex::Regex, sentence: &Sentence, used: &[used::Used]) -> Option<(Range<usize>, f64)> {
    let within = |used: &used::Used| {
        let found = names.find(&sentence.text[used.at.clone()])?;
        Some((used.at.start + found.start()..used.at.start + found.end(), used.weight))
    };
    used.iter().filter_map(within).max_by(|a, b| a.1.total_cmp(&b.1))
}
