//! Where a provider's key lies: in a variable, or in a file that nobody else can read.

use super::Error;
use super::config::KeySource;
use crate::data::hub::Secret;
use std::ffi::OsString;
use std::path::Path;

/// Reads the key of the provider `name`; `variable` reads the environment.
///
/// # Errors
/// It is not there though it is needed; others can read its file; it is no key.
pub fn read_key(name: &str, source: &KeySource, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<Secret>, Error> {
    let wrong = |what: String| Error::Key { name: name.into(), what };
    let text = match source {
        KeySource::Nowhere => return Ok(None),
        KeySource::Variable { name, is_needed } => match variable(name) {
            Some(value) => value.into_string().map_err(|_| wrong(format!("the variable {name} holds no text")))?,
            None if *is_needed => return Err(wrong(format!("expected it in the variable {name}, which is not set"))),
            None => return Ok(None),
        },
        KeySource::File(path) => {
            let io = |error: std::io::Error| wrong(format!("`{}`: {error}", path.display()));
            if let Some(mode) = readable_by_others(path).map_err(io)? {
                let place = path.display();
                return Err(wrong(format!("others can read `{place}` (mode {mode:o}): `chmod 600 {place}` keeps it to you")));
            }
            std::fs::read_to_string(path).map_err(io)?
        }
    };
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong("expected one word of ASCII characters, found none, or others".into()));
    }
    Ok(Some(Secret::new(text.into())))
}

/// The rights on a file, where group or others have any.
#[cfg(unix)]
fn readable_by_others(path: &Path) -> std::io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    Ok(Some(mode).filter(|mode| mode & 0o077 != 0))
}
#[cfg(not(unix))]
fn readable_by_others(path: &Path) -> std::io::Result<Option<u32>> {
    std::fs::metadata(path).map(|_| None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_variables() {
        let check = |is_needed: bool, value: Option<&str>, expected: Result<Option<&str>, &str>| {
            let source = KeySource::Variable { name: "A_KEY".into(), is_needed };
            let found = read_key("mine", &source, &|name| value.filter(|_| name == "A_KEY").map(OsString::from));
            let found = found.map(|key| key.map(|key| key.reveal().to_string())).map_err(|e| e.to_string());
            match expected {
                Ok(expected) => assert_eq!(found, Ok(expected.map(String::from))),
                Err(words) => assert!(found.expect_err(words).contains(words)),
            }
        };
        check(true, Some(" sk-1\n"), Ok(Some("sk-1")));
        check(false, None, Ok(None));
        check(true, None, Err("the key of `mine` cannot be used: expected it in the variable A_KEY, which is not set"));
        check(true, Some("two words"), Err("expected one word of ASCII"));
        check(true, Some(" "), Err("expected one word"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_no_place_for_a_key() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("key");
        std::fs::write(&path, "sk-2\n").expect("written");
        let check = |mode: u32, expected: Result<&str, &str>| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
            let found = read_key("mine", &KeySource::File(path.clone()), &|_| None);
            match (found, expected) {
                (Ok(key), Ok(expected)) => assert_eq!(key.expect("a key").reveal(), expected),
                (Err(error), Err(words)) => {
                    assert!(error.to_string().contains(words) && !error.to_string().contains("sk-2"), "{error}");
                }
                (found, expected) => panic!("{mode:o}: expected {expected:?}, found {found:?}"),
            }
        };
        check(0o600, Ok("sk-2"));
        check(0o400, Ok("sk-2"));
        check(0o640, Err("others can read"));
        check(0o604, Err("(mode 604): `chmod 600"));
        std::fs::remove_file(&path).expect("removed");
        check_gone(&path);
    }

    #[cfg(unix)]
    fn check_gone(path: &Path) {
        let error = read_key("mine", &KeySource::File(path.into()), &|_| None).expect_err("gone");
        assert!(error.to_string().contains("No such file"), "{error}");
    }
}
