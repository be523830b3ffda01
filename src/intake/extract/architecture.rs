//! Sizes of the architecture, as sentences and tables give them.

use super::{Findings, Place, names, numbers};
use crate::intake::{FieldKey, Passage, PassageKind, Value, Variant};
use std::ops::Range;
use std::sync::LazyLock;

/// What a number of an architecture counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Layers,
    Hidden,
    /// As the hidden size where that is not given.
    Embedding,
    Intermediate,
    Heads,
    Params,
}

/// The dimension that a table's header names.
pub(super) fn dimension(header: &str) -> Option<Dimension> {
    static NAMES: LazyLock<[(regex::Regex, Dimension); 6]> = LazyLock::new(|| {
        [
            (
                crate::intake::regex(
                    r"(?i)^(?:num(?:ber of)?\.? |n[_ ]?|# ?(?:of )?)?(?:(?:transformer|encoder|decoder|hidden|model|unique|total) )?(?:layers?|blocks|depth)$|^(?:#L|N|L)$|^n_?layers?$",
                ),
                Dimension::Layers,
            ),
            (
                crate::intake::regex(
                    r"(?i)^(?:mlp|ffn|feed-?forward|intermediate|ff)[- ](?:network )?(?:inner |hidden )?(?:size|dim\w*|width|hidden size|inner hidden size).*$|^d_?ffn?$",
                ),
                Dimension::Intermediate,
            ),
            (
                crate::intake::regex(
                    r"(?i)^(?:hidden|model)[- ](?:size|dim\w*|width|units)\b.*$|^(?:d_?model|dim(?:ension)?)$|^n_?embd$|^#?H$|^width$|^hidden$",
                ),
                Dimension::Hidden,
            ),
            (crate::intake::regex(r"(?i)^embedding[- ](?:size|dim\w*|width|units)\b.*$"), Dimension::Embedding),
            (
                crate::intake::regex(
                    r"(?i)^(?:num(?:ber of)?\.? |n[_ ]?|# ?(?:of )?)?(?:self-?)?(?:attention )?heads?$|^n_?heads?$|^(?:#A|A)$|^h$",
                ),
                Dimension::Heads,
            ),
            (
                crate::intake::regex(
                    r"(?i)^(?:# ?|num(?:ber of)?\.? |total |n[-_ ]?)?(?:trainable |non-?emb(?:edding|\.)? )?(?:(?:params|parameters)\b.*|param\.?(?:\s?\(.*\))?|(?:param(?:eter)?|model)\.? counts?)$",
                ),
                Dimension::Params,
            ),
        ]
    });
    let header = header.trim();
    // `h` are heads and `H` is the hidden size.
    if header == "h" {
        return Some(Dimension::Heads);
    }
    NAMES.iter().find(|(name, _)| name.is_match(header)).map(|(_, dimension)| *dimension)
}

impl Variant {
    pub(super) fn set(&mut self, dimension: Dimension, value: f64) {
        let count = ((1.0..1e6).contains(&value) && value.fract() == 0.0).then_some(value as u32);
        match dimension {
            Dimension::Layers => self.num_layers = count,
            Dimension::Hidden => self.hidden_size = count,
            Dimension::Embedding => self.hidden_size = self.hidden_size.or(count),
            Dimension::Intermediate => self.intermediate_size = count,
            Dimension::Heads => self.num_heads = count,
            Dimension::Params => self.num_params = (value >= 1.0).then_some(value),
        }
    }

    /// How much of it is known.
    pub(super) fn known(&self) -> usize {
        [self.num_layers, self.hidden_size, self.intermediate_size, self.num_heads].iter().flatten().count()
            + usize::from(self.num_params.is_some())
    }
}

/// `ResNet-34`: the depth is in the name, whatever is called a block of it; a number that no such network usually has may be another.
pub(super) fn depths(fields: &mut [crate::intake::Field]) {
    const USUAL: [u32; 25] =
        [11, 13, 16, 18, 19, 20, 28, 29, 32, 34, 40, 44, 50, 56, 101, 110, 121, 152, 161, 164, 169, 200, 201, 264, 269];
    for field in fields {
        if let Value::Variant { variant } = &mut field.value
            && let Some(depth) = super::models::depth(&variant.name)
        {
            let stated = variant.num_layers.filter(|_| !USUAL.contains(&depth));
            variant.num_layers = stated.or(Some(depth));
        }
    }
}

/// `ViT-B/16`: the patch is in the name.
pub(super) fn patches(fields: &mut [crate::intake::Field]) {
    static SLASH: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^[A-Z][\w-]*-[A-Za-z]+/(\d{1,2})\b"));
    for field in fields {
        if let Value::Variant { variant } = &mut field.value
            && let Some(found) = SLASH.captures(&variant.name)
        {
            variant.patch_size = variant.patch_size.or(found[1].parse().ok());
        }
    }
}

pub(super) fn in_sentence(at: &Place<'_>, found: &mut Findings<'_>) {
    if !at.text().contains(|c: char| c.is_ascii_digit()) {
        return;
    }
    in_brackets(at, found);
    with_parameters(at, found);
    with_parameters_each(at, found);
    with_parameters_in_words(at, found);
    with_parameters_behind(at, found);
    in_items(at, found);
    in_sizes(at, found);
    in_words(at, found);
}

/// `NAME (L=12, H=768, A=12, Total Parameters=110M)`.
fn in_brackets(at: &Place<'_>, found: &mut Findings<'_>) {
    static FORM: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"\b([A-Z][\w-]*(?: [a-z]+)?) ?\(([^()]*(?:=|\blayers?\b)[^()]*)\)"));
    // `Leaf following the Bark architecture`: what is told is of the first.
    static LIKE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?P<n>[A-Z][\w-]*[A-Z\d][\w-]*) (?:\([^()]*\) )?(?:following|follows|which follows|using|uses|with|adopts|based on) (?:the |an? )?$",
        )
    });
    static PART: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(&format!(r"^\s*([A-Za-z# ]+?)\s?=\s?({})\s*$", numbers::NUMBER)));
    for words in FORM.captures_iter(at.text()) {
        let (Some(whole), Some(name), Some(inside)) = (words.get(0), words.get(1), words.get(2)) else { continue };
        let like = LIKE.captures(&at.text()[..name.start()]).map(|found| found["n"].to_string());
        const KINDS: [&str; 5] = [" architecture", " model", " configuration", " setting", " network"];
        let bare = KINDS.iter().find_map(|kind| name.as_str().strip_suffix(kind));
        let name = like.filter(|_| bare.is_some()).unwrap_or_else(|| bare.unwrap_or(name.as_str()).to_string());
        let mut variant = Variant { name, ..Variant::default() };
        for part in inside.as_str().split(", ") {
            match PART.captures(part) {
                Some(part) => {
                    if let (Some(dimension), Some(value)) = (dimension(&part[1]), numbers::parse(&part[2])) {
                        variant.set(dimension, value);
                    }
                }
                None => numbers_of(part).into_iter().for_each(|(dimension, value)| variant.set(dimension, value)),
            }
        }
        if variant.known() >= 2 {
            found.say(at, FieldKey::Variants, Value::Variant { variant }, None, whole.range());
        }
    }
}

/// `RoBERTa base (125M)`.
fn with_parameters(at: &Place<'_>, found: &mut Findings<'_>) {
    static FORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b([A-Z][\w-]*[A-Z\d][\w/.-]*(?: (?:base|large|small|medium|XL|XXL|tiny|Base|Large|Small|Medium|Tiny|Huge))?|[A-Z][a-z]\w* (?:Base|Large|Small|Medium|Tiny|Huge|base|large|small|medium|tiny|huge|big)(?:-v\d)?) ?\((\d+(?:\.\d+)?[MB])(?: (?:trainable )?param\w*\.?)?\)",
        )
    });
    by_id(at, found);
    for words in FORM.captures_iter(at.text()) {
        // `C4 (156B)` is so many tokens.
        let is_data = || !at.heard.datasets_in(&words[1]).is_empty() || !names::datasets_in(&words[1]).is_empty();
        let is_own = |whole: &regex::Match<'_>| !is_a_tool(&at.text()[..whole.start()]);
        if let Some(whole) = words.get(0).filter(is_own).filter(|whole| whole.as_str().contains("param") || !is_data()) {
            let variant = Variant { name: words[1].to_string(), num_params: numbers::parse(&words[2]), ..Variant::default() };
            found.say(at, FieldKey::Variants, Value::Variant { variant }, None, whole.range());
        }
    }
}

/// `owner/foo-en-1B (1.1B parameters)`: what is counted goes before what a name says.
fn by_id(at: &Place<'_>, found: &mut Findings<'_>) {
    static ID: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b[\w-]+/(?P<n>[A-Za-z][\w.-]*\w) ?\((?:about |~ ?)?(?P<c>\d+(?:\.\d+)?[MB]) (?:trainable )?param(?:eter)?s?\)",
        )
    });
    if !at.text().contains(" param") || !at.text().contains('/') {
        return;
    }
    for words in ID.captures_iter(at.text()) {
        let variant = Variant { name: words["n"].to_string(), num_params: numbers::parse(&words["c"]), ..Variant::default() };
        if let Some(whole) = words.get(0).filter(|whole| !is_a_tool(&at.text()[..whole.start()])) {
            found.say(at, FieldKey::Variants, Value::Variant { variant }, None, whole.range());
        }
    }
}

/// `Foo-S, Foo-M and Foo-L have 5M, 22M and 86M parameters, respectively`.
fn with_parameters_each(at: &Place<'_>, found: &mut Findings<'_>) {
    static EACH: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?P<names>[A-Z][\w.-]+(?:, [A-Z][\w.-]+)*,? and [A-Z][\w.-]+|(?:tiny|small|base|medium|large|huge)(?:, (?:tiny|small|base|medium|large|huge))*,? and (?:tiny|small|base|medium|large|huge|xlarge)) (?:models? |variants? |versions? )?(?:have|has|contain|comprise|with) (?P<counts>\d+(?:\.\d+)?[MB](?:, \d+(?:\.\d+)?[MB])*,? and \d+(?:\.\d+)?[MB]) (?:trainable )?parameters",
        )
    });
    let Some(words) = EACH.captures(at.text()) else { return };
    let parts = |name: &str| -> Vec<String> {
        words[name]
            .split(", ")
            .flat_map(|part| part.split("and "))
            .map(|part| part.trim().to_string())
            .filter(|part| !part.is_empty())
            .collect()
    };
    let (names, counts) = (parts("names"), parts("counts"));
    for (name, count) in names.iter().zip(&counts).filter(|_| names.len() == counts.len()) {
        let variant = Variant { name: name.clone(), num_params: numbers::parse(count), ..Variant::default() };
        if let Some(whole) = words.get(0) {
            found.say(at, FieldKey::Variants, Value::Variant { variant }, None, whole.range());
        }
    }
}

/// `variants of Foo 2 with 7B, 13B and 70B parameters`, of the paper's own: each is called by its size.
fn in_sizes(at: &Place<'_>, found: &mut Findings<'_>) {
    static SIZES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?P<n>[A-Z][\w.-]*\w(?: \d(?:\.\d)?)?)(?: models?| variants?)? (?:with|at|of|in|has|have|comes in)(?: sizes(?: of)?)? (?P<c>\d+(?:\.\d+)?[MB](?:, \d+(?:\.\d+)?[MB])*,? and \d+(?:\.\d+)?[MB]) (?:trainable )?(?:parameters|params)\b",
        )
    });
    let Some(words) = SIZES.captures(at.text()) else { return };
    let is_own = at.own.iter().any(|own| own.len() > 2 && words["n"].to_lowercase() == *own);
    // Others' are told if they are what is used.
    let Some(whole) = words.get(0).filter(|whole| is_own || is_used(at, whole.range())) else { return };
    for count in words["c"].split(", ").flat_map(|part| part.split("and ")).map(str::trim).filter(|part| !part.is_empty()) {
        let variant =
            Variant { name: format!("{} {count}", &words["n"]), num_params: numbers::parse(count), ..Variant::default() };
        found.say(at, FieldKey::Variants, Value::Variant { variant }, None, whole.range());
    }
}

/// Whether the paper itself takes the model that stands there.
fn is_used(at: &Place<'_>, place: Range<usize>) -> bool {
    let used = super::used::used_in(at.text());
    !at.of_others && used.iter().any(|used| used.at.start <= place.start + 4 && place.start < used.at.end)
}

/// `a Foo-201 with 20M parameters`, of the paper's own.
fn with_parameters_in_words(at: &Place<'_>, found: &mut Findings<'_>) {
    static FORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?P<n>[A-Z][\w-]*[A-Z\d][\w/-]*) (?:model )?(?:with|has|having|contains|of) (?:only |about |around |roughly |approximately |merely |~)?(?P<c>\d+(?:\.\d+)?[MB]) (?:trainable |model )?parameters\b",
        )
    });
    for words in FORM.captures_iter(at.text()) {
        let is_own = at.own.iter().any(|own| own.len() > 2 && words["n"].to_lowercase().contains(own.as_str()));
        if let Some(whole) = words.get(0).filter(|_| is_own) {
            let variant = Variant { name: words["n"].to_string(), num_params: numbers::parse(&words["c"]), ..Variant::default() };
            found.say(at, FieldKey::Variants, Value::Variant { variant }, None, whole.range());
        }
    }
}

/// `we use the Foo-R base sized model (270M parameters)`, `the Bar-100 model (Ash, 2020) with 418M parameters`: what is taken.
fn with_parameters_behind(at: &Place<'_>, found: &mut Findings<'_>) {
    static FORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?P<n>[A-Za-z][\w./-]*[A-Z\d][\w./-]*(?: (?:base|large|small|tiny))?|[a-z]\w*(?:-\w+)*-(?:base|large|small|tiny)(?:-\w+)*)(?:[- ]sized?)? (?:models?|networks?|encoders?|checkpoints?|architectures?|variants?|versions?)(?: \([^()]*\d{4}[a-z]?\)| \[[\d, ]+\])?,? (?:\(|with |which has |that has |has |having )(?:about |around |roughly |approximately |nearly |some |a total of |~ ?)?(?P<c>\d+(?:\.\d+)?[MB]) (?:trainable )?parameters\b",
        )
    });
    static OWN: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\b(?:[Ww]e|[Oo]ur) "));
    if at.of_others || !at.text().contains(" parameters") || !OWN.is_match(at.text()) {
        return;
    }
    for words in FORM.captures_iter(at.text()) {
        if let Some(whole) = words.get(0).filter(|_| at.heard.datasets_in(&words["n"]).is_empty()) {
            let variant = Variant { name: words["n"].to_string(), num_params: numbers::parse(&words["c"]), ..Variant::default() };
            found.say(at, FieldKey::Variants, Value::Variant { variant }, None, whole.range());
        }
    }
}

/// Whether the parameters that a text counts are those that an adapter adds, no size of the model.
fn of_adapters(text: &str) -> bool {
    static ADAPTS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:\w*[ld]oras?|adapters?|low-rank)\b.*\btrainable param"));
    ADAPTS.is_match(text)
}

/// Whether the size at `place` is of an adapter or of the layers that have one: `LoRA in 12 layers`, not `LoRA to Foo, which has 12 layers`.
fn is_of_adapter(text: &str, place: usize) -> bool {
    static ADAPTED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:\w*[ld]oras?|adapters?|low-rank(?: \w+)?)\b(?P<between>(?: of an? | of | with an? )?[^.;,]*)$",
        )
    });
    const OWNS: [&str; 7] = [" which", " that", " has", " have", " having", " with ", " whose"];
    let found = ADAPTED.captures(&text[..place]);
    found.is_some_and(|found| !OWNS.iter().any(|word| found["between"].contains(word)))
}

/// `• Foo-large [7]: an encoder for leaves (foo/large-v2, 335M parameters)`: an item of a list, on the model that it begins with.
fn in_items(at: &Place<'_>, found: &mut Findings<'_>) {
    static FORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:(?:•|\(?\d{1,2}[.)]) ?)?(?P<n>[A-Za-z][\w./+-]*(?: [\w./+-]+){0,3}?)(?: ?\[[^\[\]]{1,40}\]| ?\([^()]*\d{4}[a-z]?\))*(?P<gap>(?:[:.,–—]| -) ?[^;]{0,160}?(?:[(,] ?|\b(?:with|has|having|of) )|: ?| ?\((?:[^()]{0,60}, ?)?)(?:about |around |roughly |approximately |~ ?)?(?P<c>\d+(?:\.\d+)?(?:[MB]|\s(?:million|billion))) (?:trainable )?param(?:eter)?s?\b",
        )
    });
    // `smaller than Foo with 1B parameters`: another's.
    static ANOTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:unlike|compared|than|versus|vs|whereas|while|distill?ed|instead|as opposed)\b")
    });
    /// So far a list's mark or number takes it from where its item begins.
    const MARK: usize = 6;
    let passage = found.paper.passages.get(at.sentence.passage);
    let begins = |passage: &Passage| at.sentence.quote(0..1).is_some_and(|q| q.span().start <= passage.span.start + MARK);
    let is_item = at.text().starts_with('•') || passage.is_some_and(|p| p.kind == PassageKind::Item && begins(p));
    if at.of_others || !is_item || !at.text().contains(" param") {
        return;
    }
    let Some(words) = FORM.captures(at.text()).filter(|words| !of_adapters(&words[0])) else { return };
    let Some(whole) = words.get(0) else { return };
    // What else is named between may be what is counted, unless it stands in brackets as the name under which it is kept.
    let gap = words.name("gap").map_or("", |gap| gap.as_str());
    let kept = gap.rfind('(').unwrap_or(gap.len());
    let is_other = |(name, at): &(String, Range<usize>)| at.start < kept && !names::same_model(name, &words["n"]);
    if ANOTHER.is_match(gap) || super::models::models_named(gap).iter().any(is_other) {
        return;
    }
    let (name, is_coined) = (words["n"].to_string(), super::standing::is_coined(&words["n"]));
    let is_model = is_coined || super::about::family_named(&name).is_some();
    if is_model && at.heard.datasets_in(&name).is_empty() && !found.is_variant(&name) {
        let variant = Variant { name, num_params: numbers::parse(&words["c"]), ..Variant::default() };
        found.say(at, FieldKey::Variants, Value::Variant { variant }, None, whole.range());
    }
}

/// `questions generated with Foo-70B`, `judged by Foo (236B parameters)`: a tool that made or looked at the data, none that is trained.
pub(super) fn is_a_tool(before: &str) -> bool {
    /// So much of what stands before a name can tell.
    const NEAR: usize = 120;
    // What is only done to data, said of it or by `we`; what is done to anything must be said of data.
    static MADE: LazyLock<regex::Regex> = LazyLock::new(|| {
        let data = "(?:generat|synthesi[sz]|annotat|label?l|translat|paraphras|judg|transcrib|augment|prompt|filter|rat)";
        let any = "(?:assign|provid|scor|distill?|produc|creat|collect|extract|obtain)";
        let by = r"(?:using|with|by|from|via|through) (?:the |an? |prompting )?(?:[a-z][\w-]* ){0,2}$";
        crate::intake::regex(&format!(
            r"(?i)\b(?:(?:{data}ed|rewritten|rewrote) (?:\w+ly )?{by}|(?P<any>{any}(?:ed|led)) (?:\w+ly )?{by}|(?:we|to|and|then) (?:\w+ly |also |then |first |next )?(?:{data}(?:e|ed)?|rewrite|rewrote) (?P<object>(?:[\w-]+ ){{0,4}}?){by})"
        ))
    });
    // What the clause is about: data or labels, or what is trained and what it reached.
    static ABOUT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?P<data>data|datasets?|corpus|labels?|answers?|questions?|quer(?:y|ies)|responses?|annotations?|captions?|translations?|prompts?|examples?|samples?|sentences?|pairs?|summar(?:y|ies)|instructions?|rationales?|explanations?|dialogues?|conversations?|texts?|documents?|passages?|transcripts?|preferences?|judge?ments?|ratings?|candidates?|distractors?|negatives?|traces?|solutions?)|models?|students?|teachers?|classifiers?|networks?|taggers?|baselines?|systems?|encoders?|decoders?|rankers?|retrievers?|parsers?|results?|performances?|scores?|accurac(?:y|ies)|experiments?|numbers?)\b",
        )
    });
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(NEAR))..];
    let clause = near.rsplit([';', ':']).next().unwrap_or_default();
    let Some(found) = MADE.captures(clause) else { return false };
    let trains = ["train", "tuning"].iter().any(|word| found[0].contains(word));
    let of_what = found
        .name("object")
        .filter(|object| !object.as_str().trim().is_empty())
        .map_or_else(|| found.get(0).map_or("", |whole| &clause[..whole.start()]), |object| object.as_str());
    let is_data = ABOUT.captures_iter(of_what).last().map(|about| about.name("data").is_some());
    !trains && is_data.unwrap_or(found.name("any").is_none())
}

/// Numbers of an architecture in a text, each with what it counts and where.
fn sizes_in(text: &str) -> Vec<(Dimension, f64, Range<usize>)> {
    const COUNT: &str = r"(?:\d{1,4}|one|two|three|four|five|six|eight|ten|twelve)";
    const WIDE: &str = r"(?:\d{1,3},\d{3}|\d{2,5})";
    const IS: &str = r"(?:(?: (?:is |are )?(?:set )?to| of| is|:| =)? |=)";
    const SIZE: &str = r"(?:size|dim(?:ension)?(?:ality)?|width)";
    static PATTERNS: LazyLock<[(regex::Regex, Dimension); 5]> = LazyLock::new(|| {
        let pattern = |pattern: String| crate::intake::regex(&format!("(?i){pattern}"));
        [
            (
                pattern(format!(
                    r"\b({COUNT})(?: (?:(?:trans)?-? ?former|transformer|encoder|decoder|fully connected|hidden|identical|lstm|convolutional|attention|(?-i:[A-Z]\w+former))){{0,2}} (?:layers|blocks)\b|\b(\d{{1,3}})[- ]layer(?:ed)?\b|\b(one|two|three|four|five|six|eight|ten|twelve)-layer(?:ed)?\b|\bnumber of (?:transformer |encoder )?(?:layers|blocks)(?: [NL][ _]?[\p{{L}}₀-₉]{{0,3}})?{IS}(\d{{1,3}})\b|\bN[ _]?(?:e|enc|ₑ){IS}(\d{{1,3}})\b"
                )),
                Dimension::Layers,
            ),
            (
                pattern(format!(
                    r"\bsizes? of (?:the )?(?:hidden (?:nodes|states|units|layers?)|embeddings?)(?: (?:and|in) [^.;,]{{0,80}}?)? (?:is|are) (?:both )?(?:set )?(?:to )?(?:be )?({WIDE})\b|\b(?:hidden[- ]{SIZE}|model[- ](?:dim(?:ension)?(?:ality)?|width)(?: d[ _]?model| [dD])?|width)s?{IS}({WIDE})\b|\bd[ _]?model{IS}({WIDE})\b|[(,] ?hidden ({WIDE})\b|\b({WIDE}) (?:hidden )?(?:units|neurons|cells)\b|\b({WIDE})[- ]{{1,2}}hidden(?: (?:size|dim\w*|states?))?\b|\b({WIDE})[- ]dimensional (?:hidden |model )?(?:states|representations|embeddings)"
                )),
                Dimension::Hidden,
            ),
            (pattern(format!(r"\b(?:embedding[- ]{SIZE}s?|input[- ]dim\w*){IS}({WIDE})\b")), Dimension::Embedding),
            (
                pattern(format!(
                    r"\b({COUNT}) (?:(?:self-)?attention )?heads\b|\b({COUNT})-head(?:ed)?\b|\bhead (?:number|count)(?: [hH])?{IS}(\d{{1,3}})\b|(?-i:\b[hH]) ?= ?(\d{{1,2}})\b|\bnumber of (?:(?:self-)?attention )?heads(?: [\p{{L}}_₀-₉]{{1,3}})?{IS}(\d{{1,3}})\b"
                )),
                Dimension::Heads,
            ),
            (
                pattern(format!(
                    r"\b(?:intermediate|feed[- ]?forward|ffn|inner|mlp)[- ](?:network )?(?:hidden |inner )?(?:layer )?(?:{SIZE}|layer)(?: \(\w+\)| d[ _]?ff)?{IS}({WIDE})\b|\bd[ _]?ff{IS}({WIDE})\b"
                )),
                Dimension::Intermediate,
            ),
        ]
    });
    // `FFN hidden size`: the width of another layer.
    static INNER: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:intermediate|feed-?forward|ffn|inner|mlp)(?: network)?[- ]$"));
    let first = |(pattern, dimension): &(regex::Regex, Dimension)| {
        let own = |words: &regex::Captures<'_>| {
            let start = words.get(0).map_or(0, |whole| whole.start());
            // `h = 4` stands for heads beside the width of a model alone, and of layers of 128 and 64 units none is the width.
            match dimension {
                Dimension::Hidden => !INNER.is_match(&text[..start]) && !ends_a_list(&text[..start]),
                Dimension::Heads if words[0].starts_with(['h', 'H']) && words[0].contains('=') => names_width(text),
                _ => true,
            }
        };
        let words = pattern.captures_iter(text).find(own)?;
        let value = count(words.iter().skip(1).flatten().next()?.as_str())?;
        Some((*dimension, value, words.get(0)?.range()))
    };
    PATTERNS.iter().filter_map(first).collect()
}

/// `128 and {64 units}`: the last of several widths.
fn ends_a_list(before: &str) -> bool {
    static LIST: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\d(?:,? and |, |/)$"));
    LIST.is_match(before)
}

/// Whether a text gives the width of a model by its usual sign.
fn names_width(text: &str) -> bool {
    ["d_model", "d model", "dmodel"].iter().any(|sign| text.contains(sign))
}

/// The same, without the places, and with the parameters that are counted in words.
pub(super) fn numbers_of(text: &str) -> Vec<(Dimension, f64)> {
    let sizes = sizes_in(text).into_iter().map(|(dimension, value, _)| (dimension, value));
    sizes.chain(parameters_of(text).map(|value| (Dimension::Params, value))).collect()
}

/// `110M parameters`, `33,046,084 parameters`.
fn parameters_of(text: &str) -> Option<f64> {
    static PARAMETERS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(&format!(r"(?i)\b({})[- ](?:trainable )?parameters?\b", numbers::NUMBER)));
    PARAMETERS.captures(text).and_then(|found| numbers::parse(&found[1])).filter(|n| *n >= 1e5)
}

/// `two layers, a hidden size of 64 and two heads`.
fn in_words(at: &Place<'_>, found: &mut Findings<'_>) {
    static NOUN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:[Aa]n?|[Tt]he|[Oo]ur) ((?:[\w-]+ ){0,3}?(?:networks?|[Tt]ransformer|perceptron|LSTM|encoder|MLP|BERT|ResNet|ViT|GPT)(?:-[\w/-]*\w)?(?: (?:base|big|large|small|tiny))?(?: model)?)\b",
        )
    });
    // `12 layers of FooNet`, `12 FooNet layers`.
    static OF: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:layers|blocks) of (?:the |an? )?(?P<n>[A-Z][\w-]*[a-z\d])\b|\b\d+ (?P<m>[A-Z]\w+[a-z\d]) (?:layers|blocks)\b",
        )
    });
    static WIDTHS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"\blayers of (?:\d{2,5}, )*\d{2,5},? and \d{2,5} (?:hidden )?(?:units|neurons|nodes)\b")
    });
    let text = at.text();
    let mut variant = Variant::default();
    let (mut start, mut end) = (usize::MAX, 0);
    for (dimension, value, place) in sizes_in(text) {
        variant.set(dimension, value);
        (start, end) = (start.min(place.start), end.max(place.end));
    }
    let counts_adapters = of_adapters(text);
    if counts_adapters && is_of_adapter(text, start.min(text.len())) {
        return;
    }
    variant.num_params = parameters_of(text).filter(|_| variant.known() > 0 && !counts_adapters);
    // `two hidden layers of 128 and 64 units` tells more than a number of layers, and so do width and heads by their signs.
    let of_widths = || text.contains("layers of ") && WIDTHS.is_match(text);
    let of_signs = variant.hidden_size.is_some() && variant.num_heads.is_some() && names_width(text);
    let is_whole = variant.num_layers.is_some() && (variant.known() >= 2 || of_widths())
        || variant.hidden_size.is_some() && variant.num_heads.is_some() && variant.known() >= 3;
    if is_whole || of_signs {
        // Where a sentence names its models, they are put together from all that is said of them.
        if super::described::names_one(text) {
            return;
        }
        const STATES: [&str; 5] = ["pretrained ", "pre-trained ", "frozen ", "standard ", "vanilla "];
        let bare = |noun: &str| STATES.iter().find_map(|state| noun.strip_prefix(state)).unwrap_or(noun).to_string();
        let noun = NOUN.captures(text).map(|found| bare(&found[1]));
        if noun.as_deref().is_some_and(|noun| is_head(noun, text)) {
            return;
        }
        let named = noun
            .filter(|name| !name.split(' ').any(|word| ["has", "have", "is", "are", "uses", "with", "same"].contains(&word)))
            .or_else(|| {
                OF.captures(text).and_then(|found| found.name("n").or(found.name("m")).map(|name| name.as_str().to_string()))
            })
            .or_else(|| at.scope.variant.clone())
            .or_else(|| coined(at.scope.topic.as_deref()?))
            .or_else(|| with_layers(text))
            .or_else(|| for_setting(text).filter(|_| of_signs));
        // A paragraph headed by the name of a kind of network is on that.
        let headed = at.scope.topic.clone().filter(|topic| super::about::family_named(topic).is_some() && topic.len() < 40);
        let named = if named.as_ref().is_some_and(|name| name.ends_with(" network")) { headed.or(named) } else { named };
        let of_paper = || own_model(at, found.paper);
        // (A count of layers is no name.)
        let of_family = || found.family().map_or("model", |family| family.name()).to_string();
        variant.name = named.or_else(of_paper).unwrap_or_else(of_family);
        found.say(at, FieldKey::Variants, Value::Variant { variant }, None, start..end);
    }
}

/// `The model has ...`: the only one that the title names with its size, `FooNet-7B: ...`.
fn own_model(at: &Place<'_>, paper: &crate::intake::Paper) -> Option<String> {
    let [own] = at.own else { return None };
    let title = paper.passage(paper.title.as_ref()?);
    let start = title.to_lowercase().find(own.as_str())?;
    let name = title.get(start..start + own.len())?;
    super::models::models_named(name).first().filter(|(found, _)| found == name).map(|(name, _)| name.clone())
}

/// `For the expanded setting, d_model = 512`: what the sizes are for.
fn for_setting(text: &str) -> Option<String> {
    let head = text.strip_prefix("For ")?.split_once(',')?.0;
    let head = head.strip_prefix("the ").or_else(|| head.strip_prefix("our ")).unwrap_or(head);
    (head.split(' ').count() <= 7).then(|| head.to_string())
}

/// `a 3-layer-Foo`, `6-layer Foo`: the name of what has so many layers.
fn with_layers(text: &str) -> Option<String> {
    static NAMED: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"\b(?:\d{1,3}|[a-z]+)[- ]layer(?:ed)?[- ](?P<n>[A-Z][\w-]*(?: [A-Z][\w-]*)?)"));
    Some(NAMED.captures(text)?["n"].to_string())
}

/// `The projection head is a two-layer MLP`: a small network that is put on a model.
fn is_head(noun: &str, text: &str) -> bool {
    static HEAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:projection|prediction) (?:heads?|networks?|layers?|mlps?)|(?:heads?|adapters?) (?:is|are|was|were|consists?)|projectors?|predictors?|bottlenecks?)\b",
        )
    });
    ["MLP", "perceptron", "network"].iter().any(|word| noun.contains(word)) && HEAD.is_match(text)
}

/// A heading that is the name of a model: `FooNet`.
fn coined(heading: &str) -> Option<String> {
    let capitals = heading.chars().filter(|c| c.is_uppercase()).count();
    (capitals >= 2 && !heading.contains(' ') && heading.contains(char::is_lowercase)).then(|| heading.to_string())
}

fn count(word: &str) -> Option<f64> {
    numbers::in_words(word).or_else(|| numbers::parse(word))
}
