//! Campaigns, gifts, spending, receipts and what is told of them.

use crowdfunding::CrowdfundingError;
use crowdfunding::spending::{Before, SpendingError};
use domain::campaign::GivingClosed;

use super::{Problem, id_reused, other_person, wrong_state};
use crate::campaign_sheet::SheetError;
use crate::disclosures::DisclosureError;
use crate::enquiries::EnquiryError;
use crate::gift_watch::GiftWatchError;
use crate::giving::GivingError;
use crate::openness::OpenBooksError;
use crate::receipts::ReceiptError;
use crate::spending::SpendError;

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
            E::NotByWechat => Problem::conflict(
                "no_wechat_gifts",
                "该项目不接受微信支付捐赠，请按项目页面上的捐赠方式，通过银行转账或线下捐赠。",
            ),
            E::NoSuchTeam => Problem::not_found("no_such_team", "该项目没有这个团队。"),
            E::TeamClosed => {
                Problem::conflict("team_closed", "该团队已关闭，不再接受捐赠；您可以直接捐给项目，或选择其他团队。")
            }
            E::TooManyTeams => Problem::conflict("too_many_teams", "您在该项目发起的团队已达5个，不能再发起。"),
            E::TooManyUnpaid => Problem::too_many(60).saying("您有多笔未支付的捐赠，请先完成支付或稍后再试。"),
            E::RefundTooLarge { left } => Problem::unprocessable("refund_too_large", "")
                .saying(format!("退款金额超过可退金额，最多可退{left}元。")),
            E::CoverNotNeeded => Problem::conflict("cover_not_needed", "这笔退款不需要非限定性资金垫付，请直接审批。"),
            E::GeneralFundShort { available } => {
                Problem::conflict("general_fund_short", "").saying(format!("非限定性资金不足，目前可用{available}元。"))
            }
            E::GiftUnderWay => {
                Problem::conflict("gift_under_way", "您有捐赠正在支付，请待支付完成或订单过期后再注销。")
            }
            E::CampaignReceives => Problem::conflict(
                "campaign_receives",
                "这笔款项对应的项目尚可接受（或恢复后仍可接受）捐赠，请确认为该项目的捐赠，或退回付款人。",
            ),
            E::RefundUnderWay => Problem::conflict("refund_under_way", "该笔捐赠已有退款在办理中。"),
            E::Ledger(refusal) => refusal.into(),
            E::Conflict => Problem::conflict("changed_meanwhile", "内容已被他人修改，请刷新后重试。"),
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
            E::MessageRefused => {
                Problem::unprocessable("message_refused", "留言、姓名、昵称或团队名称未通过内容检查，请修改后再提交。")
            }
            E::TooManyWords => Problem::too_many(60).saying("您提交的文字过于频繁，请稍后再试。"),
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

impl From<OpenBooksError> for Problem {
    fn from(error: OpenBooksError) -> Problem {
        let OpenBooksError::Db(error) = error;
        Problem::database(&error, entity::is_transient(&error))
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
            E::Related => Problem::conflict("related_party", "收款人、受益人或其账户的其他持有人与管理人员、捐赠人有关联，或就是本单的经办、审批、付款人员，不能支付。"),
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
            E::Child => Problem::forbidden(
                "child_data",
                "未成年人的信息由负责人（理事长、反洗钱专员）查看；您需要时请先申请查阅，经批准后在期限内查看。",
            ),
            E::NoSuchAccess => Problem::not_found("no_such_child_access", "没有这条查阅申请。"),
            E::AccessAsked => Problem::conflict("access_asked", "您已申请查阅，请等待负责人批准。"),
            E::NoSuchErasure => Problem::not_found("no_such_erasure", "没有这条删除申请。"),
            E::ErasureAsked => Problem::conflict("erasure_asked", "此人的删除申请已登记，不必重复登记。"),
            E::PayeeUnderWay => Problem::conflict(
                "payee_under_way",
                "此人还有未办结的支出申请、付款、退回款或预付款，办结后才能删除个人信息。",
            ),
            E::PayeeRestricted => Problem::conflict(
                "payee_restricted",
                "应本人要求，此人的信息已删除，或仅依法保存至保管期满，不再查看、变更和付款；银行退回的款项，请撤销该笔付款。",
            ),
            E::Repeated(before) => Problem::conflict("likely_repeated", "").saying(format!(
                "本项目另有一份收款人或受益人、金额和用途都相同的支出申请（{}），请确认不是重复；确需再付的，请说明原因。",
                match before {
                    Before::Drafted => "草稿，尚未提交",
                    Before::Asked => "在办，尚未付款",
                    Before::Paid => "已付款",
                }
            )),
            E::ReasonNeeded => {
                Problem::conflict("reason_needed", "名单含有个人信息，请填写查看原因后下载，查看会记录在案。")
            }
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
            SpendError::Document(error) => error.into(),
            SpendError::Sealed(error) => Problem::internal(&error),
            SpendError::Db(error) => Problem::database(&error, entity::is_transient(&error)),
        }
    }
}
