//! Charts, as SVG with whole numbers: bars over time, and how much of something is used. Colours stand in the style sheet, so that
//! they print; what a chart shows stands beside it as a table, or in its title for whoever hears it.

use domain::Money;
use maud::{Markup, html};

use crate::part::grouped;

/// How much of a whole: `part` in green, then `second` in another colour.
pub(crate) fn gauge(part: Money, second: Money, whole: Money, title: &str) -> Markup {
    let width = |amount: Money| scaled(amount, whole, 1000);
    let (first, next) = (width(part), width(second));
    html! {
        svg class="gauge chart" viewBox="0 0 1000 8" preserveAspectRatio="none" role="img" aria-label=(title) {
            rect class="rest" width="1000" height="8" {}
            rect class="bar" width=(first) height="8" {}
            rect class="bar second" x=(first) width=(next.min(1000 - first)) height="8" {}
        }
    }
}

/// An amount as so many steps of a scale; more than all is all.
fn scaled(amount: Money, whole: Money, steps: i64) -> i64 {
    if !whole.is_positive() || !amount.is_positive() {
        return 0;
    }
    let scaled = i128::from(amount.fen()) * i128::from(steps) / i128::from(whole.fen());
    i64::try_from(scaled).map_or(steps, |scaled| scaled.min(steps))
}

/// One bar.
pub(crate) struct Bar {
    /// What stands below it.
    pub(crate) label: String,
    /// How high it is; what is negative is not drawn.
    pub(crate) amount: Money,
}

const WIDTH: i64 = 720;
const HEIGHT: i64 = 160;
const FOOT: i64 = 20;

/// Bars beside each other, the highest as high as the chart. Of many labels some are left out.
pub(crate) fn bars(title: &str, bars: &[Bar]) -> Markup {
    let count = i64::try_from(bars.len()).unwrap_or(i64::MAX).max(1);
    let most = bars.iter().map(|bar| bar.amount).max().unwrap_or(Money::ZERO);
    let step = WIDTH / count;
    let every = (count / 12).max(1);
    html! {
        svg class="chart" viewBox={ "0 0 " (WIDTH) " " (HEIGHT + FOOT + 14) } role="img" aria-label=(title) {
            text x="0" y="11" { "最高 " (grouped(most)) " 元" }
            @for (at, bar) in (0..).zip(bars) {
                @let height = scaled(bar.amount, most, HEIGHT);
                rect class="bar" x=(at * step + step / 8) y=(14 + HEIGHT - height) width=((step - step / 4).max(1)) height=(height) {
                    title { (bar.label) " " (grouped(bar.amount)) " 元" }
                }
                @if at % every == 0 {
                    text x=(at * step + step / 2) y=(HEIGHT + FOOT + 10) text-anchor="middle" { (bar.label) }
                }
            }
            line class="axis" x1="0" x2=(WIDTH) y1=(14 + HEIGHT) y2=(14 + HEIGHT) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_longer_than_the_whole() {
        let fen = Money::from_fen;
        for (part, whole, steps) in
            [(0, 100, 0), (50, 100, 500), (200, 100, 1000), (1, 0, 0), (-5, 100, 0), (i64::MAX, 1, 1000)]
        {
            assert_eq!(scaled(fen(part), fen(whole), 1000), steps, "{part} of {whole}");
        }
    }
}
