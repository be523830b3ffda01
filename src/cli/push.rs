//! `tallow push`: a model goes to the Hub, after everything that could speak against it was looked at, and somebody agreed.

use super::args::PushArgs;
use super::consent::{self, agreed};
use super::environment::Environment;
use super::experiment::find;
use super::secrets::Secrets;
use crate::data::Card;
use crate::data::hub::Hub;
use crate::data::hub::push::{self, Change, Patience, Pushed, Pusher, Standing, Target};
use crate::error::{Class, Failure, Result};
use crate::plan::{self, Gate, Licensed, Plan};
use crate::provenance::Manifest;
use crate::publish::{Finding, FindingKind, Shipment, licensed_card};
use crate::store::{self, MANIFEST, RunFolder};
use crate::words::{bytes, clean, count};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, thiserror::Error)]
enum PushError {
    #[error("`{model}` is no run and no folder of a model")]
    NoModel { model: String },
    #[error("the model's files contain secrets:{}", listed(findings))]
    Secrets { findings: Vec<(String, Finding)> },
    #[error("the model's files contain paths of this machine:{}", listed(findings))]
    Paths { findings: Vec<(String, Finding)> },
    #[error("the adapter's base `{base}` lies on this machine, where nobody else has it")]
    Base { base: String },
    #[error("`{id}` is no licence that the Hub has a name for")]
    NoLicense { id: String },
    #[error("the card cannot be changed")]
    Card { source: std::io::Error },
    #[error("{}", licensed.in_words())]
    License { licensed: Box<Licensed> },
    #[error("nobody agreed to the push")]
    NotAgreed,
}

/// A line each, the first few.
fn listed(findings: &[(String, Finding)]) -> String {
    const MOST: usize = 12;
    let line = |(file, Finding { line, shown, .. }): &(String, Finding)| format!("\n  {file}, line {line}: {shown}");
    let more = findings.len().saturating_sub(MOST);
    let mut out: String = findings.iter().take(MOST).map(line).collect();
    if more > 0 {
        out.push_str(&format!("\n  and {more} more"));
    }
    out
}

impl Failure for PushError {
    fn class(&self) -> Class {
        match self {
            PushError::License { .. } => Class::Spec,
            PushError::Card { .. } => Class::Resource,
            PushError::NoModel { .. }
            | PushError::Base { .. }
            | PushError::NoLicense { .. }
            | PushError::Secrets { .. }
            | PushError::Paths { .. }
            | PushError::NotAgreed => Class::Usage,
        }
    }
    fn hint(&self) -> Option<String> {
        Some(match self {
            PushError::NoModel { .. } => "`tallow runs` lists the runs".into(),
            PushError::Secrets { .. } => "take them out of the files; whoever saw them should get new ones".into(),
            PushError::Paths { .. } => "take them out of the files, or let them go with `--allow-paths`".into(),
            PushError::License { licensed } => {
                format!("if you may share it on these terms, say so: `--accept-license \"{}\"`", licensed.id())
            }
            PushError::Base { .. } => {
                "`tallow merge` makes one model of both; or push the base, and train on it from there".into()
            }
            PushError::NoLicense { .. } => "such as `apache-2.0`, `mit` or `cc-by-4.0`: the Hub lists them".into(),
            PushError::Card { source } => return crate::error::place_hint(source),
            PushError::NotAgreed => "agree on a terminal or with `--yes`; `--dry-run` shows what would go".into(),
        })
    }
}

/// Where it goes.
fn target(args: &PushArgs) -> Target {
    Target { id: args.target.clone(), revision: args.revision.clone(), private: args.private, pull_request: args.pr }
}

pub(super) fn push(json: bool, env: &Environment, args: &PushArgs) -> Result<ExitCode> {
    let target = target(args);
    target.check()?;
    let license = args.license.as_deref();
    let license = license.map(|id| plan::hub_name(id).ok_or_else(|| PushError::NoLicense { id: id.into() })).transpose()?;
    let (folder, terms) = model(env, &args.model, license)?;
    let own = Secrets::read(env);
    let mut shipment = Shipment::of(&folder, &|line| own.are_in(line))?;
    let beside = tempfile::tempdir().map_err(|source| PushError::Card { source })?;
    if let Some(license) = license {
        let card = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        shipment = shipment.with_card(&licensed_card(&card, license), beside.path())?;
    }
    let config = env.hub(args.hub.hub.clone(), args.hub.offline);
    let endpoint = config.endpoint.clone();
    let hub = Hub::new(config).telling(move |line| {
        if !json {
            super::mention(&format!("  {line}\n"));
        }
    });
    let may_ask = !json && !args.dry_run;
    let objections = objections(args, &shipment, &terms);
    if args.dry_run {
        return dry_run(json, &target, &shipment, &terms, &objections, &hub, &endpoint);
    }
    for objection in objections {
        match &objection {
            PushError::License { licensed } if may_ask && consent::asked(licensed) => {}
            PushError::Paths { .. } if may_ask && agreed(&format!("{objection}\nLet them go?")) => {}
            _ => return Err(objection.into()),
        }
    }
    let pusher = hub.pusher(Patience::default())?;
    let standing = pusher.standing(&target)?;
    if !json {
        super::mention(&page(&target, &shipment, Ok(&standing), &terms, &endpoint));
    }
    if !args.yes && !(may_ask && agreed("Push this?")) {
        return Err(PushError::NotAgreed.into());
    }
    let message = args.message.as_deref().unwrap_or("Model trained and measured by Tallow");
    told(json, (&target, message), &shipment, pusher, &endpoint)
}

/// Pushes, and says what came of it.
fn told(json: bool, (target, message): (&Target, &str), shipment: &Shipment, pusher: Pusher, endpoint: &str) -> Result<ExitCode> {
    let Target { id, .. } = target;
    let mut tell = |line: &str| {
        if !json {
            super::mention(&format!("  {}\n", clean(line)));
        }
    };
    let pushed = pusher.push(target, &shipment.files, message, &mut tell)?;
    let url = format!("{endpoint}/{id}");
    let (commit, request) = match &pushed {
        Pushed::Unchanged { commit } => (commit, None),
        Pushed::Committed { commit, pull_request, .. } => (commit, pull_request.as_ref()),
    };
    if json {
        let changed = matches!(pushed, Pushed::Committed { .. });
        let line = json!({"model": id, "commit": commit, "url": url, "changed": changed, "pull_request": request});
        return super::print_json(&line);
    }
    super::say_all(&match &pushed {
        Pushed::Unchanged { commit } => format!("Nothing to push: {id} holds all of it since commit {}", short(commit)),
        Pushed::Committed { commit, sent, uploaded, pull_request } => {
            let what = format!("{} files in the commit, {} uploaded before it", count(*sent as f64), count(*uploaded as f64));
            let place = pull_request.as_ref().map_or_else(|| url.clone(), |request| clean(request).to_string());
            format!("Pushed {id} at {} ({what}; hashes read back and equal)\n{place}", short(commit))
        }
    })
}

/// The folder that goes, and on which terms others gave what it is made from. `license`: what the one who pushes it says of it.
fn model(env: &Environment, model: &str, license: Option<&str>) -> Result<(PathBuf, Vec<Licensed>)> {
    if let Ok(run) = find(env, model) {
        let folder = run.model();
        if !folder.is_dir() {
            return Err(store::Error::NoModel { path: run.root().into() }.into());
        }
        return Ok((folder, terms_of(&run)?));
    }
    let folder = PathBuf::from(model);
    if !folder.is_dir() {
        return Err(PushError::NoModel { model: model.into() }.into());
    }
    // A run's own, whatever it is called by.
    let run = folder.canonicalize().ok().and_then(|own| Some((RunFolder::open(own.parent()?).ok()?, own)));
    if let Some((run, _)) = run.filter(|(run, own)| run.model() == *own && run.plan().is_file()) {
        return Ok((folder, terms_of(&run)?));
    }
    // Of another folder nothing is known but what its card and its manifest say.
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    let stated = Card::parse(&format!("the model `{model}`"), &readme)?.license;
    let manifest = std::fs::read(folder.join(MANIFEST)).ok().and_then(|json| serde_json::from_slice::<Manifest>(&json).ok());
    let of_data = manifest.as_ref().and_then(data_of);
    let is_own = manifest.is_some_and(|manifest| manifest.settings.get("model.kind").is_some_and(|kind| kind == "scratch"));
    let of_model = match stated.as_deref().or(license) {
        None if is_own => None,
        stated => Some(Licensed::new(format!("the model `{model}`"), stated)),
    };
    Ok((folder, of_model.into_iter().chain(of_data).collect()))
}

/// The terms of the data that a manifest names, where somebody else gave it: what they are does not stand there.
fn data_of(manifest: &Manifest) -> Option<Licensed> {
    let text = |key: &str| manifest.settings.get(key).and_then(Value::as_str);
    let what = match (text("data.source.kind")?, text("data.source.id"), text("data.source.url")) {
        ("generated" | "local", ..) => return None,
        (_, Some(id), _) => format!("the data set `{id}`"),
        (_, None, Some(url)) => format!("the data at `{url}`"),
        (_, None, None) => "the data that it was trained on".into(),
    };
    Some(Licensed::new(what, None))
}

fn terms_of(run: &RunFolder) -> Result<Vec<Licensed>> {
    Ok(run.read_json::<Plan>(&run.plan()).map(|plan| plan::licensed(&plan.spec, &plan.facts))?)
}

/// Everything that speaks against it and was not agreed to yet.
fn objections(args: &PushArgs, shipment: &Shipment, terms: &[Licensed]) -> Vec<PushError> {
    let (secrets, paths): (Vec<_>, Vec<_>) =
        shipment.findings.iter().cloned().partition(|(_, finding)| finding.kind == FindingKind::Secret);
    let mut found = Vec::new();
    if !secrets.is_empty() {
        found.push(PushError::Secrets { findings: secrets });
    }
    let asks = |licensed: &&Licensed| licensed.gate_to_share() == Gate::Ask && !licensed.is_accepted(&args.accept_license);
    found.extend(terms.iter().filter(asks).map(|licensed| PushError::License { licensed: Box::new(licensed.clone()) }));
    if !paths.is_empty() && !args.allow_paths {
        found.push(PushError::Paths { findings: paths });
    }
    found.extend(shipment.base_here().map(|base| PushError::Base { base }));
    found
}

/// Says what would go, and sends nothing. Ends as the push would that nobody agrees to what speaks against it.
fn dry_run(
    json: bool,
    target: &Target,
    shipment: &Shipment,
    terms: &[Licensed],
    objections: &[PushError],
    hub: &Hub,
    endpoint: &str,
) -> Result<ExitCode> {
    // Without a token, the network or a right it is said what would go, and not what is there: nobody waits long to hear that.
    let patience = Patience { attempts: 2, ..Patience::default() };
    let (standing, unseen) = match hub.pusher(patience).and_then(|pusher| pusher.standing(target)) {
        Ok(standing) => (Some(standing), None),
        Err(
            error @ (push::Error::NoToken
            | push::Error::Offline
            | push::Error::NoRight { .. }
            | push::Error::Failed { .. }
            | push::Error::Broken { .. }),
        ) => (None, Some(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let end = objections.first().map_or(ExitCode::SUCCESS, |first| ExitCode::from(first.class().exit_code()));
    if json {
        let file = |file: &push::Upload| {
            let change = standing.as_ref().map(|standing| word(standing.change(file)));
            json!({"path": file.path, "bytes": file.size, "sha256": file.sha256, "change": change})
        };
        let files: Vec<_> = shipment.files.iter().map(file).collect();
        let removed = standing.as_ref().map(|standing| standing.replaced(&shipment.files));
        let stays = standing.as_ref().map(|standing| standing.staying(&shipment.files));
        let against: Vec<String> = objections.iter().map(ToString::to_string).collect();
        let line = json!({
            "model": target.id, "dry_run": true, "bytes": shipment.bytes(), "files": files, "removed": removed,
            "stays": stays, "not_looked_at": unseen, "objections": against,
        });
        super::print_json(&line)?;
        return Ok(end);
    }
    let seen = standing.as_ref().ok_or_else(|| unseen.unwrap_or_default());
    let mut out = page(target, shipment, seen, terms, endpoint);
    for objection in objections {
        let hint = objection.hint().map(|hint| format!("\n  {hint}")).unwrap_or_default();
        out.push_str(&format!("\nWould be refused: {objection}{hint}\n"));
    }
    out.push_str("\nNothing was sent.\n");
    super::say_all(&out)?;
    Ok(end)
}

fn word(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Changed => "changed",
        Change::Same => "same",
    }
}

/// What goes where, on which terms. `seen`: what is there, or why nobody looked.
fn page(
    target: &Target,
    shipment: &Shipment,
    seen: std::result::Result<&Standing, String>,
    terms: &[Licensed],
    endpoint: &str,
) -> String {
    let Target { id, revision, private, pull_request } = target;
    let who = |private: bool| if private { "private" } else { "public: everybody can see it" };
    let place = match &seen {
        Err(why) => format!("not looked at: {}", clean(why)),
        Ok(Standing::Absent) if *private => "to be made, private".to_string(),
        Ok(Standing::Absent) => "to be made, public unless its owner's settings make new ones private".to_string(),
        Ok(Standing::NoBranch { private, .. }) => format!("there, {}; the branch is to be made", who(*private)),
        Ok(Standing::There { private, .. }) => format!("there, {}", who(*private)),
    };
    let standing = seen.ok();
    let way = if *pull_request { " as a pull request" } else { "" };
    let mut out = format!("{} at {}, branch {}{way} ({place})\n\n", clean(id), clean(endpoint), clean(revision));
    for file in &shipment.files {
        let change = standing.map_or("", |standing| word(standing.change(file)));
        let hash = file.sha256.get(..12).unwrap_or_default();
        out.push_str(&format!("  {change:<8} {:>10}  {hash}  {}\n", bytes(file.size as f64), clean(&file.path)));
    }
    for path in standing.map(|standing| standing.replaced(&shipment.files)).unwrap_or_default() {
        out.push_str(&format!("  {:<8} {:>10}  {:<12}  {} (of the model before)\n", "removed", "", "", clean(&path)));
    }
    for path in standing.map(|standing| standing.staying(&shipment.files)).unwrap_or_default() {
        out.push_str(&format!("  {:<8} {:>10}  {:<12}  {}\n", "stays", "", "", clean(&path)));
    }
    out.push_str(&format!("\n  {} files, {}\n", shipment.files.len(), bytes(shipment.bytes() as f64)));
    if !terms.is_empty() {
        out.push_str("\nLicences\n");
        terms.iter().for_each(|licensed| out.push_str(&format!("  {}\n", clean(&licensed.in_words()))));
    }
    out.push('\n');
    out
}

fn short(commit: &str) -> String {
    clean(commit.get(..12).unwrap_or(commit)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A copy of a run's model was made from the same data as the run's own.
    #[test]
    fn a_copy_is_bound_by_its_data() {
        let of = |settings: &[(&str, &str)]| {
            let settings = settings.iter().map(|(key, value)| (key.to_string(), json!(value))).collect();
            data_of(&Manifest { settings, ..Manifest::unknown() })
        };
        let found = of(&[("data.source.kind", "hub"), ("data.source.id", "acme/moods")]).expect("somebody else's");
        assert_eq!((found.what.as_str(), found.gate_to_share()), ("the data set `acme/moods`", Gate::Ask));
        let found = of(&[("data.source.kind", "url"), ("data.source.url", "https://x.org/a.csv")]).expect("somebody else's");
        assert_eq!(found.what, "the data at `https://x.org/a.csv`");
        for own in ["generated", "local"] {
            assert_eq!(of(&[("data.source.kind", own)]).map(|found| found.what), None, "{own}");
        }
        assert_eq!(of(&[]).map(|found| found.what), None, "no run of Tallow left it");
    }
}
