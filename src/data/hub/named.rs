//! Models by what people call them, among those that lie here.

/// Those of `ids` that are called `name`: whole, whoever they belong to, or, where it says that it is a GGUF, by all of its words.
pub(super) fn called<'a>(name: &str, ids: &'a [String]) -> Vec<&'a String> {
    let wanted = words(name);
    let own = |id: &&String| words(id.rsplit('/').next().unwrap_or(id));
    let whole: Vec<&String> = ids.iter().filter(|id| own(id) == wanted).collect();
    if !whole.is_empty() || !says_gguf(name) {
        return whole;
    }
    ids.iter()
        .filter(|id| {
            let own = own(id);
            wanted.iter().all(|word| own.contains(word))
        })
        .collect()
}

/// Whether a name says of which kind its file is.
pub(super) fn says_gguf(name: &str) -> bool {
    words(name).iter().any(|word| word == "gguf")
}

fn words(name: &str) -> Vec<String> {
    name.to_lowercase().split(['-', '_', ' ', '.']).filter(|word| !word.is_empty()).map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_go_by_their_own_names() {
        let ids = ["acme/Tiny2-1B-Chat-GGUF", "acme/tiny-resnet", "b/Other-GGUF", "c/other"].map(String::from);
        let of = |name: &str| called(name, &ids).into_iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(of("tiny2-1b-chat-gguf"), ["acme/Tiny2-1B-Chat-GGUF"]);
        assert_eq!(of("tiny2-gguf"), ["acme/Tiny2-1B-Chat-GGUF"]);
        assert_eq!(of("Tiny ResNet"), ["acme/tiny-resnet"]);
        assert_eq!(of("other"), ["c/other"]);
        assert_eq!(of("gguf").len(), 2);
        assert_eq!(of("tiny"), [""; 0]);
        assert_eq!(of("tiny3-gguf"), [""; 0]);
    }
}
