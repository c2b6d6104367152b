//! Logs and metrics: where they go and how they look. Logs go to standard error, because standard output belongs to reports.

use std::io::IsTerminal;

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::Log;

/// Starts the log. A second start changes nothing: the first one stays.
pub(crate) fn log(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started =
        if log.json { builder.json().flatten_event(true).try_init() } else { builder.with_target(false).try_init() };
    if started.is_err() {
        tracing::debug!("the log was started before");
    }
}

/// Starts counting, and answers what prints the counts in Prometheus' format.
pub(crate) fn metrics() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
        .context("the buckets of the histograms")?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| anyhow::anyhow!("metrics were started before"))?;
    Ok(handle)
}
