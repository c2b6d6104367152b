//! What everybody may see: campaigns, all the money, and one's own gift by its payment number. No session, no cookie, nothing to sign in to;
//! every page is an answer to a GET, so it can be kept, sent on and printed.

mod campaign;
mod campaigns;
mod gift;
mod loans;
mod money;

use std::num::NonZeroU32;
use std::sync::Arc;

use app::throttle::Throttle;
use maud::{Markup, html};
use poem::{EndpointExt, Route, get};

use crate::page::Html;

/// How often an address may look for a gift in a minute: a donor types a number or two.
const LOOKS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).expect("twenty is not zero");

/// The addresses.
pub(crate) fn routes(route: Route) -> Route {
    route
        .at("/", get(campaigns::get_list))
        .at("/campaigns/:campaign_id", get(campaign::get_show))
        .at("/campaigns/:campaign_id/gifts", get(campaign::get_gifts))
        .at("/campaigns/:campaign_id/payments", get(campaign::get_payments))
        .at("/campaigns/:campaign_id/updates/:update_id/pictures/:picture_id", get(campaign::get_picture))
        .at("/transparency", get(money::get_show))
        .at("/loans", get(loans::get_loans))
        .at("/gift", get(gift::get_show).data(Arc::new(Throttle::per_minute(LOOKS_PER_MINUTE))))
}

/// A page for everybody: `here` is the path of the part it belongs to.
pub(crate) fn page(title: &str, here: &str, content: &Markup) -> Html {
    Html::whole(title, "open", &frame(here, content))
}

const PARTS: [(&str, &str); 4] =
    [("/", "公益项目"), ("/transparency", "公开透明"), ("/loans", "青年贷款"), ("/gift", "查询我的捐赠")];

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
                a href="/transparency#seals" { "封账指纹" } " · " a href="/api/docs" { "开放接口" } " · " a href="/console" { "工作人员登录" }
            }
        }
    }
}
