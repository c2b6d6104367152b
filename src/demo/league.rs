//! The League in the invented year: the organisation tree of Hebei, the province's foundation, a county's small charity, and their
//! staff. What has no route, or needs credentials that follow from the seed, is done beside HTTP.

use anyhow::Context;
use app::identity::GivenStaff;
use app::organisation::{ContactData, NewCertificate, NewCharity, NewProfileChange};
use domain::charity::Profile;
use domain::role::{Member, Role};
use domain::{BookId, StaffId};
use std::collections::HashMap;

use super::chance::Seed;
use super::drive::Driver;
use super::world::House;

/// A charity of the world.
struct Charity {
    house: House,
    code: &'static str,
    unit: &'static str,
    certificate: (&'static str, &'static str),
    head: &'static str,
    chair: &'static str,
    office: &'static str,
}

const CHARITIES: [Charity; 2] = [
    Charity {
        house: House::Foundation,
        code: "hebei",
        unit: "hebei",
        certificate: ("示例冀民募〔2026〕1号", "河北省民政厅（示例）"),
        head: "finance",
        chair: "chair",
        office: "河北省石家庄市示例路1号",
    },
    Charity {
        house: House::Wuan,
        code: "wuan",
        unit: "130481",
        certificate: ("示例武民募〔2026〕1号", "武安市民政局（示例）"),
        head: "wuan-finance",
        chair: "wuan-chair",
        office: "河北省武安市示例街8号",
    },
];

impl Driver {
    /// Plants the tree, opens both charities, makes their staff and registers their certificates. Whatever stands, stays.
    pub(super) async fn league(&self) -> anyhow::Result<()> {
        let organisation = &self.stage().organisation;
        organisation.plant().await.context("the organisation tree")?;
        let standing = ledger::books(self.stage().db.read()).await?;
        let opened = self.world().days[0].opens;
        let mut books: HashMap<&str, BookId> = HashMap::new();
        for charity in &CHARITIES {
            let known = standing.iter().find(|book| book.code == charity.code).map(|book| book.id);
            let new = NewCharity {
                id: known.unwrap_or_else(|| Seed::named(charity.code).id("book", 0, opened).into()),
                code: charity.code.to_owned(),
                name: charity.house.name().to_owned(),
                credit_code: Some(charity.house.credit_code().to_owned()),
                unit: organisation.unit(charity.unit).await?.id,
                mchid: (charity.house == House::Foundation).then(|| self.stage().mchid.clone()),
                bank_account: charity.house.bank_account().to_owned(),
                contact: ContactData {
                    office_address: charity.office.to_owned(),
                    contact: "0311-00000000（示例）".to_owned(),
                    information_url: format!("https://example.org/{}", charity.code),
                },
            };
            books.insert(charity.code, new.id);
            organisation.open_charity(new, None).await.with_context(|| charity.house.name())?;
        }
        self.keep_books(books["hebei"].uuid(), books["wuan"].uuid())?;

        let mut staff: HashMap<&str, StaffId> = HashMap::new();
        for member in self.world().staff() {
            let unit = match member.unit {
                Some(code) => Some(organisation.unit(code).await?.id),
                None => None,
            };
            let given = GivenStaff {
                id: member.id.into(),
                role: member.role,
                username: member.username.clone(),
                name: member.name.to_owned(),
                password: member.password.into(),
                totp_secret: member.totp_secret.map(Into::into),
                unit,
                person: Some(member.person.parse().context("an invented number")?),
            };
            let made = self.stage().identity.create_staff_with(given).await;
            staff.insert(member.word, made.with_context(|| format!("the account {}", member.username))?);
        }
        let acting = |word: &str, role| Member::everywhere(staff[word], &[role], "invented world");
        for charity in &CHARITIES {
            let certificate = NewCertificate {
                id: Seed::named(charity.code).id("certificate", 0, opened).into(),
                book: books[charity.code],
                number: charity.certificate.0.to_owned(),
                issuer: charity.certificate.1.to_owned(),
                issued_on: "2026-01-01".parse()?,
                expires_on: "2028-12-31".parse()?,
            };
            let certificate = organisation
                .register_certificate(certificate, &acting(charity.head, Role::FinanceHead))
                .await
                .context("the certificate")?;
            organisation
                .confirm_certificate(certificate.id, &acting(charity.chair, Role::Chair))
                .await
                .context("the second look at the certificate")?;
        }
        // The county's charity is too small for two approvals of everything (facts: charity 6.6a).
        let small = NewProfileChange {
            id: Seed::named("wuan").id("profile", 0, opened).into(),
            book: books["wuan"],
            profile: Profile::Small,
            single_limit: "5000.00".parse()?,
            third_limit: "100000.00".parse()?,
            account_quiet_days: 30,
            reason: "专职人员不足六人，按小型基金会办理".to_owned(),
        };
        let proposed = organisation.propose_profile(small, &acting("wuan-finance", Role::FinanceHead)).await?;
        if proposed.approver_id.is_none() {
            organisation.decide_profile(proposed.id, true, &acting("wuan-chair", Role::Chair)).await?;
        }
        Ok(())
    }
}
