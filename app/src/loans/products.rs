//! Banks, products and their versions, published rates, quotas: what staff write and strangers read.

use domain::lending::ProductTerms;
use domain::lending::product::LprTenor;
use domain::role::Member;
use domain::{BankId, BusinessDate, LoanProductId, LoanQuotaId, Money, Rate, StaffId};
use entity::{bank, bank_seat, loan_product, loan_quota, lpr};
use lending::LendingError;
use lending::bank::NewBank;
use lending::product::{NewProduct, Offered, Search, Version};
use lending::quota::{NewQuota, QuotaSearch};
use sea_orm::ActiveEnum;
use serde_json::json;

use super::{Loans, LoansError};

type Result<T, E = LoansError> = std::result::Result<T, E>;

/// A public product and what it costs today.
#[derive(Clone, Debug)]
pub struct Priced {
    /// The product.
    pub offered: Offered,
    /// The LPR it begins with; nothing if none is confirmed.
    pub lpr: Option<lpr::Model>,
    /// The highest rate it comes to.
    pub rate: Option<Rate>,
}

impl Loans {
    /// Writes a bank down.
    pub async fn add_bank(&self, new: NewBank, by: &Member) -> Result<bank::Model> {
        let tx = self.db.begin().await?;
        let row = lending::bank::add(&tx, self.clock.now(), new, by).await?;
        self.tell(&tx, "bank.add", format!("bank:{}", row.id), by, json!({ "code": row.code })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// All banks.
    pub async fn banks(&self) -> Result<Vec<bank::Model>> {
        Ok(lending::bank::all(self.db.read()).await?)
    }

    /// Says whose officer somebody is.
    pub async fn seat_officer(&self, bank: BankId, officer: StaffId, by: &Member) -> Result<bank_seat::Model> {
        let tx = self.db.begin().await?;
        let row = lending::bank::seat(&tx, self.clock.now(), bank, officer, by).await?;
        self.tell(&tx, "bank.seat", format!("bank:{bank}"), by, json!({ "officer": officer })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Takes an officer's seat away.
    pub async fn unseat_officer(&self, bank: BankId, officer: StaffId, by: &Member) -> Result<()> {
        let tx = self.db.begin().await?;
        lending::bank::unseat(&tx, bank, officer, by).await?;
        self.tell(&tx, "bank.unseat", format!("bank:{bank}"), by, json!({ "officer": officer })).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The officers of a bank.
    pub async fn bank_officers(&self, bank: BankId, by: &Member) -> Result<Vec<bank_seat::Model>> {
        Ok(lending::bank::officers(self.db.read(), bank, by).await?)
    }

    /// Writes a product down.
    pub async fn add_product(&self, new: NewProduct, by: &Member) -> Result<loan_product::Model> {
        let tx = self.db.begin().await?;
        let row = lending::product::add(&tx, self.clock.now(), new, by).await?;
        self.tell(&tx, "loan_product.add", object(row.id), by, json!({ "code": row.code })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Writes a version of its terms.
    pub async fn write_version(
        &self,
        id: LoanProductId,
        version: i64,
        terms: &ProductTerms,
        by: &Member,
    ) -> Result<Version> {
        let tx = self.db.begin().await?;
        let written = lending::product::write_version(&tx, self.clock.now(), (id, version), terms, by).await?;
        self.tell(&tx, "loan_product.write", object(id), by, json!({ "version": version })).await?;
        tx.commit().await?;
        Ok(written)
    }

    /// Publishes a version.
    pub async fn publish_version(&self, id: LoanProductId, version: i64, by: &Member) -> Result<Version> {
        let tx = self.db.begin().await?;
        let published = lending::product::publish(&tx, self.clock.now(), (id, version), by).await?;
        self.tell(&tx, "loan_product.publish", object(id), by, json!({ "version": version })).await?;
        tx.commit().await?;
        Ok(published)
    }

    /// Takes applications, or none for a while.
    pub async fn set_product_open(&self, id: LoanProductId, open: bool, by: &Member) -> Result<loan_product::Model> {
        let tx = self.db.begin().await?;
        let row = lending::product::set_open(&tx, self.clock.now(), id, open, by).await?;
        self.tell(&tx, "loan_product.open", object(id), by, json!({ "open": open })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A page of products for staff.
    pub async fn products(
        &self,
        by: &Member,
        after: Option<LoanProductId>,
        limit: u64,
    ) -> Result<Vec<loan_product::Model>> {
        Ok(lending::product::all(self.db.read(), by, after, limit).await?)
    }

    /// The products that contracts name, for whoever reads contracts.
    pub async fn contract_products(&self, by: &Member, limit: u64) -> Result<Vec<loan_product::Model>> {
        Ok(lending::product::of_contracts(self.db.read(), by, limit).await?)
    }

    /// The versions of a product.
    pub async fn versions(&self, id: LoanProductId, by: &Member) -> Result<Vec<Version>> {
        Ok(lending::product::versions(self.db.read(), id, by).await?)
    }

    /// A page of public products with their prices of today.
    pub async fn offers(&self, search: &Search, after: Option<LoanProductId>, limit: u64) -> Result<Vec<Priced>> {
        let db = self.db.read();
        let today = self.clock.today();
        let rates =
            [self.published(LprTenor::OneYear, today).await?, self.published(LprTenor::FiveYears, today).await?];
        let offered = lending::product::search(db, search, after, limit).await?;
        Ok(offered.into_iter().map(|offered| priced(offered, &rates)).collect())
    }

    /// A public product with its price of today.
    pub async fn offer(&self, id: LoanProductId) -> Result<Priced> {
        let db = self.db.read();
        let offered = lending::product::offered(db, id).await?;
        let rate = self.published(offered.terms.price.tenor, self.clock.today()).await?;
        Ok(priced(offered, &[rate]))
    }

    /// The LPR in force on a day, if one is confirmed.
    async fn published(&self, tenor: LprTenor, day: BusinessDate) -> Result<Option<lpr::Model>> {
        match lending::lpr::on(self.db.read(), tenor, day).await {
            Ok(rate) => Ok(Some(rate)),
            Err(LendingError::NoLpr) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a published rate down.
    pub async fn enter_lpr(&self, tenor: LprTenor, on: BusinessDate, rate: Rate, by: &Member) -> Result<lpr::Model> {
        let tx = self.db.begin().await?;
        let row = lending::lpr::enter(&tx, self.clock.now(), (tenor, on), rate, by).await?;
        self.tell(&tx, "lpr.enter", rate_object(tenor, on), by, json!({ "rate": rate })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Confirms one.
    pub async fn confirm_lpr(&self, tenor: LprTenor, on: BusinessDate, rate: Rate, by: &Member) -> Result<lpr::Model> {
        let tx = self.db.begin().await?;
        let row = lending::lpr::confirm(&tx, self.clock.now(), (tenor, on), rate, by).await?;
        self.tell(&tx, "lpr.confirm", rate_object(tenor, on), by, json!({ "rate": rate })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The published rates, newest first; for strangers the confirmed ones.
    pub async fn lprs(&self, confirmed: bool) -> Result<Vec<lpr::Model>> {
        Ok(lending::lpr::all(self.db.read(), confirmed).await?)
    }

    /// Sets a quota.
    pub async fn set_quota(&self, new: NewQuota, by: &Member) -> Result<loan_quota::Model> {
        let tx = self.db.begin().await?;
        let row = lending::quota::set(&tx, self.clock.now(), new, by).await?;
        let limit = json!({ "limit": row.limit_fen });
        self.tell(&tx, "loan_quota.set", format!("loan_quota:{}", row.id), by, limit).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Another limit.
    pub async fn change_quota(&self, id: LoanQuotaId, limit: Money, by: &Member) -> Result<loan_quota::Model> {
        let tx = self.db.begin().await?;
        let row = lending::quota::change(&tx, self.clock.now(), id, limit, by).await?;
        self.tell(&tx, "loan_quota.change", format!("loan_quota:{id}"), by, json!({ "limit": limit })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A page of quotas.
    pub async fn quotas(
        &self,
        wanted: &QuotaSearch,
        by: &Member,
        after: Option<LoanQuotaId>,
        limit: u64,
    ) -> Result<Vec<loan_quota::Model>> {
        Ok(lending::quota::page(self.db.read(), wanted, by, after, limit).await?)
    }
}

fn priced(offered: Offered, rates: &[Option<lpr::Model>]) -> Priced {
    let price = &offered.terms.price;
    let lpr = rates.iter().flatten().find(|rate| rate.tenor == price.tenor).cloned();
    let rate = lpr.as_ref().and_then(|lpr| offered.terms.rate(lpr.rate, price.spread_bp).ok());
    Priced { offered, lpr, rate }
}

fn object(id: LoanProductId) -> String {
    format!("loan_product:{id}")
}

fn rate_object(tenor: LprTenor, on: BusinessDate) -> String {
    format!("lpr:{}:{on}", tenor.to_value())
}
