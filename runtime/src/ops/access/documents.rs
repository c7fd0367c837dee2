//! Policies of resources as they were read, by their text: a policy that is put again, or that several resources have,
//! is read once.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use keywheel_domain::policy::{Document, Kind, MalformedDocument};

/// Documents kept; when there are more, all are forgotten and read again as needed.
const DOCUMENTS_MAX: usize = 4096;

/// See the module's documentation.
#[derive(Default)]
pub(in crate::ops) struct Documents(RwLock<HashMap<String, Arc<Document>>>);

impl Documents {
    /// The document of a resource's policy.
    pub(in crate::ops) fn of_resource(&self, text: &str) -> Result<Arc<Document>, MalformedDocument> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(text) {
            return Ok(Arc::clone(known));
        }
        let document = Arc::new(Document::parse(text, Kind::Resource)?);
        let mut documents = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if documents.len() >= DOCUMENTS_MAX {
            documents.clear();
        }
        documents.insert(text.to_owned(), Arc::clone(&document));
        Ok(document)
    }
}
