//! Lists: they filter by a form of their own, page by key, and are exported as CSV or XLSX from the same cells, so that a file never says
//! something else than the page. Long lists of amounts are sorted as a whole, by the query; the others sort the rows of the page, and say so.

use std::any::TypeId;

use app::problem::Problem;
use domain::{BusinessDate, Money, Timestamp};
use entity::ListOrder;
use maud::{Markup, html};
use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::page::{self, PageError};
use crate::part::{self, Tone};
use crate::session::encoded;

/// How many rows a page shows.
pub(crate) const ROWS: u64 = 50;
/// How many an export holds; who needs more asks the command line for the books.
pub(crate) const MOST: usize = 10_000;

/// How many columns stand beside each other with room between them on a wide screen.
const MANY: usize = 7;
/// How many columns of figures a phone shows at once.
const SEEN: usize = 3;

/// What a cell sorts by and is exported as.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Nothing,
    Number(i64),
    Amount(Money),
    Text(String),
}

/// What stands in a row.
pub(crate) struct Cell {
    shown: Markup,
    value: Value,
}

impl Cell {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Cell {
        let text = text.into();
        Cell { shown: unbroken(&text), value: Value::Text(text) }
    }

    /// A text that leads somewhere.
    pub(crate) fn link(path: &str, text: impl Into<String>) -> Cell {
        let text = text.into();
        Cell { shown: html! { a href=(path) { (unbroken(&text)) } }, value: Value::Text(text) }
    }

    /// A long number that leads somewhere; it breaks where it must.
    pub(crate) fn code(path: &str, number: impl Into<String>) -> Cell {
        let number = number.into();
        Cell { shown: html! { a class="code" href=(path) { (number) } }, value: Value::Text(number) }
    }

    /// A long number that leads nowhere; it breaks where it must.
    pub(crate) fn digits(number: impl Into<String>) -> Cell {
        let number = number.into();
        Cell { shown: html! { span class="code" { (number) } }, value: Value::Text(number) }
    }

    /// An amount.
    pub(crate) fn yuan(amount: Money) -> Cell {
        Cell { shown: part::yuan(amount), value: Value::Amount(amount) }
    }

    /// An amount that leads to what it is made of.
    pub(crate) fn yuan_of(amount: Money, path: &str) -> Cell {
        Cell { shown: part::yuan_of(amount, path), value: Value::Amount(amount) }
    }

    /// A number of things.
    pub(crate) fn number(number: i64) -> Cell {
        Cell { shown: html! { (number) }, value: Value::Number(number) }
    }

    /// A moment; where there is little room its day stands over its time.
    pub(crate) fn at(at: Timestamp) -> Cell {
        let wall = at.wall();
        let (day, time) = wall.split_once(' ').unwrap_or((&wall, ""));
        let minute = time.get(..5).unwrap_or(time);
        let shown = html! {
            time datetime=(at.to_string()) title=(wall) { span class="solid" { (day) } " " span class="solid" { (minute) } }
        };
        Cell { shown, value: Value::Text(at.wall()) }
    }

    /// A day.
    pub(crate) fn day(day: BusinessDate) -> Cell {
        Cell { shown: html! { time { span class="solid" { (day) } } }, value: Value::Text(day.to_string()) }
    }

    /// A state.
    pub(crate) fn badge(word: (&str, Tone)) -> Cell {
        Cell { shown: part::badge(word), value: Value::Text(word.0.to_owned()) }
    }

    /// What has no other shape; `text` is what it is exported as.
    pub(crate) fn shown(shown: Markup, text: impl Into<String>) -> Cell {
        // One part, so that a card keeps it together.
        Cell { shown: html! { div { (shown) } }, value: Value::Text(text.into()) }
    }

    /// The same with something below it that only the page shows.
    pub(crate) fn over(self, below: &Markup) -> Cell {
        Cell { shown: html! { div { (self.shown) (below) } }, value: self.value }
    }

    /// Nothing.
    pub(crate) fn none() -> Cell {
        Cell { shown: html! { span class="faint" { "—" } }, value: Value::Nothing }
    }

    /// What is there, or nothing.
    pub(crate) fn or_none<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Cell {
        value.map_or_else(Cell::none, cell)
    }

    fn plain(&self) -> String {
        match &self.value {
            Value::Nothing => String::new(),
            Value::Number(number) => number.to_string(),
            Value::Amount(amount) => amount.to_string(),
            Value::Text(text) => text.clone(),
        }
    }
}

/// A text; a day or a short number within a table does not break at its dashes, nor do the days of a span.
fn unbroken(text: &str) -> Markup {
    let is_solid =
        |word: &str| word.len() <= 16 && word.contains('-') && word.bytes().all(|sign| sign.is_ascii_graphic());
    html! {
        @if is_solid(text) { span class="solid" { (text) } }
        @else if let Some((first, last)) = text.split_once(" 至 ").filter(|(first, last)| is_solid(first) && is_solid(last)) {
            // One part, so that a card keeps it together.
            span { span class="solid" { (first) } " 至 " span class="solid" { (last) } }
        }
        @else { (text) }
    }
}

/// A heading over a column.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    name: &'static str,
    right: bool,
    wide: bool,
}

/// A column of words.
pub(crate) const fn column(name: &'static str) -> Column {
    Column { name, right: false, wide: false }
}

/// A column of amounts or numbers.
pub(crate) const fn numbers(name: &'static str) -> Column {
    Column { name, right: true, wide: false }
}

/// A column of names or sentences, which on a wide screen has room for them beside long numbers.
pub(crate) const fn wide(name: &'static str) -> Column {
    Column { name, right: false, wide: true }
}

impl Column {
    fn class(&self) -> Option<&'static str> {
        match (self.right, self.wide) {
            (true, _) => Some("right"),
            (false, true) => Some("wide"),
            (false, false) => None,
        }
    }
}

/// How a list is asked for, as it stands in the address.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    path: String,
    query: Vec<(String, String)>,
}

/// A file instead of a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Comma separated, UTF-8 with a mark that Excel needs.
    Csv,
    /// Excel.
    Xlsx,
}

impl Asked {
    /// Reads the address of a request.
    pub(crate) fn of(request: &poem::Request) -> Asked {
        let query = request.uri().query().unwrap_or_default();
        Asked {
            path: request.uri().path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect(),
        }
    }

    /// A list as it is first asked for, when a form beside it was refused.
    pub(crate) fn at(path: &str) -> Asked {
        Asked { path: path.to_owned(), query: Vec::new() }
    }

    /// The same of one part of it, as the form said which.
    pub(crate) fn about(path: &str, query: &[(&str, &str)]) -> Asked {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Asked { path: path.to_owned(), query }
    }

    /// Whether a value of the filter stands in the address, be it an empty one.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.query.iter().any(|(key, _)| key == name)
    }

    /// A value of the filter, if it was given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// A value of the filter, if it was given; one that does not read as what it should be is refused, for without it other things would be
    /// shown than were asked for.
    pub(crate) fn read<T: std::str::FromStr + 'static>(&self, name: &str) -> Result<Option<T>, PageError> {
        let Some(given) = self.get(name) else { return Ok(None) };
        Ok(given.parse().map(Some).map_err(|_| told(name, given, form_of::<T>()))?)
    }

    /// The same of a few words: which of them was given, if any was.
    pub(crate) fn among<'a>(&self, name: &str, words: &[&'a str]) -> Result<Option<&'a str>, PageError> {
        let Some(given) = self.get(name) else { return Ok(None) };
        let known = words.iter().copied().find(|word| *word == given);
        Ok(Some(known.ok_or_else(|| not_understood(name, given))?))
    }

    /// What can be read of a value that only says how a list is shown, not of what.
    fn hint<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// The cursor.
    pub(crate) fn after<T: From<uuid::Uuid>>(&self) -> Option<T> {
        self.hint::<uuid::Uuid>("after").map(T::from)
    }

    /// The cursor of everybody's pages; one that was mistyped is refused, for the first page is not what was asked for.
    pub(crate) fn cursor<T: From<uuid::Uuid>>(&self) -> Result<Option<T>, PageError> {
        Ok(self.read::<uuid::Uuid>("after")?.map(T::from))
    }

    /// The column to sort by, counted from one, and whether from the greatest to the least: `?sort=2`, or `?sort=-2`.
    fn sort(&self) -> Option<(usize, bool)> {
        let wished: i64 = self.hint("sort")?;
        let at = usize::try_from(wished.unsigned_abs()).ok().filter(|at| *at > 0)?;
        Some((at, wished < 0))
    }

    /// The order for the query of a list whose columns of amount and of time, counted from one, are these; see [`Table::ordered`].
    pub(crate) fn order(&self, amount: usize, time: usize) -> Option<ListOrder> {
        let (at, down) = self.sort()?;
        match (at == amount, at == time, down) {
            (true, _, true) => Some(ListOrder::Largest),
            (true, _, false) => Some(ListOrder::Smallest),
            (_, true, true) => Some(ListOrder::Newest),
            (_, true, false) => Some(ListOrder::Oldest),
            (false, false, _) => None,
        }
    }

    /// How many lines of a paper come before those that are shown.
    pub(crate) fn skipped(&self) -> Result<u64, PageError> {
        Ok(self.read::<u32>("skip")?.map_or(0, u64::from))
    }

    /// Whether a file is wanted.
    pub(crate) fn file(&self) -> Option<FileKind> {
        match self.get("as") {
            Some("csv") => Some(FileKind::Csv),
            Some("xlsx") => Some(FileKind::Xlsx),
            _ => None,
        }
    }

    /// How many rows to ask a service for: one more than are shown, or than a file may hold.
    pub(crate) fn limit(&self) -> u64 {
        self.limit_of(ROWS)
    }

    /// The same of a page that shows another number of rows.
    pub(crate) fn limit_of(&self, most: u64) -> u64 {
        if self.file().is_some() { MOST as u64 + 1 } else { most + 1 }
    }

    /// The address with some values changed; an empty one is left out.
    pub(crate) fn with(&self, changes: &[(&str, &str)]) -> String {
        let kept = self.query.iter().filter(|(key, _)| !changes.iter().any(|(changed, _)| changed == key));
        let kept = kept.map(|(key, value)| (key.as_str(), value.as_str()));
        let pairs: Vec<String> = kept
            .chain(changes.iter().copied())
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!("{}={}", encoded(key), encoded(value)))
            .collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }
}

/// A value of an address that is none of those that can be chosen.
pub(crate) fn not_understood(name: &str, given: &str) -> Problem {
    told(name, given, "请从列出的选项中选择")
}

/// How a value is written that somebody may have typed.
fn form_of<T: 'static>() -> &'static str {
    let of = TypeId::of::<T>();
    let whole = [TypeId::of::<u8>(), TypeId::of::<u32>(), TypeId::of::<i32>(), TypeId::of::<i64>()];
    if of == TypeId::of::<BusinessDate>() {
        "日期的写法如 2026-01-15"
    } else if of == TypeId::of::<Money>() {
        "金额以元为单位，写法如 12.30"
    } else if whole.contains(&of) {
        "这里只填整数，不带单位，如 30"
    } else {
        "请从列出的选项中选择"
    }
}

fn told(name: &str, given: &str, form: &str) -> Problem {
    let given: String = given.chars().take(40).collect();
    let said = format!("筛选条件“{given}”不正确，没有按它筛选。请返回改正；{form}。");
    Problem::new(400, "invalid_filter", "").saying(said).because(name)
}

/// A list.
pub(crate) struct Table {
    /// What it lists, for whoever hears it, and as the name of its file.
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    next: Option<String>,
    nothing: &'static str,
    /// The columns the query sorts by, counted from one.
    ordered: Vec<usize>,
    /// What a workbook says over its columns.
    title: Option<String>,
}

impl Table {
    /// A list without rows yet; `nothing` is what is said if it stays so.
    pub(crate) fn new(caption: impl Into<String>, columns: &[Column], nothing: &'static str) -> Table {
        let (caption, columns) = (caption.into(), columns.to_vec());
        Table { caption, columns, rows: Vec::new(), next: None, nothing, ordered: Vec::new(), title: None }
    }

    /// A page of rows that were asked for one more than the page shows (see [`Asked::limit`]): the last only says that there is more.
    pub(crate) fn page<R>(
        self,
        asked: &Asked,
        rows: Vec<R>,
        key: impl Fn(&R) -> uuid::Uuid,
        cells: impl Fn(R) -> Vec<Cell>,
    ) -> Table {
        self.page_of(ROWS, asked, rows, key, cells)
    }

    /// The same of fewer rows, where each holds a form of its own; see [`Asked::limit_of`].
    pub(crate) fn page_of<R>(
        mut self,
        most: u64,
        asked: &Asked,
        rows: Vec<R>,
        key: impl Fn(&R) -> uuid::Uuid,
        cells: impl Fn(R) -> Vec<Cell>,
    ) -> Table {
        let shown = if asked.file().is_some() { MOST } else { usize::try_from(most).unwrap_or(MOST) };
        if rows.len() > shown {
            self.next = rows.get(shown - 1).map(|last| key(last).to_string());
        }
        self.rows = rows.into_iter().take(shown).map(cells).collect();
        self
    }

    /// The same, whose workbook says over its columns what it is.
    pub(crate) fn titled(mut self, title: String) -> Table {
        self.title = Some(title);
        self
    }

    /// The same, which the query has sorted as a whole by one of these columns, if one is asked for; counted from one.
    pub(crate) fn ordered(mut self, columns: &[usize]) -> Table {
        self.ordered = columns.to_vec();
        self
    }

    /// All rows of a list that is never long.
    pub(crate) fn whole(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Table {
        self.rows = rows.into_iter().collect();
        self
    }

    /// Says where the next page begins, if there is one.
    pub(crate) fn then(mut self, next: Option<String>) -> Table {
        self.next = next;
        self
    }

    /// Sorts by the column the address names, where the query has not; answers which, from zero, and whether downwards.
    fn sort(&mut self, asked: &Asked) -> Option<(usize, bool)> {
        let (column, down) = asked.sort().filter(|(column, _)| *column <= self.columns.len())?;
        let at = column.checked_sub(1)?;
        if !self.ordered.contains(&column) {
            self.rows.sort_by(|a, b| a.get(at).map(|cell| &cell.value).cmp(&b.get(at).map(|cell| &cell.value)));
            if down {
                self.rows.reverse();
            }
        }
        Some((at, down))
    }

    /// The list on a page, with links to sort, to page and to export.
    pub(crate) fn show(mut self, asked: &Asked) -> Markup {
        let sorted = self.sort(asked);
        let of_query = |at: usize| self.ordered.contains(&(at + 1));
        // What follows a row in one order is not what follows it in another.
        let leaves = sorted.is_some_and(|(by, _)| of_query(by));
        let heading = |at: usize, column: &Column| {
            let order =
                sorted.filter(|(by, _)| *by == at).map(|(_, down)| if down { "descending" } else { "ascending" });
            let turn = if order == Some("ascending") { format!("-{}", at + 1) } else { (at + 1).to_string() };
            let mut changes = vec![("sort", turn.as_str())];
            if leaves || of_query(at) {
                changes.push(("after", ""));
            }
            html! {
                th scope="col" role="columnheader" class=[column.right.then_some("right")] aria-sort=[order] {
                    a class="sort" href=(asked.with(&changes)) { (column.name) }
                }
            }
        };
        let paged = self.next.is_some() || asked.get("after").is_some();
        let of_page = paged && sorted.is_some_and(|(by, _)| !of_query(by));
        html! {
            @if self.rows.is_empty() {
                p class="nothing" { (self.nothing) }
            } @else {
                (self.body(&html! { @for (at, column) in self.columns.iter().enumerate() { (heading(at, column)) } }))
            }
            @if !self.rows.is_empty() || asked.get("after").is_some() {
                nav class="pages" aria-label={ (self.caption) "的翻页" } {
                    span class="faint" { "本页" (self.rows.len()) "条" @if of_page { "，仅对本页排序" } }
                    @if asked.get("after").is_some() { a href=(asked.with(&[("after", "")])) { "第一页" } }
                    @if let Some(next) = &self.next { a href=(asked.with(&[("after", next)])) rel="next" { "下一页" } }
                    span class="export" {
                        "导出 "
                        a href=(asked.with(&[("as", "csv"), ("after", "")])) { "CSV" } " "
                        a href=(asked.with(&[("as", "xlsx"), ("after", "")])) { "XLSX" }
                    }
                }
            }
        }
    }

    /// The list without links, within another page.
    pub(crate) fn plain(&self) -> Markup {
        html! {
            @if self.rows.is_empty() {
                p class="nothing" { (self.nothing) }
            } @else {
                (self.body(&html! {
                    @for column in &self.columns { th scope="col" role="columnheader" class=[column.right.then_some("right")] { (column.name) } }
                }))
            }
        }
    }

    /// The table itself. On a phone a list of many words becomes cards, one a row; figures stay in columns, with the first of them in
    /// sight. The roles keep a card a row for whoever hears it.
    fn body(&self, headings: &Markup) -> Markup {
        let figures = self.columns.iter().filter(|column| column.right).count();
        let cards = self.columns.len() > 3 && figures * 2 <= self.columns.len();
        let many = self.columns.len() > MANY;
        html! {
            @if !cards && self.columns.len() > SEEN { p class="swipe" aria-hidden="true" { "左右滑动可看全部各栏" } }
            div class="scroll" tabindex="0" role="region" aria-label=(self.caption) {
                table class={ (if cards { "cards" } else { "figures" }) @if many { " many" } } role="table" {
                    caption class="unseen" { (self.caption) }
                    thead role="rowgroup" { tr role="row" { (headings) } }
                    tbody role="rowgroup" { @for row in &self.rows { (self.row(row)) } }
                }
            }
        }
    }

    fn row(&self, row: &[Cell]) -> Markup {
        html! {
            tr role="row" { @for (cell, column) in row.iter().zip(&self.columns) {
                td role="cell" class=[column.class()] data-name=(column.name) { (cell.shown) }
            } }
        }
    }

    /// The list as a file.
    pub(crate) fn file(mut self, kind: FileKind, asked: &Asked) -> Response {
        self.sort(asked);
        let (content, content_type, extension) = match kind {
            FileKind::Csv => (Ok(self.csv()), "text/csv; charset=utf-8", "csv"),
            FileKind::Xlsx => (self.xlsx(), page::XLSX, "xlsx"),
        };
        match content {
            Ok(content) => page::file(&format!("{}.{extension}", self.caption), content_type, content),
            Err(error) => {
                tracing::error!(error = app::problem::chain(&error), "a list could not be exported");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// What the last line of a file says that does not hold all of the list.
    fn cut(&self) -> Option<String> {
        self.next.is_some().then(|| format!("（只导出了前{MOST}条，其后还有未导出的；请缩小筛选范围，分次导出）"))
    }

    fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        let heading = self.columns.iter().map(|column| column.name.to_owned()).collect();
        let rows = self.rows.iter().map(|row| row.iter().map(guarded).collect());
        let cut = self.cut().map(|words| {
            let mut row = vec![String::new(); self.columns.len()];
            row.iter_mut().take(1).for_each(|cell| cell.clone_from(&words));
            row
        });
        for row in std::iter::once::<Vec<String>>(heading).chain(rows).chain(cut) {
            // Into memory, and all rows are as long as the heading.
            if let Err(error) = writer.write_record(&row) {
                tracing::error!(%error, "a line of a list was left out");
            }
        }
        writer.into_inner().unwrap_or_default()
    }

    fn xlsx(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let (bold, money) = (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"));
        let head = u32::from(self.title.is_some());
        if let Some(title) = &self.title {
            sheet.write_string_with_format(0, 0, title, &bold)?;
        }
        for (at, column) in (0..).zip(&self.columns) {
            sheet.write_string_with_format(head, at, column.name, &bold)?;
            sheet.set_column_width(at, 18)?;
        }
        for (line, row) in (head + 1..).zip(&self.rows) {
            for (at, cell) in (0..).zip(row) {
                match &cell.value {
                    Value::Nothing => {}
                    Value::Number(number) => {
                        sheet.write(line, at, *number)?;
                    }
                    Value::Amount(amount) => {
                        sheet.write_with_format(line, at, Decimal::new(amount.fen(), 2), &money)?;
                    }
                    Value::Text(text) => {
                        sheet.write_string(line, at, text)?;
                    }
                }
            }
        }
        if let (Some(words), Ok(rows)) = (self.cut(), u32::try_from(self.rows.len())) {
            sheet.write_string_with_format(head + 1 + rows, 0, words, &bold)?;
        }
        sheet.set_freeze_panes(head + 1, 0)?;
        book.save_to_buffer()
    }
}

/// A text that a spreadsheet would take for a formula is kept from it.
fn guarded(cell: &Cell) -> String {
    let plain = cell.plain();
    let risky = matches!(cell.value, Value::Text(_)) && plain.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if risky { format!("'{plain}") } else { plain }
}

/// How many lines of a paper a page shows at once: on a phone each of them is a card.
pub(crate) const LINES: u64 = 20;

/// The links below the lines of a paper, of which `skipped` come before those that are shown: to the others, and to all of them as a file.
pub(crate) fn turn_lines(asked: &Asked, skipped: u64, all: u64) -> Markup {
    let last = skipped.saturating_add(LINES).min(all);
    let to = |skip: u64| asked.with(&[("skip", &if skip == 0 { String::new() } else { skip.to_string() })]);
    html! {
        nav class="pages" aria-label="明细的翻页" {
            @if skipped < all && all > LINES { span class="faint" { "第" (skipped + 1) "至" (last) "笔，共" (all) "笔" } }
            @if skipped > 0 { a href=(to(skipped.min(all).saturating_sub(LINES))) rel="prev" { "上一页" } }
            @if last < all { a href=(to(last)) rel="next" { "下一页" } }
            span class="export" {
                "导出全部 "
                a href=(asked.with(&[("as", "csv"), ("skip", "")])) { "CSV" } " "
                a href=(asked.with(&[("as", "xlsx"), ("skip", "")])) { "XLSX" }
            }
        }
    }
}

/// The form over a list that narrows it. With htmx the list changes while one types; without it there is a button.
pub(crate) fn filter(asked: &Asked, fields: &Markup) -> Markup {
    html! {
        form class="filter" method="get" action=(asked.path) {
            (fields)
            button type="submit" { "筛选" }
            @if !asked.query.is_empty() { a href=(asked.path) { "清除" } }
        }
    }
}

/// A field of the filter: text.
pub(crate) fn filter_text(asked: &Asked, name: &str, label: &str) -> Markup {
    html! {
        label { (label) input type="search" name=(name) value=[asked.get(name)] maxlength="100"; }
    }
}

/// A field of the filter: a day.
pub(crate) fn filter_day(asked: &Asked, name: &str, label: &str) -> Markup {
    html! {
        label { (label) input type="date" name=(name) value=[asked.get(name)]; }
    }
}

/// A field of the filter: one of several words.
pub(crate) fn filter_choice(asked: &Asked, name: &str, label: &str, options: &[(String, String)]) -> Markup {
    html! {
        label {
            (label)
            select name=(name) {
                option value="" { "全部" }
                @for (key, word) in options {
                    option value=(key) selected[asked.get(name) == Some(key)] { (word) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        Asked::of(&poem::Request::builder().uri_str(format!("/console/x?{query}")).finish())
    }

    fn table() -> Table {
        let rows = [("=1+1", 3), ("乙", 1), ("丙", 2)];
        let cells = |(name, fen): (&str, i64)| vec![Cell::text(name), Cell::yuan(Money::from_fen(fen))];
        Table::new("表", &[column("名称"), numbers("金额")], "没有").whole(rows.map(cells))
    }

    #[test]
    fn what_does_not_read_is_told_how_it_is_written() {
        let query = "days=30天&day=3月1日&amount=一百&state=nonsense";
        let asked = asked(
            &query
                .split('&')
                .map(|pair| pair.split_once('=').unwrap())
                .fold(String::new(), |all, (name, value)| format!("{all}{name}={}&", encoded(value))),
        );
        let said = |refused: PageError| refused.0.detail.into_owned();
        assert!(
            said(asked.read::<u32>("days").unwrap_err())
                .contains("“30天”不正确，没有按它筛选。请返回改正；这里只填整数")
        );
        assert!(said(asked.read::<BusinessDate>("day").unwrap_err()).contains("日期的写法"));
        assert!(said(asked.read::<Money>("amount").unwrap_err()).contains("以元为单位"));
        assert!(said(asked.among("state", &["open"]).unwrap_err()).contains("选项"));
    }

    #[test]
    fn a_file_says_what_the_page_says() {
        let csv = |query: &str| {
            let mut table = table();
            table.sort(&asked(query));
            String::from_utf8(table.csv()).unwrap()
        };
        assert_eq!(csv(""), "\u{feff}名称,金额\n'=1+1,0.03\n乙,0.01\n丙,0.02\n");
        assert_eq!(csv("sort=-2"), "\u{feff}名称,金额\n'=1+1,0.03\n丙,0.02\n乙,0.01\n");
        assert_eq!(csv("sort=9"), csv(""));
        assert!(!table().xlsx().unwrap().is_empty());
    }

    #[test]
    fn a_file_that_does_not_hold_all_of_a_list_says_so() {
        let csv = String::from_utf8(table().then(Some("after".to_owned())).csv()).unwrap();
        let (last, whole) = (csv.lines().last().unwrap().to_owned(), String::from_utf8(table().csv()).unwrap());
        assert!(last.starts_with("（只导出了前10000条") && last.ends_with(','), "{last}");
        assert!(!whole.contains("只导出了"), "{whole}");
        let (page, file) = (asked(""), asked("as=csv"));
        assert_eq!(
            (page.limit(), file.limit()),
            (ROWS + 1, MOST as u64 + 1),
            "one more than fits tells that there is more"
        );
    }

    #[test]
    fn what_the_query_has_sorted_is_left_as_it_came() {
        let wished = [("sort=-2", Some(ListOrder::Largest)), ("sort=1", Some(ListOrder::Oldest)), ("sort=7", None)];
        for (query, order) in wished {
            assert_eq!(asked(query).order(2, 1), order, "{query}");
        }
        let mut sorted = table().ordered(&[2]);
        assert_eq!(sorted.sort(&asked("sort=2")), Some((1, false)));
        assert!(String::from_utf8(sorted.csv()).unwrap().contains("'=1+1,0.03\n乙"), "as it came");
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        assert_eq!(
            asked("day=2026-02-28").read::<BusinessDate>("day").unwrap().map(|day| day.to_string()).as_deref(),
            Some("2026-02-28")
        );
        assert_eq!(asked("day=").read::<BusinessDate>("day").unwrap(), None);
        assert_eq!(asked("day=2026-02-30").read::<BusinessDate>("day").unwrap_err().0.status, 400);
    }

    #[test]
    fn the_address_keeps_what_was_asked() {
        let asked = asked("state=open&after=x&q=%E7%94%B2");
        assert_eq!(asked.with(&[("after", "")]), "/console/x?state=open&q=%E7%94%B2");
        assert_eq!(asked.with(&[("state", "a&b"), ("q", ""), ("after", "")]), "/console/x?state=a%26b");
    }
}
