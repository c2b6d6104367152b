//! Money between the channel and the bank: withdrawals and top-ups of the fund-flow bill and lines of the bank's statement against
//! the transfers (entries 3a-3d). What a cashier has recorded is only tied to its lines; what nobody has recorded is booked from
//! them. Lines and withdrawals that lack their other side wait for so many working days as finance lets them.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::reconciliation::BreakClass;
use domain::transfer::{TransferKind, TransferState};
use domain::{BankLineId, BookId, BusinessDate, Money, PayoutId, TransferId};
use entity::{Rows, bank_line, bill, discrepancy, transfer};
use ledger::{Account, Entry, Refusal};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QueryResult,
    Select, StreamTrait,
};
use uuid::Uuid;

use super::bills::{self, BankLine, Bills, FlowKind, FlowLine};
use super::findings::{Findings, Side};
use super::flow::flows;
use super::follow::Told;
use super::ours::{self, Movement};
use super::rule::Terms;
use super::{House, ReconcileError, Reconciliation};
use crate::postings::{self, Moved};
use crate::transfers::{self, Line, Shown, TransferError};

/// For so many days after a withdrawal its line at the bank is looked for.
const BANK_DAYS: i64 = 14;

/// What a return is called that two persons have booked because no fund-flow bill shows the withdrawal; its number follows.
pub(super) const NOT_SHOWN: &str = "unshown:";
/// What a break about a line of the bank's is called by that a withdrawal arrived in; the line follows.
pub(crate) const AT_BANK: &str = "bank:";

/// What could be done about transfers, in the words of finance.
const NOT_LEFT: &str = "账上已提现、资金账单无：向微信核实；以微信为准则冲回提现，以账本为准则说明原因";
const NOT_TOPPED_UP: &str = "账上已充值到账、资金账单无：向微信核实；以微信为准则转入短款待查，以账本为准则说明原因";
const NOT_ARRIVED: &str = "银行未到账：向银行核实到账时间；退回的由出纳登记退回，到账的登记到账或补充对账单";
const NOT_AT_BANK: &str =
    "银行未到账：已记到账、对账单现无此笔，向银行核实；以银行为准则冲回并转入短款待查，以账本为准则说明原因";

/// The day a transfer left its source.
fn left_on(one: &transfer::Model) -> BusinessDate {
    one.left_on.unwrap_or_else(|| BusinessDate::of(one.departed_us.unwrap_or(one.created_us)))
}

/// Whether it is on its way.
fn under_way(one: &transfer::Model) -> bool {
    matches!(one.state, TransferState::Departed | TransferState::ArrivalProposed)
}

/// Whether it has left, and is not known to have arrived or come back.
fn left(one: &transfer::Model) -> bool {
    under_way(one) || one.state == TransferState::ReturnProposed
}

/// Whether two persons have booked it back because no fund-flow bill shows it.
fn taken_back(one: &transfer::Model) -> bool {
    one.return_no.as_deref().is_some_and(|number| number.starts_with(NOT_SHOWN))
}

/// The number by which it is known: the channel's if there is one, otherwise ours.
fn number_of(one: &transfer::Model) -> String {
    one.flow_no.clone().unwrap_or_else(|| one.id.to_string())
}

/// The lines of a fund-flow bill that move money between the channel and the bank, each with a number of its own. Where the channel gives
/// none, or one twice, it is made of the moment and the amount, and of how many such there are before: the same in any order of the lines.
pub(super) fn numbered(day: BusinessDate, flow: &[FlowLine]) -> Vec<(String, &FlowLine)> {
    let moves = |kind| matches!(kind, FlowKind::Withdrawal | FlowKind::WithdrawalReturned | FlowKind::TopUp);
    let mut times: HashMap<(bool, String), usize> = HashMap::new();
    let number = |line: &FlowLine| {
        let known = line.number().map(str::to_owned);
        let made = || format!("{day}:{}:{}", line.at.seconds(), line.amount);
        let (own, number) = (known.is_some(), known.unwrap_or_else(made));
        // A withdrawal that comes back may do so under its own number.
        let nth = times.entry((line.kind == FlowKind::WithdrawalReturned, number.clone())).or_default();
        *nth += 1;
        if own && *nth == 1 { number } else { format!("{number}:{nth}") }
    };
    let lines: Vec<&FlowLine> = flow.iter().filter(|line| moves(line.kind)).collect();
    let numbers: Vec<String> = lines.iter().copied().map(number).collect();
    numbers.into_iter().zip(lines).collect()
}

/// By how much the lines of a number have moved the balance, in fen; nothing if there are none.
pub(super) fn moved_by(day: BusinessDate, flow: &[FlowLine], number: &str) -> Option<i64> {
    let lines = numbered(day, flow).into_iter().filter(|(known, _)| known == number);
    let fen: Vec<i64> = lines.map(|(_, line)| line.amount.fen()).collect();
    (!fen.is_empty()).then(|| fen.iter().sum())
}

/// The transfers there are, and those that a line of the bill at hand has named.
struct Known {
    all: Vec<transfer::Model>,
    shown: HashSet<TransferId>,
    /// Those whose return a line has named.
    back: HashSet<TransferId>,
}

impl Known {
    /// The transfer that a line names and no line before it has named.
    fn find(&self, number: &str, line: &FlowLine) -> Option<&transfer::Model> {
        let free = || self.all.iter().filter(|one| !self.shown.contains(&one.id));
        let exact = free().find(|one| one.flow_no.as_deref() == Some(number));
        exact.or_else(|| free().find(|one| one.flow_no.as_deref().is_some_and(|tied| line.names(tied))))
    }
}

impl Reconciliation {
    async fn transfers_of(&self, house: &House) -> Result<Vec<transfer::Model>, DbErr> {
        transfer::Entity::find()
            .filter(transfer::Column::BookId.eq(house.owner.book_id))
            .filter(transfer::Column::State.ne(TransferState::Rejected))
            .order_by_asc(transfer::Column::CreatedUs)
            .order_by_asc(transfer::Column::Id)
            .all(self.db.read())
            .await
    }

    /// The withdrawals and top-ups of the fund-flow bill, and what the books have moved that it does not show.
    pub(super) async fn withdrawals(
        &self,
        house: &House,
        terms: &Terms,
        bills: &Bills,
        ours: &[Movement],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let day = terms.day;
        let lines = numbered(day, bills.flow.as_deref().unwrap_or_default());
        if !lines.is_empty() && !self.is_ours(house, day, bills, ours).await? {
            for (number, line) in lines {
                let detail = format!("资金账单与账上毫无关联，未入账：{}", line.words);
                found.add(BreakClass::UnknownLine, &number, line.amount, None, detail);
            }
            return Ok(());
        }
        let mut known = Known { all: self.transfers_of(house).await?, shown: HashSet::new(), back: HashSet::new() };
        let numbers: Vec<String> = lines.iter().map(|(number, _)| number.clone()).collect();
        let stands = ours::on_channel(self.db.read(), house.owner.book_id, Moved::Line, &numbers).await?;
        for (number, line) in &lines {
            // Two persons have booked what the line says: it is not booked again by itself.
            if let Some(stands) = stands.get(number).filter(|stands| stands.followed > 0) {
                found.matched += u64::from(stands.fen == line.amount.fen());
                let of_it = |one: &&transfer::Model| one.flow_no.as_ref() == Some(number);
                known.shown.extend(known.all.iter().find(of_it).map(|one| one.id));
                continue;
            }
            let line = (number.as_str(), *line);
            match line.1.kind {
                FlowKind::WithdrawalReturned => self.returned(day, line, &mut known, found).await?,
                FlowKind::TopUp => self.moved(house, terms, line, TransferKind::TopUp, &mut known, found).await?,
                _ => self.moved(house, terms, line, TransferKind::Withdrawal, &mut known, found).await?,
            }
        }
        self.unshown(house, terms, ours, &known, found).await
    }

    /// A withdrawal that left, or a top-up that arrived.
    async fn moved(
        &self,
        house: &House,
        terms: &Terms,
        (number, line): (&str, &FlowLine),
        kind: TransferKind,
        known: &mut Known,
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let day = terms.day;
        let amount = Money::from_fen(line.amount.fen().abs());
        if let Some(one) = known.find(number, line) {
            if taken_back(one) {
                let detail = "曾因资金账单无此笔而退回，账单又列出";
                found.add(BreakClass::UnknownLine, number, line.amount, None, detail);
            } else {
                found.matched += 1;
            }
            let id = one.id;
            known.shown.insert(id);
            return Ok(());
        }
        let Known { all, shown, .. } = known;
        let same = all.iter_mut().filter(|one| {
            let near = left_on(one).days_to(day).abs() <= BANK_DAYS;
            let open = one.flow_no.is_none() && !taken_back(one) && !shown.contains(&one.id);
            one.kind == kind && one.amount_fen == amount && open && near
        });
        let now = self.business.now();
        let tx = self.db.begin().await?;
        // One that left before one that is only recorded, and before one that came back and perhaps never left; the oldest first.
        let likely = |one: &&mut transfer::Model| match one.state {
            TransferState::Returned => 2,
            TransferState::Proposed => 1,
            _ => 0,
        };
        let (row, fresh) = match same.min_by_key(likely) {
            // The cashier has recorded it and nobody has confirmed it yet: the confirmation books it.
            Some(one) if one.state == TransferState::Proposed => {
                let detail = "出纳已登记，尚待复核".to_owned();
                let about = (number, line.amount);
                found.wait(Side::FundFlow, BreakClass::MissingHere, about, terms.until(), detail);
                return Ok(());
            }
            Some(one) => {
                *one = transfers::tie(&tx, now, one.id, Line::Flow(number), day).await?;
                // Its own day has missed it.
                found.cleared.insert(one.id.to_string());
                shown.insert(one.id);
                (None, false)
            }
            None => {
                let (book, bank_account) = (house.owner.book_id, house.owner.bank_account.as_str());
                let shown_first = Shown { book, kind, amount, bank_account, flow_no: number, on: day };
                match transfers::shown_first(&tx, now, shown_first).await {
                    Ok(row) if kind == TransferKind::TopUp => {
                        (Some(transfers::tie(&tx, now, row.id, Line::Flow(number), day).await?), true)
                    }
                    Ok(row) => (Some(row), true),
                    Err(TransferError::Ledger(refusal @ Refusal::Overdrawn { .. })) => {
                        found.add(BreakClass::UnknownLine, number, line.amount, None, refusal.to_string());
                        return Ok(());
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        tx.commit().await?;
        found.booked = true;
        shown.extend(row.as_ref().map(|row| row.id));
        all.extend(row);
        if fresh {
            found.healed += 1
        } else {
            found.matched += 1
        }
        Ok(())
    }

    async fn returned(
        &self,
        day: BusinessDate,
        (number, line): (&str, &FlowLine),
        known: &mut Known,
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let Known { all, back, .. } = known;
        let tied =
            |one: &transfer::Model| one.return_no.as_deref().is_some_and(|tied| tied == number || line.names(tied));
        // Two lines of one number are two returns.
        let exact = |one: &&transfer::Model| one.return_no.as_deref() == Some(number);
        let free = || all.iter().filter(|one| !back.contains(&one.id));
        if let Some(one) = free().find(exact).or_else(|| free().find(|one| tied(one))) {
            back.insert(one.id);
            found.matched += 1;
            return Ok(());
        }
        let open = |one: &transfer::Model| {
            one.kind == TransferKind::Withdrawal
                && one.amount_fen == line.amount
                && one.return_no.is_none()
                && !matches!(one.state, TransferState::Proposed | TransferState::Arrived)
        };
        let of_number =
            all.iter().position(|one| open(one) && one.flow_no.as_deref().is_some_and(|tied| line.names(tied)));
        let Some(at) = of_number.or_else(|| all.iter().position(open)) else {
            found.add(BreakClass::UnknownLine, number, line.amount, None, &*line.words);
            return Ok(());
        };
        let healed = all[at].state != TransferState::Returned;
        let tx = self.db.begin().await?;
        all[at] = transfers::tie(&tx, self.business.now(), all[at].id, Line::Return(number), day).await?;
        tx.commit().await?;
        back.insert(all[at].id);
        found.booked = true;
        if healed {
            found.healed += 1
        } else {
            found.matched += 1
        }
        Ok(())
    }

    /// What the books have moved at the channel on the day, and neither its bill nor a neighbour's shows: it waits, and is a break after
    /// that. What two persons have booked against it agrees.
    async fn unshown(
        &self,
        house: &House,
        terms: &Terms,
        ours: &[Movement],
        known: &Known,
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let day = terms.day;
        let arrived: HashSet<&str> = ours
            .iter()
            .filter(|one| one.kind == "top_up" && one.event_date == day)
            .filter_map(|one| one.reference.strip_prefix("transfer_done:"))
            .collect();
        let moved = |one: &&transfer::Model| match one.kind {
            TransferKind::Withdrawal => left_on(one) == day && (left(one) || one.state == TransferState::Arrived),
            TransferKind::TopUp => one.state == TransferState::Arrived && arrived.contains(one.id.to_string().as_str()),
        };
        let missing: Vec<(String, &transfer::Model)> = known
            .all
            .iter()
            .filter(|one| !known.shown.contains(&one.id))
            .filter(moved)
            .map(|one| (number_of(one), one))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let around = self.neighbours(house, day).await?;
        let numbers: Vec<String> = missing.iter().map(|(number, _)| number.clone()).collect();
        let stands = ours::on_channel(self.db.read(), house.owner.book_id, Moved::Line, &numbers).await?;
        for (number, one) in missing {
            let elsewhere = flows(&around).any(|(_, lines)| lines.iter().any(|line| line.names(&number)));
            if elsewhere || stands.get(&number).is_some_and(|stands| stands.fen == 0) {
                continue;
            }
            let (detail, advice) = match one.kind {
                TransferKind::Withdrawal => ("账上已提现，资金账单无此笔", NOT_LEFT),
                TransferKind::TopUp => ("账上已充值到账，资金账单无此笔", NOT_TOPPED_UP),
            };
            let about = (number.as_str(), one.amount_fen);
            found.wait(Side::Books, BreakClass::MissingThere, about, terms.until(), detail);
            found.advise(BreakClass::MissingThere, &number, advice);
        }
        Ok(())
    }

    /// The bank's lines of the day. Money arrives over several working days, in one line or in many, so that withdrawals are looked for among
    /// the lines of two weeks before and after it. What left on the day and has not arrived, and what the channel has paid in and nobody has
    /// seen leave, waits.
    pub(super) async fn bank(&self, house: &House, terms: &Terms, found: &mut Findings) -> Result<(), ReconcileError> {
        let day = terms.day;
        let (from, to) = (day.after_days(-BANK_DAYS).unwrap_or(day), day.after_days(BANK_DAYS).unwrap_or(day));
        let statements = self.statements(house, from, to).await?;
        let mut known = self.transfers_of(house).await?;
        let all: Vec<Dated<'_>> =
            statements.iter().flat_map(|(on, lines)| lines.iter().map(|line| (*on, line))).collect();
        let mut booked = self.bank_gifts(house, &all).await?;
        booked.extend(self.at_the_console(house, &all).await?);
        booked.extend(self.paid_out(house, &all).await?);
        let tied = |line: &BankLine| {
            let names = |bank_line: &str| bank_line.split('+').any(|part| part == line.reference);
            known.iter().any(|one| one.bank_line.as_deref().is_some_and(names)) || booked.contains(&line.reference)
        };
        let (placed, open): (Vec<Dated<'_>>, Vec<Dated<'_>>) = all.into_iter().partition(|(_, line)| tied(line));
        found.matched += placed.iter().filter(|(on, _)| *on == day).count() as u64;
        for (lines, transfers) in pairs(&open, &known) {
            let reference = lines.iter().map(|at| open[*at].1.reference.as_str()).collect::<Vec<_>>().join("+");
            let on = lines.iter().map(|at| open[*at].0).max().unwrap_or(day);
            let (tx, now) = (self.db.begin().await?, self.business.now());
            let mut booked = false;
            for at in transfers {
                let row = transfers::tie(&tx, now, known[at].id, Line::Bank(&reference), on).await?;
                booked |= row.state != known[at].state;
                known[at] = row;
            }
            tx.commit().await?;
            found.booked = true;
            found.cleared.extend(lines.iter().map(|at| open[*at].1.reference.clone()));
            if booked { found.healed += 1 } else { found.matched += 1 }
        }
        for (_, line) in open.into_iter().filter(|(on, _)| *on == day) {
            if found.cleared.contains(&line.reference) {
                continue;
            }
            // What the channel has paid in may be part of what is on its way, or of a day whose fund-flow bill is still to come.
            let part = |one: &transfer::Model| {
                let kind = one.kind == TransferKind::Withdrawal && under_way(one) && one.bank_line.is_none();
                kind && (0..=BANK_DAYS).contains(&left_on(one).days_to(day))
            };
            let may_come = line.amount.is_positive() && of_channel(line);
            if may_come && (known.iter().any(part) || self.flow_unread(house, day).await?) {
                let about = (line.reference.as_str(), line.amount);
                found.wait(Side::Bank, BreakClass::UnknownLine, about, terms.bank_until(), line.words.clone());
            } else {
                found.add(BreakClass::UnknownLine, &line.reference, line.amount, None, line.words.clone());
            }
        }
        let lacks = |one: &&transfer::Model| {
            one.kind == TransferKind::Withdrawal && under_way(one) && one.bank_line.is_none() && left_on(one) == day
        };
        for one in known.iter().filter(lacks) {
            let number = number_of(one);
            // What has not left does not arrive.
            if found.tells(Side::Books, BreakClass::MissingThere, &number) {
                continue;
            }
            let about = (number.as_str(), one.amount_fen);
            found.wait(Side::FundFlow, BreakClass::MissingThere, about, terms.bank_until(), "提现尚未到账");
            found.advise(BreakClass::MissingThere, &number, NOT_ARRIVED);
        }
        self.vanished(house, day, (&statements, &known), found).await
    }

    /// Arrivals of the day that were booked from a line which the statement now in force does not have; and lines that are there again after
    /// two persons have taken their arrival back.
    async fn vanished(
        &self,
        house: &House,
        day: BusinessDate,
        (statements, known): (&[(BusinessDate, Vec<BankLine>)], &[transfer::Model]),
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        if statements.iter().all(|(on, _)| *on != day) {
            return Ok(());
        }
        let arrived = |one: &&transfer::Model| {
            let near = (0..=BANK_DAYS).contains(&left_on(one).days_to(day));
            one.kind == TransferKind::Withdrawal && one.state == TransferState::Arrived && near
        };
        let db = self.db.read();
        let mut of_lines: BTreeMap<&str, Vec<&transfer::Model>> = BTreeMap::new();
        for one in known.iter().filter(arrived) {
            if let Some(line) = &one.bank_line {
                of_lines.entry(line).or_default().push(one);
            }
        }
        let days = arrival_days(db, of_lines.values().flatten().map(|one| one.id)).await?;
        of_lines.retain(|_, those| those.iter().any(|one| days.get(&one.id) == Some(&day)));
        for (line, those) in of_lines {
            let fen: i64 = those.iter().map(|one| one.amount_fen.fen()).sum();
            let (item, amount) = (format!("{AT_BANK}{line}"), Money::from_fen(fen));
            let account = (house.owner.book_id, house.owner.bank_account.as_str());
            let shown = at_bank(db, account, line, statements).await?;
            let (back, _) = taken_from_bank(db, account.0, account.1, &item).await?;
            match (shown, back) {
                (false, 0) => {
                    found.add(BreakClass::MissingThere, &item, amount, None, "曾据银行流水记到账，对账单现无此笔");
                    found.advise(BreakClass::MissingThere, &item, NOT_AT_BANK);
                }
                (true, back) if back != 0 => {
                    let detail = "到账曾因对账单无此笔而冲回，对账单又列出";
                    found.add(BreakClass::UnknownLine, &item, amount, None, detail);
                }
                (false | true, _) => {}
            }
        }
        Ok(())
    }

    /// Whether the fund-flow bill of the day or of one of the three before, on which a withdrawal could have left, is still to come.
    async fn flow_unread(&self, house: &House, day: BusinessDate) -> Result<bool, DbErr> {
        let first = day.after_days(-3).unwrap_or(day);
        let read = bill::Entity::find()
            .filter(bill::Column::BookId.eq(house.owner.book_id))
            .filter(bill::Column::Kind.eq("fund_flow"))
            .filter(bill::Column::Day.between(first, day.previous()))
            .filter(bill::Column::ReplacedUs.is_null())
            .count(self.db.read())
            .await?;
        Ok(read < 3)
    }

    /// The references of lines that the console has placed: they are tied to entries, or stand as money of nobody yet.
    async fn at_the_console(&self, house: &House, lines: &[Dated<'_>]) -> Result<HashSet<String>, DbErr> {
        if lines.is_empty() {
            return Ok(HashSet::new());
        }
        let db = self.db.read();
        let rows = Rows::new()
            .text("reference", lines.iter().map(|(_, line)| line.reference.clone()))
            .int("amount_fen", lines.iter().map(|(_, line)| line.amount.fen()))
            .text("day", lines.iter().map(|(on, _)| on.to_string()));
        let sql = "SELECT l.reference FROM {rows} JOIN bank_line l ON l.reference = r.reference AND l.amount_fen = r.amount_fen \
                   AND l.day = r.day WHERE l.book_id = $1 AND l.bank_account = $2 AND l.state <> 'open'";
        let values = [house.owner.book_id.into(), house.owner.bank_account.as_str().into()];
        let statement = rows.statement(db.get_database_backend(), sql, values);
        db.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "reference")).collect()
    }

    /// The references of lines that are payments of ours: they name the payment, or it names them, and it is booked.
    async fn paid_out(&self, house: &House, lines: &[Dated<'_>]) -> Result<HashSet<String>, DbErr> {
        let outgoing: Vec<&BankLine> =
            lines.iter().map(|(_, line)| *line).filter(|line| line.amount.is_negative()).collect();
        if outgoing.is_empty() {
            return Ok(HashSet::new());
        }
        let db = self.db.read();
        let rows = Rows::new()
            .uuid("id", outgoing.iter().map(|line| payout_of(line).uuid()))
            .text("reference", outgoing.iter().map(|line| line.reference.clone()))
            .int("amount_fen", outgoing.iter().map(|line| -line.amount.fen()));
        let sql = "SELECT r.reference FROM {rows} JOIN payout p ON (p.id = r.id OR p.bank_reference = r.reference) \
                   AND p.amount_fen = r.amount_fen JOIN disbursement d ON d.id = p.disbursement_id \
                   WHERE d.book_id = $1 AND EXISTS (SELECT 1 FROM payout_history h WHERE h.payout_id = p.id AND h.to_state = 'confirmed')";
        let statement = rows.statement(db.get_database_backend(), sql, [house.owner.book_id.into()]);
        db.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "reference")).collect()
    }

    /// The references of lines that are gifts by bank.
    async fn bank_gifts(&self, house: &House, lines: &[Dated<'_>]) -> Result<HashSet<String>, DbErr> {
        let incoming: Vec<&BankLine> =
            lines.iter().map(|(_, line)| *line).filter(|line| line.amount.is_positive()).collect();
        if incoming.is_empty() {
            return Ok(Default::default());
        }
        let db = self.db.read();
        let rows = Rows::new()
            .text("reference", incoming.iter().map(|line| line.reference.clone()))
            .int("amount_fen", incoming.iter().map(|line| line.amount.fen()));
        let sql = "SELECT d.bank_reference FROM {rows} JOIN donation d ON d.bank_reference = r.reference \
                   WHERE d.bank_account = $1 AND d.amount_fen = r.amount_fen AND d.confirmed_us IS NOT NULL";
        let statement = rows.statement(db.get_database_backend(), sql, [house.owner.bank_account.as_str().into()]);
        db.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "bank_reference")).collect()
    }
}

/// The days on which withdrawals arrived, as they are booked.
async fn arrival_days(
    db: &impl ConnectionTrait,
    ids: impl Iterator<Item = TransferId>,
) -> Result<HashMap<TransferId, BusinessDate>, DbErr> {
    let of: HashMap<String, TransferId> = ids.map(|id| (format!("transfer_done:{id}"), id)).collect();
    if of.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = Rows::new().text("reference", of.keys().cloned());
    let sql = "SELECT e.reference, e.event_date FROM {rows} JOIN entry e ON e.reference = r.reference";
    let found = db.query_all_raw(rows.statement(db.get_database_backend(), sql, [])).await?;
    let read = |row: &QueryResult| {
        let reference: String = row.try_get("", "reference")?;
        Ok::<_, DbErr>(of.get(&reference).copied().zip(Some(row.try_get("", "event_date")?)))
    };
    found.iter().filter_map(|row| read(row).transpose()).collect()
}

/// Whether every line of an arrival is there: in the files in force, or in the statements of the console.
async fn at_bank(
    db: &impl ConnectionTrait,
    (book, account): (BookId, &str),
    line: &str,
    statements: &[(BusinessDate, Vec<BankLine>)],
) -> Result<bool, DbErr> {
    let listed = |part: &str| statements.iter().any(|(_, lines)| lines.iter().any(|line| line.reference == part));
    let rest: Vec<&str> = line.split('+').filter(|part| !listed(part)).collect();
    if rest.is_empty() {
        return Ok(true);
    }
    let ids = rest.iter().filter_map(|part| part.strip_prefix("line:")?.parse::<BankLineId>().ok());
    let there = bank_line::Entity::find()
        .filter(bank_line::Column::BookId.eq(book))
        .filter(bank_line::Column::BankAccount.eq(account))
        .filter(
            Condition::any()
                .add(bank_line::Column::Reference.is_in(rest.iter().copied()))
                .add(bank_line::Column::Id.is_in(ids)),
        )
        .all(db)
        .await?;
    let known = |part: &&str| {
        there
            .iter()
            .any(|row| row.reference == **part || part.strip_prefix("line:") == Some(row.id.to_string().as_str()))
    };
    Ok(rest.iter().all(known))
}

/// How often an arrival may be taken back and booked again, each time after another statement.
const TAKEN_BACK_OFTEN: usize = 10;

/// By how much an arrival was taken back at the bank, in fen, and in how many entries.
async fn taken_from_bank(
    db: &impl ConnectionTrait,
    book: BookId,
    account: &str,
    item: &str,
) -> Result<(i64, usize), DbErr> {
    let references = (0..TAKEN_BACK_OFTEN).map(|nth| postings::difference_reference(item, nth));
    ours::moved_on(db, &Account::bank(book, account), references).await
}

fn of_book(of: &discrepancy::Model) -> Select<transfer::Entity> {
    transfer::Entity::find()
        .filter(transfer::Column::BookId.eq(of.book_id))
        .filter(transfer::Column::State.ne(TransferState::Rejected))
}

/// What the bank's statements say of a break about a line that withdrawals arrived in; nothing if it is about none.
pub(super) async fn told_at_bank(
    db: &impl ConnectionTrait,
    of: &discrepancy::Model,
) -> Result<Option<Told>, ReconcileError> {
    let Some(line) = of.item.strip_prefix(AT_BANK) else { return Ok(None) };
    let those = of_book(of).filter(transfer::Column::BankLine.eq(line)).all(db).await?;
    let Some(first) = those.first() else { return Ok(None) };
    let account = first.bank_account.clone();
    let (from, to) = (of.day.after_days(-BANK_DAYS).unwrap_or(of.day), of.day.after_days(BANK_DAYS).unwrap_or(of.day));
    let statements = bills::statements(db, of.book_id, from, to).await?;
    let shown = at_bank(db, (of.book_id, &account), line, &statements).await?;
    let fen: i64 = those.iter().map(|one| one.amount_fen.fen()).sum();
    Ok(Some(Told::AtBank(account, if shown { fen } else { 0 }, fen)))
}

/// What the bills say of a break about a transfer; nothing if it is about none, or they say nothing of it.
pub(super) async fn told(
    db: &(impl ConnectionTrait + StreamTrait),
    of: &discrepancy::Model,
    (bills, around): (&Bills, &BTreeMap<BusinessDate, Bills>),
) -> Result<Option<Told>, ReconcileError> {
    if of.item.starts_with(AT_BANK) {
        return told_at_bank(db, of).await;
    }
    let mut which = Condition::any().add(transfer::Column::FlowNo.eq(of.item.as_str()));
    if let Ok(id) = of.item.parse::<TransferId>() {
        which = which.add(transfer::Column::Id.eq(id));
    }
    let known = of_book(of).filter(which).all(db).await?;
    let Some(one) = known.iter().find(|one| number_of(one) == of.item) else { return Ok(None) };
    let Some(flow) = bills.flow.as_deref() else { return Ok(None) };
    if flows(around).any(|(_, lines)| lines.iter().any(|line| line.names(&of.item))) {
        return Ok(None);
    }
    let shown = moved_by(of.day, flow, &of.item);
    let withdrawn = one.kind == TransferKind::Withdrawal;
    Ok(match (one.state, shown) {
        (TransferState::Departed | TransferState::ReturnProposed, None) if withdrawn => {
            Some(Told::Back(one.id, format!("{NOT_SHOWN}{}", of.item)))
        }
        // First somebody says whether it has arrived.
        (TransferState::ArrivalProposed, None) => None,
        (_, shown) => Some(Told::Moved(Moved::Line, of.item.clone(), shown.unwrap_or(0))),
    })
}

/// The entry that brings an arrival to what the bank's statement says of it; nothing if the books agree.
pub(super) async fn at_bank_entry(
    db: &impl ConnectionTrait,
    of: &discrepancy::Model,
    account: &str,
    (says, arrived): (i64, i64),
) -> Result<Option<Entry>, DbErr> {
    let (back, entries) = taken_from_bank(db, of.book_id, account, &of.item).await?;
    let missing = says - arrived - back;
    let entry = || postings::bank_difference(of.book_id, account, &of.item, (missing, entries), of.day);
    Ok((missing != 0).then(entry))
}

/// A line of the bank's, and its day.
pub(crate) type Dated<'a> = (BusinessDate, &'a BankLine);

/// Which lines belong to which transfers: by number, by amount, then several withdrawals in one line, several lines for one
/// withdrawal, and several for several, each in the order of time. Money arrives after it has left, and not weeks after.
pub(crate) fn pairs(lines: &[Dated<'_>], known: &[transfer::Model]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let fits = |(on, line): Dated<'_>, one: &transfer::Model| {
        let kind = if line.amount.is_positive() { TransferKind::Withdrawal } else { TransferKind::TopUp };
        let gone = under_way(one) || one.state == TransferState::Arrived;
        // A top-up leaves the bank on its day, however late somebody writes it down.
        let near = match kind {
            TransferKind::Withdrawal => (0..=BANK_DAYS).contains(&left_on(one).days_to(on)),
            TransferKind::TopUp => left_on(one).days_to(on).abs() <= BANK_DAYS,
        };
        one.kind == kind && gone && near && one.bank_line.is_none()
    };
    let fen = |line: &BankLine| line.amount.fen().abs();
    let mut free_lines: Vec<usize> = (0..lines.len()).collect();
    let mut free: Vec<usize> = (0..known.len()).collect();
    let mut found = Vec::new();
    let by_number = |line: &BankLine, one: &transfer::Model| {
        one.flow_no.as_deref() == Some(line.reference.as_str()) && one.amount_fen.fen() == fen(line)
    };
    let by_amount = |line: &BankLine, one: &transfer::Model| of_channel(line) && one.amount_fen.fen() == fen(line);
    for rule in [&by_number as &dyn Fn(&BankLine, &transfer::Model) -> bool, &by_amount] {
        free_lines.retain(|line| {
            let Some(at) =
                free.iter().position(|one| fits(lines[*line], &known[*one]) && rule(lines[*line].1, &known[*one]))
            else {
                return true;
            };
            found.push((vec![*line], vec![free.remove(at)]));
            false
        });
    }
    free_lines.retain(|line| {
        let line_at = *line;
        let (on, line) = lines[line_at];
        let open: Vec<usize> =
            free.iter().copied().filter(|one| of_channel(line) && fits((on, line), &known[*one])).collect();
        let Some((from, to)) = stretch(open.iter().map(|one| known[*one].amount_fen.fen()), fen(line)) else {
            return true;
        };
        let taken = open[from..to].to_vec();
        free.retain(|one| !taken.contains(one));
        found.push((vec![line_at], taken));
        false
    });
    free.retain(|one| {
        let one = *one;
        let open: Vec<usize> = free_lines
            .iter()
            .copied()
            .filter(|line| of_channel(lines[*line].1) && fits(lines[*line], &known[one]))
            .collect();
        if let Some((from, to)) = stretch(open.iter().map(|line| fen(lines[*line].1)), known[one].amount_fen.fen()) {
            free_lines.retain(|line| !open[from..to].contains(line));
            found.push((open[from..to].to_vec(), vec![one]));
            return false;
        }
        true
    });
    found.extend(several(lines, known, &free_lines, &free, fits));
    found
}

/// The first stretch of lines that adds up to a stretch of withdrawals, as long as there is one.
fn several(
    lines: &[Dated<'_>],
    known: &[transfer::Model],
    free_lines: &[usize],
    free: &[usize],
    fits: impl Fn(Dated<'_>, &transfer::Model) -> bool,
) -> Option<(Vec<usize>, Vec<usize>)> {
    let open: Vec<usize> = free_lines
        .iter()
        .copied()
        .filter(|line| of_channel(lines[*line].1) && lines[*line].1.amount.is_positive())
        .collect();
    let gone: Vec<usize> =
        free.iter().copied().filter(|one| open.iter().any(|line| fits(lines[*line], &known[*one]))).collect();
    (0..open.len()).find_map(|first| {
        let mut sum = 0;
        open[first..].iter().enumerate().find_map(|(more, line)| {
            sum += lines[*line].1.amount.fen();
            let (from, to) = stretch(gone.iter().map(|one| known[*one].amount_fen.fen()), sum)?;
            Some((open[first..=first + more].to_vec(), gone[from..to].to_vec()))
        })
    })
}

/// The payment that a line of the bank's names, which its payment file carried; nobody's where it names none.
fn payout_of(line: &BankLine) -> PayoutId {
    let words = [line.reference.as_str(), line.words.as_str()];
    let tokens = words.iter().flat_map(|words| words.split(|letter: char| !letter.is_ascii_hexdigit()));
    let id = tokens.filter(|token| token.len() == 32).find_map(|token| Uuid::parse_str(token).ok());
    id.unwrap_or_default().into()
}

/// Whether the bank says that the channel is on the other side.
fn of_channel(line: &BankLine) -> bool {
    ["财付通", "微信支付"].iter().any(|word| line.words.contains(word))
}

/// The first stretch of neighbours that add up to a sum.
fn stretch(amounts: impl Iterator<Item = i64>, sum: i64) -> Option<(usize, usize)> {
    let amounts: Vec<i64> = amounts.collect();
    (0..amounts.len()).find_map(|from| {
        let mut total = 0;
        amounts[from..]
            .iter()
            .position(|amount| {
                total += amount;
                total == sum
            })
            .map(|length| (from, from + length + 1))
    })
}
