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
