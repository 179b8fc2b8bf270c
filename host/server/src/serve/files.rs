//! How many files this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to the most this process may ask for. Every published version keeps one file open (the image its
/// memory starts from, which a fresh instance maps), every connection one more, and the usual limit of 1,024 is there
/// for programs that call `select`: with it the thousandth version could not be published.
pub(super) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        // It serves as many as it may, and says here why that may be few.
        tracing::warn!(%error, ?current, ?maximum, "the limit of open files stays as it is");
    }
}
