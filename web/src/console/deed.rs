//! The words of the audit trail: what was done to what. The trail keeps words for programs; people read these. A word that is not known
//! here is shown as it stands, so nothing is hidden by a missing translation.

use domain::role::Role;

use crate::session::Officer;

/// Where a thing is looked at, and by whom of those who read the trail: an administrator keeps the house and reads no books.
type Place = (&'static str, &'static [Role]);

const fn read(path: &'static str) -> Option<Place> {
    Some((path, &[Role::Auditor]))
}

const fn kept(path: &'static str) -> Option<Place> {
    Some((path, &[Role::Admin, Role::Auditor]))
}

/// What can be done something to, as the trail names it, with where it is looked at.
const THINGS: &[(&str, &str, Option<Place>)] = &[
    ("campaign", "公益项目", read("/console/campaigns/")),
    ("decision", "两人决定事项", None),
    ("refusal", "不同意", None),
    ("resolution", "差错处理意见", None),
    ("bank_claim", "银行来款的认领", None),
    ("year_closing", "年终结转", read("/console/year-closings/")),
    ("audited_year", "审计报告", read("/console/audit-reports/")),
    ("change", "方案变更（决定）", read("/console/campaign-changes/")),
    ("campaign_change", "方案变更", read("/console/campaign-changes/")),
    ("partner", "合作方", None),
    ("complaint", "投诉", None),
    ("enquiry", "捐赠人查询", None),
    ("donation", "捐赠", read("/console/donations/")),
    ("bank_gift", "银行捐赠", read("/console/donations/")),
    ("gift_list", "捐赠清单", read("/console/gift-lists/")),
    ("message", "留言", None),
    ("team", "捐赠团队", read("/teams/")),
    ("refund", "退款", read("/console/refunds/")),
    ("receipt", "捐赠票据", read("/console/receipts/")),
    ("receipts", "捐赠票据（批量）", None),
    ("receipt_wishes", "开票申请", None),
    ("donor", "捐赠人", None),
    ("screening", "名单筛查", None),
    ("watchlist", "筛查名单", None),
    ("disbursement", "支出申请", read("/console/disbursements/")),
    ("payee", "收款人", read("/console/payees/")),
    ("child_access", "未成年人信息查阅", None),
    ("payee_erasure", "收款人信息删除", None),
    ("payout", "付款", read("/console/payouts/")),
    ("payment_file", "付款文件", read("/console/payment-files/")),
    ("settlement", "追回与核销", read("/console/settlements/")),
    ("transfer", "提现与充值", read("/console/transfers/")),
    ("bank", "银行", None),
    ("break", "差错", read("/console/breaks/")),
    ("reconciliation", "对账", None),
    ("voucher", "手工凭证", None),
    ("manual_voucher", "手工凭证", read("/console/vouchers/")),
    ("voucher_template", "周期凭证", None),
    ("cash", "现金盘点", None),
    ("cash_count", "现金盘点", read("/console/cash-counts/")),
    ("book", "账套", None),
    ("ratio", "财务比例", None),
    ("disclosure", "公开内容", read("/console/disclosures/")),
    ("event", "重大事项", None),
    ("duty", "期限", None),
    ("document", "材料", None),
    ("staff", "工作人员", kept("/console/members/")),
    ("delegation", "授权代办", None),
    ("unit", "组织机构", None),
    ("charity", "慈善组织", kept("/console/charities/")),
    ("charity_account_change", "账户变更", Some(("/console/account-changes/", &[Role::Auditor]))),
    ("profile_change", "审批规则的变更", None),
    ("role_grant", "角色授予", None),
    ("certificate", "资格证书", None),
    ("calendar", "工作日历", None),
    ("loan_application", "贷款申请", read("/console/loan-applications/")),
    ("loan_contract", "贷款合同", read("/console/loans/")),
    ("loan_product", "贷款产品", read("/console/loan-products/")),
    ("loan_quota", "贷款额度", None),
    ("loan_paper", "贷款材料", None),
    ("need", "融资需求", read("/console/needs/")),
    ("bank_line", "银行流水", read("/console/bank/lines/")),
    ("bank_statement", "银行对账单", None),
    ("bank_balance", "银行存款余额调节表", None),
    ("loan", "贷款", None),
    ("loan_consent", "贷款授权", None),
    ("loan_file", "银行文件", None),
    ("loan_programme", "贷款项目", kept("/console/loan-programmes/")),
    ("loan_subsidy", "贴息", None),
    ("lpr", "LPR", None),
];

/// Beginnings of deeds whose object is named otherwise: the other stands in the choice, and finds both.
const TWICE: [&str; 3] = ["voucher", "cash", "receipt_wishes"];

/// What can be done.
const DEEDS: &[(&str, &str)] = &[
    ("accept", "确认对应"),
    ("account", "登记账户"),
    ("activate", "启用"),
    ("add", "新增"),
    ("agree", "同意"),
    ("answer", "答复"),
    ("ask", "申请查阅"),
    ("ask_erasure", "申请删除"),
    ("approve", "批准"),
    ("approve_account", "批准账户变更"),
    ("approve_profile", "批准审批规则"),
    ("attach", "添加材料"),
    ("balance.prepare", "编制余额调节表"),
    ("balance.return", "退回余额调节表"),
    ("balance.review", "复核余额调节表"),
    ("batch", "批量导入"),
    ("cancel", "撤销"),
    ("change", "修改"),
    ("change_account", "变更账户"),
    ("change_password", "修改密码"),
    ("change_password_refused", "修改密码失败"),
    ("claim", "认领"),
    ("claim.agree", "同意认领或退回"),
    ("claim.decline", "不同意认领或退回"),
    ("clock", "到时自动办理"),
    ("close", "关闭"),
    ("close_month", "锁定月份"),
    ("close_year", "办理年终结转"),
    ("code", "登记编号"),
    ("comment", "写意见"),
    ("conclude", "办结"),
    ("confirm", "确认"),
    ("confirm_account", "确认账户"),
    ("confirm_audit", "确认审计报告"),
    ("count", "盘点"),
    ("cover", "弥补"),
    ("create", "新建"),
    ("decide", "决定"),
    ("declare_related", "声明关联关系"),
    ("decline", "不同意"),
    ("decline_account", "不同意账户变更"),
    ("decline_audit", "不同意审计报告"),
    ("decline_profile", "不同意审批规则"),
    ("decline_role", "不同意授予角色"),
    ("decline_year", "不同意年终结转"),
    ("disable", "停用"),
    ("discard", "作废"),
    ("download", "下载"),
    ("draft", "填写草稿"),
    ("edit", "修改草稿"),
    ("edit_contact", "修改联系方式"),
    ("end", "结束"),
    ("end_sessions", "结束登录"),
    ("enter", "登记"),
    ("erase", "注销"),
    ("escalate", "上报"),
    ("evaluate_cooperation", "评估合作方"),
    ("event", "登记业务"),
    ("expire", "过期"),
    ("export", "导出"),
    ("export_wishes", "导出开票申请"),
    ("file", "登记备案"),
    ("file_change", "变更备案"),
    ("follow_up", "跟进"),
    ("give", "授权"),
    ("give_up", "放弃"),
    ("grant", "批准"),
    ("grant_role", "授予角色"),
    ("handle", "办理"),
    ("identify", "登记身份证号码"),
    ("import", "导入"),
    ("lift", "解除核查"),
    ("load", "载入"),
    ("login", "登录"),
    ("login_refused", "登录失败"),
    ("make", "制作"),
    ("match_again", "补核流水"),
    ("moderate", "审核留言"),
    ("open", "开立"),
    ("open_in_emergency", "应急开放"),
    ("paid_by_bank", "银行已退"),
    ("pause", "暂停"),
    ("plan", "新建"),
    ("plant", "建立"),
    ("pool", "设定风险补偿金"),
    ("post", "审核记账"),
    ("prepare", "编制"),
    ("progress", "更新进度"),
    ("propose", "提出"),
    ("propose_account", "申请账户变更"),
    ("propose_change", "申请变更"),
    ("propose_cover", "提出弥补"),
    ("propose_outcome", "提出处理结果"),
    ("propose_profile", "提出审批规则"),
    ("propose_role", "提出授予角色"),
    ("propose_year", "提出年终结转"),
    ("publish", "公布"),
    ("publish_update", "发布进展"),
    ("purge", "清除个人信息"),
    ("read", "查看"),
    ("read_list", "查看名单"),
    ("reason", "说明原因"),
    ("receive", "登记到账"),
    ("recommend", "推荐"),
    ("refuse", "拒绝"),
    ("register", "登记"),
    ("reject", "退回"),
    ("relate", "登记亲近关系"),
    ("release", "解除限定"),
    ("rename", "改名"),
    ("reopen_execution", "退回执行"),
    ("report", "登记结果"),
    ("report_audit", "登记审计报告"),
    ("request", "申请"),
    ("reset_credentials", "重设密码"),
    ("results", "登记结果"),
    ("resume", "恢复"),
    ("retry", "重试"),
    ("return", "退回"),
    ("return_filing", "备案补正"),
    ("reverse", "红冲"),
    ("review_change", "审核变更"),
    ("review_small", "按月复核支出"),
    ("revise", "继续修改"),
    ("revoke", "撤回"),
    ("revoke_role", "收回角色"),
    ("rule", "设定规则"),
    ("schedule", "安排开放"),
    ("seal", "封存"),
    ("seat", "设立席位"),
    ("send", "交出"),
    ("set", "设定"),
    ("set_rule", "设定规则"),
    ("settle", "处理差额"),
    ("settle_outcome", "决定处理结果"),
    ("sign", "签字"),
    ("sign_cooperation", "登记合作协议"),
    ("start_closing", "开始结项"),
    ("start_execution", "开始执行"),
    ("stop", "停用"),
    ("submit", "提交"),
    ("submit_filing", "报送备案"),
    ("suspend", "停募核查"),
    ("take_up", "受理"),
    ("tell", "登记"),
    ("unmask", "查看个人信息"),
    ("unschedule", "取消开放安排"),
    ("unseat", "撤销席位"),
    ("untie", "解除对应"),
    ("void", "作废"),
    ("withdraw", "撤回"),
    ("withdraw_year", "撤回年终结转"),
    ("write", "填写"),
    ("write_update", "写进展"),
];

/// The things, for a choice.
pub(super) fn things() -> Vec<(String, String)> {
    let once = THINGS.iter().filter(|(key, ..)| !TWICE.contains(key));
    once.map(|(key, word, _)| ((*key).to_owned(), (*word).to_owned())).collect()
}

/// What was done, in words: 公益项目：批准.
pub(super) fn deed(action: &str) -> String {
    let (thing, done) = action.split_once('.').unwrap_or((action, ""));
    let word = DEEDS.iter().find(|(key, _)| *key == done).map_or(done, |(_, word)| word);
    format!("{}：{word}", named(thing))
}

fn named(thing: &str) -> &str {
    THINGS.iter().find(|(key, ..)| *key == thing).map_or(thing, |(_, word, _)| word)
}

/// To what, in words, and where whoever asks may look at it: nobody is led to a page that refuses them.
pub(super) fn object(object: &str, officer: &Officer) -> (String, Option<String>) {
    object_for(object, |roles| officer.is(roles))
}

fn object_for(object: &str, may: impl Fn(&[Role]) -> bool) -> (String, Option<String>) {
    let Some((thing, id)) = object.split_once(':') else { return (named(object).to_owned(), None) };
    let known = THINGS.iter().find(|(key, ..)| *key == thing);
    // Some things carry more than one id, or none.
    let whole = id.parse::<uuid::Uuid>().is_ok();
    let place = known.and_then(|(.., place)| place.as_ref()).filter(|(_, roles)| whole && may(roles));
    let lead = place.map(|(path, _)| format!("{path}{id}"));
    (named(thing).to_owned(), lead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_is_told_in_words_and_an_unknown_one_as_it_stands() {
        assert_eq!(deed("campaign.approve"), "公益项目：批准");
        assert_eq!(deed("comet.observe"), "comet：observe");
        let id = "01890000-0000-7000-8000-00000000000a";
        let by = |role: Role| move |roles: &[Role]| roles.contains(&role);
        let campaign = format!("campaign:{id}");
        let lead = Some(format!("/console/campaigns/{id}"));
        assert_eq!(object_for(&campaign, by(Role::Auditor)), ("公益项目".into(), lead));
        assert_eq!(object_for(&campaign, by(Role::Admin)), ("公益项目".into(), None));
        assert_eq!(object_for("charity:second", by(Role::Admin)), ("慈善组织".into(), None));
    }
}
