//! What everybody may see: campaigns, all the money, what charities published, and one's own gift by its payment number. No session, no
//! cookie, nothing to sign in to; every page is an answer to a GET, so it can be kept, sent on and printed. One form changes something: a
//! complaint, which anybody may hand in.

mod campaign;
mod campaigns;
mod card;
mod complaint;
mod disclosures;
mod gift;
mod loans;
mod money;
mod team;

use std::num::NonZeroU32;
use std::sync::Arc;

use app::throttle::Throttle;
use ledger::Position;
use maud::{Markup, html};
use poem::{EndpointExt, Route, get};

use crate::page::Html;
use crate::part;

/// How often an address may look for a gift in a minute: a donor types a number or two.
const LOOKS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).expect("twenty is not zero");

/// The addresses.
pub(crate) fn routes(route: Route, complaints: Arc<Throttle>) -> Route {
    route
        .at("/", get(campaigns::get_list))
        .at("/campaigns/:campaign_id", get(campaign::get_show))
        .at("/campaigns/:campaign_id/gifts", get(campaign::get_gifts))
        .at("/campaigns/:campaign_id/payments", get(campaign::get_payments))
        .at("/campaigns/:campaign_id/teams", get(team::get_list))
        .at("/teams/:team_id", get(team::get_one))
        .at("/cards/:donation_id/:key", get(card::get_show))
        .at("/campaigns/:campaign_id/updates/:update_id/pictures/:picture_id", get(campaign::get_picture))
        .at("/campaigns/:campaign_id/disclosures", get(disclosures::get_of_campaign))
        .at(
            "/campaigns/:campaign_id/complaints",
            get(complaint::get_blank).post(complaint::post_complain).data(complaints),
        )
        .at("/complaints/:complaint_id", get(complaint::get_one))
        .at("/disclosures", get(disclosures::get_list))
        .at("/disclosures/:disclosure_id", get(disclosures::get_one))
        .at("/disclosures/:disclosure_id/text", get(disclosures::get_text))
        .at("/transparency", get(money::get_show))
        .at("/loans", get(loans::get_loans))
        .at("/gift", get(gift::get_show).data(Arc::new(Throttle::per_minute(LOOKS_PER_MINUTE))))
}

/// A page for everybody: `here` is the path of the part it belongs to.
pub(crate) fn page(title: &str, here: &str, content: &Markup) -> Html {
    Html::whole(title, "open", &frame(here, content))
}

const PARTS: [(&str, &str); 5] = [
    ("/", "公益项目"),
    ("/transparency", "公开透明"),
    ("/disclosures", "信息公开"),
    ("/loans", "青年贷款"),
    ("/gift", "查询我的捐赠"),
];

/// How far the books are told, for people; the interface names the very entry.
pub(crate) fn as_of(at: &Position) -> Markup {
    let id = at.id.to_string();
    let short = id.get(id.len().saturating_sub(8)..).unwrap_or(&id);
    html! { "截至 " (part::at(at.booked_us)) " 入账的凭证（编号末八位 " span class="code" { (short) } "）" }
}

/// The head with the parts, the content, and who stands behind it.
pub(crate) fn frame(here: &str, content: &Markup) -> Markup {
    html! {
        a class="skip" href="#main" { "跳到正文" }
        header class="top" {
            a class="brand" href="/" { span class="mark" aria-hidden="true" {} "桑梓" span class="faint" { "冀青筹" } }
            nav class="parts" aria-label="主导航" {
                @for (path, name) in PARTS { a href=(path) aria-current=[(path == here).then_some("page")] { (name) } }
            }
        }
        main id="main" class="open" tabindex="-1" { (content) }
        footer class="foot" {
            p { "善款由具有公开募捐资格的慈善组织直接接收、单独核算、专款专用；合计数取自账簿，每个封账日可验证。" }
            p class="faint" {
                "时间均为北京时间；金额单位为元。"
                a href="/transparency#seals" { "封账指纹" } " · " a href="/console" { "工作人员登录" }
            }
        }
    }
}
