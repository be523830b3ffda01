//! Settings that are choices or words: optimiser, schedule, loss, initialisation, augmentation, what LoRA is put on, hardware, time.

use super::{Findings, Place};
use crate::intake::{FieldKey, OptimizerKind, Value};
use std::ops::Range;
use std::sync::LazyLock;

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    optimizer(at, found);
    super::schedule::find(at, found);
    super::loss::find(at, found);
    init(at, found);
    super::augmentation::find(at, found);
    lora_targets(at, found);
    super::hardware::find(at, found);
}

const OPTIMIZERS: &[(OptimizerKind, &str)] = &[
    (OptimizerKind::AdamW, r"Adam[- ]?W|ADAMW"),
    (OptimizerKind::AdaMax, r"AdaMax"),
    (OptimizerKind::Adam, r"Adam|ADAM"),
    (OptimizerKind::Sgd, r"SGD|[Ss]tochastic [Gg]radient [Dd]escent|[Mm]ini-?batch [Gg]radient [Dd]escent"),
    (OptimizerKind::RmsProp, r"RMS-?[Pp]rop|RMSPROP"),
    (OptimizerKind::AdaGrad, r"Ada[Gg]rad|ADAGRAD"),
    (OptimizerKind::AdaDelta, r"Ada[Dd]elta"),
    (OptimizerKind::AdaFactor, r"Ada[Ff]actor"),
    (OptimizerKind::Lamb, r"LAMB|Lamb"),
    (OptimizerKind::Lars, r"LARS"),
    (OptimizerKind::Lion, r"Lion"),
    (OptimizerKind::Muon, r"Muon"),
    (OptimizerKind::Lbfgs, r"L-?BFGS"),
];

/// The optimiser of a name, as in a table's cell.
pub(super) fn optimizer_named(text: &str) -> Option<OptimizerKind> {
    static NAMES: LazyLock<Vec<regex::Regex>> =
        LazyLock::new(|| OPTIMIZERS.iter().map(|(_, p)| crate::intake::regex(&format!(r"\b(?:{p})\b"))).collect());
    OPTIMIZERS.iter().zip(NAMES.iter()).find(|(_, name)| name.is_match(text)).map(|((kind, _), _)| *kind)
}

fn optimizer(at: &Place<'_>, found: &mut Findings<'_>) {
    static USE: LazyLock<[regex::Regex; 2]> = LazyLock::new(|| {
        let names = OPTIMIZERS.iter().map(|(_, p)| *p).collect::<Vec<_>>().join("|");
        let kinds =
            "(?:the |an? )?(?:(?:standard|plain|vanilla|momentum|default|fused|paged|decoupled|[0-9]+-bit|mini-?batch) )*";
        // A citation as texts, formulas and links give it.
        let cited =
            r"(?: \([A-Z]\w{2,6}\))?(?:\s?\[\[?[^\[\]]{1,60}\]?\](?:\(#[^()]*\))?|\s?\([^()]*\d{4}[^()]*\)|\s?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?";
        // What only an optimiser that is taken has.
        let setting = r"(?:(?:initial|base|peak|constant|fixed|maximum|default|decoupled) )*(?:learning[- ]rates?|lr|momentum|weight[- ]decay|batch size|betas?[12]?|\(?β[₁1]?(?:, ?β[₂2])?\)?)";
        // `at 6e-4`, `at a peak of 6e-4`.
        let rate = r"at (?:an? )?(?:(?:initial|base|peak|constant|fixed|maximum|max) ?)?(?:(?:learning[- ]rate|lr|value) ?)?(?:of )?(?:\d(?:\.\d+)?e[-−–]?\d|0?\.0\d|\d(?:\.\d+)? ?[×x·] ?10)";
        [
            crate::intake::regex(&format!(
                r"(?:\b[Ww]e (?:also |then )?(?:use[ds]?|propose|adopt(?:ed)?|employ(?:ed)?|appl(?:y|ied)|cho(?:o)?se|utili[sz]ed?|select(?:ed)?|opt(?:ed)? for)|\b(?:[Tt]rain(?:ed)?|[Tt]raining|[Ff]ine-?tun(?:ed?|ing)|[Oo]ptimi[sz](?:ed?|ing|ation)|[Uu]pdat(?:ed|ing)|[Mm]inimi[sz](?:ed?|ing)|[Pp]re-?trained?|train all|experiments)\b[^.;]{{0,60}}?\b(?:using|with|by|via|uses?)|\b[Oo]ur [\w-]+(?: \w+)? (?:uses?|used|employs?)|[Tt]raining (?:uses|used|employs) [^.;]{{0,40}}?\band|[Oo]ptimi[sz]er,?(?: (?:that |which )?(?:we )?(?:used|chosen|employed))?:?(?: which)?(?: is| was)?(?: set to| chosen as| chosen to be)?|[Uu]sing|\b[Rr]ate \()\s+?{kinds}(?P<o>{names})\b|[Rr]ate \((?P<p>{names})\)"
            )),
            crate::intake::regex(&format!(
                r"\b{kinds}(?P<o>{names}){cited},? (?:(?:[a-z]+ )?optimi[sz]er\b|optimi[sz]ation (?:algorithm|method)\b|for (?:the )?(?:(?:parameter )?optimi[sz]ation|optimi[sz]ing|parameter updates?)\b|\((?:{setting}|with {setting})\b|(?:and |with |using )?(?:an? |the )?{setting}(?: (?:of|is|set|to|at|value))*(?: ?[=:])? ?[(\[]? ?\.?\d|{rate}|(?:serv\w+ |(?:is|was) (?:adopted|chosen|selected) )?as (?:the |our |an )?optimi[sz]er\b|(?:algorithm|solver) (?:(?:is|was) used|(?:with|using|utili[sz]ing) (?:an? |the )?{setting})|(?:is|was) (?:used|employed) (?:as|for optimi[sz]|with|to (?:train|optimi[sz])))"
            )),
        ]
    });
    static OTHERS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:unlike|in contrast to|compared? (?:to|with)|instead of|rather than|than|such as|variants? of|like)\s+(?:\w+\s+){0,3}$",
        )
    });
    let text = at.text();
    // A comparison of optimisers is no recipe.
    let several = OPTIMIZERS.iter().filter(|(_, p)| mentions(text, p)).count() > 2;
    if several || at.caption || text.starts_with("Compared ") || text.starts_with("For a ") {
        return;
    }
    // `When optimizing with Adam, a rank is like a rate` tells of no run.
    let supposes = |before: &str| ["when", "if", "whenever"].contains(&before.trim_end().rsplit(' ').next().unwrap_or_default());
    let own = |words: &regex::Captures<'_>| {
        let before = words.get(0).map_or("", |whole| &text[..whole.start()]).to_lowercase();
        let name = words.name("o").or_else(|| words.name("p"));
        !supposes(&before) && name.is_some_and(|name| !OTHERS.is_match(&text[..name.start()]))
    };
    if let Some((kind, words)) = listed_optimizer(text) {
        return found.say(at, FieldKey::Optimizer, Value::Optimizer { optimizer: kind }, None, words);
    }
    if let Some(words) = USE.iter().find_map(|form| form.captures(text).filter(own)) {
        let name = words.name("o").or_else(|| words.name("p"));
        // `with SGD and Adam`: both were tried.
        let after = name.map_or("", |n| text[n.end()..].trim_start());
        if after
            .strip_prefix("and ")
            .is_some_and(|next| next.split(' ').next().is_some_and(|word| optimizer_named(word).is_some()))
        {
            return;
        }
        if let (Some(whole), Some(optimizer)) = (words.get(0), name.and_then(|n| optimizer_named(n.as_str()))) {
            found.say(at, FieldKey::Optimizer, Value::Optimizer { optimizer }, None, whole.range());
            // `A is trained with Adam, while B is trained with SGD`.
            let contrast = [", while ", ", whereas ", "; "].iter().filter_map(|mark| text[whole.end()..].find(mark)).min();
            let rest = contrast.map(|mark| whole.end() + mark);
            let rest = rest.filter(|from| !is_anothers(&text[*from..]));
            let further = rest.and_then(|from| USE.iter().find_map(|form| form.captures_at(text, from)).filter(own));
            let name = further.as_ref().and_then(|words| words.name("o").or_else(|| words.name("p")));
            if let Some((name, other)) = name.and_then(|name| Some((name, optimizer_named(name.as_str())?)))
                && other != optimizer
            {
                found.say(at, FieldKey::Optimizer, Value::Optimizer { optimizer: other }, None, name.range());
            }
        }
    }
}

/// `, whereas the baselines were trained with SGD`: a clause on what others did.
fn is_anothers(clause: &str) -> bool {
    static OTHERS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:baselines?|prior|previous|earlier|original(?:ly)?|existing|published|competing|et al|theirs)\b",
        )
    });
    let clause = clause.trim_start_matches([',', ';', ' ']);
    let bare = ["while ", "whereas "].iter().find_map(|word| clause.strip_prefix(word)).unwrap_or(clause);
    OTHERS.is_match(bare) || super::aside::is_of_others(bare, &[])
}

/// `(…, bf16, Adafactor, one GPU)`, `batch 32, AdamW, cosine`: an item of its own among settings; the only optimiser that is named.
fn listed_optimizer(text: &str) -> Option<(OptimizerKind, Range<usize>)> {
    static ITEM: LazyLock<regex::Regex> = LazyLock::new(|| {
        let names = OPTIMIZERS.iter().map(|(_, p)| *p).collect::<Vec<_>>().join("|");
        crate::intake::regex(&format!(r"[,(;:] ?(?:and )?(?P<o>{names})(?:[,;)]|\.$)"))
    });
    static SETTINGS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:bf16|fp16|bfloat16|fp32|mixed precision|batch(?: size)? ?(?:of |= ?)?\d|\d+ epochs?|learning rate|lr|cosine|warm-?up|weight decay|dropout|GPUs?|steps)\b",
        )
    });
    // Of several, which was taken is not said.
    let is_only = |name: &str| optimizer_named(&text.replace(name, "")).is_none();
    let names_one =
        ["Ada", "ADA", "SGD", "RMS", "LAMB", "Lamb", "LARS", "Lion", "Muon", "BFGS"].iter().any(|word| text.contains(word));
    if !text.contains(',') || !names_one || SETTINGS.find_iter(text).take(2).count() < 2 {
        return None;
    }
    let found = ITEM.captures(text)?.name("o").filter(|name| is_only(name.as_str()))?;
    Some((optimizer_named(found.as_str())?, found.range()))
}

/// Whether one of the spellings `a|b` is in the text; cheap enough to need no pattern.
fn mentions(text: &str, spellings: &str) -> bool {
    spellings.split('|').any(|s| {
        let plain: String = s.replace("-?", "");
        !plain.contains('[') && text.contains(&plain)
    })
}

fn init(at: &Place<'_>, found: &mut Findings<'_>) {
    static INIT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:initiali[sz]ed? (?:all |the )?(?:model |network |pre-?trained )?(?:weights|parameters|models?)(?: and biases)? (?P<a>(?:as in|following|using|with|from|by) (?:[^.;,]|[.,]\d){3,90})",
            r"|(?:weights|parameters) (?:are|were) (?:randomly )?initiali[sz]ed (?P<b>(?:as in|according to|following|using|with|from|by) (?:[^.;,]|[.,]\d){3,90})",
            r"|(?:weights|parameters) (?:are|were) (?:drawn|sampled) from (?P<q>(?:[^.;,()]|\.\d|\([^()]{1,20}\)){1,60})",
            r"|\bwe initiali[sz]e [^.;,]{3,60}? (?P<k>(?:with|from|using) (?:(?:the|its|their) )?(?:[\w/-]+ ){0,3}?(?:[\w-]+-)?(?:pre-?trained|trained|random|small|zero)(?:[^.;,]|[.,]\d){3,60}?)(?: and | to |[.;,]|$)",
            r"|weight initiali[sz]ation (?P<c>(?:in|of|from|as in) \[\d+\])",
            r"|(?:use|with) (?:an? |the )?(?P<d>(?:random |truncated |scaled )?(?:gaussian|normal|uniform|xavier|glorot|kaiming|he|orthogonal)[a-z ]* initiali[sz](?:ation|er)[^.;,]{0,60})",
            r"|(?:matri\w+|layers?|networks?|models?|encoders?|backbones?|weights|parameters|embeddings)[^.;,]{0,60}? (?:is|are|was|were) (?:\w+ )?initiali[sz]ed (?:and \w+ )?(?P<g>(?:as in|following|using|with|from|by) (?:[^.;,]|[.,]\d){3,90})",
            r"|(?:adopt|use|follow|employ|apply)\w* (?:the |an? )?(?P<h>(?:weight |parameter )?initiali[sz]ation (?:scheme |method |strategy )?(?:introduced|proposed|described|suggested|of|in|by)[^.;,]{2,60}?)(?:\s(?:and|but|with)\b|[.;,]|$)",
            r"|which (?:is|was|has been) (?P<i>pre-?trained on [^.;,]{3,60})|\((?P<j>not pre-?trained|randomly initiali[sz]ed|pre-?trained on [^.;,()]{3,40})[;,)]",
            r"|\buse (?:the |an? )?(?P<l>[^.;,]{3,60}?) to initiali[sz]e\b",
            r"|\b(?:use[sd]?|using|take|with) (?P<m>(?-i:[A-Z])[\w./-]*(?: [\w./-]+){0,3}?) as (?:the |our |an? )(?:initial (?:policy|model|checkpoint|weights|point)|initiali[sz]ation|starting (?:point|checkpoint))\b",
            r"|\bwe initiali[sz]e [^.;,]{3,60}? (?P<o>(?:so|such) that [^.;]{3,100})",
            r"|\bwe use (?P<p>(?:pre-?trained )?(?:GloVe|word2vec|fastText) (?:word )?(?:embeddings|vectors)\b)",
            r"|\b(?:backbone|encoder|decoder|network|model|feature extractor)s? (?:is|are|was|were) (?:an? |the )?(?:[\w./-]+ ){1,3}?(?P<r>pre-?trained (?:on|with) (?-i:[A-Z])[^.;,]{2,40}?)(?: and |[.;,]|$)",
            r"|\b(?P<f>(?:xavier|glorot|kaiming|orthogonal)[a-z ]* initiali[sz]ation) (?:is|are|was|were) (?:used|employed)",
            r"|(?P<e>scal\w+ (?:the )?(?:initial )?(?:weights|parameters|initiali[sz]ation)\b[^.;]{0,60}? by (?:a factor of )?[^.;]{3,60}))"
        ))
    });
    if let Some(words) = INIT.captures(at.text()).filter(|words| words.name("e").is_none() || at.text().contains("initiali")) {
        let text = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "o", "p", "q", "r"]
            .iter()
            .find_map(|name| words.name(name));
        if let (Some(whole), Some(text)) = (words.get(0), text) {
            found.say(at, FieldKey::Init, Value::Text { text: text.as_str().trim().to_string() }, None, whole.range());
        }
    }
}

/// `all attention and MLP matrices`: each kind by itself.
fn each_kind(targets: &str) -> Vec<String> {
    static KINDS: LazyLock<regex::Regex> = LazyLock::new(|| {
        let kind = "(?:linear|attention|dense|MLP|FFN|feed-?forward)";
        crate::intake::regex(&format!(
            r"(?i)^(?:all|every) (?:the )?(?P<k>{kind}(?:(?:, and |, | and | & |/){kind})+) (?P<w>.+)$"
        ))
    });
    let Some(found) = KINDS.captures(targets) else { return vec![targets.to_string()] };
    let kinds = found["k"].replace(", and ", ", ").replace(" and ", ", ").replace(" & ", ", ").replace('/', ", ");
    kinds.split(", ").map(|kind| format!("{kind} {}", &found["w"])).collect()
}

fn lora_targets(at: &Place<'_>, found: &mut Findings<'_>) {
    static TARGETS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:apply|applied|applying|adapt) (?:LoRA |only )?(?:to )?(?P<t>W_?[qkvo](?:(?:,| and|, and) W_?[qkvo])*)\b",
        )
    });
    static PROJECTIONS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:into|to|on|in|adapt|adapting|target|targeting|target(?:ed)? modules?(?: are| is|:| include)?) (?:the |all |only |both )*(?:(?:self-|cross-)?attention )?(?P<t>(?:query|key|value|output|gate|up|down|q|k|v|o)(?:_proj)?(?:(?:,? and |, | ?/ ?)(?:query|key|value|output|gate|up|down|q|k|v|o)(?:_proj)?)*)(?: attention)?(?: projections?| matri\w+| weights| layers| modules)?\b",
        )
    });
    static ALL: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:on|to|into|in|for|with|targeting|adapt\w*|cover\w*) (?P<t>(?:all|every) (?:the )?(?:linear|attention|dense|MLP)(?:(?:, and |, | and | & |/)(?:linear|attention|dense|MLP|FFN|feed-?forward))* (?:projection )?(?:layers?|modules?|matrices|weights|projections?))\b",
        )
    });
    // `Unlike LoRA, we add gates to all attention layers`.
    static UNLIKE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:unlike|in contrast (?:to|with)|compared (?:to|with)|instead of|rather than|than) (?:(?:using|the|standard|plain|vanilla) )*(?:lora|adapters?|low-rank)\b",
        )
    });
    let text = at.text();
    let lower = text.to_lowercase();
    let speaks = ["lora", "adapter", "low-rank"].iter().any(|word| lower.contains(word)) && !UNLIKE.is_match(text);
    let projections = PROJECTIONS.captures(text).filter(|words| {
        let named = words.get(0).map_or("", |m| m.as_str());
        speaks
            && (named.contains("_proj") || ["projection", "matri", "weights", "layers"].iter().any(|word| named.contains(word)))
    });
    // The modules by their names say more than `all linear layers`.
    static MODULES: LazyLock<regex::Regex> = LazyLock::new(|| {
        let module = r"(?:[a-z]+_(?:- )?(?:proj|attn|lin)|fc_?[12]|lm_head)\b";
        crate::intake::regex(&format!(r"\b(?P<t>{module}(?:(?:, and |, | and |/){module})+)"))
    });
    if let Some(words) = MODULES.captures(text).filter(|_| speaks)
        && let (Some(whole), Some(list)) = (words.get(0), words.name("t"))
    {
        let joined = list.as_str().replace("_- ", "_");
        let texts = joined.split([',', ' ', '/']).filter(|t| !t.is_empty() && *t != "and").map(str::to_string).collect();
        return found.say(at, FieldKey::LoraTargets, Value::Texts { texts }, None, whole.range());
    }
    if let Some(words) = ALL.captures(text).filter(|_| speaks)
        && let (Some(whole), Some(targets)) = (words.get(0), words.name("t"))
    {
        let texts = each_kind(targets.as_str());
        return found.say(at, FieldKey::LoraTargets, Value::Texts { texts }, None, whole.range());
    }
    if TARGETS.find(text).is_none()
        && let Some(words) = projections
        && let (Some(whole), Some(list)) = (words.get(0), words.name("t"))
    {
        let parts = list.as_str().split([',', ' ', '/']);
        let texts = parts.filter(|t| !t.is_empty() && *t != "and").map(str::to_string).collect();
        found.say(at, FieldKey::LoraTargets, Value::Texts { texts }, None, whole.range());
        return;
    }
    if let Some(words) = TARGETS.captures(at.text())
        && let (Some(whole), Some(list)) = (words.get(0), words.name("t"))
    {
        let texts = list.as_str().split([',', ' ']).filter(|t| t.starts_with('W')).map(str::to_string).collect();
        found.say(at, FieldKey::LoraTargets, Value::Texts { texts }, None, whole.range());
    }
}
