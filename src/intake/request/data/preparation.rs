//! How data is to be prepared before a model sees it: gaps that are filled, numbers that are scaled, categories that are encoded, texts that
//! are cleaned. What of it is done, and what instead, is for the planner to say.

use crate::intake::regex;
use crate::intake::request::Request;
use crate::intake::request::rest::{Found, NEGATION, Rest, taken_if};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A way to prepare data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preparation {
    /// To mean 0 and deviation 1.
    Standardize,
    /// Into a range, or by quantiles.
    Rescale,
    FillMedian,
    /// With anything else.
    Fill,
    /// Rows with gaps are left out.
    DropGaps,
    OneHot,
    /// As numbers, or by what is told.
    Encode,
    /// Of columns or of what is told.
    Log,
    /// Values far out are cut or left out.
    Outliers,
    /// Fewer columns, or products of them.
    Features,
    /// Of texts: small letters, words without endings, no stop words or signs.
    CleanText,
    /// Rows that are there twice.
    Duplicates,
    Shuffle,
}

/// A wish for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedPreparation {
    pub what: Preparation,
    /// The user's words.
    pub words: String,
}

static WAYS: LazyLock<Vec<(Preparation, Regex)>> = LazyLock::new(|| {
    let of = r"(?:\s(?:of|for|on|in|to|with|by|using))?";
    let numbers = r"(?:\s(?:the|all|each|every|of|my|our|continuous|numeric(?:al)?|real-valued|input|other|remaining))*\s(?:numbers?|numeric(?:al)?s?|features?|columns?|inputs?|variables?|predictors?|data|values)";
    let numbers = format!(r"(?:{of}{numbers}(?:\s(?:columns?|features?|values|variables|inputs?))?|\sthem)?");
    let categories = r"(?:\s(?:the|all|each|every|of|my|our|nominal|string|text))*\s(?:categor(?:y|ies|icals?)|nominals?|strings?)(?:\s(?:columns?|features?|values|variables|inputs?))?";
    let categories = format!(r"(?:{of}{categories}|\s(?:the|all)\s(?:columns|features)|\sthem)?");
    let gaps = r"(?:(?:the|all|any|my)\s)*(?:missing|empty|null|nan|blank|absent|n/a)(?:\s(?:values?|cells?|entries|numbers?|data|ones|fields))?|gaps|nans?|nulls?";
    let gaps = format!(r"(?:{gaps})(?:\s(?:in|of)\s(?:the|all|each|every|my)?\s?[\w-]+(?:\scolumns?)?)??");
    let fill = r"(?:fill(?:ed|ing|s)?(?:\s(?:in|up))?|imput(?:e|ed|es|ing)|replac(?:e|ed|es|ing)|substitut(?:e|ed|ing))";
    let with = r"(?:\s(?:are|is|should be|to be|must be))?";
    let what = r"(?:\s(?:the|their|its|each|a|column|columns'?|column['’]s|training|per-column))*\s";
    let most = r"(?:(?:mean|average|mode|most (?:frequent|common)(?: values?)?|zeros?|constant|0|-1|unknown|forward[- ]fill|knn|k-?nearest neighbou?rs?)s?\b)";
    let way = |what, form: String| (what, regex(&format!("(?i){form}")));
    vec![
        way(
            Preparation::FillMedian,
            format!(
                r"\b(?:{fill}\s{gaps}\s(?:with|by|using){what}medians?|{gaps}{with}\s{fill}\s(?:with|by|using){what}medians?|medians?[- ]imput\w+(?:\s{gaps})?{of}{numbers}|imput(?:e|ing|ation)(?:\swith|\sby|\susing)?{what}medians?|{fill}{numbers}\s(?:with|by|using){what}medians?|medians?\s(?:for|in place of|instead of)\s{gaps})\b(?:\svalues?)?"
            ),
        ),
        way(
            Preparation::Fill,
            format!(
                r"\b(?:{fill}\s{gaps}\s(?:with|by|using){what}{most}|{gaps}{with}\s{fill}\s(?:with|by|using){what}{most}|(?:mean|mode|knn|most[- ]frequent|constant|zero)[- ]imput\w+{of}{numbers}|imput(?:e|ing|ation)(?:\s(?:with|by|using))?{what}{most}|{most}\s(?:for|in place of|instead of)\s{gaps}|{fill}\s{gaps}|(?:forward|backward)[- ]fill\w*)(?:\svalues?)?"
            ),
        ),
        way(
            Preparation::DropGaps,
            format!(r"\b(?:drop|remov|discard|delet|exclud|leav)(?:e|ing|ping)?(?:\sout)?\s(?:(?:the|all|any)\s)*(?:rows|records|samples|examples|lines)\s(?:with|that have|having|where)(?:\s(?:any|some|a))?\s{gaps}(?:\s(?:are|is) (?:missing|present))?|\bdropna\(?\)?"),
        ),
        way(
            Preparation::OneHot,
            format!(r"\b(?:one|1)[- ]?hot(?:[- ](?:encod(?:e|ed|es|ing)|vectors?|coding))*{categories}|\bdumm(?:y|ies)[- ](?:encod\w+|variables?|cod\w+){categories}|\bget_dummies\b|(?:\bencod(?:e|ing)){categories}\s(?:as|by|with|into)\s(?:one[- ]?hot|dumm(?:y|ies))(?:[- ]?(?:vectors?|variables?|encoding))?"),
        ),
        way(
            Preparation::Encode,
            format!(r"\b(?:ordinal|target|label|integer|frequency|binary|hash(?:ed|ing)?)[- ]encod(?:e|ed|es|ing){categories}"),
        ),
        way(
            Preparation::Log,
            r"\blog(?:arithm(?:ic)?)?(?:1p)?[- ]?(?:transform(?:ed|ing|s|ation)?|scale|scaled)\b(?:\s(?:of\s|for\s)?(?:the\s)?(?:target|label|outcome|response|prices?|[\w-]+_[\w-]+|[\w-]+(?:\scolumn)))?|\b(?:take|use|predict|apply|train on)\s(?:the\s)?(?:logs?|logarithms?|log1p)\s(?:of|to)\s(?:the\s)?[\w-]+|\bbox-?cox\b(?:\stransform\w*)?|\byeo-?johnson\b|\bpower[- ]transform\w*".into(),
        ),
        way(
            Preparation::Rescale,
            format!(r"\b(?:min[- ]?max|robust|quantile|max[- ]?abs)[- ]?(?:scal(?:e|ed|es|ing|er)|normali[sz](?:e|ed|ing|ation)|transform\w*){numbers}|\b(?:scal|normali[sz]|rescal)(?:e|ed|ing){numbers}\s(?:to|into|between)\s\[?(?:-1|0)\s?(?:,|and|to|-|–|\.\.)\s?1\]?"),
        ),
        way(
            Preparation::Standardize,
            format!(
                r"\b(?:standardi[sz](?:e|ed|es|ing|ation)|z-?\s?scor(?:e|ed|es|ing)|normali[sz](?:e|ed|es|ing|ation)|(?:feature|standard)[- ](?:scaling|scaler)|scal(?:e|ed|ing)(?:\s(?:the|all|my|our|numeric(?:al)?|continuous))+){numbers}(?:\s(?:to|with|at)\s(?:zero|0) mean(?: and (?:unit|1) (?:variance|std|standard deviation|deviation))?|\sto (?:mean 0(?: and (?:std|variance|deviation) 1)?|unit variance))?"
            ),
        ),
        way(
            Preparation::Outliers,
            r"\b(?:remov|clip|drop|winsori[sz]|cut|handl|filter)\w*\s(?:out\s)?(?:(?:the|all|any)\s)*outliers?\b|\bwinsori[sz]\w*|\boutlier (?:removal|clipping|detection)\b".into(),
        ),
        way(
            Preparation::Features,
            r"\b(?:polynomial|interaction) (?:features|terms)\b|\bpca\b(?: (?:to|with|of|down to) [0-9]+(?: (?:components?|dimensions?))?)?|\b(?:automatic )?feature (?:selection|engineering|crosses)\b".into(),
        ),
        way(
            Preparation::CleanText,
            r"\b(?:lower-?\s?cas(?:e|ed|ing)|lemmati[sz](?:e|ed|ing|ation)|stem(?:ming|med)|clean(?:ing)? up)(?:\s(?:the|all|my)\s(?:texts?|words|reviews|messages|data))?\b|\b(?:remov|strip|drop|delet)(?:e|ing|ping)?\s(?:(?:the|all|any)\s)*(?:stop-?\s?words|punctuation|html(?: tags)?|urls|emojis?|special characters|numbers from the text)(?:\sand\s(?:stop-?\s?words|punctuation|html(?: tags)?|urls|emojis?))?\b|\bstop-?\s?words? removal\b|\bstem the (?:texts?|words)\b".into(),
        ),
        way(
            Preparation::Duplicates,
            r"\b(?:remov|drop|delet|discard)(?:e|ing|ping)?\s(?:(?:the|all|any|exact)\s)*duplicat(?:e|es|ed)(?:\s(?:rows|records|lines|entries|texts|examples))?\b|\bde-?duplicat(?:e|ed|ing|ion)\b(?:\s(?:the\s)?(?:rows|data|texts))?".into(),
        ),
        way(
            Preparation::Shuffle,
            r"\bshuffl(?:e|ed|ing)(?:\s(?:the|all|my|training))*(?:\s(?:data(?:set)?|rows|examples|training set|batches|samples|it|them))?(?:\s(?:each|every|before each|after each) epoch)?\b".into(),
        ),
    ]
});

/// Words of which each wish has one.
#[rustfmt::skip]
const SIGNS: [&str; 27] = [
    "fill", "imput", "missing", "nan", "gap", "hot", "dumm", "encod", "log", "scal", "normali", "standardi", "score", "outlier", "winsor", "pca",
    "feature", "polynomial", "lower", "lemmati", "stem", "stop", "punctuation", "duplicat", "shuffl", "median", "transform",
];

/// Each of them, cut out.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    if !SIGNS.iter().any(|word| rest.says(word)) {
        return;
    }
    // `The standardized score is the label`, `normalization is off`: of columns, and of what is there already.
    static OF_DATA: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)\b(?:batch|layer|weight|group|instance|predict|column|columns|label|target|already|is|are|was|were|from|the|a|an|early|label|file|called)[\s_-]+$",
            ),
            regex(r"(?i)^(?:[_\w]|\.(?:csv|tsv|json|parquet)|\s(?:column|score|is|are)\b)"),
        ]
    });
    for (what, way) in WAYS.iter() {
        let is_wish = |found: &Found<'_>| {
            let is_noun = found.cut.words.split(' ').count() < 2 && OF_DATA[0].is_match(found.before);
            taken_if(!is_noun && !OF_DATA[1].is_match(found.behind) && !NEGATION.is_match(found.before))
        };
        while let Some(cut) = rest.cut_as(way, is_wish) {
            request.preparation.push(AskedPreparation { what: *what, words: cut.words });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::request::parse_request;

    #[test]
    fn wishes_for_the_data_are_known() {
        use Preparation::*;
        for (text, expected) in [
            (
                "Fill missing values with the median, standardise the numeric features, one-hot encode the categoricals",
                &[FillMedian, OneHot, Standardize][..],
            ),
            ("median imputation, z-score the numbers", &[FillMedian, Standardize]),
            ("impute missing values with the mean and min-max scale the inputs", &[Fill, Rescale]),
            ("log-transform the target", &[Log]),
            ("predict the log of price", &[Log]),
            ("missing values should be filled with zeros", &[Fill]),
            ("drop rows with missing values", &[DropGaps]),
            ("target-encode the categories, remove outliers", &[Encode, Outliers]),
            ("lowercase the texts and remove stop words", &[CleanText, CleanText]),
            ("normalize all numeric columns to zero mean and unit variance", &[Standardize]),
            ("shuffle the training data every epoch, deduplicate", &[Duplicates, Shuffle]),
        ] {
            let request = parse_request(&format!("MLP on a.csv, predict price, 5 epochs. {text}"), |_| None);
            let found: Vec<Preparation> = request.preparation.iter().map(|asked| asked.what).collect();
            assert_eq!(found, expected, "{text}: {request:?}");
            assert_eq!(request.not_understood, Vec::<String>::new(), "{text}");
        }
        for text in [
            "predict log_price from stem_length",
            "batch normalization",
            "MLP on scaled.csv, predict the score",
            "don't shuffle the data",
        ] {
            assert_eq!(parse_request(text, |_| None).preparation, [], "{text}");
        }
    }
}
