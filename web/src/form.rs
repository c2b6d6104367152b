//! What somebody typed. Read once, before any handler, so that none can forget the token; kept as it was typed, so that a form
//! that is refused is shown again with all of it.

use std::ops::Range;
use std::str::FromStr;

use app::problem::Problem;
use crowdfunding::Decision;
use domain::{BusinessDate, Money, Rate, Timestamp, writing};
use poem::web::Multipart;
use poem::{FromRequest, Request, RequestBody, Result};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::page::PageError;

/// The years a day may be of: of another it is a slip of the finger.
const YEARS: Range<i32> = 1900..2200;

/// A rate as a field of percentages holds it, with all of its decimals: `4.15`.
pub(crate) fn percent(rate: Rate) -> String {
    let exact: Result<Decimal, _> = rate.to_string().parse();
    exact.map_or_else(|_| rate.percent(), |exact| (exact * Decimal::ONE_HUNDRED).normalize().to_string())
}

/// A file that came with a form.
#[derive(Clone)]
pub(crate) struct Upload {
    field: String,
    /// As the browser calls it, without directories.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) content: Vec<u8>,
}

/// The fields of a form, in the order they stood there.
#[derive(Clone, Default)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    uploads: Vec<Upload>,
}

impl Form {
    /// Fields that were not typed but known: a form that is shown for the first time and is not empty.
    pub(crate) fn of<K: Into<String>, V: Into<String>>(fields: impl IntoIterator<Item = (K, V)>) -> Form {
        Form {
            fields: fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            uploads: Vec::new(),
        }
    }

    /// All of its fields, as they were typed.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether a file came with it.
    pub(crate) fn has_files(&self) -> bool {
        !self.uploads.is_empty()
    }

    /// Adds a field.
    pub(crate) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.fields.push((name.to_owned(), value.into()));
    }

    /// Reads the body of a request, which the door holds in memory already.
    pub(crate) async fn read(request: &Request, body: &mut RequestBody) -> Result<Form> {
        let kind = request.content_type().unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            return Form::read_multipart(Multipart::from_request(request, body).await?).await;
        }
        let bytes = body.take()?.into_vec().await.map_err(poem::Error::from)?;
        let fields = form_urlencoded::parse(&bytes).map(|(name, value)| (name.into_owned(), value.into_owned()));
        Form { fields: fields.collect(), uploads: Vec::new() }.sound()
    }

    async fn read_multipart(mut parts: Multipart) -> Result<Form> {
        let mut form = Form::default();
        while let Some(part) = parts.next_field().await? {
            let field = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                // A browser sends a file field that was left empty as a file without a name.
                Some(name) if name.is_empty() => {}
                Some(name) => {
                    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
                    let content = part.bytes().await.map_err(poem::Error::from)?;
                    form.uploads.push(Upload { field, name, content });
                }
                None => form.fields.push((field, part.text().await.map_err(poem::Error::from)?)),
            }
        }
        form.sound()
    }

    /// Refuses characters that no pen writes, as the interface does.
    fn sound(mut self) -> Result<Form> {
        for (_, value) in &mut self.fields {
            if value.contains(domain::writing::unwritable) {
                let wrong = Problem::new(400, "invalid_body", "填写的内容含有无法识别的字符。");
                return Err(PageError(wrong).into());
            }
            // Browsers end lines as telegraphs did.
            *value = value.replace("\r\n", "\n");
        }
        Ok(self)
    }

    /// What stands in a field, without spaces around it; nothing if it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// The same with the spaces around it.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str())
    }

    /// What stands in a field, or nothing if it was left empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }

    /// All that was chosen of a field that may be there more than once.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.trim())
    }

    /// What stands in the fields whose names begin so, each with the rest of its name.
    pub(crate) fn named(&self, start: &'static str) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(move |(field, value)| Some((field.strip_prefix(start)?, value.trim())))
    }

    /// Whether a box was ticked.
    pub(crate) fn ticked(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// The file of a field.
    pub(crate) fn upload(&self, name: &str) -> Option<&Upload> {
        self.uploads.iter().find(|upload| upload.field == name)
    }

    /// Reads the fields one by one and gathers everything that is wrong.
    pub(crate) fn check(&self) -> Check<'_> {
        Check { form: self, faults: Vec::new() }
    }
}

/// Reads fields and gathers what is wrong with them. A field that cannot be read gives a value that nobody uses: [`Check::done`]
/// comes before anything is done.
pub(crate) struct Check<'a> {
    form: &'a Form,
    faults: Vec<domain::plan::Problem>,
}

impl Check<'_> {
    /// Says what is wrong with a field.
    pub(crate) fn say(&mut self, name: &str, problem: &str) {
        self.faults.push(domain::plan::Problem { field: name.to_owned(), problem: problem.to_owned() });
    }

    fn parse<T: FromStr>(&mut self, name: &str, problem: &str) -> Option<T> {
        match self.form.given(name).map(str::parse) {
            Some(Ok(value)) => Some(value),
            Some(Err(_)) => {
                self.say(name, problem);
                None
            }
            None => None,
        }
    }

    /// A text that has to be there.
    pub(crate) fn text(&mut self, name: &str) -> String {
        if self.form.given(name).is_none() {
            self.say(name, "请填写此项");
        }
        self.form.get(name).to_owned()
    }

    /// Whether it was agreed, by the word of the step; whoever does not agree says why.
    pub(crate) fn decision(&mut self, agreed: bool) -> Decision {
        if agreed { Decision::Approve } else { Decision::Reject(self.text("reason")) }
    }

    /// A text that may be left out.
    pub(crate) fn optional(&self, name: &str) -> Option<String> {
        self.form.given(name).map(str::to_owned)
    }

    /// An amount in yuan. Separators of thousands, as we print them, may be typed.
    pub(crate) fn money(&mut self, name: &str) -> Money {
        if self.form.given(name).is_none() {
            self.say(name, "请填写金额");
        }
        self.money_or_none(name).unwrap_or(Money::ZERO)
    }

    /// An amount that may be left out.
    pub(crate) fn money_or_none(&mut self, name: &str) -> Option<Money> {
        let typed = self.form.given(name)?.replace([',', '，'], "");
        let read = writing::yuan(&typed);
        if let Err(problem) = read {
            self.say(name, problem);
        }
        read.ok()
    }

    /// A day.
    pub(crate) fn day(&mut self, name: &str) -> Option<BusinessDate> {
        if self.form.given(name).is_none() {
            self.say(name, "请填写日期");
        }
        self.day_or_none(name)
    }

    /// A day that may be left out.
    pub(crate) fn day_or_none(&mut self, name: &str) -> Option<BusinessDate> {
        let read = writing::day(self.form.given(name)?, YEARS);
        if let Err(problem) = &read {
            self.say(name, problem);
        }
        read.ok()
    }

    /// A moment in Beijing, as a browser's field writes it.
    pub(crate) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        let Some(typed) = self.form.given(name) else {
            self.say(name, "请填写时间");
            return None;
        };
        let seconds = if typed.len() == 16 { ":00" } else { "" };
        let read = format!("{}{seconds}+08:00", typed.replace(' ', "T")).parse().ok();
        if read.is_none() {
            self.say(name, "时间的写法如 2026-01-15 09:00");
        }
        read
    }

    /// A whole number.
    pub(crate) fn number<T: FromStr>(&mut self, name: &str) -> Option<T> {
        if self.form.given(name).is_none() {
            self.say(name, "请填写数字");
        }
        self.parse(name, "请填写整数")
    }

    /// A percentage, as people write a rate: `4.15` and `4.15%` are the same, for nobody lends at four hundred percent.
    pub(crate) fn percent(&mut self, name: &str) -> Rate {
        if self.form.given(name).is_none() {
            self.say(name, "请填写百分比，如 4.15");
        }
        self.percent_or_none(name).unwrap_or(Rate::ZERO)
    }

    /// A percentage that may be left out.
    pub(crate) fn percent_or_none(&mut self, name: &str) -> Option<Rate> {
        let typed = self.form.given(name)?;
        let read = format!("{}%", typed.trim_end_matches(['%', '％'])).parse().ok();
        if read.is_none() {
            self.say(name, "百分比在0至100之间，写法如 4.15");
        }
        read
    }

    /// One of several words.
    pub(crate) fn choice<T: FromStr>(&mut self, name: &str) -> Option<T> {
        if self.form.given(name).is_none() {
            self.say(name, "请选择");
        }
        self.parse(name, "请选择")
    }

    /// A text that reads as what it should be.
    pub(crate) fn reading<T: FromStr>(&mut self, name: &str, problem: &str) -> Option<T> {
        if self.form.given(name).is_none() {
            self.say(name, "请填写此项");
        }
        self.parse(name, problem)
    }

    /// The id of what is made or chosen.
    pub(crate) fn id<T: From<Uuid>>(&mut self, name: &str) -> T {
        if self.form.given(name).is_none() {
            self.say(name, "请选择");
        }
        self.parse::<Uuid>(name, "编号不正确").unwrap_or_default().into()
    }

    /// The id of what is chosen, or nothing.
    pub(crate) fn id_or_none<T: From<Uuid>>(&mut self, name: &str) -> Option<T> {
        self.parse::<Uuid>(name, "编号不正确").map(T::from)
    }

    /// Refuses if anything was wrong.
    pub(crate) fn done(self) -> Result<(), Problem> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Problem::unprocessable("invalid_field", "有几处填写不正确，请按提示修改。").listing(self.faults))
    }
}

impl<'a> FromRequest<'a> for Form {
    /// The form that the gate has read, and whose token it has checked.
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Form> {
        Ok(request.data::<Form>().cloned().unwrap_or_default())
    }
}

/// What was typed, and what became of it: what a form shows.
#[derive(Default)]
pub(crate) struct Typed {
    form: Form,
    refused: Option<Problem>,
}

impl Typed {
    /// A form that is shown for the first time.
    pub(crate) fn fresh(form: Form) -> Typed {
        Typed { form, refused: None }
    }

    /// A form that was refused.
    pub(crate) fn refused(form: &Form, problem: impl Into<Problem>) -> Typed {
        Typed { form: form.clone(), refused: Some(problem.into()) }
    }

    /// What stands in a field.
    pub(crate) fn form(&self) -> &Form {
        &self.form
    }

    /// The status of the page that shows it.
    pub(crate) fn status(&self) -> u16 {
        self.refused.as_ref().map_or(200, |problem| problem.status)
    }

    /// What is wrong with a field.
    pub(crate) fn fault(&self, name: &str) -> Option<&str> {
        let problem = self.refused.as_ref()?;
        if let Some(one) = problem.problems.iter().find(|one| one.field == name) {
            return Some(&one.problem);
        }
        let meant = problem.code == "invalid_field" && problem.reason.as_deref() == Some(name);
        meant.then_some(problem.detail.as_ref())
    }

    /// The refusal as a whole.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        self.refused.as_ref()
    }
}
