//! Which debt a payment settles first (冲销顺序). The order belongs to the contract; nothing of a payment is lost.

use std::ops::{Index, IndexMut};

use sea_orm::EnumIter;
use serde::{Deserialize, Serialize};

use super::{LoanError, minus, plus, sum};
use crate::Money;

/// A part of what an instalment owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// 费用.
    Fee,
    /// 罚息.
    Penalty,
    /// 复利.
    Compound,
    /// 利息.
    Interest,
    /// 本金.
    Principal,
}

/// An amount for each component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts([Money; 5]);

impl Amounts {
    /// All of it.
    pub fn total(&self) -> Result<Money, LoanError> {
        sum(self.0)
    }
}

impl Index<Component> for Amounts {
    type Output = Money;

    fn index(&self, component: Component) -> &Money {
        &self.0[component as usize]
    }
}

impl IndexMut<Component> for Amounts {
    fn index_mut(&mut self, component: Component) -> &mut Money {
        &mut self.0[component as usize]
    }
}

/// Which way through instalments and components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Scan {
    /// Finish the oldest instalment before the next.
    InstallmentFirst,
    /// One component over all instalments before the next component.
    ComponentFirst,
}

/// Components, the first first. One that is not named is not paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order(Vec<Component>);

impl Order {
    /// Refuses a component named twice.
    pub fn new(components: Vec<Component>) -> Result<Order, LoanError> {
        let twice = components.iter().enumerate().any(|(at, one)| components[..at].contains(one));
        if twice { Err(LoanError::ComponentTwice) } else { Ok(Order(components)) }
    }

    /// The components.
    pub fn components(&self) -> &[Component] {
        &self.0
    }

    /// Spreads a payment over what instalments owe, the oldest first, and lowers it there. Answers what each was paid, and what is
    /// left over.
    pub fn allocate(
        &self,
        scan: Scan,
        amount: Money,
        owed: &mut [Amounts],
    ) -> Result<(Vec<Amounts>, Money), LoanError> {
        let instalments = 0..owed.len();
        let steps: Vec<(usize, Component)> = match scan {
            Scan::InstallmentFirst => instalments.flat_map(|at| self.0.iter().map(move |one| (at, *one))).collect(),
            Scan::ComponentFirst => {
                self.0.iter().flat_map(|one| instalments.clone().map(move |at| (at, *one))).collect()
            }
        };
        let mut paid = vec![Amounts::default(); owed.len()];
        let mut left = amount;
        for (at, component) in steps {
            let part = left.min(owed[at][component]);
            owed[at][component] = minus(owed[at][component], part)?;
            paid[at][component] = plus(paid[at][component], part)?;
            left = minus(left, part)?;
        }
        Ok((paid, left))
    }
}
