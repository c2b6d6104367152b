//! Loan programmes: how fresh they are, their pools, the days they closed, the files of their banks.

use std::sync::Arc;

use app::App;
use app::servicing::{FileBreak, Imported, Standing};
use entity::{loan_day, loan_file, loan_pool, loan_programme};
use lending::servicing::programme::NewProgramme;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan};

/// A programme: the loans of a bank that we follow, in a memo book of their own.
#[derive(Object)]
struct LoanProgramme {
    id: Uuid,
    bank: Uuid,
    bank_code: String,
    bank_name: String,
    name: String,
    /// The memo book.
    book: Uuid,
    /// How much the bank tells: `daily`, `monthly` or `summary`.
    pace: String,
    /// How far a fact of ours and one of the bank's may lie apart, in days.
    match_days: i64,
    first_day: Day,
    /// The last closed day.
    closed_through: Day,
    /// The day the bank's last file tells of: the figures are as fresh as that.
    #[oai(nullable)]
    told_through: Option<Day>,
    #[oai(nullable)]
    last_sequence: Option<i64>,
    #[oai(nullable)]
    loans: Option<i64>,
    #[oai(nullable)]
    balance: Option<Yuan>,
    #[oai(nullable)]
    pool: Option<LoanPool>,
}

/// Who holds the pool that bears a part of the losses (风险补偿金). Memo.
#[derive(Object)]
struct LoanPool {
    holder: String,
    holder_credit_code: String,
    size: Yuan,
}

/// Who shall hold it. A public body or a firm, never a charity.
#[derive(Object)]
struct LoanPoolWish {
    holder: Text,
    /// 统一社会信用代码.
    holder_credit_code: Text,
    size: Yuan,
}

impl From<loan_pool::Model> for LoanPool {
    fn from(row: loan_pool::Model) -> LoanPool {
        LoanPool { holder: row.holder, holder_credit_code: row.holder_credit_code, size: row.size_fen.into() }
    }
}

impl From<Standing> for LoanProgramme {
    fn from(standing: Standing) -> LoanProgramme {
        let Standing { programme, bank, pool, file, day } = standing;
        let loan_programme::Model { id, bank_id, book_id, name, pace, match_days, first_day, closed_through, .. } =
            programme;
        LoanProgramme {
            id: id.uuid(),
            bank: bank_id.uuid(),
            bank_code: bank.code,
            bank_name: bank.name,
            name,
            book: book_id.uuid(),
            pace,
            match_days,
            first_day: first_day.into(),
            closed_through: closed_through.into(),
            told_through: file.as_ref().map(|file| Day(file.day)),
            last_sequence: file.as_ref().map(|file| file.sequence),
            loans: day.as_ref().map(|day| day.loans),
            balance: day.as_ref().map(|day| Yuan(day.balance_fen)),
            pool: pool.map(Into::into),
        }
    }
}

/// A programme to be opened.
#[derive(Object)]
struct LoanProgrammeWish {
    /// Made by the client.
    id: Uuid,
    bank: Uuid,
    name: Text,
    pace: Text,
    match_days: i64,
    first_day: Day,
}

/// A closed day (日终).
#[derive(Object)]
struct LoanDay {
    day: Day,
    /// `closing` while its pieces are under way, then `closed`.
    state: String,
    loans: i64,
    /// How many were reckoned anew.
    changed: i64,
    balance: Yuan,
    /// Principal of loans with something late.
    overdue: Yuan,
    interest: crate::wire::SignedYuan,
    penalty: crate::wire::SignedYuan,
    compound: crate::wire::SignedYuan,
    off_balance: crate::wire::SignedYuan,
    /// SHA-256, chained to the day before.
    digest: String,
}

impl From<loan_day::Model> for LoanDay {
    fn from(row: loan_day::Model) -> LoanDay {
        LoanDay {
            day: row.day.into(),
            state: row.state,
            loans: row.loans,
            changed: row.changed,
            balance: row.balance_fen.into(),
            overdue: row.overdue_fen.into(),
            interest: row.interest_fen.into(),
            penalty: row.penalty_fen.into(),
            compound: row.compound_fen.into(),
            off_balance: row.off_balance_fen.into(),
            digest: row.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// A file of a bank.
#[derive(Object)]
struct LoanFile {
    id: Uuid,
    day: Day,
    pace: String,
    sequence: i64,
    /// Whether it had been read before: then nothing was changed.
    known: bool,
    records: u64,
    booked: u64,
    matched: u64,
    /// Positions and totals that agree.
    agreed: u64,
    /// What the bank says otherwise: for the bank itself, finance and auditors.
    breaks: Vec<LoanFileBreak>,
    /// How many differences there are.
    break_count: u64,
    #[oai(nullable)]
    received_at: Option<Instant>,
}

/// What the bank says otherwise than we expected.
#[derive(Object)]
struct LoanFileBreak {
    /// amount, split, balance, arrears, class, total, date, rounding, missing_here, missing_there, duplicate_there, unknown_line.
    class: String,
    key: String,
    amount: Yuan,
    #[oai(nullable)]
    expected: Option<Yuan>,
    detail: String,
}

impl From<FileBreak> for LoanFileBreak {
    fn from(one: FileBreak) -> LoanFileBreak {
        LoanFileBreak {
            class: one.class,
            key: one.key,
            amount: one.amount.into(),
            expected: one.expected.map(Yuan),
            detail: one.detail,
        }
    }
}

impl From<Imported> for LoanFile {
    fn from(imported: Imported) -> LoanFile {
        let Imported { id, day, pace, sequence, known, report, .. } = imported;
        LoanFile {
            id: id.uuid(),
            day: day.into(),
            pace,
            sequence,
            known,
            records: report.records,
            booked: report.booked,
            matched: report.matched,
            agreed: report.agreed,
            break_count: report.breaks.len() as u64 + report.hidden,
            breaks: report.breaks.into_iter().map(Into::into).collect(),
            received_at: None,
        }
    }
}

impl From<loan_file::Model> for LoanFile {
    fn from(row: loan_file::Model) -> LoanFile {
        let report: app::servicing::FileReport = serde_json::from_str(&row.report).unwrap_or_default();
        LoanFile {
            id: row.id.uuid(),
            day: row.day.into(),
            pace: row.pace,
            sequence: row.sequence,
            known: true,
            records: report.records,
            booked: report.booked,
            matched: report.matched,
            agreed: report.agreed,
            break_count: report.breaks.len() as u64 + report.hidden,
            breaks: report.breaks.into_iter().map(Into::into).collect(),
            received_at: Some(row.received_us.into()),
        }
    }
}

pub(crate) struct LoanProgrammeApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(tag = "Tag::Loans")]
impl LoanProgrammeApi {
    /// Programmes, and how fresh each is. Officers of a bank see its own.
    #[oai(path = "/staff/loan-programmes", method = "get")]
    async fn programmes(&self, officer: Officer) -> Result<Json<Page<LoanProgramme>>, ApiError> {
        Ok(Json(Page::whole(self.app.servicing.programmes(&officer.0).await?)))
    }

    /// Opens a programme and its memo book.
    #[oai(path = "/staff/loan-programmes", method = "post")]
    async fn open(&self, officer: Officer, body: Json<LoanProgrammeWish>) -> Result<Json<LoanProgramme>, ApiError> {
        let LoanProgrammeWish { id, bank, name, pace, match_days, first_day } = body.0;
        let new = NewProgramme {
            id: id.into(),
            bank: bank.into(),
            name: name.0,
            pace: pace.0,
            match_days,
            first_day: first_day.0,
        };
        self.app.servicing.open(new, &officer.0).await?;
        let all = self.app.servicing.programmes(&officer.0).await?;
        let opened = all.into_iter().find(|one| one.programme.id.uuid() == id);
        let none = || ApiError::not_found("no_such_loan_programme", "没有这个贷款项目。");
        Ok(Json(opened.ok_or_else(none)?.into()))
    }

    /// Says who holds the programme's risk pool, and how large it is. No charity does.
    #[oai(path = "/staff/loan-programmes/:programme_id/pool", method = "post")]
    async fn pool(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
        body: Json<LoanPoolWish>,
    ) -> Result<Json<LoanPool>, ApiError> {
        let LoanPoolWish { holder, holder_credit_code, size } = body.0;
        let id = programme_id.0.into();
        let row = self.app.servicing.set_pool(id, &holder.0, &holder_credit_code.0, size.0, &officer.0).await?;
        Ok(Json(row.into()))
    }

    /// Closed days of a programme, newest first. `after` is a day.
    #[oai(path = "/staff/loan-programmes/:programme_id/days", method = "get")]
    async fn days(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
        after: Query<Option<Day>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<LoanDay>>, ApiError> {
        let before = after.0.map(|day| day.0);
        let mut rows = self.app.servicing.days(programme_id.0.into(), before, limit.0 + 1, &officer.0).await?;
        let more = rows.len() as u64 > limit.0;
        rows.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.day.to_string());
        Ok(Json(Page { items: rows.into_iter().map(Into::into).collect(), next }))
    }

    /// Files of a programme, newest first. `after` is a sequence number.
    #[oai(path = "/staff/loan-programmes/:programme_id/files", method = "get")]
    async fn files(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
        after: Query<Option<i64>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<LoanFile>>, ApiError> {
        let mut rows = self.app.servicing.files(programme_id.0.into(), after.0, limit.0 + 1, &officer.0).await?;
        let more = rows.len() as u64 > limit.0;
        rows.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.sequence.to_string());
        Ok(Json(Page { items: rows.into_iter().map(Into::into).collect(), next }))
    }

    /// Reads a bank's file (docs/bank-file.md): taken whole or refused. The same file again changes nothing.
    #[oai(path = "/staff/loan-files", method = "post")]
    async fn import(&self, officer: Officer, body: Binary<Vec<u8>>) -> Result<Json<LoanFile>, ApiError> {
        Ok(Json(self.app.servicing.import(&body.0, &officer.0).await?.into()))
    }
}
