//! Plays the invented year: donors, staff, payers and the calendar, through the routes that everybody uses.
//!
//! Only what has no route is done beside HTTP: the foundation's book, and staff with credentials that follow from the seed.
//!
//! It can be stopped anywhere and begun again. Ids follow from the seed, so whatever was accepted is found and nothing is made
//! twice; approvals and payments look at the state before they act. A day is begun by one gift alone and left only when
//! everything of it is done, so the last day that was begun is the place to go on from. An order that expired unpaid while
//! the program was down is followed by another attempt for the same gift. The clock goes forward only, from the moment the
//! world has begun.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use app::organisation::Organisation;
use domain::role::Role;
use domain::{BusinessDate, Clock, Money, Timestamp};
use entity::Db;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::client::{CallError, Client};
use super::disaster::FLOOD_DAY;
use super::loans::Loans;
use super::world::{BANK_ACCOUNT, Gift, House, RAISED, Withdrawal, World};
use crate::commands::WrongInput;

/// How many donors are at it at once.
const AT_ONCE: usize = 64;
/// How many gifts of a day meet the fault of that day.
const IN_TROUBLE: usize = 12;
/// How long one thing may take before the world is given up. The lease of a job whose process was killed lasts a minute.
const PATIENCE: Duration = Duration::from_secs(150);

/// Where the world is played.
#[derive(Clone)]
pub(crate) struct Stage {
    /// The program, without a slash at the end.
    pub(crate) program: String,
    /// The sandbox.
    pub(crate) sandbox: String,
    /// For the book.
    pub(crate) db: Db,
    /// The sandbox's merchant.
    pub(crate) mchid: String,
    /// For the foundation.
    pub(crate) organisation: Organisation,
    /// For staff.
    pub(crate) identity: app::identity::Identity,
}

/// After so many days the bills of all of them are fetched. WeChat keeps them for three months.
const RECONCILED_EVERY: i64 = 40;

/// Plays a world on a stage.
pub(crate) struct Driver {
    world: World,
    loans: Loans,
    stage: Stage,
    api: Client,
    sandbox: Client,
    real: Clock,
    bar: ProgressBar,
    books: OnceCell<(Uuid, Uuid)>,
    donors: Mutex<HashMap<usize, Arc<OnceCell<String>>>>,
    /// The tokens of staff who have signed in, by their word.
    pub(super) officers: tokio::sync::Mutex<HashMap<&'static str, String>>,
    /// Under which id a gift to 助学·关爱行动 was paid, as far as it is known.
    known: Mutex<HashMap<usize, Uuid>>,
    /// How many notifications of gifts that are settled already wait for their repetition.
    late_callbacks: AtomicU64,
}

/// A gift whose confirmation is awaited.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    donor: usize,
    id: Uuid,
}

impl Driver {
    pub(crate) fn new(world: World, stage: Stage, bar: ProgressBar) -> anyhow::Result<Arc<Driver>> {
        let api = Client::new(&format!("{}/api/v1", stage.program))?;
        let sandbox = Client::new(&format!("{}/sandbox", stage.sandbox))?;
        let loans = Loans::plan(world.seed, world.tag(), &world.opens()).context("the loans of the world")?;
        Ok(Arc::new(Driver {
            world,
            loans,
            stage,
            api,
            sandbox,
            real: Clock::system(),
            bar,
            books: OnceCell::new(),
            donors: Mutex::default(),
            officers: tokio::sync::Mutex::default(),
            known: Mutex::default(),
            late_callbacks: AtomicU64::new(0),
        }))
    }

    pub(super) fn api(&self) -> &Client {
        &self.api
    }

    pub(super) fn sandbox(&self) -> &Client {
        &self.sandbox
    }

    pub(super) fn stage(&self) -> &Stage {
        &self.stage
    }

    pub(super) fn real(&self) -> &Clock {
        &self.real
    }

    /// Under which id a gift to 助学·关爱行动 was paid, if it is known.
    pub(super) fn known_id(&self, number: usize) -> Option<Uuid> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&number).copied()
    }

    /// The books of the foundation and of the county's charity.
    pub(super) fn keep_books(&self, foundation: Uuid, wuan: Uuid) -> anyhow::Result<()> {
        Ok(self.books.set((foundation, wuan))?)
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn loans(&self) -> &Loans {
        &self.loans
    }

    /// Plays what has not been played yet.
    pub(crate) async fn play(self: &Arc<Self>) -> anyhow::Result<()> {
        self.bar.set_length(self.world.payments());
        let begun = self.has_begun().await?;
        if !begun {
            self.clock_to(self.world.days[0].opens, true).await?;
        }
        self.league().await.context("the League, its charities and their staff")?;
        let from = if begun { self.last_day_begun().await? } else { None };
        let closing = self.closing_gift();
        // What others did since, a gift or a refund, is theirs.
        if from == Some(self.world.days.len() - 1) && self.is_paid(&closing).await? {
            self.bar.set_position(self.world.payments());
            return Ok(());
        }
        self.sandbox.post("/faults", None, &json!({})).await?;
        self.callbacks_told(Duration::from_secs(2)).await?;
        let from = from.unwrap_or(0);
        if begun {
            self.same_number_of_gifts().await?;
            self.bar.set_position(self.world.days[from].gifts.start as u64);
        }
        let mut reconciled = self.world.days[from].date();
        for day in from..self.world.days.len() {
            let date = self.world.days[day].date();
            self.bar.set_message(date.to_string());
            if reconciled.days_to(date) > RECONCILED_EVERY {
                self.run_job("reconcile").await?;
                reconciled = date;
            }
            let began = self.real.now();
            self.play_day(day).await.with_context(|| format!("the {date} of the invented year"))?;
            let took_ms = u64::try_from(self.real.now().apart(began).as_millis()).unwrap_or_default();
            tracing::debug!(%date, day, took_ms, "played a day");
        }
        self.check_total().await?;
        self.clock_to(self.world.last_moment(), false).await?;
        self.pay_and_settle(&closing).await?;
        // The bills of the days that are over.
        self.run_job("reconcile").await
    }

    // ---- where the world stands ----

    /// Whether anything of this world is in the database.
    async fn has_begun(&self) -> anyhow::Result<bool> {
        match crowdfunding::campaign(self.stage.db.read(), self.world.main().id.into()).await {
            Ok(_) => Ok(true),
            Err(crowdfunding::CrowdfundingError::NoSuchCampaign) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The last day whose first gift is there. Days are begun in order.
    async fn last_day_begun(self: &Arc<Self>) -> anyhow::Result<Option<usize>> {
        let (mut begun, mut not_begun) = (None, self.world.days.len());
        loop {
            let low = begun.map_or(0, |day| day + 1);
            if low >= not_begun {
                return Ok(begun);
            }
            let day = low + (not_begun - low) / 2;
            let first = self.world.gift(self.world.days[day].gifts.start);
            match self.look(first.donor, first.id(0)).await? {
                Some(_) => begun = Some(day),
                None => not_begun = day,
            }
        }
    }

    /// The reference of the first company's gift tells how many gifts this world was begun with.
    async fn same_number_of_gifts(&self) -> anyhow::Result<()> {
        let Some(gift) = self.world.company_gifts.first() else { return Ok(()) };
        let cashier = self.officer(Role::Cashier).await?;
        match self.api.post("/staff/bank-gifts", Some(&cashier), gift.body()).await {
            Err(error) if error.code() == "id_reused" => Err(WrongInput(
                "this database holds the same world with another number of gifts; use that number, another --seed or other \
                 data"
                    .to_owned(),
            )
            .into()),
            // The campaign is not open yet: the gift comes later.
            Err(error) if error.code() == "no_such_campaign" => Ok(()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn raised(&self) -> anyhow::Result<Money> {
        match self.api.get(&format!("/campaigns/{}", self.world.main().id), None).await {
            Ok(campaign) => amount(&campaign["raised"]),
            Err(error) if error.code() == "no_such_campaign" => Ok(Money::ZERO),
            Err(error) => Err(error.into()),
        }
    }

    /// The total is what it shall be, or more if others gave as well. If it is not, every gift is looked at.
    async fn check_total(self: &Arc<Self>) -> anyhow::Result<()> {
        if self.raised().await? >= RAISED {
            return Ok(());
        }
        tracing::warn!("the total is short; every gift is looked at again");
        let again: Vec<Gift> = (0..self.world.days.len())
            .flat_map(|day| self.world.days[day].gifts.clone())
            .map(|number| self.world.gift(number))
            .collect();
        let awaited = self.give_all(again).await?;
        self.settle_each(awaited).await?;
        let raised = self.raised().await?;
        ensure!(raised >= RAISED, "助学·关爱行动 has raised {raised} instead of {RAISED}");
        Ok(())
    }

    // ---- time ----

    /// Sets business time, forwards unless the world has not begun.
    pub(super) async fn clock_to(&self, at: Timestamp, even_back: bool) -> anyhow::Result<()> {
        let now = self.now().await?;
        // Long after it was stopped the world may stand behind its own end; then the day goes on where it should be.
        let beyond = now > self.world.main().ends;
        if now < at || even_back || beyond {
            self.sandbox.post("/clock", None, &json!({ "now": at })).await.context("the clock of the sandbox")?;
        }
        Ok(())
    }

    async fn now(&self) -> anyhow::Result<Timestamp> {
        let clock = self.sandbox.get("/clock", None).await.context("the clock of the sandbox")?;
        Ok(text(&clock["now"]).parse()?)
    }

    // ---- who takes part ----

    pub(super) fn book(&self, house: House) -> anyhow::Result<Uuid> {
        let (foundation, wuan) = self.books.get().context("the books are opened before anything else")?;
        Ok(match house {
            House::Foundation => *foundation,
            House::Wuan => *wuan,
        })
    }

    /// The token of a donor, who signs in the first time.
    pub(super) async fn donor(&self, number: usize) -> anyhow::Result<String> {
        let cell = self.donors.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_default().clone();
        let sign_in = async || {
            let openid = self.world.openid(number);
            let code = self.sandbox.get(&format!("/code?openid={openid}"), None).await?;
            let session = self.api.post("/sessions/wechat", None, &json!({ "code": code["code"] })).await?;
            anyhow::Ok(text(&session["token"]).to_owned())
        };
        Ok(cell.get_or_try_init(sign_in).await?.clone())
    }

    /// Has a job run now; waits if it is under way.
    pub(super) async fn run_job(&self, name: &str) -> anyhow::Result<()> {
        let token = self.officer(Role::Cashier).await?;
        let patience = Patience::new(&self.real);
        loop {
            match self.api.post(&format!("/jobs/{name}/runs"), Some(&token), &json!({})).await {
                Ok(_) => return Ok(()),
                Err(error) if error.code() == "job_running" => {}
                Err(error) => return Err(error.into()),
            }
            patience.pause(Duration::from_millis(100), || format!("the job {name} does not end")).await?;
        }
    }

    // ---- a day ----

    async fn play_day(self: &Arc<Self>, number: usize) -> anyhow::Result<()> {
        let day = &self.world.days[number];
        self.clock_to(day.opens, false).await?;
        for campaign in self.world.campaigns.iter().filter(|campaign| campaign.day == number) {
            self.bring(campaign).await.with_context(|| format!("the campaign {}", campaign.name))?;
        }
        self.run_job("campaign_clock").await?;
        let by_bank = self.world.company_gifts.iter().chain(&self.world.other_bank_gifts);
        for gift in by_bank.filter(|gift| gift.day == number) {
            let cashier = self.officer_named(gift.house.member(Role::Cashier)).await?;
            let entered = self.api.post("/staff/bank-gifts", Some(&cashier), gift.body()).await?;
            if entered["state"] == "created" {
                let bookkeeper = self.officer_named(gift.house.member(Role::Bookkeeper)).await?;
                let path = format!("/staff/bank-gifts/{}/confirmation", gift.id);
                self.api.post(&path, Some(&bookkeeper), &json!({})).await?;
            }
        }
        for withdrawal in self.world.withdrawals.iter().filter(|planned| planned.day + 1 == number) {
            self.finish(withdrawal).await.context("a withdrawal arrives or comes back")?;
        }

        let mut gifts: Vec<Gift> = day.gifts.clone().map(|number| self.world.gift(number)).collect();
        let first = gifts.remove(0);
        let mut awaited = vec![self.pay(&first).await?];
        gifts.extend(self.world.also_open(number).map(|campaign| self.world.side_gift(campaign, number)));
        if let Some(fault) = day.fault {
            let rest = gifts.split_off(gifts.len().min(IN_TROUBLE));
            self.sandbox.post("/faults", None, &serde_json::from_str(fault)?).await?;
            let in_trouble = self.give_all(gifts).await?;
            self.callbacks_told(Duration::from_millis(400)).await?;
            self.settle_each(in_trouble).await?;
            self.sandbox.post("/faults", None, &json!({})).await?;
            gifts = rest;
        }
        awaited.extend(self.give_all(gifts).await?);
        self.settle(awaited).await?;

        self.refunds_of(number).await?;
        self.oversee(number).await.context("what happens to campaigns")?;
        self.flood(number).await.context("the flood")?;
        self.endings(number).await.context("how campaigns end")?;
        self.screen(number).await.context("the list of names")?;
        self.spend(number).await?;
        self.partner_accounts(number).await.context("what the partner accounts for")?;
        self.by_hand(number).await.context("what is written into the books by hand")?;
        self.bank_month(number).await.context("the bank's statement of a month")?;
        self.aid_of_xingtai(number).await.context("the aid of 邢台")?;
        self.updates(number).await.context("what campaigns tell")?;
        self.receipts(number).await.context("receipts")?;
        self.enquiries(number).await.context("what donors ask")?;
        self.privacy(number).await.context("personal data")?;
        self.lend(number).await.context("loans")?;
        for withdrawal in self.world.withdrawals.iter().filter(|planned| planned.day == number) {
            self.depart(withdrawal).await.context("a withdrawal leaves")?;
        }
        match number {
            8 => self.nobody_pays(number).await,
            14 => self.somebody_pays_twice(number).await,
            16 => self.somebody_is_slow(number, false).await,
            17 => self.somebody_is_slow(number - 1, true).await,
            19 => self.the_lamp_goes_out(number).await,
            21 => self.somebody_pays_something_else(number).await,
            FLOOD_DAY => self.five_days_pass().await,
            _ => Ok(()),
        }
    }

    async fn confirm(&self, kind: &str, id: Uuid, role: Role) -> anyhow::Result<Value> {
        let token = self.officer(role).await?;
        Ok(self.api.post(&format!("/staff/{kind}/{id}/confirmation"), Some(&token), &json!({})).await?)
    }

    // ---- gifts ----

    /// Gives many, several at once. Answers those whose confirmation is awaited.
    async fn give_all(self: &Arc<Self>, gifts: Vec<Gift>) -> anyhow::Result<Vec<Awaited>> {
        let (gifts, next) = (Arc::new(gifts), Arc::new(AtomicUsize::new(0)));
        let mut donors = JoinSet::new();
        for _ in 0..AT_ONCE.min(gifts.len()) {
            let (driver, gifts, next) = (self.clone(), gifts.clone(), next.clone());
            donors.spawn(async move {
                let mut awaited = Vec::new();
                while let Some(gift) = gifts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    awaited.push(driver.pay(gift).await?);
                }
                anyhow::Ok(awaited)
            });
        }
        let mut all = Vec::with_capacity(gifts.len());
        while let Some(awaited) = donors.join_next().await {
            all.extend(awaited??);
        }
        Ok(all)
    }

    /// The donor gives and pays; an attempt that came to nothing is followed by another.
    async fn pay(&self, gift: &Gift) -> anyhow::Result<Awaited> {
        for attempt in 0..10 {
            let awaited = Awaited { donor: gift.donor, id: gift.id(attempt) };
            let paid = match self.order(gift, awaited.id).await? {
                Order::Paid => true,
                Order::Open => self.pay_order(awaited.id, json!({})).await?,
                Order::Over => false,
            };
            if paid {
                self.bar.inc(1);
                if let Some(number) = gift.main_number() {
                    self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(number, awaited.id);
                }
                return Ok(awaited);
            }
        }
        bail!("a gift expired ten times")
    }

    /// Sees to it that an order stands.
    async fn order(&self, gift: &Gift, id: Uuid) -> anyhow::Result<Order> {
        let token = self.donor(gift.donor).await?;
        let path = format!("/campaigns/{}/donations", gift.campaign);
        match self.api.post(&path, Some(&token), &gift.body(id)).await {
            Ok(given) if is_open(&given["donation"]["state"]) => Ok(Order::Open),
            Ok(_) => Ok(Order::Paid),
            // Expired, or begun by a program at another address, which the channel takes for another order. It may have been
            // paid all the same.
            Err(error) if matches!(error.code(), "order_expired" | "channel_failed") => {
                let gift = self.api.post(&format!("/donations/{id}/query"), Some(&token), &json!({})).await?;
                Ok(if was_paid(&gift["state"]) { Order::Paid } else { Order::Over })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The payer pays. False if the order is over.
    async fn pay_order(&self, id: Uuid, how: Value) -> anyhow::Result<bool> {
        let mut body = how;
        body["out_trade_no"] = json!(id.simple());
        match self.sandbox.post("/pay", None, &body).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == "ORDER_PAID" => Ok(true),
            Err(error) if error.code() == "ORDER_CLOSED" => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until payments are confirmed: as a rule the sandbox says that it has told of all of them. While it still has old
    /// ones to tell, it cannot be known whether ours are among them, and each gift is looked at.
    async fn settle(self: &Arc<Self>, awaited: Vec<Awaited>) -> anyhow::Result<()> {
        if self.callbacks_told(Duration::from_millis(1500)).await? == 0 {
            return Ok(());
        }
        self.settle_each(awaited).await
    }

    /// Waits until no more notifications wait than did before. Answers how many still do.
    async fn callbacks_told(&self, within: Duration) -> anyhow::Result<u64> {
        let began = self.real.now();
        loop {
            let state = self.sandbox.get("/state?orders=0", None).await?;
            let waiting = state["callbacks_waiting"].as_u64().unwrap_or_default();
            if waiting <= self.late_callbacks.load(Ordering::Relaxed) || self.real.now().apart(began) > within {
                self.late_callbacks.store(waiting, Ordering::Relaxed);
                return Ok(waiting);
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Looks at each gift and asks the channel for those of which nothing was heard, as the mini-program does.
    async fn settle_each(self: &Arc<Self>, awaited: Vec<Awaited>) -> anyhow::Result<()> {
        let mut looking = JoinSet::new();
        for one in awaited {
            while looking.len() >= AT_ONCE {
                looking.join_next().await.transpose()?.transpose()?;
            }
            let driver = self.clone();
            looking.spawn(async move { driver.settle_one(one).await });
        }
        while let Some(settled) = looking.join_next().await {
            settled??;
        }
        Ok(())
    }

    async fn settle_one(&self, awaited: Awaited) -> anyhow::Result<()> {
        let token = self.donor(awaited.donor).await?;
        let patience = Patience::new(&self.real);
        loop {
            let gift = self.api.get(&format!("/donations/{}", awaited.id), Some(&token)).await?;
            if was_paid(&gift["state"]) {
                return Ok(());
            }
            self.api.post(&format!("/donations/{}/query", awaited.id), Some(&token), &json!({})).await?;
            let what = || format!("the payment of {} is not confirmed", awaited.id);
            patience.pause(Duration::from_millis(50), what).await?;
        }
    }

    async fn pay_and_settle(self: &Arc<Self>, gift: &Gift) -> anyhow::Result<Uuid> {
        let awaited = self.pay(gift).await?;
        self.settle_each(vec![awaited]).await?;
        Ok(awaited.id)
    }

    /// A donor's own gift, if it is there.
    async fn look(&self, donor: usize, id: Uuid) -> anyhow::Result<Option<Value>> {
        let token = self.donor(donor).await?;
        match self.api.get(&format!("/donations/{id}"), Some(&token)).await {
            Ok(gift) => Ok(Some(gift)),
            Err(error) if error.code() == "no_such_donation" => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Under which id a gift was paid.
    pub(super) async fn paid_id(&self, gift: &Gift) -> anyhow::Result<Option<Uuid>> {
        for attempt in 0.. {
            match self.look(gift.donor, gift.id(attempt)).await? {
                Some(found) if was_paid(&found["state"]) => return Ok(Some(gift.id(attempt))),
                Some(_) => {}
                None => break,
            }
        }
        Ok(None)
    }

    async fn is_paid(&self, gift: &Gift) -> anyhow::Result<bool> {
        Ok(self.paid_id(gift).await?.is_some())
    }

    /// The last gift of the world: it is there when everything else is.
    fn closing_gift(&self) -> Gift {
        self.world.odd_gift("closing gift", 0, self.world.days.len() - 1, self.world.heart())
    }

    // ---- to the bank ----

    /// The cashier withdraws at the channel and records it, the bookkeeper confirms.
    async fn depart(&self, planned: &Withdrawal) -> anyhow::Result<()> {
        if self.transfer(planned.id).await?.is_none() {
            if !self.is_withdrawn(planned).await? {
                let body = json!({ "amount": planned.amount, "fail": planned.fails });
                self.sandbox.post("/withdraw", None, &body).await?;
            }
            let cashier = self.officer(Role::Cashier).await?;
            let body = json!({
                "id": planned.id, "book": self.book(House::Foundation)?, "kind": "withdrawal", "amount": planned.amount,
                "bank_account": BANK_ACCOUNT, "note": "微信支付商户平台提现",
            });
            self.api.post("/staff/transfers", Some(&cashier), &body).await?;
        }
        if self.transfer_state(planned.id).await? == "proposed" {
            self.confirm("transfers", planned.id, Role::Bookkeeper).await?;
        }
        Ok(())
    }

    /// On the next day of work the cashier says how it ended, the head of finance confirms.
    async fn finish(&self, planned: &Withdrawal) -> anyhow::Result<()> {
        if self.transfer_state(planned.id).await? == "departed" {
            let cashier = self.officer(Role::Cashier).await?;
            let step = if planned.fails { "return" } else { "arrival" };
            self.api.post(&format!("/staff/transfers/{}/{step}", planned.id), Some(&cashier), &json!({})).await?;
        }
        if self.transfer_state(planned.id).await?.ends_with("_proposed") {
            self.confirm("transfers", planned.id, Role::FinanceHead).await?;
        }
        Ok(())
    }

    async fn transfer(&self, id: Uuid) -> anyhow::Result<Option<Value>> {
        let cashier = self.officer(Role::Cashier).await?;
        match self.api.get(&format!("/staff/transfers/{id}"), Some(&cashier)).await {
            Ok(transfer) => Ok(Some(transfer)),
            Err(error) if matches!(&error, CallError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn transfer_state(&self, id: Uuid) -> anyhow::Result<String> {
        let transfer = self.transfer(id).await?.context("the transfer was recorded")?;
        Ok(text(&transfer["state"]).to_owned())
    }

    /// Whether the bank's statements show it: a withdrawal has no number of ours, and must not be made twice.
    async fn is_withdrawn(&self, planned: &Withdrawal) -> anyhow::Result<bool> {
        if planned.fails {
            return Ok(false);
        }
        let mut date = self.world.days[planned.day].date();
        let mut ahead = 0;
        let today = BusinessDate::of(self.now().await?);
        while ahead < 6 {
            let statement = self.sandbox.get(&format!("/bank?date={date}"), None).await?;
            if text(&statement).contains(&format!(",{},", planned.amount)) {
                return Ok(true);
            }
            ahead += usize::from(date >= today);
            date = date.next();
        }
        Ok(false)
    }

    // ---- what goes wrong ----

    /// Orders that are never paid and expire.
    async fn nobody_pays(&self, day: usize) -> anyhow::Result<()> {
        for number in 0..5 {
            let gift = self.world.odd_gift("unpaid", number, day, self.world.main());
            self.order(&gift, gift.id(0)).await?;
        }
        Ok(())
    }

    /// The second payment of an order stands in suspense.
    async fn somebody_pays_twice(self: &Arc<Self>, day: usize) -> anyhow::Result<()> {
        let gift = self.world.odd_gift("paid twice", 0, day, self.world.heart());
        let id = self.pay_and_settle(&gift).await?;
        if !self.has_break("paid_twice", id).await? {
            self.pay_order(id, json!({ "again": true })).await?;
        }
        self.await_break("paid_twice", id).await
    }

    /// A payment that comes when its order is long closed stands in suspense.
    async fn somebody_is_slow(&self, day: usize, now_pays: bool) -> anyhow::Result<()> {
        let gift = self.world.odd_gift("paid after close", 0, day, self.world.heart());
        let id = gift.id(0);
        self.order(&gift, id).await?;
        if !now_pays {
            return Ok(());
        }
        let patience = Patience::new(&self.real);
        loop {
            self.run_job("expire_orders").await?;
            let found = self.look(gift.donor, id).await?.context("the order was made")?;
            if found["state"] == "closed" {
                break;
            }
            patience.pause(Duration::from_millis(200), || "an order does not expire".to_owned()).await?;
        }
        self.pay_order(id, json!({ "force": true })).await?;
        self.await_break("paid_after_close", id).await
    }

    /// A payment of another amount than the order's stands in suspense.
    async fn somebody_pays_something_else(&self, day: usize) -> anyhow::Result<()> {
        let gift = self.world.odd_gift("another amount", 0, day, self.world.heart());
        let id = gift.id(0);
        // If it is over, the break was made before, or nobody paid in time.
        let open = matches!(self.order(&gift, id).await?, Order::Open);
        if open && self.pay_order(id, json!({ "amount": gift.amount.fen() + 100 })).await? {
            self.await_break("amount", id).await?;
        }
        Ok(())
    }

    /// 小橘灯 ends in the evening; two gifts that were begun in time arrive after its end and are accepted as late.
    async fn the_lamp_goes_out(self: &Arc<Self>, day: usize) -> anyhow::Result<()> {
        let lamp = self.world.lamp();
        let gifts: Vec<Gift> = (0..2).map(|number| self.world.odd_gift("late", number, day, lamp)).collect();
        self.clock_to(lamp.ends.before(Duration::from_secs(600)), false).await?;
        let mut begun = Vec::new();
        for gift in &gifts {
            match self.order(gift, gift.id(0)).await {
                Ok(Order::Open) => begun.push(gift),
                Ok(Order::Paid | Order::Over) => {}
                Err(error) if refused_with(&error, "campaign_ended") => {
                    tracing::warn!("the world was stopped while a campaign ended; its late gifts are left out");
                }
                Err(error) => return Err(error),
            }
        }
        self.clock_to(lamp.ends.after(Duration::from_secs(60)), false).await?;
        self.run_job("campaign_clock").await?;
        let mut awaited = Vec::new();
        for gift in begun {
            if self.pay_order(gift.id(0), json!({})).await? {
                self.bar.inc(1);
                awaited.push(Awaited { donor: gift.donor, id: gift.id(0) });
            }
        }
        self.settle_each(awaited).await
    }

    async fn has_break(&self, class: &str, donation: Uuid) -> anyhow::Result<bool> {
        let bookkeeper = self.officer(Role::Bookkeeper).await?;
        let page = self.api.get("/staff/breaks?limit=100", Some(&bookkeeper)).await?;
        let breaks = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let id = donation.to_string();
        Ok(breaks.iter().any(|found| text(&found["class"]) == class && text(&found["donation"]) == id))
    }

    async fn await_break(&self, class: &str, donation: Uuid) -> anyhow::Result<()> {
        let patience = Patience::new(&self.real);
        while !self.has_break(class, donation).await? {
            patience.pause(Duration::from_millis(100), || format!("a payment does not become a break {class}")).await?;
        }
        Ok(())
    }
}

/// What became of the wish to order.
enum Order {
    /// It can be paid.
    Open,
    /// It is paid.
    Paid,
    /// It expired unpaid.
    Over,
}

/// Waiting that ends.
pub(super) struct Patience<'a> {
    real: &'a Clock,
    began: Timestamp,
}

impl Patience<'_> {
    pub(super) fn new(real: &Clock) -> Patience<'_> {
        Patience { real, began: real.now() }
    }

    pub(super) async fn pause(&self, pause: Duration, what: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.real.now().apart(self.began) > PATIENCE {
            bail!(what());
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

fn refused_with(error: &anyhow::Error, code: &str) -> bool {
    error.downcast_ref::<CallError>().is_some_and(|error| error.code() == code)
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn amount(value: &Value) -> anyhow::Result<Money> {
    Ok(text(value).parse()?)
}

fn is_open(state: &Value) -> bool {
    matches!(text(state), "created" | "paying")
}

fn was_paid(state: &Value) -> bool {
    !is_open(state) && text(state) != "closed"
}
