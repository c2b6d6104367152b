//! People, rights, documents, messages and the world outside.

use domain::document::{AttachmentKind, NotTaken};
use domain::role::{Apart, Forbidden};
use sea_orm::Iterable;
use wechat::WechatError;

use super::{
    BAD_GATEWAY, PAYLOAD_TOO_LARGE, Problem, TOO_MANY_REQUESTS, UNAUTHORIZED, chain, id_reused, other_person, stopping,
    wrong_state,
};
use crate::documents::DocumentError;
use crate::identity::IdentityError;
use crate::organisation::OrganisationError;
use crate::outbox::OutboxError;
use crate::privacy::PrivacyError;
use crate::runs::RunsError;

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
            E::WrongPassword => Problem::unprocessable("wrong_password", "当前密码不正确。"),
            E::NoSuchSession => Problem::not_found("no_such_session", "没有这个登录，或已经结束。"),
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
            E::Apart(apart) => Problem::conflict(apart.as_str(), together(apart)),
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

/// Why two roles are not one person's.
fn together(apart: Apart) -> &'static str {
    match apart {
        Apart::AuditorAlone => "监事、审计人员只查阅、不办理，不得兼任其他角色。",
        Apart::AdminMoney => "系统管理员不得兼任审批、记账或收付款的角色。",
        Apart::CashierBookkeeper => "出纳与会计不得由同一人担任。",
        Apart::ComplianceAuthor => "反洗钱专员不得兼任发起、经办或记账的角色。",
        Apart::BookkeeperApprover => "会计不得兼任审批支出的角色。",
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
            E::Decided => Problem::conflict("wrong_state", "已有决定，凭据不能再撤下。"),
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
            E::NoSuchAccountChange => Problem::not_found("no_such_account_change", "没有这项账户变更。"),
            E::AccountEarly => Problem::conflict("account_early", "新账户的启用日期未到，请在启用之日起批准。"),
            E::AccountStale => {
                Problem::conflict("account_stale", "该组织的账户或商户号已另行变更，请重新提出变更申请。")
            }
            E::MerchantInUse => Problem::conflict(
                "merchant_in_use",
                "系统正通过该商户号收款、对账和退款，不能在此更换；请先停止收款、对完账、提清余额，再由管理员更换系统接入的商户号。",
            ),
            E::AccountUnproved => Problem::conflict(
                "account_unproved",
                "请先上传账户或商户号的证明材料（合同或协议、银行回单或扫描件），再行批准。",
            ),
            E::TooFewPersons => Problem::conflict("too_few_persons", "小型机构规则要求至少有三名办理业务的工作人员。"),
            E::NothingToReview => {
                Problem::conflict("nothing_to_review", "该月尚未结束，或没有按小型机构规则批准的支出。")
            }
            E::Reviewed => Problem::conflict("month_reviewed", "该月已经复核。"),
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
