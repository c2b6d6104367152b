//! Loans that run, on both databases: days closed once, again, late and after a kill; events heard of late; a bank's file with planted
//! differences. Each test ends with the audit: every loan replayed, the memo book equal to all of them, debits equal to credits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use app::identity::GivenStaff;
use app::servicing::{Servicing, ServicingError};
use domain::lending::product::AllocationRule;
use domain::loan::life::What;
use domain::role::{Member, Role};
use domain::{
    BankId, BusinessDate, Clock, LoanApplicationId, LoanContractId, LoanProductId, LoanProgrammeId, LoanQuotaId, Money,
    StaffId,
};
use entity::{Db, loan_day, loan_standing};
use lending::servicing::NewEvent;
use lending::servicing::loan::Fact;
use lending::servicing::programme::NewProgramme;
use sea_orm::{EntityTrait, Value};
use uuid::Uuid;

mod days;
mod files;
#[path = "../identity_world/mod.rs"]
mod identity_world;
mod life;

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
