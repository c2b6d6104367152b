//! What a bank's file says otherwise than we expected, on the worklist of breaks: each difference once, on the bookkeeper's desk.
//!
//! Where a loan stands comes with every file, and a difference of it is one thing ([`Thing`]) however many files repeat it: it stays open
//! as it is while it is as large, it makes room for one of another size, and one that two persons explained is not found again while files
//! repeat it. Once a file says as the books do, or tells another difference, what was settled is over: the same told after that is new.

use std::collections::{HashMap, HashSet};

use domain::reconciliation::LoanBreak;
use domain::{BookId, BreakId, BusinessDate, LoanContractId, Money, Timestamp};
use entity::{Rows, Tx};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use uuid::Uuid;

struct Found {
    class: LoanBreak,
    contract: Option<LoanContractId>,
    item: String,
    amount: Money,
    expected: Option<Money>,
    detail: String,
}

/// What files say of a loan, or of a class of loans, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Thing {
    Balance(LoanContractId),
    /// What is late of it, a fen or more.
    Arrears(LoanContractId),
    Class(LoanContractId),
    /// What penalty and compound interest have come to.
    Penalties(LoanContractId),
    /// It stands on no list of the bank.
    Unlisted(LoanContractId),
    /// It stands on the bank's list only, by its number.
    Unknown(String),
    /// All loans of a class, by the bank and the class.
    Total(String),
}

impl Thing {
    /// What a difference is about; nothing if it is about a line or an event, which are told once.
    fn of(class: LoanBreak, contract: Option<LoanContractId>, item: &str) -> Option<Thing> {
        let without_day = || {
            let mut parts: Vec<&str> = item.split(':').collect();
            parts.retain(|part| part.parse::<BusinessDate>().is_err());
            parts.join(":")
        };
        match (class, contract) {
            (LoanBreak::Balance, Some(contract)) => Some(Thing::Balance(contract)),
            (LoanBreak::Arrears, Some(contract)) => Some(Thing::Arrears(contract)),
            (LoanBreak::Rounding, Some(contract)) if item.ends_with(":rounding") => Some(Thing::Arrears(contract)),
            (LoanBreak::Class, Some(contract)) => Some(Thing::Class(contract)),
            (LoanBreak::Split, Some(contract)) if item.ends_with(":penalty") => Some(Thing::Penalties(contract)),
            (LoanBreak::MissingThere, Some(contract)) if item.ends_with(":missing_there") => {
                Some(Thing::Unlisted(contract))
            }
            (LoanBreak::MissingHere, _) => Some(Thing::Unknown(without_day())),
            (LoanBreak::Total, _) => Some(Thing::Total(without_day())),
            _ => None,
        }
    }
}

/// How large a difference is: two of one thing that are as large are the same.
#[derive(Debug, PartialEq, Eq)]
enum Size {
    Fen(i64),
    Words(String),
    Any,
}

impl Size {
    fn of(thing: &Thing, amount: Money, expected: Option<Money>, detail: &str) -> Size {
        match thing {
            Thing::Balance(_) | Thing::Arrears(_) | Thing::Penalties(_) => {
                Size::Fen(amount.fen() - expected.unwrap_or_default().fen())
            }
            // A line says where it stands before it says what differs.
            Thing::Class(_) => Size::Words(detail.rsplit('：').next().unwrap_or(detail).to_owned()),
            Thing::Total(_) => Size::Words(detail.to_owned()),
            Thing::Unlisted(_) | Thing::Unknown(_) => Size::Any,
        }
    }
}

/// A break of a thing that was written down before and is not cleared.
struct Known {
    id: BreakId,
    thing: Thing,
    size: Size,
    open: bool,
    /// Two persons decide or decided about it.
    spoken_of: bool,
    /// They explained it.
    explained: bool,
}

impl Known {
    fn read(row: &QueryResult) -> Result<Option<Known>, DbErr> {
        let (class, item): (String, String) = (row.try_get("", "class")?, row.try_get("", "item")?);
        let contract: Option<LoanContractId> = row.try_get("", "contract_id")?;
        let Some(thing) = LoanBreak::of(&class).and_then(|class| Thing::of(class, contract, &item)) else {
            return Ok(None);
        };
        let (amount, expected): (Money, Option<Money>) =
            (row.try_get("", "amount_fen")?, row.try_get("", "expected_fen")?);
        let (detail, state): (String, String) = (row.try_get("", "detail")?, row.try_get("", "state")?);
        Ok(Some(Known {
            id: row.try_get("", "id")?,
            size: Size::of(&thing, amount, expected, &detail),
            thing,
            open: state == "open",
            spoken_of: row.try_get::<i64>("", "spoken")? > 0,
            explained: row.try_get::<i64>("", "explained")? > 0,
        }))
    }
}

/// In what a bank's file says of a loan what we say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreed {
    /// It stands on the bank's list, and in the books.
    Listed,
    Balance,
    Arrears,
    Class,
    Penalties,
}

impl Agreed {
    /// The breaks of a contract that each clears, and why.
    const CLEARS: [(Agreed, &str, &str); 5] = [
        (
            Agreed::Listed,
            "class = 'loan_missing_there' AND item LIKE 'loan:%:missing_there'",
            "银行余额清单已列有这笔贷款",
        ),
        (Agreed::Balance, "class = 'loan_balance'", "银行所报余额已与账上一致"),
        (
            Agreed::Arrears,
            "(class = 'loan_arrears' OR (class = 'loan_rounding' AND item LIKE 'loan:%:rounding'))",
            "银行所报逾期金额已与账上一致",
        ),
        (Agreed::Class, "class = 'loan_class'", "银行所报五级分类已与账上一致"),
        (Agreed::Penalties, "class = 'loan_split' AND item LIKE 'loan:%:penalty'", "银行所报罚息复利已与账上一致"),
    ];
}

/// A loan that a bank listed and the books did not have, by its number, for it had no contract: `loan:{number}:{day}:missing_here`.
const MISSING_HERE: &str =
    "class = 'loan_missing_here' AND replace(substr(item, 6), ':' || day || ':missing_here', '')";
const IN_THE_BOOKS: &str = "合同已登记并放款，账上有这笔贷款";
const ANOTHER: &str = "银行文件改报另一差额，另列差错";

/// Whether nobody has said anything about a break.
const UNSPOKEN: &str = "NOT suspense AND NOT EXISTS (SELECT 1 FROM resolution r WHERE r.break_id = discrepancy.id AND r.state <> 'declined')";

/// What the bank says otherwise no more is cleared if nobody has said anything about it; what two persons have settled of it is over. `which`
/// says which, and asks the set for it.
async fn over(
    tx: &Tx,
    now: Timestamp,
    book: BookId,
    which: &str,
    because: &str,
    rows: impl Fn() -> Rows,
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let cleared = format!(
        "UPDATE discrepancy SET state = 'cleared', cleared_us = $1, cleared_because = $3 \
         WHERE book_id = $2 AND state = 'open' AND {UNSPOKEN} AND {which}"
    );
    tx.execute_raw(rows().statement(backend, &cleared, [now.into(), book.into(), because.into()])).await?;
    let gone = format!(
        "UPDATE discrepancy SET gone_us = $1 WHERE book_id = $2 AND state = 'resolved' AND gone_us IS NULL AND {which}"
    );
    tx.execute_raw(rows().statement(backend, &gone, [now.into(), book.into()])).await.map(|_| ())
}

/// A loan was paid out: that the bank had it and the books did not is history, if it was so on that day or later.
pub(super) async fn paid_out(
    tx: &Tx,
    now: Timestamp,
    book: BookId,
    number: &str,
    on: BusinessDate,
) -> Result<(), DbErr> {
    let which = format!("{MISSING_HERE} IN (SELECT number FROM {{rows}} WHERE discrepancy.day >= r.on_day)");
    over(tx, now, book, &which, IN_THE_BOOKS, || Rows::new().text("number", [number]).text("on_day", [on.to_string()]))
        .await
}

/// What an import gathers.
#[derive(Default)]
pub(super) struct Findings {
    breaks: Vec<Found>,
    known: HashSet<(LoanBreak, String)>,
    /// What the file clears up: in what it says of contracts what we say, whose rate is the contract's, and lines that the bank took back.
    agreed: Vec<(Agreed, LoanContractId)>,
    priced: Vec<LoanContractId>,
    taken_back: Vec<String>,
    /// Loans that stand in the books and on the bank's list, all on that list by their numbers, and lines that are booked now.
    in_the_books: Vec<String>,
    listed: Option<Vec<String>>,
    booked: Vec<String>,
    /// And classes whose loans add up, by their word.
    added_up: Vec<&'static str>,
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

    /// The bank says this of a loan as we do: what it said before is history.
    pub(super) fn agree(&mut self, in_this: Agreed, contract: LoanContractId) {
        self.agreed.push((in_this, contract));
    }

    /// The loans of a class add up to what the bank says: what it said of them before is history.
    pub(super) fn adds_up(&mut self, class: &'static str) {
        self.added_up.push(class);
    }

    /// The rate of this loan was told as the contract has it: that it was missing is history.
    pub(super) fn priced(&mut self, contract: LoanContractId) {
        self.priced.push(contract);
    }

    /// What the bank lists stands in the books: that it did not is history.
    pub(super) fn in_the_books(&mut self, number: &str) {
        self.in_the_books.push(number.to_owned());
    }

    /// These are all that the bank lists: that the books did not have another is history.
    pub(super) fn listed<'a>(&mut self, numbers: impl Iterator<Item = &'a str>) {
        self.listed = Some(numbers.map(str::to_owned).collect());
    }

    /// A line is booked: that nobody could place it when it was told before is history.
    pub(super) fn booked(&mut self, contract: &str, serial: &str) {
        self.booked.extend(["contract", "reverses", "refused"].map(|why| format!("loan:{contract}:{serial}:{why}")));
    }

    /// The bank has taken a line back: what it said otherwise is history.
    pub(super) fn take_back(&mut self, contract: &str, serial: &str) {
        self.taken_back.push(format!("loan:{contract}:{serial}:"));
    }

    /// What this file clears up is over.
    async fn clear(&self, tx: &Tx, now: Timestamp, book: BookId) -> Result<(), DbErr> {
        for (in_this, which, because) in Agreed::CLEARS {
            let of_this = self.agreed.iter().filter(|(one, _)| *one == in_this).map(|(_, id)| id.uuid());
            let ids: Vec<Uuid> = of_this.collect();
            if !ids.is_empty() {
                let which = format!("{which} AND contract_id IN (SELECT id FROM {{rows}})");
                over(tx, now, book, &which, because, || Rows::new().uuid("id", ids.iter().copied())).await?;
            }
        }
        if !self.in_the_books.is_empty() {
            let numbers = || Rows::new().text("number", self.in_the_books.iter().cloned());
            let which = format!("{MISSING_HERE} IN (SELECT number FROM {{rows}})");
            over(tx, now, book, &which, IN_THE_BOOKS, numbers).await?;
        }
        if let Some(listed) = &self.listed {
            let which = format!("{MISSING_HERE} NOT IN (SELECT number FROM {{rows}})");
            let numbers = || Rows::new().text("number", listed.iter().cloned());
            over(tx, now, book, &which, "银行余额清单不再列有这笔贷款", numbers).await?;
        }
        if !self.priced.is_empty() {
            let which =
                "class = 'loan_missing_there' AND item LIKE 'loan:%:rate:%' AND contract_id IN (SELECT id FROM {rows})";
            let ids = || Rows::new().uuid("id", self.priced.iter().map(|id| id.uuid()));
            over(tx, now, book, which, "已登记合同约定的利率", ids).await?;
        }
        if !self.added_up.is_empty() {
            let which =
                "class = 'loan_total' AND EXISTS (SELECT 1 FROM {rows} WHERE item LIKE 'loan:%:' || r.class_word)";
            let classes = || Rows::new().text("class_word", self.added_up.iter().copied());
            over(tx, now, book, which, "银行所报汇总已与账上一致", classes).await?;
        }
        if !self.taken_back.is_empty() {
            // That a serial came twice is said of another line.
            let which = "item NOT LIKE 'loan:%:serial' \
                         AND EXISTS (SELECT 1 FROM {rows} WHERE substr(item, 1, length(r.prefix)) = r.prefix)";
            let prefixes = || Rows::new().text("prefix", self.taken_back.iter().cloned());
            over(tx, now, book, which, "银行已冲正所指的业务", prefixes).await?;
        }
        if !self.booked.is_empty() {
            let which = "class = 'loan_unknown_line' AND item IN (SELECT about FROM {rows})";
            let items = || Rows::new().text("about", self.booked.iter().cloned());
            over(tx, now, book, which, "银行重报后已入账", items).await?;
        }
        Ok(())
    }

    /// What of the things that the findings are about is written down already, the oldest first. One statement.
    async fn known(&self, tx: &Tx, book: BookId) -> Result<Vec<Known>, DbErr> {
        let contracts: HashSet<Uuid> = self.breaks.iter().filter_map(|one| one.contract).map(|id| id.uuid()).collect();
        let said = |more: &str| {
            format!(
                "(SELECT CAST(COUNT(*) AS BIGINT) FROM resolution r WHERE r.break_id = d.id AND r.state <> 'declined'{more})"
            )
        };
        let sql = format!(
            "SELECT d.id, d.class, d.item, d.contract_id, d.amount_fen, d.expected_fen, d.detail, d.state, {} AS spoken, {} AS explained \
             FROM discrepancy d WHERE d.book_id = $1 AND d.state <> 'cleared' AND d.gone_us IS NULL \
             AND (d.contract_id IN (SELECT id FROM {{rows}}) OR (d.contract_id IS NULL AND d.class IN ('loan_total', 'loan_missing_here'))) \
             ORDER BY d.created_us, d.id",
            said(""),
            said(" AND r.state = 'done' AND r.choice = 'explain'")
        );
        let rows = Rows::new().uuid("id", contracts).statement(tx.get_database_backend(), &sql, [book.into()]);
        let found = tx.query_all_raw(rows).await?;
        let known: Vec<Option<Known>> = found.iter().map(Known::read).collect::<Result<_, _>>()?;
        Ok(known.into_iter().flatten().collect())
    }

    /// Parts what is new from what is known; and what makes room for it, or says the same once more, or was settled at another size.
    fn part(&self, known: &[Known]) -> (Vec<&Found>, Vec<BreakId>) {
        let thing = |one: &Found| Thing::of(one.class, one.contract, &one.item);
        // Of a thing the last word of the file counts.
        let last: HashMap<Thing, usize> =
            self.breaks.iter().enumerate().filter_map(|(at, one)| Some((thing(one)?, at))).collect();
        let mut by_thing: HashMap<&Thing, Vec<&Known>> = HashMap::new();
        for one in known {
            by_thing.entry(&one.thing).or_default().push(one);
        }
        let (mut new, mut gone) = (Vec::new(), Vec::new());
        for (at, one) in self.breaks.iter().enumerate() {
            let Some(thing) = thing(one) else {
                new.push(one);
                continue;
            };
            if last.get(&thing) != Some(&at) {
                continue;
            }
            let size = Size::of(&thing, one.amount, one.expected, &one.detail);
            let of_it = by_thing.get(&thing).map_or(&[][..], Vec::as_slice);
            let mut stays = of_it.iter().any(|known| known.open && known.spoken_of);
            for known in of_it.iter().filter(|known| known.open && !known.spoken_of) {
                if known.size == size && !stays {
                    stays = true;
                } else {
                    gone.push(known.id);
                }
            }
            gone.extend(of_it.iter().filter(|known| !known.open && known.size != size).map(|known| known.id));
            let explained =
                of_it.iter().rfind(|known| !known.open).is_some_and(|known| known.explained && known.size == size);
            if !stays && !explained {
                new.push(one);
            }
        }
        (new, gone)
    }

    /// Writes what is new; a difference that stands open stays as it is.
    pub(super) async fn write(&self, tx: &Tx, now: Timestamp, book: BookId, day: BusinessDate) -> Result<(), DbErr> {
        self.clear(tx, now, book).await?;
        if self.breaks.is_empty() {
            return Ok(());
        }
        let known = self.known(tx, book).await?;
        let (new, gone) = self.part(&known);
        if !gone.is_empty() {
            let ids = || Rows::new().uuid("id", gone.iter().map(|id| id.uuid()));
            over(tx, now, book, "id IN (SELECT id FROM {rows})", ANOTHER, ids).await?;
        }
        if new.is_empty() {
            return Ok(());
        }
        let all = || new.iter();
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
