//! Licences of what a run is made from: what each asks for, and whether somebody must agree first. Unknown is a value of its own and
//! never turns into a permissive one.

use super::types::{Facts, OwnTerms};
use crate::spec::{DataSource, ExperimentSpec, ModelSpec};
use crate::words::address;
use serde::{Deserialize, Serialize};

/// What a licence asks of whoever uses or shares what it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Name the authors and the licence.
    Attribution,
    /// What is derived is shared under the same terms.
    ShareAlike,
    /// It has terms of its own: acceptable uses, names, numbers of users.
    OwnTerms,
    /// Nobody says what is allowed.
    Unknown,
    /// No commercial use.
    NonCommercial,
    /// What is derived may not be shared.
    NoDerivatives,
    /// Access is given to those who agree to its terms, each for themselves.
    Gated,
}

impl Duty {
    /// What it means for a model that is trained from what it covers.
    pub fn in_words(self) -> &'static str {
        match self {
            Duty::Attribution => "name its authors and its licence where you share what you made of it",
            Duty::ShareAlike => "share what you made of it under the same licence",
            Duty::OwnTerms => "it has terms of its own; read them before you use or share what you made of it",
            Duty::Unknown => {
                "no licence is stated, and unknown is not permission: ask its authors before you use or share what you made of it"
            }
            Duty::NonCommercial => "no commercial use of what you made of it",
            Duty::NoDerivatives => "what you made of it may not be shared",
            Duty::Gated => {
                "it is gated: you use it on the terms that you agreed to on its page of the Hub when you asked for access"
            }
        }
    }

    /// What must happen before a run that it covers. Nothing leaves this machine by training: what nobody forbids is told, not asked.
    pub fn gate(self) -> Gate {
        match self {
            Duty::Attribution | Duty::ShareAlike | Duty::OwnTerms | Duty::Unknown => Gate::Warn,
            Duty::NonCommercial | Duty::NoDerivatives | Duty::Gated => Gate::Ask,
        }
    }
}

impl Duty {
    /// What must happen before what was made of it is shared: there what nobody allowed is asked, too.
    pub fn gate_to_share(self) -> Gate {
        match self {
            Duty::Attribution | Duty::ShareAlike => Gate::Warn,
            Duty::OwnTerms | Duty::Unknown | Duty::NonCommercial | Duty::NoDerivatives | Duty::Gated => Gate::Ask,
        }
    }
}

/// What must happen before something is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    Allow,
    /// Its duties are told.
    Warn,
    /// Somebody must agree to it.
    Ask,
}

/// A licence by the Hub's name for it.
#[derive(Debug)]
struct License {
    hub: &'static str,
    /// The identifier of SPDX, `LicenseRef-...` where SPDX has none.
    spdx: &'static str,
    duties: &'static [Duty],
}

const fn license(hub: &'static str, spdx: &'static str, duties: &'static [Duty]) -> License {
    License { hub, spdx, duties }
}

const NONE: &[Duty] = &[];
const BY: &[Duty] = &[Duty::Attribution];
const SA: &[Duty] = &[Duty::Attribution, Duty::ShareAlike];
const NC: &[Duty] = &[Duty::Attribution, Duty::NonCommercial];
const NC_SA: &[Duty] = &[Duty::Attribution, Duty::ShareAlike, Duty::NonCommercial];
const ND: &[Duty] = &[Duty::Attribution, Duty::NoDerivatives];
const NC_ND: &[Duty] = &[Duty::Attribution, Duty::NonCommercial, Duty::NoDerivatives];
const OWN: &[Duty] = &[Duty::Attribution, Duty::OwnTerms];
const OWN_NC: &[Duty] = &[Duty::Attribution, Duty::OwnTerms, Duty::NonCommercial];

/// Those that cards of the Hub name (its documentation's list of licences).
#[rustfmt::skip]
const LICENSES: &[License] = &[
    license("apache-2.0", "Apache-2.0", BY),
    license("mit", "MIT", BY),
    license("openrail", "LicenseRef-OpenRAIL", OWN),
    license("openrail++", "LicenseRef-OpenRAIL++", OWN),
    license("bigscience-openrail-m", "LicenseRef-BigScience-OpenRAIL-M", OWN),
    license("creativeml-openrail-m", "LicenseRef-CreativeML-OpenRAIL-M", OWN),
    license("bigscience-bloom-rail-1.0", "LicenseRef-BigScience-BLOOM-RAIL-1.0", OWN),
    license("bigcode-openrail-m", "LicenseRef-BigCode-OpenRAIL-M", OWN),
    license("afl-3.0", "AFL-3.0", BY),
    license("artistic-2.0", "Artistic-2.0", BY),
    license("bsl-1.0", "BSL-1.0", NONE),
    license("bsd", "BSD-3-Clause", BY),
    license("bsd-2-clause", "BSD-2-Clause", BY),
    license("bsd-3-clause", "BSD-3-Clause", BY),
    license("bsd-3-clause-clear", "BSD-3-Clause-Clear", BY),
    license("ms-pl", "MS-PL", BY),
    license("apple-ascl", "LicenseRef-Apple-ASCL", OWN),
    license("apple-amlr", "LicenseRef-Apple-AMLR", OWN_NC),
    license("c-uda", "C-UDA-1.0", OWN),
    license("cc", "LicenseRef-CC", OWN),
    license("cc0-1.0", "CC0-1.0", NONE),
    license("cc-by-2.0", "CC-BY-2.0", BY),
    license("cc-by-2.5", "CC-BY-2.5", BY),
    license("cc-by-3.0", "CC-BY-3.0", BY),
    license("cc-by-4.0", "CC-BY-4.0", BY),
    license("cc-by-sa-3.0", "CC-BY-SA-3.0", SA),
    license("cc-by-sa-4.0", "CC-BY-SA-4.0", SA),
    license("cc-by-nc-2.0", "CC-BY-NC-2.0", NC),
    license("cc-by-nc-3.0", "CC-BY-NC-3.0", NC),
    license("cc-by-nc-4.0", "CC-BY-NC-4.0", NC),
    license("cc-by-nd-4.0", "CC-BY-ND-4.0", ND),
    license("cc-by-nc-nd-3.0", "CC-BY-NC-ND-3.0", NC_ND),
    license("cc-by-nc-nd-4.0", "CC-BY-NC-ND-4.0", NC_ND),
    license("cc-by-nc-sa-2.0", "CC-BY-NC-SA-2.0", NC_SA),
    license("cc-by-nc-sa-3.0", "CC-BY-NC-SA-3.0", NC_SA),
    license("cc-by-nc-sa-4.0", "CC-BY-NC-SA-4.0", NC_SA),
    license("cdla-sharing-1.0", "CDLA-Sharing-1.0", SA),
    license("cdla-permissive-1.0", "CDLA-Permissive-1.0", BY),
    license("cdla-permissive-2.0", "CDLA-Permissive-2.0", NONE),
    license("wtfpl", "WTFPL", NONE),
    license("ecl-2.0", "ECL-2.0", BY),
    license("epl-1.0", "EPL-1.0", SA),
    license("epl-2.0", "EPL-2.0", SA),
    license("etalab-2.0", "etalab-2.0", BY),
    license("eupl-1.1", "EUPL-1.1", SA),
    license("eupl-1.2", "EUPL-1.2", SA),
    license("agpl-3.0", "AGPL-3.0-only", SA),
    license("gfdl", "GFDL-1.3-only", SA),
    license("gpl", "GPL-2.0-or-later", SA),
    license("gpl-2.0", "GPL-2.0-only", SA),
    license("gpl-3.0", "GPL-3.0-only", SA),
    license("lgpl", "LGPL-2.1-or-later", SA),
    license("lgpl-2.1", "LGPL-2.1-only", SA),
    license("lgpl-3.0", "LGPL-3.0-only", SA),
    license("isc", "ISC", BY),
    license("h-research", "LicenseRef-H-Research", OWN_NC),
    license("intel-research", "LicenseRef-Intel-Research", OWN_NC),
    license("lppl-1.3c", "LPPL-1.3c", BY),
    license("ncsa", "NCSA", BY),
    license("mpl-2.0", "MPL-2.0", SA),
    license("odc-by", "ODC-By-1.0", BY),
    license("odbl", "ODbL-1.0", SA),
    license("osl-3.0", "OSL-3.0", SA),
    license("postgresql", "PostgreSQL", BY),
    license("ofl-1.1", "OFL-1.1", BY),
    license("zlib", "Zlib", NONE),
    license("unlicense", "Unlicense", NONE),
    license("pddl", "PDDL-1.0", NONE),
    license("llama2", "LicenseRef-Llama2", OWN),
    license("llama3", "LicenseRef-Llama3", OWN),
    license("llama3.1", "LicenseRef-Llama3.1", OWN),
    license("llama3.2", "LicenseRef-Llama3.2", OWN),
    license("llama3.3", "LicenseRef-Llama3.3", OWN),
    license("llama4", "LicenseRef-Llama4", OWN),
    license("gemma", "LicenseRef-Gemma", OWN),
    license("deepfloyd-if-license", "LicenseRef-DeepFloyd-IF", OWN_NC),
];

/// The one that is meant by the Hub's name or by SPDX's, whatever the case; none where that is none of these.
fn known(name: &str) -> Option<&'static License> {
    let called = |by: fn(&License) -> &str| LICENSES.iter().find(|license| by(license).eq_ignore_ascii_case(name.trim()));
    called(|license| license.hub).or_else(|| called(|license| license.spdx))
}

/// What one asks for, as far as its name says it where it is not known.
fn duties_of(name: &str) -> &'static [Duty] {
    match known(name) {
        Some(license) => license.duties,
        None if is_non_commercial(name) => &[Duty::Unknown, Duty::NonCommercial],
        None => &[Duty::Unknown],
    }
}

/// Whether the name of a licence says that nothing may be earned with it, or that it is for research alone.
fn is_non_commercial(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut parts = name.split(|c: char| !c.is_alphanumeric());
    name.contains("noncommercial")
        || name.contains("non-commercial")
        || name.contains("research-only")
        || parts.any(|part| part == "nc")
}

/// Of licences that one may choose from (`A OR B`), the one that asks for least.
fn freest(name: &str) -> &str {
    let most = |name: &&str| duties_of(name).iter().map(|duty| (duty.gate_to_share(), *duty)).max();
    let mut choices: Vec<&str> = Vec::new();
    let mut rest = name;
    // Places are those of `rest` itself, so letters keep their lengths.
    while let Some(at) = rest.to_ascii_lowercase().find(" or ") {
        choices.push(rest[..at].trim());
        rest = &rest[at + 4..];
    }
    choices.push(rest.trim());
    choices.into_iter().min_by_key(most).unwrap_or(name)
}

/// The Hub's own name for a licence, where it has one.
pub fn hub_name(name: &str) -> Option<&'static str> {
    known(name).map(|license| license.hub)
}

/// Something that a run is made from, and on which terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licensed {
    /// In words: the data set `x`.
    pub what: String,
    /// As its card says it; none where it says nothing.
    pub stated: Option<String>,
    /// Identifiers of SPDX, one for each licence that is stated and known.
    pub spdx: Vec<String>,
    pub duties: Vec<Duty>,
    /// Its id on the Hub, where access must be asked for: by it, too, one agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gated: Option<String>,
    /// What its card says of a licence that the Hub has no name for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<OwnTerms>,
}

impl Licensed {
    /// Of what a card states: one licence, or several joined by commas, which all hold.
    pub fn new(what: String, stated: Option<&str>) -> Self {
        let stated = stated.map(str::trim).filter(|stated| !stated.is_empty());
        let names: Vec<&str> = stated.unwrap_or("unknown").split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let names: Vec<&str> = names.into_iter().map(freest).collect();
        let mut duties: Vec<Duty> = names.iter().flat_map(|name| duties_of(name)).copied().collect();
        duties.sort_unstable();
        duties.dedup();
        let spdx = names.iter().filter_map(|name| Some(known(name)?.spdx.to_string())).collect();
        Licensed { what, stated: stated.map(str::to_string), spdx, duties, gated: None, terms: None }
    }

    /// The same where the card names a licence that the Hub has no name for, and where it stands.
    #[must_use]
    fn with_terms(mut self, terms: Option<&OwnTerms>) -> Self {
        if self.stated.as_deref().is_none_or(|stated| stated.eq_ignore_ascii_case("other"))
            && let Some(terms) = terms
        {
            let known = terms.name.as_deref().and_then(known);
            self.spdx = known.iter().map(|license| license.spdx.to_string()).collect();
            let own = || terms.name.iter().filter(|name| is_non_commercial(name)).map(|_| Duty::NonCommercial);
            self.duties =
                known.map_or_else(|| std::iter::once(Duty::OwnTerms).chain(own()).collect(), |license| license.duties.to_vec());
            self.stated.get_or_insert_with(|| "other".into());
            self.terms = Some(terms.clone());
        }
        self
    }

    /// The same of what is behind a gate under this id of the Hub.
    #[must_use]
    fn behind_a_gate(mut self, id: &str) -> Self {
        self.duties.push(Duty::Gated);
        Licensed { gated: Some(id.into()), ..self }
    }

    /// What must happen before it is used.
    pub fn gate(&self) -> Gate {
        self.duties.iter().map(|duty| duty.gate()).max().unwrap_or(Gate::Allow)
    }

    /// What must happen before what was made of it is shared.
    pub fn gate_to_share(&self) -> Gate {
        self.duties.iter().map(|duty| duty.gate_to_share()).max().unwrap_or(Gate::Allow)
    }

    /// What one agrees to: `cc-by-nc-4.0`, or `unknown`; of what is gated its own id, for its terms are its own.
    pub fn id(&self) -> &str {
        self.gated.as_deref().or(self.stated.as_deref()).unwrap_or("unknown")
    }

    /// Whether somebody has agreed to it, by the card's words for it or by SPDX's.
    pub fn is_accepted(&self, accepted: &[String]) -> bool {
        let license = self.stated.as_deref().unwrap_or("unknown");
        let named = self.terms.as_ref().and_then(|terms| terms.name.as_deref());
        let own = std::iter::once(license).chain(named).chain(self.spdx.iter().map(String::as_str));
        // Who agrees to a licence has not agreed to the terms of a gate.
        if let Some(id) = &self.gated {
            return accepted.iter().any(|name| name.trim().eq_ignore_ascii_case(id));
        }
        own.into_iter().any(|id| accepted.iter().any(|name| name.trim().eq_ignore_ascii_case(id)))
    }

    /// One line: what it is, its licence, its duties.
    pub fn in_words(&self) -> String {
        let words = |duty: &Duty| match (duty, &self.stated) {
            (Duty::Unknown, Some(_)) => {
                "what it allows is not known here, and unknown is not permission: read it before you use or share what you made of it"
            }
            (duty, _) => duty.in_words(),
        };
        let duties: Vec<&str> = self.duties.iter().map(words).collect();
        let terms: Vec<&str> =
            self.terms.iter().flat_map(|terms| terms.name.iter().chain(&terms.link)).map(String::as_str).collect();
        let terms = if terms.is_empty() { String::new() } else { format!(" ({})", terms.join(", ")) };
        let stated = self.stated.iter().map(|stated| format!("licence {stated}{terms}"));
        let parts: Vec<String> = stated.chain(duties.into_iter().map(str::to_string)).collect();
        format!("{}: {}", self.what, parts.join("; "))
    }
}

/// What a run is made from that others may have rights in: the base model and the data of the Hub, and local ones whose card says so.
pub fn licensed(spec: &ExperimentSpec, facts: &Facts) -> Vec<Licensed> {
    let mut found = Vec::new();
    if let ModelSpec::Pretrained { id, .. } = &spec.model {
        let stated = facts.model.license.as_deref();
        // A folder at hand without a card is the user's own affair.
        let is_here = facts.model.is_local || std::path::Path::new(id).is_absolute() || id.starts_with('.');
        if stated.is_some() || !is_here {
            let licensed = Licensed::new(format!("the model `{id}`"), stated).with_terms(facts.model.terms.as_ref());
            found.push(if facts.model.is_gated { licensed.behind_a_gate(id) } else { licensed });
        }
    }
    let of_data = licensed_data(&spec.data.source, facts.data.license.as_deref());
    let of_data = of_data.map(|licensed| licensed.with_terms(facts.data.terms.as_ref()));
    found.extend(of_data.map(|licensed| match &spec.data.source {
        DataSource::Hub { id, .. } if facts.data.is_gated => licensed.behind_a_gate(id),
        DataSource::Hub { .. } | DataSource::Local { .. } | DataSource::Url { .. } | DataSource::Generated { .. } => licensed,
    }));
    found
}

/// The same of data alone, whose card states this.
pub fn licensed_data(source: &DataSource, stated: Option<&str>) -> Option<Licensed> {
    match source {
        DataSource::Hub { id, .. } => Some(Licensed::new(format!("the data set `{id}`"), stated)),
        DataSource::Local { path } if stated.is_some() => Some(Licensed::new(format!("the data `{}`", path.display()), stated)),
        DataSource::Url { url, .. } => Some(Licensed::new(format!("the data at `{}`", address(url)), stated)),
        DataSource::Local { .. } | DataSource::Generated { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stated: Option<&str>) -> Licensed {
        Licensed::new("the data set `x`".into(), stated)
    }

    #[test]
    fn what_is_forbidden_is_asked_and_what_is_unknown_is_told() {
        for (stated, gate, spdx) in [
            (Some("apache-2.0"), Gate::Warn, vec!["Apache-2.0"]),
            (Some("cc0-1.0"), Gate::Allow, vec!["CC0-1.0"]),
            (Some("CC-BY-NC-4.0"), Gate::Ask, vec!["CC-BY-NC-4.0"]),
            (Some("cc-by-4.0, other"), Gate::Warn, vec!["CC-BY-4.0"]),
            (Some("mit, cc-by-nd-4.0"), Gate::Ask, vec!["MIT", "CC-BY-ND-4.0"]),
            (Some("mit-like"), Gate::Warn, vec![]),
            (Some("other"), Gate::Warn, vec![]),
            (Some("fair-noncommercial-research-license"), Gate::Ask, vec![]),
            (Some("cc-by-nc-4.0 OR mit"), Gate::Warn, vec!["MIT"]),
            // Its first letter is shorter in lower case.
            (Some("\u{212a} or mit"), Gate::Warn, vec!["MIT"]),
            (None, Gate::Warn, vec![]),
        ] {
            let found = of(stated);
            assert_eq!((found.gate(), found.spdx.iter().map(String::as_str).collect()), (gate, spdx), "{stated:?}");
        }
        assert!(of(Some("other")).duties.contains(&Duty::Unknown) && of(None).duties == [Duty::Unknown]);
        assert!(of(Some("llama3.2")).duties.contains(&Duty::OwnTerms));
    }

    #[test]
    fn licences_without_a_name_of_the_hub_have_their_own() {
        let terms = |name: Option<&str>| OwnTerms { name: name.map(str::to_string), link: Some("LICENSE".into()) };
        let own = of(Some("other")).with_terms(Some(&terms(Some("some-research"))));
        assert_eq!((own.duties.as_slice(), own.gate_to_share()), (&[Duty::OwnTerms][..], Gate::Ask));
        assert!(own.in_words().contains("licence other (some-research, LICENSE); it has terms of its own"), "{}", own.in_words());
        let only = of(Some("other")).with_terms(Some(&terms(Some("my-research-only"))));
        assert_eq!(only.gate(), Gate::Ask);
        assert!(!of(Some("mine")).in_words().contains("no licence is stated"), "{}", of(Some("mine")).in_words());
        assert!(own.is_accepted(&["some-research".into()]) && own.is_accepted(&["other".into()]));
        let known = of(Some("other")).with_terms(Some(&terms(Some("cc-by-nc-4.0"))));
        assert_eq!((known.gate(), known.spdx.as_slice()), (Gate::Ask, &["CC-BY-NC-4.0".to_string()][..]));
        assert_eq!(of(Some("mit")).with_terms(Some(&terms(None))), of(Some("mit")), "what is stated holds");
    }

    #[test]
    fn what_is_gated_is_agreed_to_by_its_own_id() {
        let gated = of(Some("llama3.2")).behind_a_gate("org/x");
        assert_eq!((gated.gate(), gated.gate_to_share(), gated.id()), (Gate::Ask, Gate::Ask, "org/x"));
        assert!(!gated.is_accepted(&["llama3.2".into()]) && gated.is_accepted(&["Org/X".into()]));
        assert!(gated.in_words().contains("it is gated"), "{}", gated.in_words());
    }

    #[test]
    fn to_share_what_is_unknown_is_asked() {
        for (stated, gate) in [
            (Some("apache-2.0"), Gate::Warn),
            (Some("cc0-1.0"), Gate::Allow),
            (Some("cc-by-sa-4.0"), Gate::Warn),
            (Some("llama3.2"), Gate::Ask),
            (Some("cc-by-nc-4.0"), Gate::Ask),
            (Some("whatever"), Gate::Ask),
            (None, Gate::Ask),
        ] {
            assert_eq!(of(stated).gate_to_share(), gate, "{stated:?}");
        }
    }

    #[test]
    fn one_agrees_by_the_cards_words_or_by_spdx() {
        let nc = of(Some("cc-by-nc-4.0"));
        assert!(!nc.is_accepted(&[]) && !nc.is_accepted(&["cc-by-4.0".into()]));
        assert!(nc.is_accepted(&["CC-BY-NC-4.0".into()]) && of(None).is_accepted(&["unknown".into()]));
    }

    #[test]
    fn names_are_those_of_one_licence_each() {
        for license in LICENSES {
            assert_eq!(known(license.hub).map(|found| found.hub), Some(license.hub));
            assert!(license.duties.is_sorted(), "{}", license.hub);
        }
    }
}
