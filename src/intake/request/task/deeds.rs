//! Tasks that no model here is for, and deeds that are none of training.

use crate::intake::regex;
use crate::intake::request::pattern::pattern;
use crate::intake::request::rest::{Found, Judged, NEGATION, Rest, taken_if};
use crate::intake::request::{Lack, Lacking, ModelName, Refused, Request};
use regex::Regex;
use std::sync::LazyLock;

/// Tasks that the zoo has no model for.
static TASKS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let images = r"(?:images?|pictures?|photos?|photographs|faces|art)";
    [
        r"\bobject[- ]detect(?:ion|ors?)(?: models?)?\b|\b(?:detect(?:ing)?|locali[sz](?:e|ing)) objects\b|\bbounding boxes\b".to_string(),
        format!(r"\b(?:{images}|video)[- ]caption(?:ing|s|er)?\b|\b(?:caption|captioning|describe|describing) (?:(?:the|my|our) )?{images}\b"),
        format!(
            r"\b(?:(?:semantic|instance|panoptic|image) )?segment(?:ation|ing)?(?: (?:the|my|our))? {images}\b|\b(?:semantic|instance|panoptic|image) segmentation\b"
        ),
        r"\b(?:train|make|build|fit|use|want|need|with)(?:ing)? (?:(?:an?|my|the|conditional|small|simple|style) )*gans?\b|\bgenerative adversarial net(?:work)?s?\b".to_string(),
        format!(
            r"\b(?:generat(?:e|es|ing)|creat(?:e|es|ing)|synthesi[sz](?:e|es|ing)|draw(?:s|ing)?)(?: (?:new|more|realistic|synthetic|some|artificial))* {images}\b|\b(?:image|picture) (?:generation|synthesis|generator)\b|\btext[- ]to[- ]image\b"
        ),
        r"\btopic[- ]model(?:l?ing|s)?\b|\blatent dirichlet allocation\b|\blda topics?\b".to_string(),
        r"\bclusters? (?:the|my|our|these) \w+|\bclustering\b|\bk-?means\b|\b(?:customer|user) segmentation\b|\bsegment(?:ing)? (?:(?:the|my|our) )?(?:customers|clients|users|shoppers|visitors)\b|\b(?:group|segment)(?:ing)?\s(?:[\w¦-]+\s+){0,9}?into (?:(?:\d+|two|three|four|five|six|several|some|k|a few|natural|similar) )*(?:groups?|segments?)\b|\binto (?:(?:\d+|two|three|four|five|six|several|some|k|a few|natural|similar) )*clusters?\b|\b(?:find|discover)(?:ing)? (?:(?:the|natural|hidden|\d+) )*(?:clusters|groups|segments)\b".to_string(),
        r"\banomaly detect(?:ion|ors?)\b|\brecommend(?:er|ation)s? (?:systems?|engines?|models?)\b|\bcollaborative filtering\b|\blearning to rank\b|\bsurvival analysis\b|\bdimensionality reduction\b".to_string(),
        r"\breinforcement learning\b|\b(?:pose estimation|depth estimation|optical character recognition|ocr)\b".to_string(),
        r"\btext[- ]to[- ]speech\b|\btts\b|\bspeech synthesis\b".to_string(),
        r"\b(?:wake|hot|trigger)[ -]?words?(?: (?:detect(?:ion|ors?)|spotting|models?|recogni[sz]er))?\b|\b(?:keyword|key-?\s?phrase)[ -]spott(?:ing|er)\b".to_string(),
        r"\b(?:speaker|voice)[ -](?:diari[sz]ation|identification|recognition|verification|cloning|conversion|activity detection)\b|\bdiari[sz](?:e|ing|ation)\b|\bwho (?:speaks|spoke|is speaking) when\b|\b(?:audio|sound|music|noise)[ -](?:event )?(?:classif(?:ication|ier)|detection|tagging|generation|separation)\b|\bclassif(?:y|ying) (?:(?:the|my|our|these) )?(?:sounds?|audio|recordings|songs|music)\b".to_string(),
        r"\bvisual question answering\b|\bvqa\b|\bimage[- ]text (?:matching|retrieval|model)\b|\b(?:super-?\s?resolution|inpainting|style transfer|key-?\s?points? detection|video classification|object tracking)\b|\bclassif(?:y|ying) (?:(?:the|my|our|these) )?videos\b".to_string(),
        r"\b(?:co-?\s?reference resolution|dependency pars(?:ing|er)|constituency pars(?:ing|er)|relation extraction|entity linking|link prediction|node classification)\b".to_string(),
    ]
    .iter()
    .map(|form| pattern(form))
    .collect()
});

/// What there is for whoever would train against a reward.
const PREFERENCES: &str = "DPO: of pairs of a chosen and a rejected answer it learns without a reward model and without reinforcement learning, neither of which there is here (`DPO on DATA`)";

/// What is no training, and what does it.
static DEEDS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let eval = "a training: `tallow eval MODEL --data DATA` scores a model as it is, and `tallow predict` uses one";
    let folds = "one split of the data: `--seeds 0,1,2` repeats a run, and `tallow do` for each part trains on it";
    let several = "one model: each has a run of its own, and `tallow predict` says what each tells";
    vec![
        (
            pattern(
                r"\b(?:do not|don['’]t|without|no) (?:any )?(?:re-?)?train(?:ing)?(?: it| the model| anything)?\s*(?:$|[.,;!])",
            ),
            eval,
        ),
        (pattern(r"\b(?:zero|few|one)[- ]shot(?: (?:classification|learning|evaluation|prompting))?\b"), eval),
        (
            pattern(
                r"\b(?:(?:\d+|five|ten|k)[- ]?folds?,? )?cross[- ]?validat(?:e|ion|ed|ing)\b(?:\s(?:with|of|in|over|using|à|a|con|com|mit)\s(?:\d+|five|ten)[ -]?folds)?\b|\bk[- ]folds?\b|\b(?:\d+|five|ten) folds\b|\bleave[- ]one[- ](?:\p{L}+[- ])?out\b",
            ),
            folds,
        ),
        (
            pattern(
                r"\bdistill?(?:ing)?\s+(?:(?:the|a|an|my|our|from|knowledge)\s+)*(?:[\w-]+\s+|¦\s+){0,4}?(?:in)?to\b|\bdistill?(?:ing)?\s(?:from|knowledge|a|an|the)\b|\b(?:knowledge[- ]distillation|distillation (?:from|of|into))\b|\b(?:with|use|using|by|via) distillation\b",
            ),
            "a training on the labels of the data: there is no teacher for a student here, and `fine-tune MODEL on DATA` trains the smaller model by itself",
        ),
        (
            pattern(
                r"\b(?:(?:do|train|run|use|repeat)(?: it)? )?(?:exactly )?(?:the )?same (?:[\w-]+ ){0,2}?(?:as|like) (?:(?:the |my |our )?(?:last|previous) (?:time|run|one|training|experiment)|before|yesterday|in (?:the|my|our) (?:last|previous) run)\b|\b(?:as|like) (?:we did )?last time\b",
            ),
            "the settings themselves, for a request knows of no other run: `tallow train RUN/spec.toml` repeats one",
        ),
        (
            pattern(
                r"\b(?:(?:with|using|by|do|run|via|use) )?(?:the )?(?:ppo|grpo|rloo|rlhf|rlaif|reinforce(?:\+\+)?|proximal policy optimi[sz]ation|policy gradients?)\b(?: (?:training|fine-?tuning|algorithm))?(?: (?:with|using|and|on|against) (?:an? |the |my )?(?:learned |separate )?reward models?)?|\b(?:train|fit|learn|build)(?:ing)? (?:an? |the |my )?reward models?\b|\b(?:with|using|against|and|from) (?:an? |the |my )?(?:learned |separate )?reward models?\b",
            ),
            PREFERENCES,
        ),
        (pattern(r"\bensembl(?:e|es|ing)\b(?: of(?: \w+){0,2} models)?"), several),
    ]
});

/// What is done with a model once it is trained, which commands of their own do.
static AFTERWARDS: LazyLock<Regex> = LazyLock::new(|| {
    let it = r"(?:\s(?:it|them|the|my|our|a|its|as|final|trained|fine-?tuned|resulting|finished|best|whole|model|network|weights|result|checkpoint|afterwards|everything|merged))*";
    let form = r"(?:onnx|gguf|ggml|torch-?script|core-?ml|tflite|tensor-?rt)(?:[ -](?:format|file|model|runtime))?";
    pattern(&format!(
        r"\b(?:export|convert|sav|writ|stor|turn)(?:e|ed|ing)?{it}\s(?:to|into|as|in|for)\s(?:an?\s)?{form}\b|\b(?:export|merg)(?:e|ed|ing)?(?:\s(?:the|my|its|lora|q-?lora)){{0,2}}\s(?:it|model|weights|adapters?|lora)\b(?:{it}\s(?:into|with|to)\s(?:the\s)?(?:base|model)(?: model| weights)?)?|\b(?:sav|stor|writ)(?:e|ing){it}\smerged{it}(?:\s(?:to|in|into|under|as)\s\S*\w)?|\b(?:upload|push|publish)(?:ed|ing)?{it}\s(?:to|on)\s(?:the\s|my\s)?(?:hub|hugging\s?face(?:\shub)?)\b|(?:\bonnx export|(?:\b(?:as|in|to|and|then|also|plus)|[,;])\sonnx)\b|\b(?:sav|stor)(?:e|ing)(?:\s(?:the|my|final|trained|best|resulting|fine-?tuned))*\s(?:model|weights|checkpoint|network)\s(?:to|in|into|under|as)\s\S*\w"
    ))
});

/// When a word was said: of recordings alone, for other data has columns of that name.
static STAMPS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?:with|and|plus|also|output(?:s|ting)?|giv(?:e|es|ing)|tell(?:s|ing)?|predict(?:s|ing)?|produc(?:e|es|ing)|return(?:s|ing)?|include(?:s)?|find(?:s|ing)?)\s(?:me\s)?)?(?:the\s)?(?:(?:word|segment|sentence|token|phoneme)[- ](?:level )?)?time-?\s?stamps?\b(?: (?:of|for) (?:the |each |every )?(?:words?|sentences?|segments?)(?: ['\x22\u{201c}][\w ]+['\x22\u{201d}])?)?",
    )
});
static SPEAKS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(?:recordings?|audio|speech|transcri\w+|whisper|utterances?|voice|spoken|wake[ -]?word)"));

/// What says behind a wish that the rest is to be done without it, too.
static IF_POSSIBLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^[^.,;:!?]{0,30}\b(?:if (?:at all )?possible|if (?:you|it|that) (?:can|could|works)|ideally|where possible|optional(?:ly)?)\b",
    )
});
static FOLDS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:validat|folds?|leave[- ]one)"));

/// `First train MiniLM on A, then fine-tune it on B`: layers that are thawed in turn are of one data set.
static IN_TURN: LazyLock<Regex> = LazyLock::new(|| {
    let train = r"(?:(?:pre-?)?train|fine-?\s?tun)\w*";
    regex(&format!(
        r"(?i)\bfirst(?:ly)?,?\s(?:we\s|please\s)?{train}\s[^;\n]{{1,60}}?\son\s[^;\n]{{1,60}}?[,;.]?\s(?:and\s)?(?:then|after that|afterwards),?\s[^;\n]{{0,50}}?\b{train}\s(?:it|that|this|the (?:result|model|resulting model))\s(?:further\s)?on\s"
    ))
});

/// `Evaluate MiniLM on tweets.csv`, where nothing else is to be done.
static EVALUATES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)^\s*(?:(?:please|can you|could you|just|only|now|hi|hello)[\s,]+)*(?P<verb>evaluate)\s"));
static TRAINS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:train|tun(?:e|ing)|learn|fit|fitted|fitting|predict|classif|regress|translat|summar|transcri|epochs?|steps|from scratch)",
    )
});

/// What tasks there are models for are asked for with.
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(?:classif|predict|forecast|regress|translat|summari[sz]|transcri|tell apart|embeddings?|sentence vectors)")
});

/// `Continue training the model from yesterday`.
static RESUMES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:continue|resume|go on with|pick up)(?: (?:the|my|our|last))* (?:training|fine-?tuning|run|experiment)\b(?: (?:of|on|with))?(?: (?:the|my|our|last) (?:model|run|one))?(?: (?:from|of) (?:yesterday|before|last \w+))?",
    )
});

static EARLIER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(?:run|experiment|yesterday|last|before)\b"));

/// Names of data and models are cut out already.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    // Of texts about them, or of such images, something else is told: that is said, and nothing refused.
    let is_another = rest.has(&OTHERS)
        || request.task.is_some()
        || request.classifies
        || request.pair.is_some()
        || request.label.is_some()
        || request.speech.is_some();
    let judged = |_: &Found<'_>| if is_another { Judged::Passed } else { Judged::Taken };
    for way in TASKS.iter() {
        while let Some(cut) = rest.cut_as(way, judged) {
            request.lacking.push(Lacking { of: Lack::Task, words: cut.words });
        }
    }
    static DPO: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bdpo\b|\bdirect preference"));
    let is_preferred = request.task == Some(crate::spec::Task::PreferenceOptimization) && DPO.is_match(&request.text);
    for (at, (way, expected)) in DEEDS.iter().enumerate() {
        // Beside DPO, which is asked for, the others are what it is of.
        if is_preferred && *expected == PREFERENCES {
            continue;
        }
        // `Group k-fold` says more than that there are folds.
        let is_plain = |found: &Found<'_>| {
            let words = found.cut.words.to_lowercase();
            let before = found.before.trim_end_matches([' ', '-']).to_lowercase();
            taken_if(!(words.contains("fold") && !words.contains("cross") && before.ends_with("group")))
        };
        // The first is a negation itself.
        let is_optional = std::cell::Cell::new(false);
        let judged = |found: &Found<'_>| {
            is_optional.set(IF_POSSIBLE.is_match(found.behind));
            is_plain(found)
        };
        while let Some(cut) = if at == 0 { rest.cut_plain(way) } else { rest.cut_as(way, judged) } {
            // What need not be is told: the rest can be done all the same.
            if is_optional.get() && FOLDS.is_match(&cut.words) {
                request.lacking.push(Lacking { of: Lack::Method, words: cut.words });
                continue;
            }
            request.refused.push(Refused { words: cut.words, expected: (*expected).into() });
        }
    }
    if [
        "onnx", "gguf", "ggml", "torch", "coreml", "core ml", "tflite", "tensor", "export", "merg", "hub", "hugging", "save",
        "stor", "saving",
    ]
    .iter()
    .any(|word| rest.says(word))
    {
        // What is not to be done is not done anyway.
        let is_wish = |found: &Found<'_>| taken_if(!NEGATION.is_match(found.before));
        while let Some(cut) = rest.cut_as(&AFTERWARDS, is_wish) {
            request.lacking.push(Lacking { of: Lack::Afterwards, words: cut.words });
        }
    }
    if rest.says("stamp") && (request.speech.is_some() || SPEAKS.is_match(&request.text)) {
        while let Some(cut) = rest.cut(&STAMPS) {
            request.lacking.push(Lacking { of: Lack::Output, words: cut.words });
        }
    }
    if let Some(found) = IN_TURN.find(&request.text) {
        let expected = "one training: each is a run of its own, and `--model FOLDER` begins with the model of another run";
        request.refused.push(Refused { words: found.as_str().trim().into(), expected: expected.into() });
    }
    let trains = rest.has(&TRAINS);
    let alone =
        |found: &Found<'_>| if trains || found.behind.trim_start().starts_with("on ") { Judged::Passed } else { Judged::Taken };
    if let Some(cut) = rest.cut_as(&EVALUATES, alone) {
        request.refused.push(Refused { words: cut.words, expected: DEEDS[0].1.into() });
    }
    // From weights that are named training goes on as from any others, unless a run is meant.
    let is_of_weights = |found: &Found<'_>| match &request.model {
        Some(ModelName::At { .. }) => Judged::Passed,
        Some(_) if !EARLIER.is_match(&found.cut.words) => Judged::Passed,
        _ => Judged::Taken,
    };
    if let Some(cut) = rest.cut_as(&RESUMES, is_of_weights) {
        let expected =
            "a training from its start: `tallow resume RUN` goes on with a run, and `--model FOLDER` begins with its model";
        request.refused.push(Refused { words: cut.words, expected: expected.into() });
    }
}
