//! How personal data is shown to whoever has no reason to read it whole. The one place where it is shortened.

/// A person's name: the first character, and stars.
pub fn name(name: &str) -> String {
    let name = name.trim();
    let stars = name.chars().count().saturating_sub(1).clamp(1, 2);
    name.chars().take(1).chain(std::iter::repeat_n('*', stars)).collect()
}

/// An organisation's name for strangers: the first four characters, and stars.
pub fn organisation(name: &str) -> String {
    let name = name.trim();
    if name.chars().count() <= 4 { self::name(name) } else { name.chars().take(4).chain("***".chars()).collect() }
}

/// An account or the like: its last four characters.
pub fn tail(number: &str) -> String {
    let skip = number.chars().count().saturating_sub(4);
    let tail: String = if skip < 4 { String::new() } else { number.chars().skip(skip).collect() };
    format!("****{tail}")
}

/// Whether a text that everybody would read holds a number somebody could be reached or known by: seven digits or more, of any width, however
/// they are set apart.
pub fn tells_number(text: &str) -> bool {
    let mut run = 0;
    for c in text.chars() {
        match c {
            '0'..='9' | '０'..='９' => run += 1,
            ' ' | '-' | '－' | '.' | '·' | '_' | '　' => {}
            _ => run = 0,
        }
        if run >= 7 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_to_be_reached_by_is_seen_however_it_is_written() {
        for text in ["加油 13912345678", "电话１３９１２３４５６７８", "139-1234-5678", "微信 139 1234 5678"]
        {
            assert!(tells_number(text), "{text}");
        }
        for text in ["加油", "2026年6月30日，第100名", "捐100元，愿500名学生平安"] {
            assert!(!tells_number(text), "{text}");
        }
    }

    #[test]
    fn no_more_is_shown_than_is_said() {
        assert_eq!(name("王小明"), "王**");
        assert_eq!(name("李四"), "李*");
        assert_eq!(name("张"), "张*");
        assert_eq!(name(""), "*");
        assert_eq!(name("阿依古丽·买买提"), "阿**");
        assert_eq!(organisation("示例文化用品有限公司"), "示例文化***");
        assert_eq!(organisation("某店"), "某*");
        assert_eq!(tail("6222020000000001234"), "****1234");
        assert_eq!(tail("1234567"), "****", "a short number would be told whole");
    }
}
