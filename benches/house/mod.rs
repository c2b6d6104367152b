//! A house with a charity, a running campaign and gifts that wait for their payment, for the benchmarks.
#![allow(unreachable_pub, clippy::unwrap_used, reason = "a helper of benchmarks")]

use std::sync::Arc;
use std::time::Duration;

use app::identity::GivenStaff;
use app::organisation::{ContactData, NewCertificate, NewCharity};
use app::vault::MasterKeys;
use app::{App, Limits, Options, Templates};
use crowdfunding::{NewDonation, Placed, UnpaidLimit};
use domain::anonymity::Anonymity;
use domain::donation::ReceiptChoice;
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, CampaignId, CertificateId, Clock, DonationId, DonorId, Money, StaffId};
use entity::Db;
use migration::{Migrator, MigratorTrait};
use wechat::{PlatformPublicKey, Settings};

#[path = "../../app/tests/plans/mod.rs"]
mod plans;

pub const APIV3_KEY: &str = "0123456789abcdef0123456789abcdef";
pub const KEY_ID: &str = "PUB_KEY_ID_0000000000000000000000000000000000";

fn settings(key: &rcgen::KeyPair) -> Settings {
    Settings {
        base_url: "http://127.0.0.1:9".into(),
        backup_url: None,
        mini_program_url: "http://127.0.0.1:9".into(),
        mchid: "1900000001".into(),
        appid: "wx0123456789abcdef".into(),
        secret: "secret".into(),
        merchant_serial: "5157F09EFDC096DE15EBE81A47057A72AAAAAAAA".into(),
        merchant_private_key: key.serialize_pem().into(),
        apiv3_key: APIV3_KEY.into(),
        platform_public_key: Some(PlatformPublicKey { id: KEY_ID.into(), pem: key.public_key_pem() }),
        platform_certificates: Vec::new(),
        payment_notify_url: "http://127.0.0.1:9/wechat/notify/payment".into(),
        refund_notify_url: "http://127.0.0.1:9/wechat/notify/refund".into(),
        connect_timeout_ms: 2_000,
        total_timeout_ms: 8_000,
        download_timeout_ms: 8_000,
        sandbox: true,
    }
}

/// A house on a new database, and so many gifts of ten yuan that are placed and not paid.
pub async fn world(url: &str, key: &rcgen::KeyPair, gifts: usize) -> (Arc<App>, CampaignId, Vec<DonationId>) {
    let db = Db::connect(url).await.unwrap();
    Migrator::up(db.migrations(), None).await.unwrap();
    let app = App::new(Options {
        db: db.clone(),
        business: Clock::system(),
        real: Clock::system(),
        wechat: wechat::Client::new(settings(key), Clock::system()).unwrap(),
        keys: MasterKeys::derived_from("bench"),
        limits: Limits {
            max_gift: Money::MAX,
            max_unpaid: u32::MAX,
            unpaid_window: Duration::from_secs(1),
            order_life: Duration::from_secs(3_600),
            queue: 16_384,
        },
        templates: Templates::default(),
        loans: app::loans::Periods::default(),
    });
    let (campaign, now) = (CampaignId::new(), app.business.now());
    app.organisation.plant().await.unwrap();
    let charity = NewCharity {
        id: BookId::new(),
        code: "b".into(),
        name: "基金会".into(),
        credit_code: Some(plans::CREDIT_CODE.into()),
        unit: app.organisation.unit("hebei").await.unwrap().id,
        mchid: Some(app.wechat.mchid().to_owned()),
        bank_account: "基本户".into(),
        contact: ContactData {
            office_address: "示例路1号".into(),
            contact: "0311-00000000".into(),
            information_url: "https://example.org".into(),
        },
    };
    let book = app.organisation.open_charity(charity, None).await.unwrap().book_id;
    let mut staff = Vec::new();
    for role in [Role::Organiser, Role::ProjectManager, Role::FinanceHead] {
        let given = GivenStaff {
            id: StaffId::new(),
            role,
            username: role.as_str().into(),
            name: "某人".into(),
            password: "correct horse battery staple".into(),
            totp_secret: role.needs_otp().then(|| "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into()),
            unit: None,
            person: None,
        };
        let id = app.identity.create_staff_with(given).await.unwrap();
        staff.push(Member::everywhere(id, &[role], "bench"));
    }
    let certificate = NewCertificate {
        id: CertificateId::new(),
        book,
        number: "示例".into(),
        issuer: "示例民政厅".into(),
        issued_on: BusinessDate::of(now),
        expires_on: BusinessDate::of(now.after(Duration::from_secs(2 * 86_400))),
    };
    let certificate = app.organisation.register_certificate(certificate, &staff[2]).await.unwrap();
    let second = Member::everywhere(staff[1].id, &[Role::Chair], "benchmark");
    app.organisation.confirm_certificate(certificate.id, &second).await.unwrap();
    let target = Money::from_fen(1_000_000_000_000_000);
    let draft = plans::draft(book, target, true, now, now.after(Duration::from_secs(86_400)));
    app.campaigns.draft(campaign, draft, &staff[0]).await.unwrap();
    // It was filed before it came here.
    let (object, receipt) = (format!("campaign:{campaign}"), b"%PDF-1.7 receipt".to_vec());
    app.documents.attach(&staff[0], &object, "filing_receipt", "receipt.pdf", receipt).await.unwrap();
    for (step, by) in plans::way(now, [&staff[0], &staff[1], &staff[2]]) {
        app.campaigns.step(campaign, step, by).await.unwrap();
    }
    app.campaigns.tick().await.unwrap();

    let donor = DonorId::new();
    let ids: Vec<DonationId> = (0..gifts).map(|_| DonationId::new()).collect();
    for chunk in ids.chunks(1_000) {
        let tx = db.begin().await.unwrap();
        let sql = "INSERT INTO donor (id, openid_hmac, openid_sealed, key_sealed, key_version, created_us) VALUES ($1, $2, $2, $2, 1, 0) ON CONFLICT DO NOTHING";
        entity::execute(&tx, sql, [donor.into(), vec![1u8].into()]).await.unwrap();
        let wishes: Vec<NewDonation> = chunk
            .iter()
            .map(|id| NewDonation {
                id: *id,
                campaign,
                donor,
                amount: Money::from_fen(1_000),
                anonymity: Anonymity::Hidden,
                show_amount: false,
                name_sealed: None,
                nickname_sealed: None,
                message: None,
                message_state: "none",
                receipt: ReceiptChoice::Waived,
                origin: None,
                tribute: None,
                team: None,
                content: vec![0; 32],
                expires: now.after(Duration::from_secs(3_600)),
            })
            .collect();
        let limit = UnpaidLimit { most: u32::MAX, within: Duration::from_secs(1) };
        for created in crowdfunding::create(&tx, now, (limit, app.wechat.mchid()), &wishes).await.unwrap() {
            created.unwrap();
        }
        let placed: Vec<Placed> = chunk.iter().map(|id| Placed { id: *id, prepay_id: "wx0".into() }).collect();
        crowdfunding::place(&tx, now, &placed).await.unwrap();
        tx.commit().await.unwrap();
    }
    (Arc::new(app), campaign, ids)
}
