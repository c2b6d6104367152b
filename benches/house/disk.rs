//! The disk of a benchmark.
#![allow(unreachable_pub, clippy::float_arithmetic, clippy::unwrap_used, reason = "a helper of benchmarks")]

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a second half a kilobyte can be made durable in this folder.
pub fn fdatasync_rate(dir: &Path) -> f64 {
    let mut file = std::fs::File::create(dir.join("sync")).unwrap();
    let start = Instant::now();
    let mut n = 0;
    while start.elapsed() < Duration::from_secs(1) {
        file.write_all(&[0u8; 512]).unwrap();
        file.sync_data().unwrap();
        n += 1;
    }
    f64::from(n) / start.elapsed().as_secs_f64()
}
