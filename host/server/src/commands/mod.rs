//! Commands that are one request or two.

pub(crate) mod approve;
pub(crate) mod assign;
pub(crate) mod audit;
pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod customer;
pub(crate) mod doctor;
pub(crate) mod experiment;
pub(crate) mod health;
pub(crate) mod man;
pub(crate) mod namespace;
pub(crate) mod publish;
pub(crate) mod quarantine;
pub(crate) mod replay;
pub(crate) mod route;
pub(crate) mod token;
