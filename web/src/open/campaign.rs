//! A campaign: what the law wants in a prominent place (facts: charity 2.1 Art. 25), its money as the books say it, what it was used for,
//! who gave as they chose to be seen, what was reported.

use std::sync::Arc;

use app::App;
use app::giving::WallGift;
use app::spending::open::{OpenSpending, Paid};
use crowdfunding::{PlanVersion, PublicCampaign, Standing};
use domain::campaign::{CampaignKind, CampaignState};
use domain::document::AttachmentKind;
use domain::{BusinessDate, CampaignId, CampaignUpdateId, Money};
use entity::{budget_line, campaign_update, milestone};
use maud::{Markup, html};
use poem::http::header;
use poem::web::{Data, Path};
use poem::{IntoResponse, Request, Response, handler};
use uuid::Uuid;

use super::campaigns::{percent, raised};
use super::complaint::HOW_TO_ASK;
use super::{as_of, disclosures, page, team};
use crate::chart::{self, Bar};
use crate::page::PageError;
use crate::part;
use crate::table::{Asked, Cell, Table, column, numbers};
use crate::words;

/// How many gifts, payments and reports the first page shows.
const FIRST: u64 = 10;

/// The page of a campaign.
#[handler]
pub(super) async fn get_show(Data(app): Data<&Arc<App>>, Path(campaign_id): Path<Uuid>) -> Result<Response, PageError> {
    let id = CampaignId::from(campaign_id);
    let (one, standing) = app.campaigns.page_of(id).await?;
    let (budget, plans) = (app.campaigns.public_budget(id).await?, app.campaigns.public_plans(id).await?);
    let milestones = app.campaigns.public_milestones(id).await?;
    let updates = app.campaigns.public_updates(id, None, FIRST).await?;
    let (gifts, more_gifts) = app.giving.wall(id, None, FIRST).await?;
    let teams = app.giving.teams(id, None, team::FIRST + 1).await?;
    let spent = app.spending.open(id, None, FIRST + 1).await?;
    let growth = app.open_books.growth(id).await?;
    let parts = if one.campaign.kind == CampaignKind::Parent {
        let of = crowdfunding::Search { parent: Some(id), ..crowdfunding::Search::default() };
        app.campaigns.search(&of, None, 50).await?
    } else {
        Vec::new()
    };
    let position = app.open_books.position().await?;
    let paid = app.spending.paid(id).await?;
    let published = app.disclosures.of_campaign(id, None, FIRST + 1).await?;
    let mut reports = Vec::with_capacity(updates.len());
    for update in updates {
        let pictures = app.campaigns.public_pictures(id, update.id).await?;
        let pictures = app.documents.of(&pictures).await?;
        let pictures =
            pictures.into_iter().map(|one| one.attachment).filter(|one| one.kind == AttachmentKind::Picture.as_str());
        reports.push((update, pictures.map(|one| one.id.uuid()).collect::<Vec<_>>()));
    }
    let row = &one.campaign;
    let base = format!("/campaigns/{}", row.id);
    let content = html! {
        div class="heading" { h1 { (row.name) } div class="beside" { (part::badge(words::campaign(row.state))) } }
        (notice(row.state))
        p class="lead" { (part::lines(&row.summary)) }
        div class="pair wide" {
            div {
                (money(&one, &standing, &paid, &growth))
                @if !budget.is_empty() { (part::block("预算与使用", &usage(&budget, &paid))) }
                @if !milestones.is_empty() { (part::block("项目进展", &progress(&milestones))) }
            }
            (legal(&one, &standing))
        }
        @if !parts.is_empty() {
            (part::block("子项目", &html! { ul class="plainlist" { @for part_of in &parts {
                li { a href={ "/campaigns/" (part_of.campaign.id) } { (part_of.campaign.name) } " " (part::yuan(raised(part_of))) }
            } } }))
        }
        @if row.kind == CampaignKind::Parent {
            (part::block("支出明细", &html! { p { "本项目由子项目执行，支出明细见各子项目。" } }))
        } @else {
            (part::block("支出明细", &payments_part(&spent, paid.total().1, &base)))
        }
        (part::block("执行反馈", &feedback(&reports, &base)))
        (part::block("信息公开", &disclosures::of_campaign(&published, FIRST, &base)))
        (part::block("爱心榜", &wall(&gifts, more_gifts.then(|| format!("{base}/gifts")))))
        @if !teams.is_empty() { (part::block("一起捐", &team::some(&teams, &base))) }
        (part::block("募捐方案", &plan_part(&plans)))
        (part::block("咨询与投诉", &html! {
            p { (HOW_TO_ASK) }
            p { "对本项目的募捐、用款或信息公开有意见，任何人都可以投诉，不需要登录，也不必留姓名。" a class="button" href={ (base) "/complaints" } { "我要投诉" } }
        }))
        p class="faint" {
            "以上合计数由账簿直接给出"
            @if let Some(at) = &position { "，" (as_of(at)) }
            "。" a href="/transparency#seals" { "如何核验" }
        }
    };
    Ok(page(&row.name, "/", &content).into_response())
}

/// What a visitor has to know first.
fn notice(state: CampaignState) -> Markup {
    let said = match state {
        CampaignState::Suspended => "本项目正在核查，暂停接受捐赠，善款已冻结。",
        CampaignState::Paused => "本项目暂停接受捐赠。",
        CampaignState::EmergencyOpen => {
            "本项目为应对突发事件的应急募捐，将在开展之日起十日内补办备案；应急阶段至少每五日公布一次接收情况。"
        }
        CampaignState::Terminated => "本项目已终止，剩余善款按募捐方案处理。",
        _ => return html! {},
    };
    html! { p class="note" role="note" { (said) } }
}

/// The money: what was raised is what is paid, what is approved and not paid, what was booked otherwise, and what is left.
fn money(one: &PublicCampaign, standing: &Standing, paid: &Paid, growth: &[(BusinessDate, Money)]) -> Markup {
    let row = &one.campaign;
    let raised = raised(one);
    let taken = one.fund.used.checked_add(one.fund.committed).unwrap_or(Money::MAX);
    let left = raised.checked_sub(taken).unwrap_or(Money::ZERO);
    let (owed, paid) = paid.total();
    // Goods that were given away, and what vouchers charged to the campaign, had no payout.
    let other = [paid, owed].into_iter().try_fold(taken, Money::checked_sub).unwrap_or(Money::ZERO);
    let title = format!("已筹{}元，目标{}元", part::grouped(raised), part::grouped(row.target_fen));
    html! {
        section class="block" {
            h2 { "善款" }
            p class="big" { (part::yuan(raised)) span class="faint" { " 元 · 目标的" (percent(raised, row.target_fen)) "%" } }
            (chart::gauge(raised, Money::ZERO, row.target_fen, &title))
            dl class="figures small" {
                div { dt { "目标" } dd { (part::yuan(row.target_fen)) } }
                div { dt { "捐赠笔数" } dd { (part::whole(one.gifts)) } }
                div { dt { "已退款" } dd { (part::yuan(one.refunded)) } }
                @if one.fund.raised_goods.is_positive() { div { dt { "其中物资" } dd { (part::yuan(one.fund.raised_goods)) } } }
                div { dt { "已支付" } dd { (part::yuan(paid)) } }
                div { dt { "已批准未付" } dd { (part::yuan(owed)) } }
                @if other != Money::ZERO { div { dt { "其他支出" } dd { (part::yuan(other)) } } }
                div { dt { "未使用" } dd { (part::yuan(left)) } }
            }
            @if growth.len() > 1 {
                h3 { "累计筹集" }
                (chart::bars("累计筹集随时间的变化", &grown(growth)))
            }
            p class="faint" { "起止 " (part::at(row.starts_us)) " 至 " (part::at(row.ends_us)) "。已筹为实收减去已决定的退款；已支付为银行已付出的款项，与支出明细一致；" @if other != Money::ZERO { "其他支出为物资发放和直接记账的费用；" } @if row.kind == CampaignKind::Parent { "捐赠请选择下列子项目。" } @else if standing.by_wechat { "捐赠请打开微信小程序“桑梓”。" } }
            @if let Some(ways) = &standing.other_ways { p class="note" { (ways) } }
        }
    }
}

/// The total after each of at most so many even steps of time, the last one being today's.
fn grown(growth: &[(BusinessDate, Money)]) -> Vec<Bar> {
    const BARS: i64 = 24;
    let (Some((first, _)), Some((last, _))) = (growth.first(), growth.last()) else { return Vec::new() };
    let days = first.days_to(*last) + 1;
    let step = (days + BARS - 1) / BARS;
    let mut bars = Vec::new();
    let (mut total, mut at) = (Money::ZERO, 0);
    for number in 1..=(days + step - 1) / step {
        let until = first.after_days((number * step - 1).min(days - 1)).unwrap_or(*last);
        while let Some((_, moved)) = growth.get(at).filter(|(day, _)| *day <= until) {
            total = total.checked_add(*moved).unwrap_or(Money::MAX);
            at += 1;
        }
        let label = until.to_string();
        bars.push(Bar { label: label.get(5..).unwrap_or(&label).to_owned(), amount: total });
    }
    bars
}

fn legal(one: &PublicCampaign, standing: &Standing) -> Markup {
    let row = &one.campaign;
    let text = |text: &str| html! { (text) };
    let or = |text: Option<&str>| text.map_or_else(|| html! {}, |text| html! { (text) });
    let responsible = standing.plan.as_ref().map(|plan| &plan.plan.terms.responsible);
    html! {
        section class="block" {
            h2 { "公开募捐信息" }
            dl class="facts" {
                div class="wide" { dt { "慈善组织" } dd { (one.charity) } }
                div { dt { "统一社会信用代码" } dd class="code" { (or(standing.credit_code.as_deref())) } }
                div { dt { "公开募捐资格证书" } dd {
                    @match &standing.certificate {
                        Some(paper) => { span class="code" { (paper.number) } br; (paper.issuer) "，" (paper.issued_on) " 至 " (paper.expires_on) },
                        None => "—",
                    }
                } }
                div { dt { "备案编号" } dd class="code" {
                    @match (&row.filing_number, standing.filing_due) {
                        (Some(number), _) => (number),
                        (None, Some(due)) => { "应急募捐，须于 " (due) " 前备案" },
                        (None, None) => "—",
                    }
                } }
                @if let Some(responsible) = responsible { div { dt { "负责人" } dd { (responsible.name) } } }
                @if let Some(charity) = &standing.charity {
                    div { dt { "联系方式" } dd { (text(&charity.contact)) } }
                    div { dt { "办公地址" } dd { (text(&charity.office_address)) } }
                    div class="wide" { dt { "信息查询" } dd { a href=(charity.information_url) rel="noopener" { (charity.information_url) } } }
                }
                @if let Some(number) = &row.platform_number {
                    div { dt { "指定平台项目编号" } dd { @match &row.platform_url { Some(url) => a href=(url) rel="noopener" { (number) }, None => (number) } } }
                }
                @if let Some(partner) = standing.plan.as_ref().and_then(|plan| plan.plan.terms.cooperation.as_ref()) {
                    div { dt { "合作方" } dd { (partner.name) } }
                }
            }
        }
    }
}

fn usage(budget: &[budget_line::Model], paid: &Paid) -> Markup {
    let columns = [
        column("预算项目"),
        column("类别"),
        numbers("预算"),
        numbers("已支付"),
        numbers("已批准未付"),
        numbers("剩余"),
    ];
    let rows = budget.iter().map(|line| {
        let (owed, paid) = paid.of(&line.code);
        let left = [line.committed_fen, line.used_fen].into_iter().try_fold(line.planned_fen, Money::checked_sub);
        vec![
            Cell::text(line.name.clone()),
            Cell::text(words::budget_kind(line.kind)),
            Cell::yuan(line.planned_fen),
            Cell::yuan(paid),
            Cell::yuan(owed),
            Cell::yuan(left.unwrap_or(Money::ZERO)),
        ]
    });
    html! {
        (Table::new("预算与使用", &columns, "方案没有预算。").whole(rows).plain())
        @for line in budget {
            @let (owed, paid) = paid.of(&line.code);
            @let share = percent(paid, line.planned_fen);
            p class="meter" {
                span { (line.name) }
                (chart::gauge(paid, owed, line.planned_fen, &format!("{}已支付预算的百分之{share}", line.name)))
                span class="faint" { (share) "%" }
            }
        }
    }
}

fn payments_part(spent: &OpenSpending, paid: Money, base: &str) -> Markup {
    let shown = usize::try_from(FIRST).unwrap_or(usize::MAX);
    html! {
        (listed(spent, paid, payouts(spent.payouts.iter().take(shown))))
        @if spent.payouts.len() > shown { p { a href={ (base) "/payments" } { "全部支出" } } }
    }
}

fn children(spent: &OpenSpending) -> Markup {
    let place = |code: &Option<String>| match code.as_deref() {
        Some(code) => {
            domain::division::hebei().iter().find(|one| one.code == code).map_or(code, |one| one.name).to_owned()
        }
        None => "其他县（市、区）合计".to_owned(),
    };
    let rows = spent
        .children
        .iter()
        .map(|cell| vec![Cell::text(place(&cell.division)), Cell::number(cell.count), Cell::yuan(cell.amount)]);
    html! {
        @if !spent.children.is_empty() {
            h3 { "资助未成年人（按县汇总）" }
            (Table::new("资助未成年人", &[column("地区"), numbers("笔数"), numbers("金额")], "").whole(rows).plain())
            p class="faint" { "为保护未成年人，只公布各县合计，少于五人的并入其他。" }
        }
    }
}

/// Aid to children by county, and payments one by one; together with what no row may tell they are what was paid.
fn listed(spent: &OpenSpending, paid: Money, payouts: Table) -> Markup {
    html! {
        (children(spent))
        @if !spent.payouts.is_empty() {
            @if !spent.children.is_empty() { h3 { "其他支出" } }
            (payouts.plain())
        } @else if spent.children.is_empty() && !paid.is_positive() {
            (part::nothing_here("还没有支出。"))
        }
        @if paid.is_positive() {
            p class="faint" { "受助未成年人太少、按县汇总仍会指向个人的，不单独列出，金额计入已支付；已退回的款项从金额中扣除。" }
        }
    }
}

fn payouts<'a>(rows: impl Iterator<Item = &'a app::spending::open::OpenPayout>) -> Table {
    let columns = [column("付款日"), column("用途"), column("收款方"), numbers("金额")];
    let rows = rows.map(|one| {
        vec![
            Cell::day(one.paid_on),
            Cell::text(one.purpose.clone()),
            Cell::text(one.payee.clone()),
            Cell::yuan(one.amount),
        ]
    });
    Table::new("支出明细", &columns, "还没有支出。").whole(rows)
}

fn progress(milestones: &[milestone::Model]) -> Markup {
    html! {
        ol class="milestones" {
            @for one in milestones {
                li class={ @if one.progress >= 100 { "met" } } {
                    strong { (one.name) } " " span class="faint" { "计划 " (one.due) " · 完成" (one.progress) "%" }
                    @if !one.note.is_empty() { p { (one.note) } }
                }
            }
        }
    }
}

fn feedback(reports: &[(campaign_update::Model, Vec<Uuid>)], base: &str) -> Markup {
    if reports.is_empty() {
        return part::nothing_here("还没有发布执行反馈。");
    }
    html! {
        @for (one, pictures) in reports {
            article class="report" {
                h3 { (one.title) @if one.corrects_id.is_some() { " " span class="badge waiting" { "更正" } } }
                @if let Some(at) = one.published_us { p class="faint" { (part::at(at)) } }
                p { (part::lines(&one.words)) }
                @if !pictures.is_empty() {
                    p class="pictures" { @for picture in pictures {
                        img loading="lazy" alt={ (one.title) "的照片" } src={ (base) "/updates/" (one.id) "/pictures/" (picture) };
                    } }
                }
            }
        }
    }
}

pub(super) fn wall(gifts: &[WallGift], more: Option<String>) -> Markup {
    html! {
        @if gifts.is_empty() {
            (part::nothing_here("还没有捐赠，期待您的第一份爱心。"))
        } @else {
            ul class="wall" { @for gift in gifts { (wall_gift(gift)) } }
            @if let Some(more) = more { p { a href=(more) { "查看更多" } } }
        }
    }
}

fn wall_gift(gift: &WallGift) -> Markup {
    html! {
        li {
            span { strong { (gift.shown.donor) } @if let Some(tribute) = &gift.shown.tribute { " " (tribute) } @if let Some(message) = &gift.shown.message { " " span class="faint" { "“" (message) "”" } } }
            span { @match gift.shown.amount { Some(amount) => (part::yuan(amount)), None => span class="faint" { "金额不公开" } } }
            span class="faint" { (part::at(gift.at)) }
        }
    }
}

fn plan_part(plans: &[PlanVersion]) -> Markup {
    let Some(current) = plans.iter().find(|version| version.state == "in_force").or(plans.last()) else {
        return part::nothing_here("本项目早于电子募捐方案。");
    };
    html! {
        (plan_text(current))
        @for old in plans.iter().rev().filter(|version| version.version != current.version) {
            details class="older" {
                summary { "第" (old.version) "版" @if let Some(at) = old.in_force { "（自 " (part::at(at)) " 起）" } "，已被替代" }
                (plan_text(old))
            }
        }
    }
}

fn named<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join("、")
}

fn plan_text(version: &PlanVersion) -> Markup {
    let (plan, terms) = (&version.plan, &version.plan.terms);
    let text = |text: &str| {
        if text.is_empty() {
            html! {}
        } else {
            part::lines(text)
        }
    };
    html! {
        p class="faint" { "第" (version.version) "版" @if let Some(at) = version.in_force { "，自 " (part::at(at)) " 起有效" } }
        (part::facts(&[
            ("目标金额", part::yuan(plan.target)),
            ("超过目标", if plan.over_target { text(&terms.over_target_rule) } else { html! { "达到目标即停止接受捐赠" } }),
            ("募捐目的", text(&terms.purpose)),
            ("活动地域", text(&terms.area)),
            ("募捐方式", html! { (named(terms.methods.iter().map(|method| words::method(*method)))) }),
            ("异地募捐", html! { @if terms.offsite { "有" @if let Some(filing) = &terms.offsite_filing { "，备案情况：" (filing) } } @else { "没有" } }),
            ("捐赠途径", html! { (named(terms.ways.iter().map(|way| words::way(*way)))) }),
            ("收款账户", text(&terms.bank_account)),
            ("受益人范围", text(&terms.beneficiaries.scope)),
            ("预计受益人数", html! { (terms.beneficiaries.expected) }),
            ("受益人确定方式", text(&terms.beneficiaries.selection)),
            ("款物用途", text(&terms.usage)),
            ("剩余财产处理", text(&terms.leftover)),
            ("慈善中国项目编号", text(terms.project_number.as_deref().unwrap_or_default())),
            ("其他需要说明的情况", text(terms.remarks.as_deref().unwrap_or_default())),
        ]))
    }
}

/// All gifts, a page at a time.
#[handler]
pub(super) async fn get_gifts(
    Data(app): Data<&Arc<App>>,
    Path(campaign_id): Path<Uuid>,
    request: &Request,
) -> Result<Response, PageError> {
    let (asked, id) = (Asked::of(request), CampaignId::from(campaign_id));
    let one = app.campaigns.public(id).await?;
    let (found, more) = app.giving.wall(id, asked.cursor()?, 50).await?;
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let content = html! {
        (part::heading(&format!("{} · 爱心榜", one.campaign.name), &html! { a href={ "/campaigns/" (one.campaign.id) } { "回到项目" } }))
        p class="faint" { "共" (part::whole(one.gifts)) "笔。姓名、金额按捐赠人的选择公开；已全部退回的不列出。" }
        (part::block("捐赠", &wall(&found, None)))
        (part::more(&asked, next.as_deref()))
    };
    Ok(page(&one.campaign.name, "/", &content).into_response())
}

/// All payments, a page at a time.
#[handler]
pub(super) async fn get_payments(
    Data(app): Data<&Arc<App>>,
    Path(campaign_id): Path<Uuid>,
    request: &Request,
) -> Result<Response, PageError> {
    let (asked, id) = (Asked::of(request), CampaignId::from(campaign_id));
    let one = app.campaigns.public(id).await?;
    let (_, paid) = app.spending.paid(id).await?.total();
    let mut spent = app.spending.open(id, asked.cursor()?, 51).await?;
    let next = (spent.payouts.len() > 50).then(|| spent.payouts[49].id.to_string());
    spent.payouts.truncate(50);
    let content = html! {
        (part::heading(&format!("{} · 支出明细", one.campaign.name), &html! { a href={ "/campaigns/" (one.campaign.id) } { "回到项目" } }))
        p { "已支付合计 " (part::yuan(paid)) " 元。" }
        (listed(&spent, paid, payouts(spent.payouts.iter())))
        (part::more(&asked, next.as_deref()))
    };
    Ok(page(&one.campaign.name, "/", &content).into_response())
}

/// A picture of a published report.
#[handler]
pub(super) async fn get_picture(
    Data(app): Data<&Arc<App>>,
    Path((campaign_id, update_id, picture_id)): Path<(Uuid, Uuid, Uuid)>,
) -> Result<Response, PageError> {
    let object = app.campaigns.public_pictures(campaign_id.into(), CampaignUpdateId::from(update_id)).await?;
    let content = app.documents.picture(&object, picture_id.into()).await?;
    Ok(Response::builder()
        .content_type(content.media_type)
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox")
        .header(header::CACHE_CONTROL, "public, max-age=86400")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(content.bytes))
}
