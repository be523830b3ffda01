//! What is asked in other languages is read as it is in English.

use super::*;
use crate::data::PerhapsColumns;

/// All but the words themselves, and where one of the names is told, read or left out.
fn read(text: &str, columns: &[&str]) -> (Request, [Vec<String>; 3]) {
    let r = parse(text);
    let perhaps = r.perhaps_columns();
    let roles = perhaps.roles_of(columns);
    let among = |lists: &[&[String]]| -> Vec<String> {
        let is_said = |name: &&&str| lists.iter().any(|list| list.iter().any(|own| own.eq_ignore_ascii_case(name)));
        columns.iter().filter(is_said).map(ToString::to_string).collect()
    };
    let PerhapsColumns { label, input, exclude, .. } = &perhaps;
    let label = [r.label.as_slice(), label, &roles.label].iter().map(|list| among(&[list])).find(|found| !found.is_empty());
    let label: Vec<String> = label.unwrap_or_default().into_iter().take(1).collect();
    let exclude = among(&[&r.exclude, exclude, &roles.exclude]);
    let input = among(&[&r.input, input, &roles.input]);
    let input = input.into_iter().filter(|name| !label.contains(name) && !exclude.contains(name)).collect();
    let mut bare =
        Request { text: String::new(), read_as: None, label: None, input: vec![], exclude: vec![], not_understood: vec![], ..r };
    bare.parted.iter_mut().for_each(|parted| parted.words.clear());
    bare.lacking.iter_mut().for_each(|lacking| lacking.words.clear());
    (bare, [label, input, exclude])
}

fn are_alike(english: &str, columns: &[&str], others: &[&str]) {
    let (request, parts) = read(english, columns);
    for text in others {
        let (own, own_parts) = read(text, columns);
        assert_eq!(own_parts, parts, "{text}: {:?}", parse(text).read_as);
        assert_eq!(own, request, "{text}: {:?}", parse(text).read_as);
    }
}

#[test]
fn names_stay_and_bans_are_read() {
    are_alike(
        "Predict puls from alter in a.csv with an MLP of two hidden layers of 32 units each. gewicht must not be used, nor groesse. 20% for testing, report the MAE.",
        &["puls", "alter", "gewicht", "groesse"],
        &[
            "Sagen Sie mit a.csv die Spalte puls voraus, und zwar aus alter, mit einem MLP mit zwei verdeckten Schichten zu je 32 Neuronen. gewicht darf auf keinen Fall verwendet werden, groesse auch nicht. 20 % zum Testen, MAE angeben.",
            "Prédis puls à partir de alter dans a.csv avec un MLP à deux couches cachées de 32 unités chacune. N'utilise ni gewicht ni groesse. 20 % pour le test, donne la MAE.",
            "Predice puls a partir de alter en a.csv con un MLP de dos capas ocultas de 32 neuronas cada una. No uses gewicht ni groesse. 20% para test, informa del MAE.",
            "Prevedi puls a partire da alter in a.csv con un MLP con due strati nascosti da 32 neuroni ciascuno. Non usare né gewicht né groesse. 20% per il test, riporta il MAE.",
            "Preveja puls a partir de alter em a.csv com um MLP de duas camadas ocultas de 32 neurônios cada. Não use gewicht nem groesse. 20% para teste, informe o MAE.",
            "用MLP根据a.csv中的alter预测puls，两个隐藏层，每层32个神经元。不要使用gewicht，也不要使用groesse。20%用于测试，报告MAE。",
            "MLPでa.csvのalterからpulsを予測。隠れ層2層、各32ユニット。gewichtとgroesseは使わないでください。20%をテスト用に残し、MAEを報告してください。",
        ],
    );
}

#[test]
fn words_of_a_language_may_be_names() {
    for (english, text, columns) in [
        ("classify the {0} from the {1}", "clasificar el {0} a partir del {1}", ["sentimiento", "comentario"]),
        ("classify the {0} from the {1}", "classificare il {0} a partire dal {1}", ["sentimento", "testo"]),
        ("classify the {0} from the {1}", "classer le {0} à partir du {1}", ["rang", "message"]),
        ("classify the {0} from the {1}", "{0} anhand von {1} klassifizieren", ["Stimmung", "Kommentar"]),
    ] {
        let filled =
            |form: &str| format!("MiniLM, a.csv, {}. 3 epochs", form.replace("{0}", columns[0]).replace("{1}", columns[1]));
        let [own, twin] = [text, english].map(|form| read(&filled(form), &columns).1);
        assert_eq!(own, twin, "{text}: {:?}", parse(&filled(text)).read_as);
    }
}

#[test]
fn recipes_and_sizes_are_read() {
    are_alike(
        "Train a ResNet-20 from scratch on the images of the folder fotos/, SGD with momentum 0.9, cosine decay, horizontal flips, 12 epochs, batch size 64, hold out 25% for testing and report the accuracy. At most 15 minutes.",
        &[],
        &[
            "Trainiere ein ResNet-20 von Grund auf mit den Bildern im Ordner fotos/, SGD mit Momentum 0,9, Kosinus-Abfall, horizontale Spiegelungen, 12 Epochen, Batchgröße 64, lege 25 % für den Test beiseite und gib die Genauigkeit an. Höchstens 15 Minuten.",
            "Entraîne de zéro un ResNet-20 sur les images du dossier fotos/, SGD avec un momentum de 0,9, décroissance en cosinus, retournements horizontaux, 12 époques, lots de 64, mets 25 % de côté pour le test et rapporte l'exactitude. 15 minutes au maximum.",
            "Entrena desde cero una ResNet-20 con las imágenes de la carpeta fotos/, SGD con momento 0,9, decaimiento coseno, volteos horizontales, 12 épocas, lotes de 64, reserva el 25% para test y reporta la exactitud. 15 minutos como mucho.",
            "Addestra da zero una ResNet-20 sulle immagini della cartella fotos/, SGD con momento 0,9, con decadimento a coseno, ribaltamenti orizzontali, 12 epoche, batch da 64, tieni da parte il 25% per il test e riporta l'accuratezza. Al massimo 15 minuti.",
            "Treine do zero uma ResNet-20 com as imagens da pasta fotos/, SGD com momento 0,9, decaimento cosseno, espelhamento horizontal, 12 épocas, lotes de 64, reserve 25% para teste e relate a acurácia. No máximo 15 minutos.",
            "用fotos/文件夹中的图片从头训练ResNet-20，SGD，动量0.9，余弦衰减，水平翻转，12轮，批大小64，留25%作测试，报告准确率。请在15分钟内完成。",
            "fotos/フォルダの画像でResNet-20をゼロから学習。SGD、モメンタム0.9、コサイン減衰、水平反転、12エポック、バッチサイズ64、25%をテスト用に取り分けて、正解率を報告してください。15分以内。",
        ],
    );
}

#[test]
fn parts_and_limits_are_read() {
    are_alike(
        "MLP on a.csv, target puls. Split by gruppe: no gruppe may be in both training and test. Early stopping after 4 epochs without improvement, at most 80 epochs. At most 4 GB of memory.",
        &["puls", "gruppe"],
        &[
            "MLP auf a.csv, Zielgröße puls. Nach gruppe aufteilen: keine gruppe darf in Training und Test zugleich vorkommen. Vorzeitiger Abbruch nach 4 Epochen ohne Verbesserung, maximal 80 Epochen. Nicht mehr als 4 GB Arbeitsspeicher.",
            "MLP sur a.csv, cible puls. Découper par gruppe : aucune gruppe ne doit se trouver à la fois dans l'entraînement et le test. Arrêt précoce après 4 époques sans amélioration, 80 époques au maximum. Pas plus de 4 Go de mémoire.",
            "MLP con a.csv, variable objetivo puls. Dividir por gruppe: ninguna gruppe puede estar a la vez en entrenamiento y test. Parada temprana tras 4 épocas sin mejora, como máximo 80 épocas. No más de 4 GB de memoria.",
            "MLP su a.csv, variabile target puls. Dividi per gruppe: nessuna gruppe deve comparire sia nel training che nel test. Arresto anticipato dopo 4 epoche senza miglioramenti, al massimo 80 epoche. Non più di 4 GB di memoria.",
            "MLP em a.csv, variável alvo puls. Dividir por gruppe: nenhuma gruppe pode aparecer tanto no treino quanto no teste. Parada antecipada após 4 épocas sem melhora, no máximo 80 épocas. Não mais de 4 GB de memória.",
        ],
    );
}

/// What is wished, limited, counted and ended as each language does, with the words in its own order.
#[test]
fn wishes_limits_and_numbers_are_read() {
    let late = |file: &str, told: &str, by: &str| {
        format!(
            "MLP on {file}, predict {told}. Hold out the latest 20% by {by} for testing, 50 epochs, stop early if there is no improvement for 5 epochs, weight decay 0.01."
        )
    };
    let note = |file: &str, told: &str, from: &str| {
        format!(
            "Fine-tune MiniLM on {file}: classify {told} from {from}. 3 epochs, learning rate 2e-5, batch size 16, early stopping with patience 2, at most 20 minutes."
        )
    };
    let rows = "Predict lohn in a.csv with an MLP, one hidden layer of 32 units, 100 epochs, Adam, learning rate 0.01, seed 7, use only the first 5000 rows.";
    let frozen = "Pretrained ResNet-18 on the images in tiere/, freeze everything except the head, 5 epochs, horizontal flips, 20% for testing, at most 45 minutes.";
    for (english, columns, text) in [
        (
            late("herz.csv", "puls", "datum"),
            ["puls", "datum"],
            "MLP auf herz.csv, vorhergesagt werden soll puls. Die neuesten 20 % nach datum zum Testen zurücklegen, 50 Epochen, abbrechen, wenn sich 5 Epochen lang nichts verbessert, Weight Decay 0,01.",
        ),
        (
            late("coeur.csv", "pouls", "date"),
            ["pouls", "date"],
            "MLP sur coeur.csv, on veut prédire pouls. Garde les 20 % les plus récents selon date pour le test, 50 époques, arrête-toi s'il n'y a pas d'amélioration pendant 5 époques, weight decay de 0,01.",
        ),
        (
            late("corazon.csv", "pulso", "fecha"),
            ["pulso", "fecha"],
            "MLP sobre corazon.csv, hay que predecir pulso. Reserva para test el 20 % más reciente según fecha, 50 épocas, para si no mejora durante 5 épocas, weight decay 0,01.",
        ),
        (
            late("heart.csv", "心率", "日期"),
            ["心率", "日期"],
            "用heart.csv训练MLP预测心率。按日期取最新的20%作为测试集，最多50轮，连续5轮没有提升就停止，权重衰减0.01。",
        ),
        (
            late("heart.csv", "心拍", "日付"),
            ["心拍", "日付"],
            "heart.csvでMLPを学習し、心拍を予測する。日付の新しい順に20%をテストデータとし、最大50エポック、5エポック改善しなければ打ち切り、重み減衰0.01。",
        ),
        (
            note("recensioni.jsonl", "voto", "testo"),
            ["voto", "testo"],
            "Fai il fine-tuning di MiniLM su recensioni.jsonl: bisogna classificare voto a partire da testo. Tre epoche, tasso di apprendimento 2e-5, batch da 16, early stopping con pazienza 2, non deve durare più di 20 minuti.",
        ),
        (
            note("avaliacoes.jsonl", "nota", "texto"),
            ["nota", "texto"],
            "Faça o ajuste fino do MiniLM em avaliacoes.jsonl: é preciso classificar nota com base em texto. Três épocas, taxa de aprendizagem 2e-5, lotes de 16, parada antecipada com paciência 2, sem passar de 20 minutos.",
        ),
        (
            note("reviews.jsonl", "`評価`", "`本文`"),
            ["評価", "本文"],
            "reviews.jsonlでMiniLMをファインチューニングし、本文から評価を分類したい。３エポック、学習率2e-5、バッチサイズ16、早期終了のpatienceは2、20分以内でお願いします。",
        ),
        (
            rows.to_string(),
            ["lohn", "alter"],
            "Preveja lohn em a.csv com um MLP: uma camada oculta de 32 neurônios, 100 épocas, Adam, taxa de aprendizado 0,01, semente 7, use só as primeiras 5 mil linhas.",
        ),
        (
            frozen.to_string(),
            ["a", "b"],
            "ResNet-18 preaddestrata sulle immagini di tiere/, congela tutto tranne la testa, 5 epoche, ribaltamenti orizzontali, 20 per cento per il test, massimo 45 minuti.",
        ),
        (
            frozen.to_string(),
            ["a", "b"],
            "tiere/の画像で事前学習済みResNet-18を微調整。ヘッド以外はすべて凍結、5エポック、左右反転、20%をテスト用に、45分以内。",
        ),
    ] {
        are_alike(&english, &columns, &[text]);
    }
}
