//! 金团助青企: what enterprises need, which products fit, what banks answer, and what was done since.

use ::lending::need::{Fit, NewFollowUp};
use app::loans::needs::PlainNeed;
use app::problem::Problem;
use domain::lending::NeedState;
use domain::lending::need::{MatchState, NeedEvent};
use domain::lending::product::{Guarantee, Industry};
use domain::role::Role;
use domain::{FollowUpId, LoanProductId, NeedId, NeedMatchId};
use entity::{enterprise_need, loan_product, need_match};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{self, Shelf};
use super::words;
use crate::console::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

const LIST: &str = "/console/needs";
/// How many products that fit are offered at once.
const OFFERED: usize = 20;
/// How many products there may be.
const PRODUCTS: u64 = 500;

fn path(id: NeedId) -> String {
    format!("{LIST}/{id}")
}

/// Needs, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&::lending::READERS)?;
    let asked = Asked::of(request);
    let state = asked.read::<all_words::Key<NeedState>>("state")?.map(|key| key.0);
    let rows = officer.app.loans.needs(state, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let columns = [
        column("企业"),
        column("状态"),
        column("行业"),
        numbers("需求金额"),
        numbers("期限（月）"),
        column("地区"),
        column("登记时间"),
    ];
    let cells = |row: enterprise_need::Model| {
        vec![
            Cell::link(&path(row.id), row.enterprise.clone()),
            Cell::badge(words::need(row.state)),
            Cell::text(words::industry(row.industry)),
            Cell::yuan_of(row.amount_fen, &path(row.id)),
            Cell::number(row.term),
            Cell::text(shelf::place(&row.division)),
            Cell::at(row.created_us),
        ]
    };
    let nothing = "没有这样的融资需求。";
    let table = Table::new("企业融资需求", &columns, nothing).page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states = all_words::all(|state: NeedState| words::need(state).0);
    let content = html! {
        (part::heading("企业融资需求", &html! {
            @if officer.is(&::lending::RECOMMENDERS) { a class="button primary" href="/console/needs/new" { "登记需求" } }
        }))
        (table::filter(&asked, &table::filter_choice(&asked, "state", "状态", &states)))
        (table.show(&asked))
    };
    Ok(officer.page("企业融资需求", &[("/console", "工作台")], &content).into_response())
}

async fn ask(officer: &Officer, typed: &Typed) -> Result<Response, PageError> {
    let industries = options(all_words::all(words::industry));
    let guarantees = options(all_words::all(words::guarantee));
    let places: Vec<String> = all_words::counties().map(|(code, name)| format!("{code} {name}")).collect();
    let content = html! {
        h1 { "登记企业融资需求" }
        (part::alert(typed))
        (officer.form(LIST, &html! {
            (part::new_id(typed))
            div class="fields" {
                (Field::text(typed, "enterprise", "企业名称").required().longest(60))
                (Field::text(typed, "credit_code", "统一社会信用代码").required().longest(18))
                (Field::listed(typed, "division", "所在地", &places).required().longest(60).hint("输入名称或代码后从列表中选县（市、区）；到乡镇的填9位行政区划代码。"))
                (Field::choice(typed, "industry", "行业", &industries).required())
                (Field::money(typed, "amount", "需求金额（元）").required())
                (Field::number(typed, "term", "期限（月）").required())
                (Field::choice(typed, "guarantee", "可提供的担保", &guarantees).required())
                (Field::text(typed, "contact", "联系人和联系方式").required().longest(100).hint("加密保存，查看须说明原因。"))
            }
            (Field::area(typed, "words", "需求说明").required().longest(1000))
            div class="go" { button type="submit" class="primary" { "登记" } }
        }))
    };
    Ok(officer.shown("登记需求", &[(LIST, "企业融资需求")], &content, typed))
}

/// The form of a need.
#[handler]
pub(super) async fn get_blank(officer: Officer) -> Result<Response, PageError> {
    officer.must_be(&::lending::RECOMMENDERS)?;
    ask(&officer, &Typed::default()).await
}

/// Writes one down.
#[handler]
pub(super) async fn post_add(officer: Officer, form: Form) -> Result<Response, PageError> {
    let added: Result<NeedId, Problem> = async {
        let mut check = form.check();
        let industry = check.choice::<all_words::Key<Industry>>("industry").map(|key| key.0);
        let guarantee = check.choice::<all_words::Key<Guarantee>>("guarantee").map(|key| key.0);
        let term = check.number("term");
        let (id, amount) = (check.id("id"), check.money("amount"));
        let (division, enterprise) = (all_words::place_code(&check.text("division")), check.text("enterprise"));
        let (credit_code, words, contact) = (check.text("credit_code"), check.text("words"), check.text("contact"));
        check.done()?;
        let new = PlainNeed {
            id,
            division,
            enterprise,
            credit_code,
            industry: industry.unwrap_or(Industry::Other),
            amount,
            term: term.unwrap_or_default(),
            guarantee: guarantee.unwrap_or(Guarantee::Credit),
            words,
            contact,
        };
        Ok(officer.app.loans.add_need(new, &officer.member).await?.id)
    }
    .await;
    match added {
        Ok(id) => Ok(officer.done("需求已登记。", &path(id))),
        Err(refused) => ask(&officer, &Typed::refused(&form, refused)).await,
    }
}

/// Products beside the need: those that fit can be put before their banks.
fn fits(
    officer: &Officer,
    need: &enterprise_need::Model,
    (fits, seen): (&[Fit], &[loan_product::Model]),
    asked: &[need_match::Model],
) -> Markup {
    let may = officer.member.may(&::lending::RECOMMENDERS, &need.unit_path).is_ok();
    let open = matches!(need.state, NeedState::Open | NeedState::Matched);
    let columns = [column("产品"), column("银行"), column("是否符合"), column("办理")];
    let rows = fits.iter().take(OFFERED).map(|fit| {
        let put = asked.iter().any(|one| one.product_id == fit.product.id && one.state != MatchState::Declined);
        let against: Vec<&str> = fit.against.iter().map(|one| one.problem.as_str()).collect();
        let fit_cell = if against.is_empty() {
            Cell::badge(("符合", Tone::Good))
        } else {
            Cell::shown(
                html! { (part::badge(("不符合", Tone::Bad))) " " span class="faint" { (against.join("；")) } },
                against.join("；"),
            )
        };
        let step = html! {
            @if put { span class="faint" { "已推送" } }
            @else if may && open && against.is_empty() {
                (officer.form(&format!("{}/matches", path(need.id)), &html! {
                    input type="hidden" name="id" value=(uuid::Uuid::now_v7());
                    input type="hidden" name="product" value=(fit.product.id);
                    button type="submit" { "推送银行" span class="unseen" { (fit.product.name) } }
                }))
            }
        };
        vec![
            // A bank looks at its own products alone.
            if seen.iter().any(|one| one.id == fit.product.id) {
                Cell::link(&format!("/console/loan-products/{}", fit.product.id), fit.product.name.clone())
            } else {
                Cell::text(fit.product.name.clone())
            },
            Cell::text(fit.bank.clone()),
            fit_cell,
            Cell::shown(step, ""),
        ]
    });
    Table::new("产品匹配", &columns, "还没有公开的产品。").whole(rows).plain()
}

fn matches(
    officer: &Officer,
    rows: &[need_match::Model],
    shelf: &Shelf,
    names: &Names,
    word: &str,
    typed: &Typed,
) -> Markup {
    html! {
        @if rows.is_empty() { (part::nothing_here("还没有推送给银行。")) }
        @for row in rows {
            @let step = |name: &str| format!("/console/need-matches/{}/{name}", row.id);
            @let refused = |name: &str| (word == format!("{}/{name}", row.id)).then_some(typed);
            @let fresh = Typed::default();
            div class="update" {
                p {
                    strong { (shelf.product(row.product_id)) } " · " (shelf.bank(row.bank_id)) " " (part::badge(words::answer(row.state)))
                    " " span class="faint" { (names.name(row.author_id)) "推送 · " (part::at(row.created_us)) @if let Some(at) = row.answered_us { "；" (names.maybe(row.answerer_id)) "回应 · " (part::at(at)) } }
                }
                @if let Some(reason) = &row.reason { p { "原因：" (reason) } }
                @if row.state == MatchState::Proposed && officer.is(&::lending::LENDERS) {
                    div class="steps" {
                        (Step { name: "受理", will: "将由本行受理这项需求，与企业联系。", to: &step("acceptance"), grave: false, fields: nothing() }.show(officer, refused("acceptance")))
                        (Step { name: "不受理", will: "将告知团组织本行不受理及原因。", to: &step("refusal"), grave: true, fields: html! {
                            (Field::text(refused("refusal").unwrap_or(&fresh), "reason", "原因").required().longest(500))
                        } }.show(officer, refused("refusal")))
                    }
                }
            }
        }
    }
}

async fn show(
    officer: &Officer,
    id: NeedId,
    word: &str,
    typed: &Typed,
    contact: Option<&str>,
) -> Result<Response, PageError> {
    let (loans, by) = (&officer.app.loans, &officer.member);
    let need = loans.need(id, by).await?;
    let asked = loans.matches(id, by).await?;
    let done = loans.follow_ups(id, by).await?;
    let suited = loans.fits(id, by).await?;
    let shelf = Shelf::of(officer).await?;
    let people = asked.iter().flat_map(|one| [Some(one.author_id), one.answerer_id]).flatten();
    let people: Vec<_> = people.chain(done.iter().map(|one| one.author_id)).chain([need.author_id]).collect();
    let names = Names::of(officer, people).await?;
    let own = by.may(&::lending::RECOMMENDERS, &need.unit_path).is_ok();
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let of = |step: &str| refused(step).unwrap_or(&fresh);
    let to = |step: &str| format!("{}/{step}", path(id));
    let outcome = |step: &str| html! { (Field::text(of(step), "outcome", "说明").required().longest(500)) };
    let today = Typed::fresh(Form::of([("on", officer.app.business.today().to_string())]));
    let follow = refused("follow-ups").unwrap_or(&today);
    let works = officer.is(&[Role::LeagueOfficer, Role::BankOfficer]);
    let seen = officer.app.loans.products(by, None, PRODUCTS).await?;
    let content = html! {
        (part::heading(&need.enterprise, &part::badge(words::need(need.state))))
        @if let Some(contact) = contact { section class="block note" { h2 { "联系方式" } p { (contact) } p class="faint" { "查看已记录在案。离开此页后不再显示。" } } }
        div class="steps" {
            @if works {
                (Step { name: "记录跟进", will: "将记下这次跟进，不能修改。", to: &to("follow-ups"), grave: false, fields: html! {
                    (part::new_id(follow))
                    (Field::day(follow, "on", "日期").required())
                    (Field::area(follow, "words", "跟进情况").required().longest(1000))
                } }.show(officer, refused("follow-ups")))
                (Step { name: "查看联系方式", will: "将显示企业联系人，并记录您查看的原因。", to: &to("contact"), grave: false, fields: html! {
                    (Field::text(of("contact"), "reason", "查看原因").required().longest(500))
                } }.show(officer, refused("contact")))
            }
            @if own && need.state == NeedState::Matched {
                (Step { name: "已满足", will: "将登记企业已获得融资。", to: &to("met"), grave: false, fields: outcome("met") }.show(officer, refused("met")))
            }
            @if own && matches!(need.state, NeedState::Open | NeedState::Matched) {
                (Step { name: "关闭", will: "将结束这项需求的对接。", to: &to("closure"), grave: true, fields: outcome("closure") }.show(officer, refused("closure")))
            }
            @if own && matches!(need.state, NeedState::Met | NeedState::Closed) {
                (Step { name: "重新对接", will: "将重新开始对接。", to: &to("reopening"), grave: false, fields: outcome("reopening") }.show(officer, refused("reopening")))
            }
        }
        (part::block("需求", &part::facts(&[
            ("需求金额", part::yuan(need.amount_fen)),
            ("期限", html! { (need.term) "个月" }),
            ("行业", html! { (words::industry(need.industry)) }),
            ("担保", html! { (words::guarantee(need.guarantee)) }),
            ("地区", html! { (shelf::place(&need.division)) }),
            ("统一社会信用代码", html! { span class="code" { (need.credit_code) } }),
            ("登记", html! { (names.name(need.author_id)) " " (part::at(need.created_us)) }),
            ("结果", html! { (need.outcome.clone().unwrap_or_default()) }),
            ("说明", part::lines(&need.words)),
        ])))
        (part::block("银行对接", &matches(officer, &asked, &shelf, &names, word, typed)))
        (part::block("产品匹配", &fits(officer, &need, (&suited, &seen), &asked)))
        (part::block("跟进", &html! {
            @if done.is_empty() { (part::nothing_here("还没有跟进记录。")) }
            ol class="history" { @for one in &done { li { (one.on_day) " " span class="faint" { (names.name(one.author_id)) } "：" (one.words) } } }
        }))
    };
    Ok(officer.shown(&need.enterprise, &[(LIST, "企业融资需求")], &content, typed))
}

/// One need.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<NeedId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default(), None).await
}

/// A step of a need.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(NeedId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (loans, by) = (&officer.app.loans, &officer.member);
    if word == "contact" {
        return match loans.need_contact(id, form.get("reason"), by).await {
            Ok(contact) => show(&officer, id, "", &Typed::default(), Some(&contact)).await,
            Err(refused) => show(&officer, id, "contact", &Typed::refused(&form, refused), None).await,
        };
    }
    let taken: Result<&str, Problem> = async {
        let mut check = form.check();
        let event = match word.as_str() {
            "matches" => {
                let (new, product) = (check.id::<NeedMatchId>("id"), check.id::<LoanProductId>("product"));
                check.done()?;
                loans.propose_match(new, id, product, by).await?;
                return Ok("已推送给银行。");
            }
            "follow-ups" => {
                let (new, on, words) = (check.id::<FollowUpId>("id"), check.day("on"), check.text("words"));
                check.done()?;
                let on = on.ok_or_else(|| Problem::field("on", "请填写日期"))?;
                loans.follow_up(NewFollowUp { id: new, need: id, matched: None, on, words }, by).await?;
                return Ok("跟进已记录。");
            }
            "met" => NeedEvent::Meet,
            "closure" => NeedEvent::Close,
            "reopening" => NeedEvent::Reopen,
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        };
        let outcome = check.text("outcome");
        check.done()?;
        loans.conclude_need(id, event, &outcome, by).await?;
        Ok("已办理。")
    }
    .await;
    match taken {
        Ok(told) => Ok(officer.done(told, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused), None).await,
    }
}

/// A bank's answer.
#[handler]
pub(super) async fn post_answer(
    officer: Officer,
    Path((id, word)): Path<(NeedMatchId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let declined = match word.as_str() {
        "acceptance" => None,
        "refusal" => Some(form.get("reason")),
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
    };
    let answered = officer.app.loans.answer_match(id, declined, &officer.member).await?;
    Ok(officer.done("已回应。", &path(answered.need_id)))
}
