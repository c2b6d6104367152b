//! Loans after their contracts are signed: who may tell what happened to one, the close of days, the banks' files ([`files`]) and the
//! monthly report to the League ([`report`]).
//!
//! A bank's officers tell what happened to its loans; its file says the same with the bank's own figures, and those are booked. Officers of
//! the League read how loans stand: by name only what borrowers agreed to, otherwise how many and how much (facts: lending 6).

mod breaks;
mod files;
mod paid;
mod report;
mod sheet;

use domain::bank_file::BankFileError;
use domain::loan::allocation::Component;
use domain::loan::life::{Split, State, What};
use domain::role::{Forbidden, Member, Role};
use domain::{BankId, BusinessDate, Clock, LoanContractId, LoanProgrammeId, LoanSubsidyId, Money, Rate, UnitPath};
use entity::{Db, bank, loan_contract, loan_day, loan_event, loan_file, loan_pool, loan_programme, loan_subsidy};
use lending::Reach;
use lending::servicing::close::{self, Ahead, Piece};
use lending::servicing::loan::{self, Fact, Loan};
use lending::servicing::price::{self, Price};
use lending::servicing::programme::{self, NewProgramme};
use lending::servicing::subsidy::Receipt;
use lending::servicing::{self, NewEvent, ServeError, subsidy};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

pub(crate) use breaks::proposal;
pub use files::{FileBreak, FileReport, Imported};
pub use paid::Payment;
pub use report::{Fresh, Group, Late, Line, OfClass, Report, Scope};
pub use sheet::{LateLoan, Sheet};

use crate::runs;
use crate::trail::{self, staff};

/// Who opens programmes and names pools.
pub const KEEPERS: [Role; 2] = [Role::Admin, Role::LeagueOfficer];
/// Who tells what happened to a loan: officers of its bank.
const TELLERS: [Role; 1] = [Role::BankOfficer];
/// Who brings a bank's file: its officers, or finance.
pub const IMPORTERS: [Role; 3] = [Role::BankOfficer, Role::Bookkeeper, Role::FinanceHead];
/// Finance of the whole house brings any bank's.
const FINANCE: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
/// Who claims subsidies and writes down that they came.
pub const CLAIMERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
/// Who reads what was claimed of a programme.
pub const CLAIM_READERS: [Role; 3] = [Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
/// Who reads how programmes stand.
pub const READERS: [Role; 7] = [
    Role::Admin,
    Role::LeagueOfficer,
    Role::BankOfficer,
    Role::Bookkeeper,
    Role::FinanceHead,
    Role::Cashier,
    Role::Auditor,
];

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ServicingError {
    /// The loan, the programme or the rule refuses.
    #[error(transparent)]
    Loan(#[from] ServeError),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] BankFileError),
    /// A number was left out.
    #[error("the next file of the bank is number {expected}")]
    FileGap {
        /// What it should be.
        expected: i64,
    },
    /// A number that stands for another file.
    #[error("file number {0} of the bank has other content")]
    FileRepeated(i64),
    /// A day that is not over, or before that of the last file.
    #[error("a file of {0} cannot be read now")]
    FileDay(BusinessDate),
    /// A file that does not go with how its bank tells; the sentence is for whoever brings it, in Chinese.
    #[error("the file does not go with its programme: {0}")]
    FilePace(&'static str),
    /// There is no such month, or it is not over.
    #[error("there is no such month")]
    NoSuchMonth,
    /// There is no such loan, or the asker may not look for it.
    #[error(transparent)]
    Lending(#[from] lending::LendingError),
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The report cannot be written.
    #[error("workbook")]
    Sheet(#[from] rust_xlsxwriter::XlsxError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// A programme and how fresh it is.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The programme.
    pub programme: loan_programme::Model,
    /// The bank's code and name.
    pub bank: bank::Model,
    /// Its pool.
    pub pool: Option<loan_pool::Model>,
    /// The last file of the bank.
    pub file: Option<loan_file::Model>,
    /// The last closed day.
    pub day: Option<loan_day::Model>,
}

/// A loan as it is shown: what was agreed, where it stands today, what happened to it.
#[derive(Clone, Debug)]
pub struct Served {
    /// The contract.
    pub contract: loan_contract::Model,
    /// Where it stands; nothing before the payout.
    pub state: Option<State>,
    /// What it would cost to be rid of it today, if it can be.
    pub payoff: Option<Split>,
    /// What happened, oldest first.
    pub events: Vec<loan_event::Model>,
    /// Its subsidies.
    pub subsidies: Vec<loan_subsidy::Model>,
    /// The rate in force as it was told, and what the contract says it is; nothing where no LPR is known to price it by.
    pub rate: (Rate, Option<Price>),
    /// The day the bank's last file tells of, where its bank does not tell every day: what fell due later may be paid.
    pub told: Option<BusinessDate>,
}

/// Writes into an event that is shown how it was spread.
fn spread(event: &mut loan_event::Model, split: &Split) {
    let amounts = &split.amounts;
    event.principal_fen = amounts[Component::Principal];
    event.interest_fen = amounts[Component::Interest];
    event.penalty_fen = amounts[Component::Penalty];
    event.compound_fen = amounts[Component::Compound];
    event.fee_fen = amounts[Component::Fee];
    event.credit_fen = split.credit;
}

/// What was read before its turn; nothing if it could not be: then it is read in its turn, and that says why.
fn read<T>(ahead: Result<T, ServeError>) -> Option<T> {
    ahead.inspect_err(|error| tracing::warn!(%error, "a piece of a day of loans could not be read ahead")).ok()
}

/// Loans after they are paid out.
#[derive(Clone)]
pub struct Servicing {
    db: Db,
    business: Clock,
}

impl Servicing {
    /// The service. Starts nothing.
    pub fn new(db: Db, business: Clock) -> Servicing {
        Servicing { db, business }
    }

    /// Opens a programme and its memo book.
    pub async fn open(&self, new: NewProgramme, by: &Member) -> Result<loan_programme::Model, ServicingError> {
        by.may(&KEEPERS, &UnitPath::whole())?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = programme::open(&tx, now, new, by.id).await?;
        self.note(&tx, "loan_programme.open", format!("loan_programme:{}", row.id), json!({ "name": row.name }), by)
            .await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Says who holds the pool of a programme, and how large it is.
    pub async fn set_pool(
        &self,
        id: LoanProgrammeId,
        holder: &str,
        credit_code: &str,
        size: Money,
        by: &Member,
    ) -> Result<loan_pool::Model, ServicingError> {
        by.may(&KEEPERS, &UnitPath::whole())?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = programme::set_pool(&tx, now, id, holder, credit_code, size, by.id).await?;
        self.note(&tx, "loan_programme.pool", format!("loan_programme:{id}"), json!({ "size": size }), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Every programme with its last file and its last closed day. Officers of banks see their bank's.
    pub async fn programmes(&self, by: &Member) -> Result<Vec<Standing>, ServicingError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        let own = self.own_bank(by).await?;
        let mut shown = Vec::new();
        let banks = bank::Entity::find().order_by_asc(bank::Column::Code).all(db).await?;
        let files = self.last_files().await?;
        for programme in programme::all(db).await? {
            let Some(bank) = banks.iter().find(|bank| bank.id == programme.bank_id) else { continue };
            if own.is_some_and(|own| own != bank.id) {
                continue;
            }
            shown.push(Standing {
                bank: bank.clone(),
                pool: programme::pool(db, programme.id).await?,
                file: files.iter().find(|file| file.programme_id == programme.id).cloned(),
                day: close::days(db, programme.id, None, 1).await?.pop(),
                programme,
            });
        }
        Ok(shown)
    }

    /// The bank to which somebody is confined: officers of banks, if they are nothing else. Who is no bank's yet sees none.
    async fn own_bank(&self, by: &Member) -> Result<Option<BankId>, ServicingError> {
        let elsewhere: Vec<Role> = READERS.into_iter().filter(|role| *role != Role::BankOfficer).collect();
        if by.is_one_of(&elsewhere) {
            return Ok(None);
        }
        let seat = lending::bank_of(self.db.read(), by.id).await?;
        Ok(Some(seat.unwrap_or_else(|| BankId::from(uuid::Uuid::nil()))))
    }

    async fn last_files(&self) -> Result<Vec<loan_file::Model>, DbErr> {
        use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
        let db = self.db.read();
        let sql = "SELECT f.* FROM loan_file f WHERE f.sequence = (SELECT MAX(g.sequence) FROM loan_file g WHERE g.programme_id = f.programme_id)";
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        rows.iter().map(|row| loan_file::Model::from_query_result(row, "")).collect()
    }

    /// The closed days of a programme, newest first.
    pub async fn days(
        &self,
        id: LoanProgrammeId,
        before: Option<BusinessDate>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<loan_day::Model>, ServicingError> {
        self.may_read(id, by).await?;
        Ok(close::days(self.db.read(), id, before, limit).await?)
    }

    /// The files of a programme, newest first. What the bank said otherwise of single loans is for the bank, finance and auditors; others
    /// see how often.
    pub async fn files(
        &self,
        id: LoanProgrammeId,
        before: Option<i64>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<loan_file::Model>, ServicingError> {
        self.may_read(id, by).await?;
        let mut query = loan_file::Entity::find().filter(loan_file::Column::ProgrammeId.eq(id));
        if let Some(before) = before {
            query = query.filter(loan_file::Column::Sequence.lt(before));
        }
        let mut rows = query.order_by_desc(loan_file::Column::Sequence).limit(limit).all(self.db.read()).await?;
        if !self.reads_loans_of(id, by).await? {
            for row in &mut rows {
                let mut report: FileReport = serde_json::from_str(&row.report).map_err(ServeError::Stored)?;
                report.hidden = std::mem::take(&mut report.breaks).len() as u64;
                row.report = serde_json::to_string(&report).map_err(ServeError::Stored)?;
                row.content.clear();
            }
        }
        Ok(rows)
    }

    /// Whether somebody may read what the files of a programme's bank say of every single loan.
    async fn reads_loans_of(&self, id: LoanProgrammeId, by: &Member) -> Result<bool, ServicingError> {
        if by.is_one_of(&CLAIM_READERS) {
            return Ok(true);
        }
        if !by.is_one_of(&TELLERS) {
            return Ok(false);
        }
        let row = programme::one(self.db.read(), id).await?;
        Ok(lending::bank_of(self.db.read(), by.id).await? == Some(row.bank_id))
    }

    async fn may_read(&self, id: LoanProgrammeId, by: &Member) -> Result<loan_programme::Model, ServicingError> {
        by.must_be(&READERS)?;
        let row = programme::one(self.db.read(), id).await?;
        match self.own_bank(by).await? {
            Some(own) if own != row.bank_id => Err(ServeError::NoSuchProgramme.into()),
            _ => Ok(row),
        }
    }

    /// Writes down what happened to a loan, as an officer of its bank tells it, who is not close to the borrower. The same id with the same
    /// content again changes nothing.
    pub async fn tell(&self, new: NewEvent, by: &Member) -> Result<Served, ServicingError> {
        by.must_be(&TELLERS)?;
        if new.is_decided() && new.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(ServeError::UNEXPLAINED.into());
        }
        let contract = new.contract;
        let bank = lending::bank_of(self.db.read(), by.id).await?.ok_or(ServeError::NoSeat)?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = loan_contract::Entity::find_by_id(contract).one(&tx).await?.ok_or(ServeError::NoSuchContract)?;
        if row.bank_id != bank {
            return Err(ServeError::NoSuchContract.into());
        }
        by.may(&TELLERS, &row.unit_path)?;
        let programme = programme::of(&tx, bank).await?;
        let programme = close::locked(&tx, programme.id).await?;
        if let Fact::Event(What::Reversal(of)) = new.fact
            && loan_event::Entity::find_by_id(of).one(&tx).await?.is_some_and(|event| event.kind == "subsidy")
        {
            let problem = "贴息不能直接冲正，请在贴息申报中登记到账、少到或拒付";
            return Err(ServeError::Invalid { field: "reverses", problem }.into());
        }
        let (word, on, is_payout) = (loan::word(&new.fact), new.on, matches!(new.fact, Fact::Payout(_)));
        let told = NewEvent { actor: staff(by.id), told: None, ..new };
        let recorded = servicing::record(&tx, now, &programme, &[told]).await.map_err(|(_, error)| error)?;
        if recorded.iter().any(|one| !one.known) {
            let detail = json!({ "kind": word, "on": on });
            self.note(&tx, "loan.event", format!("loan_contract:{contract}"), detail, by).await?;
        }
        if is_payout {
            breaks::paid_out(&tx, now, programme.book_id, &row.number, on).await?;
        }
        tx.commit().await?;
        self.served(row.id).await
    }

    /// A loan for a member of staff: of their bank, or of their part of the tree if the borrower agreed that the bank tells the League. Finance
    /// sees it like the League.
    pub async fn loan(&self, id: LoanContractId, by: &Member) -> Result<Served, ServicingError> {
        let db = self.db.read();
        let reach = Reach::of_contracts(db, by).await?;
        let row = loan_contract::Entity::find_by_id(id).one(db).await?.ok_or(ServeError::NoSuchContract)?;
        if !reach.covers(&row.unit_path, Some(row.bank_id)) {
            return Err(ServeError::NoSuchContract.into());
        }
        if !reach.is_of(row.bank_id) && !reach.audits && !report::agreed(db, &row).await? {
            return Err(ServeError::NoConsent.into());
        }
        self.served(id).await
    }

    /// A borrower's own loan.
    pub async fn own_loan(&self, id: LoanContractId, donor: domain::DonorId) -> Result<Served, ServicingError> {
        let row = loan_contract::Entity::find_by_id(id).one(self.db.read()).await?;
        match row {
            Some(row) if row.donor_id == donor => self.served(id).await,
            _ => Err(ServeError::NoSuchContract.into()),
        }
    }

    async fn served(&self, id: LoanContractId) -> Result<Served, ServicingError> {
        let (db, today) = (self.db.read(), self.business.today());
        let mut loans = loan::load(db, &[id], false).await?;
        let loan: Loan = loans.remove(&id).ok_or(ServeError::NoSuchContract)?;
        let mut events = loan_event::Entity::find()
            .filter(loan_event::Column::ContractId.eq(id))
            .order_by_asc(loan_event::Column::OnDay)
            .order_by_asc(loan_event::Column::Id)
            .all(db)
            .await?;
        let subsidies = subsidy::of(db, &[id]).await?;
        let (state, payoff) = match loan.payout() {
            Some((_, paid_out_on)) if paid_out_on <= today => {
                let replayed = loan.replay(today)?;
                for outcome in replayed.iter().flat_map(|it| &it.outcomes) {
                    // What nobody has said is spread as our arithmetic does it.
                    let told = events.iter_mut().find(|event| event.id == outcome.id && !event.booked);
                    if let Some(event) = told {
                        spread(event, &outcome.taken);
                    }
                }
                (replayed.map(|it| it.state), loan.payoff(today)?)
            }
            _ => (None, None),
        };
        let known =
            programme::known(db, today).await?.into_iter().find(|one| one.programme.bank_id == loan.row.bank_id);
        let told = known.filter(|one| one.until < today).map(|one| one.until);
        let expected = match price::expected(db, &loan, today).await {
            Err(ServeError::NoLpr) => None,
            found => found?,
        };
        let rate = (price::told(&loan, today), expected);
        Ok(Served { contract: loan.row, state, payoff, events, subsidies, rate, told })
    }

    /// Claims every subsidy of a programme that is due. Answers those that are new.
    pub async fn claim_subsidies(
        &self,
        id: LoanProgrammeId,
        by: &Member,
    ) -> Result<Vec<loan_subsidy::Model>, ServicingError> {
        by.may(&CLAIMERS, &UnitPath::whole())?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let programme = close::locked(&tx, id).await?;
        let ids = loan::paid_out(&tx, id).await?;
        let claimed = subsidy::claim(&tx, now, &programme, &ids, &staff(by.id)).await?;
        let total = Money::checked_sum(claimed.iter().map(|one| one.amount_fen));
        let detail = json!({ "claims": claimed.len(), "total": total });
        self.note(&tx, "loan_subsidy.claim", format!("loan_programme:{id}"), detail, by).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// A page of a programme's claims, newest first, each with the number of its contract: all, or those that nobody has paid yet.
    pub async fn claims(
        &self,
        id: LoanProgrammeId,
        waiting: bool,
        after: Option<LoanSubsidyId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<(loan_subsidy::Model, String)>, ServicingError> {
        by.must_be(&CLAIM_READERS)?;
        self.may_read(id, by).await?;
        Ok(subsidy::page(self.db.read(), id, waiting, after, limit).await?)
    }

    /// Writes down that a claim was paid, in part or not at all.
    pub async fn receive_subsidy(
        &self,
        id: LoanSubsidyId,
        receipt: Receipt,
        by: &Member,
    ) -> Result<loan_subsidy::Model, ServicingError> {
        by.may(&CLAIMERS, &UnitPath::whole())?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = loan_subsidy::Entity::find_by_id(id).one(&tx).await?.ok_or(ServeError::NoSuchSubsidy)?;
        let programme = close::locked(&tx, row.programme_id).await?;
        let receipt = Receipt { actor: staff(by.id), ..receipt };
        paid::check(&tx, id, &receipt).await?;
        let row = subsidy::receive(&tx, now, &programme, id, &receipt).await?;
        let detail = json!({
            "total": row.amount_fen, "amount": row.received_fen, "on": receipt.on, "payout": row.payout_id,
        });
        self.note(&tx, "loan_subsidy.receive", format!("loan_subsidy:{id}"), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Closes every day that is over and known, of every programme, in their order. A programme that fails does not hold up the others.
    pub async fn close_days(&self, progress: &(dyn Fn(BusinessDate) + Sync)) -> Result<runs::Report, ServicingError> {
        self.close_days_through(None, progress).await
    }

    /// The same up to a day, if one is named.
    pub async fn close_days_through(
        &self,
        through: Option<BusinessDate>,
        progress: &(dyn Fn(BusinessDate) + Sync),
    ) -> Result<runs::Report, ServicingError> {
        let mut report = runs::Report::default();
        let mut last = None;
        let today = self.business.today();
        for known in programme::known(self.db.read(), today).await? {
            let programme = known.programme.id;
            let mut day = close::next_day(&known.programme);
            let end = known.last_day(today);
            let end = through.map_or(end, |through| end.min(through));
            while day <= end {
                match self.close_day(programme, day, close::PIECE).await {
                    Ok(row) => {
                        tracing::debug!(%programme, %day, loans = row.loans, changed = row.changed, "a day of loans is closed");
                        let name = &known.programme.name;
                        runs::tell(format!("{name}：{day}已结账，{}户，变动{}户", row.loans, row.changed));
                        report.done += 1;
                        last = last.max(Some(day));
                    }
                    Err(error) => {
                        report.count::<(), _>(Err(error));
                        break;
                    }
                }
                progress(day);
                day = day.next();
            }
        }
        report.note = last.map(|day| format!("已结账至{day}"));
        Ok(report)
    }

    /// Closes one day of a programme, piece by piece; a piece is a transaction. While one is written the next is read, on another connection and
    /// another processor.
    pub async fn close_day(
        &self,
        id: LoanProgrammeId,
        day: BusinessDate,
        size: u64,
    ) -> Result<loan_day::Model, ServicingError> {
        let mut ahead = read(close::ahead(&self.db, id, day, None, size).await).flatten();
        let mut rest = ahead.is_some().then(|| {
            let db = self.db.clone();
            tokio::spawn(async move { read(close::rest(&db, id, day).await) })
        });
        loop {
            let next = ahead.as_ref().and_then(Ahead::last).map(|last| {
                let db = self.db.clone();
                tokio::spawn(async move { read(close::ahead(&db, id, day, Some(last), size).await).flatten() })
            });
            if ahead.is_none()
                && let Some(reading) = rest.take()
            {
                ahead = reading.await.unwrap_or_default();
            }
            let piece = self.close_read_piece(id, day, size, ahead).await?;
            if let Piece::Closed(row) | Piece::There(row) = piece {
                return Ok(row);
            }
            // A reader that failed leaves its piece to be read in its turn.
            ahead = match next {
                Some(next) => next.await.unwrap_or_default(),
                None => None,
            };
        }
    }

    /// One piece of a day.
    pub async fn close_piece(
        &self,
        id: LoanProgrammeId,
        day: BusinessDate,
        size: u64,
    ) -> Result<Piece, ServicingError> {
        self.close_read_piece(id, day, size, None).await
    }

    async fn close_read_piece(
        &self,
        id: LoanProgrammeId,
        day: BusinessDate,
        size: u64,
        ahead: Option<Ahead>,
    ) -> Result<Piece, ServicingError> {
        let tx = self.db.begin().await?;
        let piece = close::piece(&tx, self.business.now(), id, day, size, ahead).await?;
        tx.commit().await?;
        Ok(piece)
    }

    async fn note(
        &self,
        tx: &entity::Tx,
        action: &'static str,
        object: String,
        detail: serde_json::Value,
        by: &Member,
    ) -> Result<(), DbErr> {
        let line = trail::Line { actor: staff(by.id), action, object, origin: by.origin.clone(), detail };
        trail::record(tx, self.business.now(), line).await
    }
}
