//! What every state machine answers when an event has no place in a state.

use std::fmt::Debug;

/// An event that the table of a state machine does not allow in that state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} is not possible in state {state:?}")]
pub struct Refused<S: Debug, E: Debug> {
    /// The state the thing is in.
    pub state: S,
    /// What was asked of it.
    pub event: E,
}

/// Prints the whole grid of a state machine, a row a state, for the snapshot that reviewers read.
#[cfg(test)]
pub(crate) fn grid<S: Copy + Debug, E: Copy + Debug>(
    states: &[S],
    events: &[E],
    on: impl Fn(S, E) -> Result<S, Refused<S, E>>,
) -> String {
    let mut out = String::new();
    for state in states {
        out.push_str(&format!("{state:?}\n"));
        for event in events {
            if let Ok(next) = on(*state, *event) {
                out.push_str(&format!("    {event:?} -> {next:?}\n"));
            }
        }
    }
    out
}
