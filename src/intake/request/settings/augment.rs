//! What images are brought to, and how they are changed for training: `224x224`, `flips and random crops`, `mixup 0.2`.

use crate::intake::regex;
use crate::intake::request::pattern::{pattern, patterns};
use crate::intake::request::rest::{Cut, Found, Judged, Rest, taken_if};
use crate::intake::request::wording::number::number;
use crate::intake::request::{Request, Without};
use crate::spec::Augment;
use regex::Regex;
use std::sync::{LazyLock, OnceLock};

patterns! {
    size: [
        r"\b(?:resiz|rescal|down-?(?:scal|sampl)|shrink|scal)\w*(?: (?:them|it|all|images?|the|down|each))* to (?P<v>\d{2,4})\s?(?:px|pixels)?(?:\s?[x×]\s?(?P<w>\d{2,4}))?(?:\s?(?:px|pixels?)\b)?",
        r"\b(?:(?:at|of|to|size|resolution|images?|resized?|scaled?)\s?[=:]?\s?(?:to |of |at )?)?(?P<v>\d{2,4})\s?(?:px|pixels)?\s?[x×]\s?(?P<w>\d{2,4})(?:\s?(?:px|pixels?)\b)?(?: (?:images?|resolution|pixels))?",
        r"\b(?:at |of |to |size |resolution )*#\s?(?:px|pixels?)\b(?: (?:images?|resolution))?",
        r"\b(?:image|img)[ _-](?:size|resolution)~#",
        r"\bresolution~#",
    ],
}

/// Changes of images by their names, with the usual values. One of a kind that a name has several of comes after those.
pub(crate) static AUGMENTATIONS: LazyLock<Vec<(Augment, &str)>> = LazyLock::new(|| {
    let (brightness, contrast, saturation, hue) = (0.4, 0.4, 0.4, 0.1);
    vec![
        (Augment::Mixup { alpha: 0.2 }, r"(?:mix-?up)"),
        (Augment::Cutmix { alpha: 1.0 }, r"(?:cut-?mix)"),
        (Augment::RandAugment { ops: 2, magnitude: 9 }, r"(?:rand-?\s?augment(?:ation)?)"),
        (Augment::RandomErasing { p: 0.5, min_area: 0.02, max_area: 0.33, max_ratio: 3.3 }, r"(?:random[- ]erasing)"),
        (Augment::ColorJitter { brightness, contrast, saturation, hue }, r"(?:colou?r[- ]jitter(?:ing)?)"),
        (
            Augment::RandomResizedCrop { min_area: 0.08, max_area: 1.0, max_ratio: 4.0 / 3.0 },
            r"(?:random[- ]resized[- ]crop(?:s|ping)?)",
        ),
        (
            Augment::Rotation { degrees: 15.0 },
            r"(?:(?:random(?:ly)?[- ])?rotat(?:ions?|e|ed|ing)(?: (?:randomly|by|them|it|each|all|the|images?|pictures?|photos))*)",
        ),
        (Augment::PadCrop { padding: 4 }, r"(?:(?:random(?:ly)?[- ]|padded |pad(?:ding)? (?:and|\+|\x26) )crop(?:s|ping|ped)?)"),
        (
            Augment::HorizontalFlip,
            r"(?:(?:random(?:ly)?[- ])?(?:horizontal(?:ly)?|left[- ]right|lr|mirror|h)[- ]?flip(?:s|ping|ped)?|random(?:ly)?[- ]flip(?:s|ping|ped)?)",
        ),
    ]
});

/// Words of which each of its names has one.
pub(crate) fn words_of(augment: &Augment) -> &'static [&'static str] {
    match augment {
        Augment::Mixup { .. } | Augment::Cutmix { .. } => &["mix"],
        Augment::RandAugment { .. } => &["rand"],
        Augment::RandomErasing { .. } => &["erasing"],
        Augment::ColorJitter { .. } => &["jitter"],
        Augment::RandomResizedCrop { .. } | Augment::PadCrop { .. } => &["crop"],
        Augment::Rotation { .. } => &["rotat"],
        Augment::HorizontalFlip => &["flip"],
    }
}

/// Height and width that images are brought to.
fn size(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    static PATCH: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [regex(r"(?i)\bpatch(?:es)?(?: tokens)?(?:[ _-]size)?(?: of)?\s*$"), regex(r"(?i)^[ -](?:pixel )?patch")]
    });
    let is_whole = |found: &Found<'_>| {
        taken_if(!found.cut.is_percent() && !PATCH[0].is_match(found.before) && !PATCH[1].is_match(found.behind))
    };
    // `Image 32, patch 4`: a key and its value, and nothing more.
    static BARE: LazyLock<Regex> = LazyLock::new(|| pattern(r"[,;:(¦]\s*(?:image|img|images|input)\s?[=:]?\s?#"));
    let is_all = |found: &Found<'_>| {
        let behind = found.behind.trim_start();
        taken_if(behind.is_empty() || behind.starts_with([',', ';', '.', ')', '¦']))
    };
    let cut = p.size.iter().find_map(|way| rest.cut_as(way, is_whole)).or_else(|| rest.cut_as(&BARE, is_all));
    // Of what they are and what they become it is the latter.
    if cut.is_some() {
        p.size.iter().for_each(|way| rest.tell(way));
    }
    request.image_size = request.value(cut, "a size of 8 to 4096 pixels", |cut| {
        let width = if cut.get("w").is_empty() { cut.number() } else { number(cut.get("w")) };
        let side = |value: f64| (value.fract() == 0.0 && (8.0..=4096.0).contains(&value)).then_some(value as usize);
        Some([side(cut.number()?)?, side(width?)?])
    });
}

/// Changes of images, with a value where one stands behind the name: `mixup 0.2`, `rotations of up to 10 degrees`.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    size(rest, request);
    only_these(rest, request);
    changes(rest, request);
    // Beside others a word is enough.
    static FLIPS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"¦\s*(?:,|and|\+|&|,\s?and)\s*(?:(?:random|horizontal) )*flip(?:s|ping)\b"));
    if !request.augment.is_empty() && rest.cut(&FLIPS).is_some() {
        request.add(Augment::HorizontalFlip);
    }
    // Those that are named elsewhere are wanted.
    if NO_OTHER.is_match(&request.text) {
        let named = request.augment.clone();
        let is_named = |what: &Without| matches!(what, Without::Change { augment } if named.iter().any(|own| std::mem::discriminant(own) == std::mem::discriminant(augment)));
        request.without.retain(|what| !is_named(what));
    }
}

/// Says before a word for changes of images that those that are named are all.
const OTHERS: &str = r"(?:no|without(?: any)?) (?:other|further|more|additional)";

/// `Rotations of 10 degrees, no other augmentation`.
static NO_OTHER: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"(?i)\b(?:(?:and|but|with)\s)?{OTHERS} (?:data )?augmentations?\b")));

/// Before what is not to be done: the changes that are made anyway are not.
pub(super) fn no_other(rest: &mut Rest, request: &mut Request) {
    if rest.says("augment") && rest.cut_plain(&NO_OTHER).is_some() {
        let usual = [Augment::PadCrop { padding: 4 }, Augment::HorizontalFlip];
        request.without.extend(usual.map(|augment| Without::Change { augment }));
    }
}

/// Those that are named, one by one.
fn changes(rest: &mut Rest, request: &mut Request) {
    named(rest, request);
    static CHANGES: LazyLock<Vec<(Augment, &str, OnceLock<Regex>)>> =
        LazyLock::new(|| AUGMENTATIONS.iter().map(|(augment, name)| (*augment, *name, OnceLock::new())).collect());
    // With its value, where one stands there.
    let with_its_value = |name: &str| {
        let value = r"(?:\s*\(?(?:with |of |at |by )?(?:up to |at most |±\s?|max(?:imum)? )?(?:(?:an? )?(?P<key>alpha|α|p|prob(?:ability)?|magnitude|padding)\s?(?:of|=|:)?\s?(?P<named>\d*\.?\d+)|(?P<share>0?\.\d+|1\.0)|(?P<angle>\d+)\s?(?:degrees?|deg\b\.?|°))\)?)?";
        pattern(&format!(r"\b{name}(?:\b|$){value}"))
    };
    // Each by itself is an ordinary word.
    static BOTH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:(?:random(?:ly)? )?crop(?:s|ping|ped)?(?:\s?\(?(?:with |of )?padding(?: of)?\s?=?\s?(?P<pad>\d{1,2})\)?)?(?:,? (?:and|or|then|with|\+|\x26)|,|/|\s?\+) ?(?:(?:random|horizontal(?:ly)?) )*flip(?:s|ping|ped)?|(?:(?:random|horizontal(?:ly)?) )*flip(?:s|ping|ped)?(?:,? (?:and|or|then|with|\+|\x26)|,|/|\s?\+) ?(?:(?:random|padded) )*crop(?:s|ping|ped)?)\b",
        )
    });
    // `They are already cropped and flipped`, `crop and flip make no sense`.
    static AS_THEY_ARE: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(r"(?i)\b(?:are|is|were|was|been)(?: already)?\s*$"),
            regex(r"(?i)^\s(?:make|makes|columns?|are not|is not|hurts?)\b"),
        ]
    });
    let is_wish = |found: &Found<'_>| taken_if(!AS_THEY_ARE[0].is_match(found.before) && !AS_THEY_ARE[1].is_match(found.behind));
    if let Some(cut) = rest.cut_as(&BOTH, is_wish) {
        let padding = cut.get("pad").parse().ok().filter(|padding| (1..=64).contains(padding)).unwrap_or(4);
        [Augment::PadCrop { padding }, Augment::HorizontalFlip].into_iter().for_each(|augment| request.add(augment));
    }
    for (augment, name, way) in CHANGES.iter() {
        if !words_of(augment).iter().any(|word| rest.says(word)) {
            continue;
        }
        let way = way.get_or_init(|| with_its_value(name));
        // How often it is made is a value of few.
        let has_share = matches!(augment, Augment::RandomErasing { .. } | Augment::HorizontalFlip);
        let judged = |found: &Found<'_>| match is_wish(found) {
            // By itself it is an ordinary word, and images may be rotated as they are.
            Judged::Taken if matches!(augment, Augment::Rotation { .. }) && !is_random_turn(found.cut) => Judged::Passed,
            Judged::Taken if found.cut.get("key").starts_with(['p', 'P']) && !has_share && !is_padding(found.cut) => Judged::Told,
            judged => judged,
        };
        let Some(cut) = rest.cut_as(way, judged) else { continue };
        let said = ["named", "share", "angle"].map(|name| cut.get(name).to_string());
        let given = said.iter().find_map(|text| number(text).filter(|_| !text.is_empty()));
        let expected = "a value that such a change of images can have";
        let key = cut.get("key").to_lowercase();
        let is_key = |name: &str| key == name;
        let augment =
            request.value(Some(cut), expected, |_| given.map_or(Some(*augment), |given| with_value(*augment, given, is_key)));
        if let Some(augment) = augment {
            request.add(augment);
        }
    }
}

/// `Flips only`, `augmentation: just horizontal flips`: what is usual besides is left out. Crops are what grows on fields, too.
fn only_these(rest: &mut Rest, request: &mut Request) {
    static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let kind = r"(?:random(?:ly)?|horizontal(?:ly)?|left[- ]right|padded|small|slight)";
        let flip = format!(r"(?:{kind}[- ])*(?:flips|flipping|mirroring)");
        let one = format!(r"(?:{flip}|(?:{kind}[- ])+(?:flips?|crops?|cropping|rotations?))");
        let list = format!(r"(?P<list>{one}(?:(?:\s?[,/+]\s?(?:and\s)?|\sand\s){one})*)");
        let before = r"(?:\b(?:data )?augment(?:ation)?s?(?:\s?[:=]|\s(?:with|by|is|are))*\s*)?";
        let behind = r"(?:\s(?:augmentations?|(?:as|for) (?:the |data )?augmentations?))?";
        [
            pattern(&format!(
                r"{before}\b(?:only|just|nothing but|nothing except|no augmentation but|no augmentations? (?:except|besides|other than))\s(?:(?:use|with|do)\s)?{list}\b{behind}"
            )),
            pattern(&format!(
                r"{before}(?:\b(?:use|with|do)\s)?\b{list}\s(?:augmentations?\s)?(?:only|alone|,? ?and nothing else|,? ?(?:and |but )?{OTHERS} (?:augmentations?|changes?|transforms?|transformations?))\b{behind}"
            )),
        ]
    });
    static AS_THEY_ARE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:are|is|were|was|been|not)(?: already)?\s*$"));
    if !["flip", "mirror", "crop", "rotation"].iter().any(|word| rest.says(word)) {
        return;
    }
    let is_wish = |found: &Found<'_>| taken_if(!AS_THEY_ARE.is_match(found.before));
    let Some(cut) = WAYS.iter().find_map(|way| rest.cut_as(way, is_wish)) else { return };
    let list = cut.get("list").to_lowercase();
    let kinds = [
        (["crop", "crop"], Augment::PadCrop { padding: 4 }),
        (["flip", "mirror"], Augment::HorizontalFlip),
        (["rotat", "rotat"], Augment::Rotation { degrees: 15.0 }),
    ];
    for (words, augment) in kinds {
        let is_one = words.iter().any(|word| list.contains(word));
        let unwanted = Without::Change { augment };
        match is_one {
            true => request.add(augment),
            false if !request.without.contains(&unwanted) => request.without.push(unwanted),
            false => {}
        }
    }
}

/// Whether a turn is one of chance, or has an angle.
fn is_random_turn(cut: &Cut) -> bool {
    cut.words.to_lowercase().contains("random") || !cut.get("angle").is_empty()
}

fn is_padding(cut: &Cut) -> bool {
    cut.get("key").eq_ignore_ascii_case("padding")
}

/// `Augment with flips, crops and rotations`: beside that word ordinary ones are names.
fn named(rest: &mut Rest, request: &mut Request) {
    static LIST: LazyLock<Regex> = LazyLock::new(|| {
        let one = r"(?:(?:random(?:ly)?|horizontal(?:ly)?|small|slight|some)[ -])*(?:crop|flip|rotat|mirror)[a-z]*";
        pattern(&format!(
            r"\baugment(?:ations?|ed|ing|s)?(?:\s?[:=(]|\s(?:it|them|the|all|training|train|images?|pictures?|data|with|by|of|using|like|such as))*\s?(?P<list>{one}(?:(?:\s?[,/+]\s?(?:and\s)?|\sand\s|\sor\s){one})*)(?:\s(?:of |by |up to )*±?(?P<angle>\d+)\s?(?:degrees?\b|°))?\)?"
        ))
    });
    // A value is read beside its own name.
    static VALUE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s*\(?(?:of |by |up to |with |at )*(?:p\s?=\s?|±\s?)?\d"));
    // An angle is one of what stands last.
    let turns = |cut: &Cut| {
        cut.get("list").to_lowercase().rsplit([' ', ',', '/', '+']).next().is_some_and(|last| last.starts_with("rotat"))
    };
    let is_list =
        |found: &Found<'_>| taken_if(!VALUE.is_match(found.behind) && (found.cut.get("angle").is_empty() || turns(found.cut)));
    while let Some(cut) = rest.cut_as(&LIST, is_list) {
        let list = cut.get("list").to_lowercase();
        let degrees = number(cut.get("angle")).filter(|degrees| (1.0..=180.0).contains(degrees)).unwrap_or(15.0);
        let kinds = [
            (["crop", "crop"], Augment::PadCrop { padding: 4 }),
            (["flip", "mirror"], Augment::HorizontalFlip),
            (["rotat", "rotat"], Augment::Rotation { degrees }),
        ];
        let meant = kinds.into_iter().filter(|(words, _)| words.iter().any(|word| list.contains(word)));
        meant.for_each(|(_, augment)| request.add(augment));
    }
}

impl Request {
    /// One more change of images, of each kind the first that was said.
    fn add(&mut self, augment: Augment) {
        if !self.augment.iter().any(|own| own.is_like(&augment)) {
            self.augment.push(augment);
        }
    }
}

/// The change with the value that one usually says of it; none where it has no such value.
fn with_value(augment: Augment, value: f64, is_key: impl Fn(&str) -> bool) -> Option<Augment> {
    let share = (0.0..=1.0).contains(&value);
    match augment {
        Augment::Mixup { .. } => (value > 0.0).then_some(Augment::Mixup { alpha: value }),
        Augment::Cutmix { .. } => (value > 0.0).then_some(Augment::Cutmix { alpha: value }),
        Augment::RandomErasing { min_area, max_area, max_ratio, .. } => {
            share.then_some(Augment::RandomErasing { p: value, min_area, max_area, max_ratio })
        }
        Augment::ColorJitter { hue, .. } => {
            share.then_some(Augment::ColorJitter { brightness: value, contrast: value, saturation: value, hue })
        }
        Augment::RandAugment { ops, .. } => (is_key("magnitude") && value.fract() == 0.0 && value <= 30.0)
            .then_some(Augment::RandAugment { ops, magnitude: value as u8 }),
        Augment::PadCrop { .. } => (is_key("padding") && value.fract() == 0.0 && (1.0..=64.0).contains(&value))
            .then_some(Augment::PadCrop { padding: value as usize }),
        // Half of them are mirrored, as everywhere.
        Augment::HorizontalFlip => (value == 0.5).then_some(augment),
        Augment::Rotation { .. } => (value > 0.0 && value <= 180.0).then_some(Augment::Rotation { degrees: value }),
        _ => None,
    }
}
