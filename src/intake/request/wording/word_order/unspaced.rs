//! Chinese and Japanese: what is read stands before what is told of it, and signs of Latin words stand beside theirs without a space.

use super::{and_then, replaced, turned};
use crate::intake::regex;
use regex::{Captures, Regex};
use std::sync::LazyLock;

const FILE: &str = r"\.(?:csv|tsv|jsonl?|parquet|txt|conll|xlsx)";
/// A name without marks of grammar around it.
const HAN: &str = r"[\p{Han}A-Za-z0-9_]";
/// A name of Japanese, in quotes, in Latin letters, or without the signs that grammar is written with.
const NAME: &str = r"(?:[「『][^」』]{1,40}[」』]|[A-Za-z0-9_]+|[\u{30a1}-\u{30fa}ー\u{4e00}-\u{9fff}]+)";

pub(super) fn in_order(text: &str) -> Option<String> {
    if !text.contains(|c: char| ('\u{3040}'..='\u{9fff}').contains(&c)) {
        return None;
    }
    let out = narrow(text);
    let out = and_then(text, out, myriads);
    let out = and_then(text, out, |text| turned(text, &*APART));
    let out = and_then(text, out, |text| turned(text, &*CHINESE));
    let out = and_then(text, out, |text| turned(text, &*ENDINGS));
    let out = and_then(text, out, from_behind);
    let out = and_then(text, out, |text| turned(text, &*JAPANESE));
    and_then(text, out, |text| turned(text, &*PARTICLES))
}

/// `３` and `％`: digits, letters and signs as wide as the others, but for those that end and part clauses, which others read.
fn narrow(text: &str) -> Option<String> {
    let is_wide = |c: char| c.is_alphanumeric() && ('\u{ff10}'..='\u{ff5a}').contains(&c) || c == '％' || c == '．';
    let one = |c: char| if is_wide(c) { char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c) } else { c };
    text.contains(is_wide).then(|| text.chars().map(one).collect())
}

/// `2万`, `五千`: with a place in words behind the digits.
fn myriads(text: &str) -> Option<String> {
    static COUNT: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?P<n>[0-9]+(?:\.[0-9]+)?|[一二两三四五六七八九])(?P<place>[百千万])(?P<next>[^\p{Han}]|[行条个件轮步次回枚])")
    });
    const DIGITS: &str = "零一二三四五六七八九";
    let said = |found: &Captures<'_>| {
        let n = match found["n"].replace('两', "二").chars().next().and_then(|first| DIGITS.chars().position(|own| own == first))
        {
            Some(digit) => digit as f64,
            None => found["n"].parse().unwrap_or(0.0),
        };
        let place = match &found["place"] {
            "百" => 100.0,
            "千" => 1000.0,
            _ => 10_000.0,
        };
        format!("{}{}", n * place, &found["next"])
    };
    replaced(text, &COUNT, said)
}

/// `销售.csv中的` and `bilder/で`: the name of a file ends before the next sign.
static APART: LazyLock<[(Regex, &str); 8]> = LazyLock::new(|| {
    [
        (
            regex(&format!(r"(?P<what>文件|数据|ファイル|データ)(?:集|文件)?[是为はを用在]?(?P<file>[A-Za-z0-9_./-]+{FILE})")),
            "${what} ${file}",
        ),
        (regex("是/否|はい/いいえ"), "yes/no"),
        (regex("？"), "? "),
        (regex("！"), "! "),
        (regex("："), ": "),
        (regex(&format!(r"(?P<file>{FILE})\s?[中里](?P<next>除|，)")), "${file} ${next}"),
        (regex(&format!(r"(?P<file>{FILE})(?P<next>[\u{{3041}}-\u{{9fff}}])")), "${file} ${next}"),
        (regex(r"(?P<file>[A-Za-z0-9_]/)(?P<next>文件夹|目录|[中里的上で]|の|から|に|を|フォルダ)"), "${file} ${next}"),
    ]
});

/// `MLP上`, `MiniLMで`.
static PARTICLES: LazyLock<[(Regex, &str); 1]> = LazyLock::new(|| {
    [(regex(r"(?P<word>[A-Za-z][A-Za-z0-9-]*)(?P<next>[上对在用为做进来把并快]|で|を|の|は|に|と)"), "${word} ${next}")]
});

static CHINESE: LazyLock<[(Regex, &str); 30]> = LazyLock::new(|| {
    [
        // `预测房价.csv中的租金`.
        (
            regex(&format!(r"预测(?P<file>[^\s，。、；：,]{{1,40}}{FILE})\s?[中里]?的?(?P<name>{HAN}{{1,12}})")),
            "预测${name} 在${file} 上",
        ),
        (
            regex(&format!(r"(?P<verb>根据|用|从|基于|利用)(?P<file>[^\s，。、；：,用据从于]{{1,40}}{FILE})\s?[中里]?的")),
            "在${file} 上${verb}",
        ),
        (regex(r"(?P<time>[0-9]+(?:\.[0-9]+)?\s?(?:个?小时|分钟|秒))(?:以内|之内|内)(?:跑完|训练完|结束)"), "不超过${time}"),
        (
            regex(r"除了?分类头(?:以外|之外|外)?，?其[他它]的?(?:所有|全部)?的?(?:层|参数)(?:都|全部|全都)?(?:冻结|固定)"),
            "冻结除分类头以外的所有层",
        ),
        (regex(r"(?P<of>文件夹|目录)[下中里内]的"), "文件夹里的"),
        (regex(&format!(r"从(?P<from>{HAN}{{1,8}}?)来?预测")), "根据${from}预测"),
        // `编号这一列`.
        (regex(r"这一?[个]?(?P<of>列|字段)"), "${of}"),
        (regex(r"(?:输出|给出|显示|打印|汇报|看)(?P<next>[A-Z]|宏|微平均|准确率|召回率|精确率|均方|平均绝对)"), "报告${next}"),
        (regex(r"每(?:一)?批(?:次)?(?:用|取|处理)?(?P<n>[0-9]+)[个条张]?(?:样本|数据|图片)?"), "批大小${n}"),
        // A time that something is to be done within.
        (
            regex(
                r"(?:(?:在|总?(?:训练)?(?:时间|时长|耗时)(?:控制|限制|限定)?在?))(?P<time>[0-9]+(?:\.[0-9]+)?\s?(?:个?小时|分钟|秒))(?:以内|之内|内)(?:完成|结束|跑完|训练完)?",
            ),
            "不超过${time}",
        ),
        (regex(r"(?:总|训练)(?:训练)?(?:时间|时长|耗时)(?P<next>不超过|最多|不要超过)"), "${next}"),
        // `根据文本对评分进行分类`.
        (
            regex(&format!(
                r"(?P<from>(?:根据|基于|利用|用|从)[^，。；,;]{{1,20}}?)对(?P<name>{HAN}{{1,8}}?)进行(?P<verb>分类|预测)"
            )),
            "${verb}${name}${from}",
        ),
        (regex(&format!(r"对(?P<name>{HAN}{{1,8}}?)进行(?P<verb>分类|预测)")), "${verb} ${name}"),
        (regex(&format!(r"[把将](?P<name>{HAN}{{1,8}}?)(?P<how>作为数[值字]|当作数[值字])来?预测")), "预测${name}，${how}"),
        // `文本在评论列`.
        (
            regex(r"(?P<what>文本|标签|目标)[是在为](?P<name>[^，。；,;\s]{1,12}?)(?:这一?)?(?:列|字段)[中里]?"),
            "${what}列是${name}",
        ),
        (
            regex(r"除了?(?P<name>[^，。；,;\s]{1,20}?)(?:以外|之外|外)的?(?:所有|其他|其它|全部)(?:所有)?的?(?:列|特征|字段)"),
            "所有列除了${name}，",
        ),
        (regex(r"一[个层](?P<n>[0-9]+)个?(?:单元|神经元|节点)的(?:隐藏层|隐层)"), "一个隐藏层，每层${n}单元"),
        (
            regex(
                r"(?:连续)?(?P<n>[0-9]+)\s?(?P<of>轮|个epoch|个周期|次评估|次验证)(?:验证集|指标|损失)?(?:没有|无|不再|未)(?:任何)?(?:提升|改善|提高|下降)(?:则|就|时|后)?(?:早停|提前停止|停止训练|停止)",
            ),
            "早停于${n}${of}没有提升",
        ),
        (regex(&format!(r"判断(?P<from>{HAN}{{1,8}}?)属于哪(?:一)?[个种类]?(?P<told>{HAN}{{1,8}})")), "根据${from}预测${told}"),
        (regex(r"冻结除了?最后(?P<n>[0-9]+)层(?:以外|之外|外)的?(?:所有|全部|其他)(?:的)?层"), "只训练最后${n}层"),
        (regex(r"[Pp]atch\s?大小"), "patch size "),
        (regex(r"留(?P<n>[0-9])"), "留出${n}"),
        (regex(r"[总]?共(?P<n>[0-9])"), "${n}"),
        (regex(r"小(?P<next>[A-Z])"), "小型${next}"),
        (regex(r"把(?P<language>\p{Han}{1,3}[语文])"), "${language}"),
        (
            regex(&format!(
                r"按(?:照)?(?P<name>{HAN}{{1,8}}?)(?:排序|顺序|先后)?(?:选取|取出?|选|留出|拿出|保留|用)?(?P<latest>最新|最近|最后)的(?P<share>[0-9]+\s?[%％])"
            )),
            "${latest}的${share} 按${name} ",
        ),
        (regex(r"为\s?(?P<next>[A-Z])"), " ${next}"),
        (regex(r"(?P<n>[0-9])次试验"), "${n}次试验"),
        (regex(r"并(?P<next>留|报告|输出|使用|用)"), "，${next}"),
        (regex(r"(?P<before>[，。])也(?P<next>不)"), "${before}${next}"),
    ]
});

/// `本文から評価を分類する`: what is told stands before what it is told from, and behind its verb.
fn from_behind(text: &str) -> Option<String> {
    static TOLD: LazyLock<[Regex; 4]> = LazyLock::new(|| {
        let list = format!(r"{NAME}(?:(?:、|,\s?|と|や|および|及び){NAME})*");
        let how = "(?P<how>数値として)?";
        // `を MiniLM で分類`: with what stands before the verb.
        let verb = r"(?:(?P<with>[A-Za-z][A-Za-z0-9./_-]*)で)?(?P<verb>分類|予測|推定)(?:する|して|し)?";
        let other = format!(r"(?P<other>{list})以外の(?:すべて|全て|全部|全)の?(?:列|特徴量|カラム)(?:から|を使って|で)");
        [
            regex(&format!(r"{other}(?P<told>{NAME})を{how}{verb}")),
            regex(&format!(r"(?P<told>{NAME})を(?P<other>{list})以外の(?:すべて|全て|全部)の(?:列|特徴量)から{how}{verb}")),
            regex(&format!(r"(?P<from>{list})(?:の列)?(?:だけ|のみ)?から(?P<told>{NAME})を{how}{verb}")),
            regex(&format!(r"(?P<told>{NAME})を(?:(?P<from>{list})(?:の列)?(?:だけ|のみ)?から)?{how}{verb}")),
        ]
    });
    // `ゼロから`, `最初から`: from scratch; what stands for any input is told of nothing.
    const NOTHING: [&str; 3] = ["ゼロ", "最初", "スクラッチ"];
    const ANY: [&str; 6] = ["画像", "テキスト", "文書", "文章", "写真", "データ"];
    let said = |found: &Captures<'_>| {
        let at = |name: &str| found.name(name).map_or("", |part| part.as_str());
        if NOTHING.contains(&at("from")) || ANY.contains(&at("told")) {
            return found[0].to_string();
        }
        let from = match (at("from"), at("other")) {
            ("", "") => String::new(),
            ("", other) => format!("から すべての列 除いて {other} "),
            (from, _) => format!("から {from} "),
        };
        let how = if at("how").is_empty() { String::new() } else { format!("{} ", at("how")) };
        let with = if at("with").is_empty() { String::new() } else { format!("、{}で ", at("with")) };
        format!("{} {} {how}{from}{with}", at("verb"), at("told"))
    };
    TOLD.iter().fold(None, |out, way| and_then(text, out, |text| replaced(text, way, said)))
}

/// `学習させたいです`, `残しておいてください`: however politely it is asked, the same is to be done, or not to be done.
static ENDINGS: LazyLock<[(Regex, &str); 10]> = LazyLock::new(|| {
    const POLITE: &str = r"(?:です|ます|(?:と思い|と考えてい)ます|ください|下さい|ほしい(?:です)?|欲しい(?:です)?|もらえますか|いただけますか|おいてください|おいて)?";
    [
        (
            regex(&format!(
                r"(?P<verb>学習|訓練|分類|予測|推定|評価|調整|微調整|チューニング|ファインチューニング)(?:を)?(?:さ?せ|し|行い|行っ)(?:て|たい|たく|ま(?:す|しょう)){POLITE}"
            )),
            "${verb}する",
        ),
        (regex(&format!(r"を?(?:作り|作っ|作成し|構築し)(?:て|たい){POLITE}|を?(?:作成|構築)する")), "を作って"),
        (regex(&format!(r"残し(?:て{POLITE}|たい(?:です)?)")), "残し"),
        // `テキストは質問列`.
        (
            regex(
                r"(?P<what>テキスト|ラベル|正解)は(?P<name>[^\s、。，,はを]{1,20}?)(?:列|カラム)(?:です|で)?(?P<end>[、。,\s]|$)",
            ),
            "${what}列は${name}${end}",
        ),
        (regex(r"(?P<metric>\b(?:MAE|RMSE|MSE|F1|AUC)|正解率|適合率|再現率|マクロF1)で評価(?:する|し)?"), "評価指標は${metric}"),
        (regex(r"テスト(?:データ|セット|用)?と(?:する|して|し)"), "テスト用に残し"),
        (
            regex(&format!(
                r"(?P<what>データ拡張|早期終了|早期停止|ドロップアウト|ウォームアップ|重み減衰|クラス重み)(?:は|を|も)?(?:しない|せず|なし(?:[でに])?|無し(?:[でに])?|不要|(?:使わ|使用し|行わ|適用し|入れ)(?:ない|ず))(?:で{POLITE})?"
            )),
            "${what}なし",
        ),
        (regex(r"(?:分類)?ヘッド以外[はを]?(?:すべて|全て|全部)?を?(?:凍結|固定)(?:する|して|し)?"), "ヘッド以外を凍結"),
        (regex(&format!(r"(?P<what>ヘッド|最終層)(?:のみ|だけ)を?(?:学習|訓練)(?:する|し)?")), "${what}だけ学習"),
        (
            regex(&format!(
                r"(?:以内|まで)[でに](?:終わらせ|終え|終わる|完了さ?せ|完了し|終了し)(?:て|る|たい)?(?:ように)?(?:して)?{POLITE}"
            )),
            "以内",
        ),
    ]
});

static JAPANESE: LazyLock<[(Regex, &str); 16]> = LazyLock::new(|| {
    [
        (regex(&format!(r"(?P<name>{NAME})(?:ごと|単位|別)[にで]分割")), "分割ごとに${name} "),
        (
            regex(&format!(
                r"同じ(?P<name>{NAME})[がを](?:学習|訓練)(?:データ|セット)?と(?:テスト|評価)(?:データ|セット)?の?両方に\p{{Hiragana}}*(?:現れ|現|出|含ま|含め|入ら|入れ)\p{{Hiragana}}*"
            )),
            "同じ${name}は両方に現れない ",
        ),
        (
            regex(&format!(r"(?P<name>{NAME})順[でに](?P<latest>最新|直近|最後)の(?P<share>[0-9]+\s?[%％])")),
            "${latest}の${share} 順で ${name} ",
        ),
        (
            regex(&format!(
                r"(?P<name>{NAME})[のが](?:新しい|最新の?)(?:順[でに]?|ものから|方から|ほうから)の?(?P<share>[0-9]+\s?[%％])"
            )),
            "最新の${share} 順で ${name} ",
        ),
        (regex(r"(?P<share>[0-9]+(?:\.[0-9]+)?\s?[%％])以上"), "少なくとも${share}"),
        (regex(r"(?P<edge>最初|最後)の(?P<n>[0-9]+)層[はを](?:凍結|固定)(?:して|し)?"), "凍結して${edge}の${n}層"),
        (
            regex(
                r"隠れ層[はが]?\s?(?P<n>[0-9]+)層[、,で]?\s?(?:各層?|それぞれ)?(?P<units>[0-9]+)(?P<of>ユニット|ニューロン|次元)",
            ),
            "${n}隠れ層 各層${units}${of}",
        ),
        (regex(r"[、,]?\s?各層?(?P<units>[0-9])"), " 各層${units}"),
        (
            regex(
                r"(?P<n>[0-9]+)(?P<of>エポック|回の評価)(?:連続|続け)?[でて]?改善(?:が(?:なければ|ない場合は?|見られなければ)|しなければ)、?(?:早期終了|早期停止|打ち切り|停止)",
            ),
            "早期終了後${n}${of}改善なし",
        ),
        (regex(r"隠れ層[はが]\s?(?P<n>[0-9]+)[と、,]\s?(?P<next>[0-9]+)の?"), "隠れ層構成${n}と${next}、"),
        (regex(r"シード[はを]?(?P<n>[0-9]+)[つ個]"), "${n}個のシード"),
        (regex(r"(?P<share>[0-9]+\s?[%％])でテスト(?:し|する|して)?"), "${share}をテスト用に"),
        (regex(r"最後の(?P<n>[0-9]+)層以外[はを](?:すべて|全て)?(?:凍結|固定)(?:して|し)?"), "以外凍結最後の${n}層"),
        (regex(r"幅は?(?P<n>[0-9])"), "横幅${n}"),
        (
            regex(&format!(
                r"(?P<what>{NAME}(?:(?:、|,\s?|と){NAME})*)を(?P<verb>調整|チューニング|最適化|探索)(?:する|して|し)?"
            )),
            "${verb} ${what} ",
        ),
        (regex(r"(?P<n>[0-9])回(?:の)?試行"), "${n}回試行"),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_stands_before_what_it_is_told_from() {
        for (text, said) in [
            ("評論.csvの「本文」から「評価」を分類するモデル", "評論.csv の分類 「評価」 から 「本文」 モデル"),
            ("mails.csvのbodyからtopicを予測する", "mails.csv の予測 topic から body "),
            ("面積、部屋数と地区から家賃を予測", "予測 家賃 から 面積、部屋数と地区 "),
            ("家賃を面積以外のすべての列から予測", "予測 家賃 から すべての列 除いて 面積 "),
            ("店舗ごとに分割", "分割ごとに店舗 "),
            ("预测销售.csv中的金额，30轮", "预测金额 在销售.csv 上，30轮"),
            ("对情感进行分类", "分类 情感"),
            ("标签在情感列", "标签列是情感"),
            ("根据除面积以外的所有列", "根据所有列除了面积，"),
        ] {
            assert_eq!(in_order(text).as_deref(), Some(said));
        }
        for text in ["ゼロから画像を分類する", "用内容预测情感"] {
            assert_eq!(in_order(text), None, "{text}");
        }
    }
}
