//! The pages in a real browser, each in a world of its own on SQLite: what people do with them, whom they refuse, and that every
//! one of them is sound. `scripts/test` starts the browser's driver; without one the tests that need a browser say so and end.
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]
#![allow(dead_code, reason = "the world is shared with the stories, which use more of it")]

mod books;
mod browser;
#[path = "../world/caller.rs"]
mod caller;
mod console;
mod finance;
mod house;
mod lists;
mod loans;
mod open;
mod safety;
#[path = "../world/mod.rs"]
mod world;
