//! The kinds of questions (facts: lending 5): each reads its input, asks `domain::loan` once, and writes the answer. No rule of
//! lending stands here.

use domain::loan::accrual;
use domain::loan::allocation::{Amounts, Component, Order, Scan};
use domain::loan::cost::{self, Flow, Occupancy};
use domain::loan::overdue::{Class, Grace, GraceMode, Overdue, Penalty, days_past_due};
use domain::loan::prepayment::Prepayment;
use domain::loan::pricing::{Pricing, times};
use domain::loan::repricing::{RateChange, reprice};
use domain::loan::servicing::{Payment, Servicing};
use domain::loan::subsidy::{Model, Subsidy};
use domain::loan::{DayCount, DueDays, InterestMode, LoanError, Method, Repayment, Schedule, Terms, Totals};
use domain::{Fraction, Money, Rate};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::commands::loan::members::{Members, Wrong};

type Answer = Result<Value, Wrong>;

/// The answer to a question of this kind.
pub(super) fn answer(kind: &str, input: &mut Members) -> Answer {
    match kind {
        "schedule" => schedule(input),
        "day_count" => day_count(input),
        "due_dates" => due_dates(input),
        "accrual" => accrual_of(input),
        "prepayment" => prepayment(input),
        "overdue" => overdue(input),
        "classification" => classification(input),
        "allocation" => allocation(input),
        "timeline" => timeline(input),
        "apr" => apr(input),
        "rate" => rate(input),
        "rate_reset" => rate_reset(input),
        "subsidy" => subsidy(input),
        _ => Err(Wrong::kind(kind)),
    }
}

/// As the wire names it; a bullet is a method there.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum MethodWord {
    EqualInstallment,
    EqualPrincipal,
    InterestOnly,
    Flat,
    Bullet,
}

fn terms(input: &mut Members) -> Result<Terms, Wrong> {
    let of = match input.word("method")? {
        MethodWord::EqualInstallment => Some(Method::LevelInstalment),
        MethodWord::EqualPrincipal => Some(Method::EqualPrincipal),
        MethodWord::InterestOnly => Some(Method::InterestOnly),
        MethodWord::Flat => Some(Method::Flat),
        MethodWord::Bullet => None,
    };
    let repayment = match of {
        Some(method) => Repayment::Instalments {
            method,
            due: due_days(input)?,
            odd_first_period: input.maybe("odd_first_period", Members::flag)?.unwrap_or(false),
        },
        None => {
            // One period: whether it is odd does not matter.
            input.maybe("odd_first_period", Members::flag)?;
            Repayment::Bullet { maturity_on: input.date("maturity_on")? }
        }
    };
    Ok(Terms {
        principal: input.amount("principal")?,
        annual_rate: input.rate("annual_rate")?,
        disbursed_on: input.date("disbursed_on")?,
        interest_mode: input.word::<InterestMode>("interest_mode")?,
        day_count: input.word::<DayCount>("day_count")?,
        repayment,
    })
}

fn due_days(input: &mut Members) -> Result<DueDays, Wrong> {
    let (first_due_on, term) = (input.date("first_due_on")?, input.whole("term")?);
    let due_day = u8::try_from(input.whole("due_day")?).map_err(|_| LoanError::DueDay)?;
    Ok(DueDays { first_due_on, due_day, term })
}

/// The terms of a loan that something happens to.
fn loan(input: &mut Members) -> Result<Terms, Wrong> {
    let mut loan = input.object("loan")?;
    let terms = terms(&mut loan)?;
    loan.finish()?;
    Ok(terms)
}

fn rows(schedule: &Schedule) -> Value {
    let rows = schedule.instalments.iter().map(|row| {
        let days = row.from.days_to(row.due);
        json!([row.number, row.from, row.due, days, row.opening, row.principal, row.interest, row.total, row.closing])
    });
    rows.collect()
}

fn totals(schedule: &Schedule) -> Answer {
    let Totals { principal, interest, total } = schedule.totals()?;
    Ok(json!({ "principal": principal, "interest": interest, "total": total }))
}

fn decimal(fraction: Fraction, places: u32) -> Result<String, LoanError> {
    fraction.decimal(places).ok_or(LoanError::TooLarge)
}

fn schedule(input: &mut Members) -> Answer {
    let schedule = Schedule::of(&terms(input)?)?;
    let (rows, totals) = (rows(&schedule), totals(&schedule)?);
    Ok(json!({ "regular_installment": schedule.regular_instalment, "rows": rows, "totals": totals }))
}

fn day_count(input: &mut Members) -> Answer {
    let count: DayCount = input.word("convention")?;
    let (from, to) = (input.date("from")?, input.date("to")?);
    let interest = accrual::interest(input.amount("principal")?, input.rate("annual_rate")?, count, from, to)?;
    let fraction = decimal(count.year_fraction(from, to), 12)?;
    Ok(json!({ "days": count.days(from, to), "year_fraction": fraction, "interest": interest }))
}

fn due_dates(input: &mut Members) -> Answer {
    Ok(json!({ "dates": due_days(input)?.list()? }))
}

fn accrual_of(input: &mut Members) -> Answer {
    let (principal, rate, count) = (input.amount("principal")?, input.rate("annual_rate")?, input.word("day_count")?);
    let (from, to) = (input.date("from")?, input.date("to")?);
    let total = accrual::interest(principal, rate, count, from, to)?;
    let daily = accrual::daily(principal, rate, count, from, to)?;
    let mut answer = json!({
        "total": total,
        "days": daily.len(),
        "max_daily": daily.iter().max().copied().unwrap_or_default(),
        "min_daily": daily.iter().min().copied().unwrap_or_default(),
    });
    if daily.len() <= 31 {
        answer["daily"] = json!(daily);
    }
    Ok(answer)
}

fn prepayment(input: &mut Members) -> Answer {
    let terms = loan(input)?;
    let prepayment = Prepayment {
        paid_instalments: input.whole("paid_installments")?,
        on: input.date("prepay_on")?,
        mode: input.word("mode")?,
        amount: input.maybe("amount", Members::amount)?,
        fee_rate: input.maybe("fee_rate", Members::rate)?.unwrap_or(Rate::ZERO),
    };
    let prepaid = prepayment.of(&terms)?;
    let mut answer = json!({
        "principal": prepaid.principal,
        "accrued_interest": prepaid.accrued_interest,
        "fee": prepaid.fee,
        "cash_total": prepaid.cash_total,
        "interest_saved": prepaid.interest_saved,
    });
    if let Some(rest) = prepaid.rest {
        let totals = totals(&rest)?;
        answer["new_balance"] = totals["principal"].clone();
        answer["new_regular_installment"] = json!(rest.regular_instalment);
        answer["rows"] = rows(&rest);
        answer["totals"] = totals;
    }
    Ok(answer)
}

fn overdue(input: &mut Members) -> Answer {
    let penalty = Penalty {
        annual_rate: input.rate("annual_rate")?,
        multiplier: input.multiplier("penalty_multiplier")?.fraction(),
        compound: input.flag("compound")?,
        day_count: input.word("day_count")?,
    };
    let grace = Grace {
        days: input.maybe("grace_days", Members::whole)?.unwrap_or(0),
        mode: input.maybe("grace_mode", Members::word)?.unwrap_or(GraceMode::Retroactive),
    };
    let as_of = input.date("as_of")?;
    let late = input.objects("installments", |one| {
        let (number, due) = (one.whole("n")?, one.date("due")?);
        Ok((number, Overdue::of(&penalty, grace, due, as_of, one.amount("principal")?, one.amount("interest")?)?))
    })?;
    let total = Overdue::total(late.iter().map(|(_, one)| one))?;
    let installments: Vec<Value> = late
        .iter()
        .map(|(number, one)| {
            json!({
                "n": number,
                "overdue_days": one.days,
                "charged_days": one.charged_days,
                "penalty": one.penalty,
                "compound": one.compound,
            })
        })
        .collect();
    Ok(json!({
        "installments": installments,
        "penalty": total.penalty,
        "compound": total.compound,
        "overdue_principal": total.principal,
        "overdue_interest": total.interest,
        "total_to_clear_arrears": total.to_clear()?,
        "days_past_due": total.days,
        "class": Class::of(total.days),
    }))
}

fn classification(input: &mut Members) -> Answer {
    let as_of = input.date("as_of")?;
    let oldest = input.maybe("oldest_unpaid_due", Members::date)?;
    let days = oldest.map_or(0, |due| days_past_due(due, as_of));
    Ok(json!({ "days_past_due": days, "class": Class::of(days) }))
}

const COMPONENTS: [(Component, &str); 5] = [
    (Component::Fee, "fee"),
    (Component::Penalty, "penalty"),
    (Component::Compound, "compound"),
    (Component::Interest, "interest"),
    (Component::Principal, "principal"),
];

fn amounts(amounts: &Amounts, shown: impl Fn(Component) -> bool) -> Map<String, Value> {
    let shown = COMPONENTS.iter().filter(|(component, _)| shown(*component));
    shown.map(|(component, name)| ((*name).to_owned(), json!(amounts[*component]))).collect()
}

fn allocation(input: &mut Members) -> Answer {
    let order = Order::new(input.words("order")?)?;
    let (scan, amount): (Scan, Money) = (input.word("scan")?, input.amount("amount")?);
    let mut listed = input.objects("installments", |one| {
        let (number, mut owed, mut named) = (one.whole("n")?, Amounts::default(), Vec::new());
        for (component, name) in COMPONENTS {
            if let Some(amount) = one.maybe(name, Members::amount)? {
                owed[component] = amount;
                named.push(component);
            }
        }
        Ok((number, owed, named))
    })?;
    // The oldest is the one with the lowest number.
    listed.sort_by_key(|(number, ..)| *number);
    if let Some(twice) = listed.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(LoanError::InstalmentTwice(twice[0].0).into());
    }
    let mut owed: Vec<Amounts> = listed.iter().map(|(_, owed, _)| *owed).collect();
    let (paid, unapplied) = order.allocate(scan, amount, &mut owed)?;
    let shown = |all: &[Amounts]| -> Vec<Value> {
        let each = listed.iter().zip(all).map(|((number, _, named), one)| {
            let mut shown = amounts(one, |one| named.contains(&one) || order.components().contains(&one));
            shown.insert("n".to_owned(), json!(number));
            Value::Object(shown)
        });
        each.collect()
    };
    Ok(json!({ "allocated": shown(&paid), "remaining": shown(&owed), "unapplied": unapplied }))
}

fn timeline(input: &mut Members) -> Answer {
    let terms = loan(input)?;
    let penalty = Penalty {
        annual_rate: terms.annual_rate,
        multiplier: input.multiplier("penalty_multiplier")?.fraction(),
        compound: input.flag("compound")?,
        day_count: input.word("penalty_day_count")?,
    };
    let order = Order::new(input.words("order")?)?;
    let payments =
        input.objects("payments", |one| Ok(Payment { on: one.date("on")?, amount: one.amount("amount")? }))?;
    let as_of = input.date("as_of")?;
    let schedule = Schedule::of(&terms)?;
    let (applied, standing) = Servicing::begin(&schedule, &penalty, &order).replay(&payments, as_of)?;
    // A loan of this kind has no fees; they are shown to those who name them.
    let shown = |one| one != Component::Fee || order.components().contains(&Component::Fee);
    let events = applied.iter().map(|one| {
        let mut event = amounts(&one.amounts, shown);
        event.insert("on".to_owned(), json!(one.on));
        event.insert("unapplied".to_owned(), json!(one.unapplied));
        Value::Object(event)
    });
    Ok(json!({
        "events": events.collect::<Vec<_>>(),
        "due_outstanding": amounts(&standing.due, shown),
        "principal_outstanding_total": standing.principal,
        "unapplied_total": standing.unapplied,
        "days_past_due": standing.days_past_due,
        "class": standing.class,
    }))
}

fn apr(input: &mut Members) -> Answer {
    let flows =
        input.objects("cashflows", |one| Ok(Flow { on: one.date("on")?, amount: one.signed_amount("amount")? }))?;
    let mut answer = json!({ "xirr": decimal(cost::xirr(&flows)?, 6)? });
    if input.maybe("monthly_periods", Members::flag)?.unwrap_or(false) {
        let monthly = cost::monthly(&flows)?;
        answer["irr_monthly"] = json!(decimal(monthly.irr, 8)?);
        answer["apr_nominal"] = json!(decimal(monthly.nominal, 6)?);
        answer["apr_effective"] = json!(decimal(monthly.effective, 6)?);
    }
    let occupancy = input.maybe("occupancy", |input, name| {
        input.objects(name, |one| {
            Ok(Occupancy { from: one.date("from")?, to: one.date("to")?, balance: one.amount("balance")? })
        })
    })?;
    match occupancy {
        Some(occupancy) => {
            let cost = cost::simple(input.amount("total_cost")?, &occupancy)?;
            answer["apr_simple"] = json!(decimal(cost, 6)?);
        }
        // Without the principal in use the cost tells nothing.
        None => drop(input.maybe("total_cost", Members::amount)?),
    }
    Ok(answer)
}

/// A bound of the rate, under its short or its long name, not both.
fn bound(input: &mut Members, short: &str, long: &str) -> Result<Option<Rate>, Wrong> {
    let name = if input.has(short) { short } else { long };
    input.maybe(name, Members::rate)
}

fn rate(input: &mut Members) -> Answer {
    let pricing = Pricing {
        lpr: input.rate("lpr")?,
        spread: input.basis_points("spread_bp")?,
        floor: bound(input, "floor", "floor_rate")?,
        cap: bound(input, "cap", "cap_rate")?,
    };
    let contract = pricing.contract_rate()?;
    let part = |of: i128| Fraction::new(1, of).and_then(|part| contract.times(part)).ok_or(LoanError::TooLarge);
    let mut answer = json!({
        "contract_rate": decimal(contract, 8)?,
        "daily_rate_360": decimal(part(360)?, 8)?,
        "monthly_rate": decimal(part(12)?, 8)?,
    });
    for (multiplier, name) in [("penalty_multiplier", "overdue_rate"), ("misuse_multiplier", "misuse_rate")] {
        if let Some(multiplier) = input.maybe(multiplier, Members::multiplier)? {
            answer[name] = json!(decimal(times(contract, multiplier)?, 8)?);
        }
    }
    Ok(answer)
}

fn rate_reset(input: &mut Members) -> Answer {
    let terms = loan(input)?;
    let changes = input.objects("changes", |one| {
        Ok(RateChange { effective_on: one.date("effective_on")?, annual_rate: one.rate("annual_rate")? })
    })?;
    let repriced = reprice(&terms, &changes)?;
    let mut answer = json!({ "rows": rows(&repriced.schedule), "totals": totals(&repriced.schedule)? });
    if !repriced.levels.is_empty() {
        let levels = repriced.levels.iter().map(|level| {
            json!({
                "from_installment": level.from_instalment,
                "annual_rate": level.annual_rate.to_string(),
                "installment": level.instalment,
            })
        });
        answer["installments"] = levels.collect();
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModelWord {
    Share,
    Points,
    AboveFloor,
}

fn subsidy(input: &mut Members) -> Answer {
    let terms = loan(input)?;
    let model = match input.word("model")? {
        ModelWord::Share => Model::Share(input.rate("share")?),
        ModelWord::Points => Model::Points(input.rate("points")?),
        ModelWord::AboveFloor => Model::AboveFloor(input.rate("borrower_rate")?),
    };
    let subsidy = Subsidy {
        model,
        late_instalments: input.maybe("late_installments", Members::wholes)?.unwrap_or_default(),
        max_instalments: input.maybe("max_installments", Members::whole)?,
        until: input.maybe("subsidy_until", Members::date)?,
        cap_total: input.maybe("cap_total", Members::amount)?,
    };
    let split = subsidy.of(&terms, &Schedule::of(&terms)?)?;
    let total = |part: fn(&domain::loan::subsidy::Subsidised) -> Money| {
        Money::checked_sum(split.iter().map(part)).ok_or(LoanError::TooLarge)
    };
    let rows = split.iter().map(|one| json!([one.number, one.due, one.interest, one.government, one.borrower]));
    Ok(json!({
        "fields": ["n", "due", "interest", "government", "borrower"],
        "rows": rows.collect::<Vec<_>>(),
        "government_total": total(|one| one.government)?,
        "borrower_total": total(|one| one.borrower)?,
    }))
}
