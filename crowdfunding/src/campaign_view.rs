//! Campaigns as they are looked at: one, its history, pages of them, and their money.

use std::collections::HashMap;

use domain::campaign::{CampaignKind, CampaignState, Cause};
use domain::plan::Way;
use domain::role::Member;
use domain::{BookId, BusinessDate, CampaignId, Money, UnitId, UnitPath};
use entity::{Rows, book, campaign, campaign_history, certificate, charity, unit};
use ledger::Fund;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::campaign::READERS;
use crate::gate::Setting;
use crate::{CrowdfundingError, PlanVersion, gate, plan};

/// A campaign with its money, as strangers may see it.
#[derive(Clone, Debug)]
pub struct PublicCampaign {
    /// The campaign.
    pub campaign: campaign::Model,
    /// The charity's name.
    pub charity: String,
    /// Its money.
    pub fund: Fund,
    /// Refunds decided, in total.
    pub refunded: Money,
    /// How many gifts were paid.
    pub gifts: i64,
}

/// What the page of a campaign has to show in a prominent place (facts: charity 2.1 Art. 25).
#[derive(Clone, Debug)]
pub struct Standing {
    /// The charity's credit code.
    pub credit_code: Option<String>,
    /// The certificate that covers the campaign; none for a campaign from before there were any here.
    pub certificate: Option<certificate::Model>,
    /// Where the charity is and can be asked.
    pub charity: Option<charity::Model>,
    /// The version of the plan in force; none for a campaign from before there were plans.
    pub plan: Option<PlanVersion>,
    /// The last day for filing, of a campaign that opened in an emergency and is not filed.
    pub filing_due: Option<BusinessDate>,
    /// Whether gifts by WeChat are taken while it is open.
    pub by_wechat: bool,
    /// How to give to a campaign that takes no gifts by WeChat, in Chinese.
    pub other_ways: Option<String>,
}

/// How to give to a campaign that takes no gifts by WeChat: the other ways of its plan, the account of its charity and whom to ask.
fn other_ways(plan: Option<&PlanVersion>, charity: Option<&charity::Model>) -> String {
    let terms = plan.map(|plan| &plan.plan.terms);
    let ways: Vec<&str> = terms
        .into_iter()
        .flat_map(|terms| &terms.ways)
        .filter_map(|way| match way {
            Way::Wechat => None,
            Way::Bank => Some("银行转账"),
            Way::Cash => Some("现金"),
            Way::Goods => Some("物资"),
        })
        .collect();
    let mut said = "本项目不接受微信支付捐赠".to_owned();
    if !ways.is_empty() {
        said.push_str("，捐赠方式：");
        said.push_str(&ways.join("、"));
    }
    if let Some(terms) = terms.filter(|terms| terms.ways.contains(&Way::Bank)) {
        said.push_str("；收款账户为慈善组织的");
        said.push_str(terms.bank_account.trim());
    }
    if let Some(charity) = charity.filter(|charity| !charity.contact.trim().is_empty()) {
        said.push_str("，账号和捐赠办法请向慈善组织咨询：");
        said.push_str(charity.contact.trim());
    }
    said.push('。');
    said
}

/// Reads what the page of a campaign has to show. Certificates may follow each other; shown is that of today, or of its first or last day.
pub async fn standing(
    db: &impl ConnectionTrait,
    setting: &Setting,
    row: &campaign::Model,
) -> Result<Standing, CrowdfundingError> {
    let book = book::Entity::find_by_id(row.book_id).one(db).await?;
    let day = BusinessDate::of(Ord::min(Ord::max(setting.now, row.starts_us), row.ends_us));
    let certificate = certificate::Entity::find()
        .filter(certificate::Column::BookId.eq(row.book_id))
        .filter(certificate::Column::IssuedOn.lte(day))
        .filter(certificate::Column::ExpiresOn.gte(day))
        .filter(certificate::Column::RevokedOn.is_null())
        .filter(certificate::Column::ConfirmedUs.is_not_null())
        .order_by_desc(certificate::Column::IssuedOn)
        .one(db)
        .await?;
    let plan = if row.plan_version == 0 { None } else { Some(plan::read(db, row.id, row.plan_version).await?) };
    let charity = charity::Entity::find_by_id(row.book_id).one(db).await?;
    let ways = plan.as_ref().map(|plan| plan.plan.terms.ways.as_slice());
    let mchid = charity.as_ref().and_then(|charity| charity.mchid.as_deref());
    let leaf = row.kind == CampaignKind::Leaf;
    let by_wechat = leaf && gate::by_wechat(&row.channel, ways, mchid, &setting.merchant);
    Ok(Standing {
        other_ways: (leaf && !by_wechat).then(|| other_ways(plan.as_ref(), charity.as_ref())),
        credit_code: book.and_then(|book| book.credit_code),
        certificate,
        filing_due: gate::filing_due(row),
        by_wechat,
        charity,
        plan,
    })
}

/// How the public's list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sorting {
    /// Newest first.
    #[default]
    Newest,
    /// What ends first.
    Ending,
    /// What raised most.
    Raised,
}

/// What a stranger looks for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// A part of the name.
    pub words: Option<String>,
    /// Its state.
    pub state: Option<CampaignState>,
    /// The unit that organises it, or one below.
    pub unit: Option<UnitId>,
    /// Where it is: the code of a city or county (行政区划代码).
    pub division: Option<String>,
    /// What it is for.
    pub cause: Option<Cause>,
    /// Parts of this campaign.
    pub parent: Option<CampaignId>,
    /// In which order.
    pub order: Sorting,
}

/// A page of public campaigns; `after` is the last one of the page before. Units are not ranked, only campaigns (facts: charity
/// 2.10).
pub async fn search(
    db: &impl ConnectionTrait,
    search: &Search,
    after: Option<CampaignId>,
    limit: u64,
) -> Result<Vec<campaign::Model>, CrowdfundingError> {
    use campaign::Column as C;
    let states = search.state.map_or_else(CampaignState::public, |state| vec![state]);
    let mut query = campaign::Entity::find().filter(C::State.is_in(states));
    if let Some(named) = search.words.as_deref().and_then(named) {
        query = query.filter(named);
    }
    if let Some(unit) = search.unit {
        let unit = unit::Entity::find_by_id(unit).one(db).await?.ok_or(CrowdfundingError::NoSuchUnit)?;
        query = query.filter(C::UnitPath.starts_with(unit.path.as_str()));
    }
    if let Some(code) = &search.division {
        if !matches!(code.len(), 2 | 4 | 6 | 9) || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CrowdfundingError::Invalid {
                field: "division", problem: "行政区划代码为2、4、6或9位数字"
            });
        }
        // Where something is and who manages it are two trees: 雄安 manages what lies in 保定. The code holds digits only.
        query = query.filter(Expr::cust(format!(
            "EXISTS (SELECT 1 FROM unit u WHERE u.division LIKE '{code}%' AND campaign.unit_path LIKE u.path || '%')"
        )));
    }
    if let Some(cause) = search.cause {
        query = query.filter(C::Cause.eq(cause));
    }
    if let Some(parent) = search.parent {
        query = query.filter(C::ParentId.eq(parent));
    }
    let raised = || {
        Expr::cust(
            "COALESCE((SELECT f.raised_cash_fen FROM fund f WHERE f.book_id = campaign.book_id AND f.campaign_id = campaign.id), 0)",
        )
    };
    if let Some(after) = after {
        let last = campaign(db, after).await?;
        // A list gives out no others, and tells nobody which there are.
        if !last.state.is_public() {
            return Err(CrowdfundingError::NoSuchCampaign);
        }
        let (before, equal) = match search.order {
            Sorting::Newest => (C::CreatedUs.lt(last.created_us), C::CreatedUs.eq(last.created_us)),
            Sorting::Ending => (C::EndsUs.gt(last.ends_us), C::EndsUs.eq(last.ends_us)),
            Sorting::Raised => {
                let most = ledger::raised(db, last.book_id, last.id).await?;
                (raised().lt(most.fen()), raised().eq(most.fen()))
            }
        };
        query = query.filter(Condition::any().add(before).add(Condition::all().add(equal).add(C::Id.lt(last.id))));
    }
    query = match search.order {
        Sorting::Newest => query.order_by_desc(C::CreatedUs),
        Sorting::Ending => query.order_by_asc(C::EndsUs),
        Sorting::Raised => query.order_by_desc(raised()),
    };
    Ok(query.order_by_desc(C::Id).limit(limit).all(db).await?)
}

/// Which campaigns of the house a member of staff asks for.
#[derive(Clone, Debug, Default)]
pub struct CampaignFilter {
    /// These states, or all.
    pub states: Vec<CampaignState>,
    /// These parts of the tree, or all.
    pub parts: Option<Vec<UnitPath>>,
    /// A part of the name, or the filing number (备案编号).
    pub words: Option<String>,
}

/// Campaigns whose name holds these words; nothing if there are none.
fn named(words: &str) -> Option<Condition> {
    holding(words).map(|like| Condition::all().add(campaign::Column::Name.like(like)))
}

/// What holds these words; nothing if there are none. A word that LIKE reads otherwise is taken as it is.
pub(crate) fn holding(words: &str) -> Option<LikeExpr> {
    let words = words.trim();
    let plain: String =
        words.chars().flat_map(|c| ['%', '_', '!'].contains(&c).then_some('!').into_iter().chain([c])).collect();
    (!words.is_empty()).then(|| LikeExpr::new(format!("%{plain}%")).escape('!'))
}

/// The ids of the campaigns in these parts of the tree.
pub(crate) fn within(parts: &[&UnitPath]) -> SelectStatement {
    let any =
        parts.iter().fold(Condition::any(), |any, part| any.add(campaign::Column::UnitPath.starts_with(part.as_str())));
    campaign::Entity::find().select_only().column(campaign::Column::Id).filter(any).into_query()
}

/// A campaign, for staff whose roles reach it.
pub async fn campaign_of(
    db: &impl ConnectionTrait,
    id: CampaignId,
    by: &Member,
) -> Result<campaign::Model, CrowdfundingError> {
    by.must_be(&READERS)?;
    let row = campaign(db, id).await?;
    if by.may(&READERS, &row.unit_path).is_err() && row.author_id != by.id {
        return Err(CrowdfundingError::NoSuchCampaign);
    }
    Ok(row)
}

/// A campaign, whoever asks.
pub async fn campaign(db: &impl ConnectionTrait, id: CampaignId) -> Result<campaign::Model, CrowdfundingError> {
    campaign::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchCampaign)
}

/// Campaigns of any state, in the order they are named; those that are not there are left out.
pub async fn named_campaigns(db: &impl ConnectionTrait, ids: &[CampaignId]) -> Result<Vec<campaign::Model>, DbErr> {
    let rows = campaign::Entity::find().filter(campaign::Column::Id.is_in(ids.iter().copied())).all(db).await?;
    let mut rows: HashMap<CampaignId, campaign::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
}

/// What happened to a campaign, oldest first.
pub async fn campaign_steps(db: &impl ConnectionTrait, id: CampaignId) -> Result<Vec<campaign_history::Model>, DbErr> {
    campaign_history::Entity::find()
        .filter(campaign_history::Column::CampaignId.eq(id))
        .order_by_asc(campaign_history::Column::Seq)
        .all(db)
        .await
}

/// A page of campaigns, newest first.
pub async fn campaigns(
    db: &impl ConnectionTrait,
    filter: &CampaignFilter,
    after: Option<CampaignId>,
    limit: u64,
) -> Result<Vec<campaign::Model>, CrowdfundingError> {
    let mut query = campaign::Entity::find();
    if !filter.states.is_empty() {
        query = query.filter(campaign::Column::State.is_in(filter.states.iter().copied()));
    }
    if let Some(parts) = &filter.parts {
        let any = parts
            .iter()
            .fold(Condition::any(), |any, part| any.add(campaign::Column::UnitPath.starts_with(part.as_str())));
        query = query.filter(any);
    }
    if let Some((words, named)) = filter.words.as_deref().and_then(|words| Some((words.trim(), named(words)?))) {
        query = query.filter(Condition::any().add(named).add(campaign::Column::FilingNumber.eq(words)));
    }
    if let Some(after) = after {
        let last = campaign(db, after).await?;
        // A list of public campaigns says nothing of others, not even that they are there.
        let public = !filter.states.is_empty() && filter.states.iter().all(|state| state.is_public());
        if public && !last.state.is_public() {
            return Err(CrowdfundingError::NoSuchCampaign);
        }
        query = query.filter(Condition::any().add(campaign::Column::CreatedUs.lt(last.created_us)).add(
            Condition::all().add(campaign::Column::CreatedUs.eq(last.created_us)).add(campaign::Column::Id.lt(last.id)),
        ));
    }
    let rows = query
        .order_by_desc(campaign::Column::CreatedUs)
        .order_by_desc(campaign::Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows)
}

/// A public campaign with its money.
pub async fn public_campaign(db: &impl ConnectionTrait, id: CampaignId) -> Result<PublicCampaign, CrowdfundingError> {
    Ok(with_money(db, vec![public_row(db, id).await?]).await?.remove(0))
}

/// A campaign that strangers may see.
pub async fn public_row(db: &impl ConnectionTrait, id: CampaignId) -> Result<campaign::Model, CrowdfundingError> {
    let row = campaign(db, id).await?;
    if row.state.is_public() { Ok(row) } else { Err(CrowdfundingError::NoSuchCampaign) }
}

/// Campaigns with their money, in the order given; three statements however many, one more if a parent is among them.
pub async fn with_money(
    db: &impl ConnectionTrait,
    rows: Vec<campaign::Model>,
) -> Result<Vec<PublicCampaign>, CrowdfundingError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // A parent's money is its leaves'.
    let parents: Vec<CampaignId> =
        rows.iter().filter(|row| row.kind == CampaignKind::Parent).map(|row| row.id).collect();
    let mut leaves: HashMap<CampaignId, Vec<CampaignId>> = HashMap::new();
    if !parents.is_empty() {
        let children = campaign::Entity::find().filter(campaign::Column::ParentId.is_in(parents)).all(db).await?;
        for child in children {
            leaves.entry(child.parent_id.unwrap_or(child.id)).or_default().push(child.id);
        }
    }
    let ids: Vec<CampaignId> = rows.iter().map(|row| row.id).chain(leaves.values().flatten().copied()).collect();
    let mut funds: HashMap<CampaignId, Fund> = ledger::funds(db, &ids).await?.into_iter().collect();
    let names: HashMap<BookId, String> =
        ledger::books(db).await?.into_iter().map(|book| (book.id, book.name)).collect();
    // What went back is looked for from the refunds, which are few, and not from the gifts.
    let sql = "WITH back AS (SELECT f.amount_fen, (SELECT d.campaign_id FROM donation d WHERE d.id = f.donation_id) AS campaign_id FROM refund f \
                WHERE f.state IN ('approved', 'processing', 'succeeded', 'failed', 'paid_by_bank')) \
               SELECT r.id, (SELECT CAST(count(*) AS BIGINT) FROM donation d WHERE d.campaign_id = r.id AND d.confirmed_us IS NOT NULL) AS gifts, \
               CAST(COALESCE(b.fen, 0) AS BIGINT) AS refunded_fen FROM {rows} \
               LEFT JOIN (SELECT campaign_id, SUM(amount_fen) AS fen FROM back GROUP BY campaign_id) b ON b.campaign_id = r.id";
    let keys = Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
    let counted = db.query_all_raw(keys.statement(db.get_database_backend(), sql, [])).await?;
    let mut sums: HashMap<CampaignId, (i64, Money)> = HashMap::new();
    for row in counted {
        sums.insert(row.try_get("", "id")?, (row.try_get("", "gifts")?, row.try_get("", "refunded_fen")?));
    }
    for (parent, leaves) in &leaves {
        let of = |id: &CampaignId| funds.get(id).copied().unwrap_or_default();
        let total = leaves.iter().map(of).fold(Fund::default(), Fund::plus);
        let counts = leaves.iter().map(|id| sums.get(id).copied().unwrap_or_default());
        let counted = counts.fold((0, Money::ZERO), |(gifts, refunded), (more, back)| {
            (gifts + more, refunded.checked_add(back).unwrap_or(Money::MAX))
        });
        funds.insert(*parent, total);
        sums.insert(*parent, counted);
    }
    Ok(rows
        .into_iter()
        .map(|campaign| {
            let (gifts, refunded) = sums.get(&campaign.id).copied().unwrap_or_default();
            PublicCampaign {
                charity: names.get(&campaign.book_id).cloned().unwrap_or_default(),
                fund: funds.get(&campaign.id).copied().unwrap_or_default(),
                refunded,
                gifts,
                campaign,
            }
        })
        .collect())
}
