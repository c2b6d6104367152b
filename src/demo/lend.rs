//! Loans of the invented year, through the routes everybody uses: borrowers ask, counties and cities recommend, banks grant, pay out and
//! send their files, each day is closed, subsidies are claimed. Whatever was done is found again by its id, and every step looks at the
//! state before it acts.

use anyhow::Context;
use domain::role::Role;
use domain::{BusinessDate, Money};
use serde_json::{Value, json};

use super::client::unless;
use super::drive::{Driver, text};
use super::loans::{Bank, COUNTIES, Fate, LPR, Loan, MISUSED, Product};
use super::world::House;

/// On which days finance claims subsidies; a few of the claims before are paid by then.
const CLAIM_DAYS: [usize; 3] = [13, 26, 38];
/// How many loans' claims government pays.
const PAID_CLAIMS: usize = 4;
/// On which day the foundation pays what was claimed with its own money, and of which loan.
const OWN_SUBSIDY: (usize, usize) = (28, 25);
/// On which day a payment is written down that the bank knows nothing of, and on which loan.
const UNKNOWN_TO_THE_BANK: (usize, usize) = (35, 12);
/// On which day two of the breaks are settled.
const SETTLING_DAY: usize = 38;
/// On which day enterprises' needs are written down.
const NEED_DAY: usize = 20;

impl Driver {
    /// What happens to loans on a day.
    pub(super) async fn lend(&self, day: usize) -> anyhow::Result<()> {
        if day == 0 {
            self.banks_open().await.context("banks, products and quotas")?;
        }
        self.files_come(day).await.context("the banks' files")?;
        self.run_job("close_loans").await?;
        self.rates_of(day).await.context("the LPR")?;
        for loan in self.loans().loans.iter().filter(|loan| loan.day == day) {
            self.ask(loan).await.with_context(|| format!("the application {}", loan.number))?;
        }
        if MISUSED.1.contains(&day) {
            self.a_loan_is_misused(day).await.context("the misuse of a loan")?;
        }
        if day == OWN_SUBSIDY.0 {
            self.own_subsidy(day).await.context("a subsidy of the foundation")?;
        }
        if day == UNKNOWN_TO_THE_BANK.0 {
            self.a_payment_nobody_made(day).await?;
        }
        if CLAIM_DAYS.contains(&day) {
            self.subsidies(day).await.context("subsidies")?;
        }
        if day == SETTLING_DAY {
            self.settle_breaks(day).await.context("breaks of loans")?;
        }
        if day == NEED_DAY {
            self.needs(day).await.context("needs of enterprises")?;
        }
        Ok(())
    }

    async fn banks_open(&self) -> anyhow::Result<()> {
        let (admin, province) = (self.officer(Role::Admin).await?, self.officer_named("province-league").await?);
        let first_day = self.world().days[0].date();
        for bank in &self.loans().banks {
            let Bank { id, programme, code, name, pace, officer, .. } = bank;
            self.api().post("/staff/banks", Some(&admin), &json!({ "id": id, "code": code, "name": name })).await?;
            let seat = format!("/staff/banks/{id}/officers/{}", self.member_id(officer)?);
            self.api().put(&seat, Some(&admin), &json!({})).await?;
            let wish = json!({
                "id": programme, "bank": id, "name": format!("青年贷款·{name}"), "pace": pace, "match_days": 3, "first_day": first_day,
            });
            self.api().post("/staff/loan-programmes", Some(&admin), &wish).await?;
            let pool =
                json!({ "holder": "示例市财政局", "holder_credit_code": "11130000MB0000000U", "size": "3000000.00" });
            self.api().post(&format!("/staff/loan-programmes/{programme}/pool"), Some(&admin), &pool).await?;
        }
        self.rates_of(0).await?;
        for product in &self.loans().products {
            let Product { id, bank, code, family, name, summary, .. } = product;
            let bank = &self.loans().banks[*bank];
            let lender = self.officer_named(bank.officer).await?;
            let new =
                json!({ "id": id, "bank": bank.id, "code": code, "family": family, "name": name, "summary": summary });
            self.api().post("/staff/loan-products", Some(&lender), &new).await?;
            let version = format!("/staff/loan-products/{id}/versions/1");
            self.api().put(&version, Some(&lender), &product.terms(self.book(House::Foundation)?)).await?;
            let publication = format!("{version}/publication");
            unless("version_published", self.api().post(&publication, Some(&province), &json!({})).await)?;
            for (number, county) in COUNTIES.iter().enumerate() {
                let unit = self.stage().organisation.unit(county.city_unit).await?.id;
                let quota = self.world().seed.branch(code).id("quota", number, self.world().days[0].opens);
                let limit =
                    json!({ "id": quota, "unit": unit.uuid(), "product": id, "year": 2026, "limit": "60000000.00" });
                self.api().post("/staff/loan-quotas", Some(&province), &limit).await?;
            }
        }
        Ok(())
    }

    /// Rates that were published since the day of work before: one person writes them down, another compares them.
    async fn rates_of(&self, day: usize) -> anyhow::Result<()> {
        let (before, today) = (self.date_before(day), self.world().days[day].date());
        for (published, rate) in LPR {
            let on: BusinessDate = published.parse()?;
            if on > today || before.is_some_and(|before| on <= before) {
                continue;
            }
            let (lender, province) =
                (self.officer_named("lender-taihang").await?, self.officer_named("province-league").await?);
            let body = json!({ "tenor": "one_year", "published_on": on, "rate": rate });
            self.api().post("/staff/lpr", Some(&lender), &body).await?;
            unless("wrong_state", self.api().post("/staff/lpr/confirmation", Some(&province), &body).await)?;
        }
        Ok(())
    }

    /// The date of the day of work before.
    fn date_before(&self, day: usize) -> Option<BusinessDate> {
        day.checked_sub(1).map(|before| self.world().days[before].date())
    }

    /// What the banks have sent since the day of work before.
    async fn files_come(&self, day: usize) -> anyhow::Result<()> {
        let Some(before) = self.date_before(day) else { return Ok(()) };
        let today = self.world().days[day].date();
        for bank in &self.loans().banks {
            let lender = self.officer_named(bank.officer).await?;
            for file in bank.files.iter().filter(|file| file.day >= before && file.day < today) {
                let bytes = file.to_string().into_bytes();
                let read = self.api().upload("/staff/loan-files", Some(&lender), bytes).await?;
                tracing::debug!(bank = bank.code, day = %file.day, breaks = read["breaks"].as_array().map(Vec::len), "read a file");
            }
        }
        Ok(())
    }

    /// An application, from the draft as far as it comes.
    async fn ask(&self, loan: &Loan) -> anyhow::Result<()> {
        let plan = self.loans();
        let product = &plan.products[loan.product];
        let (bank, county) = (&plan.banks[product.bank], &COUNTIES[loan.county]);
        let borrower = self.donor(loan.borrower).await?;
        let mut row = self.api().post("/me/loan-applications", Some(&borrower), &plan.request(loan)).await?;
        let mine = format!("/me/loan-applications/{}", loan.id);
        let staff = format!("/staff/loan-applications/{}", loan.id);
        loop {
            let (state, office) = (text(&row["state"]).to_owned(), text(&row["office"]).to_owned());
            row = match (state.as_str(), office.as_str(), loan.fate) {
                ("draft", _, Fate::Draft) | (_, "county", Fate::Applied) | (_, "city", Fate::AtTheCity) => {
                    return Ok(());
                }
                ("draft", ..) => {
                    if loan.fate != Fate::Recommended && loan.changes.is_none() {
                        self.agree(loan, bank, &borrower).await?;
                    }
                    self.api().post(&format!("{mine}/submission"), Some(&borrower), &json!({})).await?
                }
                ("applied", _, Fate::Withdrawn) => {
                    self.api().post(&format!("{mine}/withdrawal"), Some(&borrower), &json!({})).await?;
                    return Ok(());
                }
                ("applied", "county", Fate::RefusedByCounty) => {
                    let officer = self.officer_named(county.officer).await?;
                    let reason = json!({ "reason": "走访了解到项目尚未开工，建议落实场地后再申请" });
                    self.api().post(&format!("{staff}/refusal"), Some(&officer), &reason).await?;
                    return Ok(());
                }
                ("applied", office, _) => {
                    let officer = if office == "county" { county.officer } else { county.city };
                    let officer = self.officer_named(officer).await?;
                    let path = format!("{staff}/recommendation");
                    self.api().post(&path, Some(&officer), &json!({})).await?["application"].clone()
                }
                ("bank_review", _, Fate::RefusedByBank) => {
                    let lender = self.officer_named(bank.officer).await?;
                    let reason = json!({ "reason": "经审查，第一还款来源不足" });
                    self.api().post(&format!("{staff}/refusal"), Some(&lender), &reason).await?;
                    return Ok(());
                }
                ("bank_review", _, Fate::BankReview) | ("approved", _, Fate::Approved) => return Ok(()),
                ("bank_review", ..) => {
                    let lender = self.officer_named(bank.officer).await?;
                    let grant = product.grant(loan);
                    self.api().post(&format!("{staff}/grant"), Some(&lender), &grant).await?["application"].clone()
                }
                ("approved" | "signed", ..) => return self.sign(loan, bank).await,
                _ => return Ok(()),
            };
        }
    }

    async fn agree(&self, loan: &Loan, bank: &Bank, borrower: &str) -> anyhow::Result<()> {
        // Two in three let the League see by name what the bank tells.
        let tells = !loan.borrower.is_multiple_of(3);
        for (id, scope) in loan.consents.iter().zip(["application", "servicing"]).take(1 + usize::from(tells)) {
            let consent = json!({ "id": id, "bank": bank.id, "scope": scope });
            self.api().post("/me/loan-consents", Some(borrower), &consent).await?;
        }
        Ok(())
    }

    /// The contract, and its payout where the officer tells it.
    async fn sign(&self, loan: &Loan, bank: &Bank) -> anyhow::Result<()> {
        let lender = self.officer_named(bank.officer).await?;
        let contract = json!({
            "id": loan.contract_id, "application": loan.id, "number": loan.number, "signed_on": loan.on, "payout_on": loan.on,
            "due_day": loan.due_day,
        });
        self.api().post("/staff/loan-contracts", Some(&lender), &contract).await?;
        let told_by_file = bank.pace != "daily" && loan.changes.is_none();
        if told_by_file || loan.fate == Fate::Signed {
            return Ok(());
        }
        let payout = json!({ "id": loan.payout_id, "kind": "payout", "on": loan.on, "amount": loan.amount });
        let path = format!("/staff/loan-contracts/{}/events", loan.contract_id);
        self.api().post(&path, Some(&lender), &payout).await?;
        Ok(())
    }

    /// The officer books a payment on the wrong contract, and the bank's file never tells it.
    async fn a_payment_nobody_made(&self, day: usize) -> anyhow::Result<()> {
        let plan = self.loans();
        let loan = &plan.loans[UNKNOWN_TO_THE_BANK.1];
        let lender = self.officer_named(plan.banks[plan.products[loan.product].bank].officer).await?;
        let (on, id) = (self.world().days[day].date(), self.world().seed.id("stray", 0, self.world().days[day].opens));
        let body = json!({ "id": id, "kind": "repayment", "on": on, "amount": "500.00", "reason": "柜面登记（示例）" });
        self.api().post(&format!("/staff/loan-contracts/{}/events", loan.contract_id), Some(&lender), &body).await?;
        Ok(())
    }

    /// Finance claims what is due; of a few loans the money of what was claimed before has come.
    async fn subsidies(&self, day: usize) -> anyhow::Result<()> {
        let bookkeeper = self.officer(Role::Bookkeeper).await?;
        let bank = &self.loans().banks[0];
        let today = self.world().days[day].date();
        let of_bank = |loan: &&Loan| {
            let product = &self.loans().products[loan.product];
            product.bank == 0 && !product.is_paid_by_us()
        };
        let runs = |loan: &&Loan| loan.day + 8 < day && matches!(loan.fate, Fate::Runs(_));
        for loan in self.loans().loans.iter().filter(of_bank).filter(runs).take(PAID_CLAIMS) {
            for claim in self.claims_before(loan, today).await?.iter().filter(|claim| claim["state"] == "claimed") {
                let receipt = format!("/staff/loan-subsidies/{}/receipt", text(&claim["id"]));
                self.api().post(&receipt, Some(&bookkeeper), &json!({ "on": today })).await?;
            }
        }
        let claims = format!("/staff/loan-programmes/{}/subsidies", bank.programme);
        self.api().post(&claims, Some(&bookkeeper), &json!({})).await?;
        Ok(())
    }

    /// What was claimed of a loan before a day.
    async fn claims_before(&self, loan: &Loan, day: BusinessDate) -> anyhow::Result<Vec<Value>> {
        let plan = self.loans();
        let lender = self.officer_named(plan.banks[plan.products[loan.product].bank].officer).await?;
        let path = format!("/staff/loan-contracts/{}/servicing", loan.contract_id);
        let seen = self.api().get(&path, Some(&lender)).await?;
        let mut claims = seen["subsidies"].as_array().cloned().unwrap_or_default();
        claims.retain(|claim| text(&claim["claimed_on"]) < day.to_string().as_str());
        Ok(claims)
    }

    /// The foundation pays what was claimed of a loan as a grant of the campaign that raised for it, and each claim names the payment.
    async fn own_subsidy(&self, day: usize) -> anyhow::Result<()> {
        let (loan, today) = (&self.loans().loans[OWN_SUBSIDY.1], self.world().days[day].date());
        let claims = self.claims_before(loan, today).await?;
        let amounts: Vec<Money> =
            claims.iter().map(|claim| text(&claim["amount"]).parse()).collect::<Result<_, _>>()?;
        let amount = Money::checked_sum(amounts).context("the claims of a loan add up")?;
        let payout = self.pay_interest(day, loan.person, amount).await?;
        let bookkeeper = self.officer(Role::Bookkeeper).await?;
        for claim in claims.iter().filter(|claim| claim["state"] == "claimed") {
            let receipt = format!("/staff/loan-subsidies/{}/receipt", text(&claim["id"]));
            let came = json!({ "on": today, "payout": payout });
            self.api().post(&receipt, Some(&bookkeeper), &came).await?;
        }
        Ok(())
    }

    /// A visit finds that a part of a loan went elsewhere (挪用), and a later one that it is used as agreed again.
    async fn a_loan_is_misused(&self, day: usize) -> anyhow::Result<()> {
        let plan = self.loans();
        let loan = &plan.loans[MISUSED.0];
        let lender = self.officer_named(plan.banks[plan.products[loan.product].bank].officer).await?;
        let at = &self.world().days[day];
        let mut event = json!({ "id": self.world().seed.id("misuse", 0, at.opens), "on": at.date() });
        if day == MISUSED.1[0] {
            event["kind"] = json!("misuse");
            event["amount"] = json!(MISUSED.2);
            event["reason"] = json!("贷后检查报告：部分资金用于购置与申请用途无关的设备（示例）");
        } else {
            event["kind"] = json!("misuse_mended");
            event["reason"] = json!("回访记录：设备已退货，资金转回研发采购（示例）");
        }
        self.api().post(&format!("/staff/loan-contracts/{}/events", loan.contract_id), Some(&lender), &event).await?;
        Ok(())
    }

    /// The bank is followed in one break and has to correct another; the rest waits.
    async fn settle_breaks(&self, day: usize) -> anyhow::Result<()> {
        let (seed, opens) = (self.world().seed, self.world().days[day].opens);
        let (bookkeeper, head) = (self.officer(Role::Bookkeeper).await?, self.officer(Role::FinanceHead).await?);
        let ways = [
            ("loan_missing_there", "follow", "银行确认未收到该笔还款，系登记到了别的合同"),
            ("loan_unknown_line", "correct", "合同号有误，银行将更正后重报"),
        ];
        let breaks = self.api().get("/staff/breaks?limit=100", Some(&bookkeeper)).await?;
        for (number, (class, choice, reason)) in ways.into_iter().enumerate() {
            let of = breaks["items"].as_array().into_iter().flatten().find(|one| one["class"] == class);
            let Some(of) = of.filter(|one| one["state"] == "open") else { continue };
            let id = seed.id("loan break", number, opens);
            let body = json!({ "id": id, "choice": choice, "reason": reason });
            let path = format!("/staff/breaks/{}/resolutions", text(&of["id"]));
            self.api().post(&path, Some(&bookkeeper), &body).await?;
            let approval = format!("/staff/resolutions/{id}/approval");
            unless("wrong_state", self.api().post(&approval, Some(&head), &json!({})).await)?;
        }
        Ok(())
    }

    /// 金团助青企: what two enterprises need, one of which a bank takes up.
    async fn needs(&self, day: usize) -> anyhow::Result<()> {
        let (seed, opens) = (self.world().seed, self.world().days[day].opens);
        let officer = self.officer_named(COUNTIES[0].officer).await?;
        let lender = self.officer_named("lender-hutuo").await?;
        for (number, (enterprise, amount, words)) in [
            ("示例青创科技一号有限公司", "800000.00", "扩建检测实验室"),
            ("示例青创食品有限公司", "300000.00", "备货周转"),
        ]
        .into_iter()
        .enumerate()
        {
            let id = seed.id("need", number, opens);
            let need = json!({
                "id": id, "division": COUNTIES[0].division, "enterprise": enterprise, "credit_code": super::world::CREDIT_CODE,
                "industry": "technology", "amount": amount, "term": 12, "guarantee": "surety", "words": words,
                "contact": "示例联系人 0311-00000000",
            });
            self.api().post("/staff/needs", Some(&officer), &need).await?;
            if number == 0 {
                let proposal = seed.id("need match", number, opens);
                let body = json!({ "id": proposal, "product": self.loans().products[2].id });
                self.api().post(&format!("/staff/needs/{id}/matches"), Some(&officer), &body).await?;
                let acceptance = format!("/staff/need-matches/{proposal}/acceptance");
                unless("wrong_state", self.api().post(&acceptance, Some(&lender), &json!({})).await)?;
                let visit = json!({
                    "id": seed.id("need visit", number, opens), "match": proposal, "on": BusinessDate::of(opens), "words": "已上门走访（示例）",
                });
                self.api().post(&format!("/staff/needs/{id}/follow-ups"), Some(&lender), &visit).await?;
            }
        }
        Ok(())
    }
}
