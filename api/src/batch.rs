//! Lists of payments: looked at line by line, then written as one disbursement.

use std::sync::Arc;

use app::App;
use app::spending::batch::{Batch, BatchReport, Finding, Weight};
use poem_openapi::param::Query;
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::disbursement::Disbursement;
use crate::error::ApiError;
use crate::tag::Tag;
use crate::wire::Yuan;

/// How grave a finding is: an error refuses the list, a warning wants a second look.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum FindingWeight {
    Error,
    Warning,
}

/// Something found in a list.
#[derive(Object)]
struct BatchFinding {
    /// The line in the file, its first line, which names the columns, being 1; 0 for the list as a whole.
    line: u64,
    /// The column, as the file names it.
    column: String,
    weight: FindingWeight,
    /// In Chinese.
    problem: String,
}

impl From<Finding> for BatchFinding {
    fn from(finding: Finding) -> BatchFinding {
        BatchFinding {
            line: finding.line,
            column: finding.column.to_owned(),
            weight: match finding.weight {
                Weight::Error => FindingWeight::Error,
                Weight::Warning => FindingWeight::Warning,
            },
            problem: finding.problem,
        }
    }
}

/// What was found in a list, and what came of it.
#[derive(Object)]
struct BatchAnswer {
    /// How many lines can be read.
    lines: u64,
    /// What their amounts add up to.
    total: Yuan,
    /// How many of their payees are known.
    known_payees: u64,
    findings: Vec<BatchFinding>,
    /// The draft, if it was written.
    #[oai(nullable)]
    disbursement: Option<Disbursement>,
}

impl From<BatchReport> for BatchAnswer {
    fn from(report: BatchReport) -> BatchAnswer {
        BatchAnswer {
            lines: report.lines,
            total: report.total.into(),
            known_payees: report.known,
            findings: report.findings.into_iter().map(Into::into).collect(),
            disbursement: report.paper.map(Into::into),
        }
    }
}

pub(crate) struct BatchApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(tag = "Tag::Spending")]
impl BatchApi {
    /// Looks at a list (CSV in UTF-8 or XLSX, sent as the body) and, with `write`, makes one draft of it. Nothing is written while an error is
    /// found, nor a warning unless `despite_warnings` is said. Columns: 收款人户名, 收款人账号, 开户银行, 金额, and if needed 受益人, 关系, 未成年人,
    /// 行政区划代码, 联系电话, 用途. What the budget line lacks is an error, what the campaign's fund lacks a warning; a line that names another
    /// purpose than the paper's is an error.
    #[oai(path = "/staff/disbursement-batches", method = "post")]
    #[allow(clippy::too_many_arguments, reason = "the body is the list, so all else stands in the query")]
    async fn batch(
        &self,
        officer: Officer,
        /// Made by the client: the same id with the same list again is the same draft.
        id: Query<Uuid>,
        campaign: Query<Uuid>,
        #[oai(validator(max_length = 40))] line: Query<String>,
        /// What for; the public reads it. At most 200 characters.
        #[oai(validator(max_length = 2000))]
        purpose: Query<String>,
        #[oai(default)] write: Query<bool>,
        #[oai(default)] despite_warnings: Query<bool>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<BatchAnswer>, ApiError> {
        let batch =
            Batch { id: id.0.into(), campaign: campaign.0.into(), line: line.0, purpose: purpose.0, bytes: body.0 };
        let report = self.app.spending.batch(batch, write.0, despite_warnings.0, &officer.0).await?;
        Ok(Json(report.into()))
    }
}
