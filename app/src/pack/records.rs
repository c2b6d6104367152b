//! What else an auditor asks of a year: differences and what was decided about them, papers of spending with who approved them, refunds, how
//! old receivables and debts are, and what was published.

use std::collections::BTreeMap;

use domain::{BookId, BusinessDate, DisbursementId, DisclosureId, Money, Timestamp};
use entity::{
    Tx, campaign, disbursement, disbursement_approval, disclosure, disclosure_publication, discrepancy, donation,
    refund, resolution,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Statement,
};

use super::{Archive, Names, PackError, Table, word};
use crate::closing::Period;
use crate::exports::Chart;

/// How old money is, in days at most, and what the column is called.
const AGES: [(i64, &str); 4] = [(30, "30天以内"), (90, "31至90天"), (180, "91至180天"), (365, "181至365天")];

fn day(at: Option<Timestamp>) -> String {
    at.map(|at| BusinessDate::of(at).to_string()).unwrap_or_default()
}

/// Under way in a period: there before its end, and not finished before it began.
fn under_way<C: ColumnTrait>(created: C, finished: C, period: Period) -> Condition {
    let unfinished = Condition::any().add(finished.is_null()).add(finished.gte(period.first.start()));
    Condition::all().add(created.lt(period.last.next().start())).add(unfinished)
}

/// 差错: those of the year, and older ones that were open in it; each resolution proposed for one is a line.
pub(super) async fn breaks(
    archive: &mut Archive,
    tx: &Tx,
    names: &Names,
    book: BookId,
    period: Period,
) -> Result<(), PackError> {
    let of_book = discrepancy::Entity::find().filter(discrepancy::Column::BookId.eq(book));
    let rows = of_book
        .clone()
        .filter(discrepancy::Column::Day.lte(period.last))
        .filter(
            Condition::any()
                .add(discrepancy::Column::Day.gte(period.first))
                .add(discrepancy::Column::SettledUs.is_null())
                .add(discrepancy::Column::SettledUs.gte(period.first.start())),
        )
        .order_by_asc(discrepancy::Column::Day)
        .order_by_asc(discrepancy::Column::Id);
    let ids = of_book.select_only().column(discrepancy::Column::Id).into_query();
    let decided = resolution::Entity::find()
        .filter(resolution::Column::BreakId.in_subquery(ids))
        .order_by_asc(resolution::Column::CreatedUs);
    let mut decided_of: BTreeMap<domain::BreakId, Vec<resolution::Model>> = BTreeMap::new();
    for one in decided.all(tx).await? {
        decided_of.entry(one.break_id).or_default().push(one);
    }
    let mut table = Table::new(&[
        "日期",
        "类别",
        "对象",
        "金额",
        "状态",
        "说明",
        "建议",
        "处理",
        "处理状态",
        "处理原因",
        "提出人",
        "决定人",
        "决定日期",
        "办结日期",
    ])?;
    for row in rows.all(tx).await? {
        let (on, amount) = (row.day.to_string(), row.amount_fen.to_string());
        let class = crate::reconciliation::class_word(&row.class);
        let found: [&str; 7] = [&on, class, &row.item, &amount, &row.state, &row.detail, &row.proposal];
        let resolutions = decided_of.remove(&row.id).unwrap_or_default();
        if resolutions.is_empty() {
            let [on, class, item, amount, state, detail, proposal] = found;
            let (none, settled) = ("", day(row.settled_us));
            table.row([
                on, class, item, amount, state, detail, proposal, none, none, none, none, none, none, &settled,
            ])?;
        }
        for one in resolutions {
            let [on, class, item, amount, state, detail, proposal] = found;
            table.row([
                on,
                class,
                item,
                amount,
                state,
                detail,
                proposal,
                &word(&one.choice),
                &word(&one.state),
                &one.reason,
                &names.signed(Some(one.author_id), one.author_for_id),
                &names.signed(one.approver_id, one.approver_for_id),
                &day(one.decided_us),
                &day(one.finished_us),
            ])?;
        }
    }
    archive.table("差错.csv", table)
}

/// 支出审批: the papers that were under way in the year, each approval of the last round in its own column.
pub(super) async fn papers(
    archive: &mut Archive,
    tx: &Tx,
    names: &Names,
    book: BookId,
    period: Period,
) -> Result<(), PackError> {
    let of_book = disbursement::Entity::find().filter(disbursement::Column::BookId.eq(book));
    let rows = of_book
        .clone()
        .filter(under_way(disbursement::Column::CreatedUs, disbursement::Column::FinishedUs, period))
        .order_by_asc(disbursement::Column::CreatedUs)
        .order_by_asc(disbursement::Column::Id);
    let ids = of_book.select_only().column(disbursement::Column::Id).into_query();
    let approvals = disbursement_approval::Entity::find()
        .filter(disbursement_approval::Column::DisbursementId.in_subquery(ids))
        .order_by_asc(disbursement_approval::Column::Step);
    let mut approved: BTreeMap<(DisbursementId, i64), Vec<String>> = BTreeMap::new();
    for one in approvals.all(tx).await? {
        let said = format!("{} {}", day(Some(one.at_us)), names.signed(Some(one.approver_id), one.acting_for_id));
        approved.entry((one.disbursement_id, one.round)).or_default().push(said);
    }
    let mut table = Table::new(&[
        "编号",
        "项目",
        "预算科目",
        "种类",
        "状态",
        "金额",
        "笔数",
        "用途",
        "规则",
        "申请人",
        "提交日期",
        "审批",
        "批准日期",
        "办结日期",
    ])?;
    let campaigns = campaign::Entity::find().filter(campaign::Column::BookId.eq(book)).all(tx).await?;
    let campaigns: BTreeMap<_, _> = campaigns.into_iter().map(|row| (row.id, row.name)).collect();
    for row in rows.all(tx).await? {
        let approvals = approved.remove(&(row.id, row.round)).unwrap_or_default().join("；");
        table.row([
            &row.id.to_string(),
            campaigns.get(&row.campaign_id).map_or("", String::as_str),
            &row.line_code,
            &word(&row.kind),
            &word(&row.state),
            &row.amount_fen.to_string(),
            &row.payouts.to_string(),
            &row.purpose,
            &word(&row.profile),
            &names.signed(Some(row.author_id), row.author_for_id),
            &day(row.submitted_us),
            &approvals,
            &day(row.approved_us),
            &day(row.finished_us),
        ])?;
    }
    archive.table("支出审批.csv", table)
}

/// 退款: those that were under way in the year. Donors are not named.
pub(super) async fn refunds(
    archive: &mut Archive,
    tx: &Tx,
    names: &Names,
    book: BookId,
    period: Period,
) -> Result<(), PackError> {
    let campaigns = campaign::Entity::find().select_only().column(campaign::Column::Id);
    let campaigns = campaigns.filter(campaign::Column::BookId.eq(book)).into_query();
    let gifts = donation::Entity::find().select_only().column(donation::Column::Id);
    let received = Condition::any()
        .add(donation::Column::CampaignId.in_subquery(campaigns))
        .add(donation::Column::BookId.eq(book));
    let gifts = gifts.filter(received).into_query();
    let rows = refund::Entity::find()
        .filter(refund::Column::DonationId.in_subquery(gifts))
        .filter(under_way(refund::Column::CreatedUs, refund::Column::FinishedUs, period))
        .order_by_asc(refund::Column::CreatedUs)
        .order_by_asc(refund::Column::Id);
    let mut table = Table::new(&[
        "编号",
        "捐赠编号",
        "金额",
        "原因",
        "状态",
        "申请日期",
        "申请人",
        "决定人",
        "决定日期",
        "完成日期",
        "微信退款单号",
    ])?;
    for row in rows.all(tx).await? {
        let asked = match row.requester_id {
            Some(id) => names.signed(Some(id), row.requester_for_id),
            None => row.requested_by.split(':').next().unwrap_or_default().to_owned(),
        };
        table.row([
            &row.id.to_string(),
            &row.donation_id.to_string(),
            &row.amount_fen.to_string(),
            &word(&row.reason),
            &word(&row.state),
            &day(Some(row.created_us)),
            &asked,
            &names.signed(row.decider_id, row.decider_for_id),
            &day(row.decided_us),
            &day(row.finished_us),
            row.channel_refund_id.as_deref().unwrap_or_default(),
        ])?;
    }
    archive.table("退款.csv", table)
}

/// A day of an account with its debits and credits, in fen.
type OfDay = (BusinessDate, i64, i64);

/// 往来账龄: what stands on 1122 and 2209 at the end, by age: what was paid last is taken to have paid what was oldest.
pub(super) async fn ages(
    archive: &mut Archive,
    tx: &Tx,
    chart: &Chart,
    book: BookId,
    period: Period,
) -> Result<(), PackError> {
    let sql = "SELECT a.id, d.day, d.debit_fen, d.credit_fen FROM account a JOIN account_day d ON d.account_id = a.id \
               WHERE a.book_id = $1 AND a.subject IN ('1122', '2209') AND d.day <= $2 ORDER BY a.subject, a.name, d.day DESC";
    let values: [sea_orm::Value; 2] = [book.into(), period.last.into()];
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(ConnectionTrait::get_database_backend(tx), sql, values))
        .await?;
    let mut moved: Vec<(domain::AccountId, Vec<OfDay>)> = Vec::new();
    for row in &rows {
        let id: domain::AccountId = row.try_get("", "id")?;
        let of_day = (row.try_get("", "day")?, row.try_get("", "debit_fen")?, row.try_get("", "credit_fen")?);
        match moved.last_mut() {
            Some((last, days)) if *last == id => days.push(of_day),
            _ => moved.push((id, vec![of_day])),
        }
    }
    let mut head = vec!["科目", "账户", "方向", "余额", "最早一笔"];
    head.extend(AGES.map(|(_, name)| name));
    head.push("365天以上");
    let mut table = Table::new(&head)?;
    for (id, days) in moved {
        let net: i64 = days.iter().map(|(_, debit, credit)| debit - credit).sum();
        if net == 0 {
            continue;
        }
        let (mut left, mut oldest, mut parts) = (net.abs(), period.last, [0i64; AGES.len() + 1]);
        for (on, debit, credit) in days {
            let part = left.min(if net > 0 { debit } else { credit });
            if part <= 0 {
                continue;
            }
            let age = AGES.iter().position(|(most, _)| on.after_days(*most).is_some_and(|until| until >= period.last));
            parts[age.unwrap_or(AGES.len())] += part;
            (left, oldest) = (left - part, on);
            if left == 0 {
                break;
            }
        }
        let (title, name) = super::named(chart, id);
        let [a, b, c, d, e] = parts.map(|fen| Money::from_fen(fen).to_string());
        let side = if net > 0 { "借" } else { "贷" };
        let amount = Money::from_fen(net.abs()).to_string();
        table.row([&title, &name, side, &amount, &oldest.to_string(), &a, &b, &c, &d, &e])?;
    }
    archive.table("往来账龄.csv", table)
}

/// 信息公开: what was drawn up in the year or about it, and where it was published.
pub(super) async fn disclosures(
    archive: &mut Archive,
    tx: &Tx,
    names: &Names,
    book: BookId,
    period: Period,
) -> Result<(), PackError> {
    let (first, until) = (period.first.start(), period.last.next().start());
    let of_book = disclosure::Entity::find().filter(disclosure::Column::BookId.eq(book));
    let rows = of_book
        .clone()
        .filter(Condition::any().add(disclosure::Column::Year.eq(i64::from(period.first.year()))).add(
            Condition::all().add(disclosure::Column::CreatedUs.gte(first)).add(disclosure::Column::CreatedUs.lt(until)),
        ))
        .order_by_asc(disclosure::Column::CreatedUs)
        .order_by_asc(disclosure::Column::Id)
        .all(tx)
        .await?;
    let ids = of_book.select_only().column(disclosure::Column::Id).into_query();
    let published = disclosure_publication::Entity::find()
        .filter(disclosure_publication::Column::DisclosureId.in_subquery(ids))
        .order_by_asc(disclosure_publication::Column::PublishedOn);
    let mut places: BTreeMap<DisclosureId, Vec<String>> = BTreeMap::new();
    for one in published.all(tx).await? {
        let said = format!("{} {} {}", one.published_on, word(&one.place), one.reference);
        places.entry(one.disclosure_id).or_default().push(said);
    }
    let mut table =
        Table::new(&["编号", "种类", "标题", "版本", "截止日期", "编制日期", "编制人", "更正说明", "公布", "指纹"])?;
    for row in rows {
        table.row([
            &row.id.to_string(),
            row.kind.title(),
            &row.title,
            &row.version.to_string(),
            &row.through_day.to_string(),
            &day(Some(row.created_us)),
            &names.signed(Some(row.author_id), None),
            row.correction.as_deref().unwrap_or_default(),
            &places.remove(&row.id).unwrap_or_default().join("；"),
            &hex::encode(&row.fingerprint),
        ])?;
    }
    archive.table("信息公开.csv", table)
}
