//! Banks that lend, and whose officer somebody is.

use ::lending::KEEPERS;
use ::lending::bank::NewBank;
use app::identity::StaffStanding;
use app::problem::Problem;
use domain::role::Role;
use domain::{BankId, StaffId};
use maud::html;
use poem::web::Path;
use poem::{Request, Response, handler};

use super::programme;
use crate::console::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column};

const LIST: &str = "/console/banks";

fn path(id: BankId) -> String {
    format!("{LIST}/{id}")
}

async fn list(officer: &Officer, asked: &Asked, typed: &Typed) -> Result<Response, PageError> {
    officer.must_be(&KEEPERS)?;
    let banks = officer.app.loans.banks().await?;
    let programmes = officer.app.servicing.programmes(&officer.member).await?;
    let columns = [column("银行"), column("代码"), column("贷款项目"), column("登记时间")];
    let rows = banks.into_iter().map(|bank| {
        let programme = programmes.iter().find(|one| one.bank.id == bank.id).map(|one| &one.programme);
        vec![
            Cell::link(&path(bank.id), bank.name),
            Cell::text(bank.code),
            Cell::or_none(programme, |one| Cell::link(&programme::path(one.id), one.name.clone())),
            Cell::at(bank.created_us),
        ]
    });
    let table = Table::new("合作银行", &columns, "还没有登记银行。").whole(rows);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let refused = typed.problem().is_some().then_some(typed);
    let content = html! {
        (part::heading("合作银行", &html! {}))
        div class="steps" {
            (Step { name: "登记银行", will: "将登记一家发放青年贷款的银行；之后指定它的经办人员，由其编写产品、审查申请。", to: LIST, grave: false, fields: html! {
                (part::new_id(typed))
                div class="fields" {
                    (Field::text(typed, "name", "名称").required().longest(60))
                    (Field::text(typed, "code", "代码").required().longest(40).hint("小写字母、数字和连字符，写在银行文件里。"))
                }
            } }.show(officer, refused))
        }
        (table.show(asked))
    };
    Ok(officer.shown("合作银行", &[("/console", "工作台")], &content, typed))
}

/// All banks.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    list(&officer, &Asked::of(request), &Typed::default()).await
}

/// Writes one down.
#[handler]
pub(super) async fn post_add(officer: Officer, form: Form) -> Result<Response, PageError> {
    let added: Result<BankId, Problem> = async {
        let mut check = form.check();
        let (id, name, code): (BankId, _, _) = (check.id("id"), check.text("name"), check.text("code"));
        check.done()?;
        Ok(officer.app.loans.add_bank(NewBank { id, code, name }, &officer.member).await?.id)
    }
    .await;
    match added {
        Ok(id) => Ok(officer.done("银行已登记。", &path(id))),
        Err(refused) => list(&officer, &Asked::at(LIST), &Typed::refused(&form, refused)).await,
    }
}

async fn show(officer: &Officer, id: BankId, asked: &Asked, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let seats = officer.app.loans.bank_officers(id, &officer.member).await?;
    let banks = officer.app.loans.banks().await?;
    let bank =
        banks.iter().find(|bank| bank.id == id).ok_or_else(|| Problem::not_found("no_such_bank", "没有这家银行。"))?;
    let programmes = officer.app.servicing.programmes(&officer.member).await?;
    let programme = programmes.iter().find(|one| one.bank.id == id).map(|one| &one.programme);
    let names = Names::of(officer, seats.iter().flat_map(|seat| [seat.staff_id, seat.author_id])).await?;
    let people = officer.app.identity.staff(&officer.member).await?;
    // Nobody gives a seat to themselves.
    let free = people.iter().filter(|line| {
        line.standing == StaffStanding::Active
            && line.id != officer.id()
            && line.grants.iter().any(|grant| grant.role == Role::BankOfficer)
            && !seats.iter().any(|seat| seat.staff_id == line.id)
    });
    let free = options(free.map(|line| (line.id, format!("{}（{}）", line.name, line.username))));
    let remove = |staff: StaffId| {
        let refused = (word == staff.to_string()).then_some(typed);
        let to = format!("{}/officers/{staff}/removal", path(id));
        let will = "此人将不再是这家银行的经办人员，看不到它的产品、申请和合同。";
        Step { name: "取消", will, to: &to, grave: true, fields: nothing() }.show(officer, refused)
    };
    let columns = [column("经办人员"), column("指定人"), column("指定时间"), column("办理")];
    let rows = seats.iter().map(|seat| {
        vec![
            Cell::text(names.name(seat.staff_id)),
            Cell::text(names.name(seat.author_id)),
            Cell::at(seat.created_us),
            Cell::shown(remove(seat.staff_id), ""),
        ]
    });
    let table = Table::new(format!("{}经办人员", bank.name), &columns, "还没有经办人员。").whole(rows);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let refused = (word == "seat").then_some(typed);
    let fresh = Typed::default();
    let blank = refused.unwrap_or(&fresh);
    let content = html! {
        (part::heading(&bank.name, &html! {}))
        (part::block("银行", &part::facts(&[
            ("代码", html! { span class="code" { (bank.code) } }),
            ("贷款项目", html! { @match programme { Some(one) => a href=(programme::path(one.id)) { (one.name) }, None => a href=(programme::LIST) { "未开设，去开设" } } }),
            ("登记时间", part::at(bank.created_us)),
        ])))
        h2 { "经办人员" }
        @if free.len() > 1 {
            div class="steps" {
                (Step { name: "指定经办人员", will: "将指定此人为这家银行的经办人员；一人只属于一家银行，原在别家的随之转来。", to: &format!("{}/officers", path(id)), grave: false, fields: html! {
                    (Field::choice(blank, "officer", "人员", &free).required())
                } }.show(officer, refused))
            }
        } @else {
            p class="faint" { "没有可以指定的人：先在“工作人员”中授予银行客户经理角色。" }
        }
        (table.show(asked))
    };
    Ok(officer.shown(&bank.name, &[(LIST, "合作银行")], &content, typed))
}

/// One bank.
#[handler]
pub(super) async fn get_one(
    officer: Officer,
    Path(id): Path<BankId>,
    request: &Request,
) -> Result<Response, PageError> {
    show(&officer, id, &Asked::of(request), "", &Typed::default()).await
}

/// Gives a seat.
#[handler]
pub(super) async fn post_seat(officer: Officer, Path(id): Path<BankId>, form: Form) -> Result<Response, PageError> {
    let seated: Result<(), Problem> = async {
        let mut check = form.check();
        let staff: StaffId = check.id("officer");
        check.done()?;
        officer.app.loans.seat_officer(id, staff, &officer.member).await?;
        Ok(())
    }
    .await;
    match seated {
        Ok(()) => Ok(officer.done("经办人员已指定。", &path(id))),
        Err(refused) => show(&officer, id, &Asked::at(&path(id)), "seat", &Typed::refused(&form, refused)).await,
    }
}

/// Takes a seat away.
#[handler]
pub(super) async fn post_unseat(
    officer: Officer,
    Path((id, staff)): Path<(BankId, StaffId)>,
) -> Result<Response, PageError> {
    match officer.app.loans.unseat_officer(id, staff, &officer.member).await {
        Ok(()) => Ok(officer.done("已取消。", &path(id))),
        Err(refused) => {
            let typed = Typed::refused(&Form::default(), refused);
            show(&officer, id, &Asked::at(&path(id)), &staff.to_string(), &typed).await
        }
    }
}
