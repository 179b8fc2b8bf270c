//! The rival: what axum costs that reads JSON and writes it again, and does nothing else.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;

/// An echo in a process of its own, like the service. It ends with this value.
pub(crate) struct Echo {
    child: Child,
    pub(crate) url: String,
}

impl Echo {
    pub(crate) fn start() -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = Command::new(program).arg("--echo").stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("the echo has no standard output")?;
        let mut echo = Self { child, url: String::new() };
        BufReader::new(stdout).read_line(&mut echo.url)?;
        echo.url = echo.url.trim().to_owned();
        Ok(echo)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // Killing a process that has ended already is no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says where it listens, and serves until killed.
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        let app = Router::new().route("/", post(|Json(body): Json<Value>| async { Json(body) }));
        Ok(axum::serve(listener, app).await?)
    })
}
