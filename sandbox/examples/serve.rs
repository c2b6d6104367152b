//! Runs the sandbox alone: `serve [--listen 127.0.0.1:9090] [--state DIR] [--fee-rate 0.60%]`, as `sangzi sandbox` does.

use anyhow::{Context, bail};
use sandbox::Options;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut options = Options::new("sandbox-state");
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--listen" => options.listen = value.parse()?,
            "--state" => options.state_dir = value.into(),
            "--fee-rate" => options.fee_rate = value.parse()?,
            _ => bail!("unknown option {word}"),
        }
    }
    let running = sandbox::start(options).await?;
    eprintln!("{} ({})", running.base_url, running.dir.display());
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
