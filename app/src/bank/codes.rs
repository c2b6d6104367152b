//! Codes that donors write into the remark of a transfer (附言识别码).

use aws_lc_rs::digest::{SHA256, digest};
use domain::anonymity::Anonymity;
use domain::bank::GiftCode;
use domain::campaign::CampaignKind;
use domain::donation::ReceiptChoice;
use domain::role::{Member, Role};
use domain::{BookId, CampaignId, DonorId, GiftCodeId, Money};
use entity::{book, campaign, charity, gift_code};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::{Bank, BankError, CLERKS, READERS};

/// How many numbers are tried before a code is given up.
const TRIES: u8 = 8;

/// A code to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCode {
    /// Made by the client.
    pub id: GiftCodeId,
    /// What the gift is for.
    pub campaign: CampaignId,
    /// How much is expected, if that is known.
    pub amount: Option<Money>,
    /// Receipt wanted or not.
    pub receipt: ReceiptChoice,
}

/// Who asks for a code.
#[derive(Clone, Copy, Debug)]
pub enum CodeMaker<'a> {
    /// A donor, for a gift of their own.
    Donor(DonorId),
    /// Staff, for a gift that is expected, or for everybody.
    Staff(&'a Member),
}

/// A code, and where the money goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCode {
    /// The code.
    pub row: gift_code::Model,
    /// Whose account it is (户名).
    pub payee: String,
    /// Our short name of the account.
    pub bank_account: String,
}

impl Bank {
    /// Issues a code. The same id with the same content again answers the code that stands.
    pub async fn issue_code(&self, new: NewCode, by: CodeMaker<'_>) -> Result<ShownCode, BankError> {
        if new.amount.is_some_and(|amount| !amount.is_positive()) {
            return Err(BankError::Invalid { field: "amount", problem: "金额必须大于零" });
        }
        let (donor, author) = match by {
            CodeMaker::Donor(donor) => (Some(donor), None),
            CodeMaker::Staff(member) => (None, Some(member.id)),
        };
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let campaign = campaign::Entity::find_by_id(new.campaign).one(&tx).await?;
        let campaign = campaign.filter(|one| one.state.is_public() && one.kind != CampaignKind::Parent);
        let campaign = campaign.ok_or(crowdfunding::CrowdfundingError::NoSuchCampaign)?;
        if let CodeMaker::Staff(member) = by {
            let roles = [CLERKS.as_slice(), &[Role::ProjectManager]].concat();
            member.acts(&roles, campaign.book_id, &campaign.unit_path)?;
        }
        let (payee, bank_account) = payee(&tx, campaign.book_id).await?;
        let shown = |row| ShownCode { row, payee: payee.clone(), bank_account: bank_account.clone() };
        if let Some(known) = gift_code::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (known.campaign_id, known.amount_fen, known.receipt, known.donor_id, known.author_id)
                == (new.campaign, new.amount, new.receipt, donor, author);
            return if same { Ok(shown(known)) } else { Err(BankError::IdReused) };
        }
        let candidates: Vec<String> = (0..TRIES).map(|try_no| candidate(new.id, try_no)).collect();
        let taken: Vec<String> = gift_code::Entity::find()
            .select_only()
            .column(gift_code::Column::Code)
            .filter(gift_code::Column::Code.is_in(candidates.iter().map(String::as_str)))
            .into_tuple()
            .all(&tx)
            .await?;
        let code = candidates.into_iter().find(|code| !taken.contains(code));
        let code = code.ok_or(BankError::Invalid { field: "id", problem: "识别码暂不可用，请重试" })?;
        let row = gift_code::ActiveModel {
            id: Set(new.id),
            code: Set(code),
            book_id: Set(campaign.book_id),
            campaign_id: Set(new.campaign),
            donor_id: Set(donor),
            amount_fen: Set(new.amount),
            anonymity: Set(Anonymity::Hidden),
            receipt: Set(new.receipt),
            author_id: Set(author),
            created_us: Set(now),
        };
        let row = row.insert(&tx).await?;
        tx.commit().await?;
        Ok(shown(row))
    }

    /// The code everybody may use for a campaign: the first that staff has issued without an amount. None if there is none.
    pub async fn public_code(&self, campaign: CampaignId) -> Result<ShownCode, BankError> {
        let db = self.db.read();
        let found = gift_code::Entity::find()
            .filter(gift_code::Column::CampaignId.eq(campaign))
            .filter(gift_code::Column::AuthorId.is_not_null())
            .filter(gift_code::Column::AmountFen.is_null())
            .order_by_asc(gift_code::Column::CreatedUs)
            .order_by_asc(gift_code::Column::Id)
            .limit(1)
            .one(db)
            .await?;
        let row = found.ok_or(BankError::NoSuchCode)?;
        let (payee, bank_account) = payee(db, row.book_id).await?;
        Ok(ShownCode { row, payee, bank_account })
    }

    /// The codes of a campaign, newest first.
    pub async fn codes(&self, campaign: CampaignId, by: &Member) -> Result<Vec<gift_code::Model>, BankError> {
        let roles = [READERS.as_slice(), &[Role::ProjectManager]].concat();
        by.must_be(&roles)?;
        crowdfunding::reaches(self.db.read(), campaign, by, &roles).await?;
        let rows = gift_code::Entity::find()
            .filter(gift_code::Column::CampaignId.eq(campaign))
            .order_by_desc(gift_code::Column::CreatedUs)
            .order_by_desc(gift_code::Column::Id)
            .limit(200);
        Ok(rows.all(self.db.read()).await?)
    }
}

/// Whose account a book's gifts go to, and our short name of it.
async fn payee(db: &impl ConnectionTrait, id: BookId) -> Result<(String, String), BankError> {
    let charity = charity::Entity::find_by_id(id).one(db).await?.ok_or(BankError::NoSuchBook)?;
    let book = book::Entity::find_by_id(id).one(db).await?.ok_or(BankError::NoSuchBook)?;
    Ok((book.name, charity.bank_account))
}

/// A code that follows from the id, so that the same request again is the same code.
fn candidate(id: GiftCodeId, try_no: u8) -> String {
    let hash = digest(&SHA256, format!("{id}:{try_no}").as_bytes());
    let number = hash.as_ref().iter().take(8).fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
    GiftCode::of(number).as_str().to_owned()
}
