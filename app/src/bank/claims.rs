//! What two persons make of money that came: a gift, from the line itself (6a) or out of 2209 待认领 (6c), or back to whoever sent it, which is
//! done when the bank's statement shows the payment.

use crowdfunding::{CrowdfundingError, Decision};
use domain::anonymity::Anonymity;
use domain::bank::{ClaimChoice, ClaimEvent, ClaimState, LineEvent, LineState};
use domain::donation::{Purpose, ReceiptChoice};
use domain::role::Member;
use domain::{BankClaimId, BankLineId, BookId, BusinessDate, CampaignId, DonationId, DonorId, Timestamp};
use entity::{Tx, bank_claim, bank_line, donor, gift_code, violation};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};

use super::matching::{Tie, is_open, write_ties};
use super::{Bank, BankError, CLERKS, KEEPERS, hand, locked_line, moved, reads};
use crate::identity::sealed_key;
use crate::trail;
use crate::vault::VaultError;

/// How many are decided at once.
const AT_ONCE: usize = 200;

/// A way that money shall go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClaim {
    /// Made by the client; a gift gets the same id.
    pub id: BankClaimId,
    /// Which money.
    pub line: BankLineId,
    /// Where to.
    pub choice: ClaimChoice,
    /// The campaign of a gift.
    pub campaign: Option<CampaignId>,
    /// Whether a gift is for no campaign, but for the general fund of the charity whose account it came to.
    pub general: bool,
    /// Who gave it, if that is known.
    pub name: Option<String>,
    /// Whether that is an organisation, whose name is no secret.
    pub organisation: bool,
    /// Its 统一社会信用代码, if it is known.
    pub credit_code: Option<String>,
    /// How much of the donor is shown.
    pub anonymity: Anonymity,
    /// Receipt wanted or not.
    pub receipt: ReceiptChoice,
    /// How it was found out.
    pub reason: String,
}

/// What is sealed of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ClaimWords {
    name: Option<String>,
    organisation: bool,
    #[serde(default)]
    credit_code: Option<String>,
}

fn purpose(id: BankClaimId) -> String {
    format!("sangzi: bank claim {id}")
}

impl Bank {
    /// Proposes what money is: the first of two persons. The same id with the same content again answers the claim that stands.
    pub async fn propose_claim(&self, new: NewClaim, by: &Member) -> Result<bank_claim::Model, BankError> {
        by.must_be(&CLERKS)?;
        let reason = new.reason.trim().to_owned();
        if !(1..=500).contains(&reason.chars().count()) {
            return Err(BankError::Invalid { field: "reason", problem: "请填写原因，最多500字" });
        }
        let name = new.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        if name.as_ref().is_some_and(|name| name.chars().count() > 100) {
            return Err(BankError::Invalid { field: "name", problem: "名称最多100字" });
        }
        let named = new.campaign.is_some();
        let one = if new.choice == ClaimChoice::Gift { named != new.general } else { !named && !new.general };
        if !one {
            return Err(BankError::Invalid {
                field: "campaign",
                problem: "认领为捐赠须指明项目，或指明不限定用途，退回则不填",
            });
        }
        if new.anonymity != Anonymity::Hidden && name.is_none() {
            return Err(BankError::Invalid { field: "name", problem: "公开姓名时请填写捐赠人名称" });
        }
        if new.organisation && name.is_none() {
            return Err(BankError::Invalid { field: "name", problem: "请填写单位名称" });
        }
        let credit_code = crate::giving::credit_code(new.credit_code.as_deref());
        let credit_code = credit_code.map_err(|problem| BankError::Invalid { field: "credit_code", problem })?;
        if credit_code.is_some() && !new.organisation {
            return Err(BankError::Invalid { field: "credit_code", problem: "个人没有统一社会信用代码" });
        }
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let line = locked_line(&tx, new.line).await?;
        let clerk = hand(line.book_id, by, &CLERKS)?;
        let words = ClaimWords { name, organisation: new.organisation, credit_code };
        if let Some(known) = bank_claim::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (known.line_id, known.choice, known.campaign_id, &known.reason, known.author_id)
                == (new.line, new.choice, new.campaign, &reason, by.id)
                && self.claim_words(&known)? == words
                && (known.anonymity, known.receipt) == (new.anonymity, new.receipt);
            return if same { Ok(known) } else { Err(BankError::IdReused) };
        }
        match (line.state, new.choice) {
            (LineState::Open, ClaimChoice::Gift) if line.amount_fen.is_positive() => {}
            (LineState::Unclaimed, _) => {}
            (LineState::Open, ClaimChoice::Return) => {
                return Err(BankError::NotThat {
                    line: line.id, problem: "请先将该笔款项转入待认领，再办理退回"
                });
            }
            _ => return Err(BankError::NotThat { line: line.id, problem: "该笔流水不能认领" }),
        }
        // What the second person will be asked; a day too early for the campaign is a wrong campaign.
        if new.choice == ClaimChoice::Gift {
            let purpose = new.campaign.map_or(Purpose::General(line.book_id), Purpose::Campaign);
            crowdfunding::statement_target(&tx, purpose, line.book_id, line.day).await.map_err(
                |error| match error {
                    CrowdfundingError::Invalid { problem, .. } => BankError::Invalid { field: "campaign", problem },
                    error => error.into(),
                },
            )?;
        }
        // A code of a donor says who it is.
        let code = match &line.code {
            Some(code) => gift_code::Entity::find().filter(gift_code::Column::Code.eq(code)).one(&tx).await?,
            None => None,
        };
        let whose = code.as_ref().filter(|code| Some(code.campaign_id) == new.campaign).and_then(|code| code.donor_id);
        let sealed = serde_json::to_vec(&words).map_err(|error| DbErr::Custom(error.to_string()))?;
        let row = bank_claim::ActiveModel {
            id: Set(new.id),
            line_id: Set(new.line),
            choice: Set(new.choice),
            campaign_id: Set(new.campaign),
            donor_id: Set(whose),
            code: Set(line.code.clone()),
            words_sealed: Set(self.vault.seal_own(&purpose(new.id), &sealed)),
            anonymity: Set(new.anonymity),
            receipt: Set(new.receipt),
            reason: Set(reason),
            state: Set(ClaimState::Proposed),
            author_id: Set(by.id),
            author_for_id: Set(clerk.acting_for()),
            approver_id: Set(None),
            approver_for_id: Set(None),
            payment_line_id: Set(None),
            created_us: Set(now),
            decided_us: Set(None),
            finished_us: Set(None),
        };
        let row = row.insert(&tx).await.map_err(|error| match violation(&error) {
            // PostgreSQL names the index, SQLite its column.
            Some(rule) if rule.contains("bank_claim_open_key") || rule.contains("line_id") => BankError::UnderWay,
            _ => error.into(),
        })?;
        self.trail(&tx, now, "bank.claim", &line, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The second person agrees with claims, or does not: all of them or none. A gift is booked at once; a return when the bank has paid it.
    pub async fn decide_claims(
        &self,
        ids: &[BankClaimId],
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<Vec<bank_claim::Model>, BankError> {
        by.must_be(&KEEPERS)?;
        let decision = decision.into();
        if ids.is_empty() || ids.len() > AT_ONCE {
            return Err(BankError::Invalid { field: "claims", problem: "每次1至200笔" });
        }
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let mut decided = Vec::with_capacity(ids.len());
        // Each is a decision of its own with its own persons; what they cost together is bounded by their number.
        for id in ids {
            decided.push(self.decide_claim(&tx, now, id, decision.agrees(), by).await?);
            trail::because(&tx, now, format!("bank_claim:{id}"), decision.reason(), by).await?;
        }
        tx.commit().await?;
        Ok(decided)
    }

    async fn decide_claim(
        &self,
        tx: &Tx,
        now: Timestamp,
        id: BankClaimId,
        agree: bool,
        by: &Member,
    ) -> Result<bank_claim::Model, BankError> {
        let seen = bank_claim::Entity::find_by_id(id).one(tx).await?.ok_or(BankError::NoSuchClaim)?;
        let line = locked_line(tx, seen.line_id).await?;
        let claim = bank_claim::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
        let claim = claim.ok_or(BankError::NoSuchClaim)?;
        let hand = hand(line.book_id, by, &KEEPERS)?;
        if hand.is_of([Some(claim.author_id), claim.author_for_id]) {
            return Err(BankError::OtherPerson);
        }
        let event = match (agree, claim.choice) {
            (false, _) => ClaimEvent::Decline,
            (true, ClaimChoice::Gift) => ClaimEvent::TakeAsGift,
            (true, ClaimChoice::Return) => ClaimEvent::SendBack,
        };
        let to = claim.state.on(event)?;
        let gift = if event == ClaimEvent::TakeAsGift { Some(self.gift(tx, &claim, &line).await?) } else { None };
        let mut active: bank_claim::ActiveModel = claim.into();
        active.state = Set(to);
        active.approver_id = Set(Some(by.id));
        active.approver_for_id = Set(hand.acting_for());
        active.decided_us = Set(Some(now));
        active.finished_us = Set((to == ClaimState::Done).then_some(now));
        let claim = active.update(tx).await?;
        let line = match gift {
            None => line,
            Some(gift) => {
                let entry = crowdfunding::take_statement_gift(tx, now, gift, by).await?;
                if is_open(&line) {
                    let tie = Tie { line: line.id, entry, amount: line.amount_fen, rule: "gift" };
                    write_ties(tx, now, &[tie], (&by.id.to_string(), hand.acting_for())).await?;
                    moved(tx, line, LineEvent::Match).await?
                } else {
                    moved(tx, line, LineEvent::Claim).await?
                }
            }
        };
        self.trail(tx, now, if agree { "bank.claim.agree" } else { "bank.claim.decline" }, &line, by).await?;
        Ok(claim)
    }

    async fn gift(
        &self,
        tx: &Tx,
        claim: &bank_claim::Model,
        line: &bank_line::Model,
    ) -> Result<crowdfunding::StatementGift, BankError> {
        let words = self.claim_words(claim)?;
        let id = DonationId::from(claim.id.uuid());
        let (counterparty, name_sealed) = match words.name {
            Some(name) if words.organisation => (Some(name), None),
            Some(name) => (None, self.sealed_name(tx, id, claim.donor_id, &name).await?),
            None => (None, None),
        };
        Ok(crowdfunding::StatementGift {
            id,
            book: line.book_id,
            purpose: claim.campaign_id.map_or(Purpose::General(line.book_id), Purpose::Campaign),
            donor: claim.donor_id,
            counterparty,
            payer_code: words.credit_code,
            name_sealed,
            amount: line.amount_fen,
            bank_account: line.bank_account.clone(),
            reference: if line.reference.is_empty() { format!("line:{}", line.id) } else { line.reference.clone() },
            received_on: line.day,
            unclaimed: line.state == LineState::Unclaimed,
            anonymity: claim.anonymity,
            receipt: claim.receipt,
            author: claim.author_id,
            author_for: claim.author_for_id,
        })
    }

    /// The name of a person, sealed with the key of the donor whose code the line has, or by the house. Of who was erased since, nothing.
    async fn sealed_name(
        &self,
        tx: &Tx,
        id: DonationId,
        donor: Option<DonorId>,
        name: &str,
    ) -> Result<Option<Vec<u8>>, BankError> {
        let Some(donor) = donor else {
            return Ok(Some(self.vault.seal_own(&crate::giving::house_name(id), name.as_bytes())));
        };
        let Some(row) = donor::Entity::find_by_id(donor).one(tx).await? else { return Ok(None) };
        match self.vault.seal(&sealed_key(row.key_sealed, row.key_version)?, name) {
            Ok(sealed) => Ok(Some(sealed)),
            Err(VaultError::Erased) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn claim_words(&self, claim: &bank_claim::Model) -> Result<ClaimWords, BankError> {
        let plain = self.vault.open_own(&purpose(claim.id), &claim.words_sealed)?;
        Ok(serde_json::from_slice(&plain).map_err(|error| DbErr::Custom(error.to_string()))?)
    }

    /// The claims of a book, newest first: all, or those in one state.
    pub async fn claims(
        &self,
        book: BookId,
        state: Option<ClaimState>,
        after: Option<BankClaimId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<bank_claim::Model>, BankError> {
        let db = self.db.read();
        reads(db, book, by).await?;
        let lines = sea_orm::QueryTrait::into_query(
            bank_line::Entity::find()
                .select_only()
                .column(bank_line::Column::Id)
                .filter(bank_line::Column::BookId.eq(book)),
        );
        let mut query = bank_claim::Entity::find().filter(bank_claim::Column::LineId.in_subquery(lines));
        if let Some(state) = state {
            query = query.filter(bank_claim::Column::State.eq(state));
        }
        if let Some(after) = after {
            let last = bank_claim::Entity::find_by_id(after).one(db).await?.ok_or(BankError::NoSuchClaim)?;
            query = query.filter(
                Condition::any().add(bank_claim::Column::CreatedUs.lt(last.created_us)).add(
                    Condition::all()
                        .add(bank_claim::Column::CreatedUs.eq(last.created_us))
                        .add(bank_claim::Column::Id.lt(last.id)),
                ),
            );
        }
        let newest = query.order_by_desc(bank_claim::Column::CreatedUs).order_by_desc(bank_claim::Column::Id);
        Ok(newest.limit(limit).all(db).await?)
    }

    /// How many days a line has waited for somebody to claim it.
    pub fn age_days(&self, line: &bank_line::Model) -> i64 {
        line.day.days_to(BusinessDate::of(self.clock.now())).max(0)
    }
}
