//! Youth loans.

use lending::LendingError;
use lending::servicing::ServeError;

use super::{Problem, id_reused, other_person, wrong_state};
use crate::loans::LoansError;
use crate::servicing::ServicingError;

impl From<LoansError> for Problem {
    fn from(error: LoansError) -> Problem {
        match error {
            LoansError::Refused(refusal) => refusal.into(),
            LoansError::Running(error) => error.into(),
            LoansError::Identity(error) => error.into(),
            LoansError::Sealed(error) => Problem::internal(&error),
            LoansError::NotTaken(error) => error.into(),
            LoansError::Db(error) => LendingError::from(error).into(),
        }
    }
}

impl From<LendingError> for Problem {
    fn from(error: LendingError) -> Problem {
        use LendingError as E;
        match error {
            E::NoSuchBank => Problem::not_found("no_such_bank", "没有这家银行。"),
            E::NoSuchStaff => Problem::not_found("no_such_member", "没有这名工作人员。"),
            E::NoSuchUnit => Problem::unprocessable("no_such_unit", "所填地区没有对应的团组织。"),
            E::OfficeFirst => {
                Problem::forbidden("office_first", "该步骤由下级团委先行办理，逾期后上级团委方可代为办理。")
            }
            E::NoSuchProduct => Problem::not_found("no_such_loan_product", "没有这个贷款产品。"),
            E::NoSuchVersion => Problem::not_found("no_such_version", "该产品没有这一版条款。"),
            E::NoSuchLpr => Problem::not_found("no_such_lpr", "没有这一期贷款市场报价利率。"),
            E::NoSuchQuota => Problem::not_found("no_such_quota", "没有这项额度。"),
            E::NoSuchApplication => Problem::not_found("no_such_loan_application", "没有这份贷款申请。"),
            E::NoSuchContract => Problem::not_found("no_such_loan_contract", "没有这份借款合同。"),
            E::NoSuchConsent => Problem::not_found("no_such_consent", "没有这项授权。"),
            E::NoSuchNeed => Problem::not_found("no_such_need", "没有这项融资需求。"),
            E::NoSuchPaper => Problem::not_found("no_such_paper", "没有这份材料。"),
            E::NoSuchMatch => Problem::not_found("no_such_match", "没有这项对接。"),
            E::IdReused => id_reused(),
            E::CodeTaken => Problem::conflict("code_taken", "该代码或编号已被使用。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::Unsound(problems) => {
                Problem::unprocessable("terms_unsound", "产品条款不符合规定，请按提示修改。").listing(problems)
            }
            E::NotAdmitted(problems) => {
                let all: Vec<&str> = problems.iter().map(|one| one.problem.as_str()).collect();
                let detail = format!("不符合该产品的条件：{}。", all.join("；"));
                Problem::unprocessable("not_admitted", "").saying(detail).listing(problems)
            }
            E::Loan(error) => Problem::unprocessable(error.code(), "").saying(error.to_string()),
            E::NoLpr => Problem::conflict("no_lpr", "尚未登记适用的贷款市场报价利率，暂时无法报价或签约。"),
            E::ProductClosed => Problem::conflict("loan_product_closed", "该产品目前不受理新申请。"),
            E::Published => Problem::conflict("version_published", "已发布的条款不能修改，请另写新版本。"),
            E::NoSeat => Problem::forbidden("no_bank_seat", "您不是这家银行的经办人员。"),
            E::Forbidden(error) => error.into(),
            E::OtherPerson => other_person(),
            E::Related => Problem::forbidden("related_party", "您是借款人本人或其亲属，应当回避。"),
            E::NoConsent => Problem::conflict("consent_needed", "借款人尚未授权将申请提交该银行。"),
            E::NoQuota => Problem::conflict("no_quota", "该地区本年度没有这个产品的额度。"),
            E::QuotaShort { left } => {
                Problem::conflict("quota_short", "").saying(format!("该地区额度不足，目前剩余{left}元。"))
            }
            E::PoolFull { left } => Problem::conflict("pool_full", "")
                .saying(format!("风险补偿资金最多还能覆盖{left}元贷款，请先补充资金或减少合同金额。")),
            E::QuotaTaken { taken } => {
                Problem::conflict("quota_taken", "").saying(format!("额度不能低于已占用的{taken}元。"))
            }
            E::NoMoreRenewals => Problem::conflict("no_more_renewals", "已达到续贷次数上限，不能再续贷。"),
            E::NotChangeable => Problem::conflict("contract_not_changeable", "该合同目前不能办理此项变更。"),
            E::Classed => Problem::conflict("loan_classed", "原贷款的分类不是正常，不能续贷；可申请展期或重组。"),
            E::ChangeUnderWay => Problem::conflict("change_under_way", "该合同已有变更申请在办理中。"),
            E::TooMany => Problem::conflict("too_many_applications", "您在办的申请过多，请先办结或撤回。"),
            E::CharityPool => {
                Problem::unprocessable("charity_pool", "慈善组织的资金不得用于风险补偿或担保，请改用非慈善账套或留空。")
            }
            E::Gone => Problem::conflict("personal_data_gone", "该申请的个人信息已清除。"),
            E::State(refused) => {
                let detail = format!("申请或合同目前为“{}”，不能这样办理。", refused.state.chinese());
                wrong_state().saying(detail).because(refused.to_string())
            }
            E::Need(refused) => wrong_state().because(refused.to_string()),
            E::Decided => wrong_state(),
            E::Conflict => Problem::conflict("changed_meanwhile", "内容已被他人修改，请刷新后重试。"),
            E::Stored(error) => Problem::internal(&error),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<ServeError> for Problem {
    fn from(error: ServeError) -> Problem {
        use ServeError as E;
        match error {
            E::NoSuchContract => Problem::not_found("no_such_contract", "没有这份贷款合同。"),
            E::NoSuchBank => Problem::unprocessable("no_such_bank", "没有这家银行。"),
            E::NoSuchProgramme => Problem::not_found("no_such_loan_programme", "没有这个贷款项目。"),
            E::NoSuchEvent => Problem::unprocessable("no_such_loan_event", "没有可以冲正的这笔业务。"),
            E::NoSuchSubsidy => Problem::not_found("no_such_subsidy", "没有这笔贴息。"),
            E::Withdrawn => Problem::conflict("subsidy_withdrawn", "该期利息已不符合贴息条件，申报已撤回，不能登记到账。"),
            E::NoSeat => Problem::forbidden("no_bank_seat", "您尚未登记为任何银行的经办人员。"),
            E::NoConsent => Problem::forbidden("no_consent", "借款人未同意银行向团组织提供贷后信息，只能查看汇总数。"),
            E::IdReused => id_reused(),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::TooEarlyForPool { days } => {
                Problem::unprocessable("pool_not_yet", "").saying(format!("逾期满{days}天后才能由风险补偿资金代偿。"))
            }
            E::TooMuchForPool { most } => Problem::unprocessable("pool_share_exceeded", "")
                .saying(format!("超过合同约定的补偿比例，目前最多可代偿{most}元。")),
            E::PoolEmpty { left } => {
                Problem::conflict("pool_empty", "").saying(format!("风险补偿资金余额不足，目前剩余{left}元。"))
            }
            E::OtherRate { expected } => Problem::unprocessable("rate_not_by_contract", "")
                .saying(format!("按合同约定当日年利率应为{}。", expected.percent())),
            E::NoLpr => Problem::conflict("no_lpr", "尚未登记适用的贷款市场报价利率，暂时无法核对利率。"),
            E::Related => Problem::forbidden("related_party", "您是借款人本人或其亲属，应当回避。"),
            E::PoolPaid { paid } => Problem::conflict("pool_paid", "")
                .saying(format!("风险补偿资金已代偿尚未收回{paid}元，规模不能小于这个数。")),
            E::NotTheWholeLoan { principal } => Problem::conflict("not_the_whole_loan", "").saying(format!(
                "续贷、展期和重组净放款为零，合同金额应等于原合同未还的本金{principal}元；差额请先归还，或放弃本合同后重新签订。"
            )),
            E::NotPaidOut => Problem::conflict("loan_not_paid_out", "贷款尚未放款。"),
            E::NotThatDay => Problem::conflict("loan_day_not_next", "只能按顺序关闭已结束的营业日。"),
            E::Conflict => Problem::conflict("changed_meanwhile", "与已登记的内容冲突，请刷新后重试。"),
            E::CharityPool => {
                Problem::unprocessable("charity_pool", "慈善组织的资金不得用于贷款风险补偿，请更换管理方。")
            }
            E::Loan(error) => Problem::unprocessable(error.code(), "").saying(error.to_string()),
            E::State(refused) => wrong_state().because(refused.to_string()),
            E::Ledger(refusal) => refusal.into(),
            E::Stored(error) => Problem::internal(&error),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<ServicingError> for Problem {
    fn from(error: ServicingError) -> Problem {
        use ServicingError as E;
        match error {
            E::Loan(error) => error.into(),
            E::File(error) => Problem::unprocessable("bank_file_refused", "").saying(format!("文件被拒收：{error}。")),
            E::FileGap { expected } => Problem::conflict("bank_file_gap", "")
                .saying(format!("文件序号不连续，应为第{expected}号，请先导入缺少的文件。")),
            E::FileRepeated(sequence) => Problem::conflict("bank_file_repeated", "")
                .saying(format!("第{sequence}号文件已导入，内容不同，请与银行核实。")),
            E::FileDay(day) => {
                Problem::conflict("bank_file_day", "").saying(format!("文件日期{day}晚于今天或早于上一个文件。"))
            }
            E::FilePace(problem) => Problem::unprocessable("bank_file_pace", "").saying(format!("{problem}。")),
            E::Lending(error) => error.into(),
            E::NoSuchMonth => Problem::field("month", "没有这个月份的数据"),
            E::Forbidden(error) => error.into(),
            E::Sheet(error) => Problem::internal(&error),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}
