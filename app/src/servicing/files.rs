//! The import of a bank's file (facts: lending 7, docs/bank-file.md): once for each number, in their order; each line matched with what we
//! know, booked with the bank's figures, and compared with what our arithmetic expected. The file, what it brought and what it found are one
//! transaction: read again it changes nothing.
//!
//! A difference is a break on the bookkeeper's desk, like those of donations. A difference of one fen says that it is rounding; it is
//! listed like any other.

mod standings;

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_lc_rs::digest;
use domain::bank_file::{BankFile, Detail, Kind, Pace};
use domain::loan::allocation::Component;
use domain::loan::life::{Split, State, What};
use domain::loan::overdue::Class;
use domain::reconciliation::LoanBreak;
use domain::role::Member;
use domain::{BreakId, BusinessDate, LoanContractId, LoanEventId, LoanFileId, LoanProgrammeId, Money, UnitPath};
use entity::{Rows, Tx, loan_event, loan_file, loan_programme};
use lending::bank_of;
use lending::servicing::loan::{self, Fact};
use lending::servicing::{self, NewEvent, Recorded, ServeError, close, file as told, programme};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::breaks::{Agreed, Findings};
use super::{FINANCE, IMPORTERS, Servicing, ServicingError};
use crate::breaks;
use crate::trail::{self, SYSTEM, staff};

/// A difference, as the report tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBreak {
    /// amount, split, rounding, balance, arrears, class, total, date, missing_here, missing_there, duplicate_there, unknown_line.
    pub class: String,
    /// What it is about.
    pub key: String,
    /// What the bank says.
    pub amount: Money,
    /// What we expected.
    pub expected: Option<Money>,
    /// In words.
    pub detail: String,
}

/// What an import found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Lines between header and trailer.
    pub records: u64,
    /// Facts that were new to us and are booked.
    pub booked: u64,
    /// Facts we knew.
    pub matched: u64,
    /// Positions and totals that agree.
    pub agreed: u64,
    /// Differences.
    pub breaks: Vec<FileBreak>,
    /// How many more there are, which the reader may not read one by one.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub hidden: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_nothing(hidden: &u64) -> bool {
    *hidden == 0
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The file.
    pub id: LoanFileId,
    /// Its programme.
    pub programme: LoanProgrammeId,
    /// The day it tells of.
    pub day: BusinessDate,
    /// How much it tells.
    pub pace: String,
    /// Its number.
    pub sequence: i64,
    /// Whether it had been read before.
    pub known: bool,
    /// What it found.
    pub report: FileReport,
}

struct Import<'a> {
    programme: &'a loan_programme::Model,
    file: &'a BankFile,
    id: LoanFileId,
    report: FileReport,
    findings: Findings,
}

impl Servicing {
    /// Reads a bank's file, for one of its officers or for finance.
    pub async fn import(&self, bytes: &[u8], by: &Member) -> Result<Imported, ServicingError> {
        by.must_be(&IMPORTERS)?;
        let of_the_house = by.may(&FINANCE, &UnitPath::whole()).is_ok();
        let seat =
            if of_the_house { None } else { Some(bank_of(self.db.read(), by.id).await?.ok_or(ServeError::NoSeat)?) };
        let file = BankFile::parse(bytes)?;
        let programme = programme::of_bank(self.db.read(), &file.bank).await?;
        if seat.is_some_and(|own| own != programme.bank_id) {
            return Err(ServeError::NoSuchBank.into());
        }
        self.read_file(bytes, &file, programme.id, &staff(by.id), &by.origin).await
    }

    /// The same from the command line.
    pub async fn import_by_hand(&self, bytes: &[u8]) -> Result<Imported, ServicingError> {
        let file = BankFile::parse(bytes)?;
        let programme = programme::of_bank(self.db.read(), &file.bank).await?;
        self.read_file(bytes, &file, programme.id, SYSTEM, "command").await
    }

    async fn read_file(
        &self,
        bytes: &[u8],
        read: &BankFile,
        programme: LoanProgrammeId,
        actor: &str,
        origin: &str,
    ) -> Result<Imported, ServicingError> {
        let now = self.business.now();
        let sha256 = digest::digest(&digest::SHA256, bytes).as_ref().to_vec();
        let sequence = i64::try_from(read.sequence).unwrap_or(i64::MAX);
        let tx = self.db.begin().await?;
        let programme = close::locked(&tx, programme).await?;
        let last = told::last(&tx, programme.id).await?;
        let expected = last.as_ref().map_or(1, |last| last.sequence + 1);
        if sequence < expected {
            return known(&tx, &programme, sequence, &sha256).await;
        }
        if sequence > expected {
            return Err(ServicingError::FileGap { expected });
        }
        if read.day > BusinessDate::of(now) || last.as_ref().is_some_and(|last| read.day < last.day) {
            return Err(ServicingError::FileDay(read.day));
        }
        suits(&programme, read, last.map(|last| last.day))?;
        let id = LoanFileId::from(Uuid::new_v5(&programme.id.uuid(), format!("file:{sequence}").as_bytes()));
        let report = FileReport { records: read.count() as u64, ..FileReport::default() };
        // The file first: what it tells refers to it.
        let mut import = Import { programme: &programme, file: read, id, report, findings: Findings::default() };
        let events = import.read(&tx).await?;
        let row = loan_file::Model {
            id,
            programme_id: programme.id,
            day: read.day,
            pace: read.pace.as_str().to_owned(),
            sequence,
            sha256,
            content: bytes.to_vec(),
            report: String::new(),
            actor: actor.to_owned(),
            received_us: now,
        };
        import.record(&tx, now, row, events).await?;
        import.findings.write(&tx, now, programme.book_id, read.day).await?;
        let detail = json!({ "sequence": sequence, "day": read.day, "booked": import.report.booked, "breaks": import.report.breaks.len() });
        let object = format!("loan_programme:{}", programme.id);
        let line = trail::Line {
            actor: actor.to_owned(),
            action: "loan_file.import",
            object,
            origin: origin.to_owned(),
            detail,
        };
        trail::record(&tx, now, line).await?;
        let imported = Imported {
            id,
            programme: programme.id,
            day: read.day,
            pace: read.pace.as_str().to_owned(),
            sequence,
            known: false,
            report: import.report,
        };
        tx.commit().await?;
        Ok(imported)
    }
}

/// Whether a file is one its programme moves by: not every day where the bank tells by month, a month to its last day, and sums of what was
/// told already where it tells single loans by month.
fn suits(programme: &loan_programme::Model, read: &BankFile, last: Option<BusinessDate>) -> Result<(), ServicingError> {
    let problem = match (programme.pace.as_str(), read.pace) {
        ("monthly", Pace::Daily) => "该项目按月报送，不能导入按日文件",
        ("summary", Pace::Daily | Pace::Monthly) => "该项目只报汇总，不能导入逐户文件",
        (_, Pace::Monthly) if read.day.next().day() != 1 => "按月文件的日期应为当月最后一天",
        ("monthly", Pace::Summary) if last != Some(read.day) => "汇总文件应与已导入的按月文件同日",
        _ => return Ok(()),
    };
    Err(ServicingError::FilePace(problem))
}

/// A number that was read before: the same file answers what it found then.
async fn known(
    tx: &Tx,
    programme: &loan_programme::Model,
    sequence: i64,
    sha256: &[u8],
) -> Result<Imported, ServicingError> {
    let row = told::numbered(tx, programme.id, sequence).await?;
    let row = row.filter(|row| row.sha256 == sha256).ok_or(ServicingError::FileRepeated(sequence))?;
    let report = serde_json::from_str(&row.report).map_err(ServeError::Stored)?;
    Ok(Imported {
        id: row.id,
        programme: row.programme_id,
        day: row.day,
        pace: row.pace,
        sequence,
        known: true,
        report,
    })
}

/// A line, and what becomes of it.
struct Planned {
    detail: Detail,
    event: Option<NewEvent>,
    /// What we had written down ourselves, and when, if the bank's figures differ and take its place.
    in_place_of: Option<NewEvent>,
}

impl Import<'_> {
    /// What the lines are to us: new facts, facts we know, and those nobody can place.
    async fn read(&mut self, tx: &Tx) -> Result<Vec<Planned>, ServicingError> {
        let file = self.file;
        let numbers: Vec<&str> = file.details.iter().map(|one| one.contract.as_str()).collect();
        let contracts = self.contracts(tx, &numbers).await?;
        let ids: Vec<LoanContractId> = contracts.values().copied().collect();
        let standing = self.events(tx, &ids).await?;
        let serials: HashMap<&str, &loan_event::Model> =
            standing.iter().filter_map(|row| Some((row.serial.as_deref()?, row))).collect();
        let reversed: HashSet<LoanEventId> = standing.iter().filter_map(|row| row.reverses).collect();
        let mut ours: HashMap<LoanContractId, Vec<&loan_event::Model>> = HashMap::new();
        for row in standing.iter().filter(|row| row.serial.is_none() && !reversed.contains(&row.id)) {
            ours.entry(row.contract_id).or_default().push(row);
        }
        let same = self.same(&contracts, &serials, &ours);
        let kept: HashSet<LoanEventId> = same.values().map(|row| row.id).collect();
        let mut taken: HashSet<LoanEventId> = HashSet::new();
        let mut plan: Vec<Planned> = Vec::with_capacity(self.file.details.len());
        let mut fresh: HashMap<String, LoanEventId> = HashMap::new();
        let mut pairs: Vec<(LoanEventId, String)> = Vec::new();
        for (at, detail) in file.details.iter().enumerate() {
            let Some(contract) = contracts.get(&detail.contract).copied() else {
                self.found(LoanBreak::UnknownLine, None, detail, "contract", detail.amount, None, "合同号不在本项目中");
                continue;
            };
            if let Some(row) = serials.get(detail.serial.as_str()) {
                let text = format!("流水号已在{}的文件中出现过", row.on_day);
                self.found(LoanBreak::DuplicateThere, Some(contract), detail, "serial", detail.amount, None, &text);
                continue;
            }
            let reverses = detail
                .reverses
                .as_ref()
                .map(|serial| serials.get(serial.as_str()).map(|row| row.id).or_else(|| fresh.get(serial).copied()));
            if reverses == Some(None) {
                self.found(
                    LoanBreak::UnknownLine,
                    Some(contract),
                    detail,
                    "reverses",
                    detail.amount,
                    None,
                    "被冲正的流水号不存在",
                );
                continue;
            }
            let Some(fact) = fact_of(detail, reverses.flatten()) else {
                plan.push(Planned { detail: detail.clone(), event: None, in_place_of: None });
                continue;
            };
            let id = LoanEventId::from(Uuid::new_v5(&self.programme.id.uuid(), detail.serial.as_bytes()));
            fresh.insert(detail.serial.clone(), id);
            let others = || {
                let own = ours.get(&contract).into_iter().flatten().copied();
                let free = |row: &&loan_event::Model| !taken.contains(&row.id) && !kept.contains(&row.id);
                own.filter(free).filter(|row| self.may_be(row, &fact, detail)).min_by_key(|row| apart(row, detail))
            };
            let own = same.get(&at).copied().or_else(others);
            let told = (detail.serial.clone(), self.id);
            let actor = format!("file:{}", self.id);
            let event = NewEvent { id, contract, on: detail.on, fact, told: Some(told), reason: None, actor };
            let Some(own) = own else {
                plan.push(Planned { detail: detail.clone(), event: Some(event), in_place_of: None });
                continue;
            };
            taken.insert(own.id);
            if own.on_day != detail.on {
                let text = format!("日期不一致：账上{}，银行{}", own.on_day, detail.on);
                self.found(LoanBreak::Date, Some(contract), detail, "date", detail.amount, Some(own.amount_fen), &text);
            }
            let same_amount = own.amount_fen == detail.amount || matches!(detail.kind, Kind::Class | Kind::Rate(_));
            if !same_amount {
                let text = format!("金额不一致：账上{}，银行{}", own.amount_fen, detail.amount);
                self.found(
                    LoanBreak::Amount,
                    Some(contract),
                    detail,
                    "amount",
                    detail.amount,
                    Some(own.amount_fen),
                    &text,
                );
            }
            let moves = matches!(detail.kind, Kind::Repayment | Kind::Prepayment(_) | Kind::WriteOff);
            if same_amount && own.on_day == detail.on && !moves {
                // The same fact; it only learns its number.
                pairs.push((own.id, detail.serial.clone()));
                self.report.matched += 1;
                plan.push(Planned { detail: detail.clone(), event: None, in_place_of: None });
                continue;
            }
            let take_back = NewEvent {
                id: Uuid::new_v5(&id.uuid(), b"in place of ours").into(),
                on: own.on_day,
                fact: Fact::Event(What::Reversal(own.id)),
                told: None,
                reason: Some("以银行文件为准".to_owned()),
                ..event.clone()
            };
            plan.push(Planned { detail: detail.clone(), event: Some(event), in_place_of: Some(take_back) });
        }
        told::learn(tx, &pairs).await?;
        if file.pace != Pace::Summary {
            self.only_ours(tx, &taken).await?;
        }
        Ok(plan)
    }

    /// Which of our own facts lines tell to the fen, by the place of the line: those are not taken for another line (facts: lending 7).
    fn same<'a>(
        &self,
        contracts: &HashMap<String, LoanContractId>,
        serials: &HashMap<&str, &loan_event::Model>,
        ours: &HashMap<LoanContractId, Vec<&'a loan_event::Model>>,
    ) -> HashMap<usize, &'a loan_event::Model> {
        let (mut same, mut taken) = (HashMap::new(), HashSet::new());
        for (at, detail) in self.file.details.iter().enumerate() {
            let (Some(contract), Some(fact)) = (contracts.get(&detail.contract), fact_of(detail, None)) else {
                continue;
            };
            if serials.contains_key(detail.serial.as_str()) {
                continue;
            }
            let own = ours.get(contract).into_iter().flatten().copied();
            let own = own
                .filter(|row| row.amount_fen == detail.amount && !taken.contains(&row.id))
                .filter(|row| self.may_be(row, &fact, detail))
                .min_by_key(|row| apart(row, detail));
            if let Some(own) = own {
                taken.insert(own.id);
                same.insert(at, own);
            }
        }
        same
    }

    /// Whether a fact of ours may be what a line tells.
    fn may_be(&self, row: &loan_event::Model, fact: &Fact, detail: &Detail) -> bool {
        row.kind == loan::word(fact) && apart(row, detail) <= self.programme.match_days
    }

    /// What we had written down and the bank's files have not told, though they should have by now.
    async fn only_ours(&mut self, tx: &Tx, taken: &HashSet<LoanEventId>) -> Result<(), ServicingError> {
        let Some(first) = told::first(tx, self.programme.id).await? else { return Ok(()) };
        let Some(until) = self.file.day.after_days(-self.programme.match_days) else { return Ok(()) };
        let rows = loan_event::Entity::find()
            .filter(loan_event::Column::ProgrammeId.eq(self.programme.id))
            .filter(loan_event::Column::Serial.is_null())
            .filter(loan_event::Column::FileId.is_null())
            .filter(loan_event::Column::OnDay.lt(until))
            .filter(loan_event::Column::OnDay.gte(first.day))
            // The bank's format has no line for these.
            .filter(loan_event::Column::Kind.is_not_in([
                "subsidy",
                "replaced",
                "credit_back",
                "misuse",
                "misuse_mended",
            ]))
            .all(tx)
            .await?;
        let reversals = loan_event::Entity::find()
            .filter(loan_event::Column::ProgrammeId.eq(self.programme.id))
            .filter(loan_event::Column::Kind.eq("reversal"))
            .all(tx)
            .await?;
        let reversed: HashSet<LoanEventId> = reversals.iter().filter_map(|row| row.reverses).collect();
        let followed = followed(tx, rows.iter().map(|row| row.contract_id)).await?;
        let told = self.told(tx, &rows).await?;
        let ours = |row: &&loan_event::Model| {
            let id = &row.id;
            !taken.contains(id) && !reversed.contains(id) && !followed.contains(id) && !told.contains(id)
        };
        for row in rows.iter().filter(ours) {
            let item = format!("loan_event:{}", row.id);
            let kind = happening(&row.kind);
            let detail = format!("账上{}有{kind}，银行文件至{}未报", row.on_day, self.file.day);
            self.report.breaks.push(FileBreak {
                class: "missing_there".to_owned(),
                key: item.clone(),
                amount: Money::ZERO,
                expected: Some(row.amount_fen),
                detail: detail.clone(),
            });
            self.findings.add(
                LoanBreak::MissingThere,
                Some(row.contract_id),
                &item,
                Money::ZERO,
                Some(row.amount_fen),
                detail,
            );
        }
        Ok(())
    }

    /// Those of our own facts that the bank need not or cannot tell by a line: a judgement, once it has said the loan's class since; and what
    /// takes back a fact of ours it never told.
    async fn told(&self, tx: &Tx, rows: &[loan_event::Model]) -> Result<HashSet<LoanEventId>, ServicingError> {
        let judged: Vec<&loan_event::Model> = rows.iter().filter(|row| row.kind == "class").collect();
        let mut said: HashMap<LoanContractId, BusinessDate> = HashMap::new();
        let backend = tx.get_database_backend();
        let contracts: HashSet<Uuid> = judged.iter().map(|row| row.contract_id.uuid()).collect();
        let of_judged = "SELECT s.contract_id, s.bank_day FROM {rows} JOIN loan_standing s ON s.contract_id = r.id WHERE s.bank_day IS NOT NULL";
        for row in tx.query_all_raw(Rows::new().uuid("id", contracts).statement(backend, of_judged, [])).await? {
            said.insert(row.try_get("", "contract_id")?, row.try_get("", "bank_day")?);
        }
        let numbers: Vec<&str> = self.file.positions.iter().map(|one| one.contract.as_str()).collect();
        if !judged.is_empty() && !numbers.is_empty() {
            said.extend(self.contracts(tx, &numbers).await?.into_values().map(|id| (id, self.file.day)));
        }
        let judged = judged.into_iter().filter(|row| said.get(&row.contract_id).is_some_and(|day| *day >= row.on_day));
        let back = Rows::new().uuid("id", rows.iter().filter_map(|row| row.reverses).map(LoanEventId::uuid));
        let of_back = "SELECT e.id FROM {rows} JOIN loan_event e ON e.id = r.id WHERE e.serial IS NOT NULL";
        let found = tx.query_all_raw(back.statement(backend, of_back, [])).await?;
        let of_the_bank: HashSet<LoanEventId> =
            found.iter().map(|row| row.try_get("", "id")).collect::<Result<_, DbErr>>()?;
        let taken_back = rows.iter().filter(|row| row.reverses.is_some_and(|of| !of_the_bank.contains(&of)));
        Ok(judged.chain(taken_back).map(|row| row.id).collect())
    }

    async fn contracts(&self, tx: &Tx, numbers: &[&str]) -> Result<HashMap<String, LoanContractId>, ServicingError> {
        let rows = Rows::new().text("number", numbers.iter().copied());
        let sql = "SELECT DISTINCT c.id, c.number FROM loan_contract c JOIN {rows} ON r.number = c.number WHERE c.bank_id = $1";
        let found =
            tx.query_all_raw(rows.statement(tx.get_database_backend(), sql, [self.programme.bank_id.into()])).await?;
        Ok(found
            .iter()
            .map(|row| Ok((row.try_get("", "number")?, row.try_get("", "id")?)))
            .collect::<Result<_, sea_orm::DbErr>>()?)
    }

    /// Loans by their numbers, with what this file tells of them.
    async fn loans<'n>(
        &self,
        tx: &Tx,
        numbers: impl Iterator<Item = &'n str>,
        recorded: &servicing::Checked,
    ) -> Result<HashMap<String, loan::Loan>, ServicingError> {
        let numbers: Vec<&str> = numbers.collect();
        let contracts = self.contracts(tx, &numbers).await?;
        let ids: Vec<LoanContractId> =
            contracts.values().copied().filter(|id| !recorded.loans().contains_key(id)).collect();
        let mut others = loan::load(tx, &ids, false).await?;
        let told = |id: &LoanContractId| recorded.loans().get(id).cloned();
        let with_loan =
            contracts.into_iter().filter_map(|(number, id)| Some((number, told(&id).or_else(|| others.remove(&id))?)));
        Ok(with_loan.collect())
    }

    async fn events(&self, tx: &Tx, ids: &[LoanContractId]) -> Result<Vec<loan_event::Model>, ServicingError> {
        use sea_orm::FromQueryResult;
        let rows = Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
        let sql = "SELECT e.* FROM loan_event e WHERE e.contract_id IN (SELECT id FROM {rows})";
        let found = tx.query_all_raw(rows.statement(tx.get_database_backend(), sql, [])).await?;
        Ok(found.iter().map(|row| loan_event::Model::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }

    /// Books what is new and compares it. A line the loan does not allow becomes a break and books nothing; the others are booked.
    async fn record(
        &mut self,
        tx: &Tx,
        now: domain::Timestamp,
        mut row: loan_file::Model,
        mut plan: Vec<Planned>,
    ) -> Result<(), ServicingError> {
        // What refers to the file comes after it; what it found is known before.
        let recorded = loop {
            let events: Vec<NewEvent> =
                plan.iter().flat_map(|one| one.in_place_of.iter().chain(&one.event)).cloned().collect();
            let refused = match servicing::check_all(tx, now, self.programme, &events).await? {
                Ok(recorded) => break recorded,
                Err(refused) => refused,
            };
            let mut refused: HashMap<LoanEventId, ServeError> = refused.into_iter().collect();
            let mut kept = Vec::with_capacity(plan.len());
            for one in plan {
                let ids = [&one.in_place_of, &one.event].map(|event| event.as_ref().map(|event| event.id));
                let Some(error) = ids.into_iter().flatten().find_map(|id| refused.remove(&id)) else {
                    kept.push(one);
                    continue;
                };
                let (contract, detail) = (one.event.map(|event| event.contract), one.detail);
                let text = format!("不能入账：{}", reason(&error));
                self.found(LoanBreak::UnknownLine, contract, &detail, "refused", detail.amount, None, &text);
            }
            if let Some(error) = refused.into_values().next() {
                return Err(error.into());
            }
            plan = kept;
        };
        let of_penalties = plan.iter().map(|one| &one.detail).filter(|detail| detail.kind == Kind::Penalty);
        let penalised = self.loans(tx, of_penalties.map(|detail| detail.contract.as_str()), &recorded).await?;
        let by_id: BTreeMap<LoanEventId, &Recorded> = recorded.outcomes().iter().map(|one| (one.id, one)).collect();
        for one in &plan {
            let Some(event) = &one.event else {
                if let Some(loan) = penalised.get(&one.detail.contract).filter(|_| one.detail.kind == Kind::Penalty) {
                    self.penalty(&one.detail, loan)?;
                }
                continue;
            };
            if one.in_place_of.is_some() {
                self.report.matched += 1
            } else {
                self.report.booked += 1
            }
            self.findings.booked(&one.detail.contract, &one.detail.serial);
            if let Some(serial) = &one.detail.reverses {
                self.findings.take_back(&one.detail.contract, serial);
            }
            if let Some(recorded) = by_id.get(&event.id) {
                self.compare(event.contract, &one.detail, recorded);
            }
        }
        self.positions(tx, &recorded).await?;
        self.totals(tx, &recorded).await?;
        row.report = serde_json::to_string(&self.report).map_err(ServeError::Stored)?;
        told::add(tx, row).await?;
        recorded.write(tx, now, self.programme).await.map_err(ServicingError::Loan)?;
        Ok(told::remember(tx, self.programme, self.file).await?)
    }

    /// The split, the balance and the class after a fact.
    fn compare(&mut self, contract: LoanContractId, detail: &Detail, recorded: &Recorded) {
        let contract = Some(contract);
        // Of the others the bank alone says how much they were.
        let expected = recorded.outcome.as_ref().and_then(|outcome| match detail.kind {
            Kind::Repayment | Kind::Prepayment(_) => Some(outcome.expected),
            Kind::WriteOff => Some(Some(outcome.taken)),
            Kind::Payout | Kind::Penalty | Kind::Reversal | Kind::Class => None,
            Kind::Rate(_) | Kind::Waiver | Kind::Compensation | Kind::Recovery => None,
        });
        match expected {
            Some(Some(expected)) if expected != detail.split => {
                let (text, most) = in_words(&expected, &detail.split);
                let rounding = most <= 1;
                let words = if rounding { format!("尾差1分：{text}") } else { format!("分项不一致：{text}") };
                let class = if rounding { LoanBreak::Rounding } else { LoanBreak::Split };
                let total = expected.total().ok();
                self.found(class, contract, detail, "split", detail.amount, total, &words);
            }
            Some(None) => {
                let text = "按合同不应有此笔提前还款（有逾期或日期不符），已按银行数据入账";
                self.found(LoanBreak::Split, contract, detail, "split", detail.amount, None, text);
            }
            Some(Some(_)) | None => {}
        }
        if let Some(beyond) = &recorded.beyond {
            let expected = match beyond {
                ServeError::TooMuchForPool { most: amount } | ServeError::PoolEmpty { left: amount } => Some(*amount),
                _ => None,
            };
            let text = format!("不符合合同约定，已按银行数据入账：{}", reason(beyond));
            self.found(LoanBreak::Amount, contract, detail, "terms", detail.amount, expected, &text);
        }
        if let Some(after) = &recorded.after {
            self.standing(contract, detail, after);
        }
    }

    fn standing(&mut self, contract: Option<LoanContractId>, detail: &Detail, after: &State) {
        if let Ok(principal) = after.principal()
            && principal != detail.balance
        {
            let text = format!("余额不一致：账上{principal}，银行{}", detail.balance);
            self.found(LoanBreak::Balance, contract, detail, "balance", detail.balance, Some(principal), &text);
        }
        if after.class != detail.class {
            let text = format!("五级分类不一致：账上{}，银行{}", chinese(after.class), chinese(detail.class));
            self.found(LoanBreak::Class, contract, detail, "class", detail.balance, None, &text);
        }
    }

    /// What penalties have come to, which the bank tells without booking anything.
    fn penalty(&mut self, detail: &Detail, loan: &loan::Loan) -> Result<(), ServicingError> {
        let id = loan.row.id;
        let Some(it) = loan.replay(detail.on)? else { return Ok(()) };
        let come_to = it.state.outstanding().map_err(ServeError::Loan)?;
        let ours = [come_to.penalty, come_to.compound];
        let theirs = [Component::Penalty, Component::Compound].map(|one| detail.split.amounts[one]);
        if ours == theirs {
            self.report.agreed += 1;
            self.findings.agree(Agreed::Penalties, id);
            return Ok(());
        }
        let text = format!("罚息复利不一致：账上{}+{}，银行{}+{}", ours[0], ours[1], theirs[0], theirs[1]);
        let expected = Money::checked_sum(ours);
        self.found(LoanBreak::Split, Some(id), detail, "penalty", detail.amount, expected, &text);
        Ok(())
    }

    #[allow(clippy::too_many_arguments, reason = "the columns of a break")]
    fn found(
        &mut self,
        class: LoanBreak,
        contract: Option<LoanContractId>,
        detail: &Detail,
        what: &str,
        amount: Money,
        expected: Option<Money>,
        text: &str,
    ) {
        let key = format!("loan:{}:{}:{what}", detail.contract, detail.serial);
        let text = format!("第{}行，合同{}：{text}", detail.line, detail.contract);
        self.findings.add(class, contract, &key, amount, expected, text.clone());
        self.report.breaks.push(FileBreak { class: short(class), key, amount, expected, detail: text });
    }
}

/// How many days a fact of ours and a line lie apart.
fn apart(row: &loan_event::Model, detail: &Detail) -> i64 {
    row.on_day.days_to(detail.on).abs()
}

/// The word of a class in the report of a file.
fn short(class: LoanBreak) -> String {
    class.as_str().trim_start_matches("loan_").to_owned()
}

/// A line as a fact; nothing if it books none.
fn fact_of(detail: &Detail, reverses: Option<LoanEventId>) -> Option<Fact> {
    let amount = detail.amount;
    let booked = Some(detail.split);
    let what = match detail.kind {
        Kind::Payout => return Some(Fact::Payout(amount)),
        Kind::Penalty => return None,
        Kind::Repayment => What::Repayment { amount, booked },
        Kind::Prepayment(mode) => {
            let principal = detail.split.amounts[Component::Principal];
            let principal = (mode != domain::loan::prepayment::Mode::Full).then_some(principal);
            What::Prepayment { mode, principal, booked }
        }
        Kind::Reversal => What::Reversal(reverses?),
        Kind::Class => What::Judgement((detail.class != Class::Normal).then_some(detail.class)),
        Kind::Rate(rate) => What::RateChange(rate),
        Kind::Waiver => What::Waiver(detail.split.amounts),
        Kind::Compensation => What::Compensation(amount),
        Kind::Recovery => What::Recovery(amount),
        Kind::WriteOff => What::WriteOff,
    };
    Some(Fact::Event(what))
}

/// Where two splits differ, and by how much at most, in fen.
fn in_words(ours: &Split, theirs: &Split) -> (String, i64) {
    let names = [
        (Component::Principal, "本金"),
        (Component::Interest, "利息"),
        (Component::Penalty, "罚息"),
        (Component::Compound, "复利"),
        (Component::Fee, "费用"),
    ];
    let parts = names.map(|(component, name)| (name, ours.amounts[component], theirs.amounts[component]));
    let all = parts.into_iter().chain([("溢缴", ours.credit, theirs.credit)]);
    let differing: Vec<_> = all.filter(|(_, a, b)| a != b).collect();
    let most = differing.iter().map(|(_, a, b)| (a.fen() - b.fen()).abs()).max().unwrap_or(0);
    let words: Vec<String> = differing.iter().map(|(name, a, b)| format!("{name}应为{a}，银行{b}")).collect();
    (words.join("；"), most)
}

/// A kind of event, in words.
fn happening(kind: &str) -> &'static str {
    match kind {
        "payout" => "放款",
        "repayment" => "还款",
        "prepayment" => "提前还款",
        "rate" => "利率调整",
        "class" => "分类认定",
        "misuse" => "挪用",
        "misuse_mended" => "挪用已纠正",
        "reversal" => "冲正",
        "waiver" => "减免",
        "compensation" => "代偿",
        "recovery" => "追偿",
        "write_off" => "核销",
        "credit_back" => "退还溢缴",
        _ => "业务",
    }
}

pub(super) fn chinese(class: Class) -> &'static str {
    match class {
        Class::Normal => "正常",
        Class::SpecialMention => "关注",
        Class::Substandard => "次级",
        Class::Doubtful => "可疑",
        Class::Loss => "损失",
    }
}

/// Why a line was not booked, in Chinese.
fn reason(error: &ServeError) -> String {
    match error {
        ServeError::Loan(error) => error.to_string(),
        ServeError::NotPaidOut => "贷款尚未放款".to_owned(),
        ServeError::Conflict => "与已登记的业务冲突".to_owned(),
        ServeError::Invalid { problem, .. } => (*problem).to_owned(),
        ServeError::State(_) => "贷款状态不允许".to_owned(),
        ServeError::TooEarlyForPool { days } => format!("逾期未满{days}天"),
        ServeError::TooMuchForPool { most } => format!("按约定的补偿比例最多还可代偿{most}"),
        ServeError::PoolEmpty { left } => format!("风险补偿资金只剩{left}"),
        ServeError::OtherRate { expected } => format!("当日年利率应为{}", expected.percent()),
        ServeError::NoLpr => "没有登记适用的贷款市场报价利率，无法核对利率".to_owned(),
        ServeError::NotTheWholeLoan { principal } => format!("净放款应为零，原合同未还本金为{principal}"),
        ServeError::NoSuchEvent => "找不到所指的业务".to_owned(),
        _ => "不符合合同".to_owned(),
    }
}

/// The events by which two persons followed the bank: it says them by its figures and never by a line.
async fn followed(
    tx: &Tx,
    contracts: impl Iterator<Item = LoanContractId>,
) -> Result<HashSet<LoanEventId>, ServicingError> {
    let contracts: HashSet<Uuid> = contracts.map(LoanContractId::uuid).collect();
    let sql = "SELECT d.id, s.id AS resolution_id FROM {rows} JOIN discrepancy d ON d.contract_id = r.id \
               JOIN resolution s ON s.break_id = d.id AND s.state = 'done'";
    let rows = Rows::new().uuid("id", contracts).statement(tx.get_database_backend(), sql, []);
    let read = |row: &QueryResult| {
        let (of, resolution): (BreakId, Uuid) = (row.try_get("", "id")?, row.try_get("", "resolution_id")?);
        Ok(breaks::loans::event_id(of, resolution))
    };
    let found = tx.query_all_raw(rows).await?;
    Ok(found.iter().map(read).collect::<Result<_, DbErr>>()?)
}
