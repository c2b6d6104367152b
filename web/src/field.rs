//! Fields of forms: a label, what was typed, a hint, and what is wrong, told to whoever sees the page and whoever hears it.

use maud::{Markup, Render, html};

use crate::form::Typed;

/// What a field takes.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Input { kind: &'static str, mode: Option<&'static str> },
    Listed(&'a [String]),
    Area,
    Choice(&'a [(String, String)]),
    Tick,
    File,
}

/// A field.
pub(crate) struct Field<'a> {
    typed: &'a Typed,
    name: &'a str,
    label: &'a str,
    hint: Option<&'a str>,
    required: bool,
    /// When it has to be filled in, where that is not always.
    needed: Option<&'a str>,
    kind: Kind<'a>,
    complete: &'static str,
    longest: Option<u32>,
    quiet: bool,
}

impl<'a> Field<'a> {
    fn of(typed: &'a Typed, name: &'a str, label: &'a str, kind: Kind<'a>) -> Field<'a> {
        Field {
            typed,
            name,
            label,
            hint: None,
            required: false,
            needed: None,
            kind,
            complete: "off",
            longest: None,
            quiet: false,
        }
    }

    /// A line of text.
    pub(crate) fn text(typed: &'a Typed, name: &'a str, label: &'a str) -> Field<'a> {
        Field::of(typed, name, label, Kind::Input { kind: "text", mode: None })
    }

    /// Some lines of text.
    pub(crate) fn area(typed: &'a Typed, name: &'a str, label: &'a str) -> Field<'a> {
        Field::of(typed, name, label, Kind::Area)
    }

    /// An amount in yuan.
    pub(crate) fn money(typed: &'a Typed, name: &'a str, label: &'a str) -> Field<'a> {
        Field::of(typed, name, label, Kind::Input { kind: "text", mode: Some("decimal") })
    }

    /// A whole number.
    pub(crate) fn number(typed: &'a Typed, name: &'a str, label: &'a str) -> Field<'a> {
        Field::of(typed, name, label, Kind::Input { kind: "text", mode: Some("numeric") })
    }

    /// A day.
    pub(crate) fn day(typed: &'a Typed, name: &'a str, label: &'a str) -> Field<'a> {
        Field::of(typed, name, label, Kind::Input { kind: "date", mode: None })
    }

    /// A moment in Beijing.
    pub(crate) fn moment(typed: &'a Typed, name: &'a str, label: &'a str) -> Field<'a> {
        Field::of(typed, name, label, Kind::Input { kind: "datetime-local", mode: None })
    }

    /// A password; it is never shown again.
    pub(crate) fn password(typed: &'a Typed, name: &'a str, label: &'a str) -> Field<'a> {
        Field::of(typed, name, label, Kind::Input { kind: "password", mode: None })
    }

    /// One of several: value and word. The first empty value asks to choose.
    pub(crate) fn choice(
        typed: &'a Typed,
        name: &'a str,
        label: &'a str,
        options: &'a [(String, String)],
    ) -> Field<'a> {
        Field::of(typed, name, label, Kind::Choice(options))
    }

    /// A line of text that is chosen from a list, or typed where the list does not have it.
    pub(crate) fn listed(typed: &'a Typed, name: &'a str, label: &'a str, all: &'a [String]) -> Field<'a> {
        Field::of(typed, name, label, Kind::Listed(all))
    }

    /// A box to tick.
    pub(crate) fn tick(typed: &'a Typed, name: &'a str, label: &'a str) -> Field<'a> {
        Field::of(typed, name, label, Kind::Tick)
    }

    /// A file.
    pub(crate) fn file(typed: &'a Typed, name: &'a str, label: &'a str) -> Field<'a> {
        Field::of(typed, name, label, Kind::File)
    }

    /// The same with a sentence that helps.
    pub(crate) fn hint(self, hint: &'a str) -> Self {
        Field { hint: Some(hint), ..self }
    }

    /// The same that has to be filled in.
    pub(crate) fn required(self) -> Self {
        Field { required: true, ..self }
    }

    /// The same that has to be filled in at some time or in some case, which its label says instead of that it may be left out:
    /// `提交审核前必填`. The browser does not insist on it; the service does.
    pub(crate) fn needed(self, when: &'a str) -> Self {
        Field { needed: Some(when), ..self }
    }

    /// The same that takes so many characters.
    pub(crate) fn longest(self, characters: u32) -> Self {
        Field { longest: Some(characters), ..self }
    }

    /// The same among many of its kind, of which nobody expects all to be filled in.
    pub(crate) fn quiet(self) -> Self {
        Field { quiet: true, ..self }
    }

    /// The same that a browser may fill in.
    pub(crate) fn complete(self, what: &'static str) -> Self {
        Field { complete: what, ..self }
    }
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        let Field { typed, name, label, hint, required, needed, kind, complete, longest, quiet } = *self;
        let left_out = !required && !quiet && !matches!(kind, Kind::Tick);
        let aside = needed.or(left_out.then_some("可不填"));
        // Several forms of a page may have a field of this name.
        let id = format!("f-{name}-{}", uuid::Uuid::new_v4().as_fields().0);
        let (hint_id, fault_id) = (format!("{id}-hint"), format!("{id}-fault"));
        let value = typed.form().get(name);
        let fault = typed.fault(name);
        let described: Vec<&str> =
            [hint.map(|_| hint_id.as_str()), fault.map(|_| fault_id.as_str())].into_iter().flatten().collect();
        let described = Some(described.join(" ")).filter(|ids| !ids.is_empty());
        let invalid = fault.map(|_| "true");
        let control = match kind {
            Kind::Input { kind, mode } => {
                let shown = if kind == "password" { "" } else { value };
                html! { input id=(id) name=(name) type=(kind) value=(shown) required[required] inputmode=[mode] maxlength=[longest]
                autocomplete=(complete) aria-describedby=[described] aria-invalid=[invalid]; }
            }
            Kind::Listed(all) => {
                let list = format!("{id}-list");
                html! {
                    input id=(id) name=(name) type="text" value=(value) list=(list) required[required] maxlength=[longest]
                        autocomplete="off" aria-describedby=[described] aria-invalid=[invalid];
                    datalist id=(list) { @for one in all { option value=(one) {} } }
                }
            }
            Kind::Area => html! {
                textarea id=(id) name=(name) rows="3" required[required] maxlength=[longest] aria-describedby=[described]
                    aria-invalid=[invalid] { (value) }
            },
            Kind::Choice(options) => html! {
                select id=(id) name=(name) required[required] aria-describedby=[described] aria-invalid=[invalid] {
                    @for (key, word) in options { option value=(key) selected[key == value] { (word) } }
                }
            },
            Kind::Tick => html! {
                input id=(id) name=(name) type="checkbox" value="yes" checked[!value.is_empty()] aria-describedby=[described];
            },
            Kind::File => html! {
                input id=(id) name=(name) type="file" required[required] aria-describedby=[described] aria-invalid=[invalid];
            },
        };
        html! {
            div class={ "field" @if matches!(kind, Kind::Tick) { " tick" } } {
                label for=(id) { (label) @if let Some(aside) = aside { span class="faint" { "（" (aside) "）" } } }
                (control)
                @if let Some(hint) = hint { p class="hint" id=(hint_id) { (hint) } }
                @if let Some(fault) = fault { p class="fault" id=(fault_id) { (fault) } }
            }
        }
    }
}

/// A field of a row whose word stands over its column, or in the empty field, on a wide screen; on a phone it stands over the field itself.
pub(crate) fn cell(word: &str, control: &Markup) -> Markup {
    html! { label class="cell" { span { (word) } (control) } }
}

/// Boxes of which several may be ticked, under a legend of their own.
pub(crate) fn ticks(typed: &Typed, name: &str, legend: &str, options: &[(String, String)]) -> Markup {
    html! {
        fieldset class="ticks" {
            legend { (legend) }
            @for (key, word) in options {
                label { input type="checkbox" name=(name) value=(key) checked[typed.form().all(name).any(|one| one == key)]; (word) }
            }
            @if let Some(fault) = typed.fault(name) { p class="fault" { (fault) } }
        }
    }
}

/// Options of a choice from words: an empty one first, which asks to choose.
pub(crate) fn options<K: ToString, W: ToString>(all: impl IntoIterator<Item = (K, W)>) -> Vec<(String, String)> {
    let mut options = vec![(String::new(), "请选择".to_owned())];
    options.extend(all.into_iter().map(|(key, word)| (key.to_string(), word.to_string())));
    options
}
