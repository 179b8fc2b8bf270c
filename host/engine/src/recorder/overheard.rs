//! A catalogue that notes what it is asked. What it answered is found again later: a snapshot never changes.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rebound_domain::catalog::{Candidate, Catalog, Query, Switched};
use rebound_domain::ids::ProductId;
use rebound_domain::product::Product;
use serde::{Deserialize, Serialize};

/// Memory that one call's questions may take, bytes. Fuel alone would let a strategy ask two thousand searches.
const QUESTIONS_BYTES_MAX: usize = 64 * 1024;

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Question {
    Search(Query),
    Get(ProductId),
    Stock(ProductId),
    Switched(ProductId, ProductId),
}

/// A question with its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Asked {
    Search { query: Query, found: Vec<Candidate> },
    Get { id: ProductId, found: Option<Product> },
    Stock { id: ProductId, found: Option<u32> },
    Switched { from: ProductId, to: ProductId, found: Option<Switched> },
}

/// What was asked in one call, in order, repeats and all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Questions {
    asked: Vec<Question>,
    bytes: usize,
    /// Whether there were more than are noted: the call cannot be run again from them.
    pub(crate) is_cut: bool,
}

impl Question {
    /// About what it takes in memory.
    fn bytes(&self) -> usize {
        let texts =
            |texts: &[String]| texts.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
        size_of::<Self>()
            + match self {
                Question::Search(query) => {
                    texts(&query.categories)
                        + texts(&query.any_tag)
                        + query.brand.as_ref().map_or(0, String::len)
                        + query.exclude.len() * size_of::<ProductId>()
                }
                _ => 0,
            }
    }

    fn answer(&self, catalog: &dyn Catalog) -> Asked {
        match self {
            Question::Search(query) => Asked::Search { query: query.clone(), found: catalog.search(query) },
            Question::Get(id) => {
                Asked::Get { id: *id, found: catalog.get(*id).map(|found| (*found).clone()) }
            }
            Question::Stock(id) => Asked::Stock { id: *id, found: catalog.stock(*id) },
            Question::Switched(from, to) => {
                Asked::Switched { from: *from, to: *to, found: catalog.switched(*from, *to) }
            }
        }
    }

    /// Says what was asked, for people.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("a question has string keys and whole numbers only")
    }
}

impl Questions {
    fn note(&mut self, question: Question) {
        self.bytes = self.bytes.saturating_add(question.bytes());
        match self.bytes > QUESTIONS_BYTES_MAX {
            true => self.is_cut = true,
            false => self.asked.push(question),
        }
    }

    /// Each question once, with what the same catalogue answers: it answers the same however often it is asked.
    pub(crate) fn answered(&self, catalog: &dyn Catalog) -> Vec<Asked> {
        let mut seen = HashSet::new();
        let distinct = self.asked.iter().filter(|question| seen.insert(question.text()));
        distinct.map(|question| question.answer(catalog)).collect()
    }
}

/// Passes questions on, and notes them.
pub(crate) struct Overheard {
    inner: Arc<dyn Catalog>,
    questions: Mutex<Questions>,
}

impl Overheard {
    pub(crate) fn new(inner: Arc<dyn Catalog>) -> Self {
        Self { inner, questions: Mutex::default() }
    }

    pub(crate) fn take(&self) -> Questions {
        std::mem::take(&mut *self.questions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, question: Question) {
        // One call has one thread: nobody waits here.
        self.questions.lock().unwrap_or_else(PoisonError::into_inner).note(question);
    }
}

impl Catalog for Overheard {
    fn search(&self, query: &Query) -> Vec<Candidate> {
        self.note(Question::Search(query.clone()));
        self.inner.search(query)
    }

    fn get(&self, id: ProductId) -> Option<Arc<Product>> {
        self.note(Question::Get(id));
        self.inner.get(id)
    }

    fn stock(&self, id: ProductId) -> Option<u32> {
        self.note(Question::Stock(id));
        self.inner.stock(id)
    }

    fn switched(&self, from: ProductId, to: ProductId) -> Option<Switched> {
        self.note(Question::Switched(from, to));
        self.inner.switched(from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Empty;

    impl Catalog for Empty {
        fn search(&self, _: &Query) -> Vec<Candidate> {
            Vec::new()
        }
        fn get(&self, _: ProductId) -> Option<Arc<Product>> {
            None
        }
        fn stock(&self, id: ProductId) -> Option<u32> {
            Some(id.0)
        }
        fn switched(&self, _: ProductId, _: ProductId) -> Option<Switched> {
            None
        }
    }

    #[test]
    fn each_question_is_kept_once_with_its_answer() {
        let overheard = Overheard::new(Arc::new(Empty));
        for id in [1, 2, 1, 1] {
            assert_eq!(overheard.stock(ProductId(id)), Some(id));
        }
        let answered = overheard.take().answered(&Empty);
        let want = [1, 2].map(|id| Asked::Stock { id: ProductId(id), found: Some(id) });
        assert_eq!(answered, want);
    }

    #[test]
    fn questions_without_end_are_cut_and_say_so() {
        let overheard = Overheard::new(Arc::new(Empty));
        let query = Query { any_tag: vec!["x".repeat(1000); 8], ..Query::default() };
        (0..7).for_each(|_| drop(overheard.search(&query)));
        assert!(!overheard.questions.lock().unwrap().is_cut);
        (0..1000).for_each(|_| drop(overheard.search(&query)));
        let questions = overheard.take();
        assert!(questions.is_cut);
        assert_eq!(questions.asked.len(), 7);
    }
}
