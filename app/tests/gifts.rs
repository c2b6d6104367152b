//! Gifts, refunds and transfers through the services, against the stand-in for WeChat, on both databases. Each test ends with
//! the audit.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::sync::Arc;
use std::time::Duration;

use app::cashier::{CashierError, Payment, Settlement};
use app::giving::{GivingError, Wish};
use app::identity::{GivenStaff, IdentityError};
use app::organisation::{ContactData, NewCertificate, NewCharity};
use app::transfers::{NewTransfer, TransferError};
use app::vault::MasterKeys;
use app::{App, Limits, Options, Templates};
use crowdfunding::{BankGift, CrowdfundingError, Decision, NewRefund, Outcome, Payer, Step};
use domain::anonymity::Anonymity;
use domain::campaign::CampaignState;
use domain::donation::{DonationState, ReceiptChoice};
use domain::refund::{RefundReason, RefundState};
use domain::role::{Member, Role};
use domain::transfer::{TransferKind, TransferState};
use domain::{
    BookId, CampaignId, CertificateId, Clock, DonationId, DonorId, Money, RefundId, StaffId, Timestamp, TransferId,
};
use entity::Db;
use ledger::Account;
use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

mod plans;

struct World {
    app: Arc<App>,
    sandbox: sandbox::Running,
    book: BookId,
    organiser: Member,
    manager: Member,
    head: Member,
    cashier: Member,
    bookkeeper: Member,
    http: reqwest::Client,
    _dir: tempfile::TempDir,
}

/// The sandbox's keys are made once.
static KEYS: OnceCell<Vec<u8>> = OnceCell::const_new();

async fn open(url: &str, dir: tempfile::TempDir) -> World {
    let keys = KEYS
        .get_or_init(|| async {
            let dir = tempfile::tempdir().unwrap();
            let options = sandbox::Options { durable: false, ..sandbox::Options::new(dir.path()) };
            sandbox::start(options).await.unwrap().stop().await;
            std::fs::read(dir.path().join("keys.json")).unwrap()
        })
        .await;
    std::fs::write(dir.path().join("keys.json"), keys).unwrap();
    let db = Db::connect(url).await.unwrap();
    Migrator::up(db.migrations(), None).await.unwrap();
    let options = sandbox::Options { durable: false, ..sandbox::Options::new(dir.path()) };
    let sandbox = sandbox::start(options).await.unwrap();
    let settings = wechat::Settings::from_sandbox(dir.path(), "http://127.0.0.1:9/p", "http://127.0.0.1:9/r").unwrap();
    let business = Clock::following(dir.path().join("clock"));
    let mchid = settings.mchid.clone();
    let app = App::new(Options {
        db: db.clone(),
        business,
        real: Clock::system(),
        wechat: wechat::Client::new(settings, Clock::system()).unwrap(),
        keys: MasterKeys::derived_from("a secret for tests"),
        limits: Limits {
            max_gift: "50000.00".parse().unwrap(),
            max_unpaid: 5,
            unpaid_window: Duration::from_secs(600),
            order_life: Duration::from_secs(1_800),
            queue: 4_096,
        },
        templates: Templates::default(),
        loans: app::loans::Periods::default(),
    });
    app.organisation.plant().await.unwrap();
    let new = NewCharity {
        id: BookId::new(),
        code: "hebei".into(),
        name: "示例基金会".into(),
        credit_code: Some("53130000MJX000000U".into()),
        unit: app.organisation.unit("hebei").await.unwrap().id,
        mchid: Some(mchid),
        bank_account: "基本户".into(),
        contact: ContactData {
            office_address: "示例路1号".into(),
            contact: "0311-00000000".into(),
            information_url: "https://example.org".into(),
        },
    };
    let book = app.organisation.open_charity(new, None).await.unwrap().book_id;
    let mut members = Vec::new();
    for (i, role) in [Role::Organiser, Role::ProjectManager, Role::FinanceHead, Role::Cashier, Role::Bookkeeper]
        .into_iter()
        .enumerate()
    {
        let id = app
            .identity
            .create_staff_with(GivenStaff {
                id: StaffId::new(),
                role,
                username: format!("person{i}"),
                name: "某人".into(),
                password: "correct horse battery staple".into(),
                totp_secret: role.needs_otp().then(|| "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into()),
                unit: None,
                person: None,
            })
            .await
            .unwrap();
        members.push(Member::everywhere(id, &[role], "test"));
    }
    let certificate = NewCertificate {
        id: CertificateId::new(),
        book,
        number: "示例-2026".into(),
        issuer: "示例民政厅".into(),
        issued_on: "2026-01-01".parse().unwrap(),
        expires_on: "2027-12-31".parse().unwrap(),
    };
    let certificate = app.organisation.register_certificate(certificate, &members[2]).await.unwrap();
    let second = Member::everywhere(members[1].id, &[Role::Chair], "test");
    app.organisation.confirm_certificate(certificate.id, &second).await.unwrap();
    let mut members = members.into_iter();
    let mut next = || members.next().unwrap();
    World {
        app: Arc::new(app),
        sandbox,
        book,
        organiser: next(),
        manager: next(),
        head: next(),
        cashier: next(),
        bookkeeper: next(),
        http: reqwest::Client::new(),
        _dir: dir,
    }
}

async fn on_both<F: AsyncFn(&World)>(test: F) {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = open(&format!("sqlite://{}", dir.path().join("app.db").display()), dir).await;
    test(&sqlite).await;
    sqlite.audited().await;
    if let Ok(server) = std::env::var("SANGZI_TEST_POSTGRES") {
        let name = format!("gifts_{}", uuid::Uuid::now_v7().simple());
        let admin = sea_orm::Database::connect(&server).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let postgres = open(&format!("{base}/{name}"), tempfile::tempdir().unwrap()).await;
        test(&postgres).await;
        postgres.audited().await;
        drop(postgres);
        admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    }
}

fn yuan(text: &str) -> Money {
    text.parse().unwrap()
}

impl World {
    async fn audited(&self) {
        let report = self.app.books.audit(&|_| {}).await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.differences);
    }

    async fn lever(&self, path: &str, body: Value) -> Value {
        let answer =
            self.http.post(format!("{}/sandbox/{path}", self.sandbox.base_url)).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap_or(Value::Null)
    }

    async fn donor(&self, openid: &str) -> DonorId {
        let code: Value = self
            .http
            .get(format!("{}/sandbox/code?openid={openid}", self.sandbox.base_url))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        self.app.identity.login_donor(code["code"].as_str().unwrap()).await.unwrap().donor
    }

    async fn campaign(&self, target: &str) -> CampaignId {
        let (id, now) = (CampaignId::new(), self.app.business.now());
        let ends = now.after(Duration::from_secs(86_400));
        let draft = plans::draft(self.book, yuan(target), true, now, ends);
        let campaigns = &self.app.campaigns;
        campaigns.draft(id, draft, &self.organiser).await.unwrap();
        // It was filed before it came here.
        let (object, receipt) = (format!("campaign:{id}"), format!("%PDF-1.7 {id}").into_bytes());
        let kind = "filing_receipt";
        self.app.documents.attach(&self.organiser, &object, kind, "receipt.pdf", receipt).await.unwrap();
        for (step, by) in plans::way(now, [&self.organiser, &self.manager, &self.head]) {
            campaigns.step(id, step, by).await.unwrap();
        }
        campaigns.tick().await.unwrap();
        assert_eq!(campaigns.get(id, &self.manager).await.unwrap().state, CampaignState::Open);
        id
    }

    fn wish(&self, campaign: CampaignId, amount: &str) -> Wish {
        Wish {
            id: DonationId::new(),
            campaign,
            amount: yuan(amount),
            anonymity: Anonymity::Hidden,
            show_amount: true,
            name: None,
            nickname: None,
            message: None,
            receipt: ReceiptChoice::Waived,
            source: None,
            tribute: None,
            team: None,
        }
    }

    /// A gift that the donor has paid at the channel; we have not heard of it.
    async fn paid_there(&self, donor: DonorId, campaign: CampaignId, amount: &str) -> DonationId {
        let given = self.app.giving.give(donor, self.wish(campaign, amount)).await.unwrap();
        self.lever("pay", json!({ "out_trade_no": given.donation.id.out_trade_no() })).await;
        given.donation.id
    }

    async fn gift(&self, donor: DonorId, campaign: CampaignId, amount: &str) -> DonationId {
        let id = self.paid_there(donor, campaign, amount).await;
        assert_eq!(self.app.cashier.query(id).await.unwrap().state, DonationState::Paid);
        id
    }

    async fn state(&self, id: DonationId) -> DonationState {
        crowdfunding::donation(self.app.db.read(), id).await.unwrap().state
    }

    async fn raised(&self, campaign: CampaignId) -> Money {
        ledger::raised(self.app.db.read(), self.book, campaign).await.unwrap()
    }

    async fn net(&self, account: Account) -> String {
        ledger::balance(self.app.db.read(), &account, None).await.unwrap().net().to_string()
    }

    async fn refund(&self, donation: DonationId, amount: &str) -> RefundId {
        let new =
            NewRefund { id: RefundId::new(), donation, amount: yuan(amount), reason: RefundReason::Error, note: None };
        let id = new.id;
        self.app.refunds.request(new, &self.cashier).await.unwrap();
        self.app.refunds.decide(id, Decision::Approve, &self.head).await.unwrap();
        id
    }

    async fn pass(&self, seconds: u64) {
        self.lever("clock", json!({ "advance_seconds": seconds })).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_told_a_hundred_times_is_booked_once() {
    on_both(async |w| {
        let campaign = w.campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let id = w.paid_there(donor, campaign, "100.00").await;
        let transaction = w.app.wechat.query_by_out_trade_no(&id.out_trade_no()).await.unwrap();
        let payment = app::cashier::payment_of(&transaction).unwrap();
        let tasks: Vec<_> = (0..100)
            .map(|i| {
                let (app, payment) = (w.app.clone(), payment.clone());
                tokio::spawn(async move {
                    if i % 10 == 0 {
                        app.cashier.query(id).await.unwrap();
                        return 0;
                    }
                    match app.cashier.settle(payment).await.unwrap() {
                        Settlement::Paid { .. } => 1,
                        Settlement::AlreadyPaid { .. } => 0,
                        Settlement::Break { class, .. } => panic!("{class}"),
                    }
                })
            })
            .collect();
        let mut first = 0;
        for task in tasks {
            first += task.await.unwrap();
        }
        assert!(first <= 1);
        assert_eq!(w.state(id).await, DonationState::Paid);
        assert_eq!(w.raised(campaign).await, yuan("100.00"));
        assert_eq!(w.net(Account::wechat_balance(w.book)).await, "100.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_without_a_valid_order_stands_in_suspense() {
    on_both(async |w| {
        let campaign = w.campaign("1000.00").await;
        let donor = w.donor("o-two").await;
        let at = Timestamp::from_seconds(1_768_438_842);
        let pay = |order: String, transaction: &str, amount: &str| Payment {
            out_trade_no: order,
            transaction_id: transaction.into(),
            amount: yuan(amount),
            paid: at,
        };
        let class = |settled: Settlement| match settled {
            Settlement::Break { class, .. } => class,
            other => panic!("{other:?}"),
        };
        let cashier = &w.app.cashier;
        let paid = w.gift(donor, campaign, "10.00").await;
        assert_eq!(class(cashier.settle(pay(paid.out_trade_no(), "T-again", "10.00")).await.unwrap()), "paid_twice");
        assert_eq!(class(cashier.settle(pay("D20260115".into(), "T-unknown", "5.00")).await.unwrap()), "missing_here");
        let open = w.app.giving.give(donor, w.wish(campaign, "20.00")).await.unwrap().donation.id;
        assert_eq!(class(cashier.settle(pay(open.out_trade_no(), "T-amount", "19.99")).await.unwrap()), "amount");
        assert_eq!(w.state(open).await, DonationState::Closed, "the channel takes no second payment of it");
        w.pass(3_600).await;
        assert_eq!(cashier.expire_orders().await.unwrap(), (0, 0));
        // The same payment with another amount is neither booked again nor taken for the gift: somebody looks into it.
        for _ in 0..2 {
            class(cashier.settle(pay(open.out_trade_no(), "T-amount", "20.00")).await.unwrap());
        }
        let late = pay(open.out_trade_no(), "T-late", "20.00");
        assert_eq!(class(cashier.settle(late.clone()).await.unwrap()), "paid_after_close");
        // Told again, nothing more happens; not even when the order was closed in between.
        cashier.settle(pay(open.out_trade_no(), "T-amount", "19.99")).await.unwrap();
        assert_eq!(class(cashier.settle(late).await.unwrap()), "paid_after_close");
        assert_eq!(w.net(Account::payable(w.book, "suspense")).await, "-54.99");
        assert_eq!(w.raised(campaign).await, yuan("10.00"));
        let breaks = w.app.breaks.page((&w.head, &[Role::FinanceHead]), None, 10).await.unwrap();
        assert_eq!(breaks.len(), 5);
        let told_otherwise: Vec<_> = breaks.iter().filter(|of| !of.suspense).collect();
        assert_eq!(told_otherwise.len(), 1);
        assert_eq!(
            (told_otherwise[0].amount_fen, told_otherwise[0].expected_fen),
            (yuan("20.00"), Some(yuan("19.99")))
        );
        assert_eq!(w.app.breaks.page((&w.head, &[Role::FinanceHead]), Some(breaks[1].id), 10).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_wish_again_is_the_same_gift() {
    on_both(async |w| {
        let campaign = w.campaign("1000.00").await;
        let (donor, other) = (w.donor("o-three").await, w.donor("o-four").await);
        let wish = w.wish(campaign, "8.88");
        let first = w.app.giving.give(donor, wish.clone()).await.unwrap();
        let again = w.app.giving.give(donor, wish.clone()).await.unwrap();
        assert_eq!(first.donation.id, again.donation.id);
        assert!(again.payment.is_some());
        let changed = Wish { amount: yuan("8.89"), ..wish.clone() };
        for (who, wish) in [(donor, changed), (other, wish.clone())] {
            let refused = w.app.giving.give(who, wish).await;
            assert!(matches!(refused, Err(GivingError::Cashier(CashierError::Gift(CrowdfundingError::IdReused)))));
        }
        // The sixth unpaid order in a row looks like card testing.
        for _ in 0..4 {
            w.app.giving.give(donor, w.wish(campaign, "1.00")).await.unwrap();
        }
        let sixth = w.app.giving.give(donor, w.wish(campaign, "1.00")).await;
        assert!(matches!(sixth, Err(GivingError::Cashier(CashierError::Gift(CrowdfundingError::TooManyUnpaid)))));
        // A lost answer: paid at the channel, asked for by the job.
        w.lever("pay", json!({ "out_trade_no": wish.id.out_trade_no() })).await;
        w.pass(60).await;
        assert_eq!(w.app.cashier.query_open_payments().await.unwrap(), (5, 0));
        assert_eq!(w.state(wish.id).await, DonationState::Paid);
        let paid = w.app.giving.give(donor, wish).await.unwrap();
        assert!(paid.payment.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_erased_in_the_same_moment_gives_nothing() {
    on_both(async |w| {
        let campaign = w.campaign("1000.00").await;
        let donor = w.donor("o-gone").await;
        w.app.privacy.erase(donor, "test").await.unwrap();
        let named = Wish { anonymity: Anonymity::Name, name: Some("王示例".into()), ..w.wish(campaign, "1.00") };
        for wish in [w.wish(campaign, "1.00"), named] {
            let refused = w.app.giving.give(donor, wish).await;
            assert!(matches!(refused, Err(GivingError::Identity(IdentityError::NoSuchDonor))), "{refused:?}");
        }
        let sealed = w.app.identity.seal_for(donor, "王示例").await;
        assert!(matches!(sealed, Err(IdentityError::NoSuchDonor)), "{sealed:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_started_in_time_is_accepted_late() {
    on_both(async |w| {
        let campaign = w.campaign("1000.00").await;
        let donor = w.donor("o-five").await;
        w.pass(86_400 - 60).await;
        let given = w.app.giving.give(donor, w.wish(campaign, "30.00")).await.unwrap();
        w.pass(120).await;
        w.app.campaigns.tick().await.unwrap();
        assert_eq!(w.app.campaigns.get(campaign, &w.manager).await.unwrap().state, CampaignState::Ended);
        let refused = w.app.giving.give(donor, w.wish(campaign, "1.00")).await;
        assert!(
            matches!(refused, Err(GivingError::Cashier(CashierError::Gift(CrowdfundingError::Giving(_))))),
            "{refused:?}"
        );
        w.lever("pay", json!({ "out_trade_no": given.donation.id.out_trade_no() })).await;
        let paid = w.app.cashier.query(given.donation.id).await.unwrap();
        assert_eq!((paid.state, paid.late), (DonationState::Paid, true));
        assert_eq!(w.raised(campaign).await, yuan("30.00"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_never_exceed_the_gift_and_end_in_the_books() {
    on_both(async |w| {
        let campaign = w.campaign("1000.00").await;
        let donor = w.donor("o-six").await;
        // A balance to refund from.
        w.gift(donor, campaign, "500.00").await;
        let gift = w.gift(donor, campaign, "20.50").await;
        let ask = |amount: &str| NewRefund {
            id: RefundId::new(),
            donation: gift,
            amount: yuan(amount),
            reason: RefundReason::Duplicate,
            note: None,
        };
        let too_much = w.app.refunds.request(ask("20.51"), &w.cashier).await;
        assert!(matches!(too_much, Err(CashierError::Gift(CrowdfundingError::RefundTooLarge { .. }))));
        // Twenty at once: one is taken.
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (app, new) = (w.app.clone(), ask("15.00"));
                tokio::spawn(async move { app.refunds.request_as_donor(donor, new).await.ok() })
            })
            .collect();
        let mut taken = Vec::new();
        for task in tasks {
            taken.extend(task.await.unwrap());
        }
        assert_eq!(taken.len(), 1);
        let id = taken[0].id;
        assert!(matches!(
            w.app.refunds.decide(id, Decision::Approve, &w.cashier).await,
            Err(CashierError::Gift(CrowdfundingError::Forbidden(_)))
        ));
        w.app.refunds.decide(id, Decision::Approve, &w.head).await.unwrap();
        assert_eq!(w.raised(campaign).await, yuan("505.50"));
        assert_eq!(w.net(Account::payable(w.book, "refund")).await, "-15.00");
        assert_eq!(w.app.refunds.send_due().await.unwrap(), (1, 0));
        settled(w, id).await;
        assert_eq!(w.state(gift).await, DonationState::PartlyRefunded);
        assert_eq!(w.net(Account::payable(w.book, "refund")).await, "0.00");
        let rest = w.refund(gift, "5.50").await;
        w.app.refunds.send_due().await.unwrap();
        settled(w, rest).await;
        assert_eq!(w.state(gift).await, DonationState::Refunded);
        assert_eq!(w.raised(campaign).await, yuan("500.00"));
        assert_eq!(w.net(Account::wechat_balance(w.book)).await, "500.00");
        assert!(w.app.refunds.request(ask("0.01"), &w.cashier).await.is_err());
    })
    .await;
}

async fn settled(w: &World, id: RefundId) {
    for _ in 0..50 {
        w.pass(15).await;
        w.app.refunds.query_due().await.unwrap();
        if w.app.refunds.get(id).await.unwrap().state == RefundState::Succeeded {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:?}", w.app.refunds.get(id).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_channel_cannot_refund_two_persons_finish() {
    on_both(async |w| {
        let campaign = w.campaign("1000.00").await;
        let donor = w.donor("o-seven").await;
        w.gift(donor, campaign, "500.00").await;
        let (closed, retried) = (w.gift(donor, campaign, "40.00").await, w.gift(donor, campaign, "60.00").await);
        let (given_up, again) = (w.refund(closed, "40.00").await, w.refund(retried, "60.00").await);
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 2 } })).await;
        w.app.refunds.send_due().await.unwrap();
        for _ in 0..50 {
            w.pass(15).await;
            w.app.refunds.query_due().await.unwrap();
            if w.state(closed).await == DonationState::RefundFailed
                && w.state(retried).await == DonationState::RefundFailed
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(w.net(Account::payable(w.book, "refund")).await, "-100.00");
        w.app.refunds.retry(again, &w.cashier).await.unwrap();
        w.app.refunds.send_due().await.unwrap();
        settled(w, again).await;
        // Nobody ends it alone.
        assert!(w.app.refunds.settle_outcome(given_up, Outcome::GivenUp, &w.head).await.is_err());
        w.app.refunds.propose_outcome(given_up, &w.bookkeeper).await.unwrap();
        w.app.refunds.settle_outcome(given_up, Outcome::GivenUp, &w.head).await.unwrap();
        assert_eq!(w.state(closed).await, DonationState::Paid);
        assert_eq!(w.raised(campaign).await, yuan("540.00"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_gifts_and_withdrawals_take_two_persons() {
    on_both(async |w| {
        let campaign = w.campaign("1000.00").await;
        let donor = w.donor("o-eight").await;
        w.gift(donor, campaign, "80.00").await;
        let gift = BankGift {
            id: DonationId::new(),
            purpose: campaign.into(),
            payer: Payer::Organisation { name: "示例公司".to_owned(), credit_code: None },
            amount: yuan("1000.00"),
            bank_account: "基本户".into(),
            reference: "B-1".into(),
            received_on: w.app.business.today(),
            anonymity: Anonymity::Name,
            receipt: ReceiptChoice::Requested,
        };
        let cashier = &w.app.cashier;
        cashier.enter_bank_gift(gift.clone(), &w.bookkeeper).await.unwrap();
        assert_eq!(w.raised(campaign).await, yuan("80.00"));
        let twice = BankGift { id: DonationId::new(), ..gift.clone() };
        let refused = cashier.enter_bank_gift(twice, &w.cashier).await;
        assert!(matches!(refused, Err(CashierError::Gift(CrowdfundingError::ReferenceUsed))), "{refused:?}");
        let own = cashier.decide_bank_gift(gift.id, true, &w.bookkeeper).await;
        assert!(matches!(own, Err(CashierError::Gift(CrowdfundingError::OtherPerson))));
        cashier.decide_bank_gift(gift.id, true, &w.head).await.unwrap();
        cashier.decide_bank_gift(gift.id, true, &w.head).await.unwrap();
        assert_eq!(w.raised(campaign).await, yuan("1080.00"));
        let (wall, more) = w.app.giving.wall(campaign, None, 10).await.unwrap();
        assert!(!more && wall.iter().any(|gift| gift.shown.donor == "示例公司"));

        let transfers = &w.app.transfers;
        let new = |amount: &str| NewTransfer {
            id: TransferId::new(),
            book: w.book,
            kind: TransferKind::Withdrawal,
            amount: yuan(amount),
            bank_account: "基本户".into(),
            note: None,
        };
        let refused = transfers.propose(new("80.01"), &w.cashier).await;
        assert!(matches!(refused, Err(TransferError::Ledger(ledger::Refusal::Overdrawn { .. }))), "{refused:?}");
        // Two that are each within the balance, and together are not.
        let transfer = transfers.propose(new("50.00"), &w.cashier).await.unwrap().id;
        let too_much = transfers.propose(new("50.00"), &w.cashier).await.unwrap();
        transfers.confirm(transfer, &w.head).await.unwrap();
        let refused = transfers.confirm(too_much.id, &w.head).await;
        assert!(matches!(refused, Err(TransferError::Ledger(ledger::Refusal::Overdrawn { .. }))), "{refused:?}");
        transfers.reject(too_much.id, None, &w.head).await.unwrap();
        assert_eq!(w.net(Account::wechat_in_transit(w.book)).await, "50.00");
        transfers.report(transfer, true, &w.cashier).await.unwrap();
        let arrived = transfers.confirm(transfer, &w.bookkeeper).await.unwrap();
        assert_eq!(arrived.state, TransferState::Arrived);
        assert_eq!(w.net(Account::bank(w.book, "基本户")).await, "1050.00");
        assert_eq!(w.net(Account::wechat_balance(w.book)).await, "30.00");
    })
    .await;
}

/// What the services say in words, the database keeps against anybody: direct SQL by an administrator included.
#[tokio::test(flavor = "multi_thread")]
async fn approvals_hold_against_direct_sql() {
    on_both(async |w| {
        let (id, now) = (CampaignId::new(), w.app.business.now());
        let draft = plans::draft(w.book, yuan("1.00"), true, now, now.after(Duration::from_secs(60)));
        let step = async |step, by: &Member| w.app.campaigns.step(id, step, by).await;
        let approve = || Step::Approve { for_a_group: true };
        w.app.campaigns.draft(id, draft, &w.organiser).await.unwrap();
        step(Step::Submit, &w.organiser).await.unwrap();
        let both = Member::everywhere(w.manager.id, &[Role::ProjectManager, Role::FinanceHead, Role::Admin], "test");
        step(approve(), &both).await.unwrap();
        let second = step(approve(), &both).await;
        assert!(matches!(second, Err(CrowdfundingError::OtherPerson)), "{second:?}");
        let author = Member::everywhere(w.organiser.id, &[Role::FinanceHead], "test");
        assert!(matches!(step(approve(), &author).await, Err(CrowdfundingError::OtherPerson)));
        // Nor by somebody who stands in for the author.
        let mut lent = Member::everywhere(w.head.id, &[Role::FinanceHead], "test");
        lent.grants[0].acting_for = Some(w.organiser.id);
        assert!(matches!(step(approve(), &lent).await, Err(CrowdfundingError::OtherPerson)));
        let columns = "campaign_id, round, step, author_id, approver_id, at_us";
        let forged = |approver: &str, acting: &str| {
            format!(
                "INSERT INTO campaign_approval ({columns}, acting_for_id) \
                 SELECT campaign_id, round, 'finance', author_id, {approver}, at_us, {acting} FROM campaign_approval"
            )
        };
        let by_cashier = "(SELECT staff_id FROM staff_role WHERE role = 'cashier')";
        for attack in [forged("approver_id", "NULL"), forged("author_id", "NULL"), forged(by_cashier, "author_id")] {
            let tx = w.app.db.begin().await.unwrap();
            assert!(tx.execute_unprepared(&attack).await.is_err(), "{attack}");
            tx.rollback().await.unwrap();
        }
        for attack in [
            "UPDATE campaign SET state = 'open'",
            "UPDATE campaign SET state = 'approved'",
            "UPDATE campaign SET state = 'filing'",
            "UPDATE campaign SET state = 'filed', filing_number = 'A', filed_on = '2026-01-01', filing_submitted_on = '2026-01-01'",
            "UPDATE campaign SET state = 'emergency_open', emergency = true",
            "UPDATE campaign SET state = 'executing'",
            "UPDATE campaign SET state = 'suspended', frozen = true, suspended_from = 'open'",
            "UPDATE campaign SET target_fen = 1000",
            "UPDATE campaign SET name = '另一个项目'",
            "UPDATE campaign_plan SET state = 'in_force', in_force_us = 1",
            "UPDATE campaign_plan SET content = '{}'",
            "DELETE FROM campaign_plan",
            "INSERT INTO budget_line SELECT id, 'x', 'x', 'grant', 1, 0, 0, 1 FROM campaign",
            "UPDATE campaign_approval SET step = 'finance'",
            "DELETE FROM campaign_approval",
            "DELETE FROM campaign_history",
        ] {
            let tx = w.app.db.begin().await.unwrap();
            assert!(tx.execute_unprepared(attack).await.is_err(), "{attack}");
            tx.rollback().await.unwrap();
        }
    })
    .await;
}

/// facts: stack, pitfall 1. Callers that go away while a transaction begins must not poison the pool.
#[tokio::test(flavor = "multi_thread")]
async fn a_begin_that_is_dropped_loses_no_later_write() {
    on_both(async |w| {
        w.app.db.migrations().execute_unprepared("CREATE TABLE probe (n bigint)").await.unwrap();
        for i in 0..300u64 {
            let db = w.app.db.clone();
            let begun = tokio::spawn(async move { drop(db.begin().await) });
            tokio::time::sleep(Duration::from_micros(i % 7 * 50)).await;
            begun.abort();
            let _ = begun.await;
            if i % 10 == 0 {
                let sql = format!("INSERT INTO probe VALUES ({i})");
                w.app.db.migrations().execute_unprepared(&sql).await.unwrap();
            }
        }
        let rows = w
            .app
            .db
            .read()
            .query_all_raw(sea_orm::Statement::from_string(w.app.db.backend(), "SELECT n FROM probe"))
            .await;
        assert_eq!(rows.unwrap().len(), 30);
    })
    .await;
}
