//! What a bank's file says otherwise than we expected, on the worklist of breaks: each difference once, on the bookkeeper's desk.
//!
//! Where a loan stands comes with every file, and a difference of it is one thing ([`Thing`]) however many files repeat it: it stays open
//! as it is while it is as large, it makes room for one of another size, and one that two persons explained is not found again.

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
    /// It stands on the bank's list.
    Listed,
    Balance,
    Arrears,
    Class,
    Penalties,
}

impl Agreed {
    /// The breaks that each clears.
    const CLEARS: [(Agreed, &str); 5] = [
        (
            Agreed::Listed,
            "(class = 'loan_missing_here' OR (class = 'loan_missing_there' AND item LIKE 'loan:%:missing_there'))",
        ),
        (Agreed::Balance, "class = 'loan_balance'"),
        (Agreed::Arrears, "(class = 'loan_arrears' OR (class = 'loan_rounding' AND item LIKE 'loan:%:rounding'))"),
        (Agreed::Class, "class = 'loan_class'"),
        (Agreed::Penalties, "class = 'loan_split' AND item LIKE 'loan:%:penalty'"),
    ];
}

/// Clears open breaks that nobody has said anything about; which of them follows.
const CLEARED: &str = "UPDATE discrepancy SET state = 'cleared', cleared_us = $1 WHERE book_id = $2 AND state = 'open' AND NOT suspense \
                       AND NOT EXISTS (SELECT 1 FROM resolution r WHERE r.break_id = discrepancy.id AND r.state <> 'declined')";

/// What an import gathers.
#[derive(Default)]
pub(super) struct Findings {
    breaks: Vec<Found>,
    known: HashSet<(LoanBreak, String)>,
    /// What the file clears up: in what it says of contracts what we say, whose rate is the contract's, and lines that the bank took back.
    agreed: Vec<(Agreed, LoanContractId)>,
    priced: Vec<LoanContractId>,
    taken_back: Vec<String>,
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

    /// The bank has taken a line back: what it said otherwise is history.
    pub(super) fn take_back(&mut self, contract: &str, serial: &str) {
        self.taken_back.push(format!("loan:{contract}:{serial}:"));
    }

    /// Clears what this file clears up, as far as nobody has said a word about it.
    async fn clear(&self, tx: &Tx, now: Timestamp, book: BookId) -> Result<(), DbErr> {
        let backend = tx.get_database_backend();
        let open = CLEARED;
        for (in_this, classes) in Agreed::CLEARS {
            let of_this = self.agreed.iter().filter(|(one, _)| *one == in_this).map(|(_, id)| id.uuid());
            let ids: Vec<Uuid> = of_this.collect();
            if !ids.is_empty() {
                let sql = format!("{open} AND {classes} AND contract_id IN (SELECT id FROM {{rows}})");
                let rows = Rows::new().uuid("id", ids);
                tx.execute_raw(rows.statement(backend, &sql, [now.into(), book.into()])).await?;
            }
        }
        if !self.priced.is_empty() {
            let rows = Rows::new().uuid("id", self.priced.iter().map(|id| id.uuid()));
            let sql = format!(
                "{open} AND class = 'loan_missing_there' AND item LIKE 'loan:%:rate:%' AND contract_id IN (SELECT id FROM {{rows}})"
            );
            tx.execute_raw(rows.statement(backend, &sql, [now.into(), book.into()])).await?;
        }
        if !self.added_up.is_empty() {
            let rows = Rows::new().text("class", self.added_up.iter().copied());
            let sql = format!(
                "{open} AND class = 'loan_total' AND EXISTS (SELECT 1 FROM {{rows}} WHERE discrepancy.item LIKE 'loan:%:' || r.class)"
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
             FROM discrepancy d WHERE d.book_id = $1 AND d.state <> 'cleared' \
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

    /// Parts what is new from what is known; and what makes room for it, or says the same once more.
    fn part(&self, known: &[Known]) -> (Vec<&Found>, Vec<BreakId>) {
        let thing = |one: &Found| Thing::of(one.class, one.contract, &one.item);
        // Of a thing the last word of the file counts.
        let last: HashMap<Thing, usize> =
            self.breaks.iter().enumerate().filter_map(|(at, one)| Some((thing(one)?, at))).collect();
        let mut by_thing: HashMap<&Thing, Vec<&Known>> = HashMap::new();
        for one in known {
            by_thing.entry(&one.thing).or_default().push(one);
        }
        let (mut new, mut over) = (Vec::new(), Vec::new());
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
                    over.push(known.id);
                }
            }
            let explained =
                of_it.iter().rfind(|known| !known.open).is_some_and(|known| known.explained && known.size == size);
            if !stays && !explained {
                new.push(one);
            }
        }
        (new, over)
    }

    /// Writes what is new; a difference that stands open stays as it is.
    pub(super) async fn write(&self, tx: &Tx, now: Timestamp, book: BookId, day: BusinessDate) -> Result<(), DbErr> {
        self.clear(tx, now, book).await?;
        if self.breaks.is_empty() {
            return Ok(());
        }
        let known = self.known(tx, book).await?;
        let (new, over) = self.part(&known);
        if !over.is_empty() {
            let rows = Rows::new().uuid("id", over.iter().map(|id| id.uuid()));
            let sql = format!("{CLEARED} AND id IN (SELECT id FROM {{rows}})");
            tx.execute_raw(rows.statement(tx.get_database_backend(), &sql, [now.into(), book.into()])).await?;
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
