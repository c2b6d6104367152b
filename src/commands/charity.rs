//! `charity open`: a charity with its book, before there is an administrator to open it in the console.

use std::process::ExitCode;

use anyhow::Context;
use app::organisation::{ContactData, NewCharity, OrganisationError};
use clap::Subcommand;
use domain::BookId;
use serde_json::json;
use uuid::Uuid;

use crate::commands::WrongInput;
use crate::config::Config;
use crate::output::Output;
use crate::{house, telemetry};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Open a charity and its book. The same again changes nothing.
    Open(Charity),
}

#[derive(Debug, clap::Args)]
struct Charity {
    /// The id of the charity and its book; follows from the code if it is left away.
    #[arg(long)]
    id: Option<Uuid>,
    /// A short unique word for its book.
    #[arg(long)]
    code: String,
    /// The legal person.
    #[arg(long)]
    name: String,
    /// 统一社会信用代码.
    #[arg(long)]
    credit_code: Option<String>,
    /// The code of its unit in the organisation tree.
    #[arg(long, default_value = "hebei")]
    unit: String,
    /// Its own merchant number at the payment channel.
    #[arg(long)]
    mchid: Option<String>,
    /// A short name of its bank account.
    #[arg(long)]
    bank_account: String,
    /// 办公地址.
    #[arg(long)]
    office_address: String,
    /// How the public reaches the office.
    #[arg(long)]
    contact: String,
    /// Where its information is published; https.
    #[arg(long)]
    information_url: String,
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let What::Open(charity) = args.what;
    let (base, service) = config.service()?;
    telemetry::log(&base.log);
    let app = house::open(&base, &service).await?;
    let opened = open(&app, charity).await;
    house::close(app).await;
    let opened = match opened {
        Err(error @ (OrganisationError::Db(_) | OrganisationError::Forbidden(_))) => {
            return Err(error).context("the charity was not opened");
        }
        // Whatever else is refused, the operator can write otherwise.
        Err(error) => return Err(WrongInput(error.to_string()).into()),
        Ok(opened) => opened,
    };
    let document = json!({ "id": opened.book_id.to_string(), "unit": opened.unit_id.to_string() });
    output.report(&document, [format!("the charity stands, its id is {}", opened.book_id)])?;
    Ok(ExitCode::SUCCESS)
}

async fn open(app: &app::App, charity: Charity) -> Result<entity::charity::Model, OrganisationError> {
    let id = charity.id.unwrap_or_else(|| Uuid::new_v5(&Uuid::NAMESPACE_OID, charity.code.as_bytes()));
    let new = NewCharity {
        id: BookId::from(id),
        unit: app.organisation.unit(&charity.unit).await?.id,
        code: charity.code,
        name: charity.name,
        credit_code: charity.credit_code,
        mchid: charity.mchid,
        bank_account: charity.bank_account,
        contact: ContactData {
            office_address: charity.office_address,
            contact: charity.contact,
            information_url: charity.information_url,
        },
    };
    app.organisation.open_charity(new, None).await
}
