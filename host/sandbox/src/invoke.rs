//! One call from instance to outcome.

use std::sync::Arc;

use rebound_domain::catalog::Catalog;
use wasmtime::Store;
use wasmtime::component::{
    ComponentExportIndex, ComponentNamedList, ComponentType, InstancePre, Lift, Lower,
};

use crate::call::Call;
use crate::deadline;
use crate::engine::COMPONENT_HANDLES_MAX;
use crate::host::TooMuch;
use crate::outcome::{Outcome, Report, Trap, Usage};
use crate::runtime::Runtime;
use crate::wire::size::{Size, whole};

/// The host's own representation of an answer may be larger than the guest's: wasmtime counts the former while it
/// lifts. What comes out is then measured exactly.
const LIFT_FACTOR: u64 = 4;
/// What a guest may hand to the host at least, so that a low output limit does not stop it from asking.
const LIFT_BYTES_MIN: u64 = 64 * 1024;

/// How wasmtime says that a guest handed over more than `Store::set_hostcall_fuel` allows. Its error type is
/// private; the hostile guests' tests hold this text to what wasmtime says.
const HANDED_TOO_MUCH: &str = "fuel allocated for hostcalls has been exhausted";

/// A Rust strategy keeps locals that have an address on a stack of its own, 64 KiB at the bottom of its memory;
/// wasm knows no such stack, so what tells of its end is an address below zero.
const OUT_OF_BOUNDS: &str = "it reached outside its memory; in Rust that is mostly its 64 KiB stack: recurse less \
    deep, or keep large values on the heap";

/// Calls one export of a fresh instance, and makes its answer what the caller wants. The instance is gone when
/// this returns, whatever happened.
pub(crate) fn invoke<P, R, T>(
    runtime: &Runtime,
    component: &InstancePre<Call>,
    export: &ComponentExportIndex,
    catalog: Arc<dyn Catalog>,
    output_bytes_max: u64,
    params: P,
    finish: impl FnOnce(R) -> Outcome<T>,
) -> Report<T>
where
    P: ComponentNamedList + Lower,
    R: ComponentType + Lift + Size + 'static,
{
    let _slot = runtime.slots.take();
    let mut store = store(runtime, catalog, output_bytes_max);
    let fuel = runtime.class.fuel(&runtime.limits);
    let outcome = enter::<P, R>(&mut store, component, export, params);
    let fuel_left = store.get_fuel().unwrap_or(0);
    let call = store.into_data();

    let mut output_bytes = 0;
    let outcome = match outcome {
        Ok(answer) => {
            output_bytes = whole(&answer);
            if output_bytes > output_bytes_max { Outcome::Trap(Trap::Output) } else { finish(answer) }
        }
        Err(Failed::Link(error)) if call.limiter.refused() => {
            tracing::debug!(error = format!("{error:#}"), "an instance did not fit into its memory");
            Outcome::Trap(Trap::Memory)
        }
        Err(Failed::Link(error)) => Outcome::Link(format!("{error:#}")),
        Err(Failed::Call(error)) => Outcome::Trap(trap(&error, &call)),
    };
    let usage = Usage {
        fuel: fuel - fuel_left,
        fuel_max: fuel,
        micros: u64::try_from(call.stopwatch.wall().as_micros()).unwrap_or(u64::MAX),
        memory_bytes: call.limiter.held_bytes(),
        memory_bytes_max: runtime.class.memory_bytes_max(&runtime.limits),
        output_bytes,
        log_lines: call.log.line_count,
        extensions: call.extensions,
    };
    Report { outcome, usage, log: call.log.lines }
}

/// A store whose every resource is bounded.
pub(crate) fn store(runtime: &Runtime, catalog: Arc<dyn Catalog>, output_bytes_max: u64) -> Store<Call> {
    let limits = &runtime.limits;
    let call = Call::new(catalog, limits, runtime.class.memory_bytes_max(limits));
    let (span, tick) = (call.deadline, call.tick);
    let mut store = Store::new(&runtime.engine, call);
    store.limiter(|call| &mut call.limiter);
    store.set_fuel(runtime.class.fuel(limits)).expect("fuel is switched on in every engine");
    store.set_max_component_handles(COMPONENT_HANDLES_MAX);
    store.set_epoch_deadline(deadline::ticks(span, tick));
    store.epoch_deadline_callback(|mut store| Ok(store.data_mut().overdue()));
    let lifted_bytes_max = output_bytes_max.saturating_mul(LIFT_FACTOR).max(LIFT_BYTES_MIN);
    store.set_hostcall_fuel(usize::try_from(lifted_bytes_max).unwrap_or(usize::MAX));
    store
}

enum Failed {
    /// There is no instance, or it has not the export that was asked for.
    Link(wasmtime::Error),
    /// The guest, or the boundary, ended it.
    Call(wasmtime::Error),
}

fn enter<P, R>(
    store: &mut Store<Call>,
    component: &InstancePre<Call>,
    export: &ComponentExportIndex,
    params: P,
) -> Result<R, Failed>
where
    P: ComponentNamedList + Lower,
    R: ComponentType + Lift + 'static,
{
    // A component's start functions run while it is instantiated: what they do is the guest's doing.
    let instance = component.instantiate(&mut *store).map_err(|error| {
        if error.is::<wasmtime::Trap>() { Failed::Call(error) } else { Failed::Link(error) }
    })?;
    let function = instance.get_typed_func::<P, (R,)>(&mut *store, export).map_err(Failed::Link)?;
    let (answer,) = function.call(&mut *store, params).map_err(Failed::Call)?;
    Ok(answer)
}

fn trap(error: &wasmtime::Error, call: &Call) -> Trap {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::OutOfFuel) => Trap::OutOfFuel,
        Some(wasmtime::Trap::StackOverflow) => Trap::Stack,
        Some(wasmtime::Trap::Interrupt) => {
            let spent = call.overran.unwrap_or_else(|| call.stopwatch.spent());
            let micros = |span: std::time::Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
            Trap::Deadline {
                cpu_micros: micros(spent.cpu),
                wall_micros: micros(spent.wall),
                deadline_micros: micros(call.deadline),
            }
        }
        Some(wasmtime::Trap::UnreachableCodeReached) => match call.log.last_error() {
            // An allocator that is refused memory aborts without a word; the cause is what helps its developer.
            None if call.limiter.refused() => Trap::Memory,
            message => Trap::Unreachable(message),
        },
        Some(_) if call.limiter.refused() => Trap::Memory,
        Some(wasmtime::Trap::MemoryOutOfBounds) => Trap::Other(OUT_OF_BOUNDS.to_owned()),
        _ => {
            if let Some(asked) = error.downcast_ref::<TooMuch>() {
                return Trap::Other(asked.to_string());
            }
            let reason = format!("{error:#}");
            if reason.contains(HANDED_TOO_MUCH) { Trap::Output } else { Trap::Other(reason) }
        }
    }
}
