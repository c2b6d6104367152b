//! Money between the channel and the bank: withdrawals and top-ups of the fund-flow bill and lines of the bank's statement against
//! the transfers (entries 3a-3d). What a cashier has recorded is only tied to its lines; what nobody has recorded is booked from
//! them.

use domain::BusinessDate;
use domain::Money;
use domain::reconciliation::BreakClass;
use domain::transfer::{TransferKind, TransferState};
use entity::{Rows, transfer};
use ledger::Refusal;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::bills::{BankLine, FlowKind, FlowLine};
use super::findings::Findings;
use super::{House, ReconcileError, Reconciliation};
use crate::transfers::{self, Line, Shown, TransferError};

/// For so many days after a withdrawal its line at the bank is looked for.
const BANK_DAYS: usize = 7;

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
        day: BusinessDate,
        flow: &[FlowLine],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let moves = |kind| matches!(kind, FlowKind::Withdrawal | FlowKind::WithdrawalReturned | FlowKind::TopUp);
        let lines: Vec<&FlowLine> = flow.iter().filter(|line| moves(line.kind)).collect();
        if lines.is_empty() {
            return Ok(());
        }
        let mut known = self.transfers_of(house).await?;
        for line in lines {
            match line.kind {
                FlowKind::WithdrawalReturned => self.returned(day, line, &mut known, found).await?,
                FlowKind::TopUp => self.moved(house, day, line, TransferKind::TopUp, &mut known, found).await?,
                _ => self.moved(house, day, line, TransferKind::Withdrawal, &mut known, found).await?,
            }
        }
        Ok(())
    }

    /// A withdrawal that left, or a top-up that arrived.
    async fn moved(
        &self,
        house: &House,
        day: BusinessDate,
        line: &FlowLine,
        kind: TransferKind,
        known: &mut Vec<transfer::Model>,
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let number = line.business_no.as_str();
        let amount = Money::from_fen(line.amount.fen().abs());
        if known.iter().any(|one| one.flow_no.as_deref() == Some(number)) {
            found.matched += 1;
            return Ok(());
        }
        let mut same =
            known.iter_mut().filter(|one| one.kind == kind && one.amount_fen == amount && one.flow_no.is_none());
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let (row, fresh) = match same.next() {
            // The cashier has recorded it and nobody has confirmed it yet: the confirmation books it.
            Some(one) if one.state == TransferState::Proposed => {
                found.waiting += 1;
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
        let number = line.business_no.as_str();
        if known.iter().any(|one| one.return_no.as_deref() == Some(number)) {
            found.matched += 1;
            return Ok(());
        }
        let open = |one: &transfer::Model| {
            one.kind == TransferKind::Withdrawal
                && one.amount_fen == line.amount
                && one.return_no.is_none()
                && !matches!(one.state, TransferState::Proposed | TransferState::Arrived)
        };
        let of_number = known.iter().position(|one| open(one) && one.flow_no.as_deref() == Some(number));
        let Some(at) = of_number.or_else(|| known.iter().position(open)) else {
            found.add(BreakClass::UnknownLine, number, line.amount, None, line.words.clone());
            return Ok(());
        };
        let healed = known[at].state != TransferState::Returned;
        let tx = self.db.begin().await?;
        known[at] = transfers::tie(&tx, self.business.now(), known[at].id, Line::Return(number), day).await?;
        tx.commit().await?;
        if healed {
            found.healed += 1
        } else {
            found.matched += 1
        }
        Ok(())
    }

    /// The bank's lines of the day, and of the days after it that were read before: a withdrawal is known only from its own day on.
    pub(super) async fn bank(
        &self,
        house: &House,
        day: BusinessDate,
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let to = (0..BANK_DAYS).fold(day, |day, _| day.next());
        let statements = self.statements(house, day, to).await?;
        if statements.is_empty() {
            return Ok(());
        }
        let mut known = self.transfers_of(house).await?;
        for (on, lines) in statements {
            let gifts = self.bank_gifts(house, &lines).await?;
            let mut open: Vec<&BankLine> = Vec::new();
            for line in &lines {
                let tied = |one: &transfer::Model| {
                    one.bank_line.as_deref().is_some_and(|tied| tied.split('+').any(|part| part == line.reference))
                };
                if known.iter().any(tied) || gifts.contains(&line.reference) {
                    found.matched += u64::from(on == day);
                } else {
                    open.push(line);
                }
            }
            for (lines, transfers) in pairs(&open, &known) {
                let reference = lines.iter().map(|at| open[*at].reference.as_str()).collect::<Vec<_>>().join("+");
                let (tx, now) = (self.db.begin().await?, self.business.now());
                let mut booked = false;
                for at in transfers {
                    let row = transfers::tie(&tx, now, known[at].id, Line::Bank(&reference), on).await?;
                    booked |= row.state != known[at].state;
                    known[at] = row;
                }
                tx.commit().await?;
                found.cleared.extend(lines.iter().map(|at| open[*at].reference.clone()));
                if booked { found.healed += 1 } else { found.matched += 1 }
            }
            if on != day {
                continue;
            }
            for line in open {
                if found.cleared.contains(&line.reference) {
                    continue;
                }
                found.add(BreakClass::UnknownLine, &line.reference, line.amount, None, line.words.clone());
            }
        }
        Ok(())
    }

    /// The references of lines that are gifts by bank.
    async fn bank_gifts(&self, house: &House, lines: &[BankLine]) -> Result<std::collections::HashSet<String>, DbErr> {
        let incoming: Vec<&BankLine> = lines.iter().filter(|line| line.amount.is_positive()).collect();
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

/// Which lines belong to which transfers: by number, by amount, then several withdrawals in one line, or several lines for one
/// withdrawal, each in the order of time.
pub(crate) fn pairs(lines: &[&BankLine], known: &[transfer::Model]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let fits = |line: &BankLine, one: &transfer::Model| {
        let kind = if line.amount.is_positive() { TransferKind::Withdrawal } else { TransferKind::TopUp };
        let gone =
            matches!(one.state, TransferState::Departed | TransferState::ArrivalProposed | TransferState::Arrived);
        one.kind == kind && gone && one.bank_line.is_none()
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
                free.iter().position(|one| fits(lines[*line], &known[*one]) && rule(lines[*line], &known[*one]))
            else {
                return true;
            };
            found.push((vec![*line], vec![free.remove(at)]));
            false
        });
    }
    free_lines.retain(|line| {
        let line_at = *line;
        let line = lines[line_at];
        let open: Vec<usize> =
            free.iter().copied().filter(|one| of_channel(line) && fits(line, &known[*one])).collect();
        let Some((from, to)) = stretch(open.iter().map(|one| known[*one].amount_fen.fen()), fen(line)) else {
            return true;
        };
        let taken = open[from..to].to_vec();
        free.retain(|one| !taken.contains(one));
        found.push((vec![line_at], taken));
        false
    });
    for one in free {
        let open: Vec<usize> = free_lines
            .iter()
            .copied()
            .filter(|line| of_channel(lines[*line]) && fits(lines[*line], &known[one]))
            .collect();
        if let Some((from, to)) = stretch(open.iter().map(|line| fen(lines[*line])), known[one].amount_fen.fen()) {
            free_lines.retain(|line| !open[from..to].contains(line));
            found.push((open[from..to].to_vec(), vec![one]));
        }
    }
    found
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
