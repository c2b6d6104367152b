//! Payees: masked, until somebody says why they have to be read.

use app::problem::Problem;
use app::spending::erasure::ASKERS;
use app::spending::payees::{MaskedPayee, OpenPayee, PlainAccount, PlainPayee, may_open};
use crowdfunding::spending::DECLARERS;
use domain::role::Role;
use domain::{CampaignId, PayeeId};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::people::Names;
use super::{child_access, disbursement, payee_erasure, trail};
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column};
use crate::words;

const KEEPERS: [Role; 3] = [Role::Organiser, Role::ProjectManager, Role::Cashier];
const CONFIRMERS: [Role; 3] = [Role::ProjectManager, Role::FinanceHead, Role::Bookkeeper];
const KINDS: [(&str, &str); 2] = [("person", "个人"), ("organisation", "单位")];
const PARTS: [&str; 5] = ["beneficiary", "guardian", "supplier", "partner", "staff"];

fn path(id: PayeeId) -> String {
    format!("/console/payees/{id}")
}

fn kind(word: &str) -> &'static str {
    KINDS.iter().find(|(key, _)| *key == word).map_or("其他", |(_, name)| name)
}

/// Whether money may go to the account: confirmed by a second person, or never changed.
fn account_state(payee: &MaskedPayee) -> (&'static str, Tone) {
    match (&payee.account, payee.row.account_changed_us, payee.row.account_confirmed_by) {
        (None, _, _) => ("无账户", Tone::Calm),
        (Some(_), Some(_), None) => ("待核实", Tone::Waiting),
        (Some(_), _, _) => ("已核实", Tone::Good),
    }
}

/// Payees, newest first, masked.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let rows = officer.app.spending.payees(asked.get("name"), &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let columns = [
        column("户名"),
        column("类型"),
        column("身份"),
        column("账号"),
        column("开户行"),
        column("账户"),
        column("关联关系"),
        column("登记时间"),
    ];
    let cells = |payee: MaskedPayee| {
        let state = account_state(&payee);
        vec![
            Cell::link(&path(payee.row.id), payee.name),
            Cell::text(kind(&payee.row.kind)),
            Cell::text(words::payee_part(&payee.row.part)),
            Cell::or_none(payee.account, Cell::text),
            Cell::or_none(payee.bank, Cell::text),
            Cell::badge(state),
            Cell::text(if payee.row.related { "有" } else { "" }),
            Cell::at(payee.row.created_us),
        ]
    };
    let table =
        Table::new("收款人", &columns, "没有这样的收款人。").page(&asked, rows, |payee| payee.row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("收款人", &html! {
            @if officer.is(&KEEPERS) { a class="button primary" href="/console/payees/new" { "登记收款人" } }
        }))
        (table::filter(&asked, &table::filter_text(&asked, "name", "完整户名")))
        (table.show(&asked))
    };
    Ok(officer.page("收款人", &[("/console/disbursements", "支出申请")], &content).into_response())
}

async fn show(
    officer: &Officer,
    id: PayeeId,
    word: &str,
    typed: &Typed,
    open: Option<&OpenPayee>,
) -> Result<Response, PageError> {
    let payee = officer.app.spending.payee(id, &officer.member).await?;
    let row = &payee.row;
    let people = [Some(row.author_id), row.account_changed_by, row.account_confirmed_by].into_iter().flatten();
    let names = Names::of(officer, people).await?;
    let fresh = Typed::default();
    let refused = |step: &str| (word == step).then_some(typed);
    let of = |step: &str| refused(step).unwrap_or(&fresh);
    let to = |step: &str| format!("{}/{step}", path(id));
    let unconfirmed = account_state(&payee) == ("待核实", Tone::Waiting);
    let plain = |masked: Option<&String>, open: Option<String>| html! { (open.or_else(|| masked.cloned()).unwrap_or_default()) };
    let account = open.and_then(|open| open.account.as_ref());
    let asked = officer.app.spending.own_child_access(id, &officer.member).await?;
    let reads = officer.app.spending.may_unmask(row, &officer.member).await?;
    let opens = may_open(row, &officer.member);
    let waits = asked.as_ref().is_some_and(|asked| asked.state == "asked");
    let wish = officer.app.spending.erasure_of(id, &officer.member).await?;
    let unused = wish.as_ref().is_some_and(|wish| wish.state != "asked");
    let reader = officer.is(&crowdfunding::spending::READERS);
    let paid = if reader { Some(disbursement::payouts_to(officer, id).await?) } else { None };
    let content = html! {
        (part::heading(&payee.name, &html! {
            (part::badge(account_state(&payee)))
            (trail::who_saw(officer, &format!("payee:{id}")))
        }))
        @if let Some(asked) = &asked {
            p class="note" { "您的查阅申请：" (part::badge(child_access::state(&asked.state)))
                @if let Some(ends) = asked.ends_us { " 可查看至" (part::at(ends)) }
                @if let Some(reason) = &asked.decision_reason { "，意见：" (reason) } }
        }
        @if let Some(wish) = &wish { (payee_erasure::note(wish)) }
        @if open.is_some() { p class="note" { "以下为完整信息，查看已记录在案。离开此页后不再显示。" } }
        (part::block("收款人", &part::facts(&[
            ("户名", plain(Some(&payee.name), open.map(|open| open.name.clone()))),
            ("类型", html! { (kind(&row.kind)) }),
            ("身份", html! { (words::payee_part(&row.part)) @if row.minor { "（未成年人）" } }),
            ("账号", plain(payee.account.as_ref(), account.map(|account| account.number.clone()))),
            ("开户行", plain(payee.bank.as_ref(), account.map(|account| account.bank.clone()))),
            ("电话", plain(payee.phone.as_ref(), open.and_then(|open| open.phone.clone()))),
            ("行政区划", html! { @if let Some(code) = &row.division { (words::place_named(code)) } }),
            ("关联关系", html! {
                @match open.and_then(|open| open.related.as_ref()) {
                    Some(words) => (words),
                    None => @if row.related { "已声明" },
                }
            }),
            ("登记人", html! { (names.name(row.author_id)) " · " (part::at(row.created_us)) }),
            ("账户变更", html! { @if let Some(at) = row.account_changed_us { (names.maybe(row.account_changed_by)) " · " (part::at(at)) } }),
            ("账户核实", html! { (names.maybe(row.account_confirmed_by)) }),
        ])))
        div class="steps" {
            @if !unused && unconfirmed && row.account_changed_by != Some(officer.id()) && officer.acts(&CONFIRMERS, row.book_id, &row.unit_path) {
                (Step { name: "核实账户", will: "确认已向收款人核实新账户，此后可以向它付款。须由变更以外的人办理。", to: &to("account-confirmation"), grave: false, fields: nothing() }.show(officer, refused("account-confirmation")))
            }
            @if !unused && officer.acts(&KEEPERS, row.book_id, &row.unit_path) {
                (Step { name: "变更账户", will: "新账户须由另一人核实，或过了静默期，才能付款。", to: &to("account"), grave: false, fields: html! {
                    (Field::text(of("account"), "number", "银行账号").required().longest(40))
                    (Field::text(of("account"), "bank", "开户行").required().longest(60))
                } }.show(officer, refused("account")))
            }
            @if !unused && officer.is(&DECLARERS) && !row.related {
                (Step { name: "声明关联关系", will: "此后不再向该收款人及其账户付款；声明立即生效，不能撤销。", to: &to("related"), grave: true, fields: html! {
                    (Field::text(of("related"), "relation", "与管理人员或捐赠人的关联关系").required().longest(200))
                } }.show(officer, refused("related")))
            }
            @if !unused && opens && reads { (Step { name: "查看完整信息", will: "将显示完整户名、账号、电话和关联关系，并记录您查看的原因。", to: &to("unmasking"), grave: false, fields: html! {
                (Field::text(of("unmasking"), "reason", "查看原因").required().longest(200))
            } }.show(officer, refused("unmasking"))) }
            @if !unused && opens && !reads && !waits {
                (Step { name: "申请查阅", will: "未成年人的信息须经负责人批准，批准后在期限内可以查看。", to: &to("child-access"), grave: false, fields: html! {
                    (part::new_id(of("child-access")))
                    (Field::area(of("child-access"), "reason", "查阅理由").required().longest(200))
                    (Field::number(of("child-access"), "days", "查阅天数").required().hint("1至30天，从批准时起算。"))
                } }.show(officer, refused("child-access")))
            }
            @if wish.is_none() && officer.is(&ASKERS) && row.kind == "person" {
                (Step { name: "登记删除申请", will: "应本人要求删除其个人信息，由个人信息负责人批准；列入过已批准支出的随会计凭证依法保存，限制使用。", to: &to("erasures"), grave: true, fields: html! {
                    (part::new_id(of("erasures")))
                    (Field::area(of("erasures"), "reason", "本人何时以何种方式提出").required().longest(200).hint("不要填写姓名、电话等个人信息。"))
                } }.show(officer, refused("erasures")))
            }
        }
        @if let Some(paid) = &paid { (part::block("付款", paid)) }
    };
    let way: &[(&str, &str)] = if reader { &[("/console/payees", "收款人")] } else { &[] };
    Ok(officer.shown(&payee.name, way, &content, typed))
}

/// One payee.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<PayeeId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default(), None).await
}

/// A step: another account, its confirmation, a look at the whole.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(PayeeId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (spending, by) = (&officer.app.spending, &officer.member);
    let mut check = form.check();
    let taken: Result<&str, Problem> = async {
        Ok(match word.as_str() {
            "account" => {
                let account = PlainAccount { number: check.text("number").replace(' ', ""), bank: check.text("bank") };
                check.done()?;
                spending.change_account(id, account, by).await.map(|_| "账户已变更，待核实。")?
            }
            "related" => {
                let relation = check.text("relation");
                check.done()?;
                spending.declare_related(id, &relation, by).await.map(|_| "已声明关联关系。")?
            }
            "child-access" => {
                let (access, days) = (check.id("id"), check.number("days"));
                check.done()?;
                spending
                    .ask_child_access(access, id, form.get("reason"), days.unwrap_or_default(), by)
                    .await
                    .map(|_| "已提交查阅申请，待负责人批准。")?
            }
            "erasures" => {
                let wish = check.id("id");
                check.done()?;
                spending
                    .ask_erasure(wish, id, form.get("reason"), by)
                    .await
                    .map(|_| "已登记删除申请，待负责人批准。")?
            }
            "account-confirmation" => spending.confirm_account(id, by).await.map(|_| "账户已核实。")?,
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok(done) => Ok(officer.done(done, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused), None).await,
    }
}

/// Shows a payee's data whole, on this one page.
#[handler]
pub(super) async fn post_unmask(officer: Officer, Path(id): Path<PayeeId>, form: Form) -> Result<Response, PageError> {
    match officer.app.spending.unmask_payee(id, form.get("reason"), &officer.member).await {
        Ok(open) => show(&officer, id, "", &Typed::default(), Some(&open)).await,
        Err(refused) => show(&officer, id, "unmasking", &Typed::refused(&form, refused), None).await,
    }
}

async fn ask(officer: &Officer, typed: &Typed) -> Result<Response, PageError> {
    let parts = options(PARTS.map(|part| (part, words::payee_part(part))));
    let kinds = options(KINDS);
    let counties = options(words::counties());
    let campaigns = disbursement::campaigns(officer).await?;
    let content: Markup = html! {
        h1 { "登记收款人" }
        (part::alert(typed))
        (officer.form("/console/payees", &html! {
            (part::new_id(typed))
            (Field::choice(typed, "campaign", "因哪个项目登记", &campaigns).required())
            div class="fields" {
                (Field::choice(typed, "kind", "类型", &kinds).required())
                (Field::choice(typed, "part", "身份", &parts).required())
                (Field::text(typed, "name", "户名").required().longest(60).hint("与银行账户的户名一致"))
                (Field::text(typed, "phone", "电话").longest(20))
                (Field::text(typed, "number", "银行账号").longest(40).needed("向其付款的必填"))
                (Field::text(typed, "bank", "开户行").longest(60).needed("填了账号的必填"))
                (Field::choice(typed, "division", "所在县（市、区）", &counties))
                (Field::text(typed, "related", "与管理人员或捐赠人的关联关系").longest(200).hint("没有关联关系则留空"))
            }
            (Field::tick(typed, "minor", "未成年人"))
            div class="go" { button type="submit" class="primary" { "登记" } }
        }))
    };
    Ok(officer.shown("登记收款人", &[("/console/payees", "收款人")], &content, typed))
}

/// The form of a new payee.
#[handler]
pub(super) async fn get_blank(officer: Officer) -> Result<Response, PageError> {
    officer.must_be(&KEEPERS)?;
    ask(&officer, &Typed::default()).await
}

/// Writes a payee down.
#[handler]
pub(super) async fn post_write(officer: Officer, form: Form) -> Result<Response, PageError> {
    let written: Result<PayeeId, Problem> = async {
        let mut check = form.check();
        let (id, campaign): (PayeeId, CampaignId) = (check.id("id"), check.id("campaign"));
        let name = check.text("name");
        let known = |name: &str| PARTS.into_iter().find(|part| *part == name);
        let kind = KINDS.iter().map(|(key, _)| *key).find(|key| *key == form.get("kind"));
        let part = known(form.get("part"));
        if kind.is_none() {
            check.say("kind", "请选择");
        }
        if part.is_none() {
            check.say("part", "请选择");
        }
        let number = check.optional("number").map(|number| number.replace(' ', ""));
        let bank = check.optional("bank");
        if number.is_some() && bank.is_none() {
            check.say("bank", "请填写开户行");
        }
        let (phone, division, related) =
            (check.optional("phone"), check.optional("division"), check.optional("related"));
        check.done()?;
        let account = number.zip(bank).map(|(number, bank)| PlainAccount { number, bank });
        let new = PlainPayee {
            id,
            campaign,
            kind: kind.unwrap_or_default(),
            part: part.unwrap_or_default(),
            minor: form.ticked("minor"),
            division,
            staff: None,
            related,
            name,
            phone,
            account,
        };
        officer.app.spending.register_payee(new, &officer.member).await?;
        Ok(id)
    }
    .await;
    match written {
        Ok(id) => Ok(officer.done("收款人已登记。", &path(id))),
        Err(refused) => ask(&officer, &Typed::refused(&form, refused)).await,
    }
}
