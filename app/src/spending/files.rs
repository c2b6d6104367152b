//! Payment files for the bank: made by the cashier from what is approved, sealed, and confirmed line by line by another person.

use aws_lc_rs::digest::{SHA256, digest};
use crowdfunding::spending::{self, Due, NewFile, SpendingError, Verdict};
use domain::role::{Member, Role};
use domain::{DisbursementId, PaymentFileId, PayoutId};
use entity::{Tx, disbursement, payment_file, payout};
use sea_orm::DbErr;
use serde_json::json;

use super::{SpendError, Spending};
use crate::trail::{self, Line};

/// The columns of the file. 业务编号 is the payout's number, by which each line is confirmed.
const COLUMNS: [&str; 7] = ["序号", "业务编号", "收款人户名", "收款人账号", "开户银行", "金额", "用途"];

/// A payment file to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRequest {
    /// Made by the client.
    pub id: PaymentFileId,
    /// Our short name of the bank account it is paid from.
    pub bank_account: String,
    /// Whole papers: every payout of them that waits.
    pub disbursements: Vec<DisbursementId>,
    /// Single payouts.
    pub payouts: Vec<PayoutId>,
}

impl Spending {
    /// Makes a payment file. The same id with the same content again answers the file that stands.
    pub async fn make_file(&self, new: FileRequest, by: &Member) -> Result<payment_file::Model, SpendError> {
        by.must_be(&[Role::Cashier]).map_err(SpendingError::from)?;
        if new.disbursements.len() > 200 || new.payouts.len() > 5_000 {
            return Err(SpendingError::Invalid { field: "payouts", problem: "每个付款文件最多5000笔" }.into());
        }
        let request = json!([new.bank_account.trim(), new.disbursements, new.payouts]).to_string();
        let request = digest(&SHA256, request.as_bytes()).as_ref().to_vec();
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        if let Some(known) = spending::file_of(&tx, new.id).await? {
            let same = known.author_id == by.id && known.request == request;
            return if same { Ok(known) } else { Err(SpendingError::IdReused.into()) };
        }
        let due = spending::due(&tx, now, &new.disbursements, &new.payouts, by).await?;
        let content = self.csv(&due)?;
        let file = NewFile {
            id: new.id,
            bank_account: new.bank_account,
            hash: digest(&SHA256, content.as_bytes()).as_ref().to_vec(),
            content: self.vault.seal_own(&purpose(new.id), content.as_bytes()),
            request,
        };
        let file = spending::schedule(&tx, now, file, &due, by).await?;
        self.file_trail(&tx, &file, "payment_file.make", by).await?;
        tx.commit().await?;
        Ok(file)
    }

    fn csv(&self, due: &[Due]) -> Result<String, SpendError> {
        // The mark in front tells spreadsheets that it is UTF-8.
        let mut text = format!("\u{feff}{}\r\n", COLUMNS.join(","));
        for (index, due) in due.iter().enumerate() {
            let payee = self.opened(&due.payee)?;
            let account = payee.account.ok_or(SpendingError::NoAccount)?;
            let cells = [
                (index + 1).to_string(),
                due.payout.id.simple(),
                payee.name,
                account.number,
                account.bank,
                due.payout.amount_fen.to_string(),
                due.paper.purpose.clone(),
            ];
            text.push_str(&cells.map(quoted).join(","));
            text.push_str("\r\n");
        }
        Ok(text)
    }

    /// The bytes of a file, as the bank takes them. Whoever reads them is written down.
    pub async fn file_content(&self, id: PaymentFileId, by: &Member) -> Result<Vec<u8>, SpendError> {
        by.must_be(&[Role::Cashier]).map_err(SpendingError::from)?;
        let tx = self.db.begin().await?;
        let file = spending::file(&tx, id, by).await?;
        if file.author_id != by.id {
            return Err(SpendingError::OtherPerson.into());
        }
        self.note_unmasking(&tx, format!("payment_file:{id}"), "name,account,bank", "下载付款文件", by).await?;
        self.file_trail(&tx, &file, "payment_file.download", by).await?;
        tx.commit().await?;
        Ok(self.vault.open_own(&purpose(id), &file.content)?)
    }

    /// A file.
    pub async fn file(&self, id: PaymentFileId, by: &Member) -> Result<payment_file::Model, SpendError> {
        Ok(spending::file(self.read(), id, by).await?)
    }

    /// The payouts that travel in a file, in the order of their papers.
    pub async fn file_payouts(&self, id: PaymentFileId, by: &Member) -> Result<Vec<payout::Model>, SpendError> {
        spending::file(self.read(), id, by).await?;
        Ok(spending::payouts_in(self.read(), id).await?)
    }

    /// A payout with its paper.
    pub async fn payout(&self, id: PayoutId, by: &Member) -> Result<(disbursement::Model, payout::Model), SpendError> {
        Ok(spending::payout(self.read(), id, by).await?)
    }

    /// A page of files, newest first.
    pub async fn files(
        &self,
        by: &Member,
        state: Option<&str>,
        after: Option<PaymentFileId>,
        limit: u64,
    ) -> Result<Vec<payment_file::Model>, SpendError> {
        Ok(spending::files(self.read(), by, state, after, limit).await?)
    }

    /// The cashier has handed it to the bank.
    pub async fn send_file(&self, id: PaymentFileId, by: &Member) -> Result<payment_file::Model, SpendError> {
        let tx = self.db.begin().await?;
        let file = spending::send(&tx, self.clock.now(), id, by).await?;
        self.file_trail(&tx, &file, "payment_file.send", by).await?;
        tx.commit().await?;
        Ok(file)
    }

    /// It was not handed in after all.
    pub async fn withdraw_file(&self, id: PaymentFileId, by: &Member) -> Result<payment_file::Model, SpendError> {
        let tx = self.db.begin().await?;
        let file = spending::withdraw(&tx, self.clock.now(), id, by).await?;
        self.file_trail(&tx, &file, "payment_file.withdraw", by).await?;
        tx.commit().await?;
        Ok(file)
    }

    /// What the bank did with payments of a file, read by another person. Answers the file and how many payouts changed.
    pub async fn file_results(
        &self,
        id: PaymentFileId,
        verdicts: &[Verdict],
        by: &Member,
    ) -> Result<(payment_file::Model, u64), SpendError> {
        let tx = self.db.begin().await?;
        let changed = spending::results(&tx, self.clock.now(), id, verdicts, by).await?;
        let file = spending::file(&tx, id, by).await?;
        if changed > 0 {
            self.file_trail(&tx, &file, "payment_file.results", by).await?;
        }
        tx.commit().await?;
        Ok((file, changed))
    }

    async fn file_trail(
        &self,
        tx: &Tx,
        file: &payment_file::Model,
        action: &'static str,
        by: &Member,
    ) -> Result<(), DbErr> {
        let (actor, object) = (trail::staff(by.id), format!("payment_file:{}", file.id));
        let detail = json!({ "lines": file.lines, "total": file.total_fen, "state": file.state });
        trail::record(tx, self.clock.now(), Line { actor, action, object, origin: by.origin.clone(), detail }).await
    }
}

/// What the sealed bytes are for.
fn purpose(id: PaymentFileId) -> String {
    format!("sangzi: payment file {id}")
}

/// A cell of a CSV file. What a spreadsheet would take for a formula gets a quote in front.
fn quoted(cell: String) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell };
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_a_cell() {
        assert_eq!(quoted("王小明".into()), "王小明");
        assert_eq!(quoted("助学金, 秋季".into()), "\"助学金, 秋季\"");
        assert_eq!(quoted("=1+1".into()), "'=1+1");
        assert_eq!(quoted("a\"b".into()), "\"a\"\"b\"");
    }
}
