//! What a caller is told when something is not done: a status, a code that never changes, a sentence in Chinese fit for a
//! stranger.
//!
//! Every error of every service becomes a [`Problem`] here, by an exhaustive match: a new variant asks what people shall read.
//! It is said in one place, so that the interface and the pages say the same. A failure of our own is logged here, once, with
//! its whole chain, and says nothing to anybody but that it happened.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crowdfunding::CrowdfundingError;
use crowdfunding::spending::SpendingError;
use domain::campaign::GivingClosed;
use domain::document::{AttachmentKind, NotTaken};
use domain::plan;
use domain::role::Forbidden;
use domain::voucher::Unbalanced;
use ledger::Refusal;
use lending::LendingError;
use lending::servicing::ServeError;
use sea_orm::Iterable;
use wechat::WechatError;

use crate::bank::BankError;
use crate::books::BooksError;
use crate::breaks::BreakError;
use crate::campaign_sheet::SheetError;
use crate::cash::CashError;
use crate::cashier::CashierError;
use crate::closing::ClosingError;
use crate::disclosures::DisclosureError;
use crate::documents::DocumentError;
use crate::enquiries::EnquiryError;
use crate::exports::ExportError;
use crate::gift_watch::GiftWatchError;
use crate::giving::GivingError;
use crate::identity::IdentityError;
use crate::loans::LoansError;
use crate::openness::OpenBooksError;
use crate::organisation::OrganisationError;
use crate::outbox::OutboxError;
use crate::pack::PackError;
use crate::privacy::PrivacyError;
use crate::ratios::RatioError;
use crate::receipts::ReceiptError;
use crate::reconciliation::ReconcileError;
use crate::runs::RunsError;
use crate::servicing::ServicingError;
use crate::spending::SpendError;
use crate::transfers::TransferError;
use crate::vouchers::VoucherError;

const BAD_REQUEST: u16 = 400;
const UNAUTHORIZED: u16 = 401;
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;
const PAYLOAD_TOO_LARGE: u16 = 413;
const UNPROCESSABLE: u16 = 422;
const TOO_MANY_REQUESTS: u16 = 429;
const INTERNAL: u16 = 500;
const BAD_GATEWAY: u16 = 502;
const UNAVAILABLE: u16 = 503;

/// Why something was not done.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The status of HTTP that says it best.
    pub status: u16,
    /// The kind of problem, for programs. Never renamed.
    pub code: &'static str,
    /// What happened, for people, in Chinese.
    pub detail: Cow<'static, str>,
    /// What a developer should look at: the field, the state, the role that was missing.
    pub reason: Option<String>,
    /// Everything that is wrong at once, where it is more than one thing.
    pub problems: Vec<plan::Problem>,
    /// After how many seconds it makes sense to try again.
    pub retry_after_s: Option<u64>,
}

impl Problem {
    /// A refusal. `code` is for ever.
    pub const fn new(status: u16, code: &'static str, detail: &'static str) -> Problem {
        Problem { status, code, detail: Cow::Borrowed(detail), reason: None, problems: Vec::new(), retry_after_s: None }
    }

    /// Something that is not there, or that the caller may not know of.
    pub const fn not_found(code: &'static str, detail: &'static str) -> Problem {
        Problem::new(NOT_FOUND, code, detail)
    }

    /// Something that cannot be done in the state things are in.
    pub const fn conflict(code: &'static str, detail: &'static str) -> Problem {
        Problem::new(CONFLICT, code, detail)
    }

    /// Something that reads well and makes no sense.
    pub const fn unprocessable(code: &'static str, detail: &'static str) -> Problem {
        Problem::new(UNPROCESSABLE, code, detail)
    }

    /// Something that the caller may not do.
    pub const fn forbidden(code: &'static str, detail: &'static str) -> Problem {
        Problem::new(FORBIDDEN, code, detail)
    }

    /// Nobody is signed in, or not for this.
    pub const fn unauthorized() -> Problem {
        Problem::new(UNAUTHORIZED, "unauthorized", "请先登录。")
    }

    /// Too much at once; come back a little later.
    pub fn overloaded() -> Problem {
        let busy = Problem::new(UNAVAILABLE, "overloaded", "系统繁忙，请稍后再试。");
        Problem { retry_after_s: Some(1), ..busy }
    }

    /// Too often; come back after so many seconds.
    pub fn too_many(seconds: u64) -> Problem {
        let often = Problem::new(TOO_MANY_REQUESTS, "too_many_requests", "操作过于频繁，请稍后再试。");
        Problem { retry_after_s: Some(seconds), ..often }
    }

    /// A cursor that none of our pages gave out.
    pub fn cursor() -> Problem {
        Problem::new(BAD_REQUEST, "invalid_cursor", "翻页参数不正确，请从第一页开始。")
    }

    /// The number of an identity card that cannot be one.
    pub fn no_identity_number() -> Problem {
        Problem::field("identity_number", "身份证号码不正确")
    }

    /// Why a list could not be read. A list names nothing but its cursor: what is not there is the cursor.
    pub fn of_list(error: impl Into<Problem>) -> Problem {
        let error = error.into();
        if error.status == NOT_FOUND { Problem::cursor() } else { error }
    }

    /// A failure of our own: logged here with its whole chain, told without it.
    pub fn internal(error: &dyn StdError) -> Problem {
        tracing::error!(error = chain(error), "a request failed");
        Problem::new(INTERNAL, "internal", "系统出现异常，请稍后再试。")
    }

    /// The database failed; if it asks for a repetition, so do we.
    fn database(error: &(dyn StdError + 'static), transient: bool) -> Problem {
        if transient { Problem::overloaded() } else { Problem::internal(error) }
    }

    /// A field that is not acceptable, in the words of whoever refused it.
    pub fn field(field: &'static str, problem: &'static str) -> Problem {
        Problem::unprocessable("invalid_field", problem).because(field)
    }

    /// The same with a detail that was made for this case.
    pub fn saying(self, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem { detail: detail.into(), ..self }
    }

    /// The same with what a developer should look at.
    pub fn because(self, reason: impl Into<String>) -> Problem {
        Problem { reason: Some(reason.into()), ..self }
    }

    /// The same with everything that is wrong at once.
    pub fn listing(self, problems: Vec<plan::Problem>) -> Problem {
        Problem { problems, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
}

impl StdError for Problem {}

fn wrong_state() -> Problem {
    Problem::conflict("wrong_state", "当前状态不允许此操作。")
}

fn other_person() -> Problem {
    Problem::forbidden("other_person_needed", "此步骤须由另一人办理。")
}

fn id_reused() -> Problem {
    Problem::conflict("id_reused", "该编号已用于其他内容。")
}

fn stopping() -> Problem {
    Problem::overloaded().saying("系统正在重启，请稍后再试。")
}

impl From<Forbidden> for Problem {
    fn from(error: Forbidden) -> Problem {
        Problem::forbidden("forbidden", "您没有办理此事的权限。").because(error.to_string())
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Problem {
        use IdentityError as E;
        let unauthorized = |code, detail| Problem::new(UNAUTHORIZED, code, detail);
        match error {
            E::LoginCode => unauthorized("login_code", "登录凭证已失效，请重新进入小程序。"),
            E::Blocked => Problem::forbidden("login_blocked", "微信限制了该用户登录。"),
            E::Wechat(error) => error.into(),
            E::WrongCredentials => unauthorized("wrong_credentials", "用户名、密码或动态口令不正确。"),
            E::OtpNeeded => unauthorized("otp_needed", "请输入动态口令。"),
            E::Locked { until, wait_s } => {
                let detail = format!("尝试次数过多，请于{}之后再试。", until.wall());
                let locked = Problem::new(TOO_MANY_REQUESTS, "locked", "").saying(detail);
                Problem { retry_after_s: Some(wait_s), ..locked }
            }
            E::NotSignedIn => Problem::unauthorized(),
            E::Forbidden(error) => error.into(),
            E::OnlyTheConsole => Problem::conflict("only_the_console", "已有两名管理员，请在控制台添加人员。"),
            E::SecondPersonNeeded => other_person(),
            E::OwnAccount => Problem::forbidden("own_account", "不能办理本人账号的事项。"),
            E::LastAdministrator => Problem::conflict("last_administrator", "至少须保留一名全局管理员。"),
            E::PersonKnown => Problem::conflict("person_has_account", "此人已有账号，一人只能有一个账号。"),
            E::CashierIsNoBookkeeper => Problem::conflict("cashier_is_no_bookkeeper", "出纳与会计不得由同一人担任。"),
            E::NoSuchUnit => Problem::unprocessable("no_such_unit", "没有这个组织，或该组织已停用。"),
            E::NoSuchRoleGrant => Problem::not_found("no_such_role_grant", "没有这项角色申请。"),
            E::NoSuchDelegation => Problem::not_found("no_such_delegation", "没有这项授权。"),
            E::RoleNotHeld => Problem::conflict("role_not_held", "授权人在该范围内没有这个角色。"),
            E::OtpMissing => Problem::conflict("otp_missing", "被授权人尚无动态口令，不能代办此角色。"),
            E::Decided(refused) => wrong_state().because(refused.to_string()),
            E::Field { field, problem } => Problem::field(field, problem),
            E::UsernameTaken => Problem::conflict("username_taken", "该用户名已被使用。"),
            E::IdReused => id_reused(),
            E::Invalid(reason) => Problem::unprocessable("invalid_field", "填写的内容不符合要求。").because(reason),
            E::NoSuchStaff => Problem::not_found("no_such_member", "没有这名工作人员。"),
            E::NoSuchDonor => Problem::unauthorized(),
            E::WrongState => wrong_state(),
            E::Vault(error) => Problem::internal(&error),
            E::Stopping => stopping(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<CrowdfundingError> for Problem {
    fn from(error: CrowdfundingError) -> Problem {
        use CrowdfundingError as E;
        match error {
            E::NoSuchCampaign => Problem::not_found("no_such_campaign", "没有这个项目。"),
            E::NoSuchDonation => Problem::not_found("no_such_donation", "没有这笔捐赠。"),
            E::NoSuchRefund => Problem::not_found("no_such_refund", "没有这笔退款。"),
            E::NoSuchBook => Problem::unprocessable("no_such_book", "没有这个账套。"),
            E::NoSuchUnit => Problem::unprocessable("no_such_unit", "没有这个组织单位，或该单位已停用。"),
            E::NoSuchPlan => Problem::not_found("no_such_plan", "没有这一版募捐方案。"),
            E::NoSuchChange => Problem::not_found("no_such_change", "没有这项变更申请。"),
            E::NoSuchDecision => Problem::not_found("no_such_decision", "没有这项决定。"),
            E::NoSuchComplaint => Problem::not_found("no_such_complaint", "没有这项投诉。"),
            E::NoSuchPartner => Problem::not_found("no_such_partner", "没有这个合作方。"),
            E::NoSuchUpdate => Problem::not_found("no_such_update", "没有这条进展或里程碑。"),
            E::FilingNumberTaken => {
                Problem::conflict("filing_number_taken", "该备案编号已用于另一个项目，请核对备案回执。")
            }
            E::ChangeUnderWay => Problem::conflict("change_under_way", "该项目已有变更申请在办理中。"),
            E::PartnerKnown => Problem::conflict("partner_known", "该合作方已登记。"),
            E::Change(refused) => wrong_state().because(refused.to_string()),
            E::Decision(refused) => wrong_state().because(refused.to_string()),
            E::Complaint(refused) => wrong_state().because(refused.to_string()),
            E::PlanIncomplete(problems) => {
                Problem::unprocessable("plan_incomplete", "募捐方案尚不完整，请按提示补充。").listing(problems)
            }
            E::GateClosed(problems) => Problem::conflict("gate_closed", "尚不具备办理此步骤的条件。").listing(problems),
            E::MoneyCame => Problem::conflict("money_came", "该项目已收到捐赠，不能撤销，只能终止。"),
            E::BudgetSpent => Problem::conflict("budget_spent", "预算不能低于已承诺和已使用的金额。"),
            E::PlanUnreadable(error) => Problem::internal(&error),
            E::IdReused => id_reused(),
            E::ReferenceUsed => Problem::conflict("reference_used", "该银行流水号已登记。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::Forbidden(error) => error.into(),
            E::OtherPerson => other_person(),
            E::Campaign(refused) => wrong_state().because(refused.to_string()),
            E::Donation(refused) => wrong_state().because(refused.to_string()),
            E::Refund(refused) => wrong_state().because(refused.to_string()),
            E::Giving(GivingClosed::NotOpen) => Problem::conflict("campaign_not_open", "该项目目前不接受捐赠。"),
            E::Giving(GivingClosed::Ended) => Problem::conflict("campaign_ended", "该项目募捐已结束，感谢您的爱心。"),
            E::TargetReached => Problem::conflict("target_reached", "该项目已达到募捐目标，感谢您的爱心。"),
            E::TooManyUnpaid => Problem::too_many(60).saying("您有多笔未支付的捐赠，请先完成支付或稍后再试。"),
            E::RefundTooLarge { left } => Problem::unprocessable("refund_too_large", "")
                .saying(format!("退款金额超过可退金额，最多可退{left}元。")),
            E::CoverNotNeeded => Problem::conflict("cover_not_needed", "项目可用资金足够，请直接审批退款。"),
            E::GeneralFundShort { available } => Problem::conflict("general_fund_short", "")
                .saying(format!("非限定性资金不足以垫付，目前可用{available}元。")),
            E::GiftUnderWay => {
                Problem::conflict("gift_under_way", "您有捐赠正在支付，请待支付完成或订单过期后再注销。")
            }
            E::RefundUnderWay => Problem::conflict("refund_under_way", "该笔捐赠已有退款在办理中。"),
            E::Ledger(refusal) => refusal.into(),
            E::Conflict => Problem::conflict("changed_meanwhile", "内容已被他人修改，请刷新后重试。"),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

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

impl From<WechatError> for Problem {
    fn from(error: WechatError) -> Problem {
        use WechatError as E;
        let detail = "微信支付暂时无法连接，请稍后再试。";
        match &error {
            E::RateLimited(_) | E::OutcomeUnknown(_) | E::Unreachable(_) | E::TokenUnavailable => {
                tracing::warn!(error = chain(&error), "WeChat could not be asked");
                Problem { code: "channel_unavailable", ..Problem::overloaded() }.saying(detail)
            }
            E::NotFound(_)
            | E::OrderClosed(_)
            | E::OrderPaid(_)
            | E::OutTradeNoUsed(_)
            | E::NotEnough(_)
            | E::Refused(_)
            | E::BadSignature(_)
            | E::TokenInvalid(_)
            | E::MiniProgram(_)
            | E::Unreadable(_)
            | E::Unexpected(_)
            | E::Invalid(_)
            | E::HashMismatch => {
                tracing::error!(error = chain(&error), "WeChat refused, or is not to be believed");
                Problem::new(BAD_GATEWAY, "channel_failed", "微信支付未能受理，请稍后再试。")
            }
        }
    }
}

impl From<CashierError> for Problem {
    fn from(error: CashierError) -> Problem {
        use CashierError as E;
        match error {
            E::Overloaded => Problem::overloaded(),
            E::Stopping => stopping(),
            E::NotAPayment(_) => Problem::internal(&error),
            E::Channel(error) => error.into(),
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
            E::WrongChoice => Problem::unprocessable(
                "wrong_choice",
                "待查款只能确认为捐赠或退回；没有款项的差错只能说明原因；手续费差错还可以微信为准，贷款差错还可以银行为准或退回银行更正。",
            ),
            E::OtherPerson => other_person(),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Ledger(refusal) => refusal.into(),
            E::Bills(error) => (*error).into(),
            E::Gift(error) => error.into(),
            E::Channel(error) => error.into(),
            E::Loan(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
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

impl From<GivingError> for Problem {
    fn from(error: GivingError) -> Problem {
        use GivingError as E;
        match error {
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::TooMuch { most } => {
                Problem::unprocessable("amount_too_large", "").saying(format!("单笔捐赠最多{most}元。"))
            }
            E::MessageRefused => Problem::unprocessable("message_refused", "留言未通过内容检查，请修改后再提交。"),
            E::Expired => Problem::conflict("order_expired", "该订单已过期，请重新捐赠。"),
            E::ChannelUnavailable(error) => error.into(),
            E::Cashier(error) => error.into(),
            E::Identity(error) => error.into(),
        }
    }
}

impl From<GiftWatchError> for Problem {
    fn from(error: GiftWatchError) -> Problem {
        use GiftWatchError as E;
        match error {
            E::NoSuchAlert => Problem::not_found("no_such_finding", "没有这条筛查结果。"),
            E::Decided => wrong_state().because("decided"),
            E::NoReason => Problem::field("reason", "请填写原因，2至500字"),
            E::Forbidden(error) => error.into(),
            E::Identity(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<DocumentError> for Problem {
    fn from(error: DocumentError) -> Problem {
        use DocumentError as E;
        match error {
            E::NoSuchAttachment => Problem::not_found("no_such_attachment", "没有这个附件。"),
            E::NoSuchKind => {
                Problem::unprocessable("attachment_kind", "没有这个附件种类，请从列出的种类中选择，拿不准时选“其他”。")
                    .because(AttachmentKind::iter().map(AttachmentKind::as_str).collect::<Vec<_>>().join(", "))
            }
            E::NoPicture => Problem::unprocessable("picture_needed", "只接受PNG或JPEG图片。"),
            E::Published => Problem::conflict("wrong_state", "内容已发布，不能再添加附件。"),
            E::NotTaken(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<OrganisationError> for Problem {
    fn from(error: OrganisationError) -> Problem {
        use OrganisationError as E;
        match error {
            E::NoSuchUnit => Problem::not_found("no_such_unit", "没有这个组织。"),
            E::NoSuchCharity => Problem::not_found("no_such_charity", "没有这个慈善组织。"),
            E::NoSuchCertificate => Problem::not_found("no_such_certificate", "没有这份公开募捐资格证书。"),
            E::NoSuchProfileChange => Problem::not_found("no_such_profile_change", "没有这项审批规则变更。"),
            E::IdReused => id_reused(),
            E::CodeTaken => Problem::conflict("code_taken", "该代码或编号已被使用。"),
            E::UnitInUse => Problem::conflict("unit_in_use", "该组织下还有未停用的下级组织。"),
            E::UnitClosed => Problem::conflict("unit_closed", "该组织已停用。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::Decided => wrong_state(),
            E::OtherPerson => other_person(),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<OutboxError> for Problem {
    fn from(error: OutboxError) -> Problem {
        match error {
            OutboxError::BadConsent => Problem::unprocessable("invalid_consent", "订阅消息授权不正确。"),
            OutboxError::Identity(error) => error.into(),
            OutboxError::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<ReceiptError> for Problem {
    fn from(error: ReceiptError) -> Problem {
        use ReceiptError as E;
        match error {
            E::NoSuchReceipt => Problem::not_found("no_such_receipt", "没有这张票据。"),
            E::NoSuchDonation => Problem::not_found("no_such_donation", "没有这笔捐赠。"),
            E::NothingReceived => Problem::conflict("nothing_received", "该捐赠尚未到账或已全部退回，不能开具票据。"),
            E::NameGiven => Problem::conflict("name_given", "该捐赠已登记姓名，票据以该姓名开具。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::Unreadable(why) => {
                Problem::unprocessable("file_unreadable", "").saying(format!("文件无法读取：{why}。"))
            }
            E::NumberUsed => Problem::conflict("receipt_number_used", "该红字票据号码已登记。"),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Identity(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<EnquiryError> for Problem {
    fn from(error: EnquiryError) -> Problem {
        use EnquiryError as E;
        match error {
            E::NoSuchEnquiry => Problem::not_found("no_such_enquiry", "没有这条咨询。"),
            E::NoSuchCampaign => Problem::not_found("no_such_campaign", "没有这个项目。"),
            E::NoSuchDonation => Problem::not_found("no_such_donation", "没有这笔捐赠。"),
            E::IdReused => id_reused(),
            E::TooMany => Problem::conflict("too_many_enquiries", "您有多条咨询尚未答复，请等待答复后再提问。"),
            E::Answered => Problem::conflict("already_answered", "该咨询已答复。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::Forbidden(error) => error.into(),
            E::Identity(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<PrivacyError> for Problem {
    fn from(error: PrivacyError) -> Problem {
        use PrivacyError as E;
        match error {
            E::NoSuchUnmasking => Problem::not_found("no_such_unmasking", "没有这条查看记录。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::Forbidden(error) => error.into(),
            E::Gift(error) => error.into(),
            E::Borrower => Problem::conflict("loan_binds", "您有在办的贷款申请或未结清的贷款，暂时不能注销。"),
            E::Loan(error) => error.into(),
            E::Identity(error) => error.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<RunsError> for Problem {
    fn from(error: RunsError) -> Problem {
        match error {
            RunsError::LeaseLost { .. } => Problem::internal(&error),
            RunsError::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<OpenBooksError> for Problem {
    fn from(error: OpenBooksError) -> Problem {
        let OpenBooksError::Db(error) = error;
        Problem::database(&error, entity::is_transient(&error))
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

impl From<SheetError> for Problem {
    fn from(error: SheetError) -> Problem {
        use SheetError as E;
        match error {
            E::NoSuchCampaign => Problem::not_found("no_such_campaign", "没有这个项目。"),
            E::Xlsx(error) => Problem::internal(&error),
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
            E::UnderWay => Problem::conflict("count_under_way", "该钱箱有一次盘点尚未签字。"),
            E::Moved { then, now } => {
                Problem::conflict("cash_moved", "").saying(format!("盘点时账面为{then}元，现为{now}元，请重新盘点。"))
            }
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
            E::YearOpen(year) => Problem::conflict("year_open", "").saying(format!("请先办理{year}年度的年终结转。")),
            E::Sheet(error) => Problem::internal(&error),
            E::NoSuchReport => Problem::not_found("no_such_report", "没有这份审计报告。"),
            E::IdReused => id_reused(),
            E::Audited => Problem::conflict("year_audited", "该年度审计报告已登记，或正在办理。"),
            E::NoDocument => Problem::conflict("document_needed", "请先上传审计报告。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::OtherPerson => other_person(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Forbidden(error) => error.into(),
            E::Ledger(refusal) => refusal.into(),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<DisclosureError> for Problem {
    fn from(error: DisclosureError) -> Problem {
        use DisclosureError as E;
        match error {
            E::NoSuchDisclosure => Problem::not_found("no_such_disclosure", "没有这份公开内容。"),
            E::NoSuchBook => Problem::not_found("no_such_book", "没有这个账套。"),
            E::NoSuchEvent => Problem::not_found("no_such_event", "没有这个事项。"),
            E::IdReused => id_reused(),
            E::TooEarly(why) => Problem::conflict("too_early", why),
            E::Stands => Problem::conflict("disclosure_stands", "该项内容已经编制，如有错误请编制更正版本。"),
            E::Superseded => Problem::conflict("disclosure_superseded", "该版本已有更新的版本，请使用最新版本。"),
            E::PublishedThere => Problem::conflict("published_there", "该版本在此处的公布已经登记。"),
            E::Damaged(_) | E::Workbook(_) => Problem::internal(&error),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::Forbidden(error) => error.into(),
            E::Identity(error) => error.into(),
            E::Campaign(error) => error.into(),
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
            E::Refused { .. } => {
                Problem::unprocessable("bill_refused", "文件被拒收，账簿没有变动。").because(error.to_string())
            }
            E::NotOver(_) => Problem::conflict("bill_not_ready", "当日账单要到次日10时以后才能取得。"),
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

impl From<LoansError> for Problem {
    fn from(error: LoansError) -> Problem {
        match error {
            LoansError::Refused(refusal) => refusal.into(),
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

impl From<NotTaken> for Problem {
    fn from(error: NotTaken) -> Problem {
        match error {
            NotTaken::Empty => Problem::unprocessable("document_empty", "附件是空文件，请重新选择文件。"),
            NotTaken::Size => Problem::new(PAYLOAD_TOO_LARGE, "document_size", "附件不得超过10MB。"),
            NotTaken::UnknownKind => {
                Problem::unprocessable("document_kind", "只接受PDF、PNG、JPEG、不含宏的XLSX、OFD、CSV和UTF-8文本文件。")
            }
            NotTaken::Disguised => Problem::unprocessable("document_disguised", "文件内容与文件名后缀不符。"),
            NotTaken::BadName => Problem::field("file_name", "文件名为1至200个字，不含斜杠等特殊字符"),
        }
    }
}

impl From<SpendingError> for Problem {
    fn from(error: SpendingError) -> Problem {
        use SpendingError as E;
        match error {
            E::NoSuchCampaign => Problem::not_found("no_such_campaign", "没有这个项目。"),
            E::NoSuchLine => Problem::unprocessable("no_such_budget_line", "该项目没有这个预算科目。"),
            E::NoSuchDisbursement => Problem::not_found("no_such_disbursement", "没有这份拨付申请。"),
            E::NoSuchPayout => Problem::not_found("no_such_payout", "没有这笔付款。"),
            E::NoSuchPayee => Problem::not_found("no_such_payee", "没有这个收款人。"),
            E::NoSuchFile => Problem::not_found("no_such_payment_file", "没有这个付款文件。"),
            E::NoSuchSettlement => Problem::not_found("no_such_settlement", "没有这笔追回或核销。"),
            E::NoSuchDonation => Problem::not_found("no_such_donation", "没有这笔捐赠。"),
            E::NoSuchHit => Problem::not_found("no_such_finding", "没有这条记录。"),
            E::NoCharity => Problem::unprocessable("no_such_charity", "该账套没有对应的慈善组织。"),
            E::IdReused => id_reused(),
            E::ListReused => Problem::conflict("list_reused", "这份名单已经提交过。"),
            E::Invalid { field, problem } => Problem::field(field, problem),
            E::Forbidden(error) => error.into(),
            E::OtherPerson => other_person(),
            E::Related => Problem::conflict("related_party", "收款人或受益人与经办、审批人员存在关联，不能支付。"),
            E::NoDocument => Problem::conflict("document_needed", "请先上传证明材料。"),
            E::NotSpendable => Problem::conflict("campaign_not_spendable", "该项目目前不能支出。"),
            E::ParentCampaign => {
                Problem::unprocessable("parent_campaign", "母项目不持有资金，请在其子项目下申请支出。")
            }
            E::NoPartner => Problem::unprocessable(
                "advance_needs_partner",
                "预付款只能付给与本项目签有书面协议、评估合格的合作方；付给供应商请用采购。",
            ),
            E::Frozen => Problem::conflict("campaign_frozen", "该项目资金已冻结。"),
            E::LineShort { left } => {
                Problem::conflict("budget_line_short", "").saying(format!("预算科目余额不足，目前可用{left}元。"))
            }
            E::NoAccount => Problem::conflict("account_needed", "收款人没有银行账户。"),
            E::AccountQuiet { from } => Problem::conflict("account_changed", "")
                .saying(format!("收款账户近期有变更，须由另一人核实，或等到{from}以后。")),
            E::Child => Problem::forbidden("child_data", "未成年人的信息只能由负责人（理事长、合规专员）查看。"),
            E::AccountChanged => Problem::conflict(
                "account_changed",
                "收款账户在生成付款文件后有变更，请撤回该文件，核实账户后重新生成。",
            ),
            // By whom and why is not said (facts: charity 2.12).
            E::InHand => Problem::conflict("in_hand", "办理中，请稍后再试。"),
            E::TooMuch { left } => Problem::unprocessable("settlement_too_large", "")
                .saying(format!("金额超过该笔付款余额，最多{left}元。")),
            E::Disbursement(refused) => wrong_state().because(refused.to_string()),
            E::Payout(refused) => wrong_state().because(refused.to_string()),
            E::Decided => wrong_state(),
            E::Ledger(refusal) => refusal.into(),
            E::Conflict => Problem::conflict("changed_meanwhile", "内容已被他人修改，请刷新后重试。"),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<SpendError> for Problem {
    fn from(error: SpendError) -> Problem {
        match error {
            SpendError::Refused(error) => error.into(),
            SpendError::Sealed(error) => Problem::internal(&error),
            SpendError::Db(error) => Problem::database(&error, entity::is_transient(&error)),
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
            E::Lending(error) => error.into(),
            E::NoSuchMonth => Problem::field("month", "没有这个月份的数据"),
            E::Forbidden(error) => error.into(),
            E::Sheet(error) => Problem::internal(&error),
            E::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}

/// An error with everything behind it, in one line.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // `#[error(transparent)]` says the same sentence twice.
        let sentence = error.to_string();
        if !text.ends_with(&sentence) {
            text.push_str(": ");
            text.push_str(&sentence);
        }
        cause = error.source();
    }
    text
}
