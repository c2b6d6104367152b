//! Youth loans: the service over `lending`. It seals what is personal with the borrower's own key, writes the audit trail, tells the
//! borrower of each step, and keeps deadlines.
//!
//! Refused: whatever `lending` refuses. Costs: a quote asks the database for the product and the published rate, and for nothing if
//! the rate is given; a step is one transaction of some ten statements.

pub mod applications;
pub mod needs;
pub mod papers;
pub mod products;
pub mod reminders;
pub mod reviews;
pub mod terms;

use std::time::Duration;

use domain::role::Member;
use domain::working_day::WorkingCalendar;
use domain::{Clock, Timestamp};
use entity::{Db, Tx, calendar_day, loan_application, loan_product};
use lending::LendingError;
use lending::application::Setting;
use sea_orm::{DbErr, EntityTrait};
use serde_json::json;

use crate::Templates;
use crate::identity::{Identity, IdentityError};
use crate::outbox::{self, NewMessage};
use crate::trail::{self, Line};
use crate::vault::{Vault, VaultError};

/// Why something about loans was not done.
#[derive(Debug, thiserror::Error)]
pub enum LoansError {
    /// The rules refuse.
    #[error(transparent)]
    Refused(#[from] LendingError),
    /// A loan that runs cannot be reckoned.
    #[error(transparent)]
    Running(#[from] lending::servicing::ServeError),
    /// The borrower cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Personal data stays sealed.
    #[error("personal data cannot be opened")]
    Sealed(#[from] VaultError),
    /// A paper is not acceptable.
    #[error(transparent)]
    NotTaken(#[from] domain::document::NotTaken),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// How long things wait, from configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// A recommended application waits so many days for its borrower's consent.
    pub consent_days: u32,
    /// An approved one so many days for its signature.
    pub signing_days: u32,
    /// What came to nothing is purged after so many days.
    pub purge_days: u32,
}

impl Default for Periods {
    fn default() -> Periods {
        Periods { consent_days: 30, signing_days: 30, purge_days: 180 }
    }
}

/// The loans of the program. Cheap to clone.
#[derive(Clone)]
pub struct Loans {
    db: Db,
    clock: Clock,
    identity: Identity,
    vault: Vault,
    periods: Periods,
    /// 贷款进度通知.
    template: Option<String>,
}

impl Loans {
    pub(crate) fn new(
        db: Db,
        clock: Clock,
        identity: Identity,
        vault: Vault,
        periods: Periods,
        templates: &Templates,
    ) -> Loans {
        Loans { db, clock, identity, vault, periods, template: templates.loan_progress.clone() }
    }

    /// What a step has to know of the moment.
    async fn setting(&self, tx: &Tx) -> Result<Setting, DbErr> {
        let days = calendar_day::Entity::find().all(tx).await?;
        let calendar = WorkingCalendar::new(days.into_iter().map(|row| (row.day, row.working)));
        Ok(Setting { now: self.clock.now(), calendar })
    }

    fn days_ago(&self, days: u32) -> Timestamp {
        self.clock.now().before(Duration::from_secs(u64::from(days) * 86_400))
    }

    /// The line of a step in the trail.
    async fn tell(
        &self,
        tx: &Tx,
        action: &'static str,
        object: String,
        by: &Member,
        detail: serde_json::Value,
    ) -> Result<(), DbErr> {
        let line = Line { actor: trail::staff(by.id), action, object, origin: by.origin.clone(), detail };
        trail::record(tx, self.clock.now(), line).await
    }

    /// Writes the borrower a message of where the application stands, if there is a template and a consent for it. One message a step.
    async fn inform(&self, tx: &Tx, file: &loan_application::Model) -> Result<(), DbErr> {
        let Some(template) = self.template.clone() else { return Ok(()) };
        let product = loan_product::Entity::find_by_id(file.product_id).one(tx).await?;
        let name = product.map(|product| product.name).unwrap_or_default();
        let office = file.office.map(|office| office.chinese()).unwrap_or_default();
        let message = NewMessage {
            topic: format!("loan_application:{}:{}:{:?}:{office}", file.id, file.round, file.state),
            donor: file.donor_id,
            template,
            content: json!({
                "thing1": name,
                "phrase2": file.state.chinese(),
                "thing3": hint(file),
                "time4": self.clock.now().wall(),
            }),
        };
        outbox::enqueue(tx, self.clock.now(), &[message]).await
    }
}

/// What the borrower may do now, in at most twenty characters.
fn hint(file: &loan_application::Model) -> &'static str {
    use domain::lending::LoanState;
    match file.state {
        LoanState::Draft => "请按退回意见补正后重新提交",
        LoanState::Applied => "团组织正在审核推荐",
        LoanState::Recommended => "请授权后提交银行审查",
        LoanState::BankReview => "已提交银行审查",
        LoanState::Approved => "请与银行联系签约",
        LoanState::Refused => "未通过，可查看原因",
        LoanState::Signed => "合同已签订",
        LoanState::Expired => "逾期未办理，申请已失效",
        LoanState::Withdrawn => "申请已撤回",
        LoanState::PaidOut
        | LoanState::Performing
        | LoanState::Overdue
        | LoanState::Settled
        | LoanState::WrittenOff
        | LoanState::Compensated
        | LoanState::Renewed
        | LoanState::Extended
        | LoanState::Restructured => "请查看贷款详情",
    }
}

/// The name of an application in the trail.
fn application_object(file: &loan_application::Model) -> String {
    format!("loan_application:{}", file.id)
}
