//! Settings that are numbers or choices: how long, how fast, with what. One pattern each way of saying one.

use super::pattern::{pattern, patterns};
use super::rest::{Cut, Found, Judged, NOT, Rest, taken_if};
use super::{Lack, Lacking, Refused, Request, augment, frozen, held, lengths, limits, optimizer, size, time, without};
use crate::intake::{ScheduleShape, regex};
use crate::spec::Warmup;
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    scratch: [
        r"\bfrom scratch\b",
        r"\bpre-?train\b",
        r"\b(?:without|with no|no|not using|don['’]t use|do not use)(?: any| the)? pre-?(?:trained (?:weights|parameters|checkpoints?)|training)\b|\b(?:not|non)[- ]pre-?trained\b",
        r"\brandom(?:ly)?(?:[- ]initiali[sz]ed)? (?:(?:initial|starting) )?(?:weights|parameters)\b|\brandom(?:ly)?[- ]init(?:iali[sz](?:ed|ation))?\b(?: weights)?|\b(?:initiali[sz]ed|start(?:ing)?|with weights) (?:at random|randomly)\b",
    ],
    // What was trained before is trained on.
    further: [r"\b(?:continu(?:e|ed|al|ing)|further|keep) (?:to |the )?pre-?train(?:ing)?\b"],
    pretrained: [r"\bpre-?trained\b(?: (?:weights|parameters|checkpoints?))?"],
    part: [
        r"^#\s?(?:%|percent\b)\s?(?:of\s)?(?:(?:the|my|its|all|training|train|available|labell?ed)\s){0,3}(?:data(?: ?set)?|examples|samples|rows|images|sentences|texts|corpus|set|split)\b",
        r"^#\s?(?:%|percent\b)\s?of\s(?:the\s)?\s*¦",
        r"^(?P<word>half|a third|a quarter|a fifth|a tenth)\s(?:of\s)?(?:(?:the|my|its|all|training|train|available|labell?ed)\s){0,3}(?:data(?: ?set)?|examples|samples|rows|images|sentences|texts|corpus|set|split)\b",
    ],
    warmup: [
        r"\b(?:(?:lr|learning[ -]rate) )?warm-?\s?up(?:[ _](?:steps|ratio|fraction|frac|share|for|over|the|first))*~#\s?(?P<unit>%|percent\b|steps?\b|epochs?\b)?",
        r"^#\s?(?P<unit>%|percent\b|steps?\b|epochs?\b)?\s?(?:of\s)?(?:(?:linear|lr|learning[ -]rate)\s)?warm-?\s?up(?: steps)?\b",
    ],
    dropout: [r"\b(?:hidden[ _])?drop-?out(?:[ _]prob)?~#\s?(?P<unit>%|percent\b)?", r"^#\s?(?P<unit>%|percent\b)?\s?drop-?out\b"],
    clip_value: [
        r"\bclip(?:ping|ped)?(?: (?:the|gradients?|grads?))* (?:by |at |to )?values?~#",
        r"\b(?:gradients?|grad)[- ]values? clip(?:ping|ped)?~#",
        r"\b(?:gradients?|grad)[- ]clip(?:ping|ped)? (?:by |at )values?~#",
    ],
    layerwise: [
        r"\blayer[- ]decay~#",
        r"\blayer-?\s?wise (?:(?:learning[ -]rate|lr) )?decay~#",
        r"\b(?:learning[ -]rate|lr) decay (?:per|of each|for each|by) layer~#",
        r"\bllrd~#",
        r"\blayer-?\s?wise (?:(?:learning[ -]rate|lr) )?decay\b|\bllrd\b",
    ],
    clip: [r"\bmax[ _-]grad[ _-]norm~#", r"\b(?:gradients?|grad)[- ]?(?:norms? )?clip(?:ping|ped)?~#", r"(?:^|[,;:(¦]|\b(?:and|with|use|using|then))\s*clip(?:ping|ped)?(?: (?:the|gradients?|grads?|norms?))*\s*(?:at|to|of|by|norm|=|:|\s)*\s*#", r"\bclip(?:ping|ped)? (?:(?:the|gradients?|grads?|norms?) ?)+~#"],
    masked: [
        r"\b(?:mask(?:ing|s|ed)?|hid(?:e|ing))(?: (?:of|out|rate|ratio|probability|prob|share|with))*\s?[=:]?\s?#\s?(?P<unit>%|percent\b)?(?:\s?(?:of )?(?:the |all )?(?:input )?(?:tokens|words|pieces))?",
        r"\b(?:mlm|mask(?:ing)?)[ _](?:probability|prob|rate|ratio)~#\s?(?P<unit>%|percent\b)?",
        r"^#\s?(?P<unit>%|percent\b)\s?(?:of (?:the |all )?(?:tokens|words)(?: are| is)? )?mask(?:ing|ed)\b",
    ],
    characters: [
        r"\b(?:char(?:acter)?|letter)s?[- ](?:level|based|wise|by[- ](?:char(?:acter)?|letter))\b",
        r"\b(?:char(?:acter)?s?|letters?) (?:as|for|are(?: the)?) tokens\b|\btokens? (?:of|are) (?:single )?(?:char(?:acter)s?|letters?)\b|\b(?:char(?:acter)?|letter) (?:tokens|tokeni[sz](?:er|ation))\b",
    ],
    dora: [r"\b(?:with|using|by) dora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?", r"\bdora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?"],
    rslora: [r"\brs-?lora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?"],
    qlora: [
        r"\b(?:with|using|by) q-?lora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?",
        r"\bq-?lora\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?",
        r"\b(?:keep(?:ing)?|leav(?:e|ing)|with) (?:the |its )?(?:base(?: model)?|weights|model) (?:as (?:it is|they are) )?(?:quanti[sz]ed|stored)\b",
        r"\b(?:on|over|beside) (?:the |a )?quanti[sz]ed (?:base(?: model)?|weights|model)\b",
    ],
    adapter: [r"\b(?:lora|peft)\b(?: adapters?)?(?:,? (?:of |with )?(?:rank|r)~#)?", r"\b(?:low[- ]rank )?adapters?\b(?:,? (?:of |with )?(?:rank|r)~#)?"],
    // Of an adapter that is named elsewhere.
    rank: [r"\b(?:lora[-_ ])?rank~#", r"\b(?:lora[-_ ])?rank~&", r"\b(?:lora[-_ ])?r\s*[=:]\s*#", r"\blora[-_]r\s+#"],
    alpha: [r"\b(?:lora[-_ ])?alpha~#", r"\bα\s*[=:]?\s*#"],
    adapter_dropout: [r"\blora[-_ ]dropout~#\s?(?P<unit>%|percent\b)?"],
    beta: [r"\b(?:dpo[-_ ])?beta\s*(?:=|:|\bof\b|\s)\s*#", r"\bβ\s*[=:]?\s*#"],
    embeddings: [
        r"\b(?:for |of )?(?:sentence|text|document|passage)s?[- ](?:embeddings?|encoders?|similarity|vectors?)(?: models?)?\b",
        r"\b(?:for )?(?:(?:semantic (?:search|(?:text(?:ual)? )?similarity)|similarity search|(?:dense|semantic|document|passage|text|information) (?:retrieval|retrievers?)|bi-?encoders?|retrieval)(?: models?)?|(?:embedding|retriever) models?)\b",
        // By themselves they may be those of a model's words.
        r"\b(?:learn|train|make|get|produce|tune|fine-?tune|into|as|for|want|need)(?: (?:good|better|some|my|our|new))? embeddings\b",
        r"\bembed(?:ding)? (?:the |my |our )?(?:sentences|texts|documents|questions|queries|passages|titles|products)\b",
        r"\b(?:(?:with|using|by|and) )?(?:multiple[- ]?negatives[- ]?ranking(?:[- ]?loss)?|in-?batch negatives|info-?nce(?: loss)?|contrastive(?:ly)?(?: (?:loss|learning|training|train|fine-?tun\w+|objective))?)\b",
    ],
    smoothing: [r"\blabel[ _-]smoothing(?:[ _]factor)?~#\s?(?P<unit>%|percent\b)?", r"^#\s?(?P<unit>%|percent\b)?\s?label[- ]smoothing\b", r"\blabel[- ]smoothing\b"],
    ema: [
        r"\b(?:ema|(?:exponential )?(?:moving|running) (?:averages?|means?))(?: of (?:the |its )?(?:weights|parameters|model))?(?: (?:with|and))?(?: (?:a )?decay)?~#",
        r"\b(?:weight )?ema\b|\b(?:exponential )?(?:moving|running) (?:averages?|means?) of (?:the |its )?(?:weights|parameters)\b",
    ],
    class_weights: [r"\b(?:balanced |inverse[- ]frequency )?class[- _](?:weights?|weighting)(?:\s?(?:[=:]|are)?\s?balanced)?\b|\b(?:class-?)?weighted loss\b|\bbalanced loss\b|\b(?:re-?)?weight(?:ing)? (?:them|the classes|each class|classes)\b(?: (?:by (?:their )?(?:inverse )?frequency|accordingly|equally))?|\b(?:handl|deal|account|correct|compensat|address)\w* (?:with |for )?(?:the )?(?:class )?imbalance\b|\bclass imbalance\b[:,]? ?(?:use |with )?weights\b"],
    focal: [r"\bfocal loss(?: (?:with|and))?(?: (?:a )?gamma)~#", r"\bfocal loss\b"],
    weighted: [r"\bweighted (?:random )?sampl(?:ing|er|es?)(?: of (?:the )?(?:examples|rows|data))? (?:by|with|from) (?:the )?(?:column |weights? (?:in|of) )?[`'\x22]?(?P<v>[A-Za-z_][\w.-]*)[`'\x22]?(?: column)?"],
    balanced: [r"\b(?:class-)?balanced (?:sampling|sampler|batches)\b|\b(?:over|up)-?sampl(?:e|ing)(?: (?:of )?(?:the )?(?:rare|minority) class(?:es)?)?\b"],
    best: [
        r"\b(?:keep|take|restore|use|load|return|save)(?:ing)? (?:only )?(?:the )?best (?:checkpoint|model|weights|epoch|one)(?: at the end)?\b",
        r"\b(?:keep|save)(?:ing)? (?:only )?(?:the )?best\s*(?:$|[,.;)])",
    ],
    search: [
        r"\bas (?:good|accurate(?:ly)?|well|high|low|strong) as (?:(?:you|it|we) (?:can|gets?)|possible)\b",
        r"\b(?:the )?(?:best|highest|lowest)(?:-|\s+)(?:(?:[a-z-]+|¦)\s+){0,5}(?:possible|(?:that )?(?:you|it) (?:can|could)(?: (?:get|find|reach|make))?|achievable|attainable)\b",
        r"\b(?:(?:with|do|run|and) )?(?:a |an )?(?:hyper-?\s?parameters?|hparams?|recipe|learning[- ]rate|lr)[- ](?:search(?:es)?|tuning|optimi[sz]ation|sweeps?)\b",
        r"\b(?:tune|search(?: for| over)?|optimi[sz]e|sweep(?: over)?)(?: (?:the|its|all|good|better|best))* (?:hyper-?\s?parameters?|hparams?|recipes?|learning[- ]rates?|lr|settings)\b",
    ],
    trials: [r"^@(?:different |further )?(?:trials?|recipes|configurations)\b"],
    falling: [
        r"\b(?:learning[ -]rate|lr) (?:from|starting (?:at|from)|starts? at) (?P<v>\d+(?:\.\d+)?(?:e-?\d+)?)(?: (?:down )?to (?P<w>\d+(?:\.\d+)?(?:e-?\d+)?))?\b",
        r"\b(?:from|starting (?:at|from)) (?:an? )?(?:learning[ -]rate|lr) (?:of )?(?P<v>\d+(?:\.\d+)?(?:e-?\d+)?)(?: (?:down )?to (?P<w>\d+(?:\.\d+)?(?:e-?\d+)?))?\b",
    ],
    least_lr: [r"\b(?:min(?:imum|imal)?|final|end|eta)[ _-](?:learning[ _-]rate|lr|min)~#"],
    targets: [
        r"\b(?:(?:lora )?target(?:s|ing|ed)?(?:[ _]modules?)?(?: (?:are|is|of|the|=|:))*|on|to|for|adapt(?:ing)?|in)\s?[=:]?\s?\[?(?P<list>['\x22]?(?:[\w.]*_(?:proj|lin|attn)|query_key_value|c_(?:attn|proj|fc)|query|key|value|dense|w[qkvo])['\x22]?(?:(?:\s?,\s?(?:and\s)?|\sand\s|/|\s?\+\s?)['\x22]?(?:[\w.]*_(?:proj|lin|attn)|query_key_value|c_(?:attn|proj|fc)|query|key|value|dense|w[qkvo])['\x22]?)*)\]?(?: (?:layers?|matrices|modules|projections?|only))*",
    ],
    everywhere: [r"\b(?:on|to|for|in|target(?:s|ing)?(?:[ _]modules)?\s?[=:]?) (?:all|every)(?: (?:the|of the|its))*[ -](?:linear|dense)(?:[ -](?:layers?|modules?))?\b"],
    beams: [r"\b(?:num[ _-])?beams?(?:[ _-](?:size|width|search(?: (?:with|of))?))?~#(?: beams?)?\b", r"^#[ -]beams?(?: search)?\b", r"\bbeam search (?:with|of) #(?: beams?)?\b"],
    recomputed: [r"\b(?:(?:gradient|activation)[ -](?:checkpointing|checkpoints|recomputation)|recompute activations)(?: (?:on|enabled))?\b"],
    lr: [r"\b(?:peak |initial |base |max(?:imum)? )?(?:learning[ _-]?rates?|lr)~#"],
    // That many of all, not of a text.
    corpus: [r"\b(?:for|over|see(?:ing)?|train(?:ed|ing)?(?: on)?)\s#\s?(?-i:[MB])?(?:\s?(?:million|billion))?[ -]tokens?\b", r"^#\s?(?:(?-i:[MB])|million|billion)[ -]tokens?\b"],
    length: [
        r"\b(?:block[ _-]size|context(?:[ _-](?:window|size|length|len))?)~#(?: tokens)?",
        r"\b(?:max(?:imum)?[ _-]?)?(?:(?:sequence|seq|text|input)[ _-])?(?:length|len)~#(?: tokens)?",
        r"^#[ -]tokens? (?:context(?: (?:window|length))?|blocks?|pieces|max|at most|per text)\b",
    ],
    tokens: [r"^#[ -]tokens?\b"],
    examples: [
        r"^#\s?(?P<unit>(?-i:M)|million|thousand)?\s(?:(?:training|random|labell?ed|sentence|image|of|the)\s){0,3}(?P<what>examples|samples|rows|images|sentences|texts|pairs|records)\b(?P<each>\s(?:(?:per|for each|of each|from each|in each|each)\s?(?:class|label|category|kind)?))?",
    ],
    schedule: [
        r"\b(?P<v>cosine)(?: (?:schedule|scheduler|decay|annealing|learning[ -]rate|lr))* with (?:(?P<n>\d+) )?(?:warm |hard )?(?P<restarts>restarts|cycles)(?: of the (?:learning rate|lr))?",
        r"\b(?P<v>sgdr)\b(?: schedule)?",
        r"\b(?P<v>poly(?:nomial)?)(?: (?:learning[ -]rate|lr))?(?:[ -](?:schedule|scheduler|scheduling|decay|annealing))+(?: (?:of|with) power (?P<n>\d+(?:\.\d+)?))?",
        r"\b(?P<v>(?:one|1)[- ]?cycle)(?: (?:learning[ -]rate|lr))?(?: (?:schedule|scheduler|policy))?\b",
        r"\b(?P<v>wsd|warm-?up[-, ]+stable[-, ]+(?:and )?decay)(?: (?:schedule|scheduler))?\b",
        r"\b(?P<v>cosine)(?: (?:learning[ -]rate|lr))?(?:[ -](?:schedule|scheduler|scheduling|decay|annealing))*",
        r"\b(?P<v>linear|constant|exponential|step|multi-?step|plateau|noam|inverse[- ](?:square[- ]root|sqrt))(?: (?:learning[ -]rate|lr))?(?:[ -](?:schedule|scheduler|scheduling|decay|annealing))+",
        r"\b(?P<v>constant)[ -](?:learning[ -]rate|lr)\b",
        // Whose value is cut out already.
        r"\b(?P<v>constant)\s*¦",
    ],
}

/// Wishes that there is no way to follow.
static LACKING: LazyLock<Vec<(Lack, Regex)>> = LazyLock::new(|| {
    let lack = |of, form: &str| (of, pattern(form));
    vec![
        lack(
            Lack::Method,
            r"\b(?:(?:prefix|prompt|p)[- ]tuning|ia3|bitfit|(?:knowledge )?distill?(?:ation|ed|ing)?(?: (?:it )?(?:into|to) an?(?: [\w-]+){0,2} student)?)\b",
        ),
        lack(
            Lack::Method,
            r"\b(?:freez(?:e|ing)|frozen)(?: (?:the|all|its|lower|upper|first|last|top|bottom|encoder|backbone|body|embeddings?|layers?|blocks?|weights|\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve))*",
        ),
        lack(
            Lack::Precision,
            r"^(?:4|8|16)[- ]?bits?\b|\bint[48]\b|\bb?f(?:loat|p)?16\b|\bfp8\b|\b(?:half|mixed)[- ]precision\b|\bquanti[sz]\w*",
        ),
        lack(
            Lack::Method,
            r"\b(?:multi-?task|active|federated|curriculum|self-supervised|semi-supervised|meta|adversarial)[- ](?:learning|training)\b|\b(?:orpo|kto|ppo|grpo|rlhf|neftune|swa|r-?drop|swag)\b|\b(?:stochastic )?weight averaging\b(?: \(swa\))?|\bpseudo-?label\w*|\bself-training\b|\bwhole[- ]word masking\b|\bdrop-?\s?path\b(?: (?:rate )?(?:of )?\d*\.?\d+)?|\bstochastic depth\b|\bspec-?\s?augment\b",
        ),
        lack(Lack::Augmentation, r"\b(?:cutout|autoaugment|augmix|trivialaugment)\b|\b(?:data )?augmentations?\b"),
    ]
});

pub(super) fn find(rest: &mut Rest, request: &mut Request) {
    no_one_wish(rest, request);
    held::find(rest, request);
    let further = first(rest, &PATTERNS.further).is_some();
    request.from_scratch = any(rest, &PATTERNS.scratch);
    request.pretrained = any(rest, &PATTERNS.pretrained) || further;
    if request.from_scratch && request.pretrained {
        request.refused.push(Refused { words: "from scratch and pretrained".into(), expected: ONE_OF_TWO.into() });
    }
    request.frozen = frozen::find(rest, request);
    without::find(rest, request);
    lengths::find_others(rest, request);
    let adapter_dropout = first(rest, &PATTERNS.adapter_dropout).or_else(|| dropout_beside_rank(rest));
    recipe(rest, request);
    // One may be said in several words: "LoRA of rank 16 with DoRA".
    for ways in [&PATTERNS.dora[..], &PATTERNS.rslora, &PATTERNS.qlora, &PATTERNS.adapter] {
        let cut = first(rest, ways);
        let said = request.value(cut, "a rank from 1 to 65536", |cut| match cut.get("v") {
            "" => Some(None),
            _ => cut.whole(1, 65_536).map(|rank| Some(rank as usize)),
        });
        if let Some(rank) = said {
            let asked = request.adapter.get_or_insert_default();
            asked.rank = asked.rank.or(rank);
            asked.use_dora |= std::ptr::eq(ways, &PATTERNS.dora[..]);
            asked.use_rslora |= std::ptr::eq(ways, &PATTERNS.rslora[..]);
            asked.as_stored |= std::ptr::eq(ways, &PATTERNS.qlora[..]);
        }
    }
    adapter_values(rest, request, adapter_dropout);
    let beta = first(rest, &PATTERNS.beta);
    request.beta = request.value(beta, "a beta of more than 0", |cut| real(cut, |beta| beta > 0.0 && beta <= 1000.0));
    lacking(rest, request);
    request.embeddings = any(rest, &PATTERNS.embeddings);
    texts(rest, request);
    size::find(rest, request);
    lengths::find(rest, request);
    limits::find(rest, request);
    examples(rest, request);
    time::find(rest, request);
    choices(rest, request);
    bare_rate(rest, request);
    without::settle(request);
}

/// What is said in two ways at once, or as no wish that anything could follow as it stands.
fn no_one_wish(rest: &mut Rest, request: &mut Request) {
    static BOTH: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            pattern(
                r"\b(?:with and without|both with and without)\s[\w-]+(?:\s(?:augmentation|decay|stopping|smoothing|weights))?",
            ),
            pattern(r"\b(?:no,? wait|scratch that|i mean(?:t)?,? [\d.]+|on second thou?ghts?)\b"),
        ]
    });
    static VAGUE: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            pattern(
                r"\b(?:use |with |on )?(?:less|fewer|more) (?:training )?(?:data|examples|rows|samples)\b(?: than .{0,40}$)?",
            ),
            pattern(
                r"\btrain(?:ing)?(?: (?:it|the model))? on (?:the )?(?:test|validation|dev|held-out) (?:set|split|data)(?:,? (?:and )?(?:evaluat\w+|test\w*|scor\w+)(?: (?:it|the model))? on (?:the )?(?:train(?:ing)?) (?:set|split|data))?",
            ),
        ]
    });
    for way in BOTH.iter() {
        while let Some(cut) = rest.cut(way) {
            request.refused.push(Refused { words: cut.words, expected: ONE_OF_TWO.into() });
        }
    }
    VAGUE.iter().for_each(|way| rest.tell(way));
}

/// `LoRA, r=8, alpha=16, dropout 0.05`: what stands beside rank and alpha of an adapter is of the adapter, too.
fn dropout_beside_rank(rest: &mut Rest) -> Option<Cut> {
    static BESIDE: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let own = r"\b(?:(?:lora[-_ ])?(?:rank|alpha|r)|α)";
        let and = r"[\s,/]*(?:(?:and|with|an?)\s)*";
        [
            pattern(&format!(r"{own}~#{and}(?:drop-?out[\s=:]*(?:rate|prob|of|=|:|\s)*)?$")),
            regex(&format!(r"(?i)^{and}(?:drop-?out{and})?{own}[\s=:]*(?:of\s)?\d")),
        ]
    });
    let p = &*PATTERNS;
    let is_adapted = [&p.dora, &p.rslora, &p.qlora, &p.adapter].into_iter().flatten().any(|way| rest.has(way));
    let judged = |found: &Found<'_>| match BESIDE[0].is_match(found.before) || BESIDE[1].is_match(found.behind) {
        true => Judged::Taken,
        false => Judged::Passed,
    };
    p.dropout.iter().filter(|_| is_adapted).find_map(|way| rest.cut_as(way, judged))
}

/// Rank, alpha and dropout of an adapter that was asked for, where they are said apart from its name.
fn adapter_values(rest: &mut Rest, request: &mut Request, dropout: Option<Cut>) {
    if request.adapter.is_some() {
        let list = first(rest, &PATTERNS.targets).map(|cut| cut.get("list").to_string()).unwrap_or_default();
        let names = list.split([',', ' ', '/', '+']).map(|name| name.trim_matches(['\'', '"']));
        request.adapter_targets = names.filter(|name| !name.is_empty() && *name != "and").map(str::to_string).collect();
        any(rest, &PATTERNS.everywhere);
    }
    let Some(mut asked) = request.adapter else {
        // Without one they are no settings: words that are not understood.
        return;
    };
    if asked.rank.is_none() {
        let cut = first(rest, &PATTERNS.rank);
        asked.rank = request.value(cut, "a rank from 1 to 65536", |cut| cut.whole(1, 65_536).map(|rank| rank as usize));
    }
    let cut = first(rest, &PATTERNS.alpha);
    asked.alpha = request.value(cut, "an alpha of more than 0", |cut| real(cut, |alpha| alpha > 0.0 && alpha <= 1e6));
    asked.dropout = request.value(dropout, "0 to less than 1", |cut| share(cut, |p| (0.0..1.0).contains(&p)));
    request.adapter = Some(asked);
}

pub(super) const ONE_OF_TWO: &str = "one of the two";

/// What stands before a number of steps or epochs after which something is.
pub(super) static AFTER: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bafter(?: training)?(?: for)?\s*$"));

/// The value of a setting that is said once, or again alike; two that differ are refused. What is done `every` so often is none, and what
/// is done after so long stays in the text.
pub(super) fn only<T: PartialEq>(
    rest: &mut Rest,
    request: &mut Request,
    ways: &[Regex],
    expected: &str,
    read: impl Fn(&Cut) -> Option<T>,
) -> Option<T> {
    static BEFORE: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?:{NOT}|\b(?:every|each|per|at|first|last|next|previous)\s*)$")));
    let judged = |found: &Found<'_>| taken_if(!AFTER.is_match(found.before));
    let mut said: Option<(String, T)> = None;
    while let Some(cut) = ways.iter().find_map(|way| rest.cut_judged(way, &BEFORE, judged)) {
        let words = cut.words.clone();
        let Some(value) = request.value(Some(cut), expected, &read) else { continue };
        match &said {
            Some((before, other)) if *other != value => {
                request.refused.push(Refused { words: format!("{before} and {words}"), expected: ONE_OF_TWO.into() });
            }
            _ => said = Some((words, value)),
        }
    }
    said.map(|(_, value)| value)
}

/// Whether it is said, in whatever ways; all are cut out.
pub(super) fn any(rest: &mut Rest, ways: &[Regex]) -> bool {
    let mut is_said = false;
    for way in ways {
        while rest.cut(way).is_some() {
            is_said = true;
        }
    }
    is_said
}

/// The first way of saying it that is there, cut out.
pub(super) fn first(rest: &mut Rest, ways: &[Regex]) -> Option<Cut> {
    ways.iter().find_map(|way| rest.cut(way))
}

impl Request {
    /// The value of a setting, where it was said; one that `read` does not take is refused.
    pub(super) fn value<T>(&mut self, cut: Option<Cut>, expected: &str, read: impl FnOnce(&Cut) -> Option<T>) -> Option<T> {
        let cut = cut?;
        let value = read(&cut);
        if value.is_none() {
            self.refused.push(Refused { words: cut.words, expected: expected.into() });
        }
        value
    }
}

/// Reads the number, a percentage as a share, where it is within.
pub(super) fn share(cut: &Cut, within: impl Fn(f64) -> bool) -> Option<f64> {
    let factor = if cut.is_percent() { 0.01 } else { 1.0 };
    cut.number().map(|value| value * factor).filter(|value| within(*value))
}

pub(super) fn real(cut: &Cut, within: impl Fn(f64) -> bool) -> Option<f64> {
    cut.number().filter(|value| within(*value) && !cut.is_percent())
}

impl Cut {
    /// A whole number from `least` to `most`. `1.000` is none: to some it is one, to others a thousand.
    pub(super) fn whole(&self, least: u64, most: u64) -> Option<u64> {
        let written = self.get("v").to_lowercase();
        if written.contains('.') && !written.contains(['k', 'e']) {
            return None;
        }
        real(self, |value| value.fract() == 0.0 && (least as f64..=most as f64).contains(&value)).map(|value| value as u64)
    }
}

fn recipe(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    static OF_SOME: LazyLock<[Regex; 2]> =
        LazyLock::new(|| [regex(r"(?i)\b(?:only )?for\s*$"), regex(r"(?i)^\s*(?:are|is|have|has|for warm)\b")]);
    let of_all = |found: &Found<'_>| match OF_SOME[0].is_match(found.before) || OF_SOME[1].is_match(found.behind) {
        true => Judged::Told,
        false => Judged::Taken,
    };
    let part = p.part.iter().find_map(|way| rest.cut_as(way, of_all));
    request.data_frac = request.value(part, "more than 0 % and at most 100 %", |cut| {
        let frac = match cut.get("word").to_lowercase().as_str() {
            "half" => 0.5,
            "a third" => 1.0 / 3.0,
            "a quarter" => 0.25,
            "a fifth" => 0.2,
            "a tenth" => 0.1,
            _ => cut.number()? / 100.0,
        };
        (frac > 0.0 && frac <= 1.0).then_some(frac)
    });
    let [no_warmup, no_dropout, no_decay, no_smoothing, no_momentum] = NONE.each_ref().map(|way| rest.cut(way).map(|_| 0.0));
    let cut = first(rest, &p.warmup);
    request.warmup = request.value(cut, "0 to 100 %, or a number of steps", warmup).or(no_warmup.map(|_| Warmup::Steps(0)));
    static OF_PART: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?:{NOT}|\b(?:embeddings?|attention|attn|classifier|head|input|path)\s)$")));
    let cut = p.dropout.iter().find_map(|way| rest.cut_unless_after(way, &OF_PART));
    request.dropout = request.value(cut, "0 to less than 1", |cut| share(cut, |p| (0.0..1.0).contains(&p))).or(no_dropout);
    optimizer::find_values(rest, request, [no_decay, no_momentum]);
    let cut = first(rest, &p.smoothing);
    // The usual value (1512.00567, section 7) where none is said.
    request.label_smoothing =
        request
            .value(cut, "0 to less than 1", |cut| {
                if cut.get("v").is_empty() { Some(0.1) } else { share(cut, |s| (0.0..1.0).contains(&s)) }
            })
            .or(no_smoothing);
    let cut = first(rest, &p.ema);
    request.ema_decay = request.value(cut, "a decay of more than 0 and less than 1", |cut| {
        if cut.get("v").is_empty() { Some(0.999) } else { real(cut, |decay| decay > 0.0 && decay < 1.0) }
    });
    request.class_weights = first(rest, &p.class_weights).is_some();
    let cut = first(rest, &p.focal);
    request.focal_gamma = request.value(cut, "a gamma of more than 0 and at most 100", |cut| {
        if cut.get("v").is_empty() { Some(2.0) } else { real(cut, |gamma| gamma > 0.0 && gamma <= 100.0) }
    });
    request.balanced_sampling = first(rest, &p.balanced).is_some();
    request.weighted_by = first(rest, &p.weighted).map(|cut| cut.get("v").trim_end_matches(['.', '-']).to_string());
    augment::find(rest, request);
    request.keep_best = first(rest, &p.best).is_some();
    let cut = first(rest, &p.trials);
    request.trials = request.value(cut, "2 to 1,000 trials", |cut| cut.whole(2, 1000).map(|trials| trials as usize));
    let searched = first(rest, &p.search);
    let of_rate = |cut: &Cut| ["learning", "lr", "rate"].iter().any(|word| cut.words.to_lowercase().contains(word));
    request.tunes_rate = searched.as_ref().is_some_and(of_rate);
    request.search = searched.is_some() || request.trials.is_some();
    let cut = first(rest, &p.layerwise);
    // The usual value (2003.10555, appendix B) where none is said.
    request.layerwise_lr_decay = request.value(cut, "more than 0 and at most 1", |cut| {
        if cut.get("v").is_empty() { Some(0.9) } else { real(cut, |d| d > 0.0 && d <= 1.0) }
    });
    let cut = first(rest, &p.clip_value);
    request.grad_clip_value = request.value(cut, "a value greater than 0", |cut| real(cut, |most| most > 0.0));
    let cut = first(rest, &p.clip);
    request.grad_clip_norm = request.value(cut, "a norm greater than 0", |cut| real(cut, |norm| norm > 0.0));
    let cut = first(rest, &p.masked);
    let expected = "15 %, which is what masked language modelling hides here";
    request.value(cut, expected, |cut| share(cut, |hidden| (hidden - 0.15).abs() < 1e-6));
    request.characters = any(rest, &p.characters);
    let cut = first(rest, &p.falling);
    if let Some(last) = cut.as_ref().and_then(|cut| super::number::number(cut.get("w"))) {
        request.min_lr = Some(last);
    }
    let from = request.value(cut, "more than 0 and at most 100", |cut| real(cut, |lr| lr > 0.0 && lr <= 100.0));
    let cut = first(rest, &p.least_lr);
    request.min_lr = request.value(cut, "a rate of at least 0", |cut| real(cut, |lr| lr >= 0.0)).or(request.min_lr);
    several_rates(rest, request);
    // `Decay the lr by 0.5` says nothing of the rate itself.
    static FALLS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:decay|reduc|drop|lower|divid|multipl|halv|scal|cut|anneal|decreas|warm)\w*(?: up| down)? (?:the |its )?(?:learning[ -]rate|lr)s? (?:by|to|from|with|of) (?:a factor of )?#",
        )
    });
    rest.tell(&FALLS);
    let lr = only(rest, request, &p.lr, "more than 0 and at most 100", |cut| real(cut, |lr| lr > 0.0 && lr <= 100.0));
    request.lr = from.or(lr);
    request.gradient_checkpointing = any(rest, &p.recomputed);
    let cut = first(rest, &p.beams);
    request.num_beams = request.value(cut, "1 to 64 beams", |cut| cut.whole(1, 64).map(|beams| beams as usize));
}

/// Settings whose negation is a value of theirs: warm-up, dropout, weight decay, label smoothing, momentum.
static NONE: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [r"warm-?\s?up", r"drop-?out", r"weight[- ]decay", r"label[- ]smoothing", r"momentum"].map(super::pattern::without)
});

/// `learning rates 1e-5, 3e-5 and 5e-5`: there is one; a search finds its own.
fn several_rates(rest: &mut Rest, request: &mut Request) {
    static RATES: LazyLock<Regex> = LazyLock::new(|| {
        let rate = r"(?:\d+(?:\.\d+)?e-?\d+|\d*\.\d+)";
        pattern(&format!(
            r"\b(?:learning[ _-]?rates?|lrs?)~(?P<list>{rate}(?:(?:\s?[,/]\s?|\s)(?:(?:and|or|vs\.?|versus)\s)?{rate})+)"
        ))
    });
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^[\s-]?(?:%|percent|drop-?out|weight|momentum|warm|label|accuracy|f1|decay|of\b|epochs?|steps?|examples|samples|rows|tokens|clip|hours?|h\b|min|sec)",
        )
    });
    let is_list = |found: &Found<'_>| if OTHER.is_match(found.behind) { Judged::Passed } else { Judged::Taken };
    while let Some(cut) = rest.cut_as(&RATES, is_list) {
        let expected = "one learning rate; `tune the learning rate` tries others".into();
        request.refused.push(Refused { words: cut.words, expected });
    }
}

/// A share, as such or in per cent, or a number of steps.
fn warmup(cut: &Cut) -> Option<Warmup> {
    let value = cut.number().filter(|value| *value >= 0.0)?;
    let unit = if cut.is_percent() { "%".to_string() } else { cut.get("unit").to_lowercase() };
    match unit.as_str() {
        "%" => (value <= 100.0).then_some(Warmup::Frac(value / 100.0)),
        "" if value < 1.0 => Some(Warmup::Frac(value)),
        "" | "step" | "steps" if value.fract() == 0.0 && value <= 1e9 => Some(Warmup::Steps(value as u64)),
        _ => None,
    }
}

fn lacking(rest: &mut Rest, request: &mut Request) {
    let mut add = |of: Lack, cut: Cut| request.lacking.push(Lacking { of, words: cut.words });
    for (of, way) in LACKING.iter() {
        while let Some(cut) = rest.cut(way) {
            add(*of, cut);
        }
    }
}

/// `2 epochs at 3e-5`: a number that only a rate is written as, by itself, where no rate was said.
fn bare_rate(rest: &mut Rest, request: &mut Request) {
    static BARE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)(?:^|[,;(¦]|\bat\b|@|\bwith\b)\s*(?P<v>\d(?:\.\d+)?e-[2-7])\s*(?P<end>$|[,;.)¦])"));
    // Of several it is none.
    static SEVERAL: LazyLock<Regex> = LazyLock::new(|| {
        let one = r"\b\d(?:\.\d+)?e-[2-7]\b";
        regex(&format!(r"(?i){one}[\s\S]*{one}"))
    });
    if request.lr.is_none()
        && request.refused.is_empty()
        && !request.search
        && !rest.has(&SEVERAL)
        && let Some(cut) = rest.cut(&BARE)
    {
        request.lr = super::number::number(cut.get("v"));
    }
}

/// How long texts are, in tokens.
fn texts(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let named = first(rest, &p.length);
    p.corpus.iter().for_each(|way| rest.tell(way));
    // Of a batch, or of what is written.
    static OF_OTHERS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)\b(?:generat\w*|samples? of|answers? of|summar(?:y|ies) of|(?:have|has|are)(?: up to| about)?|batch(?:es)? of)\s*(?:\d+ samples of\s*)?$",
            ),
            regex(r"(?i)^\s*(?:(?:per|/|a|each)\s?(?:batch|step|sec)|on average)"),
        ]
    });
    let of_texts = |found: &Found<'_>| match OF_OTHERS[0].is_match(found.before) || OF_OTHERS[1].is_match(found.behind) {
        true => Judged::Told,
        false => Judged::Taken,
    };
    let cut = named.or_else(|| p.tokens.iter().find_map(|way| rest.cut_as(way, of_texts)));
    request.max_seq_len =
        request.value(cut, "a whole number from 3 to 1,000,000", |cut| cut.whole(3, 1_000_000)).map(|n| n as usize);
}

/// How many examples are trained on. What is said of the data, of each class or of what is written is no such number.
fn examples(rest: &mut Rest, request: &mut Request) {
    static OF_DATA: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:has|have|having|contains?|holds?|consists? of|there (?:are|is)|in|into|of at most)(?: (?:about|around|some|roughly))?\s*$",
        )
    });
    // `Skip the first 100 rows` asks for all others.
    static LEFT_OUT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:skip(?:ping)?|drop(?:ping)?|ignor(?:e|ing)|omit(?:ting)?|exclud(?:e|ing)|remov(?:e|ing)|leav(?:e|ing) out|without|except|but)\s(?:(?:the|my|all|first|last|top|bottom|next)\s)*$",
        )
    });
    // `Then generate 5 samples` is of what is written.
    static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:generat(?:e|ing)|writ(?:e|ing)|produc(?:e|ing)|print(?:ing)?|show(?:ing)?|draw(?:ing)?|sampl(?:e|ing)|output(?:ting)?|creat(?:e|ing)|give me|predict(?:ing)?)(?: (?:me|out|about|some|another|the))*\s*$",
        )
    });
    let others = [&*OF_DATA, &LEFT_OUT, &WRITTEN];
    let judged = |found: &Found<'_>| match others.iter().any(|way| way.is_match(found.before)) {
        true => Judged::Told,
        false => Judged::Taken,
    };
    let Some(cut) = PATTERNS.examples.iter().find_map(|way| rest.cut_as(way, judged)) else { return };
    if !cut.get("each").is_empty() {
        request.refused.push(Refused { words: cut.words, expected: "a number of examples of all classes together".into() });
        return;
    }
    let factor = match cut.get("unit").chars().next() {
        Some('M' | 'm') => 1_000_000.0,
        Some(_) => 1000.0,
        None => 1.0,
    };
    request.max_examples = request.value(Some(cut), "a whole number of at least 1", |cut| {
        let count = cut.number()? * factor;
        let is_whole = count.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&count);
        (if factor > 1.0 { is_whole.then_some(count as u64) } else { cut.whole(1, u64::from(u32::MAX)) }).map(|n| n as usize)
    });
}

fn choices(rest: &mut Rest, request: &mut Request) {
    optimizer::find_kind(rest, request);
    // Of vectors it says how alike two are.
    let embeds = request.embeddings;
    static ALIKE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s*(?:similarit|distance|loss|score|of\b)"));
    let of_rates = |found: &Found<'_>| {
        let is_bare = found.cut.words.eq_ignore_ascii_case("cosine");
        taken_if(!is_bare || !embeds && !ALIKE.is_match(found.behind))
    };
    let schedule = PATTERNS.schedule.iter().find_map(|way| rest.cut_as(way, of_rates)).map(|cut| {
        match cut.get("v").to_lowercase().as_str() {
            "cosine" if !cut.get("restarts").is_empty() => {
                // `with 3 restarts` are four cosines.
                let extra = u32::from(cut.get("restarts").eq_ignore_ascii_case("restarts"));
                ScheduleShape::CosineRestarts { cycles: cut.get("n").parse().ok().map(|n: u32| n.saturating_add(extra).max(1)) }
            }
            "sgdr" => ScheduleShape::CosineRestarts { cycles: None },
            "poly" | "polynomial" => ScheduleShape::Polynomial { power: cut.get("n").parse().ok() },
            name if name.starts_with("one") || name.starts_with('1') => ScheduleShape::OneCycle,
            name if name.starts_with("wsd") || name.starts_with("warm") => ScheduleShape::Wsd,
            "cosine" => ScheduleShape::Cosine,
            "linear" => ScheduleShape::Linear,
            "constant" => ScheduleShape::Constant,
            "exponential" => ScheduleShape::Exponential,
            "plateau" => ScheduleShape::Plateau { divisor: None },
            // Noam Shazeer's, of 1706.03762, section 5.3.
            name if name == "noam" || name.starts_with("inverse") => ScheduleShape::InverseSqrt,
            _ => ScheduleShape::Milestones { at: vec![], unit: None, divisor: None },
        }
    });
    request.schedule = request.schedule.take().or(schedule);
}
