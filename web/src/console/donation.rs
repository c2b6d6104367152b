//! Gifts as staff sees them: found by a number, masked; bank gifts entered by one person and confirmed by another.

use std::collections::HashMap;

use app::privacy::PlainField;
use app::problem::Problem;
use crowdfunding::{BankGift, GiftSearch, NewRefund};
use domain::anonymity::Anonymity;
use domain::campaign::{CampaignKind, CampaignState, may_receive};
use domain::donation::{Channel, DonationState, DonorType, GENERAL_FUND, ReceiptChoice};
use domain::refund::RefundReason;
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, CampaignId, DonationId, Money, RefundId};
use entity::donation;
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::people::{Names, Reading, why_not};
use super::{message, purpose, refund, trail};
use crate::field::{Field, options};
use crate::finance::{bank_names, entry};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words;

/// Who may look a gift up by its number.
pub(super) const SEARCHERS: [Role; 5] =
    [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
/// Who may read a gift; compliance looks at those that were found.
const READERS: [Role; 6] =
    [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor, Role::Compliance];
const REFUNDERS: [Role; 4] = [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
const UNMASKERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
const MODERATORS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];

/// The path of a gift.
pub(super) fn path(id: DonationId) -> String {
    format!("/console/donations/{id}")
}

/// The order number of a gift, which leads to it for whoever may read it.
pub(super) fn number(officer: &Officer, id: DonationId) -> Markup {
    html! {
        @if officer.is(&READERS) { a class="code" href=(path(id)) { (id.simple()) } } @else { span class="code" { (id.simple()) } }
    }
}

fn whose(officer: &Officer) -> (&Member, &[Role]) {
    (&officer.member, &SEARCHERS)
}

/// The names of campaigns.
pub(crate) struct CampaignNames(HashMap<CampaignId, String>);

impl CampaignNames {
    /// The name of one of them.
    pub(crate) fn name(&self, id: CampaignId) -> String {
        self.0.get(&id).cloned().unwrap_or_default()
    }
}

/// The names of campaigns, in one read.
pub(crate) fn campaign_names(
    officer: &Officer,
    ids: impl IntoIterator<Item = CampaignId>,
) -> Reading<'_, CampaignNames> {
    let ids: Vec<CampaignId> = ids.into_iter().collect();
    Box::pin(async move {
        let rows = officer.app.campaigns.with_money(&ids).await?;
        Ok(CampaignNames(rows.into_iter().map(|one| (one.campaign.id, one.campaign.name)).collect()))
    })
}

fn rows(caption: &'static str, nothing: &'static str) -> Table {
    let columns = [
        column("订单号"),
        column("状态"),
        column("途径"),
        numbers("金额"),
        numbers("已退"),
        column("项目"),
        column("下单时间"),
        column("到账时间"),
        column("付款方"),
        column("捐赠人类型"),
    ];
    Table::new(caption, &columns, nothing)
}

/// The columns of gifts that the query sorts by.
const AMOUNT: usize = 4;
const PLACED: usize = 7;

/// The amount a filter asks for; separators of thousands, as we print them, may be typed.
pub(crate) fn amount(asked: &Asked) -> Result<Option<Money>, PageError> {
    let Some(typed) = asked.get("amount") else { return Ok(None) };
    let read = typed.replace([',', '，'], "").parse().map(Some);
    Ok(read.map_err(|_| Problem::new(400, "invalid_filter", "金额的写法如 1200 或 1200.50。").because("amount"))?)
}

fn cells(officer: &Officer, row: donation::Model, campaign_name: &CampaignNames) -> Vec<Cell> {
    vec![
        Cell::code(&path(row.id), row.id.simple()),
        Cell::badge(words::donation(row.state)),
        Cell::text(words::channel(row.channel)),
        entry::amount(officer, row.amount_fen, row.id),
        Cell::yuan_of(row.refunded_fen, &path(row.id)),
        campaign_name.cell(row.purpose()),
        Cell::at(row.created_us),
        Cell::or_none(row.paid_us, Cell::at),
        Cell::or_none(row.counterparty.as_deref().map(domain::mask::organisation), Cell::text),
        Cell::or_none(row.donor_type().map(words::donor_type), Cell::text),
    ]
}

/// The campaigns that may have been given to, and the general fund, as options.
pub(super) async fn campaign_options(officer: &Officer) -> Result<Vec<(String, String)>, PageError> {
    let campaigns = officer.app.campaigns.page(None, &officer.member, None, 500).await?;
    let given = campaigns.into_iter().filter(|row| row.opened_us.is_some() || row.state.is_public());
    let general = (purpose::GENERAL.to_owned(), GENERAL_FUND.to_owned());
    Ok(given.map(|row| (row.id.to_string(), row.name)).chain([general]).collect())
}

/// Gifts, newest first, masked; or those that carry a number.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&SEARCHERS)?;
    let asked = Asked::of(request);
    let found = match asked.get("number") {
        Some(number) => officer.app.giving.search(whose(&officer), number).await?,
        None => {
            let (campaign, general) = purpose::wanted(&asked)?;
            let search = GiftSearch {
                campaign,
                general,
                state: asked.read::<words::Key<DonationState>>("state")?.map(|key| key.0),
                channel: asked.read::<words::Key<Channel>>("channel")?.map(|key| key.0),
                from: asked.read::<BusinessDate>("from")?.map(BusinessDate::start),
                before: asked.read::<BusinessDate>("to")?.map(|day| day.next().start()),
                paid_from: asked.read::<BusinessDate>("paid_from")?.map(BusinessDate::start),
                paid_before: asked.read::<BusinessDate>("paid_to")?.map(|day| day.next().start()),
                amount: amount(&asked)?,
                order: asked.order(AMOUNT, PLACED).unwrap_or_default(),
            };
            let found = officer.app.giving.gifts(whose(&officer), search, asked.after(), asked.limit()).await;
            found.map_err(Problem::of_list)?
        }
    };
    let campaign_name = campaign_names(&officer, found.iter().filter_map(|row| row.campaign_id)).await?;
    let table = rows("捐赠", "没有这样的捐赠。").ordered(&[AMOUNT, PLACED]);
    let table = table.page(&asked, found, |row| row.id.uuid(), |row| cells(&officer, row, &campaign_name));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let campaigns = campaign_options(&officer).await?;
    let states = words::all(|state: DonationState| words::donation(state).0);
    let channels = words::all(words::channel);
    let content = html! {
        (part::heading("捐赠", &nothing()))
        (table::filter(&asked, &html! {
            (table::filter_choice(&asked, "campaign", "项目", &campaigns))
            (table::filter_choice(&asked, "state", "状态", &states))
            (table::filter_choice(&asked, "channel", "途径", &channels))
            (table::filter_day(&asked, "from", "下单日从"))
            (table::filter_day(&asked, "to", "下单日至"))
            (table::filter_day(&asked, "paid_from", "到账日从"))
            (table::filter_day(&asked, "paid_to", "到账日至"))
            (table::filter_text(&asked, "amount", "金额"))
            (table::filter_text(&asked, "number", "订单号或流水号"))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("捐赠", &[("/console", "工作台")], &content).into_response())
}

/// The entries of a thing, for whoever reads the books: found by its number, as a bookkeeper finds them.
pub(super) fn entries<'a>(officer: &'a Officer, number: &str) -> Reading<'a, Option<Markup>> {
    let number = number.to_owned();
    Box::pin(async move {
        if !officer.is(&app::books::READERS) {
            return Ok(None);
        }
        let found = officer.app.books.find(&number, &officer.member).await?;
        let rows = found.into_iter().map(|row| {
            let lead = entry::path(&row.reference);
            vec![Cell::day(row.book_date), Cell::link(&lead, entry::title(&row)), Cell::yuan_of(row.total_fen, &lead)]
        });
        let columns = [column("入账日期"), column("摘要"), numbers("金额")];
        let table = Table::new("凭证", &columns, "还没有入账。").whole(rows);
        Ok(Some(part::block("凭证", &table.plain())))
    })
}

/// The gift of an id, found as everybody finds one: by its order number.
async fn found(officer: &Officer, id: DonationId) -> Result<donation::Model, PageError> {
    officer.must_be(&READERS)?;
    let found = officer.app.giving.search((&officer.member, &READERS), &id.simple()).await?;
    let missing = || Problem::not_found("no_such_donation", "没有这笔捐赠。");
    Ok(found.into_iter().find(|row| row.id == id).ok_or_else(missing)?)
}

async fn show(
    officer: &Officer,
    id: DonationId,
    word: &str,
    typed: &Typed,
    open: Option<&Markup>,
) -> Result<Response, PageError> {
    let row = found(officer, id).await?;
    let campaign_name = campaign_names(officer, row.campaign_id).await?;
    let names = Names::of(officer, [row.author_id, row.approver_id].into_iter().flatten()).await?;
    let booked = entries(officer, &id.to_string()).await?;
    let refunds = if officer.is(&refund::READERS) { officer.app.open_books.refunds_of(id).await? } else { Vec::new() };
    let object = format!("donation:{id}");
    let said = why_not(officer, [object.clone()]).await?;
    let fresh = Typed::default();
    let refused = |step: &str| (word == step).then_some(typed);
    let of = |step: &str| refused(step).unwrap_or(&fresh);
    let to = |step: &str| format!("{}/{step}", path(id));
    let reasons = options(words::all(words::refund_reason));
    let left = row.amount_fen.checked_sub(row.refunded_fen).unwrap_or(Money::ZERO);
    let refundable = left.is_positive()
        && matches!(row.state, DonationState::Paid | DonationState::Settled | DonationState::PartlyRefunded);
    let waiting = row.channel == Channel::Bank && row.state == DonationState::Created;
    let ended = match row.campaign_id.filter(|_| waiting) {
        Some(id) => {
            let found = officer.app.campaigns.with_money(&[id]).await?.pop();
            found.and_then(|one| after_end(one.campaign.state))
        }
        None => None,
    };
    let general = row.purpose().general().is_some();
    let content = html! {
        (part::heading(&format!("捐赠 {}元", part::grouped(row.amount_fen)), &html! {
            (part::badge(words::donation(row.state)))
            (trail::who_saw(officer, &format!("donation:{id}")))
        }))
        @if let Some(open) = open { (open) }
        (part::refusal(said.get(&object)))
        (part::block("捐赠", &part::facts(&[
            ("订单号", html! { span class="code" { (row.id.simple()) } }),
            ("项目", campaign_name.link(officer, row.purpose())),
            ("途径", html! { (words::channel(row.channel)) }),
            ("金额", entry::yuan(officer, row.amount_fen, id)),
            ("已退", part::yuan(row.refunded_fen)),
            ("微信支付单号", html! { @if let Some(number) = &row.transaction_id { span class="code" { (number) } } }),
            ("下单时间", part::at(row.created_us)),
            ("付款时间", html! { @if let Some(at) = row.paid_us { (part::at(at)) } }),
            ("对账时间", html! { @if let Some(at) = row.settled_us { (part::at(at)) } }),
            ("捐赠人类型", html! { (row.donor_type().map(words::donor_type).unwrap_or_default()) }),
            ("署名方式", html! { (words::anonymity(row.anonymity)) }),
            ("致敬或纪念", html! { @if let Some(kind) = row.tribute { (kind.word()) @if row.tribute_shown { "，公开显示" } @else { "，不公开显示" } } }),
            ("通过团队", html! { @if let Some(team) = row.team_id { a href={ "/teams/" (team) } { "一起捐" } } }),
            ("票据", html! { (words::receipt_choice(row.receipt)) }),
            ("留言", html! { @if let Some(message) = &row.message { (message) @if message::is_hidden(&row) { " " (part::badge(("不公开", part::Tone::Bad))) } } }),
            ("收款账户", html! { (row.bank_account.clone().unwrap_or_default()) }),
            ("银行流水号", html! { @if let Some(reference) = &row.bank_reference { span class="code" { (reference) } } }),
            ("付款方", html! { (row.counterparty.as_deref().map(domain::mask::organisation).unwrap_or_default()) }),
            ("付款方信用代码", html! { @if let Some(code) = &row.payer_code { span class="code" { (code) } } }),
            ("登记人", html! { (names.maybe(row.author_id)) }),
            ("确认人", html! { (names.maybe(row.approver_id)) }),
        ])))
        @if let Some(words) = ended { p class="note" { (words) } }
        @if let Some(booked) = &booked { (booked) }
        @if !refunds.is_empty() {
            (part::block("退款", &html! { ul class="papers" { @for one in &refunds {
                li { a href=(refund::path(one.id)) { (part::grouped(one.amount_fen)) "元" } " " (part::badge(words::refund(one.state))) " "
                    (words::refund_reason(one.reason)) " " span class="faint" { (part::at(one.created_us)) } }
            } } }))
        }
        div class="steps" {
            @if waiting && row.author_id != Some(officer.id()) && officer.is(&[Role::Bookkeeper, Role::FinanceHead]) {
                (Step { name: "确认入账", will: if general { "确认银行已收到这笔款，将记入账簿：贷 410101 捐赠收入—非限定性，不计入任何项目的募集额。" } else { "确认银行已收到这笔款，将记入账簿并计入项目募集额。" }, to: &to("confirmation"), grave: false, fields: nothing() }.show(officer, refused("confirmation")))
                (Step { name: "驳回登记", will: "这笔登记作废，不记账。", to: &to("bank-rejection"), grave: true, fields: part::why(refused("bank-rejection")) }.show(officer, refused("bank-rejection")))
            }
            @if refundable && officer.is(&REFUNDERS) {
                (Step { name: "申请退款", will: if general { "将提出退款申请，由另一人审批；批准后从非限定性资金中退还。" } else { "将提出退款申请，由另一人审批；批准后从项目资金中退还。" }, to: &to("refund"), grave: false, fields: html! {
                    (part::new_id(of("refund")))
                    (Field::money(of("refund"), "amount", "退款金额（元）").required().hint(&format!("最多可退{}元", part::grouped(left))))
                    (Field::choice(of("refund"), "reason", "原因", &reasons).required())
                    (Field::area(of("refund"), "note", "说明").longest(200))
                } }.show(officer, refused("refund")))
            }
            @if row.message_state != "none" && officer.is(&MODERATORS) {
                @let hidden = message::is_hidden(&row);
                (Step { name: if hidden { "恢复显示留言" } else { "隐藏留言" }, will: if hidden { "留言将重新公开显示。" } else { "留言将不再公开显示。" },
                    to: &to(if hidden { "message-shown" } else { "message-hidden" }), grave: false,
                    fields: html! { (Field::text(of("message-hidden"), "reason", "原因").required().longest(500)) } }.show(officer, refused("message-hidden").or(refused("message-shown"))))
            }
            @if (row.donor_id.is_some() || row.name_sealed.is_some()) && officer.is(&UNMASKERS) {
                (Step { name: "查看捐赠人信息", will: "将显示捐赠人登记的姓名和昵称，并记录您查看的原因。", to: &to("unmasking"), grave: false, fields: html! {
                    (Field::text(of("unmasking"), "reason", "查看原因").required().longest(200))
                } }.show(officer, refused("unmasking")))
            }
        }
    };
    let way: &[(&str, &str)] = if officer.is(&SEARCHERS) { &[("/console/donations", "捐赠")] } else { &[] };
    Ok(officer.shown("捐赠", way, &content, typed))
}

/// One gift.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<DonationId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default(), None).await
}

/// A step with a gift.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(DonationId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let by = &officer.member;
    let mut check = form.check();
    let taken: Result<(&str, String), Problem> = async {
        Ok(match word.as_str() {
            "confirmation" => {
                officer.app.cashier.decide_bank_gift(id, true, by).await?;
                ("已确认入账。", path(id))
            }
            "bank-rejection" => {
                let decision = check.decision(false);
                check.done()?;
                officer.app.cashier.decide_bank_gift(id, decision, by).await?;
                ("已驳回。", path(id))
            }
            "refund" => {
                let (refund_id, amount): (RefundId, _) = (check.id("id"), check.money("amount"));
                let (reason, note) = (check.choice::<words::Key<RefundReason>>("reason"), check.optional("note"));
                check.done()?;
                let reason = reason.map(|key| key.0).ok_or_else(|| Problem::field("reason", "请选择"))?;
                let new = NewRefund { id: refund_id, donation: id, amount, reason, note };
                officer.app.refunds.request(new, by).await?;
                ("退款申请已提交，待另一人审批。", refund::path(refund_id))
            }
            "message-hidden" | "message-shown" => {
                let reason = check.text("reason");
                check.done()?;
                officer.app.campaigns.moderate(id, (word == "message-hidden", reason), by).await?;
                ("已办理。", path(id))
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok((done, next)) => Ok(officer.done(done, &next)),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused), None).await,
    }
}

/// Shows what a donor gave of themselves, on this one page.
#[handler]
pub(super) async fn post_unmask(
    officer: Officer,
    Path(id): Path<DonationId>,
    form: Form,
) -> Result<Response, PageError> {
    let fields = vec![PlainField::Name, PlainField::Nickname];
    match officer.app.privacy.unmask(id, fields, form.get("reason"), &officer.member).await {
        Ok(open) => {
            let plain = |field: PlainField| html! { (open.get(&field).cloned().flatten().unwrap_or_else(|| "（未填写）".to_owned())) };
            let shown = html! {
                section class="block note" {
                    h2 { "捐赠人信息" }
                    p { "查看已记录在案。离开此页后不再显示。" }
                    (part::facts(&[("姓名", plain(PlainField::Name)), ("昵称", plain(PlainField::Nickname))]))
                }
            };
            show(&officer, id, "", &Typed::default(), Some(&shown)).await
        }
        Err(refused) => show(&officer, id, "unmasking", &Typed::refused(&form, refused), None).await,
    }
}

/// Bank gifts: those that wait for a second person, or all.
#[handler]
pub(super) async fn get_bank_gifts(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&SEARCHERS)?;
    let asked = Asked::of(request);
    let waiting = asked.get("show") != Some("all");
    let found = officer.app.giving.bank_gifts(whose(&officer), waiting, asked.after(), asked.limit()).await;
    let found = found.map_err(Problem::of_list)?;
    let campaign_name = campaign_names(&officer, found.iter().filter_map(|row| row.campaign_id)).await?;
    let table = rows("银行捐赠", "没有待确认的银行捐赠。");
    let table = table.page(&asked, found, |row| row.id.uuid(), |row| cells(&officer, row, &campaign_name));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let shows = [("all".to_owned(), "全部".to_owned())];
    let content = html! {
        (part::heading("银行捐赠", &html! {
            @if officer.is(&[Role::Cashier, Role::Bookkeeper]) { a class="button primary" href="/console/bank-gifts/new" { "登记银行捐赠" } }
        }))
        (filter(&asked, &shows))
        (table.show(&asked))
    };
    Ok(officer.page("银行捐赠", &[("/console", "工作台")], &content).into_response())
}

fn filter(asked: &Asked, shows: &[(String, String)]) -> Markup {
    let all = asked.get("show") == Some("all");
    html! {
        nav class="tabs" aria-label="银行捐赠的范围" {
            a href=(asked.with(&[("show", ""), ("after", "")])) aria-current=[(!all).then_some("page")] { "待确认" }
            @for (key, word) in shows { a href=(asked.with(&[("show", key), ("after", "")])) aria-current=[all.then_some("page")] { (word) } }
        }
    }
}

/// The campaigns that money at the bank may still be for, by name.
/// Of one book only, if one is named. A parent takes none: its parts do.
pub(crate) async fn receiving(officer: &Officer, book: Option<BookId>) -> Result<Vec<(CampaignId, String)>, PageError> {
    let rows = officer.app.campaigns.page(None, &officer.member, None, 500).await?;
    let named = |row: entity::campaign::Model| match after_end(row.state) {
        Some(_) => (row.id, format!("{}（募捐已结束）", row.name)),
        None => (row.id, row.name),
    };
    let fits = |row: &entity::campaign::Model| {
        let here = book.is_none_or(|book| row.book_id == book);
        here && row.kind != CampaignKind::Parent && may_receive(row.state).is_ok()
    };
    Ok(rows.into_iter().filter(fits).map(named).collect())
}

async fn ask(officer: &Officer, typed: &Typed) -> Result<Response, PageError> {
    let mut campaigns = options(receiving(officer, None).await?);
    campaigns.extend(purpose::general_funds(officer, &[Role::Cashier, Role::Bookkeeper]).await?);
    let chosen = typed.form().given("campaign").and_then(|id| id.parse::<CampaignId>().ok());
    let ended = match chosen {
        Some(id) => officer.app.campaigns.with_money(&[id]).await?.pop().and_then(|one| after_end(one.campaign.state)),
        None => None,
    };
    let shown = options(words::all(words::anonymity));
    let receipts = options(words::all(words::receipt_choice));
    let banks = bank_names(officer).await?;
    // What comes by bank comes from organisations as a rule.
    let kinds = options(words::all(words::donor_type).into_iter().rev());
    let content = html! {
        h1 { "登记银行捐赠" }
        p class="note" { "登记后由另一人核对银行流水并确认，才会入账。募捐已结束、仍在执行的项目也可以登记，款项计入该项目；捐赠人没有指定项目的，选“一般捐赠（不限定用途）”。" }
        @if let Some(words) = ended { p class="note" { (words) } }
        (part::alert(typed))
        (officer.form("/console/bank-gifts", &html! {
            (part::new_id(typed))
            (Field::choice(typed, "campaign", "捐给哪个项目", &campaigns).required())
            div class="fields" {
                (Field::money(typed, "amount", "金额（元）").required())
                (Field::choice(typed, "donor_type", "捐赠人类型", &kinds).required())
                (Field::text(typed, "counterparty", "付款方").required().longest(100))
                (Field::text(typed, "credit_code", "统一社会信用代码").longest(18).needed("单位捐赠要开票据的填写，个人不填"))
                (Field::listed(typed, "bank_account", "收款账户简称", &banks).required().longest(40))
                (Field::text(typed, "reference", "银行流水号").required().longest(64))
                (Field::day(typed, "received_on", "到账日期").required())
                (Field::choice(typed, "anonymity", "署名方式", &shown).hint("不选则不公开名称。"))
                (Field::choice(typed, "receipt", "票据", &receipts).hint("不选则不开票据。"))
            }
            div class="go" { button type="submit" class="primary" { "登记" } }
        }))
    };
    Ok(officer.shown("登记银行捐赠", &[("/console/bank-gifts", "银行捐赠")], &content, typed))
}

/// What is said of a gift by bank to a campaign that takes no others any more: it is still the campaign's (decision 16).
fn after_end(state: CampaignState) -> Option<&'static str> {
    matches!(state, CampaignState::Ended | CampaignState::Executing).then_some(
        "该项目的募捐期已经结束。银行转来的这笔捐款仍可入账并用于该项目，也会计入项目的募集额；请核对捐款人确实是捐给这个项目。",
    )
}

/// The form of a bank gift.
#[handler]
pub(super) async fn get_blank(officer: Officer) -> Result<Response, PageError> {
    officer.must_be(&[Role::Cashier, Role::Bookkeeper])?;
    ask(&officer, &Typed::default()).await
}

/// Enters a bank gift.
#[handler]
pub(super) async fn post_enter(officer: Officer, form: Form) -> Result<Response, PageError> {
    let entered: Result<donation::Model, Problem> = async {
        let mut check = form.check();
        let id: DonationId = check.id("id");
        let purpose = check.choice::<purpose::Key>("campaign");
        let (counterparty, amount) = (check.text("counterparty"), check.money("amount"));
        let (bank_account, reference) = (check.text("bank_account"), check.text("reference"));
        let received_on = check.day("received_on");
        let code = check.optional("credit_code");
        let kind = check.choice::<words::Key<DonorType>>("donor_type");
        check.done()?;
        let kind = kind.map(|key| key.0).ok_or_else(|| Problem::field("donor_type", "请选择"))?;
        let payer = officer.app.giving.payer(id, kind, &counterparty, code.as_deref())?;
        let purpose = purpose.map(|key| key.0).ok_or_else(|| Problem::field("campaign", "请选择"))?;
        let received_on = received_on.ok_or_else(|| Problem::field("received_on", "请填写日期"))?;
        let anonymity = form.get("anonymity").parse::<words::Key<Anonymity>>().map_or(Anonymity::Hidden, |key| key.0);
        let receipt = form.get("receipt").parse::<words::Key<ReceiptChoice>>();
        let receipt = receipt.map_or(ReceiptChoice::Waived, |key| key.0);
        let gift = BankGift { id, purpose, payer, amount, bank_account, reference, received_on, anonymity, receipt };
        Ok(officer.app.cashier.enter_bank_gift(gift, &officer.member).await?)
    }
    .await;
    match entered {
        Ok(_) => Ok(officer.done("已登记，待另一人确认。", "/console/bank-gifts")),
        Err(refused) => ask(&officer, &Typed::refused(&form, refused)).await,
    }
}
