//! Loans that run, on both databases: days closed once, again, late and after a kill; events heard of late; a bank's file with planted
//! differences. Each test ends with the audit: every loan replayed, the memo book equal to all of them, debits equal to credits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use app::identity::GivenStaff;
use app::servicing::{Servicing, ServicingError};
use domain::bank_file::{BankFile, Detail, Kind, Pace, Position};
use domain::lending::product::AllocationRule;
use domain::loan::allocation::Component;
use domain::loan::life::{Split, What};
use domain::loan::overdue::Class;
use domain::loan::prepayment::Mode;
use domain::role::{Member, Role};
use domain::{
    BankId, BusinessDate, Clock, LoanApplicationId, LoanContractId, LoanProductId, LoanProgrammeId, LoanQuotaId, Money,
    StaffId,
};
use entity::{Db, loan_day, loan_event, loan_standing};
use lending::servicing::close::{self, Ahead, Piece};
use lending::servicing::loan::Fact;
use lending::servicing::programme::NewProgramme;
use lending::servicing::{NewEvent, ServeError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Value};
use uuid::Uuid;

mod identity_world;

struct Bank {
    db: Db,
    clock: Clock,
    servicing: Servicing,
    programme: LoanProgrammeId,
    /// An officer of the bank.
    officer: Member,
    /// Somebody of finance.
    bookkeeper: Member,
    keeper: Member,
    contracts: std::cell::Cell<u32>,
    ids: Ids,
}

struct Ids {
    bank: BankId,
    product: LoanProductId,
    quota: LoanQuotaId,
    donor: Uuid,
    reviewer: StaffId,
}

fn day(text: &str) -> BusinessDate {
    text.parse().unwrap()
}

fn yuan(text: &str) -> Money {
    text.parse().unwrap()
}

async fn sql(db: &Db, sql: &str, values: Vec<Value>) {
    let tx = db.begin().await.unwrap();
    entity::execute(&tx, sql, values).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    tx.commit().await.unwrap();
}

impl Bank {
    /// A bank with a programme since the first of January, a product and a quota.
    async fn open(w: &identity_world::World) -> Bank {
        let clock = Clock::settable();
        clock.set(day("2026-01-10").start());
        let mut staff = Vec::new();
        for (i, role) in [Role::BankOfficer, Role::Bookkeeper, Role::Admin, Role::LeagueOfficer].into_iter().enumerate()
        {
            let given = GivenStaff {
                id: StaffId::new(),
                role,
                username: format!("person{i}"),
                name: "某人".into(),
                password: "correct horse battery staple".into(),
                totp_secret: role.needs_otp().then(|| "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into()),
                unit: None,
                person: None,
            };
            let id = w.identity.create_staff_with(given).await.unwrap();
            staff.push(Member::everywhere(id, &[role], "test"));
        }
        let [officer, bookkeeper, keeper, reviewer] = <[Member; 4]>::try_from(staff).unwrap();
        let ids = Ids {
            bank: BankId::new(),
            product: LoanProductId::new(),
            quota: LoanQuotaId::new(),
            donor: Uuid::now_v7(),
            reviewer: reviewer.id,
        };
        let (db, unit) = (w.db.clone(), Uuid::now_v7());
        sql(
            &db,
            "INSERT INTO unit (id, parent_id, code, name, kind, division, path, active, created_us) \
             SELECT $1, NULL, 'place', '示例县', 'county', NULL, '/place/', true, 0",
            vec![unit.into()],
        )
        .await;
        sql(&db, "INSERT INTO donor (id, openid_hmac, openid_sealed, key_sealed, key_version, created_us) VALUES ($1, $2, $2, $2, 1, 0)",
            vec![ids.donor.into(), vec![1u8; 32].into()]).await;
        sql(&db, "INSERT INTO bank (id, code, name, active, author_id, created_us) VALUES ($1, 'demo', '示例银行', true, $2, 0)",
            vec![ids.bank.into(), keeper.id.into()]).await;
        sql(
            &db,
            "INSERT INTO bank_seat (staff_id, bank_id, author_id, created_us) VALUES ($1, $2, $3, 0)",
            vec![officer.id.into(), ids.bank.into(), keeper.id.into()],
        )
        .await;
        sql(&db, "INSERT INTO loan_product (id, bank_id, code, family, name, summary, version, open, author_id, created_us, changed_us) \
             VALUES ($1, $2, 'farm', 'farm', '青农贷（示例）', '', 0, false, $3, 0, 0)",
            vec![ids.product.into(), ids.bank.into(), keeper.id.into()]).await;
        sql(&db, "INSERT INTO product_version (product_id, version, state, terms, author_id, created_us) VALUES ($1, 1, 'draft', '{}', $2, 0)",
            vec![ids.product.into(), keeper.id.into()]).await;
        sql(
            &db,
            "UPDATE product_version SET state = 'published', publisher_id = $2, published_us = 0 WHERE product_id = $1",
            vec![ids.product.into(), reviewer.id.into()],
        )
        .await;
        sql(&db, "INSERT INTO loan_quota (id, unit_id, unit_path, bank_id, product_id, year, limit_fen, reserved_fen, used_fen, author_id, \
             created_us, changed_us) VALUES ($1, $2, '/place/', $3, $4, 2026, 100000000000, 0, 0, $5, 0, 0)",
            vec![ids.quota.into(), unit.into(), ids.bank.into(), ids.product.into(), keeper.id.into()]).await;
        sql(&db, "INSERT INTO loan_consent (id, donor_id, bank_id, scope, words, given_us) VALUES ($1, $2, $3, 'application', '', 0)",
            vec![Uuid::now_v7().into(), ids.donor.into(), ids.bank.into()]).await;
        let servicing = Servicing::new(db.clone(), clock.clone());
        let programme = LoanProgrammeId::new();
        let new = NewProgramme {
            id: programme,
            bank: ids.bank,
            name: "青农贷（示例银行）".into(),
            pace: "daily".into(),
            match_days: 3,
            first_day: day("2026-01-01"),
        };
        servicing.open(new.clone(), &keeper).await.unwrap();
        servicing.open(new, &keeper).await.unwrap();
        Bank { db, clock, servicing, programme, officer, bookkeeper, keeper, contracts: 0.into(), ids }
    }

    /// A contract, signed: twelve thousand yuan over a year, equal principal, by days.
    async fn signed(&self, method: &str, mode: &str) -> LoanContractId {
        let (contract, application) = (LoanContractId::new(), LoanApplicationId::new());
        let number = self.contracts.get() + 1;
        self.contracts.set(number);
        let Ids { bank, product, quota, donor, reviewer } = &self.ids;
        let db = &self.db;
        sql(db, "INSERT INTO loan_application (id, kind, donor_id, renewal_count, bank_id, product_id, version, unit_path, city_path, division, \
             state, round, applicant, amount_fen, term, method, industry, guarantee, purpose, person_hmac, personal_sealed, content, quota_use, \
             created_us, changed_us) VALUES ($1, 'new', $2, 0, $3, $4, 1, '/place/', '/place/', '130102', 'draft', 1, 'person', 1200000, 12, $5, \
             'planting', 'credit', '', $6, $6, $6, 'none', 0, 0)",
            vec![application.into(), (*donor).into(), (*bank).into(), (*product).into(), method.into(), vec![7u8; 32].into()]).await;
        sql(
            db,
            "UPDATE loan_application SET state = 'applied', office = 'county', office_path = '/place/' WHERE id = $1",
            vec![application.into()],
        )
        .await;
        for (office, by, then) in [
            (
                "county",
                *reviewer,
                "UPDATE loan_application SET state = 'recommended', office = NULL, office_path = NULL WHERE id = $1",
            ),
            (
                "bank",
                self.officer.id,
                "UPDATE loan_application SET state = 'approved', approved_fen = 1200000, approved_term = 12, \
                approved_spread_bp = 0, quota_use = 'reserved', quota_id = $2 WHERE id = $1",
            ),
        ] {
            if office == "bank" {
                sql(
                    db,
                    "UPDATE loan_application SET state = 'bank_review', sent_us = 0 WHERE id = $1",
                    vec![application.into()],
                )
                .await;
            }
            sql(db, "INSERT INTO loan_decision (application_id, round, office, verdict, decider_id, at_us) VALUES ($1, 1, $2, 'agreed', $3, 0)",
                vec![application.into(), office.into(), by.into()]).await;
            let mut values: Vec<Value> = vec![application.into()];
            if office == "bank" {
                values.push((*quota).into());
            }
            sql(db, then, values).await;
        }
        let rule = serde_json::to_string(&AllocationRule::usual()).unwrap();
        let first_due = "2026-02-15";
        let pool = r#"{"holder":"示例市财政局","book":null,"ratio":"0.8","trigger_days":90,"cap_multiple":10}"#;
        sql(db, "INSERT INTO loan_contract (id, number, application_id, donor_id, kind, renewal_count, bank_id, product_id, version, unit_path, \
             division, applicant, person_hmac, personal_sealed, principal_fen, payout_fen, outstanding_fen, annual_rate, lpr_tenor, lpr_on, lpr_rate, \
             spread_bp, repricing, method, interest_mode, day_count, odd_first_period, term, due_day, payout_on, first_due_on, maturity_on, \
             allocation, penalty_multiplier, misuse_multiplier, compound, grace_days, grace_mode, prepayment_fee_rate, prepayment_fee_months, \
             compensation, state, class, signed_on, author_id, created_us, changed_us) \
             VALUES ($1, $2, $3, $4, 'new', 0, $5, $6, 1, '/place/', '130102', 'person', $7, $7, 1200000, 1200000, 0, '0.045', 'one_year', \
             '2026-01-01', '0.03', 0, 'fixed', $8, $9, 'ACT/360', false, 12, 15, '2026-01-15', $10, '2027-01-15', $11, '1.5', '2', true, 0, \
             'retroactive', '0.01', 6, $13, 'signed', 'normal', '2026-01-10', $12, 0, 0)",
            vec![contract.into(), format!("HT-{number}").into(), application.into(), (*donor).into(), (*bank).into(), (*product).into(),
                vec![7u8; 32].into(), method.into(), mode.into(), first_due.into(), rule.into(), self.officer.id.into(), pool.into()]).await;
        sql(
            db,
            "UPDATE loan_application SET state = 'signed', quota_use = 'used' WHERE id = $1",
            vec![application.into()],
        )
        .await;
        contract
    }

    fn at(&self, text: &str) {
        self.clock.set(day(text).start());
    }

    fn event(&self, contract: LoanContractId, on: &str, fact: Fact) -> NewEvent {
        let id = Uuid::now_v7().into();
        let reason = Some("经核实（示例）".to_owned());
        NewEvent { id, contract, on: day(on), fact, told: None, reason, actor: String::new() }
    }

    async fn tell(&self, contract: LoanContractId, on: &str, fact: Fact) -> Result<NewEvent, ServicingError> {
        let event = self.event(contract, on, fact);
        self.servicing.tell(event.clone(), &self.officer).await?;
        Ok(event)
    }

    /// A loan that was paid out on the fifteenth of January.
    async fn lent(&self, method: &str, mode: &str) -> LoanContractId {
        let contract = self.signed(method, mode).await;
        if self.clock.today() < day("2026-01-15") {
            self.at("2026-01-15");
        }
        self.tell(contract, "2026-01-15", Fact::Payout(yuan("12000.00"))).await.unwrap();
        contract
    }

    async fn pay(&self, contract: LoanContractId, on: &str, amount: &str) -> NewEvent {
        let what = What::Repayment { amount: yuan(amount), booked: None };
        self.tell(contract, on, Fact::Event(what)).await.unwrap()
    }

    async fn close(&self) -> u64 {
        let report = self.servicing.close_days(&|_| {}).await.unwrap();
        assert_eq!(report.failed, 0);
        report.done
    }

    /// Days, entries and standings, as text: what must not depend on the way it came about.
    async fn picture(&self) -> (Vec<loan_day::Model>, Vec<loan_standing::Model>, Vec<(String, Money, Money)>) {
        let db = self.db.read();
        let mut days = loan_day::Entity::find().all(db).await.unwrap();
        days.sort_by_key(|row| row.day);
        for row in &mut days {
            (row.began_us, row.closed_us) = (domain::Timestamp::default(), None);
            row.step = 0;
        }
        let mut standings = loan_standing::Entity::find().all(db).await.unwrap();
        standings.sort_by_key(|row| row.contract_id);
        let balance = ledger::trial_balance(db, None, None).await.unwrap();
        (days, standings, balance.into_iter().map(|line| (line.account, line.debit, line.credit)).collect())
    }

    async fn audit(&self) {
        let tx = self.db.snapshot().await.unwrap();
        let mut report = ledger::audit(&tx, &|_| {}).await.unwrap();
        lending::servicing::audit::audit(&tx, &mut report).await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.differences);
    }

    async fn balance(&self, account: &str) -> Money {
        let lines = ledger::trial_balance(self.db.read(), None, None).await.unwrap();
        let found = lines.into_iter().find(|line| line.account == account);
        found.map_or(Money::ZERO, |line| Money::from_fen(line.debit.fen() - line.credit.fen()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_closed_twice_killed_in_the_middle_or_late_gives_the_same_books() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        for method in ["equal_principal", "equal_installment", "interest_only", "flat", "bullet"] {
            for mode in ["daily", "monthly"] {
                b.lent(method, mode).await;
            }
        }
        let late = b.lent("equal_principal", "daily").await;
        b.at("2026-02-15");
        assert_eq!(b.close().await, 45);
        assert_eq!(b.close().await, 0, "a closed day is closed");
        b.audit().await;
        // One instalment is paid, the loan falls due that day.
        b.pay(late, "2026-02-15", "1046.50").await;
        b.at("2026-02-16");
        // Killed after each piece of two loans: the next one goes on.
        let mut pieces = 0;
        loop {
            pieces += 1;
            match b.servicing.close_piece(b.programme, day("2026-02-15"), 2).await.unwrap() {
                Piece::Changed(count) => assert!(count <= 2),
                Piece::Closed(row) => {
                    assert_eq!(
                        (row.changed, row.loans),
                        (8, 11),
                        "the paid loan was reckoned when it was paid; bullets are not due"
                    );
                    break;
                }
                Piece::There(_) => panic!("it was not closed"),
            }
            b.audit().await;
        }
        assert!(pieces > 4, "{pieces}");
        assert!(matches!(b.servicing.close_piece(b.programme, day("2026-02-15"), 2).await.unwrap(), Piece::There(_)));
        // Three days late: in their order, each by itself.
        b.at("2026-02-20");
        assert_eq!(b.close().await, 4);
        b.audit().await;
        let skipped = b.servicing.close_piece(b.programme, day("2026-02-22"), 2).await;
        assert!(matches!(skipped, Err(ServicingError::Loan(ServeError::NotThatDay))));
        let (days, ..) = b.picture().await;
        let digests: std::collections::BTreeSet<_> = days.iter().map(|row| row.digest.clone()).collect();
        assert_eq!(digests.len(), days.len());
    })
    .await;
}

/// A piece that was read ahead is written only if nothing was told since and nobody else has closed it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_between_reading_and_writing_is_noticed() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let paid = b.lent("equal_principal", "daily").await;
        let other = b.lent("equal_principal", "daily").await;
        for method in ["equal_installment", "interest_only", "bullet"] {
            b.lent(method, "daily").await;
        }
        b.at("2026-02-15");
        b.close().await;
        let read = async |on: &str| close::ahead(&b.db, b.programme, day(on), None, 100).await.unwrap().unwrap();
        let piece = async |on: &str, ahead: Ahead| {
            let tx = b.db.begin().await.unwrap();
            let piece = close::piece(&tx, b.clock.now(), b.programme, day(on), 100, Some(ahead)).await.unwrap();
            tx.commit().await.unwrap();
            piece
        };
        b.at("2026-02-16");
        // Four fall due; one of them is paid after they were read.
        let due = read("2026-02-15").await;
        let last = due.last();
        assert!(close::ahead(&b.db, b.programme, day("2026-02-15"), last, 100).await.unwrap().is_none());
        b.pay(paid, "2026-02-15", "1046.50").await;
        let written = piece("2026-02-15", due).await;
        assert!(matches!(written, Piece::Changed(3)), "{written:?}");
        b.audit().await;
        // The same with what only grows.
        let rest = close::rest(&b.db, b.programme, day("2026-02-15")).await.unwrap();
        b.pay(other, "2026-02-16", "10.00").await;
        assert!(matches!(piece("2026-02-15", rest).await, Piece::Closed(_)));
        b.audit().await;
        // Two closes at once read the same; the first writes it.
        b.at("2026-02-17");
        let (first, second) = (read("2026-02-16").await, read("2026-02-16").await);
        let early = read("2026-02-17").await;
        let written = piece("2026-02-16", first).await;
        assert!(matches!(written, Piece::Changed(2)), "{written:?}");
        assert!(matches!(piece("2026-02-16", second).await, Piece::Closed(_)));
        b.audit().await;
        // What was read of a day before the day before it was closed counts no more.
        b.at("2026-02-18");
        assert!(matches!(piece("2026-02-17", early).await, Piece::Closed(_)));
        b.audit().await;
        // With nothing in between it is written as it was read.
        b.at("2026-03-16");
        b.close().await;
        b.audit().await;
    })
    .await;
}

/// Two closes at once, piece by piece with the next read ahead, while something is told: one day, and the books of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_closed_by_two_at_once_while_something_is_told_is_closed_once() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let paid = b.lent("equal_principal", "daily").await;
        for method in ["equal_principal", "equal_installment", "interest_only", "flat", "bullet"] {
            for mode in ["daily", "monthly"] {
                b.lent(method, mode).await;
            }
        }
        b.at("2026-02-15");
        b.close().await;
        for (today, on) in [("2026-02-16", "2026-02-15"), ("2026-02-17", "2026-02-16"), ("2026-02-18", "2026-02-17")] {
            b.at(today);
            let close = || b.servicing.close_day(b.programme, day(on), 2);
            let (one, other, _) = tokio::join!(close(), close(), b.pay(paid, on, "300.00"));
            assert_eq!(one.unwrap(), other.unwrap(), "{on}");
            b.audit().await;
        }
        assert_eq!(b.close().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interest_booked_by_days_is_the_interest_of_the_table() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let contract = b.lent("equal_principal", "daily").await;
        b.at("2026-02-16");
        b.close().await;
        // 12 000.00 × 4.5 % × 31 / 360.
        assert_eq!(b.balance("L1321").await, yuan("46.50"));
        assert_eq!(b.balance("L1302[contract=HT-1]").await, yuan("1000.00"));
        assert_eq!(b.balance("L1301[contract=HT-1]").await, yuan("11000.00"));
        let served = b.servicing.loan(contract, &b.officer).await.unwrap();
        assert_eq!(served.state.unwrap().days_past_due, 1);
        // Ninety-one days late: what was income is taken back and stands beside the balance sheet.
        b.at("2026-05-18");
        b.close().await;
        assert_eq!(b.balance("L1321").await, Money::ZERO);
        assert!(b.balance("L7001").await.is_positive());
        let mut income = 0;
        for subject in ["L6011", "L6012", "L6013", "L6014", "L6015"] {
            income += b.balance(subject).await.fen();
        }
        assert_eq!(income, 0, "over all classes");
        b.audit().await;
        // All that is late is paid: it is income again.
        let due = b.servicing.loan(contract, &b.officer).await.unwrap().state.unwrap().due.total().unwrap();
        b.pay(contract, "2026-05-18", &due.to_string()).await;
        assert_eq!(b.balance("L7001").await, Money::ZERO);
        b.at("2026-05-20");
        b.close().await;
        b.audit().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_of_late_or_taken_back_leaves_the_books_of_the_ordered_run() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let (ordered, backdated) =
            (b.lent("equal_installment", "daily").await, b.lent("equal_installment", "daily").await);
        for (closed_to, payment) in [("2026-02-15", Some("2026-02-15")), ("2026-03-20", None), ("2026-05-25", None)] {
            b.at(closed_to);
            b.close().await;
            if let Some(on) = payment {
                b.pay(ordered, on, "1024.53").await;
            }
        }
        // Three months later: the payment, and one that never was.
        b.pay(backdated, "2026-02-15", "1024.53").await;
        let wrong = b.pay(backdated, "2026-04-01", "500.00").await;
        b.audit().await;
        let reversal = b.tell(backdated, "2026-04-01", Fact::Event(What::Reversal(wrong.id))).await.unwrap();
        b.audit().await;
        let known = b.servicing.tell(reversal.clone(), &b.officer).await;
        assert!(known.is_ok(), "told again it changes nothing");
        let other = NewEvent { on: day("2026-04-02"), ..reversal };
        assert!(matches!(b.servicing.tell(other, &b.officer).await, Err(ServicingError::Loan(ServeError::IdReused))));
        b.at("2026-05-26");
        b.close().await;
        let [a, c] = [ordered, backdated].map(|id| {
            let servicing = &b.servicing;
            let officer = &b.officer;
            async move { servicing.loan(id, officer).await.unwrap().state.unwrap() }
        });
        assert_eq!(a.await, c.await);
        let (_, standings, _) = b.picture().await;
        let of = |id| {
            let mut row = standings.iter().find(|row| row.contract_id == id).unwrap().clone();
            row.contract_id = ordered;
            row.as_of = day("2026-01-01");
            row
        };
        assert_eq!(of(ordered), of(backdated));
        b.audit().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_goes_its_whole_way_to_the_pool_and_is_written_off() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let early = b.lent("equal_principal", "daily").await;
        let lost = b.lent("equal_principal", "monthly").await;
        b.at("2026-02-01");
        b.close().await;
        let half = What::Prepayment { mode: Mode::ReduceInstalment, principal: Some(yuan("6000.00")), booked: None };
        b.tell(early, "2026-02-01", Fact::Event(half)).await.unwrap();
        b.audit().await;
        assert_eq!(b.balance("L6031").await, yuan("60.00").checked_neg().unwrap());
        let all = What::Prepayment { mode: Mode::Full, principal: None, booked: None };
        b.at("2026-02-15");
        b.close().await;
        let late = b.tell(early, "2026-02-15", Fact::Event(all)).await;
        assert!(matches!(late, Err(ServicingError::Loan(ServeError::Loan(domain::loan::LoanError::InArrears)))));
        let owed = b.servicing.loan(early, &b.officer).await.unwrap().state.unwrap().due.total().unwrap();
        b.pay(early, "2026-02-15", &owed.to_string()).await;
        b.tell(early, "2026-02-15", Fact::Event(all)).await.unwrap();
        let gone = b.servicing.loan(early, &b.officer).await.unwrap();
        assert_eq!(gone.state.unwrap().principal().unwrap(), Money::ZERO);
        assert_eq!(gone.contract.state, domain::lending::LoanState::Settled);
        b.audit().await;

        b.at("2026-06-01");
        b.close().await;
        b.tell(lost, "2026-06-01", Fact::Event(What::Compensation(yuan("9600.00")))).await.unwrap();
        assert_eq!(b.balance("L1401").await, yuan("9600.00"));
        b.audit().await;
        b.tell(lost, "2026-06-01", Fact::Event(What::WriteOff)).await.unwrap();
        b.audit().await;
        b.tell(lost, "2026-06-01", Fact::Event(What::Recovery(yuan("100.00")))).await.unwrap();
        assert_eq!(b.balance("L1401").await, yuan("9520.00"), "in the share in which the loss was borne");
        b.at("2026-06-03");
        b.close().await;
        b.audit().await;
        let over =
            b.tell(lost, "2026-06-02", Fact::Event(What::Repayment { amount: yuan("1.00"), booked: None })).await;
        assert!(matches!(over, Err(ServicingError::Loan(ServeError::Loan(domain::loan::LoanError::Ended)))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_charity_holds_a_pool() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let tx = b.db.begin().await.unwrap();
        let charity = ledger::NewBook {
            id: domain::BookId::new(),
            code: "hebei".into(),
            name: "示例基金会".into(),
            kind: ledger::BookKind::Charity,
            credit_code: Some("53130000MJX000000U".into()),
        };
        ledger::create_book(&tx, charity, b.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let pool = |holder: &'static str, code: &'static str| {
            b.servicing.set_pool(b.programme, holder, code, yuan("500000.00"), &b.keeper)
        };
        let refused = pool("示例基金会", "53130000MJX000000U").await;
        assert!(matches!(refused, Err(ServicingError::Loan(ServeError::CharityPool))), "{refused:?}");
        pool("示例市财政局", "11130000MB0000000U").await.unwrap();
    })
    .await;
}

/// The lines a bank that reckons as we do would send.
fn line(b: &Bank, serial: u32, contract: &str, kind: Kind, amount: &str, principal: &str, balance: &str) -> Detail {
    let _ = b;
    let (amount, principal) = (yuan(amount), yuan(principal));
    let mut split = Split::default();
    if kind != Kind::Payout {
        split.amounts[Component::Principal] = principal;
        split.amounts[Component::Interest] = Money::from_fen(amount.fen() - principal.fen());
    }
    Detail {
        line: 0,
        contract: contract.into(),
        serial: format!("S{serial:06}"),
        kind,
        on: day("2026-02-15"),
        amount,
        split,
        balance: yuan(balance),
        class: Class::Normal,
        reverses: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_planted_differences_finds_them_and_nothing_else() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        for _ in 0..6 {
            b.lent("equal_principal", "daily").await;
        }
        b.at("2026-02-15");
        b.close().await;
        let own = b.pay(loan(&b, 6).await, "2026-02-15", "1046.50").await;
        b.at("2026-02-16");
        let pay = |serial, number, amount: &str, principal: &str, balance: &str| {
            line(&b, serial, &format!("HT-{number}"), Kind::Repayment, amount, principal, balance)
        };
        let mut file = BankFile {
            bank: "demo".into(),
            day: day("2026-02-15"),
            pace: Pace::Daily,
            sequence: 1,
            details: vec![
                pay(1, 1, "1046.50", "1000.00", "11000.00"),
                // Rounded otherwise.
                pay(2, 2, "1046.51", "1000.00", "11000.00"),
                // Spread otherwise.
                pay(3, 3, "1046.50", "990.00", "11010.00"),
                // The balance is another.
                pay(4, 4, "1046.50", "1000.00", "10999.00"),
                // Nobody's.
                pay(5, 99, "1.00", "1.00", "0.00"),
                // Ours, which the bank tells too.
                pay(6, 6, "1046.50", "1000.00", "11000.00"),
            ],
            positions: [
                (1, "11000.00", "0.00", Class::Normal),
                (2, "11000.00", "0.00", Class::Normal),
                (3, "11010.00", "10.00", Class::Normal),
                (4, "11000.00", "0.00", Class::Normal),
                // Due today, not late.
                (5, "12000.00", "1046.50", Class::SpecialMention),
                (6, "11000.00", "0.00", Class::Normal),
            ]
            .map(|(number, balance, arrears, class)| Position {
                line: 0,
                contract: format!("HT-{number}"),
                balance: yuan(balance),
                arrears: yuan(arrears),
                class,
            })
            .into(),
            totals: Vec::new(),
        };
        let bytes = file.to_string().into_bytes();
        let imported = b.servicing.import(&bytes, &b.bookkeeper).await.unwrap();
        let mut found: Vec<_> = imported.report.breaks.iter().map(|one| one.class.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, ["balance", "class", "rounding", "split", "unknown_line"], "{:#?}", imported.report.breaks);
        assert_eq!((imported.report.booked, imported.report.matched, imported.known), (4, 1, false));
        // The memo book follows the bank: what it took off the principal of each loan.
        for (number, balance) in [(1, "11000.00"), (2, "11000.00"), (3, "11010.00"), (4, "11000.00"), (6, "11000.00")] {
            let due = b.balance(&format!("L1302[contract=HT-{number}]")).await.fen();
            let undue = b.balance(&format!("L1301[contract=HT-{number}]")).await.fen();
            assert_eq!(Money::from_fen(due + undue), yuan(balance), "HT-{number}");
        }
        b.audit().await;
        // Our own payment was taken back for the bank's, which has a number.
        let events =
            loan_event::Entity::find().filter(loan_event::Column::Kind.eq("reversal")).all(b.db.read()).await.unwrap();
        assert_eq!(events.iter().map(|row| row.reverses).collect::<Vec<_>>(), [Some(own.id)]);

        let before = b.picture().await;
        let again = b.servicing.import(&bytes, &b.bookkeeper).await.unwrap();
        assert!(again.known);
        assert_eq!(again.report, imported.report);
        assert_eq!(b.picture().await, before, "read again it changes nothing");
        file.details.clear();
        let other = file.to_string().into_bytes();
        assert!(matches!(b.servicing.import(&other, &b.bookkeeper).await, Err(ServicingError::FileRepeated(1))));
        file.sequence = 3;
        let gap = b.servicing.import(&file.to_string().into_bytes(), &b.bookkeeper).await;
        assert!(matches!(gap, Err(ServicingError::FileGap { expected: 2 })));
        let open = entity::discrepancy::Entity::find().all(b.db.read()).await.unwrap();
        assert_eq!(open.len(), 5);
        // What we say and the bank's files do not, though they should have by now.
        b.pay(loan(&b, 5).await, "2026-02-16", "1046.50").await;
        b.at("2026-02-21");
        (file.sequence, file.day) = (2, day("2026-02-20"));
        file.positions.clear();
        let second = b.servicing.import(&file.to_string().into_bytes(), &b.bookkeeper).await.unwrap();
        assert_eq!(second.report.breaks.iter().map(|one| one.class.as_str()).collect::<Vec<_>>(), ["missing_there"]);
        assert!(open.iter().all(|row| row.owner == "bookkeeper" || row.owner == "cashier"));
        b.close().await;
        b.audit().await;
    })
    .await;
}

/// Heard of on its day, months late, or before any day was closed: what a day brings stands at the class the loan had at its end.
#[tokio::test(flavor = "multi_thread")]
async fn interest_stands_at_the_class_of_each_day_however_it_was_heard_of() {
    let pictures = std::sync::Mutex::new(Vec::new());
    for way in ["ordered", "late", "unclosed"] {
        identity_world::on_both(async |w| {
            let b = Bank::open(w).await;
            let mut loans = Vec::new();
            for (method, mode) in [
                ("equal_principal", "daily"),
                ("equal_installment", "monthly"),
                ("interest_only", "daily"),
                ("bullet", "daily"),
                ("equal_principal", "monthly"),
                ("equal_installment", "daily"),
                ("equal_principal", "daily"),
            ] {
                loans.push(b.lent(method, mode).await);
            }
            let pay = |amount: &str| What::Repayment { amount: yuan(amount), booked: None };
            let mut waived = Split::default().amounts;
            waived[Component::Interest] = yuan("5.00");
            let told = [
                (0, "2026-02-20", pay("1050.00")),
                (5, "2026-02-20", pay("1030.00")),
                (1, "2026-03-01", What::Judgement(Some(Class::Substandard))),
                (5, "2026-03-16", pay("1030.00")),
                (1, "2026-03-20", pay("1024.53")),
                (3, "2026-03-20", What::Judgement(Some(Class::SpecialMention))),
                (1, "2026-04-02", What::Judgement(None)),
                (0, "2026-04-20", pay("2000.00")),
                (0, "2026-05-20", What::Waiver(waived)),
                (2, "2026-06-01", pay("100.00")),
                (2, "2026-06-01", pay("60.00")),
                // It was more than ninety days late, and is not any more.
                (2, "2026-06-10", pay("100.00")),
            ];
            // One that is not accruing and one that is: lost, in this order.
            let lost = [
                (4, "2026-06-12", What::Compensation(yuan("9600.00"))),
                (4, "2026-06-12", What::WriteOff),
                (5, "2026-06-12", What::WriteOff),
                (4, "2026-06-20", What::Recovery(yuan("100.00"))),
            ];
            let tell = async |(at, on, what): &(usize, &str, What)| {
                b.tell(loans[*at], on, Fact::Event(*what)).await.unwrap();
            };
            if way == "late" {
                b.at("2026-07-01");
                b.close().await;
                for one in told.iter().rev().chain(&lost) {
                    tell(one).await;
                    b.audit().await;
                }
            } else {
                for one in told.iter().chain(&lost) {
                    b.at(one.1);
                    if way == "ordered" {
                        b.close().await;
                    }
                    tell(one).await;
                }
            }
            if way != "ordered" {
                // What never was leaves nothing.
                for (at, on) in [(6, "2026-04-01"), (2, "2026-05-25")] {
                    let wrong = b.pay(loans[at], on, "500.00").await;
                    b.tell(loans[at], on, Fact::Event(What::Reversal(wrong.id))).await.unwrap();
                    b.audit().await;
                }
            }
            b.at("2026-07-02");
            b.close().await;
            b.audit().await;
            let mut seen = Vec::new();
            for account in ["L6011", "L6012", "L6013", "L6015", "L1321", "L1322", "L1323", "L6021", "L6022", "L7001"]
                .into_iter()
                .chain(["L6014", "L1304", "L1401", "L2011", "L7011"])
            {
                seen.push((account, b.balance(account).await.fen()));
            }
            assert!(seen[..4].iter().all(|(_, fen)| *fen != 0), "{way}: {seen:?}");
            pictures.lock().unwrap().push(seen);
        })
        .await;
    }
    let pictures = pictures.into_inner().unwrap();
    for other in &pictures[1..] {
        assert_eq!(&pictures[0], other);
    }
}

/// Lines that no loan allows are told one by one, several of one loan too; the others are booked.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_refused_stops_no_other() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        b.lent("equal_principal", "daily").await;
        for _ in 0..2 {
            b.signed("equal_principal", "daily").await;
        }
        b.at("2026-02-15");
        b.close().await;
        b.at("2026-02-16");
        let pay = |serial, number| {
            line(&b, serial, &format!("HT-{number}"), Kind::Repayment, "1046.50", "1000.00", "11000.00")
        };
        let file = BankFile {
            bank: "demo".into(),
            day: day("2026-02-15"),
            pace: Pace::Daily,
            sequence: 1,
            // Only the first contract was paid out.
            details: vec![pay(1, 2), pay(2, 1), pay(3, 2), pay(4, 3)],
            positions: Vec::new(),
            totals: Vec::new(),
        };
        let read = b.servicing.import(&file.to_string().into_bytes(), &b.bookkeeper).await.unwrap().report;
        let mut refused: Vec<&str> = read.breaks.iter().map(|one| one.key.as_str()).collect();
        refused.sort_unstable();
        let expected = ["loan:HT-2:S000001:refused", "loan:HT-2:S000003:refused", "loan:HT-3:S000004:refused"];
        assert_eq!((refused.as_slice(), read.booked), (&expected[..], 1), "{:#?}", read.breaks);
        assert_eq!(b.balance("L1302[contract=HT-1]").await, Money::ZERO);
        b.audit().await;
    })
    .await;
}

async fn loan(b: &Bank, number: u32) -> LoanContractId {
    let rows = entity::loan_contract::Entity::find().all(b.db.read()).await.unwrap();
    rows.into_iter().find(|row| row.number == format!("HT-{number}")).unwrap().id
}

/// The database itself lets nobody change what happened, close a day twice or leave out a file.
#[tokio::test(flavor = "multi_thread")]
async fn what_happened_stays_happened() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        b.lent("equal_principal", "daily").await;
        b.at("2026-01-17");
        b.close().await;
        for (text, guard) in [
            ("UPDATE loan_event SET amount_fen = 1", "loan_event_immutable"),
            ("DELETE FROM loan_event", "loan_event_immutable"),
            ("UPDATE loan_day SET interest_fen = 0", "loan_day_closed"),
            ("DELETE FROM loan_day", "loan_day_closed"),
            ("UPDATE loan_programme SET closed_through = '2020-01-01'", "loan_programme_forwards"),
            ("UPDATE loan_contract SET principal_fen = 1", "loan_contract_fixed"),
        ] {
            let tx = b.db.begin().await.unwrap();
            let error = entity::execute(&tx, text, []).await.unwrap_err().to_string();
            assert!(error.contains(guard), "{text}: {error}");
        }
    })
    .await;
}
