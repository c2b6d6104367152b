//! One application: what is asked for and what it would cost, who has said what, and the step that is whose.

use app::loans::applications::Personal;
use app::loans::reviews::WholeApplication;
use app::problem::Problem;
use domain::lending::{LoanState, Office, ProductTerms};
use domain::role::Role;
use domain::{LoanApplicationId, LoanContractId, LoanRelationId, StaffId};
use entity::{loan_application, loan_application_history};
use lending::contract::NewContract;
use lending::review::{Grant, Word};
use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::application::{deadline, path};
use super::shelf::{self, Shelf};
use super::{cost, paper, words};
use crate::console::people::{Names, staff_of};
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::Officer;
use crate::table::{Cell, Table, column};
use crate::words as all_words;

/// Whose word it is now.
enum Turn {
    /// An office of the member's.
    Office,
    /// The member's bank reviews it.
    Bank,
    /// The member's bank has it signed.
    Signature,
    /// Somebody else's; or nobody's.
    Nobody,
    /// Theirs, if they were not close to the borrower or had not spoken already.
    Barred(&'static str),
}

fn turn(officer: &Officer, whole: &WholeApplication) -> Turn {
    let row = &whole.application.row;
    let by = &officer.member;
    // An office above could speak for the one below; it is asked to once the one below is late.
    let own = |place| row.escalated_us.is_some() || by.parts(&lending::RECOMMENDERS).contains(&place);
    let turn = match (row.state, &row.office_path) {
        (LoanState::Applied, Some(place)) if by.may(&lending::RECOMMENDERS, place).is_ok() && own(place) => {
            Turn::Office
        }
        (LoanState::BankReview, _) if by.may(&lending::LENDERS, &row.unit_path).is_ok() => Turn::Bank,
        (LoanState::Approved, _) if by.may(&lending::LENDERS, &row.unit_path).is_ok() => return Turn::Signature,
        _ => return Turn::Nobody,
    };
    if whole.relations.iter().any(|one| one.staff_id == Some(by.id)) {
        return Turn::Barred("您与借款人有关联，应当回避，由其他人办理。");
    }
    if whole.decisions.iter().any(|one| one.round == row.round && one.decider_id == by.id) {
        return Turn::Barred("您在本轮已表示意见，须由另一人办理。");
    }
    turn
}

/// What was typed into which step, if it was refused.
struct Asked<'a> {
    word: &'a str,
    typed: &'a Typed,
    fresh: Typed,
}

impl Asked<'_> {
    fn refused(&self, step: &str) -> Option<&Typed> {
        (self.word == step).then_some(self.typed)
    }

    fn of(&self, step: &str) -> &Typed {
        self.refused(step).unwrap_or(&self.fresh)
    }

    fn reason(&self, step: &str) -> Markup {
        html! { (Field::area(self.of(step), "reason", "原因").required().longest(500).hint("借款人会看到。")) }
    }
}

/// The steps of whoever's turn it is.
fn steps(officer: &Officer, whole: &WholeApplication, terms: &ProductTerms, bank: &str, asked: &Asked<'_>) -> Markup {
    let row = &whole.application.row;
    let to = |step: &str| format!("{}/{step}", path(row.id));
    let show = |name, will: &str, step: &str, grave, fields| {
        Step { name, will, to: &to(step), grave, fields }.show(officer, asked.refused(step))
    };
    let turned_down = |who: &str| {
        html! {
            (show("退回补正", "将退回借款人补正；补正后重新提交，各级意见重新填写。", "return", false, asked.reason("return")))
            (show("不同意", &format!("将以{who}的意见结束这份申请，不能恢复，并告知借款人原因。"), "refusal", true, asked.reason("refusal")))
        }
    };
    let turn = turn(officer, whole);
    html! {
        @if let Turn::Barred(why) = turn { p class="note" { (why) } }
        div class="steps" {
            @match turn {
                Turn::Office => {
                    (show("同意推荐", &recommended(row), "recommendation", false, html! {}))
                    (turned_down(words::office(row.office)))
                }
                Turn::Bank => {
                    (show("批准", &format!("将由{bank}批准并占用本地区的年度额度；随后等待签约。"), "grant", false, granting(row, terms, asked)))
                    (turned_down(bank))
                }
                Turn::Signature => (show("登记签约", "将按签约日的LPR确定合同利率、生成还款计划，并把占用的额度转为已用。", "contract", false, signing(officer, row, asked))),
                Turn::Nobody | Turn::Barred(_) => {}
            }
            @if officer.is(&[Role::LeagueOfficer, Role::BankOfficer]) && whole.relations.iter().all(|one| one.staff_id != Some(officer.id())) && row.ended_us.is_none() {
                (show("申报回避", "将登记您与借款人有关联；此后您不能再对这份申请表示意见。", "relation", true, html! {
                    input type="hidden" name="id" value=(asked.of("relation").form().given("id").map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned));
                    (Field::text(asked.of("relation"), "relation", "与借款人的关系").required().longest(20).hint("如 配偶、兄弟、本人。"))
                }))
            }
        }
    }
}

fn recommended(row: &loan_application::Model) -> String {
    match row.office {
        Some(Office::Township | Office::County) => "将以本级团组织的名义推荐，转上一级团组织审核。".to_owned(),
        _ => "这是最后一级推荐：借款人已授权的，随即送交银行审查；否则等待其授权。".to_owned(),
    }
}

fn granting(row: &loan_application::Model, terms: &ProductTerms, asked: &Asked<'_>) -> Markup {
    let known = Typed::fresh(Form::of([
        ("amount", row.amount_fen.to_string()),
        ("term", row.term.to_string()),
        ("spread_bp", terms.price.spread_bp.to_string()),
    ]));
    let typed = asked.refused("grant").unwrap_or(&known);
    let most = format!("产品规定最多{}个基点。", terms.price.spread_bp);
    html! {
        (Field::money(typed, "amount", "批准金额（元）").required().hint("不超过申请金额。"))
        (Field::number(typed, "term", "批准期限（月）").required().hint("不超过申请期限。"))
        (Field::number(typed, "spread_bp", "在LPR上加点（基点）").required().hint(&most))
    }
}

fn signing(officer: &Officer, row: &loan_application::Model, asked: &Asked<'_>) -> Markup {
    let today = officer.app.business.today();
    let known = Typed::fresh(Form::of([
        ("signed_on", today.to_string()),
        ("payout_on", today.to_string()),
        ("principal", row.approved_fen.unwrap_or(row.amount_fen).to_string()),
    ]));
    let typed = asked.refused("contract").unwrap_or(&known);
    html! {
        (part::new_id(typed))
        (Field::text(typed, "number", "银行合同编号").required().longest(40))
        div class="fields" {
            (Field::day(typed, "signed_on", "签约日期").required())
            (Field::day(typed, "payout_on", "计划放款日").required().hint("签约后60天内。"))
            (Field::money(typed, "principal", "合同金额（元）").required())
            (Field::number(typed, "due_day", "每月还款日").hint("1至31，不填为放款日。"))
        }
    }
}

fn asked_for(row: &loan_application::Model, shelf: &Shelf) -> Markup {
    part::facts(&[
        (
            "产品",
            html! { a href={ "/console/loan-products/" (row.product_id) } { (shelf.product(row.product_id)) } " 第" (row.version) "版" },
        ),
        ("银行", html! { (shelf.bank(row.bank_id)) }),
        ("种类", html! { (words::kind(row.kind)) @if row.renewal_count > 0 { "，第" (row.renewal_count) "次续贷" } }),
        ("申请金额", part::yuan(row.amount_fen)),
        ("申请期限", html! { (row.term) "个月" }),
        ("批准金额", html! { @if let Some(amount) = row.approved_fen { (part::yuan(amount)) } }),
        ("批准期限", html! { @if let Some(term) = row.approved_term { (term) "个月" } }),
        ("批准加点", html! { @if let Some(bp) = row.approved_spread_bp { (bp) "个基点" } }),
        ("还款方式", html! { (all_words::repayment(row.method)) }),
        ("用途", html! { (words::industry(row.industry)) "：" (row.purpose) }),
        ("担保", html! { (words::guarantee(row.guarantee)) }),
        ("地区", html! { (shelf::place(&row.division)) }),
        ("提交时间", html! { @if let Some(at) = row.submitted_us { (part::at(at)) } }),
        ("送交银行", html! { @if let Some(at) = row.sent_us { (part::at(at)) } }),
    ])
}

fn borrower(whole: &WholeApplication, open: Option<&Personal>) -> Markup {
    let row = &whole.application.row;
    let masked = whole.application.name.clone().unwrap_or_else(|| "（已按规定清除）".to_owned());
    html! {
        @if open.is_some() { p class="note" { "查看已记录在案。离开此页后不再显示。" } }
        (part::facts(&[
            ("姓名", html! { (open.map_or(masked, |open| open.name.clone())) }),
            ("身份", html! { (words::applicant(row.applicant)) }),
            ("企业", html! { (row.enterprise.clone().unwrap_or_default()) }),
            ("统一社会信用代码", html! { (row.credit_code.clone().unwrap_or_default()) }),
            ("身份证号", html! { @match open { Some(open) => span class="code" { (open.number) }, None => "已隐藏" } }),
            ("电话", html! { @match open { Some(open) => span class="code" { (open.phone) }, None => "已隐藏" } }),
            ("地址", html! { @match open { Some(open) => (open.address), None => "已隐藏" } }),
        ]))
    }
}

/// Who did something, where the borrower may have done it.
pub(super) fn actor(names: &Names, actor: &str) -> String {
    if actor.starts_with("donor") { "借款人".to_owned() } else { names.actor(actor) }
}

fn history(steps: &[loan_application_history::Model], names: &Names) -> Markup {
    html! {
        @if steps.is_empty() { (part::nothing_here("还没有办理记录。")) }
        ol class="history" {
            @for step in steps {
                li {
                    (part::at(step.at_us)) " " strong { (words::event(step.event)) } " "
                    span class="faint" { @if let Some(office) = step.office { (office.chinese()) " · " } (actor(names, &step.actor)) }
                    @if let Some(reason) = &step.reason { "：" (reason) }
                }
            }
        }
    }
}

fn said(whole: &WholeApplication, names: &Names) -> Markup {
    let columns = [column("轮次"), column("单位"), column("意见"), column("经办人"), column("时间"), column("原因")];
    let rows = whole.decisions.iter().map(|one| {
        let lent = one.acting_for_id.map(|id| format!("（代{}）", names.name(id))).unwrap_or_default();
        vec![
            Cell::number(one.round),
            Cell::text(one.office.chinese()),
            Cell::badge(words::verdict(one.verdict)),
            Cell::text(format!("{}{lent}", names.name(one.decider_id))),
            Cell::at(one.at_us),
            Cell::or_none(one.reason.clone(), Cell::text),
        ]
    });
    Table::new("各级意见", &columns, "还没有单位表示意见。").whole(rows).plain()
}

fn agreed(whole: &WholeApplication, names: &Names) -> Markup {
    html! {
        h3 { "授权" }
        @if whole.consents.is_empty() { p class="faint" { "借款人尚未对该银行作任何授权。" } }
        @else {
            ul class="plainlist" {
                @for one in &whole.consents {
                    li {
                        (words::consent(one.scope)) " " span class="faint" { (part::at(one.given_us)) }
                        @if let Some(at) = one.withdrawn_us { " " (part::badge(("已撤回", part::Tone::Bad))) " " span class="faint" { (part::at(at)) } }
                    }
                }
            }
        }
        h3 { "回避申报" }
        @if whole.relations.is_empty() { p class="faint" { "没有申报关联人员。" } }
        @else {
            ul class="plainlist" {
                @for one in &whole.relations {
                    li {
                        @match one.staff_id { Some(id) => (names.name(id)), None => "（以证件号申报）" }
                        "：" (one.relation) " " span class="faint" { (actor(names, &one.actor)) "申报 · " (part::at(one.created_us)) }
                    }
                }
            }
        }
    }
}

async fn show(
    officer: &Officer,
    id: LoanApplicationId,
    word: &str,
    typed: &Typed,
    open: Option<&Personal>,
) -> Result<Response, PageError> {
    let (loans, by) = (&officer.app.loans, &officer.member);
    let whole = loans.application(id, by).await?;
    let quoted = loans.quote_of(id, by).await?;
    let papers = loans.papers(id, by).await?;
    let shelf = Shelf::of(officer).await?;
    let row = &whole.application.row;
    let people = whole.steps.iter().filter_map(|step| staff_of(&step.actor));
    let people = people
        .chain(whole.decisions.iter().flat_map(|one| [Some(one.decider_id), one.acting_for_id]).flatten())
        .chain(whole.relations.iter().flat_map(|one| [one.staff_id, staff_of(&one.actor)]).flatten());
    let people: Vec<StaffId> = people.collect();
    let names = Names::of(officer, people).await?;
    let asked = Asked { word, typed, fresh: Typed::default() };
    let bank = shelf.bank(row.bank_id);
    let product = shelf.product(row.product_id);
    let late = deadline(row, officer.app.business.today());
    let at_work = matches!(row.state, LoanState::Applied | LoanState::BankReview | LoanState::Approved);
    let may_add = at_work && officer.is(&[Role::LeagueOfficer, Role::BankOfficer]);
    let quote = match &quoted.answer {
        Some(answer) => cost::quote(answer, row.method)?,
        None => part::nothing_here("尚未登记适用的LPR，暂时不能试算。"),
    };
    let content = html! {
        (part::heading(&format!("{product} {}元", part::grouped(row.approved_fen.unwrap_or(row.amount_fen))), &html! {
            (part::badge(words::loan(row.state)))
            @if let Some((text, tone)) = &late { (part::badge((text, *tone))) }
            @if row.escalated_us.is_some() { (part::badge(("已上报上级", part::Tone::Bad))) }
            @if let Some(contract) = whole.contract { a class="button" href=(super::loan::path(contract)) { "查看合同与贷后" } }
        }))
        @if let Some(reason) = &row.reason { p class="note" { "最近一次意见：" (reason) } }
        (steps(officer, &whole, &quoted.terms, &bank, &asked))
        div class="pair" {
            (part::block("成本", &quote))
            (part::block("借款人", &html! {
                (borrower(&whole, open))
                @if open.is_none() && row.personal_sealed.is_some() {
                    (Step { name: "查看完整信息", will: "将显示姓名、身份证号、电话和地址，并记录您查看的原因。", to: &format!("{}/unmasking", path(id)), grave: false,
                        fields: html! { (Field::text(asked.of("unmasking"), "reason", "查看原因").required().longest(500)) } }.show(officer, asked.refused("unmasking")))
                }
            }))
        }
        (part::block("申请", &asked_for(row, &shelf)))
        div class="pair" {
            (part::block("办理经过", &history(&whole.steps, &names)))
            (part::block("材料", &paper::list(officer, id, &papers, may_add, asked.refused("papers"))))
        }
        (part::block("各级意见", &said(&whole, &names)))
        (part::block("授权与回避", &agreed(&whole, &names)))
        (part::block("产品条款", &cost::terms(&quoted.terms)))
    };
    Ok(officer.shown(&product, &[("/console/loan-applications", "贷款申请")], &content, typed))
}

/// One application.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<LoanApplicationId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default(), None).await
}

/// Takes a step; answers what is said then, and where it leads.
async fn take(
    officer: &Officer,
    id: LoanApplicationId,
    step: &str,
    form: &Form,
) -> Result<(&'static str, String), Problem> {
    let (loans, by) = (&officer.app.loans, &officer.member);
    let mut check = form.check();
    let here = path(id);
    Ok(match step {
        "recommendation" => loans.say(id, Word::Recommend, by).await.map(|_| ("已推荐。", here))?,
        "return" | "refusal" => {
            let reason = check.text("reason");
            check.done()?;
            let (word, told) = match step {
                "return" => (Word::Return(reason), "已退回借款人补正。"),
                _ => (Word::Refuse(reason), "已登记不同意的意见。"),
            };
            loans.say(id, word, by).await.map(|_| (told, here))?
        }
        "grant" => {
            let (amount, term, spread_bp) = (check.money("amount"), check.number("term"), check.number("spread_bp"));
            check.done()?;
            let grant = Grant { amount, term: term.unwrap_or_default(), spread_bp: spread_bp.unwrap_or_default() };
            loans.say(id, Word::Grant(Some(grant)), by).await.map(|_| ("已批准，等待签约。", here))?
        }
        "contract" => {
            let (contract, number) = (check.id::<LoanContractId>("id"), check.text("number"));
            let (signed_on, payout_on) = (check.day("signed_on"), check.day("payout_on"));
            let principal = check.money_or_none("principal");
            let due_day = if form.given("due_day").is_some() { check.number("due_day") } else { None };
            check.done()?;
            let (Some(signed_on), Some(payout_on)) = (signed_on, payout_on) else {
                return Err(Problem::field("signed_on", "请填写日期"));
            };
            let new = NewContract { id: contract, application: id, number, signed_on, payout_on, due_day, principal };
            loans.sign(new, by).await.map(|_| ("合同已登记。", super::loan::path(contract)))?
        }
        "relation" => {
            let (relation_id, relation) = (check.id::<LoanRelationId>("id"), check.text("relation"));
            check.done()?;
            loans.declare_relation(relation_id, id, by.id, &relation, by).await.map(|_| ("已登记回避。", here))?
        }
        "papers" => paper::attach(officer, id, form).await.map(|()| ("材料已添加。", here))?,
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
    })
}

/// A step of an application.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(LoanApplicationId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    match take(&officer, id, &word, &form).await {
        Ok((told, next)) => Ok(officer.done(told, &next)),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused), None).await,
    }
}

/// Shows who the borrower is, on this one page.
#[handler]
pub(super) async fn post_unmask(
    officer: Officer,
    Path(id): Path<LoanApplicationId>,
    form: Form,
) -> Result<Response, PageError> {
    match officer.app.loans.unmask_borrower(id, form.get("reason"), &officer.member).await {
        Ok(open) => show(&officer, id, "", &Typed::default(), Some(&open)).await,
        Err(refused) => show(&officer, id, "unmasking", &Typed::refused(&form, refused), None).await,
    }
}
