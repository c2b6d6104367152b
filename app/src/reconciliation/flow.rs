//! The fund-flow bill of a day against its trade bill, or against our books while there is none: every line moved our balance, so every
//! line is explained or listed. A gift whose line is found is settled.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::reconciliation::{BreakClass, Finding, Item, compare};
use domain::{BookId, BusinessDate, DonationId, Money};
use entity::Rows;
use ledger::Account;
use sea_orm::{ConnectionTrait, DbErr};

use super::bills::{Bills, FlowKind, FlowLine, Payment, Refund, Trade};
use super::channel::{BATCH, item, refund_reference, trades};
use super::findings::{self, Findings, Side};
use super::ours::{self, Movement};
use super::rule::Terms;
use super::{House, ReconcileError, Reconciliation};

/// The fund-flow bills among those of several days.
pub(super) fn flows(days: &BTreeMap<BusinessDate, Bills>) -> impl Iterator<Item = (BusinessDate, &[FlowLine])> {
    days.iter().filter_map(|(day, bills)| Some((*day, bills.flow.as_deref()?)))
}

impl Reconciliation {
    pub(super) async fn flows(
        &self,
        house: &House,
        terms: &Terms,
        bills: &Bills,
        ours: &[Movement],
        found: &mut Findings,
    ) -> Result<(), ReconcileError> {
        let Some(flow) = &bills.flow else { return Ok(()) };
        let day = terms.day;
        for line in &bills.twice {
            found.add(BreakClass::DuplicateThere, line.key(), line.amount, None, &*line.words);
        }
        for line in flow.iter().filter(|line| line.kind == FlowKind::Unknown) {
            found.add(BreakClass::UnknownLine, line.key(), line.amount, None, &*line.words);
        }
        let trade = bills.trade.as_ref().filter(|trade| trade.lists == (true, true));
        let alone = trade.is_some_and(|trade| agree(trade, flow));
        let around = if alone { BTreeMap::new() } else { self.neighbours(house, day).await? };
        let settled = match trade {
            Some(trade) => self.received(terms, trade, flow, &around, found).await?,
            None => self.received_untold(terms, flow, ours, &around, found).await?,
        };
        let of = settled.len();
        for (nth, batch) in settled.chunks(BATCH).enumerate() {
            let (tx, now) = (self.db.begin().await?, self.business.now());
            crowdfunding::settle(&tx, now, batch).await?;
            findings::settle(&tx, now, batch).await?;
            tx.commit().await?;
            self.tell("settling gifts", nth * BATCH + batch.len(), of);
        }
        match trade {
            Some(trade) => {
                let numbers = flow.iter().filter(|_| !alone).filter_map(|line| refund_reference(&line.voucher));
                let references: Vec<String> = numbers.collect();
                let booked = ours::given_back(self.db.read(), references).await?;
                let booked: HashSet<String> = booked.into_keys().collect();
                refunds(terms, (trade, flow), &around, &booked, found);
                fees(trade, flow, &around, found);
            }
            None => refunds_untold(terms, flow, ours, &around, found),
        }
        Ok(())
    }

    /// Payments of the fund-flow bill against those of the trade bill. Answers those whose line was found.
    async fn received<'a>(
        &self,
        terms: &Terms,
        trade: &'a Trade,
        flow: &'a [FlowLine],
        around: &'a BTreeMap<BusinessDate, Bills>,
        found: &mut Findings,
    ) -> Result<Vec<&'a str>, ReconcileError> {
        let day = terms.day;
        let paid: Vec<&Payment> = trade.payments.iter().filter(|line| line.state == "SUCCESS").collect();
        let received: Vec<&FlowLine> = flow.iter().filter(|line| line.kind == FlowKind::Payment).collect();
        let mut here: Vec<Item> =
            paid.iter().enumerate().map(|(at, line)| item(0, &line.transaction, line.settlement, 0, at)).collect();
        let mut there: Vec<Item> =
            received.iter().enumerate().map(|(at, line)| item(0, line.payment(), line.amount, 0, at)).collect();
        let mut settled: Vec<&str> = Vec::new();
        let (mut unseen, mut strange): (Vec<&Payment>, Vec<&FlowLine>) = (Vec::new(), Vec::new());
        compare(&mut here, &mut there, |finding| match finding {
            Finding::Matched(_, other) => settled.push(received[other.place as usize].payment()),
            Finding::Differs(one, other, _) => {
                let line = received[other.place as usize];
                let expected = Some(Money::from_fen(one.amount_fen));
                // Where the trade bill differs from the books too, that is the one difference there is.
                if !found.has(BreakClass::Amount, line.payment()) {
                    found.add(
                        BreakClass::SettlementAmount,
                        line.payment(),
                        line.amount,
                        expected,
                        line.voucher.clone(),
                    );
                }
            }
            Finding::OnlyHere(one) => unseen.push(paid[one.place as usize]),
            Finding::OnlyThere(other) => strange.push(received[other.place as usize]),
            // The trade bill's own, and listed with it.
            Finding::DuplicateHere(_) => {}
            Finding::DuplicateThere(other) => {
                let line = received[other.place as usize];
                found.add(BreakClass::DuplicateThere, line.payment(), line.amount, None, line.voucher.clone());
            }
        });
        let elsewhere: HashSet<&str> =
            flows(around).flat_map(|(_, lines)| lines.iter().map(FlowLine::payment)).collect();
        let next_read = flows(around).any(|(other, _)| other == day.next());
        for line in unseen {
            let number = line.transaction.as_str();
            let detail = format!("资金账单无此笔 {}", line.order);
            if elsewhere.contains(number) {
                settled.push(number);
            } else if found.tells(Side::Trade, BreakClass::MissingHere, number) {
                // It was not booked for this reason: one difference, not two.
            } else if !next_read && terms.near(line.at).1 {
                let about = (number, line.settlement);
                found.wait(Side::Trade, BreakClass::MissingThere, about, terms.until(), detail);
            } else {
                found.add(BreakClass::MissingThere, number, line.settlement, None, detail);
            }
        }
        let told = self.told_of(&strange, around).await?;
        let before_read = trades(around).any(|(other, trade)| other == day.previous() && trade.lists.0);
        for line in strange {
            let number = line.payment();
            let detail = format!("交易账单无此笔 {}", line.voucher);
            if told.contains(number) {
                settled.push(number);
                found.cleared.insert(number.to_owned());
            } else if !before_read && terms.near(line.at).0 {
                let about = (number, line.amount);
                found.wait(Side::FundFlow, BreakClass::MissingHere, about, terms.until(), detail);
            } else {
                found.add(BreakClass::MissingHere, number, line.amount, None, detail);
            }
        }
        Ok(settled)
    }

    /// The same against our books, while there is no trade bill. A line that nobody told us of proves nothing of an order: it is listed
    /// until the trade bill heals it.
    async fn received_untold<'a>(
        &self,
        terms: &Terms,
        flow: &'a [FlowLine],
        ours: &'a [Movement],
        around: &'a BTreeMap<BusinessDate, Bills>,
        found: &mut Findings,
    ) -> Result<Vec<&'a str>, ReconcileError> {
        let day = terms.day;
        let booked = ours::received(ours, day);
        let received: Vec<&FlowLine> = flow.iter().filter(|line| line.kind == FlowKind::Payment).collect();
        let mut here: Vec<Item> =
            booked.iter().enumerate().map(|(at, one)| item(0, one.transaction(), one.amount_fen, 0, at)).collect();
        let mut there: Vec<Item> =
            received.iter().enumerate().map(|(at, line)| item(0, line.payment(), line.amount, 0, at)).collect();
        let mut settled: Vec<&str> = Vec::new();
        let (mut unseen, mut strange): (Vec<&Movement>, Vec<&FlowLine>) = (Vec::new(), Vec::new());
        compare(&mut here, &mut there, |finding| match finding {
            Finding::Matched(_, other) => {
                settled.push(received[other.place as usize].payment());
                found.matched += 1;
            }
            Finding::Differs(one, other, _) => {
                let line = received[other.place as usize];
                let expected = Some(Money::from_fen(one.amount_fen));
                found.add(BreakClass::SettlementAmount, line.payment(), line.amount, expected, line.voucher.clone());
            }
            Finding::OnlyHere(one) => unseen.push(booked[one.place as usize]),
            Finding::OnlyThere(other) => strange.push(received[other.place as usize]),
            Finding::DuplicateHere(one) => {
                let one = booked[one.place as usize];
                found.add(BreakClass::DuplicateHere, one.transaction(), one.amount_fen, None, one.reference.clone());
            }
            Finding::DuplicateThere(other) => {
                let line = received[other.place as usize];
                found.add(BreakClass::DuplicateThere, line.payment(), line.amount, None, line.voucher.clone());
            }
        });
        let elsewhere: HashSet<&str> =
            flows(around).flat_map(|(_, lines)| lines.iter().map(FlowLine::payment)).collect();
        let unread = |other: BusinessDate| flows(around).all(|(day, _)| day != other);
        let (before, after) = (unread(day.previous()), unread(day.next()));
        let numbers = unseen.iter().map(|one| one.transaction().to_owned()).collect();
        let gifts = ours::paid_gifts(self.db.read(), numbers).await?;
        for one in unseen {
            let number = one.transaction();
            let near = gifts.get(number).map_or((false, false), |gift| terms.near(gift.paid_us));
            let detail = format!("资金账单无此笔 {}", one.reference);
            if elsewhere.contains(number) {
                settled.push(number);
            } else if (near.0 && before) || (near.1 && after) {
                let about = (number, one.amount_fen);
                found.wait(Side::Books, BreakClass::MissingThere, about, terms.until(), detail);
            } else {
                found.add(BreakClass::MissingThere, number, one.amount_fen, None, detail);
            }
        }
        let told = self.told_of(&strange, around).await?;
        for line in strange {
            let number = line.payment();
            if told.contains(number) {
                settled.push(number);
                found.cleared.insert(number.to_owned());
            } else {
                let detail = format!("账上无此笔，尚无交易账单 {}", line.voucher);
                found.add(BreakClass::MissingHere, number, line.amount, None, detail);
            }
        }
        Ok(settled)
    }

    /// Which of these lines a neighbour's trade bill or our books know.
    async fn told_of(
        &self,
        lines: &[&FlowLine],
        around: &BTreeMap<BusinessDate, Bills>,
    ) -> Result<HashSet<String>, ReconcileError> {
        let mut known: HashSet<String> = HashSet::new();
        if lines.is_empty() {
            return Ok(known);
        }
        let listed: HashSet<&str> =
            trades(around).flat_map(|(_, trade)| trade.payments.iter().map(|line| line.transaction.as_str())).collect();
        let db = self.db.read();
        for batch in lines.chunks(BATCH) {
            let numbers: Vec<String> = batch.iter().map(|line| line.payment().to_owned()).collect();
            let references = numbers.iter().map(|number| format!("suspense:{number}")).collect();
            known.extend(ours::paid_gifts(db, numbers.clone()).await?.into_keys());
            let stray = ours::standing(db, references).await?;
            known.extend(stray.into_values().filter_map(|(document, _)| document));
            known.extend(numbers.into_iter().filter(|number| listed.contains(number.as_str())));
        }
        Ok(known)
    }

    /// Whether a fund-flow bill is certainly ours: it names our number, or shows a payment, a refund or an order we know, or begins with
    /// the balance with which our last one ended, or with that of our books. From another's bill no withdrawal is booked.
    pub(super) async fn is_ours(
        &self,
        house: &House,
        day: BusinessDate,
        bills: &Bills,
        ours: &[Movement],
    ) -> Result<bool, ReconcileError> {
        let Some(flow) = &bills.flow else { return Ok(false) };
        let booked: HashSet<&str> =
            ours.iter().map(Movement::transaction).filter(|number| !number.is_empty()).collect();
        let listed = |number: &str| {
            bills.trade.iter().flat_map(|trade| &trade.payments).any(|line| line.transaction == number)
                || bills.trade.iter().flat_map(|trade| &trade.refunds).any(|line| line.refund_id == number)
        };
        let knows = |line: &FlowLine| {
            line.names_us || booked.contains(line.business_no.as_str()) || refund_reference(&line.voucher).is_some()
        };
        let orders = flow.iter().filter_map(|line| DonationId::from_out_trade_no(&line.voucher)).take(BATCH);
        let known = flow.iter().any(knows) || self.are_ours(house, orders.collect()).await?;
        if known || flow.iter().take(100).any(|line| listed(&line.business_no)) {
            return Ok(true);
        }
        let Some((opening, _)) = super::report::ends(flow) else { return Ok(false) };
        let around = self.neighbours(house, day).await?;
        let before =
            flows(&around).filter(|(other, _)| *other < day).last().and_then(|(_, lines)| super::report::ends(lines));
        if before.is_some_and(|(_, closing)| closing == opening) {
            return Ok(true);
        }
        let balance = Account::wechat_balance(house.owner.book_id);
        Ok(ledger::balance(self.db.read(), &balance, Some(day.previous())).await?.net().fen() == opening)
    }
}

impl Reconciliation {
    /// Whether there are orders of our form, and not all of those we know are of other books.
    async fn are_ours(&self, house: &House, orders: Vec<DonationId>) -> Result<bool, ReconcileError> {
        if orders.is_empty() {
            return Ok(false);
        }
        let db = self.db.read();
        let rows = Rows::new().uuid("id", orders.iter().map(|id| id.uuid()));
        let sql = "SELECT DISTINCT c.book_id FROM {rows} JOIN donation d ON d.id = r.id JOIN campaign c ON c.id = d.campaign_id";
        let found = db.query_all_raw(rows.statement(db.get_database_backend(), sql, [])).await?;
        let books: Vec<BookId> = found.iter().map(|row| row.try_get("", "book_id")).collect::<Result<_, DbErr>>()?;
        Ok(books.is_empty() || books.contains(&house.owner.book_id))
    }
}

/// Whether a trade bill and a fund-flow bill speak of the same payments and refunds, so that no other day's need be read.
fn agree(trade: &Trade, flow: &[FlowLine]) -> bool {
    let paid: HashSet<&str> =
        trade.payments.iter().filter(|line| line.state == "SUCCESS").map(|line| line.transaction.as_str()).collect();
    let received: HashSet<&str> =
        flow.iter().filter(|line| line.kind == FlowKind::Payment).map(FlowLine::payment).collect();
    let (payments, refunds) = (Fees::of(trade.payments.iter()), Refunds::of(trade.refunds.iter()));
    let told = |line: &FlowLine| match line.kind {
        FlowKind::Fee => payments.find(line).is_some(),
        _ if is_refund(line) => refunds.find(line).is_some(),
        _ => true,
    };
    let moved: HashSet<&str> = flow
        .iter()
        .filter(|line| is_refund(line))
        .filter_map(|line| refunds.find(line))
        .map(|line| line.number.as_str())
        .collect();
    paid == received && flow.iter().all(told) && trade.refunds.iter().all(|line| moved.contains(line.number.as_str()))
}

/// Which refund of a trade bill a line of the fund-flow bill is about: by its numbers, or, where it names the payment only, if that
/// has one refund there.
pub(super) struct Refunds<'a> {
    by_number: HashMap<&'a str, &'a Refund>,
    by_payment: HashMap<&'a str, Option<&'a Refund>>,
}

impl<'a> Refunds<'a> {
    pub(super) fn of(lines: impl Iterator<Item = &'a Refund>) -> Refunds<'a> {
        let mut refunds = Refunds { by_number: HashMap::new(), by_payment: HashMap::new() };
        for line in lines {
            refunds.by_number.insert(&line.number, line);
            refunds.by_number.insert(&line.refund_id, line);
            refunds.by_payment.entry(&line.transaction).and_modify(|one| *one = None).or_insert(Some(line));
        }
        refunds
    }

    pub(super) fn find(&self, line: &FlowLine) -> Option<&'a Refund> {
        let numbers = [&line.business_no, &line.voucher, &line.flow_no];
        numbers
            .iter()
            .find_map(|number| self.by_number.get(number.as_str()).copied())
            .or_else(|| numbers.iter().find_map(|number| self.by_payment.get(number.as_str()).copied().flatten()))
    }
}

fn is_refund(line: &FlowLine) -> bool {
    matches!(line.kind, FlowKind::Refund | FlowKind::RefundClosed | FlowKind::FeeReturned)
}

/// Refunds of the fund-flow bill: net in one line, or gross with a line that gives the fee back. A closed one comes back in full.
fn refunds(
    terms: &Terms,
    (trade, flow): (&Trade, &[FlowLine]),
    around: &BTreeMap<BusinessDate, Bills>,
    booked: &HashSet<String>,
    found: &mut Findings,
) {
    let day = terms.day;
    let known = Refunds::of(trade.refunds.iter());
    let mut moved: HashMap<&str, (i64, bool)> = HashMap::new();
    let mut strange: Vec<&FlowLine> = Vec::new();
    for line in flow.iter().filter(|line| is_refund(line)) {
        match known.find(line) {
            Some(refund) => {
                let sum = moved.entry(refund.number.as_str()).or_default();
                *sum = (sum.0 + line.amount.fen(), sum.1 || line.kind == FlowKind::RefundClosed);
            }
            None => strange.push(line),
        }
    }
    let others = Refunds::of(trades(around).flat_map(|(_, trade)| &trade.refunds));
    for line in strange {
        // What is booked and the trade bill does not list was said when they were compared.
        // So is what another day's lists; but of ours that it lists as under way, or failed, the money is seen first here.
        let said = |refund: &Refund| refund.state == "SUCCESS" || refund_reference(&refund.number).is_none();
        let booked = refund_reference(&line.voucher).is_some_and(|number| booked.contains(&number));
        if booked || others.find(line).is_some_and(said) {
            continue;
        }
        let detail = format!("交易账单无此笔退款 {}", line.business_no);
        let amount = Money::from_fen(line.amount.fen().abs());
        let class = if line.kind == FlowKind::Refund { BreakClass::RefundMissingHere } else { BreakClass::UnknownLine };
        found.add(class, line.key(), amount, None, detail);
    }
    let next_read = flows(around).any(|(other, _)| other == day.next());
    let mut told: HashSet<&str> = HashSet::new();
    for line in trade.refunds.iter().filter(|line| told.insert(&line.number)) {
        let net = Money::from_fen(line.amount.fen() - line.fee.fen());
        match moved.get(line.number.as_str()) {
            // It came back: the channel has not paid it, whatever we have booked is looked at with the trade bill.
            Some((_, true)) if line.state != "SUCCESS" => {}
            Some((_, true)) => {
                found.add(BreakClass::Status, &line.number, line.amount, None, format!("退款关闭 {}", line.refund_id));
            }
            Some((sum, false)) if -sum == net.fen() => {}
            Some((sum, false)) if -sum == line.amount.fen() => {
                let detail = format!("资金账单未退还手续费 {}", line.number);
                found.add(BreakClass::Fee, &line.refund_id, Money::ZERO, Some(line.fee), detail);
            }
            Some((sum, false)) => {
                let amount = Money::from_fen(-sum);
                found.add(BreakClass::RefundAmount, &line.number, amount, Some(net), line.refund_id.clone());
            }
            None if line.state != "SUCCESS" => {}
            None if flows(around).any(|(_, lines)| lines.iter().any(|other| other.names(&line.number))) => {}
            None => {
                let detail = format!("资金账单无此笔退款 {}", line.refund_id);
                if !next_read && terms.near(line.at).1 {
                    let about = (line.number.as_str(), net);
                    found.wait(Side::Trade, BreakClass::RefundMissingThere, about, terms.until(), detail);
                } else {
                    found.add(BreakClass::RefundMissingThere, &line.number, net, None, detail);
                }
            }
        }
    }
}

/// Refunds of the fund-flow bill against our books, while there is no trade bill: whether they are there at all, and not more than we sent.
fn refunds_untold(
    terms: &Terms,
    flow: &[FlowLine],
    ours: &[Movement],
    around: &BTreeMap<BusinessDate, Bills>,
    found: &mut Findings,
) {
    let sent: HashMap<&str, &Movement> =
        ours.iter().filter(|one| one.sent_on(terms.day)).map(|one| (one.reference.as_str(), one)).collect();
    let others = Refunds::of(trades(around).flat_map(|(_, trade)| &trade.refunds));
    let mut seen: HashSet<String> = HashSet::new();
    for line in flow.iter().filter(|line| line.kind == FlowKind::Refund) {
        let amount = Money::from_fen(-line.amount.fen());
        let reference = refund_reference(&line.voucher);
        match reference.as_deref().and_then(|reference| sent.get(reference)) {
            Some(one) if amount > one.out() => {
                found.add(BreakClass::RefundAmount, line.key(), amount, Some(one.out()), one.reference.clone());
            }
            Some(_) => found.matched += 1,
            None if others.find(line).is_some() => {}
            None => {
                let detail = format!("账上无此笔退款 {}", line.business_no);
                found.add(BreakClass::RefundMissingHere, line.key(), amount, None, detail);
            }
        }
        seen.extend(reference);
    }
    // Where it is not in this bill, it may have left on a day before.
    for one in sent.into_values().filter(|one| !seen.contains(&one.reference)) {
        let earlier = flows(around).any(|(_, lines)| {
            lines.iter().any(|line| refund_reference(&line.voucher).as_ref() == Some(&one.reference))
        });
        if !earlier {
            let (number, detail) = (&one.reference, one.reference.clone());
            found.add(BreakClass::RefundMissingThere, number, one.out(), None, detail);
        }
    }
}

/// What the fund-flow bill has taken as fees, by payment of the trade bill.
pub(super) fn fees_taken<'a>(payments: &'a [Payment], flow: &[FlowLine]) -> HashMap<&'a str, i64> {
    let of = Fees::of(payments.iter());
    let mut taken: HashMap<&str, i64> = HashMap::new();
    for line in flow.iter().filter(|line| line.kind == FlowKind::Fee) {
        if let Some(payment) = of.find(line) {
            *taken.entry(&payment.transaction).or_default() -= line.amount.fen();
        }
    }
    taken
}

/// Which payment a fee is of: by the payment's number, or the order's.
struct Fees<'a> {
    by_number: HashMap<&'a str, &'a Payment>,
}

impl<'a> Fees<'a> {
    fn of(payments: impl Iterator<Item = &'a Payment>) -> Fees<'a> {
        let mut by_number = HashMap::new();
        for line in payments {
            by_number.insert(line.transaction.as_str(), line);
            by_number.insert(line.order.as_str(), line);
        }
        Fees { by_number }
    }

    fn find(&self, line: &FlowLine) -> Option<&'a Payment> {
        [&line.business_no, &line.voucher, &line.flow_no]
            .into_iter()
            .find_map(|number| self.by_number.get(number.as_str()).copied())
    }
}

/// What the fund-flow bill has given back of the fees of refunds, by refund of the trade bill; of what it does not show, nothing.
pub(super) fn fees_given_back<'a>(refunds: &'a [Refund], flow: &[FlowLine]) -> HashMap<&'a str, i64> {
    let of = Refunds::of(refunds.iter());
    let mut given: HashMap<&str, i64> = HashMap::new();
    for line in flow.iter().filter(|line| is_refund(line)) {
        if let Some(refund) = of.find(line) {
            *given.entry(&refund.number).or_insert(refund.amount.fen()) += line.amount.fen();
        }
    }
    given
}

/// The fees of the fund-flow bill against those of the trade bill; where they differ, nothing is booked and a person looks.
fn fees(trade: &Trade, flow: &[FlowLine], around: &BTreeMap<BusinessDate, Bills>, found: &mut Findings) {
    let (ours, others) =
        (Fees::of(trade.payments.iter()), Fees::of(trades(around).flat_map(|(_, trade)| &trade.payments)));
    let payments = || flow.iter().filter(|line| line.kind == FlowKind::Payment);
    let moved: HashSet<&str> = payments().flat_map(|line| [line.payment(), line.voucher.as_str()]).collect();
    let mut taken: HashMap<&str, (i64, Money)> = HashMap::new();
    for line in flow.iter().filter(|line| line.kind == FlowKind::Fee) {
        match ours.find(line).or_else(|| others.find(line)) {
            Some(payment) => taken.entry(&payment.transaction).or_insert((0, payment.fee)).0 -= line.amount.fen(),
            // The fee of a payment that stands in this bill and not in the trade bill is no difference of its own.
            None if moved.contains(line.key()) => {}
            None => found.add(BreakClass::UnknownLine, line.key(), line.amount, None, &*line.words),
        }
    }
    let paid: HashSet<&str> =
        flow.iter().filter(|line| line.kind == FlowKind::Payment).map(FlowLine::payment).collect();
    for line in trade.payments.iter().filter(|line| paid.contains(line.transaction.as_str())) {
        taken.entry(&line.transaction).or_insert((0, line.fee));
    }
    let mut differing: Vec<_> = taken.into_iter().filter(|(_, (fee, said))| *fee != said.fen()).collect();
    differing.sort_unstable_by_key(|(number, _)| *number);
    for (number, (fee, said)) in differing {
        let fee = Money::from_fen(fee);
        found.add(BreakClass::Fee, number, fee, Some(said), format!("交易账单手续费 {said}，资金账单 {fee}"));
    }
}
