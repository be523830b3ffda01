//! What is not to be done: where the planner can leave it out, a negation is a wish as good as any.

use crate::intake::ScheduleShape;
use crate::intake::request::pattern::{pattern, without};
use crate::intake::request::rest::Rest;
use crate::intake::request::{Refused, Request};
use crate::spec::Augment;
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::{LazyLock, OnceLock};

/// What is not to be done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Without {
    /// All weights are trained.
    Adapter,
    /// Any change of images.
    Augmentation,
    /// One kind of it, whatever its values.
    Change {
        augment: Augment,
    },
    EarlyStopping,
    ClassWeights,
    BalancedSampling,
    FocalLoss,
    /// A running mean of the weights.
    Ema,
    /// Of gradients.
    Clipping,
    /// Further recipes.
    Search,
    /// Some of the weights stay as they are.
    Freezing,
}

/// A way of saying so: its pattern is made where one of its words is there.
struct Way {
    what: Without,
    words: &'static [&'static str],
    name: &'static str,
    pattern: OnceLock<Regex>,
}

static WAYS: LazyLock<Vec<Way>> = LazyLock::new(|| {
    let way = |what, words, name| Way { what, words, name, pattern: OnceLock::new() };
    let changes = super::augment::AUGMENTATIONS
        .iter()
        .map(|(augment, name)| way(Without::Change { augment: *augment }, super::augment::words_of(augment), name));
    // By themselves they say enough where they are not wanted.
    let bare = [
        way(Without::Change { augment: Augment::PadCrop { padding: 4 } }, &["crop"], r"(?:random )?crop(?:s|ping)?"),
        way(Without::Change { augment: Augment::HorizontalFlip }, &["flip"], r"(?:random )?flip(?:s|ping)?"),
    ];
    let others = [
        way(
            Without::Adapter,
            &["lora", "dora", "peft", "adapter"],
            r"(?:(?:(?:q-?|rs-?)?lora|dora|peft)(?: adapters?)?|(?:low[- ]rank )?adapters?)",
        ),
        way(Without::Augmentation, &["aug"], r"(?:(?:data|image) )?aug(?:mentations?|s)?"),
        way(Without::EarlyStopping, &["stop"], r"(?:early[- ]stop(?:ping|ped)?|stop(?:ping)? early)"),
        way(
            Without::ClassWeights,
            &["class", "weighted"],
            r"(?:(?:balanced )?class[- ](?:weights|weighting|balancing)|weights (?:for|of|on) (?:the )?(?:rare |rarer |minority |small |smaller )?class(?:es)?|weighted loss)",
        ),
        way(Without::BalancedSampling, &["sampling"], r"(?:(?:class-)?balanced sampling|(?:over|up)-?sampling)"),
        way(Without::FocalLoss, &["focal"], r"focal loss"),
        way(Without::Ema, &["ema", "average"], r"(?:(?:weight )?ema|(?:moving|running) averages?(?: of (?:the )?weights)?)"),
        way(Without::Clipping, &["clip"], r"(?:(?:gradients?|grad)[- ])?(?:norms? )?clip(?:ping|ped)?"),
        way(
            Without::Search,
            &["search", "tuning", "optimi", "sweep"],
            r"(?:(?:hyper-?\s?parameters?|hparams?|recipe|learning[- ]rate|lr)[- ](?:search|tuning|optimi[sz]ation|sweeps?))",
        ),
        way(
            Without::Freezing,
            &["frozen", "freez"],
            r"(?:(?:frozen|freez(?:e|ing)(?: of)?)(?: (?:the|any|layers?|weights|encoder|backbone|body|parts?))*)",
        ),
    ];
    changes.chain(bare).chain(others).collect()
});

/// `full fine-tuning`: what an adapter is not.
static WHOLE: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        pattern(
            r"\bfull(?:[- ](?:parameter|model|weight)s?)?[- ]fine-?\s?tun(?:e|ing)\b|\bfull[- ]ft\b|\bfully fine-?tun(?:e|ed|ing)\b",
        ),
        pattern(
            r"\b(?:train|training|tune|tuning|fine-?tune|fine-?tuning|update|updating) (?:all(?: of)?|every one of) (?:the |its )?(?:model's )?(?:weights|parameters|layers)\b",
        ),
        pattern(
            r"\ball (?:of )?(?:the |its )?(?:model's )?(?:weights|parameters)(?: are)?(?: (?:to be )?(?:trained|trainable|tuned|fine-?tuned|updated))?\b|\b(?:train|tune|fine-?tune) the (?:whole|entire|full) (?:model|network)\b",
        ),
    ]
});

/// A schedule that is none.
static NO_SCHEDULE: LazyLock<Regex> =
    LazyLock::new(|| without(r"(?:(?:learning[ -]rate|lr) )?(?:schedules?|schedulers?|(?:learning[ -]rate|lr)[ -]decay)"));

/// The machine has none to train on, and nothing is sent anywhere unless `tallow push` is told to: nothing comes of it.
static NO_GPU: LazyLock<Regex> = LazyLock::new(|| without(r"(?:gpus?|cuda|accelerators?|uploads?(?: to (?:the )?hub)?)"));

/// Before what is wished: frozen parts are cut out already.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let says = |rest: &Rest, words: &[&str]| words.iter().any(|word| rest.says(word));
    for Way { what, words, name, pattern } in WAYS.iter() {
        while says(rest, words) && rest.cut(pattern.get_or_init(|| without(name))).is_some() {
            if !request.without.contains(what) {
                request.without.push(*what);
            }
        }
    }
    for way in WHOLE.iter() {
        while rest.cut(way).is_some() {
            if !request.without.contains(&Without::Adapter) {
                request.without.push(Without::Adapter);
            }
        }
    }
    if says(rest, &["schedule", "decay"]) && rest.cut(&NO_SCHEDULE).is_some() {
        request.schedule = Some(ScheduleShape::Constant);
    }
    while says(rest, &["gpu", "cuda", "accelerator", "upload"]) && rest.cut(&NO_GPU).is_some() {}
}

/// What is asked for and not to be done at once is one of the two.
pub(crate) fn settle(request: &mut Request) {
    let both: Vec<&Without> = request.without.iter().filter(|what| what.is_asked(request)).collect();
    let refused: Vec<Refused> = both
        .into_iter()
        .map(|what| Refused { words: format!("{} and none", what.in_words()), expected: super::ONE_OF_TWO.into() })
        .collect();
    request.refused.extend(refused);
}

impl Without {
    /// Whether a request asks for it.
    pub(crate) fn is_asked(&self, r: &Request) -> bool {
        match self {
            Without::Adapter => r.adapter.is_some(),
            Without::Augmentation => !r.augment.is_empty(),
            Without::Change { augment } => r.augment.iter().any(|own| own.is_like(augment)),
            Without::EarlyStopping => r.patience.is_some(),
            Without::ClassWeights => r.class_weights || r.given_weights.is_some(),
            Without::BalancedSampling => r.balanced_sampling,
            Without::FocalLoss => r.focal_gamma.is_some(),
            Without::Ema => r.ema_decay.is_some(),
            Without::Clipping => r.grad_clip_norm.is_some() || r.grad_clip_value.is_some(),
            Without::Search => r.search,
            Without::Freezing => r.frozen.is_some(),
        }
    }

    /// Whether this change of images is none that is wanted.
    pub fn takes_out(&self, augment: &Augment) -> bool {
        match self {
            Without::Augmentation => true,
            Without::Change { augment: unwanted } => unwanted.is_like(augment),
            Without::Adapter
            | Without::EarlyStopping
            | Without::ClassWeights
            | Without::BalancedSampling
            | Without::FocalLoss
            | Without::Ema
            | Without::Clipping
            | Without::Search
            | Without::Freezing => false,
        }
    }

    /// Takes it out of a request.
    pub(crate) fn clear(&self, r: &mut Request) {
        match self {
            Without::Adapter => {
                r.adapter = None;
                r.adapter_targets.clear();
            }
            Without::Augmentation => r.augment.clear(),
            Without::Change { augment } => r.augment.retain(|own| !own.is_like(augment)),
            Without::EarlyStopping => r.patience = None,
            Without::ClassWeights => (r.class_weights, r.given_weights) = (false, None),
            Without::BalancedSampling => r.balanced_sampling = false,
            Without::FocalLoss => r.focal_gamma = None,
            Without::Ema => r.ema_decay = None,
            Without::Clipping => (r.grad_clip_norm, r.grad_clip_value) = (None, None),
            Without::Search => {
                (r.search, r.tunes_rate, r.trials) = (false, false, None);
                r.tunes.clear();
            }
            Without::Freezing => r.frozen = None,
        }
    }

    fn in_words(self) -> String {
        match self {
            Without::Adapter => "an adapter".into(),
            Without::Augmentation => "augmentation".into(),
            Without::Change { augment } => crate::words::augment(&[augment]),
            Without::EarlyStopping => "early stopping".into(),
            Without::ClassWeights => "class weights".into(),
            Without::BalancedSampling => "balanced sampling".into(),
            Without::FocalLoss => "a focal loss".into(),
            Without::Ema => "a running mean of the weights".into(),
            Without::Clipping => "clipped gradients".into(),
            Without::Search => "a search".into(),
            Without::Freezing => "frozen weights".into(),
        }
    }
}
