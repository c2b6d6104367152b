//! What a bank's file says otherwise than we expected, on the worklist of breaks: each difference once, on the bookkeeper's desk.

use std::collections::HashSet;

use domain::reconciliation::LoanBreak;
use domain::{BookId, BreakId, BusinessDate, LoanContractId, Money, Timestamp};
use entity::{Rows, Tx};
use sea_orm::{ConnectionTrait, DbErr};

struct Found {
    class: LoanBreak,
    contract: Option<LoanContractId>,
    item: String,
    amount: Money,
    expected: Option<Money>,
    detail: String,
}

/// What an import gathers.
#[derive(Default)]
pub(super) struct Findings {
    breaks: Vec<Found>,
    known: HashSet<(LoanBreak, String)>,
    /// What the file clears up: contracts with the day of the file, those whose rate is the contract's, and lines that the bank took back.
    agreed: Vec<LoanContractId>,
    priced: Vec<LoanContractId>,
    taken_back: Vec<String>,
}

impl Findings {
    pub(super) fn add(
        &mut self,
        class: LoanBreak,
        contract: Option<LoanContractId>,
        item: &str,
        amount: Money,
        expected: Option<Money>,
        detail: impl Into<String>,
    ) {
        if self.known.insert((class, item.to_owned())) {
            let (item, detail) = (item.to_owned(), detail.into());
            self.breaks.push(Found { class, contract, item, amount, expected, detail });
        }
    }

    /// The bank says of this loan what we say: what it said before is history.
    pub(super) fn agree(&mut self, contract: LoanContractId) {
        self.agreed.push(contract);
    }

    /// The rate of this loan was told as the contract has it: that it was missing is history.
    pub(super) fn priced(&mut self, contract: LoanContractId) {
        self.priced.push(contract);
    }

    /// The bank has taken a line back: what it said otherwise is history.
    pub(super) fn take_back(&mut self, contract: &str, serial: &str) {
        self.taken_back.push(format!("loan:{contract}:{serial}:"));
    }

    /// Clears what this file clears up, as far as nobody has said a word about it.
    async fn clear(&self, tx: &Tx, now: Timestamp, book: BookId) -> Result<(), DbErr> {
        let backend = tx.get_database_backend();
        let open = "UPDATE discrepancy SET state = 'cleared', cleared_us = $1 WHERE book_id = $2 AND state = 'open' AND NOT suspense \
                    AND NOT EXISTS (SELECT 1 FROM resolution r WHERE r.break_id = discrepancy.id AND r.state <> 'declined')";
        if !self.agreed.is_empty() {
            let rows = Rows::new().uuid("id", self.agreed.iter().map(|id| id.uuid()));
            let sql = format!(
                "{open} AND (class IN ('loan_balance', 'loan_arrears', 'loan_class') OR (class = 'loan_missing_there' AND item LIKE 'loan:%:missing_there') \
                 OR (class = 'loan_rounding' AND item LIKE 'loan:%:rounding')) \
                 AND contract_id IN (SELECT id FROM {{rows}})"
            );
            tx.execute_raw(rows.statement(backend, &sql, [now.into(), book.into()])).await?;
        }
        if !self.priced.is_empty() {
            let rows = Rows::new().uuid("id", self.priced.iter().map(|id| id.uuid()));
            let sql = format!(
                "{open} AND class = 'loan_missing_there' AND item LIKE 'loan:%:rate:%' AND contract_id IN (SELECT id FROM {{rows}})"
            );
            tx.execute_raw(rows.statement(backend, &sql, [now.into(), book.into()])).await?;
        }
        if !self.taken_back.is_empty() {
            let rows = Rows::new().text("prefix", self.taken_back.iter().cloned());
            // That a serial came twice is said of another line.
            let sql = format!(
                "{open} AND item NOT LIKE 'loan:%:serial' \
                 AND EXISTS (SELECT 1 FROM {{rows}} WHERE substr(discrepancy.item, 1, length(r.prefix)) = r.prefix)"
            );
            tx.execute_raw(rows.statement(backend, &sql, [now.into(), book.into()])).await?;
        }
        Ok(())
    }

    /// Writes what is new; a difference that stands open stays as it is.
    pub(super) async fn write(&self, tx: &Tx, now: Timestamp, book: BookId, day: BusinessDate) -> Result<(), DbErr> {
        self.clear(tx, now, book).await?;
        if self.breaks.is_empty() {
            return Ok(());
        }
        let all = || self.breaks.iter();
        let rows = Rows::new()
            .uuid("id", all().map(|_| BreakId::new().uuid()))
            .text("class", all().map(|one| one.class.as_str()))
            .uuid_or_null("contract_id", all().map(|one| one.contract.map(|id| id.uuid())))
            .text("item", all().map(|one| one.item.clone()))
            .int("amount_fen", all().map(|one| one.amount.fen()))
            .int_or_null("expected_fen", all().map(|one| one.expected.map(Money::fen)))
            .text("detail", all().map(|one| one.detail.clone()))
            .text("proposal", all().map(|one| proposal(one.class)));
        let sql = "INSERT INTO discrepancy (id, class, item, state, amount_fen, expected_fen, book_id, detail, proposal, created_us, suspense, \
                   day, owner, contract_id) \
                   SELECT id, class, item, 'open', amount_fen, expected_fen, $1, detail, proposal, $2, false, $3, 'bookkeeper', contract_id FROM {rows} \
                   WHERE true ON CONFLICT DO NOTHING";
        let values = [book.into(), now.into(), day.into()];
        tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await.map(|_| ())
    }
}

/// What could be done, in the words of finance.
pub(crate) fn proposal(class: LoanBreak) -> &'static str {
    match class {
        LoanBreak::Amount | LoanBreak::Date => "已按银行数据入账：核对原登记与合同，确认以银行为准，或退回银行更正",
        LoanBreak::Split => "已按银行分项入账：核对计息天数与冲销顺序；以银行为准则减免少收的息费，或退回银行更正",
        LoanBreak::Rounding => "一分钱尾差：以银行为准，或说明原因",
        LoanBreak::Balance => "余额不一致：与银行核对；以银行为准则按差额登记还款，或退回银行更正",
        LoanBreak::Arrears => "逾期金额不一致：核对罚息复利；以银行为准则减免差额，或退回银行更正",
        LoanBreak::Class => "五级分类不一致：与银行核对认定依据；以银行为准则登记认定，或退回银行更正",
        LoanBreak::Total => "分类汇总不一致：与银行逐户核对，退回银行更正或说明原因",
        LoanBreak::MissingHere => "银行有、账上没有：核对合同与放款，补登后重报，或退回银行更正",
        LoanBreak::MissingThere => "账上有、银行未报：向银行核实；以银行为准则冲正，或请银行补报",
        LoanBreak::DuplicateThere => "流水号重复：退回银行更正",
        LoanBreak::UnknownLine => "无法入账：与银行核对合同号与业务，退回银行更正",
    }
}
