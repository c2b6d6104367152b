//! Our books against the trade bill of a day: payments, refunds and fees. What the channel has and we do not is settled as if it had told
//! us, through the one door; nothing is booked from a line whose counterpart in the books says something else.

use std::collections::{BTreeMap, HashMap, HashSet};

use crowdfunding::CrowdfundingError;
use domain::reconciliation::{BreakClass, Finding, Item, Key, compare};
use domain::refund::RefundEvent;
use domain::{BookId, BusinessDate, DonationId, Money, Rate, RefundId, Refused, ResolutionId};
use ledger::{Entry, Refusal};

use super::bills::{Bills, FlowKind, FlowLine, Payment, Refund, Trade};
use super::findings::{Findings, Side};
use super::ours::{self, Movement};
use super::rule::Terms;
use super::{House, ReconcileError, Reconciliation};
use crate::breaks::{self, BreakError};
use crate::cashier::{self, Settlement};
use crate::postings::{self, Moved};

/// How much is written in one transaction.
pub(super) const BATCH: usize = 1_000;
/// How many days a refund may take from the channel's acceptance to our entry, and a payment from one bill to the other.
pub(super) const NEIGHBOURS: usize = 7;

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

pub(super) fn item(kind: u8, number: &str, amount: Money, status: u8, at: usize) -> Item {
    Item { key: Key::of(kind, number), amount_fen: amount.fen(), fee_fen: 0, status, place: place(at) }
}

/// The reference under which a refund of ours is booked, from its number at the channel.
pub(super) fn refund_reference(number: &str) -> Option<String> {
    RefundId::from_out_refund_no(number)
        .map(|(id, _)| format!("refund_sent:{id}"))
        .or_else(|| ResolutionId::from_out_refund_no(number).map(|(id, _)| format!("suspense_returned:{id}")))
}

/// The lines of a trade bill whose payment or refund stands in the books with the amount the bill says: only theirs are the fees that may
/// be booked.
#[derive(Debug, Default)]
pub(super) struct Sound {
    payments: Vec<usize>,
    refunds: Vec<usize>,
}

/// Whether an order number is that of the gift an entry is about; money in suspense names no order.
fn of_order(entry: &Movement, order: &str) -> bool {
    let Some(gift) = entry.reference.strip_prefix("donation:") else { return true };
    DonationId::from_out_trade_no(order).is_some_and(|id| gift.parse::<DonationId>().is_ok_and(|gift| gift == id))
}

impl Reconciliation {
    /// The bills of the days around one: what is not in its own may be in theirs.
    pub(super) async fn neighbours(
        &self,
        house: &House,
        day: BusinessDate,
    ) -> Result<BTreeMap<BusinessDate, Bills>, ReconcileError> {
        let first = (0..NEIGHBOURS).fold(day, |day, _| day.previous());
        let mut around = self.bills(house, first, day.next()).await?;
        around.remove(&day);
        Ok(around)
    }

    /// Our payments against the trade bill. What the channel has and we do not is settled, unless its own fund-flow bill shows no such
    /// money; what we have and the channel does not is a break, unless the neighbour's bill may still have it.
    pub(super) async fn payments(
        &self,
        house: &House,
        terms: &Terms,
        (trade, flow): (&Trade, Option<&[FlowLine]>),
        ours: &[Movement],
        (sound, found): (&mut Sound, &mut Findings),
    ) -> Result<(), ReconcileError> {
        let day = terms.day;
        let received = ours::received(ours, day);
        let mut here: Vec<Item> =
            received.iter().enumerate().map(|(at, one)| item(0, one.transaction(), one.amount_fen, 0, at)).collect();
        let mut there: Vec<Item> = trade
            .payments
            .iter()
            .enumerate()
            .map(|(at, line)| item(0, &line.transaction, line.amount, u8::from(line.state != "SUCCESS"), at))
            .collect();
        let followed = ours::followed(ours, Moved::Payment);
        let (mut strange, mut unseen): (Vec<usize>, Vec<&Movement>) = (Vec::new(), Vec::new());
        compare(&mut here, &mut there, |finding| match finding {
            Finding::Matched(one, other) => {
                let (one, at) = (received[one.place as usize], other.place as usize);
                let line = &trade.payments[at];
                sound.payments.push(at);
                if of_order(one, &line.order) {
                    found.matched += 1;
                } else {
                    let detail = format!("账单的商户订单号{}与账上不符", line.order);
                    found.add(BreakClass::Status, &line.transaction, line.amount, None, detail);
                }
            }
            Finding::Differs(one, other, _) => {
                let (one, at) = (received[one.place as usize], other.place as usize);
                let line = &trade.payments[at];
                differs(found, line, one.amount_fen);
                // Where the books follow the bill, its fee is theirs too.
                if line.state == "SUCCESS" && followed.contains(line.transaction.as_str()) {
                    sound.payments.push(at);
                }
            }
            Finding::OnlyHere(one) => unseen.push(received[one.place as usize]),
            Finding::OnlyThere(other) => strange.push(other.place as usize),
            Finding::DuplicateHere(one) => {
                let one = received[one.place as usize];
                found.add(BreakClass::DuplicateHere, one.transaction(), one.amount_fen, None, one.reference.clone());
            }
            Finding::DuplicateThere(other) => {
                let line = &trade.payments[other.place as usize];
                found.add(BreakClass::DuplicateThere, &line.transaction, line.amount, None, line.order.clone());
            }
        });
        drop((here, there));
        let strange = self.shown_to_move(house, terms, (trade, flow), strange, found).await?;
        let (done, of) = (trade.payments.len() - strange.len(), trade.payments.len());
        for (nth, batch) in strange.chunks(BATCH).enumerate() {
            self.settle(house, trade, batch, (sound, found)).await?;
            self.tell("settling payments", done + nth * BATCH + batch.len(), of);
        }
        if unseen.is_empty() {
            return Ok(());
        }
        let around = self.neighbours(house, day).await?;
        let listed: HashSet<&str> = trades(&around)
            .flat_map(|(_, trade)| trade.payments.iter().map(|line| line.transaction.as_str()))
            .collect();
        let unread = |day: BusinessDate| trades(&around).all(|(other, trade)| other != day || !trade.lists.0);
        let (before, after) = (unread(day.previous()), unread(day.next()));
        let gifts =
            ours::paid_gifts(self.db.read(), unseen.iter().map(|one| one.transaction().to_owned()).collect()).await?;
        for one in unseen {
            let number = one.transaction();
            let near = gifts.get(number).map_or((false, false), |gift| terms.near(gift.paid_us));
            if listed.contains(number) {
                found.matched += 1;
            } else if (near.0 && before) || (near.1 && after) {
                let about = (number, one.amount_fen);
                found.wait(Side::Books, BreakClass::MissingThere, about, terms.until(), one.reference.clone());
            } else {
                found.add(BreakClass::MissingThere, number, one.amount_fen, None, one.reference.clone());
            }
        }
        Ok(())
    }

    /// Those of some payments of the trade bill whose money the fund-flow bill shows, in its own or a neighbour's; all while there is none.
    async fn shown_to_move(
        &self,
        house: &House,
        terms: &Terms,
        (trade, flow): (&Trade, Option<&[FlowLine]>),
        places: Vec<usize>,
        found: &mut Findings,
    ) -> Result<Vec<usize>, ReconcileError> {
        let Some(flow) = flow.filter(|_| !places.is_empty()) else { return Ok(places) };
        let shown: HashSet<&str> = flow.iter().map(FlowLine::payment).collect();
        let number = |at: usize| trade.payments[at].transaction.as_str();
        let (mut moved, dry): (Vec<usize>, Vec<usize>) = places.into_iter().partition(|at| shown.contains(number(*at)));
        if dry.is_empty() {
            return Ok(moved);
        }
        let around = self.neighbours(house, terms.day).await?;
        let lines = || around.values().filter_map(|bills| bills.flow.as_ref()).flatten();
        let elsewhere: HashSet<&str> = lines().map(FlowLine::payment).collect();
        let next_read = around.get(&terms.day.next()).is_some_and(|bills| bills.flow.is_some());
        let numbers: Vec<String> = dry.iter().map(|at| number(*at).to_owned()).collect();
        let stray = numbers.iter().map(|number| format!("suspense:{number}")).collect();
        let mut booked: HashSet<String> = ours::paid_gifts(self.db.read(), numbers).await?.into_keys().collect();
        let standing = ours::standing(self.db.read(), stray).await?;
        booked.extend(standing.into_values().filter_map(|(document, _)| document));
        for at in dry {
            let line = &trade.payments[at];
            if elsewhere.contains(number(at)) || booked.contains(number(at)) || line.state != "SUCCESS" {
                moved.push(at);
                continue;
            }
            let detail = format!("资金账单无此笔，未入账 {}", line.order);
            if !next_read && terms.near(line.at).1 {
                let about = (number(at), line.amount);
                found.wait(Side::Trade, BreakClass::MissingHere, about, terms.until(), detail);
            } else {
                found.add(BreakClass::MissingHere, number(at), line.amount, None, detail);
            }
        }
        Ok(moved)
    }

    /// Payments that no event of ours of that day shows: they stand under another day, or they are settled now.
    async fn settle(
        &self,
        house: &House,
        trade: &Trade,
        places: &[usize],
        (sound, found): (&mut Sound, &mut Findings),
    ) -> Result<(), ReconcileError> {
        let lines: Vec<&Payment> = places.iter().map(|at| &trade.payments[*at]).collect();
        let gift = |line: &Payment| DonationId::from_out_trade_no(&line.order).map(|id| format!("donation:{id}"));
        let stray = |line: &Payment| format!("suspense:{}", line.transaction);
        let taken_back = |line: &Payment| format!("reversal:suspense:{}", line.transaction);
        let of_line = |line: &&Payment| gift(line).into_iter().chain([stray(line), taken_back(line)]);
        let references = lines.iter().flat_map(of_line).collect();
        let standing = ours::standing(self.db.read(), references).await?;
        let gifts =
            ours::paid_gifts(self.db.read(), lines.iter().map(|line| line.transaction.clone()).collect()).await?;
        let known = |line: &Payment| {
            [gift(line), Some(stray(line))].into_iter().flatten().find_map(|reference| {
                let (document, amount) = standing.get(&reference)?;
                (document.as_deref() == Some(line.transaction.as_str())).then_some(*amount)
            })
        };
        let mut unsettled: Vec<usize> = Vec::new();
        for (at, line) in places.iter().copied().zip(lines.iter().copied()) {
            match known(line) {
                Some(amount) if amount == line.amount && line.state == "SUCCESS" => {
                    found.matched += 1;
                    found.cleared.insert(line.transaction.clone());
                    sound.payments.push(at);
                }
                Some(amount) => differs(found, line, amount),
                // It is booked, as the payment of another order than the bill says: money is not booked twice.
                None if gifts.contains_key(&line.transaction) => {
                    let detail = format!("账单的商户订单号{}与账上不符", line.order);
                    found.add(BreakClass::Status, &line.transaction, line.amount, None, detail);
                }
                // It was booked once, and taken out because no bill showed it: money is not suspended twice.
                None if standing.contains_key(&taken_back(line)) => {
                    let detail = format!("曾以微信为准冲销，账单又列出 {}", line.order);
                    found.add(BreakClass::MissingHere, &line.transaction, line.amount, None, detail);
                }
                None if line.state == "SUCCESS" && line.amount.is_positive() => unsettled.push(at),
                None => found.add(BreakClass::Status, &line.transaction, line.amount, None, &*line.state),
            }
        }
        let payment = |at: &usize| {
            let line = &trade.payments[*at];
            cashier::Payment {
                out_trade_no: line.order.clone(),
                transaction_id: line.transaction.clone(),
                amount: line.amount,
                paid: line.at,
            }
        };
        let payments: Vec<cashier::Payment> = unsettled.iter().map(payment).collect();
        if payments.is_empty() {
            return Ok(());
        }
        found.booked = true;
        let tx = self.db.begin().await?;
        let settled = cashier::settle(&tx, self.business.now(), &house.door, &payments).await?;
        tx.commit().await?;
        for (at, settlement) in unsettled.into_iter().zip(settled) {
            sound.payments.push(at);
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
        terms: &Terms,
        trade: &Trade,
        ours: &[Movement],
        (sound, found): (&mut Sound, &mut Findings),
    ) -> Result<(), ReconcileError> {
        let day = terms.day;
        let sent: Vec<&Movement> = ours.iter().filter(|one| one.sent_on(day)).collect();
        let key = |line: &Refund| refund_reference(&line.number).unwrap_or_else(|| line.number.clone());
        let (mut done, mut failed): (Vec<usize>, Vec<&Refund>) = (Vec::new(), Vec::new());
        for (at, line) in trade.refunds.iter().enumerate() {
            match &*line.state {
                "SUCCESS" | "PROCESSING" => done.push(at),
                "FAIL" | "CHANGE" => failed.push(line),
                other => found.add(BreakClass::Status, &line.number, line.amount, None, format!("退款状态 {other}")),
            }
        }
        let line_of = |at: u32| &trade.refunds[done[at as usize]];
        // Where the bill lists the number a refund was booked under, another number of the same refund has left as well.
        let listed: HashSet<&str> = done.iter().map(|at| trade.refunds[*at].number.as_str()).collect();
        let booked: HashMap<&str, &str> = sent
            .iter()
            .filter_map(|one| Some((one.reference.as_str(), one.document.as_deref()?)))
            .filter(|(_, number)| listed.contains(number))
            .collect();
        let own_key = |line: &Refund| {
            let reference = key(line);
            let other = booked.get(reference.as_str()).is_some_and(|number| *number != line.number);
            if other { line.number.clone() } else { reference }
        };
        let mut here: Vec<Item> =
            sent.iter().enumerate().map(|(at, one)| item(1, &one.reference, one.out(), 0, at)).collect();
        let mut there: Vec<Item> = done
            .iter()
            .enumerate()
            .map(|(at, line)| item(1, &own_key(&trade.refunds[*line]), trade.refunds[*line].amount, 0, at))
            .collect();
        let followed = ours::followed(ours, Moved::Refund);
        let (mut strange, mut unseen): (Vec<usize>, Vec<&Movement>) = (Vec::new(), Vec::new());
        compare(&mut here, &mut there, |finding| match finding {
            Finding::Matched(_, other) => {
                found.matched += 1;
                sound.refunds.push(done[other.place as usize]);
            }
            Finding::Differs(one, other, _) => {
                let (one, line) = (sent[one.place as usize], line_of(other.place));
                found.add(BreakClass::RefundAmount, &line.number, line.amount, Some(one.out()), one.reference.clone());
                if followed.contains(one.reference.as_str()) {
                    sound.refunds.push(done[other.place as usize]);
                }
            }
            Finding::OnlyHere(one) => unseen.push(sent[one.place as usize]),
            Finding::OnlyThere(other) => strange.push(done[other.place as usize]),
            Finding::DuplicateHere(one) => {
                let one = sent[one.place as usize];
                found.add(BreakClass::DuplicateHere, &one.reference, one.out(), None, one.reference.clone());
            }
            Finding::DuplicateThere(other) => {
                let line = line_of(other.place);
                found.add(BreakClass::DuplicateThere, &line.number, line.amount, None, line.refund_id.clone());
            }
        });
        let numbers = strange.iter().map(|at| &trade.refunds[*at]).chain(failed.iter().copied());
        let references = numbers.filter_map(|line| refund_reference(&line.number)).collect();
        let standing = ours::given_back(self.db.read(), references).await?;
        for at in strange {
            let line = &trade.refunds[at];
            let booked = refund_reference(&line.number).and_then(|reference| standing.get(&reference));
            match booked {
                // It went back under another number already: this one has left as well.
                Some((Some(number), amount)) if *number != line.number && line.state == "SUCCESS" => {
                    let detail = format!("已按单号{number}退款{amount}元，又以本单号退出 {}", line.refund_id);
                    found.add(BreakClass::RefundMissingHere, &line.number, line.amount, None, detail);
                }
                Some((_, amount)) if *amount == line.amount => {
                    found.matched += 1;
                    found.cleared.insert(line.number.clone());
                    found.cleared.extend(refund_reference(&line.number));
                    sound.refunds.push(at);
                }
                Some((_, amount)) => {
                    let (number, ours) = (&line.number, Some(*amount));
                    found.add(BreakClass::RefundAmount, number, line.amount, ours, line.refund_id.clone());
                }
                None => {
                    if self.confirm_refund(terms, line, found).await? {
                        sound.refunds.push(at);
                    }
                }
            }
        }
        // The channel failed it and we have booked it: unless another attempt of it succeeded.
        for line in failed {
            let succeeded = done.iter().any(|other| key(&trade.refunds[*other]) == key(line));
            let booked = refund_reference(&line.number).is_some_and(|reference| standing.contains_key(&reference));
            if booked && !succeeded {
                found.add(BreakClass::Status, &line.number, line.amount, None, format!("退款状态 {}", line.state));
            }
        }
        if unseen.is_empty() {
            return Ok(());
        }
        // The bill lists a refund on the day it was taken, we on the day it arrived.
        let around = self.neighbours(house, day).await?;
        let listed: HashSet<String> = trades(&around).flat_map(|(_, trade)| trade.refunds.iter().map(key)).collect();
        for one in unseen {
            if listed.contains(&one.reference) {
                found.matched += 1;
            } else {
                let (number, detail) = (&one.reference, one.reference.clone());
                found.add(BreakClass::RefundMissingThere, number, one.out(), None, detail);
            }
        }
        Ok(())
    }

    /// The bill says that a refund has succeeded which we have not booked. Answers whether it is booked now.
    async fn confirm_refund(&self, terms: &Terms, line: &Refund, found: &mut Findings) -> Result<bool, ReconcileError> {
        let strange = |found: &mut Findings, class| {
            found.add(class, &line.number, line.amount, None, line.refund_id.clone());
            Ok(false)
        };
        let under_way = |found: &mut Findings| {
            let detail = format!("微信退款处理中 {}", line.refund_id);
            found.wait(Side::Trade, BreakClass::Status, (&line.number, line.amount), terms.until(), detail);
            Ok(false)
        };
        let now = self.business.now();
        let tx = self.db.begin().await?;
        if let Some((id, attempt)) = RefundId::from_out_refund_no(&line.number) {
            match crowdfunding::refund(&tx, id).await {
                Err(CrowdfundingError::NoSuchRefund) => return strange(found, BreakClass::RefundMissingHere),
                Err(error) => return Err(error.into()),
                Ok(ours) if ours.amount_fen != line.amount => {
                    let ours = Some(ours.amount_fen);
                    found.add(BreakClass::RefundAmount, &line.number, line.amount, ours, line.refund_id.clone());
                    return Ok(false);
                }
                Ok(_) if line.state == "PROCESSING" => return under_way(found),
                Ok(_) => match crowdfunding::succeeded(&tx, now, id, attempt.into(), line.at).await {
                    Ok(_) => {}
                    Err(CrowdfundingError::Db(error)) => return Err(error.into()),
                    // Two persons have ended it without the channel: that is in the books, and what left is not.
                    Err(CrowdfundingError::Refund(Refused { event: RefundEvent::Success, .. })) => {
                        return strange(found, BreakClass::RefundMissingHere);
                    }
                    Err(_) => return strange(found, BreakClass::Status),
                },
            }
        } else if let Some((id, attempt)) = ResolutionId::from_out_refund_no(&line.number) {
            if line.state == "PROCESSING" {
                return under_way(found);
            }
            match breaks::returned(&tx, now, (id, attempt), &line.refund_id, line.at).await {
                Ok(true) => {}
                // Booked while the bill was read; or paid from the bank, and left here as well.
                Ok(false) => {
                    let reference = format!("suspense_returned:{id}");
                    if ours::given_back(&tx, vec![reference]).await?.is_empty() {
                        return strange(found, BreakClass::RefundMissingHere);
                    }
                }
                Err(BreakError::NoSuchResolution | BreakError::Refused(_)) => {
                    return strange(found, BreakClass::RefundMissingHere);
                }
                Err(BreakError::Db(error)) => return Err(error.into()),
                Err(_) => return strange(found, BreakClass::Status),
            }
        } else {
            return strange(found, BreakClass::RefundMissingHere);
        }
        tx.commit().await?;
        found.healed += 1;
        found.booked = true;
        Ok(true)
    }

    /// The fees as the bills say them, each under its payment or refund (entries 2 and 4c). A fee that its own rate does not give is a
    /// break, and is booked only if money moved by it: if the fund-flow bill says the same. A corrected bill books the difference.
    pub(super) async fn fees(
        &self,
        house: &House,
        day: BusinessDate,
        bills: &Bills,
        ours: &[Movement],
        (sound, found): (&Sound, &mut Findings),
    ) -> Result<(), ReconcileError> {
        let Some(trade) = &bills.trade else { return Ok(()) };
        let book = house.owner.book_id;
        let moved = bills.flow.as_ref().map(|flow| super::flow::fees_taken(&trade.payments, flow));
        let back = bills.flow.as_ref().map(|flow| super::flow::fees_given_back(&trade.refunds, flow));
        let flow = || bills.flow.iter().flatten();
        let shown: HashSet<&str> =
            flow().filter(|line| line.kind == FlowKind::Payment).map(FlowLine::payment).collect();
        // What the money says of a fee, where the fund-flow bill shows the payment or the fee.
        let taken_of = |number: &str| {
            let taken = moved.as_ref().and_then(|moved| moved.get(number)).copied();
            taken.or_else(|| shown.contains(number).then_some(0))
        };
        // What is booked so far, and in how many entries.
        let mut booked: HashMap<(&str, &str), (i64, usize)> = HashMap::new();
        for one in ours.iter().filter(|one| one.event_date == day && one.kind.starts_with("fee")) {
            let sum = booked.entry((one.kind.as_str(), one.document.as_deref().unwrap_or_default())).or_default();
            *sum = (sum.0 + one.amount_fen.fen(), sum.1 + 1);
        }
        let mut rates: HashMap<&str, Option<Rate>> = HashMap::new();
        // What is owed, by line; its entries are made when they are posted.
        let mut owed: Vec<(Charge<'_>, Money, usize)> = Vec::new();
        for line in sound.payments.iter().map(|at| &trade.payments[*at]) {
            let rate = *rates.entry(&line.rate).or_insert_with(|| line.rate.parse().ok());
            let given = |amount| rate.and_then(|rate| rate.of(amount));
            let right = match rate {
                Some(_) => given(line.settlement) == Some(line.fee) || given(line.amount) == Some(line.fee),
                None => !line.fee.is_negative() && line.fee <= line.amount,
            };
            if !right {
                let detail = format!("费率 {}", line.rate);
                found.add(BreakClass::Fee, &line.transaction, line.fee, given(line.settlement), detail);
                if taken_of(&line.transaction) != Some(line.fee.fen()) {
                    continue;
                }
            }
            if line.settlement != line.amount {
                let detail = line.order.clone();
                found.add(BreakClass::SettlementAmount, &line.transaction, line.settlement, Some(line.amount), detail);
            }
            // The two bills differ: a break by the fund-flow bill, and nothing is booked until it is decided.
            if taken_of(&line.transaction).is_some_and(|taken| taken != line.fee.fen()) {
                continue;
            }
            let (sum, known) = booked.get(&("fee", line.transaction.as_str())).copied().unwrap_or_default();
            let missing = Money::from_fen(line.fee.fen() + sum);
            if missing != Money::ZERO {
                owed.push((Charge::Taken(line), missing, known));
            }
        }
        for line in sound.refunds.iter().map(|at| &trade.refunds[*at]) {
            let rate = *rates.entry(&line.rate).or_insert_with(|| line.rate.parse().ok());
            // Parts of a payment give its fee back to the fen in the end, so that each may be a fen off.
            let given = rate.and_then(|rate| rate.of(line.amount));
            let right = match given {
                Some(given) => !line.fee.is_negative() && (given.fen() - line.fee.fen()).abs() <= 1,
                None => !line.fee.is_negative() && line.fee <= line.amount,
            };
            // Nothing given back is what some contracts say.
            if !right && line.fee != Money::ZERO {
                let detail = format!("退还手续费，费率 {}，退款 {}", line.rate, line.number);
                found.add(BreakClass::Fee, &line.refund_id, line.fee, given, detail);
                continue;
            }
            if back.as_ref().and_then(|back| back.get(line.number.as_str())).is_some_and(|back| *back != line.fee.fen())
            {
                continue;
            }
            let (sum, known) = booked.get(&("fee_returned", line.refund_id.as_str())).copied().unwrap_or_default();
            let missing = Money::from_fen(line.fee.fen() - sum);
            if missing != Money::ZERO {
                owed.push((Charge::Returned(line), missing, known));
            }
        }
        // A bill that was replaced may have told of payments that the one in force does not know any more: their fees go with them, unless
        // the money shows them. While there is no fund-flow bill, a payment that is missed itself says it all.
        if trade.lists.0 {
            let known: HashSet<&str> = trade.payments.iter().map(|line| line.transaction.as_str()).collect();
            let ours: HashSet<&str> = ours::received(ours, day).iter().map(|one| one.transaction()).collect();
            let moves = |number: &str| {
                let fee = |line: &FlowLine| line.kind == FlowKind::Fee && line.names(number);
                shown.contains(number) || flow().any(fee)
            };
            let stale = |number: &str| match &bills.flow {
                Some(_) => !moves(number),
                None => !ours.contains(number),
            };
            for ((kind, number), (sum, _)) in &booked {
                if *kind == "fee" && *sum != 0 && !known.contains(number) && stale(number) {
                    let detail = "账单中没有这笔付款，其手续费仍在账上";
                    found.add(BreakClass::Fee, number, Money::from_fen(-sum), Some(Money::ZERO), detail);
                }
            }
        }
        drop(booked);
        let of = owed.len();
        found.booked |= of > 0;
        let mut elsewhere: Vec<Charge<'_>> = Vec::new();
        for (nth, batch) in owed.chunks(BATCH).enumerate() {
            let entries: Vec<Entry> =
                batch.iter().map(|(charge, missing, known)| charge.entry(book, *missing, *known, day)).collect();
            let tx = self.db.begin().await?;
            let posted = ledger::post(&tx, self.business.now(), &entries).await?;
            for ((charge, ..), posted) in batch.iter().zip(posted) {
                match posted {
                    // It stands under another day, whose bill has told of it, too.
                    Err(Refusal::ReferenceTaken) => elsewhere.push(*charge),
                    posted => {
                        posted?;
                    }
                }
            }
            tx.commit().await?;
            self.tell("booking fees", nth * BATCH + batch.len(), of);
        }
        for charge in elsewhere {
            self.told_elsewhere(book, day, charge).await?;
        }
        Ok(())
    }

    /// Books of a fee that stands under another day what is missing of it, if anything: what two bills tell is taken once.
    async fn told_elsewhere(&self, book: BookId, day: BusinessDate, charge: Charge<'_>) -> Result<(), ReconcileError> {
        let tx = self.db.begin().await?;
        let (sum, entries) = ours::fee_booked(&tx, book, charge.about()).await?;
        let missing = match charge {
            Charge::Taken(line) => line.fee.fen() + sum,
            Charge::Returned(line) => line.fee.fen() - sum,
        };
        if missing != 0 {
            let entry = charge.entry(book, Money::from_fen(missing), entries, day);
            for posted in ledger::post(&tx, self.business.now(), &[entry]).await? {
                posted?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}

/// A fee of a bill.
#[derive(Clone, Copy)]
enum Charge<'a> {
    /// Of a payment.
    Taken(&'a Payment),
    /// Given back with a refund.
    Returned(&'a Refund),
}

impl Charge<'_> {
    /// What its entries are called by.
    fn about(&self) -> (&str, &str) {
        match self {
            Charge::Taken(line) => ("fee", line.transaction.as_str()),
            Charge::Returned(line) => ("fee_returned", line.refund_id.as_str()),
        }
    }

    fn entry(self, book: BookId, missing: Money, known: usize, day: BusinessDate) -> Entry {
        match self {
            Charge::Taken(line) => {
                let reference = fee_reference("fee", &line.transaction, known);
                postings::channel_fee(book, reference, &line.transaction, missing, day)
            }
            Charge::Returned(line) => {
                let reference = fee_reference("fee_returned", &line.refund_id, known);
                postings::channel_fee_returned(book, reference, &line.refund_id, missing, day)
            }
        }
    }
}

/// The reference of what a bill says of a fee: the first time, and again when a corrected bill says it otherwise.
pub(crate) fn fee_reference(kind: &str, number: &str, entries: usize) -> String {
    match entries {
        0 => format!("{kind}:{number}"),
        again => format!("{kind}:{number}:{again}"),
    }
}

/// The trade bills among those of several days.
pub(super) fn trades(days: &BTreeMap<BusinessDate, Bills>) -> impl Iterator<Item = (BusinessDate, &Trade)> {
    days.iter().filter_map(|(day, bills)| Some((*day, bills.trade.as_ref()?)))
}

/// A payment whose amount or state the bill says otherwise.
fn differs(found: &mut Findings, line: &Payment, ours: Money) {
    if line.amount != ours {
        found.add(BreakClass::Amount, &line.transaction, line.amount, Some(ours), line.order.clone());
    }
    if line.state != "SUCCESS" {
        found.add(BreakClass::Status, &line.transaction, line.amount, None, &*line.state);
    }
}
