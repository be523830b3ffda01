//! Fonts of bitmaps, as TeX makes them where it has no outlines, say which code they draw and not which letter: their glyphs are called
//! `a28` after their codes. What a code means is the encoding of the TeX font, which is told by the codes that are used; the fonts are
//! given the table (`ToUnicode`) that they lack.

use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};
use std::collections::BTreeSet;
use std::fmt::Write;

/// How TeX numbers the letters of a text font.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Encoding {
    /// Knuth's own, of seven bits.
    Ot1,
    /// Of Cork, for Latin scripts.
    T1,
    /// Cyrillic.
    T2a,
}

/// Gives text fonts of bitmaps their letters.
pub(super) fn name_letters(document: &mut Document) {
    let fonts: Vec<(ObjectId, BTreeSet<u8>)> =
        document.objects.iter().filter_map(|(id, object)| Some((*id, codes(document, object.as_dict().ok()?)?))).collect();
    let Some(encoding) = encoding(&fonts) else { return };
    let table = table(encoding);
    for (id, used) in fonts {
        // Formulas have no codes of eight bits.
        let eight_bits = encoding != Encoding::Ot1 && used.range(128..).next().is_some();
        if !is_text(&used) && !eight_bits {
            continue;
        }
        let map = to_unicode(&used, &table);
        let stream = document.add_object(Stream::new(Dictionary::new(), map.into_bytes()));
        if let Ok(font) = document.get_object_mut(id).and_then(Object::as_dict_mut) {
            font.set("ToUnicode", stream);
        }
    }
}

/// The codes of a font of bitmaps whose glyphs are called after them.
fn codes(document: &Document, font: &Dictionary) -> Option<BTreeSet<u8>> {
    let is_bitmap = font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|name| name == b"Type3");
    if !is_bitmap || font.has(b"ToUnicode") {
        return None;
    }
    let encoding = document.dereference(font.get(b"Encoding").ok()?).ok()?.1.as_dict().ok()?;
    let differences = document.dereference(encoding.get(b"Differences").ok()?).ok()?.1.as_array().ok()?;
    let mut used = BTreeSet::new();
    let mut code = 0i64;
    for entry in differences {
        match entry {
            Object::Integer(start) => code = *start,
            Object::Name(name) if name == b".notdef" => code = code.checked_add(1)?,
            Object::Name(name) => {
                let number = std::str::from_utf8(name).ok()?.strip_prefix('a')?.parse::<i64>().ok()?;
                if number != code {
                    return None;
                }
                used.insert(u8::try_from(code).ok()?);
                code = code.checked_add(1)?;
            }
            _ => return None,
        }
    }
    Some(used)
}

/// A font with many small letters and the signs that end sentences is of text; those of formulas have other signs there.
fn is_text(used: &BTreeSet<u8>) -> bool {
    let small = used.range(b'a'..=b'z').count();
    let cyrillic = used.range(0xc0..).count();
    (small >= 8 || cyrillic >= 8) && (used.contains(&b'.') || used.contains(&b',') || small + cyrillic >= 14)
}

fn encoding(fonts: &[(ObjectId, BTreeSet<u8>)]) -> Option<Encoding> {
    let of_text = || fonts.iter().filter(|(_, used)| is_text(used)).flat_map(|(_, used)| used.iter().copied());
    of_text().next()?;
    let used: BTreeSet<u8> = of_text().collect();
    Some(if used.range(0xe0..).count() >= 16 {
        Encoding::T2a
    } else if used.range(128..).next().is_some() || used.range(27..=31).next().is_some() && used.range(11..=15).next().is_none() {
        Encoding::T1
    } else {
        Encoding::Ot1
    })
}

/// What the codes mean that are no ASCII; an empty text where there is nothing to say.
fn table(encoding: Encoding) -> Vec<String> {
    let mut table: Vec<String> =
        (0..=255u8).map(|code| if (33..127).contains(&code) { (code as char).into() } else { String::new() }).collect();
    let mut set = |start: usize, words: &str| words.split(' ').enumerate().for_each(|(at, word)| table[start + at] = word.into());
    match encoding {
        Encoding::Ot1 => {
            set(11, "ff fi fl ffi ffl ı ȷ ` ´ ˇ ˘ ¯ ˚ ¸ ß æ œ ø Æ Œ Ø");
            for (code, sign) in
                [(34, "”"), (39, "’"), (60, "¡"), (62, "¿"), (92, "“"), (96, "‘"), (123, "–"), (124, "—"), (125, "˝"), (126, "˜")]
            {
                set(code, sign);
            }
        }
        Encoding::T1 | Encoding::T2a => {
            set(16, "“ ” „ « » – —");
            set(27, "ff fi fl ffi ffl");
            for (code, sign) in [(13, "‚"), (14, "‹"), (15, "›"), (25, "ı"), (26, "ȷ"), (39, "’"), (96, "‘"), (127, "-")]
            {
                set(code, sign);
            }
        }
    }
    match encoding {
        Encoding::Ot1 => {}
        Encoding::T1 => {
            set(128, "Ă Ą Ć Č Ď Ě Ę Ğ Ĺ Ľ Ł Ń Ň Ŋ Ő Ŕ Ř Ś Š Ş Ť Ţ Ű Ů Ÿ Ź Ž Ż Ĳ İ đ §");
            set(160, "ă ą ć č ď ě ę ğ ĺ ľ ł ń ň ŋ ő ŕ ř ś š ş ť ţ ű ů ÿ ź ž ż ĳ ¡ ¿ £");
            set(192, "À Á Â Ã Ä Å Æ Ç È É Ê Ë Ì Í Î Ï Ð Ñ Ò Ó Ô Õ Ö Œ Ø Ù Ú Û Ü Ý Þ ẞ");
            set(224, "à á â ã ä å æ ç è é ê ë ì í î ï ð ñ ò ó ô õ ö œ ø ù ú û ü ý þ ß");
        }
        Encoding::T2a => {
            set(157, "№");
            set(156, "Ё");
            set(188, "ё");
            for (at, letter) in ('А'..='я').enumerate() {
                set(192 + at, &letter.to_string());
            }
        }
    }
    table
}

/// A character map of the codes used.
fn to_unicode(used: &BTreeSet<u8>, table: &[String]) -> String {
    let entries: Vec<String> = used
        .iter()
        .filter(|code| !table[**code as usize].is_empty())
        .map(|code| {
            let letters = table[*code as usize].encode_utf16().fold(String::new(), |mut out, unit| {
                // Writing to a text cannot fail.
                let _ = write!(out, "{unit:04X}");
                out
            });
            format!("<{code:02X}> <{letters}>")
        })
        .collect();
    let mut map = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /T def /CMapType 2 def\n\
                   1 begincodespacerange <00> <FF> endcodespacerange\n"
        .to_string();
    for part in entries.chunks(100) {
        let _ = writeln!(map, "{} beginbfchar\n{}\nendbfchar", part.len(), part.join("\n"));
    }
    map + "endcmap CMapName currentdict /CMap defineresource pop end end\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_told_by_the_codes_used() {
        let check = |text: &str, more: &[u8], expected: Option<Encoding>| {
            let used: BTreeSet<u8> = text.bytes().chain(more.iter().copied()).collect();
            assert_eq!(encoding(&[((1, 0), used)]), expected, "{text} {more:?}");
        };
        check("plain letters.", &[12], Some(Encoding::Ot1));
        check("plain letters.", &[28], Some(Encoding::T1));
        check("plain letters.", &[12, 228, 252], Some(Encoding::T1));
        check("plain letters.", &(0xe0..0xf8).collect::<Vec<u8>>(), Some(Encoding::T2a));
        // A font of formulas.
        check("xyz", &[11, 12], None);
    }

    #[test]
    fn letters_of_the_encodings() {
        let letter = |encoding, code: usize| table(encoding)[code].clone();
        assert_eq!((letter(Encoding::Ot1, 14), letter(Encoding::Ot1, 123)), ("ffi".into(), "–".into()));
        assert_eq!(
            (letter(Encoding::T1, 30), letter(Encoding::T1, 255), letter(Encoding::T1, 0xe4)),
            ("ffi".into(), "ß".into(), "ä".into())
        );
        assert_eq!((letter(Encoding::T2a, 0xcc), letter(Encoding::T2a, 0xff)), ("М".into(), "я".into()));
        assert!(to_unicode(&BTreeSet::from([30]), &table(Encoding::T1)).contains("<1E> <006600660069>"));
    }
}
