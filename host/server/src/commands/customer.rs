//! `rebound customer`: a person has what is held of them, or has it gone.

use clap::{Args, Subcommand};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rebound_domain::ids::CustomerId;
use serde::Deserialize;

use crate::client::Remote;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, harmless};

const EXAMPLES: &str = "Examples:
  rebound customer export c-1 > c-1.json
  rebound customer erase c-1 --yes

An erasure cannot be taken back. Sums stay, coupons that were issued stay valid to whoever shows their code, and events
that were decided before are refused with 410. Copies of customer.keys made before still open what was erased: destroy
them.";

/// Export everything held of a customer, or erase it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Customer {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write everything held of a customer to standard output, as JSON.
    #[command(after_help = EXAMPLES)]
    Export {
        /// The merchant's name for the customer.
        id: CustomerId,
    },
    /// Erase a customer; this cannot be taken back.
    #[command(after_help = EXAMPLES)]
    Erase {
        /// The merchant's name for the customer.
        id: CustomerId,
        /// Say that it is meant.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Deserialize)]
struct Erasure {
    records: u64,
}

impl Customer {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        let client = self.remote.client()?;
        match self.verb {
            Verb::Export { id } => {
                let answer = client.get(&path(&id))?;
                // The document is the answer, for people too.
                Output::Json.raw_json(&answer.body)?;
            }
            Verb::Erase { id, yes } => {
                if !yes {
                    let id = harmless(id.as_str());
                    let why = format!("erasing {id} cannot be taken back; add --yes if it is meant");
                    return Err(Failure::Usage(why));
                }
                let answer = client.delete(&path(&id))?;
                output.raw_json(&answer.body)?;
                let erasure: Erasure = client.parse(&answer)?;
                output.text(match erasure.records {
                    0 => "nothing was held of this customer".to_owned(),
                    records => format!("erased: {records} records"),
                })?;
            }
        }
        Ok(Exit::Done)
    }
}

fn path(id: &CustomerId) -> String {
    format!("/v1/customers/{}", utf8_percent_encode(id.as_str(), NON_ALPHANUMERIC))
}
