//! The gates of a campaign: what has to be true for a step besides the state it is in (facts: charity 3.1). Each stands in one
//! place and names its source; a gate that is closed says so with its code, every closed one at once.

use std::collections::{HashMap, HashSet};

use domain::campaign::CampaignState;
use domain::decision::{DecisionKind, DecisionState};
use domain::document::AttachmentKind;
use domain::duty::DutyKind;
use domain::filing::FilingNumber;
use domain::plan::{PASSING_SCORE, Plan, Problem, Way};
use domain::{BusinessDate, CampaignChangeId, CampaignId, Money, Timestamp};
use entity::{
    Tx, attachment, book, campaign, campaign_change, campaign_decision, certificate, charity, cooperation,
    disbursement, disclosure, disclosure_publication, discrepancy, donation, final_disclosure, refund,
};
use ledger::Fund;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Statement,
};

use crate::{CrowdfundingError, Exhibit, plan, release};

/// How many days before its opening a plan has to lie with the authority (facts: charity 2.3, 令74 Art. 11), and how many after an
/// emergency opening it may come (facts: charity 2.1 Art. 73).
pub const FILING_DAYS: i64 = 10;
/// How much of what was raised has to be used before a unit begins its next campaign, in hundredths (facts: charity 7, 9: platforms
/// ask for 80 % [B]).
pub const EXECUTED_PERCENT: i64 = 80;
/// How long after its end a campaign may take to be executed and told of before it counts (facts: charity 4, 慈善法 79: three months).
pub const EXECUTION_DAYS: i64 = 92;
/// What a gate looks at besides the campaign: the moment, and by which merchant number this house takes money.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Business time.
    pub now: Timestamp,
    /// The merchant number at WeChat.
    pub merchant: String,
}

/// Gathers closed gates.
#[derive(Default)]
pub(crate) struct Gates(Vec<Problem>);

impl Gates {
    pub(crate) fn need(&mut self, open: bool, gate: &str, problem: &str) {
        if !open {
            self.0.push(Problem { field: gate.to_owned(), problem: problem.to_owned() });
        }
    }

    pub(crate) fn passed(self) -> Result<(), CrowdfundingError> {
        if self.0.is_empty() { Ok(()) } else { Err(CrowdfundingError::GateClosed(self.0)) }
    }
}

/// One gate alone.
pub(crate) fn need(open: bool, gate: &str, problem: &str) -> Result<(), CrowdfundingError> {
    let mut gates = Gates::default();
    gates.need(open, gate, problem);
    gates.passed()
}

/// → `submitted` and each approval: the plan is complete (facts: charity 2.1 Art. 24).
pub(crate) async fn complete(tx: &Tx, row: &campaign::Model) -> Result<(), CrowdfundingError> {
    if row.plan_version == 0 {
        let problem = "请先填写募捐方案".to_owned();
        return Err(CrowdfundingError::PlanIncomplete(vec![Problem { field: "plan".to_owned(), problem }]));
    }
    let problems = plan::read(tx, row.id, row.plan_version).await?.plan.check();
    if problems.is_empty() { Ok(()) } else { Err(CrowdfundingError::PlanIncomplete(problems)) }
}

/// → `submitted`: a unit of which a campaign is over for so long and neither executed nor told of begins the next only by a decision of two
/// persons (facts: charity 7, 9). The unit answers, and not whoever writes for it: one person writes for many.
pub(crate) async fn may_begin_another(tx: &Tx, now: Timestamp, row: &campaign::Model) -> Result<(), CrowdfundingError> {
    use CampaignState::{Closing, Ended, Executing, Suspended, Terminated};
    let Some(unit) = row.unit_id else { return Ok(()) };
    let mut over = campaign::Entity::find()
        .filter(campaign::Column::UnitId.eq(unit))
        .filter(campaign::Column::Id.ne(row.id))
        .filter(campaign::Column::State.is_in([Ended, Executing, Closing, Terminated, Suspended]))
        .filter(campaign::Column::EndedUs.is_not_null())
        .order_by_asc(campaign::Column::EndedUs)
        .all(tx)
        .await?;
    let today = BusinessDate::of(now);
    over.retain(|one| one.ended_us.is_some_and(|ended| later(BusinessDate::of(ended), EXECUTION_DAYS) < today));
    let ids: Vec<CampaignId> = over.iter().map(|one| one.id).collect();
    let funds: HashMap<CampaignId, Fund> = ledger::funds(tx, &ids).await?.into_iter().collect();
    let told: HashSet<CampaignId> = final_disclosure::Entity::find()
        .filter(final_disclosure::Column::CampaignId.is_in(ids))
        .all(tx)
        .await?
        .into_iter()
        .map(|one| one.campaign_id)
        .collect();
    let (mut unused, mut untold) = (Vec::new(), Vec::new());
    for one in &over {
        let Fund { raised_cash, used, .. } = funds.get(&one.id).copied().unwrap_or_default();
        if i128::from(used.fen()) * 100 < i128::from(raised_cash.fen()) * i128::from(EXECUTED_PERCENT) {
            unused.push(format!("“{}”", one.name));
        }
        if raised_cash != Money::ZERO && !told.contains(&one.id) {
            untold.push(format!("“{}”", one.name));
        }
    }
    if (unused.is_empty() && untold.is_empty()) || decided(tx, DecisionKind::Exception, row.id).await? {
        return Ok(());
    }
    let mut gates = Gates::default();
    let problem = format!("该单位已结束的项目{}的募得款物使用率未达到要求", unused.join("、"));
    gates.need(unused.is_empty(), "last_not_executed", &problem);
    let problem = format!("该单位已结束的项目{}尚未按期公开全面情况报告", untold.join("、"));
    gates.need(untold.is_empty(), "last_not_disclosed", &problem);
    gates.passed()
}

/// → `filing`: the day is the one on the authority's receipt. It may lie before the plan was approved here, for a house that comes to this
/// program brings plans that are filed already; then the receipt is there to be read, for the ten days run from it (facts: charity 3.1).
pub(crate) async fn filing_submitted(
    tx: &Tx,
    row: &campaign::Model,
    on: BusinessDate,
    now: Timestamp,
) -> Result<(), CrowdfundingError> {
    not_filed(row)?;
    need(on <= BusinessDate::of(now), "filing_day", "备案提交日期不能晚于今天")?;
    if on >= BusinessDate::of(row.changed_us) {
        return Ok(());
    }
    let receipt = shown(tx, [Exhibit::Campaign(row.id)], AttachmentKind::FilingReceipt).await?;
    need(receipt, "filing_receipt", "报送日期早于方案获批之日，请先上传备案回执")
}

/// Whether a paper of a kind is under one of these, and not withdrawn.
pub(crate) async fn shown(
    db: &impl ConnectionTrait,
    under: impl IntoIterator<Item = Exhibit>,
    kind: AttachmentKind,
) -> Result<bool, CrowdfundingError> {
    let found = attachment::Entity::find()
        .filter(attachment::Column::Object.is_in(under.into_iter().map(Exhibit::object)))
        .filter(attachment::Column::Kind.eq(kind.as_str()))
        .filter(attachment::Column::WithdrawnUs.is_null())
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// What is filed is not filed again but changed by a request.
pub(crate) fn not_filed(row: &campaign::Model) -> Result<(), CrowdfundingError> {
    need(row.filing_number.is_none(), "filed_already", "该项目已备案，变更请提交变更申请")
}

/// → `filed`: the number is one, is the charity's, and was given in the year it says; the certificate is valid for the whole period;
/// the partner has an agreement and was evaluated (facts: charity 2.4, 2.1 Art. 22 and 26).
pub(crate) async fn filed(
    tx: &Tx,
    row: &campaign::Model,
    number: &str,
    on: BusinessDate,
    now: Timestamp,
) -> Result<(), CrowdfundingError> {
    not_filed(row)?;
    let mut gates = Gates::default();
    let submitted = row.filing_submitted_on;
    gates.need(on <= BusinessDate::of(now), "filed_day", "备案日期不能晚于今天");
    gates.need(submitted.is_some_and(|day| day <= on), "filed_day", "备案日期不能早于提交日期");
    match number.parse::<FilingNumber>() {
        Ok(number) => {
            let of_year = number.year() == on.year() || submitted.is_some_and(|day| day.year() == number.year());
            gates.need(of_year, "filing_year", "备案编号中的年份与备案日期不符");
            let book = book::Entity::find_by_id(row.book_id).one(tx).await?;
            let ours = book.and_then(|book| book.credit_code).is_some_and(|code| code == number.credit_code());
            gates.need(ours, "filing_code", "备案编号不是该慈善组织的编号");
        }
        Err(_) => gates.need(false, "filing_number", "备案编号的格式不正确：18位统一社会信用代码+A+2位年份+3位序号"),
    }
    certified(tx, &mut gates, row).await?;
    let plan = plan::read(tx, row.id, row.plan_version).await?.plan;
    partnered(tx, &mut gates, row.id, &plan, papers(tx, row.id).await?).await?;
    gates.passed()
}

/// The charity has a valid certificate on every day from the first to the last (facts: charity 2.1 Art. 22). One that is renewed in between
/// is followed by the next without a gap.
async fn certified(tx: &Tx, gates: &mut Gates, row: &campaign::Model) -> Result<(), CrowdfundingError> {
    let (from, to) = (BusinessDate::of(row.starts_us), BusinessDate::of(row.ends_us));
    let valid = certificate::Entity::find()
        .filter(certificate::Column::BookId.eq(row.book_id))
        .filter(certificate::Column::ConfirmedUs.is_not_null())
        .filter(certificate::Column::IssuedOn.lte(to))
        .filter(certificate::Column::ExpiresOn.gte(from))
        .order_by_asc(certificate::Column::IssuedOn)
        .all(tx)
        .await?;
    // The first day that is not covered yet.
    let mut open = from;
    for one in valid.iter().filter(|one| one.revoked_on.is_none_or(|revoked| revoked > one.issued_on)) {
        let end = one.expires_on.next();
        let end = one.revoked_on.map_or(end, |revoked| revoked.min(end));
        if one.issued_on <= open && end > open {
            open = end;
        }
    }
    gates.need(open > to, "certificate", "公开募捐资格证书未覆盖整个募捐期间");
    Ok(())
}

/// Account and merchant number are those of the certificate's holder, of whom everything is told (facts: charity 2.1 Art. 25, 2.6).
async fn held(
    tx: &Tx,
    gates: &mut Gates,
    row: &campaign::Model,
    setting: &Setting,
    plan: &Plan,
) -> Result<Option<String>, CrowdfundingError> {
    let book = book::Entity::find_by_id(row.book_id).one(tx).await?;
    let code = book.and_then(|book| book.credit_code);
    match charity::Entity::find_by_id(row.book_id).one(tx).await? {
        None => gates.need(false, "charity", "收款账套没有登记慈善组织"),
        Some(charity) => {
            let told = [&charity.office_address, &charity.contact, &charity.information_url];
            let shown = code.is_some() && told.iter().all(|text| !text.trim().is_empty());
            gates.need(shown, "article_25", "慈善组织的名称、信用代码、联系方式、办公地址或信息查询途径不完整");
            let bank = plan.terms.bank_account.trim() == charity.bank_account;
            gates.need(bank, "bank_account", "募捐方案中的银行账户不是资格证书持有人的账户");
            let merchant = charity.mchid.as_deref() == Some(setting.merchant.as_str());
            let wechat = plan.terms.ways.contains(&Way::Wechat);
            gates.need(merchant || !wechat, "merchant", "微信支付商户号不属于资格证书持有人");
        }
    }
    Ok(code)
}

/// Whether a campaign takes gifts by WeChat (facts: charity 2.1 Art. 27, 2.6): it was opened on the internet, its plan names that way, and the
/// money reaches the certificate's holder. What was opened before there were plans here was opened for it.
pub(crate) fn by_wechat(channel: &str, ways: Option<&[Way]>, mchid: Option<&str>, merchant: &str) -> bool {
    let online = channel.split(',').any(|word| word == "designated_platform" || word == "own_site");
    ways.is_none_or(|ways| online && ways.contains(&Way::Wechat) && mchid == Some(merchant))
}

/// Whoever raises with a partner has an agreement and an evaluation of the one the plan names (facts: charity 2.1 Art. 26).
async fn partnered(
    tx: &Tx,
    gates: &mut Gates,
    id: CampaignId,
    plan: &Plan,
    under: Vec<Exhibit>,
) -> Result<(), CrowdfundingError> {
    let Some(named) = &plan.terms.cooperation else { return Ok(()) };
    let found = cooperation::Entity::find_by_id(id).one(tx).await?;
    let partner = match &found {
        Some(found) => entity::partner::Entity::find_by_id(found.partner_id).one(tx).await?,
        None => None,
    };
    gates.need(
        partner.is_some_and(|partner| partner.name == named.name.trim()),
        "partner_agreement",
        "尚未登记与合作方的书面协议",
    );
    let paper = shown(tx, under, AttachmentKind::Contract).await?;
    gates.need(paper, "partner_paper", "请先上传与合作方的书面协议");
    match found.and_then(|found| found.score) {
        None => gates.need(false, "partner_evaluation", "尚未对合作方进行评估"),
        Some(score) => {
            let problem = format!("对合作方的评估不合格：得{score}分，{PASSING_SCORE}分为合格");
            gates.need(score >= PASSING_SCORE, "partner_evaluation", &problem);
        }
    }
    Ok(())
}

/// Where the agreement of a campaign with its partner may be: under the campaign, or under a change that named the partner.
async fn papers(tx: &Tx, id: CampaignId) -> Result<Vec<Exhibit>, CrowdfundingError> {
    let changes: Vec<CampaignChangeId> = campaign_change::Entity::find()
        .select_only()
        .column(campaign_change::Column::Id)
        .filter(campaign_change::Column::CampaignId.eq(id))
        .into_tuple()
        .all(tx)
        .await?;
    Ok([Exhibit::Campaign(id)].into_iter().chain(changes.into_iter().map(Exhibit::Change)).collect())
}

/// A change that is asked for keeps to the account of the certificate's holder, and makes no emergency of what is filed already.
pub(crate) async fn may_change(
    tx: &Tx,
    row: &campaign::Model,
    setting: &Setting,
    plan: &Plan,
) -> Result<(), CrowdfundingError> {
    let mut gates = Gates::default();
    held(tx, &mut gates, row, setting, plan).await?;
    gates.need(row.emergency || !plan.terms.emergency, "emergency", "已备案的项目不能改为应急募捐");
    gates.passed()
}

/// A change that comes into force leaves account and merchant number those of the certificate's holder, the certificate valid for the whole
/// period and the partner known. Of another partner than before the agreement is under the change itself.
pub(crate) async fn changed(
    tx: &Tx,
    before: &Plan,
    row: &campaign::Model,
    setting: &Setting,
    change: CampaignChangeId,
) -> Result<(), CrowdfundingError> {
    let mut gates = Gates::default();
    certified(tx, &mut gates, row).await?;
    let plan = plan::read(tx, row.id, row.plan_version).await?.plan;
    held(tx, &mut gates, row, setting, &plan).await?;
    let name = |plan: &Plan| plan.terms.cooperation.as_ref().map(|with| with.name.trim().to_owned());
    let under = if name(before) == name(&plan) { papers(tx, row.id).await? } else { vec![Exhibit::Change(change)] };
    partnered(tx, &mut gates, row.id, &plan, under).await?;
    gates.need(
        shown(tx, [Exhibit::Change(change)], AttachmentKind::FilingReceipt).await?,
        "filing_receipt",
        "请先上传变更的备案回执",
    );
    gates.passed()
}

/// → `scheduled`, `open`, `emergency_open`: what does not depend on the moment (facts: charity 2.1 Art. 25 and 27, 2.6, 3.1).
pub(crate) async fn ready_to_open(tx: &Tx, row: &campaign::Model, setting: &Setting) -> Result<(), CrowdfundingError> {
    let mut gates = Gates::default();
    let plan = plan::read(tx, row.id, row.plan_version).await?.plan;
    certified(tx, &mut gates, row).await?;
    partnered(tx, &mut gates, row.id, &plan, papers(tx, row.id).await?).await?;
    let code = held(tx, &mut gates, row, setting, &plan).await?;
    let on = |word: &str| row.channel.split(',').any(|channel| channel == word);
    gates.need(!row.channel.is_empty(), "channel", "请选择募捐渠道");
    if on("designated_platform") || on("own_site") {
        let link = row.platform_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        let hooked = on("designated_platform") && row.platform_number.is_some() && link;
        gates.need(hooked, "designated_platform", "互联网募捐须在指定平台发布，请填写平台项目编号和链接");
        let own = row.operator_code.is_some() && row.operator_code == code;
        let lawful = own || operator_decided(tx, row).await?;
        gates.need(lawful, "operator", "本服务的运营者不是资格证书持有人，且没有经两人决定的法律依据");
    }
    gates.passed()
}

async fn operator_decided(tx: &Tx, row: &campaign::Model) -> Result<bool, CrowdfundingError> {
    let Some(code) = &row.operator_code else { return Ok(false) };
    let found = campaign_decision::Entity::find()
        .filter(campaign_decision::Column::Kind.eq(DecisionKind::Operator))
        .filter(campaign_decision::Column::State.eq(DecisionState::Approved))
        .filter(campaign_decision::Column::BookId.eq(row.book_id))
        .filter(campaign_decision::Column::OperatorCode.eq(code.as_str()))
        .count(tx)
        .await?;
    Ok(found > 0)
}

async fn decided(tx: &Tx, kind: DecisionKind, id: CampaignId) -> Result<bool, CrowdfundingError> {
    let found = campaign_decision::Entity::find()
        .filter(campaign_decision::Column::Kind.eq(kind))
        .filter(campaign_decision::Column::State.eq(DecisionState::Approved))
        .filter(campaign_decision::Column::CampaignId.eq(id))
        .count(tx)
        .await?;
    Ok(found > 0)
}

/// → `open`: its first moment has come, and the plan has lain with the authority for ten days (facts: charity 2.3, 4).
pub(crate) async fn open(tx: &Tx, row: &campaign::Model, setting: &Setting) -> Result<(), CrowdfundingError> {
    ready_to_open(tx, row, setting).await?;
    let mut gates = Gates::default();
    let today = BusinessDate::of(setting.now);
    let waited = row.filing_submitted_on.is_some_and(|day| later(day, FILING_DAYS) <= today);
    gates.need(row.starts_us <= setting.now, "starts", "尚未到募捐开始时间");
    gates.need(waited || row.emergency, "filing_days", "备案提交后须满10日方可开放募捐");
    gates.passed()
}

/// → `emergency_open`: the plan answers a disaster, and its time has come (facts: charity 2.1 Art. 73).
pub(crate) fn emergency(row: &campaign::Model, now: Timestamp) -> Result<(), CrowdfundingError> {
    let mut gates = Gates::default();
    gates.need(row.emergency, "emergency", "只有方案注明为应急募捐的项目可以先行开放");
    gates.need(row.starts_us <= now && now <= row.ends_us, "starts", "尚未到募捐开始时间，或已过结束时间");
    gates.passed()
}

/// The last day on which a campaign that opened in an emergency may be filed; none for others.
pub fn filing_due(row: &campaign::Model) -> Option<BusinessDate> {
    let waits = row.emergency && row.filing_number.is_none();
    row.opened_us.filter(|_| waits).map(|opened| later(BusinessDate::of(opened), FILING_DAYS))
}

/// → `executing`, `closing`, `closed`: an emergency that was never filed is filed first.
pub(crate) fn filed_at_last(row: &campaign::Model) -> Result<(), CrowdfundingError> {
    // What was open before there were filings here stays what it was.
    need(row.filing_number.is_some() || row.plan_version == 0, "not_filed", "该项目尚未取得备案编号")
}

/// → `closed`: nothing is in flight, every payout is final, every advance accounted for, nothing is left or it was moved by a decision,
/// and the full report is published (facts: charity 3.1, 4; 2.1 Art. 58).
pub(crate) async fn closed(tx: &Tx, row: &campaign::Model) -> Result<(), CrowdfundingError> {
    use domain::donation::DonationState as D;
    use domain::refund::RefundState as R;
    filed_at_last(row)?;
    let mut gates = Gates::default();
    let of_campaign = || donation::Entity::find().filter(donation::Column::CampaignId.eq(row.id));
    let going = [D::Created, D::Paying, D::RefundRequested, D::Refunding, D::RefundFailed];
    let gifts = of_campaign().filter(donation::Column::State.is_in(going)).count(tx).await?;
    gates.need(gifts == 0, "gifts_in_flight", "尚有捐赠正在支付或退款");
    let open = [R::Requested, R::Approved, R::Processing, R::Failed];
    let ids = of_campaign().select_only().column(donation::Column::Id).into_query();
    let refunds = refund::Entity::find()
        .filter(refund::Column::DonationId.in_subquery(ids))
        .filter(refund::Column::State.is_in(open))
        .count(tx)
        .await?;
    gates.need(refunds == 0, "refunds_in_flight", "尚有退款未办结");
    // Each was found in the channel's fund-flow bill, or confirmed at the bank (facts: charity 3.1, 6.5 (3)).
    let unsettled = of_campaign()
        .filter(donation::Column::ConfirmedUs.is_not_null())
        .filter(donation::Column::SettledUs.is_null())
        .count(tx)
        .await?;
    gates.need(unsettled == 0, "gifts_unsettled", "尚有微信捐赠未与资金账单核对");
    // What came for an order of the campaign is no gift to it any more, and goes back first.
    let orders = of_campaign().select_only().column(donation::Column::Id).into_query();
    let strays = discrepancy::Entity::find()
        .filter(discrepancy::Column::DonationId.in_subquery(orders))
        .filter(discrepancy::Column::Suspense.eq(true))
        .filter(discrepancy::Column::State.eq("open"))
        .count(tx)
        .await?;
    gates.need(strays == 0, "money_in_suspense", "尚有待查款对应本项目的订单，请先在“差错”中办结");
    gates.need(unfinished_payouts(tx, row.id).await? == 0, "payouts", "尚有支出未办结");
    let ahead = release::paid_ahead(tx, row).await?;
    gates.need(ahead == Money::ZERO, "advances", "尚有预付款未核销或收回");
    let fund = ledger::fund(tx, row.book_id, row.id).await?;
    gates.need(fund.available() == Money::ZERO, "leftover", "剩余财产尚未处理完毕");
    let told = final_disclosure::Entity::find_by_id(row.id).one(tx).await?.is_some();
    gates.need(told, "final_disclosure", "尚未公布募捐情况全面报告");
    gates.need(project_told(tx, row.id).await?, "project_report", "尚未公布项目实施情况全面报告");
    gates.passed()
}

/// Whether the full report of the project is published (慈善法 79). A house that noted the one full report before there were reports here
/// has told of both.
async fn project_told(tx: &Tx, id: CampaignId) -> Result<bool, CrowdfundingError> {
    let of_kind = |kind: DutyKind| {
        disclosure::Entity::find()
            .filter(disclosure::Column::CampaignId.eq(id))
            .filter(disclosure::Column::Kind.eq(kind))
    };
    let proven = disclosure_publication::Entity::find()
        .select_only()
        .column(disclosure_publication::Column::DisclosureId)
        .into_query();
    let told = of_kind(DutyKind::ProjectReport).filter(disclosure::Column::Id.in_subquery(proven)).count(tx).await?;
    Ok(told > 0
        || (of_kind(DutyKind::RaisingReport).count(tx).await? == 0
            && final_disclosure::Entity::find_by_id(id).one(tx).await?.is_some()))
}

/// How many papers of a campaign ask for money and are neither finished nor given up.
pub(crate) async fn unfinished_payouts(tx: &Tx, id: CampaignId) -> Result<u64, CrowdfundingError> {
    use domain::disbursement::DisbursementState::{Approved, FinanceApproved, PmApproved, Submitted};
    let asked = disbursement::Entity::find()
        .filter(disbursement::Column::CampaignId.eq(id))
        .filter(disbursement::Column::State.is_in([Submitted, PmApproved, FinanceApproved, Approved]))
        .count(tx)
        .await?;
    Ok(asked)
}

/// Whether money came, or is on its way.
pub(crate) async fn money_came(tx: &Tx, id: CampaignId) -> Result<bool, CrowdfundingError> {
    let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM donation WHERE campaign_id = $1 AND (confirmed_us IS NOT NULL OR state IN ('created', 'paying'))";
    let counted = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [id.into()])).await?;
    let gifts: i64 = counted.map_or(Ok(0), |row| row.try_get("", "n"))?;
    Ok(gifts > 0)
}

/// So many days later.
pub(crate) fn later(day: BusinessDate, days: i64) -> BusinessDate {
    (0..days).fold(day, |day, _| day.next())
}
