//! Files that a command line names one by one, as the one data set that they make.

use super::evaluate::EvalError;
use crate::error::Result;
use crate::store::folder_of;
use std::path::{Component, Path, PathBuf};

/// What stands for all of `named`: the one that there is, or a pattern for all files.
///
/// # Errors
/// Several are named, and one is no file, or has a name that would be taken for a pattern.
pub(super) fn together(named: &[String]) -> Result<String> {
    let [first, .., _] = named else { return Ok(named.first().cloned().unwrap_or_default()) };
    let places: Vec<PathBuf> = named.iter().map(|name| place(name)).collect::<Result<_, EvalError>>()?;
    let shared = |a: &[Component], b: &[Component]| a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let parts: Vec<Vec<Component>> = places.iter().map(|place| place.components().collect()).collect();
    // The folder that all lie in, at some depth.
    let depth = parts.iter().map(|other| shared(&parts[0], other).min(other.len() - 1)).min().unwrap_or(0);
    let below = |parts: &[Component]| parts[depth..].iter().collect::<PathBuf>().to_string_lossy().into_owned();
    let above: PathBuf = parts[0][..depth].iter().collect();
    if crate::data::is_pattern(&above.to_string_lossy()) {
        return Err(EvalError::Together { name: first.clone(), why: "a folder above it has a name that is a pattern" }.into());
    }
    let rest: Vec<String> = parts.iter().map(|parts| below(parts)).collect();
    Ok(above.join(format!("{{{}}}", rest.join(","))).to_string_lossy().into_owned())
}

/// Where a file lies, whatever leads there, under the name that it was called by.
fn place(name: &str) -> Result<PathBuf, EvalError> {
    let path = Path::new(name);
    let refused = |why| EvalError::Together { name: name.into(), why };
    let own = path.file_name().filter(|_| path.is_file()).ok_or_else(|| refused("it is no file here"))?;
    if crate::data::is_pattern(name) || name.contains([',', '}']) {
        return Err(refused("its name has one of `*?[{},`"));
    }
    let parent = folder_of(path);
    let parent = parent.canonicalize().map_err(|_| refused("its folder cannot be found"))?;
    Ok(parent.join(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_become_a_pattern_that_fits_them_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().canonicalize().expect("there");
        std::fs::create_dir(root.join("sub")).expect("made");
        let file = |name: &str| {
            std::fs::write(root.join(name), "x").expect("written");
            root.join(name).display().to_string()
        };
        let (a, b, c) = (file("a.csv"), file("b.csv"), file("sub/c.csv"));
        let odd = file("o,dd.csv");
        let check = |named: &[&String], expected: Result<&str, &str>| {
            let named: Vec<String> = named.iter().map(|name| name.to_string()).collect();
            match (together(&named), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, root.join(expected).display().to_string()),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (found, expected) => panic!("expected {expected:?}, found {found:?}"),
            }
        };
        check(&[&a], Ok("a.csv"));
        check(&[&a, &b], Ok("{a.csv,b.csv}"));
        check(&[&a, &c], Ok("{a.csv,sub/c.csv}"));
        check(&[&c, &c], Ok("sub/{c.csv,c.csv}"));
        check(&[&root.join("sub/../a.csv").display().to_string(), &b], Ok("{a.csv,b.csv}"));
        check(&[&a, &odd], Err("o,dd.csv"));
        check(&[&a, &"nyu-mll/glue".to_string()], Err("it is no file here"));
        assert_eq!(together(&["nyu-mll/glue:sst2".into()]).expect("one"), "nyu-mll/glue:sst2");
    }
}
