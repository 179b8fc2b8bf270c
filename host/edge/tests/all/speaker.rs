//! A segmentation strategy written by hand that says all of its templates, each once.

use crate::guest::component;

/// What the component's memory holds, from [`Memory::START`] on.
struct Memory(Vec<u8>);

impl Memory {
    const START: usize = 1024;

    /// Puts bytes down at a multiple of four; answers where.
    fn put(&mut self, bytes: &[u8]) -> u32 {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        let at = Self::START + self.0.len();
        self.0.extend_from_slice(bytes);
        u32::try_from(at).unwrap()
    }

    /// A text or a list, as the canonical ABI passes it: where it is, and its count.
    fn text(&mut self, text: &str) -> [u32; 2] {
        [self.put(text.as_bytes()), u32::try_from(text.len()).unwrap()]
    }

    fn words(&mut self, words: &[u32]) -> u32 {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.put(&bytes)
    }
}

/// A component with these templates, as (key, locale, text). Its acknowledgement is every key once, about the plan.
pub(crate) fn speaker(name: &str, version: &str, templates: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut memory = Memory(Vec::new());
    let declared: Vec<u32> = templates
        .iter()
        .flat_map(|(key, locale, text)| [*key, *locale, *text])
        .flat_map(|text| memory.text(text))
        .collect();
    let declared = memory.words(&declared);
    let mut keys: Vec<&str> = templates.iter().map(|(key, ..)| *key).collect();
    keys.dedup();
    // A sentence is its key and its subject, whose first case is the plan.
    let sentences: Vec<u32> = keys
        .iter()
        .flat_map(|key| {
            let [at, size] = memory.text(key);
            [at, size, 0, 0]
        })
        .collect();
    let sentences = memory.words(&sentences);

    let texts = [name, version, "Says what it declares.", "{}"].map(|text| memory.text(text));
    let mut manifest: Vec<u32> = texts.concat();
    manifest.extend([1, declared, u32::try_from(templates.len()).unwrap(), 0, 0]);
    let manifest = memory.words(&manifest);
    // The first case of the result, then key, confidence, evidence and traits of the segment, acknowledgement, care,
    // and a state that stays as it is.
    let [key, size] = memory.text("reader");
    let sentence_count = u32::try_from(keys.len()).unwrap();
    let confidence = 0.5f32.to_bits();
    let classification =
        memory.words(&[0, key, size, confidence, 0, 0, 0, 0, sentences, sentence_count, 0, 0, 0, 0, 0]);

    let start = Memory::START;
    let heap = (start + memory.0.len()).next_multiple_of(4096);
    let bytes: String = memory.0.iter().map(|byte| format!("\\{byte:02x}")).collect();
    component(&format!(
        r#"(module
            (memory (export "memory") 16)
            (global $next (mut i32) (i32.const {heap}))
            (data (i32.const {start}) "{bytes}")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
            (func (export "rebound:strategy/metadata@0.1.0#describe") (result i32) (i32.const {manifest}))
            (func (export "rebound:strategy/segmentation@0.1.0#classify") (param i32) (result i32)
                (i32.const {classification})))"#
    ))
}
