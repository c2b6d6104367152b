//! Plays the invented year: donors, staff, payers and the calendar, through the routes that everybody uses.
//!
//! Only what has no route is done beside HTTP: the foundation's book, and staff with credentials that follow from the seed.
//!
//! It can be stopped anywhere and begun again. Ids follow from the seed, so whatever was accepted is found and nothing is made
//! twice; approvals and payments look at the state before they act. A day is begun by one gift alone and left only when
//! everything of it is done, so the last day that was begun is the place to go on from. An order that expired unpaid while
//! the program was down is followed by another attempt for the same gift. The clock goes forward only, from the moment the
//! world has begun.

mod gifts;
mod trouble;
mod withdrawals;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use app::organisation::Organisation;
use domain::role::Role;
use domain::{Clock, Money, Timestamp};
use entity::Db;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::client::Client;
use super::disaster::FLOOD_DAY;
use super::loans::Loans;
use super::world::{Gift, House, RAISED, World};
use crate::commands::WrongInput;

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
            self.no_month_is_locked().await?;
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
        for day in from..self.world.days.len() {
            let date = self.world.days[day].date();
            self.bar.set_message(date.to_string());
            let began = self.real.now();
            self.play_day(day).await.with_context(|| format!("the {date} of the invented year"))?;
            let took_ms = u64::try_from(self.real.now().apart(began).as_millis()).unwrap_or_default();
            tracing::debug!(%date, day, took_ms, "played a day");
        }
        self.check_total().await?;
        self.clock_to(self.world.last_moment(), false).await?;
        self.pay_and_settle(&closing).await?;
        // The bills of the days that are over, which are sealed then.
        self.run_job("reconcile").await?;
        self.run_job("seal_days").await
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

    /// Where months are locked no other year begins: nothing could be dated into them.
    async fn no_month_is_locked(&self) -> anyhow::Result<()> {
        let books = ledger::books(self.stage.db.read()).await?;
        match books.iter().any(|book| book.locked_through.is_some()) {
            true => {
                Err(WrongInput("the books of this database are locked by another year; use other data".to_owned())
                    .into())
            }
            false => Ok(()),
        }
    }

    /// The reference of the first company's gift tells how many gifts this world was begun with.
    async fn same_number_of_gifts(&self) -> anyhow::Result<()> {
        let Some(gift) = self.world.company_gifts.first() else { return Ok(()) };
        let cashier = self.officer(Role::Cashier).await?;
        match self.api.post("/staff/bank-gifts", Some(&cashier), gift.body()).await {
            Err(error) if error.code() == "id_reused" => Err(WrongInput(
                "this database holds the same world with another number of gifts; use that number or other data"
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
            let mut body = gift.body().clone();
            if gift.general {
                body["general_fund"] = json!(self.book(gift.house)?);
            }
            let entered = self.api.post("/staff/bank-gifts", Some(&cashier), &body).await?;
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
        self.aid_of_xingtai(number).await.context("the aid of 邢台")?;
        self.updates(number).await.context("what campaigns tell")?;
        self.teams(number).await.context("teams")?;
        self.receipts(number).await.context("receipts")?;
        self.enquiries(number).await.context("what donors ask")?;
        self.privacy(number).await.context("personal data")?;
        self.lend(number).await.context("loans")?;
        self.month_end(number).await.context("the end of a month")?;
        for withdrawal in self.world.withdrawals.iter().filter(|planned| planned.day == number) {
            self.depart(withdrawal).await.context("a withdrawal leaves")?;
            // The channel says on the same day that it failed.
            if withdrawal.fails {
                self.finish(withdrawal).await.context("a withdrawal comes back")?;
            }
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

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn amount(value: &Value) -> anyhow::Result<Money> {
    Ok(text(value).parse()?)
}
