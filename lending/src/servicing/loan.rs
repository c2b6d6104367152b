//! A loan as the database keeps it, made into what arithmetic takes: its contract, what happened to it, what it comes to.

use std::collections::BTreeMap;

use domain::bank_file::class_of;
use domain::lending::product::AllocationRule;
use domain::lending::{ApplicationKind, LoanState, RepaymentMethod};
use domain::loan::allocation::{Amounts, Component};
use domain::loan::life::{Contract, End, Event, Life, Orders, Outcome, Split, State, What};
use domain::loan::overdue::{Class, Grace};
use domain::loan::prepayment::Mode;
use domain::loan::reckoning::{Books, Growth, Late, Reckoning};
use domain::loan::{DueDays, LoanError, Repayment, Terms};
use domain::{BusinessDate, LoanContractId, LoanEventId, Money};
use entity::{Rows, Tx, loan_contract, loan_event, loan_late, loan_standing};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Iterable, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::ServeError;

/// What happened, as it is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// 放款: the loan begins.
    Payout(Money),
    /// Something after it.
    Event(What),
}

/// A loan with all that is known of it.
#[derive(Clone, Debug)]
pub struct Loan {
    /// Its contract.
    pub row: loan_contract::Model,
    /// What happened to it, in the order it was written down.
    pub facts: Vec<(LoanEventId, BusinessDate, Fact)>,
    /// What it comes to, as it was last written down.
    pub standing: Option<Reckoning>,
    /// What the contract is that took it over, if one did.
    pub replaced_by: Option<ApplicationKind>,
}

/// A loan at the end of a day.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What became of each event, in the order of days.
    pub outcomes: Vec<Outcome>,
    /// Where it stands.
    pub state: State,
    /// What it comes to until something changes.
    pub reckoning: Reckoning,
}

impl Loan {
    /// The payout that stands.
    pub fn payout(&self) -> Option<(LoanEventId, BusinessDate)> {
        let reversed = |id| self.facts.iter().any(|fact| fact.2 == Fact::Event(What::Reversal(id)));
        let paid = |(id, on, fact): &(LoanEventId, BusinessDate, Fact)| match fact {
            Fact::Payout(_) if !reversed(*id) => Some((*id, *on)),
            _ => None,
        };
        self.facts.iter().find_map(paid)
    }

    /// The contract for the arithmetic, paid out on a day.
    pub fn contract(&self, paid_out_on: BusinessDate) -> Result<Contract, ServeError> {
        contract(&self.row, paid_out_on)
    }

    /// What happened after the payout.
    pub fn events(&self) -> Vec<Event> {
        let after = |(id, on, fact): &(LoanEventId, BusinessDate, Fact)| match fact {
            Fact::Event(what) => Some(Event { id: *id, on: *on, what: *what }),
            Fact::Payout(_) => None,
        };
        self.facts.iter().filter_map(after).collect()
    }

    /// Replays it to the end of a day; nothing if it is not paid out.
    pub fn replay(&self, as_of: BusinessDate) -> Result<Option<Replayed>, ServeError> {
        let Some((_, paid_out_on)) = self.payout() else { return Ok(None) };
        let contract = self.contract(paid_out_on)?;
        let mut events = self.events();
        if matches!(self.row.kind, ApplicationKind::Extension | ApplicationKind::Restructuring) {
            // 展期 and 重组: at least 关注.
            let what = What::Judgement(Some(Class::SpecialMention));
            events.push(Event { id: Uuid::nil().into(), on: paid_out_on, what });
        }
        let (outcomes, life) = Life::replay(&contract, &events, as_of)?;
        let (state, reckoning) = (life.state(as_of)?, Reckoning::of(&life, as_of)?);
        Ok(Some(Replayed { outcomes, state, reckoning }))
    }

    /// What it would cost to be rid of it on a day; nothing if it is ended, or the rule allows it on due days only.
    pub fn payoff(&self, on: BusinessDate) -> Result<Option<Split>, ServeError> {
        let Some((_, paid_out_on)) = self.payout() else { return Ok(None) };
        let contract = self.contract(paid_out_on)?;
        let (_, life) = Life::replay(&contract, &self.events(), on)?;
        if life.state(on)?.end.is_some() {
            return Ok(None);
        }
        match life.payoff(on) {
            Ok(split) => Ok(Some(split)),
            Err(LoanError::PrepaymentBetweenDueDays | LoanError::PrepaymentDate { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Its instalments at the end of a day; none if it is not paid out.
    pub fn instalments(&self, as_of: BusinessDate) -> Result<Vec<domain::loan::life::Standing>, ServeError> {
        let Some((_, paid_out_on)) = self.payout() else { return Ok(Vec::new()) };
        let contract = self.contract(paid_out_on)?;
        let (_, life) = Life::replay(&contract, &self.events(), as_of)?;
        Ok(life.instalments(as_of)?)
    }

    /// What is late of it at the end of a day, where `state` is how it stands then: what is due, without what falls due on the day itself.
    pub fn late(&self, state: &State, as_of: BusinessDate) -> Result<Amounts, ServeError> {
        if state.days_past_due == 0 {
            return Ok(Amounts::default());
        }
        let mut late = state.due;
        for today in self.instalments(as_of)?.iter().filter(|one| one.is_due && one.row.due == as_of) {
            for component in Component::iter() {
                late[component] = late[component].checked_sub(today.open[component]).ok_or(LoanError::TooLarge)?;
            }
        }
        Ok(late)
    }

    /// What its books show as they were last written, at the end of a day on which that holds.
    pub fn books(&self, day: BusinessDate) -> Result<Books, LoanError> {
        self.standing.as_ref().map_or(Ok(Books::default()), |standing| standing.books(day))
    }
}

/// The state of a contract that follows from where the loan stands.
pub(crate) fn state_of(loan: &Loan, state: &State) -> LoanState {
    match state.end {
        Some(End::Settled) => LoanState::Settled,
        Some(End::WrittenOff) => LoanState::WrittenOff,
        Some(End::Replaced) => match loan.replaced_by {
            Some(ApplicationKind::Extension) => LoanState::Extended,
            Some(ApplicationKind::Restructuring) => LoanState::Restructured,
            Some(ApplicationKind::Renewal | ApplicationKind::New) | None => LoanState::Renewed,
        },
        None if state.compensated.is_positive() => LoanState::Compensated,
        None if state.days_past_due > 0 => LoanState::Overdue,
        None if loan.row.state == LoanState::Signed => LoanState::PaidOut,
        None => LoanState::Performing,
    }
}

/// The contract of a row for the arithmetic.
pub fn contract(row: &loan_contract::Model, paid_out_on: BusinessDate) -> Result<Contract, ServeError> {
    let small = |number: i64| u32::try_from(number).map_err(|_| LoanError::Term);
    let repayment = match row.method.instalments() {
        Some(method) => Repayment::Instalments {
            method,
            due: DueDays {
                first_due_on: row.first_due_on,
                due_day: u8::try_from(row.due_day).map_err(|_| LoanError::DueDay)?,
                term: small(row.term)?,
            },
            odd_first_period: row.odd_first_period,
        },
        None => Repayment::Bullet { maturity_on: row.maturity_on },
    };
    debug_assert!(row.method != RepaymentMethod::Bullet || matches!(repayment, Repayment::Bullet { .. }));
    let terms = Terms {
        principal: row.principal_fen,
        annual_rate: row.annual_rate,
        disbursed_on: paid_out_on,
        interest_mode: row.interest_mode,
        day_count: row.day_count,
        repayment,
    };
    let rule: AllocationRule = serde_json::from_str(&row.allocation)?;
    let order = |class| rule.order(class);
    for class in [Class::Normal, Class::SpecialMention, Class::Substandard, Class::Doubtful, Class::Loss] {
        order(class)?;
    }
    let usual = AllocationRule::usual();
    Ok(Contract {
        terms,
        multiplier: row.penalty_multiplier,
        misuse: row.misuse_multiplier,
        compound: row.compound,
        grace: Grace { days: small(row.grace_days)?, mode: row.grace_mode },
        orders: Orders::new(|class| order(class).or_else(|_| usual.order(class)).expect("every order was read before")),
        scan: rule.scan,
        fee_rate: row.prepayment_fee_rate,
        fee_until: paid_out_on.day_of_month_after(small(row.prepayment_fee_months)?, paid_out_on.day()),
    })
}

/// A row as a fact.
pub(crate) fn fact(row: &loan_event::Model) -> Result<Fact, ServeError> {
    let broken = || ServeError::Db(DbErr::Type(format!("the event {} of a loan cannot be read", row.id)));
    let mut amounts = Amounts::default();
    for (component, part) in [
        (Component::Principal, row.principal_fen),
        (Component::Interest, row.interest_fen),
        (Component::Penalty, row.penalty_fen),
        (Component::Compound, row.compound_fen),
        (Component::Fee, row.fee_fen),
    ] {
        amounts[component] = part;
    }
    let amount = row.amount_fen;
    let booked = row.booked.then_some(Split { amounts, credit: row.credit_fen });
    Ok(Fact::Event(match row.kind.as_str() {
        "payout" => return Ok(Fact::Payout(amount)),
        "repayment" => What::Repayment { amount, booked },
        "prepayment" => {
            let mode = row.mode.as_deref().and_then(mode_of).ok_or_else(broken)?;
            let principal = if row.booked { row.principal_fen } else { amount };
            What::Prepayment { mode, principal: (mode != Mode::Full).then_some(principal), booked }
        }
        "rate" => What::RateChange(row.rate.ok_or_else(broken)?),
        "misuse" => What::Misuse(amount.is_positive().then_some(amount)),
        "misuse_mended" => What::MisuseMended,
        "class" => What::Judgement(row.class.filter(|class| *class != Class::Normal)),
        "reversal" => What::Reversal(row.reverses.ok_or_else(broken)?),
        "subsidy" => What::Subsidy(amount),
        "waiver" => What::Waiver(amounts),
        "compensation" => What::Compensation(amount),
        "recovery" => What::Recovery(amount),
        "write_off" => What::WriteOff,
        "credit_back" => What::CreditBack(amount),
        "replaced" => What::Replaced(amount.is_positive().then_some(amount)),
        _ => return Err(broken()),
    }))
}

/// The word of a kind.
pub fn word(fact: &Fact) -> &'static str {
    match fact {
        Fact::Payout(_) => "payout",
        Fact::Event(what) => match what {
            What::Repayment { .. } => "repayment",
            What::Prepayment { .. } => "prepayment",
            What::RateChange(_) => "rate",
            What::Misuse(_) => "misuse",
            What::MisuseMended => "misuse_mended",
            What::Judgement(_) => "class",
            What::Reversal(_) => "reversal",
            What::Subsidy(_) => "subsidy",
            What::Waiver(_) => "waiver",
            What::Compensation(_) => "compensation",
            What::Recovery(_) => "recovery",
            What::WriteOff => "write_off",
            What::CreditBack(_) => "credit_back",
            What::Replaced(_) => "replaced",
        },
    }
}

pub(crate) fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Full => "full",
        Mode::ReduceInstalment => "reduce_installment",
        Mode::ShortenTerm => "shorten_term",
    }
}

fn mode_of(word: &str) -> Option<Mode> {
    [Mode::Full, Mode::ReduceInstalment, Mode::ShortenTerm].into_iter().find(|mode| mode_word(*mode) == word)
}

/// Days since 1970, as the standing counts them.
pub(crate) fn number(day: BusinessDate) -> i64 {
    BusinessDate::new(1970, 1, 1).map_or(0, |first| first.days_to(day))
}

fn day(number: i64) -> BusinessDate {
    let first = BusinessDate::new(1970, 1, 1);
    first.and_then(|first| first.after_days(number)).unwrap_or_else(|| BusinessDate::of(domain::Timestamp::from_us(0)))
}

/// Loans by id, locked if they are to change. Five statements.
pub async fn load(
    db: &impl ConnectionTrait,
    ids: &[LoanContractId],
    lock: bool,
) -> Result<BTreeMap<LoanContractId, Loan>, ServeError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let backend = db.get_database_backend();
    let set = || Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
    let locking = if lock && backend == DbBackend::Postgres { " ORDER BY c.id FOR NO KEY UPDATE" } else { "" };
    let sql = format!("SELECT c.* FROM loan_contract c WHERE c.id IN (SELECT id FROM {{rows}}){locking}");
    let mut loans = BTreeMap::new();
    for row in db.query_all_raw(set().statement(backend, &sql, [])).await? {
        let row = loan_contract::Model::from_query_result(&row, "")?;
        loans.insert(row.id, Loan { row, facts: Vec::new(), standing: None, replaced_by: None });
    }
    let sql = "SELECT e.* FROM loan_event e WHERE e.contract_id IN (SELECT id FROM {rows}) ORDER BY e.id";
    for row in db.query_all_raw(set().statement(backend, sql, [])).await? {
        let row = loan_event::Model::from_query_result(&row, "")?;
        let known = (row.id, row.on_day, fact(&row)?);
        if let Some(loan) = loans.get_mut(&row.contract_id) {
            loan.facts.push(known);
        }
    }
    let sql = "SELECT s.* FROM loan_standing s WHERE s.contract_id IN (SELECT id FROM {rows})";
    for row in db.query_all_raw(set().statement(backend, sql, [])).await? {
        let row = loan_standing::Model::from_query_result(&row, "")?;
        if let Some(loan) = loans.get_mut(&row.contract_id) {
            loan.standing = Some(reckoning(&row));
        }
    }
    let sql =
        "SELECT l.* FROM loan_late l WHERE l.contract_id IN (SELECT id FROM {rows}) ORDER BY l.contract_id, l.line";
    for row in db.query_all_raw(set().statement(backend, sql, [])).await? {
        let row = loan_late::Model::from_query_result(&row, "")?;
        let growth = |step, den| Growth { from: day(row.late_from), start: 0, step, den };
        let (penalty, compound) =
            (growth(row.penalty_step, row.penalty_den), growth(row.compound_step, row.compound_den));
        if let Some(standing) = loans.get_mut(&row.contract_id).and_then(|loan| loan.standing.as_mut()) {
            standing.late.push(Late { due: row.due_on, penalty, compound });
        }
    }
    // What is withdrawn is never paid out; to say so lets the database find them by their index.
    let sql = "SELECT c.replaces_id, c.kind FROM loan_contract c WHERE c.replaces_id IN (SELECT id FROM {rows}) \
               AND c.paid_out_on IS NOT NULL AND c.state <> 'withdrawn'";
    for row in db.query_all_raw(set().statement(backend, sql, [])).await? {
        if let Some(loan) = loans.get_mut(&row.try_get::<LoanContractId>("", "replaces_id")?) {
            loan.replaced_by = Some(row.try_get("", "kind")?);
        }
    }
    Ok(loans)
}

/// The word of an end.
pub(super) fn end_word(end: End) -> &'static str {
    match end {
        End::Settled => "settled",
        End::Replaced => "replaced",
        End::WrittenOff => "written_off",
    }
}

/// A stored standing, without its late instalments.
fn reckoning(row: &loan_standing::Model) -> Reckoning {
    Reckoning {
        as_of: row.as_of,
        until: row.until_day,
        class: row.class,
        accruing: row.accruing,
        undue: row.undue_fen,
        due_principal: row.due_fen,
        late_since: row.late_since,
        credit: row.credit_fen,
        earned: [row.earned_interest_fen, row.earned_penalty_fen, row.earned_compound_fen],
        outstanding: [row.open_interest_fen, row.open_penalty_fen, row.open_compound_fen],
        interest: Growth {
            from: day(row.interest_from),
            start: row.interest_start,
            step: row.interest_step,
            den: row.interest_den,
        },
        late: Vec::new(),
    }
}

/// Writes what loans come to, in place of what was written before. Three statements however many.
pub(crate) async fn write(
    tx: &Tx,
    programme: domain::LoanProgrammeId,
    standings: &[(LoanContractId, &Reckoning, &State)],
) -> Result<(), DbErr> {
    if standings.is_empty() {
        return Ok(());
    }
    let backend = tx.get_database_backend();
    let all = || standings.iter();
    let fen = |of: fn(&Reckoning) -> Money| all().map(move |(_, one, _)| of(one).fen()).collect::<Vec<_>>();
    let number_of = |of: fn(&Reckoning) -> i64| all().map(move |(_, one, _)| of(one)).collect::<Vec<_>>();
    let rows = Rows::new()
        .uuid("contract_id", all().map(|(id, ..)| id.uuid()))
        .text("as_of", all().map(|(_, one, _)| one.as_of.to_string()))
        .text_or_null("until_day", all().map(|(_, one, _)| one.until.map(|day| day.to_string())))
        .text("class", all().map(|(_, one, _)| class_of(one.class)))
        .bool("accruing", all().map(|(_, one, _)| one.accruing))
        .int("undue_fen", fen(|one| one.undue))
        .int("due_fen", fen(|one| one.due_principal))
        .text_or_null("late_since", all().map(|(_, one, _)| one.late_since.map(|day| day.to_string())))
        .int("credit_fen", fen(|one| one.credit))
        .int("earned_interest_fen", fen(|one| one.earned[0]))
        .int("earned_penalty_fen", fen(|one| one.earned[1]))
        .int("earned_compound_fen", fen(|one| one.earned[2]))
        .int("open_interest_fen", fen(|one| one.outstanding[0]))
        .int("open_penalty_fen", fen(|one| one.outstanding[1]))
        .int("open_compound_fen", fen(|one| one.outstanding[2]))
        .int("interest_from", number_of(|one| number(one.interest.from)))
        .int("interest_start", number_of(|one| one.interest.start))
        .int("interest_step", number_of(|one| one.interest.step))
        .int("interest_den", number_of(|one| one.interest.den))
        .int("compensated_fen", all().map(|(.., state)| state.compensated.fen()))
        .int("recovered_fen", all().map(|(.., state)| state.recovered.fen()))
        .text_or_null("ended", all().map(|(.., state)| state.end.map(|end| end_word(end).to_owned())));
    let columns = "as_of, until_day, class, accruing, undue_fen, due_fen, late_since, credit_fen, earned_interest_fen, earned_penalty_fen, \
                   earned_compound_fen, open_interest_fen, open_penalty_fen, open_compound_fen, interest_from, interest_start, \
                   interest_step, interest_den, compensated_fen, recovered_fen, ended";
    let set: Vec<String> = columns.split(", ").map(|column| format!("{column} = excluded.{column}")).collect();
    let sql = format!(
        "INSERT INTO loan_standing (contract_id, programme_id, {columns}) SELECT contract_id, $1, {columns} FROM {{rows}} \
         WHERE true ORDER BY contract_id ON CONFLICT (contract_id) DO UPDATE SET {}",
        set.join(", ")
    );
    tx.execute_raw(rows.statement(backend, &sql, [programme.into()])).await?;
    let ids = Rows::new().uuid("id", all().map(|(id, ..)| id.uuid()));
    let sql = "DELETE FROM loan_late WHERE contract_id IN (SELECT id FROM {rows})";
    tx.execute_raw(ids.statement(backend, sql, [])).await?;
    let lates: Vec<(Uuid, i64, &Late)> =
        all().flat_map(|(id, one, _)| (0..).zip(&one.late).map(move |(line, late)| (id.uuid(), line, late))).collect();
    if lates.is_empty() {
        return Ok(());
    }
    let rows = Rows::new()
        .uuid("contract_id", lates.iter().map(|(id, ..)| *id))
        .int("line", lates.iter().map(|(_, line, _)| *line))
        .text("due_on", lates.iter().map(|(.., late)| late.due.to_string()))
        .int("late_from", lates.iter().map(|(.., late)| number(late.penalty.from)))
        .int("penalty_step", lates.iter().map(|(.., late)| late.penalty.step))
        .int("penalty_den", lates.iter().map(|(.., late)| late.penalty.den))
        .int("compound_step", lates.iter().map(|(.., late)| late.compound.step))
        .int("compound_den", lates.iter().map(|(.., late)| late.compound.den));
    let columns = "contract_id, line, due_on, late_from, penalty_step, penalty_den, compound_step, compound_den";
    let sql = format!("INSERT INTO loan_late (programme_id, {columns}) SELECT $1, {columns} FROM {{rows}}");
    tx.execute_raw(rows.statement(backend, &sql, [programme.into()])).await?;
    Ok(())
}

/// Every loan of a bank that was paid out by a day and has principal left, by id.
pub async fn open(
    db: &impl ConnectionTrait,
    bank: domain::BankId,
    day: BusinessDate,
) -> Result<Vec<LoanContractId>, DbErr> {
    use loan_contract::Column as C;
    let rows = loan_contract::Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::BankId.eq(bank))
        .filter(C::OutstandingFen.gt(Money::ZERO))
        .filter(C::PaidOutOn.lte(day))
        .order_by_asc(C::Id);
    rows.into_tuple().all(db).await
}

/// Every loan of a programme that was ever paid out, by id.
pub async fn paid_out(
    db: &impl ConnectionTrait,
    programme: domain::LoanProgrammeId,
) -> Result<Vec<LoanContractId>, DbErr> {
    let rows = loan_standing::Entity::find()
        .filter(loan_standing::Column::ProgrammeId.eq(programme))
        .order_by_asc(loan_standing::Column::ContractId)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.contract_id).collect())
}
