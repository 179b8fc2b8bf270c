//! The use cases: decide a return, publish a plugin, route, run an experiment.
