//! Lists of gifts that came by bank or in cash, or through a designated platform.

use std::sync::Arc;

use app::App;
use app::gift_lists::{List, ListReport};
use crowdfunding::ListPlace;
use domain::bank as rules;
use domain::donation::Via;
use entity::gift_list;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::bank::FileProblem;
use crate::campaign::Reason;
use crate::donation::{SEARCHERS, purpose};
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, Yuan, wire_enum};

wire_enum! {
    /// Where a list stands.
    GiftListState = rules::ListState { Proposed, Declined, Posted }
}

wire_enum! {
    /// Where gifts were given: on our own page, on a designated platform, or offline.
    GiftVia = Via { OwnSite, DesignatedPlatform, Offline }
}

/// Where the money of a list went.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum ListMoney {
    /// To a bank account: 1002.
    Bank,
    /// Into the cash box: 1001.
    Cash,
    /// To a designated platform that settles later: 1009.
    Platform,
}

/// A list of gifts.
#[derive(Object)]
struct GiftList {
    id: Uuid,
    /// Whose books receive its gifts.
    book: Uuid,
    /// Null for gifts to the general fund of the book.
    #[oai(nullable)]
    campaign: Option<Uuid>,
    via: GiftVia,
    /// `bank:{account}`, `cash`, or `platform:{name}`.
    place: String,
    lines: i64,
    total: Yuan,
    state: GiftListState,
    written_by: Uuid,
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    /// Whom the decider stood in for.
    #[oai(nullable)]
    decided_for: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    decided_at: Option<Instant>,
}

impl From<gift_list::Model> for GiftList {
    fn from(row: gift_list::Model) -> GiftList {
        GiftList {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            campaign: row.campaign_id.map(|id| id.uuid()),
            via: row.via.into(),
            place: row.place,
            lines: row.lines,
            total: row.total_fen.into(),
            state: row.state.into(),
            written_by: row.author_id.uuid(),
            decided_by: row.approver_id.map(|id| id.uuid()),
            decided_for: row.approver_for_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            decided_at: row.decided_us.map(Instant),
        }
    }
}

/// What is in a list, and what came of it.
#[derive(Object)]
struct GiftListReport {
    /// How many gifts can be read.
    lines: u64,
    total: Yuan,
    /// What refuses the list.
    problems: Vec<FileProblem>,
    /// What wants a word before it is written.
    warnings: Vec<FileProblem>,
    /// The list, if it was written now or before.
    #[oai(nullable)]
    list: Option<GiftList>,
}

impl From<ListReport> for GiftListReport {
    fn from(report: ListReport) -> GiftListReport {
        GiftListReport {
            lines: report.lines,
            total: report.total.into(),
            problems: report.problems.into_iter().map(Into::into).collect(),
            warnings: report.warnings.into_iter().map(Into::into).collect(),
            list: report.list.map(Into::into),
        }
    }
}

pub(crate) struct GiftListApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff/gift-lists", tag = "Tag::Donations")]
impl GiftListApi {
    /// Looks at a list (CSV in UTF-8 or XLSX, sent as the body) and, with `write`, writes it down for another person to post. Columns: 日期, 金额,
    /// and if known 捐赠人, 单位捐赠 (是/否), 编号, 票据 (需要/放弃), 实名公开 (是/否), 统一社会信用代码 (of an organisation). Nobody is told
    /// anything.
    #[oai(path = "/", method = "post")]
    #[allow(clippy::too_many_arguments, reason = "the body is the list, so all else stands in the query")]
    async fn bring(
        &self,
        officer: Officer,
        /// Made by the client.
        id: Query<Uuid>,
        /// What its gifts are for, or `general_fund`.
        campaign: Query<Option<Uuid>>,
        /// The book of the charity whose general fund its gifts are for (不限定用途), instead of a campaign.
        general_fund: Query<Option<Uuid>>,
        money: Query<ListMoney>,
        /// The bank account, or the platform.
        #[oai(validator(max_length = 40))]
        name: Query<Option<String>>,
        #[oai(default)] write: Query<bool>,
        #[oai(default)] despite_warnings: Query<bool>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<GiftListReport>, ApiError> {
        let name = name.0.unwrap_or_default().trim().to_owned();
        let place = match money.0 {
            ListMoney::Bank => ListPlace::Bank(name),
            ListMoney::Cash => ListPlace::Cash,
            ListMoney::Platform => ListPlace::Platform(name),
        };
        let purpose = purpose(campaign.0, general_fund.0)?;
        let list = List { id: id.0.into(), purpose, place, bytes: body.0 };
        Ok(Json(self.app.gift_lists.bring(list, write.0, despite_warnings.0, &officer.0).await?.into()))
    }

    /// Lists of gifts, newest first.
    #[oai(path = "/", method = "get")]
    async fn lists(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<GiftList>>, ApiError> {
        let rows = self.app.gift_lists.page((&officer.0, &SEARCHERS), None, after.0.map(Into::into), limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Posts a list: the second person. Each gift is booked.
    #[oai(path = "/:list_id/posting", method = "post")]
    async fn post(&self, officer: Officer, list_id: Path<Uuid>) -> Result<Json<GiftList>, ApiError> {
        Ok(Json(self.app.gift_lists.decide(list_id.0.into(), true, &officer.0).await?.into()))
    }

    /// Declines a list with a reason: the second person. Its numbers are free again.
    #[oai(path = "/:list_id/decline", method = "post")]
    async fn decline(
        &self,
        officer: Officer,
        list_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<GiftList>, ApiError> {
        let no = body.0.declines()?;
        Ok(Json(self.app.gift_lists.decide(list_id.0.into(), no, &officer.0).await?.into()))
    }
}
