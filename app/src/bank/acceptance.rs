//! What a person says lines are: accepted as many at once as they like, everything or nothing. What the bank did and nobody has booked is
//! booked from its line, through the recipes everybody uses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crowdfunding::spending::{self, Outcome, Verdict};
use domain::bank::{ClaimChoice, ClaimEvent, ClaimState, LineEvent};
use domain::disbursement::PayoutState;
use domain::role::Member;
use domain::{BankClaimId, BankLineId, BookId, EntryId, Money, PaymentFileId, PayoutId, Timestamp};
use entity::{Rows, Tx, bank_claim, bank_line, bank_match};
use ledger::{Account, Entry};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};

use super::matching::{
    OpenEntry, SentPayout, Tie, entry_ids, open_entries, payouts_at, settle_lines, spread, write_ties,
};
use super::{Bank, BankError, KEEPERS, hand, locked_account};
use crate::postings;

/// How many lines are accepted at once.
const AT_ONCE: usize = 500;

/// What a person says a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// These entries.
    Entries(Vec<EntryId>),
    /// The bank has made these payments.
    Payouts(Vec<PayoutId>),
    /// This payment came back, in the bank's words.
    Bounced(PayoutId, String),
    /// Interest.
    Interest,
    /// A charge of the bank.
    Charge,
    /// Cash that was banked.
    Cash,
    /// A settlement of this platform.
    Platform(String),
    /// The payment of a decided return.
    Return(BankClaimId),
    /// Money of nobody yet.
    Unclaimed,
}

/// A line that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which.
    pub line: BankLineId,
    /// What it is.
    pub choice: Choice,
}

impl Bank {
    /// Accepts what lines of one account are, all or none: ties them to their entries, and books what is not booked. Answers how many.
    pub async fn accept(
        &self,
        (book, name): (BookId, &str),
        accepted: &[Accepted],
        by: &Member,
    ) -> Result<u64, BankError> {
        by.must_be(&KEEPERS)?;
        if accepted.is_empty() || accepted.len() > AT_ONCE {
            return Err(BankError::Invalid { field: "items", problem: "每次1至500笔" });
        }
        let (now, actor) = (self.clock.now(), by.id.to_string());
        let tx = self.db.begin().await?;
        let hand = hand(book, by, &KEEPERS)?;
        locked_account(&tx, book, name).await?;
        let lines: HashMap<BankLineId, bank_line::Model> = bank_line::Entity::find()
            .filter(bank_line::Column::BookId.eq(book))
            .filter(bank_line::Column::BankAccount.eq(name))
            .filter(bank_line::Column::Id.is_in(accepted.iter().map(|one| one.line)))
            .all(&tx)
            .await?
            .into_iter()
            .map(|line| (line.id, line))
            .collect();
        if lines.len() != accepted.iter().map(|one| one.line).collect::<BTreeSet<_>>().len()
            || lines.len() != accepted.len()
        {
            return Err(BankError::NoSuchLine);
        }
        let claims = bank_claim::Entity::find()
            .filter(bank_claim::Column::LineId.is_in(accepted.iter().map(|one| one.line)))
            .filter(bank_claim::Column::State.ne(ClaimState::Declined))
            .all(&tx)
            .await?;
        if !claims.is_empty() {
            return Err(BankError::UnderWay);
        }
        let mut work = Work::default();
        let payouts: BTreeMap<PayoutId, SentPayout> =
            payouts_at(&tx, book, name).await?.into_iter().map(|payout| (payout.id, payout)).collect();
        // What was booked from a line before and taken back keeps its name; what is booked now gets the next.
        let turns = bank_match::Entity::find()
            .filter(bank_match::Column::LineId.is_in(accepted.iter().map(|one| one.line)))
            .filter(bank_match::Column::UntiedUs.is_not_null())
            .all(&tx)
            .await?;
        for one in accepted {
            let line = &lines[&one.line];
            line.state.on(if one.choice == Choice::Unclaimed { LineEvent::Suspend } else { LineEvent::Match })?;
            let turn = |rule: &str| 1 + turns.iter().filter(|tie| tie.line_id == line.id && tie.rule == rule).count();
            work.plan(line, &one.choice, &payouts, turn)?;
        }
        for (file, verdicts) in &work.verdicts {
            spending::results(&tx, now, *file, verdicts, by).await?;
        }
        for (claim, line) in &work.returns {
            let entry = self.return_paid(&tx, now, *claim, &lines[line]).await?;
            work.entries.push((*line, "return", entry));
        }
        let booked: Vec<Entry> = work.entries.iter().map(|(.., entry)| entry.clone().by(&actor)).collect();
        let mut ties = Vec::new();
        for ((line, rule, _), posted) in work.entries.iter().zip(ledger::post(&tx, now, &booked).await?) {
            ties.push(Tie { line: *line, entry: posted?.id(), amount: lines[line].amount_fen, rule });
        }
        let ids = entry_ids(&tx, work.references.iter().map(|(_, reference)| reference.clone()).collect()).await?;
        for (line, reference) in &work.references {
            work.named.entry(*line).or_default().push(*ids.get(reference).ok_or(BankError::NoSuchEntry)?);
        }
        if !work.named.is_empty() {
            let account = Account::bank(book, name);
            let mut open: BTreeMap<EntryId, OpenEntry> =
                open_entries(&tx, &account).await?.into_iter().map(|entry| (entry.id, entry)).collect();
            for (line, entries) in &work.named {
                if entries.iter().any(|entry| !open.contains_key(entry)) {
                    return Err(BankError::NoSuchEntry);
                }
                let row = std::slice::from_ref(&lines[line]);
                // What the bank's verdict has booked is not untied like a slip of the hand.
                let of_verdict = work.references.iter().any(|(of, _)| of == line);
                spread(row, &[0], entries, &mut open, if of_verdict { "payout" } else { "entry" }, &mut ties);
                let of: i64 = ties.iter().filter(|tie| tie.line == *line).map(|tie| tie.amount.fen()).sum();
                if of != lines[line].amount_fen.fen() {
                    return Err(BankError::NotThat {
                        line: *line, problem: "所选凭证的合计与该笔流水不符"
                    });
                }
            }
        }
        write_ties(&tx, now, &ties, (&actor, hand.acting_for())).await?;
        let unclaimed: BTreeSet<BankLineId> =
            accepted.iter().filter(|one| one.choice == Choice::Unclaimed).map(|one| one.line).collect();
        suspend_lines(&tx, &unclaimed).await?;
        let matched: BTreeSet<BankLineId> = lines.keys().copied().filter(|id| !unclaimed.contains(id)).collect();
        if settle_lines(&tx, &matched).await? != matched.len() as u64 {
            return Err(BankError::NoSuchEntry);
        }
        for one in accepted {
            let line = &lines[&one.line];
            self.trail(&tx, now, "bank.accept", line, by).await?;
        }
        tx.commit().await?;
        Ok(accepted.len() as u64)
    }

    /// The bank has paid a return back: the claim is done, and its line has gone.
    async fn return_paid(
        &self,
        tx: &Tx,
        now: Timestamp,
        id: BankClaimId,
        payment: &bank_line::Model,
    ) -> Result<Entry, BankError> {
        let claim = bank_claim::Entity::find_by_id(id).one(tx).await?.ok_or(BankError::NoSuchClaim)?;
        let of = bank_line::Entity::find_by_id(claim.line_id).one(tx).await?.ok_or(BankError::NoSuchLine)?;
        let wrong = |problem| BankError::NotThat { line: payment.id, problem };
        if claim.choice != ClaimChoice::Return || of.book_id != payment.book_id {
            return Err(BankError::NoSuchClaim);
        }
        let to = claim.state.on(ClaimEvent::Paid)?;
        if payment.amount_fen.fen() != -of.amount_fen.fen() {
            return Err(wrong("金额与应退回的款项不符"));
        }
        let mut active: bank_claim::ActiveModel = claim.into();
        active.state = Set(to);
        active.payment_line_id = Set(Some(payment.id));
        active.finished_us = Set(Some(now));
        active.update(tx).await?;
        let amount = of.amount_fen;
        super::moved(tx, of, LineEvent::Return).await?;
        Ok(postings::unclaimed_returned(payment.book_id, id, amount, &payment.bank_account, payment.day))
    }
}

async fn suspend_lines(tx: &Tx, lines: &BTreeSet<BankLineId>) -> Result<(), DbErr> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = Rows::new().uuid("id", lines.iter().map(|id| id.uuid()));
    let sql = "UPDATE bank_line SET state = 'unclaimed' FROM {rows} WHERE bank_line.id = r.id";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [])).await?;
    Ok(())
}

/// What has to be done for the lines that were accepted.
#[derive(Default)]
struct Work {
    /// Entries booked from their lines.
    entries: Vec<(BankLineId, &'static str, Entry)>,
    /// Entries that are there.
    named: BTreeMap<BankLineId, Vec<EntryId>>,
    /// Entries that are there when the verdicts are in.
    references: Vec<(BankLineId, String)>,
    verdicts: BTreeMap<PaymentFileId, Vec<Verdict>>,
    returns: Vec<(BankClaimId, BankLineId)>,
}

impl Work {
    fn plan(
        &mut self,
        line: &bank_line::Model,
        choice: &Choice,
        payouts: &BTreeMap<PayoutId, SentPayout>,
        turn: impl Fn(&str) -> usize,
    ) -> Result<(), BankError> {
        let of = |rule: &str| (line.id, turn(rule));
        let wrong = |problem| BankError::NotThat { line: line.id, problem };
        let (book, account, amount) = (line.book_id, line.bank_account.as_str(), line.amount_fen);
        let incoming = |yes: bool| {
            if amount.is_positive() == yes { Ok(()) } else { Err(wrong("收支方向不符")) }
        };
        match choice {
            Choice::Entries(entries) if entries.is_empty() => return Err(wrong("请选择凭证")),
            Choice::Entries(entries) => {
                self.named.insert(line.id, entries.clone());
            }
            Choice::Payouts(ids) => {
                incoming(false)?;
                let reference = Some(line.reference.clone()).filter(|number| !number.is_empty());
                for id in ids {
                    let payout = payouts.get(id).ok_or(wrong("没有这笔已发送的付款"))?;
                    let outcome = Outcome::Paid { on: line.day, reference: reference.clone() };
                    let verdicts = self.verdicts.entry(payout.payment_file_id).or_default();
                    verdicts.push(Verdict { payout: *id, outcome });
                    self.references.push((line.id, format!("disbursement_paid:{id}:{}", payout.attempt)));
                }
                let total: i64 = ids.iter().filter_map(|id| payouts.get(id)).map(|one| one.amount_fen.fen()).sum();
                if total != -amount.fen() {
                    return Err(wrong("所选付款的合计与该笔流水不符"));
                }
            }
            Choice::Bounced(id, reason) => {
                incoming(true)?;
                let payout = payouts.get(id).ok_or(wrong("没有这笔已付的款项"))?;
                // What was never confirmed was never booked: first the payment, then its return.
                if payout.state != PayoutState::Confirmed {
                    return Err(wrong("该笔付款尚未确认付出，请先匹配付出的流水"));
                }
                if payout.amount_fen != amount {
                    return Err(wrong("金额与付款不符"));
                }
                let outcome = Outcome::Bounced { on: line.day, reason: reason.clone() };
                let verdicts = self.verdicts.entry(payout.payment_file_id).or_default();
                verdicts.push(Verdict { payout: *id, outcome });
                self.references.push((line.id, format!("disbursement_bounced:{id}:{}", payout.attempt)));
            }
            Choice::Interest => {
                incoming(true)?;
                self.entries.push((
                    line.id,
                    "interest",
                    postings::bank_interest(book, of("interest"), amount, account, line.day),
                ));
            }
            Choice::Charge => {
                incoming(false)?;
                let charge = Money::from_fen(-amount.fen());
                self.entries.push((
                    line.id,
                    "charge",
                    postings::bank_charge(book, of("charge"), charge, account, line.day),
                ));
            }
            Choice::Cash => {
                incoming(true)?;
                self.entries.push((
                    line.id,
                    "cash",
                    postings::cash_banked(book, of("cash"), amount, account, line.day),
                ));
            }
            Choice::Platform(name) => {
                incoming(true)?;
                let entry = postings::platform_settled(book, of("platform"), name.trim(), amount, account, line.day);
                self.entries.push((line.id, "platform", entry));
            }
            Choice::Unclaimed => {
                incoming(true)?;
                self.entries.push((
                    line.id,
                    "unclaimed",
                    postings::unclaimed(book, of("unclaimed"), amount, account, line.day),
                ));
            }
            Choice::Return(claim) => {
                incoming(false)?;
                self.returns.push((*claim, line.id));
            }
        }
        Ok(())
    }
}
