//! Settings that are numbers or choices: how long, how fast, with what. One pattern each way of saying one.

pub(super) mod around;
pub(super) mod augment;
pub(super) mod falls;
pub(super) mod frozen;
mod lacking;
pub(super) mod lengths;
pub(super) mod limits;
pub(super) mod loss;
pub(super) mod optimizer;
pub(super) mod perceptron;
pub(super) mod rate;
pub(super) mod relative;
pub(super) mod size;
pub(super) mod sweep;
pub(super) mod time;
pub(super) mod tuned;
pub(super) mod units;
pub(super) mod weights;
pub(super) mod without;

use crate::intake::regex;
use crate::intake::request::data::amount;
use crate::intake::request::data::held;
use crate::intake::request::data::rows;
use crate::intake::request::pattern::{pattern, patterns};
use crate::intake::request::rest::{Cut, Found, Judged, NOT, Rest, taken_if};
use crate::intake::request::{ModelName, Refused, Request, Tuned};
use regex::Regex;
use std::cell::Cell;
use std::sync::LazyLock;

patterns! {
    scratch: [
        r"\bfrom scratch\b|(?:\A|[,;(¦])\s*scratch\s*(?:$|[,;.)¦])",
        r"\bpre-?train\b",
        r"\b(?:without|with no|no|not using|don['’]t use|do not use)(?: any| the)? pre-?(?:trained (?:weights|parameters|checkpoints?)|training)\b|\b(?:not|non)[- ]pre-?trained\b",
        r"\brandom(?:ly)?(?:[- ]initiali[sz]ed)? (?:(?:initial|starting) )?(?:weights|parameters)\b|\brandom(?:ly)?[- ]init(?:iali[sz](?:ed|ation))?\b(?: weights)?|\b(?:initiali[sz]ed|start(?:ing)?|with weights) (?:at random|randomly)\b",
    ],
    // What was trained before is trained on.
    further: [r"\b(?:continu(?:e|ed|al|ing)|further|keep) (?:to |the )?pre-?train(?:ing)?\b"],
    pretrained: [r"\bpre-?trained\b(?: (?:weights|parameters|checkpoints?))?"],
    dropout: [r"\bdrop-?out(?:[ _-](?:rate|prob|p))?\s?\(?\s?(?:p\s?)?[=:]?\s?(?P<v>0?\.\d+)\)?", r"\b(?:hidden[ _])?drop-?out(?:[ _]prob)?~#\s?(?P<unit>%|percent\b)?", r"^#\s?(?P<unit>%|percent\b)?\s?drop-?out\b"],
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
    clip: [r"\b(?:max|clip)[ _-]grad[ _-]norm~#", r"\b(?:gradients?|grad)[-_ ]?(?:norms?[-_ ])?clip(?:ping|ped)?(?:[-_ ](?:val|norm))?~#", r"(?:\A\s*|[,;:(¦]|\b(?:and|with|use|using|then))\s*clip(?:ping|ped)?(?: (?:the|gradients?|grads?|norms?))*\s*(?:at|to|of|by|norm|=|:|\s)*\s*#", r"\bclip(?:ping|ped)? (?:(?:the|gradients?|grads?|norms?) ?)+~#"],
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
    alpha: [r"\b(?:lora[-_ ])?alpha~#", r"\bα\s*[=:]?\s*#", r"\ba\s*=\s*#"],
    // As programs call what an adapter has.
    adapter_keys: [
        r"\blora[_-](?:r|rank|alpha|dropout)\s?[=:]?\s?[\d.]|\b(?:r|rank)(?:\s(?:of\s)?|\s?[=:]\s?)\d+[\s,;/]+(?:(?:and|with|an) )*(?:α|alpha)(?:\s(?:of\s)?|\s?[=:]\s?)?\d",
    ],
    adapter_dropout: [r"\blora[-_ ]dropout~#\s?(?P<unit>%|percent\b)?"],
    beta: [r"\b(?:dpo[-_ ])?beta\s*(?:=|:|\bof\b|\s)\s*#", r"\bβ\s*[=:]?\s*#"],
    embeddings: [
        r"\b(?:for |of )?(?:sentence|text|document|passage)s?[- ](?:embeddings?|embedders?|encoders?|similarity|vectors?)(?: models?)?\b",
        r"\b(?:(?:semantic|text(?:ual)?|sentence) )?similarity (?:models?|encoders?|scorers?|scoring|learning)\b",
        r"\b(?:for )?(?:(?:semantic (?:search|(?:text(?:ual)? )?similarity)|similarity search|cosine(?:[- ]similarit(?:y|ies))?(?: (?:should |must )?match(?:es)?\b)|cosine[- ]similarit(?:y|ies)|(?:dense|semantic|document|passage|text|information) (?:retrieval|retrievers?)|bi-?encoders?|retrieval)(?: models?)?|(?:embedding|retriever) models?)\b",
        // By themselves they may be those of a model's words.
        r"\b(?:learn|train|make|get|produce|tune|fine-?tune|into|as|for|want|need)(?: (?:good|better|some|my|our|new))? embeddings\b",
        r"(?:\A|¦)\s*embeddings?(?: models?)?\s+(?:on|from|for|with|using)\b",
        r"\bembed(?:ding)? (?:the |my |our )?(?:sentences|texts|documents|questions|queries|passages|titles|products)\b",
        r"\b(?:(?:with|using|by|and) )?(?:multiple[- ]?negatives[- ]?ranking(?:[- ]?loss)?|in-?batch negatives|info-?nce(?: loss)?|contrastive(?:ly)?(?: (?:loss|learning|training|train|fine-?tun\w+|objective))?)\b",
    ],
    smoothing: [r"\blabel[ _-]smoothing(?:[ _]factor)?(?:[\s(]*(?:with |of )?(?:an? )?(?:eps(?:ilon)?|[εϵ]))?~#\s?(?P<unit>%|percent\b)?", r"^#\s?(?P<unit>%|percent\b)?\s?label[- ]smoothing\b", r"\blabel[- ]smoothing\b"],
    ema: [
        r"\b(?:ema|(?:exponential )?(?:moving|running) (?:averages?|means?))(?: of (?:the |its )?(?:weights|parameters|model))?(?: (?:with|and))?(?: (?:a )?decay)?~#",
        r"\b(?:weight )?ema\b|\b(?:exponential )?(?:moving|running) (?:averages?|means?) of (?:the |its )?(?:weights|parameters)\b",
    ],
    focal: [r"\bfocal loss(?: (?:with|and))?(?: (?:a )?gamma)~#", r"\bfocal loss\b"],
    weighted: [r"\bweighted (?:random )?sampl(?:ing|er|es?)(?: of (?:the )?(?:examples|rows|data))? (?:by|with|from) (?:the )?(?:column |weights? (?:in|of) )?[`'\x22]?(?P<v>[A-Za-z_][\w.-]*)[`'\x22]?(?: column)?"],
    balanced: [r"\bsampl(?:e|ing)(?: (?:from|the|all|of))* classes (?:evenly|equally|uniformly|alike)\b|\bclasses(?: (?:are|be|to be|should be))* sampled (?:evenly|equally|uniformly)\b|\b(?:even|equal|uniform)(?:ly)? sampl(?:e|ing) (?:of|from) (?:the |all )*classes\b|\b(?:class-)?balanced (?:sampling|sampler|batches)\b|\b(?:over|up)-?sampl(?:e|ing)(?: (?:of )?(?:the )?(?:rare|minority) class(?:es)?)?\b"],
    best: [
        r"\b(?:keep|take|restore|use|load|return|save)(?:ing)? (?:only )?(?:the )?best (?:checkpoint|model|weights|epoch|one)(?: at the end)?\b",
        r"\b(?:keep|save)(?:ing)? (?:only )?(?:the )?best\s*(?:$|[,.;)]|(?:by|according to)\b)",
        // By what measures the task: `select the best model by AUROC`, `the checkpoint with the best F1`.
        r"\b(?:select|choose|pick|keep|take|use|save|restore|return)(?:ing)? (?:only )?(?:the )?(?:best|highest|lowest)[ -](?:[\w-]+ )?(?:checkpoint|model|weights|epoch|one)(?: (?:by|according to|based on|in terms of|on|with)\b)?",
        r"\b(?:select|choose|pick|keep|take|use|save|restore|return)(?:ing)? (?:only )?the (?:(?:checkpoint|model|weights) (?:of|from|at) the )?(?:checkpoint|model|weights|epoch|one)s?(?: (?:with|that has|of|having|by)) (?:the )?(?:best|highest|lowest|smallest|greatest|maxim(?:um|al)|minim(?:um|al))\b(?: (?:validation|val|dev|eval(?:uation)?) loss\b)?",
        r"\b(?:select|choose|pick|keep|take|use|save|restore|return)(?:ing)? (?:only )?the (?:checkpoint|model|weights|epoch|one)s? (?:that|which) (?:is|are|does|do|has|have|scores?|performs?|looks?|was|were) (?:the )?(?:best|highest|lowest)\b(?: (?:by|on|in|in terms of|according to|at|for)\b)?(?: (?:validation|val|dev|eval(?:uation)?)\b)?(?: loss\b)?",
        r"\b(?:select|choose|pick)(?:ing)? (?:only )?the (?:checkpoint|model|weights|epoch)s? (?:by|on|based on|according to|using|with|via|in terms of|for) (?:the |its )?(?:best )?(?:validation|val|dev|eval(?:uation)?)\b(?: loss\b)?",
        r"\b(?:select|choose|pick|chosen|selected|picked)(?:ing)? (?:by|on|based on|according to|via) (?:the |its )?(?:(?:best|lowest|highest) )?(?:validation|val|dev|eval(?:uation)?)\b(?: loss\b)?",
        r"\b(?:with |and )?(?:the )?best (?:checkpoint|epoch|weights) (?:by|on|according to|in terms of)\b",
        r"\b(?:model|checkpoint)[ -]selection (?:by|on|with|using|is by|=|:)",
        r"\bload[ _]best[ _]model(?:[ _]at[ _]end)?(?:\s?[=:]\s?true)?\b",
    ],
    search: [
        r"\bas (?:good|accurate(?:ly)?|well|high|low|strong) as (?:(?:you|it|we) (?:can|gets?)|possible)\b",
        r"\b(?:the )?(?:best|highest|lowest)(?:-|\s+)(?:(?:[a-z-]+|¦)\s+){0,5}(?:possible|(?:that )?(?:you|it) (?:can|could)(?: (?:get|find|reach|make))?|achievable|attainable)\b",
        r"\b(?:(?:with|do|run|and) )?(?:a |an )?(?:hyper-?\s?parameters?|hparams?|recipe|learning[- ]rate|lr)[- ](?:search(?:es)?|tuning|optimi[sz]ation|sweeps?)\b",
        r"\b(?:tune|search(?: for| over)?|optimi[sz]e|sweep(?: over)?|find|pick|choose)(?: (?:the|its|all|good|better|best|optimal|right|some))* (?:hyper-?\s?parameters?|hparams?|recipes?|settings)\b",
    ],
    trials: [
        r"^@(?:different |further )?(?:trials?|recipes|configurations)\b",
        r"\b(?:try|test|explore)(?:ing)?(?: out)?\s@(?:(?:different|other|further|possible) )?(?:learning[ -]rates?|lrs|settings|hyper-?\s?parameters?(?: settings)?)\b(?:[\s,;]+(?:and )?(?:keep|take|use|pick|choose)(?:ing)? the best(?: (?:one|of (?:them|these|those)))?)?",
    ],
    targets: [
        r"\b(?:(?:lora )?target(?:s|ing|ed)?(?:[ _]modules?)?(?: (?:are|is|of|the|=|:))*|on|to|for|adapt(?:ing)?|in)\s?[=:]?\s?\[?(?P<list>['\x22]?(?:[\w.]*_(?:proj|lin|attn)|query_key_value|c_(?:attn|proj|fc)|query|key|value|dense|w[qkvo])['\x22]?(?:(?:\s?,\s?(?:and\s)?|\sand\s|/|\s?\+\s?)['\x22]?(?:[\w.]*_(?:proj|lin|attn)|query_key_value|c_(?:attn|proj|fc)|query|key|value|dense|w[qkvo])['\x22]?)*)\]?(?: (?:layers?|matrices|modules|projections?|only))*",
    ],
    // What is called so is nothing else: `QLoRA r=8 only q_proj,v_proj`.
    bare_targets: [
        r"\b(?:only |just )?[\[(]?(?P<list>['\x22]?(?:[\w.]*_(?:proj|lin|attn)|query_key_value|c_(?:attn|proj|fc))['\x22]?(?:(?:\s?,\s?(?:and\s)?|\sand\s|/|\s?\+\s?|\s)['\x22]?(?:[\w.]*_(?:proj|lin|attn)|query_key_value|c_(?:attn|proj|fc))['\x22]?)*)[\])]?(?: (?:layers?|matrices|modules|projections?|only))*",
    ],
    // As one speaks of them: `only on the query and value projections`.
    spoken: [
        r"\b(?:(?:on|to|for|in|target(?:s|ing|ed)?|adapt(?:ing)?)(?:\s?[=:])?(?: (?:only|just|all|the|its|of))*) (?P<list>(?:self-?)?attention) (?:projections?|matrices|layers?|weights|modules?|blocks?)\b(?: (?:only|alone))?",
        r"\b(?:on|to|for|target(?:s|ing|ed)?)(?:\s?[=:])?(?: (?:only|just|the))* (?P<list>[qkvo](?:(?:\s?,\s?(?:and\s)?|\sand\s|\s?/\s?|\s?\+\s?)[qkvo])+)(?: (?:projections?|matrices|layers?|weights|modules?|proj))?\b(?: (?:only|alone))?",
        r"\b(?:on|to|for|in|of|target(?:s|ing|ed)?(?: modules)?|adapt(?:ing)?)(?:\s?[=:])?(?: (?:only|just|the|its|attention|all))* (?P<list>(?:quer(?:y|ies)|keys?|values?|outputs?|[qkvo])(?:(?:\s?,\s?(?:and\s)?|\sand\s|\s?/\s?|\s?\+\s?)(?:the )?(?:quer(?:y|ies)|keys?|values?|outputs?|[qkvo]))*) (?:attention )?(?:projections?|matri(?:x|ces)|layers?|weights|modules?|proj)\b(?: (?:only|alone))?",
    ],
    everywhere: [r"\b(?:(?:on|to|for|in|target(?:s|ing)?(?:[ _]modules)?\s?[=:]?) )?(?:all|every)(?: (?:the|of the|its))*[ -](?:linear|dense)(?:[ -](?:layers?|modules?))?\b"],
    beams: [r"\b(?:num[ _-])?beams?(?:[ _-](?:size|width|search(?: (?:with|of))?))?~#(?: beams?)?\b", r"^#[ -]beams?(?: search)?\b", r"\bbeam search (?:with|of) #(?: beams?)?\b"],
    recomputed: [r"\b(?:(?:gradient|activation)[ _-](?:checkpointing|checkpoints|recomputation)|recompute activations)(?: (?:on|enabled)|\s?[=:]\s?true)?\b"],
}

pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    no_one_wish(rest, request);
    sweep::find(rest, request);
    tuned::find(rest, request);
    lacking::methods(rest, request);
    held::find(rest, request);
    rows::find(rest, request);
    let further = first(rest, &PATTERNS.further).is_some();
    request.from_scratch = any(rest, &PATTERNS.scratch);
    request.pretrained = any(rest, &PATTERNS.pretrained) || further;
    if request.from_scratch && request.pretrained {
        request.refused.push(Refused { words: "from scratch and pretrained".into(), expected: ONE_OF_TWO.into() });
    }
    request.frozen = frozen::find(rest, request);
    augment::no_other(rest, request);
    without::find(rest, request);
    relative::find(rest, request);
    // What ends training is cut out with its patience.
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:stop(?:s|ping)?|until|early[- ]stop(?:ping)?)\b(?:\s[a-z-]+){0,3}?\s(?:the )?(?:(?:validation|val|dev|eval(?:uation)?)[ _])?loss\b",
        )
    });
    let ends_by_loss = rest.has(&ENDS);
    let falls_to = lengths::find_others(rest, request);
    request.best_by_loss = ends_by_loss && request.patience.is_some();
    let has_keys = PATTERNS.adapter_keys.iter().any(|way| rest.has(way));
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
    if has_keys {
        request.adapter.get_or_insert_default();
    }
    adapter_values(rest, request, adapter_dropout);
    let beta = first(rest, &PATTERNS.beta);
    request.beta = request.value(beta, "a beta of more than 0", |cut| real(cut, |beta| beta > 0.0 && beta <= 1000.0));
    frozen::refuse_unclear(rest, request);
    lacking::find(rest, request);
    request.embeddings |= any(rest, &PATTERNS.embeddings);
    amount::find_length(rest, request);
    size::find(rest, request);
    perceptron::find(rest, request);
    lengths::find(rest, request);
    limits::find(rest, request);
    amount::find_examples(rest, request);
    time::find(rest, request);
    // The number behind a comma is another seed only where it is nothing else.
    lengths::find_seeds(rest, request);
    optimizer::find_kind(rest, request);
    rate::schedule(rest, request);
    rate::bare(rest, request);
    falls::settle(request, falls_to);
    without::settle(request);
    frozen::settle(request);
    relative::settle(request);
}

/// The weights that do best, by the loss where nothing else is named: `keep the best by validation loss`.
fn best(rest: &mut Rest, request: &mut Request) {
    const ITS_LOSS: &str =
        r"(?:(?:the|its|by|on|lowest|best|smallest|minimum|minimal|validation|val|dev|eval|evaluation)[ _])*loss\b";
    static LOSS: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)¦\s*{ITS_LOSS}")));
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"(?i)^\s{ITS_LOSS}")));
    let (is_behind, is_within) = (Cell::new(false), Cell::new(false));
    let named = |found: &Found<'_>| {
        is_within.set(found.cut.words.to_lowercase().ends_with("loss"));
        is_behind.set(BEHIND.is_match(found.behind));
        Judged::Taken
    };
    while PATTERNS.best.iter().find_map(|way| rest.cut_as(way, named)).is_some() {
        request.keep_best = true;
        request.best_by_loss |= is_behind.get() || is_within.get();
        if is_behind.take() {
            rest.cut(&LOSS);
        }
    }
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
        // `From scratch that translates` takes nothing back.
        let takes_back = |found: &Found<'_>| taken_if(!found.before.to_lowercase().ends_with("from "));
        while let Some(cut) = rest.cut_as(way, takes_back) {
            request.refused.push(Refused { words: cut.words, expected: ONE_OF_TWO.into() });
        }
    }
    VAGUE.iter().for_each(|way| rest.tell(way));
}

/// `LoRA, r=8, alpha=16, dropout 0.05`: what stands beside rank and alpha of an adapter, or behind its layers, is of the adapter, too.
fn dropout_beside_rank(rest: &mut Rest) -> Option<Cut> {
    static BESIDE: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let own = r"\b(?:(?:lora[-_ ])?(?:rank|alpha|r)|α)";
        let and = r"[\s,/]*(?:(?:and|with|an?)\s)*";
        let layer = r"\b(?:[\w.]*_(?:proj|lin|attn|value)|c_(?:attn|proj|fc)|w[qkvo]|projections?|(?:linear|dense|attention) (?:layers?|modules?)|all-linear|(?:quer(?:y|ies)|keys?|[qkvo])(?:(?:\s?,\s?(?:and\s)?|\sand\s|\s?[/+]\s?)(?:values?|keys?|outputs?|[qkvo]))+)\b";
        let list = r"(?:[\s,/()\[\]+:=]|\b(?:and|with|an?|on|to|for|in|of|the|its|all|only|every|target(?:s|ing)?(?:_modules)?|modules|layers|linear|dense|attention|quer(?:y|ies)|keys?|values?|outputs?|[qkvo])\b)*";
        [
            pattern(&format!(
                r"(?:{own}~#|{layer})(?:{list}{layer})*[\s,/()\[\]]*(?:(?:and|with|an?|only)\s)*(?:drop-?out[\s=:]*(?:rate|prob|of|=|:|\s)*)?$"
            )),
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
        // `All linear layers but q_proj` are the others.
        static BUT: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?i)\b(?:but|besides|minus|apart from|other than|excluding|except(?: for)?)\s*(?:the\s)?$"));
        let ways = PATTERNS.targets.iter().chain(&PATTERNS.spoken);
        let list = ways.into_iter().find_map(|way| rest.cut(way));
        let bare = |rest: &mut Rest| {
            let is_those = |found: &Found<'_>| taken_if(!BUT.is_match(found.before));
            PATTERNS.bare_targets.iter().find_map(|way| rest.cut_as(way, is_those))
        };
        let list = list.or_else(|| bare(rest)).map(|cut| cut.get("list").to_string()).unwrap_or_default();
        let names = list.split([',', ' ', '/', '+']).map(|name| name.trim_matches(['\'', '"']));
        let names = names.filter(|name| !name.is_empty() && !matches!(*name, "and" | "the"));
        request.adapter_targets = names.flat_map(targets_of).collect();
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
    // That of a loss or of a change of images is another: `focal alpha 0.25`.
    static OF_OTHERS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:focal(?: loss)?|noise|mix-?up|cut-?mix|smoothing|elastic|distill\w*|loss|ema|beta)[ _-](?:with |of |and )?(?:an? )?(?:alpha|α)[\s=:]*(?:(?:of|to|is|at|by)\s*)?$",
        )
    });
    // The name of a focal loss is cut out already.
    static OF_FOCAL: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)\bfocal(?: loss)?[\s,(]*(?:(?:with|and)\s)*(?:gamma\s?(?:=|:|of)?\s?[\d.]+[\s,]*(?:and\s)?)?(?:alpha|α)\b",
            ),
            regex(r"(?i)¦[\s,(]*(?:(?:with|and)\s)*(?:alpha|α)[\s=:]*(?:(?:of|to|is|at|by)\s*)?$"),
        ]
    });
    let of_focal = OF_FOCAL[0].is_match(&request.text);
    let is_own =
        |found: &Found<'_>| taken_if(!OF_OTHERS.is_match(found.before) && !(of_focal && OF_FOCAL[1].is_match(found.before)));
    let cut = PATTERNS.alpha.iter().find_map(|way| rest.cut_as(way, is_own));
    asked.alpha = request.value(cut, "an alpha of more than 0", |cut| real(cut, |alpha| alpha > 0.0 && alpha <= 1e6));
    asked.dropout = request.value(dropout, "0 to less than 1", |cut| share(cut, |p| (0.0..1.0).contains(&p)));
    request.adapter = Some(asked);
}

/// Layers by a name: that of attention is of all four.
fn targets_of(name: &str) -> Vec<String> {
    match name.to_lowercase().ends_with("attention") {
        true => ["query", "key", "value", "output"].map(str::to_string).to_vec(),
        false => vec![target_of(name)],
    }
}

/// The name of a layer, of several or of one.
fn target_of(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "queries" | "query" => "query".into(),
        "keys" => "key".into(),
        "values" => "value".into(),
        "outputs" => "output".into(),
        letter if letter.len() == 1 => letter.into(),
        _ => name.into(),
    }
}

pub(crate) const ONE_OF_TWO: &str = "one of the two";

/// A choice with the words that make it; another beside it is refused.
fn choose<T: PartialEq>(said: &mut Option<(String, T)>, words: String, value: T) -> Option<Refused> {
    match said {
        Some((before, other)) if *other != value => {
            let words = words.strip_prefix("and ").unwrap_or(&words);
            Some(Refused { words: format!("{before} and {words}"), expected: ONE_OF_TWO.into() })
        }
        _ => {
            *said = Some((words, value));
            None
        }
    }
}

/// What stands before a number of steps or epochs after which something is.
pub(crate) static AFTER: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bafter(?: training)?(?: for)?\s*$"));

/// The value of a setting that is said once, or again alike; two that differ are refused. What is done `every` so often is none, and what
/// is done after so long stays in the text.
pub(crate) fn only<T: PartialEq>(
    rest: &mut Rest,
    request: &mut Request,
    ways: &[Regex],
    expected: &str,
    read: impl Fn(&Cut) -> Option<T>,
) -> Option<T> {
    static BEFORE: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?:{NOT}|\b(?:every|each|per|first|last|next|previous)\s*)$")));
    // `One epoch takes 10 minutes`, `at 5 epochs`.
    static TAKES: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s(?:takes?|took|needs?|lasts?)\b"));
    static AT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bat\s*$"));
    // `For 3 or 5 epochs`: of the two none is taken.
    static EITHER: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b\d+(?:\.\d+)?\s(?:or|vs\.?|versus)\s*$"));
    let either = std::cell::RefCell::new(None);
    let judged = |found: &Found<'_>| {
        *either.borrow_mut() = EITHER.find(found.before).map(|other| other.as_str().trim().to_string());
        match AFTER.is_match(found.before) {
            true => Judged::Passed,
            false if TAKES.is_match(found.behind) || AT.is_match(found.before) => Judged::Told,
            false => Judged::Taken,
        }
    };
    let mut said: Option<(String, T)> = None;
    while let Some(cut) = ways.iter().find_map(|way| rest.cut_judged(way, &BEFORE, judged)) {
        let words = cut.words.clone();
        if let Some(other) = either.take() {
            request.refused.push(Refused { words: format!("{other} {words}"), expected: ONE_OF_TWO.into() });
            continue;
        }
        let Some(value) = request.value(Some(cut), expected, &read) else { continue };
        request.refused.extend(choose(&mut said, words, value));
    }
    said.map(|(_, value)| value)
}

/// Whether it is said, in whatever ways; all are cut out.
pub(crate) fn any(rest: &mut Rest, ways: &[Regex]) -> bool {
    let mut is_said = false;
    for way in ways {
        while rest.cut(way).is_some() {
            is_said = true;
        }
    }
    is_said
}

/// The first way of saying it that is there, cut out.
pub(crate) fn first(rest: &mut Rest, ways: &[Regex]) -> Option<Cut> {
    ways.iter().find_map(|way| rest.cut(way))
}

impl Request {
    /// The value of a setting, where it was said; one that `read` does not take is refused.
    pub(in crate::intake::request) fn value<T>(
        &mut self,
        cut: Option<Cut>,
        expected: &str,
        read: impl FnOnce(&Cut) -> Option<T>,
    ) -> Option<T> {
        let cut = cut?;
        let value = read(&cut);
        if value.is_none() {
            self.refused.push(Refused { words: cut.words, expected: expected.into() });
        }
        value
    }
}

/// Reads the number, a percentage as a share, where it is within.
pub(crate) fn share(cut: &Cut, within: impl Fn(f64) -> bool) -> Option<f64> {
    let factor = if cut.is_percent() { 0.01 } else { 1.0 };
    cut.number().map(|value| value * factor).filter(|value| within(*value))
}

pub(crate) fn real(cut: &Cut, within: impl Fn(f64) -> bool) -> Option<f64> {
    cut.number().filter(|value| within(*value) && !cut.is_percent())
}

impl Cut {
    /// A whole number from `least` to `most`. `1.000` is none: to some it is one, to others a thousand.
    pub(crate) fn whole(&self, least: u64, most: u64) -> Option<u64> {
        let written = self.get("v").to_lowercase();
        if written.contains('.') && !written.contains(['k', 'e']) {
            return None;
        }
        real(self, |value| value.fract() == 0.0 && (least as f64..=most as f64).contains(&value)).map(|value| value as u64)
    }
}

fn recipe(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    amount::find_part(rest, request);
    held::settle(request);
    let [no_warmup, no_dropout, no_decay, no_smoothing, no_momentum] =
        NONE.each_ref().map(|(word, way)| if rest.says(word) { rest.cut(way).map(|_| 0.0) } else { None });
    rate::find_warmup(rest, request, no_warmup.is_some());
    static OF_PART: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?:{NOT}|\b(?:embeddings?|attention|attn|classifier|head|input|path)\s)$")));
    let cut = p.dropout.iter().find_map(|way| rest.cut_unless_after(way, &OF_PART));
    request.dropout = request.value(cut, "0 to less than 1", |cut| share(cut, |p| (0.0..1.0).contains(&p))).or(no_dropout);
    let cut = first(rest, &p.smoothing);
    // The usual value (1512.00567, section 7) where none is said.
    request.label_smoothing =
        request
            .value(cut, "0 to less than 1", |cut| {
                if cut.get("v").is_empty() { Some(0.1) } else { share(cut, |s| (0.0..1.0).contains(&s)) }
            })
            .or(no_smoothing);
    optimizer::find_values(rest, request, [no_decay, no_momentum]);
    let cut = first(rest, &p.ema);
    request.ema_decay = request.value(cut, "a decay of more than 0 and less than 1", |cut| {
        if cut.get("v").is_empty() { Some(0.999) } else { real(cut, |decay| decay > 0.0 && decay < 1.0) }
    });
    weights::find(rest, request);
    loss::find(rest, request);
    let cut = first(rest, &p.focal);
    request.focal_gamma = request.value(cut, "a gamma of more than 0 and at most 100", |cut| {
        if cut.get("v").is_empty() { Some(2.0) } else { real(cut, |gamma| gamma > 0.0 && gamma <= 100.0) }
    });
    request.balanced_sampling = first(rest, &p.balanced).is_some();
    request.weighted_by = first(rest, &p.weighted).map(|cut| cut.get("v").trim_end_matches(['.', '-']).to_string());
    // `Hidden layers 128x64` are no images.
    units::find(rest, request);
    augment::find(rest, request);
    // `Try 3 learning rates: 1e-5, 2e-5, 5e-5` says which, and no others are to be tried.
    static LISTED: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s*[:=(]\s*[0-9.]"));
    let is_open = |found: &Found<'_>| taken_if(!LISTED.is_match(found.behind));
    let cut = p.trials.iter().find_map(|way| rest.cut_as(way, is_open));
    let tried = cut.as_ref().map(|cut| cut.words.to_lowercase());
    best(rest, request);
    let is_of_rates = tried.as_ref().is_some_and(|words| words.contains("learning") || words.contains("lrs"));
    request.trials = request.value(cut, "2 to 1,000 trials", |cut| cut.whole(2, 1000).map(|trials| trials as usize));
    // `Fine-tune epochs 3` searches for nothing.
    let is_search = |found: &Found<'_>| taken_if(!found.before.trim_end_matches([' ', '-']).to_lowercase().ends_with("fine"));
    let searched = p.search.iter().find_map(|way| rest.cut_as(way, is_search));
    let of_rate = |cut: &Cut| {
        ["learning", "lr", "parameter", "hparam", "recipe", "settings"].iter().any(|word| cut.words.to_lowercase().contains(word))
    };
    if is_of_rates && request.tunes.is_empty() {
        request.tunes.push(Tuned::Rate);
    }
    request.tunes_rate = request.tunes.contains(&Tuned::Rate) || searched.as_ref().is_some_and(of_rate);
    request.search |= searched.is_some() || request.trials.is_some();
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
    request.characters = any(rest, &p.characters) || writes_letters(rest, request);
    rate::find(rest, request);
    similarity_scale(rest, request);
    request.gradient_checkpointing = any(rest, &p.recomputed);
    let cut = first(rest, &p.beams);
    request.num_beams = request.value(cut, "1 to 64 beams", |cut| cut.whole(1, 64).map(|beams| beams as usize));
}

/// Whether a model that writes is one of letters: `a character GPT`, `a GPT on characters of a.txt`. The model's own name is cut out.
fn writes_letters(rest: &mut Rest, request: &Request) -> bool {
    static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            pattern(r"\b(?:char(?:acter)?|letter)s?\s*¦"),
            pattern(r"\b(?:on|over|of|from) (?:the |single |individual )*(?:characters|letters)\b(?: (?:of|in|from)\b)?"),
        ]
    });
    let writes = |name: &str| ["gpt", "llama", "language model", "lm"].iter().any(|kind| name.to_lowercase().contains(kind));
    matches!(&request.model, Some(ModelName::Called { name }) if writes(name)) && any(rest, &*WAYS)
}

/// What cosines are multiplied by, of vectors that are trained: `scale 30`, or one over it, the temperature.
fn similarity_scale(rest: &mut Rest, request: &mut Request) {
    static WAYS: LazyLock<[Regex; 1]> = LazyLock::new(|| {
        [pattern(
            r"\b(?:(?:with |and |a |the )*(?:(?:loss|logit|cosine|similarity|cosines?)[ _])?(?P<what>scale|temperature))(?:\s?(?:=|:|of|at|is))?\s?#",
        )]
    });
    if !PATTERNS.embeddings.iter().any(|way| rest.has(way)) && !rest.says("cosent") {
        return;
    }
    let cut = first(rest, &*WAYS);
    request.similarity_scale = request.value(cut, "a scale of more than 0 and at most 1000, or a temperature", |cut| {
        let value = real(cut, |value| value > 0.0)?;
        let scale = if cut.get("what").eq_ignore_ascii_case("temperature") { 1.0 / value } else { value };
        Some((scale * 1e6).round() / 1e6).filter(|scale| *scale > 0.0 && *scale <= 1000.0)
    });
}

/// Settings whose negation is a value of theirs: warm-up, dropout, weight decay, label smoothing, momentum.
static NONE: [(&str, LazyLock<Regex>); 5] = [
    ("warm", LazyLock::new(|| crate::intake::request::pattern::without(r"warm-?\s?up"))),
    ("drop", LazyLock::new(|| crate::intake::request::pattern::without(r"drop-?out"))),
    ("decay", LazyLock::new(|| crate::intake::request::pattern::without(r"weight[- ]decay"))),
    ("smoothing", LazyLock::new(|| crate::intake::request::pattern::without(r"label[- ]smoothing"))),
    ("momentum", LazyLock::new(|| crate::intake::request::pattern::without("momentum"))),
];
