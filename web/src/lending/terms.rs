//! The terms of a product as a form: written down, read back, and kept while something in them is wrong. A new version begins with what the
//! last one says.

use std::collections::BTreeMap;
use std::fmt::Display;

use ::lending::product::Version;
use app::problem::Problem;
use domain::lending::ProductTerms;
use domain::lending::product::{
    AllocationRule, CompensationRule, Fee, PenaltyRule, PrepaymentRule, Price, SubsidyRule,
};
use domain::loan::allocation::{Component, Scan};
use domain::loan::overdue::{Class, GraceMode};
use domain::{BookId, Iterable, LoanProductId, Multiplier, Rate, division};
use entity::{book, loan_product};
use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};
use serde::de::DeserializeOwned;

use super::product::{LIST, path};
use super::shelf::{self, Shelf};
use super::words;
use crate::field::{Field, cell, options, ticks};
use crate::form::{Check, Form, Typed, percent};
use crate::page::PageError;
use crate::part;
use crate::session::Officer;
use crate::words::{self as all_words, Key};

/// How many fees a product may have.
const FEES: usize = 5;

/// What may be written next: the version, and what it begins with.
struct Next {
    version: i64,
    begins: Form,
}

/// The version that somebody may write: their own draft again, or the one after the last. Nothing while somebody else's draft waits.
fn next(versions: &[Version], officer: &Officer) -> Option<Next> {
    match versions.iter().max_by_key(|one| one.row.version) {
        None => Some(Next { version: 1, begins: usual() }),
        Some(last) if last.row.published_us.is_some() => {
            Some(Next { version: last.row.version + 1, begins: to_form(&last.terms) })
        }
        Some(draft) if draft.row.author_id == officer.id() => {
            Some(Next { version: draft.row.version, begins: to_form(&draft.terms) })
        }
        Some(_) => None,
    }
}

/// The way to the form, from the page of a product, for whoever may write.
pub(super) fn lead(officer: &Officer, id: LoanProductId, versions: &[Version]) -> Markup {
    html! {
        @if let Some(next) = next(versions, officer) {
            a class="button" href={ (path(id)) "/terms" } {
                @if versions.iter().any(|one| one.row.version == next.version) { "修改第" (next.version) "版草稿" } @else { "编写第" (next.version) "版条款" }
            }
        }
    }
}

/// What most products say, where nobody has said anything yet.
fn usual() -> Form {
    let mut form = Form::of([
        ("min_age", "18"),
        ("max_age", "45"),
        ("price.tenor", "one_year"),
        ("price.spread_bp", "0"),
        ("price.repricing", "fixed"),
        ("interest_mode", "monthly"),
        ("day_count", "ACT/360"),
        ("odd_first_period", "yes"),
        ("penalty.multiplier", "1.5"),
        ("penalty.misuse", "2"),
        ("penalty.compound", "yes"),
        ("penalty.grace_days", "0"),
        ("penalty.grace_mode", "excluded"),
        ("prepayment.fee_rate", "0"),
        ("prepayment.fee_months", "0"),
        ("renewals", "3"),
    ]);
    order_fields(&mut form, &AllocationRule::usual());
    form
}

fn order_fields(form: &mut Form, rule: &AllocationRule) {
    form.add("allocation.scan", all_words::key(rule.scan));
    for (class, order) in &rule.orders {
        let order: Vec<&str> = order.iter().map(|one| words::component(*one)).collect();
        form.add(&order_name(*class), order.join("、"));
    }
}

fn order_name(class: Class) -> String {
    format!("allocation.{}", all_words::key(class))
}

fn said<T: Display>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Terms as the fields of a form.
fn to_form(terms: &ProductTerms) -> Form {
    let mut form = Form::default();
    let yes = |is: bool| if is { "yes" } else { "" };
    let mut add = |name: &str, value: String| form.add(name, value);
    for one in &terms.applicants {
        add("applicants", all_words::key(*one));
    }
    for one in &terms.industries {
        add("industries", all_words::key(*one));
    }
    for one in &terms.guarantees {
        add("guarantees", all_words::key(*one));
    }
    for one in &terms.methods {
        add("methods", all_words::key(*one));
    }
    for fee in &terms.fees {
        add("fee_name", fee.name.clone());
        add("fee_rate", percent(fee.rate));
    }
    let places: Vec<String> = terms.divisions.iter().map(|code| shelf::place(code)).collect();
    let rate = |rate: Option<Rate>| rate.map(percent).unwrap_or_default();
    let (price, penalty) = (&terms.price, &terms.penalty);
    let fields = [
        ("min_age", terms.min_age.to_string()),
        ("max_age", terms.max_age.to_string()),
        ("min_amount", terms.min_amount.to_string()),
        ("max_amount", terms.max_amount.to_string()),
        ("min_term", terms.min_term.to_string()),
        ("max_term", terms.max_term.to_string()),
        ("divisions", places.join("、")),
        ("price.tenor", all_words::key(price.tenor)),
        ("price.spread_bp", price.spread_bp.to_string()),
        ("price.floor", rate(price.floor)),
        ("price.cap", rate(price.cap)),
        ("price.repricing", all_words::key(price.repricing)),
        ("interest_mode", all_words::key(terms.interest_mode)),
        ("day_count", all_words::key(terms.day_count)),
        ("odd_first_period", yes(terms.odd_first_period).to_owned()),
        ("penalty.multiplier", penalty.multiplier.to_string()),
        ("penalty.misuse", penalty.misuse.to_string()),
        ("penalty.compound", yes(penalty.compound).to_owned()),
        ("penalty.grace_days", penalty.grace_days.to_string()),
        ("penalty.grace_mode", all_words::key(penalty.grace_mode)),
        ("prepayment.fee_rate", percent(terms.prepayment.fee_rate)),
        ("prepayment.fee_months", terms.prepayment.fee_months.to_string()),
        ("renewals", terms.renewals.to_string()),
    ];
    for (name, value) in fields {
        add(name, value);
    }
    if let Some(subsidy) = &terms.subsidy {
        let fields = [
            ("subsidy", "yes".to_owned()),
            ("subsidy.model", all_words::key(subsidy.model)),
            ("subsidy.value", percent(subsidy.value)),
            ("subsidy.max_instalments", said(subsidy.max_instalments)),
            ("subsidy.until", said(subsidy.until)),
            ("subsidy.cap_total", said(subsidy.cap_total)),
            ("subsidy.payer", subsidy.payer.clone()),
            ("subsidy.flow", all_words::key(subsidy.flow)),
            ("subsidy.book", said(subsidy.book)),
            ("subsidy.recipient", all_words::key(subsidy.recipient)),
        ];
        for (name, value) in fields {
            add(name, value);
        }
    }
    if let Some(pool) = &terms.compensation {
        let fields = [
            ("compensation", "yes".to_owned()),
            ("compensation.holder", pool.holder.clone()),
            ("compensation.book", said(pool.book)),
            ("compensation.ratio", percent(pool.ratio)),
            ("compensation.trigger_days", pool.trigger_days.to_string()),
            ("compensation.cap_multiple", pool.cap_multiple.to_string()),
        ];
        for (name, value) in fields {
            add(name, value);
        }
    }
    order_fields(&mut form, &terms.allocation);
    form
}

/// The code of a place by its name, or by the code itself: 邢台市, 邢台市信都区, or 信都区 if there is one of that name only.
fn code_of(name: &str) -> Option<String> {
    let all = || division::hebei().iter().filter(|one| one.parent.is_some());
    if let Some(known) = all().find(|one| one.code == name || shelf::place(one.code) == name) {
        return Some(known.code.to_owned());
    }
    let mut alike = all().filter(|one| one.name == name && one.valid_to.is_none());
    match (alike.next(), alike.next()) {
        (Some(only), None) => Some(only.code.to_owned()),
        _ => None,
    }
}

/// Words that somebody wrote one after the other.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(['、', '，', ',', ' ', '\n']).map(str::trim).filter(|one| !one.is_empty())
}

fn chosen<T: DeserializeOwned>(form: &Form, name: &str) -> Vec<T> {
    form.all(name).filter_map(|one| one.parse::<Key<T>>().ok()).map(|key| key.0).collect()
}

fn one<T: DeserializeOwned>(check: &mut Check<'_>, name: &str) -> Option<T> {
    check.choice::<Key<T>>(name).map(|key| key.0)
}

fn times(check: &mut Check<'_>, form: &Form, name: &str) -> Option<Multiplier> {
    let read = form.get(name).parse().ok();
    if read.is_none() {
        check.say(name, "倍数的写法如 1.5");
    }
    read
}

fn fees(check: &mut Check<'_>, form: &Form) -> Vec<Fee> {
    let rows = form.all("fee_name").zip(form.all("fee_rate"));
    let mut fees = Vec::new();
    for (name, rate) in rows.filter(|(name, rate)| !name.is_empty() || !rate.is_empty()) {
        match format!("{}%", rate.trim_end_matches(['%', '％'])).parse() {
            Ok(rate) => fees.push(Fee { name: name.to_owned(), rate }),
            Err(_) => check.say("fees", &format!("费用“{name}”的费率写法如 1.5")),
        }
    }
    fees
}

fn allocation(check: &mut Check<'_>, form: &Form) -> BTreeMap<Class, Vec<Component>> {
    let component = |word: &str| Component::iter().find(|one| words::component(*one) == word);
    let mut orders = BTreeMap::new();
    for class in Class::iter() {
        let name = order_name(class);
        let order: Option<Vec<Component>> = listed(form.get(&name)).map(component).collect();
        let whole =
            order.filter(|order| Component::iter().all(|one| order.iter().filter(|two| **two == one).count() == 1));
        match whole {
            Some(order) => drop(orders.insert(class, order)),
            None => check.say(&name, "依次写明费用、罚息、复利、利息、本金，各一次"),
        }
    }
    orders
}

fn subsidy(check: &mut Check<'_>, form: &Form) -> Option<SubsidyRule> {
    if !form.ticked("subsidy") {
        return None;
    }
    let (model, flow, recipient) =
        (one(check, "subsidy.model"), one(check, "subsidy.flow"), one(check, "subsidy.recipient"));
    let value = check.percent("subsidy.value");
    let max_instalments =
        form.given("subsidy.max_instalments").and_then(|_| check.number::<u32>("subsidy.max_instalments"));
    let (until, cap_total) = (check.day_or_none("subsidy.until"), check.money_or_none("subsidy.cap_total"));
    let book: Option<BookId> = check.id_or_none("subsidy.book");
    let payer = check.text("subsidy.payer");
    Some(SubsidyRule {
        model: model?,
        value,
        max_instalments,
        until,
        cap_total,
        payer,
        flow: flow?,
        book,
        recipient: recipient?,
    })
}

fn compensation(check: &mut Check<'_>, form: &Form) -> Option<CompensationRule> {
    if !form.ticked("compensation") {
        return None;
    }
    Some(CompensationRule {
        holder: check.text("compensation.holder"),
        book: check.id_or_none("compensation.book"),
        ratio: check.percent("compensation.ratio"),
        trigger_days: check.number("compensation.trigger_days").unwrap_or_default(),
        cap_multiple: check.number("compensation.cap_multiple").unwrap_or_default(),
    })
}

/// Reads terms. What cannot be read is refused here, all of it at once; what is not allowed, by the terms themselves.
fn read(form: &Form) -> Result<ProductTerms, Problem> {
    let mut check = form.check();
    let mut divisions = Vec::new();
    for name in listed(form.get("divisions")) {
        match code_of(name) {
            Some(code) => divisions.push(code),
            None => check.say("divisions", &format!("没有“{name}”，或重名：请写全市和县的名称，如邢台市信都区")),
        }
    }
    let price = (one(&mut check, "price.tenor"), one(&mut check, "price.repricing"));
    let (interest_mode, day_count) = (one(&mut check, "interest_mode"), one(&mut check, "day_count"));
    let scan = one::<Scan>(&mut check, "allocation.scan");
    let grace_mode = one::<GraceMode>(&mut check, "penalty.grace_mode");
    let (multiplier, misuse) =
        (times(&mut check, form, "penalty.multiplier"), times(&mut check, form, "penalty.misuse"));
    let (min_amount, max_amount) = (check.money("min_amount"), check.money("max_amount"));
    let mut number = |name: &str| check.number::<u32>(name).unwrap_or_default();
    let (min_age, max_age) = (number("min_age"), number("max_age"));
    let (min_term, max_term) = (number("min_term"), number("max_term"));
    let (grace_days, fee_months) = (number("penalty.grace_days"), number("prepayment.fee_months"));
    let spread_bp = check.number("price.spread_bp").unwrap_or_default();
    let renewals = check.number("renewals").unwrap_or_default();
    let (floor, cap) = (check.percent_or_none("price.floor"), check.percent_or_none("price.cap"));
    let fee_rate = check.percent("prepayment.fee_rate");
    let (fees, orders) = (fees(&mut check, form), allocation(&mut check, form));
    let (subsidy, compensation) = (subsidy(&mut check, form), compensation(&mut check, form));
    check.done()?;
    // Whatever is missing has been said; this sentence is never read.
    let missing = || Problem::field("price.tenor", "请选择");
    Ok(ProductTerms {
        applicants: chosen(form, "applicants"),
        min_age,
        max_age,
        min_amount,
        max_amount,
        min_term,
        max_term,
        divisions,
        industries: chosen(form, "industries"),
        guarantees: chosen(form, "guarantees"),
        price: Price {
            tenor: price.0.ok_or_else(missing)?,
            spread_bp,
            floor,
            cap,
            repricing: price.1.ok_or_else(missing)?,
        },
        fees,
        methods: chosen(form, "methods"),
        interest_mode: interest_mode.ok_or_else(missing)?,
        day_count: day_count.ok_or_else(missing)?,
        odd_first_period: form.ticked("odd_first_period"),
        allocation: AllocationRule { scan: scan.ok_or_else(missing)?, orders },
        penalty: PenaltyRule {
            multiplier: multiplier.ok_or_else(missing)?,
            misuse: misuse.ok_or_else(missing)?,
            compound: form.ticked("penalty.compound"),
            grace_days,
            grace_mode: grace_mode.ok_or_else(missing)?,
        },
        prepayment: PrepaymentRule { fee_rate, fee_months },
        subsidy,
        compensation,
        renewals,
    })
}

fn fee_rows(form: &Form) -> Markup {
    let at = |name: &str, row: usize| form.all(name).nth(row).unwrap_or_default().to_owned();
    html! {
        div class="rows" {
            @for row in 0..FEES {
                div class="row" {
                    (cell("费用名称", &html! { input name="fee_name" value=(at("fee_name", row)) placeholder="名称，如担保费" aria-label={ "第" (row + 1) "项的费用名称" } maxlength="40"; }))
                    (cell("占本金的百分比", &html! { input name="fee_rate" value=(at("fee_rate", row)) placeholder="占本金的%" inputmode="decimal" aria-label={ "第" (row + 1) "项费用占本金的百分比" } size="8"; }))
                }
            }
        }
    }
}

/// The fault of a part that has no field of its own.
fn fault(typed: &Typed, name: &str) -> Markup {
    html! { @if let Some(fault) = typed.fault(name) { p class="fault" { (fault) } } }
}

/// When the fields of a subsidy, and those of a compensation, may not be left out.
const SUBSIDISED: &str = "有贴息时必填";
const COMPENSATED: &str = "有风险补偿时必填";

fn fields(typed: &Typed, books: &[book::Model]) -> Markup {
    let of_books = |charities: bool| {
        let kept = books.iter().filter(|book| charities || book.kind != "charity");
        let mut all = vec![(String::new(), "不经账套".to_owned())];
        all.extend(kept.map(|book| (book.id.to_string(), book.name.clone())));
        all
    };
    let (subsidy_books, pool_books) = (of_books(true), of_books(false));
    let (tenors, repricing) = (options(all_words::all(words::tenor)), options(all_words::all(words::repricing)));
    let (modes, counts) = (options(all_words::all(words::interest_mode)), options(all_words::all(words::day_count)));
    let (scans, graces) = (options(all_words::all(words::scan)), options(all_words::all(words::grace)));
    let models = options(all_words::all(words::subsidy));
    let (flows, recipients) = (options(all_words::all(words::subsidy_flow)), options(all_words::all(words::recipient)));
    html! {
        fieldset {
            legend { "对象与额度" }
            (ticks(typed, "applicants", "适用对象（至少选一项）", &all_words::all(words::applicant)))
            div class="fields" {
                (Field::number(typed, "min_age", "最低年龄（周岁）").required())
                (Field::number(typed, "max_age", "最高年龄（周岁）").required().hint("在18至60周岁之间。"))
                (Field::money(typed, "min_amount", "最低额度（元）").required())
                (Field::money(typed, "max_amount", "最高额度（元）").required())
                (Field::number(typed, "min_term", "最短期限（月）").required())
                (Field::number(typed, "max_term", "最长期限（月）").required().hint("个人最长120个月，适用于企业的最长60个月。"))
                (Field::number(typed, "renewals", "最多续贷次数").required().hint("0至3次。"))
            }
            (Field::area(typed, "divisions", "办理地区").longest(2000).hint("市或县的名称，以顿号隔开，如邢台市、保定市阜平县；不填为全省。"))
            (ticks(typed, "industries", "支持的行业（不选为不限）", &all_words::all(words::industry)))
            (ticks(typed, "guarantees", "担保方式（至少选一项）", &all_words::all(words::guarantee)))
            (ticks(typed, "methods", "还款方式（至少选一项）", &all_words::all(all_words::repayment)))
        }
        fieldset {
            legend { "利率与计息" }
            div class="fields" {
                (Field::choice(typed, "price.tenor", "LPR期限", &tenors).required())
                (Field::text(typed, "price.spread_bp", "在LPR上加点（基点）").required().longest(6).hint("一个基点是0.01%；减点写负数。"))
                (Field::text(typed, "price.floor", "利率下限（%）").longest(12))
                (Field::text(typed, "price.cap", "利率上限（%）").longest(12))
                (Field::choice(typed, "price.repricing", "利率调整", &repricing).required())
                (Field::choice(typed, "interest_mode", "计息方式", &modes).required())
                (Field::choice(typed, "day_count", "日数基准", &counts).required())
            }
            (Field::tick(typed, "odd_first_period", "按月计息时，首期按实际天数计息"))
        }
        fieldset {
            legend { "费用" }
            p class="hint" { "放款时一次收取，计入年化成本。没有的留空。" }
            (fault(typed, "fees"))
            (fee_rows(typed.form()))
        }
        fieldset {
            legend { "冲抵顺序" }
            p class="hint" { "还款先冲抵什么：各分类依次写明费用、罚息、复利、利息、本金。" }
            (fault(typed, "allocation"))
            div class="fields" {
                (Field::choice(typed, "allocation.scan", "多期欠款时", &scans).required())
                @for class in Class::iter() {
                    @let name = order_name(class);
                    @let label = format!("{}类", words::class(class).0);
                    (Field::text(typed, &name, &label).required().longest(40))
                }
            }
        }
        fieldset {
            legend { "逾期与提前还款" }
            div class="fields" {
                (Field::text(typed, "penalty.multiplier", "逾期罚息（合同利率的倍数）").required().longest(6).hint("1.3至1.5倍。"))
                (Field::text(typed, "penalty.misuse", "挪用罚息（合同利率的倍数）").required().longest(6).hint("1.5至2倍。"))
                (Field::number(typed, "penalty.grace_days", "宽限期（天）").required().hint("最多90天。"))
                (Field::choice(typed, "penalty.grace_mode", "宽限期以外", &graces).required())
                (Field::text(typed, "prepayment.fee_rate", "提前还款违约金（%）").required().longest(12).hint("占提前归还的本金，不高于5%。"))
                (Field::number(typed, "prepayment.fee_months", "前几个月收取").required())
            }
            (fault(typed, "prepayment"))
            (Field::tick(typed, "penalty.compound", "对欠付的利息计收复利"))
        }
        fieldset {
            legend { "贴息" }
            (Field::tick(typed, "subsidy", "有贴息（不勾选则以下不填）"))
            div class="fields" {
                (Field::choice(typed, "subsidy.model", "计算办法", &models).needed(SUBSIDISED))
                (Field::text(typed, "subsidy.value", "比例、点数或借款人负担的利率（%）").longest(12).needed(SUBSIDISED))
                (Field::number(typed, "subsidy.max_instalments", "前几期").hint("不填则每期都贴。"))
                (Field::day(typed, "subsidy.until", "截止日"))
                (Field::money(typed, "subsidy.cap_total", "贴息总额上限（元）"))
                (Field::text(typed, "subsidy.payer", "出资方").longest(40).needed(SUBSIDISED))
                (Field::choice(typed, "subsidy.flow", "资金路径", &flows).needed(SUBSIDISED))
                (Field::choice(typed, "subsidy.book", "经过的账套", &subsidy_books).needed("财政直接支付的不填，其他必填"))
                (Field::choice(typed, "subsidy.recipient", "受领方", &recipients).needed(SUBSIDISED))
            }
        }
        fieldset {
            legend { "风险补偿" }
            (Field::tick(typed, "compensation", "有风险补偿（不勾选则以下不填）"))
            p class="hint" { "慈善组织的财产不得承担贷款风险，不能作为补偿金。" }
            div class="fields" {
                (Field::text(typed, "compensation.holder", "管理方").longest(40).needed(COMPENSATED))
                (Field::choice(typed, "compensation.book", "管理方的账套", &pool_books))
                (Field::text(typed, "compensation.ratio", "承担损失的比例（%）").longest(12).needed(COMPENSATED))
                (Field::number(typed, "compensation.trigger_days", "逾期多少天后补偿").needed(COMPENSATED).hint("1至360天。"))
                (Field::number(typed, "compensation.cap_multiple", "放大倍数").needed(COMPENSATED).hint("1至20倍。"))
            }
        }
    }
}

async fn known(officer: &Officer, id: LoanProductId) -> Result<(loan_product::Model, Vec<Version>), PageError> {
    let versions = officer.app.loans.versions(id, &officer.member).await?;
    let shelf = Shelf::of(officer).await?;
    shelf.must_write(officer)?;
    let row = shelf.products.into_iter().find(|row| row.id == id);
    let row = row.ok_or_else(|| Problem::not_found("no_such_loan_product", "没有这个贷款产品。"))?;
    Ok((row, versions))
}

async fn page(
    officer: &Officer,
    row: &loan_product::Model,
    version: i64,
    typed: &Typed,
) -> Result<Response, PageError> {
    let books = officer.app.books.all().await.map_err(app::books::BooksError::Db)?;
    let title = format!("第{version}版条款");
    let content = html! {
        (part::heading(&title, &html! { span class="faint" { (row.name) } }))
        p class="note" { "由另一人核对并发布后生效；发布后不能修改，已签的合同仍按签约时的条款。" }
        (part::alert(typed))
        (officer.form(&format!("{}/terms", path(row.id)), &html! {
            input type="hidden" name="version" value=(version);
            (fields(typed, &books))
            div class="go" { button type="submit" class="primary" { "保存条款" } a href=(path(row.id)) { "返回产品" } }
        }))
    };
    let here = path(row.id);
    Ok(officer.shown(&title, &[(LIST, "贷款产品"), (&here, &row.name)], &content, typed))
}

/// The form of the next version, or of one's own draft.
#[handler]
pub(super) async fn get_form(officer: Officer, Path(id): Path<LoanProductId>) -> Result<Response, PageError> {
    let (row, versions) = known(&officer, id).await?;
    let waits = || Problem::conflict("other_draft", "另一人编写的条款待发布，发布前只有编写人可以修改。");
    let next = next(&versions, &officer).ok_or_else(waits)?;
    page(&officer, &row, next.version, &Typed::fresh(next.begins)).await
}

/// Writes it down.
#[handler]
pub(super) async fn post_write(
    officer: Officer,
    Path(id): Path<LoanProductId>,
    form: Form,
) -> Result<Response, PageError> {
    let mut check = form.check();
    let version: i64 = check.number("version").unwrap_or_default();
    let written: Result<(), Problem> = async {
        check.done()?;
        let terms = read(&form)?;
        officer.app.loans.write_version(id, version, &terms, &officer.member).await?;
        Ok(())
    }
    .await;
    match written {
        Ok(()) => Ok(officer.done("条款已保存，待另一人发布。", &path(id))),
        Err(refused) => {
            let (row, _) = known(&officer, id).await?;
            page(&officer, &row, version, &Typed::refused(&form, refused)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_known_by_name_and_by_code() {
        for (name, code) in [("1305", "1305"), ("邢台市", "1305"), ("邢台市信都区", "130503"), ("信都区", "130503")]
        {
            assert_eq!(code_of(name).as_deref(), Some(code), "{name}");
        }
        for unknown in ["桥西区", "河北省", "海淀区", ""] {
            assert_eq!(code_of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_form_reads_back_what_it_was_made_of() {
        let mut form = usual();
        for (name, value) in [
            ("applicants", "person"),
            ("guarantees", "credit"),
            ("methods", "bullet"),
            ("min_amount", "1,000.00"),
            ("max_amount", "300000"),
            ("min_term", "3"),
            ("max_term", "36"),
            ("divisions", "邢台市、保定市阜平县"),
            ("price.cap", "4.155%"),
            ("fee_name", "担保费"),
            ("fee_rate", "1.25"),
            ("subsidy", "yes"),
            ("subsidy.model", "share"),
            ("subsidy.value", "50"),
            ("subsidy.payer", "示例财政局"),
            ("subsidy.flow", "direct"),
            ("subsidy.recipient", "borrower"),
            ("compensation", "yes"),
            ("compensation.holder", "示例资金"),
            ("compensation.ratio", "60"),
            ("compensation.trigger_days", "90"),
            ("compensation.cap_multiple", "10"),
        ] {
            form.add(name, value);
        }
        let terms = read(&form).unwrap();
        assert_eq!(terms.check(), []);
        assert_eq!(terms.price.cap.unwrap().to_string(), "0.04155");
        assert_eq!(read(&to_form(&terms)).unwrap(), terms);
    }
}
