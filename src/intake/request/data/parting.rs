//! Ways to part the rows besides by share, time or place: by a date as the border, by whose they are. And that each class is to have its
//! share.

use super::border;
use crate::intake::regex;
use crate::intake::request::rest::{Cut, Found, Judged, NEGATION, Rest, taken_if};
use crate::intake::request::{AskedOrder, Lack, Lacking, Request};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::sync::LazyLock;

/// A way in which rows are to be parted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedSplit {
    /// The user's words.
    pub words: String,
    pub by: SplitBy,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// Rows of one value of a column stay together; the column, as it may be called.
    Group(String),
    /// A part of those that a column says, as it may be called, where one does; of the rows else. Their number, where that was said.
    Some { of: String, count: Option<usize> },
    /// What was then or later is held out: `2021-01-31`, `2021-01`, `2021`.
    Border(String),
}

impl AskedSplit {
    /// Whether so few were said of those whose rows they are that it is no number of rows.
    pub fn is_too_few_rows(&self) -> bool {
        matches!(self.by, SplitBy::Some { count: Some(count), .. } if count < super::whose::FEWEST_ROWS)
    }

    /// How the column that says whose rows are may be called, as it was said first.
    pub fn names_of_group(name: &str) -> Vec<String> {
        let mut names = vec![name.to_string()];
        let low = name.to_lowercase();
        let one = low.strip_suffix("ies").map(|stem| format!("{stem}y")).or(low.strip_suffix('s').map(str::to_string));
        names.extend(one);
        // `Batches`, `boxes`.
        let hisses = |stem: &&str| ["ch", "sh", "x", "s", "z"].iter().any(|end| stem.ends_with(end));
        names.extend(low.strip_suffix("es").filter(hisses).map(str::to_string));
        let is_form = |start: &&str| low.strip_prefix(*start).is_some_and(|end| end.chars().count() <= LONGEST_END);
        let other = WHOSE.iter().filter(|(_, others)| others.iter().any(is_form)).map(|(name, _)| name.to_string());
        names.extend(other);
        names
    }
}

/// Letters that a word may end with in its other forms.
const LONGEST_END: usize = 3;

/// Whose rows may be, and how other languages call them: the beginnings of words.
#[rustfmt::skip]
const WHOSE: [(&str, &[&str]); 24] = [
    ("patient", &["patient", "pacient", "pazient", "paciente", "患者", "病人"]),
    ("customer", &["customer", "kunde", "kundin", "client", "cliente", "客户", "顾客"]),
    ("client", &["client"]),
    ("user", &["user", "nutzer", "benutzer", "anwender", "utilisateur", "usuari", "usuári", "utente", "utenti", "用户"]),
    ("subject", &["subject", "proband", "sujet", "sujeto", "soggett", "sujeito", "被试", "受试者"]),
    ("speaker", &["speaker", "sprecher", "locuteur", "hablante", "parlante", "falante", "说话人"]),
    ("author", &["author", "autor", "auteur", "作者"]),
    ("store", &["store", "filial", "laden", "läden", "magasin", "tienda", "negozi", "loja", "门店", "商店"]),
    ("shop", &["shop"]),
    ("site", &["site", "standort", "sitio", "sito", "sítio"]),
    ("hospital", &["hospital", "krankenh", "klinik", "hôpit", "ospedal", "hospitais", "医院"]),
    ("doctor", &["doctor", "arzt", "ärzt", "médecin", "médico", "medico", "医生"]),
    ("household", &["household", "haushalt", "ménage", "hogar", "famigli", "domicíli"]),
    ("session", &["session", "sitzung", "sesión", "sesion", "session", "sessõ", "sessã"]),
    ("device", &["device", "gerät", "appareil", "dispositiv", "aparelh", "设备"]),
    ("machine", &["machine", "maschine", "máquina", "macchin", "机器"]),
    ("student", &["student", "schüler", "étudiant", "élève", "estudiante", "alumno", "alunno", "aluno", "学生"]),
    ("person", &["person", "personne", "persona", "pessoa"]),
    ("group", &["group", "gruppe", "groupe", "grupo", "gruppo", "gruppi", "组"]),
    ("document", &["document", "dokument", "documento"]),
    ("account", &["account", "konto", "compte", "cuenta", "conto", "conta", "账户"]),
    ("company", &["compan", "firma", "firmen", "entreprise", "empresa", "aziend", "公司"]),
    ("animal", &["animal", "tier"]),
    ("participant", &["participant", "teilnehmer", "participante", "partecipant"]),
];

/// A word for whom rows may be of, in whatever language.
fn whose() -> String {
    let starts: Vec<&str> = WHOSE.iter().flat_map(|(_, others)| *others).copied().collect();
    format!(r"(?:\w*[_-](?:id|key|uuid)|ids?|(?:{})[a-zà-ü]{{0,{LONGEST_END}}})", starts.join("|"))
}

/// Any name of a column, perhaps in two words.
const NAME: &str = r"[`'\x22]?(?P<name>[\p{L}_][\p{L}\p{N}_.-]*(?:\s(?:ids?|keys?|codes?))?)[`'\x22]?";

/// Rows of one kind kept together: `no customer in both train and test`, `split grouped by patient`.
static TOGETHER: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let column = r"(?:the\s|their\s)?(?:column\s)?[`'\x22]?[\p{L}_][\w.-]*[`'\x22]?(?:\s(?:column|ids?)\b)?";
    let test = r"(?:test\w*|val\w*|dev|held[- ]out)(?:\s(?:set|split|data)s?)?";
    let train = r"(?:train\w*|entrenamiento|treinamento|addestramento|entraînement)(?:\s(?:set|split|data))?";
    let both = format!(
        r"(?:both\s(?:(?:in|of|on)\s)?(?:the\s)?(?:{train}(?:\s?(?:and|/|&|,)\s?(?:the\s|in\s|of\s|on\s)*{test})?|sets|splits|parts|sides)|(?:more than one|two|several|different) (?:splits?|sets?)|{train} and (?:in |the |of )*{test})"
    );
    let whose = whose();
    let side = r"(?:splits?|sides?|parts?|(?:sub)?sets?|folds?|partitions?|hal(?:f|ves)|groups?)";
    let in_one = format!(
        r"(?:(?:must|should|has to|have to|to|will|shall|needs? to|may|can|only|all|both|always|be|end up|ends up|falls?|lands?|lies?|stays?|goe?s?|belongs?|kept|put|are|is|together|appears?|occurs?|sits?)\s)*(?:in(?:to)?|on|to|within)\s(?:(?:the|exactly|only|just)\s)*(?:same|one|a single|one single)\s{side}(?:\sof the (?:split|data|two))?(?:\s(?:only|alone))?"
    );
    [
        // `Questions of one manual should all fall in the same split`, `each manual belongs to one side only`.
        format!(
            r"\b(?:(?:keep|keeping|put|all|the|any|every|each|whole)\s)*[\p{{L}}_-]+\s(?:of|from|by|about|with|for|on|belonging to|that belong to)\s(?:the\s)?(?:same|one|each|every|any|a single|an?)\s{NAME}(?:\s\([^()¦]{{1,40}}\))?\s{in_one}"
        ),
        format!(r"\b(?:each|every|one|any)\s{NAME}(?:\s\([^()¦]{{1,40}}\))?\s{in_one}"),
        // `A subject is either in training or in test, never in both`.
        format!(
            r"\b(?:an?|each|every|any|one)\s{NAME}\s(?:(?:must|should|may|can|is|be|has to|either|only|appears?|occurs?)\s)+(?:in\s(?:the\s)?)?{train}\sor\s(?:(?:in|the)\s)*{test}(?:,?\s(?:(?:but|and)\s)?(?:never|not)\s(?:in\s)?both)?"
        ),
        // `Never let a patient be in both sets`.
        format!(
            r"\b(?:never|(?:do not|don['’]t|must not|should not))\s(?:let|put|have|allow)\s(?:an?|the same|any|one|the)\s{NAME}\s(?:to\s)?(?:be\s|appear\s|end up\s|occur\s|land\s|fall\s|show up\s|go\s)?(?:in|on|into|to)\s(?:the\s)?{both}"
        ),
        // The whole clause, for it begins with what is kept together.
        format!(
            r"\b(?:(?:[\p{{L}}_-]+\s(?:of|from|with|by)\s)?(?:the\s|that\s)?(?:no|same|each|every|any|none of the|a single|one)\s(?:(?:[\w'’-]+|\([\w.-]+\)|\([^()¦]{{1,60}}\))\s){{0,12}}?|[\p{{L}}_-]+\s(?:must|should|may|can|do|does|are|is)\s?(?:not|never|n['’]t)\s(?:[\w-]+\s){{0,4}}?)(?:(?:in|on|across|between|to|into|appear in|of)\s(?:the\s)?|be\s){both}(?: at once| at the same time)?(?:\s(?:occur|appear|be)\b)?"
        ),
        format!(
            r"\b(?:(?:split(?:s|ting)?|hold(?:ing)? out|held out|test(?:ing)?|use|using|with|do|make|a)\s(?:(?:it|them|the|a|an|data|rows|set|¦)\s+)*)?(?:(?:stratified[ -]?)?group(?:ed|ing|s|-?wise)?[ -]?(?:shuffle[ -]?)?(?:k-?fold|split(?:s|ting)?|hold-?out)|split(?:s|ting)?(?:\s(?:it|them|the|data|rows|set|¦))*\s(?:grouped|in groups|group-?wise))\b(?:\s?\(?(?:\s?(?:n_splits\s?=\s?)?[0-9]+\s?\)?)?)?(?:,?\s?(?:cross[- ]validation\s)?(?:by|on|per|over|of|with|groups?\s?[=:])\s?(?:groups?\s?(?:[=:]|of|by)?\s?)?{column}\)?)?"
        ),
        format!(
            r"\b(?:keep(?:ing)?\s)?(?:all\s)?(?:the\s)?(?:[\w-]+\s)?(?:(?:of|from|with|by)\s(?:the\s|a\s|an\s)?(?:same|one|each|every|single)\s(?:[\w-]+\s){{1,3}}|(?:of|from)\s(?:an?\s)(?:[\w-]+\s))(?:(?:must|should|has to|have to|to|will)\s)?(?:stay(?:s|ing)?\s|kept\s|keep\s|remain\s|be kept\s|are kept\s|belong\s)?together(?:\s(?:in one (?:split|set)|when (?:you )?split\w*|keep))?"
        ),
        format!(r"\bkeep(?:ing)?\s(?:the\s|all\s|each\s|every\s|whole\s)*{whose}(?:['’]s? (?:rows|data))?\s(?:together|intact|whole|on one side)\b"),
        r"\b(?:no|avoid(?:ing)?|prevent(?:ing)?|without(?:\sany)?)\s(?:[\w-]+\s){0,2}?(?:overlap|leakage|leak)(?:s|ping)?(?:\sof\s(?:the\s)?[\w-]+)?(?:\s(?:between|across|from|in|over)\s(?:the\s)?(?:train\w*|sets|splits|[\p{L}_]+)(?:\s(?:and|to|into)\s(?:the\s)?(?:test\w*|val\w*))?(?:\s(?:sets?|splits?))?)"
            .to_string(),
        format!(r"\bno\soverlapping\s{whose}(?:\s(?:in|between|across)\s{both})?"),
        format!(
            r"\b(?:by-)?(?:{whose})-?\s?(?:level|wise|disjoint|independent)\s(?:split(?:s|ting)?|hold-?out|train[/-]test split|test(?: set)?|evaluation|cross[- ]validation|partition\w*)\b"
        ),
        // `Test on customers not seen in training`.
        format!(
            r"\b(?:test|evaluat|validat|scor)\w*(?:\s(?:it|the model))?\son\s(?:the\s|of\s|only\s|some\s|those\s|rows\s)*(?:{NAME}\s?(?:,\s)?(?:(?:that|which|who|whom|the model|it|has|have|had|was|were|are|is|the)\s)*(?:not|never|un)[- ]?(?:been\s)?(?:seen|met|occurring|present|used|trained on)(?:\s(?:before|yet))?(?:\s?(?:in|during|at|while|for|by)\s(?:the\s)?train\w*(?:\s(?:set|data|split))?)?|(?:(?:unseen|new|other|different|held[- ]out|completely|entirely)\s)+(?P<unseen>{whose})(?:\s(?:than|from) (?:those )?(?:(?:in|of) )?(?:the )?(?:train\w*|ones)(?:\s(?:set|data|split))?)?)"
        ),
        // The same without a word for the test: `predict the load of houses that we have not seen yet`.
        format!(
            r"\b{NAME}\s?(?:,\s)?(?:(?:that|which|who|whom)\s)?(?:(?:we|i|you|it|the model|they)\s)?(?:(?:has|have|had|was|were|are|is)(?:\s?n['’]t|\s(?:not|never))|not|never)\s(?:been\s|yet\s|ever\s)*seen(?:\s(?:yet|before|so far))?(?:\s(?:in|during|at|while|for|by)\s(?:the\s)?{train})?"
        ),
        format!(r"\bgenerali[sz](?:e|es|ing)\s(?:well\s)?to\s(?:(?:new|unseen|other|different)\s)+(?P<name>{whose})"),
        format!(
            r"\b(?:the\s)?test\s{NAME}\s(?:must|should|may|can|do|does|are|is)\s?(?:not|never|n['’]t)\s(?:[\w-]+\s){{0,3}}?(?:in|part of|from|among)\s(?:the\s)?{train}"
        ),
        format!(r"\bnot seen in training\s(?P<name>{whose})\stest\w*"),
        format!(
            r"\b{train}\s(?:and|/)\s(?:the\s)?{test}\s(?:(?:must|should|may|can|do|shall|will|have to)\s?)?(?:(?:not|never|n['’]t)\sshare\s(?:any\s|the same\s|an?\s)?|share no\s|have (?:different|disjoint|no common)\s|(?:on|with|of) (?:different|disjoint|separate)\s){NAME}"
        ),
        format!(
            r"\b{NAME}\s(?:(?:in|of|from)\s(?:the\s)?{test}\s(?:must|should|may|can|do|does|are|is)\s?(?:not|never|n['’]t)\s(?:[\w-]+\s){{0,3}}?(?:in|part of|from)\s(?:the\s)?{train}|(?:in|of|from)\s(?:the\s)?{train}\s(?:must|should|may|can|do|does|are|is)\s?(?:not|never|n['’]t)\s(?:[\w-]+\s){{0,3}}?(?:in|part of|from)\s(?:the\s)?{test})"
        ),
        format!(
            r"\b(?P<name>{whose})\s(?:in|of)\s(?:the\s)?{test}\s(?:(?:must|should|may|are|have to)\s)?(?:be\s)?(?:different|disjoint|distinct|others?)\s(?:from|than)\s(?:(?:the|those|{whose})\s)*(?:in|of)\s(?:the\s)?{train}"
        ),
        format!(
            r"\bsplit(?:s|ting)?(?:\s(?:it|them|the|data|rows|set|¦))*,?\s(?:so|such) that\s(?:the\s|no\s)?(?P<name>{whose})\s(?:(?:do|does|should|must|may|can)\s?(?:not|never|n['’]t)\s|never\s)?(?:overlaps?|(?:is|are|be) shared|(?:is|are|be) in both)(?:\s(?:sets|splits|parts))?"
        ),
        format!(r"\btest\s(?P<name>{whose})\s(?:must|should|have to|are to|are)\s(?:be\s)?(?:new|unseen|not seen in training|others?)\b"),
        format!(r"\b(?:different|disjoint|separate|distinct)\s(?P<name>{whose})\s(?:in|for|between|across|on)\s(?:the\s)?{both}"),
        format!(
            r"\b(?:hold(?:ing)? out|set(?:ting)? aside|keep(?:ing)? (?:out|aside)|reserv(?:e|ing)|use|using|test(?:ing)?(?: it)? on)\s(?:whole|entire|complete)\s(?P<name>{whose})(?:\s(?:for|as)\s(?:the\s|a\s)?{test})?"
        ),
        format!(r"\b(?:do not|don['’]t|never|without)\s(?:split(?:ting)?|part(?:ing)?|separat(?:e|ing))(?:\sup)?\s(?:an?\s|any\s|one\s|the\s|the rows of an?\s)?(?P<name>{whose})(?:\s(?:across|between|over|into)\s(?:the\s)?(?:{both}|sets|splits))?"),
    ]
    .into_iter()
    .map(|way| regex(&format!("(?i){way}{OWN}")))
    .collect()
});

/// The column itself, in brackets behind what people call it: `buildings we have not seen yet (building_id)`.
const OWN: &str = r"(?:\s?\(\s*(?:(?:the|by|column|see|as)\s+)*[`'\x22]?(?P<own>[\p{L}_][\p{L}\p{N}_.-]*)[`'\x22]?\s*\))?";

/// `Split by patient`: by whom rows are of. What a class is told by is for who stratifies.
static BY_WHOM: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let split = r"\b(?:split(?:s|ting)?|separat\w*|partition\w*|divid\w*|group(?:ed|ing)?|hold(?:ing)? out|held out)";
    let words = r"(?:\s(?:it|them|the|my|our|into|in|and|train(?:ing)?|test(?:ing)?|data|set|sets|rows|table|file|¦|a|so|is|must|should|be|done|made|has to))*";
    let whose = whose();
    let quoted = |name: &str| format!(r"[`'\x22]?(?P<name>{name})\b[`'\x22]?");
    let (name, by) = (
        quoted(&format!(r"{whose}(?:\s(?:ids?|keys?))?")),
        r"(?:by|per|along|on|over|at the level of)\s(?:the\s|each\s)?(?:column\s)?",
    );
    [
        regex(&format!(r"(?i){split}{words}\s(?:{by}|for\s){name}(?:\scolumn\b)?")),
        // What is left of `a grouped 70/30 split by visit`.
        regex(&format!(
            r"(?i)(?:\bgroup(?:ed)?\s+¦\s*{by}{}|¦\s*{by}(?P<unseen>{whose})(?:\sids?)?\b)",
            quoted(r"[\p{L}_][\w.-]*")
        )),
        // As verbs stand in other languages.
        regex(&format!(r"(?i)\b(?:by|per|along|for)\s(?:the\s)?{name}\s(?:split|separated?|group(?:ed)?)\b")),
        regex(&format!(r"(?i)\bsplit{words}\s(?P<name>{whose})[- ](?:independent|disjoint|wise)\b")),
    ]
});

/// Where the words of a phrase name whose rows are kept together, the surest first.
static NAMED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let name = NAME;
    let whose = whose();
    [
        format!(r"\bgroups?\s?[=:]\s?{name}"),
        format!(r"\b(?:by|per|over|along)\s(?:the\s|their\s|each\s)?(?:column\s)?{name}(?:\scolumn)?"),
        format!(r"(?:k-?fold|split\w*|hold-?out|validation)\b.{{0,20}}?\s(?:on|of|with|across)\s(?:the\s|their\s|each\s)?(?:column\s)?{name}"),
        format!(r"\b(?:of|from|with|by)\s(?:the\s|an?\s)?(?:same|one|each|every|single)\s{name}"),
        format!(r"\b(?:rows|records|samples|images|examples|data|texts|visits|orders|recordings|entries|lines|all)\s(?:of|from)\s(?:an?\s)?{name}"),
        format!(r"\boverlap(?:ping)?\sof\s(?:the\s)?{name}"),
        format!(r"\b(?:leakage|leak|overlap)\s(?:of|across|between|over)\s(?:the\s)?{name}"),
        format!(r"(?P<name>{whose})-?\s?(?:level|wise|disjoint|independent|overlap|leak)"),
        format!(r"\b(?:no|same|each|every|any|none of the|a single|one)\s(?:two\s|single\s)?{name}"),
        format!(r"\b{name}\s(?:must|should|may|can|do|does|are|is|darf)(?:n['’]t)?\b"),
        format!(r"\b(?P<name>{whose})\b"),
    ]
    .into_iter()
    .map(|way| regex(&format!("(?i){way}")))
    .collect()
});

/// What a phrase names that is no group: what all rows are.
#[rustfmt::skip]
const ROWS: [&str; 45] = [
    "row", "rows", "data", "example", "examples", "sample", "samples", "image", "images", "text", "texts", "record",
    "records", "set", "sets", "split", "splits", "train", "training", "test", "testing", "leakage", "leak", "overlap",
    "overlaps", "duplicate", "duplicates", "two", "both", "it", "them", "the", "a", "an", "same", "class", "classes", "label",
    "labels", "column", "columns", "files", "one", "grouped", "grouping",
];

/// Whose rows a phrase keeps together, as the column may be called; none where it does not say it.
fn group_in(words: &str) -> Option<String> {
    let is_group =
        |name: &str| !ROWS.contains(&name.to_lowercase().as_str()) && name.chars().count() > 1 && !crate::data::tells_when(name);
    let clean = |name: &str| name.trim_matches(['`', '"', '\'', '.', ' ', '-']).replace(' ', "_");
    NAMED.iter().find_map(|way| {
        let names = way.captures_iter(words).filter_map(|found| found.name("name").map(|name| clean(name.as_str())));
        names.into_iter().find(|name| is_group(name))
    })
}

static STRATIFIED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:(?:with|using|use|do|make|in|as|a|an|the)\s)*stratif(?:ied|y|ying|ication)\b(?:\s(?:random\s)?(?:train[-/ ]test\s)?(?:split(?:s|ting)?|sampling|sample|hold-?out))?(?:\s(?:by|on|over|along)\s(?:the\s)?(?:class(?:es)?|labels?|target|categor(?:y|ies)|outcome)\b)?",
    )
});

pub(crate) fn find_borders(rest: &mut Rest, request: &mut Request) {
    if !rest.says("19") && !rest.says("20") {
        return;
    }
    let from = Cell::new(None);
    let place = |text: &str, start: usize| {
        let found = border::find(text, start)?;
        from.set(found.from);
        Some(found.range)
    };
    while let Some(words) = rest.cut_place(place) {
        match from.take() {
            Some(from) => request.parted.push(AskedSplit { words, by: SplitBy::Border(from) }),
            None => {
                request.lacking.push(Lacking { of: Lack::Split, words });
                // The latest are as near as it comes.
                request.ordered_by = request.ordered_by.take().or(Some(AskedOrder::Time));
            }
        }
    }
}

/// Behind ratios, whose split may be one by groups: `a 70/30 split by patient`.
pub(crate) fn find_groups(rest: &mut Rest, request: &mut Request) {
    static NOTHING: LazyLock<Regex> = LazyLock::new(|| regex(r"[^\s\S]"));
    let has = |words: &[&str]| words.iter().any(|word| rest.says(word));
    if !has(&[
        "group",
        "both",
        "together",
        "overlap",
        "leak",
        "split",
        "level",
        "wise",
        "disjoint",
        "independent",
        " and test",
        "sets",
        "seen",
        "share",
        "whole",
        "entire",
        "different",
        " new ",
        " other ",
        "separat",
        "partition",
        "divid",
        "intact",
        "test user",
        "test patient",
        "test customer",
        "test speaker",
        "test subject",
        "must not",
        "should not",
        "may not",
        "not be ",
        "hold",
        "held",
        "same ",
        "one side",
        "one part",
        " met",
        " or test",
        " or in ",
    ]) && request.tested.is_none()
    {
        return;
    }
    // `No user in both` is a negation itself, and asks for something.
    let ways = TOGETHER.iter().map(|way| (way, &*NOTHING)).chain(BY_WHOM.iter().map(|way| (way, &*NEGATION)));
    for (way, before) in ways {
        while let Some(cut) = rest.cut_judged(way, before, of_rows_kept) {
            let named = own_name(&cut).map_or_else(|| group_in(&cut.words), |name| group_in(&format!("by {name}")));
            match (is_of_shares(&cut.words), named) {
                (true, _) => request.stratified = true,
                (false, Some(name)) => {
                    request.stratified |= cut.words.to_lowercase().contains("stratif");
                    request.parted.push(AskedSplit { words: cut.words, by: SplitBy::Group(name) });
                }
                (false, None) => request.lacking.push(Lacking { of: Lack::Split, words: cut.words }),
            }
        }
    }
}

/// Whose rows they are where the way of saying it knows where that stands.
fn own_name(cut: &Cut) -> Option<&str> {
    static WITHIN: LazyLock<Regex> =
        LazyLock::new(|| regex(r"\((?:the\s)?(?P<own>[\p{L}_][\w.-]*)(?:\s(?:is|holds|has|gives|identifies|says|=)\s[^()]*)?\)"));
    let within = || WITHIN.captures(&cut.words).and_then(|found| found.name("own")).map(|own| own.as_str());
    let own = Some(cut.get("own")).filter(|own| !own.is_empty()).or_else(within);
    // `Split (grouped) by patient` names none there.
    let own = own.filter(|own| group_in(&format!("by {own}")).is_some());
    own.or_else(|| ["name", "unseen"].map(|group| cut.get(group)).into_iter().find(|name| !name.is_empty()))
}

/// Whether it is of classes, and that each side has as many.
fn is_of_shares(words: &str) -> bool {
    let has = |any: &[&str]| any.iter().any(|word| words.contains(word));
    has(&["distribution", "proportion", "ratio", "balance", "share"])
        && !has(&["not share", "never share", "n't share", "share no"])
}

/// Behind ratios, which may have it beside their numbers.
pub(crate) fn find_shares(rest: &mut Rest, request: &mut Request) {
    if rest.says("stratif") {
        let mut is_said = false;
        while rest.cut_as(&STRATIFIED, by_chance).is_some() {
            is_said = true;
        }
        request.stratified |= is_said;
    }
}

fn by_chance(found: &Found<'_>) -> Judged {
    taken_if(!found.behind.trim_start().starts_with("k-fold"))
}

/// `Query and passage of a row belong together`.
static ROW_OF: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)\b(?:of|from|in) (?:an?|the same|each|every|one) (?:row|line|record|example|pair|sample|entry)\b")
});

/// Whether rows are meant: what is trained on both texts and images is something else.
fn of_rows_kept(found: &Found<'_>) -> Judged {
    let words = found.cut.words.to_lowercase();
    // `And must not end up in both` is said of what was named before.
    const NOBODY: [&str; 8] = ["and", "but", "it", "they", "which", "who", "that", "these"];
    let first = words.split_whitespace().next().unwrap_or_default();
    if NOBODY.contains(&first) && own_name(found.cut).is_none_or(|name| NOBODY.contains(&name)) {
        return Judged::Passed;
    }
    // What belongs together in a row is a pair.
    if own_name(found.cut).is_none() && ROW_OF.is_match(&found.cut.words) {
        return Judged::Passed;
    }
    // Rows are not groups of themselves: `test on examples not seen in training` says what a test is.
    if let Some(name) = own_name(found.cut) {
        return taken_if(group_in(&format!("by {name}")).is_some());
    }
    let parts =
        ["train", "test", "split", "set", "group", "together", "level", "wise", "disjoint", "independent", "side", "part"];
    let negates = [
        "no ",
        "not ",
        "never",
        "n't",
        "same",
        "each",
        "shared",
        "only in one",
        "must",
        "split",
        "group",
        "together",
        "level",
        "wise",
        "disjoint",
        "independent",
        "overlap",
        "leak",
    ];
    taken_if(parts.iter().any(|part| words.contains(part)) && negates.iter().any(|word| words.contains(word)))
}
