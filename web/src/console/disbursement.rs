//! Papers by which a campaign's money goes out: written, proved, approved step by step, and what became of each payment.

use std::collections::HashMap;

use app::problem::Problem;
use app::spending::Draft;
use app::spending::lists::object;
use app::spending::payees::MaskedPayee;
use crowdfunding::spending::{AUTHORS, NewPayout, PaperSearch, PayoutSearch, READERS};
use domain::disbursement::{DisbursementKind, DisbursementState, PayoutState, approvers};
use domain::role::Role;
use domain::{AttachmentId, BusinessDate, CampaignId, DisbursementId, Money, PayeeId, PayoutId};
use entity::{disbursement, payout};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};
use uuid::Uuid;

use super::paper;
use super::people::{Names, staff_of};
use crate::field::{Field, cell, options};
use crate::finance::entry;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::{chart, words};

/// How many payees a form offers; others are found by their full name.
const PAYEES: u64 = 30;
/// How many lines a form offers them on. A longer paper came from a list, and its lines keep whom they name.
const OFFERED: usize = 10;
/// How many lines a form has beyond those that are filled.
const SPARE: usize = 3;
/// How many lines a form holds. A longer paper came from a list, and is written again as a list.
const FORM: u64 = 200;
/// More lines than a paper has.
const ALL: u64 = 10_000;

/// The path of a paper.
pub(super) fn path(id: DisbursementId) -> String {
    format!("/console/disbursements/{id}")
}

/// Papers, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let wanted = PaperSearch {
        campaign: asked.read("campaign")?,
        state: asked.read::<words::Key<DisbursementState>>("state")?.map(|key| key.0),
        words: asked.get("q").map(str::to_owned),
    };
    let rows = officer.app.spending.page(&wanted, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let names = Names::of(&officer, rows.iter().map(|row| row.author_id)).await?;
    let ids: Vec<CampaignId> = rows.iter().map(|row| row.campaign_id).collect();
    let campaigns = officer.app.campaigns.with_money(&ids).await?;
    let campaign_name = |id: CampaignId| {
        let found = campaigns.iter().find(|one| one.campaign.id == id);
        found.map(|one| one.campaign.name.clone()).unwrap_or_default()
    };
    let columns = [
        column("用途"),
        column("状态"),
        numbers("金额"),
        numbers("笔数"),
        column("项目"),
        column("科目"),
        column("经办人"),
        column("更新时间"),
    ];
    let cells = |row: disbursement::Model| {
        vec![
            Cell::link(&path(row.id), row.purpose),
            Cell::badge(words::disbursement(row.state)),
            Cell::yuan_of(row.amount_fen, &path(row.id)),
            Cell::number(row.payouts),
            Cell::link(&super::campaign::path(row.campaign_id), campaign_name(row.campaign_id)),
            Cell::text(row.line_code),
            Cell::text(names.name(row.author_id)),
            Cell::at(row.changed_us),
        ]
    };
    let table = Table::new("支出申请", &columns, "没有这样的支出申请。").page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states = words::all(|state: DisbursementState| words::disbursement(state).0);
    let options = self::campaigns(&officer).await?;
    let content = html! {
        (part::heading("支出申请", &html! {
            @if officer.is(&AUTHORS) {
                a class="button primary" href="/console/disbursements/new" { "新建申请" }
                a class="button" href="/console/disbursements/batch" { "按名单上传" }
            }
        }))
        (table::filter(&asked, &html! {
            (table::filter_text(&asked, "q", "用途"))
            (table::filter_choice(&asked, "state", "状态", &states))
            (table::filter_choice(&asked, "campaign", "项目", &options))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("支出申请", &[("/console", "工作台")], &content).into_response())
}

async fn show(
    officer: &Officer,
    id: DisbursementId,
    asked: &Asked,
    word: &str,
    typed: &Typed,
) -> Result<Response, PageError> {
    let (spending, by) = (&officer.app.spending, &officer.member);
    let row = spending.get(id, by).await?;
    let history = spending.history(id, by).await?;
    // Lines are counted from one, without a gap.
    let skipped = asked.skipped()?;
    let (after, limit) =
        if asked.file().is_some() { (0, ALL) } else { (i64::try_from(skipped).unwrap_or(i64::MAX), table::LINES) };
    let payouts = spending.payouts_of(id, by, after, limit).await?;
    let named: Vec<PayeeId> =
        payouts.iter().flat_map(|one| [Some(one.payee_id), one.beneficiary_id]).flatten().collect();
    let payees = spending.masked_payees(named).await?;
    let budget = officer.app.campaigns.budget(row.campaign_id, by).await.unwrap_or_default();
    let campaign = officer.app.campaigns.with_money(&[row.campaign_id]).await?;
    let people = history.iter().filter_map(|step| staff_of(&step.actor));
    let people = people
        .chain([row.author_id])
        .chain(row.author_for_id)
        .chain(payouts.iter().flat_map(|one| [one.payer_id, one.confirmer_id]).flatten());
    let names = Names::of(officer, people).await?;
    let lines = payments(&payouts, &payees, &names);
    if let Some(kind) = asked.file() {
        return Ok(lines.file(kind, asked));
    }
    let own = row.author_id == officer.id();
    let draft = row.state == DisbursementState::Draft && own;
    let written = u64::try_from(row.payouts).unwrap_or_default();
    let fresh = Typed::default();
    let refused = |step: &str| (word == step).then_some(typed);
    let papers =
        paper::guarded_list(officer, &object(id), &path(id), draft, refused("papers").unwrap_or(&fresh)).await?;
    let reason =
        |step: &str| html! { (Field::area(refused(step).unwrap_or(&fresh), "reason", "原因").required().longest(500)) };
    let to = |step: &str| format!("{}/{step}", path(id));
    let due: &[Role] = match (row.profile, row.state.step()) {
        (Some(profile), Some(step)) => approvers(profile, step),
        _ => &[],
    };
    let line = budget.iter().find(|line| line.code == row.line_code);
    let content = html! {
        (part::heading(&row.purpose, &html! {
            (part::badge(words::disbursement(row.state)))
            @if row.state == DisbursementState::Approved && officer.acts(&[Role::Cashier], row.book_id, &row.unit_path) {
                a class="button primary" href="/console/payment-files/new" { "制作付款文件" }
            }
            @if draft && written <= FORM { a class="button" href={ (path(id)) "/edit" } { "修改" } }
        }))
        @if let Some(step) = history.iter().rev().find(|step| step.to_state == "draft" && step.reason.is_some()).filter(|_| draft) {
            p class="note" { strong { "上次退回：" } (step.reason.as_deref().unwrap_or_default()) " " span class="faint" { (names.actor(&step.actor)) " · " (part::at(step.at_us)) } }
        }
        div class="steps" {
            @if draft {
                (Step { name: "提交审批", will: "将按该慈善组织的审批规则逐级审批；须先上传证明材料。", to: &to("submission"), grave: false, fields: nothing() }.show(officer, refused("submission")))
            }
            @if !own && officer.acts(due, row.book_id, &row.unit_path) {
                (Step { name: "批准", will: &approval(&row), to: &to("approval"), grave: false, fields: nothing() }.show(officer, refused("approval")))
                (Step { name: "退回", will: "将退回经办人修改，并告知原因。", to: &to("rejection"), grave: false, fields: reason("rejection") }.show(officer, refused("rejection")))
            }
            @if matches!(row.state, DisbursementState::Draft | DisbursementState::Submitted | DisbursementState::PmApproved | DisbursementState::FinanceApproved) && (own || officer.is(&[Role::ProjectManager])) {
                (Step { name: "作废", will: "将放弃这份申请，不能恢复；没有资金变动。", to: &to("cancellation"), grave: true, fields: reason("cancellation") }.show(officer, refused("cancellation")))
            }
        }
        div class="pair" {
            (part::block("申请", &part::facts(&[
                ("编号", html! { span class="code" { (id.simple()) } }),
                ("项目", html! { a href=(super::campaign::path(row.campaign_id)) { (campaign.first().map(|one| one.campaign.name.as_str()).unwrap_or("查看")) } }),
                ("种类", html! { (words::disbursement_kind(row.kind)) }),
                ("金额", entry::yuan(officer, row.amount_fen, id)),
                ("笔数", html! { (row.payouts) }),
                ("经办人", html! { (names.name(row.author_id)) @if row.author_for_id.is_some() { "（代" (names.maybe(row.author_for_id)) "）" } }),
                ("非重复说明", html! { (row.repeat_reason.clone().unwrap_or_default()) }),
                ("审批规则", html! { @if let Some(profile) = row.profile { (words::profile(profile)) "，须" (row.needed.unwrap_or_default()) "级审批" } }),
                ("提交时间", html! { @if let Some(at) = row.submitted_us { (part::at(at)) } }),
                ("批准时间", html! { @if let Some(at) = row.approved_us { (part::at(at)) } }),
            ])))
            (part::block("预算科目", &html! {
                @match line {
                    Some(line) => (budget_left(line, &row, campaign.first().map(|one| one.fund.available()))),
                    None => (part::nothing_here("您看不到该项目的预算。")),
                }
            }))
        }
        (part::block("付款明细", &html! {
            p { "共" (written) "笔，合计" (part::yuan(row.amount_fen)) "元。" @if draft && written > FORM { (TOO_LONG) } }
            (lines.plain())
            (table::turn_lines(asked, skipped, written))
        }))
        div class="pair" {
            (part::block("证明材料", &papers))
            (part::block("办理经过", &html! {
                ol class="history" {
                    @for step in &history {
                        li {
                            (part::at(step.at_us)) " " strong { (words::disbursement_word(&step.to_state)) } " " span class="faint" { (names.actor(&step.actor)) (words::disbursement_deed(&step.from_state, &step.to_state)) }
                            @if let Some(reason) = &step.reason { "：" (reason) }
                        }
                    }
                }
            }))
        }
    };
    Ok(officer.shown(&row.purpose, &[("/console/disbursements", "支出申请")], &content, typed))
}

/// What an approval will do.
fn approval(row: &disbursement::Model) -> String {
    let last = row.state.step() == row.needed;
    let amount = part::grouped(row.amount_fen);
    if last {
        format!("这是最后一级审批：将承诺支出{amount}元，由出纳付款。")
    } else {
        format!("同意支出{amount}元，交下一级审批。")
    }
}

fn budget_left(line: &entity::budget_line::Model, row: &disbursement::Model, available: Option<Money>) -> Markup {
    let gone = line.committed_fen.checked_add(line.used_fen).unwrap_or(line.planned_fen);
    let left = line.planned_fen.checked_sub(gone).unwrap_or(Money::ZERO);
    // What was approved is among what is promised already.
    let open = row.approved_us.is_none();
    let after = if open { left.checked_sub(row.amount_fen).unwrap_or(Money::ZERO) } else { left };
    html! {
        (part::facts(&[
            ("科目", html! { (line.code) " " (line.name) }),
            ("预算", part::yuan(line.planned_fen)),
            ("已批准（含已支付）", part::yuan(gone)),
            ("剩余", part::yuan(left)),
            ("批准后剩余", html! { @if open { (part::yuan(after)) } }),
            ("项目可用资金", html! { @if let Some(available) = available { (part::yuan(available)) } }),
        ]))
        (chart::gauge(gone, Money::ZERO, line.planned_fen, "预算使用进度"))
        @if after.is_negative() { p class="fault" { "超出预算科目的剩余金额，批准时将被拒绝。" } }
    }
}

/// What is said of a draft that no form holds.
const TOO_LONG: &str = "笔数超过200，不能逐笔修改；要改动请作废后按名单重新上传。";

fn payments(payouts: &[payout::Model], payees: &HashMap<PayeeId, MaskedPayee>, names: &Names) -> Table {
    let name = |id: PayeeId| payees.get(&id).map(|payee| payee.name.clone()).unwrap_or_default();
    let columns = [
        numbers("序号"),
        column("收款人"),
        column("账户"),
        column("受益人"),
        numbers("金额"),
        column("状态"),
        column("付款人"),
        column("到账日"),
        column("备注"),
    ];
    let rows = payouts.iter().map(|one| {
        vec![
            Cell::number(one.position),
            Cell::link(&format!("/console/payees/{}", one.payee_id), name(one.payee_id)),
            Cell::text(payees.get(&one.payee_id).and_then(|payee| payee.account.clone()).unwrap_or_default()),
            Cell::or_none(one.beneficiary_id, |id| Cell::text(name(id))),
            Cell::yuan_of(one.amount_fen, &format!("/console/payouts/{}", one.id)),
            Cell::badge(words::payout(one.state)),
            Cell::text(names.maybe(one.payer_id)),
            Cell::or_none(one.paid_on, Cell::day),
            Cell::or_none(one.last_error.clone(), Cell::text),
        ]
    });
    Table::new("付款明细", &columns, "没有付款明细。").whole(rows)
}

/// One paper.
#[handler]
pub(super) async fn get_one(
    officer: Officer,
    Path(id): Path<DisbursementId>,
    request: &Request,
) -> Result<Response, PageError> {
    show(&officer, id, &Asked::of(request), "", &Typed::default()).await
}

/// A step of a paper.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(DisbursementId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (spending, by) = (&officer.app.spending, &officer.member);
    let taken: Result<&str, PageError> = async {
        let mut check = form.check();
        Ok(match word.as_str() {
            "submission" => spending.submit(id, by).await.map(|_| "已提交审批。")?,
            "approval" => spending.approve(id, by).await.map(|_| "已批准。")?,
            "rejection" => {
                let reason = check.text("reason");
                check.done()?;
                spending.reject(id, &reason, by).await.map(|_| "已退回。")?
            }
            "cancellation" => {
                let reason = check.text("reason");
                check.done()?;
                spending.cancel(id, &reason, by).await.map(|_| "已作废。")?
            }
            "papers" => {
                spending.may_document(id, by).await?;
                paper::attach(&officer, &object(id), &form).await.map(|()| "材料已添加。")?
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
        })
    }
    .await;
    match taken {
        Ok(done) => Ok(officer.done(done, &path(id))),
        Err(refused) => show(&officer, id, &Asked::at(&path(id)), &word, &Typed::refused(&form, refused.0)).await,
    }
}

/// A document of a paper.
#[handler]
pub(super) async fn get_read_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(DisbursementId, AttachmentId)>,
) -> Result<Response, PageError> {
    Ok(paper::download(officer.app.spending.document(id, paper_id, &officer.member).await?))
}

/// A list of people under a paper, for a reason.
#[handler]
pub(super) async fn post_read_list(
    officer: Officer,
    Path((id, paper_id)): Path<(DisbursementId, AttachmentId)>,
    form: Form,
) -> Result<Response, PageError> {
    match officer.app.spending.read_list(id, paper_id, form.get("reason"), &officer.member).await {
        Ok(content) => Ok(paper::download(content)),
        Err(refused) => show(&officer, id, &Asked::at(&path(id)), "reading", &Typed::refused(&form, refused)).await,
    }
}

/// Takes a document of a draft back.
#[handler]
pub(super) async fn post_withdraw_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(DisbursementId, AttachmentId)>,
) -> Result<Response, PageError> {
    officer.app.spending.may_document(id, &officer.member).await?;
    officer.app.documents.withdraw(&officer.member, &object(id), paper_id).await?;
    Ok(officer.done("材料已撤下。", &path(id)))
}

/// The campaigns that money may be asked of, as options.
pub(super) async fn campaigns(officer: &Officer) -> Result<Vec<(String, String)>, PageError> {
    let rows = officer.app.campaigns.page(None, &officer.member, None, 500).await?;
    let spendable = rows.into_iter().filter(|row| row.state.is_public());
    Ok(options(spendable.map(|row| (row.id, row.name))))
}

/// Payees as options: by masked name, part, the end of the account and the day they were written down; by the end of their number, where all
/// of that is the same.
fn payee_options<'a>(payees: impl IntoIterator<Item = &'a MaskedPayee>) -> Vec<(String, String)> {
    let said = |payee: &MaskedPayee| {
        let account = payee.account.as_deref().unwrap_or("无账户");
        let day = BusinessDate::of(payee.row.created_us);
        format!("{}（{}，{account}，{day}登记）", payee.name, words::payee_part(&payee.row.part))
    };
    let mut all: Vec<(String, String)> = Vec::new();
    for payee in payees {
        let id = payee.row.id.to_string();
        if all.iter().all(|(known, _)| *known != id) {
            all.push((id, said(payee)));
        }
    }
    let words: Vec<String> = all.iter().map(|(_, word)| word.clone()).collect();
    for (id, word) in &mut all {
        if words.iter().filter(|other| *other == word).count() > 1 {
            let simple: String = id.chars().filter(|c| *c != '-').collect();
            *word = format!("{word}编号…{}", simple.get(26..).unwrap_or_default());
        }
    }
    all
}

/// Whom a form offers: the latest of the campaign, those of the name that was looked for, and whom its lines name already.
struct Offered {
    common: Vec<(String, String)>,
    named: HashMap<PayeeId, MaskedPayee>,
    /// How many were found by the name, if one was looked for.
    found: Option<usize>,
}

impl Offered {
    async fn of(officer: &Officer, campaign: CampaignId, form: &Form) -> Result<Offered, PageError> {
        let (spending, by) = (&officer.app.spending, &officer.member);
        let recent = spending.recent_payees(campaign, by, PAYEES).await?;
        let found = match form.given("find") {
            Some(name) => Some(spending.payees(Some(name), by, None, PAYEES).await?),
            None => None,
        };
        let ids: Vec<PayeeId> =
            form.all("payee").chain(form.all("beneficiary")).filter_map(|id| id.parse().ok()).collect();
        let mut named = spending.masked_payees(ids).await?;
        named.retain(|_, payee| by.may(&READERS, &payee.row.unit_path).is_ok());
        let count = found.as_ref().map(Vec::len);
        let common = payee_options(found.iter().flatten().chain(&recent));
        Ok(Offered { common, named, found: count })
    }

    /// The options of one choice; `whole` if all are offered.
    fn options(&self, chosen: &str, whole: bool) -> Vec<(String, String)> {
        let named = chosen.parse::<PayeeId>().ok().and_then(|id| self.named.get(&id));
        let known = self.common.iter().any(|(id, _)| id == chosen);
        let mut all = payee_options(named.filter(|_| !(known && whole)));
        if whole {
            all.extend(self.common.iter().cloned());
        }
        all
    }
}

/// The form of a paper: which campaign, then its lines and payees.
async fn ask(officer: &Officer, title: &str, to: &str, typed: &Typed) -> Result<Response, PageError> {
    let campaign = typed.form().given("campaign").and_then(|id| id.parse::<CampaignId>().ok());
    let content = match campaign {
        None => html! {
            h1 { (title) }
            form method="get" {
                (Field::choice(typed, "campaign", "从哪个项目支出", &campaigns(officer).await?).required())
                div class="go" { button type="submit" class="primary" { "下一步" } }
            }
        },
        Some(campaign) => {
            let budget = officer.app.campaigns.budget(campaign, &officer.member).await?;
            let offered = Offered::of(officer, campaign, typed.form()).await?;
            let lines = options(budget.iter().map(|line| (&line.code, format!("{} {}", line.code, line.name))));
            let kinds = options(words::all(words::disbursement_kind));
            html! {
                h1 { (title) }
                (part::alert(typed))
                (officer.form(to, &html! {
                    (part::new_id(typed))
                    input type="hidden" name="campaign" value=(campaign);
                    (Field::text(typed, "purpose", "用途").required().longest(200))
                    div class="fields" {
                        (Field::choice(typed, "line", "预算科目", &lines).required())
                        (Field::choice(typed, "kind", "种类", &kinds).required())
                    }
                    (Field::text(typed, "repeat_reason", "非重复支付的说明").longest(200).hint("本项目另有收款人、金额和用途都相同的申请时填写，其他情况留空。"))
                    fieldset {
                        legend { "收款人与金额" }
                        p class="hint" { "每行可选本项目最近的收款人，不用的行留空。没有登记过的，" a href="/console/payees/new" { "先登记收款人" } "。" }
                        @if let Some(fault) = typed.fault("payouts") { p class="fault" { (fault) } }
                        (rows(typed.form(), &offered))
                        div class="fields" {
                            (Field::text(typed, "find", "按完整户名查找").longest(60).hint("找到的收款人会出现在每行的选项最前面，已填的内容保留。"))
                        }
                        button type="submit" name="do" value="find" formnovalidate { "查找" }
                        @match offered.found {
                            Some(0) => p class="fault" role="status" { "没有这个户名的收款人。" },
                            Some(found) => p class="hint" role="status" { "找到" (found) "个，请在上面的行里选择。" },
                            None => {}
                        }
                    }
                    div class="go" { button type="submit" class="primary" { "保存草稿" } }
                }))
            }
        }
    };
    Ok(officer.shown(title, &[("/console/disbursements", "支出申请")], &content, typed))
}

fn rows(form: &Form, offered: &Offered) -> Markup {
    let column = |name: &str| form.all(name).map(str::to_owned).collect::<Vec<_>>();
    let (ids, to, amounts) = (column("payout"), column("payee"), column("amount"));
    let (whose, relations) = (column("beneficiary"), column("relation"));
    let filled = amounts.iter().filter(|amount| !amount.is_empty()).count();
    let at = |column: &[String], row: usize| column.get(row).cloned().unwrap_or_default();
    html! {
        div class="rows" {
            @for row in 0..(filled + SPARE).max(ids.len()) {
                @let label = |what: &str| format!("第{}笔的{what}", row + 1);
                @let known = at(&ids, row);
                @let (payee, beneficiary) = (at(&to, row), at(&whose, row));
                @let whole = row < OFFERED || (payee.is_empty() && row >= filled);
                div class="row" {
                    input type="hidden" name="payout" value=(if known.is_empty() { Uuid::now_v7().to_string() } else { known });
                    (cell("收款人", &html! { select name="payee" aria-label=(label("收款人")) {
                        option value="" { "收款人" }
                        @for (key, word) in offered.options(&payee, whole) { option value=(key) selected[key == payee] { (word) } }
                    } }))
                    (cell("金额", &html! { input name="amount" value=(at(&amounts, row)) placeholder="金额" inputmode="decimal" aria-label=(label("金额")) size="10"; }))
                    (cell("受益人", &html! { select name="beneficiary" aria-label=(label("受益人")) {
                        option value="" { "受益人即收款人" }
                        @for (key, word) in offered.options(&beneficiary, whole) { option value=(key) selected[key == beneficiary] { (word) } }
                    } }))
                    (cell("与受益人关系", &html! { input name="relation" value=(at(&relations, row)) placeholder="与受益人关系" aria-label=(label("与受益人关系")) maxlength="40" size="12"; }))
                }
            }
        }
    }
}

fn read(id: DisbursementId, form: &Form) -> Result<Draft, Problem> {
    let mut check = form.check();
    let (campaign, line, purpose) = (check.id::<CampaignId>("campaign"), check.text("line"), check.text("purpose"));
    let repeat_reason = check.optional("repeat_reason");
    let kind = check.choice::<words::Key<DisbursementKind>>("kind");
    let payouts = payouts(form);
    match &payouts {
        Err(fault) => check.say("payouts", fault),
        Ok(payouts) if payouts.is_empty() => check.say("payouts", "请至少填写一笔"),
        Ok(_) => {}
    }
    check.done()?;
    let kind = kind.map_or(DisbursementKind::Grant, |key| key.0);
    Ok(Draft { id, campaign, line, kind, purpose, payouts: payouts.unwrap_or_default(), repeat_reason })
}

fn payouts(form: &Form) -> Result<Vec<NewPayout>, String> {
    let column = |name: &str| form.all(name).collect::<Vec<_>>();
    let (ids, to, amounts) = (column("payout"), column("payee"), column("amount"));
    let (whose, relations) = (column("beneficiary"), column("relation"));
    let mut lines = Vec::new();
    for (row, id) in ids.iter().enumerate() {
        let at = |column: &[&str]| column.get(row).copied().unwrap_or_default().to_owned();
        let amount = at(&amounts).replace([',', '，'], "");
        if amount.is_empty() && at(&to).is_empty() {
            continue;
        }
        let which = row + 1;
        let id: PayoutId = id.parse().map_err(|_| format!("第{which}笔的编号不正确"))?;
        let payee: PayeeId = at(&to).parse().map_err(|_| format!("请选择第{which}笔的收款人"))?;
        let amount: Money = amount.parse().map_err(|_| format!("第{which}笔的金额写法如 1200.50"))?;
        let beneficiary = at(&whose).parse::<PayeeId>().ok();
        let relation = Some(at(&relations)).filter(|word| !word.is_empty());
        lines.push(NewPayout { id, payee, beneficiary, relation, amount });
    }
    Ok(lines)
}

/// The form of a new paper.
#[handler]
pub(super) async fn get_blank(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    let asked = Asked::of(request);
    let known = asked.get("campaign").map(|campaign| ("campaign", campaign));
    ask(&officer, "新建支出申请", "/console/disbursements", &Typed::fresh(Form::of(known))).await
}

/// Writes it down.
#[handler]
pub(super) async fn post_write(officer: Officer, form: Form) -> Result<Response, PageError> {
    if form.get("do") == "find" {
        officer.must_be(&AUTHORS)?;
        return ask(&officer, "新建支出申请", "/console/disbursements", &Typed::fresh(form)).await;
    }
    let written = async {
        let mut check = form.check();
        let id: DisbursementId = check.id("id");
        check.done()?;
        officer.app.spending.draft(read(id, &form)?, &officer.member).await.map_err(Problem::from)
    };
    match written.await {
        Ok(row) => Ok(officer.done("草稿已保存，请上传证明材料后提交审批。", &path(row.id))),
        Err(refused) => ask(&officer, "新建支出申请", "/console/disbursements", &Typed::refused(&form, refused)).await,
    }
}

/// The form of a draft.
#[handler]
pub(super) async fn get_rewrite(officer: Officer, Path(id): Path<DisbursementId>) -> Result<Response, PageError> {
    let row = officer.app.spending.get(id, &officer.member).await?;
    if u64::try_from(row.payouts).is_ok_and(|written| written > FORM) {
        return Err(Problem::conflict("too_many_lines", TOO_LONG).into());
    }
    let payouts = officer.app.spending.payouts_of(id, &officer.member, 0, FORM).await?;
    let mut known = Form::of([
        ("campaign", row.campaign_id.to_string()),
        ("purpose", row.purpose.clone()),
        ("line", row.line_code.clone()),
        ("kind", words::key(row.kind)),
        ("repeat_reason", row.repeat_reason.clone().unwrap_or_default()),
    ]);
    for one in payouts {
        known.add("payout", one.id.to_string());
        known.add("payee", one.payee_id.to_string());
        known.add("amount", one.amount_fen.to_string());
        known.add("beneficiary", one.beneficiary_id.map(|id| id.to_string()).unwrap_or_default());
        known.add("relation", one.relation.unwrap_or_default());
    }
    ask(&officer, "修改支出申请", &format!("{}/edit", path(id)), &Typed::fresh(known)).await
}

/// Rewrites it.
#[handler]
pub(super) async fn post_save(
    officer: Officer,
    Path(id): Path<DisbursementId>,
    form: Form,
) -> Result<Response, PageError> {
    if form.get("do") == "find" {
        officer.app.spending.get(id, &officer.member).await?;
        return ask(&officer, "修改支出申请", &format!("{}/edit", path(id)), &Typed::fresh(form)).await;
    }
    let saved = async { officer.app.spending.edit(read(id, &form)?, &officer.member).await.map_err(Problem::from) };
    match saved.await {
        Ok(_) => Ok(officer.done("草稿已保存。", &path(id))),
        Err(refused) => {
            ask(&officer, "修改支出申请", &format!("{}/edit", path(id)), &Typed::refused(&form, refused)).await
        }
    }
}

/// Approved and not yet paid, as one state of the filter.
const OWED: (&str, &str) = ("owed", "已批准未付");

/// Which payments are asked for.
fn wanted(asked: &Asked) -> Result<PayoutSearch, PageError> {
    use PayoutState::{Approved, Bounced, Retried, Scheduled, Sent};
    let states = match asked.get("state") {
        Some(state) if state == OWED.0 => vec![Approved, Scheduled, Sent, Bounced, Retried],
        _ => asked.read::<words::Key<PayoutState>>("state")?.map(|key| key.0).into_iter().collect(),
    };
    let order = asked.order(PAYOUT_AMOUNT, PAYOUT_TIME);
    let (campaign, payee) = (asked.read("campaign")?, asked.read("payee")?);
    let said = |name: &str| asked.get(name).map(str::to_owned);
    Ok(PayoutSearch { states, campaign, line: said("line"), payee, reference: said("reference"), order })
}

/// The columns of payments that the query sorts by.
const PAYOUT_AMOUNT: usize = 3;
const PAYOUT_TIME: usize = 8;

/// Payments as a list. Two statements.
async fn payment_list(officer: &Officer, asked: &Asked, rows: Vec<payout::Model>) -> Result<Table, PageError> {
    let spending = &officer.app.spending;
    let payees = spending.masked_payees(rows.iter().map(|row| row.payee_id)).await?;
    let ids: Vec<PayoutId> = rows.iter().map(|row| row.id).collect();
    let back = spending.recovered(&ids).await?;
    let columns = [
        column("收款人"),
        column("状态"),
        numbers("金额"),
        numbers("已追回"),
        column("付款日"),
        column("支出申请"),
        column("备注"),
        column("更新时间"),
    ];
    let cells = |row: payout::Model| {
        let lead = format!("/console/payouts/{}", row.id);
        let name = payees.get(&row.payee_id).map(|payee| payee.name.clone()).unwrap_or_default();
        vec![
            Cell::link(&lead, name),
            Cell::badge(words::payout(row.state)),
            Cell::yuan_of(row.amount_fen, &lead),
            Cell::or_none(back.get(&row.id).copied(), |fen| Cell::yuan_of(fen, &lead)),
            Cell::or_none(row.paid_on, Cell::day),
            Cell::link(&path(row.disbursement_id), "查看申请"),
            Cell::or_none(row.last_error, Cell::text),
            Cell::at(row.changed_us),
        ]
    };
    let table = Table::new("付款", &columns, "没有这样的付款。").ordered(&[PAYOUT_AMOUNT, PAYOUT_TIME]);
    Ok(table.page(asked, rows, |row| row.id.uuid(), cells))
}

/// The last payments to a payee, or for them.
pub(super) async fn payouts_to(officer: &Officer, payee: PayeeId) -> Result<Markup, PageError> {
    let asked = Asked::at("/console/payouts");
    let search = PayoutSearch { payee: Some(payee), ..PayoutSearch::default() };
    let rows = officer.app.spending.payouts(search, &officer.member, None, table::ROWS + 1).await?;
    let more = rows.len() as u64 > table::ROWS;
    let table = payment_list(officer, &asked, rows).await?;
    Ok(html! {
        (table.plain())
        @if more { p class="faint" { "只列出最近" (table::ROWS) "笔。" a href={ "/console/payouts?payee=" (payee) } { "全部付款" } } }
    })
}

/// Payments: all, the last changed first, or those in one state, which have waited longest first.
#[handler]
pub(super) async fn get_payouts_of_state(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let search = wanted(&asked)?;
    let rows = officer.app.spending.payouts(search.clone(), &officer.member, asked.after(), asked.limit()).await;
    let table = payment_list(&officer, &asked, rows.map_err(Problem::of_list)?).await?;
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let mut states = words::all(|state: PayoutState| words::payout(state).0);
    states.push((OWED.0.to_owned(), OWED.1.to_owned()));
    let campaigns = campaigns(&officer).await?;
    let of = match search.payee {
        Some(payee) => officer.app.spending.masked_payees([payee]).await?.remove(&payee).map(|payee| payee.name),
        None => None,
    };
    let content = html! {
        (part::heading("付款", &html! { @if let [state] = search.states.as_slice() { (part::badge(words::payout(*state))) } }))
        (table::filter(&asked, &html! {
            (table::filter_choice(&asked, "state", "状态", &states))
            (table::filter_choice(&asked, "campaign", "项目", &campaigns))
            (table::filter_text(&asked, "line", "预算科目代码"))
            (table::filter_text(&asked, "reference", "银行流水号"))
            @if let Some(payee) = search.payee { input type="hidden" name="payee" value=(payee); }
        }))
        @if let Some(name) = of { p class="note" { "只列出付给" (name) "或为其支付的款项。" a href=(asked.with(&[("payee", ""), ("after", "")])) { "列出全部" } } }
        @if search.campaign.is_some() { p class="faint" { "项目的已支付金额为已到账的付款减去已追回的部分；母项目包括其子项目。" } }
        (table.show(&asked))
    };
    Ok(officer.page("付款", &[("/console/disbursements", "支出申请")], &content).into_response())
}
