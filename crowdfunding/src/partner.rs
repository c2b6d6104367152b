//! With whom a charity raises money (facts: charity 2.1 Art. 26): the register, the agreement of a campaign, and the partner's
//! evaluation by another person than the campaign's author (`cooperation_own_check`).

use domain::change::ChangeState;
use domain::filing::CreditCode;
use domain::plan::PartnerKind;
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, CampaignId, PartnerId, Timestamp};
use entity::{Tx, campaign, campaign_change, cooperation, partner, violation};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Set,
};

use crate::campaign::{AUTHORS, READERS, for_step, required};
use crate::reach::{books_within, campaigns_within};
use crate::{CrowdfundingError, gate, plan};

const EVALUATORS: [Role; 2] = [Role::ProjectManager, Role::Disclosure];

/// A partner to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPartner {
    /// Made by the client.
    pub id: PartnerId,
    /// With which charity.
    pub book: BookId,
    /// For which campaign of the charity, for somebody whose role does not reach the charity itself.
    pub campaign: Option<CampaignId>,
    /// Of which kind.
    pub kind: PartnerKind,
    /// 名称.
    pub name: String,
    /// 统一社会信用代码, of an organisation.
    pub credit_code: Option<String>,
}

/// Registers a partner: for the charity by whoever is there, for a campaign of the charity by whoever manages that campaign, wherever it is
/// (facts: charity 1: a county without a foundation raises money under the province's). The same id with the same content again answers the one
/// that stands.
pub async fn register_partner(
    tx: &Tx,
    now: Timestamp,
    new: NewPartner,
    by: &Member,
) -> Result<partner::Model, CrowdfundingError> {
    by.must_be(&AUTHORS)?;
    match new.campaign {
        Some(campaign) => {
            let (row, _) = for_step(tx, campaign, &AUTHORS, by).await?;
            if row.book_id != new.book {
                return Err(CrowdfundingError::NoSuchCampaign);
            }
        }
        None => by.keeps(&AUTHORS, new.book).map(|_| ())?,
    }
    let invalid = |field, problem| Err(CrowdfundingError::Invalid { field, problem });
    let name = new.name.trim().to_owned();
    if !(2..=100).contains(&name.chars().count()) {
        return invalid("name", "合作方名称为2至100个字");
    }
    match (new.kind, &new.credit_code) {
        (PartnerKind::Organisation, Some(code)) if code.parse::<CreditCode>().is_ok() => {}
        (PartnerKind::Organisation, _) => return invalid("credit_code", "请填写合作组织的统一社会信用代码"),
        (PartnerKind::Individual, Some(_)) => return invalid("credit_code", "个人没有统一社会信用代码"),
        (PartnerKind::Individual, None) => {}
    }
    if let Some(standing) = partner::Entity::find_by_id(new.id).one(tx).await? {
        let same = (standing.book_id, standing.campaign_id, standing.kind, &standing.name, &standing.credit_code)
            == (new.book, new.campaign, new.kind, &name, &new.credit_code);
        return if same { Ok(standing) } else { Err(CrowdfundingError::IdReused) };
    }
    if entity::book::Entity::find_by_id(new.book).one(tx).await?.is_none() {
        return Err(CrowdfundingError::NoSuchBook);
    }
    let row = partner::ActiveModel {
        id: Set(new.id),
        book_id: Set(new.book),
        kind: Set(new.kind),
        name: Set(name),
        credit_code: Set(new.credit_code),
        author_id: Set(by.id),
        created_us: Set(now),
        campaign_id: Set(new.campaign),
    };
    match row.insert(tx).await {
        Ok(row) => Ok(row),
        Err(error) if violation(&error).is_some() => Err(CrowdfundingError::PartnerKnown),
        Err(error) => Err(error.into()),
    }
}

/// A page of the register, newest first: of the charities that a member reaches; and of those whose campaigns they reach the organisations, which
/// any campaign may choose, and the persons with whom these campaigns are.
pub async fn partners(
    db: &impl ConnectionTrait,
    after: Option<PartnerId>,
    limit: u64,
    by: &Member,
) -> Result<Vec<partner::Model>, CrowdfundingError> {
    by.must_be(&READERS)?;
    let mut query = partner::Entity::find();
    if let (Some(books), Some(campaigns)) = (books_within(by, &READERS), campaigns_within(by, &READERS)) {
        use partner::Column as C;
        let within = campaign::Column::Id.in_subquery(campaigns.clone());
        let raising = campaign::Entity::find().select_only().column(campaign::Column::BookId).filter(within);
        let agreed = cooperation::Entity::find().select_only().column(cooperation::Column::PartnerId);
        let agreed = agreed.filter(cooperation::Column::CampaignId.in_subquery(campaigns.clone()));
        let public = Condition::all()
            .add(C::Kind.eq(PartnerKind::Organisation))
            .add(C::BookId.in_subquery(raising.into_query()));
        query = query.filter(
            Condition::any()
                .add(C::BookId.in_subquery(books))
                .add(public)
                .add(C::CampaignId.in_subquery(campaigns))
                .add(C::Id.in_subquery(agreed.into_query())),
        );
    }
    if let Some(after) = after {
        // A list gives out no others, and tells nobody which there are.
        let last = query.clone().filter(partner::Column::Id.eq(after)).one(db).await?;
        let last = last.ok_or(CrowdfundingError::NoSuchPartner)?;
        query = query.filter(Condition::any().add(partner::Column::CreatedUs.lt(last.created_us)).add(
            Condition::all().add(partner::Column::CreatedUs.eq(last.created_us)).add(partner::Column::Id.lt(last.id)),
        ));
    }
    let newest = query.order_by_desc(partner::Column::CreatedUs).order_by_desc(partner::Column::Id);
    Ok(newest.limit(limit).all(db).await?)
}

/// The agreement of a campaign and the partner it is with.
pub async fn cooperation_of(
    db: &impl ConnectionTrait,
    id: CampaignId,
) -> Result<Option<(cooperation::Model, partner::Model)>, CrowdfundingError> {
    let Some(standing) = cooperation::Entity::find_by_id(id).one(db).await? else { return Ok(None) };
    let with = partner::Entity::find_by_id(standing.partner_id).one(db).await?;
    Ok(Some((standing, with.ok_or(CrowdfundingError::NoSuchPartner)?)))
}

/// Records the agreement of a campaign with its partner, while the campaign is not filed yet, or for a change of it that two persons approved
/// and that names the partner (`cooperation_fixed`).
pub async fn sign_cooperation(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    (partner, signed_on, agreement): (PartnerId, BusinessDate, String),
    by: &Member,
) -> Result<cooperation::Model, CrowdfundingError> {
    let (row, grant) = for_step(tx, id, &AUTHORS, by).await?;
    let agreement = required(agreement)?;
    if signed_on > BusinessDate::of(now) {
        return Err(CrowdfundingError::Invalid { field: "signed_on", problem: "签订日期不能晚于今天" });
    }
    let known = partner::Entity::find_by_id(partner).one(tx).await?;
    let known = known.filter(|known| known.book_id == row.book_id).ok_or(CrowdfundingError::NoSuchPartner)?;
    let standing = cooperation::Entity::find_by_id(id).one(tx).await?;
    if let Some(standing) = &standing
        && (standing.partner_id, standing.signed_on, &standing.agreement) == (partner, signed_on, &agreement)
    {
        return Ok(standing.clone());
    }
    if row.filing_number.is_some() || row.opened_us.is_some() {
        let named = agreed_change(tx, id, &known.name).await?;
        gate::need(named, "partner_fixed", "项目已备案或已开放，更换合作方请先提交变更申请并经两级批准")?;
    }
    let new = cooperation::ActiveModel {
        campaign_id: Set(id),
        author_id: Set(row.author_id),
        partner_id: Set(partner),
        signed_on: Set(signed_on),
        agreement: Set(agreement),
        score: Set(None),
        findings: Set(None),
        evaluator_id: Set(None),
        evaluated_on: Set(None),
        created_us: Set(now),
        signer_id: Set(Some(by.id)),
        signer_for_id: Set(grant.acting_for),
        evaluator_for_id: Set(None),
    };
    // Another agreement is evaluated anew.
    if standing.is_some() { Ok(new.update(tx).await?) } else { Ok(new.insert(tx).await?) }
}

/// Whether a change of a campaign that two persons approved, and that is not in force yet, names this partner.
async fn agreed_change(tx: &Tx, id: CampaignId, name: &str) -> Result<bool, CrowdfundingError> {
    let change = campaign_change::Entity::find()
        .filter(campaign_change::Column::CampaignId.eq(id))
        .filter(campaign_change::Column::State.eq(ChangeState::Approved))
        .one(tx)
        .await?;
    let Some(change) = change else { return Ok(false) };
    let plan = plan::read(tx, id, change.version).await?.plan;
    Ok(plan.terms.cooperation.is_some_and(|with| with.name.trim() == name))
}

/// Evaluates a campaign's partner; another person than the campaign's author and than whoever signed, and not in the name of one of them.
pub async fn evaluate_cooperation(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    (score, findings): (i64, String),
    by: &Member,
) -> Result<cooperation::Model, CrowdfundingError> {
    let (row, grant) = for_step(tx, id, &EVALUATORS, by).await?;
    if by.is_among(&grant, [Some(row.author_id), row.author_for_id]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    if !(0..=100).contains(&score) {
        return Err(CrowdfundingError::Invalid { field: "score", problem: "评分为0至100" });
    }
    let findings = required(findings)?;
    let standing = cooperation::Entity::find_by_id(id).one(tx).await?.ok_or(CrowdfundingError::NoSuchPartner)?;
    if by.is_among(&grant, [standing.signer_id, standing.signer_for_id]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    let mut active: cooperation::ActiveModel = standing.into();
    active.score = Set(Some(score));
    active.findings = Set(Some(findings));
    active.evaluator_id = Set(Some(by.id));
    active.evaluator_for_id = Set(grant.acting_for);
    active.evaluated_on = Set(Some(BusinessDate::of(now)));
    Ok(active.update(tx).await?)
}
