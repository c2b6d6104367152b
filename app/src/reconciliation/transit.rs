//! Money between the channel and the bank: withdrawals and top-ups of the fund-flow bill and lines of the bank's statement against
//! the transfers (entries 3a-3d). What a cashier has recorded is only tied to its lines; what nobody has recorded is booked from
//! them. Lines and withdrawals that lack their other side wait for so many working days as finance lets them.

use domain::BusinessDate;
use domain::Money;
use domain::reconciliation::BreakClass;
use domain::transfer::{TransferKind, TransferState};
use entity::{Rows, bill, transfer};
use ledger::Refusal;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::bills::{BankLine, Bills, FlowKind, FlowLine};
use super::findings::{Findings, Side};
use super::ours::Movement;
use super::rule::Terms;
use super::{House, ReconcileError, Reconciliation};
use crate::transfers::{self, Line, Shown, TransferError};

/// For so many days after a withdrawal its line at the bank is looked for.
const BANK_DAYS: i64 = 14;

/// The day a transfer left its source.
fn left_on(one: &transfer::Model) -> BusinessDate {
    one.left_on.unwrap_or_else(|| BusinessDate::of(one.departed_us.unwrap_or(one.created_us)))
}

/// Whether it is on its way.
fn under_way(one: &transfer::Model) -> bool {
    matches!(one.state, TransferState::Departed | TransferState::ArrivalProposed)
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

    /// The withdrawals and top-ups of the fund-flow bill.
    pub(super) async fn withdrawals(
        &self,
        house: &House,
        terms: &Terms,
        bills: &Bills,
        ours: &[Movement],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let day = terms.day;
        let flow = bills.flow.as_deref().unwrap_or_default();
        let moves = |kind| matches!(kind, FlowKind::Withdrawal | FlowKind::WithdrawalReturned | FlowKind::TopUp);
        let lines: Vec<&FlowLine> = flow.iter().filter(|line| moves(line.kind)).collect();
        if lines.is_empty() {
            return Ok(());
        }
        if !self.is_ours(house, day, bills, ours).await? {
            for line in lines {
                let detail = format!("资金账单与账上毫无关联，未入账：{}", line.words);
                found.add(BreakClass::UnknownLine, line.key(), line.amount, None, detail);
            }
            return Ok(());
        }
        let mut known = self.transfers_of(house).await?;
        for line in lines {
            match line.kind {
                FlowKind::WithdrawalReturned => self.returned(day, line, &mut known, found).await?,
                FlowKind::TopUp => self.moved(house, terms, line, TransferKind::TopUp, &mut known, found).await?,
                _ => self.moved(house, terms, line, TransferKind::Withdrawal, &mut known, found).await?,
            }
        }
        Ok(())
    }

    /// A withdrawal that left, or a top-up that arrived.
    async fn moved(
        &self,
        house: &House,
        terms: &Terms,
        line: &FlowLine,
        kind: TransferKind,
        known: &mut Vec<transfer::Model>,
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let day = terms.day;
        let number = line.payment();
        let amount = Money::from_fen(line.amount.fen().abs());
        if known.iter().any(|one| one.flow_no.as_deref().is_some_and(|tied| line.names(tied))) {
            found.matched += 1;
            return Ok(());
        }
        let mut same = known.iter_mut().filter(|one| {
            let near = left_on(one).days_to(day).abs() <= BANK_DAYS;
            one.kind == kind && one.amount_fen == amount && one.flow_no.is_none() && near
        });
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let (row, fresh) = match same.next() {
            // The cashier has recorded it and nobody has confirmed it yet: the confirmation books it.
            Some(one) if one.state == TransferState::Proposed => {
                let detail = "出纳已登记，尚待复核".to_owned();
                let about = (number, line.amount);
                found.wait(Side::FundFlow, BreakClass::MissingHere, about, terms.until(), detail);
                return Ok(());
            }
            Some(one) => {
                *one = transfers::tie(&tx, now, one.id, Line::Flow(number), day).await?;
                (None, false)
            }
            None => {
                let (book, bank_account) = (house.owner.book_id, house.owner.bank_account.as_str());
                let shown = Shown { book, kind, amount, bank_account, flow_no: number, on: day };
                match transfers::shown_first(&tx, now, shown).await {
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
        known.extend(row);
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
        line: &FlowLine,
        known: &mut [transfer::Model],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let number = line.payment();
        if known.iter().any(|one| one.return_no.as_deref().is_some_and(|tied| line.names(tied))) {
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
            known.iter().position(|one| open(one) && one.flow_no.as_deref().is_some_and(|tied| line.names(tied)));
        let Some(at) = of_number.or_else(|| known.iter().position(open)) else {
            found.add(BreakClass::UnknownLine, number, line.amount, None, &*line.words);
            return Ok(());
        };
        let healed = known[at].state != TransferState::Returned;
        let tx = self.db.begin().await?;
        known[at] = transfers::tie(&tx, self.business.now(), known[at].id, Line::Return(number), day).await?;
        tx.commit().await?;
        found.booked = true;
        if healed {
            found.healed += 1
        } else {
            found.matched += 1
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
        let gifts = self.bank_gifts(house, &all).await?;
        let tied = |line: &BankLine| {
            let names = |bank_line: &str| bank_line.split('+').any(|part| part == line.reference);
            known.iter().any(|one| one.bank_line.as_deref().is_some_and(names)) || gifts.contains(&line.reference)
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
            let (id, detail) = (one.id.to_string(), "提现尚未到账".to_owned());
            let number = one.flow_no.as_deref().unwrap_or(&id);
            let about = (number, one.amount_fen);
            found.wait(Side::FundFlow, BreakClass::MissingThere, about, terms.bank_until(), detail);
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

    /// The references of lines that are gifts by bank.
    async fn bank_gifts(&self, house: &House, lines: &[Dated<'_>]) -> Result<std::collections::HashSet<String>, DbErr> {
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
