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
/// How many labels stand below the bars: as many as can be read on a phone.
const LABELS: usize = 4;

/// Bars beside each other, the highest as high as the chart. The bars stretch with the page, what is written beside them does not; of many
/// labels the first, the last and some between them are shown.
pub(crate) fn bars(title: &str, bars: &[Bar]) -> Markup {
    let count = i64::try_from(bars.len()).unwrap_or(i64::MAX).max(1);
    let most = bars.iter().map(|bar| bar.amount).max().unwrap_or(Money::ZERO);
    let step = WIDTH / count;
    html! {
        figure class="bars" {
            p class="faint" { "最高 " (grouped(most)) " 元" }
            svg class="chart" viewBox={ "0 0 " (step * count) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-label=(title) {
                @for (at, bar) in (0..).zip(bars) {
                    @let height = scaled(bar.amount, most, HEIGHT);
                    rect class="bar" x=(at * step + step / 8) y=(HEIGHT - height) width=((step - step / 4).max(1)) height=(height) {
                        title { (bar.label) " " (grouped(bar.amount)) " 元" }
                    }
                }
            }
            p class="scale" aria-hidden="true" { @for at in labelled(bars.len()) { span { (bars[at].label) } } }
        }
    }
}

/// Which bars have a label: all if they are few, otherwise some at even steps.
fn labelled(count: usize) -> Vec<usize> {
    if count <= LABELS {
        return (0..count).collect();
    }
    (0..LABELS).map(|at| at * (count - 1) / (LABELS - 1)).collect()
}

/// A few amounts by name, each with its bar and its figure, the longest bar for the largest.
pub(crate) fn ranked(bars: &[Bar]) -> Markup {
    let most = bars.iter().map(|bar| bar.amount).max().unwrap_or(Money::ZERO);
    html! {
        @for bar in bars {
            p class="meter amounts" {
                span { (bar.label) }
                (gauge(bar.amount, Money::ZERO, most, &format!("{}{}元", bar.label, grouped(bar.amount))))
                span class="yuan" { (grouped(bar.amount)) }
            }
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

    #[test]
    fn few_labels_stand_below_many_bars() {
        assert_eq!(labelled(0), Vec::<usize>::new());
        assert_eq!(labelled(4), [0, 1, 2, 3]);
        assert_eq!(labelled(24), [0, 7, 15, 23]);
    }
}
