//! Payees and beneficiaries: shown masked, opened for a reason that is written down.

use std::sync::Arc;

use app::App;
use app::spending::payees::{MaskedPayee, OpenPayee, PlainAccount, PlainPayee};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, Text, said};

/// A natural person or an organisation.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum PayeeKind {
    Person,
    Organisation,
}

impl PayeeKind {
    fn as_str(self) -> &'static str {
        match self {
            PayeeKind::Person => "person",
            PayeeKind::Organisation => "organisation",
        }
    }
}

/// What part they have: 受益人, 监护人, 供应商, 执行方, 工作人员.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum PayeePart {
    Beneficiary,
    Guardian,
    Supplier,
    Partner,
    Staff,
}

impl PayeePart {
    fn as_str(self) -> &'static str {
        match self {
            PayeePart::Beneficiary => "beneficiary",
            PayeePart::Guardian => "guardian",
            PayeePart::Supplier => "supplier",
            PayeePart::Partner => "partner",
            PayeePart::Staff => "staff",
        }
    }
}

/// A payee or beneficiary, masked.
#[derive(Object)]
pub(crate) struct Payee {
    pub(crate) id: Uuid,
    book: Uuid,
    /// `person` or `organisation`.
    kind: String,
    /// `beneficiary`, `guardian`, `supplier`, `partner`, `staff`.
    part: String,
    /// An organisation's name; of a person's, the first character.
    name: String,
    /// The last digits.
    #[oai(nullable)]
    account: Option<String>,
    #[oai(nullable)]
    bank: Option<String>,
    #[oai(nullable)]
    phone: Option<String>,
    /// A child.
    minor: bool,
    /// 行政区划代码.
    #[oai(nullable)]
    division: Option<String>,
    /// The member of staff it is.
    #[oai(nullable)]
    staff: Option<Uuid>,
    /// Declared as close to a manager or donor: nothing is paid.
    related: bool,
    /// When the account was changed last.
    #[oai(nullable)]
    account_changed_at: Option<Instant>,
    #[oai(nullable)]
    account_changed_by: Option<Uuid>,
    #[oai(nullable)]
    account_confirmed_by: Option<Uuid>,
    author: Uuid,
    created_at: Instant,
}

impl From<MaskedPayee> for Payee {
    fn from(payee: MaskedPayee) -> Payee {
        let row = payee.row;
        Payee {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            kind: row.kind,
            part: row.part,
            name: payee.name,
            account: payee.account,
            bank: payee.bank,
            phone: payee.phone,
            minor: row.minor,
            division: row.division,
            staff: row.staff_id.map(|id| id.uuid()),
            related: row.related,
            account_changed_at: row.account_changed_us.map(Instant),
            account_changed_by: row.account_changed_by.map(|id| id.uuid()),
            account_confirmed_by: row.account_confirmed_by.map(|id| id.uuid()),
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
        }
    }
}

/// A bank account.
#[derive(Object)]
struct BankAccount {
    #[oai(validator(min_length = 8, max_length = 40))]
    number: Text,
    #[oai(validator(min_length = 2, max_length = 60))]
    bank: Text,
}

impl From<BankAccount> for PlainAccount {
    fn from(account: BankAccount) -> PlainAccount {
        PlainAccount { number: account.number.0, bank: account.bank.0 }
    }
}

/// A payee to be written down.
#[derive(Object)]
struct NewPayee {
    /// Made by the client: the same id again is the same payee.
    id: Uuid,
    /// The campaign they come with: it gives them their place.
    campaign: Uuid,
    kind: PayeeKind,
    part: PayeePart,
    /// As the bank knows it.
    #[oai(validator(min_length = 1, max_length = 60))]
    name: Text,
    #[oai(validator(max_length = 20))]
    phone: Option<Text>,
    account: Option<BankAccount>,
    /// A child: public lists show sums only.
    #[oai(default)]
    minor: bool,
    /// 行政区划代码, six digits.
    #[oai(validator(min_length = 6, max_length = 6))]
    division: Option<Text>,
    /// The member of staff it is.
    staff: Option<Uuid>,
    /// How they are close to a manager or a donor who chose them, if they are (慈善法 Art. 40, 59).
    #[oai(validator(min_length = 1, max_length = 200))]
    related: Option<Text>,
}

#[derive(Object)]
pub(crate) struct Reading {
    /// Why the data is needed whole.
    #[oai(validator(min_length = 2, max_length = 200))]
    pub(crate) reason: Text,
}

#[derive(Object)]
struct Relation {
    /// How they are close to a manager or a donor who chose them.
    #[oai(validator(min_length = 1, max_length = 200))]
    relation: Text,
}

/// A payee's data, whole.
#[derive(Object)]
struct PlainData {
    name: String,
    #[oai(nullable)]
    account: Option<String>,
    #[oai(nullable)]
    bank: Option<String>,
    #[oai(nullable)]
    phone: Option<String>,
    /// How they are close to a manager or a donor who chose them, if that was declared.
    #[oai(nullable)]
    related: Option<String>,
}

impl From<OpenPayee> for PlainData {
    fn from(open: OpenPayee) -> PlainData {
        let (account, bank) = open.account.map(|account| (account.number, account.bank)).unzip();
        PlainData { name: open.name, account, bank, phone: open.phone, related: open.related }
    }
}

pub(crate) struct PayeeApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<Payee>, ApiError>;

#[OpenApi(prefix_path = "/staff/payees", tag = "Tag::Spending")]
impl PayeeApi {
    /// Payees, newest first, masked; of one name, if it is asked for.
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        #[oai(validator(max_length = 60))] name: Query<Option<String>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Payee>>, ApiError> {
        let spending = &self.app.spending;
        let rows = spending.payees(name.0.as_deref(), &officer.0, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |payee| payee.row.id.uuid())))
    }

    /// Writes a payee down.
    #[oai(path = "/", method = "post")]
    async fn register(&self, officer: Officer, body: Json<NewPayee>) -> Answer {
        let new = body.0;
        let plain = PlainPayee {
            id: new.id.into(),
            campaign: new.campaign.into(),
            kind: new.kind.as_str(),
            part: new.part.as_str(),
            minor: new.minor,
            division: said(new.division),
            staff: new.staff.map(Into::into),
            related: said(new.related),
            name: new.name.0,
            phone: said(new.phone),
            account: new.account.map(Into::into),
        };
        Ok(Json(self.app.spending.register_payee(plain, &officer.0).await?.into()))
    }

    /// A payee, masked.
    #[oai(path = "/:payee_id", method = "get")]
    async fn get(&self, officer: Officer, payee_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.spending.payee(payee_id.0.into(), &officer.0).await?.into()))
    }

    /// Changes the account. Another person confirms it, or the charity's quiet days pass, before money goes there.
    #[oai(path = "/:payee_id/account", method = "put")]
    async fn change(&self, officer: Officer, payee_id: Path<Uuid>, body: Json<BankAccount>) -> Answer {
        Ok(Json(self.app.spending.change_account(payee_id.0.into(), body.0.into(), &officer.0).await?.into()))
    }

    /// Confirms the changed account; another person than who changed it.
    #[oai(path = "/:payee_id/account-confirmation", method = "post")]
    async fn confirm(&self, officer: Officer, payee_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.spending.confirm_account(payee_id.0.into(), &officer.0).await?.into()))
    }

    /// Declares a payee close to a manager or a donor who chose them (慈善法 Art. 40, 59): nothing is paid from now on, and nobody takes it back.
    #[oai(path = "/:payee_id/related", method = "put")]
    async fn relate(&self, officer: Officer, payee_id: Path<Uuid>, body: Json<Relation>) -> Answer {
        let relation = body.0.relation.0;
        Ok(Json(self.app.spending.declare_related(payee_id.0.into(), &relation, &officer.0).await?.into()))
    }

    /// Name, account, phone and how they are close, whole. Who reads them and why is written down.
    #[oai(path = "/:payee_id/unmasking", method = "post")]
    async fn unmask(
        &self,
        officer: Officer,
        payee_id: Path<Uuid>,
        body: Json<Reading>,
    ) -> Result<Json<PlainData>, ApiError> {
        let open = self.app.spending.unmask_payee(payee_id.0.into(), &body.0.reason.0, &officer.0).await?;
        Ok(Json(open.into()))
    }
}
