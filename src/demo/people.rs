//! Invented people and their words. Nobody here exists; names are put together by chance, and companies say that they are
//! examples.

use super::chance::Dice;

const FAMILY: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾",
    "彭", "吕",
];
const GIVEN: &[&str] = &[
    "安然", "博远", "承志", "楚晴", "德厚", "冬梅", "恩泽", "丰年", "光启", "国梁", "海燕", "和平", "红霞", "慧敏",
    "建军", "静怡", "俊杰", "凯旋", "兰芳", "立群", "明月", "念慈", "佩兰", "启明", "清泉", "日新", "淑贞", "思源",
    "天佑", "望舒", "文澜", "向阳", "晓峰", "新民", "秀英", "雪松", "雅琴", "彦青", "一诺", "永康", "玉兰", "远航",
    "志强", "子涵",
];
const ELDERS: &[&str] = &[
    "爱民", "宝田", "彩云", "长河", "春兰", "翠萍", "大勇", "凤英", "富贵", "高峰", "桂芝", "国庆", "海江", "荷花",
    "红军", "洪亮", "吉庆", "继业", "建设", "金锁", "景山", "菊香", "军民", "兰英", "丽华", "连生", "铁柱", "满仓",
    "美荣", "庆丰", "秋菊", "荣华", "瑞芬", "胜利", "石头", "书芹", "双喜", "素珍", "太平", "万山", "文山", "喜梅",
    "先进", "小改", "新社", "学农", "巧云", "玉田", "月娥", "振海",
];
const NICKNAMES: &[&str] = &[
    "远行的燕子",
    "滹沱河边的风",
    "在深圳的石家庄人",
    "太行山下一棵树",
    "白洋淀的芦苇",
    "小满",
    "正定城的月亮",
    "邢襄故人",
    "漂在上海的衡水湖",
    "坝上的云",
    "一只蜗牛",
    "热心市民",
    "赵州桥头",
    "爱吃安徽板面的河北人",
    "承德老张",
    "张北的星空",
    "想家的候鸟",
    "井陉小站",
    "一粒种子",
    "唐山来信",
    "在成都的保定人",
    "青青子衿",
    "大山里的灯",
    "渤海湾的浪",
];
const MESSAGES: &[&str] = &[
    "孩子们加油！",
    "愿每个孩子都能安心读书。",
    "一点心意，常回家看看。",
    "家乡的孩子，未来可期。",
    "好好学习，天天向上！",
    "我也是从大山里走出来的。",
    "愿你们走出半生，归来仍是少年。",
    "桑梓情深。",
    "尽一份绵薄之力。",
    "读书改变命运，加油！",
    "给老家的弟弟妹妹们。",
    "愿世界温柔待你。",
    "母校的学弟学妹们，冲！",
    "心安处是吾乡。",
    "助学路上，有你有我。",
    "谢谢志愿者们的辛苦付出。",
    "和女儿一起捐的。",
    "第一个月的工资，分一点给你们。",
    "平安喜乐。",
    "众人拾柴火焰高。",
];
const SOURCES: &[&str] =
    &["poster-school", "friend-share", "wechat-group", "annual-meeting", "news-article", "station-08"];

/// A person's name.
pub(crate) fn name(dice: &mut Dice) -> String {
    format!("{}{}", dice.pick(FAMILY), dice.pick(GIVEN))
}

/// So many persons have a name of their own among [`person`].
pub(crate) const PERSONS: usize = FAMILY.len() * GIVEN.len();

/// A family name.
pub(crate) fn family(dice: &mut Dice) -> &'static str {
    dice.pick(FAMILY)
}

/// A person's name by number: no two of [`PERSONS`] in a row have the same. Whoever is paid is told from others by the name.
pub(crate) fn person(number: usize) -> String {
    pair(number, GIVEN)
}

/// A parent's name by number: none of two thousand in a row is another's, and none is one of [`person`].
pub(crate) fn parent(number: usize) -> String {
    pair(number, ELDERS)
}

fn pair(number: usize, given: &[&str]) -> String {
    // Steps of a prime lead through all pairs before one comes again.
    let place = number * 1009 % (FAMILY.len() * given.len());
    format!("{}{}", FAMILY[place % FAMILY.len()], given[place / FAMILY.len()])
}

/// What a person calls themselves.
pub(crate) fn nickname(dice: &mut Dice) -> &'static str {
    dice.pick(NICKNAMES)
}

/// Words that a person has to look at before others read them.
pub(crate) const DOUBTFUL_MESSAGE: &str = "同乡加微信交流，群号私信我。";

/// Some words to go with a gift.
pub(crate) fn message(dice: &mut Dice) -> &'static str {
    dice.pick(MESSAGES)
}

/// How somebody came by the campaign.
pub(crate) fn source(dice: &mut Dice) -> &'static str {
    dice.pick(SOURCES)
}

/// Companies that give by bank, and their part of what is still missing, in hundredths; the last one gives the rest.
pub(crate) const COMPANIES: [(&str, i64); 6] = [
    ("燕赵实业有限公司（示例）", 26),
    ("滹沱河食品有限公司（示例）", 21),
    ("太行科技有限公司（示例）", 17),
    ("在京冀商联谊会（示例）", 14),
    ("白洋淀纺织有限公司（示例）", 10),
    ("桑梓校友会（示例）", 12),
];

/// The number of an identity card of these 17 digits, with its check digit.
pub(crate) fn with_check_digit(digits: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = digits.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[sum % 11]))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn whoever_is_paid_has_a_name_of_their_own() {
        let names: HashSet<String> = (0..PERSONS).map(person).chain((0..2_000).map(parent)).collect();
        assert_eq!(names.len(), PERSONS + 2_000);
    }
}
