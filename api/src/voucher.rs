//! Manual and recurring vouchers, and opening balances.

use std::sync::Arc;

use app::App;
use app::vouchers::{Conversion, Converted, NewTemplate, NewVoucher, OldLine, Voucher, object};
use domain::Money;
use domain::voucher as rules;
use domain::voucher::{Side, VoucherAccount};
use entity::voucher_template;
use ledger::CashFlow;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::document::{self, Attachment, Download};
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan, said, wire_enum};

wire_enum! {
    /// 记账凭证, 红字凭证, 期初余额, 审计调整.
    VoucherKind = rules::VoucherKind { Ordinary, Reversal, Opening, Adjustment }
}

wire_enum! {
    /// Where a voucher stands.
    VoucherState = rules::VoucherState { Draft, Submitted, Posted, Discarded }
}

wire_enum! {
    /// How often a voucher comes again.
    VoucherCadence = rules::Cadence { Monthly, Quarterly, Yearly }
}

/// A line of a voucher: an account, and an amount on one of the two sides.
#[derive(Clone, Object)]
struct VoucherLine {
    /// The code of the subject (会计科目).
    #[oai(validator(min_length = 4, max_length = 6))]
    subject: Text,
    campaign: Option<Uuid>,
    /// The code of the campaign's budget line.
    budget_line: Option<Text>,
    /// The payment channel of 1009, or the cash box of 1001.
    channel: Option<Text>,
    /// Our account at a bank, for 1002.
    bank_account: Option<Text>,
    contract: Option<Text>,
    /// The kind of debt, for 2202 and 2209.
    payable: Option<Text>,
    /// Goods, not money.
    #[oai(default)]
    goods: bool,
    /// 借方.
    debit: Option<Yuan>,
    /// 贷方.
    credit: Option<Yuan>,
    /// The line of 现金流量表, on a line of cash.
    cash_flow: Option<Text>,
}

impl VoucherLine {
    fn read(self) -> Result<(VoucherAccount, Side, Money, Option<String>), ApiError> {
        let (side, amount) = match (self.debit, self.credit) {
            (Some(amount), None) => (Side::Debit, amount.0),
            (None, Some(amount)) => (Side::Credit, amount.0),
            _ => return Err(ApiError::field("lines", "每行只填借方或贷方")),
        };
        let account = VoucherAccount {
            subject: self.subject.0,
            campaign: self.campaign.map(Into::into),
            budget_line: said(self.budget_line),
            channel: said(self.channel),
            bank_account: said(self.bank_account),
            contract: said(self.contract),
            payable: said(self.payable),
            goods: self.goods,
        };
        Ok((account, side, amount, said(self.cash_flow)))
    }

    fn of(account: VoucherAccount, side: Side, amount: Money, cash_flow: Option<String>) -> VoucherLine {
        let text = |text: Option<String>| text.map(Text);
        let on = |of: Side| (side == of).then_some(Yuan(amount));
        VoucherLine {
            subject: Text(account.subject),
            campaign: account.campaign.map(|id| id.uuid()),
            budget_line: text(account.budget_line),
            channel: text(account.channel),
            bank_account: text(account.bank_account),
            contract: text(account.contract),
            payable: text(account.payable),
            goods: account.goods,
            debit: on(Side::Debit),
            credit: on(Side::Credit),
            cash_flow: text(cash_flow),
        }
    }
}

fn lines(lines: Vec<VoucherLine>) -> Result<Vec<rules::VoucherLine>, ApiError> {
    let line = |line: VoucherLine| {
        let (account, side, amount, cash_flow) = line.read()?;
        Ok(rules::VoucherLine { account, side, amount, cash_flow })
    };
    lines.into_iter().map(line).collect()
}

fn shown(lines: Vec<rules::VoucherLine>) -> Vec<VoucherLine> {
    lines.into_iter().map(|line| VoucherLine::of(line.account, line.side, line.amount, line.cash_flow)).collect()
}

/// A manual voucher.
#[derive(Object)]
struct ManualVoucher {
    id: Uuid,
    book: Uuid,
    kind: VoucherKind,
    state: VoucherState,
    /// The day it is about (业务日期).
    event_date: Day,
    /// The day it is booked on (记账日期), once it is posted.
    #[oai(nullable)]
    book_date: Option<Day>,
    /// The reference of its entry.
    #[oai(nullable)]
    reference: Option<String>,
    summary: String,
    total: Yuan,
    lines: Vec<VoucherLine>,
    /// The template that proposed it.
    #[oai(nullable)]
    template: Option<Uuid>,
    /// The voucher it takes back.
    #[oai(nullable)]
    reverses: Option<Uuid>,
    /// Whether its lines were brought over from the chart of 2004.
    converted: bool,
    written_by: Uuid,
    #[oai(nullable)]
    submitted_by: Option<Uuid>,
    #[oai(nullable)]
    posted_by: Option<Uuid>,
    /// Whom the poster stood in for.
    #[oai(nullable)]
    posted_for: Option<Uuid>,
    /// Why it was sent back last.
    #[oai(nullable)]
    returned_because: Option<String>,
    created_at: Instant,
    #[oai(nullable)]
    posted_at: Option<Instant>,
}

impl From<Voucher> for ManualVoucher {
    fn from(voucher: Voucher) -> ManualVoucher {
        let Voucher { row, lines, booked } = voucher;
        let (book_date, reference) = booked.map(|(day, reference)| (Day(day), reference)).unzip();
        ManualVoucher {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            kind: row.kind.into(),
            state: row.state.into(),
            event_date: row.event_date.into(),
            book_date,
            reference,
            summary: row.summary,
            total: row.total_fen.into(),
            lines: shown(lines),
            template: row.template_id.map(|id| id.uuid()),
            reverses: row.reverses_id.map(|id| id.uuid()),
            converted: row.converted_from.is_some(),
            written_by: row.author_id.uuid(),
            submitted_by: row.submitter_id.map(|id| id.uuid()),
            posted_by: row.poster_id.map(|id| id.uuid()),
            posted_for: row.poster_for_id.map(|id| id.uuid()),
            returned_because: row.returned_because,
            created_at: row.created_us.into(),
            posted_at: row.posted_us.map(Instant),
        }
    }
}

/// A voucher as it is written.
#[derive(Object)]
struct NewManualVoucher {
    /// Made by the client: the same id again is the same voucher.
    id: Uuid,
    /// A reversal is made of the voucher it takes back.
    kind: VoucherKind,
    event_date: Day,
    #[oai(validator(min_length = 2, max_length = 200))]
    summary: Text,
    /// With `2004`, the lines are balances under the chart of 2004, and an opening is made of them.
    #[oai(validator(pattern = "^(2004|2024)$"))]
    chart: Option<Text>,
    #[oai(validator(min_items = 2, max_items = 500))]
    lines: Vec<VoucherLine>,
}

/// The reversal (红字冲销) of a voucher.
#[derive(Object)]
struct VoucherReversal {
    /// Made by the client: the same id again is the same reversal.
    id: Uuid,
    event_date: Day,
    #[oai(validator(min_length = 2, max_length = 200))]
    reason: Text,
}

/// A voucher that comes again (周期凭证).
#[derive(Object)]
struct NewVoucherTemplate {
    /// Made by the client: the same id again is the same template.
    id: Uuid,
    #[oai(validator(min_length = 2, max_length = 200))]
    name: Text,
    #[oai(validator(min_length = 2, max_length = 200))]
    summary: Text,
    cadence: VoucherCadence,
    /// The day of the month; the last of a shorter month.
    #[oai(validator(minimum(value = "1"), maximum(value = "31")))]
    day: u8,
    starts_on: Day,
    ends_on: Option<Day>,
    #[oai(validator(min_items = 2, max_items = 500))]
    lines: Vec<VoucherLine>,
}

/// A voucher that comes again, as it stands.
#[derive(Object)]
struct VoucherTemplate {
    id: Uuid,
    book: Uuid,
    name: String,
    summary: String,
    cadence: VoucherCadence,
    day: i64,
    starts_on: Day,
    #[oai(nullable)]
    ends_on: Option<Day>,
    /// The day it proposes its next draft.
    #[oai(nullable)]
    next_on: Option<Day>,
    /// `active` or `stopped`.
    state: String,
    total: Yuan,
    lines: Vec<VoucherLine>,
    written_by: Uuid,
    created_at: Instant,
}

fn template(row: voucher_template::Model) -> Result<VoucherTemplate, ApiError> {
    let lines = serde_json::from_str(&row.lines).map_err(|error| ApiError::internal(&error))?;
    Ok(VoucherTemplate {
        id: row.id.uuid(),
        book: row.book_id.uuid(),
        name: row.name,
        summary: row.summary,
        cadence: row.cadence.into(),
        day: row.day,
        starts_on: row.starts_on.into(),
        ends_on: row.ends_on.map(Day),
        next_on: row.next_on.map(Day),
        state: row.state,
        total: row.total_fen.into(),
        lines: shown(lines),
        written_by: row.author_id.uuid(),
        created_at: row.created_us.into(),
    })
}

/// Balances under the chart of 2004.
#[derive(Object)]
struct OldBalances {
    #[oai(validator(min_items = 1, max_items = 500))]
    lines: Vec<VoucherLine>,
}

fn old(lines: Vec<VoucherLine>) -> Result<Vec<OldLine>, ApiError> {
    let line = |line: VoucherLine| {
        let (account, side, amount, _) = line.read()?;
        Ok(OldLine { account, side, amount })
    };
    lines.into_iter().map(line).collect()
}

/// A subject, named with its chart.
#[derive(Object)]
struct ChartSubject {
    chart: String,
    code: String,
    name: String,
}

fn subject(chart: &str, (code, name): (String, String)) -> ChartSubject {
    ChartSubject { chart: chart.to_owned(), code, name }
}

/// A subject of 2004 and what it became.
#[derive(Object)]
struct ConversionRule {
    from: ChartSubject,
    to: ChartSubject,
}

/// A balance and where it goes.
#[derive(Object)]
struct ConvertedLine {
    from: ChartSubject,
    #[oai(nullable)]
    to: Option<ChartSubject>,
    #[oai(nullable)]
    debit: Option<Yuan>,
    #[oai(nullable)]
    credit: Option<Yuan>,
    /// Why it cannot go there.
    #[oai(nullable)]
    problem: Option<String>,
}

impl From<Converted> for ConvertedLine {
    fn from(line: Converted) -> ConvertedLine {
        let Converted { from, from_name, to, problem } = line;
        let on = |side: Side| (from.side == side).then_some(Yuan(from.amount));
        ConvertedLine {
            debit: on(Side::Debit),
            credit: on(Side::Credit),
            from: subject(ledger::OLD_CHART, (from.account.subject, from_name)),
            to: to.map(|to| subject("2024", to)),
            problem: problem.map(str::to_owned),
        }
    }
}

/// What a conversion would do; nothing is done.
#[derive(Object)]
struct ConversionTrial {
    /// The whole map of the charts.
    map: Vec<ConversionRule>,
    lines: Vec<ConvertedLine>,
    /// The lines of the opening voucher; empty if a line has a problem.
    voucher: Vec<VoucherLine>,
    debit_before: Yuan,
    credit_before: Yuan,
    debit_after: Yuan,
    credit_after: Yuan,
    /// Whether both sides are the same, before and after.
    balanced: bool,
}

impl From<Conversion> for ConversionTrial {
    fn from(trial: Conversion) -> ConversionTrial {
        let rule = |(from, to)| ConversionRule { from: subject(ledger::OLD_CHART, from), to: subject("2024", to) };
        let whole = trial.lines.iter().all(|line| line.problem.is_none());
        let net = |(debit, credit): (Money, Money)| debit.checked_sub(credit);
        ConversionTrial {
            balanced: whole && trial.before.0 == trial.before.1 && net(trial.before) == net(trial.after),
            map: trial.map.into_iter().map(rule).collect(),
            lines: trial.lines.into_iter().map(Into::into).collect(),
            voucher: shown(trial.voucher),
            debit_before: trial.before.0.into(),
            credit_before: trial.before.1.into(),
            debit_after: trial.after.0.into(),
            credit_after: trial.after.1.into(),
        }
    }
}

/// A line of 现金流量表 that a cash line of a voucher can name.
#[derive(Object)]
struct CashFlowChoice {
    key: String,
    title: String,
    /// Whether money comes in by it.
    inward: bool,
}

pub(crate) struct VoucherApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<ManualVoucher>, ApiError>;

#[OpenApi(prefix_path = "/staff", tag = "Tag::Books")]
impl VoucherApi {
    /// The lines of 现金流量表 that a voucher can name.
    #[oai(path = "/cash-flow-lines", method = "get")]
    async fn cash_flow_lines(&self, officer: Officer) -> Result<Json<Page<CashFlowChoice>>, ApiError> {
        officer.must_be(&crate::books::READERS)?;
        let choice = |(flow, title, inward): (CashFlow, &str, bool)| CashFlowChoice {
            key: flow.key().to_owned(),
            title: title.to_owned(),
            inward,
        };
        Ok(Json(Page { items: CashFlow::all().map(choice).collect(), next: None }))
    }

    /// The manual vouchers of a book, newest first.
    #[oai(path = "/books/:book_id/vouchers", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        state: Query<Option<VoucherState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<ManualVoucher>>, ApiError> {
        let (state, after) = (state.0.map(Into::into), after.0.map(Into::into));
        // A cursor that names nothing is no cursor; a book that is not there is said to be.
        let rows = self.app.vouchers.page(book_id.0.into(), state, &officer.0, after, limit.0 + 1).await;
        let rows = rows.map_err(|error| if after.is_some() { ApiError::of_list(error) } else { error.into() })?;
        Ok(Json(Page::of(rows, limit.0, |voucher| voucher.row.id.uuid())))
    }

    /// Writes a voucher: the first of two persons.
    #[oai(path = "/books/:book_id/vouchers", method = "post")]
    async fn draft(&self, officer: Officer, book_id: Path<Uuid>, body: Json<NewManualVoucher>) -> Answer {
        let new = body.0;
        if new.chart.as_ref().is_some_and(|chart| chart.0 == ledger::OLD_CHART) {
            if new.kind != VoucherKind::Opening {
                return Err(ApiError::field("chart", "只有期初余额可以按2004制度填写"));
            }
            let (place, old) = ((book_id.0.into(), new.event_date.0), old(new.lines)?);
            let opened = self.app.vouchers.open_converted(new.id.into(), place, &new.summary.0, &old, &officer.0);
            return Ok(Json(opened.await?.into()));
        }
        Ok(Json(self.app.vouchers.draft(voucher(book_id.0, new)?, &officer.0).await?.into()))
    }

    /// Shows what a conversion of balances from the chart of 2004 would do, and does nothing.
    #[oai(path = "/books/:book_id/opening-conversion", method = "post")]
    async fn convert(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        body: Json<OldBalances>,
    ) -> Result<Json<ConversionTrial>, ApiError> {
        let old = old(body.0.lines)?;
        Ok(Json(self.app.vouchers.convert(book_id.0.into(), &old, &officer.0).await?.into()))
    }

    /// A voucher.
    #[oai(path = "/vouchers/:voucher_id", method = "get")]
    async fn get(&self, officer: Officer, voucher_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.vouchers.get(voucher_id.0.into(), &officer.0).await?.into()))
    }

    /// Rewrites a draft; its author.
    #[oai(path = "/books/:book_id/vouchers/:voucher_id", method = "put")]
    async fn edit(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        voucher_id: Path<Uuid>,
        body: Json<NewManualVoucher>,
    ) -> Answer {
        let new = NewManualVoucher { id: voucher_id.0, ..body.0 };
        Ok(Json(self.app.vouchers.edit(voucher(book_id.0, new)?, &officer.0).await?.into()))
    }

    /// Hands a draft in; a document has to be attached.
    #[oai(path = "/vouchers/:voucher_id/submission", method = "post")]
    async fn submit(&self, officer: Officer, voucher_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.vouchers.submit(voucher_id.0.into(), &officer.0).await?.into()))
    }

    /// Posts it: another person than who wrote it or handed it in.
    #[oai(path = "/vouchers/:voucher_id/posting", method = "post")]
    async fn post(&self, officer: Officer, voucher_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.vouchers.post(voucher_id.0.into(), &officer.0).await?.into()))
    }

    /// Sends it back to its author.
    #[oai(path = "/vouchers/:voucher_id/return", method = "post")]
    async fn send_back(&self, officer: Officer, voucher_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let reason = body.0.reason.0;
        Ok(Json(self.app.vouchers.send_back(voucher_id.0.into(), &reason, &officer.0).await?.into()))
    }

    /// Gives it up before it is posted.
    #[oai(path = "/vouchers/:voucher_id/discard", method = "post")]
    async fn discard(&self, officer: Officer, voucher_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.vouchers.discard(voucher_id.0.into(), &officer.0).await?.into()))
    }

    /// Writes the reversal (红字冲销) of a posted voucher; it is handed in and posted like any other.
    #[oai(path = "/vouchers/:voucher_id/reversal", method = "post")]
    async fn reverse(&self, officer: Officer, voucher_id: Path<Uuid>, body: Json<VoucherReversal>) -> Answer {
        let VoucherReversal { id, event_date, reason } = body.0;
        let (id, of) = (id.into(), voucher_id.0.into());
        Ok(Json(self.app.vouchers.reverse(id, of, event_date.0, &reason.0, &officer.0).await?.into()))
    }

    /// The documents it is based on.
    #[oai(path = "/vouchers/:voucher_id/attachments", method = "get")]
    async fn attachments(&self, officer: Officer, voucher_id: Path<Uuid>) -> Result<Json<Page<Attachment>>, ApiError> {
        self.app.vouchers.get(voucher_id.0.into(), &officer.0).await?;
        document::list(&self.app, &object(voucher_id.0.into())).await
    }

    /// Attaches a document.
    #[oai(path = "/vouchers/:voucher_id/attachments", method = "post")]
    async fn attach(
        &self,
        officer: Officer,
        voucher_id: Path<Uuid>,
        /// What it proves: `contract`, `invoice`, `roster`, `list`, `filing`, `filing_receipt`, `minutes`, `report`, `statement`, `scan`,
        /// `picture` or `other`.
        #[oai(validator(min_length = 1, max_length = 40))]
        kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<Attachment>, ApiError> {
        self.app.vouchers.may_document(voucher_id.0.into(), false, &officer.0).await?;
        document::upload(&self.app, &officer.0, &object(voucher_id.0.into()), &kind.0, &file_name.0, body).await
    }

    /// A document of it.
    #[oai(path = "/vouchers/:voucher_id/attachments/:attachment_id", method = "get")]
    async fn attachment(
        &self,
        officer: Officer,
        voucher_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        self.app.vouchers.get(voucher_id.0.into(), &officer.0).await?;
        document::download(&self.app, &object(voucher_id.0.into()), attachment_id.0).await
    }

    /// Withdraws a document of a draft.
    #[oai(path = "/vouchers/:voucher_id/attachments/:attachment_id", method = "delete")]
    async fn detach(
        &self,
        officer: Officer,
        voucher_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        self.app.vouchers.may_document(voucher_id.0.into(), true, &officer.0).await?;
        document::withdraw(&self.app, &officer.0, &object(voucher_id.0.into()), attachment_id.0).await
    }

    /// The vouchers of a book that come again, newest first.
    #[oai(path = "/books/:book_id/voucher-templates", method = "get")]
    async fn templates(&self, officer: Officer, book_id: Path<Uuid>) -> Result<Json<Page<VoucherTemplate>>, ApiError> {
        let rows = self.app.vouchers.templates(book_id.0.into(), &officer.0).await?;
        let items = rows.into_iter().map(template).collect::<Result<_, _>>()?;
        Ok(Json(Page { items, next: None }))
    }

    /// Writes a voucher that comes again.
    #[oai(path = "/books/:book_id/voucher-templates", method = "post")]
    async fn plan(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        body: Json<NewVoucherTemplate>,
    ) -> Result<Json<VoucherTemplate>, ApiError> {
        let new = body.0;
        let new = NewTemplate {
            id: new.id.into(),
            book: book_id.0.into(),
            name: new.name.0,
            summary: new.summary.0,
            lines: lines(new.lines)?,
            cadence: new.cadence.into(),
            day: new.day,
            starts_on: new.starts_on.0,
            ends_on: new.ends_on.map(|day| day.0),
        };
        Ok(Json(template(self.app.vouchers.plan(new, &officer.0).await?)?))
    }

    /// Stops it; what it proposed stays.
    #[oai(path = "/voucher-templates/:template_id/stop", method = "post")]
    async fn stop(&self, officer: Officer, template_id: Path<Uuid>) -> Result<Json<VoucherTemplate>, ApiError> {
        Ok(Json(template(self.app.vouchers.stop(template_id.0.into(), &officer.0).await?)?))
    }
}

fn voucher(book: Uuid, new: NewManualVoucher) -> Result<NewVoucher, ApiError> {
    Ok(NewVoucher {
        id: new.id.into(),
        book: book.into(),
        kind: new.kind.into(),
        event_date: new.event_date.0,
        summary: new.summary.0,
        lines: lines(new.lines)?,
    })
}
