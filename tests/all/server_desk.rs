//! A service and a folder of files for it: what a test of the command line sits at.

use std::fs;

use rebound_tests::client::Client;

use crate::server_process::{Finished, Running};

/// A service, and a folder for files to give it.
pub(crate) struct Desk {
    pub(crate) service: Running,
    folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Running::start(&folder.path().join("data"), &[&["--dev"], arguments].concat());
        Self { service, folder }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.service.run(arguments)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.service.url, None)
    }
}
