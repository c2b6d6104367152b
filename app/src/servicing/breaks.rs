//! What a bank's file says otherwise than we expected, on the worklist of breaks: each difference once, on the bookkeeper's desk.

use std::collections::HashSet;

use domain::reconciliation::BreakClass;
use domain::{BookId, BreakId, BusinessDate, Money, Timestamp};
use entity::{Rows, Tx};
use sea_orm::{ConnectionTrait, DbErr};

struct Found {
    class: BreakClass,
    item: String,
    amount: Money,
    expected: Option<Money>,
    detail: String,
}

/// What an import gathers.
#[derive(Default)]
pub(super) struct Findings {
    breaks: Vec<Found>,
    known: HashSet<(BreakClass, String)>,
}

impl Findings {
    pub(super) fn add(
        &mut self,
        class: BreakClass,
        item: &str,
        amount: Money,
        expected: Option<Money>,
        detail: impl Into<String>,
    ) {
        if self.known.insert((class, item.to_owned())) {
            let (item, detail) = (item.to_owned(), detail.into());
            self.breaks.push(Found { class, item, amount, expected, detail });
        }
    }

    /// Writes what is new; a difference that stands open stays as it is.
    pub(super) async fn write(&self, tx: &Tx, now: Timestamp, book: BookId, day: BusinessDate) -> Result<(), DbErr> {
        if self.breaks.is_empty() {
            return Ok(());
        }
        let all = || self.breaks.iter();
        let rows = Rows::new()
            .uuid("id", all().map(|_| BreakId::new().uuid()))
            .text("class", all().map(|one| one.class.as_str()))
            .text("item", all().map(|one| one.item.clone()))
            .int("amount_fen", all().map(|one| one.amount.fen()))
            .int_or_null("expected_fen", all().map(|one| one.expected.map(Money::fen)))
            .text("detail", all().map(|one| one.detail.clone()))
            .text("proposal", all().map(|one| proposal(one.class)));
        let sql = "INSERT INTO discrepancy (id, class, item, state, amount_fen, expected_fen, book_id, detail, proposal, created_us, suspense, \
                   day, owner) \
                   SELECT id, class, item, 'open', amount_fen, expected_fen, $1, detail, proposal, $2, false, $3, 'bookkeeper' FROM {rows} \
                   WHERE true ON CONFLICT DO NOTHING";
        let values = [book.into(), now.into(), day.into()];
        tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await.map(|_| ())
    }
}

/// What could be done, in the words of finance.
fn proposal(class: BreakClass) -> &'static str {
    match class {
        BreakClass::MissingHere => "银行有、账上没有：核对合同与放款，补登后说明原因",
        BreakClass::MissingThere => "账上有、银行未报：向银行核实，未发生的予以冲正",
        BreakClass::Status => "分类或日期不一致：与银行核对认定依据，登记分类调整或说明原因",
        BreakClass::DuplicateThere => "流水号重复：向银行核实，等待更正文件",
        BreakClass::UnknownLine => "无法入账：与银行核对合同号与业务，更正后重报",
        BreakClass::Amount
        | BreakClass::Fee
        | BreakClass::DuplicateHere
        | BreakClass::RefundMissingHere
        | BreakClass::RefundMissingThere
        | BreakClass::RefundAmount
        | BreakClass::SettlementAmount
        | BreakClass::PaidAfterClose
        | BreakClass::PaidTwice => "已按银行数据入账：核对计息天数、舍入与冲销顺序，登记减免或冲正，或说明原因",
    }
}
