use super::*;

/// Label, inputs and what is left out, each joined by a space, and the bare list.
fn said(text: &str, names: &[&str]) -> [String; 4] {
    let Roles { label, input, exclude, listed, .. } = Roles::of(text, names);
    [label, input, exclude, listed].map(|names| names.join(" "))
}

const MAIL: [&str; 5] = ["mail_id", "betreff", "inhalt", "abteilung", "kunde"];
const SHOP: [&str; 5] = ["item_no", "title", "description", "shelf", "price_eur"];

#[test]
fn names_have_their_part_in_any_grammar() {
    for (text, label, input) in [
        ("a classifier on shop.csv: title and description together as input, shelf as label", "shelf", "title description"),
        ("use MiniLM on shop.csv, inputs: title, description; label: shelf", "shelf", "title description"),
        ("shop.csv, description is the text and shelf is the target", "shelf", "description"),
        ("shop.csv with DistilBERT. The text stands in description, the classes are in shelf.", "shelf", "description"),
        ("description -> shelf on shop.csv with roberta-base", "shelf", "description"),
        ("predict shelf from title + description in shop.csv", "shelf", "title description"),
        ("shop.csv: description contains the text; shelf holds the class", "shelf", "description"),
        ("target is price_eur, shop.csv", "price_eur", ""),
        ("a regressor for price_eur on shop.csv", "price_eur", ""),
    ] {
        let [own, read, ..] = said(text, &SHOP);
        assert_eq!((own.as_str(), read.as_str()), (label, input), "{text}");
    }
    for (text, label, input) in [
        ("Trainiere BERT auf post.csv, der Text liegt in inhalt, die Klasse in abteilung", "abteilung", "inhalt"),
        ("post.csv: Eingabe inhalt, Zielspalte abteilung", "abteilung", "inhalt"),
        ("post.csv, aus betreff und inhalt abteilung vorhersagen", "abteilung", "betreff inhalt"),
        ("inhalt als Text, abteilung als Label, post.csv", "abteilung", "inhalt"),
        ("post.csv : le texte se trouve dans inhalt, l'étiquette est abteilung", "abteilung", "inhalt"),
        ("prédire abteilung à partir de inhalt dans post.csv", "abteilung", "inhalt"),
        ("inhalt comme entrée et abteilung comme cible", "abteilung", "inhalt"),
        ("post.csv, texto en la columna inhalt, etiqueta en abteilung", "abteilung", "inhalt"),
        ("inhalt como entrada y abteilung como objetivo", "abteilung", "inhalt"),
        ("entrada inhalt, rótulo abteilung", "abteilung", "inhalt"),
        ("o texto está em inhalt; a classe está na coluna abteilung", "abteilung", "inhalt"),
        ("il testo è nella colonna inhalt, l'etichetta in abteilung", "abteilung", "inhalt"),
        ("un classificatore su post.csv per la colonna abteilung", "abteilung", ""),
        ("用post.csv训练,文本列是inhalt,标签列是abteilung", "abteilung", "inhalt"),
        ("inhalt作为输入,abteilung作为标签", "abteilung", "inhalt"),
        ("post.csvのinhaltからabteilungを予測する", "abteilung", "inhalt"),
    ] {
        let [own, read, ..] = said(text, &MAIL);
        assert_eq!((own.as_str(), read.as_str()), (label, input), "{text}");
    }
    let names = ["评论", "标签", "店名"];
    assert_eq!(said("文本列是“评论”，标签列是“标签”", &names)[..2], ["标签".to_string(), "评论".into()]);
}

#[test]
fn what_is_left_out_is_told_in_other_languages() {
    for text in [
        "ohne kunde",
        "kunde weglassen",
        "kunde nicht verwenden",
        "die Spalte kunde ignorieren",
        "sans kunde",
        "sauf kunde",
        "excluye kunde",
        "sem kunde",
        "escludi kunde",
        "senza la colonna kunde",
        "不使用kunde",
        "排除kunde",
    ] {
        assert_eq!(said(text, &MAIL)[2], "kunde", "{text}");
    }
    assert_eq!(said("Zeilen ohne kunde entfernen", &MAIL)[2], "", "that is of rows");
}

#[test]
fn a_bare_list_says_which_columns_there_are() {
    let [label, input, _, listed] = said("duplicate titles in shop.csv (title, description, shelf), bert tiny", &SHOP);
    assert_eq!([label, input, listed], ["".to_string(), "".into(), "title description shelf".into()]);
    let [label, .., listed] = said("shop.csv (columns title, description, label shelf)", &SHOP);
    assert_eq!([label, listed], ["shelf".to_string(), "title description".into()]);
}

/// Of columns that nobody calls all there may be others.
#[test]
fn a_list_is_whole_where_it_is_said_to_be() {
    for (text, is_whole) in [
        ("shop.csv (columns title, description, shelf)", true),
        ("shop.csv has columns title, description and shelf", true),
        ("shop.csv with title, description and shelf, predict shelf", true),
        ("the 3 columns: title, description, shelf. Predict shelf", true),
        ("shop.csv (title, description, shelf)", false),
        ("columns title, description, shelf and others", false),
        ("columns title, description, shelf, etc.", false),
        ("columns: title, description, shelf, ... 3 epochs", false),
        ("columns title, description, shelf or more", false),
        ("the text columns title, description, shelf", false),
        ("some of its columns: title, description, shelf", false),
        ("columns: title, description (long), shelf", true),
        ("columns: title, description, seller id, shelf", false),
    ] {
        let roles = Roles::of(text, &SHOP);
        assert_eq!(roles.lists_all, is_whole, "{text}: {roles:?}");
    }
    assert!(["such as", "like", "e.g."].iter().all(|way| !Roles::of(&format!("columns {way} title, shelf"), &SHOP).lists_all));
}

/// A name alone, or beside words of something else, is no wish.
#[test]
fn nothing_is_made_of_a_name_alone() {
    for text in [
        "rows of the same kunde must not be in both train and test",
        "split by kunde",
        "train on post.csv with class weights for abteilung",
        "keep 10% of kunde for the test",
        "predict the abteilung code",
        "data/inhalt.csv with minilm",
        "group the split by kunde, macro F1",
        "is abteilung balanced?",
        "split the rows using kunde",
        "using kunde for the split",
    ] {
        assert_eq!(Roles::of(text, &MAIL), Roles::default(), "{text}");
    }
    // What is a word for a part is a name where it is shown as one.
    assert_eq!(Roles::of("text classification with class weights", &["text", "class"]), Roles::default());
    assert_eq!(said("text classification, label in the column class, shown in \"text\"", &["text", "class"])[0], "class");
}

#[test]
fn a_phrase_that_says_no_more_than_its_part_is_followed() {
    for phrase in ["entrada inhalt", "Text steht in inhalt", "kunde weglassen", "inhalt"] {
        assert!(Roles::says_only(phrase, &MAIL), "{phrase}");
    }
    for phrase in ["kunde grouped", "inhalt in upper case", "entrada"] {
        assert!(!Roles::says_only(phrase, &MAIL), "{phrase}");
    }
}

#[test]
fn the_verb_may_be_said_once() {
    for text in ["v1 es la etiqueta y v2 el mensaje", "v1 is the label and v2 the text", "v1 ist das Ziel und v2 der Text"] {
        let roles = Roles::of(text, &["v1", "v2", "other"]);
        assert_eq!((roles.label, roles.input), (vec!["v1".to_string()], vec!["v2".to_string()]), "{text}");
    }
    // What goes on is something else.
    let roles = Roles::of("predict v1, v2 the text classification uses", &["v1", "v2"]);
    assert!(roles.input.is_empty(), "{roles:?}");
}

#[test]
fn what_is_left_out_behind_is_what_was_spoken_of() {
    const RENT: [&str; 6] = ["flat_no", "rent", "cold_rent", "heating", "agent", "built"];
    for (text, expected) in [
        ("predict rent. cold_rent and heating sum to the rent so leave them out", "cold_rent heating"),
        ("target rent; cold_rent and heating sum to rent, so leave both out. 5 epochs", "cold_rent heating"),
        ("predict rent from the table. The agent column is filled in by hand, please drop it", "agent"),
        ("rent depends on built, but heating leaks, so don't use it", "heating"),
        ("The heating is billed afterwards. Never use it.", "heating"),
    ] {
        assert_eq!(said(text, &RENT)[2], expected, "{text}");
    }
    for text in [
        "some rows have a negative rent, ignore those",
        "a few built values are missing, drop them",
        "keep both built and heating",
        "predict rent, use both built and heating",
    ] {
        assert_eq!(said(text, &RENT)[2], "", "{text}");
    }
}

#[test]
fn what_is_named_for_reading_is_read() {
    for (text, input) in [
        ("predict shelf, use title and description, minilm", "title description"),
        ("Use both title and description. Predict shelf.", "title description"),
        ("shop.csv: title and description in, label shelf", "title description"),
        ("predict shelf. Read description only", "description"),
        // The first is told, the others are read.
        ("label shelf, title and description as input", "title description"),
    ] {
        assert_eq!(said(text, &SHOP)[..2], ["shelf".to_string(), input.into()], "{text}");
    }
    for text in
        ["don't use title", "use title too", "use shelf for the split", "use title weights", "keep title in", "use also title"]
    {
        assert_eq!(said(text, &SHOP)[1], "", "{text}");
    }
    // Of a script without spaces a list goes on, and a name between blanks is one.
    let names = ["标题", "正文", "类别", "来源"];
    for text in ["输入列 标题 和 正文，标签列 类别", "输入是标题和正文，标签是类别"] {
        assert_eq!(said(text, &names)[..2], ["类别".to_string(), "标题 正文".into()], "{text}");
    }
}

#[test]
fn a_label_is_where_each_thing_finds_its_place() {
    for text in [
        "a model that routes parcels to the right shelf",
        "shop.csv: assign a shelf to each article",
        "triage the articles by shelf",
    ] {
        assert_eq!(said(text, &SHOP)[0], "shelf", "{text}");
    }
    for text in ["the right shelf is often full", "sort the rows by shelf"] {
        assert_eq!(said(text, &SHOP)[0], "", "{text}");
    }
}

#[test]
fn several_are_told_together() {
    const FORUM: [&str; 5] = ["post", "rude", "spam", "off_topic", "likes"];
    let together = |text: &str| Roles::of(text, &FORUM).together.join(" ");
    assert_eq!(together("predict rude, spam and off_topic from post"), "rude spam off_topic");
    assert_eq!(together("predict rude, spam, off_topic from post"), "rude spam off_topic");
    assert_eq!(together("post in, labels rude, spam, off_topic"), "rude spam off_topic");
    assert_eq!(together("label rude, likes and spam grow together"), "");
    assert_eq!(together("predict likes, rude posts are out"), "");
}

#[test]
fn a_file_has_a_bare_list() {
    assert_eq!(said("shop.csv: title, description, shelf. MiniLM", &SHOP)[3], "title description shelf");
    assert_eq!(said("The file shop.tsv has title, description and price_eur (0 to 9)", &SHOP)[3], "title description price_eur");
    assert_eq!(said("each row has title and description", &SHOP)[3], "");
}

const CLINIC: [&str; 7] = ["gender", "zip_code", "age", "ward", "outcome_30d", "bmi", "seen_on"];

#[test]
fn what_forbids_a_column_leaves_it_out() {
    let subjects = ["gender and zip_code"];
    let ways = [
        "X may not be used",
        "X must not be used as inputs",
        "X mustn't be touched",
        "X cannot be features",
        "X can't be used",
        "X are not allowed",
        "X are not allowed to be seen",
        "X should never be included",
        "X shall not enter the model",
        "X are off limits",
        "X are out of bounds",
        "X are confidential",
        "using X is prohibited",
        "we can't use X",
        "you must never look at X",
        "the model is not allowed to see X",
        "it is forbidden to use X",
        "leave X alone",
        "keep away from X",
        "hands off X",
        "off limits: X",
        "X are not for use",
        "don't touch X",
        "X dürfen nicht verwendet werden",
        "X sind tabu",
        "X ne doivent pas être utilisés",
        "no se puede usar X",
        "X non devono essere usati",
        "X não podem ser usados",
    ];
    for way in ways {
        for subject in subjects {
            let text = format!("predict outcome_30d from clinic.csv. {}. 5 epochs", way.replace('X', subject));
            assert_eq!(said(&text, &CLINIC)[..3], ["outcome_30d".to_string(), "".into(), "gender zip_code".into()], "{text}");
        }
    }
    for text in
        ["we can't use gender or zip_code", "neither gender nor zip_code may be used", "gender or zip_code may not be used"]
    {
        assert_eq!(said(text, &CLINIC)[2], "gender zip_code", "{text}");
    }
}

#[test]
fn what_is_said_of_values_forbids_nothing() {
    for text in [
        "age must not be negative",
        "age may be used",
        "age is not excluded",
        "no ward may be in both train and test",
        "do not use ward for the split",
        "rows with a missing age are dropped",
        "don't just use age",
        "age is not confidential",
    ] {
        assert_eq!(said(text, &CLINIC)[2], "", "{text}");
    }
    // What must not be read may be told all the same.
    let [label, _, exclude, _] = said("the label outcome_30d must not be used as an input", &CLINIC);
    assert_eq!([label.as_str(), exclude.as_str()], ["outcome_30d", ""]);
}

#[test]
fn a_label_is_said_in_many_words() {
    for text in [
        "y is bmi",
        "y = bmi",
        "(y: bmi)",
        "our y is bmi",
        "take bmi as y",
        "bmi is y",
        "the dependent variable is bmi",
        "the dependent variable in clinic.csv is bmi",
        "the outcome in data/clinic.csv is called bmi",
        "ground truth: bmi",
        "bmi is the response",
        "bmi being the target",
        "the response we look at is bmi",
        "what we want to know is bmi",
        "bmi is what we want to predict",
        "we are interested in bmi",
        "the quantity of interest is bmi",
        "an MLP for bmi",
        "a model of bmi",
        "the probability of bmi",
        "the risk of bmi for new patients",
        "bmi needs to be predicted",
        "bmi is to be estimated",
        "we care about bmi",
        "I want to model bmi",
        "quiero pronosticar bmi",
        "the goal is bmi",
        "prediction of bmi",
    ] {
        assert_eq!(said(text, &CLINIC)[0], "bmi", "{text}");
    }
    for text in [
        "do not predict bmi",
        "bmi is not the label",
        "the independent variable is bmi",
        "we are not interested in bmi",
        "predict bmi or age",
        "don't use bmi as the label",
    ] {
        assert_eq!(said(text, &CLINIC)[0], "", "{text}");
    }
}

#[test]
fn where_the_verb_stands_last_the_label_stands_first() {
    for text in [
        "abteilung aus inhalt vorhersagen",
        "abteilung aus dem inhalt vorhersagen",
        "abteilung anhand von betreff und inhalt vorhersagen",
    ] {
        let [label, input, ..] = said(text, &MAIL);
        assert_eq!((label.as_str(), input.ends_with("inhalt")), ("abteilung", true), "{text}");
    }
}

#[test]
fn names_stand_between_known_words_of_scripts_without_spaces() {
    let names = ["评论", "类别名", "店名"];
    for text in ["根据评论预测类别名，店名不要用", "文本列是评论，标签列是类别名，不要使用店名"]
    {
        assert_eq!(said(text, &names)[..3], ["类别名".to_string(), "评论".into(), "店名".into()], "{text}");
    }
}

#[test]
fn a_column_beside_a_negation_is_shunned_where_it_has_no_part() {
    let shunned = |text: &str| Roles::of(text, &CLINIC).shunned(text, &CLINIC).join(" ");
    assert_eq!(shunned("predict bmi; gender would not be fair"), "gender");
    assert_eq!(shunned("predict bmi. We never liked ward much"), "ward");
    for text in ["predict bmi, no missing values in age", "predict bmi without gender", "no ward may be in both", "age matters"] {
        assert_eq!(shunned(text), "", "{text}");
    }
}

const VANS: [&str; 7] = ["ad_id", "make", "km", "age", "dealer_phone", "asking_price", "repaid"];

#[test]
fn what_says_nothing_is_left_out_however_it_is_called() {
    for (text, expected) in [
        ("The dealer's phone and the ad number say nothing, leave those out", "dealer_phone ad_id"),
        ("The phone of the dealer is useless to us", "dealer_phone"),
        ("ad_id is just a counter and dealer_phone carries no information: throw both away", "ad_id dealer_phone"),
        ("The make (make) and the age don't matter, we can do without them", "make age"),
        ("km isn't known at prediction time", "km"),
        ("km is only booked later, so it can't be used either", "km"),
        ("km comes last and therefore cannot be used", "km"),
        ("Only afterwards do we know km, hence it has to stay out", "km"),
        ("At scoring time km is still empty, so we can't feed it", "km"),
        ("km: target leakage! Age: illegal.", "km age"),
        ("Compliance forbids age", "age"),
        ("The age can go", "age"),
        ("Nobody cares about km or age; strike those two", "km age"),
    ] {
        let text = format!("predict asking_price. {text}.");
        assert_eq!(said(&text, &VANS)[2], expected, "{text}");
    }
    for text in [
        "km is not useless",
        "it is not forbidden to use age",
        "km is only known for some rows",
        "age is just a number from 1 to 20",
        "age probably means little",
        "km was measured twice, so it is reliable",
        "km says most. Leave the rest as it is",
        "The colour means nothing, leave it out",
        "the price says nothing about it, drop the duplicates",
    ] {
        let text = format!("predict asking_price from km and age. {text}.");
        assert_eq!(said(&text, &VANS)[2], "", "{text}");
    }
    assert_eq!(said("predict asking_price. km ~ 5000 mostly", &VANS)[..2], ["asking_price".to_string(), String::new()]);
    // Whatever stands between, what is told is not left out.
    let text = "the price is in asking_price. The phone of the dealer is useless, ignore it";
    let roles = Roles::of(text, &VANS);
    assert_eq!((roles.placed, roles.exclude), (vec!["asking_price".to_string()], vec!["dealer_phone".to_string()]));
    for text in ["the make in make", "the price in asking_price", "the price we ask is in asking_price"] {
        assert_eq!(Roles::of(text, &VANS).placed.len(), 1, "{text}");
    }
    let roles = Roles::of("the text is in km and the make in make", &VANS);
    assert_eq!((roles.input, roles.placed), (vec!["km".to_string()], vec!["make".to_string()]));
    assert!(Roles::of("the drop in age", &VANS).placed.is_empty());
    assert_eq!(said("asking_price is what we want; the age is in age, leave it out", &VANS)[0], "asking_price");
}

#[test]
fn a_pattern_is_one_of_a_list() {
    const GAIT: [&str; 6] = ["acc_x", "acc_y", "gyro_x", "cadence", "temp_raw", "activity"];
    for (text, input, exclude) in [
        ("predict activity from the columns acc_x to cadence", "acc_x acc_y gyro_x cadence", ""),
        ("predict activity from cadence and everything that starts with acc_", "cadence acc_x acc_y", ""),
        ("activity ~ acc_* + gyro_*", "acc_x acc_y gyro_x", ""),
        ("predict activity from the accelerometer columns (acc_*) and the cadence", "acc_x acc_y cadence", ""),
        ("predict activity with acc_*, gyro_* and cadence as inputs", "acc_x acc_y gyro_x cadence", ""),
        ("predict activity from everything but the columns that start with acc_ and cadence", "", "acc_x acc_y cadence"),
        ("predict activity without the _raw columns and cadence", "", "temp_raw cadence"),
    ] {
        assert_eq!(said(text, &GAIT)[..3], ["activity".to_string(), input.into(), exclude.into()], "{text}");
    }
}

#[test]
fn what_is_wanted_is_told() {
    for text in [
        "what we want is the make",
        "the make is what we want to know",
        "make is the thing we are after",
        "the answer column is make",
        "guess the make",
        "what is the likelihood that a van is make",
        "the transcript is in make",
    ] {
        assert_eq!(said(text, &VANS)[0], "make", "{text}");
    }
    for text in ["make is what we want to drop", "the translation of make", "what we want is not make", "we guess so: make"] {
        assert_eq!(said(text, &VANS)[0], "", "{text}");
    }
}

#[test]
fn use_that_is_denied_of_what_was_named_is_heard() {
    let text = "predict make. km is booked late, and by no means must the model ever be fed with it";
    assert_eq!(Roles::of(text, &VANS).shunned(text, &VANS).join(" "), "km");
    let text = "predict make. km is booked late, and it is not very reliable";
    assert_eq!(Roles::of(text, &VANS).shunned(text, &VANS).join(" "), "");
}

#[test]
fn what_rows_are_parted_by_is_not_read() {
    let names = ["age", "created", "body", "team"];
    assert_eq!(said("the split should use age, oldest last", &names)[1], "");
    assert_eq!(said("team from body, test on everything from created 2024-10-01", &names)[1], "body");
}

#[test]
fn columns_go_along_with_those_before_them() {
    let names = ["grade", "colour", "lot", "cup"];
    assert_eq!(said("leave colour out, and the lot number too. cup as well, it leaks", &names)[2], "colour lot cup");
    assert_eq!(said("use colour, and the lot too", &names)[2], "");
    assert_eq!(said("it is the grade that we want to know, not the colour", &names)[0], "grade");
    // A remark in brackets is no name, and ends no list.
    assert_eq!(said("everything except the lot (works council!) and the cup", &names)[2], "lot cup");
    assert_eq!(said("a model that reads only colour and says the grade level", &names)[..2], ["grade", "colour"]);
}
