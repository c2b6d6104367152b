//! 以微信为准: what the books would have to post so that they say what the channel's bills say, for those who decide about a break.
//!
//! The fund-flow bill is believed before the trade bill: it shows the money. A fee is booked as the bills say it (entries 2, 4c); a payment
//! that nobody told us of goes through the one door ([`crate::cashier::settle`]) and becomes a gift or stands in suspense; money in suspense
//! that the channel never received is taken out again (entry 21); of everything else the difference is booked (entry 24), and a voucher says
//! later what it was. Nothing is offered where the bills say nothing, or the books say the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crowdfunding::CrowdfundingError;
use domain::reconciliation::BreakClass;
use domain::transfer::TransferState;
use domain::{BookId, BusinessDate, DonationId, Money, TransferId};
use entity::{charity, discrepancy, transfer};
use ledger::Entry;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, StreamTrait};

use super::bills::{self, Bills, FlowKind, FlowLine, Refund, Trade};
use super::channel::{NEIGHBOURS, refund_reference, trades};
use super::findings::Findings;
use super::flow::{Refunds, flows};
use super::ours::{self, Movement};
use super::{House, ReconcileError, Reconciliation, fee, transit};
use crate::cashier::Payment;
use crate::postings::{self, Moved};

/// What the bills of the channel say of a break.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// Of a fee: what would be booked.
    Fee(Box<Entry>),
    /// By how much this has moved the balance at the channel, in fen.
    Moved(Moved, String, i64),
    /// It has moved nothing, and what we booked of it stands in suspense.
    Never,
    /// A payment that is settled as if the channel had told us.
    Paid(Payment),
    /// It does not show that a withdrawal left: it is back, under this number.
    Back(TransferId, String),
    /// The bank's statement of this account says that so much arrived in a line, in fen, and the transfers that it was.
    AtBank(String, i64, i64),
}

/// What the decision does.
#[derive(Clone, Debug)]
pub(crate) enum Follow {
    /// Books this.
    Book(Entry),
    /// Settles this payment, which books that.
    Settle(Payment, Entry),
    /// Ends this withdrawal as one that came back under this number, which books that.
    Back(TransferId, String, Entry),
}

impl Follow {
    /// What it books.
    pub(crate) fn entry(&self) -> &Entry {
        match self {
            Follow::Book(entry) | Follow::Settle(_, entry) | Follow::Back(_, _, entry) => entry,
        }
    }
}

/// The number under which a refund is known on both sides: our reference where it is ours.
pub(crate) fn refund_key(item: &str) -> String {
    refund_reference(item).unwrap_or_else(|| item.to_owned())
}

fn is_refund(class: &str, item: &str, trade: Option<&Trade>) -> bool {
    class.starts_with("refund")
        || ["refund_sent:", "suspense_returned:"].iter().any(|kind| item.starts_with(kind))
        || refund_reference(item).is_some()
        || trade.is_some_and(|trade| trade.refunds.iter().any(|line| line.number == item || line.refund_id == item))
}

/// What moved by the payments of a number: in the fund-flow bill of the day or a neighbour's, otherwise by the trade bill. None while no bill
/// says anything.
pub(super) fn paid(bills: &Bills, around: &BTreeMap<BusinessDate, Bills>, number: &str) -> Option<i64> {
    let of = |lines: &[FlowLine]| {
        let amounts = lines.iter().filter(|line| line.kind == FlowKind::Payment && line.payment() == number);
        let fen: Vec<i64> = amounts.map(|line| line.amount.fen()).collect();
        (!fen.is_empty()).then(|| fen.iter().sum::<i64>())
    };
    let shown = bills.flow.as_deref().and_then(of).or_else(|| flows(around).find_map(|(_, lines)| of(lines)));
    if shown.is_some() || bills.flow.is_some() {
        return Some(shown.unwrap_or(0));
    }
    let trade = bills.trade.as_ref().filter(|trade| trade.lists.0)?;
    let line = trade.payments.iter().find(|line| line.transaction == number);
    Some(line.filter(|line| line.state == "SUCCESS").map_or(0, |line| line.settlement.fen()))
}

/// The same of a refund, under whichever of its numbers, the fees that came back with it left out: those are booked by themselves.
pub(super) fn refunded(bills: &Bills, around: &BTreeMap<BusinessDate, Bills>, key: &str) -> Option<i64> {
    let of_key = |number: &str| refund_key(number) == key;
    let all = bills.trade.iter().chain(trades(around).map(|(_, trade)| trade)).flat_map(|trade| &trade.refunds);
    let known = Refunds::of(all);
    let stands = |line: &&Refund| of_key(&line.number) && matches!(&*line.state, "SUCCESS" | "PROCESSING");
    let said = || bills.trade.iter().flat_map(|trade| &trade.refunds).filter(stands);
    let (amount, fee) = said().fold((0, 0), |(amount, fee), line| (amount + line.amount.fen(), fee + line.fee.fen()));
    let moves = |kind| matches!(kind, FlowKind::Refund | FlowKind::RefundClosed | FlowKind::FeeReturned);
    let of = |lines: &[FlowLine]| {
        let about = |line: &&FlowLine| {
            moves(line.kind)
                && (known.find(line).is_some_and(|one| of_key(&one.number))
                    || [&line.voucher, &line.business_no].iter().any(|number| of_key(number)))
        };
        let fen: Vec<i64> = lines.iter().filter(about).map(|line| line.amount.fen()).collect();
        (!fen.is_empty()).then(|| fen.iter().sum::<i64>())
    };
    let shown = bills.flow.as_deref().and_then(of).or_else(|| flows(around).find_map(|(_, lines)| of(lines)));
    if let Some(net) = shown {
        return Some(if net == 0 || -net == amount { net } else { net - fee });
    }
    if bills.flow.is_some() {
        return Some(0);
    }
    bills.trade.as_ref().filter(|trade| trade.lists.1)?;
    Some(-amount)
}

/// What lines moved that are no payment; nothing where there are none.
pub(super) fn strange(day: BusinessDate, bills: &Bills, key: &str) -> Option<i64> {
    let flow = bills.flow.as_deref()?;
    let own_way = |kind| {
        matches!(kind, FlowKind::Payment | FlowKind::Withdrawal | FlowKind::WithdrawalReturned | FlowKind::TopUp)
    };
    let lines = flow.iter().filter(|line| line.key() == key && !own_way(line.kind));
    let fen: Vec<i64> = lines.map(|line| line.amount.fen()).chain(transit::moved_by(day, flow, key)).collect();
    (!fen.is_empty()).then(|| fen.iter().sum())
}

/// A payment that the fund-flow bill shows, as the channel would have told us of it.
fn payment(bills: &Bills, around: &BTreeMap<BusinessDate, Bills>, number: &str) -> Option<Payment> {
    let of = |lines: &[FlowLine]| {
        let line = lines.iter().find(|line| line.kind == FlowKind::Payment && line.payment() == number)?;
        Some(Payment {
            out_trade_no: line.voucher.clone(),
            transaction_id: number.to_owned(),
            amount: line.amount,
            paid: line.at,
        })
    };
    bills.flow.as_deref().and_then(of).or_else(|| flows(around).find_map(|(_, lines)| of(lines)))
}

/// Reads what the bills in force say of a break; nothing where following them would book nothing.
pub(crate) async fn told(
    db: &(impl ConnectionTrait + StreamTrait),
    of: &discrepancy::Model,
) -> Result<Option<Told>, ReconcileError> {
    let (book, day, item) = (of.book_id, of.day, of.item.as_str());
    if of.class == BreakClass::Fee.as_str() {
        return Ok(fee::fee_owed(db, book, day, item).await?.map(|entry| Told::Fee(Box::new(entry))));
    }
    let Some(owner) = charity::Entity::find_by_id(book).one(db).await? else { return Ok(None) };
    let first = (0..NEIGHBOURS).fold(day, |day, _| day.previous());
    let mut around = bills::in_force(db, &owner, first, day.next()).await?;
    let bills = around.remove(&day).unwrap_or_default();
    if of.suspense {
        return Ok((paid(&bills, &around, item) == Some(0)).then_some(Told::Never));
    }
    if of.class == BreakClass::UnknownLine.as_str() {
        if let Some(fen) = strange(day, &bills, item) {
            return Ok(Some(Told::Moved(Moved::Line, item.to_owned(), fen)));
        }
        let numbers = [item.to_owned()];
        let stands = ours::on_channel(db, book, Moved::Line, &numbers).await?;
        // It was followed, and no bill shows it any more.
        if bills.flow.is_some() && stands.get(item).is_some_and(|stands| stands.followed > 0) {
            return Ok(Some(Told::Moved(Moved::Line, item.to_owned(), 0)));
        }
        return transit::told_at_bank(db, of).await;
    }
    if of.class == BreakClass::MissingThere.as_str() {
        let told = transit::told(db, of, (&bills, &around)).await?;
        if told.is_some() {
            return Ok(told);
        }
    }
    if is_refund(&of.class, item, bills.trade.as_ref()) {
        let key = refund_key(item);
        return Ok(refunded(&bills, &around, &key).map(|fen| Told::Moved(Moved::Refund, key, fen)));
    }
    // Money that stands in suspense is decided as that.
    let stray = discrepancy::Entity::find()
        .filter(discrepancy::Column::BookId.eq(book))
        .filter(discrepancy::Column::Item.eq(item))
        .filter(discrepancy::Column::Suspense.eq(true))
        .filter(discrepancy::Column::State.eq("open"));
    if stray.count(db).await? > 0 {
        return Ok(None);
    }
    if of.class == BreakClass::Currency.as_str() {
        // What it came to in yuan, the money shows.
        return Ok(payment(&bills, &around, item).map(Told::Paid));
    }
    if of.class == BreakClass::MissingHere.as_str() {
        let line = || strange(day, &bills, item).map(|fen| Told::Moved(Moved::Line, item.to_owned(), fen));
        return Ok(payment(&bills, &around, item).map(Told::Paid).or_else(line));
    }
    Ok(paid(&bills, &around, item).map(|fen| Told::Moved(Moved::Payment, item.to_owned(), fen)))
}

/// What the decision does about what the bills say, as the books stand now; nothing if they say the same.
pub(crate) async fn follow(
    db: &impl ConnectionTrait,
    of: &discrepancy::Model,
    told: Told,
) -> Result<Option<Follow>, ReconcileError> {
    let (book, day) = (of.book_id, of.day);
    match told {
        Told::Fee(entry) => Ok(Some(Follow::Book(*entry))),
        Told::Never => {
            let reference = format!("suspense:{}", of.item);
            let Some((original, _)) = ledger::entry_by_reference(db, &reference).await? else { return Ok(None) };
            let stray = postings::suspense(book, &of.item, of.amount_fen, original.event_date);
            Ok(Some(Follow::Book(Entry::reversal(original.id, &stray, day))))
        }
        Told::Back(id, number) => {
            let one = transfer::Entity::find_by_id(id).one(db).await?;
            let open = |one: &transfer::Model| {
                matches!(one.state, TransferState::Departed | TransferState::ReturnProposed) && one.return_no.is_none()
            };
            let Some(one) = one.filter(open) else { return Ok(None) };
            let entry = postings::withdrawal_returned(book, id, one.amount_fen, day);
            Ok(Some(Follow::Back(id, number, entry)))
        }
        Told::AtBank(account, says, arrived) => {
            Ok(transit::at_bank_entry(db, of, &account, (says, arrived)).await?.map(Follow::Book))
        }
        Told::Paid(payment) => {
            let stands = ours::on_channel(db, book, Moved::Payment, std::slice::from_ref(&of.item)).await?;
            let stands = stands.get(&of.item).copied().unwrap_or_default();
            if stands == ours::Stands::default() {
                let entry = settled(db, book, &payment).await?;
                return Ok(Some(Follow::Settle(payment, entry)));
            }
            Ok(difference(of, Moved::Payment, &of.item, payment.amount.fen(), stands))
        }
        Told::Moved(what, key, fen) => {
            let stands = ours::on_channel(db, book, what, std::slice::from_ref(&key)).await?;
            let stands = stands.get(&key).copied().unwrap_or_default();
            // A refund of ours that is not booked yet is confirmed or not; then there is something to follow.
            if what == Moved::Refund && !stands.booked && refund_is_ours(&of.item) && of.class != "refund_missing_here"
            {
                return Ok(None);
            }
            Ok(difference(of, what, &key, fen, stands))
        }
    }
}

/// The entry that brings the books to what the channel says.
fn difference(of: &discrepancy::Model, what: Moved, number: &str, says: i64, stands: ours::Stands) -> Option<Follow> {
    let missing = says - stands.fen;
    let before = (stands.followed_fen, stands.followed);
    let entry = || postings::channel_difference(of.book_id, what, number, missing, before, of.day);
    (missing != 0).then(|| Follow::Book(entry()))
}

fn refund_is_ours(item: &str) -> bool {
    refund_reference(item).is_some() || item.starts_with("refund_sent:") || item.starts_with("suspense_returned:")
}

/// What settling a payment would book: a gift if its order is open and says the same, otherwise money in suspense.
async fn settled(db: &impl ConnectionTrait, book: BookId, payment: &Payment) -> Result<Entry, ReconcileError> {
    let on = BusinessDate::of(payment.paid);
    if let Some(order) = DonationId::from_out_trade_no(&payment.out_trade_no) {
        match crowdfunding::order_entry(db, order, &payment.transaction_id, payment.amount, on).await {
            Ok(Some(entry)) => return Ok(entry),
            Ok(None) | Err(CrowdfundingError::NoSuchDonation) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(postings::suspense(book, &payment.transaction_id, payment.amount, on))
}

impl Reconciliation {
    /// What was followed on this day and is said otherwise by the bills now in force: a break again.
    pub(super) async fn followed(
        &self,
        house: &House,
        (day, bills): (BusinessDate, &Bills),
        ours: &[Movement],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let of_day = ours.iter().filter(|one| one.event_date == day);
        let mut items: HashMap<Moved, BTreeSet<String>> = HashMap::new();
        for (what, number) in of_day.filter_map(|one| Some((Moved::of_kind(&one.kind)?, one.document.clone()?))) {
            items.entry(what).or_default().insert(number);
        }
        if items.is_empty() {
            return Ok(());
        }
        let around = self.neighbours(house, day).await?;
        for what in [Moved::Payment, Moved::Refund, Moved::Line] {
            let numbers: Vec<String> = items.remove(&what).unwrap_or_default().into_iter().collect();
            let stands = ours::on_channel(self.db.read(), house.owner.book_id, what, &numbers).await?;
            for (number, stands) in stands {
                let (class, says) = match what {
                    Moved::Payment => (BreakClass::Amount, paid(bills, &around, &number)),
                    Moved::Refund => (BreakClass::RefundAmount, refunded(bills, &around, &number)),
                    Moved::Line => {
                        let says = bills.flow.is_some().then(|| strange(day, bills, &number).unwrap_or(0));
                        (BreakClass::UnknownLine, says)
                    }
                };
                let Some(fen) = says.filter(|fen| *fen != stands.fen) else { continue };
                let (amount, expected) = (Money::from_fen(fen.abs()), Some(Money::from_fen(stands.fen.abs())));
                found.add(class, &number, amount, expected, "曾以微信为准入账，账单后来更正");
            }
        }
        Ok(())
    }
}
