//! The services of the program, and [`App`] that holds them: who is asking (identity), the way of a gift (giving, cashier,
//! refunds, transfers), what is sent to donors (outbox), units and charities (organisation), documents, what the books say,
//! and which jobs ran.
//!
//! Services own their transactions: a public method begins and commits. They know WeChat; the products below them do not.

pub mod bank;
pub mod books;
pub mod breaks;
pub mod campaign_sheet;
pub mod campaigns;
pub mod cash;
pub mod cashier;
pub mod closing;
pub mod disclosures;
pub mod documents;
pub mod enquiries;
pub mod exports;
pub mod gift_lists;
pub mod gift_watch;
pub mod giving;
pub mod identity;
pub mod loans;
pub mod openness;
pub mod organisation;
pub mod origin;
pub mod outbox;
pub mod pack;
pub mod postings;
pub mod privacy;
pub mod problem;
pub mod ratios;
pub mod receipts;
pub mod reconciliation;
pub mod refunds;
pub mod runs;
pub mod servicing;
pub mod sheet;
pub mod spending;
pub mod throttle;
pub mod trail;
pub mod transfers;
pub mod vault;
pub mod vouchers;
pub mod waiting;

use std::time::Duration;

use domain::{Clock, Money};
use entity::Db;
use secrecy::SecretString;

/// What the program is made of.
pub struct Options {
    /// The database, migrated.
    pub db: Db,
    /// Rules every date and deadline.
    pub business: Clock,
    /// Rules signatures, sessions and leases.
    pub real: Clock,
    /// The client of the payment channel.
    pub wechat: wechat::Client,
    /// The keys that personal data is sealed with.
    pub keys: vault::MasterKeys,
    /// What a donor may do in one go.
    pub limits: Limits,
    /// Subscribe message templates; a message without a template is not written.
    pub templates: Templates,
    /// How long applications for loans wait, and files that came to nothing are kept.
    pub loans: loans::Periods,
}

/// Bounds on giving, from configuration.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest single gift through the mini-program.
    pub max_gift: Money,
    /// How many unpaid orders a donor may have started within `unpaid_window` (against card testing).
    pub max_unpaid: u32,
    /// See `max_unpaid`.
    pub unpaid_window: Duration,
    /// How long an order can be paid.
    pub order_life: Duration,
    /// How many settlements may wait for a commit.
    pub queue: usize,
}

/// Ids of the subscribe message templates.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// 捐赠成功通知.
    pub gift_received: Option<String>,
    /// 退款通知.
    pub refund_sent: Option<String>,
    /// 贷款进度通知.
    pub loan_progress: Option<String>,
}

/// A secret that is shown once: a password, a one-time password's seed, a session token.
pub type Once = SecretString;

/// Every service of the program.
pub struct App {
    /// Donors, staff, sessions.
    pub identity: identity::Identity,
    /// Campaigns and their reviews.
    pub campaigns: campaigns::Campaigns,
    /// The donor's way to a gift.
    pub giving: giving::Giving,
    /// The one door for money that came.
    pub cashier: cashier::Cashier,
    /// Gifts that compliance looks at.
    pub gift_watch: gift_watch::GiftWatch,
    /// Money that goes back.
    pub refunds: refunds::Refunds,
    /// Loans after they are paid out.
    pub servicing: servicing::Servicing,
    /// Money that goes out for what it was given for.
    pub spending: spending::Spending,
    /// Youth loans, up to the signed contract.
    pub loans: loans::Loans,
    /// Money between channel and bank.
    pub transfers: transfers::Transfers,
    /// Statements of the bank, and what their lines are.
    pub bank: bank::Bank,
    /// Lists of gifts that came outside of the mini-program.
    pub gift_lists: gift_lists::GiftLists,
    /// Our books against the bills.
    pub reconciliation: reconciliation::Reconciliation,
    /// Differences, and what is done about them.
    pub breaks: breaks::Breaks,
    /// The register of receipts.
    pub receipts: receipts::Receipts,
    /// What is published, and what is due.
    pub disclosures: disclosures::Disclosures,
    /// What donors ask.
    pub enquiries: enquiries::Enquiries,
    /// What the books say.
    pub books: books::Books,
    /// What everybody may see of all the money.
    pub open_books: openness::OpenBooks,
    /// Months locked, years ended, days sealed.
    pub closing: closing::Closing,
    /// What the law asks of a year's figures.
    pub ratios: ratios::RatioBook,
    /// What a campaign came to.
    pub sheets: campaign_sheet::Sheets,
    /// Counted cash.
    pub cash: cash::Cash,
    /// What a person writes into the books.
    pub vouchers: vouchers::Vouchers,
    /// Documents under things.
    pub documents: documents::Documents,
    /// Units and charities.
    pub organisation: organisation::Organisation,
    /// A donor's own data, and who of staff saw what of it.
    pub privacy: privacy::Privacy,
    /// What waits for whom.
    pub desk: waiting::Desk,
    /// Messages to donors.
    pub outbox: outbox::Outbox,
    /// The client of the payment channel.
    pub wechat: wechat::Client,
    /// The database, for what is asked of all of it: readiness, the audit trail.
    pub db: Db,
    /// Business time.
    pub business: Clock,
    /// Real time.
    pub real: Clock,
}

impl App {
    /// Puts the services together and starts the queue to the books. Needs a tokio runtime.
    pub fn new(options: Options) -> App {
        let Options { db, business, real, wechat, keys, limits, templates, loans } = options;
        let vault = vault::Vault::new(keys);
        let identity =
            identity::Identity::new(db.clone(), wechat.clone(), vault.clone(), business.clone(), real.clone());
        let cashier = cashier::Cashier::new(db.clone(), business.clone(), wechat.clone(), &limits, templates.clone());
        let receipts = receipts::Receipts::new(db.clone(), business.clone(), identity.clone());
        App {
            campaigns: campaigns::Campaigns::new(db.clone(), business.clone(), wechat.mchid().to_owned()),
            giving: giving::Giving::new(
                db.clone(),
                business.clone(),
                wechat.clone(),
                identity.clone(),
                vault.clone(),
                cashier.clone(),
                limits,
            ),
            gift_watch: gift_watch::GiftWatch::new(db.clone(), business.clone(), identity.clone(), vault.clone()),
            refunds: refunds::Refunds::new(db.clone(), business.clone(), wechat.clone(), templates.clone()),
            bank: bank::Bank::new(db.clone(), business.clone(), vault.clone()),
            gift_lists: gift_lists::GiftLists::new(db.clone(), business.clone(), vault.clone()),
            loans: loans::Loans::new(db.clone(), business.clone(), identity.clone(), vault.clone(), loans, &templates),
            servicing: servicing::Servicing::new(db.clone(), business.clone()),
            spending: spending::Spending::new(db.clone(), business.clone(), vault),
            transfers: transfers::Transfers::new(db.clone(), business.clone()),
            breaks: breaks::Breaks::new(db.clone(), business.clone(), wechat.clone(), templates.clone()),
            reconciliation: reconciliation::Reconciliation::new(
                db.clone(),
                business.clone(),
                templates.clone(),
                Some(wechat.clone()),
            ),
            receipts: receipts.clone(),
            disclosures: disclosures::Disclosures::new(db.clone(), business.clone(), identity.clone()),
            enquiries: enquiries::Enquiries::new(db.clone(), business.clone(), identity.clone()),
            books: books::Books::new(db.clone()),
            open_books: openness::OpenBooks::new(db.clone(), real.clone()),
            closing: closing::Closing::new(db.clone(), business.clone()),
            ratios: ratios::RatioBook::new(db.clone(), business.clone(), receipts),
            sheets: campaign_sheet::Sheets::new(db.clone(), business.clone()),
            cash: cash::Cash::new(db.clone(), business.clone()),
            vouchers: vouchers::Vouchers::new(db.clone(), business.clone()),
            documents: documents::Documents::new(db.clone(), business.clone()),
            desk: waiting::Desk::new(db.clone(), business.clone()),
            organisation: organisation::Organisation::new(db.clone(), business.clone(), wechat.mchid().to_owned()),
            privacy: privacy::Privacy::new(db.clone(), business.clone(), identity.clone()),
            outbox: outbox::Outbox::new(db.clone(), business.clone(), wechat.clone(), identity.clone(), &templates),
            identity,
            cashier,
            wechat,
            db,
            business,
            real,
        }
    }
}
