//! What a caller is told when something is not done: a status, a code that never changes, a sentence in Chinese fit for a
//! stranger, all of it in a problem document (RFC 9457).
//!
//! Every error of every service becomes an [`ApiError`] here, by an exhaustive match: a new variant asks what clients shall
//! see. A failure of our own is logged here, once, with its whole chain, and says nothing to the client but a request id. What
//! the router and the parsers say in English is said again by [`ApiError::of`].

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use app::breaks::BreakError;
use app::cashier::CashierError;
use app::closing::ClosingError;
use app::documents::DocumentError;
use app::enquiries::EnquiryError;
use app::gift_watch::GiftWatchError;
use app::giving::GivingError;
use app::identity::IdentityError;
use app::organisation::OrganisationError;
use app::outbox::OutboxError;
use app::privacy::PrivacyError;
use app::receipts::ReceiptError;
use app::reconciliation::ReconcileError;
use app::runs::RunsError;
use app::spending::SpendError;
use app::transfers::TransferError;
use crowdfunding::CrowdfundingError;
use crowdfunding::spending::SpendingError;
use domain::campaign::GivingClosed;
use domain::document::NotTaken;
use domain::plan::Problem;
use domain::role::Forbidden;
use ledger::Refusal;
use poem::error::{MethodNotAllowedError, NotFoundError, ReadBodyError, ResponseError, SizedLimitError};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError,
};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type};
use poem_openapi::{ApiResponse, Object};
use wechat::WechatError;

/// The media type of RFC 9457.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not done. Printed as a problem document.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    reason: Option<String>,
    problems: Vec<Problem>,
    retry_after_s: Option<u64>,
}

/// One of several things that are wrong at once.
#[derive(Clone, Debug, Object)]
struct FieldProblem {
    /// Which field, or which rule.
    field: String,
    /// What is wrong with it, for people, in Chinese.
    problem: String,
}

/// A problem document.
#[derive(Debug, Object)]
#[oai(rename = "Problem")]
struct Document {
    /// Always `about:blank`: the kind is told by `code`.
    #[oai(rename = "type")]
    kind: String,
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// The kind of problem, for programs. Never renamed.
    code: String,
    /// What happened, for people, in Chinese.
    detail: String,
    /// Which part of the request could not be read, for developers.
    #[oai(skip_serializing_if_is_none)]
    reason: Option<String>,
    /// Everything that is wrong at once, where it is more than one thing.
    #[oai(skip_serializing_if_is_none)]
    problems: Option<Vec<FieldProblem>>,
    /// The request, as our logs name it.
    #[oai(skip_serializing_if_is_none)]
    request_id: Option<String>,
}

impl ApiError {
    /// A refusal. `code` is for ever.
    pub(crate) const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> ApiError {
        ApiError {
            status,
            code,
            detail: Cow::Borrowed(detail),
            reason: None,
            problems: Vec::new(),
            retry_after_s: None,
        }
    }

    /// Something that is not there, or that the caller may not know of.
    pub(crate) const fn not_found(code: &'static str, detail: &'static str) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// Something that cannot be done in the state things are in.
    pub(crate) const fn conflict(code: &'static str, detail: &'static str) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, code, detail)
    }

    /// Something that reads well and makes no sense.
    pub(crate) const fn unprocessable(code: &'static str, detail: &'static str) -> ApiError {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// Something that the caller may not do.
    pub(crate) const fn forbidden(code: &'static str, detail: &'static str) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// Nobody is signed in, or not for this.
    pub(crate) const fn unauthorized() -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", "请先登录。")
    }

    /// Too much at once; come back a little later.
    pub(crate) fn overloaded() -> ApiError {
        let busy = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "系统繁忙，请稍后再试。");
        ApiError { retry_after_s: Some(1), ..busy }
    }

    /// Too often; come back after so many seconds.
    pub(crate) fn too_many(seconds: u64) -> ApiError {
        let often = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "操作过于频繁，请稍后再试。");
        ApiError { retry_after_s: Some(seconds), ..often }
    }

    /// A cursor that none of our pages gave out.
    pub(crate) fn cursor() -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_cursor", "翻页参数不正确，请从第一页开始。")
    }

    /// The number of an identity card that cannot be one.
    pub(crate) fn no_identity_number() -> ApiError {
        ApiError::field("identity_number", "身份证号码不正确")
    }

    /// Why a list could not be read. A list names nothing but its cursor: what is not there is the cursor.
    pub(crate) fn of_list(error: impl Into<ApiError>) -> ApiError {
        let error = error.into();
        if error.status == StatusCode::NOT_FOUND { ApiError::cursor() } else { error }
    }

    /// A failure of our own: logged here with its whole chain, told without it.
    pub(crate) fn internal(error: &dyn StdError) -> ApiError {
        tracing::error!(error = chain(error), "a request failed");
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "系统出现异常，请稍后再试。")
    }

    /// The database failed; if it asks for a repetition, so do we.
    fn database(error: &(dyn StdError + 'static), transient: bool) -> ApiError {
        if transient { ApiError::overloaded() } else { ApiError::internal(error) }
    }

    /// A field that is not acceptable, in the words of whoever refused it.
    pub(crate) fn field(field: &'static str, problem: &'static str) -> ApiError {
        ApiError::unprocessable("invalid_field", problem).because(field)
    }

    /// The same with a detail that was made for this case.
    pub(crate) fn saying(self, detail: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError { detail: detail.into(), ..self }
    }

    /// The same with what a developer should look at.
    pub(crate) fn because(self, reason: impl Into<String>) -> ApiError {
        ApiError { reason: Some(reason.into()), ..self }
    }

    /// The same with everything that is wrong at once.
    pub(crate) fn listing(self, problems: Vec<Problem>) -> ApiError {
        ApiError { problems, ..self }
    }

    /// Whatever a handler, the router or a parser answered.
    pub(crate) fn of(error: &poem::Error) -> ApiError {
        use StatusCode as S;
        if let Some(ours) = error.downcast_ref::<ApiError>() {
            return ours.clone();
        }
        if error.is::<NotFoundError>() {
            return ApiError::not_found("no_such_address", "没有这个地址。");
        }
        if error.is::<MethodNotAllowedError>() {
            return ApiError::new(S::METHOD_NOT_ALLOWED, "method_not_allowed", "这个地址不支持该操作。");
        }
        if error.is::<ParsePathError>() || error.is::<ParseParamError>() || error.is::<poem::error::ParsePathError>() {
            return ApiError::new(S::BAD_REQUEST, "invalid_parameter", "请求参数不正确。").because(error.to_string());
        }
        if error.is::<ParseRequestPayloadError>() || matches!(error.downcast_ref(), Some(ReadBodyError::Io(_))) {
            return ApiError::new(S::BAD_REQUEST, "invalid_body", "请求内容无法识别。").because(error.to_string());
        }
        if error.is::<ContentTypeError>() {
            return ApiError::new(S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "请以 JSON 格式提交。")
                .because(error.to_string());
        }
        if error.is::<AuthorizationError>() {
            return ApiError::unauthorized();
        }
        if error.is::<SizedLimitError>() || matches!(error.downcast_ref(), Some(ReadBodyError::PayloadTooLarge)) {
            return ApiError::new(S::PAYLOAD_TOO_LARGE, "body_too_large", "提交的内容过大。");
        }
        match error.status() {
            status if status.is_server_error() => ApiError::internal(error),
            status => ApiError::new(status, "bad_request", "请求不正确。").because(error.to_string()),
        }
    }

    /// The answer, naming the request.
    pub(crate) fn response(&self, request_id: Option<&str>) -> Response {
        let one = |one: &Problem| FieldProblem { field: one.field.clone(), problem: one.problem.clone() };
        let problems: Vec<FieldProblem> = self.problems.iter().map(one).collect();
        let problem = Document {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone().into_owned(),
            reason: self.reason.clone(),
            problems: Some(problems).filter(|all| !all.is_empty()),
            request_id: request_id.map(str::to_owned),
        };
        let mut response =
            Response::builder().status(self.status).content_type(PROBLEM_JSON).body(problem.to_json_string());
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code)
    }
}

impl StdError for ApiError {}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        self.response(None)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.response(None)
    }
}

/// What any operation may answer instead of what it is for.
const DOCUMENTED: [(StatusCode, &str); 13] = [
    (StatusCode::BAD_REQUEST, "The request cannot be read."),
    (StatusCode::UNAUTHORIZED, "Nobody is signed in, or the session is over."),
    (StatusCode::FORBIDDEN, "The caller may not do this."),
    (StatusCode::NOT_FOUND, "There is no such thing, or the caller may not know of it."),
    (StatusCode::REQUEST_TIMEOUT, "The request did not arrive in time."),
    (StatusCode::CONFLICT, "The state of things does not allow it."),
    (StatusCode::PAYLOAD_TOO_LARGE, "The request is too large."),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The request is not JSON."),
    (StatusCode::UNPROCESSABLE_ENTITY, "The request can be read and makes no sense."),
    (StatusCode::TOO_MANY_REQUESTS, "Too often; see Retry-After."),
    (StatusCode::INTERNAL_SERVER_ERROR, "A failure of ours."),
    (StatusCode::BAD_GATEWAY, "WeChat did not do its part."),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "Too much at once, or WeChat or the database cannot be reached; see Retry-After.",
    ),
];

impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        let answer = |(status, description): (StatusCode, &'static str)| MetaResponse {
            description,
            status: Some(status.as_u16()),
            status_range: None,
            content: vec![MetaMediaType { content_type: PROBLEM_JSON, schema: Document::schema_ref() }],
            headers: Vec::new(),
        };
        MetaResponses { responses: DOCUMENTED.into_iter().map(answer).collect() }
    }

    fn register(registry: &mut Registry) {
        Document::register(registry);
    }
}

fn wrong_state() -> ApiError {
    ApiError::conflict("wrong_state", "当前状态不允许此操作。")
}

fn other_person() -> ApiError {
    ApiError::forbidden("other_person_needed", "此步骤须由另一人办理。")
}

fn id_reused() -> ApiError {
    ApiError::conflict("id_reused", "该编号已用于其他内容。")
}

fn stopping() -> ApiError {
    ApiError::overloaded().saying("系统正在重启，请稍后再试。")
}

impl From<Forbidden> for ApiError {
    fn from(error: Forbidden) -> ApiError {
        ApiError::forbidden("forbidden", "您没有办理此事的权限。").because(error.to_string())
    }
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> ApiError {
        use IdentityError as E;
        let unauthorized = |code, detail| ApiError::new(StatusCode::UNAUTHORIZED, code, detail);
        match error {
            E::LoginCode => unauthorized("login_code", "登录凭证已失效，请重新进入小程序。"),
            E::Blocked => ApiError::forbidden("login_blocked", "微信限制了该用户登录。"),
            E::Wechat(error) => error.into(),
            E::WrongCredentials => unauthorized("wrong_credentials", "用户名、密码或动态口令不正确。"),
            E::OtpNeeded => unauthorized("otp_needed", "请输入动态口令。"),
            E::Locked { until, wait_s } => {
                let detail = format!("尝试次数过多，请于{}之后再试。", until.wall());
                let locked = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "locked", "").saying(detail);
                ApiError { retry_after_s: Some(wait_s), ..locked }
            }
            E::NotSignedIn => ApiError::unauthorized(),
            E::Forbidden(error) => error.into(),
            E::OnlyTheConsole => ApiError::conflict("only_the_console", "已有两名管理员，请在控制台添加人员。"),
            E::SecondPersonNeeded => other_person(),
            E::OwnAccount => ApiError::forbidden("own_account", "不能办理本人账号的事项。"),
            E::LastAdministrator => ApiError::conflict("last_administrator", "至少须保留一名全局管理员。"),
            E::PersonKnown => ApiError::conflict("person_has_account", "此人已有账号，一人只能有一个账号。"),
            E::CashierIsNoBookkeeper => ApiError::conflict("cashier_is_no_bookkeeper", "出纳与会计不得由同一人担任。"),
            E::NoSuchUnit => ApiError::unprocessable("no_such_unit", "没有这个组织，或该组织已停用。"),
            E::NoSuchRoleGrant => ApiError::not_found("no_such_role_grant", "没有这项角色申请。"),
            E::NoSuchDelegation => ApiError::not_found("no_such_delegation", "没有这项授权。"),
            E::RoleNotHeld => ApiError::conflict("role_not_held", "授权人在该范围内没有这个角色。"),
            E::OtpMissing => ApiError::conflict("otp_missing", "被授权人尚无动态口令，不能代办此角色。"),
            E::Decided(refused) => wrong_state().because(refused.to_string()),
            E::Field { field, problem } => ApiError::field(field, problem),
            E::UsernameTaken => ApiError::conflict("username_taken", "该用户名已被使用。"),
            E::IdReused => id_reused(),
            E::Invalid(reason) => ApiError::unprocessable("invalid_field", "填写的内容不符合要求。").because(reason),
            E::NoSuchStaff => ApiError::not_found("no_such_member", "没有这名工作人员。"),
            E::NoSuchDonor => ApiError::unauthorized(),
            E::WrongState => wrong_state(),
            E::Vault(error) => ApiError::internal(&error),
            E::Stopping => stopping(),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<CrowdfundingError> for ApiError {
    fn from(error: CrowdfundingError) -> ApiError {
        use CrowdfundingError as E;
        match error {
            E::NoSuchCampaign => ApiError::not_found("no_such_campaign", "没有这个项目。"),
            E::NoSuchDonation => ApiError::not_found("no_such_donation", "没有这笔捐赠。"),
            E::NoSuchRefund => ApiError::not_found("no_such_refund", "没有这笔退款。"),
            E::NoSuchBook => ApiError::unprocessable("no_such_book", "没有这个账套。"),
            E::NoSuchUnit => ApiError::unprocessable("no_such_unit", "没有这个组织单位，或该单位已停用。"),
            E::NoSuchPlan => ApiError::not_found("no_such_plan", "没有这一版募捐方案。"),
            E::NoSuchChange => ApiError::not_found("no_such_change", "没有这项变更申请。"),
            E::NoSuchDecision => ApiError::not_found("no_such_decision", "没有这项决定。"),
            E::NoSuchComplaint => ApiError::not_found("no_such_complaint", "没有这项投诉。"),
            E::NoSuchPartner => ApiError::not_found("no_such_partner", "没有这个合作方。"),
            E::NoSuchUpdate => ApiError::not_found("no_such_update", "没有这条进展或里程碑。"),
            E::ChangeUnderWay => ApiError::conflict("change_under_way", "该项目已有变更申请在办理中。"),
            E::PartnerKnown => ApiError::conflict("partner_known", "该合作方已登记。"),
            E::Change(refused) => wrong_state().because(refused.to_string()),
            E::Decision(refused) => wrong_state().because(refused.to_string()),
            E::Complaint(refused) => wrong_state().because(refused.to_string()),
            E::PlanIncomplete(problems) => {
                ApiError::unprocessable("plan_incomplete", "募捐方案尚不完整，请按提示补充。").listing(problems)
            }
            E::GateClosed(problems) => {
                ApiError::conflict("gate_closed", "尚不具备办理此步骤的条件。").listing(problems)
            }
            E::MoneyCame => ApiError::conflict("money_came", "该项目已收到捐赠，不能撤销，只能终止。"),
            E::BudgetSpent => ApiError::conflict("budget_spent", "预算不能低于已承诺和已使用的金额。"),
            E::PlanUnreadable(error) => ApiError::internal(&error),
            E::IdReused => id_reused(),
            E::ReferenceUsed => ApiError::conflict("reference_used", "该银行流水号已登记。"),
            E::Invalid { field, problem } => ApiError::field(field, problem),
            E::Forbidden(error) => error.into(),
            E::OtherPerson => other_person(),
            E::Campaign(refused) => wrong_state().because(refused.to_string()),
            E::Donation(refused) => wrong_state().because(refused.to_string()),
            E::Refund(refused) => wrong_state().because(refused.to_string()),
            E::Giving(GivingClosed::NotOpen) => ApiError::conflict("campaign_not_open", "该项目目前不接受捐赠。"),
            E::Giving(GivingClosed::Ended) => ApiError::conflict("campaign_ended", "该项目募捐已结束，感谢您的爱心。"),
            E::TargetReached => ApiError::conflict("target_reached", "该项目已达到募捐目标，感谢您的爱心。"),
            E::TooManyUnpaid => ApiError::too_many(60).saying("您有多笔未支付的捐赠，请先完成支付或稍后再试。"),
            E::RefundTooLarge { left } => ApiError::unprocessable("refund_too_large", "")
                .saying(format!("退款金额超过可退金额，最多可退{left}元。")),
            E::CoverNotNeeded => ApiError::conflict("cover_not_needed", "项目可用资金足够，请直接审批退款。"),
            E::GeneralFundShort { available } => ApiError::conflict("general_fund_short", "")
                .saying(format!("非限定性资金不足以垫付，目前可用{available}元。")),
            E::GiftUnderWay => {
                ApiError::conflict("gift_under_way", "您有捐赠正在支付，请待支付完成或订单过期后再注销。")
            }
            E::RefundUnderWay => ApiError::conflict("refund_under_way", "该笔捐赠已有退款在办理中。"),
            E::Ledger(refusal) => refusal.into(),
            E::Conflict => ApiError::conflict("changed_meanwhile", "内容已被他人修改，请刷新后重试。"),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> ApiError {
        let reason = refusal.to_string();
        match refusal {
            Refusal::FundShort { available, .. } => {
                ApiError::conflict("fund_short", "").saying(format!("项目可用资金不足，目前可用{available}元。"))
            }
            Refusal::Overdrawn { balance, .. } => {
                ApiError::conflict("overdrawn", "").saying(format!("账户余额不足，目前余额{balance}元。"))
            }
            Refusal::PeriodClosed(day) => {
                ApiError::conflict("period_closed", "").saying(format!("{day}及以前的账期已结账。"))
            }
            Refusal::ReferenceTaken => ApiError::conflict("reference_taken", "该凭证号已用于其他内容。"),
            Refusal::NoSuchBook => ApiError::unprocessable("no_such_book", "没有这个账套。"),
            // A recipe of ours that cannot be booked is our failure.
            Refusal::Unsound => ApiError::internal(&refusal),
        }
        .because(reason)
    }
}

impl From<WechatError> for ApiError {
    fn from(error: WechatError) -> ApiError {
        use WechatError as E;
        let detail = "微信支付暂时无法连接，请稍后再试。";
        match &error {
            E::RateLimited(_) | E::OutcomeUnknown(_) | E::Unreachable(_) | E::TokenUnavailable => {
                tracing::warn!(error = chain(&error), "WeChat could not be asked");
                ApiError { code: "channel_unavailable", ..ApiError::overloaded() }.saying(detail)
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
                ApiError::new(StatusCode::BAD_GATEWAY, "channel_failed", "微信支付未能受理，请稍后再试。")
            }
        }
    }
}

impl From<CashierError> for ApiError {
    fn from(error: CashierError) -> ApiError {
        use CashierError as E;
        match error {
            E::Overloaded => ApiError::overloaded(),
            E::Stopping => stopping(),
            E::NotAPayment(_) => ApiError::internal(&error),
            E::Channel(error) => error.into(),
            E::Gift(error) => error.into(),
            E::Db(error) => ApiError::database(&*error, entity::is_transient(&error)),
        }
    }
}

impl From<BreakError> for ApiError {
    fn from(error: BreakError) -> ApiError {
        use BreakError as E;
        match error {
            E::NoSuchBreak => ApiError::not_found("no_such_break", "没有这笔差错。"),
            E::NoSuchResolution => ApiError::not_found("no_such_resolution", "没有这项差错处理。"),
            E::IdReused => id_reused(),
            E::Invalid { field, problem } => ApiError::field(field, problem),
            E::UnderWay => ApiError::conflict("resolution_under_way", "该差错已处理，或正在处理中。"),
            E::NoOrder => ApiError::unprocessable("no_order", "这笔款项没有对应的订单，只能退回付款人。"),
            E::WrongChoice => {
                ApiError::unprocessable("wrong_choice", "待查款只能确认为捐赠或退回；没有款项的差错只能说明原因。")
            }
            E::OtherPerson => other_person(),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Ledger(refusal) => refusal.into(),
            E::Gift(error) => error.into(),
            E::Channel(error) => error.into(),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<GivingError> for ApiError {
    fn from(error: GivingError) -> ApiError {
        use GivingError as E;
        match error {
            E::Invalid { field, problem } => ApiError::field(field, problem),
            E::TooMuch { most } => {
                ApiError::unprocessable("amount_too_large", "").saying(format!("单笔捐赠最多{most}元。"))
            }
            E::MessageRefused => ApiError::unprocessable("message_refused", "留言未通过内容检查，请修改后再提交。"),
            E::Expired => ApiError::conflict("order_expired", "该订单已过期，请重新捐赠。"),
            E::ChannelUnavailable(error) => error.into(),
            E::Cashier(error) => error.into(),
            E::Identity(error) => error.into(),
        }
    }
}

impl From<GiftWatchError> for ApiError {
    fn from(error: GiftWatchError) -> ApiError {
        use GiftWatchError as E;
        match error {
            E::NoSuchAlert => ApiError::not_found("no_such_finding", "没有这条筛查结果。"),
            E::Decided => wrong_state().because("decided"),
            E::NoReason => ApiError::field("reason", "请填写原因，2至500字"),
            E::Forbidden(error) => error.into(),
            E::Identity(error) => error.into(),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<DocumentError> for ApiError {
    fn from(error: DocumentError) -> ApiError {
        use DocumentError as E;
        match error {
            E::NoSuchAttachment => ApiError::not_found("no_such_attachment", "没有这个附件。"),
            E::BadKind => ApiError::field("kind", "附件种类为1至40个小写字母或下划线"),
            E::NoPicture => ApiError::unprocessable("picture_needed", "只接受PNG或JPEG图片。"),
            E::Published => ApiError::conflict("wrong_state", "内容已发布，不能再添加附件。"),
            E::NotTaken(NotTaken::Size) => {
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "document_size", "附件不能为空，且不得超过10MB。")
            }
            E::NotTaken(NotTaken::UnknownKind) => ApiError::unprocessable(
                "document_kind",
                "只接受PDF、PNG、JPEG、不含宏的XLSX、OFD、CSV和UTF-8文本文件。",
            ),
            E::NotTaken(NotTaken::Disguised) => {
                ApiError::unprocessable("document_disguised", "文件内容与文件名后缀不符。")
            }
            E::NotTaken(NotTaken::BadName) => ApiError::field("file_name", "文件名为1至200个字，不含斜杠等特殊字符"),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<OrganisationError> for ApiError {
    fn from(error: OrganisationError) -> ApiError {
        use OrganisationError as E;
        match error {
            E::NoSuchUnit => ApiError::not_found("no_such_unit", "没有这个组织。"),
            E::NoSuchCharity => ApiError::not_found("no_such_charity", "没有这个慈善组织。"),
            E::NoSuchCertificate => ApiError::not_found("no_such_certificate", "没有这份公开募捐资格证书。"),
            E::NoSuchProfileChange => ApiError::not_found("no_such_profile_change", "没有这项审批规则变更。"),
            E::IdReused => id_reused(),
            E::CodeTaken => ApiError::conflict("code_taken", "该代码或编号已被使用。"),
            E::UnitInUse => ApiError::conflict("unit_in_use", "该组织下还有未停用的下级组织。"),
            E::UnitClosed => ApiError::conflict("unit_closed", "该组织已停用。"),
            E::Invalid { field, problem } => ApiError::field(field, problem),
            E::OtherPerson => other_person(),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<OutboxError> for ApiError {
    fn from(error: OutboxError) -> ApiError {
        match error {
            OutboxError::BadConsent => ApiError::unprocessable("invalid_consent", "订阅消息授权不正确。"),
            OutboxError::Identity(error) => error.into(),
            OutboxError::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<ReceiptError> for ApiError {
    fn from(error: ReceiptError) -> ApiError {
        use ReceiptError as E;
        match error {
            E::NoSuchReceipt => ApiError::not_found("no_such_receipt", "没有这张票据。"),
            E::NoSuchDonation => ApiError::not_found("no_such_donation", "没有这笔捐赠。"),
            E::NothingReceived => ApiError::conflict("nothing_received", "该捐赠尚未到账或已全部退回，不能开具票据。"),
            E::NameGiven => ApiError::conflict("name_given", "该捐赠已登记姓名，票据以该姓名开具。"),
            E::Invalid { field, problem } => ApiError::field(field, problem),
            E::Unreadable(why) => {
                ApiError::unprocessable("file_unreadable", "").saying(format!("文件无法读取：{why}。"))
            }
            E::NumberUsed => ApiError::conflict("receipt_number_used", "该红字票据号码已登记。"),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Identity(error) => error.into(),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<EnquiryError> for ApiError {
    fn from(error: EnquiryError) -> ApiError {
        use EnquiryError as E;
        match error {
            E::NoSuchEnquiry => ApiError::not_found("no_such_enquiry", "没有这条咨询。"),
            E::NoSuchCampaign => ApiError::not_found("no_such_campaign", "没有这个项目。"),
            E::NoSuchDonation => ApiError::not_found("no_such_donation", "没有这笔捐赠。"),
            E::IdReused => id_reused(),
            E::TooMany => ApiError::conflict("too_many_enquiries", "您有多条咨询尚未答复，请等待答复后再提问。"),
            E::Answered => ApiError::conflict("already_answered", "该咨询已答复。"),
            E::Invalid { field, problem } => ApiError::field(field, problem),
            E::Forbidden(error) => error.into(),
            E::Identity(error) => error.into(),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<PrivacyError> for ApiError {
    fn from(error: PrivacyError) -> ApiError {
        use PrivacyError as E;
        match error {
            E::NoSuchUnmasking => ApiError::not_found("no_such_unmasking", "没有这条查看记录。"),
            E::Invalid { field, problem } => ApiError::field(field, problem),
            E::Forbidden(error) => error.into(),
            E::Gift(error) => error.into(),
            E::Identity(error) => error.into(),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<RunsError> for ApiError {
    fn from(error: RunsError) -> ApiError {
        match error {
            RunsError::LeaseLost { .. } => ApiError::internal(&error),
            RunsError::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<ClosingError> for ApiError {
    fn from(error: ClosingError) -> ApiError {
        use ClosingError as E;
        match error {
            E::NoSuchBook => ApiError::not_found("no_such_book", "没有这个账套。"),
            E::NotOver(last) => {
                ApiError::conflict("period_not_over", "").saying(format!("该会计期间到{last}才结束，目前不能结账。"))
            }
            E::Closed(through) => ApiError::conflict("period_closed", "").saying(format!("账套已结账至{through}。")),
            E::YearOpen(year) => ApiError::conflict("year_open", "").saying(format!("请先办理{year}年度的年终结转。")),
            E::Forbidden(error) => error.into(),
            E::Ledger(refusal) => refusal.into(),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<TransferError> for ApiError {
    fn from(error: TransferError) -> ApiError {
        use TransferError as E;
        match error {
            E::NoSuchTransfer => ApiError::not_found("no_such_transfer", "没有这笔资金划转。"),
            E::NoSuchBook => ApiError::unprocessable("no_such_book", "没有这个账套。"),
            E::IdReused => id_reused(),
            E::Invalid { field, problem } => ApiError::field(field, problem),
            E::AlreadyBooked => {
                ApiError::conflict("booked_from_bill", "微信资金账单已有同样金额的划转，并已据此入账。")
            }
            E::OtherPerson => other_person(),
            E::Forbidden(error) => error.into(),
            E::Refused(refused) => wrong_state().because(refused.to_string()),
            E::Ledger(refusal) => refusal.into(),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<ReconcileError> for ApiError {
    fn from(error: ReconcileError) -> ApiError {
        use ReconcileError as E;
        match error {
            E::NoSuchCharity => ApiError::not_found("no_such_charity", "该账套没有开通微信支付商户号。"),
            E::WhichCharity => ApiError::unprocessable("which_charity", "有多个慈善组织，请指明账套。"),
            E::Refused { .. } => {
                ApiError::unprocessable("bill_refused", "文件被拒收，账簿没有变动。").because(error.to_string())
            }
            E::NotOver(_) => ApiError::conflict("bill_not_ready", "当日账单要到次日10时以后才能取得。"),
            E::NoChannel => ApiError::conflict("no_channel", "没有配置微信支付，无法取得账单。"),
            E::Forbidden(error) => error.into(),
            E::Channel(error) => error.into(),
            E::Ledger(refusal) => refusal.into(),
            E::Gift(error) => error.into(),
            E::Transfer(error) => error.into(),
            E::Break(error) => error.into(),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<SpendingError> for ApiError {
    fn from(error: SpendingError) -> ApiError {
        use SpendingError as E;
        match error {
            E::NoSuchCampaign => ApiError::not_found("no_such_campaign", "没有这个项目。"),
            E::NoSuchLine => ApiError::unprocessable("no_such_budget_line", "该项目没有这个预算科目。"),
            E::NoSuchDisbursement => ApiError::not_found("no_such_disbursement", "没有这份拨付申请。"),
            E::NoSuchPayout => ApiError::not_found("no_such_payout", "没有这笔付款。"),
            E::NoSuchPayee => ApiError::not_found("no_such_payee", "没有这个收款人。"),
            E::NoSuchFile => ApiError::not_found("no_such_payment_file", "没有这个付款文件。"),
            E::NoSuchSettlement => ApiError::not_found("no_such_settlement", "没有这笔追回或核销。"),
            E::NoSuchDonation => ApiError::not_found("no_such_donation", "没有这笔捐赠。"),
            E::NoSuchHit => ApiError::not_found("no_such_finding", "没有这条记录。"),
            E::NoCharity => ApiError::unprocessable("no_such_charity", "该账套没有对应的慈善组织。"),
            E::IdReused => id_reused(),
            E::ListReused => ApiError::conflict("list_reused", "这份名单已经提交过。"),
            E::Invalid { field, problem } => ApiError::field(field, problem),
            E::Forbidden(error) => error.into(),
            E::OtherPerson => other_person(),
            E::Related => ApiError::conflict("related_party", "收款人或受益人与经办、审批人员存在关联，不能支付。"),
            E::NoDocument => ApiError::conflict("document_needed", "请先上传证明材料。"),
            E::NotSpendable => ApiError::conflict("campaign_not_spendable", "该项目目前不能支出。"),
            E::Frozen => ApiError::conflict("campaign_frozen", "该项目资金已冻结。"),
            E::LineShort { left } => {
                ApiError::conflict("budget_line_short", "").saying(format!("预算科目余额不足，目前可用{left}元。"))
            }
            E::NoAccount => ApiError::conflict("account_needed", "收款人没有银行账户。"),
            E::AccountQuiet { from } => ApiError::conflict("account_changed", "")
                .saying(format!("收款账户近期有变更，须由另一人核实，或等到{from}以后。")),
            // By whom and why is not said (facts: charity 2.12).
            E::InHand => ApiError::conflict("in_hand", "办理中，请稍后再试。"),
            E::TooMuch { left } => ApiError::unprocessable("settlement_too_large", "")
                .saying(format!("金额超过该笔付款余额，最多{left}元。")),
            E::Disbursement(refused) => wrong_state().because(refused.to_string()),
            E::Payout(refused) => wrong_state().because(refused.to_string()),
            E::Decided => wrong_state(),
            E::Ledger(refusal) => refusal.into(),
            E::Conflict => ApiError::conflict("changed_meanwhile", "内容已被他人修改，请刷新后重试。"),
            E::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

impl From<SpendError> for ApiError {
    fn from(error: SpendError) -> ApiError {
        match error {
            SpendError::Refused(error) => error.into(),
            SpendError::Sealed(error) => ApiError::internal(&error),
            SpendError::Db(error) => ApiError::database(&error, entity::is_transient(&error)),
        }
    }
}

/// An error with everything behind it, in one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
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
