//! Our books against the channel's bills of a day: payments, refunds, fees, and the fund-flow bill against both.

use std::collections::{HashMap, HashSet};

use crowdfunding::CrowdfundingError;
use domain::reconciliation::{BreakClass, Finding, Item, Key, compare};
use domain::{BusinessDate, DonationId, Money, Rate, RefundId, ResolutionId};
use ledger::Entry;

use super::bills::{Bills, FlowKind, FlowLine, Payment, Refund, Trade};
use super::findings::{self, Findings};
use super::ours::{self, Movement};
use super::{House, ReconcileError, Reconciliation};
use crate::breaks::{self, BreakError};
use crate::cashier::{self, Settlement};
use crate::postings;

/// How much is written in one transaction.
const BATCH: usize = 512;
/// How many days a refund may take from the channel's acceptance to our entry, and a payment from one bill to the other.
const BUFFER_DAYS: usize = 7;
/// What happens in the first or the last hour of a day may stand in the neighbour's bill.
const NEAR_MIDNIGHT_S: i64 = 3_600;

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn item(kind: u8, number: &str, amount: Money, status: u8, at: usize) -> Item {
    Item { key: Key::of(kind, number), amount_fen: amount.fen(), fee_fen: 0, status, place: place(at) }
}

/// The reference under which a refund of ours is booked, from its number at the channel.
fn refund_reference(number: &str) -> Option<String> {
    RefundId::from_out_refund_no(number)
        .map(|(id, _)| format!("refund_sent:{id}"))
        .or_else(|| ResolutionId::from_out_refund_no(number).map(|(id, _)| format!("suspense_returned:{id}")))
}

/// The day so many days before.
fn back(day: BusinessDate, days: usize) -> BusinessDate {
    (0..days).fold(day, |day, _| day.previous())
}

impl Reconciliation {
    /// Our payments against the trade bill. What the channel has and we do not is settled as if it had told us; what we have and the
    /// channel does not is a break.
    pub(super) async fn payments(
        &self,
        house: &House,
        day: BusinessDate,
        trade: &Trade,
        ours: &[Movement],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let received: Vec<&Movement> = ours
            .iter()
            .filter(|one| one.event_date == day && matches!(one.kind.as_str(), "donation" | "suspense"))
            .collect();
        let number = |one: &Movement| one.document.clone().unwrap_or_default();
        let mut here: Vec<Item> =
            received.iter().enumerate().map(|(at, one)| item(0, &number(one), one.amount_fen, 0, at)).collect();
        let mut there: Vec<Item> = trade
            .payments
            .iter()
            .enumerate()
            .map(|(at, line)| item(0, &line.transaction, line.amount, u8::from(line.state != "SUCCESS"), at))
            .collect();
        let mut strange: Vec<&Payment> = Vec::new();
        compare(&mut here, &mut there, |finding| match finding {
            Finding::Matched(..) => found.matched += 1,
            Finding::Differs(one, other, _) => {
                let (one, line) = (received[one.place as usize], &trade.payments[other.place as usize]);
                differs(found, line, one.amount_fen);
            }
            Finding::OnlyHere(one) => {
                let one = received[one.place as usize];
                found.add(BreakClass::MissingThere, &number(one), one.amount_fen, None, one.reference.clone());
            }
            Finding::OnlyThere(other) => strange.push(&trade.payments[other.place as usize]),
            Finding::DuplicateHere(one) => {
                let one = received[one.place as usize];
                found.add(BreakClass::DuplicateHere, &number(one), one.amount_fen, None, one.reference.clone());
            }
            Finding::DuplicateThere(other) => {
                let line = &trade.payments[other.place as usize];
                found.add(BreakClass::DuplicateThere, &line.transaction, line.amount, None, line.order.clone());
            }
        });
        for batch in strange.chunks(BATCH) {
            self.settle(house, batch, found).await?;
        }
        Ok(())
    }

    /// Payments that no event of ours of that day shows: they stand under another day, or they are settled now.
    async fn settle(&self, house: &House, lines: &[&Payment], found: &mut Findings) -> Result<(), ReconcileError> {
        let gift = |line: &Payment| DonationId::from_out_trade_no(&line.order).map(|id| format!("donation:{id}"));
        let stray = |line: &Payment| format!("suspense:{}", line.transaction);
        let references = lines.iter().flat_map(|line| gift(line).into_iter().chain([stray(line)])).collect();
        let standing = ours::standing(self.db.read(), references).await?;
        let known = |line: &Payment| {
            [gift(line), Some(stray(line))].into_iter().flatten().find_map(|reference| {
                let (document, amount) = standing.get(&reference)?;
                (document.as_deref() == Some(line.transaction.as_str())).then_some(*amount)
            })
        };
        let mut unsettled: Vec<&Payment> = Vec::new();
        for line in lines.iter().copied() {
            match known(line) {
                Some(amount) if amount == line.amount && line.state == "SUCCESS" => {
                    found.matched += 1;
                    found.cleared.insert(line.transaction.clone());
                }
                Some(amount) => differs(found, line, amount),
                None if line.state == "SUCCESS" => unsettled.push(line),
                None => found.add(BreakClass::Status, &line.transaction, line.amount, None, line.state.clone()),
            }
        }
        let payments: Vec<cashier::Payment> = unsettled
            .iter()
            .map(|line| cashier::Payment {
                out_trade_no: line.order.clone(),
                transaction_id: line.transaction.clone(),
                amount: line.amount,
                paid: line.at,
            })
            .collect();
        let tx = self.db.begin().await?;
        let settled = cashier::settle(&tx, self.business.now(), &house.door, &payments).await?;
        tx.commit().await?;
        for settlement in settled {
            match settlement {
                Settlement::Paid { .. } => found.healed += 1,
                Settlement::AlreadyPaid { .. } => found.matched += 1,
                // In 2209 待查款, and listed as such.
                Settlement::Break { .. } => {}
            }
        }
        Ok(())
    }

    /// Our refunds and returns against the trade bill. What the channel has given back and we have not heard of is confirmed.
    pub(super) async fn refunds(
        &self,
        house: &House,
        day: BusinessDate,
        trade: &Trade,
        ours: &[Movement],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let sent: Vec<&Movement> = ours
            .iter()
            .filter(|one| one.event_date == day && matches!(one.kind.as_str(), "refund_sent" | "suspense_returned"))
            .collect();
        let key = |line: &Refund| refund_reference(&line.number).unwrap_or_else(|| line.number.clone());
        let (done, failed): (Vec<&Refund>, Vec<&Refund>) =
            trade.refunds.iter().partition(|line| matches!(line.state.as_str(), "SUCCESS" | "PROCESSING"));
        let mut here: Vec<Item> = sent
            .iter()
            .enumerate()
            .map(|(at, one)| item(1, &one.reference, Money::from_fen(-one.amount_fen.fen()), 0, at))
            .collect();
        let mut there: Vec<Item> =
            done.iter().enumerate().map(|(at, line)| item(1, &key(line), line.amount, 0, at)).collect();
        let (mut strange, mut unseen): (Vec<&Refund>, Vec<&Movement>) = (Vec::new(), Vec::new());
        compare(&mut here, &mut there, |finding| match finding {
            Finding::Matched(..) => found.matched += 1,
            Finding::Differs(one, other, _) => {
                let (one, line) = (sent[one.place as usize], done[other.place as usize]);
                let ours = Money::from_fen(-one.amount_fen.fen());
                found.add(BreakClass::RefundAmount, &line.number, line.amount, Some(ours), one.reference.clone());
            }
            Finding::OnlyHere(one) => unseen.push(sent[one.place as usize]),
            Finding::OnlyThere(other) => strange.push(done[other.place as usize]),
            Finding::DuplicateHere(one) => {
                let one = sent[one.place as usize];
                let amount = Money::from_fen(-one.amount_fen.fen());
                found.add(BreakClass::DuplicateHere, &one.reference, amount, None, one.reference.clone());
            }
            Finding::DuplicateThere(other) => {
                let line = done[other.place as usize];
                found.add(BreakClass::DuplicateThere, &line.number, line.amount, None, line.refund_id.clone());
            }
        });
        let references = strange.iter().chain(&failed).filter_map(|line| refund_reference(&line.number)).collect();
        let standing = ours::standing(self.db.read(), references).await?;
        for line in strange {
            let booked = refund_reference(&line.number).and_then(|reference| standing.get(&reference));
            match booked {
                Some((_, amount)) if *amount == line.amount => {
                    found.matched += 1;
                    found.cleared.insert(line.number.clone());
                    found.cleared.extend(refund_reference(&line.number));
                }
                Some((_, amount)) => {
                    found.add(
                        BreakClass::RefundAmount,
                        &line.number,
                        line.amount,
                        Some(*amount),
                        line.refund_id.clone(),
                    );
                }
                None => self.confirm_refund(line, found).await?,
            }
        }
        // The channel failed it and we have booked it: unless another attempt of it succeeded.
        for line in failed {
            let succeeded = done.iter().any(|other| key(other) == key(line));
            let booked = refund_reference(&line.number).is_some_and(|reference| standing.contains_key(&reference));
            if booked && !succeeded {
                found.add(BreakClass::Status, &line.number, line.amount, None, line.state.clone());
            }
        }
        if unseen.is_empty() {
            return Ok(());
        }
        // The bill lists a refund on the day it was taken, we on the day it arrived.
        let before = self.bills(house, back(day, BUFFER_DAYS), day.previous()).await?;
        let listed: HashSet<String> = before
            .values()
            .filter_map(|bills| bills.trade.as_ref())
            .flat_map(|trade| trade.refunds.iter().map(key))
            .collect();
        for one in unseen {
            if listed.contains(&one.reference) {
                found.matched += 1;
            } else {
                let amount = Money::from_fen(-one.amount_fen.fen());
                found.add(BreakClass::RefundMissingThere, &one.reference, amount, None, one.reference.clone());
            }
        }
        Ok(())
    }

    /// The bill says that a refund has succeeded which we have not booked.
    async fn confirm_refund(&self, line: &Refund, found: &mut Findings) -> Result<(), ReconcileError> {
        let strange = |found: &mut Findings, class| {
            found.add(class, &line.number, line.amount, None, line.refund_id.clone());
            Ok(())
        };
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let confirmed = if let Some((id, attempt)) = RefundId::from_out_refund_no(&line.number) {
            match crowdfunding::refund(&tx, id).await {
                Err(CrowdfundingError::NoSuchRefund) => return strange(found, BreakClass::RefundMissingHere),
                Err(error) => return Err(error.into()),
                Ok(ours) if ours.amount_fen != line.amount => {
                    found.add(
                        BreakClass::RefundAmount,
                        &line.number,
                        line.amount,
                        Some(ours.amount_fen),
                        line.refund_id.clone(),
                    );
                    return Ok(());
                }
                Ok(_) if line.state == "PROCESSING" => None,
                Ok(_) => match crowdfunding::succeeded(&tx, now, id, attempt.into(), line.at).await {
                    Ok(confirmed) => Some(confirmed),
                    Err(CrowdfundingError::Db(error)) => return Err(error.into()),
                    Err(_) => return strange(found, BreakClass::Status),
                },
            }
        } else if let Some((id, _)) = ResolutionId::from_out_refund_no(&line.number) {
            if line.state == "PROCESSING" {
                None
            } else {
                match breaks::returned(&tx, now, id, &line.refund_id, line.at).await {
                    Ok(confirmed) => Some(confirmed),
                    Err(BreakError::NoSuchResolution) => return strange(found, BreakClass::RefundMissingHere),
                    Err(BreakError::Db(error)) => return Err(error.into()),
                    Err(_) => return strange(found, BreakClass::Status),
                }
            }
        } else {
            return strange(found, BreakClass::RefundMissingHere);
        };
        match confirmed {
            Some(_) => {
                tx.commit().await?;
                found.healed += 1;
            }
            None => found.waiting += 1,
        }
        Ok(())
    }

    /// The fees as the trade bill says them, each under its payment or refund (entries 2 and 4c). A fee that its own rate does not give
    /// is a break and is not booked; a corrected bill books the difference.
    pub(super) async fn fees(
        &self,
        house: &House,
        day: BusinessDate,
        trade: &Trade,
        ours: &[Movement],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let book = house.owner.book_id;
        // What is booked so far, and in how many entries.
        let mut booked: HashMap<(&str, &str), (i64, usize)> = HashMap::new();
        for one in ours.iter().filter(|one| one.event_date == day && one.kind.starts_with("fee")) {
            let sum = booked.entry((one.kind.as_str(), one.document.as_deref().unwrap_or_default())).or_default();
            *sum = (sum.0 + one.amount_fen.fen(), sum.1 + 1);
        }
        let reference = |kind: &str, number: &str, entries: usize| match entries {
            0 => format!("{kind}:{number}"),
            again => format!("{kind}:{number}:{again}"),
        };
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        for line in trade.payments.iter().filter(|line| line.state == "SUCCESS") {
            if !seen.insert(&line.transaction) {
                continue;
            }
            let rate: Option<Rate> = line.rate.parse().ok();
            let given = |amount| rate.and_then(|rate| rate.of(amount));
            if rate.is_some() && given(line.settlement) != Some(line.fee) && given(line.amount) != Some(line.fee) {
                found.add(
                    BreakClass::Fee,
                    &line.transaction,
                    line.fee,
                    given(line.settlement),
                    format!("费率 {}", line.rate),
                );
                continue;
            }
            if line.settlement != line.amount {
                let detail = line.order.clone();
                found.add(BreakClass::SettlementAmount, &line.transaction, line.settlement, Some(line.amount), detail);
            }
            let (sum, known) = booked.get(&("fee", line.transaction.as_str())).copied().unwrap_or_default();
            let missing = Money::from_fen(line.fee.fen() + sum);
            if missing != Money::ZERO {
                let reference = reference("fee", &line.transaction, known);
                entries.push(postings::channel_fee(book, reference, &line.transaction, missing, day));
            }
        }
        // A fee comes back with the money, not before we know that it went.
        let references = trade.refunds.iter().filter_map(|line| refund_reference(&line.number)).collect();
        let standing = ours::standing(self.db.read(), references).await?;
        for line in &trade.refunds {
            let went = refund_reference(&line.number).is_some_and(|reference| standing.contains_key(&reference));
            if !went || matches!(line.state.as_str(), "FAIL" | "CHANGE") || !seen.insert(&line.refund_id) {
                continue;
            }
            let (sum, known) = booked.get(&("fee_returned", line.refund_id.as_str())).copied().unwrap_or_default();
            let missing = Money::from_fen(line.fee.fen() - sum);
            if missing != Money::ZERO {
                let reference = reference("fee_returned", &line.refund_id, known);
                entries.push(postings::channel_fee_returned(book, reference, &line.refund_id, missing, day));
            }
        }
        for batch in entries.chunks(BATCH) {
            let tx = self.db.begin().await?;
            for posted in ledger::post(&tx, self.business.now(), batch).await? {
                posted?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// The fund-flow bill against the trade bill, or against our books while there is none. A gift whose line is found is settled.
    pub(super) async fn flows(
        &self,
        house: &House,
        day: BusinessDate,
        bills: &Bills,
        ours: &[Movement],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let Some(flow) = &bills.flow else { return Ok(()) };
        let trade = bills.trade.as_ref().filter(|trade| trade.lists == (true, true));
        let of = |kind: FlowKind| flow.iter().filter(move |line| line.kind == kind);
        for line in of(FlowKind::Unknown) {
            found.add(BreakClass::UnknownLine, &line.flow_no, line.amount, None, line.words.clone());
        }
        let received: Vec<&FlowLine> = of(FlowKind::Payment).collect();
        let mut there: Vec<Item> =
            received.iter().enumerate().map(|(at, line)| item(0, &line.business_no, line.amount, 0, at)).collect();
        let ledger: Vec<&Movement> = ours
            .iter()
            .filter(|one| one.event_date == day && matches!(one.kind.as_str(), "donation" | "suspense"))
            .collect();
        let mut here: Vec<Item> = match trade {
            Some(trade) => {
                let paid = trade.payments.iter().enumerate().filter(|(_, line)| line.state == "SUCCESS");
                paid.map(|(at, line)| item(0, &line.transaction, line.settlement, 0, at)).collect()
            }
            None => {
                let number = |one: &Movement| one.document.clone().unwrap_or_default();
                ledger.iter().enumerate().map(|(at, one)| item(0, &number(one), one.amount_fen, 0, at)).collect()
            }
        };
        let mut settled: Vec<&str> = Vec::new();
        let (mut unseen, mut strange): (Vec<usize>, Vec<&FlowLine>) = (Vec::new(), Vec::new());
        let without_trade = trade.is_none();
        compare(&mut here, &mut there, |finding| match finding {
            Finding::Matched(_, other) => {
                settled.push(&received[other.place as usize].business_no);
                found.matched += u64::from(without_trade);
            }
            Finding::Differs(one, other, _) => {
                let line = received[other.place as usize];
                let expected = Some(Money::from_fen(one.amount_fen));
                found.add(BreakClass::SettlementAmount, &line.business_no, line.amount, expected, line.voucher.clone());
            }
            Finding::OnlyHere(one) => unseen.push(one.place as usize),
            Finding::OnlyThere(other) => strange.push(received[other.place as usize]),
            Finding::DuplicateHere(_) => {}
            Finding::DuplicateThere(other) => {
                let line = received[other.place as usize];
                found.add(BreakClass::DuplicateThere, &line.business_no, line.amount, None, line.voucher.clone());
            }
        });
        let around = if unseen.is_empty() && strange.is_empty() {
            Default::default()
        } else {
            self.bills(house, back(day, BUFFER_DAYS), day.next()).await?
        };
        if let Some(trade) = trade {
            let elsewhere: HashSet<&str> = around
                .iter()
                .filter(|(other, _)| **other != day)
                .filter_map(|(_, bills)| bills.flow.as_ref())
                .flatten()
                .map(|line| line.business_no.as_str())
                .collect();
            let next_read = around.get(&day.next()).is_some_and(|bills| bills.flow.is_some());
            for at in unseen {
                let line = &trade.payments[at];
                if elsewhere.contains(line.transaction.as_str()) {
                    settled.push(&line.transaction);
                } else if !next_read && day.next().start().seconds() - line.at.seconds() <= NEAR_MIDNIGHT_S {
                    found.waiting += 1;
                } else {
                    let detail = format!("资金账单无此笔 {}", line.order);
                    found.add(BreakClass::MissingThere, &line.transaction, line.settlement, None, detail);
                }
            }
        }
        let listed: HashSet<&str> = around
            .values()
            .filter_map(|bills| bills.trade.as_ref())
            .flat_map(|trade| trade.payments.iter().map(|line| line.transaction.as_str()))
            .collect();
        let references = strange.iter().flat_map(|line| {
            let gift = DonationId::from_out_trade_no(&line.voucher).map(|id| format!("donation:{id}"));
            gift.into_iter().chain([format!("suspense:{}", line.business_no)])
        });
        let standing = ours::standing(self.db.read(), references.collect()).await?;
        let documents: HashSet<&str> = standing.values().filter_map(|(document, _)| document.as_deref()).collect();
        let before_read = around.get(&day.previous()).is_some_and(|bills| bills.trade.is_some());
        for line in strange {
            if listed.contains(line.business_no.as_str()) || documents.contains(line.business_no.as_str()) {
                settled.push(&line.business_no);
                found.cleared.insert(line.business_no.clone());
            } else if without_trade || (!before_read && line.at.seconds() - day.start().seconds() <= NEAR_MIDNIGHT_S) {
                found.waiting += 1;
            } else {
                let detail = format!("交易账单无此笔 {}", line.voucher);
                found.add(BreakClass::MissingHere, &line.business_no, line.amount, None, detail);
            }
        }
        for batch in settled.chunks(BATCH) {
            let (tx, now) = (self.db.begin().await?, self.business.now());
            crowdfunding::settle(&tx, now, batch).await?;
            findings::settle(&tx, now, batch).await?;
            tx.commit().await?;
        }
        if let Some(trade) = trade {
            self.flow_refunds(house, day, trade, flow, found).await?;
            flow_fees(trade, flow, found);
        }
        Ok(())
    }

    /// Refunds of the fund-flow bill: net in one line, or gross with a line that gives the fee back. A closed one comes back in full.
    async fn flow_refunds(
        &self,
        house: &House,
        day: BusinessDate,
        trade: &Trade,
        flow: &[FlowLine],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let known: HashMap<&str, &Refund> = trade.refunds.iter().map(|line| (line.refund_id.as_str(), line)).collect();
        let by_number: HashMap<&str, &Refund> = trade.refunds.iter().map(|line| (line.number.as_str(), line)).collect();
        let mut moved: HashMap<&str, (i64, bool)> = HashMap::new();
        let mut strange: Vec<&FlowLine> = Vec::new();
        for line in flow {
            if !matches!(line.kind, FlowKind::Refund | FlowKind::RefundClosed | FlowKind::FeeReturned) {
                continue;
            }
            match known.get(line.business_no.as_str()).or_else(|| by_number.get(line.voucher.as_str())) {
                Some(refund) => {
                    let sum = moved.entry(refund.number.as_str()).or_default();
                    *sum = (sum.0 + line.amount.fen(), sum.1 || line.kind == FlowKind::RefundClosed);
                }
                None => strange.push(line),
            }
        }
        let around = if strange.is_empty() && moved.len() == by_number.len() {
            Default::default()
        } else {
            self.bills(house, back(day, BUFFER_DAYS), day.next()).await?
        };
        let listed: HashSet<&str> = around
            .values()
            .filter_map(|bills| bills.trade.as_ref())
            .flat_map(|trade| trade.refunds.iter().map(|line| line.number.as_str()))
            .collect();
        for line in strange.into_iter().filter(|line| line.kind == FlowKind::Refund) {
            if !listed.contains(line.voucher.as_str()) {
                let detail = format!("交易账单无此笔退款 {}", line.business_no);
                let amount = Money::from_fen(-line.amount.fen());
                found.add(BreakClass::RefundMissingHere, &line.voucher, amount, None, detail);
            }
        }
        let elsewhere: HashSet<&str> = around
            .iter()
            .filter(|(other, _)| **other != day)
            .filter_map(|(_, bills)| bills.flow.as_ref())
            .flatten()
            .map(|line| line.voucher.as_str())
            .collect();
        let next_read = around.get(&day.next()).is_some_and(|bills| bills.flow.is_some());
        for line in &trade.refunds {
            let net = Money::from_fen(line.amount.fen() - line.fee.fen());
            match moved.get(line.number.as_str()) {
                Some((_, true)) => {}
                Some((sum, false)) if -sum == net.fen() => {}
                Some((sum, false)) if -sum == line.amount.fen() => {
                    let detail = format!("资金账单未退还手续费 {}", line.refund_id);
                    found.add(BreakClass::Fee, &line.number, Money::ZERO, Some(line.fee), detail);
                }
                Some((sum, false)) => {
                    let amount = Money::from_fen(-sum);
                    found.add(BreakClass::RefundAmount, &line.number, amount, Some(net), line.refund_id.clone());
                }
                None if elsewhere.contains(line.number.as_str()) || line.state != "SUCCESS" => {}
                None if !next_read && day.next().start().seconds() - line.at.seconds() <= NEAR_MIDNIGHT_S => {
                    found.waiting += 1;
                }
                None => {
                    let detail = format!("资金账单无此笔退款 {}", line.refund_id);
                    found.add(BreakClass::RefundMissingThere, &line.number, net, None, detail);
                }
            }
        }
        Ok(())
    }
}

/// A payment whose amount or state the bill says otherwise.
fn differs(found: &mut Findings, line: &Payment, ours: Money) {
    if line.amount != ours {
        found.add(BreakClass::Amount, &line.transaction, line.amount, Some(ours), line.order.clone());
    }
    if line.state != "SUCCESS" {
        found.add(BreakClass::Status, &line.transaction, line.amount, None, line.state.clone());
    }
}

/// The fees of the fund-flow bill against those of the trade bill; where they differ, the trade bill is booked and a person looks.
fn flow_fees(trade: &Trade, flow: &[FlowLine], found: &mut Findings) {
    let transactions: HashSet<&str> = trade.payments.iter().map(|line| line.transaction.as_str()).collect();
    let by_order: HashMap<&str, &str> =
        trade.payments.iter().map(|line| (line.order.as_str(), line.transaction.as_str())).collect();
    let mut taken: HashMap<&str, i64> = HashMap::new();
    for line in flow.iter().filter(|line| line.kind == FlowKind::Fee) {
        let of = transactions.get(line.business_no.as_str()).or_else(|| by_order.get(line.voucher.as_str()));
        match of {
            Some(transaction) => *taken.entry(transaction).or_default() -= line.amount.fen(),
            None => found.add(BreakClass::UnknownLine, &line.flow_no, line.amount, None, line.words.clone()),
        }
    }
    let paid: HashSet<&str> =
        flow.iter().filter(|line| line.kind == FlowKind::Payment).map(|line| line.business_no.as_str()).collect();
    for line in trade.payments.iter().filter(|line| paid.contains(line.transaction.as_str())) {
        let fee = taken.get(line.transaction.as_str()).copied().unwrap_or_default();
        if fee != line.fee.fen() {
            let detail = format!("资金账单手续费 {}", Money::from_fen(fee));
            found.add(BreakClass::Fee, &line.transaction, line.fee, Some(Money::from_fen(fee)), detail);
        }
    }
}
