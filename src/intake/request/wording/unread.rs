//! Languages that are not read: a request in one of them is said to be so, before anything is made of its few words that are known.

use crate::intake::request::data::name::{is_data_file, looks_like_path};
use crate::intake::request::rest::AROUND;
use crate::intake::request::{Refused, Request};

/// What is read.
const READ: &str = "a request in English, German, French, Spanish, Italian, Portuguese, Chinese or plain Japanese";

/// Scripts by their letters, and whose they are.
const SCRIPTS: [(char, char, &str); 7] = [
    ('\u{400}', '\u{52f}', "Cyrillic letters"),
    ('\u{ac00}', '\u{d7af}', "Korean"),
    ('\u{600}', '\u{6ff}', "Arabic letters"),
    ('\u{590}', '\u{5ff}', "Hebrew"),
    ('\u{900}', '\u{97f}', "Devanagari letters"),
    ('\u{e00}', '\u{e7f}', "Thai"),
    ('\u{370}', '\u{3ff}', "Greek"),
];

/// Little words that no language has which is read, and what one says of training with them.
#[rustfmt::skip]
const WORDS: [(&str, &[&str]); 9] = [
    ("Dutch", &["een", "het", "voor", "niet", "naar", "wordt", "met", "dan", "hoogstens", "op", "om", "te", "uit", "van", "dit", "zijn", "geen", "moet", "graag", "houd", "apart", "voorspellen", "voorspelt", "batchgrootte", "trainingsdata", "testset", "leersnelheid", "bevries", "onderste", "langer", "kolom", "voorspel", "zonder"]),
    ("Polish", &["się", "dla", "oraz", "jest", "przez", "nie", "podstawie", "zbiorze", "bez", "kolumna", "kolumny", "kolumnę", "tekst", "etykieta", "epoki", "epok", "wytrenuj", "trenuj", "klasyfikator"]),
    ("a Nordic language", &["och", "för", "på", "inte", "og", "ikke", "från", "fra", "eller", "ett", "uten", "utan", "kolumnen", "kolonnen", "træn", "træne", "trene", "træning"]),
    ("Turkish", &["için", "ile", "ve", "bir", "olarak", "üzerinde", "eğit", "eden", "olan", "küçük", "sütun", "sütunu", "sütununu", "öğrenme", "oranı", "yığın", "dosyasında", "kullanma", "tahmin", "değil", "epok", "boyutu"]),
    ("Czech", &["pro", "nebo", "podle", "není", "trénuj", "jako", "sloupec", "ze", "bez", "sloupce", "modelu"]),
    ("Hungarian", &["és", "egy", "nem", "hogy", "alapján", "tanítsd", "modellt", "oszlop", "oszlopot", "nélkül", "korszak"]),
    ("Romanian", &["și", "pentru", "fără", "antrenează", "coloana", "din", "cu", "epoci", "rata", "să"]),
    ("Finnish", &["ja", "ei", "kouluta", "malli", "sarake", "ennusta", "ilman", "epokkia", "jotta", "oppimisnopeus"]),
    ("Indonesian", &["dan", "untuk", "dengan", "kolom", "latih", "tanpa", "yang", "prediksi", "sebagai", "dari"]),
];

/// Letters that no language has which is read, and whose they are.
const LETTERS: [(&str, &str); 4] = [
    ("Turkish", "ğışİ"),
    ("Polish", "łęążśźćń"),
    ("Czech", "ěščřžůť"),
    ("Vietnamese", "ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"),
];

/// The language of a text that is not read: by most of its letters, or by its little words.
fn language(text: &str) -> Option<&'static str> {
    let is_name = |word: &&str| looks_like_path(word.trim_matches(AROUND)) || is_data_file(word.trim_matches(AROUND));
    let words: Vec<&str> = text.split_whitespace().filter(|word| !is_name(word)).collect();
    let letters: Vec<char> = words.iter().flat_map(|word| word.chars()).filter(|c| c.is_alphabetic()).collect();
    let of_script = |(first, last, name): &(char, char, &'static str)| {
        let own = letters.iter().filter(|c| (first..=last).contains(c)).count();
        (own > 8 && 5 * own > 2 * letters.len()).then_some(*name)
    };
    SCRIPTS.iter().find_map(of_script).or_else(|| {
        const LEAST: usize = 3;
        let low: Vec<String> =
            words.iter().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).collect();
        let has = |word: &&&str| low.iter().any(|own| own == **word);
        // Most of its own first: neighbours share some.
        let count = |little: &[&str]| little.iter().filter(has).count();
        let most = WORDS.iter().map(|(name, little)| (count(little), *name)).rev().max_by_key(|(count, _)| *count);
        let by_words = most.filter(|(count, _)| *count >= LEAST).map(|(_, name)| name);
        let spelt = |letters: &str| low.iter().filter(|word| word.chars().any(|c| letters.contains(c))).count();
        by_words.or_else(|| LETTERS.iter().find(|(_, letters)| spelt(letters) >= LEAST).map(|(name, _)| *name))
    })
}

/// Says so of a request of which much was not understood.
pub(crate) fn find(request: Request) -> Request {
    let (left, all) = (request.words_left(), request.text.split_whitespace().count());
    // Japanese is read where all but little of it is.
    if is_half_read_japanese(&request) {
        return refused(request, "most of this Japanese");
    }
    if left * 3 < all || left == 0 {
        return without_remains(request);
    }
    let Some(language) = language(&request.text) else { return without_remains(request) };
    refused(request, language)
}

/// Whether a third of its signs is left.
fn is_half_read_japanese(request: &Request) -> bool {
    const LEAST: usize = 8;
    let is_kana = |c: &char| ('\u{3041}'..='\u{30fa}').contains(c);
    let is_sign = |c: &char| ('\u{3041}'..='\u{9fff}').contains(c);
    let count = |text: &str, is_one: &dyn Fn(&char) -> bool| text.chars().filter(is_one).count();
    let left: usize = request.not_understood.iter().map(|words| count(words, &is_sign)).sum();
    count(&request.text, &is_kana) > LEAST && 3 * left >= count(&request.text, &is_sign)
}

fn refused(mut request: Request, language: &str) -> Request {
    let words: Vec<&str> = request.text.split_whitespace().take(6).collect();
    let expected = format!("{READ}: {language} is not read, and what a few words of it seem to say is not followed");
    request.refused = vec![Refused { words: format!("{} ...", words.join(" ")), expected }];
    request
}

/// What is left of another language's grammar is no name of a column.
fn without_remains(mut request: Request) -> Request {
    const LITTLE: [&str; 6] = ["是", "为", "的", "を", "は", "の"];
    let is_kana = |c: char| ('\u{3041}'..='\u{30fa}').contains(&c);
    let is_remains = |label: &String| LITTLE.contains(&label.as_str()) || label.contains(' ') && label.contains(is_kana);
    request.label = request.label.filter(|label| !is_remains(label));
    request.input.retain(|name| !is_remains(name));
    request
}

#[cfg(test)]
mod tests {
    use crate::intake::request::parse_request;

    #[test]
    fn a_language_that_is_not_read_is_said_to_be_so() {
        for text in [
            "Обучи модель на отзывах reviews.csv, чтобы предсказывать оценку, не дольше получаса",
            "reviews.csv로 감성 분류 모델을 학습시켜 주세요, 세 번 반복",
            "Maak een model met reviews.csv dat het sentiment voorspelt, niet langer dan een half uur",
            "Wytrenuj klasyfikator na podstawie reviews.csv dla kolumny gwiazdki, nie dłużej niż godzinę, oraz zapisz go",
            "titanic.csv dosyasında survived sütununu tahmin eden küçük bir MLP eğit: 50 epok, yığın boyutu 32, alive sütununu kullanma",
            "Wytrenuj klasyfikator na tickets.csv: kolumna Beschreibung to tekst, Abteilung to etykieta. Model MiniLM, 2 epoki",
            "Antrenează un model pe recenzii.csv pentru coloana stele, fără id, cel mult zece epoci",
            "Latih model untuk memprediksi kolom harga dari rumah.csv, tanpa id, dengan 5 epoch",
            "Tanítsd be a modellt az adatok.csv alapján, hogy az ár oszlopot megmondja, és ne tartson sokáig",
            "Träna en modell på reviews.csv för att förutsäga betyget, inte längre än en halvtimme och utan id",
        ] {
            let request = parse_request(text, |_| None);
            assert!(request.refused.iter().any(|refused| refused.expected.contains("is not read")), "{text}: {request:?}");
        }
        for text in [
            "fine-tune BERT on SST-2 with α=0.1 and β2 = 0.98 for 3 epochs",
            "Trainiere BERT auf reviews.csv, höchstens eine halbe Stunde, Spalte Sterne",
            "用BERT在reviews.csv上训练三轮",
            "train a Dutch model on het-lexicon.csv",
            "predict epok from yığın and oranı in veri.csv, 5 epochs, lr 1e-3, batch 32",
            "Trainiere MiniLM auf kurse.csv, Text ist öğrenme, Ziel ist Note, 3 Epochen",
            "Entraîne un MLP sur œuvres.csv pour prédire la colonne durée, sans la colonne época",
        ] {
            assert_eq!(parse_request(text, |_| None).refused, [], "{text}");
        }
    }

    #[test]
    fn remains_of_a_grammar_are_no_columns() {
        let request = parse_request("mails.csvのbodyからtopicを予測する分類モデルを学習してください。3エポック", |_| None);
        assert!(request.label.is_none_or(|label| !label.contains(' ')), "a name");
        assert_eq!(request.epochs, Some(3.0));
        let request = parse_request("用minilm在mails.csv上做分类，标签列是“主题”", |_| None);
        assert_ne!(request.label.as_deref(), Some("是"));
    }
}
