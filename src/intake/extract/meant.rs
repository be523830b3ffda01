//! Whether a number beside a setting's name is that setting of the paper's own, rather than something that only looks alike: the length
//! of a part, the rate that did not do, a count of something else.

use super::disowned::{ends_of_a_grid, is_a_score, is_before_a_pass, is_disowned, is_of_a_norm};
use super::numbers;
use crate::intake::FieldKey;
use std::ops::Range;
use std::sync::LazyLock;

/// Whether the words mean this setting of the paper's own, rather than something that only looks alike.
pub(super) fn applies(key: FieldKey, text: &str, whole: Range<usize>, value: Range<usize>) -> bool {
    static OTHER_UNIT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^\s?(?:%|k\b|steps|iterations|epochs|layers|times|days|hours|tokens|×|[- ]?fold)")
    });
    // `15% of tokens in each batch`, `8192 x 128 = 1M`, `1.6h` of sound.
    static OTHER_BATCH: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^\s?(?:%|[x×*·]\s?\d|(?:h|hours?|s|sec|seconds|min|minutes|[GM]B|m samples)\b)"));
    static FACTOR: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)(?:by|factor of|divided? (?:it )?by)\s*$"));
    let after = &text[value.end..];
    let before = &text[..whole.start];
    let inside = text[whole.start..value.start].to_lowercase();
    // Before its name a value stands at the very beginning.
    let (leads, behind) = (inside.is_empty(), &text[whole.end..]);
    if is_disowned(before, after) || ends_of_a_grid(&text[..value.start]) || leads && is_anothers(key, before, behind) {
        return false;
    }
    let is_share = matches!(key, FieldKey::Dropout | FieldKey::LoraDropout | FieldKey::LabelSmoothing | FieldKey::WeightDecay);
    if is_share && is_a_score(&inside, &text[value.clone()], after) {
        return false;
    }
    match key {
        // Where the rate is called η, α is something else; beside steps and batches of training η is the rate without its name.
        FieldKey::Lr if inside.starts_with('α') && text.contains('η') => false,
        FieldKey::Lr if inside.starts_with('η') && tells_a_run(text) && !is_sign_of_another(before) => true,
        FieldKey::Lr if inside.starts_with(['α', 'η']) && (!speaks_of_rates(text) || is_sign_of_another(before)) => false,
        FieldKey::Lr if ends_there(before, &inside) || moves_beside(&inside) => false,
        FieldKey::Lr if !inside.contains("rate") && !inside.contains("lr") && (attacks(text) || is_ratio(after)) => false,
        FieldKey::Lr if is_lowest(before) => false,
        FieldKey::Lr if leads && is_change(&text[value.clone()], behind) => false,
        FieldKey::Lr => {
            !OTHER_UNIT.is_match(after) && !FACTOR.is_match(before) && (!inside.contains("warm") || rises_to(&inside))
        }
        FieldKey::Momentum => !OTHER_UNIT.is_match(after) && !is_of_averages(before) && !(leads && is_average(behind)),
        FieldKey::WeightDecay | FieldKey::Beta1 | FieldKey::Beta2 => !OTHER_UNIT.is_match(after),
        FieldKey::Eps if is_of_a_norm(before, after) => false,
        FieldKey::Eps => numbers::parse_list(&text[value]).iter().all(|eps| *eps <= USUAL_EPS) || divides(text),
        // `10 % of dropout layers`; `50% dropout` is meant.
        FieldKey::Dropout => {
            !after.starts_with(" layers") && !is_of_adapters(before) && !is_no_share(&text[value], &inside, after)
        }
        FieldKey::Epochs | FieldKey::Steps if is_onset(before, &inside) || is_of_antecedent(&text[..value.start]) => false,
        FieldKey::Epochs if varies(before) || is_raised(before) || is_before_a_pass(before, &text[value.clone()]) => false,
        // In brackets and behind a sign only a sentence on training or on models gives its length.
        FieldKey::Epochs if inside.starts_with(['(', '=', '≈', '≃']) && !(trains(text) || text.contains("model")) => false,
        FieldKey::Epochs if is_loose(&inside) && (!trains(text) || decays_in_list(before, &inside)) => false,
        FieldKey::Epochs => {
            let is_part = inside.contains("the first") || inside.starts_with("after") && changes_then(after);
            let in_all = inside.starts_with("over") && before.to_lowercase().contains("cosine");
            !before.trim_end().ends_with("every")
                && !is_part
                && (in_all || !decays_there(before))
                && !is_other_epochs(before, after)
        }
        FieldKey::Warmup => !goes_on(&inside),
        FieldKey::Steps => {
            let is_part = inside.contains("the first") || inside.starts_with("after") && changes_then(after);
            !is_part
                && !is_other_count(before, &inside)
                && !is_of_examples(text, &value, behind)
                && !rises(before)
                && (trains(text)
                    || ["round", "max_iter"].iter().any(|word| text[whole.clone()].to_lowercase().contains(word))
                    || is_long(&text[value.clone()], text))
                && !decays_there(before)
                && !text[whole].to_lowercase().contains("warm")
        }
        FieldKey::BatchSize if is_of_inference(before, after) || varies(before) || fits_memory(before, &inside, text) => false,
        FieldKey::BatchSize if text[value.clone()] == *"1" && is_on_device(before) => false,
        // What a step takes is a batch where steps are of training: an agent, a sampler have others.
        FieldKey::BatchSize if leads && is_per_step(&text[whole.clone()]) && !(trains(text) || text.contains("optim")) => false,
        FieldKey::MaxSeqLen => !varies(before) && !is_other_length(before, &inside, after),
        FieldKey::BatchSize => {
            !after.starts_with(" GPUs")
                && (!OTHER_BATCH.is_match(after) || super::settings::times_devices(after).is_some())
                && !text[value.clone()].contains('%')
                && !text[value].ends_with('m')
        }
        FieldKey::LoraRank => {
            let is_mean = ["reciprocal", "mean", "average"].iter().any(|word| before.trim_end().ends_with(word));
            !is_mean && !text.starts_with("Figure") && (!inside.contains("rank r =") || adapts(text))
        }
        // `gradient clipping, 0.1 dropout`: the next of a list.
        FieldKey::GradClipNorm => !inside.trim_end().ends_with(','),
        _ => true,
    }
}

/// Whether a step size or an α is one of a search for inputs, a sampler or a solver: `20 iterations with a step size of 2/255`.
fn attacks(text: &str) -> bool {
    static ATTACKS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:attack\w*|adversar\w*|perturb\w*|(?-i:I?FGSM|PGD|CW)|inner (?:search|loop|maximi[sz]ation|steps?|optimi[sz]ation)|langevin|solver|ode|sampler|hmc|mcmc|euler|integrat\w+|iterations with)\b",
        )
    });
    ATTACKS.is_match(text)
}

/// `2/255`: a part of a scale that has so many steps.
fn is_ratio(after: &str) -> bool {
    static RATIO: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^\s?/\s?\d{2}"));
    RATIO.is_match(after)
}

/// `the second loss is introduced {after 160 epochs}`: when something begins, and training goes on.
fn is_onset(before: &str, inside: &str) -> bool {
    static BEGINS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:introduc|activat|enabl|start|begin|began|begun|appl(?:y|ied)|add|switch|turn|unfreez|unfroz|kick|defer|re-?weight|re-?initiali[sz]|replac|inject)\w*(?: \w+){0,2} $",
        )
    });
    (inside.starts_with("after") || inside.starts_with("at ")) && BEGINS.is_match(before)
}

/// `initialised from the model that was trained for {one epoch}`: the length of what was there before.
fn is_of_antecedent(before: &str) -> bool {
    static THAT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:from|of|with|on|using) (?:the |an? |our )?(?:[\w.-]+ ){0,4}?(?:models?|checkpoints?|networks?|weights?|encoders?|backbones?),? (?:that|which) (?:was|were|is|are|has been|had been) (?:\w+ )?(?:pre-?|re-?)?(?:trained|tuned|fine-?tuned|optimi[sz]ed)\b[^.;,]{0,20}$",
        )
    });
    THAT.is_match(before)
}

/// A number before a setting's name is another's where the name has its own (`dropout 0.1 learning rate 0.001`), and none where
/// it ends a name or a reference (`ResNet-50 batch size`, `Table 3 batch size`).
fn is_anothers(key: FieldKey, before: &str, behind: &str) -> bool {
    static HAS_ITS_OWN: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^\s?(?:(?:of|is|was|are|were|set to|=|:)\s?)*\d"));
    static REFERS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)(?:\b(?:tables?|tab\.|figures?|fig\.|sections?|sec\.|appendix|equations?|eq\.|algorithm|lines?|rows?|columns?|steps?|phase|stage|version)\s?|[\w-])$",
        )
    });
    let by_name =
        matches!(key, FieldKey::Lr | FieldKey::Momentum | FieldKey::WeightDecay | FieldKey::BatchSize | FieldKey::Dropout);
    by_name && (HAS_ITS_OWN.is_match(behind) || REFERS.is_match(before))
}

/// `0.1 learning rate decay` is how it changes, `3 learning rates` how many there are.
fn is_change(written: &str, behind: &str) -> bool {
    static CHANGE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^[-_ ](?:decay|reduction|drop|decrease|multiplier|factor|scal(?:e|ing))\b"));
    let is_count = !written.contains('.') && numbers::parse_list(written).iter().all(|rate| *rate >= 1.0);
    is_count || CHANGE.is_match(behind)
}

/// `the rate is constant and the weight decay rises from`: what moves is told beside the rate.
fn moves_beside(inside: &str) -> bool {
    static ANOTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"\b(?:weight[-_ ]decay|momentum|drop-?out|temperature|loss|penalty|noise)\b|[βλ]")
    });
    static FROM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\bfrom (?:an? )?(?:(?:initial|peak|maximum|base|starting) )?(?:(?:value|learning[- ]rate|lr) )?(?:of )?(?:\S*\d\S* to )?$",
        )
    });
    FROM.is_match(inside) && ANOTHER.is_match(inside)
}

/// `0.999 momentum encoder`: how slowly a copy of the weights follows.
fn is_average(behind: &str) -> bool {
    static AVERAGE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^[- ](?:encod|updat|teach|averag|contrast|target|network|branch|queue|statistic|distill)")
    });
    AVERAGE.is_match(behind)
}

/// `50 dropout masks` are so many, for a share of 1 and more is a percentage; `dropout is used and the learning rate is 0.1`
/// gives another's.
fn is_no_share(written: &str, inside: &str, after: &str) -> bool {
    static RATE_OF_ANOTHER: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"\b(?:learning|drop-?path|depth|smoothing|decay|warm)"));
    let percent = written.contains('%') || after.trim_start().starts_with('%');
    let counts = !percent && numbers::parse_list(written).iter().any(|share| *share >= 1.0);
    counts || RATE_OF_ANOTHER.is_match(inside)
}

/// Whether between the words on a warm-up and its length something else has begun: `warm-up followed by cosine decay over`.
fn goes_on(inside: &str) -> bool {
    static RISES: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"warm|ramp|increas|\bris|\brais|grow"));
    static ELSE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:(?:pre-?)?train(?:ed|s)?|(?:fine-?)?tun(?:e|ed|es)|decay\w*|anneal\w*|cosine|run|ran|then|followed by|batch)\b",
        )
    });
    let from = RISES.find(inside).map_or(0, |rise| rise.start());
    ELSE.is_match(&inside[from..])
}

/// What is no length of a text in tokens: the sides of an image, seconds, how much data there is.
fn is_other_length(before: &str, inside: &str, after: &str) -> bool {
    static UNIT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\s?(?:[×x*∗]\s?\d|%|(?:px|pixels?|images?|examples?|samples?|sentences?|documents?|pairs|points|s|secs?|seconds?|ms|milliseconds?|min|minutes?|hours?|frames?|char\w*|[GM]B)\b)",
        )
    });
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:corpus|corpora|data ?sets?|data|vocabular(?:y|ies)|training set|budget)\b")
    });
    static DATA_IS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:corpus|corpora|data ?sets?|data|vocabular(?:y|ies)|set) (?:is|are|was|were) $")
    });
    // The size of an input is that of an image unless it is said otherwise.
    let of_images = inside.contains("input size") || inside.contains("input_size");
    UNIT.is_match(after)
        || DATA.is_match(inside)
        || DATA_IS.is_match(before)
        || of_images && !after.trim_start().to_lowercase().starts_with("token")
}

/// Whether what stands between the words around it is of the model in use, not in training: `latency on CPU with a batch size of 1`.
pub(super) fn is_of_inference(before: &str, after: &str) -> bool {
    static USES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:inference|latenc(?:y|ies)|throughput|test[- ]time|(?:measur|benchmark)\w* (?:[\w+-]+ ){0,4}(?:times?|speeds?)|(?:for|during|when|in|at) (?:the )?(?:\w+ )?(?:decoding|evaluation|testing|generation|serving|deployment)|(?:evaluat|decod)\w+ with|(?:decoding|generation|evaluation) (?:takes|took|requires|is done|uses|used))\b",
        )
    });
    static TRAINS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:pre-?)?train(?:s|ed|ing)?|(?:fine-?)?tun(?:e|ed|ing)|optimi[sz]\w+|learning[- ]rate)\b",
        )
    });
    static USED_FOR: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\s?(?:\w+ )?(?:for|at|during|in) (?:the )?(?:(?:batched|greedy|final|online) )?(?:inference|test(?:ing)?(?:[- ]time)?|decoding|evaluation|generation|serving)\b",
        )
    });
    let clause = before.rsplit(';').next().unwrap_or_default();
    let last = |pattern: &regex::Regex| pattern.find_iter(clause).last().map(|found| found.start());
    let in_use = last(&USES).is_some_and(|used| last(&TRAINS).is_none_or(|trained| trained < used));
    in_use || USED_FOR.is_match(after)
}

/// `the maximum batch size {for our models is around 220}`: what a memory holds.
fn fits_memory(before: &str, inside: &str, text: &str) -> bool {
    let is_most = ["maximum ", "maximal ", "largest possible ", "max "].iter().any(|word| before.to_lowercase().ends_with(word));
    is_most && (inside.contains("around") || text.contains("memory") || text.contains(" fit"))
}

/// `measured on a GPU with batch size 1`: one at a time is how speed is measured.
fn is_on_device(before: &str) -> bool {
    static ON: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\bon (?:an? |the |one )?(?:[\w-]+ )?(?:GPU|CPU)s? (?:with|at|using) (?:an? )?$")
    });
    ON.is_match(before)
}

/// `We vary the batch size from 32 to 512`.
fn varies(before: &str) -> bool {
    static VARIES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:var(?:y|ies|ied|ying)|sweep\w*|swept|rang(?:e|es|ed|ing)) (?:over )?(?:the |our )?(?:number of )?(?:\w+ )?$",
        )
    });
    // `a sweep with batch sizes in` tells what was swept.
    VARIES.is_match(before) && !before.ends_with(" with ")
}

/// The momentum of running averages (batch normalisation, a teacher's weights) is none of the optimiser.
fn is_of_averages(before: &str) -> bool {
    static AVERAGES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:batch[- ]?norm\w*|BN)(?:'s)?(?: layers?)?(?: statistics)?[- ](?:(?:with|uses?|using|has|have) (?:an? )?)?|(?:EMA|moving[- ]averages?|teacher|target(?: network)?|encoder|running (?:means?|statistics|averages?))(?:'s)?[- ])$",
        )
    });
    AVERAGES.is_match(before)
}

/// Larger ones are rare enough that the sentence has to speak of an optimiser that has one.
const USUAL_EPS: f64 = 1e-2;

/// Whether a sentence speaks of an optimiser that divides by a root plus ε, and of nothing else that is called so.
fn divides(text: &str) -> bool {
    static DIVIDES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:rms-?prop|adam\w?|adamax|adagrad|adadelta|adafactor|adabelief|lamb|nadam)\b")
    });
    static OTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:greedy|smooth\w*|adversar\w*|perturb\w*|priva\w*|attack\w*|explor\w*|ball)\b")
    });
    DIVIDES.is_match(text) && !OTHER.is_match(text)
}

/// `After 5 epochs, we begun halving the learning rate`: something changes then, and training goes on.
fn changes_then(after: &str) -> bool {
    static CHANGES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\s?(?:training |full )?(?:epochs?|steps|iterations|updates)?,?[^.;]{0,50}?\b(?:halv|decay|decreas|reduc|lower|drop|divid|multipl|anneal|switch|unfreez|unfroz|increas|rais|start|begin|begun|began)",
        )
    });
    CHANGES.is_match(after)
}

/// `32 sequences per step`, with nothing that says of what.
fn is_per_step(whole: &str) -> bool {
    [" per step", " per update"].iter().any(|per| whole.contains(per))
}

/// Whether `and 50 epochs`, `, 50 epochs`, `use 50 epochs` is all that says what the epochs are of.
fn is_loose(inside: &str) -> bool {
    const WORDS: [&str; 12] = [",", "and", "with", "us", "run", "ran", "set", "tak", "requir", "perform", "need", "took"];
    !inside.contains("epoch") && WORDS.iter().any(|word| inside.starts_with(word))
}

/// `decayed at 60, 75 {and 90 epochs}`: the last of a list of turns.
fn decays_in_list(before: &str, inside: &str) -> bool {
    let joins = inside.starts_with([',', 'a']);
    static TURNS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:at|after|every|epochs?) (?:the )?(?:\d+(?:st|nd|rd|th)?,? ?)+$"));
    let clause = before.split(". ").last().and_then(|clause| clause.rsplit(';').next()).unwrap_or_default();
    let follows_number = before.trim_end().trim_end_matches(',').ends_with(|c: char| c.is_ascii_digit() || c == '%');
    joins && follows_number && (TURNS.is_match(before) || decays_there(&clause.replace([',', '.'], " ")))
}

/// `we train for 5k steps with η = 0.1 and a batch size of 8`.
fn tells_a_run(text: &str) -> bool {
    static RUN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\btrain(?:s|ed|ing)?\b.*\b(?:batch(?:es)?|mini-?batch(?:es)?)[- ](?:size )?of \d")
    });
    RUN.is_match(text)
}

/// `momentum coefficient α`, `loss weight η`: the sign's name stands before it.
fn is_sign_of_another(before: &str) -> bool {
    static NAME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:coefficient|momentum|factor|parameter|weight|weighting|probability|ratio|threshold|level|exponent|strength|rank|scal\w+|noise|margin|penalty|temperature)s?[ (]+$",
        )
    });
    NAME.is_match(before)
}

/// `α` is a learning rate beside words on learning rates, optimisers or their other constants; else a penalty, a weight, a rank.
fn speaks_of_rates(text: &str) -> bool {
    static RATES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:learning[- ]rates?|step[- ]?sizes?|optimi[sz](?:er|ers|ation)|gradient descent|adam\w?|sgd|adagrad|rmsprop|momentum)\b|β[₁₂12]|\bbeta_?[12]",
        )
    });
    static OTHER: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:penalty|beam|lora|rank|significance|smoothing|temperature)\b"));
    RATES.is_match(text) && !OTHER.is_match(text)
}

/// Whether a sentence speaks of training: iterations of a proof or steps of an agent are no length.
fn trains(text: &str) -> bool {
    static TRAINS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:pre-?)?train\w*|(?:fine-?)?tun(?:e|ed|ing)|optimi[sz]\w*|learning[- ]rate|batch\w*|lr|warm\w*)\b",
        )
    });
    TRAINS.is_match(text)
}

/// So many steps are of training unless something else is told of that takes many: a chain, a game, a simulation.
fn is_long(written: &str, text: &str) -> bool {
    static ELSE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:mcmc|markov|chains?|burn-?in|simulat\w*|environment|episodes?|frames?|solver|diffusion|denois\w*|time-?steps?)\b",
        )
    });
    numbers::parse_list(written).iter().all(|count| *count >= MANY_STEPS) && !ELSE.is_match(text)
}

/// Nothing but training takes as many steps, where nothing else is said.
const MANY_STEPS: f64 = 1e4;

/// Whether a sentence speaks of adapters that are put into a model, rather than of ranks.
fn adapts(text: &str) -> bool {
    static ADAPTS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:we|our)\b(?:[^.;]|\.\d|\bal\.)*\b(?:us(?:e|ing)|set|insert|add|apply|train|employ|fix|(?:fine-?)?tune|adapt)\w*\b(?:[^.;]|\.\d|\bal\.)*\b(?:lora|adapters?|low-rank)\b",
            r"|\b(?:lora|adapters?)\b[^.;]{0,40}\b(?:is|are|was|were) (?:\w+ )?(?:applied|inserted|added|used|trained|configured|set)\b",
            r"|\b(?:with|using|via|by) (?:q|do|ada)?lora\b(?: \([^()]{1,40}\)| \[[^\[\]]{1,20}\])?,? (?:with |of |\()(?:an? )?rank\b"
        ))
    });
    ADAPTS.is_match(text)
}

/// `we finally decay the learning rate to`: what it ends with.
fn ends_there(before: &str, inside: &str) -> bool {
    static FALLS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:decay|anneal|decreas|reduc|lower|drop)\w* (?:the |our |its )?$"));
    FALLS.is_match(before) && inside.ends_with(" to ") && !inside.contains(" from ")
}

/// `and a minimum learning rate of`: where a schedule ends.
fn is_lowest(before: &str) -> bool {
    ["minimum ", "minimal ", "min ", "min. "].iter().any(|least| before.ends_with(least))
}

/// `LoRA dropout`, `LoRA with rank 8, α 16 and a dropout of`.
fn is_of_adapters(before: &str) -> bool {
    static ADAPTER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)(?:\b\w*LoRA(?:'s)?[-_ ]|\b\w*LoRA\b(?:[^.;]|\bal\.){0,90}?\b(?:[Rr]ank|r|α|alpha)\b[^.;]{0,60})$",
        )
    });
    ADAPTER.is_match(before)
}

/// `warms up from 0 to`: the rate that follows is the highest.
fn rises_to(inside: &str) -> bool {
    let inside = inside.trim_end();
    [" to", " of", " value", "maintained at", "kept at", "held at"].iter().any(|end| inside.ends_with(end))
}

/// Epochs of a search, of a warm-up, of waiting for something better, or of others, are not the length of training.
fn is_other_epochs(before: &str, after: &str) -> bool {
    static OF: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\s?(?:epochs?)?\s?(?:(?:per|for each) (?:combination|trial|configuration|setting)|(?:of|as|for) (?:(?:an?|the|linear|gradual|initial|learning[- ]rate|lr) )*warm|without|with no|later|earlier|before|(?:more|fewer|less|faster) |of (?:patience|waiting|no improvement)|patience|in a row)",
        )
    });
    static THAN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:than|compared (?:to|with)|vs\.?|versus|unlike) (?:(?:the|a|an|their|its|usual|standard|original|common|default) )*$",
        )
    });
    let before = before.to_lowercase();
    let clause = last_part(before.rsplit([',', ';', '(', ')']).next().unwrap_or_default());
    let waits =
        ["improv", "patience", "plateau", "early stop", "warm", "every", "last "].iter().any(|word| clause.contains(word));
    waits || OF.is_match(after) || THAN.is_match(&before)
}

/// The part of a clause behind what was said to come before it: `warm-up followed by {cosine decay over}`.
fn last_part(clause: &str) -> &str {
    static TURN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:followed by|then|and (?:(?:then|we|is|are|was|were|an?|the|our|all|models?) )*(?:(?:pre-?)?train|(?:fine-?)?tun|runs?\b|ran\b|cosine|(?:linear(?:ly)? )?(?:decay|anneal)|polynomial|inverse|continu|at most|up to|max))",
        )
    });
    TURN.find_iter(clause).last().map_or(clause, |turn| &clause[turn.end()..])
}

/// Steps at which something happens are not the length of training: `the training loss every {100} steps`.
fn is_other_count(before: &str, inside: &str) -> bool {
    static EACH: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\b(?:every|each)\s(?:\w+\s)?$"));
    static HAPPENS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:every|each|last|per)\s$|evaluat|validat|sampl|denois|\b(?:log|sav)(?:e?s|e|g?ed|g?ing)?\b|checkpoint",
        )
    });
    let before = before.to_lowercase();
    let clause = last_part(before.rsplit([',', ';', '(']).next().unwrap_or_default());
    let otherwise = ["warm", "first", "evaluat", "checkpoint", "average", "improv", "patience", "accumul", "interval"];
    otherwise.iter().any(|word| clause.contains(word)) || EACH.is_match(clause) || HAPPENS.is_match(inside)
}

/// Steps within a game, a window, a chain of noise or the search for one input are not those of training.
fn is_of_examples(text: &str, value: &Range<usize>, behind: &str) -> bool {
    static PARTS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:episodes?|horizons?|rollouts?|trajector(?:y|ies)|windows?|sequences?|chunks?)(?: lengths?)? (?:of|with|are|is|take|lasting) (?:up to |at most )?$",
        )
    });
    static WITHIN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:diffusion|denois\w*|adversar\w*|attacks?|inner|PGD|per image|each image|perturb\w*)\b")
    });
    static OF: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^ (?:per |each |(?:of|to|for) (?:\w+ ){0,3}?(?:adversar|attack|perturb|diffusion|denois|each image|each example))",
        )
    });
    let before = &text[..value.start];
    let clause = before.rsplit(['.', ';', ',', '(']).next().unwrap_or_default();
    // A model of noise is trained `for` its steps, and has others.
    let is_trained = clause.trim_end().to_lowercase().ends_with(" for");
    let is_short = numbers::parse_list(&text[value.clone()]).iter().all(|count| *count < MANY_STEPS);
    PARTS.is_match(before) || OF.is_match(behind) || is_short && !is_trained && WITHIN.is_match(clause)
}

/// `The learning rate increases linearly for {4,000} steps`.
fn rises(before: &str) -> bool {
    static RISES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:rates?|lr)\b[^.;,]{0,40}\b(?:increas|ramp|ris|rais|grow)\w*[^.;,]{0,30}$")
    });
    RISES.is_match(before) || is_raised(before)
}

/// `We increase the learning rate linearly over {5} epochs`, and nothing else is told between.
fn is_raised(before: &str) -> bool {
    static RAISED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:(?:increas|ramp|rais|grow)\w*(?: up)?(?: linearly| gradually)? (?:the |our )?(?:learning[-_ ]rates?|lr)",
            r"|(?:learning[-_ ]rates?|lr) (?:(?:is|are|was|were|then|first|linearly|gradually) )*(?:increas|ramp|ris|rais|grow)\w*)",
            r"(?: (?:linearly|gradually|up|from|to|its|the|an?|peak|maximum|value|of|\S*\d\S*))*\s?$"
        ))
    });
    RAISED.is_match(before)
}

/// `divide it by 10 at {32k and 48k} iterations`.
fn decays_there(before: &str) -> bool {
    let before = before.to_lowercase();
    let clause = before.rsplit([';', '.']).next().unwrap_or_default();
    let clause = clause.rsplit_once(" and terminate").map_or(clause, |(_, rest)| rest);
    let clause = clause.rsplit(',').next().unwrap_or_default();
    let clause = clause.rsplit(" and train").next().unwrap_or_default();
    let clause =
        ["weight decay", "dropout", "drop-out"].iter().fold(clause.to_string(), |clause, other| clause.replace(other, ""));
    [
        "divide",
        "dividing",
        "decay",
        "drop",
        "reduc",
        "lowered",
        "lowering",
        "lower it",
        "lower the",
        "multiplied",
        "multiply",
        "anneal",
        "decreas",
        "halv",
    ]
    .iter()
    .any(|word| clause.contains(word))
}
