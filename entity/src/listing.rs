//! The order of a list and where its next page begins: by a column, and by the id where that is the same, so that no row is shown
//! twice and none is left out.

use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, Select, Value};

/// How a list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// The largest amount first.
    Largest,
    /// The smallest amount first.
    Smallest,
}

impl ListOrder {
    /// Whether it goes from the greatest to the least.
    pub fn is_down(self) -> bool {
        matches!(self, ListOrder::Newest | ListOrder::Largest)
    }

    /// Whether it goes by the amount, and not by the time.
    pub fn is_by_amount(self) -> bool {
        matches!(self, ListOrder::Largest | ListOrder::Smallest)
    }
}

/// A query in an order, by these columns (what it goes by, and the id), from behind the row with these values of them.
pub fn listed<E: EntityTrait>(
    query: Select<E>,
    (key, id): (E::Column, E::Column),
    down: bool,
    after: Option<(Value, Value)>,
) -> Select<E> {
    let query = match after {
        Some((at, last)) => {
            let (beyond, next) =
                if down { (key.lt(at.clone()), id.lt(last)) } else { (key.gt(at.clone()), id.gt(last)) };
            query.filter(Condition::any().add(beyond).add(Condition::all().add(key.eq(at)).add(next)))
        }
        None => query,
    };
    let order = || if down { Order::Desc } else { Order::Asc };
    query.order_by(key, order()).order_by(id, order())
}
