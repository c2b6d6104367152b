//! Products of banks and the versions of their terms. One person writes a version, another publishes it, and nobody changes it then.

use std::collections::HashMap;

use domain::lending::ProductTerms;
use domain::lending::product::{Family, SubsidyFlow};
use domain::role::{Member, Role};
use domain::{BankId, BookId, LoanProductId, Timestamp};
use entity::{Tx, bank, book, loan_product, product_version};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::bank::{code, sized};
use crate::{AUTHORS, CONTRACT_READERS, LENDERS, LendingError, READERS, RECOMMENDERS, bank_of, root};

/// A product as somebody writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProduct {
    /// Made by the client.
    pub id: LoanProductId,
    /// Whose.
    pub bank: BankId,
    /// 1 to 40 lower-case letters, digits and hyphens; one of its bank.
    pub code: String,
    /// Which family.
    pub family: Family,
    /// Its name.
    pub name: String,
    /// What it is, in a few sentences.
    pub summary: String,
}

/// A product that is offered, by the terms in force.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The product.
    pub product: loan_product::Model,
    /// The bank's name.
    pub bank: String,
    /// Its terms.
    pub terms: ProductTerms,
}

/// A version of a product's terms.
#[derive(Clone, Debug)]
pub struct Version {
    /// The row.
    pub row: product_version::Model,
    /// What it says.
    pub terms: ProductTerms,
}

/// Which products somebody looks for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Of a family.
    pub family: Option<Family>,
    /// Of a bank.
    pub bank: Option<BankId>,
}

/// Refuses whoever may not write the products of a bank: the top of the League may for all, an officer of a bank for their own.
async fn must_author(db: &impl ConnectionTrait, bank: BankId, by: &Member) -> Result<(), LendingError> {
    by.must_be(&AUTHORS)?;
    let league = by.may(&RECOMMENDERS, &root(db).await?);
    match league {
        Ok(_) => Ok(()),
        Err(refusal) if !by.is_one_of(&LENDERS) => Err(refusal.into()),
        Err(_) => match bank_of(db, by.id).await? {
            Some(own) if own == bank => Ok(()),
            Some(_) => Err(LendingError::NoSuchBank),
            None => Err(LendingError::NoSeat),
        },
    }
}

/// Writes a product down, without terms and so not public. The same id with the same content again answers the one that stands.
pub async fn add(tx: &Tx, now: Timestamp, new: NewProduct, by: &Member) -> Result<loan_product::Model, LendingError> {
    must_author(tx, new.bank, by).await?;
    let code = code(&new.code)?;
    let name = sized(&new.name, 40, "name", "请填写产品名称，最多40字")?;
    let summary = sized(&new.summary, 1_000, "summary", "请填写产品说明，最多1000字")?;
    if let Some(standing) = loan_product::Entity::find_by_id(new.id).one(tx).await? {
        let same = (standing.bank_id, &standing.code, standing.family) == (new.bank, &code, new.family)
            && (&standing.name, &standing.summary) == (&name, &summary);
        return if same { Ok(standing) } else { Err(LendingError::IdReused) };
    }
    bank::Entity::find_by_id(new.bank).one(tx).await?.ok_or(LendingError::NoSuchBank)?;
    let row = loan_product::ActiveModel {
        id: Set(new.id),
        bank_id: Set(new.bank),
        code: Set(code),
        family: Set(new.family),
        name: Set(name),
        summary: Set(summary),
        version: Set(0),
        open: Set(false),
        author_id: Set(by.id),
        created_us: Set(now),
        changed_us: Set(now),
    };
    Ok(row.insert(tx).await?)
}

/// Writes a version of the terms, or writes a draft over. Versions count from 1.
pub async fn write_version(
    tx: &Tx,
    now: Timestamp,
    (product, version): (LoanProductId, i64),
    terms: &ProductTerms,
    by: &Member,
) -> Result<Version, LendingError> {
    let product = locked(tx, product, by).await?;
    let problems = terms.check();
    if !problems.is_empty() {
        return Err(LendingError::Unsound(problems));
    }
    books(tx, terms).await?;
    if let Some(rule) = &terms.compensation {
        no_charity(tx, &rule.holder).await?;
    }
    let last = product_version::Entity::find()
        .filter(product_version::Column::ProductId.eq(product.id))
        .order_by_desc(product_version::Column::Version)
        .one(tx)
        .await?;
    let text = serde_json::to_string(terms)?;
    let standing = product_version::Entity::find_by_id((product.id, version)).one(tx).await?;
    if let Some(standing) = standing {
        if standing.terms == text && standing.author_id == by.id {
            return Ok(Version { row: standing, terms: terms.clone() });
        }
        if standing.state == "published" {
            return Err(LendingError::Published);
        }
        if standing.author_id != by.id {
            return Err(LendingError::OtherPerson);
        }
        let mut row: product_version::ActiveModel = standing.into();
        row.terms = Set(text);
        return Ok(Version { row: row.update(tx).await?, terms: terms.clone() });
    }
    if version != last.map_or(1, |last| last.version + 1) {
        return Err(LendingError::Invalid { field: "version", problem: "版本号应接着上一版本" });
    }
    let row = product_version::ActiveModel {
        product_id: Set(product.id),
        version: Set(version),
        state: Set("draft".to_owned()),
        terms: Set(text),
        author_id: Set(by.id),
        publisher_id: Set(None),
        created_us: Set(now),
        published_us: Set(None),
    };
    Ok(Version { row: row.insert(tx).await?, terms: terms.clone() })
}

/// No charity's money bears a risk (facts: lending 6); a subsidy's book is there.
async fn books(tx: &Tx, terms: &ProductTerms) -> Result<(), LendingError> {
    let pool = terms.compensation.as_ref().and_then(|pool| pool.book);
    let subsidy = terms.subsidy.as_ref().and_then(|subsidy| Some((subsidy.book?, subsidy.flow)));
    let kind =
        async |id: BookId| Ok::<_, LendingError>(book::Entity::find_by_id(id).one(tx).await?.map(|book| book.kind));
    if let Some(pool) = pool {
        match kind(pool).await?.as_deref() {
            None => return Err(LendingError::Invalid { field: "compensation.book", problem: "没有这个账套" }),
            Some("charity") => return Err(LendingError::CharityPool),
            Some(_) => {}
        }
    }
    if let Some((book, flow)) = subsidy {
        match kind(book).await?.as_deref() {
            None => return Err(LendingError::Invalid { field: "subsidy.book", problem: "没有这个账套" }),
            Some("charity") => {}
            Some(_) if flow == SubsidyFlow::Own => {
                return Err(LendingError::Invalid {
                    field: "subsidy.book", problem: "自有资金应是慈善组织的账套"
                });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Whoever holds a pool is no charity whose books are here.
async fn no_charity(tx: &Tx, holder: &str) -> Result<(), LendingError> {
    let plain = |name: &str| name.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    let charities = book::Entity::find().filter(book::Column::Kind.eq("charity")).all(tx).await?;
    match charities.iter().any(|one| plain(&one.name) == plain(holder)) {
        true => Err(LendingError::CharityPool),
        false => Ok(()),
    }
}

/// Publishes a version: it is in force for what is written from now on, and the product takes applications. Another person than who
/// wrote it.
pub async fn publish(
    tx: &Tx,
    now: Timestamp,
    (product, version): (LoanProductId, i64),
    by: &Member,
) -> Result<Version, LendingError> {
    let product = locked(tx, product, by).await?;
    let row = product_version::Entity::find_by_id((product.id, version)).one(tx).await?;
    let row = row.ok_or(LendingError::NoSuchVersion)?;
    let terms: ProductTerms = serde_json::from_str(&row.terms)?;
    if row.state == "published" {
        return if row.publisher_id == Some(by.id) { Ok(Version { row, terms }) } else { Err(LendingError::Published) };
    }
    if row.author_id == by.id {
        return Err(LendingError::OtherPerson);
    }
    let mut row: product_version::ActiveModel = row.into();
    row.state = Set("published".to_owned());
    row.publisher_id = Set(Some(by.id));
    row.published_us = Set(Some(now));
    let row = row.update(tx).await?;
    let mut product: loan_product::ActiveModel = product.into();
    product.version = Set(version);
    product.open = Set(true);
    product.changed_us = Set(now);
    product.update(tx).await?;
    Ok(Version { row, terms })
}

/// Takes applications, or takes none for a while. What is under way goes on.
pub async fn set_open(
    tx: &Tx,
    now: Timestamp,
    id: LoanProductId,
    open: bool,
    by: &Member,
) -> Result<loan_product::Model, LendingError> {
    let product = locked(tx, id, by).await?;
    if product.version == 0 {
        return Err(LendingError::NoSuchVersion);
    }
    if product.open == open {
        return Ok(product);
    }
    let mut product: loan_product::ActiveModel = product.into();
    product.open = Set(open);
    product.changed_us = Set(now);
    Ok(product.update(tx).await?)
}

async fn locked(tx: &Tx, id: LoanProductId, by: &Member) -> Result<loan_product::Model, LendingError> {
    by.must_be(&AUTHORS)?;
    let product = loan_product::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let product = product.ok_or(LendingError::NoSuchProduct)?;
    must_author(tx, product.bank_id, by).await.map_err(|error| match error {
        LendingError::NoSuchBank => LendingError::NoSuchProduct,
        other => other,
    })?;
    Ok(product)
}

/// The terms of a version.
pub async fn terms_of(
    db: &impl ConnectionTrait,
    product: LoanProductId,
    version: i64,
) -> Result<ProductTerms, LendingError> {
    let row = product_version::Entity::find_by_id((product, version)).one(db).await?;
    Ok(serde_json::from_str(&row.ok_or(LendingError::NoSuchVersion)?.terms)?)
}

/// A public product.
pub async fn offered(db: &impl ConnectionTrait, id: LoanProductId) -> Result<Offered, LendingError> {
    let product = loan_product::Entity::find_by_id(id).one(db).await?;
    let product = product.filter(|product| product.version > 0).ok_or(LendingError::NoSuchProduct)?;
    with_terms(db, vec![product]).await?.pop().ok_or(LendingError::NoSuchProduct)
}

/// A page of public products, newest first.
pub async fn search(
    db: &impl ConnectionTrait,
    search: &Search,
    after: Option<LoanProductId>,
    limit: u64,
) -> Result<Vec<Offered>, LendingError> {
    use loan_product::Column as C;
    let public = Condition::all().add(C::Version.gt(0)).add(C::Open.eq(true));
    with_terms(db, page(db, public, search, after, limit).await?).await
}

/// A page of products for staff, newest first: a bank's own, or all.
pub async fn all(
    db: &impl ConnectionTrait,
    by: &Member,
    after: Option<LoanProductId>,
    limit: u64,
) -> Result<Vec<loan_product::Model>, LendingError> {
    by.must_be(&READERS)?;
    let bank = match by.is_one_of(&[Role::LeagueOfficer, Role::Auditor]) {
        true => None,
        false => match bank_of(db, by.id).await? {
            Some(bank) => Some(bank),
            None => return Ok(Vec::new()),
        },
    };
    page(db, Condition::all(), &Search { family: None, bank }, after, limit).await
}

/// The products that contracts name, newest first, for whoever reads contracts: a bank's own, or all.
pub async fn of_contracts(
    db: &impl ConnectionTrait,
    by: &Member,
    limit: u64,
) -> Result<Vec<loan_product::Model>, LendingError> {
    by.must_be(&CONTRACT_READERS)?;
    if by.is_one_of(&[Role::Bookkeeper, Role::FinanceHead]) {
        return page(db, Condition::all(), &Search::default(), None, limit).await;
    }
    all(db, by, None, limit).await
}

async fn page(
    db: &impl ConnectionTrait,
    which: Condition,
    search: &Search,
    after: Option<LoanProductId>,
    limit: u64,
) -> Result<Vec<loan_product::Model>, LendingError> {
    use loan_product::Column as C;
    let mut query = loan_product::Entity::find().filter(which);
    if let Some(family) = search.family {
        query = query.filter(C::Family.eq(family));
    }
    if let Some(bank) = search.bank {
        query = query.filter(C::BankId.eq(bank));
    }
    if let Some(after) = after {
        let last = loan_product::Entity::find_by_id(after).one(db).await?.ok_or(LendingError::NoSuchProduct)?;
        let same = Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.lt(last.id));
        query = query.filter(Condition::any().add(C::CreatedUs.lt(last.created_us)).add(same));
    }
    Ok(query.order_by_desc(C::CreatedUs).order_by_desc(C::Id).limit(limit).all(db).await?)
}

/// With their banks and the terms in force. Two statements however many.
async fn with_terms(
    db: &impl ConnectionTrait,
    products: Vec<loan_product::Model>,
) -> Result<Vec<Offered>, LendingError> {
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let versions = product_version::Entity::find()
        .filter(product_version::Column::ProductId.is_in(products.iter().map(|product| product.id)))
        .filter(product_version::Column::State.eq("published"))
        .all(db)
        .await?;
    let texts: HashMap<_, _> = versions.into_iter().map(|row| ((row.product_id, row.version), row.terms)).collect();
    let banks: HashMap<_, _> =
        bank::Entity::find().all(db).await?.into_iter().map(|bank| (bank.id, bank.name)).collect();
    let offered = products.into_iter().filter_map(|product| {
        let text = texts.get(&(product.id, product.version))?;
        let bank = banks.get(&product.bank_id)?.clone();
        Some(serde_json::from_str(text).map(|terms| Offered { product, bank, terms }))
    });
    Ok(offered.collect::<Result<_, _>>()?)
}

/// The versions of a product, oldest first, for staff who may know of it.
pub async fn versions(db: &impl ConnectionTrait, id: LoanProductId, by: &Member) -> Result<Vec<Version>, LendingError> {
    by.must_be(&READERS)?;
    let product = loan_product::Entity::find_by_id(id).one(db).await?.ok_or(LendingError::NoSuchProduct)?;
    if !by.is_one_of(&[Role::LeagueOfficer, Role::Auditor]) && bank_of(db, by.id).await? != Some(product.bank_id) {
        return Err(LendingError::NoSuchProduct);
    }
    let rows = product_version::Entity::find()
        .filter(product_version::Column::ProductId.eq(id))
        .order_by_asc(product_version::Column::Version)
        .all(db)
        .await?;
    let read = |row: product_version::Model| Ok(Version { terms: serde_json::from_str(&row.terms)?, row });
    rows.into_iter().map(read).collect()
}
