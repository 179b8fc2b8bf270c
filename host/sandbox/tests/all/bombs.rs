//! Components that are expensive before any of them runs. Each ends in a typed answer, and the host goes on serving.

use std::sync::atomic::{AtomicBool, Ordering};

use rebound_domain::limits::Limits;
use rebound_domain::time::Duration;
use rebound_sandbox::{Class, CompileError, Compiler, Plugin, PublishError, RefuseError, Sandbox};

use crate::fixture::{patient, sandbox, sandbox_in};
use crate::guests::{act, hostile};
use crate::handwritten::{NO_OFFERS, Parts, recommender};

/// Publishes with the compile child, as the service does.
fn publish(component: &[u8]) -> Result<Plugin, PublishError> {
    let dir = tempfile::tempdir().unwrap();
    Ok(sandbox_in(dir.path(), patient(), child()).publish(Class::Standard, component)?.0)
}

fn child() -> Compiler {
    Compiler::Child {
        program: env!("CARGO_BIN_EXE_rebound-compile").into(),
        arguments: Vec::new(),
        environment: Vec::new(),
    }
}

fn with_module(module: String) -> Vec<u8> {
    recommender(Parts { module: module.leak(), ..Parts::default() })
}

#[track_caller]
fn refused(component: &[u8], reason: &str) {
    match sandbox(patient()).inspect(Class::Standard, component) {
        Err(RefuseError::Invalid { reason: said, .. }) => assert!(said.contains(reason), "{said}"),
        other => panic!("inspection ended in {other:?}"),
    }
}

/// A section, whose size is written in five bytes whatever it is.
fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut section = vec![id];
    section.extend(leb(content.len()));
    section.extend(content);
    section
}

fn leb(number: usize) -> [u8; 5] {
    std::array::from_fn(|index| {
        let more = if index < 4 { 0x80 } else { 0 };
        u8::try_from(number >> (7 * index) & 0x7f).unwrap() | more
    })
}

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const COMPONENT_SECTION: u8 = 4;

/// A component in a component, so many times. Written from the inside out; each layer holds all the others, so the
/// text format would take quadratic time.
fn nested(depth: usize) -> Vec<u8> {
    const HEAD_BYTES: usize = COMPONENT.len() + 6;
    let mut bytes = Vec::with_capacity((depth + 1) * HEAD_BYTES);
    for layer in (0..depth).rev() {
        bytes.extend(COMPONENT);
        bytes.extend(section(COMPONENT_SECTION, &[]).first());
        bytes.extend(leb(layer * HEAD_BYTES + COMPONENT.len()));
    }
    bytes.extend(COMPONENT);
    bytes
}

#[test]
fn thousands_of_functions_compile_and_are_served() {
    let functions = "(func (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))".repeat(5_000);
    let plugin = publish(&with_module(functions)).unwrap();
    assert_eq!(act(&plugin, "").outcome.word(), "value");
}

#[test]
fn more_parts_than_webassembly_allows_are_refused_unseen() {
    let module = |inside: &str| wat::parse_str(format!("(component (core module {inside}))")).unwrap();
    refused(&module(&"(func)".repeat(1_000_001)), "functions count");
    refused(&module(&format!("(func (local {}))", "i32 ".repeat(50_001))), "too many locals");
    refused(&module(&format!("(func (param {}))", "i32 ".repeat(1_001))), "params size");
}

#[test]
fn types_that_double_at_every_step_are_refused_unseen() {
    let mut text = String::from("(component (type $t0 (tuple u8 u8))");
    for step in 1..64 {
        let before = step - 1;
        text += &format!("(type $t{step} (tuple $t{before} $t{before}))");
    }
    refused(&wat::parse_str(text + ")").unwrap(), "type size");
}

#[test]
fn components_in_components_are_refused_or_compiled_in_their_child() {
    for depth in [1, 100, 10_000] {
        let error = sandbox(patient()).inspect(Class::Standard, &nested(depth)).unwrap_err();
        assert!(
            matches!(error, RefuseError::NoMetadata | RefuseError::Invalid { .. }),
            "{depth} deep: {error:?}"
        );
        // The same inside a component that is a strategy, so that nothing but the depth is in its way.
        let mut strategy = recommender(Parts::default());
        strategy.extend(section(COMPONENT_SECTION, &nested(depth)));
        match publish(&strategy) {
            Ok(plugin) => assert_eq!(act(&plugin, "").outcome.word(), "value", "{depth} deep"),
            Err(PublishError::Refused(RefuseError::Invalid { .. }) | PublishError::Compile(_)) => {
                assert!(depth > 1, "one component in another is no bomb");
            }
            Err(other) => panic!("{depth} deep: {other:?}"),
        }
    }
}

#[test]
fn blocks_in_blocks_are_quick_to_look_at_and_end_in_their_child() {
    let nest =
        |depth: usize| with_module(format!("(func {} {})", "block ".repeat(depth), "end ".repeat(depth)));
    assert!(publish(&nest(100)).is_ok());
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { compile_time: Duration(1_000), ..patient() };
    let error = sandbox_in(dir.path(), limits, child()).publish(Class::Standard, &nest(100_000)).unwrap_err();
    assert!(matches!(error, PublishError::Compile(CompileError::Time { .. })), "{error:?}");
}

/// Slow to compile and quick to look at.
fn slow() -> Vec<u8> {
    let body = "local.get 0 i32.mul local.get 0 i32.add ".repeat(400);
    with_module(format!("(func (param i32) (result i32) local.get 0 {body})").repeat(1_500))
}

#[test]
fn calls_go_on_while_a_bomb_compiles() {
    let dir = tempfile::tempdir().unwrap();
    // The limit counts the child's CPU time, so on a busy machine there is only more time to call in.
    let limits = Limits { compile_time: Duration(1_000), ..patient() };
    let sandbox: Sandbox = sandbox_in(dir.path(), limits, child());
    let (plugin, _) = sandbox.publish(Class::Standard, &recommender(Parts::default())).unwrap();
    let (slow, is_over) = (slow(), AtomicBool::new(false));
    let served = std::thread::scope(|scope| {
        let bomb = scope.spawn(|| {
            let ended = sandbox.publish(Class::Standard, &slow);
            is_over.store(true, Ordering::Relaxed);
            ended
        });
        let mut served = 0;
        while !is_over.load(Ordering::Relaxed) {
            assert_eq!(act(&plugin, "").outcome.word(), "value");
            served += 1;
        }
        let error = bomb.join().unwrap().unwrap_err();
        assert!(matches!(error, PublishError::Compile(CompileError::Time { .. })), "{error:?}");
        served
    });
    assert!(served > 10, "{served} calls in a second of compiling");
    // And the next component finds the compiler free.
    let next = recommender(Parts { recommend: concat_nop(), ..Parts::default() });
    assert!(sandbox.publish(Class::Standard, &next).is_ok());
}

/// The empty answer, in another component.
fn concat_nop() -> &'static str {
    format!("nop {NO_OFFERS}").leak()
}

#[test]
fn a_component_of_the_largest_size_is_looked_at_in_full() {
    let limits = patient();
    let mut strategy = hostile().to_vec();
    let filler = usize::try_from(limits.component_bytes).unwrap() - strategy.len() - 6;
    let mut content = vec![1, b'x'];
    content.resize(filler, 0);
    strategy.extend(section(0, &content));
    assert_eq!(strategy.len() as u64, limits.component_bytes);
    assert!(sandbox(limits).inspect(Class::Standard, &strategy).is_ok());
    strategy.push(0);
    let error = sandbox(limits).inspect(Class::Standard, &strategy).unwrap_err();
    assert!(matches!(error, RefuseError::TooLarge { .. }), "{error:?}");
}
