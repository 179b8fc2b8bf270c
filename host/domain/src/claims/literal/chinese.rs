//! Chinese numerals: which characters count, before which words, and the idioms in which they do not.
//!
//! A numeral counts before a unit or measure word, beside a fact's figure, after 第, or when it parses to ten or
//! more. `三件套` (a product in three pieces) counts too: how many pieces a product has is for its title to say.

/// Characters that a numeral is written with, formal ones and traditional ones included.
pub(super) fn is_numeral(c: char) -> bool {
    is_digit(c) || is_multiplier(c)
}

fn is_digit(c: char) -> bool {
    "零〇一二三四五六七八九壹贰叁肆伍陆柒捌玖貳參陸".contains(c)
}

/// A numeral with one of these is ten or more.
fn is_multiplier(c: char) -> bool {
    "十百千万亿拾佰仟萬億廿卅".contains(c)
}

/// The first numeral that counts, with the word it counts. `figure` stands where a fact's figure does. The text is
/// NFKC, its idioms taken out.
pub(super) fn counting(text: &[char], figure: char) -> Option<String> {
    let mut at = 0;
    while at < text.len() {
        let c = text[at];
        // 两, 俩 and 仨 are never anything but a number; 半 is one before what can be halved.
        if "两俩仨兩倆".contains(c) {
            return Some(excerpt(text, at, at + 2));
        }
        if c == '半' && unit(&text[at + 1..]).is_some() {
            return Some(excerpt(text, at, at + 2));
        }
        if !is_numeral(c) {
            at += 1;
            continue;
        }
        let end = at + text[at..].iter().take_while(|c| is_numeral(**c)).count();
        let run = &text[at..end];
        let before = at.checked_sub(1).map(|before| text[before]);
        let after = text.get(end).copied();
        let unit = unit(&text[end..]);
        let beside = |c: Option<char>| c == Some(figure);
        // Two digits side by side are read one after the other: 五一 is 51.
        let is_ten_or_more = run.iter().any(|c| is_multiplier(*c)) || run.len() > 1;
        if is_ten_or_more || unit.is_some() || before == Some('第') || beside(before) || beside(after) {
            return Some(excerpt(text, at, end + unit.map_or(0, |unit| unit.chars().count())));
        }
        at = end;
    }
    None
}

fn excerpt(text: &[char], from: usize, to: usize) -> String {
    text[from..to.min(text.len())].iter().filter(|c| !c.is_control()).collect()
}

fn unit(rest: &[char]) -> Option<&'static str> {
    UNITS.iter().copied().find(|unit| {
        let mut chars = rest.iter();
        unit.chars().all(|c| chars.next() == Some(&c))
    })
}

/// Takes idioms out of a text, each replaced by one character that is no letter. An idiom is not taken out of a
/// longer numeral, nor before a character that makes it count: 十分钟 is ten minutes.
pub(super) fn without_idioms(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let follows_numeral = left.chars().next_back().is_some_and(is_numeral);
        let idiom = IDIOMS.iter().find(|(idiom, unless)| {
            rest.strip_prefix(idiom)
                .is_some_and(|after| !after.chars().next().is_some_and(|next| unless.contains(next)))
        });
        match idiom {
            Some((idiom, _)) if !follows_numeral => {
                left.push(IDIOM);
                rest = &rest[idiom.len()..];
            }
            _ => {
                left.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    left
}

/// Where an idiom stood.
const IDIOM: char = '_';

/// What can be counted. 行 and 下 are left out: 一行字 and 看一下 count nothing.
const UNITS: &[&str] = &[
    "件", "个", "個", "元", "圆", "块", "毛", "角", "分", "天", "日", "折", "成", "倍", "名", "位", "次",
    "人", "套", "小时", "钟头", "分钟", "秒", "周", "月", "年", "双", "只", "条", "款", "种", "样", "盒",
    "箱", "瓶", "支", "张", "包", "袋", "份", "家", "单", "笔", "台", "部", "本", "册", "页", "把", "顶",
    "副", "枚", "颗", "粒", "片", "克", "斤", "公斤", "千克", "两", "米", "厘米", "尺", "升", "毫升", "岁",
    "号", "楼", "层", "级", "星", "届", "期", "轮", "波", "批", "组", "对", "打", "星期", "礼拜", "季",
    "世纪", "刻", "点", "遍", "趟", "回", "价", "数",
];

/// Words that hold a numeral, or a claim word, and count or claim nothing; each with the characters that, coming
/// next, make it count after all.
const IDIOMS: &[(&str, &str)] = &[
    ("一起", ""),
    ("一定", ""),
    ("一样", ""),
    ("一直", ""),
    ("一切", ""),
    ("一同", ""),
    ("一旦", ""),
    ("一些", ""),
    ("一下", ""),
    ("一点", "钟半"),
    ("一会", ""),
    ("一般", ""),
    ("一律", ""),
    ("一道", ""),
    ("一并", ""),
    ("一向", ""),
    ("一再", ""),
    ("一路", ""),
    ("一生", ""),
    ("一体", ""),
    ("一边", ""),
    ("一番", ""),
    ("一次性", ""),
    ("一份心意", ""),
    ("一片心意", ""),
    ("一家人", ""),
    ("一本正经", ""),
    ("一成不变", ""),
    ("一一", ""),
    ("统一", ""),
    ("唯一", ""),
    ("单一", ""),
    ("万一", ""),
    ("同一", ""),
    ("这一", ""),
    ("那一", ""),
    ("每一", ""),
    ("另一", ""),
    ("某一", ""),
    ("任一", ""),
    ("哪一", ""),
    ("第一时间", ""),
    ("十分", "钟之"),
    ("十足", ""),
    ("十字", ""),
    ("百搭", ""),
    ("百货", ""),
    ("百合", ""),
    ("百褶", ""),
    ("百科", ""),
    ("百姓", ""),
    ("百叶", ""),
    ("百般", ""),
    ("百忙", ""),
    ("千鸟格", ""),
    ("千层", ""),
    ("秋千", ""),
    ("千金", ""),
    ("千万别", ""),
    ("千万不要", ""),
    ("千万要", ""),
    ("千万记得", ""),
    ("万能", ""),
    ("万分", "之"),
    ("万物", ""),
    ("万事", ""),
    ("三明治", ""),
    ("四季", ""),
    ("五金", ""),
    ("五官", ""),
    ("七夕", ""),
    ("八角", ""),
    ("零件", ""),
    ("零钱", ""),
    ("零食", ""),
    ("零售", ""),
    ("零星", ""),
    ("零散", ""),
    ("两全其美", ""),
    ("两难", ""),
    ("多半", ""),
    ("半成品", ""),
    ("倍感", ""),
    ("倍加", ""),
    ("元素", ""),
    ("元旦", ""),
    ("单元", ""),
    ("多元", ""),
    ("公元", ""),
    ("状元", ""),
    ("元宵", ""),
    ("元气", ""),
    ("元件", ""),
    ("复元", ""),
    ("元老", ""),
    ("元年", ""),
    ("元首", ""),
    ("纪元", ""),
    ("还原", ""),
    ("省心", ""),
    ("省力", ""),
    ("省时", ""),
    ("省事", ""),
    ("省略", ""),
    ("省份", ""),
    ("外省", ""),
    ("本省", ""),
    ("各省", ""),
    ("全省", ""),
    ("反省", ""),
    ("用了优惠", ""),
    ("使用了优惠", ""),
    ("恢复健康", ""),
];

/// Words that count by themselves.
pub(super) const NUMBERS: &[&str] =
    &["一半", "半价", "半数", "过半", "大半", "减半", "折半", "对折", "翻番", "倍", "百分", "首位", "双份"];

/// Currencies' units, wherever they stand.
pub(super) const CURRENCIES: &[&str] = &["元", "块钱", "人民币", "毛钱", "分钱", "美金", "圆整"];

/// Currencies' units right after a figure: elsewhere they are a round collar, a block, a corner.
pub(super) const CURRENCIES_AFTER_FIGURE: &str = "圆块毛角刀";
