//! The organisation tree and the charities, for staff: units, charities with their certificates and documents, and the profile
//! by which a charity separates duties.

use std::sync::Arc;

use app::App;
use app::organisation::{self as service, CharityLine, OutdatedCampaign, SmallMonth};
use domain::role::Role;
use domain::{charity as rules, unit as units};
use entity::{certificate, charity_account_change, profile_change, small_review, unit};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::document::{self, Attachment, Download};
use crate::error::ApiError;
use crate::member::ProposalState;
use crate::page::Page;
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan, said, wire_enum};

/// Who may see how a charity separates duties.
const READERS: [Role; 8] = [
    Role::Admin,
    Role::ProjectManager,
    Role::Cashier,
    Role::Bookkeeper,
    Role::FinanceHead,
    Role::Chair,
    Role::Disclosure,
    Role::Auditor,
];

wire_enum! {
    /// What a unit is.
    UnitKind = units::UnitKind { Province, City, County, Township, School, Station }
}

wire_enum! {
    /// How duties are separated.
    CharityProfile = rules::Profile { Full, Small }
}

/// A unit of the organisation tree: who manages.
#[derive(Object)]
struct Unit {
    id: Uuid,
    #[oai(nullable)]
    parent: Option<Uuid>,
    code: String,
    name: String,
    kind: UnitKind,
    /// The administrative division it is in.
    #[oai(nullable)]
    division: Option<String>,
    /// The codes from the root to it.
    path: String,
    active: bool,
}

impl From<unit::Model> for Unit {
    fn from(row: unit::Model) -> Unit {
        Unit {
            id: row.id.uuid(),
            parent: row.parent_id.map(|id| id.uuid()),
            code: row.code,
            name: row.name,
            kind: row.kind.into(),
            division: row.division,
            path: row.path.as_str().to_owned(),
            active: row.active,
        }
    }
}

#[derive(Object)]
struct UnitProposal {
    /// Made by the client: the same id again is the same unit.
    id: Uuid,
    /// What it is below.
    parent: Uuid,
    /// 1 to 40 lower-case letters, digits and hyphens; unique in the tree.
    #[oai(validator(min_length = 1, max_length = 40))]
    code: Text,
    #[oai(validator(min_length = 1, max_length = 60))]
    name: Text,
    kind: UnitKind,
    /// The administrative division it is in.
    #[oai(validator(min_length = 2, max_length = 9))]
    division: Option<Text>,
}

#[derive(Object)]
struct UnitName {
    #[oai(validator(min_length = 1, max_length = 60))]
    name: Text,
}

/// Units.
pub(crate) struct UnitApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff/units", tag = "Tag::Organisation")]
impl UnitApi {
    /// The whole tree, parents before what is below them.
    #[oai(path = "/", method = "get")]
    async fn list(&self, _officer: Officer) -> Result<Json<Page<Unit>>, ApiError> {
        Ok(Json(Page::whole(self.app.organisation.units().await?)))
    }

    /// Makes a unit below another.
    #[oai(path = "/", method = "post")]
    async fn create(&self, officer: Officer, body: Json<UnitProposal>) -> Result<Json<Unit>, ApiError> {
        let UnitProposal { id, parent, code, name, kind, division } = body.0;
        let new = service::NewUnit {
            id: id.into(),
            parent: parent.into(),
            code: code.0,
            name: name.0,
            kind: kind.into(),
            division: said(division),
        };
        Ok(Json(self.app.organisation.create_unit(new, &officer.0).await?.into()))
    }

    /// Gives it another name.
    #[oai(path = "/:unit_id/name", method = "put")]
    async fn rename(
        &self,
        officer: Officer,
        unit_id: Path<Uuid>,
        body: Json<UnitName>,
    ) -> Result<Json<Unit>, ApiError> {
        Ok(Json(self.app.organisation.rename_unit(unit_id.0.into(), &body.name.0, &officer.0).await?.into()))
    }

    /// Closes it: it takes nothing new. Units below it must be closed.
    #[oai(path = "/:unit_id/closing", method = "post")]
    async fn close(&self, officer: Officer, unit_id: Path<Uuid>) -> Result<Json<Unit>, ApiError> {
        Ok(Json(self.app.organisation.set_unit_active(unit_id.0.into(), false, &officer.0).await?.into()))
    }

    /// Opens it again.
    #[oai(path = "/:unit_id/opening", method = "post")]
    async fn open(&self, officer: Officer, unit_id: Path<Uuid>) -> Result<Json<Unit>, ApiError> {
        Ok(Json(self.app.organisation.set_unit_active(unit_id.0.into(), true, &officer.0).await?.into()))
    }
}

/// A charity: the legal person behind a book.
#[derive(Object)]
struct Charity {
    /// The id of its book.
    id: Uuid,
    /// The code of its book.
    code: String,
    name: String,
    #[oai(nullable)]
    credit_code: Option<String>,
    unit: Uuid,
    unit_path: String,
    /// Its merchant number at the payment channel.
    #[oai(nullable)]
    mchid: Option<String>,
    /// Our short name of its bank account.
    bank_account: String,
    office_address: String,
    contact: String,
    information_url: String,
    profile: CharityProfile,
    /// Up to here one approval suffices in a small foundation.
    single_limit: Yuan,
    /// Above it a third person approves.
    third_limit: Yuan,
    /// A payee's account that changed within so many days needs another look.
    account_quiet_days: i64,
}

impl From<CharityLine> for Charity {
    fn from(line: CharityLine) -> Charity {
        let CharityLine { charity, book, unit } = line;
        Charity {
            id: book.id.uuid(),
            code: book.code,
            name: book.name,
            credit_code: book.credit_code,
            unit: unit.id.uuid(),
            unit_path: unit.path.as_str().to_owned(),
            mchid: charity.mchid,
            bank_account: charity.bank_account,
            office_address: charity.office_address,
            contact: charity.contact,
            information_url: charity.information_url,
            profile: charity.profile.into(),
            single_limit: charity.single_limit_fen.into(),
            third_limit: charity.third_limit_fen.into(),
            account_quiet_days: charity.account_quiet_days,
        }
    }
}

/// Whom the public turns to.
#[derive(Object)]
struct ContactData {
    #[oai(validator(min_length = 1, max_length = 200))]
    office_address: Text,
    /// Of the office, no person's own.
    #[oai(validator(min_length = 1, max_length = 100))]
    contact: Text,
    /// Where its information is published; https.
    #[oai(validator(min_length = 1, max_length = 300))]
    information_url: Text,
}

impl From<ContactData> for service::ContactData {
    fn from(data: ContactData) -> service::ContactData {
        let ContactData { office_address, contact, information_url } = data;
        service::ContactData {
            office_address: office_address.0,
            contact: contact.0,
            information_url: information_url.0,
        }
    }
}

#[derive(Object)]
struct CharityProposal {
    /// Made by the client: the same id again is the same charity. The id of its book, too.
    id: Uuid,
    /// A word for its book: 1 to 40 lower-case letters, digits and hyphens.
    #[oai(validator(min_length = 1, max_length = 40))]
    code: Text,
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Text,
    #[oai(validator(min_length = 18, max_length = 18))]
    credit_code: Option<Text>,
    unit: Uuid,
    /// Its own merchant number at the payment channel.
    #[oai(validator(min_length = 4, max_length = 32))]
    mchid: Option<Text>,
    /// Our short name of its bank account.
    #[oai(validator(min_length = 1, max_length = 40))]
    bank_account: Text,
    contact: ContactData,
}

/// 公开募捐资格证书.
#[derive(Object)]
struct Certificate {
    id: Uuid,
    charity: Uuid,
    number: String,
    issuer: String,
    issued_on: Day,
    /// Its last day.
    expires_on: Day,
    #[oai(nullable)]
    revoked_on: Option<Day>,
    registered_by: Uuid,
    /// Who was the second person; not said of what was registered before two were asked for.
    #[oai(nullable)]
    confirmed_by: Option<Uuid>,
    /// Since when it counts; before that it opens nothing.
    #[oai(nullable)]
    confirmed_at: Option<Instant>,
}

impl From<certificate::Model> for Certificate {
    fn from(row: certificate::Model) -> Certificate {
        Certificate {
            id: row.id.uuid(),
            charity: row.book_id.uuid(),
            number: row.number,
            issuer: row.issuer,
            issued_on: row.issued_on.into(),
            expires_on: row.expires_on.into(),
            revoked_on: row.revoked_on.map(Day),
            registered_by: row.author_id.uuid(),
            confirmed_by: row.confirmer_id.map(|id| id.uuid()),
            confirmed_at: row.confirmed_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct NewCertificate {
    /// Made by the client: the same id again is the same certificate.
    id: Uuid,
    #[oai(validator(min_length = 1, max_length = 60))]
    number: Text,
    #[oai(validator(min_length = 1, max_length = 100))]
    issuer: Text,
    issued_on: Day,
    /// Its last day.
    expires_on: Day,
}

/// Another profile or other limits, proposed or decided.
#[derive(Object)]
struct ProfileChange {
    id: Uuid,
    charity: Uuid,
    profile: CharityProfile,
    single_limit: Yuan,
    third_limit: Yuan,
    account_quiet_days: i64,
    reason: String,
    state: ProposalState,
    author: Uuid,
    #[oai(nullable)]
    approver: Option<Uuid>,
    /// Whom the approver stood in for.
    #[oai(nullable)]
    acting_for: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    decided_at: Option<Instant>,
}

impl From<profile_change::Model> for ProfileChange {
    fn from(row: profile_change::Model) -> ProfileChange {
        ProfileChange {
            id: row.id.uuid(),
            charity: row.book_id.uuid(),
            profile: row.profile.into(),
            single_limit: row.single_limit_fen.into(),
            third_limit: row.third_limit_fen.into(),
            account_quiet_days: row.account_quiet_days,
            reason: row.reason,
            state: row.state.into(),
            author: row.author_id.uuid(),
            approver: row.approver_id.map(|id| id.uuid()),
            acting_for: row.acting_for_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            decided_at: row.decided_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct ProfileProposal {
    /// Made by the client: the same id again is the same proposal.
    id: Uuid,
    profile: CharityProfile,
    /// Up to here one approval suffices in a small foundation.
    single_limit: Yuan,
    /// Above it a third person approves.
    third_limit: Yuan,
    #[oai(validator(minimum(value = "0"), maximum(value = "3650")))]
    account_quiet_days: i64,
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: Text,
}

/// Another bank account or merchant number, proposed or decided.
#[derive(Object)]
struct AccountChange {
    id: Uuid,
    charity: Uuid,
    old_bank_account: String,
    #[oai(nullable)]
    old_mchid: Option<String>,
    new_bank_account: String,
    #[oai(nullable)]
    new_mchid: Option<String>,
    /// The first day of the new account.
    valid_from: Day,
    reason: String,
    state: ProposalState,
    author: Uuid,
    /// Whom the author stood in for.
    #[oai(nullable)]
    author_for: Option<Uuid>,
    #[oai(nullable)]
    approver: Option<Uuid>,
    /// Whom the approver stood in for.
    #[oai(nullable)]
    approver_for: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    decided_at: Option<Instant>,
}

impl From<charity_account_change::Model> for AccountChange {
    fn from(row: charity_account_change::Model) -> AccountChange {
        AccountChange {
            id: row.id.uuid(),
            charity: row.book_id.uuid(),
            old_bank_account: row.old_bank_account,
            old_mchid: row.old_mchid,
            new_bank_account: row.new_bank_account,
            new_mchid: row.new_mchid,
            valid_from: row.valid_from.into(),
            reason: row.reason,
            state: row.state.into(),
            author: row.author_id.uuid(),
            author_for: row.author_for_id.map(|id| id.uuid()),
            approver: row.approver_id.map(|id| id.uuid()),
            approver_for: row.approver_for_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            decided_at: row.decided_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct AccountProposal {
    /// Made by the client: the same id again is the same proposal.
    id: Uuid,
    /// Our short name of the bank account it shall have.
    #[oai(validator(min_length = 1, max_length = 40))]
    bank_account: Text,
    /// The merchant number it shall have; none if it shall have none.
    #[oai(validator(min_length = 4, max_length = 32))]
    mchid: Option<Text>,
    /// The first day; nobody decides before it.
    valid_from: Day,
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: Text,
}

/// A campaign whose plan names another bank account than the charity has now; it needs a change of its own.
#[derive(Object)]
struct CampaignElsewhere {
    id: Uuid,
    name: String,
    /// The account its plan names.
    bank_account: String,
}

impl From<OutdatedCampaign> for CampaignElsewhere {
    fn from(line: OutdatedCampaign) -> CampaignElsewhere {
        let OutdatedCampaign { campaign, bank_account } = line;
        CampaignElsewhere { id: campaign.id.uuid(), name: campaign.name, bank_account }
    }
}

/// That a month of a small foundation was looked through.
#[derive(Object)]
struct MonthReview {
    charity: Uuid,
    /// `2026-11`.
    month: String,
    reviewer: Uuid,
    /// Whom the reviewer stood in for.
    #[oai(nullable)]
    reviewer_for: Option<Uuid>,
    papers: i64,
    findings: String,
    at: Instant,
}

impl From<small_review::Model> for MonthReview {
    fn from(row: small_review::Model) -> MonthReview {
        MonthReview {
            charity: row.book_id.uuid(),
            month: row.month,
            reviewer: row.reviewer_id.uuid(),
            reviewer_for: row.reviewer_for_id.map(|id| id.uuid()),
            papers: row.papers,
            findings: row.findings,
            at: row.at_us.into(),
        }
    }
}

/// A month in which something was approved under the profile `small`.
#[derive(Object)]
struct MonthOfSmall {
    charity: Uuid,
    name: String,
    /// `2026-11`.
    month: String,
    papers: i64,
    amount: Yuan,
    /// Whether the month is over: only then it is reviewed.
    over: bool,
    #[oai(nullable)]
    review: Option<MonthReview>,
}

impl From<SmallMonth> for MonthOfSmall {
    fn from(line: SmallMonth) -> MonthOfSmall {
        let SmallMonth { book, name, month, papers, amount, over, review } = line;
        MonthOfSmall {
            charity: book.uuid(),
            name,
            month,
            papers,
            amount: amount.into(),
            over,
            review: review.map(Into::into),
        }
    }
}

#[derive(Object)]
struct Findings {
    /// What was found.
    #[oai(validator(min_length = 1, max_length = 1000))]
    findings: Text,
}

/// Charities.
pub(crate) struct CharityApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Organisation")]
impl CharityApi {
    /// All charities, by the code of their book.
    #[oai(path = "/charities", method = "get")]
    async fn list(&self, _officer: Officer) -> Result<Json<Page<Charity>>, ApiError> {
        Ok(Json(Page::whole(self.app.organisation.charities().await?)))
    }

    /// Opens a charity and its book.
    #[oai(path = "/charities", method = "post")]
    async fn open(&self, officer: Officer, body: Json<CharityProposal>) -> Result<Json<Charity>, ApiError> {
        let CharityProposal { id, code, name, credit_code, unit, mchid, bank_account, contact } = body.0;
        let new = service::NewCharity {
            id: id.into(),
            code: code.0,
            name: name.0,
            credit_code: said(credit_code),
            unit: unit.into(),
            mchid: said(mchid),
            bank_account: bank_account.0,
            contact: contact.into(),
        };
        self.app.organisation.open_charity(new, Some(&officer.0)).await?;
        Ok(Json(self.app.organisation.charity(id.into()).await?.into()))
    }

    /// Changes whom the public turns to.
    #[oai(path = "/charities/:charity_id/contact", method = "put")]
    async fn edit_contact(
        &self,
        officer: Officer,
        charity_id: Path<Uuid>,
        body: Json<ContactData>,
    ) -> Result<Json<Charity>, ApiError> {
        self.app.organisation.edit_contact(charity_id.0.into(), body.0.into(), &officer.0).await?;
        Ok(Json(self.app.organisation.charity(charity_id.0.into()).await?.into()))
    }

    /// The certificates of a charity, newest first.
    #[oai(path = "/charities/:charity_id/certificates", method = "get")]
    async fn certificates(
        &self,
        _officer: Officer,
        charity_id: Path<Uuid>,
    ) -> Result<Json<Page<Certificate>>, ApiError> {
        Ok(Json(Page::whole(self.app.organisation.certificates(charity_id.0.into()).await?)))
    }

    /// Registers a certificate; it counts when another person has confirmed it.
    #[oai(path = "/charities/:charity_id/certificates", method = "post")]
    async fn register(
        &self,
        officer: Officer,
        charity_id: Path<Uuid>,
        body: Json<NewCertificate>,
    ) -> Result<Json<Certificate>, ApiError> {
        let NewCertificate { id, number, issuer, issued_on, expires_on } = body.0;
        let new = service::NewCertificate {
            id: id.into(),
            book: charity_id.0.into(),
            number: number.0,
            issuer: issuer.0,
            issued_on: issued_on.0,
            expires_on: expires_on.0,
        };
        Ok(Json(self.app.organisation.register_certificate(new, &officer.0).await?.into()))
    }

    /// Confirms a certificate: another person than whoever registered it, who has compared it with the paper.
    #[oai(path = "/certificates/:certificate_id/confirmation", method = "post")]
    async fn confirm(&self, officer: Officer, certificate_id: Path<Uuid>) -> Result<Json<Certificate>, ApiError> {
        Ok(Json(self.app.organisation.confirm_certificate(certificate_id.0.into(), &officer.0).await?.into()))
    }

    /// Takes back a registration that nobody has confirmed: what was mistyped is registered anew.
    #[oai(path = "/certificates/:certificate_id/discarding", method = "post")]
    async fn discard(&self, officer: Officer, certificate_id: Path<Uuid>) -> Result<(), ApiError> {
        Ok(self.app.organisation.discard_certificate(certificate_id.0.into(), &officer.0).await?)
    }

    /// Notes that a certificate was revoked, today.
    #[oai(path = "/certificates/:certificate_id/revocation", method = "post")]
    async fn revoke(&self, officer: Officer, certificate_id: Path<Uuid>) -> Result<Json<Certificate>, ApiError> {
        Ok(Json(self.app.organisation.revoke_certificate(certificate_id.0.into(), &officer.0).await?.into()))
    }

    /// The scans of a certificate.
    #[oai(path = "/certificates/:certificate_id/attachments", method = "get")]
    async fn scans(&self, _officer: Officer, certificate_id: Path<Uuid>) -> Result<Json<Page<Attachment>>, ApiError> {
        let object = self.app.organisation.certificate_object(certificate_id.0.into(), None).await?;
        document::list(&self.app, &object).await
    }

    /// Attaches a scan of a certificate, sent as the body.
    #[oai(path = "/certificates/:certificate_id/attachments", method = "post")]
    async fn attach_scan(
        &self,
        officer: Officer,
        certificate_id: Path<Uuid>,
        /// What it proves: `contract`, `invoice`, `roster`, `list`, `filing`, `filing_receipt`, `minutes`, `report`, `statement`, `scan`,
        /// `picture` or `other`.
        #[oai(validator(min_length = 1, max_length = 40))]
        kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<Attachment>, ApiError> {
        let object = self.app.organisation.certificate_object(certificate_id.0.into(), Some(&officer.0)).await?;
        document::upload(&self.app, &officer.0, &object, &kind, &file_name, body).await
    }

    /// A scan of a certificate.
    #[oai(path = "/certificates/:certificate_id/attachments/:attachment_id", method = "get")]
    async fn scan(
        &self,
        _officer: Officer,
        certificate_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let object = self.app.organisation.certificate_object(certificate_id.0.into(), None).await?;
        document::download(&self.app, &object, attachment_id.0).await
    }

    /// Withdraws a scan of a certificate.
    #[oai(path = "/certificates/:certificate_id/attachments/:attachment_id", method = "delete")]
    async fn withdraw_scan(
        &self,
        officer: Officer,
        certificate_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        let object = self.app.organisation.certificate_object(certificate_id.0.into(), Some(&officer.0)).await?;
        document::withdraw(&self.app, &officer.0, &object, attachment_id.0).await
    }

    /// The changes of a charity's profile and limits, newest first.
    #[oai(path = "/charities/:charity_id/profile-changes", method = "get")]
    async fn profile_changes(
        &self,
        officer: Officer,
        charity_id: Path<Uuid>,
    ) -> Result<Json<Page<ProfileChange>>, ApiError> {
        officer.must_be(&READERS)?;
        officer.0.may(&READERS, &self.app.organisation.charity(charity_id.0.into()).await?.unit.path)?;
        Ok(Json(Page::whole(self.app.organisation.profile_changes(charity_id.0.into()).await?)))
    }

    /// Proposes another profile or other limits. In force once another person agrees.
    #[oai(path = "/charities/:charity_id/profile-changes", method = "post")]
    async fn propose_profile(
        &self,
        officer: Officer,
        charity_id: Path<Uuid>,
        body: Json<ProfileProposal>,
    ) -> Result<Json<ProfileChange>, ApiError> {
        let ProfileProposal { id, profile, single_limit, third_limit, account_quiet_days, reason } = body.0;
        let new = service::NewProfileChange {
            id: id.into(),
            book: charity_id.0.into(),
            profile: profile.into(),
            single_limit: single_limit.0,
            third_limit: third_limit.0,
            account_quiet_days,
            reason: reason.0,
        };
        Ok(Json(self.app.organisation.propose_profile(new, &officer.0).await?.into()))
    }

    /// Agrees to a change. Another person than whoever proposed it.
    #[oai(path = "/profile-changes/:change_id/approval", method = "post")]
    async fn approve_profile(&self, officer: Officer, change_id: Path<Uuid>) -> Result<Json<ProfileChange>, ApiError> {
        Ok(Json(self.app.organisation.decide_profile(change_id.0.into(), true, &officer.0).await?.into()))
    }

    /// Does not agree to a change, and says why.
    #[oai(path = "/profile-changes/:change_id/decline", method = "post")]
    async fn decline_profile(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<ProfileChange>, ApiError> {
        let no = body.0.declines()?;
        Ok(Json(self.app.organisation.decide_profile(change_id.0.into(), no, &officer.0).await?.into()))
    }

    /// The changes of a charity's bank account and merchant number, newest first.
    #[oai(path = "/charities/:charity_id/account-changes", method = "get")]
    async fn account_changes(
        &self,
        officer: Officer,
        charity_id: Path<Uuid>,
    ) -> Result<Json<Page<AccountChange>>, ApiError> {
        Ok(Json(Page::whole(self.app.organisation.account_changes(charity_id.0.into(), &officer.0).await?)))
    }

    /// Proposes another bank account or merchant number. In force once another person agrees, who has its paper before them.
    #[oai(path = "/charities/:charity_id/account-changes", method = "post")]
    async fn propose_account(
        &self,
        officer: Officer,
        charity_id: Path<Uuid>,
        body: Json<AccountProposal>,
    ) -> Result<Json<AccountChange>, ApiError> {
        let AccountProposal { id, bank_account, mchid, valid_from, reason } = body.0;
        let new = service::NewAccountChange {
            id: id.into(),
            book: charity_id.0.into(),
            bank_account: bank_account.0,
            mchid: said(mchid),
            valid_from: valid_from.0,
            reason: reason.0,
        };
        Ok(Json(self.app.organisation.propose_account(new, &officer.0).await?.into()))
    }

    /// The campaigns under way whose plan names another bank account than the charity has now.
    #[oai(path = "/charities/:charity_id/outdated-campaigns", method = "get")]
    async fn outdated_campaigns(
        &self,
        officer: Officer,
        charity_id: Path<Uuid>,
    ) -> Result<Json<Page<CampaignElsewhere>>, ApiError> {
        Ok(Json(Page::whole(self.app.organisation.outdated_campaigns(charity_id.0.into(), &officer.0).await?)))
    }

    /// Agrees to another account. Another person than whoever proposed it, from its first day, once its paper is attached.
    #[oai(path = "/account-changes/:change_id/approval", method = "post")]
    async fn approve_account(&self, officer: Officer, change_id: Path<Uuid>) -> Result<Json<AccountChange>, ApiError> {
        Ok(Json(self.app.organisation.decide_account(change_id.0.into(), true, &officer.0).await?.into()))
    }

    /// Does not agree to another account, and says why.
    #[oai(path = "/account-changes/:change_id/decline", method = "post")]
    async fn decline_account(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<AccountChange>, ApiError> {
        let no = body.0.declines()?;
        Ok(Json(self.app.organisation.decide_account(change_id.0.into(), no, &officer.0).await?.into()))
    }

    /// What proves another account.
    #[oai(path = "/account-changes/:change_id/attachments", method = "get")]
    async fn account_papers(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
    ) -> Result<Json<Page<Attachment>>, ApiError> {
        let object = self.app.organisation.account_change_object(change_id.0.into(), &officer.0, false).await?;
        document::list(&self.app, &object).await
    }

    /// Attaches what proves another account while it waits, sent as the body: `contract`, `statement` or `scan`.
    #[oai(path = "/account-changes/:change_id/attachments", method = "post")]
    async fn attach_account_paper(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        /// What it proves: `contract`, `invoice`, `roster`, `list`, `filing`, `filing_receipt`, `minutes`, `report`, `statement`, `scan`,
        /// `picture` or `other`.
        #[oai(validator(min_length = 1, max_length = 40))]
        kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<Attachment>, ApiError> {
        let object = self.app.organisation.account_change_object(change_id.0.into(), &officer.0, true).await?;
        document::upload(&self.app, &officer.0, &object, &kind, &file_name, body).await
    }

    /// A paper of another account.
    #[oai(path = "/account-changes/:change_id/attachments/:attachment_id", method = "get")]
    async fn account_paper(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let object = self.app.organisation.account_change_object(change_id.0.into(), &officer.0, false).await?;
        document::download(&self.app, &object, attachment_id.0).await
    }

    /// Withdraws a paper of another account while it waits.
    #[oai(path = "/account-changes/:change_id/attachments/:attachment_id", method = "delete")]
    async fn withdraw_account_paper(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        let object = self.app.organisation.account_change_object(change_id.0.into(), &officer.0, true).await?;
        document::withdraw(&self.app, &officer.0, &object, attachment_id.0).await
    }

    /// The months in which something was approved under the profile `small`, newest first: what the supervisors have reviewed or have to.
    #[oai(path = "/small-profile-months", method = "get")]
    async fn small_months(&self, officer: Officer) -> Result<Json<Page<MonthOfSmall>>, ApiError> {
        Ok(Json(Page::whole(self.app.organisation.small_months(&officer.0).await?)))
    }

    /// Says that a month that is over was looked through, and what was found. By somebody who wrote and approved none of it.
    #[oai(path = "/charities/:charity_id/small-profile-months/:month/review", method = "post")]
    async fn review_small(
        &self,
        officer: Officer,
        charity_id: Path<Uuid>,
        /// `2026-11`.
        month: Path<String>,
        body: Json<Findings>,
    ) -> Result<Json<MonthReview>, ApiError> {
        let Findings { findings } = body.0;
        let row = self.app.organisation.review_small(charity_id.0.into(), &month.0, &findings.0, &officer.0).await?;
        Ok(Json(row.into()))
    }
}
