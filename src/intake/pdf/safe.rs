//! What a page draws besides text is of no use here and where the PDF library fails most: colours, patterns, images. All of it
//! is cut out before the library sees it, and so are drawings and page trees that contain themselves.

use pdf_extract::content::{Content, Operation};
use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};
use std::collections::{BTreeMap, HashSet};

/// Drawings within drawings, and parents above a page, go no deeper in honest files.
const MAX_DEPTH: usize = 24;

/// Leaves of each page and form only the operators that place and show text.
pub(super) fn keep_text_only(document: &mut Document) {
    let forms = strip_streams(document);
    for id in too_deep(document, &forms) {
        if let Some(Object::Stream(stream)) = document.objects.get_mut(&id) {
            stream.set_plain_content(Vec::new());
        }
    }
    let pages: Vec<ObjectId> = document.page_iter().collect();
    for page in pages {
        let content = document.get_page_content(page).ok().and_then(|bytes| text_only(&bytes)).unwrap_or_default();
        let cyclic = parents(document, page).is_none();
        let stream = document.add_object(Stream::new(Dictionary::new(), content));
        if let Ok(dictionary) = document.get_object_mut(page).and_then(Object::as_dict_mut) {
            dictionary.set("Contents", stream);
            if cyclic {
                dictionary.remove(b"Parent");
            }
            // The library expects a page to be of some size.
            if cyclic || !has_media_box(document, page) {
                set_letter_size(document, page);
            }
        }
    }
}

/// Empties images and strips forms; gives back the forms.
fn strip_streams(document: &mut Document) -> Vec<ObjectId> {
    let mut forms = Vec::new();
    for (id, object) in &mut document.objects {
        let Object::Stream(stream) = object else { continue };
        match stream.dict.get(b"Subtype").and_then(Object::as_name) {
            Ok(b"Form") => {
                let bytes = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
                stream.set_plain_content(text_only(&bytes).unwrap_or_default());
                forms.push(*id);
            }
            Ok(b"Image") => stream.set_plain_content(Vec::new()),
            _ => {}
        }
    }
    forms
}

/// The text operators of a content stream; none if it cannot be parsed.
fn text_only(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut operations = Vec::new();
    for operation in Content::decode(&without_paths(bytes)).ok()?.operations {
        match operation.operator.as_str() {
            "BT" | "ET" | "Td" | "TD" | "Tm" | "T*" | "Tc" | "Tw" | "Tz" | "TL" | "Ts" | "q" | "Q" => operations.push(operation),
            "cm" if operation.operands.len() == 6 => operations.push(operation),
            "Tf" if operation.operands.len() == 2 => operations.push(operation),
            "Do" if operation.operands.len() == 1 => operations.push(operation),
            "TJ" if matches!(operation.operands.first(), Some(Object::Array(_))) => operations.push(operation),
            "Tj" if matches!(operation.operands.first(), Some(Object::String(..))) => operations.push(operation),
            // "Next line, then show", which the library does not know.
            "'" | "\"" => {
                if let Some(text @ Object::String(..)) = operation.operands.last() {
                    operations.push(Operation::new("T*", Vec::new()));
                    operations.push(Operation::new("Tj", vec![text.clone()]));
                }
            }
            _ => {}
        }
    }
    Content { operations }.encode().ok()
}

/// A content stream without the lines that hold one step of a path and nothing else: most of a drawn figure, which may be megabytes long,
/// and a parser would make an object of each number.
fn without_paths(bytes: &[u8]) -> Vec<u8> {
    // Parentheses that are open: a line may also be part of a string.
    let (mut kept, mut open) = (Vec::with_capacity(bytes.len()), 0usize);
    for line in bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        if open == 0 && is_path(line) {
            continue;
        }
        kept.extend_from_slice(line);
        let mut escaped = false;
        for byte in line {
            match byte {
                _ if escaped => {}
                b'(' => open += 1,
                b')' => open = open.saturating_sub(1),
                _ => {}
            }
            escaped = *byte == b'\\' && !escaped;
        }
    }
    kept
}

/// Whether a line is an operator that builds or paints a path, with all of its operands.
fn is_path(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let operator = line.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
    let operands = match &line[operator..] {
        b"m" | b"l" => 2,
        b"c" => 6,
        b"v" | b"y" | b"re" => 4,
        b"h" | b"f" | b"f*" | b"S" | b"s" | b"B" | b"n" | b"W" => 0,
        _ => return false,
    };
    let numbers = line[..operator].split(u8::is_ascii_whitespace).filter(|part| !part.is_empty());
    let is_number = |part: &[u8]| part.iter().all(|byte| byte.is_ascii_digit() || b"+-.".contains(byte));
    numbers.clone().count() == operands && numbers.clone().all(is_number)
}

/// Forms that contain themselves, or stand above too deep a stack of forms.
fn too_deep(document: &Document, forms: &[ObjectId]) -> Vec<ObjectId> {
    let mut depth = BTreeMap::new();
    for form in forms {
        measure(document, *form, &mut HashSet::new(), &mut depth);
    }
    depth.into_iter().filter(|(_, depth)| *depth >= MAX_DEPTH).map(|(id, _)| id).collect()
}

fn measure(document: &Document, form: ObjectId, above: &mut HashSet<ObjectId>, depth: &mut BTreeMap<ObjectId, usize>) -> usize {
    if let Some(known) = depth.get(&form) {
        return *known;
    }
    if above.len() >= MAX_DEPTH || !above.insert(form) {
        return MAX_DEPTH;
    }
    let deepest = forms_within(document, form).into_iter().map(|id| measure(document, id, above, depth)).max();
    above.remove(&form);
    let own = deepest.map_or(0, |d| (d + 1).min(MAX_DEPTH));
    depth.insert(form, own);
    own
}

/// Streams that the form's own resources name.
fn forms_within(document: &Document, form: ObjectId) -> Vec<ObjectId> {
    let named = || {
        let stream = document.get_object(form).and_then(Object::as_stream).ok()?;
        let resources = document.dereference(stream.dict.get(b"Resources").ok()?).ok()?.1.as_dict().ok()?;
        let objects = document.dereference(resources.get(b"XObject").ok()?).ok()?.1.as_dict().ok()?;
        Some(objects.iter().filter_map(|(_, object)| object.as_reference().ok()).collect())
    };
    named().unwrap_or_default()
}

/// The nodes of the page tree above a page; none if the tree bites its tail.
fn parents(document: &Document, page: ObjectId) -> Option<Vec<ObjectId>> {
    let mut above = Vec::new();
    let mut node = page;
    while let Ok(parent) = document.get_dictionary(node).and_then(|d| d.get(b"Parent")).and_then(Object::as_reference) {
        if above.contains(&parent) || parent == page || above.len() >= MAX_DEPTH {
            return None;
        }
        above.push(parent);
        node = parent;
    }
    Some(above)
}

fn has_media_box(document: &Document, page: ObjectId) -> bool {
    let Some(above) = parents(document, page) else { return false };
    std::iter::once(page).chain(above).any(|node| {
        let found = document.get_dictionary(node).and_then(|d| d.get_deref(b"MediaBox", document)).and_then(Object::as_array);
        found.is_ok_and(|sides| sides.len() == 4 && sides.iter().all(|side| side.as_float().is_ok()))
    })
}

fn set_letter_size(document: &mut Document, page: ObjectId) {
    if let Ok(dictionary) = document.get_object_mut(page).and_then(Object::as_dict_mut) {
        dictionary.set("MediaBox", vec![0.into(), 0.into(), 612.into(), 792.into()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_path_are_no_text() {
        for line in ["0 0 m", "748.865625 -.5 l\r\n", "1 2 3 4 5 6 c\n", "0 0 10 10 re", "h\n", "f*", "  W"] {
            assert!(is_path(line.as_bytes()), "{line}");
        }
        // What lacks an operand, or has more, has them from elsewhere: the line is left as it is.
        for line in ["0 l", "1 0 0 1 5 5 cm", "/Im Do", "(0 0 m) Tj", "1 2 3 m", "BT", "", "(a) 0 m", "0 0 m 1 1 l"] {
            assert!(!is_path(line.as_bytes()), "{line}");
        }
        let text = text_only(b"0 0 m\n1 1 l\nS\nBT /F1 9 Tf\n(a\\(\nh\nb) Tj ET\nh\n").unwrap_or_default();
        assert_eq!(String::from_utf8_lossy(&text), "BT\n/F1 9 Tf\n(a\\(\nh\nb) Tj\nET");
        assert_eq!(without_paths(b"h\n(\\\\) Tj\nh\n0 0 m\nET"), b"(\\\\) Tj\nET");
    }
}
