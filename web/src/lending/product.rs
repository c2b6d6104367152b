//! Products, the versions of their terms, and the published rates they begin with. One person writes, another confirms.

use ::lending::product::{NewProduct, Version};
use app::problem::Problem;
use domain::lending::product::{Family, LprTenor};
use domain::{BankId, BusinessDate, LoanProductId, Rate};
use entity::{loan_product, lpr};
use maud::{Markup, html};
use poem::web::Path;
use poem::{Request, Response, handler};

use super::shelf::Shelf;
use super::{cost, terms, words};
use crate::console::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column, numbers};
use crate::words as all_words;

/// The list of products.
pub(super) const LIST: &str = "/console/loan-products";

/// The path of a product.
pub(super) fn path(id: LoanProductId) -> String {
    format!("{LIST}/{id}")
}

fn standing(row: &loan_product::Model) -> (&'static str, Tone) {
    match (row.version, row.open) {
        (0, _) => ("待发布", Tone::Waiting),
        (_, true) => ("受理中", Tone::Good),
        (_, false) => ("暂停受理", Tone::Calm),
    }
}

async fn list(officer: &Officer, asked: &Asked, word: &str, typed: &Typed) -> Result<Response, PageError> {
    officer.must_be(&::lending::READERS)?;
    let shelf = Shelf::of(officer).await?;
    let columns = [column("产品"), column("类别"), column("银行"), column("状态"), numbers("版本"), column("说明")];
    let rows = shelf.products.iter().map(|row| {
        vec![
            Cell::link(&path(row.id), row.name.clone()),
            Cell::text(words::family(row.family)),
            Cell::text(shelf.bank(row.bank_id)),
            Cell::badge(standing(row)),
            Cell::number(row.version),
            Cell::text(row.summary.clone()),
        ]
    });
    let table = Table::new("贷款产品", &columns, "还没有贷款产品。").whole(rows);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let refused = (word == "product").then_some(typed);
    let fresh = Typed::default();
    let blank = refused.unwrap_or(&fresh);
    let banks = options(shelf.banks.iter().map(|bank| (bank.id, bank.name.clone())));
    let families = options(all_words::all(words::family));
    let content = html! {
        (part::heading("贷款产品", &html! { a class="button" href="/console/lpr" { "LPR" } }))
        @if shelf.writes(officer) {
            div class="steps" {
                (Step { name: "登记产品", will: "将登记一个产品；写好条款并由另一人发布后才对外公开。", to: LIST, grave: false, fields: html! {
                    (part::new_id(blank))
                    div class="fields" {
                        (Field::choice(blank, "bank", "银行", &banks).required())
                        (Field::choice(blank, "family", "类别", &families).required())
                        (Field::text(blank, "name", "名称").required().longest(40))
                        (Field::text(blank, "code", "代码").required().longest(40).hint("小写字母、数字和连字符。"))
                    }
                    (Field::area(blank, "summary", "说明").required().longest(1000))
                } }.show(officer, refused))
            }
        }
        (table.show(asked))
    };
    Ok(officer.shown("贷款产品", &[("/console", "工作台")], &content, typed))
}

/// All products.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    list(&officer, &Asked::of(request), "", &Typed::default()).await
}

/// Writes one down.
#[handler]
pub(super) async fn post_add(officer: Officer, form: Form) -> Result<Response, PageError> {
    let added: Result<LoanProductId, Problem> = async {
        let mut check = form.check();
        let (id, bank): (LoanProductId, BankId) = (check.id("id"), check.id("bank"));
        let family = check.choice::<all_words::Key<Family>>("family");
        let (code, name, summary) = (check.text("code"), check.text("name"), check.text("summary"));
        check.done()?;
        let family = family.map(|key| key.0).ok_or_else(|| Problem::field("family", "请选择"))?;
        let new = NewProduct { id, bank, code, family, name, summary };
        Ok(officer.app.loans.add_product(new, &officer.member).await?.id)
    }
    .await;
    match added {
        Ok(id) => Ok(officer.done("产品已登记。", &path(id))),
        Err(refused) => list(&officer, &Asked::at(LIST), "product", &Typed::refused(&form, refused)).await,
    }
}

fn version(officer: &Officer, one: &Version, writes: bool, names: &Names, word: &str, typed: &Typed) -> Markup {
    let row = &one.row;
    let published = row.published_us.is_some();
    let step = format!("publication-{}", row.version);
    let refused = (word == step).then_some(typed);
    let to = format!("{}/{step}", path(row.product_id));
    let title = format!("第{}版", row.version);
    part::block(
        &title,
        &html! {
            p {
                @if published { (part::badge(("已发布", Tone::Good))) } @else { (part::badge(("待另一人发布", Tone::Waiting))) }
                span class="faint" {
                    " " (names.name(row.author_id)) "编写 · " (part::at(row.created_us))
                    @if let Some(at) = row.published_us { "；" (names.maybe(row.publisher_id)) "发布 · " (part::at(at)) }
                }
            }
            @if !published && row.author_id != officer.id() && writes {
                (Step { name: "发布", will: "将发布这一版条款：此后的新申请按它办理，已签合同不变；发布后不能修改。", to: &to, grave: false, fields: nothing() }.show(officer, refused))
            }
            (cost::terms(&one.terms))
        },
    )
}

async fn show(officer: &Officer, id: LoanProductId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let versions = officer.app.loans.versions(id, &officer.member).await?;
    let shelf = Shelf::of(officer).await?;
    let missing = || Problem::not_found("no_such_loan_product", "没有这个贷款产品。");
    let row = shelf.products.iter().find(|row| row.id == id).ok_or_else(missing)?;
    let writes = shelf.writes(officer);
    let people = versions.iter().flat_map(|one| [Some(one.row.author_id), one.row.publisher_id]).flatten();
    let people: Vec<_> = people.collect();
    let names = Names::of(officer, people).await?;
    let refused = |step: &str| (word == step).then_some(typed);
    let to = |step: &str| format!("{}/{step}", path(id));
    let content = html! {
        (part::heading(&row.name, &html! { (part::badge(standing(row))) @if writes { (terms::lead(officer, id, &versions)) } }))
        @if row.version > 0 && writes {
            div class="steps" {
                @if row.open {
                    (Step { name: "暂停受理", will: "将不再受理新申请；在办的继续办理。", to: &to("closing"), grave: true, fields: nothing() }.show(officer, refused("closing")))
                } @else {
                    (Step { name: "恢复受理", will: "将重新受理新申请。", to: &to("opening"), grave: false, fields: nothing() }.show(officer, refused("opening")))
                }
            }
        }
        (part::block("产品", &part::facts(&[
            ("类别", html! { (words::family(row.family)) }),
            ("银行", html! { (shelf.bank(row.bank_id)) }),
            ("代码", html! { span class="code" { (row.code) } }),
            ("说明", html! { (row.summary) }),
        ])))
        @if versions.is_empty() { (part::nothing_here("还没有条款。写好后由另一人核对并发布。")) }
        @for one in versions.iter().rev() { (version(officer, one, writes, &names, word, typed)) }
    };
    Ok(officer.shown(&row.name, &[(LIST, "贷款产品")], &content, typed))
}

/// One product.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<LoanProductId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// A step of a product.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(LoanProductId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (loans, by) = (&officer.app.loans, &officer.member);
    let taken: Result<&str, Problem> = async {
        Ok(match (word.as_str(), word.strip_prefix("publication-").and_then(|number| number.parse().ok())) {
            (_, Some(version)) => loans.publish_version(id, version, by).await.map(|_| "已发布。")?,
            ("opening", _) => loans.set_product_open(id, true, by).await.map(|_| "已恢复受理。")?,
            ("closing", _) => loans.set_product_open(id, false, by).await.map(|_| "已暂停受理。")?,
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok(told) => Ok(officer.done(told, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}

async fn rates(officer: &Officer, asked: &Asked, word: &str, typed: &Typed) -> Result<Response, PageError> {
    officer.must_be(&::lending::READERS)?;
    let rows = officer.app.loans.lprs(false).await?;
    let writes = Shelf::of(officer).await?.writes(officer);
    let people: Vec<_> = rows.iter().flat_map(|row| [Some(row.author_id), row.confirmer_id]).flatten().collect();
    let names = Names::of(officer, people).await?;
    let columns = [
        column("公布日期"),
        column("期限"),
        numbers("利率"),
        column("状态"),
        column("登记人"),
        column("复核人"),
        column("办理"),
    ];
    let confirm = |row: &lpr::Model| {
        let open = row.confirmer_id.is_none() && row.author_id != officer.id() && writes;
        html! {
            @if open {
                (officer.form("/console/lpr/confirmation", &html! {
                    input type="hidden" name="tenor" value=(all_words::key(row.tenor));
                    input type="hidden" name="on" value=(row.published_on);
                    input type="hidden" name="rate" value=(row.rate);
                    button type="submit" { "复核一致" span class="unseen" { (row.published_on) (words::tenor(row.tenor)) } }
                }))
            }
        }
    };
    let cells = |row: &lpr::Model| {
        let state =
            if row.confirmer_id.is_some() { ("已复核", Tone::Good) } else { ("待另一人复核", Tone::Waiting) };
        vec![
            Cell::day(row.published_on),
            Cell::text(words::tenor(row.tenor)),
            Cell::text(row.rate.percent()),
            Cell::badge(state),
            Cell::text(names.name(row.author_id)),
            Cell::text(names.maybe(row.confirmer_id)),
            Cell::shown(confirm(row), ""),
        ]
    };
    let table = Table::new("贷款市场报价利率", &columns, "还没有登记LPR。").whole(rows.iter().map(cells));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let refused = (word == "enter").then_some(typed);
    let fresh = Typed::default();
    let blank = refused.unwrap_or(&fresh);
    let tenors = options(all_words::all(words::tenor));
    let content = html! {
        (part::heading("贷款市场报价利率（LPR）", &html! {}))
        @if word == "confirm" { (part::alert(typed)) }
        @if writes {
            div class="steps" {
                (Step { name: "登记LPR", will: "将登记公布的利率；由另一人与公告核对复核后才用于报价和签约。", to: "/console/lpr", grave: false, fields: html! {
                    div class="fields" {
                        (Field::choice(blank, "tenor", "期限", &tenors).required())
                        (Field::day(blank, "on", "公布日期").required())
                        (Field::text(blank, "rate", "利率（%）").required().hint("如 3.00"))
                    }
                } }.show(officer, refused))
            }
        }
        (table.show(asked))
    };
    Ok(officer.shown("LPR", &[(LIST, "贷款产品")], &content, typed))
}

/// The published rates.
#[handler]
pub(super) async fn get_rates(officer: Officer, request: &Request) -> Result<Response, PageError> {
    rates(&officer, &Asked::of(request), "", &Typed::default()).await
}

fn rate_of(form: &Form) -> Result<(LprTenor, BusinessDate), Problem> {
    let mut check = form.check();
    let (tenor, on) = (check.choice::<all_words::Key<LprTenor>>("tenor"), check.day("on"));
    check.done()?;
    let tenor = tenor.map(|key| key.0).ok_or_else(|| Problem::field("tenor", "请选择"))?;
    Ok((tenor, on.ok_or_else(|| Problem::field("on", "请填写日期"))?))
}

/// Writes a rate down.
#[handler]
pub(super) async fn post_enter(officer: Officer, form: Form) -> Result<Response, PageError> {
    let entered: Result<(), Problem> = async {
        let (tenor, on) = rate_of(&form)?;
        let mut check = form.check();
        let rate = check.percent("rate");
        check.done()?;
        officer.app.loans.enter_lpr(tenor, on, rate, &officer.member).await?;
        Ok(())
    }
    .await;
    match entered {
        Ok(()) => Ok(officer.done("LPR已登记，待另一人复核。", "/console/lpr")),
        Err(refused) => rates(&officer, &Asked::at("/console/lpr"), "enter", &Typed::refused(&form, refused)).await,
    }
}

/// Another person has compared it with the publication.
#[handler]
pub(super) async fn post_confirm(officer: Officer, form: Form) -> Result<Response, PageError> {
    let confirmed: Result<(), Problem> = async {
        let (tenor, on) = rate_of(&form)?;
        let rate: Rate = form.get("rate").parse().map_err(|_| Problem::field("rate", "利率不正确"))?;
        officer.app.loans.confirm_lpr(tenor, on, rate, &officer.member).await?;
        Ok(())
    }
    .await;
    match confirmed {
        Ok(()) => Ok(officer.done("LPR已复核。", "/console/lpr")),
        Err(refused) => rates(&officer, &Asked::at("/console/lpr"), "confirm", &Typed::refused(&form, refused)).await,
    }
}
