//! Units of the tree, charities with their certificates and approval rules, and the calendar of working days.

use std::collections::HashMap;

use app::organisation::{CharityLine, ContactData, NewAccountChange, NewCertificate, NewProfileChange, NewUnit};
use app::problem::Problem;
use domain::charity::Profile;
use domain::proposal::ProposalState;
use domain::role::Role;
use domain::unit::UnitKind;
use domain::{AccountChangeId, BookId, BusinessDate, CertificateId, ProfileChangeId, UnitId};
use entity::unit;
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::account;
use super::people::{Names, why_not};
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words;

fn path(id: BookId) -> String {
    format!("/console/charities/{id}")
}

/// What a change of the approval rules is called where the trail names it.
fn profile_object(id: ProfileChangeId) -> String {
    format!("profile_change:{id}")
}

/// The tree, in pages: in the order of its codes, all of it, a part of it, or what carries some words.
async fn unit_page(officer: &Officer, asked: &Asked, at: &str, typed: &Typed) -> Result<Response, PageError> {
    let units = officer.app.organisation.units().await?;
    let wanted = asked.get("q").unwrap_or_default();
    let under = asked.read::<UnitId>("under")?;
    let top = units.iter().find(|unit| Some(unit.id) == under).map(|unit| unit.path.as_str());
    let listed: Vec<&unit::Model> = units
        .iter()
        .filter(|unit| unit.name.contains(wanted) || unit.code.contains(wanted))
        .filter(|unit| under.is_none() || top.is_some_and(|top| unit.path.as_str().starts_with(top)))
        .collect();
    let from = match asked.after::<UnitId>() {
        Some(last) => listed.iter().position(|unit| unit.id == last).map(|at| at + 1).ok_or_else(Problem::cursor)?,
        None => 0,
    };
    let limit = usize::try_from(asked.limit()).unwrap_or(usize::MAX);
    let page: Vec<&unit::Model> = listed.into_iter().skip(from).take(limit).collect();
    let name_of = |id: Option<UnitId>| units.iter().find(|unit| Some(unit.id) == id).map(|unit| unit.name.clone());
    let admin = officer.is(&[Role::Admin]);
    let columns = [
        column("代码"),
        column("名称"),
        column("类型"),
        column("上级"),
        column("行政区划"),
        column("状态"),
        column("办理"),
    ];
    let cells = |unit: &unit::Model| {
        let (word, name, will) = if unit.active {
            (
                "closing",
                "停用",
                "停用后不能再在它之下增加组织、授予角色，也不能由它发起项目；已有的项目和记录不变，以后可以重新启用。",
            )
        } else {
            ("opening", "启用", "将重新启用这个组织。")
        };
        let act = html! { @if admin { (Step { name, will, to: &format!("/console/units/{}/{word}", unit.id), grave: unit.active, fields: html! { span class="unseen" { (unit.name) } } }.show(officer, None)) } };
        vec![
            Cell::text(&unit.code),
            Cell::text(&unit.name),
            Cell::text(words::unit_kind(unit.kind)),
            Cell::or_none(name_of(unit.parent_id), Cell::text),
            Cell::or_none(unit.division.as_deref(), |code| Cell::text(words::place_named(code))),
            Cell::badge(if unit.active { ("在用", Tone::Good) } else { ("停用", Tone::Bad) }),
            Cell::shown(act, ""),
        ]
    };
    let list = Table::new("组织机构", &columns, "没有这样的组织。").page(asked, page, |unit| unit.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(list.file(kind, asked));
    }
    let parents =
        options(units.iter().filter(|unit| unit.active).map(|unit| (unit.id, format!("{} {}", unit.code, unit.name))));
    // What has parts is what can be looked through: the cities.
    let has_parts = |unit: &&unit::Model| units.iter().any(|other| other.parent_id == Some(unit.id));
    let below = units.iter().filter(|unit| unit.parent_id.is_some()).filter(has_parts);
    let parts: Vec<_> = below.map(|unit| (unit.id.to_string(), unit.name.clone())).collect();
    let kinds = options(words::all(words::unit_kind));
    let places = words::places();
    let content = html! {
        (part::heading("组织机构", &nothing()))
        @if at == "act" { (part::alert(typed)) }
        @if admin {
            div class="steps" {
                (Step { name: "新增组织", will: "将在上级之下增加一个组织；代码以后不能修改。", to: "/console/units", grave: false, fields: html! {
                    (part::new_id(typed))
                    (Field::choice(typed, "parent", "上级", &parents).required())
                    div class="fields" {
                        (Field::text(typed, "code", "代码").required().longest(20))
                        (Field::text(typed, "name", "名称").required().longest(60))
                        (Field::choice(typed, "kind", "类型", &kinds).required())
                        (Field::listed(typed, "division", "行政区划", &places).longest(60).hint("输入名称或代码后从列表中选；乡镇填9位代码。"))
                    }
                } }.show(officer, (at == "new").then_some(typed)))
            }
        }
        (table::filter(asked, &html! {
            (table::filter_text(asked, "q", "名称或代码"))
            (table::filter_choice(asked, "under", "范围", &parts))
        }))
        (list.show(asked))
    };
    Ok(officer.shown("组织机构", &[("/console", "工作台")], &content, typed))
}

/// The tree.
#[handler]
pub(super) async fn get_units(officer: Officer, request: &Request) -> Result<Response, PageError> {
    unit_page(&officer, &Asked::of(request), "", &Typed::default()).await
}

/// Adds a unit.
#[handler]
pub(super) async fn post_add_unit(officer: Officer, form: Form) -> Result<Response, PageError> {
    let added: Result<(), Problem> = async {
        let mut check = form.check();
        let (id, parent): (UnitId, UnitId) = (check.id("id"), check.id("parent"));
        let (code, name) = (check.text("code"), check.text("name"));
        let kind = check.choice::<words::Key<UnitKind>>("kind");
        let division = check.optional("division").map(|typed| words::place_code(&typed));
        check.done()?;
        let kind = kind.ok_or_else(|| Problem::field("kind", "请选择"))?.0;
        officer
            .app
            .organisation
            .create_unit(NewUnit { id, parent, code, name, kind, division }, &officer.member)
            .await?;
        Ok(())
    }
    .await;
    match added {
        Ok(()) => Ok(officer.done("组织已新增。", "/console/units")),
        Err(refused) => unit_page(&officer, &Asked::at("/console/units"), "new", &Typed::refused(&form, refused)).await,
    }
}

/// Closes a unit, or opens it again.
#[handler]
pub(super) async fn post_turn_unit(
    officer: Officer,
    Path((id, word)): Path<(UnitId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    match officer.app.organisation.set_unit_active(id, word == "opening", &officer.member).await {
        Ok(_) => Ok(officer.done("已办理。", "/console/units")),
        Err(refused) => unit_page(&officer, &Asked::at("/console/units"), "act", &Typed::refused(&form, refused)).await,
    }
}

/// Charities.
#[handler]
pub(super) async fn get_charities(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let rows = officer.app.organisation.charities().await?;
    let columns = [
        column("名称"),
        column("统一社会信用代码"),
        column("所属组织"),
        column("审批规则"),
        numbers("单级审批上限"),
        column("商户号"),
        column("收款账户"),
    ];
    let cells = |line: CharityLine| {
        vec![
            Cell::link(&path(line.book.id), line.book.name),
            Cell::or_none(line.book.credit_code, Cell::text),
            Cell::text(line.unit.name),
            Cell::text(words::profile(line.charity.profile)),
            Cell::yuan(line.charity.single_limit_fen),
            Cell::or_none(line.charity.mchid, Cell::text),
            Cell::text(line.charity.bank_account),
        ]
    };
    let list = Table::new("慈善组织", &columns, "还没有慈善组织。").whole(rows.into_iter().map(cells));
    if let Some(kind) = asked.file() {
        return Ok(list.file(kind, &asked));
    }
    let content = html! { (part::heading("慈善组织与设置", &nothing())) (list.show(&asked)) };
    Ok(officer.page("慈善组织与设置", &[("/console", "工作台")], &content).into_response())
}

async fn show(officer: &Officer, id: BookId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let organisation = &officer.app.organisation;
    let line = organisation.charity(id).await?;
    let certificates = organisation.certificates(id).await?;
    let changes = organisation.profile_changes(id).await?;
    let said = why_not(officer, changes.iter().map(|row| profile_object(row.id))).await?;
    let names = Names::of(
        officer,
        changes
            .iter()
            .flat_map(|row| [Some(row.author_id), row.approver_id])
            .flatten()
            .chain(certificates.iter().map(|row| row.author_id)),
    )
    .await?;
    let charity = &line.charity;
    let fresh = Typed::default();
    let refused = |step: &str| (word == step).then_some(typed);
    let to = |step: &str| format!("{}/{step}", path(id));
    let contact = Typed::fresh(Form::of([
        ("office_address", charity.office_address.clone()),
        ("contact", charity.contact.clone()),
        ("information_url", charity.information_url.clone()),
    ]));
    let contact = refused("contact").unwrap_or(&contact);
    let profile = Typed::fresh(Form::of([
        ("profile", words::key(charity.profile)),
        ("single_limit", charity.single_limit_fen.to_string()),
        ("third_limit", charity.third_limit_fen.to_string()),
        ("account_quiet_days", charity.account_quiet_days.to_string()),
    ]));
    let profile = refused("profile").unwrap_or(&profile);
    let certificate = refused("certificate").unwrap_or(&fresh);
    let profiles = words::all(words::profile);
    let managers = [Role::Admin, Role::FinanceHead];
    let accounts = account::of_charity(officer, &line, refused("account")).await?;
    let content = html! {
        (part::heading(&line.book.name, &nothing()))
        div class="pair" {
            (part::block("基本情况", &part::facts(&[
                ("统一社会信用代码", html! { span class="code" { (line.book.credit_code.clone().unwrap_or_default()) } }),
                ("所属组织", html! { (line.unit.name) }),
                ("商户号", html! { (charity.mchid.clone().unwrap_or_default()) }),
                ("收款账户", html! { (charity.bank_account) }),
                ("办公地址", html! { (charity.office_address) }),
                ("联系方式", html! { (charity.contact) }),
                ("信息公开网址", html! { (charity.information_url) }),
            ])))
            (part::block("现行审批规则", &part::facts(&[
                ("规则", html! { (words::profile(charity.profile)) }),
                ("单级审批上限", part::yuan(charity.single_limit_fen)),
                ("三级审批起点", part::yuan(charity.third_limit_fen)),
                ("账户变更静默期", html! { (charity.account_quiet_days) "天" }),
            ])))
        }
        @if officer.is(&managers) {
            div class="steps" {
                (Step { name: "修改联系方式", will: "公开页面上的联系方式将随之更新。", to: &to("contact"), grave: false, fields: html! {
                    (Field::text(contact, "office_address", "办公地址").required().longest(200))
                    (Field::text(contact, "contact", "联系方式").required().longest(100))
                    (Field::text(contact, "information_url", "信息公开网址").required().longest(300))
                } }.show(officer, refused("contact")))
                (Step { name: "申请修改审批规则", will: "将提出申请，由另一人批准后生效；已提交的支出仍按原规则。", to: &to("profile"), grave: false, fields: html! {
                    (part::new_id(profile))
                    (Field::choice(profile, "profile", "规则", &profiles).required())
                    (Field::money(profile, "single_limit", "单级审批上限（元）").required())
                    (Field::money(profile, "third_limit", "三级审批起点（元）").required())
                    (Field::number(profile, "account_quiet_days", "账户变更静默期（天）").required())
                    (Field::text(profile, "reason", "原因").required().longest(500))
                } }.show(officer, refused("profile")))
                (Step { name: "登记资格证书", will: "由另一人核对原件并确认后，有效期内的项目可以公开募捐。", to: &to("certificate"), grave: false, fields: html! {
                    (part::new_id(certificate))
                    (Field::text(certificate, "number", "证书编号").required().longest(60))
                    (Field::text(certificate, "issuer", "发证机关").required().longest(60))
                    (Field::day(certificate, "issued_on", "发证日期").required())
                    (Field::day(certificate, "expires_on", "到期日期").required())
                } }.show(officer, refused("certificate")))
            }
        }
        (part::block("公开募捐资格证书", &Table::new("公开募捐资格证书", &[column("编号"), column("发证机关"), column("发证日期"), column("到期日期"), column("状态")], "还没有登记证书。").whole(
            certificates.iter().map(|row| vec![
                Cell::text(&row.number),
                Cell::text(&row.issuer),
                Cell::day(row.issued_on),
                Cell::day(row.expires_on),
                Cell::badge(certificate_state(row, officer.app.business.today())),
            ])).plain()))
        @if officer.is(&[Role::Admin, Role::FinanceHead, Role::Chair]) {
            @for row in certificates.iter().filter(|row| row.confirmed_us.is_none() && row.revoked_on.is_none()) {
                (unconfirmed(officer, row, &names, word, typed))
            }
        }
        (part::block("审批规则的变更", &changed(officer, &changes, (&names, &said), word, typed)))
        (accounts)
    };
    Ok(officer.shown(&line.book.name, &[("/console/charities", "慈善组织与设置")], &content, typed))
}

fn certificate_state(row: &entity::certificate::Model, today: BusinessDate) -> (&'static str, Tone) {
    match row.revoked_on {
        Some(_) => ("已注销", Tone::Bad),
        None if row.confirmed_us.is_none() => ("待另一人确认", Tone::Waiting),
        None if row.expires_on < today => ("已过期", Tone::Bad),
        None => ("有效", Tone::Good),
    }
}

/// A certificate that waits for the second person.
fn unconfirmed(
    officer: &Officer,
    row: &entity::certificate::Model,
    names: &Names,
    word: &str,
    typed: &Typed,
) -> Markup {
    let own = row.author_id == officer.id();
    let steps = [
        ("confirmation", "确认证书", "确认所登记的内容与证书原件一致，此后有效期内的项目可以公开募捐。"),
        ("discarding", "撤回登记", "登记作废，可以更正后重新登记。"),
    ];
    html! {
        article {
            p { "证书" (row.number) "由" (names.name(row.author_id)) "登记，须由另一人核对原件后确认。" }
            div class="steps" {
                @for (step, name, will) in steps.into_iter().filter(|(step, ..)| !own || *step == "discarding") {
                    (Step { name, will, to: &format!("{}/certificates/{}/{step}", path(row.book_id), row.id), grave: step == "discarding", fields: nothing() }.show(officer, (word == step).then_some(typed)))
                }
            }
        }
    }
}

fn changed(
    officer: &Officer,
    changes: &[entity::profile_change::Model],
    (names, said): (&Names, &HashMap<String, String>),
    word: &str,
    typed: &Typed,
) -> Markup {
    let state = |state: ProposalState| match state {
        ProposalState::Proposed => ("待批准", Tone::Waiting),
        ProposalState::Approved => ("已批准", Tone::Good),
        ProposalState::Declined => ("未批准", Tone::Bad),
    };
    html! {
        @if changes.is_empty() { (part::nothing_here("没有变更。")) }
        @for row in changes {
            article {
                p { (part::badge(state(row.state))) " " (words::profile(row.profile)) "，单级上限" (part::yuan(row.single_limit_fen)) "，三级起点" (part::yuan(row.third_limit_fen)) "，静默期" (row.account_quiet_days) "天" }
                p class="faint" { "原因：" (row.reason) " · " (names.name(row.author_id)) " · " (part::at(row.created_us)) @if row.approver_id.is_some() { " · 决定：" (names.maybe(row.approver_id)) } }
                (part::refusal(said.get(&profile_object(row.id))))
                @if row.state == ProposalState::Proposed && row.author_id != officer.id() && officer.keeps(&[Role::Chair, Role::FinanceHead, Role::Admin], row.book_id) {
                    div class="steps" {
                        @for (step, name, will) in [("approval", "批准", "新的审批规则立即生效。"), ("decline", "不批准", "审批规则不变。")] {
                            @let refused = (word == step).then_some(typed);
                            @let fields = if step == "decline" { part::why(refused) } else { nothing() };
                            (Step { name, will, to: &format!("{}/profile-changes/{}/{step}", path(row.book_id), row.id), grave: step == "decline", fields }.show(officer, refused))
                        }
                    }
                }
            }
        }
    }
}

/// One charity.
#[handler]
pub(super) async fn get_charity(officer: Officer, Path(id): Path<BookId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// Changes something of it.
#[handler]
pub(super) async fn post_act(
    officer: Officer,
    Path((id, word)): Path<(BookId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (organisation, by) = (&officer.app.organisation, &officer.member);
    let taken: Result<&str, Problem> = async {
        let mut check = form.check();
        match word.as_str() {
            "contact" => {
                let (office_address, contact) = (check.text("office_address"), check.text("contact"));
                let information_url = check.text("information_url");
                check.done()?;
                organisation.edit_contact(id, ContactData { office_address, contact, information_url }, by).await?;
                Ok("联系方式已修改。")
            }
            "profile" => {
                let change: ProfileChangeId = check.id("id");
                let profile = check.choice::<words::Key<Profile>>("profile");
                let (single_limit, third_limit) = (check.money("single_limit"), check.money("third_limit"));
                let (days, reason) = (check.number::<i64>("account_quiet_days"), check.text("reason"));
                check.done()?;
                let profile = profile.map_or(Profile::Full, |key| key.0);
                let account_quiet_days = days.unwrap_or_default();
                let new = NewProfileChange {
                    id: change,
                    book: id,
                    profile,
                    single_limit,
                    third_limit,
                    account_quiet_days,
                    reason,
                };
                organisation.propose_profile(new, by).await?;
                Ok("申请已提交，待另一人批准。")
            }
            "account" => {
                let change: AccountChangeId = check.id("id");
                let (bank_account, mchid) = (check.text("bank_account"), check.optional("mchid"));
                let (valid_from, reason) = (check.day("valid_from"), check.text("reason"));
                check.done()?;
                let valid_from = valid_from.ok_or_else(|| Problem::field("valid_from", "请填写日期"))?;
                let new = NewAccountChange { id: change, book: id, bank_account, mchid, valid_from, reason };
                organisation.propose_account(new, by).await?;
                Ok("申请已提交，请上传证明材料，待另一人批准。")
            }
            "certificate" => {
                let certificate: CertificateId = check.id("id");
                let (number, issuer) = (check.text("number"), check.text("issuer"));
                let (issued_on, expires_on) = (check.day("issued_on"), check.day("expires_on"));
                check.done()?;
                let day = || Problem::field("issued_on", "请填写日期");
                let new = NewCertificate {
                    id: certificate,
                    book: id,
                    number,
                    issuer,
                    issued_on: issued_on.ok_or_else(day)?,
                    expires_on: expires_on.ok_or_else(day)?,
                };
                organisation.register_certificate(new, by).await?;
                Ok("证书已登记，待另一人核对原件后确认。")
            }
            _ => Err(Problem::not_found("no_such_address", "没有这个页面。")),
        }
    }
    .await;
    match taken {
        Ok(done) => Ok(officer.done(done, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}

/// Decides a change of the approval rules.
#[handler]
pub(super) async fn post_decide_profile(
    officer: Officer,
    Path((id, change, word)): Path<(BookId, ProfileChangeId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let decided: Result<_, Problem> = async {
        let mut check = form.check();
        let decision = check.decision(word == "approval");
        check.done()?;
        Ok(officer.app.organisation.decide_profile(change, decision, &officer.member).await?)
    }
    .await;
    match decided {
        Ok(_) => Ok(officer.done("已办理。", &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}

/// The second person's word on a certificate.
#[handler]
pub(super) async fn post_decide_certificate(
    officer: Officer,
    Path((id, certificate, word)): Path<(BookId, CertificateId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (organisation, by) = (&officer.app.organisation, &officer.member);
    let taken = match word.as_str() {
        "confirmation" => organisation.confirm_certificate(certificate, by).await.map(|_| "证书已确认。"),
        "discarding" => organisation.discard_certificate(certificate, by).await.map(|()| "登记已撤回。"),
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
    };
    match taken {
        Ok(done) => Ok(officer.done(done, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}

const CALENDAR: [Role; 7] = [
    Role::Admin,
    Role::Disclosure,
    Role::ProjectManager,
    Role::Cashier,
    Role::Bookkeeper,
    Role::FinanceHead,
    Role::Auditor,
];

async fn calendar_page(officer: &Officer, year: i32, typed: &Typed) -> Result<Response, PageError> {
    officer.must_be(&CALENDAR)?;
    let days = officer.app.enquiries.days(year).await.map_err(|error| PageError(Problem::internal(&error)))?;
    let rows = days.into_iter().map(|day| {
        vec![
            Cell::day(day.day),
            Cell::badge(if day.working { ("上班", Tone::Waiting) } else { ("放假", Tone::Good) }),
            Cell::text(day.name),
        ]
    });
    let list =
        Table::new("节假日与调休", &[column("日期"), column("安排"), column("名称")], "这一年还没有登记节假日。");
    let kinds = options([("holiday", "放假"), ("working", "调休上班")]);
    let this = officer.app.business.today().year();
    let content = html! {
        (part::heading(&format!("工作日历 {year}"), &html! {
            @if year > YEARS.start { a class="button" href={ "/console/calendar/" (year - 1) } { (year - 1) } }
            // What is not settled yet is not leafed to: the days off of a year are told in the year before.
            @if year <= this { a class="button" href={ "/console/calendar/" (year + 1) } { (year + 1) } }
        }))
        p { "周一至周五为工作日，周末休息；这里登记例外。答复期限按此计算。" }
        @if officer.is(&[Role::Admin, Role::Disclosure]) {
            div class="steps" {
                (Step { name: "登记一天", will: "同一天再次登记以最后一次为准；已起算的期限不变。", to: &format!("/console/calendar/{year}"), grave: false, fields: html! {
                    (Field::day(typed, "day", "日期").required())
                    (Field::choice(typed, "kind", "安排", &kinds).required())
                    (Field::text(typed, "name", "名称").required().longest(40))
                } }.show(officer, typed.problem().map(|_| typed)))
            }
        }
        (list.whole(rows).plain())
    };
    Ok(officer.shown(&format!("工作日历 {year}"), &[("/console", "工作台")], &content, typed))
}

/// The calendar of this year.
#[handler]
pub(super) async fn get_this_year(officer: Officer) -> Result<Response, PageError> {
    let year = officer.app.business.today().year();
    calendar_page(&officer, year, &Typed::default()).await
}

/// The years that a calendar is kept of.
const YEARS: std::ops::Range<i32> = 2000..2200;

fn year_of(year: i32) -> Result<i32, PageError> {
    if YEARS.contains(&year) {
        Ok(year)
    } else {
        Err(Problem::not_found("no_such_address", "没有这个页面。").into())
    }
}

/// The calendar of a year.
#[handler]
pub(super) async fn get_calendar(officer: Officer, Path(year): Path<i32>) -> Result<Response, PageError> {
    calendar_page(&officer, year_of(year)?, &Typed::default()).await
}

/// Enters a day.
#[handler]
pub(super) async fn post_set_day(officer: Officer, Path(year): Path<i32>, form: Form) -> Result<Response, PageError> {
    let set: Result<(), Problem> = async {
        let mut check = form.check();
        let (day, name) = (check.day("day"), check.text("name"));
        let kind: Option<String> = check.choice("kind");
        check.done()?;
        let day = day.ok_or_else(|| Problem::field("day", "请填写日期"))?;
        officer.app.enquiries.set_day(&officer.member, day, kind.as_deref() == Some("working"), &name).await?;
        Ok(())
    }
    .await;
    match set {
        Ok(()) => Ok(officer.done("已登记。", &format!("/console/calendar/{year}"))),
        Err(refused) => calendar_page(&officer, year_of(year)?, &Typed::refused(&form, refused)).await,
    }
}
