//! The ledger, the bank, reconciliation and the closing of books.

use crowdfunding::CrowdfundingError;
use domain::campaign::GivingClosed;
use domain::voucher::Unbalanced;
use ledger::Refusal;

use super::{Problem, id_reused, other_person, stopping, wrong_state};
use crate::bank::BankError;
use crate::books::BooksError;
use crate::breaks::BreakError;
use crate::cash::CashError;
use crate::cashier::CashierError;
use crate::closing::ClosingError;
use crate::exports::ExportError;
use crate::pack::PackError;
use crate::ratios::RatioError;
use crate::reconciliation::ReconcileError;
use crate::transfers::TransferError;
use crate::vouchers::VoucherError;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let reason = refusal.to_string();
        match refusal {
            Refusal::FundShort { available, .. } => {
                Problem::conflict("fund_short", "").saying(format!("项目可用资金不足，目前可用{available}元。"))
            }
            Refusal::Overdrawn { balance, .. } => {
                Problem::conflict("overdrawn", "").saying(format!("账户余额不足，目前余额{balance}元。"))
            }
            Refusal::PeriodClosed(day) => {
                Problem::conflict("period_closed", "").saying(format!("{day}及以前的账期已结账。"))
            }
            Refusal::ReferenceTaken => Problem::conflict("reference_taken", "该凭证号已用于其他内容。"),
            Refusal::NoSuchBook => Problem::unprocessable("no_such_book", "没有这个账套。"),
            // A recipe of ours that cannot be booked is our failure.
            Refusal::Unsound => Problem::internal(&refusal),
        }
        .because(reason)
    }
}

impl From<CashierError> for Problem {
    fn from(error: CashierError) -> Problem {
        use CashierError as E;
        match error {
            E::Overloaded => Problem::overloaded(),
            E::Stopping => stopping(),
            E::NotAPayment(_) => Problem::internal(&error),
            // Gifts by bank are entered by staff, who can do something about it; a donor is told otherwise.
            E::Gift(CrowdfundingError::Giving(GivingClosed::Ended)) => Problem::conflict(
                "campaign_ended",
                "该项目正在结项，或已结项、终止，不能再登记捐款。钱已到账的，请在银行流水中列入待认领，再与付款人商定退回或改捐其他项目。",
            ),
            E::Gift(CrowdfundingError::Giving(GivingClosed::NotOpen)) => Problem::conflict(
                "campaign_not_open",
                "该项目目前不接受捐款（尚未开始、已取消，或正在核查）。钱已到账的，请在银行流水中先列入待认领。",
            ),
            E::Channel(error) => error.into(),
            E::Contradicted(why) => contradicted(why),
            E::Gift(error) => error.into(),
            E::Db(error) => Problem::database(&*error, entity::is_transient(&error)),
        }
    }
}

impl From<BreakError> for Problem {
    fn from(error: BreakError) -> Problem {
        use BreakError as E;
        match error {
            E::NoSuchBreak => Problem::not_found("no_such_break", "没有这笔差错。"),
            E::NoSuchResolution => Problem::not_found("no_such_resolution", "没有这项差错处理。"),
            E::IdReused => id_reused(),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::UnderWay => Problem::conflict("resolution_under_way", "该差错已处理，或正在处理中。"),
            E::NoOrder => Problem::unprocessable("no_order", "这笔款项没有对应的订单，只能退回付款人。"),
            E::ReturnFirst => Problem::conflict(
                "return_first",
                "这笔款项对应订单，须先原路退回付款人；微信确实无法退回的，才可转入一般捐赠。",
            ),
            E::NeverPaid => Problem::conflict(
                "channel_contradicts",
                "微信账单中没有这笔付款，不能确认为捐赠；请核对账单，以微信为准冲回。",
            ),
            E::WrongChoice => Problem::unprocessable(
                "wrong_choice",
                "待查款只能确认为捐赠、转入一般捐赠或退回；没有款项的差错只能说明原因；手续费差错还可以微信为准，贷款差错还可以银行为准或退回银行更正。",
            ),
            E::OtherPerson => other_person(),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Ledger(refusal) => refusal.into(),
            E::Bills(error) => (*error).into(),
            E::Gift(error) => error.into(),
            E::Channel(error) => error.into(),
            E::Contradicted(why) => contradicted(why),
            E::Loan(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

/// The channel speaks of another refund under the number of ours: nothing is decided before somebody has looked.
fn contradicted(why: &str) -> Problem {
    Problem::conflict("channel_contradicts", "").saying(format!("{why}。"))
}

impl From<BankError> for Problem {
    fn from(error: BankError) -> Problem {
        use BankError as E;
        match error {
            E::NoSuchBook => Problem::not_found("no_such_book", "没有这个账套。"),
            E::NoSuchAccount => Problem::not_found("no_such_bank_account", "没有这个银行账户，请先登记。"),
            E::NoSuchStatement => Problem::cursor(),
            E::NoSuchLine => Problem::not_found("no_such_bank_line", "没有这笔银行流水。"),
            E::NoSuchClaim => Problem::not_found("no_such_claim", "没有这项认领或退回。"),
            E::NoSuchCode => Problem::not_found("no_such_code", "该项目尚无银行转账识别码。"),
            E::NoSuchBalance => Problem::not_found("no_such_balance", "没有这份余额调节表。"),
            E::NoSuchEntry => Problem::conflict("no_open_entry", "该凭证不在此银行账户上，或已与其他流水对应。"),
            E::IdReused => id_reused(),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::UnderWay => Problem::conflict("claim_under_way", "该事项已办理，或正在办理中。"),
            E::NotThat { line, problem } => {
                Problem::unprocessable("wrong_choice", problem).because(format!("line {line}"))
            }
            E::Incomplete(gaps) => Problem::conflict("statements_incomplete", "")
                .saying(format!("银行对账单不完整，不能编制余额调节表：{gaps}。")),
            E::Changed => Problem::conflict("changed_meanwhile", "编制后账目或流水有变动，请退回重新编制。"),
            E::OtherPerson => other_person(),
            // Said to staff, not to a donor.
            E::Gift(CrowdfundingError::Giving(GivingClosed::Ended)) => {
                Problem::conflict("campaign_not_open", "该项目正在结项，或已结项、终止，不能再认领捐款。")
            }
            E::Gift(CrowdfundingError::Giving(GivingClosed::NotOpen)) => {
                Problem::conflict("campaign_not_open", "该项目目前不接受捐款，请先将款项留作待认领。")
            }
            E::Forbidden(error) => error.into(),
            E::Line(refused) => wrong_state().because(refused.to_string()),
            E::Claim(refused) => wrong_state().because(refused.to_string()),
            E::Ledger(refusal) => refusal.into(),
            E::Gift(error) => error.into(),
            E::Spending(error) => error.into(),
            E::Transfer(error) => error.into(),
            E::Sealed(error) => Problem::internal(&error),
            E::Workbook(error) => Problem::internal(&error),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<BooksError> for Problem {
    fn from(error: BooksError) -> Problem {
        use BooksError as E;
        match error {
            E::NoSuchBook => Problem::not_found("no_such_book", "没有这个账套。"),
            E::NoSuchAccount => Problem::not_found("no_such_account", "没有这个账户，或当日尚无记录。"),
            E::NoSuchEntry => Problem::not_found("no_such_entry", "没有这张凭证。"),
            E::Forbidden(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Problem {
        use ExportError as E;
        match error {
            E::NoSuchBook(_) => Problem::not_found("no_such_book", "没有这个账套。"),
            E::Backwards { .. } => Problem::field("to", "截止日期不能早于起始日期"),
            E::TooLarge { entries, most } => Problem::conflict("export_too_large", "").saying(format!(
                "这段时间有{entries}张凭证，页面最多导出{most}张。请缩短期间，或由系统管理员在命令行导出全部账簿。"
            )),
            E::Forbidden(error) => error.into(),
            error @ (E::File(_) | E::Sheet(_)) => Problem::internal(&error),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<PackError> for Problem {
    fn from(error: PackError) -> Problem {
        use PackError as E;
        match error {
            E::NoSuchBook => Problem::not_found("no_such_book", "没有这个账套。"),
            E::NoSuchYear => Problem::not_found("no_such_year", "没有这个会计年度，或尚未开始。"),
            E::Forbidden(error) => error.into(),
            E::Sheet(_) | E::Csv(_) | E::Zip(_) | E::Io(_) => Problem::internal(&error),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<RatioError> for Problem {
    fn from(error: RatioError) -> Problem {
        use RatioError as E;
        match error {
            E::NoSuchBook => Problem::not_found("no_such_book", "没有这个账套。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::RuleStands => Problem::conflict("rule_stands", "该比例已有当日或以后生效的规定。"),
            E::Forbidden(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<CashError> for Problem {
    fn from(error: CashError) -> Problem {
        use CashError as E;
        match error {
            E::NoSuchCount => Problem::not_found("no_such_count", "没有这次盘点。"),
            E::NoSuchBook => Problem::not_found("no_such_book", "没有这个账套。"),
            E::IdReused => id_reused(),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::NoSuchBox { name, known } => {
                Problem::unprocessable("no_such_cash_box", "").saying(if known.is_empty() {
                    format!("账上没有“{name}”这个钱箱，本账套还没有钱箱。如果是新启用的钱箱，请注明后再提交。")
                } else {
                    let known = known.join("、");
                    format!("账上没有“{name}”这个钱箱，本账套的钱箱有：{known}。如果是新启用的钱箱，请注明后再提交。")
                })
            }
            E::UnderWay => Problem::conflict("count_under_way", "该钱箱有一次盘点尚未签字。"),
            E::Moved => Problem::conflict("cash_moved", "盘点以后这个钱箱的账面有变动，请重新盘点。"),
            E::WrongChoice => Problem::conflict("wrong_choice", "长款与短款的处理方式不同，请重新选择。"),
            E::OtherPerson => other_person(),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Ledger(refusal) => refusal.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<VoucherError> for Problem {
    fn from(error: VoucherError) -> Problem {
        use VoucherError as E;
        match error {
            E::NoSuchVoucher => Problem::not_found("no_such_voucher", "没有这张凭证。"),
            E::NoSuchTemplate => Problem::not_found("no_such_template", "没有这个周期凭证模板。"),
            E::NoSuchBook => Problem::not_found("no_such_book", "没有这个账套。"),
            E::IdReused => id_reused(),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::Unbalanced(unbalanced) => Problem::unprocessable("voucher_unbalanced", "").saying(match unbalanced {
                Unbalanced::Count => "凭证须有借有贷，最多500行。".to_owned(),
                Unbalanced::Amount => "每行金额须大于零，且合计不能过大。".to_owned(),
                Unbalanced::Twice => "同一账户不能出现在两行。".to_owned(),
                Unbalanced::Sum { debit, credit } => format!("借贷不平：借方{debit}元，贷方{credit}元。"),
            }),
            E::Line { line, problem } => {
                Problem::unprocessable("voucher_line", "").saying(format!("第{line}行：{problem}。"))
            }
            E::NoDocument => Problem::conflict("document_needed", "请先上传凭证所依据的单据。"),
            E::YearEnded(year) => Problem::conflict("year_ended", "")
                .saying(format!("{year}年度已结转，收入和费用请作审计调整，或使用以前年度净资产调整科目。")),
            E::YearOpen(year) => {
                Problem::conflict("year_open", "").saying(format!("{year}年度尚未结转，请直接填写记账凭证。"))
            }
            E::YearAudited(year) => Problem::conflict("year_audited", "")
                .saying(format!("{year}年度审计报告已登记，不能再作审计调整，请在当期使用以前年度净资产调整科目。")),
            E::OpeningTooLate(day) => Problem::conflict("opening_too_late", "")
                .saying(format!("账套在{day}或之前已有凭证，期初余额只能早于第一张凭证，或记在结账后的第一天。")),
            E::Reversed => Problem::conflict("voucher_reversed", "该凭证已冲销，或正在冲销。"),
            E::Opened => Problem::conflict("book_opened", "该账套已有期初余额，或正在办理。"),
            E::OtherPerson => other_person(),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Ledger(refusal) => refusal.into(),
            E::Spending(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<ClosingError> for Problem {
    fn from(error: ClosingError) -> Problem {
        use ClosingError as E;
        match error {
            E::NoSuchBook => Problem::not_found("no_such_book", "没有这个账套。"),
            E::NotOver(last) => {
                Problem::conflict("period_not_over", "").saying(format!("该会计期间到{last}才结束，目前不能结账。"))
            }
            E::Closed(through) => Problem::conflict("period_closed", "").saying(format!("账套已结账至{through}。")),
            E::NotReady(against) => Problem::conflict("month_not_ready", "").saying(format!(
                "到这个月为止还不能锁定：{}。请先办完；确实不能等的，写明原因后再锁定，原因记入审计日志。",
                against.join("；")
            )),
            E::YearNotReady(against) => Problem::conflict("year_not_ready", "").saying(format!(
                "这个年度还不能结转：{}。请先办完；确实不能等的，写明原因后再提出，原因记入审计日志。",
                against.join("；")
            )),
            E::NoSuchClosing => Problem::not_found("no_such_year_closing", "没有这项年终结转。"),
            E::UnderWay => Problem::conflict("year_closing_under_way", "该年度的年终结转已经提出，正等待另一人决定。"),
            E::Changed => {
                Problem::conflict("changed_meanwhile", "提出以后未办完的事项有变化，请退回，由提出人重新提出。")
            }
            E::NotAuthor => Problem::forbidden("author_only", "只有提出人可以撤回。"),
            E::Unpublished => Problem::conflict(
                "report_unpublished",
                "请先公布该年度的年度工作报告（含审计报告），公布日期不早于审计报告日期，再确认审计报告。",
            ),
            E::YearOpen(year) => Problem::conflict("year_open", "").saying(format!("请先办理{year}年度的年终结转。")),
            E::MonthsOpen(from) => Problem::conflict("months_open", "").saying(format!(
                "{}年{}月起还没有月结。请先逐月检查并锁定到11月，再办理年终结转；日子已经封存不等于月份已经锁定。",
                from.year(),
                from.month()
            )),
            E::Sheet(error) => Problem::internal(&error),
            E::NoSuchReport => Problem::not_found("no_such_report", "没有这份审计报告。"),
            E::IdReused => id_reused(),
            E::Audited => Problem::conflict("year_audited", "该年度审计报告已登记，或正在办理。"),
            E::NoDocument => Problem::conflict("document_needed", "请先上传审计报告，材料种类选“报告”。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::OtherPerson => other_person(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Forbidden(error) => error.into(),
            E::Ledger(refusal) => refusal.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<TransferError> for Problem {
    fn from(error: TransferError) -> Problem {
        use TransferError as E;
        match error {
            E::NoSuchTransfer => Problem::not_found("no_such_transfer", "没有这笔资金划转。"),
            E::NoSuchBook => Problem::unprocessable("no_such_book", "没有这个账套。"),
            E::IdReused => id_reused(),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::AlreadyBooked => Problem::conflict("booked_from_bill", "微信资金账单已有同样金额的划转，并已据此入账。"),
            E::OtherPerson => other_person(),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Ledger(refusal) => refusal.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<ReconcileError> for Problem {
    fn from(error: ReconcileError) -> Problem {
        use ReconcileError as E;
        match error {
            E::NoSuchCharity => Problem::not_found("no_such_charity", "该账套没有开通微信支付商户号。"),
            E::WhichCharity => Problem::unprocessable("which_charity", "有多个慈善组织，请指明账套。"),
            E::Refused { file, why } => Problem::unprocessable("bill_refused", "")
                .saying(format!("{file}被拒收：{why}。账簿没有变动。"))
                .because(why),
            E::BeforeBooks { .. } => {
                Problem::unprocessable("before_books", "").saying(format!("{error}。账簿没有变动。"))
            }
            E::NotOver(_) => Problem::conflict("bill_not_ready", "当日账单要到次日10时以后才能取得。"),
            E::Gone(day) => Problem::conflict("bill_gone", "").saying(format!(
                "微信支付只保留三个月的账单，{day}的账单已经取不到。请上传当时下载保存的交易账单和资金账单文件，\
                 或由系统管理员执行命令 sangzi reconcile --date {day} --trade-bill 文件 --fund-flow 文件。"
            )),
            E::IdReused => id_reused(),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::NoChannel => Problem::conflict("no_channel", "没有配置微信支付，无法取得账单。"),
            E::Forbidden(error) => error.into(),
            E::Channel(error) => error.into(),
            E::Ledger(refusal) => refusal.into(),
            E::Gift(error) => error.into(),
            E::Transfer(error) => error.into(),
            E::Break(error) => error.into(),
            E::Workbook(_) => Problem::internal(&error),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}
