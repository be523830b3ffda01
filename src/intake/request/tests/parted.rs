//! How rows are parted.

use super::*;

#[test]
fn the_oldest_are_trained_on_and_none_of_them_is_left_out() {
    for text in [
        "train on the oldest 75% of calls.csv and test on the newest 25%, predict outcome",
        "calls.csv: fit on the earliest 75 percent, evaluate on the latest 25 percent; target outcome",
        "predict outcome in calls.csv, train on the first 75% by date, test on the most recent 25%",
        "use 75% of the data in calls.csv for training and 25% for testing",
        "Trainiere auf den ältesten 75 % von calls.csv und teste auf den neuesten 25 %",
    ] {
        let r = parse(text);
        assert_eq!((r.tested, r.data_frac, r.max_examples), (Some(AskedPart::Share(0.25)), None, None), "{text}: {r:?}");
    }
    let r = parse("train on the oldest 80% of log.csv and test on the newest 20% (logged_at)");
    assert_eq!((r.tested_at, r.data_frac), (Some(Edge::Latest), None), "{r:?}");
    assert_eq!(r.ordered_by, Some(AskedOrder::By("logged_at".into())), "{r:?}");
    // A part alone is one.
    assert_eq!(parse("MiniLM on SST-2, train on 10% of the data").data_frac, Some(0.1));
}

#[test]
fn each_class_is_to_have_its_share() {
    for text in [
        "a stratified 80/20 split",
        "hold out 20%, stratified by class",
        "80/20 split with stratification",
        "stratify by the label, test on 20%",
    ] {
        let r = parse(&format!("MiniLM on mails.csv, {text}"));
        assert!(r.stratified && r.not_understood.is_empty(), "{text}: {r:?}");
        assert_eq!(r.tested, Some(AskedPart::Share(0.2)), "{text}: {r:?}");
    }
    for text in [
        "MiniLM auf mails.csv trainieren, Aufteilung 80/20 stratifiziert",
        "Entraîner MiniLM sur mails.csv, découpage 80/20 stratifié",
        "Entrena MiniLM con mails.csv, división 80/20 estratificada",
        "Addestra MiniLM su mails.csv, suddivisione 80/20 stratificata",
        "Treine MiniLM em mails.csv, divisão 80/20 estratificada",
    ] {
        let r = parse(text);
        assert!(r.stratified, "{text}: {r:?}");
        assert_eq!(r.tested, Some(AskedPart::Share(0.2)), "{text}: {r:?}");
    }
    assert!(!parse("MiniLM on mails.csv, an 80/20 split").stratified);
}

/// What is said of a border, beside how often something else was said of parting.
fn borders(text: &str) -> Vec<String> {
    let is_border = |asked: &AskedSplit| if let SplitBy::Border(from) = &asked.by { Some(from.clone()) } else { None };
    parse(text).parted.iter().filter_map(is_border).collect()
}

fn groups(text: &str) -> Vec<String> {
    let is_group = |asked: &AskedSplit| if let SplitBy::Group(name) = &asked.by { Some(name.clone()) } else { None };
    parse(text).parted.iter().filter_map(is_group).collect()
}

#[test]
fn a_date_is_a_border() {
    for (text, border) in [
        ("train on everything before 2021 and test on the rest", "2021"),
        ("train on data before 2021 and test on 2021 and later", "2021"),
        ("use everything up to 2022-06-30 for training and the rest for testing", "2022-07"),
        ("test set: from March 2023", "2023-03"),
        ("rows until March 2021 are for training, later ones for testing", "2021-03"),
        ("fit on data up to 2021-06-30, evaluate on data after 2021-06-30", "2021-07"),
        ("fit on data up to 2021-06-15, evaluate on everything after that", "2021-06-16"),
        ("test on what was sold since 2021", "2021"),
        ("paid before 2021 is train, everything later is test", "2021"),
        ("everything before 2021 is train, everything after 2021 is test", "2021"),
        ("train until 2020 and test from 2020 on", "2020"),
        ("train on 2015-2019 and test on 2020", "2020"),
        ("train: order_date < 2021-01-15, test: order_date >= 2021-01-15", "2021-01-15"),
        ("hold out everything from June 30, 2022 on", "2022-06-30"),
        ("split at 2021-01-01", "2021"),
        ("use 2021-03-15 as the cutoff", "2021-03-15"),
        ("a time-based split with cutoff date 2021-03-15", "2021-03-15"),
        ("test on 2021 and 2022, train on everything before 2021", "2021"),
        ("evaluate on rows from 1 March 2021 onwards", "2021-03"),
        ("2021 and later for testing, the rest for training", "2021"),
        ("train on data through 2019, hold out 2020 onwards", "2020"),
        ("train on 2015-2019, 2020 for testing", "2020"),
        ("the test data are those made after 2015", "2016"),
    ] {
        let text = format!("predict amount in bills.csv, {text}, 5 epochs");
        let r = parse(&text);
        assert_eq!(borders(&text), [border], "{text}: {r:?}");
        assert_eq!((r.epochs, r.tested, &r.lacking), (Some(5.0), None, &vec![]), "{text}: {r:?}");
        assert!(r.not_understood.iter().all(|words| !Request::may_change(words)), "{text}: {r:?}");
    }
    for text in [
        "predict sales in 2023 from bills.csv",
        "train a model to predict sales in 2023 from bills.csv",
        "MiniLM on news2019.csv, test on 20%",
        "a run of 2000 steps on SST-2, test after 2000 steps",
        "MiniLM on mails.csv, hold out 2000 rows for the test",
        "MiniLM on mails.csv, hold out 2000 for testing",
        "MiniLM on mails.csv, test on 2000 of them",
        "MiniLM on mails.csv, train and test on 2021",
        "do not test on data after 2021 in bills.csv",
        "MiniLM on news.csv, train on data from 2016",
    ] {
        assert_eq!(borders(text), [""; 0], "{text}: {:?}", parse(text));
    }
}

/// What is no one border is told, and the latest are as near as it comes.
#[test]
fn borders_that_cannot_be_told_are_told() {
    for text in [
        "train on data before 2019 and test on data after 2021",
        "train on data before summer 2021 and test on the rest",
        "train on everything before 01/02/2021 and test on the rest",
        "train before 2020, validate on 2020 and test on 2021",
        "2018 to 2020 for training, 2021 for validation and 2022 for the test",
        "test on the last quarter of 2024",
    ] {
        let r = parse(&format!("predict amount in bills.csv, {text}"));
        assert!(r.lacking.iter().any(|lack| lack.of == Lack::Split) && r.parted.is_empty(), "{text}: {r:?}");
        assert!(r.ordered_by.is_some(), "{text}: {r:?}");
    }
}

#[test]
fn borders_are_read_in_other_languages() {
    for (text, border) in [
        ("Trainiere MiniLM auf mails.csv mit allen Daten vor 2021 und teste auf 2021 und später", "2021"),
        ("Trainiere MiniLM auf mails.csv mit Daten bis 30.06.2022, teste auf dem Rest", "2022-07"),
        ("Trainiere MiniLM auf mails.csv, alles ab März 2023 zum Testen", "2023-03"),
        ("Entraîner MiniLM sur mails.csv avec les données avant 2021 et tester sur 2021 et après", "2021"),
        (
            "Entraîner MiniLM sur mails.csv, les données jusqu'au 30 juin 2022 pour l'entraînement, le reste pour le test",
            "2022-07",
        ),
        ("Entrena MiniLM con mails.csv con los datos anteriores a 2021 y prueba con los datos desde 2021", "2021"),
        ("Entrena MiniLM con mails.csv, datos hasta el 30 de junio de 2022 para entrenamiento y el resto para prueba", "2022-07"),
        ("Addestra MiniLM su mails.csv con i dati prima del 2021 e testa su dati dal 2021 in poi", "2021"),
        ("Addestra MiniLM su mails.csv, dati fino al 30 giugno 2022 per l'addestramento, il resto per il test", "2022-07"),
        ("Treine MiniLM em mails.csv com os dados antes de 2021 e teste com os dados a partir de 2021", "2021"),
        ("Treine MiniLM em mails.csv, dados até 30 de junho de 2022 para treino e o resto para teste", "2022-07"),
        ("用MiniLM在mails.csv上分类，用2021年之前的数据训练，用2021年及以后的数据测试", "2021"),
        ("用MiniLM在mails.csv上分类，2022年7月1日起的数据用于测试", "2022-07"),
    ] {
        assert_eq!(borders(text), [border], "{text}: {:?}", parse(text));
    }
}

#[test]
fn rows_that_belong_together() {
    for (text, name) in [
        ("split by patient", "patient"),
        ("no patient in both train and test", "patient"),
        ("no patient may be in both train and test", "patient"),
        ("the same author must not appear in both splits", "author"),
        ("a split grouped by patient_id", "patient_id"),
        ("use a group split on household", "household"),
        ("group by user_id", "user_id"),
        ("keep all rows of the same device together", "device"),
        ("keep all rows of a customer together", "customer"),
        ("rows of one store must stay together", "store"),
        ("a patient-level split", "patient"),
        ("split by user_id", "user_id"),
        ("split by user id", "user_id"),
        ("split the data by `visit_id`", "visit_id"),
        ("GroupKFold on subject", "subject"),
        ("GroupShuffleSplit with groups=user_id", "user_id"),
        ("StratifiedGroupKFold by patient", "patient"),
        ("use group k-fold with patient_id", "patient_id"),
        ("make the split subject-independent", "subject"),
        ("the split must be by speaker", "speaker"),
        ("avoid leakage of patients between splits", "patients"),
        ("users in test should be disjoint from users in train", "users"),
        ("split so that users do not overlap", "users"),
        ("test speakers must be unseen", "speakers"),
        ("use entire sessions for testing", "sessions"),
        ("rows of the same session_id belong together", "session_id"),
        ("a random split over customers", "customers"),
        ("grouped split by store", "store"),
        ("test on customers not seen in training", "customers"),
        ("test on customers that the model has not seen during training", "customers"),
        ("evaluate on unseen speakers", "speakers"),
        ("train and test must not share patients", "patients"),
        ("users in the test set must not be in the training set", "users"),
        ("different patients in train and test", "patients"),
        ("hold out whole stores for testing", "stores"),
        ("no overlap of patients between train and test", "patients"),
        ("make sure no user ends up in both train and test", "user"),
        ("do not split a patient across train and test", "patient"),
    ] {
        let text = format!("predict y in a.csv, {text}, 5 epochs");
        let r = parse(&text);
        assert_eq!(groups(&text), [name], "{text}: {r:?}");
        assert_eq!((r.epochs, r.ordered_by.is_none(), &r.lacking), (Some(5.0), true, &vec![]), "{text}: {r:?}");
        assert!(r.not_understood.iter().all(|words| !Request::may_change(words)), "{text}: {r:?}");
    }
    for text in [
        "both train and test have a header",
        "split by date",
        "the same columns in both files",
        "group by page",
        "test on examples not seen in training",
        "evaluate on new data",
        "do not split by patient",
        "keep 20% of the rows together for testing",
    ] {
        let r = parse(&format!("predict y in a.csv, {text}"));
        assert!(r.lacking.iter().all(|lack| lack.of != Lack::Split) && r.parted.is_empty(), "{text}: {r:?}");
    }
    // How much is said beside it.
    for text in [
        "a 70/30 split by patient",
        "split 70/30 by patient",
        "split by patient, 70/30",
        "train/test split by patient, 70/30",
        "a grouped 70/30 split by `patient`",
        "a 70/30 grouped split by patient",
        "hold out 30% for testing, split by patient",
    ] {
        let text = format!("predict y in a.csv, {text}, 5 epochs");
        assert_eq!(
            (groups(&text), parse(&text).tested),
            (vec!["patient".into()], Some(AskedPart::Share(0.3))),
            "{text}: {:?}",
            parse(&text)
        );
    }
    // Of whom is not said.
    let r = parse("predict y in a.csv, no leakage between train and test");
    assert!(r.lacking.iter().any(|lack| lack.of == Lack::Split) && r.parted.is_empty(), "{r:?}");
}

#[test]
fn rows_that_belong_together_in_other_languages() {
    for (text, name) in [
        ("Trainiere MiniLM auf mails.csv, nach patient_id aufteilen", "patient_id"),
        ("Trainiere MiniLM auf mails.csv, Aufteilung nach Patienten", "Patienten"),
        ("Trainiere MiniLM auf mails.csv, kein Patient darf sowohl im Training als auch im Test vorkommen", "Patient"),
        ("Trainiere MiniLM auf mails.csv, alle Zeilen eines Kunden zusammenhalten", "Kunden"),
        ("Trainiere MiniLM auf mails.csv, teste auf Kunden, die im Training nicht vorkommen", "Kunden"),
        ("Entraîner MiniLM sur mails.csv, découper par patient_id", "patient_id"),
        ("Entraîner MiniLM sur mails.csv, aucun patient ne doit être à la fois dans l'entraînement et le test", "patient"),
        ("Entraîner MiniLM sur mails.csv, garder toutes les lignes d'un client ensemble", "client"),
        ("Entraîner MiniLM sur mails.csv, tester sur des clients jamais vus à l'entraînement", "clients"),
        ("Entrena MiniLM con mails.csv, dividir por paciente", "paciente"),
        ("Entrena MiniLM con mails.csv, ningún paciente puede estar a la vez en entrenamiento y prueba", "paciente"),
        ("Entrena MiniLM con mails.csv, mantén todas las filas del mismo cliente juntas", "cliente"),
        ("Entrena MiniLM con mails.csv, prueba con clientes no vistos en el entrenamiento", "clientes"),
        ("Addestra MiniLM su mails.csv, dividi per paziente", "paziente"),
        ("Addestra MiniLM su mails.csv, nessun paziente deve comparire sia in train che in test", "paziente"),
        ("Addestra MiniLM su mails.csv, tieni tutte le righe dello stesso cliente insieme", "cliente"),
        ("Treine MiniLM em mails.csv, divisão por paciente", "paciente"),
        ("Treine MiniLM em mails.csv, nenhum paciente pode estar ao mesmo tempo no treino e no teste", "paciente"),
        ("Treine MiniLM em mails.csv, mantenha todas as linhas do mesmo cliente juntas", "cliente"),
        ("用MiniLM在mails.csv上分类，按patient_id划分", "patient_id"),
        ("用MiniLM在mails.csv上分类，按患者划分训练集和测试集", "患者"),
        ("用MiniLM在mails.csv上分类，同一患者不能同时出现在训练集和测试集中", "患者"),
    ] {
        assert_eq!(groups(text), [name], "{text}: {:?}", parse(text));
    }
    // As columns are called, whatever language they were named in.
    for (said, called) in
        [("Kunden", "customer"), ("patients", "patient"), ("paziente", "patient"), ("患者", "patient"), ("stores", "store")]
    {
        assert!(AskedSplit::names_of_group(said).contains(&called.to_string()), "{said}");
    }
}

#[test]
fn whose_rows_is_said_by_the_column_in_brackets() {
    for (text, name) in [
        ("predict load in grid.csv, no meter (meter_no) in both train and test", "meter_no"),
        ("grid.csv: predict load for meters we haven't seen yet (meter_no)", "meter_no"),
        ("grid.csv: predict load for meters that were never seen in training", "meters"),
        ("MiniLM on mails.csv. Test authors must not be in the training set.", "authors"),
        ("MiniLM on mails.csv, it should generalize to unseen users", "users"),
    ] {
        let r = parse(text);
        assert_eq!(groups(text), [name], "{text}: {r:?}");
        assert!(r.perhaps_columns().exclude.is_empty(), "{text}: {:?}", r.perhaps_columns().exclude);
    }
    assert_eq!(groups("predict load in grid.csv, score it on rows not seen in training"), Vec::<String>::new());
}

/// Whoever wants the same thing on one side says what it is, whichever way that is put.
#[test]
fn what_is_the_same_stays_on_one_side() {
    for (text, name) in [
        ("make sure that the same chapter doesn't appear in both train and test", "chapter"),
        ("please take care that the same plot_id doesn’t occur in both train and test", "plot_id"),
        ("the same farm must not be in both train and test", "farm"),
        ("chapter doesn't appear in both train and test", "chapter"),
    ] {
        let text = format!("question answering on notes.csv. Hold out 20% and {text}.");
        let r = parse(&text);
        assert_eq!((groups(&text), &r.lacking), (vec![name.to_string()], &vec![]), "{text}: {r:?}");
        assert!(!r.not_understood.iter().any(|words| words.contains("same")), "{text}: {r:?}");
    }
}

/// Shares of one whole are no more than it.
#[test]
fn shares_of_more_than_all_are_refused() {
    for text in ["split it 80/15/15 into train/validation/test", "a 70/30/10 train/val/test split", "train/test split 80/30"] {
        let r = parse(&format!("MLP on boats.csv, predict price, {text}, 3 epochs"));
        let [refused] = r.refused.as_slice() else { panic!("{text}: {r:?}") };
        assert!(refused.expected.contains("add up to 100 %, and these are 110 %"), "{text}: {refused:?}");
    }
    for text in ["split it 70/15/15 into train/validation/test", "a 90/10 split", "batch 64/128 in the train split"] {
        let r = parse(&format!("MLP on boats.csv, predict price, {text}, 3 epochs"));
        assert!(r.refused.iter().all(|refused| !refused.expected.contains("add up")), "{text}: {r:?}");
    }
}

#[test]
fn three_parts_are_the_whole() {
    for (text, refused) in [
        ("70% train, 20% val, 10% test", 0),
        ("70% train, 10% val, 10% test", 1),
        ("80% train, 20% val, 20% test", 1),
        ("70% train, 20% of the rest for validation, 10% test", 0),
    ] {
        let request = parse(&format!("MLP on a.csv, predict b, {text}"));
        assert_eq!(request.refused.len(), refused, "{text}: {request:?}");
    }
    let request = parse("MLP on a.csv, predict b, 10% val, 20% test, stop at 5% training error");
    assert_eq!((request.data_frac, request.refused), (None, vec![]));
    let request = parse("MLP on a.csv, predict b, the rows were scored according to 20% of the data");
    assert_eq!(request.tested, None, "{request:?}");
}
