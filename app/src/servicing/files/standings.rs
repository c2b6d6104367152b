//! What a bank's file says of where loans stand: each by itself (`P`), and all of a class (`S`). Compared, never booked.

use std::collections::{BTreeMap, HashSet};

use domain::bank_file::class_of;
use domain::lending::product::Repricing;
use domain::loan::overdue::Class;
use domain::reconciliation::LoanBreak;
use domain::{BusinessDate, LoanContractId, Money};
use entity::Tx;
use lending::servicing::{self, ServeError, loan, price};

use super::{FileBreak, Import, chinese, short};
use crate::servicing::ServicingError;
use crate::servicing::breaks::Agreed;

impl Import<'_> {
    /// Where loans stand at the end of the file's day.
    pub(super) async fn positions(&mut self, tx: &Tx, recorded: &servicing::Checked) -> Result<(), ServicingError> {
        let file = self.file;
        let numbers: Vec<&str> = file.positions.iter().map(|one| one.contract.as_str()).collect();
        let contracts = self.contracts(tx, &numbers).await?;
        let others: Vec<LoanContractId> =
            contracts.values().copied().filter(|id| !recorded.loans().contains_key(id)).collect();
        let others = loan::load(tx, &others, false).await?;
        let mut prices = price::Known::default();
        for one in &file.positions {
            let key = format!("loan:{}:{}", one.contract, file.day);
            let id = contracts.get(&one.contract).copied();
            let loan = id.and_then(|id| recorded.loans().get(&id).or_else(|| others.get(&id)));
            if let Some(loan) = loan
                && let Some((since, text)) = self.unpriced(tx, loan, &mut prices).await?
            {
                let key = format!("loan:{}:rate:{since}", one.contract);
                self.findings.add(LoanBreak::MissingThere, id, &key, Money::ZERO, None, text.clone());
                let class = short(LoanBreak::MissingThere);
                self.report.breaks.push(FileBreak { class, key, amount: Money::ZERO, expected: None, detail: text });
            }
            let mut differs = |class: LoanBreak, amount: Money, expected: Option<Money>, text: String| {
                let key = format!("{key}:{}", short(class));
                self.findings.add(class, id, &key, amount, expected, text.clone());
                self.report.breaks.push(FileBreak { class: short(class), key, amount, expected, detail: text });
            };
            let Some(it) = loan.map(|loan| loan.replay(file.day)).transpose()?.flatten() else {
                let text = "银行有余额，账上没有这笔贷款".to_owned();
                differs(LoanBreak::MissingHere, one.balance, None, text);
                continue;
            };
            let principal = it.state.principal().map_err(ServeError::Loan)?;
            let arrears = it.state.due.total().map_err(ServeError::Loan)?;
            let same = principal == one.balance && arrears == one.arrears && it.state.class == one.class;
            if principal != one.balance {
                let text = format!("余额不一致：账上{principal}，银行{}", one.balance);
                differs(LoanBreak::Balance, one.balance, Some(principal), text);
            }
            if arrears != one.arrears {
                let fen = (arrears.fen() - one.arrears.fen()).abs();
                let (class, head) =
                    if fen == 1 { (LoanBreak::Rounding, "尾差1分：") } else { (LoanBreak::Arrears, "") };
                let text = format!("{head}逾期未还不一致：账上{arrears}，银行{}", one.arrears);
                differs(class, one.arrears, Some(arrears), text);
            }
            if it.state.class != one.class {
                let text = format!("五级分类不一致：账上{}，银行{}", chinese(it.state.class), chinese(one.class));
                differs(LoanBreak::Class, one.balance, Some(principal), text);
            }
            if same {
                self.report.agreed += 1;
            }
            self.findings.in_the_books(&one.contract);
            let Some(id) = id else { continue };
            for (in_this, same) in [
                (Agreed::Listed, true),
                (Agreed::Balance, principal == one.balance),
                (Agreed::Arrears, arrears == one.arrears),
                (Agreed::Class, it.state.class == one.class),
            ] {
                if same {
                    self.findings.agree(in_this, id);
                }
            }
        }
        if file.positions.is_empty() {
            return Ok(());
        }
        self.findings.listed(file.positions.iter().map(|one| one.contract.as_str()));
        let listed: HashSet<LoanContractId> = contracts.into_values().collect();
        self.left_out(tx, recorded, &listed).await
    }

    /// What a contract was priced anew to, where no file has told it by now; one that was told clears what was said of it before.
    async fn unpriced(
        &mut self,
        tx: &Tx,
        loan: &loan::Loan,
        prices: &mut price::Known,
    ) -> Result<Option<(BusinessDate, String)>, ServicingError> {
        let day = self.file.day;
        if loan.row.repricing == Repricing::Fixed || loan.payout().is_none_or(|(_, on)| on > day) {
            return Ok(None);
        }
        let price = match prices.expected(tx, loan, day).await {
            Err(ServeError::NoLpr) => return Ok(None),
            found => found?,
        };
        let Some(price) = price else { return Ok(None) };
        let told = price::told(loan, day);
        if price.annual_rate == told {
            self.findings.priced(loan.row.id);
            return Ok(None);
        }
        if price.since.days_to(day) <= self.programme.match_days {
            return Ok(None);
        }
        let (rate, told) = (price.annual_rate.percent(), told.percent());
        Ok(Some((price.since, format!("按合同自{}起年利率应为{rate}，截至{day}登记的是{told}", price.since))))
    }

    /// A file that says where loans stand says it of all: one of ours that is not among them is missing there.
    async fn left_out(
        &mut self,
        tx: &Tx,
        recorded: &servicing::Checked,
        listed: &HashSet<LoanContractId>,
    ) -> Result<(), ServicingError> {
        let day = self.file.day;
        let missing = |id: &LoanContractId| !listed.contains(id);
        for (id, loan) in recorded.loans().iter().filter(|(id, _)| missing(id)) {
            self.missing(*id, loan, day)?;
        }
        let open = loan::open(tx, self.programme.bank_id, day).await?;
        let open: Vec<_> = open.into_iter().filter(|id| missing(id) && !recorded.loans().contains_key(id)).collect();
        for page in open.chunks(2_000) {
            for (id, loan) in loan::load(tx, page, false).await? {
                self.missing(id, &loan, day)?;
            }
        }
        Ok(())
    }

    fn missing(&mut self, id: LoanContractId, loan: &loan::Loan, day: BusinessDate) -> Result<(), ServicingError> {
        if loan.payout().is_none_or(|(_, on)| on > day) {
            return Ok(());
        }
        let Some(it) = loan.replay(day)? else { return Ok(()) };
        let principal = it.state.principal().map_err(ServeError::Loan)?;
        if principal.is_positive() {
            let key = format!("loan:{}:{day}:missing_there", loan.row.number);
            let text = format!("账上余额{principal}，银行{day}的余额清单没有这笔贷款");
            self.findings.add(LoanBreak::MissingThere, Some(id), &key, Money::ZERO, Some(principal), text.clone());
            self.report.breaks.push(FileBreak {
                class: short(LoanBreak::MissingThere),
                key,
                amount: Money::ZERO,
                expected: Some(principal),
                detail: text,
            });
        }
        Ok(())
    }

    /// What the loans of each class add up to, with what this file told.
    pub(super) async fn totals(&mut self, tx: &Tx, recorded: &servicing::Checked) -> Result<(), ServicingError> {
        let file = self.file;
        if file.totals.is_empty() {
            return Ok(());
        }
        let stored: Vec<LoanContractId> = loan::paid_out(tx, self.programme.id).await?;
        let stored: Vec<_> = stored.into_iter().filter(|id| !recorded.loans().contains_key(id)).collect();
        let mut ours: BTreeMap<Class, (u64, i64, i64)> = BTreeMap::new();
        let mut add = |loan: &loan::Loan| -> Result<(), ServeError> {
            if let Some(it) = loan.replay(file.day)?.filter(|it| it.state.end.is_none()) {
                let sum = ours.entry(it.state.class).or_default();
                sum.0 += 1;
                sum.1 += it.state.principal()?.fen();
                sum.2 += it.state.due.total()?.fen();
            }
            Ok(())
        };
        for loan in recorded.loans().values() {
            add(loan)?;
        }
        for page in stored.chunks(2_000) {
            for loan in loan::load(tx, page, false).await?.values() {
                add(loan)?;
            }
        }
        // A class the bank leaves out has no loan there.
        let mut theirs: BTreeMap<Class, (u64, i64, i64)> = ours.keys().map(|class| (*class, (0, 0, 0))).collect();
        theirs.extend(file.totals.iter().map(|one| (one.class, (one.count, one.balance.fen(), one.arrears.fen()))));
        for (class, there) in theirs {
            let here = ours.get(&class).copied().unwrap_or_default();
            if here == there {
                self.report.agreed += 1;
                self.findings.adds_up(class_of(class));
                continue;
            }
            let words = |(count, balance, arrears): (u64, i64, i64)| {
                format!("{count}户{}，逾期未还{}", Money::from_fen(balance), Money::from_fen(arrears))
            };
            let text = format!("{}类汇总不一致：账上{}；银行{}", chinese(class), words(here), words(there));
            let key = format!("loan:{}:{}:{}", file.bank, file.day, class_of(class));
            let (amount, expected) = (Money::from_fen(there.1), Some(Money::from_fen(here.1)));
            self.findings.add(LoanBreak::Total, None, &key, amount, expected, text.clone());
            self.report.breaks.push(FileBreak { class: "total".to_owned(), key, amount, expected, detail: text });
        }
        Ok(())
    }
}
