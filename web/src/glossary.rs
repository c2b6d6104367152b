//! The words of what the program writes down for programs: the members of the trail's details and of frozen reports. People read them in one language, and every page takes them from here. What is not known here is shown as it stands, so
//! nothing is hidden by a missing word.

use domain::document::AttachmentKind;
use domain::duty::DutyKind;
use domain::role::Role;
use serde_json::Value;

use crate::console::paper;
use crate::words::{self, Key};

/// What a member is called; nothing if nobody has said so yet.
pub(crate) fn member(name: &str) -> Option<&'static str> {
    let found = MEMBERS.binary_search_by(|(key, _)| key.cmp(&name)).ok()?;
    MEMBERS.get(found).map(|(_, word)| *word)
}

/// What a member is called, or its name.
pub(crate) fn named(name: &str) -> &str {
    member(name).unwrap_or(name)
}

/// What stands in a member, in words.
pub(crate) fn value(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "无".to_owned(),
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => said(name, text),
        Value::Array(all) => all.iter().map(|one| self::value(name, one)).collect::<Vec<_>>().join("、"),
        Value::Object(all) => {
            let one = |(name, value): (&String, &Value)| format!("{} {}", named(name), self::value(name, value));
            all.iter().map(one).collect::<Vec<_>>().join("，")
        }
    }
}

/// A text, where its member takes one of several words.
fn said(name: &str, text: &str) -> String {
    let word = match name {
        "role" | "roles" | "needed" => text.parse::<Key<Role>>().ok().map(|key| words::role(key.0)),
        "kind" => {
            let duty = || text.parse::<Key<DutyKind>>().ok().map(|key| key.0.title());
            let paper = || AttachmentKind::of(text).map(paper::name);
            duty().or_else(paper).or_else(|| word(text))
        }
        "state" | "choice" | "profile" | "scope" | "office" | "place" | "part" | "class" | "why" | "as" | "before"
        | "after" => word(text),
        _ => None,
    };
    word.map_or_else(|| text.to_owned(), str::to_owned)
}

fn word(text: &str) -> Option<&'static str> {
    let found = WORDS.binary_search_by(|(key, _)| key.cmp(&text)).ok()?;
    WORDS.get(found).map(|(_, word)| *word)
}

/// Sorted by name.
const MEMBERS: &[(&str, &str)] = &[
    ("account", "账户"),
    ("account_quiet_days", "新账户静默天数"),
    ("acting_for", "代谁办理"),
    ("activities", "业务活动表"),
    ("advances", "预付未核销"),
    ("after", "之后"),
    ("agreement", "协议"),
    ("amount", "金额"),
    ("application", "申请"),
    ("as", "格式"),
    ("attachment", "附件"),
    ("bank", "银行"),
    ("bank_account", "银行账户"),
    ("bank_days", "银行在途天数"),
    ("before", "之前"),
    ("booked", "入账"),
    ("border_minutes", "日界分钟"),
    ("bound", "限度"),
    ("breaks", "不一致"),
    ("buffer_days", "缓冲天数"),
    ("campaign", "募捐活动"),
    ("campaigns", "本年募捐活动"),
    ("change", "变更"),
    ("charitable_spending", "慈善活动支出占上年收入（%）"),
    ("charity", "慈善组织"),
    ("checked", "核对项数"),
    ("claims", "申报笔数"),
    ("class", "分类"),
    ("code", "代码"),
    ("comment", "意见"),
    ("contact", "联系方式"),
    ("corrects", "更正的版本"),
    ("county", "区划代码"),
    ("credit_code", "统一社会信用代码"),
    ("day", "日期"),
    ("days", "天数"),
    ("delegation", "授权代办"),
    ("donors", "捐赠人数"),
    ("drawn_at", "编制时间"),
    ("due", "计划完成日期"),
    ("due_on", "到期日"),
    ("ended", "结束数"),
    ("ended_on", "募捐结束日期"),
    ("ends_on", "截止日"),
    ("entries", "凭证数"),
    ("evaluated_on", "评估日期"),
    ("expires_on", "到期日"),
    ("fields", "内容"),
    ("figures", "数据"),
    ("file", "文件"),
    ("file_name", "文件"),
    ("filing_number", "备案编号"),
    ("findings", "评估情况"),
    ("fingerprint", "指纹"),
    ("form", "文本格式"),
    ("fresh", "新增"),
    ("from", "起"),
    ("fundraising", "筹资费用占捐赠收入（%）"),
    ("fundraising_cost", "募捐成本"),
    ("gifts", "捐赠"),
    ("goods", "募得物资折价"),
    ("grant", "授予"),
    ("happened_on", "发生日期"),
    ("id", "编号"),
    ("information_url", "信息公开网址"),
    ("issued_on", "发证日期"),
    ("key", "项目代码"),
    ("kind", "种类"),
    ("last_number", "最后凭证号"),
    ("left", "尚未使用"),
    ("lender", "授权人"),
    ("limit", "额度"),
    ("line", "预算项目代码"),
    ("lines", "行数"),
    ("list", "名单"),
    ("management", "管理费用占总费用（%）"),
    ("mapping", "列对应"),
    ("message", "留言"),
    ("milestone", "里程碑"),
    ("milestones", "项目进度"),
    ("minors", "未成年人受助（按县）"),
    ("month", "月份"),
    ("moved", "剩余款物转入（转出为负）"),
    ("name", "名称"),
    ("named", "同意公开姓名的笔数"),
    ("named_amount", "同意公开姓名的金额"),
    ("needed", "需要的角色"),
    ("new", "新增"),
    ("next_on", "下次日期"),
    ("note", "说明"),
    ("number", "编号"),
    ("office", "单位"),
    ("office_address", "办公地址"),
    ("officer", "经办人员"),
    ("on", "日期"),
    ("open", "受理"),
    ("opened_on", "募捐开始日期"),
    ("organisation", "慈善组织"),
    ("other", "其他"),
    ("paper", "材料"),
    ("part", "身份"),
    ("partner", "合作方"),
    ("path", "位置"),
    ("payments", "笔数"),
    ("period", "本期"),
    ("place", "公布在"),
    ("plan", "方案版本"),
    ("planned", "预算"),
    ("planned_end", "计划结束日期"),
    ("planted", "新建单位数"),
    ("platform_number", "互联网平台项目编号"),
    ("product", "产品"),
    ("profile", "审批规则"),
    ("progress", "完成百分比"),
    ("project_number", "慈善项目编号"),
    ("published_on", "公布日期"),
    ("raised", "募得款"),
    ("rate", "利率"),
    ("ratios", "比例"),
    ("reason", "原因"),
    ("received", "按渠道收入"),
    ("refunded", "退款"),
    ("related", "关联方往来"),
    ("release", "解除限定"),
    ("report", "报告"),
    ("rest", "剩余款物使用计划"),
    ("restricted", "限定性"),
    ("revoked_on", "注销日期"),
    ("role", "角色"),
    ("roles", "角色"),
    ("round", "轮次"),
    ("scope", "范围"),
    ("score", "评分"),
    ("seal", "封存指纹"),
    ("sequence", "文件序号"),
    ("sessions_ended", "结束的登录数"),
    ("sha256", "文件指纹"),
    ("signed_on", "签订日期"),
    ("single_limit", "单人审批限额"),
    ("size", "规模"),
    ("staff", "人员"),
    ("starts_on", "起始日"),
    ("state", "状态"),
    ("summary", "情况说明"),
    ("taken", "登记数"),
    ("target", "募捐目标"),
    ("templates", "周期凭证数"),
    ("third_limit", "三级审批限额"),
    ("through", "止"),
    ("title", "标题"),
    ("to", "至"),
    ("total", "累计"),
    ("unit", "单位"),
    ("unrestricted", "非限定性"),
    ("update", "进展"),
    ("updates", "进展情况"),
    ("used", "支出按预算项目"),
    ("used_total", "使用金额"),
    ("valid_from", "起始日"),
    ("version", "版本"),
    ("warning", "预警线"),
    ("wechat", "微信支付"),
    ("why", "原因"),
    ("wishes", "开票申请数"),
    ("words", "文字说明"),
    ("working", "是否工作日"),
    ("year", "年度"),
];

/// Sorted by key.
const WORDS: &[(&str, &str)] = &[
    ("accepted", "已受理"),
    ("active", "在用"),
    ("agreed", "已同意"),
    ("application", "同意将申请提交该银行"),
    ("applied", "已提交"),
    ("approved", "已批准"),
    ("arrival_proposed", "到账待确认"),
    ("arrived", "已到账"),
    ("authority", "民政部门"),
    ("bank_review", "银行审查中"),
    ("beancount", "Beancount"),
    ("beneficiary", "受益人"),
    ("bounced", "退票"),
    ("cancelled", "已作废"),
    ("charity_china", "慈善中国"),
    ("city", "市级"),
    ("claimed", "已认领"),
    ("class", "分类认定"),
    ("closed", "已关闭"),
    ("closing", "结项中"),
    ("compensation", "代偿"),
    ("confirmed", "已确认"),
    ("counted", "已盘点"),
    ("county", "县级"),
    ("created", "已创建"),
    ("csv", "CSV"),
    ("decided", "已决定"),
    ("declined", "未同意"),
    ("departed", "已划出"),
    ("designated_platform", "指定的互联网募捐平台"),
    ("disabled", "停用"),
    ("done", "已办结"),
    ("draft", "草稿"),
    ("emergency_open", "应急募捐中"),
    ("ended", "募捐结束"),
    ("executing", "执行中"),
    ("expired", "已过期"),
    ("failed", "失败"),
    ("filed", "已备案"),
    ("filing", "备案中"),
    ("finance_approved", "待三级审批"),
    ("finance_review", "待财务审核"),
    ("finished", "已办结"),
    ("full", "完整规则"),
    ("fundraising", "募捐成本"),
    ("gift", "认领为捐赠"),
    ("given_up", "已放弃"),
    ("grant", "资助受益人"),
    ("guardian", "监护人"),
    ("hledger", "hledger"),
    ("individual", "个人"),
    ("issued", "已开具"),
    ("made", "已制作"),
    ("management", "管理费用"),
    ("manager_approved", "待财务审批"),
    ("matched", "已对应"),
    ("open", "进行中"),
    ("org_review", "初审中"),
    ("organisation", "组织"),
    ("other", "其他"),
    ("own_site", "本平台网站"),
    ("paid", "已付款"),
    ("paid_by_bank", "银行已退"),
    ("partner", "合作方"),
    ("paused", "暂停"),
    ("payout", "放款"),
    ("pending", "待办理"),
    ("planned", "未批准"),
    ("pm_approved", "待财务审批"),
    ("posted", "已记账"),
    ("prepared", "已编制"),
    ("prepayment", "提前还款"),
    ("processing", "处理中"),
    ("proposed", "待另一人办理"),
    ("province", "省级"),
    ("published", "已公布"),
    ("rate", "利率调整"),
    ("received", "已到账"),
    ("recommended", "已推荐"),
    ("recovery", "追偿"),
    ("refused", "不同意"),
    ("rejected", "已退回"),
    ("repayment", "还款"),
    ("replaced", "由新合同承接"),
    ("requested", "待审核"),
    ("retried", "待重付"),
    ("return", "退回"),
    ("return_proposed", "退回待确认"),
    ("returned", "已退回"),
    ("reversal", "冲正"),
    ("reviewed", "已复核"),
    ("revoked", "已收回"),
    ("scheduled", "待开放"),
    ("sent", "已发出"),
    ("service", "项目服务"),
    ("servicing", "同意提供贷后信息"),
    ("settled", "已办结"),
    ("signed", "已签字"),
    ("small", "小型机构规则"),
    ("staff", "工作人员"),
    ("submitted", "已提交"),
    ("subsidy", "贴息冲抵"),
    ("succeeded", "成功"),
    ("supplier", "供应商"),
    ("suspended", "核查中"),
    ("taken", "已登记"),
    ("terminated", "终止"),
    ("township", "乡镇"),
    ("unclaimed", "待认领"),
    ("void", "已作废"),
    ("waiver", "减免"),
    ("withdrawn", "已撤回"),
    ("write_off", "核销"),
    ("xlsx", "Excel"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_found_whatever_is_asked() {
        for table in [MEMBERS, WORDS] {
            assert!(table.is_sorted_by(|one, next| one.0 < next.0), "sorted, and nothing twice");
        }
        assert_eq!(value("state", &json!("approved")), "已批准");
        assert_eq!(value("roles", &json!(["cashier", "auditor"])), "出纳、审计");
        assert_eq!(value("raised", &json!({ "period": "1.00", "total": "2.00" })), "本期 1.00，累计 2.00");
        assert_eq!(value("comet", &json!("seen")), "seen");
        assert_eq!(named("comet"), "comet");
    }
}
