//! `staff create`: the first administrators, until two are active. From then on the console makes staff, by two persons.

use std::process::ExitCode;

use anyhow::Context;
use app::identity::IdentityError;
use clap::Subcommand;
use domain::person::IdentityNumber;
use domain::role::Role;
use secrecy::ExposeSecret;
use serde_json::json;

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
    /// Make a member of staff and print the credentials, once.
    Create {
        /// admin, organiser, project_manager, cashier, bookkeeper, finance_head, chair, compliance, disclosure, league_officer,
        /// bank_officer, auditor
        #[arg(long)]
        role: Role,
        /// 2 to 40 lower-case letters, digits, '.', '_' and '-'.
        #[arg(long)]
        username: String,
        /// The person's name; the user name if it is left away.
        #[arg(long)]
        name: Option<String>,
        /// The number of the person's identity card, or '-' to read it from standard input, where no list of processes shows it.
        /// One natural person has one account.
        #[arg(long)]
        identity_number: Option<String>,
    },
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let What::Create { role, username, name, identity_number } = args.what;
    let person = identity_number.map(known).transpose()?;
    let (base, service) = config.service()?;
    telemetry::log(&base.log);
    let app = house::open(&base, &service).await?;
    let name = name.as_deref().unwrap_or(&username);
    let made = app.identity.create_first_staff(role, &username, name, person.as_ref()).await;
    house::close(app).await;
    let made = match made {
        Err(
            error @ (IdentityError::OnlyTheConsole
            | IdentityError::UsernameTaken
            | IdentityError::PersonKnown
            | IdentityError::Invalid(_)),
        ) => {
            return Err(WrongInput(error.to_string()).into());
        }
        made => made.context("the member of staff was not made")?,
    };
    let password = made.password.expose_secret();
    let totp_secret = made.totp_secret.as_ref().map(ExposeSecret::expose_secret);
    let mut lines = vec![
        format!("{username} ({}) is made. This is shown once:", role.as_str()),
        format!("  password     {password}"),
    ];
    lines.extend(totp_secret.map(|seed| format!("  totp secret  {seed}")));
    if person.is_none() && role.needs_otp() {
        lines.push("Without --identity-number nothing keeps this person from a second account.".to_owned());
    }
    let document = json!({
        "id": made.id.to_string(), "username": username, "role": role.as_str(), "password": password, "totp_secret": totp_secret,
    });
    output.report(&document, lines)?;
    Ok(ExitCode::SUCCESS)
}

/// Who the person is. What was typed is not repeated.
fn known(number: String) -> anyhow::Result<IdentityNumber> {
    let number = if number == "-" { std::io::read_to_string(std::io::stdin())? } else { number };
    number.trim().parse().map_err(|_| WrongInput("this is no number of an identity card".to_owned()).into())
}
