//! The rules of the house that no compiler keeps. Each test says which rule it holds and why; whoever has a better rule changes
//! it here, where a reviewer sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our crates a crate may list under `[dependencies]`: calls go down these arrows only. Development dependencies are
/// free, except that nothing but `main` and tests links the sandbox.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("migration", &[]),
    ("entity", &["domain"]),
    ("ledger", &["domain", "entity"]),
    ("wechat", &["domain"]),
    ("sandbox", &["domain", "wechat"]),
    ("crowdfunding", &["domain", "entity", "ledger"]),
    ("lending", &["domain", "entity", "ledger"]),
    ("app", &["domain", "entity", "ledger", "wechat", "crowdfunding", "lending"]),
    ("api", &["domain", "entity", "ledger", "wechat", "crowdfunding", "lending", "app"]),
    ("web", &["domain", "entity", "ledger", "crowdfunding", "lending", "app"]),
    ("jobs", &["domain", "app"]),
];

/// Crates that cannot query, because what it takes is not listed.
const NO_DATABASE: &[&str] = &["api", "web", "jobs", "wechat", "sandbox"];
const DATABASE: &[&str] = &["sea-orm", "sea-orm-migration", "sea-query", "sqlx"];

/// Who writes a table.
const WRITERS: &[(&str, &str)] = &[
    ("account", "ledger"),
    ("account_day", "ledger"),
    ("book", "ledger"),
    ("day_seal", "ledger"),
    ("entry", "ledger"),
    ("fund", "ledger"),
    ("posting", "ledger"),
    ("voucher", "ledger"),
    ("subject", "migration"),
    ("budget_line", "crowdfunding"),
    ("campaign", "crowdfunding"),
    ("campaign_approval", "crowdfunding"),
    ("campaign_history", "crowdfunding"),
    ("campaign_change", "crowdfunding"),
    ("campaign_change_approval", "crowdfunding"),
    ("campaign_comment", "crowdfunding"),
    ("campaign_decision", "crowdfunding"),
    ("campaign_plan", "crowdfunding"),
    ("campaign_update", "crowdfunding"),
    ("complaint", "crowdfunding"),
    ("cooperation", "crowdfunding"),
    ("disbursement", "crowdfunding"),
    ("disbursement_approval", "crowdfunding"),
    ("disbursement_history", "crowdfunding"),
    ("donation", "crowdfunding"),
    ("donation_history", "crowdfunding"),
    ("final_disclosure", "crowdfunding"),
    ("gift_list", "crowdfunding"),
    ("milestone", "crowdfunding"),
    ("moderation", "crowdfunding"),
    ("partner", "crowdfunding"),
    ("payee", "crowdfunding"),
    ("payee_account", "crowdfunding"),
    ("payee_erasure", "app"),
    ("payment_file", "crowdfunding"),
    ("payout", "crowdfunding"),
    ("payout_history", "crowdfunding"),
    ("payout_notice", "crowdfunding"),
    ("payout_settlement", "crowdfunding"),
    ("refund", "crowdfunding"),
    ("refund_history", "crowdfunding"),
    ("suspension", "crowdfunding"),
    ("team", "crowdfunding"),
    ("team_moderation", "crowdfunding"),
    ("bank", "lending"),
    ("bank_seat", "lending"),
    ("enterprise_need", "lending"),
    ("loan_application", "lending"),
    ("loan_application_history", "lending"),
    ("loan_consent", "lending"),
    ("loan_contract", "lending"),
    ("loan_contract_history", "lending"),
    ("loan_decision", "lending"),
    ("loan_paper", "lending"),
    ("loan_product", "lending"),
    ("loan_quota", "lending"),
    ("loan_relation", "lending"),
    ("lpr", "lending"),
    ("need_follow_up", "lending"),
    ("need_match", "lending"),
    ("product_version", "lending"),
    ("loan_day", "lending"),
    ("loan_event", "lending"),
    ("loan_file", "lending"),
    ("loan_late", "lending"),
    ("loan_pool", "lending"),
    ("loan_programme", "lending"),
    ("loan_standing", "lending"),
    ("loan_subsidy", "lending"),
    ("attachment", "app"),
    ("audit_log", "app"),
    ("bank_account", "app"),
    ("bank_balance", "app"),
    ("bank_claim", "app"),
    ("bank_line", "app"),
    ("bank_match", "app"),
    ("bank_statement", "app"),
    ("audited_year", "app"),
    ("year_closing", "app"),
    ("bill", "app"),
    ("bill_history", "app"),
    ("buffered_line", "app"),
    ("calendar_day", "app"),
    ("cash_count", "app"),
    ("certificate", "app"),
    ("charity", "app"),
    ("child_access", "app"),
    ("consent", "app"),
    ("delegation", "app"),
    ("discrepancy", "app"),
    ("disclosure", "app"),
    ("disclosure_publication", "app"),
    ("document", "app"),
    ("donor", "app"),
    ("duty_notice", "app"),
    ("duty_rule", "app"),
    ("enquiry", "app"),
    ("job_lease", "app"),
    ("job_line", "app"),
    ("job_run", "app"),
    ("major_event", "app"),
    ("manual_voucher", "app"),
    ("voucher_charge", "app"),
    ("message", "app"),
    ("charity_account_change", "app"),
    ("profile_change", "app"),
    ("ratio_rule", "app"),
    ("receipt", "app"),
    ("reconciliation_rule", "app"),
    ("reconciliation_run", "app"),
    ("resolution", "app"),
    ("screening_hit", "app"),
    ("gift_alert", "app"),
    ("gift_code", "app"),
    ("gift_watch", "app"),
    ("role_grant", "app"),
    ("session", "app"),
    ("small_review", "app"),
    ("staff", "app"),
    ("staff_role", "app"),
    ("transfer", "app"),
    ("unit", "app"),
    ("unmasking", "app"),
    ("voucher_template", "app"),
    ("watch_name", "app"),
];

/// Crates that amounts pass through, and the binary of the root. `jobs` tells its metrics in floats and sees no amounts.
const MONEY: &[&str] =
    &["domain", "entity", "ledger", "wechat", "sandbox", "crowdfunding", "lending", "app", "api", "web", ""];

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files under a directory, without what tools make.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return found };
    for entry in entries.map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if matches!(name.as_str(), "target" | "data" | "node_modules" | ".git") {
            continue;
        } else if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources(krate: &str) -> Vec<PathBuf> {
    let extension = |path: &PathBuf| matches!(path.extension().and_then(|e| e.to_str()), Some("rs" | "sql"));
    files(&root().join(krate).join("src")).into_iter().filter(extension).collect()
}

/// Words, `::`, and single signs; comments of a line of their own left out.
fn words(path: &Path) -> Vec<String> {
    let text = read(path);
    let lines =
        text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with("--"));
    let mut words = Vec::new();
    for line in lines {
        let mut word = String::new();
        for letter in line.chars() {
            if letter.is_ascii_alphanumeric() || letter == '_' {
                word.push(letter);
                continue;
            }
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if letter == ':' && words.last().is_some_and(|last| last == ":") {
                words.pop();
                words.push("::".to_owned());
            } else if !letter.is_whitespace() && letter != '\\' {
                words.push(letter.to_string());
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// The names under a heading of a manifest.
fn listed(krate: &str, heading: &str) -> BTreeSet<String> {
    let manifest = read(&root().join(krate).join("Cargo.toml"));
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == format!("[{heading}]");
        } else if let (true, Some(name)) = (inside, line.split(['.', ' ', '=']).next().filter(|name| !name.is_empty()))
        {
            names.insert(name.to_owned());
        }
    }
    names
}

#[test]
fn crates_call_downwards_only() {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(krate, _)| *krate).collect();
    let manifest = read(&root().join("Cargo.toml"));
    for member in manifest.lines().find(|line| line.starts_with("members")).unwrap().split('"').skip(1).step_by(2) {
        assert!(ours.contains(member), "{member} has no arrows in this file");
    }
    for &(krate, below) in ARROWS {
        for dependency in listed(krate, "dependencies") {
            let allowed = !ours.contains(dependency.as_str()) || below.contains(&dependency.as_str());
            assert!(allowed, "{krate} lists {dependency}, which is not below it");
        }
    }
}

#[test]
fn who_shall_not_query_cannot() {
    for &krate in NO_DATABASE {
        for &dependency in DATABASE {
            assert!(!listed(krate, "dependencies").contains(dependency), "{krate} lists {dependency}");
        }
    }
    for &dependency in DATABASE {
        assert!(!listed("", "dependencies").contains(dependency), "the binary lists {dependency}");
    }
}

#[test]
fn a_table_has_one_writer() {
    let writers: BTreeMap<&str, &str> = WRITERS.iter().copied().collect();
    for (table, krate, place) in writes() {
        let Some(writer) = writers.get(table.as_str()) else { panic!("{place} writes {table}, which has no writer") };
        assert_eq!(*writer, krate, "{place} writes {table}");
    }
}

#[test]
fn every_table_is_known_here() {
    let writers: BTreeSet<&str> = WRITERS.iter().map(|(table, _)| *table).collect();
    let mut tables = BTreeSet::new();
    for path in files(&root().join("migration")).iter().filter(|path| path.extension().is_some_and(|e| e == "sql")) {
        for window in words(path).windows(3) {
            if window[0] == "CREATE" && window[1] == "TABLE" {
                tables.insert(window[2].clone());
            }
        }
    }
    assert_eq!(tables.iter().map(String::as_str).collect::<BTreeSet<_>>(), writers);
}

/// Every place that writes a table: by a statement, or through an entity, under whatever name it was imported.
fn writes() -> Vec<(String, &'static str, String)> {
    let mut found = Vec::new();
    // The binary of the root writes nothing at all.
    for krate in ARROWS.iter().map(|(krate, _)| *krate).chain([""]) {
        if krate == "migration" {
            continue;
        }
        for path in sources(krate) {
            let words = words(&path);
            let is = |at: usize, word: &str| words.get(at).is_some_and(|there| there == word);
            let mut names: BTreeMap<String, String> = BTreeMap::new();
            for at in 0..words.len() {
                if let (true, Some(table), Some(alias)) = (is(at + 1, "as"), words.get(at), words.get(at + 2)) {
                    names.insert(alias.clone(), table.clone());
                }
            }
            for at in 0..words.len() {
                let by_statement = (is(at, "INSERT") && is(at + 1, "INTO")) || (is(at, "DELETE") && is(at + 1, "FROM"));
                let by_update = is(at, "UPDATE") && is(at + 2, "SET");
                let through_row = is(at + 1, "::") && is(at + 2, "ActiveModel");
                let through_entity = is(at + 1, "::")
                    && is(at + 2, "Entity")
                    && is(at + 3, "::")
                    && words
                        .get(at + 4)
                        .is_some_and(|call| ["insert", "update", "delete"].iter().any(|verb| call.starts_with(verb)));
                let table = if by_statement {
                    words.get(at + 2)
                } else if by_update {
                    words.get(at + 1)
                } else if through_row || through_entity {
                    words.get(at).map(|name| names.get(name).unwrap_or(name))
                } else {
                    None
                };
                if let Some(table) = table {
                    let place = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
                    found.push((table.clone(), krate, place));
                }
            }
        }
    }
    assert!(found.len() > 20, "the scan finds what is written: {found:?}");
    found
}

#[test]
fn no_float_comes_near_money() {
    for &krate in MONEY {
        for path in sources(krate) {
            let float = words(&path).into_iter().find(|word| word == "f32" || word == "f64");
            assert_eq!(float, None, "{}", path.display());
        }
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    for krate in ARROWS.iter().map(|(krate, _)| *krate).chain([""]) {
        for path in sources(krate).iter().filter(|path| !path.ends_with("src/config.rs")) {
            let words = words(path);
            let reads = words.windows(3).any(|w| w[0] == "env" && w[1] == "::" && w[2].starts_with("var"));
            assert!(!reads, "{} reads the environment", path.display());
        }
    }
}

/// What is true on one computer only does not belong here.
#[test]
fn no_file_names_a_place_on_somebodys_computer() {
    let places = ["root", "home", "Users", "work"].map(|place| format!("/{place}/"));
    for path in files(&root()) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let found = places.iter().find(|place| {
                // Not within a URL or a longer path.
                line.match_indices(place.as_str()).any(|(at, _)| {
                    !line[..at]
                        .ends_with(|before: char| before.is_alphanumeric() || matches!(before, '.' | '_' | '-' | '}'))
                })
            });
            assert_eq!(found, None, "{}:{}", path.display(), number + 1);
        }
    }
}
