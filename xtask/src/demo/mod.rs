//! `cargo xtask demo`: the real service on a fresh store, set up and used the way a merchant would.

mod client;
mod figures;
mod replay;
mod samples;
mod service;
mod setup;
mod show;

use std::net::{SocketAddr, TcpListener};

use anyhow::{Context as _, Result, ensure};

use crate::workspace::{self, Profile, step};
use crate::{DEMO_ADDRESS, interrupt};
use client::Client;
use figures::Figures;
pub(crate) use samples::Samples;
pub(crate) use service::{Service, Tethered};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// End after the figures. The last line on standard output is JSON; without --listen a free port is used.
    #[arg(long)]
    exit: bool,
    /// Where the service listens, on this machine only; port 0 takes a free one [default: 127.0.0.1:7777]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// Runs the demo.
pub(crate) fn run(options: &Options) -> Result<()> {
    interrupt::listen()?;
    let free_port = SocketAddr::new(DEMO_ADDRESS.ip(), 0);
    let address = options.listen.unwrap_or(if options.exit { free_port } else { DEMO_ADDRESS });
    free(address)?;
    let samples = Samples::read(&workspace::root().join("examples"))?;
    let plugins = step("building the strategies", workspace::build_plugins)?;
    let binary = step("building the service", || workspace::build_host(Profile::Dev, &workspace::SELECTION))?;

    let mut service = Service::start(&binary, address)?;
    let client = Client::new(service.url());
    let names = step("setting up", || setup::run(&client, &samples, &plugins))?;
    let replay = replay::run(&client, &samples)?;
    let figures = Figures::new(&samples, &replay);
    println!();
    if let Some(plan) = figures::most_telling(&replay) {
        show::plan(plan, &names).iter().for_each(|line| println!("{line}"));
    }
    show::figures(&figures, &replay).iter().for_each(|line| println!("{line}"));

    if options.exit {
        service.stop()?;
        println!("{}", figures.line());
        return figures.check();
    }
    if let Err(error) = figures.check() {
        eprintln!("warning: {error:#}");
    }
    show::addresses(service.url(), &samples, &replay).iter().for_each(|line| println!("{line}"));
    service.wait()
}

/// Refuses an address that is taken before anything is built for it.
fn free(address: SocketAddr) -> Result<()> {
    ensure!(
        address.ip().is_loopback(),
        "{address} is open to other machines, and the demo asks for no token; use 127.0.0.1 or [::1]"
    );
    TcpListener::bind(address).map(drop).with_context(|| {
        format!(
            "{address} cannot be used; end what listens there (another demo?), or choose a free port: \
             cargo xtask demo --listen {}:0",
            address.ip()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_port_is_named_with_the_way_out() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let message = free(address).unwrap_err().to_string();
        assert!(message.contains(&address.to_string()), "{message}");
        assert!(message.contains("--listen 127.0.0.1:0"), "{message}");
    }

    #[test]
    fn an_address_open_to_others_is_refused() {
        let message = free("0.0.0.0:0".parse().unwrap()).unwrap_err().to_string();
        assert!(message.contains("127.0.0.1"), "{message}");
    }
}
