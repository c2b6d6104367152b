//! Lists. They page by key, never by offset: what is added or changed meanwhile moves nothing out of a page.

use poem_openapi::Object;
use poem_openapi::types::{ParseFromJSON, ToJSON};
use uuid::Uuid;

/// A page of a list.
#[derive(Debug, Object)]
pub(crate) struct Page<T: ParseFromJSON + ToJSON> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// What `after` is for the next page; null on the last.
    #[oai(nullable)]
    pub(crate) next: Option<String>,
}

/// The default of `limit`.
pub(crate) fn default_limit() -> u64 {
    20
}

impl<T: ParseFromJSON + ToJSON> Page<T> {
    /// A page of rows that were asked for one more than the page holds: the last one only says that there is more.
    pub(crate) fn of<R>(mut rows: Vec<R>, limit: u64, key: impl Fn(&R) -> Uuid) -> Page<T>
    where
        T: From<R>,
    {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| key(last).to_string());
        Page { items: rows.into_iter().map(T::from).collect(), next }
    }

    /// A list that is never long.
    pub(crate) fn whole<R>(rows: Vec<R>) -> Page<T>
    where
        T: From<R>,
    {
        Page { items: rows.into_iter().map(T::from).collect(), next: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_too_many_is_not_shown_and_makes_the_cursor() {
        let ids = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
        let page: Page<Uuid> = Page::of(ids.to_vec(), 2, |id| *id);
        assert_eq!((page.items.len(), page.next), (2, Some(ids[1].to_string())));
        let last: Page<Uuid> = Page::of(ids.to_vec(), 3, |id| *id);
        assert_eq!((last.items.len(), last.next), (3, None));
    }
}
