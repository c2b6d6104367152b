//! What may stand in a text that somebody writes.

/// Characters that no pen writes: a NUL, which PostgreSQL cannot keep, other controls but the ends of lines and tabs, and those
/// that turn the text around them (a name on the wall could rewrite its neighbours).
pub fn unwritable(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
