//! What pages about loans name: products, banks, places and people of an office; read once a page.

use std::collections::HashMap;

use ::lending::{AUTHORS, LENDERS, QUOTA_SETTERS};
pub(super) use domain::division::place;
use domain::lending::application::ApplicationKind;
use domain::role::Forbidden;
use domain::unit::UnitKind;
use domain::{BankId, LoanProductId, LoanQuotaId, UnitPath};
use entity::{ListOrder, bank, loan_product, unit};
use maud::{Markup, html};

use crate::page::PageError;
use crate::session::Officer;
use crate::table::{self, Asked};

/// How many products there may be; there are three families and a few banks.
const PRODUCTS: u64 = 500;

/// Products, banks and the units of the League.
pub(super) struct Shelf {
    pub(super) products: Vec<loan_product::Model>,
    pub(super) banks: Vec<bank::Model>,
    units: Vec<unit::Model>,
    names: HashMap<UnitPath, String>,
}

impl Shelf {
    /// As somebody may know of them. Three reads.
    pub(super) async fn of(officer: &Officer) -> Result<Shelf, PageError> {
        let products = officer.app.loans.contract_products(&officer.member, PRODUCTS).await?;
        let banks = officer.app.loans.banks().await?;
        let units = officer.app.organisation.units().await?;
        let names = units.iter().map(|unit| (unit.path.clone(), unit.name.clone())).collect();
        Ok(Shelf { products, banks, units, names })
    }

    /// Whether somebody may write products and published rates: officers of a bank for their own, of the League at its top.
    pub(super) fn writes(&self, officer: &Officer) -> bool {
        officer.is(&LENDERS) || self.sets_quotas(officer)
    }

    /// Whether somebody may set quotas: officers of the League at its top.
    pub(super) fn sets_quotas(&self, officer: &Officer) -> bool {
        let root = self.units.iter().find(|unit| unit.parent_id.is_none()).map(|unit| &unit.path);
        root.is_some_and(|root| officer.member.may(&QUOTA_SETTERS, root).is_ok())
    }

    /// Refuses whoever may not; which bank's they are is asked by the service.
    pub(super) fn must_write(&self, officer: &Officer) -> Result<(), PageError> {
        if self.writes(officer) { Ok(()) } else { Err(Forbidden { needed: AUTHORS.to_vec() }.into()) }
    }

    /// The name of a product.
    pub(super) fn product(&self, id: LoanProductId) -> String {
        self.products.iter().find(|one| one.id == id).map(|one| one.name.clone()).unwrap_or_default()
    }

    /// The name of a bank.
    pub(super) fn bank(&self, id: BankId) -> String {
        self.banks.iter().find(|one| one.id == id).map(|one| one.name.clone()).unwrap_or_default()
    }

    /// The name of a unit.
    pub(super) fn unit(&self, path: &UnitPath) -> String {
        self.names.get(path).cloned().unwrap_or_else(|| path.as_str().to_owned())
    }

    /// Cities, and counties that the province runs itself: where quotas are.
    pub(super) fn cities(&self) -> Vec<&unit::Model> {
        let of_city = |unit: &&unit::Model| {
            unit.kind == UnitKind::City
                || (unit.kind == UnitKind::County && unit.path.as_str().matches('/').count() == 3)
        };
        self.units.iter().filter(of_city).collect()
    }

    /// The products as options.
    pub(super) fn product_options(&self) -> Vec<(String, String)> {
        let named =
            |one: &loan_product::Model| (one.id.to_string(), format!("{} · {}", one.name, self.bank(one.bank_id)));
        self.products.iter().map(named).collect()
    }

    /// The fields of a filter: product, city and bank.
    pub(super) fn filters(&self, asked: &Asked) -> Markup {
        let mut places: Vec<_> =
            self.cities().iter().map(|unit| (unit.path.as_str().to_owned(), unit.name.clone())).collect();
        if let Some(place) = self.place(asked)
            && !places.iter().any(|(path, _)| path == place.as_str())
        {
            places.push((place.as_str().to_owned(), self.unit(&place)));
        }
        let banks: Vec<_> = self.banks.iter().map(|bank| (bank.id.to_string(), bank.name.clone())).collect();
        html! {
            (table::filter_choice(asked, "product", "产品", &self.product_options()))
            (table::filter_choice(asked, "place", "地区", &places))
            @if self.banks.len() > 1 { (table::filter_choice(asked, "bank", "银行", &banks)) }
        }
    }

    /// The unit of a county, by a code that lies in it.
    pub(super) fn county(&self, code: &str) -> Option<&UnitPath> {
        let county = code.get(..6)?;
        let of_county = |unit: &&unit::Model| unit.division.as_deref() == Some(county) && unit.kind == UnitKind::County;
        self.units.iter().find(of_county).map(|unit| &unit.path)
    }

    /// The place a filter names, if there is one of that path.
    pub(super) fn place(&self, asked: &Asked) -> Option<UnitPath> {
        let wished = asked.get("place")?;
        self.units.iter().find(|unit| unit.path.as_str() == wished).map(|unit| unit.path.clone())
    }
}

/// What filters of a list ask for.
pub(super) fn wanted(asked: &Asked, shelf: &Shelf) -> Result<lending::view::Wanted, PageError> {
    let place = shelf.place(asked);
    if let (None, Some(given)) = (&place, asked.get("place")) {
        return Err(table::not_understood("place", given).into());
    }
    Ok(lending::view::Wanted {
        state: asked.read::<crate::words::Key<_>>("state")?.map(|key| key.0),
        product: asked.read::<uuid::Uuid>("product")?.map(LoanProductId::from),
        bank: asked.read::<uuid::Uuid>("bank")?.map(BankId::from),
        place,
        number: asked.get("number").map(str::to_owned),
        quota: asked.read::<uuid::Uuid>("quota")?.map(LoanQuotaId::from),
        late_over: asked.read::<u32>("days")?,
        order: ListOrder::default(),
    })
}

/// The kind of an application, where it is not the usual one.
pub(super) fn unusual(kind: ApplicationKind) -> Option<&'static str> {
    (kind != ApplicationKind::New).then(|| super::words::kind(kind))
}
