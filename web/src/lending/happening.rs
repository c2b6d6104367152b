//! What an officer of the bank tells of a loan: each as a step that says what it will book.

use app::problem::Problem;
use app::servicing::Sheet;
use domain::lending::LoanState;
use domain::loan::allocation::{Amounts, Component};
use domain::loan::life::{End, What};
use domain::loan::overdue::Class;
use domain::loan::prepayment::Mode;
use domain::role::Role;
use domain::{LoanContractId, LoanEventId, Money};
use lending::servicing::NewEvent;
use lending::servicing::loan::Fact;
use maud::{Markup, html};

use super::loan::path;
use super::words;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::part::{self, Step};
use crate::session::Officer;

const MODES: [(&str, &str); 3] = [
    ("full", "全部结清"),
    ("reduce_installment", "部分提前还，减少每期还款"),
    ("shorten_term", "部分提前还，缩短期限"),
];
const CLASSES: [Class; 5] = [Class::Normal, Class::SpecialMention, Class::Substandard, Class::Doubtful, Class::Loss];

/// The steps there are now, for an officer of the bank.
pub(super) fn steps(officer: &Officer, sheet: &Sheet, word: &str, typed: &Typed) -> Markup {
    let row = &sheet.served.contract;
    if officer.member.may(&[Role::BankOfficer], &row.unit_path).is_err() {
        return html! {};
    }
    let today = officer.app.business.today();
    let to = |step: &str| format!("{}/{step}", path(row.id));
    let refused = |step: &str| (word == step).then_some(typed);
    let show = |name, will: &str, step: &str, grave, fields: &dyn Fn(&Typed) -> Markup| {
        let known = Typed::fresh(Form::of([("on", today.to_string())]));
        let shown = refused(step).unwrap_or(&known);
        let fields = html! { (part::new_id(shown)) (fields(shown)) };
        Step { name, will, to: &to(step), grave, fields }.show(officer, refused(step))
    };
    let on = |typed: &Typed| html! { (Field::day(typed, "on", "业务日期").required()) };
    let why = |typed: &Typed| html! { (Field::text(typed, "reason", "原因").required().longest(200)) };
    let runs = matches!(row.state, LoanState::PaidOut | LoanState::Performing | LoanState::Overdue);
    let bad = matches!(row.state, LoanState::Overdue | LoanState::Compensated);
    // What was due when another contract took it over is still to be paid.
    let owes = sheet
        .served
        .state
        .as_ref()
        .is_some_and(|state| state.end == Some(End::Replaced) && state.due.total().is_ok_and(Money::is_positive));
    let gone = matches!(row.state, LoanState::Compensated | LoanState::WrittenOff);
    let standing: Vec<(String, String)> = sheet
        .served
        .events
        .iter()
        .filter(|one| one.kind != "reversal" && !sheet.served.events.iter().any(|other| other.reverses == Some(one.id)))
        .map(|one| {
            (
                one.id.to_string(),
                format!("{} {} {}元", one.on_day, words::happening(&one.kind), part::grouped(one.amount_fen)),
            )
        })
        .collect();
    let standing = options(standing);
    let modes = options(MODES);
    let classes: Vec<(String, String)> =
        options(CLASSES.map(|class| (domain::bank_file::class_of(class), words::class(class).0)));
    html! {
        div class="steps" {
            @if row.state == LoanState::Signed {
                (show("登记放款", &format!("将登记放款{}元，贷款从这一天起计息。", part::grouped(row.principal_fen)), "payout", false, &on))
                (show("放弃合同", "将结束这份尚未放款的合同，占用的额度退还，不能恢复。", "withdrawal", true, &why))
            }
            @if runs || bad || owes {
                (show("登记还款", "将按合同的冲销顺序依次冲抵到期的费用、罚息、复利、利息和本金，余款记入溢缴。", "repayment", false, &|typed| html! {
                    (on(typed)) (Field::money(typed, "amount", "还款金额（元）").required())
                }))
            }
            @if runs {
                (show("提前还款", "将结清到当日的利息，收取合同约定的违约金，并重排以后的还款计划。", "prepayment", false, &|typed| html! {
                    (on(typed)) (Field::choice(typed, "mode", "方式", &modes).required())
                    (Field::money(typed, "amount", "提前归还的本金（元）").hint("全部结清不填。"))
                }))
                (show("利率调整", "将从这一天起按新利率计息，以后的还款计划随之改变。", "rate", false, &|typed| html! {
                    (on(typed)) (Field::text(typed, "rate", "新的年利率（%）").required().hint("如 4.15")) (why(typed))
                }))
            }
            @if runs || bad {
                (show("登记挪用", "将从这一天起对挪用部分按合同约定的挪用罚息利率计收，直至纠正或还清；已逾期的择其重，不与逾期罚息并处。", "misuse", true, &|typed| html! {
                    (on(typed)) (Field::money(typed, "amount", "挪用的本金（元）").hint("全部挪用不填；填此后全部在挪用的金额。"))
                    (Field::text(typed, "reason", "认定依据").required().longest(200).hint("如认定文书的名称、文号和日期。"))
                }))
                @if sheet.served.state.as_ref().is_some_and(|state| state.misused.is_positive()) {
                    (show("挪用已纠正", "将从这一天起不再按挪用计收；此前计收的仍应归还。", "misuse-mended", false, &|typed| html! {
                        (on(typed)) (Field::text(typed, "reason", "认定依据").required().longest(200))
                    }))
                }
                (show("分类认定", "将把这笔贷款认定为至少这一类；选“正常”取消人工认定。", "class", false, &|typed| html! {
                    (on(typed)) (Field::choice(typed, "class", "五级分类", &classes).required()) (why(typed))
                }))
            }
            @if runs || bad || owes {
                (show("减免", "将免去这些金额，借款人不再欠付。", "waiver", true, &|typed| html! {
                    (on(typed))
                    div class="fields" {
                        (Field::money(typed, "interest", "利息（元）")) (Field::money(typed, "penalty", "罚息（元）")) (Field::money(typed, "compound", "复利（元）"))
                    }
                    (why(typed))
                }))
            }
            @if bad {
                (show("登记代偿", "将登记风险补偿金代为偿还的本金。", "compensation", true, &|typed| html! {
                    (on(typed)) (Field::money(typed, "amount", "代偿本金（元）").required()) (why(typed))
                }))
                (show("核销", "将在账面核销全部未还本息；债权仍在，收回的按追偿登记。", "write-off", true, &|typed| html! { (on(typed)) (why(typed)) }))
            }
            @if gone {
                (show("登记追偿", "将登记从借款人收回的金额，按分担比例退还风险补偿金。", "recovery", false, &|typed| html! {
                    (on(typed)) (Field::money(typed, "amount", "收回金额（元）").required())
                }))
            }
            @if sheet.served.state.as_ref().is_some_and(|state| state.credit.is_positive()) {
                (show("退还溢缴", "将登记把溢缴款退还借款人，记入备查账。", "credit-back", false, &|typed| html! {
                    (on(typed)) (Field::money(typed, "amount", "退还金额（元）").required())
                }))
            }
            @if standing.len() > 1 {
                (show("冲正", "将以红字冲销这笔业务的凭证，并按其余业务重新计算以后的利息和状态。", "reversal", true, &|typed| html! {
                    (Field::choice(typed, "reverses", "冲正哪一笔", &standing).required()) (on(typed)) (why(typed))
                }))
            }
        }
        @if runs { p class="faint" { "展期、续贷和重组由借款人提出申请，签订新合同并放款后，本合同由新合同承接。" } }
    }
}

/// Takes a step; answers what is said then.
pub(super) async fn take(
    officer: &Officer,
    id: LoanContractId,
    step: &str,
    form: &Form,
) -> Result<&'static str, Problem> {
    let by = &officer.member;
    let mut check = form.check();
    if step == "withdrawal" {
        let reason = check.text("reason");
        check.done()?;
        officer.app.loans.give_up_contract(id, &reason, by).await?;
        return Ok("合同已放弃。");
    }
    let event: LoanEventId = check.id("id");
    let on = check.day("on");
    let (fact, told) = match step {
        "payout" => {
            let (masked, _) = officer.app.loans.contract(id, by).await?;
            (Fact::Payout(masked.row.principal_fen), "放款已登记。")
        }
        "repayment" => (Fact::Event(What::Repayment { amount: check.money("amount"), booked: None }), "还款已登记。"),
        "prepayment" => {
            let mode = match form.get("mode") {
                "full" => Mode::Full,
                "reduce_installment" => Mode::ReduceInstalment,
                "shorten_term" => Mode::ShortenTerm,
                _ => return Err(Problem::field("mode", "请选择")),
            };
            let principal = match mode {
                Mode::Full => check.money_or_none("amount"),
                Mode::ReduceInstalment | Mode::ShortenTerm => Some(check.money("amount")),
            };
            if mode == Mode::Full && principal.is_some() {
                check.say("amount", "全部结清不填金额");
            }
            (Fact::Event(What::Prepayment { mode, principal, booked: None }), "提前还款已登记。")
        }
        "rate" => (Fact::Event(What::RateChange(check.percent("rate"))), "利率调整已登记。"),
        "misuse" => (Fact::Event(What::Misuse(check.money_or_none("amount"))), "挪用已登记。"),
        "misuse-mended" => (Fact::Event(What::MisuseMended), "挪用的纠正已登记。"),
        "class" => {
            let wished = form.get("class");
            let class = CLASSES.into_iter().find(|class| domain::bank_file::class_of(*class) == wished);
            let Some(class) = class else { return Err(Problem::field("class", "请选择")) };
            (Fact::Event(What::Judgement((class != Class::Normal).then_some(class))), "分类认定已登记。")
        }
        "waiver" => {
            let mut amounts = Amounts::default();
            for (component, name) in
                [(Component::Interest, "interest"), (Component::Penalty, "penalty"), (Component::Compound, "compound")]
            {
                amounts[component] = check.money_or_none(name).unwrap_or_default();
            }
            if amounts == Amounts::default() {
                check.say("interest", "请至少填写一项减免金额");
            }
            (Fact::Event(What::Waiver(amounts)), "减免已登记。")
        }
        "compensation" => (Fact::Event(What::Compensation(check.money("amount"))), "代偿已登记。"),
        "recovery" => (Fact::Event(What::Recovery(check.money("amount"))), "追偿已登记。"),
        "credit-back" => (Fact::Event(What::CreditBack(check.money("amount"))), "溢缴款退还已登记。"),
        "write-off" => (Fact::Event(What::WriteOff), "已核销。"),
        "reversal" => (Fact::Event(What::Reversal(check.id("reverses"))), "已冲正。"),
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
    };
    let reasoned = matches!(
        step,
        "rate" | "misuse" | "misuse-mended" | "class" | "waiver" | "compensation" | "write-off" | "reversal"
    );
    let reason = if reasoned { Some(check.text("reason")) } else { None };
    check.done()?;
    let on = on.ok_or_else(|| Problem::field("on", "请填写日期"))?;
    let new = NewEvent { id: event, contract: id, on, fact, told: None, reason, actor: String::new() };
    officer.app.servicing.tell(new, by).await?;
    Ok(told)
}
