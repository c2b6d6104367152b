//! What the console offers to whom. An area lists its pages beside them; here they stand in order. What is not offered may still
//! be asked for, and is refused by the service or the page.

use domain::role::{Member, Role};

use crate::{console, finance, lending};

/// A part of the navigation.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) items: &'static [Item],
}

/// A page that is offered.
pub(crate) struct Item {
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    /// To whom; nobody named means everybody.
    pub(crate) roles: &'static [Role],
}

/// All of it, in order.
const SECTIONS: &[&[Section]] = &[console::MENU, finance::MENU, lending::MENU, console::HOUSE];

impl Item {
    /// Whether it is offered to somebody.
    pub(crate) fn is_for(&self, member: &Member) -> bool {
        self.roles.is_empty() || member.is_one_of(self.roles)
    }
}

/// What is offered to somebody, without sections of which nothing is.
pub(crate) fn of(member: &Member) -> Vec<(&'static str, Vec<&'static Item>)> {
    let section = |section: &'static Section| {
        let items: Vec<&Item> = section.items.iter().filter(|item| item.is_for(member)).collect();
        (!items.is_empty()).then_some((section.name, items))
    };
    SECTIONS.iter().flat_map(|area| area.iter()).filter_map(section).collect()
}
