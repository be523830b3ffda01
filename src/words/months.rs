//! Names of the months, in the languages that are read.

#[rustfmt::skip]
pub(crate) const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janvier", "enero", "gennaio", "janeiro", "jan", "janv"],
    &["february", "februar", "février", "febrero", "febbraio", "fevereiro", "feb"],
    &["march", "märz", "maerz", "mars", "marzo", "março", "mar"],
    &["april", "avril", "abril", "aprile", "apr"],
    &["may", "mai", "mayo", "maggio", "maio"],
    &["june", "juni", "juin", "junio", "giugno", "junho", "jun"],
    &["july", "juli", "juillet", "julio", "luglio", "julho", "jul"],
    &["august", "août", "agosto", "aug"],
    &["september", "septembre", "septiembre", "settembre", "setembro", "sept", "sep"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro", "oct", "okt"],
    &["november", "novembre", "noviembre", "novembro", "nov"],
    &["december", "dezember", "décembre", "diciembre", "dicembre", "dezembro", "dec", "dez"],
];

/// Which month a word in lower case names, from 1 on.
pub(crate) fn month(word: &str) -> Option<i8> {
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&word)).map(|(month, _)| month)
}
